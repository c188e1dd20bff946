package parquet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Limits of a dictionary that holds for the whole table.
const (
	maxSharedEntries = 1 << 16
	maxSharedBytes   = 8 << 20
)

// sharedDictionary is the union of the dictionaries of a column's chunks, ascending.
type sharedDictionary struct {
	entries  []string
	remap    [][]uint32 // by row group and index in its own dictionary; nil for an empty row group
	codebook func() *store.Codebook
}

// shareDictionaries looks for text columns all of whose pages are dictionary indexes
// and makes them dictionary columns of the table where the union is small.
func (t *table) shareDictionaries(ctx context.Context, threads int) error {
	return parallel(ctx, threads, len(t.readable), func(i int) error {
		c := &t.columns[t.readable[i]]
		if !store.IsText(c.typ) || !t.allDictionary(c) {
			return nil
		}
		shared, err := t.shareDictionary(ctx, c)
		if err != nil || shared == nil {
			return err
		}
		d := &t.description.Columns[i]
		d.Layout = store.DictionaryLayout(len(shared.entries))
		d.Statistics.Distinct = int64(len(shared.entries))
		place := store.Place{File: t.path, Column: c.name}
		shared.codebook = sync.OnceValue(func() *store.Codebook {
			return store.NewCodebook(shared.entries, d.Layout, place)
		})
		t.dictionaries[i] = shared
		return nil
	})
}

// allDictionary reports whether the footer says that each data page of a column holds
// dictionary indexes.
func (t *table) allDictionary(c *column) bool {
	for g := range t.meta.rowGroups {
		if t.meta.rowGroups[g].rows > 0 && !t.meta.rowGroups[g].columns[c.leaf].allDictionary() {
			return false
		}
	}
	return t.meta.rows > 0
}

func (chunk *columnChunk) allDictionary() bool {
	indexes := func(encoding int32) bool {
		return encoding == encodingRLEDictionary || encoding == encodingPlainDictionary
	}
	if len(chunk.encodingStats) > 0 {
		found := false
		for _, s := range chunk.encodingStats {
			if s.page == pageDictionary || s.count == 0 {
				continue
			}
			if !indexes(s.encoding) {
				return false
			}
			found = true
		}
		return found
	}
	// Without the counts, a chunk with plain data pages lists PLAIN for them, but also
	// for its dictionary page; DuckDB lists what its data pages have.
	if slices.ContainsFunc(chunk.encodings, func(e int32) bool { return !indexes(e) && e != encodingRLE }) {
		return false
	}
	return slices.ContainsFunc(chunk.encodings, indexes)
}

// shareDictionary unites the dictionaries of all row groups. It returns nil when there
// is one missing, or when the union is large or its entries hardly repeat.
func (t *table) shareDictionary(ctx context.Context, c *column) (*sharedDictionary, error) {
	shared := &sharedDictionary{remap: make([][]uint32, len(t.meta.rowGroups))}
	seen := map[string]uint32{}
	var s scratch
	var own texts
	total := 0
	for g := range t.meta.rowGroups {
		if t.meta.rowGroups[g].rows == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		location, err := t.dictionaryOf(g, c)
		if err != nil {
			return nil, t.damaged(c, err)
		}
		if location == nil || location.header.values > maxSharedEntries || location.header.uncompressed > maxSharedBytes {
			return nil, nil
		}
		if err := t.readTexts(&own, &s, g, c, location); err != nil {
			return nil, t.damaged(c, err)
		}
		remap := make([]uint32, location.header.values)
		for i := range remap {
			entry := own.at(i)
			code, ok := seen[string(entry)]
			if !ok {
				code = uint32(len(shared.entries))
				text := string(entry)
				seen[text] = code
				shared.entries = append(shared.entries, text)
				if total += len(text); total > maxSharedBytes || len(shared.entries) > maxSharedEntries {
					return nil, nil
				}
			}
			remap[i] = code
		}
		shared.remap[g] = remap
	}
	if entries := int64(len(shared.entries)); entries == 0 || 2*entries > t.meta.rows {
		return nil, nil
	}
	shared.sort()
	return shared, nil
}

// sort puts the entries in ascending order, so that codes compare as the text does.
func (d *sharedDictionary) sort() {
	order := make([]uint32, len(d.entries))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return strings.Compare(d.entries[a], d.entries[b]) })
	sorted, recode := make([]string, len(order)), make([]uint32, len(order))
	for to, from := range order {
		sorted[to] = d.entries[from]
		recode[from] = uint32(to)
	}
	d.entries = sorted
	for _, remap := range d.remap {
		for i, code := range remap {
			remap[i] = recode[code]
		}
	}
}

// dictionaryOf finds the dictionary page of a chunk without a walk over its pages, nil
// when the chunk does not begin with one.
func (t *table) dictionaryOf(g int, c *column) (*pageLocation, error) {
	start, end, err := t.span(&t.meta.rowGroups[g].columns[c.leaf])
	if err != nil {
		return nil, err
	}
	location, _, err := t.readHeader(start, end)
	if err != nil {
		return nil, err
	}
	if location.header.kind != pageDictionary {
		return nil, nil
	}
	return &location, nil
}

// readTexts reads a dictionary page of text.
func (t *table) readTexts(to *texts, s *scratch, g int, c *column, location *pageLocation) error {
	plain, err := t.readDictionary(s, g, c, location)
	if err != nil {
		return err
	}
	n := int(location.header.values)
	return to.split(c, plain, nil, n)
}

// readDictionary reads a dictionary page: its values in the PLAIN encoding.
func (t *table) readDictionary(s *scratch, g int, c *column, location *pageLocation) ([]byte, error) {
	switch location.header.encoding {
	case encodingPlain, encodingPlainDictionary:
	default:
		return nil, fmt.Errorf("its dictionary has encoding %d, which is not known", location.header.encoding)
	}
	if c.physical == physicalBoolean {
		return nil, errors.New("it has a dictionary of booleans")
	}
	b, err := t.readBody(s, c, t.meta.rowGroups[g].columns[c.leaf].codec, location)
	if err != nil {
		return nil, err
	}
	return s.plainValues(c, encodingPlain, b.values, b.present)
}

// entryTable is the dictionary of a chunk in the form that rows need.
type entryTable struct {
	loaded bool
	n      int
	values []byte // fixed width or codes, at the layout's width
	texts  texts  // plain text
}

// load reads the dictionary of a chunk.
func (e *entryTable) load(t *table, s *scratch, g int, u *cursor, location *pageLocation) error {
	e.loaded = true
	e.n = int(location.header.values)
	switch {
	case u.layout.Encoding == ir.Dictionary:
		return e.loadCodes(g, u)
	case store.IsText(u.typ):
		return t.readTexts(&e.texts, s, g, u.column, location)
	default:
		plain, err := t.readDictionary(s, g, u.column, location)
		if err != nil {
			return err
		}
		return u.convert(grow(&e.values, e.n*int(u.layout.Width)), plain, e.n)
	}
}

// loadCodes maps a chunk's own indexes to codes of the table.
func (e *entryTable) loadCodes(g int, u *cursor) error {
	if u.shared == nil {
		return store.DoesNotFit(u.place, "text without a dictionary", u.layout)
	}
	remap := u.shared.remap[g]
	if len(remap) != e.n {
		return errPage
	}
	values := grow(&e.values, e.n*int(u.layout.Width))
	for i, code := range remap {
		if int64(code) >= int64(u.layout.Cardinality) {
			return store.DoesNotFit(u.place, fmt.Sprintf("%.40q", u.shared.entries[code]), u.layout)
		}
		putCode(values, u.layout.Width, i, code)
	}
	return nil
}

func putCode(values []byte, width uint8, i int, code uint32) {
	switch width {
	case 1:
		values[i] = byte(code)
	case 2:
		store.View[uint16](values, i+1)[i] = uint16(code)
	default:
		store.View[uint32](values, i+1)[i] = code
	}
}
