package parquet

import (
	"encoding/binary"
	"errors"
	"math"
)

// Thrift's compact protocol, as far as Parquet's metadata uses it: structs, lists,
// integers, booleans, doubles and binaries. Specification:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
//
// The decoder never allocates more than the input is long: a list must have at least
// one byte per element, and a binary is a part of the input.

// Types on the wire. A boolean field has its value in its type.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxThriftDepth bounds the nesting of structs and lists. Parquet's own has 6 levels.
const maxThriftDepth = 32

var errThrift = errors.New("its metadata cannot be decoded")

// decoder reads one message. After the first problem, failed is set and everything
// reads as zero.
type decoder struct {
	data   []byte
	at     int
	failed bool
	depth  int
}

func (d *decoder) fail() { d.failed, d.at = true, len(d.data) }

func (d *decoder) byte() byte {
	if d.at >= len(d.data) {
		d.fail()
		return 0
	}
	b := d.data[d.at]
	d.at++
	return b
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.data[d.at:])
	if n <= 0 {
		d.fail()
		return 0
	}
	d.at += n
	return v
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// fields calls visit for each field of a struct. visit reads the value and returns
// true, or leaves it alone and returns false.
func (d *decoder) fields(visit func(id int16, wire byte) bool) {
	if d.depth++; d.depth > maxThriftDepth {
		d.fail()
	}
	id := int16(0)
	for !d.failed {
		b := d.byte()
		if b == thriftStop {
			break
		}
		wire := b & 15
		if delta := b >> 4; delta != 0 {
			id += int16(delta)
		} else {
			id = int16(d.varint())
		}
		if !visit(id, wire) {
			d.skip(wire)
		}
	}
	d.depth--
}

// list calls visit for each element of a list.
func (d *decoder) list(wire byte, visit func(element byte)) {
	if wire != thriftList {
		d.fail()
		return
	}
	size, element := d.listHeader()
	if d.depth++; d.depth > maxThriftDepth {
		d.fail()
	}
	for i := 0; i < size && !d.failed; i++ {
		visit(element)
	}
	d.depth--
}

func (d *decoder) listHeader() (size int, element byte) {
	b := d.byte()
	n := uint64(b >> 4)
	if n == 15 {
		n = d.uvarint()
	}
	if n > uint64(len(d.data)-d.at) {
		d.fail()
		return 0, 0
	}
	return int(n), b & 15
}

func (d *decoder) integer(wire byte) int64 {
	switch wire {
	case thriftByte:
		return int64(int8(d.byte()))
	case thriftI16, thriftI32, thriftI64:
		return d.varint()
	default:
		d.fail()
		return 0
	}
}

func (d *decoder) int32(wire byte) int32 {
	v := d.integer(wire)
	if v < math.MinInt32 || v > math.MaxInt32 {
		d.fail()
		return 0
	}
	return int32(v)
}

// boolean reads a field; elements of lists have a byte of their own.
func (d *decoder) boolean(wire byte) bool {
	if wire != thriftTrue && wire != thriftFalse {
		d.fail()
	}
	return wire == thriftTrue
}

// binary returns a part of the input.
func (d *decoder) binary(wire byte) []byte {
	if wire != thriftBinary {
		d.fail()
		return nil
	}
	n := d.uvarint()
	if n > uint64(len(d.data)-d.at) {
		d.fail()
		return nil
	}
	b := d.data[d.at : d.at+int(n) : d.at+int(n)]
	d.at += int(n)
	return b
}

func (d *decoder) skip(wire byte) {
	switch wire {
	case thriftTrue, thriftFalse:
	case thriftByte:
		d.byte()
	case thriftI16, thriftI32, thriftI64:
		d.uvarint()
	case thriftDouble:
		if len(d.data)-d.at < 8 {
			d.fail()
			return
		}
		d.at += 8
	case thriftBinary:
		d.binary(wire)
	case thriftList, thriftSet:
		d.list(thriftList, d.skipElement)
	case thriftMap:
		d.skipMap()
	case thriftStruct:
		d.fields(func(int16, byte) bool { return false })
	default:
		d.fail()
	}
}

func (d *decoder) skipElement(wire byte) {
	if wire == thriftTrue || wire == thriftFalse {
		d.byte()
		return
	}
	d.skip(wire)
}

func (d *decoder) skipMap() {
	n := d.uvarint()
	if n == 0 {
		return
	}
	if n > uint64(len(d.data)-d.at) {
		d.fail()
		return
	}
	if d.depth++; d.depth > maxThriftDepth {
		d.fail()
	}
	types := d.byte()
	for i := uint64(0); i < n && !d.failed; i++ {
		d.skipElement(types >> 4)
		d.skipElement(types & 15)
	}
	d.depth--
}

// encoder writes one message. Fields of a struct must be written in ascending order,
// between begin and end.
type encoder struct {
	bytes []byte
	last  int16
	outer []int16
}

func (e *encoder) begin() {
	e.outer = append(e.outer, e.last)
	e.last = 0
}

func (e *encoder) end() {
	e.bytes = append(e.bytes, thriftStop)
	e.last = e.outer[len(e.outer)-1]
	e.outer = e.outer[:len(e.outer)-1]
}

func (e *encoder) field(id int16, wire byte) {
	delta := id - e.last
	if delta < 1 || delta > 15 {
		panic("BUG: the fields of a struct are out of order")
	}
	e.bytes = append(e.bytes, byte(delta)<<4|wire)
	e.last = id
}

func (e *encoder) varint(v int64) {
	e.bytes = binary.AppendUvarint(e.bytes, uint64(v)<<1^uint64(v>>63))
}

func (e *encoder) i8(id int16, v int8) {
	e.field(id, thriftByte)
	e.bytes = append(e.bytes, byte(v))
}

func (e *encoder) i16(id int16, v int16) { e.field(id, thriftI16); e.varint(int64(v)) }
func (e *encoder) i32(id int16, v int32) { e.field(id, thriftI32); e.varint(int64(v)) }
func (e *encoder) i64(id int16, v int64) { e.field(id, thriftI64); e.varint(v) }

func (e *encoder) boolean(id int16, v bool) {
	if v {
		e.field(id, thriftTrue)
	} else {
		e.field(id, thriftFalse)
	}
}

func (e *encoder) blob(b []byte) {
	e.bytes = binary.AppendUvarint(e.bytes, uint64(len(b)))
	e.bytes = append(e.bytes, b...)
}

func (e *encoder) binary(id int16, b []byte)  { e.field(id, thriftBinary); e.blob(b) }
func (e *encoder) text(id int16, text string) { e.binary(id, []byte(text)) }

// list begins a list; its elements follow.
func (e *encoder) list(id int16, element byte, size int) {
	e.field(id, thriftList)
	if size < 15 {
		e.bytes = append(e.bytes, byte(size)<<4|element)
		return
	}
	e.bytes = append(e.bytes, 0xF0|element)
	e.bytes = binary.AppendUvarint(e.bytes, uint64(size))
}

// structure begins a field that is a struct, to be closed with end.
func (e *encoder) structure(id int16) {
	e.field(id, thriftStruct)
	e.begin()
}

// empty writes a struct without fields: how unions name their alternatives.
func (e *encoder) empty(id int16) {
	e.structure(id)
	e.end()
}
