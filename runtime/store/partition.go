package store

import (
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// partitionNull is how Hive writes NULL in the name of a directory.
const partitionNull = "__HIVE_DEFAULT_PARTITION__"

// partition is the "key=value" directories on the path of a file, outermost first.
type partition []struct{ key, value string }

// parsePartition reads the directories of a path below base; the file's own name does
// not count.
func parsePartition(base, path string) partition {
	var found partition
	dir := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, base)))
	for name := range strings.SplitSeq(dir, "/") {
		key, value, ok := strings.Cut(name, "=")
		if !ok || key == "" {
			continue
		}
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		if i := slices.IndexFunc(found, func(p struct{ key, value string }) bool { return p.key == key }); i >= 0 {
			found[i].value = value
			continue
		}
		found = append(found, struct{ key, value string }{key, value})
	}
	return found
}

// partitionColumn is a column made of the values of one key, a constant per file.
type partitionColumn struct {
	column  ir.Column
	entries []string   // the dictionary of a string column, ascending
	values  []ir.Datum // by file
	codes   []uint32   // by file, of a string column
}

// partitionColumns turns the keys of the files into columns: of integers or dates
// where all values are such, else of strings. Files whose keys differ are E0512.
func partitionColumns(base string, paths []string) ([]partitionColumn, error) {
	first := parsePartition(base, paths[0])
	columns := make([]partitionColumn, len(first))
	texts := make([][]string, len(first))
	for _, path := range paths {
		keys := parsePartition(base, path)
		same := len(keys) == len(first)
		for i := 0; same && i < len(keys); i++ {
			same = keys[i].key == first[i].key
			texts[i] = append(texts[i], keys[i].value)
		}
		if !same {
			return nil, diag.New(CodeFilesDisagree, "%q and %q have different \"key=value\" directories on their paths", paths[0], path)
		}
	}
	for i := range columns {
		columns[i] = newPartitionColumn(first[i].key, texts[i])
	}
	return columns, nil
}

func newPartitionColumn(name string, texts []string) partitionColumn {
	parsers := []struct {
		kind  ir.Kind
		parse func(string) (ir.Datum, bool)
	}{{ir.I64, parseInteger}, {ir.Date, parseDate}, {ir.String, parseText}}
	p := partitionColumn{column: ir.Column{Name: name}}
	for _, parser := range parsers {
		p.values = p.values[:0]
		nulls := int64(0)
		for _, text := range texts {
			if text == partitionNull {
				nulls++
				p.values = append(p.values, ir.NullDatum)
			} else if d, ok := parser.parse(text); ok {
				p.values = append(p.values, d)
			}
		}
		if len(p.values) == len(texts) && (nulls < int64(len(texts)) || parser.kind == ir.String) {
			p.column.Type = ir.Of(parser.kind).WithNull(nulls > 0)
			break
		}
	}
	p.column.Statistics.Nulls = -1 // files are counted here, not rows
	if p.column.Type.Kind == ir.String {
		p.buildDictionary()
		return p
	}
	var low, high *ir.Datum
	distinct := map[int64]bool{}
	for i := range p.values {
		d := &p.values[i]
		if d.Null {
			continue
		}
		distinct[d.Int()] = true
		if low == nil || d.Int() < low.Int() {
			low = d
		}
		if high == nil || d.Int() > high.Int() {
			high = d
		}
	}
	p.column.Statistics.Min, p.column.Statistics.Max = low, high
	p.column.Statistics.Distinct = int64(len(distinct))
	p.column.Layout = NarrowLayout(p.column.Type, low.Int(), high.Int())
	return p
}

func (p *partitionColumn) buildDictionary() {
	for _, d := range p.values {
		p.entries = append(p.entries, d.Text) // a NULL adds "", whose code is as good as any
	}
	slices.Sort(p.entries)
	p.entries = slices.Compact(p.entries)
	for _, d := range p.values {
		c, _ := slices.BinarySearch(p.entries, d.Text)
		p.codes = append(p.codes, uint32(c))
	}
	p.column.Layout = DictionaryLayout(len(p.entries))
	p.column.Statistics.Distinct = int64(len(p.entries))
}

// DictionaryLayout is the layout of codes into a dictionary of some entries.
func DictionaryLayout(entries int) ir.Layout {
	width := uint8(4)
	switch {
	case entries <= 1<<8:
		width = 1
	case entries <= 1<<16:
		width = 2
	}
	return ir.Layout{Encoding: ir.Dictionary, Width: width, Cardinality: max(entries, 1)}
}

func parseInteger(text string) (ir.Datum, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	// Names such as "007" are no numbers: they would not print as they were.
	return ir.IntDatum(n), err == nil && strconv.FormatInt(n, 10) == text
}

func parseDate(text string) (ir.Datum, bool) {
	t, err := time.ParseInLocation(time.DateOnly, text, time.UTC)
	return ir.IntDatum(t.Unix() / 86400), err == nil
}

func parseText(text string) (ir.Datum, bool) {
	return ir.TextDatum(strings.ToValidUTF8(text, "\uFFFD")), true
}

// fill writes the constant of a file into a vector in the layout requested.
func (p *partitionColumn) fill(v *Vector, request ColumnRequest, file, rows int, place Place) (int, error) {
	d := p.values[file]
	if v.Validity != nil {
		if d.Null {
			clear(v.Validity[:(rows+7)/8])
		} else {
			FillPresent(v.Validity, rows)
		}
	}
	switch {
	case request.Layout.Encoding == ir.Dictionary:
		c := p.codes[file]
		if int64(c) >= int64(request.Layout.Cardinality) {
			return 0, DoesNotFit(place, strconv.Quote(d.Text), request.Layout)
		}
		for i := range rows {
			putCode(v.Values, request.Layout.Width, i, c)
		}
	case IsText(request.Type):
		if len(d.Text) > len(v.Text) {
			return 0, TooLong(place, int64(len(d.Text)), int64(len(v.Text)))
		}
		if len(d.Text) > 0 {
			rows = min(rows, len(v.Text)/len(d.Text))
		}
		offsets := View[uint32](v.Values, rows+1)
		offsets[0] = 0
		for i := range rows {
			copy(v.Text[offsets[i]:], d.Text)
			offsets[i+1] = offsets[i] + uint32(len(d.Text))
		}
	default:
		n := d.Int()
		if low, high, ok := IntegerRange(request.Layout); !d.Null && ok && (n < low || n > high) {
			return 0, DoesNotFit(place, n, request.Layout)
		}
		if d.Null {
			n = request.Layout.Base
		}
		for i := range rows {
			putInteger(v.Values, request.Layout.Width, i, n-request.Layout.Base)
		}
	}
	return rows, nil
}
