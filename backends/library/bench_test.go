package library_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
)

func eachEngine(b *testing.B, run func(b *testing.B, m *machine)) {
	b.Helper()
	for _, name := range engine.Names() {
		b.Run(name, func(b *testing.B) {
			opened, err := engine.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			wide := opened.Has(engine.WideArithmetic)
			mustClose(b, opened)
			run(b, newMachine(b, name, wide))
		})
	}
}

// BenchmarkSort reports the time for each of a million entries, without making the
// entries.
func BenchmarkSort(b *testing.B) {
	const count = 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	for _, bench := range []struct {
		name string
		key  func(i int) []byte
	}{
		{"random-8", func(int) []byte { return binary.BigEndian.AppendUint64(nil, random.Uint64()) }},
		{"random-4", func(int) []byte { return binary.BigEndian.AppendUint32(nil, random.Uint32()) }},
		{"text-20", func(int) []byte { return fmt.Appendf(nil, "Customer#%09d\x00\x00", random.IntN(count)) }},
		{"two-keys", func(int) []byte {
			return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, random.Uint64N(100)), random.Uint64())
		}},
		{"duplicates", func(int) []byte { return binary.BigEndian.AppendUint32(nil, random.Uint32N(7)) }},
		{"sorted", func(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }},
	} {
		keys := make([][]byte, count)
		for i := range keys {
			keys[i] = bench.key(i)
		}
		b.Run(bench.name, func(b *testing.B) {
			eachEngine(b, func(b *testing.B, m *machine) {
				a := prepare(m, keys)
				for b.Loop() {
					b.StopTimer()
					must[int32](b, m, "sort_entries", a.records, a.records+count*recordSize, recordSize, a.entries)
					b.StartTimer()
					if _, err := m.call(b, "sort", a.entries, count, a.scratch); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/entry")
			})
		})
	}
}

// loops is a module that calls library functions in loops, as a pipeline does.
const loops = `cir 1

; @strings(list, count, pattern, mode) calls a function for each of count packed strings.
export kern @strings(%list: addr, %count: i32, %pattern: addr, %mode: i32) -> i64 {
  %zero = const 0 : i64
  %sum = variable %zero
  %i = variable %list
  %three = const 3 : i32
  %bytes = ishl %count, %three
  %end = iadd %list, %bytes
  loop (%again) {
    %p = get %i
    %s = load %p 8 : i64
    %old = get %sum
    when %mode then {
      %r = call %s, %pattern @library.like results {r: i32}
      %r64 = extend_u %r : i64
      %new = iadd %old, %r64
      set %sum, %new
    } else {
      %h = call %s @library.hash_string results {r: i64}
      %new2 = ixor %old, %h
      set %sum, %new2
    }
    %eight = const 8 : i32
    %next = iadd %p, %eight
    set %i, %next
    %more = icmp %next, %end "lt_u"
    br_if %again, %more
  }
  %result = get %sum
  ret %result
}

; @divide(list, count, multiplier) divides each of count pairs of decimals.
export kern @divide(%list: addr, %count: i32, %multiplier: i64) -> i64 {
  %zero = const 0 : i64
  %site = const 0 : i32
  %wide = extend_s %multiplier : i128
  %sum = variable %zero
  %i = variable %list
  %five = const 5 : i32
  %bytes = ishl %count, %five
  %end = iadd %list, %bytes
  loop (%again) {
    %p = get %i
    %a = load %p 16 : i128
    %b = load %p 16 offset 16 : i128
    %q = call %a, %b, %wide, %site, %site @library.decimal_div results {r: i128}
    %low = wrap %q : i64
    %old = get %sum
    %new = iadd %old, %low
    set %sum, %new
    %step = const 32 : i32
    %next = iadd %p, %step
    set %i, %next
    %more = icmp %next, %end "lt_u"
    br_if %again, %more
  }
  %result = get %sum
  ret %result
}
`

// loops gives a caller of a function of the module loops.
func (m *machine) loops(b *testing.B, name string) func(args ...uint64) {
	b.Helper()
	f, err := m.instance.Function("loops", name)
	if err != nil {
		b.Fatal(err)
	}
	return func(args ...uint64) {
		m.instance.SetBudget(1 << 30)
		if _, err := f.Call(args...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStrings(b *testing.B) {
	const count = 10000
	words := strings.Fields("furiously regular requests special packages haggle blithely express deposits green carefully ironic accounts sleep quickly")
	random := rand.New(rand.NewPCG(3, 4))
	for _, bench := range []struct {
		name, pattern string
		words         int
	}{
		{"hash-10", "", 1},
		{"hash-60", "", 6},
		{"like-prefix-60", "furiously%", 6},
		{"like-contains-35", "%green%", 4},
		{"like-contains-60", "%green%", 6},
		{"like-two-60", "%special%requests%", 6},
		{"like-wildcards-60", "%sp_cial%", 6},
	} {
		b.Run(bench.name, func(b *testing.B) {
			eachEngine(b, func(b *testing.B, m *machine) {
				at, total := uint32(dataAt+8*count+65536), 0
				for i := range count {
					var text []string
					for range bench.words {
						text = append(text, words[random.IntN(len(words))])
					}
					s := strings.Join(text, " ")
					copy(m.memory[at:], s)
					binary.LittleEndian.PutUint64(m.memory[dataAt+8*i:], uint64(len(s))<<32|uint64(at))
					at += uint32(len(s))
					total += len(s)
				}
				const pattern = dataAt + 8*count + 1024
				compiled, err := abi.CompilePattern(bench.pattern, `\`, false, pattern)
				if err != nil {
					b.Fatal(err)
				}
				copy(m.memory[pattern:], compiled)
				mode := uint64(1)
				if bench.pattern == "" {
					mode = 0
				}
				call := m.loops(b, "strings")
				b.SetBytes(int64(total))
				for b.Loop() {
					call(dataAt, count, pattern, mode)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/string")
			})
		})
	}
}

func BenchmarkDecimalDivision(b *testing.B) {
	const count = 1000
	random := rand.New(rand.NewPCG(5, 6))
	for _, bench := range []struct {
		name       string
		a, b       func() ir.Int128
		multiplier uint64
	}{
		{"64-bit", func() ir.Int128 { return ir.Int128From(random.Int64N(1e9)) }, func() ir.Int128 { return ir.Int128From(1 + random.Int64N(1e9)) }, 1e6},
		{"128-by-64", func() ir.Int128 { return ir.Int128From(random.Int64N(1e15)) }, func() ir.Int128 { return ir.Int128From(1e6 + random.Int64N(1e15)) }, 1e14},
		{"256-bit", func() ir.Int128 { return ir.Int128{High: random.Int64N(1e17), Low: random.Uint64()} }, func() ir.Int128 { return ir.Int128{High: 1 + random.Int64N(1e17), Low: random.Uint64()} }, 1e14},
	} {
		b.Run(bench.name, func(b *testing.B) {
			eachEngine(b, func(b *testing.B, m *machine) {
				for i := range count {
					for j, v := range []ir.Int128{bench.a(), bench.b()} {
						at := m.memory[dataAt+32*i+16*j:]
						binary.LittleEndian.PutUint64(at, v.Low)
						binary.LittleEndian.PutUint64(at[8:], uint64(v.High))
					}
				}
				call := m.loops(b, "divide")
				for b.Loop() {
					call(dataAt, count, bench.multiplier)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/division")
			})
		})
	}
}

// BenchmarkCompile is what the first query of a process pays where no compiled form of
// the library is cached.
func BenchmarkCompile(b *testing.B) {
	for _, name := range engine.Names() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				// wazero remembers what an engine compiled.
				opened, err := engine.Open(name)
				if err != nil {
					b.Fatal(err)
				}
				code, err := opened.Compile(b.Context(), library.Wasm(false))
				if err != nil {
					b.Fatal(err)
				}
				mustClose(b, code)
				mustClose(b, opened)
			}
		})
	}
}
