package native

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unsafe"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// longestBound is the longest text that statistics keep as a bound.
const longestBound = 256

// plan says how the sealed segments of a column become those of the file.
type plan struct {
	typ     ir.Type
	layout  ir.Layout
	entries []string // of the dictionary in the file, ascending
	recode  []uint32 // by code in the spool: code in the file
	given   []string // by code in the spool, where the file has plain text
	nulls   bool     // the column has a validity bitmap
}

// plan decides the layout of a column when all of its values have been seen.
func (c *column) plan(rows int64) (columnInfo, plan) {
	p := plan{typ: c.field.Type.WithNull(c.nulls > 0), layout: c.natural, nulls: c.nulls > 0}
	present := rows - c.nulls
	info := columnInfo{name: c.field.Name, typ: p.typ, zones: c.zones.bytes}
	info.statistics = ir.Statistics{Nulls: c.nulls, Distinct: min(c.counts.estimate(), present)}
	switch {
	case c.dictionary != nil:
		p.given = c.dictionary.entries
		info.statistics.Distinct = int64(len(p.given))
		if c.dictionary.repeats(rows) {
			p.useDictionary()
		}
	case store.IsText(c.field.Type):
		p.given = c.given
	case c.field.Type.Kind == ir.Bool, !store.IsInteger(c.field.Type), c.wide:
	case c.known:
		p.layout = store.NarrowLayout(c.field.Type, c.low.Int(), c.high.Int())
		if span := uint64(c.high.Int()) - uint64(c.low.Int()); span < 1<<62 {
			info.statistics.Distinct = min(info.statistics.Distinct, int64(span)+1)
		}
	default:
		p.layout = store.NarrowLayout(c.field.Type, 0, 0)
	}
	if present > 0 {
		info.statistics.Distinct = max(info.statistics.Distinct, 1)
	}
	info.layout = p.layout
	if c.known && !c.noBounds && len(c.low.Text) <= longestBound && len(c.high.Text) <= longestBound {
		low, high := c.low, c.high
		info.statistics.Min, info.statistics.Max = &low, &high
	}
	return info, p
}

// repeats reports whether each entry stands for two rows at least: with fewer, codes
// take more room than text, and work on the dictionary is no less than on the rows.
func (d *dictionary) repeats(rows int64) bool {
	entries := int64(len(d.entries))
	return entries > 0 && 2*entries <= rows
}

// useDictionary sorts the entries, so that codes compare as the text does and the file
// does not depend on the order of rows more than it must.
func (p *plan) useDictionary() {
	order := make([]uint32, len(p.given))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return strings.Compare(p.given[a], p.given[b]) })
	p.recode = make([]uint32, len(order))
	for to, from := range order {
		p.entries = append(p.entries, p.given[from])
		p.recode[from] = uint32(to)
	}
	p.layout = store.DictionaryLayout(len(p.entries))
	p.given = nil
}

// convert brings a sealed segment to the layout of the file.
func (p *plan) convert(s spooled) (memory, error) {
	m := s.memory
	if p.nulls && m.validity == nil {
		m.validity = make([]byte, (s.rows+7)/8)
		store.FillPresent(m.validity, s.rows)
		if rest := s.rows & 7; rest != 0 {
			m.validity[len(m.validity)-1] = 1<<rest - 1
		}
	}
	switch {
	case p.recode != nil:
		m.values = p.recoded(s)
	case s.layout.Encoding == ir.Dictionary:
		m.values, m.text = p.decoded(s)
	case s.layout != p.layout:
		m.values = make([]byte, s.rows*int(p.layout.Width))
		if err := store.ConvertIntegers(m.values, p.layout, s.values, s.layout, s.validity, s.rows, store.Place{}); err != nil {
			return memory{}, err
		}
		clearNulls(m.values, int(p.layout.Width), s.validity, s.rows)
	}
	return m, nil
}

func (p *plan) recoded(s spooled) []byte {
	values := make([]byte, s.rows*int(p.layout.Width))
	from := store.View[uint16](s.values, s.rows)
	if p.layout.Width == 1 {
		for i, code := range from {
			values[i] = byte(p.recode[code])
		}
	} else {
		for i, code := range from {
			binary.LittleEndian.PutUint16(values[2*i:], uint16(p.recode[code]))
		}
	}
	clearNulls(values, int(p.layout.Width), s.validity, s.rows)
	return values
}

func (p *plan) decoded(s spooled) (offsets, text []byte) {
	offsets = make([]byte, 4*(s.rows+1))
	for i, code := range store.View[uint16](s.values, s.rows) {
		if store.IsPresent(s.validity, i) {
			text = append(text, p.given[code]...)
		}
		binary.LittleEndian.PutUint32(offsets[4*i+4:], uint32(len(text)))
	}
	return offsets, text
}

// present counts the bits of a bitmap.
func present(validity []byte) int64 {
	n := 0
	for _, b := range validity {
		n += bits.OnesCount8(b)
	}
	return int64(n)
}

func putInteger(values []byte, width uint8, row int, v int64) {
	switch width {
	case 1:
		values[row] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(values[2*row:], uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(values[4*row:], uint32(v))
	default:
		binary.LittleEndian.PutUint64(values[8*row:], uint64(v))
	}
}

func bytesOf(values []int64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 8*len(values))
}
