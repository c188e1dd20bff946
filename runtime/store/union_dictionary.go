package store

import (
	"maps"
	"slices"

	"github.com/heddle-lang/heddle/ir"
)

// maxMergedEntries bounds the dictionary of a table made of many files; with more, the
// column is plain text.
const maxMergedEntries = 1 << 16

// mergedDictionary is the dictionary of a column over all files, in ascending order.
type mergedDictionary struct {
	entries []string
	recode  [][]uint32 // by file and the file's code; nil where the codes are the same
}

// mergeDictionaries gives the columns that are codes in every file one dictionary, and
// makes the rest plain text.
func (u *union) mergeDictionaries(merged *ir.Table) error {
	u.dictionaries = make([]*mergedDictionary, len(merged.Columns))
	for i := range merged.Columns {
		c := &merged.Columns[i]
		if !IsText(c.Type) {
			continue
		}
		dictionary, err := u.mergeDictionary(c.Name)
		if err != nil {
			return err
		}
		u.dictionaries[i] = dictionary
		c.Layout = ir.NaturalLayout(c.Type)
		if dictionary != nil {
			c.Layout = DictionaryLayout(len(dictionary.entries))
		}
	}
	return nil
}

// mergeDictionary returns nil when there is no dictionary for all files, or it would be
// too large.
func (u *union) mergeDictionary(name string) (*mergedDictionary, error) {
	for _, table := range u.tables {
		if _, column := table.Description().Column(name); column.Layout.Encoding != ir.Dictionary {
			return nil, nil
		}
	}
	own := make([][]string, len(u.tables))
	all := map[string]bool{}
	m := &mergedDictionary{recode: make([][]uint32, len(u.tables))}
	for file, table := range u.tables {
		var err error
		if own[file], err = table.Dictionary(name); err != nil {
			return nil, err
		}
		for _, entry := range own[file] {
			all[entry] = true
		}
		if len(all) > maxMergedEntries {
			return nil, nil
		}
	}
	m.entries = slices.Sorted(maps.Keys(all))
	for file, entries := range own {
		codes, same := make([]uint32, len(entries)), true
		for from, entry := range entries {
			to, _ := slices.BinarySearch(m.entries, entry)
			codes[from] = uint32(to)
			same = same && to == from
		}
		if !same {
			m.recode[file] = codes
		}
	}
	return m, nil
}

// recodeFor is the translation of a file's codes in the column at a position of the
// request; nil when there is none to do.
func (s *unionScan) recodeFor(file, at int) []uint32 {
	u := s.union
	if len(u.tables) == 1 || s.request.Columns[at].Layout.Encoding != ir.Dictionary {
		return nil
	}
	return u.dictionaries[s.columns[at]].recode[file]
}

// fileRequest is the part of the request that goes to one file. Codes that must be
// translated are asked for as the file has them.
func (s *unionScan) fileRequest(file int) (request ScanRequest, translated bool) {
	for _, at := range s.own {
		column := s.request.Columns[at]
		if s.recodeFor(file, at) != nil {
			_, own := s.union.tables[file].Description().Column(column.Name)
			column.Layout = own.Layout
			translated = true
		}
		request.Columns = append(request.Columns, column)
	}
	return request, translated
}

// translate writes the codes of a file as codes of the table.
func translate(dst []byte, to ir.Layout, src []byte, from ir.Layout, recode []uint32, rows int, place Place) error {
	for i := range rows {
		c := code(src, from.Width, i)
		if int64(c) >= int64(len(recode)) {
			return Damaged(place.File, "column %q has code %d in a dictionary of %d entries", place.Column, c, len(recode))
		}
		if c = recode[c]; int64(c) >= int64(to.Cardinality) {
			return DoesNotFit(place, "a dictionary entry", to)
		}
		putCode(dst, to.Width, i, c)
	}
	return nil
}
