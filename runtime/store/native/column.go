package native

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// memory is the values of one column of one segment.
type memory struct {
	values   []byte // or offsets
	text     []byte
	validity []byte // nil while no value is NULL
}

func (m *memory) parts() [3][]byte { return [3][]byte{m.values, m.text, m.validity} }

func (m *memory) size() int64 {
	return int64(len(m.values)) + int64(len(m.text)) + int64(len(m.validity))
}

// spooled is a sealed segment of a column, in the layout that suited its own values.
type spooled struct {
	memory             // nil slices when it was moved to the file
	layout   ir.Layout // Dictionary codes have a width of 2 here
	rows     int
	hasNulls bool
	place    [3]struct{ offset, length int64 } // in the spool file
}

// column builds one column. Rows are appended to filling by the goroutine that reads the
// batches, while another seals the segment before.
type column struct {
	field   ir.Field
	natural ir.Layout
	filling memory
	rows    int // in filling

	// What follows belongs to whoever seals.
	sealed []spooled
	zones  encoder
	nulls  int64
	counts sketch
	// Integers: the range of all values, if each fits 64 bits.
	known     bool // there was a value
	wide      bool // one did not fit
	low, high ir.Datum
	noBounds  bool // a NaN: no bounds for the whole column
	// Text.
	dictionary *dictionary // nil when there are too many entries
	given      []string    // the entries of a dictionary that was given up, for segments coded by it
	scratch    []int64
}

func newColumn(field ir.Field) *column {
	c := &column{field: field, natural: ir.NaturalLayout(field.Type)}
	if store.IsText(field.Type) {
		c.dictionary = &dictionary{codes: map[string]uint32{}}
	}
	c.reset(memory{})
	return c
}

// reset begins a segment with memory that may be used again.
func (c *column) reset(m memory) {
	c.filling = memory{values: m.values[:0], text: m.text[:0]}
	if c.natural.Width == 0 {
		c.filling.values = append(c.filling.values, 0, 0, 0, 0)
	}
	c.rows = 0
}

// fits is how many of the rows of a vector from first on, at most n, can be added
// before the text of the segment passes limit.
func (c *column) fits(v *store.Vector, first, n int, limit int64) int {
	if c.natural.Width != 0 {
		return n
	}
	offsets := store.View[uint32](v.Values, first+n+1)[first:]
	room := limit - int64(len(c.filling.text))
	count, _ := slices.BinarySearchFunc(offsets[1:], offsets[0], func(end, start uint32) int {
		if int64(end)-int64(start) <= room {
			return -1
		}
		return 1
	})
	return count
}

// add appends rows of a vector in the natural layout.
func (c *column) add(v *store.Vector, first, n int) {
	c.addValidity(v, first, n)
	if width := int(c.natural.Width); width != 0 {
		c.filling.values = append(c.filling.values, v.Values[first*width:(first+n)*width]...)
		c.rows += n
		return
	}
	offsets := store.View[uint32](v.Values, first+n+1)[first:]
	used := uint32(len(c.filling.text))
	if v.Validity == nil {
		c.filling.text = append(c.filling.text, v.Text[offsets[0]:offsets[n]]...)
		for _, offset := range offsets[1:] {
			c.filling.values = binary.LittleEndian.AppendUint32(c.filling.values, used+offset-offsets[0])
		}
	} else {
		for i := range n {
			if store.IsPresent(v.Validity, first+i) { // else the text may be anything
				c.filling.text = append(c.filling.text, v.Text[offsets[i]:offsets[i+1]]...)
			}
			c.filling.values = binary.LittleEndian.AppendUint32(c.filling.values, uint32(len(c.filling.text)))
		}
	}
	c.rows += n
}

func (c *column) addValidity(v *store.Vector, first, n int) {
	m := &c.filling
	if m.validity == nil && v.Validity == nil {
		return
	}
	length := (c.rows + n + 7) / 8
	if m.validity == nil {
		m.validity = make([]byte, length)
		store.FillPresent(m.validity, c.rows)
	}
	for len(m.validity) < length {
		m.validity = append(m.validity, 0)
	}
	for i := range n {
		store.SetPresent(m.validity, c.rows+i, store.IsPresent(v.Validity, first+i))
	}
}

// seal takes a full segment: it finds zones and statistics and stores the values
// narrowly. The memory may be used again afterwards.
func (c *column) seal(m memory, rows int) error {
	s := spooled{rows: rows, layout: c.natural}
	if m.validity != nil {
		// Bits beyond the rows are zero, so that the same rows give the same file.
		if rest := rows & 7; rest != 0 {
			m.validity[len(m.validity)-1] &= 1<<rest - 1
		}
		nulls := int64(rows) - present(m.validity)
		s.hasNulls = nulls > 0
		c.nulls += nulls
		if !s.hasNulls {
			m.validity = nil
		}
	}
	s.validity = slices.Clone(m.validity)
	switch {
	case store.IsText(c.field.Type):
		if err := c.sealText(&s, m); err != nil {
			return err
		}
	case c.natural.Width == 16:
		c.sealWide(&s, m)
	case c.field.Type.IsFloat():
		c.sealFloats(&s, m)
	default:
		if err := c.sealIntegers(&s, m); err != nil {
			return err
		}
	}
	c.sealed = append(c.sealed, s)
	return nil
}

// chunks calls visit for each run of rows that has a zone.
func chunks(rows int, visit func(first, end int)) {
	for first := 0; first < rows; first += store.ChunkRows {
		visit(first, min(first+store.ChunkRows, rows))
	}
}

// zone writes a zone and widens the column's own bounds.
func (c *column) zone(validity []byte, first, end int, low, high *ir.Datum) {
	nulls := int64(0)
	if validity != nil {
		for row := first; row < end; row++ {
			if !store.IsPresent(validity, row) {
				nulls++
			}
		}
	}
	appendZone(&c.zones, c.field.Type, store.Zone{Min: low, Max: high, Nulls: nulls})
	if low == nil || high == nil {
		return
	}
	if !c.known || store.Less(c.field.Type, *low, c.low) {
		c.low = *low
	}
	if !c.known || store.Less(c.field.Type, c.high, *high) {
		c.high = *high
	}
	c.known = true
}

func (c *column) sealIntegers(s *spooled, m memory) error {
	low, high, known := int64(math.MaxInt64), int64(math.MinInt64), false
	width := c.natural.Width
	c.scratch = slices.Grow(c.scratch[:0], store.ChunkRows)[:store.ChunkRows]
	wide := bytesOf(c.scratch)
	var failure error
	chunks(s.rows, func(first, end int) {
		values := c.scratch[:end-first]
		err := store.ConvertIntegers(wide, ir.Layout{Width: 8}, m.values[first*int(width):end*int(width)], ir.Layout{Width: width}, nil, len(values), store.Place{})
		if err != nil {
			failure = err
			return
		}
		chunkLow, chunkHigh, some := int64(math.MaxInt64), int64(math.MinInt64), false
		if m.validity == nil {
			some = true
			for _, v := range values {
				chunkLow, chunkHigh = min(chunkLow, v), max(chunkHigh, v)
			}
		} else {
			for i, v := range values {
				if store.IsPresent(m.validity, first+i) {
					some = true
					chunkLow, chunkHigh = min(chunkLow, v), max(chunkHigh, v)
				}
			}
		}
		if !some {
			c.zone(m.validity, first, end, nil, nil)
			return
		}
		previous := chunkLow
		c.counts.addInteger(uint64(previous))
		for i, v := range values {
			if v != previous && store.IsPresent(m.validity, first+i) {
				c.counts.addInteger(uint64(v))
				previous = v
			}
		}
		low, high, known = min(low, chunkLow), max(high, chunkHigh), true
		lowest, highest := ir.IntDatum(chunkLow), ir.IntDatum(chunkHigh)
		c.zone(m.validity, first, end, &lowest, &highest)
	})
	if failure != nil {
		return failure
	}
	if c.field.Type.Kind == ir.Bool {
		if known && (low < 0 || high > 1) {
			return diag.New(store.CodeCannotWrite, "column %q has a boolean that is neither true nor false", c.field.Name)
		}
	} else if known {
		s.layout = store.NarrowLayout(c.field.Type, low, high)
	} else {
		s.layout = store.NarrowLayout(c.field.Type, 0, 0)
	}
	s.values = make([]byte, s.rows*int(s.layout.Width))
	err := store.ConvertIntegers(s.values, s.layout, m.values, ir.Layout{Width: width}, m.validity, s.rows, store.Place{Column: c.field.Name})
	if err != nil {
		return err
	}
	clearNulls(s.values, int(s.layout.Width), m.validity, s.rows)
	return nil
}

// sealWide takes 16-byte values: integers, which may turn out to fit 64 bits, and UUIDs
// and intervals, which have no bounds.
func (c *column) sealWide(s *spooled, m memory) {
	ordered := store.IsInteger(c.field.Type)
	fits := ordered
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	halves := store.View[uint64](m.values, 2*s.rows)
	chunks(s.rows, func(first, end int) {
		var lowest, highest *ir.Datum
		for i := first; i < end; i++ {
			if !store.IsPresent(m.validity, i) {
				continue
			}
			d := ir.Datum{Low: halves[2*i], High: int64(halves[2*i+1])}
			c.counts.addInteger(d.Low ^ uint64(d.High)*0x9E3779B97F4A7C15)
			if !ordered {
				continue
			}
			if lowest == nil {
				lowest, highest = &ir.Datum{Low: d.Low, High: d.High}, &ir.Datum{Low: d.Low, High: d.High}
			}
			if store.Less(c.field.Type, d, *lowest) {
				*lowest = d
			}
			if store.Less(c.field.Type, *highest, d) {
				*highest = d
			}
			fits = fits && d.IsInt64()
			low, high = min(low, d.Int()), max(high, d.Int())
		}
		c.zone(m.validity, first, end, lowest, highest)
	})
	if !fits {
		c.wide = c.wide || ordered
		s.values = slices.Clone(m.values[:16*s.rows])
		clearNulls(s.values, 16, m.validity, s.rows)
		return
	}
	if low > high {
		low, high = 0, 0
	}
	s.layout = store.NarrowLayout(c.field.Type, low, high)
	s.values = make([]byte, s.rows*int(s.layout.Width))
	for i := range s.rows {
		v := s.layout.Base
		if store.IsPresent(m.validity, i) {
			v = int64(halves[2*i])
		}
		putInteger(s.values, s.layout.Width, i, v-s.layout.Base)
	}
}

func (c *column) sealFloats(s *spooled, m memory) {
	width := int(c.natural.Width)
	at := func(i int) float64 {
		if width == 4 {
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(m.values[4*i:])))
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(m.values[8*i:]))
	}
	chunks(s.rows, func(first, end int) {
		var low, high *ir.Datum
		nan := false
		for i := first; i < end; i++ {
			if !store.IsPresent(m.validity, i) {
				continue
			}
			v := at(i)
			c.counts.addInteger(math.Float64bits(v + 0)) // -0 counts as 0
			nan = nan || v != v
			switch {
			case low == nil:
				low, high = &ir.Datum{Float: v}, &ir.Datum{Float: v}
			case v < low.Float:
				low.Float = v
			case v > high.Float:
				high.Float = v
			}
		}
		if nan {
			low, high, c.noBounds = nil, nil, true
		}
		c.zone(m.validity, first, end, low, high)
	})
	s.values = slices.Clone(m.values[:s.rows*width])
	clearNulls(s.values, width, m.validity, s.rows)
}

// clearNulls gives all NULLs the same bytes, so that the same rows give the same file.
func clearNulls(values []byte, width int, validity []byte, rows int) {
	if validity == nil {
		return
	}
	for i := range rows {
		if !store.IsPresent(validity, i) {
			clear(values[i*width : (i+1)*width])
		}
	}
}
