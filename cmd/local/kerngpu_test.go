package local_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/random"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
)

// TestRandomKernels compares the reference interpreter with PTX in the emulator on random
// kernels: threads that work alone, and threads that work together. One run of llc
// compiles many of them. HEDDLE_RANDOM_OPTIMIZE also runs opt, HEDDLE_RANDOM_TARGET names a
// GPU to compile for.
func TestRandomKernels(t *testing.T) {
	first, count := randomRange(100)
	compiler := llvmCompiler(t)
	compared := 0
	for seed := first; seed < first+count && !t.Failed(); seed += kernBatch {
		compared += checkKernels(t, compiler, seed, min(kernBatch, first+count-seed))
	}
	t.Logf("%d kernels compared", compared)
}

// llvmCompiler finds llc, or skips the test.
func llvmCompiler(t *testing.T) *ptx.Compiler {
	t.Helper()
	compiler, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{Entries: 1, Optimize: os.Getenv("HEDDLE_RANDOM_OPTIMIZE") != ""})
	if err != nil {
		t.Skipf("no LLVM: %v", err)
	}
	return compiler
}

func kernelOptions(seed uint64) random.KernOptions {
	return random.KernOptions{Threads: []int{32, 64, 96, 128}[seed%4], Together: seed%3 != 0, Vectors: seed%5 == 0, Statements: 20 + int(seed%3)*15}
}

// checkKernels compares a module of kernels, and gives their number.
func checkKernels(t *testing.T, compiler *ptx.Compiler, first, count uint64) int {
	t.Helper()
	module := &ir.Module{}
	var kernels []*random.Kern
	for seed := first; seed < first+count; seed++ {
		kernels = append(kernels, random.GenerateKern(random.FromSeed(seed), module, fmt.Sprint("k", seed), kernelOptions(seed)))
	}
	batch := (first - 1) / kernBatch
	order := batch % 2 * batch // lanes part by chance in every second module
	d := openEmulated(t, order)
	defer d.close()
	loaded, err := d.load(compiler, module)
	if err != nil {
		t.Fatalf("seeds from %d: %v", first, err)
	}
	for i, k := range kernels {
		difference := d.compare(loaded, k)
		if difference == "" {
			continue
		}
		seed := first + uint64(i)
		alone := random.GenerateKern(random.FromSeed(seed), &ir.Module{}, "k", kernelOptions(seed))
		reportKern(t, seed, difference, alone, func() string {
			if dependsOnOrder(t, alone) {
				return "" // it does no longer what kernels promise
			}
			d := openEmulated(t, order) // a fault ends a device
			defer d.close()
			loaded, err := d.load(compiler, alone.Module)
			if err != nil {
				return "" // not the same difference
			}
			return d.compare(loaded, alone)
		})
		return i
	}
	return len(kernels)
}

// dependsOnOrder reports kernels whose threads give another result in another order.
func dependsOnOrder(t *testing.T, k *random.Kern) bool {
	t.Helper()
	forward, _, err := k.Run(library.Source(), 1<<40, false)
	if err != nil {
		return false
	}
	backward, _, err := k.Run(library.Source(), 1<<40, true)
	return err != nil || k.Difference(forward, backward) != ""
}

// compare tells how the interpreter and the device differ about a kernel.
func (d *emulated) compare(loaded device.Module, k *random.Kern) string {
	d.t.Helper()
	want, _, err := k.Run(library.Source(), uint64(d.launch), false)
	if err != nil {
		return interpreterFails + err.Error()
	}
	got, err := d.run(loaded, k)
	if err != nil {
		return err.Error()
	}
	return k.Difference(want, got)
}

// emulated is a device with a mirror and memory for a launch block.
type emulated struct {
	t              *testing.T
	driver         *emulator.Driver
	stream         device.Stream
	mirror, launch device.Address
}

// The most memory that a random kernel has.
const (
	mirrored = 8 << 20
	launched = 1 << 20
)

// openEmulated opens a device, on which lanes of a warp part by chance when order is not 0.
func openEmulated(t *testing.T, order uint64) *emulated {
	t.Helper()
	driver, err := emulator.Open(emulator.Options{Architecture: 120, InstructionLimit: 1 << 26, Seed: order})
	d := &emulated{t: t, driver: driver}
	if err == nil {
		d.stream, err = driver.NewStream()
	}
	if err == nil {
		d.mirror, err = driver.Reserve(1 << 32)
	}
	if err == nil {
		err = driver.Commit(d.mirror+random.KernLinear, mirrored)
	}
	if err == nil {
		d.launch, err = driver.Allocate(launched)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *emulated) close() {
	d.t.Helper()
	closeAll(d.t, d.stream, d.driver)
}

func (d *emulated) load(compiler *ptx.Compiler, module *ir.Module) (device.Module, error) {
	llvm, err := ptx.Lower(module, ptx.Options{Library: library.Source()})
	if err != nil {
		return nil, err
	}
	target := ptx.DefaultTarget
	if name := os.Getenv("HEDDLE_RANDOM_TARGET"); name != "" {
		if target, err = ptx.ParseTarget(name); err != nil {
			return nil, err
		}
	}
	code, err := compiler.Compile(context.Background(), llvm, target)
	if err != nil {
		return nil, err
	}
	return d.driver.Load(context.Background(), code.PTX)
}

// run launches a kernel on its memory and gives what it leaves.
func (d *emulated) run(loaded device.Module, k *random.Kern) (*random.Outcome, error) {
	entry, err := loaded.Kernel(ptx.EntryName(k.Function))
	if err != nil {
		return nil, err
	}
	got := k.Start()
	parameters := binary.LittleEndian.AppendUint64(nil, uint64(d.mirror))
	parameters = binary.LittleEndian.AppendUint64(parameters, random.KernLinear)
	parameters = binary.LittleEndian.AppendUint64(parameters, uint64(d.launch))
	if err := d.stream.CopyIn(d.mirror+random.KernLinear, got.Linear); err != nil {
		return nil, err
	}
	if err := d.stream.CopyIn(d.launch, got.Global); err != nil {
		return nil, err
	}
	if err := d.stream.Launch(entry, device.Launch{Blocks: k.Blocks, Threads: k.Threads}, parameters); err != nil {
		return nil, err
	}
	if err := d.stream.CopyOut(got.Linear, d.mirror+random.KernLinear); err != nil {
		return nil, err
	}
	if err := d.stream.CopyOut(got.Global, d.launch); err != nil {
		return nil, err
	}
	return got, d.stream.Synchronize(d.t.Context())
}
