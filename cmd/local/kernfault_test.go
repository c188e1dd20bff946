package local_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/random"
	"github.com/heddle-lang/heddle/runtime/device"
)

// rightKernel adds up a column of 128 numbers that stands behind the launch block: by
// shared memory between the threads of a block, and by shuffles.
const rightKernel = `cir 1
export kern @k(%context: addr, %launch: gaddr) threads 64 {
  %thread = thread_index
  %block = block_index
  %one = const 1 : i32
  %two = const 2 : i32
  %odd = iand %thread, %one
  %width = const 64 : i32
  %first = imul %block, %width
  %row = iadd %first, %thread
  %distance = ishl %row, %two
  %wide = extend_u %distance : i64
  %at = iadd %launch, %wide
  %value = load %at 4 offset 64 align 4 : i32
  %tile = shared 256
  %4 = ishl %thread, %two
  %mine = iadd %tile, %4
  store %mine, %value 4 align 4
  barrier
  %last = const 63 : i32
  %5 = isub %last, %thread
  %6 = ishl %5, %two
  %from = iadd %tile, %6
  %other = load %from 4 align 4 : i32
  %sum = iadd %value, %other
  %7 = shuffle_down %sum 16
  %8 = iadd %sum, %7
  %9 = shuffle_down %8 8
  %total = iadd %8, %9
  %count = shared 16
  when %thread then {
  } else {
    store %count, %thread 4 align 4
  }
  barrier
  %10 = atomic %count, %total "add" width 4
  barrier
  %all = load %count 4 align 4 : i32
  %to = iadd %context, %distance
  store %to, %all 4 align 4
}
`

// TestKernelFaults takes a right kernel and makes it wrong: the emulator must refuse each
// wrong one, and say what is wrong.
func TestKernelFaults(t *testing.T) {
	compiler := llvmCompiler(t)
	for _, test := range []struct {
		name     string
		old, new string // in the kernel
		ptx      [2]string
		want     string // "" for no fault
	}{
		{name: "right"},
		{name: "barrier removed", old: "  barrier\n  %last", new: "  %last", want: "race"},
		{name: "second barrier removed", old: "  barrier\n  %10", new: "  %10", want: "race"},
		{name: "last barrier removed", old: "  barrier\n  %all", new: "  %all", want: "race"},
		{name: "barrier for some", old: "  barrier\n  %last", new: "  when %odd then {\n    barrier\n  } else {\n  }\n  %last", want: "barrier"},
		{name: "barrier in each of two branches", old: "  barrier\n  %last", new: "  when %odd then {\n    barrier\n  } else {\n    fence\n    barrier\n  }\n  %last", want: "divergent barrier"},
		{name: "shuffle for some", old: "%7 = shuffle_down %sum 16\n", new: "%cell = variable %sum\n  when %odd then {\n    %s = shuffle_down %sum 16\n    set %cell, %s\n  } else {\n  }\n  %7 = get %cell\n", want: "in the member mask"},
		{name: "shuffle after some have left", old: "%7 = shuffle_down", new: "when %odd then {\n    ret\n  } else {\n  }\n  %7 = shuffle_down", want: "has exited"},
		{name: "shuffle of half a warp", ptx: [2]string{", 16, 31, -1;", ", 16, 31, 65535;"}, want: "member mask"},
		{name: "addition that is divided", old: `%10 = atomic %count, %total "add" width 4`, new: "%x = load %count 4 align 4 : i32\n  %10 = iadd %x, %total\n  store %count, %10 4 align 4", want: "race"},
		{name: "column overrun by one", old: "offset 64 align 4", new: "offset 68 align 4", want: "behind the end of an allocation"},
		{name: "shared memory overrun by one", old: "%10 = atomic %count, %total \"add\" width 4", new: "%10 = atomic %count, %total \"add\" width 4 offset 16", want: "of shared memory"},
		{name: "misaligned", old: "offset 64 align 4", new: "offset 62 align 4", want: "misaligned"},
		{name: "address outside of the mirror's memory", old: "%to = iadd %context, %distance", new: "%low = const 4096 : addr\n  %to = iadd %low, %distance", want: "not committed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.old != "" && strings.Count(rightKernel, test.old) != 1 {
				t.Fatalf("%q stands %d times in the kernel", test.old, strings.Count(rightKernel, test.old))
			}
			source := strings.Replace(rightKernel, test.old, test.new, 1)
			module, problems := ir.Parse(diag.NewFile("test.cir", source))
			if problems.HasErrors() {
				t.Fatal(diag.RenderText(problems, diag.Options{}))
			}
			err := runKernel(t, compiler, module, test.ptx)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Code != device.CodeFault || !strings.Contains(d.Error()+strings.Join(d.Notes, "\n"), test.want) {
				t.Errorf("got %v, want %s with %q", err, device.CodeFault, test.want)
			}
		})
	}
}

// runKernel runs a form of rightKernel, whose PTX it changes.
func runKernel(t *testing.T, compiler *ptx.Compiler, module *ir.Module, change [2]string) error {
	t.Helper()
	const rows = 128
	d := openEmulated(t, 0)
	defer d.close()
	llvm, err := ptx.Lower(module, ptx.Options{Library: library.Source()})
	if err != nil {
		t.Fatal(err)
	}
	code, err := compiler.Compile(t.Context(), llvm, ptx.DefaultTarget)
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.ReplaceAll(code.PTX, []byte(change[0]), []byte(change[1]))
	if change[0] != "" && bytes.Equal(text, code.PTX) {
		t.Fatalf("%q does not stand in the PTX:\n%s", change[0], text)
	}
	loaded, err := d.driver.Load(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	k := &random.Kern{Function: "k", Module: module, Blocks: 2, Threads: 64, Linear: make([]byte, 4*rows), Global: make([]byte, abi.LaunchSize+4*rows)}
	binary.LittleEndian.PutUint32(k.Global[abi.LaunchError:], abi.LaunchNoError)
	for row := range uint32(rows) {
		binary.LittleEndian.PutUint32(k.Global[abi.LaunchSize+4*row:], row*row)
	}
	// The column ends where its memory ends.
	if d.launch, err = d.driver.Allocate(int64(len(k.Global))); err != nil {
		t.Fatal(err)
	}
	got, err := d.run(loaded, k)
	if err != nil {
		return err
	}
	want, _, err := k.Run(nil, uint64(d.launch), false)
	if err != nil {
		t.Fatal(err)
	}
	if difference := k.Difference(want, got); difference != "" {
		t.Errorf("interpreter and emulator: %s", difference)
	}
	return nil
}

// TestRemovedBarriers removes single barriers from random kernels. The emulator reports a
// race, or the barrier was not needed and the result is the same.
func TestRemovedBarriers(t *testing.T) {
	compiler := llvmCompiler(t)
	removed, caught := 0, 0
	for seed := range uint64(6) {
		k := random.GenerateKern(random.FromSeed(seed), &ir.Module{}, "k", random.KernOptions{Threads: 64, Together: true, Statements: 25, Calls: -1})
		k.Blocks = 1
		for n := range barriers(k.Module) {
			removed++
			wrong := k.Module.Clone()
			barriers(wrong)[n].Remove()
			llvm, err := ptx.Lower(wrong, ptx.Options{Library: library.Source()})
			if err != nil {
				t.Fatal(err)
			}
			code, err := compiler.Compile(t.Context(), llvm, ptx.DefaultTarget)
			if err != nil {
				t.Fatal(err)
			}
			got, want, err := runOnce(t, code.PTX, k)
			var d *diag.Diagnostic
			switch {
			case errors.As(err, &d) && d.Code == device.CodeFault && strings.Contains(d.Error(), "race"):
				caught++
			case err != nil:
				t.Errorf("seed %d, barrier %d: %v", seed, n, err)
			default:
				if difference := k.Difference(want, got); difference != "" {
					t.Errorf("seed %d, barrier %d: a race is not found: %s\n%s", seed, n, difference, wrong)
				}
			}
		}
	}
	t.Logf("%d of %d barriers were needed", caught, removed)
	if caught < removed/5 {
		t.Error("those are too few")
	}
}

// runOnce runs a kernel on a device of its own, since a fault ends the device.
func runOnce(t *testing.T, text []byte, k *random.Kern) (got, want *random.Outcome, err error) {
	t.Helper()
	d := openEmulated(t, 0)
	defer d.close()
	loaded, err := d.driver.Load(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err = k.Run(nil, uint64(d.launch), false)
	if err != nil {
		t.Fatal(err)
	}
	got, err = d.run(loaded, k)
	return got, want, err
}

func barriers(module *ir.Module) []*ir.Op {
	var list []*ir.Op
	for _, f := range module.Functions {
		f.Body.Walk(func(op *ir.Op) bool {
			if op.Code == ir.OpBarrier {
				list = append(list, op)
			}
			return true
		})
	}
	return list
}
