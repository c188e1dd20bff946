package wasm_test

import (
	"fmt"
	"testing"

	"github.com/heddle-lang/heddle/ir"
)

// TestLoads reads each width into each type, plain, and widened once more, where
// load and extension become one instruction.
func TestLoads(t *testing.T) {
	type load struct {
		t      ir.Type
		width  int64
		signed bool
		extend ir.Opcode // 0 for none
	}
	var loads []load
	for _, typ := range []ir.Type{i32T, i64T, i128T} {
		for _, width := range []int64{1, 2, 4, 8, 16} {
			for _, s := range []bool{false, true} {
				if width > sizeOf(typ) {
					continue
				}
				loads = append(loads, load{typ, width, s, 0})
				if typ.Kind != ir.I128 {
					loads = append(loads, load{typ, width, s, ir.OpExtendS}, load{typ, width, s, ir.OpExtendU})
				}
			}
		}
	}
	m := &ir.Module{}
	for i, l := range loads {
		k := newKernel(fmt.Sprint("load", i), []ir.Type{addrT})
		v := k.load(l.t, l.width, l.signed, k.Binary(ir.OpIntegerAdd, k.arg(0), k.addr(40)), 2)
		if l.extend != 0 {
			wider := i64T
			if l.t.Kind == ir.I64 {
				wider = i128T
			}
			v = k.typed(l.extend, wider, v)
		}
		k.write(v, 0)
		m.Functions = append(m.Functions, k.function)
	}
	source := []bits128{{Low: 0x8182838485868788, High: 0x898a8b8c8d8e8f90}, {Low: 0x7172737475767778, High: 0x0102030405060708}}
	for _, to := range targets(t) {
		instance := to.instantiate(t, m)
		for i, l := range loads {
			for _, v := range source {
				putBits(instance.Memory()[inputs+42:], v)
				call(t, instance, fmt.Sprint("load", i), inputs)
				want := v
				widen := func(from, to int64, signExtend bool) {
					if from < 16 {
						full := uint64(signed(want.Low, int(8*from)))
						want = bits128{Low: full, High: uint64(int64(full) >> 63)}
						if !signExtend {
							want = word(masked(want.Low, int(8*from)))
						}
					}
					if to < 16 {
						want = word(masked(want.Low, int(8*to)))
					}
				}
				size := sizeOf(l.t)
				widen(l.width, size, l.signed)
				result := l.t
				if l.extend != 0 {
					widen(size, 2*size, l.extend == ir.OpExtendS)
					result = i64T
					if size == 8 {
						result = i128T
					}
				}
				if got := getBits(instance.Memory()[outputs:], result); got != want {
					t.Errorf("%s: %v of %x is %x, want %x", to.name, l, v, got, want)
				}
			}
		}
	}
}

func TestStores(t *testing.T) {
	type store struct {
		t     ir.Type
		width int64
	}
	var stores []store
	for _, typ := range []ir.Type{i32T, i64T, i128T} {
		for _, width := range []int64{1, 2, 4, 8, 16} {
			if width <= sizeOf(typ) {
				stores = append(stores, store{typ, width})
			}
		}
	}
	stores = append(stores, store{f32T, 4}, store{f64T, 8})
	m := &ir.Module{}
	for i, s := range stores {
		k := newKernel(fmt.Sprint("store", i), nil)
		k.store(s.width, k.addr(outputs), k.read(s.t, 0), 16)
		m.Functions = append(m.Functions, k.function)
	}
	value, before := bits128{Low: 0x8182838485868788, High: 0x898a8b8c8d8e8f90}, bits128{Low: 0x1111111111111111, High: 0x1111111111111111}
	for _, to := range targets(t) {
		instance := to.instantiate(t, m)
		for i, s := range stores {
			putBits(instance.Memory()[inputs:], value)
			putBits(instance.Memory()[outputs+16:], before)
			call(t, instance, fmt.Sprint("store", i))
			want := value
			if s.width < 16 {
				want.High = before.High
				want.Low = masked(value.Low, int(8*s.width))
				if s.width < 8 {
					want.Low |= before.Low >> (8 * s.width) << (8 * s.width)
				}
			}
			if got := getBits(instance.Memory()[outputs+16:], i128T); got != want {
				t.Errorf("%s: %v writes %x, want %x", to.name, s, got, want)
			}
		}
	}
}

// TestSharedAddress folds one addition into several accesses, and leaves alone
// what could wrap.
func TestSharedAddress(t *testing.T) {
	k := newKernel("f", []ir.Type{addrT, i32T}, i32T)
	at := k.Binary(ir.OpIntegerAdd, k.Binary(ir.OpIntegerAdd, k.arg(0), k.addr(16)), k.addr(4))
	k.store(4, at, k.i32(11), 0)
	k.store(4, at, k.i32(22), 4)
	back := k.Binary(ir.OpIntegerAdd, k.arg(1), k.i32(inputs)) // wraps for negative arguments
	v := k.load(i32T, 4, false, back, 0)
	low := k.load(i32T, 4, false, k.Binary(ir.OpIntegerAdd, k.arg(0), k.addr(20)), 0)
	high := k.load(i32T, 4, false, k.Binary(ir.OpIntegerAdd, at, k.addr(-4)), 8)
	sum := k.Binary(ir.OpIntegerAdd, k.Binary(ir.OpIntegerMul, low, k.i32(100)), k.Binary(ir.OpIntegerAdd, high, v))
	k.ret(sum)
	for _, to := range targets(t) {
		instance := to.instantiate(t, moduleOf(k))
		putBits(instance.Memory()[inputs-16:], word(5))
		if got := call(t, instance, "f", inputs, 0xfffffff0); got != 1127 {
			t.Errorf("%s: got %d", to.name, got)
		}
	}
}
