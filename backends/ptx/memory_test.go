package ptx_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// access is a load and a store of some width, with what is known of its alignment.
type access struct {
	t      ir.Type
	width  int64
	signed bool
	align  int64
}

func accesses() []access {
	var list []access
	for _, t := range []ir.Type{ir.Of(ir.I32), ir.Of(ir.I64), ir.Of(ir.I128), ir.Of(ir.F32), ir.Of(ir.F64), ir.Of(ir.Address)} {
		for width := int64(1); width <= int64(interp.SizeOf(t)); width *= 2 {
			if t.IsFloat() && width < int64(interp.SizeOf(t)) {
				continue
			}
			for align := int64(0); align <= 16; align = max(1, 2*align) { // 0: not told
				list = append(list, access{t, width, false, align})
				if width < int64(interp.SizeOf(t)) {
					list = append(list, access{t, width, true, align})
				}
			}
		}
	}
	return list
}

func (a access) attributes(offset int64) []ir.Attribute {
	list := []ir.Attribute{ir.Attr("width", a.width), ir.Attr("offset", offset)}
	if a.align > 0 {
		list = append(list, ir.Attr("align", a.align))
	}
	return list
}

// extended is what a load gives of bytes in memory.
func (a access) extended(data []byte) interp.Bits {
	var buffer [16]byte
	copy(buffer[:], data[:a.width])
	if a.signed && data[a.width-1] >= 0x80 {
		for i := a.width; i < 16; i++ {
			buffer[i] = 0xff
		}
	}
	return getBits(buffer[:], a.t)
}

// TestAccesses loads and stores at all widths and alignments, in linear and in global
// memory, each thread at another address that is as aligned as was told.
func TestAccesses(t *testing.T) {
	const threads, span, offset = 16, 64, 3 * 16
	list := accesses()
	m := &ir.Module{}
	for i, a := range list {
		for _, kind := range []ir.Kind{ir.Address, ir.GlobalAddress} {
			k := newKernel(fmt.Sprintf("access%d_%s", i, kind), threads)
			step := max(a.align, 1)
			distance := k.Binary(ir.OpIntegerMul, k.one(ir.OpThreadIndex, nil), k.i32(span+step))
			from, to := k.slot(inputs, span+step), k.slot(outputs, span+step)
			if kind == ir.GlobalAddress {
				wide := k.one(ir.OpExtendU, []*ir.Value{distance}, ir.Attr("type", ir.Of(ir.I64)))
				from = k.Binary(ir.OpIntegerAdd, k.parameter(1), wide)
				from = k.Binary(ir.OpIntegerAdd, from, k.Const(ir.Of(ir.I64), ir.IntDatum(4096)))
				to = k.Binary(ir.OpIntegerAdd, from, k.Const(ir.Of(ir.I64), ir.IntDatum(4096)))
			}
			attributes := append(a.attributes(offset), ir.Attr("type", a.t))
			if a.signed {
				attributes = append(attributes, ir.Attr("signed", true))
			}
			v := k.one(ir.OpLoad, []*ir.Value{from}, attributes...)
			k.Op(ir.OpStore, []*ir.Value{to, v}, a.attributes(offset)...)
			// The whole value, where every thread has 16 bytes.
			k.write(k.slot(outputs+0x10000, 16), v, 0)
			m.Functions = append(m.Functions, k.function)
		}
	}
	dice := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, threads*(span+16)+offset+32)
	for i := range data {
		data[i] = byte(dice.Uint32())
	}
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		loaded := d.compile(c, m, nil)
		for i, a := range list {
			for _, kind := range []ir.Kind{ir.Address, ir.GlobalAddress} {
				d.put(linearBase+inputs, data)
				must(t, d.stream.CopyIn(d.launch+4096, data))
				d.put(linearBase+outputs, make([]byte, 2*len(data)))
				must(t, d.stream.CopyIn(d.launch+8192, make([]byte, 2*len(data))))
				d.run(loaded, fmt.Sprintf("access%d_%s", i, kind), 1, threads)
				stored := d.linear(linearBase+outputs, len(data))
				if kind == ir.GlobalAddress {
					stored = d.global(8192, len(data))
				}
				values := d.linear(linearBase+outputs+0x10000, 16*threads)
				want := make([]byte, len(data))
				for thread := range threads {
					at := thread*int(span+max(a.align, 1)) + offset
					copy(want[at:at+int(a.width)], data[at:])
					if got, want := getBits(values[16*thread:], a.t), a.extended(data[at:]); got != want && !interp.SameBits(a.t, got, want) {
						t.Fatalf("%+v of %s, thread %d: loaded %x, want %x", a, kind, thread, got, want)
					}
				}
				if !bytes.Equal(stored, want) {
					t.Fatalf("%+v of %s stores something else", a, kind)
				}
			}
		}
	})
}

// TestLastBytes reads without known alignment at the end of what is mapped: no access
// goes beyond.
func TestLastBytes(t *testing.T) {
	k := newKernel("last", 32)
	end := k.one(ir.OpWrap, []*ir.Value{k.Binary(ir.OpIntegerAdd, k.parameter(0), k.i32(linearSize-16))}, ir.Attr("type", ir.Of(ir.Address)))
	out := k.slot(outputs, 0)
	types := []ir.Type{ir.Of(ir.I32), ir.Of(ir.I64), ir.Of(ir.I128), ir.VectorType(ir.I8, 16)}
	for i, typ := range types {
		k.write(out, k.read(end, typ, int64(16-interp.SizeOf(typ))), int64(16*i))
	}
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		data := []byte("0123456789abcdef")
		d.put(linearBase+linearSize-16, data)
		d.run(d.compile(c, &ir.Module{Functions: []*ir.Function{k.function}}, nil), "last", 1, 1)
		got := d.linear(linearBase+outputs, 16*len(types))
		for i, typ := range types {
			size := interp.SizeOf(typ)
			if !bytes.Equal(got[16*i:][:size], data[16-size:]) {
				t.Errorf("%s is %q", typ, got[16*i:][:size])
			}
		}
	})
}

// TestCopyAndFill moves ranges that overlap either way.
func TestCopyAndFill(t *testing.T) {
	k := newKernel("move", 32, ir.Of(ir.Address), ir.Of(ir.Address), ir.Of(ir.I32))
	k.Op(ir.OpMemoryCopy, []*ir.Value{k.parameter(2), k.parameter(3), k.parameter(4)})
	f := newKernel("fill", 32, ir.Of(ir.Address), ir.Of(ir.I32), ir.Of(ir.I32))
	f.Op(ir.OpMemoryFill, []*ir.Value{f.parameter(2), f.parameter(3), f.parameter(4)})
	m := &ir.Module{Functions: []*ir.Function{k.function, f.function}}
	start := make([]byte, 256)
	for i := range start {
		start[i] = byte(i)
	}
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		loaded := d.compile(c, m, nil)
		for _, test := range []struct{ to, from, count int }{{100, 0, 50}, {0, 100, 50}, {10, 0, 50}, {0, 10, 50}, {5, 5, 20}, {3, 9, 0}, {1, 0, 255}} {
			d.put(linearBase, start)
			d.run(loaded, "move", 1, 1, uint32(linearBase+test.to), uint32(linearBase+test.from), uint32(test.count))
			want := bytes.Clone(start)
			copy(want[test.to:], start[test.from:][:test.count])
			if got := d.linear(linearBase, len(start)); !bytes.Equal(got, want) {
				t.Errorf("%+v: %v", test, got)
			}
		}
		for _, count := range []int{0, 1, 77} {
			d.put(linearBase, start)
			d.run(loaded, "fill", 1, 1, uint32(linearBase+3), uint32(0x1ab), uint32(count))
			want := append(append(bytes.Clone(start[:3]), bytes.Repeat([]byte{0xab}, count)...), start[3+count:]...)
			if got := d.linear(linearBase, len(start)); !bytes.Equal(got, want) {
				t.Errorf("fill of %d: %v", count, got)
			}
		}
	})
}

// TestWideLoads makes sure that adjacent loads of a column become one access, for
// elements of each width: without it a kernel has a fraction of the bandwidth.
func TestWideLoads(t *testing.T) {
	for _, test := range []struct {
		width, count int64
		want         []string // some of the accesses, one of which must be there
	}{
		{1, 4, []string{"ld.global.nc.b32", "ld.global.nc.u32", "ld.global.nc.v4.u8", "ld.global.nc.v4.b8"}},
		{1, 16, []string{"ld.global.nc.v4.b32", "ld.global.nc.v4.u32", "ld.global.nc.v4.u8", "ld.global.nc.v2.b64"}},
		{2, 4, []string{"ld.global.nc.v4.b16", "ld.global.nc.v4.u16", "ld.global.nc.v2.b32", "ld.global.nc.b64"}},
		{2, 8, []string{"ld.global.nc.v4.b32", "ld.global.nc.v4.u32", "ld.global.nc.v4.b16", "ld.global.nc.v4.u16", "ld.global.nc.v2.b64"}},
		{4, 4, []string{"ld.global.nc.v4.b32", "ld.global.nc.v4.u32"}},
		{8, 2, []string{"ld.global.nc.v2.b64", "ld.global.nc.v2.u64"}},
	} {
		k := newKernel("wide", 32)
		at := k.one(ir.OpLoad, []*ir.Value{k.parameter(1)}, ir.Attr("width", int64(8)), ir.Attr("align", int64(8)), ir.Attr("type", ir.Of(ir.GlobalAddress)))
		row := k.one(ir.OpExtendU, []*ir.Value{k.one(ir.OpThreadIndex, nil)}, ir.Attr("type", ir.Of(ir.I64)))
		at = k.Binary(ir.OpIntegerAdd, at, k.Binary(ir.OpIntegerMul, row, k.Const(ir.Of(ir.I64), ir.IntDatum(test.width*test.count))))
		whole := min(16, test.width*test.count)
		var sum *ir.Value
		for i := range test.count {
			offset := i * test.width
			align := whole
			for offset%align != 0 {
				align /= 2
			}
			v := k.one(ir.OpLoad, []*ir.Value{at}, ir.Attr("width", test.width), ir.Attr("signed", true), ir.Attr("offset", offset), ir.Attr("align", align), ir.Attr("access", "invariant"), ir.Attr("type", ir.Of(ir.I64)))
			if sum == nil {
				sum = v
			} else {
				sum = k.Binary(ir.OpIntegerAdd, k.Binary(ir.OpIntegerMul, sum, k.Const(ir.Of(ir.I64), ir.IntDatum(31))), v)
			}
		}
		k.write(k.slot(outputs, 8), sum, 0)
		m := &ir.Module{Functions: []*ir.Function{k.function}}
		llvm := lower(t, m, nil)
		onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
			code, err := c.Compile(t.Context(), llvm, ptx.DefaultTarget)
			must(t, err)
			found, narrow := false, 0
			for line := range strings.Lines(string(code.PTX)) {
				words := strings.Fields(line)
				for _, want := range test.want {
					found = found || len(words) > 0 && words[0] == want
				}
				if len(words) > 0 && strings.HasPrefix(words[0], "ld.global.nc") {
					narrow++
				}
			}
			if !found || int64(narrow) > max(1, test.width*test.count/16, test.count/4) {
				t.Errorf("%d times %d bytes take %d loads:\n%s", test.count, test.width, narrow, code.PTX)
			}
			data := make([]byte, 8)
			binary.LittleEndian.PutUint64(data, uint64(d.launch)+256)
			must(t, d.stream.CopyIn(d.launch, data))
			column := make([]byte, 1024)
			for i := range column {
				column[i] = byte(i*37 + 11)
			}
			must(t, d.stream.CopyIn(d.launch+256, column))
			d.run(d.compile(c, m, nil), "wide", 1, 32)
			results := d.linear(linearBase+outputs, 32*8)
			for thread := range 32 {
				var want int64
				for i := range int(test.count) {
					a := access{t: ir.Of(ir.I64), width: test.width, signed: true}
					want = want*31 + int64(a.extended(column[(thread*int(test.count)+i)*int(test.width):]).Low)
				}
				if got := int64(binary.LittleEndian.Uint64(results[8*thread:])); got != want {
					t.Fatalf("thread %d: %d, want %d", thread, got, want)
				}
			}
		})
	}
}
