package native

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

const (
	magic   = "HEDDLTAB"
	version = 1

	// SegmentRows is the most rows of a segment.
	SegmentRows = 1 << 20
	// Alignment is where parts begin.
	Alignment = 16 << 10
	// overhang is how many zero bytes follow each part at least.
	overhang = 16

	headerLength  = 16 // of the first page: magic, version, zeroes
	trailerLength = 40
	maxFooter     = 1 << 30
	maxColumns    = 1 << 16
	maxName       = 1 << 16
	maxRows       = 1 << 50
	maxDictionary = 1 << 16 // entries
)

// part is a run of bytes of the file. The zero part is absent.
type part struct {
	offset, length int64
	checksum       uint64 // XXH3, 64 bits
}

// piece is one column of one segment.
type piece struct{ values, text, validity part }

func (p *piece) parts() [3]part { return [3]part{p.values, p.text, p.validity} }

// columnInfo is what the footer says of a column.
type columnInfo struct {
	name       string
	typ        ir.Type // nullable just when it holds a NULL
	layout     ir.Layout
	statistics ir.Statistics
	offsets    part // of the dictionary
	entries    part // its text
	pieces     []piece
	zones      []byte // encoded, see zone.go
}

type footer struct {
	rows     int64
	segments []int // rows of each
	present  part  // a bitmap of ones as long as the longest segment
	columns  []columnInfo
}

// presentLength is the length of a bitmap that is long enough for every segment.
func (f *footer) presentLength() int64 {
	if len(f.segments) == 0 {
		return 0
	}
	return int64(slices.Max(f.segments)+7) / 8
}

func (f *footer) encode() []byte {
	var e encoder
	e.unsigned(uint64(f.rows))
	e.unsigned(uint64(len(f.segments)))
	for _, rows := range f.segments {
		e.unsigned(uint64(rows))
	}
	e.part(f.present)
	e.unsigned(uint64(len(f.columns)))
	for i := range f.columns {
		c := &f.columns[i]
		e.text(c.name)
		nullable := byte(0)
		if c.typ.Nullable {
			nullable = 1
		}
		e.bytes = append(e.bytes, byte(c.typ.Kind), nullable, c.typ.Precision, c.typ.Scale, byte(c.layout.Encoding), c.layout.Width)
		e.signed(c.layout.Base)
		e.unsigned(uint64(c.layout.Cardinality))
		e.unsigned(uint64(c.statistics.Distinct))
		e.unsigned(uint64(c.statistics.Nulls))
		e.bounds(c.typ, c.statistics.Min, c.statistics.Max)
		e.part(c.offsets)
		e.part(c.entries)
		for _, p := range c.pieces {
			for _, part := range p.parts() {
				e.part(part)
			}
		}
		e.text(string(c.zones))
	}
	return e.bytes
}

// decodeFooter reads a footer whose checksum is right, and checks that what it says is
// possible in a file whose parts end at limit. The error completes "... is damaged:".
func decodeFooter(data []byte, limit int64) (*footer, error) {
	d := decoder{rest: data}
	f := &footer{rows: d.count(maxRows)}
	segments := d.count(int64(len(d.rest)))
	sum := int64(0)
	for range segments {
		rows := d.count(SegmentRows)
		if rows == 0 {
			d.fail("a segment is empty")
		}
		f.segments = append(f.segments, int(rows))
		sum += rows
	}
	if sum != f.rows {
		d.fail("its segments have %d rows, the table %d", sum, f.rows)
	}
	if f.present = d.part(limit); f.present.length != f.presentLength() {
		d.fail("its bitmap of ones has the wrong size")
	}
	columns := d.count(min(maxColumns, int64(len(d.rest))))
	if columns == 0 {
		d.fail("it has no columns") // whose parts would bound the number of rows
	}
	names := make(map[string]bool)
	for range columns {
		if d.err != nil {
			break
		}
		c := d.column(f, limit)
		if names[c.name] {
			d.fail("it has two columns %q", c.name)
		}
		names[c.name] = true
		f.columns = append(f.columns, c)
	}
	if d.err == nil && len(d.rest) > 0 {
		d.fail("its footer has %d bytes too many", len(d.rest))
	}
	if d.err == nil {
		f.checkOverlap(&d)
	}
	return f, d.err
}

// checkOverlap refuses parts that share bytes: a part that is verified as one column's
// plain values could otherwise be read as another's codes.
func (f *footer) checkOverlap(d *decoder) {
	all := []part{f.present}
	for i := range f.columns {
		c := &f.columns[i]
		all = append(all, c.offsets, c.entries)
		for k := range c.pieces {
			parts := c.pieces[k].parts()
			all = append(all, parts[:]...)
		}
	}
	slices.SortFunc(all, func(a, b part) int { return cmp.Compare(a.offset, b.offset) })
	end := int64(0)
	for _, p := range all {
		if p.length > 0 && p.offset < end {
			d.fail("two of its parts overlap at byte %d", p.offset)
			return
		}
		end = p.offset + p.length
	}
}

func (d *decoder) column(f *footer, limit int64) columnInfo {
	var c columnInfo
	c.name = d.text(maxName)
	head := d.take(6)
	if d.err != nil {
		return c
	}
	c.typ = ir.Type{Kind: ir.Kind(head[0]), Nullable: head[1] == 1, Precision: head[2], Scale: head[3]}
	c.layout = ir.Layout{Encoding: ir.Encoding(head[4]), Width: head[5], Base: d.signed(), Cardinality: int(d.count(maxDictionary))}
	if err := checkType(c.typ); err != nil {
		d.fail("column %q: %v", c.name, err)
		return c
	}
	if err := store.CheckLayout(c.typ, c.layout); err != nil {
		d.fail("column %q: %v", c.name, err)
		return c
	}
	c.statistics.Distinct = d.count(maxRows)
	c.statistics.Nulls = d.count(f.rows)
	c.statistics.Min, c.statistics.Max = d.bounds(c.typ)
	if (c.statistics.Nulls > 0) != c.typ.Nullable {
		d.fail("column %q has %d NULLs and type %s", c.name, c.statistics.Nulls, c.typ)
	}
	c.offsets, c.entries = d.part(limit), d.part(limit)
	dictionary := int64(0)
	if c.layout.Encoding == ir.Dictionary {
		dictionary = 4 * int64(c.layout.Cardinality+1)
	}
	if c.offsets.length != dictionary || dictionary == 0 && c.entries.length != 0 || c.entries.length > math.MaxUint32 {
		d.fail("the dictionary of column %q has the wrong size", c.name)
	}
	for _, rows := range f.segments {
		p := piece{values: d.part(limit), text: d.part(limit), validity: d.part(limit)}
		values, validity := int64(rows)*int64(c.layout.Width), int64(0)
		plainText := c.layout.Width == 0
		if plainText {
			values = 4 * int64(rows+1)
		}
		if c.typ.Nullable {
			validity = int64(rows+7) / 8
		}
		if p.values.length != values || p.validity.length != validity || !plainText && p.text.length != 0 || p.text.length > math.MaxUint32 {
			d.fail("a part of column %q has the wrong size", c.name)
		}
		if d.err != nil {
			return c
		}
		c.pieces = append(c.pieces, p)
	}
	c.zones = []byte(d.text(maxFooter))
	return c
}

func checkType(t ir.Type) error {
	if !t.IsScalar() || t.Kind == ir.Null {
		return fmt.Errorf("type %d is unknown", t.Kind)
	}
	if t.Kind != ir.Decimal {
		if t.Precision != 0 || t.Scale != 0 {
			return fmt.Errorf("type %s has a precision", t.Kind)
		}
	} else if t.Precision < 1 || t.Precision > ir.MaxDecimalPrecision || t.Scale > t.Precision {
		return fmt.Errorf("decimal<%d,%d> is out of range", t.Precision, t.Scale)
	}
	return nil
}

// encoder appends the footer's primitives: LEB128 integers, counted text, datums.
type encoder struct{ bytes []byte }

func (e *encoder) unsigned(v uint64) { e.bytes = binary.AppendUvarint(e.bytes, v) }
func (e *encoder) signed(v int64)    { e.bytes = binary.AppendVarint(e.bytes, v) }

func (e *encoder) text(s string) {
	e.unsigned(uint64(len(s)))
	e.bytes = append(e.bytes, s...)
}

func (e *encoder) part(p part) {
	e.unsigned(uint64(p.offset))
	e.unsigned(uint64(p.length))
	if p.length > 0 {
		e.bytes = binary.LittleEndian.AppendUint64(e.bytes, p.checksum)
	}
}

// bounds writes whether there is a lower and an upper bound, and those that are.
func (e *encoder) bounds(t ir.Type, low, high *ir.Datum) {
	flags := byte(0)
	if low != nil {
		flags |= 1
	}
	if high != nil {
		flags |= 2
	}
	e.bytes = append(e.bytes, flags)
	for _, d := range []*ir.Datum{low, high} {
		if d == nil {
			continue
		}
		switch {
		case store.IsText(t):
			e.text(d.Text)
		case t.IsFloat():
			e.bytes = binary.LittleEndian.AppendUint64(e.bytes, math.Float64bits(d.Float))
		default:
			e.signed(d.High)
			e.unsigned(d.Low)
		}
	}
}

// decoder takes them off again. After the first failure everything reads as zero.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
	d.rest = nil
}

func (d *decoder) take(n int) []byte {
	if n > len(d.rest) {
		d.fail("its footer ends too early")
		return nil
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) unsigned() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail("its footer ends too early")
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) signed() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail("its footer ends too early")
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// count reads a number from 0 to most.
func (d *decoder) count(most int64) int64 {
	v := d.unsigned()
	if v > uint64(most) {
		d.fail("its footer has %d where at most %d is possible", v, most)
		return 0
	}
	return int64(v)
}

func (d *decoder) text(most int64) string {
	return string(d.take(int(d.count(min(most, int64(len(d.rest)))))))
}

func (d *decoder) part(limit int64) part {
	p := part{offset: d.count(limit), length: d.count(limit)}
	if p.length == 0 {
		if p.offset != 0 {
			d.fail("an empty part has a place")
		}
		return part{}
	}
	if p.offset < Alignment || p.offset%Alignment != 0 || p.length > limit-p.offset {
		d.fail("a part of %d bytes at %d does not lie within its data", p.length, p.offset)
		return part{}
	}
	if sum := d.take(8); sum != nil {
		p.checksum = binary.LittleEndian.Uint64(sum)
	}
	return p
}

func (d *decoder) bounds(t ir.Type) (low, high *ir.Datum) {
	flags := d.take(1)
	if d.err != nil {
		return nil, nil
	}
	if flags[0] > 3 {
		d.fail("a bound is of an unknown kind")
		return nil, nil
	}
	bound := func(bit byte) *ir.Datum {
		if flags[0]&bit == 0 {
			return nil
		}
		switch {
		case store.IsText(t):
			return &ir.Datum{Text: d.text(maxFooter)}
		case t.IsFloat():
			if bits := d.take(8); bits != nil {
				return &ir.Datum{Float: math.Float64frombits(binary.LittleEndian.Uint64(bits))}
			}
			return nil
		default:
			return &ir.Datum{High: d.signed(), Low: d.unsigned()}
		}
	}
	return bound(1), bound(2)
}
