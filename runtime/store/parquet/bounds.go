package parquet

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// describeColumn sums up the statistics of all row groups. They are not trusted: what
// follows from them (no NULLs, a narrow layout) is checked when values are decoded.
func (t *table) describeColumn(c *column) ir.Column {
	d := ir.Column{Name: c.name, Type: c.typ, Layout: ir.NaturalLayout(c.typ)}
	s := &d.Statistics
	bounded := true
	for g := range t.meta.rowGroups {
		group := &t.meta.rowGroups[g]
		if group.rows == 0 {
			continue
		}
		chunk := &group.columns[c.leaf]
		nulls := c.nulls(&chunk.statistics, group.rows)
		if s.Nulls >= 0 && nulls >= 0 {
			s.Nulls += nulls
		} else {
			s.Nulls = -1
		}
		if nulls == group.rows {
			continue // without bounds, and no harm to those of others
		}
		low, high := c.bounds(&chunk.statistics)
		if low == nil || high == nil {
			bounded = false
			continue
		}
		if s.Min == nil || store.Less(c.typ, *low, *s.Min) {
			s.Min = low
		}
		if s.Max == nil || store.Less(c.typ, *s.Max, *high) {
			s.Max = high
		}
	}
	if !bounded {
		s.Min, s.Max = nil, nil
	}
	if s.Nulls == 0 {
		d.Type = d.Type.WithNull(false)
	}
	if store.IsInteger(c.typ) && s.Min != nil && s.Min.IsInt64() && s.Max.IsInt64() {
		d.Layout = store.NarrowLayout(c.typ, s.Min.Int(), s.Max.Int())
	}
	s.Distinct = t.distinct(c, s)
	return d
}

// nulls is how many NULLs a chunk has, -1 when it does not say or cannot be right.
func (c *column) nulls(s *statistics, rows int64) int64 {
	switch {
	case !c.optional:
		return 0
	case s.nulls > rows:
		return -1
	default:
		return s.nulls
	}
}

// distinct estimates the number of distinct values from what row groups say of
// themselves and from the range of the values.
func (t *table) distinct(c *column, s *ir.Statistics) int64 {
	rows := t.meta.rows
	if s.Nulls > 0 {
		rows -= s.Nulls
	}
	estimate := int64(0)
	for g := range t.meta.rowGroups {
		group := &t.meta.rowGroups[g]
		if n := group.columns[c.leaf].statistics.distinct; n > 0 && n <= group.rows {
			estimate = max(estimate, n)
			if n*2 > group.rows { // hardly a value twice in the row group, so more elsewhere
				estimate = rows
			}
		}
	}
	if store.IsInteger(c.typ) && s.Min != nil && s.Min.IsInt64() && s.Max.IsInt64() {
		span := uint64(s.Max.Int()) - uint64(s.Min.Int())
		if span < math.MaxInt64-1 && (estimate == 0 || int64(span)+1 < estimate) {
			estimate = int64(span) + 1
		}
	}
	return min(estimate, rows)
}

// bounds reads the least and greatest value of a chunk, nil where unknown. Those of
// text may be cut, the greatest then being above all values.
func (c *column) bounds(s *statistics) (low, high *ir.Datum) {
	min, max := s.min, s.max
	if (min == nil || max == nil) && c.form != unsigned && !store.IsText(c.typ) && c.form != bigEndian {
		// The older fields order by signed comparison, which is right for these alone.
		min, max = s.oldMin, s.oldMax
	}
	low, high = c.bound(min, false), c.bound(max, true)
	if low != nil && high != nil && store.Less(c.typ, *high, *low) {
		return nil, nil
	}
	return low, high
}

// bound decodes one bound of statistics. upper bounds are rounded up.
func (c *column) bound(b []byte, upper bool) *ir.Datum {
	if b == nil {
		return nil
	}
	var d ir.Datum
	switch {
	case store.IsText(c.typ):
		d = ir.TextDatum(string(b))
		if c.typ.Kind == ir.String && !utf8.Valid(b) {
			// Writers cut text within a character, and add one to its last byte. Cut
			// back, it is a lower bound still, and no upper bound.
			if upper {
				return nil
			}
			d = ir.TextDatum(string(cutToUTF8(b)))
		}
	case c.typ.Kind == ir.Bool && len(b) == 1:
		d = ir.BoolDatum(b[0] != 0)
	case c.typ.Kind == ir.F32 && len(b) == 4:
		d = ir.FloatDatum(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case c.typ.Kind == ir.F64 && len(b) == 8:
		d = ir.FloatDatum(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case c.form == bigEndian && len(b) <= 16:
		v, _ := parseBigEndian(b)
		d = ir.Int128Datum(v)
	case c.physical == physicalInt32 && len(b) == 4, c.physical == physicalInt64 && len(b) == 8:
		v, ok := c.scaleBound(b)
		if !ok {
			return nil
		}
		d = v
	default:
		return nil
	}
	if c.typ.IsFloat() && math.IsNaN(d.Float) {
		return nil
	}
	return &d
}

func (c *column) scaleBound(b []byte) (d ir.Datum, ok bool) {
	v := int64(int32(binary.LittleEndian.Uint32(b)))
	if len(b) == 8 {
		v = int64(binary.LittleEndian.Uint64(b))
	}
	switch c.form {
	case unsigned:
		if len(b) == 8 {
			return ir.Datum{Low: uint64(v)}, true
		}
		v = int64(uint32(v))
	case times1000:
		if v > math.MaxInt64/1000 || v < math.MinInt64/1000 {
			return d, false
		}
		v *= 1000
	case by1000:
		v = floorDivide(v, 1000)
	case asIs, bigEndian, julianDay: // are no scaled numbers
	}
	if low, high, known := typeRange(c.typ); known && (v < low || v > high) {
		return d, false
	}
	return ir.IntDatum(v), true
}

// cutToUTF8 returns the longest beginning of b that is UTF-8.
func cutToUTF8(b []byte) []byte {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return b[:i]
		}
		i += size
	}
	return b
}

// zone bounds the rows from first to end of a row group.
func (t *table) zone(g int, c *column, first, end int64) store.Zone {
	group := &t.meta.rowGroups[g]
	chunk := &group.columns[c.leaf]
	zone := store.Zone{Nulls: -1}
	whole := first == 0 && end == group.rows
	nulls := c.nulls(&chunk.statistics, group.rows)
	if whole || nulls == 0 {
		zone.Nulls = nulls
	}
	zone.AllNull = nulls == group.rows && group.rows > 0
	if zone.AllNull && !whole {
		zone.Nulls = end - first
	}
	if zone.AllNull || c.typ.IsFloat() {
		return zone // a NaN is outside of the bounds that Parquet keeps
	}
	zone.Min, zone.Max = c.bounds(&chunk.statistics)
	if !whole {
		t.refine(&zone, g, c, first, end)
	}
	return zone
}

// refine narrows the zone of a part of a row group by its column index. Where the index
// is missing or does not suit the pages, the zone stays as it is.
func (t *table) refine(zone *store.Zone, g int, c *column, first, end int64) {
	index := t.columnIndex(g, c)
	if index == nil {
		return
	}
	pages, err := t.pagesOf(g, c)
	if err != nil || len(pages.pages) != len(index.min) {
		return
	}
	var low, high *ir.Datum
	from, _ := slices.BinarySearchFunc(pages.pages, first, func(p pageLocation, row int64) int {
		if p.firstRow+int64(p.header.values) <= row {
			return -1
		}
		return 1
	})
	for i := from; i < len(pages.pages) && pages.pages[i].firstRow < end; i++ {
		if index.nullPages[i] {
			continue
		}
		least, most := c.bound(index.min[i], false), c.bound(index.max[i], true)
		if least == nil || most == nil {
			return
		}
		if low == nil || store.Less(c.typ, *least, *low) {
			low = least
		}
		if high == nil || store.Less(c.typ, *high, *most) {
			high = most
		}
	}
	if low != nil {
		zone.Min, zone.Max = low, high
	}
}

// columnIndex reads the index of the pages of a chunk, nil when there is none of use.
func (t *table) columnIndex(g int, c *column) *columnIndex {
	s := t.meta.rowGroups[g].columns[c.leaf].columnIndex
	if s.offset <= 0 || s.length <= 0 || s.offset > t.size || s.length > t.size-s.offset || s.length > maxFooter {
		return nil
	}
	data := make([]byte, s.length)
	if err := t.read(data, s.offset); err != nil {
		return nil
	}
	index, ok := decodeColumnIndex(data)
	if !ok {
		return nil
	}
	return index
}
