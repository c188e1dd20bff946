package wasm_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
)

// filterSum is the loop of a filter and a sum over columns of 8 and 16 bits:
//
//	for i in 0..rows: if low <= date[i] < high: sum += price[i] * discount[i]
func filterSum(name string, metered bool) *kernel {
	k := newKernel(name, []ir.Type{addrT})
	context := k.arg(0)
	rows := k.load(i32T, 4, false, k.addr(0x100000), 0)
	date := k.load(addrT, 4, false, k.addr(0x100000), 16)
	price := k.load(addrT, 4, false, k.addr(0x100000), 32)
	discount := k.load(addrT, 4, false, k.addr(0x100000), 48)
	low := k.load(i32T, 4, false, context, 64)
	high := k.load(i32T, 4, false, context, 80)
	i := k.variable(k.i32(0))
	sum := k.variable(k.Const(i128T, ir.IntDatum(0)))
	k.block(func(k *kernel, done *ir.Value) {
		k.construct(ir.OpLoop, func(k *kernel, again *ir.Value) {
			at := k.get(i)
			k.brIf(done, k.icmp("ge_u", at, rows))
			k.block(func(k *kernel, next *ir.Value) {
				d := k.load(i32T, 2, false, k.Binary(ir.OpIntegerAdd, date, k.Binary(ir.OpShiftLeft, at, k.i32(1))), 0)
				k.brIf(next, k.icmp("eq", k.icmp("ge_s", d, low), k.i32(0)))
				k.brIf(next, k.icmp("eq", k.icmp("lt_s", d, high), k.i32(0)))
				p := k.typed(ir.OpExtendS, i64T, k.load(i32T, 4, true, k.Binary(ir.OpIntegerAdd, price, k.Binary(ir.OpShiftLeft, at, k.i32(2))), 0))
				q := k.typed(ir.OpExtendU, i64T, k.load(i32T, 1, false, k.Binary(ir.OpIntegerAdd, discount, at), 0))
				product := k.Binary(ir.OpIntegerMul, p, q)
				k.set(sum, k.Binary(ir.OpIntegerAdd, k.get(sum), k.typed(ir.OpExtendS, i128T, product)))
			})
			k.set(i, k.Binary(ir.OpIntegerAdd, at, k.i32(1)))
			k.br(again)
		}, ir.Attr("metered", metered))
	})
	state := k.load(addrT, 4, false, k.addr(0x120000), 16)
	k.store(16, state, k.Binary(ir.OpIntegerAdd, k.load(i128T, 16, false, state, 0), k.get(sum)), 0)
	k.ret()
	return k
}

// countOps counts the ops of a module.
func countOps(m *ir.Module) (n int) {
	for _, f := range m.Functions {
		f.Body.Walk(func(*ir.Op) bool { n++; return true })
	}
	return n
}

func BenchmarkGenerate(b *testing.B) {
	for _, functions := range []int{1, 100} {
		m := &ir.Module{}
		for i := range functions {
			m.Functions = append(m.Functions, filterSum(fmt.Sprint("pipeline", i), true).function)
		}
		ops := countOps(m)
		b.Run(fmt.Sprintf("%d functions", functions), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wasm.Generate(m, wasm.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(ops), "ns/op-of-ir")
			b.ReportMetric(float64(ops), "ir-ops")
		})
	}
}

// BenchmarkRun runs the loop of filterSum, half of whose rows pass: the first half,
// so that branch prediction does not hide the code.
func BenchmarkRun(b *testing.B) {
	const (
		rows                      = 1 << 16
		dates, prices, discounts  = 0x200000, 0x400000, 0x600000
		context, state, localArea = 0x180000, 0x190000, 0x120000
	)
	m := moduleOf(filterSum("metered", true), filterSum("unmetered", false))
	for _, to := range targets(b) {
		b.Run(to.name, func(b *testing.B) {
			instance := to.instantiate(b, m, engine.HostFunc{Name: abi.TickImport, Func: func(instance engine.Instance, _ []uint64) (uint64, error) {
				instance.SetBudget(1 << 30)
				return 0, nil
			}})
			memory := instance.Memory()
			put := func(at, v uint32) { binary.LittleEndian.PutUint32(memory[at:], v) }
			put(0x100000, rows)
			put(0x100010, dates)
			put(0x100020, prices)
			put(0x100030, discounts)
			put(context+64, 0)
			put(context+80, 1<<15)
			put(localArea+16, state)
			for i := range uint32(rows) {
				binary.LittleEndian.PutUint16(memory[dates+2*i:], uint16(i))
				put(prices+4*i, i)
				memory[discounts+i] = byte(i)
			}
			for _, name := range []string{"metered", "unmetered"} {
				f, err := instance.Function("library", name)
				if err != nil {
					b.Fatal(err)
				}
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if _, err := f.Call(context); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
				})
			}
		})
	}
}

// BenchmarkCompile is the engines' part, for the same modules as BenchmarkGenerate.
func BenchmarkCompile(b *testing.B) {
	for _, functions := range []int{1, 100} {
		m := &ir.Module{}
		for i := range functions {
			m.Functions = append(m.Functions, filterSum(fmt.Sprint("pipeline", i), true).function)
		}
		for _, to := range targets(b) {
			code, err := wasm.Generate(m, wasm.Options{Library: true, Features: to.features})
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%d functions/%s", functions, to.name), func(b *testing.B) {
				for b.Loop() {
					compiled, err := to.engine.Compile(b.Context(), code)
					if err != nil {
						b.Fatal(err)
					}
					mustClose(b, compiled)
				}
				b.ReportMetric(float64(len(code)), "bytes")
			})
		}
	}
}
