package ptx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/random"
)

// TestUnavailable lists what no kernel can call. A function that comes to the list, or
// leaves it, changes what queries run on a GPU.
func TestUnavailable(t *testing.T) {
	private, calls := "it works in memory that is private to a worker of the CPU", map[string][]string{
		"scratch": {
			"bool_to_string", "change_case", "date_to_string", "decimal_to_string", "f32_to_string", "f64_to_string", "float_text",
			"i128_to_string", "i64_to_string", "string_concat", "string_lower", "string_upper",
			"time_to_string", "timestamp_to_string", "timestamptz_to_string",
		},
		"insertion_sort": {"merge_sort", "sort", "sort_equal", "sort_from"},
		"read_float":     {"string_to_f32", "string_to_f64"},
	}
	want := map[string]string{}
	for _, name := range []string{"insertion_sort", "key_bytes", "key_string", "radix_sort", "read_float", "scratch", "shortest_digits"} {
		want[name] = private
	}
	for callee, names := range calls {
		for _, name := range names {
			want[name] = fmt.Sprintf("it calls %s, which works in memory that is private to a worker of the CPU", callee)
		}
	}
	if diff := cmp.Diff(want, ptx.Unavailable(library.Source())); diff != "" {
		t.Errorf("functions that cannot run on a GPU (-want +got):\n%s", diff)
	}
	for _, f := range library.Source().Functions {
		k := newKernel("k", 32)
		callOf(k, f, k.slot(inputs, 0), k.slot(outputs, 0))
		_, err := ptx.Lower(&ir.Module{Functions: []*ir.Function{k.function}}, ptx.Options{Library: library.Source()})
		if why := want[f.Name]; why != "" {
			wantCode(t, err, "E0445", why)
		} else if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// callOf reads arguments, calls a function of the library, and writes its results, 16
// bytes for each.
func callOf(k *builder, f *ir.Function, in, out *ir.Value) {
	var operands []*ir.Value
	for i, a := range f.Body.Arguments {
		operands = append(operands, k.read(in, a.Type, int64(16*i)))
	}
	var results []ir.Field
	for i, r := range f.Results {
		results = append(results, ir.Field{Name: fmt.Sprint("r", i), Type: r})
	}
	call := k.Op(ir.OpCall, operands, ir.Attr("function", ir.Symbol("library."+f.Name)), ir.Attr("results", results))
	for i, v := range call.Results {
		k.write(out, v, int64(16*i))
	}
}

// Memory of the threads of library tests: arguments, results, and a place to write.
const (
	argumentSize  = 128
	resultSize    = 16
	placesAt      = 0x200000
	placeSize     = 256
	textsAt       = 0x300000
	contextAt     = 0x3f0000
	libraryRounds = 96 // calls of each function
)

// texts are what strings of calls are cut from, and what they are.
var texts = []string{
	"", "a", "ab", "the quick brown fox jumps over the lazy dog, and over the other one", "The Quick Brown", "special packages requests",
	"ä𝄞€ü über alles Maß", "1994-01-31", " -12345.678 ", "99999999999999999999", "-9223372036854775808", "9223372036854775807", "PROMO BURNISHED COPPER",
	"true", "F", "12:34:56.789", "1998-02-30", "2024-02-29 23:59:59.999999", "2001-01-01 00:00:00+02:30", "1e10", "0.5e-3", "NaN", "%quick%", "a_%", "50\\%",
	"0044-03-15 (BC)", "1234567890123456", "1234567890123456x", "no",
}

var patterns = []string{"%quick%", "the%dog%", "_he%", "%special%requests%", "%", "", "PROMO%", "%Maß", "a_", "%over%other%", "%e"}

// image is the linear memory of library tests.
type image struct {
	memory   []byte
	strings  []interp.Bits
	patterns []interp.Bits
}

func newImage(t *testing.T) *image {
	im := &image{memory: make([]byte, linearSize)}
	at := textsAt
	for _, text := range texts {
		at += len(text)%7 + 1 // at any alignment
		copy(im.memory[at:], text)
		im.strings = append(im.strings, interp.Word(uint64(len(text))<<32|uint64(linearBase+at)))
		at += len(text)
	}
	for i, pattern := range patterns {
		at = (at + 7) &^ 7
		compiled, err := abi.CompilePattern(pattern, "\\", i%3 == 2, uint32(linearBase+at))
		must(t, err)
		copy(im.memory[at:], compiled)
		im.patterns = append(im.patterns, interp.Word(uint64(linearBase+at)))
		at += len(compiled)
	}
	stable := im.strings[len(im.strings)/2] // all texts from there on
	binary.LittleEndian.PutUint32(im.memory[contextAt+abi.ContextStableBase:], uint32(stable.Low))
	binary.LittleEndian.PutUint32(im.memory[contextAt+abi.ContextStableLimit:], linearBase+contextAt)
	for i := range placesAt - outputs { // what places hold before does not matter
		im.memory[outputs+i] = untouched
	}
	return im
}

// takesStrings are the functions whose i64 parameters of these names are strings.
func takesStrings(f *ir.Function) bool {
	return strings.HasPrefix(f.Name, "string_") || slices.Contains([]string{"hash_string", "like", "like_short", "like_dynamic", "persist", "volatile_length"}, f.Name)
}

// argument makes a value for a parameter.
func (im *image) argument(dice *rand.Rand, f *ir.Function, a *ir.Value, thread int) interp.Bits {
	among := func(values ...int64) interp.Bits { return interp.FromInt64(a.Type, values[dice.IntN(len(values))]) }
	switch a.Name {
	case "site", "site_overflow":
		return interp.Word(7)
	case "site_zero":
		return interp.Word(5)
	case "pattern":
		if a.Type.Kind == ir.Address {
			return im.patterns[dice.IntN(len(im.patterns))]
		}
	case "context":
		return interp.Word(linearBase + contextAt)
	case "writer":
		at := placesAt + thread*placeSize
		binary.LittleEndian.PutUint32(im.memory[at+abi.WriterEnd:], uint32(linearBase+at+placeSize))
		return interp.Word(uint64(linearBase + at))
	case "cursor":
		return interp.Word(uint64(linearBase + placesAt + thread*placeSize + dice.IntN(8)))
	case "is_null", "nulls_first", "descending", "insensitive":
		return among(0, 1)
	case "escape":
		return among(-1, '\\', '%')
	case "shift", "scale":
		return among(0, 1, 2, 5, 18, 37)
	case "power":
		return interp.FromFloat64(a.Type, []float64{1, 10, 100, 1e6, 1e18, 1e30}[dice.IntN(6)])
	case "multiplier", "divisor", "bound":
		if a.Type.Kind == ir.I64 {
			return among(1, 10, 100, 1000000, 1000000000000000000)
		}
		v := int64(1)
		for range dice.IntN(19) {
			v *= 10
		}
		return interp.FromInt64(a.Type, v)
	case "start", "length":
		return among(-5, 0, 1, 2, 3, 10, 40, 1000, -1<<63, 1<<63-1)
	case "d", "months", "days":
		return among(0, 1, -1, 59, 60, 365, 10957, 19782, -719162, -719528, 1000000, 2932896, -1<<31, 1<<31-1)
	case "us", "microseconds":
		return among(0, 1, -1, 86399999999, 86400000000, -86400000001, 1700000000000000, -62135596800000000, 1<<62, -1<<63)
	case "lowest":
		return among(-1<<63, -128, 0)
	case "highest":
		return among(1<<63-1, 127, 99)
	}
	if a.Type.Kind == ir.I64 && takesStrings(f) {
		return im.strings[dice.IntN(len(im.strings))]
	}
	if dice.IntN(3) == 0 { // numbers of all magnitudes
		low := dice.Uint64() >> dice.IntN(64)
		switch interp.SizeOf(a.Type) {
		case 4:
			return interp.Word(low & 0xffffffff)
		case 8:
			return interp.Word(low)
		default:
			return interp.Bits{Low: low, High: uint64(int64(dice.Uint64()) >> dice.IntN(64))}
		}
	}
	all := random.Extremes(a.Type)
	return all[dice.IntN(len(all))]
}

// TestLibrary calls each function of the library that kernels can call, with many
// arguments, and compares results, what was written, and failures with the interpreter's.
func TestLibrary(t *testing.T) {
	unavailable := ptx.Unavailable(library.Source())
	m := &ir.Module{}
	var functions []*ir.Function
	for _, f := range library.Source().Functions {
		// What works on whole runs of records is of no use to a thread.
		wholesale := slices.Contains([]string{"join_insert", "merge", "sort_entries", "entries_to_addresses"}, f.Name)
		if !f.Export || unavailable[f.Name] != "" || wholesale {
			continue
		}
		k := newKernel("call_"+f.Name, 32)
		callOf(k, f, k.blockSlot(inputs, argumentSize), k.blockSlot(outputs, resultSize))
		m.Functions = append(m.Functions, k.function)
		functions = append(functions, f)
	}
	if len(functions) < 50 {
		t.Fatalf("only %d functions", len(functions))
	}
	errFailed := errors.New("failed")
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		for i, f := range functions {
			loaded := d.compile(c, &ir.Module{Functions: m.Functions[i : i+1]}, library.Source())
			dice := rand.New(rand.NewPCG(uint64(i), 5))
			im := newImage(t)
			calls := make([][]interp.Bits, libraryRounds)
			for thread := range calls {
				for j, a := range f.Body.Arguments {
					v := im.argument(dice, f, a, thread)
					calls[thread] = append(calls[thread], v)
					putBits(im.memory[inputs+thread*argumentSize+16*j:], v)
				}
			}
			d.put(linearBase, im.memory)
			d.resetError()
			d.run(loaded, "call_"+f.Name, libraryRounds/32, 32)
			got := d.linear(linearBase, linearSize)

			reference := interp.NewMachine(library.Source(), nil)
			site := uint32(abi.LaunchNoError)
			reference.Host[abi.FailImport] = func(_ *interp.Machine, a []interp.Bits) ([]interp.Bits, error) {
				site = min(site, uint32(a[0].Low))
				return nil, errFailed
			}
			reference.Linear.Map(linearBase, im.memory)
			failures := 0
			for thread, arguments := range calls {
				results, err := reference.Call(f.Name, arguments...)
				out := got[outputs+thread*resultSize:]
				if errors.Is(err, errFailed) {
					failures++
					if out[0] != untouched {
						t.Errorf("%s of %x does not fail", f.Name, arguments)
					}
					continue
				}
				must(t, err)
				for j, want := range results {
					if have := getBits(out[16*j:], f.Results[j]); !interp.SameBits(f.Results[j], have, want) {
						t.Errorf("%s of %x is %x, want %x", f.Name, arguments, have, want)
					}
				}
			}
			if failures == libraryRounds {
				t.Errorf("%s always fails", f.Name)
			}
			if have := d.failure(); have != site {
				t.Errorf("%s fails at site %#x, want %#x", f.Name, have, site)
			}
			if size := libraryRounds * placeSize; !bytes.Equal(got[placesAt:][:size], im.memory[placesAt:][:size]) {
				t.Errorf("%s writes something else", f.Name)
			}
		}
	})
}
