package dense_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/passes/lower/dense"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
)

// launch is a kernel with all that it works on.
type launch struct {
	function *ir.Function
	block    dense.Block
	arrays   [][]byte // of the entries
	blocks   int
}

// verified puts functions into a module that obeys the rules.
func verified(t testing.TB, functions ...*ir.Function) *ir.Module {
	t.Helper()
	m := &ir.Module{Functions: functions}
	if problems := ir.Verify(m); problems.HasErrors() {
		t.Fatalf("%s\n%s", diag.RenderText(problems, diag.Options{}), m)
	}
	return m
}

// interpreted gives what the arrays are when the interpreter has run the kernel.
func (l *launch) interpreted(t testing.TB, reverse bool) [][]byte {
	t.Helper()
	m := interp.NewMachine(&ir.Module{Functions: []*ir.Function{l.function}}, nil)
	m.Steps = 1 << 30
	block := slices.Clone(l.block)
	arrays := make([][]byte, len(l.arrays))
	for i, a := range l.arrays {
		arrays[i] = slices.Clone(a)
		address := uint64(i+1) << 32
		m.Global.Map(address, arrays[i])
		block.SetArray(i, address)
	}
	m.Global.Map(1<<20, block)
	if err := m.Launch(l.function.Name, interp.Grid{Blocks: l.blocks, Reverse: reverse}, 0, 1<<20); err != nil {
		t.Fatal(err)
	}
	return arrays
}

// emulated is an emulated device that has loaded a module.
type emulated struct {
	driver *emulator.Driver
	stream device.Stream
	module device.Module
}

// compilers are those of some releases of LLVM.
func compilers(t *testing.T) map[string]*ptx.Compiler {
	t.Helper()
	found := map[string]*ptx.Compiler{}
	for _, name := range []string{"llc-14", "llc-19", "llc-22"} {
		if c, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{Program: name}); err == nil {
			found[name] = c
		}
	}
	if len(found) == 0 {
		c, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{})
		if err != nil {
			t.Skipf("no LLVM: %v", err)
		}
		found["llc"] = c
	}
	return found
}

func compiled(t *testing.T, c *ptx.Compiler, m *ir.Module) []byte {
	t.Helper()
	text, err := ptx.Lower(m, ptx.Options{})
	must(t, err)
	code, err := c.Compile(t.Context(), text, ptx.DefaultTarget)
	must(t, err)
	return code.PTX
}

func load(t *testing.T, ptx []byte, seed uint64) *emulated {
	t.Helper()
	driver, err := emulator.Open(emulator.Options{Architecture: 80, PTX: 70, Seed: seed})
	must(t, err)
	t.Cleanup(func() { must(t, driver.Close()) })
	d := &emulated{driver: driver}
	d.stream, err = driver.NewStream()
	must(t, err)
	d.module, err = driver.Load(t.Context(), ptx)
	must(t, err)
	return d
}

// run gives what the arrays are when the device has run the kernel.
func (d *emulated) run(t *testing.T, l *launch) [][]byte {
	t.Helper()
	var addresses []device.Address
	give := func(content []byte) device.Address {
		address, err := d.driver.Allocate(int64(max(len(content), 1)))
		must(t, err)
		must(t, d.stream.CopyIn(address, content))
		addresses = append(addresses, address)
		return address
	}
	block := slices.Clone(l.block)
	for i, a := range l.arrays {
		block.SetArray(i, uint64(give(a)))
	}
	parameters := binary.LittleEndian.AppendUint64(nil, 0) // nothing lies in the mirror
	parameters = binary.LittleEndian.AppendUint64(parameters, 0)
	parameters = binary.LittleEndian.AppendUint64(parameters, uint64(give(block)))
	kernel, err := d.module.Kernel(ptx.EntryName(l.function.Name))
	must(t, err)
	must(t, d.stream.Launch(kernel, device.Launch{Blocks: l.blocks, Threads: l.function.Threads}, parameters))
	arrays := make([][]byte, len(l.arrays))
	for i, a := range l.arrays {
		arrays[i] = make([]byte, len(a))
		must(t, d.stream.CopyOut(arrays[i], addresses[i]))
	}
	must(t, d.stream.Synchronize(t.Context()))
	for _, address := range addresses {
		must(t, d.driver.Free(address))
	}
	return arrays
}

func must(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if list, ok := diag.FromError(err); ok {
		t.Fatal(diag.RenderText(list, diag.Options{}))
	}
	t.Fatal(err)
}

// number is what the kernels compute with.
type number interface{ float32 | float64 }

func kindOf[T number]() ir.Kind {
	if _, single := any(T(0)).(float32); single {
		return ir.F32
	}
	return ir.F64
}

func encode[T number](values []T) []byte {
	var out []byte
	for _, v := range values {
		switch v := any(v).(type) {
		case float32:
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		case float64:
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		}
	}
	return out
}

func decode[T number](content []byte) []T {
	var out []T
	if kindOf[T]() == ir.F32 {
		for ; len(content) > 0; content = content[4:] {
			out = append(out, T(math.Float32frombits(binary.LittleEndian.Uint32(content))))
		}
		return out
	}
	for ; len(content) > 0; content = content[8:] {
		out = append(out, T(math.Float64frombits(binary.LittleEndian.Uint64(content))))
	}
	return out
}

// same compares bits; all NaNs are the same.
func same[T number](a, b T) bool {
	return a != a && b != b || math.Float64bits(float64(a)) == math.Float64bits(float64(b))
}

// compare reports the first values that differ.
func compare[T number](t *testing.T, what string, got []byte, want []T) {
	t.Helper()
	values := decode[T](got)
	if len(values) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(values), len(want))
	}
	for i := range want {
		if !same(values[i], want[i]) {
			t.Fatalf("%s: value %d is %v (%x), want %v (%x)", what, i, values[i], values[i], want[i], want[i])
		}
	}
}
