package engine_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

func TestSharedHeap(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		first, second := b.instance(t), b.instance(t)
		call(t, first, "store", abi.SharedBase+4096, 1234)
		call(t, first, "store", abi.PrivateBase, 1)
		call(t, second, "store", abi.PrivateBase, 2)

		if got := call(t, second, "load", abi.SharedBase+4096); got != 1234 {
			t.Errorf("the second worker reads %d from the heap, want 1234", got)
		}
		if got := binary.LittleEndian.Uint32(b.heap.Bytes()[4096:]); got != 1234 {
			t.Errorf("the host reads %d from the heap, want 1234", got)
		}
		if got := call(t, first, "load", abi.PrivateBase); got != 1 {
			t.Errorf("the first worker's private memory holds %d, want 1", got)
		}
		if got := binary.LittleEndian.Uint32(second.Memory()[abi.PrivateBase:]); got != 2 {
			t.Errorf("the host sees %d in the second worker's private memory, want 2", got)
		}

		if err := b.heap.Release(abi.SharedBase+4096, 4096); err != nil {
			t.Fatal(err)
		}
		if got := call(t, first, "load", abi.SharedBase+4096); got != 0 {
			t.Errorf("a released page reads %d, want 0", got)
		}
	})
}

// Two workers of one module run at the same time on partitions of the heap.
func TestWorkers(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		const count = 1 << 16
		for i := range 2 * count {
			binary.LittleEndian.PutUint32(b.heap.Bytes()[4*i:], uint32(i))
		}
		var sums [2]uint64
		var group sync.WaitGroup
		for worker := range sums {
			sum := function(t, b.instance(t), "sum")
			group.Go(func() {
				for range 20 {
					got, err := sum.Call(uint64(abi.SharedBase+4*worker*count), count)
					if err != nil {
						t.Error(err)
					}
					sums[worker] = got
				}
			})
		}
		group.Wait()
		const n = uint64(2 * count)
		if got, want := sums[0]+sums[1], n*(n-1)/2; got != want {
			t.Errorf("the workers' sums make %d, want %d", got, want)
		}
	})
}

func TestMapFile(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		page := os.Getpagesize()
		path := filepath.Join(t.TempDir(), "column")
		content := make([]byte, 3*page+8)
		for i := range len(content) / 4 {
			binary.LittleEndian.PutUint32(content[4*i:], uint32(i))
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, file)
		in := b.instance(t)
		const at = abi.WindowBase + 1<<20
		if err := in.MapFile(at, 2*page+8, file.Fd(), int64(page)); err != nil {
			t.Fatal(err)
		}
		for _, offset := range []int{0, page, 2*page + 4} {
			if got, want := call(t, in, "load", uint64(at+offset)), uint64((page+offset)/4); got != want {
				t.Errorf("at %d the window holds %d, want %d", offset, got, want)
			}
		}

		// No copy was made: what is written to the file shows at once.
		writer, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, writer)
		if _, err := writer.WriteAt([]byte{42, 0, 0, 0}, int64(page)); err != nil {
			t.Fatal(err)
		}
		if got := call(t, in, "load", at); got != 42 {
			t.Errorf("after a write to the file the window holds %d, want 42", got)
		}

		// A stray store does not reach the file.
		_, err = function(t, in, "store").Call(at, 7)
		if guarded := b.engine.Name() == "wasmtime"; guarded != (codeOf(err) == engine.CodeIllegalAccess) {
			t.Errorf("a store to a file's window gave %v", err)
		}
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := binary.LittleEndian.Uint32(after[page:]); got != 42 {
			t.Errorf("the store went through to the file: it holds %d, want 42", got)
		}

		if err := in.Unmap(at, 2*page+8); err != nil {
			t.Fatal(err)
		}
		wantNothing(t, b, in, at)

		for _, bad := range []struct {
			name   string
			addr   uint32
			length int
			offset int64
		}{
			{"below the windows", abi.SharedBase, page, 0},
			{"above the windows", abi.WindowLimit - abi.PageSize, 2 * abi.PageSize, 0},
			{"no length", at, 0, 0},
			{"address off the page", at + 8, page, 0},
			{"offset off the page", at, page, 8},
			{"offset below zero", at, page, -int64(page)},
		} {
			if err := in.MapFile(bad.addr, bad.length, file.Fd(), bad.offset); err == nil {
				t.Errorf("%s: the file was mapped", bad.name)
			}
		}
		if err := in.MapFile(at, 4*page, file.Fd(), 0); codeOf(err) != linear.CodeFileChanged {
			t.Errorf("beyond the end of the file: %v, want %s", err, linear.CodeFileChanged)
		}
	})
}

// wantNothing checks that an address is not mapped: a trap where the space is
// guarded, zero where it is open.
func wantNothing(t *testing.T, b *bench, in engine.Instance, addr uint64) {
	t.Helper()
	got, err := function(t, in, "load").Call(addr)
	if b.engine.Name() == "wasmtime" {
		if codeOf(err) != engine.CodeIllegalAccess {
			t.Errorf("load(%#x) = %d, %v; want %s", addr, got, err, engine.CodeIllegalAccess)
		}
	} else if got != 0 || err != nil {
		t.Errorf("load(%#x) = %d, %v; want 0", addr, got, err)
	}
}

func TestUnmapped(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		in := b.instance(t)
		for _, addr := range []uint64{0, abi.NullLimit - 4, uint64(abi.SharedBase + b.heap.Limit()), abi.SharedLimit - 4, abi.WindowBase, abi.WindowLimit - 4} {
			wantNothing(t, b, in, addr)
		}
	})
}

func TestMapScratch(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		in := b.instance(t)
		const at, length = abi.WindowLimit - 1<<20, 1 << 20
		if err := in.MapScratch(at, length); err != nil {
			t.Fatal(err)
		}
		call(t, in, "store", at+length-4, 5)
		if got := call(t, in, "load", at+length-4); got != 5 {
			t.Errorf("scratch memory holds %d, want 5", got)
		}
		if err := in.MapScratch(at, length); err != nil {
			t.Fatal(err)
		}
		if got := call(t, in, "load", at+length-4); got != 0 {
			t.Errorf("new scratch memory holds %d, want 0", got)
		}
	})
}

// A file that is truncated during a call fails the call and nothing else.
func TestTruncatedFile(t *testing.T) {
	if !linear.HandlesTruncation {
		t.Skip("without cgo on Linux, SIGBUS cannot be handled")
	}
	forEachEngine(t, func(t *testing.T, b *bench) {
		page := os.Getpagesize()
		path := filepath.Join(t.TempDir(), "column")
		if err := os.WriteFile(path, make([]byte, 4*page), 0o666); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, file)
		in := b.instance(t)
		if err := in.MapFile(abi.WindowBase, 4*page, file.Fd(), 0); err != nil {
			t.Fatal(err)
		}
		sum := function(t, in, "sum")
		if _, err := sum.Call(abi.WindowBase, uint64(page)); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, int64(page)); err != nil {
			t.Fatal(err)
		}
		if _, err := sum.Call(abi.WindowBase, uint64(page)); codeOf(err) != linear.CodeFileChanged {
			t.Errorf("reading a truncated file: %v, want %s", err, linear.CodeFileChanged)
		}
		if got := call(t, in, "add", 1, 2); got != 3 {
			t.Errorf("afterwards, 1 + 2 = %d", got)
		}
	})
}

// Instances leave no memory maps behind.
func TestInstancesAreFreed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory maps are counted in /proc")
	}
	forEachEngine(t, func(t *testing.T, b *bench) {
		cycle := func(count int) {
			for range count {
				in, err := b.engine.NewInstance(b.config())
				if err != nil {
					t.Fatal(err)
				}
				call(t, in, "store", abi.PrivateBase, 1)
				if err := in.MapScratch(abi.WindowBase, 1<<20); err != nil {
					t.Fatal(err)
				}
				if err := in.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
		cycle(100)
		before := memoryMaps(t)
		cycle(1000)
		// A leak would be thousands; the Go heap may add a few of its own.
		if after := memoryMaps(t); after > before+50 {
			t.Errorf("%d memory maps after 1,000 instances, %d before", after, before)
		}
	})
}

func memoryMaps(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "\n")
}

// Many instances can be open at once.
func TestManyInstances(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		for i := range 100 {
			in := b.instance(t)
			call(t, in, "store", abi.PrivateBase, uint64(i))
		}
	})
}
