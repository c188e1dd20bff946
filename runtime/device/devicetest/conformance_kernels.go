package devicetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

func testVectorAdd(r *rig) {
	for _, count := range []int{1, 31, 32, 33, 255, 256, 257, 10_000} {
		left, right := numbers(count, 1), numbers(count, 2)
		a, b, out := r.upload(bytesOf(left)), r.upload(bytesOf(right)), r.allocate(4*count)
		r.launch("vector_add", device.Launch{Blocks: (count + 127) / 128, Threads: 128}, out, a, b, uint32(count))
		for i := range left {
			left[i] += right[i]
		}
		r.want(fmt.Sprintf("%d sums", count), bytesOf(left), r.download(out, 4*count))
	}
}

func testAtomics(r *rig) {
	const count = 20_000
	values := numbers(count, 7)
	counts, in := r.upload(make([]byte, 64)), r.upload(bytesOf(values))
	r.launch("histogram", device.Launch{Blocks: (count + 255) / 256, Threads: 256}, counts, in, uint32(count))
	want := make([]uint32, 16)
	for _, v := range values {
		want[v&15]++
	}
	if diff := cmp.Diff(want, wordsOf(r.download(counts, 64))); diff != "" {
		r.Errorf("counts (-want +got):\n%s", diff)
	}
}

func testSharedMemory(r *rig) {
	for _, count := range []int{1, 256, 257, 5000} {
		values := numbers(count, 9)
		sum, in := r.upload(make([]byte, 8)), r.upload(bytesOf(values))
		r.launch("block_sum", device.Launch{Blocks: (count + 255) / 256, Threads: 256}, sum, in, uint32(count))
		var want uint64
		for _, v := range values {
			want += uint64(v)
		}
		words := wordsOf(r.download(sum, 8))
		if got := uint64(words[0]) | uint64(words[1])<<32; got != want {
			r.Errorf("the sum of %d numbers is %d, not %d", count, got, want)
		}
	}
}

func testDynamicSharedMemory(r *rig) {
	const threads, blocks = 192, 5
	values := numbers(threads*blocks, 11)
	want := make([]uint32, len(values))
	for i := range values {
		want[i] = values[i/threads*threads+threads-1-i%threads]
	}
	in := r.upload(bytesOf(values))
	// Above 48 KiB a device must be asked first.
	for _, shared := range []int{4 * threads, 48 << 10, r.driver.Properties().SharedMemory} {
		out := r.allocate(4 * len(values))
		r.launch("reverse", device.Launch{Blocks: blocks, Threads: threads, Shared: shared}, out, in)
		r.want(fmt.Sprintf("with %d bytes of shared memory", shared), bytesOf(want), r.download(out, 4*len(values)))
	}
}

func testParameters(r *rig) {
	out := r.upload(make([]byte, 80))
	r.launch("arguments", device.Launch{Blocks: 1, Threads: 1}, out,
		uint8(0xa1), uint16(0xb2b3), uint32(0xc4c5c6c7), uint64(0x1122334455667788), float32(1.5), -2.25,
		uint8(0x7f), uint64(0x99aabbccddeeff00), uint16(0x1234), uint32(0xdeadbeef))
	want := Parameters(uint64(0xa1), uint64(0xb2b3), uint64(0xc4c5c6c7), uint64(0x1122334455667788),
		float32(1.5), uint32(0), -2.25, uint64(0x7f), uint64(0x99aabbccddeeff00), uint64(0x1234), uint64(0xdeadbeef))
	if diff := cmp.Diff(want, r.download(out, 80)); diff != "" {
		r.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func testResources(r *rig) {
	k := r.kernel("block_sum")
	if k.Name() != "block_sum" {
		r.Errorf("the name is %q", k.Name())
	}
	resources := k.Resources()
	if resources.Shared != 2048 || resources.Threads != 256 || resources.Registers < 0 || resources.Local < 0 {
		r.Errorf("the resources of block_sum are %+v; it has 2048 bytes of shared memory and at most 256 threads", resources)
	}
	few, err := k.Occupancy(256, 0)
	r.must("Occupancy", err)
	if most := r.driver.Properties().ThreadsPerMultiprocessor / 256; few < 1 || few > most {
		r.Errorf("a multiprocessor holds %d blocks of 256 threads", few)
	}
	reverse := r.kernel("reverse")
	one, err := reverse.Occupancy(128, r.driver.Properties().SharedMemory)
	r.must("Occupancy", err)
	many, err := reverse.Occupancy(128, 1024)
	r.must("Occupancy", err)
	if one < 1 || many < one {
		r.Errorf("a multiprocessor holds %d blocks with all shared memory, and %d with little", one, many)
	}
}

func testGoroutines(r *rig) {
	const workers, count = 8, 3000
	add := r.kernel("vector_add")
	failures := make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { failures[w] = work(r.Context(), r.driver, add, numbers(count, uint32(w)), w) })
	}
	all.Wait()
	r.must("a worker", errors.Join(failures...))
}

// work is one goroutine's: everything of its own but the driver and the kernel.
func work(ctx context.Context, driver device.Driver, add device.Kernel, values []uint32, worker int) (err error) {
	stream, err := driver.NewStream()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	bytes := 4 * len(values)
	address, err := driver.Allocate(int64(bytes))
	if err != nil {
		return err
	}
	pinned, err := driver.AllocateHost(bytes)
	if err != nil {
		return err
	}
	want := slices.Clone(values)
	for range 20 {
		copy(pinned, bytesOf(want))
		for i := range want {
			want[i] *= 2
		}
		got := make([]byte, bytes)
		if err := errors.Join(stream.CopyIn(address, pinned),
			stream.Launch(add, device.Launch{Blocks: (len(values) + 255) / 256, Threads: 256}, Parameters(address, address, address, uint32(len(values)))),
			stream.CopyOut(got, address), stream.Synchronize(ctx)); err != nil {
			return err
		}
		if !slices.Equal(wordsOf(got), want) {
			return fmt.Errorf("worker %d has wrong numbers", worker)
		}
	}
	return errors.Join(driver.Free(address), driver.FreeHost(pinned))
}

func testTooMuchMemory(r *rig) {
	_, err := r.driver.Allocate(r.driver.Properties().Memory + 1<<40)
	r.wantCode("Allocate of more than there is", err, device.CodeMemory)
	// That is no reason to give up the device.
	r.want("afterwards", []byte{1, 2, 3}, r.download(r.upload([]byte{1, 2, 3}), 3))
}

func testBadCode(r *rig) {
	for _, test := range []struct{ name, ptx string }{
		{"nothing", ""},
		{"no PTX", "select 1"},
		{"a wrong opcode", ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry broken()\n{\n\tfrobnicate.u32 %r1, %r2;\n\tret;\n"},
		{"a newer version", ".version 99.0\n.target sm_80\n.address_size 64\n.visible .entry newer()\n{\n\tret;\n}\n"},
	} {
		_, err := r.driver.Load(r.Context(), []byte(test.ptx))
		r.wantCode("Load of "+test.name, err, device.CodeCode)
	}
	r.launch("spin", device.Launch{Blocks: 1, Threads: 1}, r.allocate(4), uint32(1))
	r.synchronize()
}

func testUnknownKernel(r *rig) {
	kernel, err := r.module.Kernel("no_such_kernel")
	var d *diag.Diagnostic
	if kernel != nil || !errors.As(err, &d) || !strings.Contains(d.Message, "no_such_kernel") {
		r.Errorf("an unknown kernel gives %v and %v, and no diagnostic with its name", kernel, err)
	}
}

// testFault writes where nothing may be written. The error may come late, but then it
// stays.
func testFault(r *rig, address device.Address) {
	r.faulted = true
	fine := r.allocate(16)
	err := r.stream.Launch(r.kernel("poke"), device.Launch{Blocks: 1, Threads: 32}, Parameters(address, uint32(1)))
	if err == nil {
		err = r.stream.Synchronize(r.Context())
	}
	r.wantCode("a write to a wrong address", err, device.CodeFault)
	r.wantCode("Fill after a fault", r.stream.Fill(fine, 0, 16), device.CodeFault)
	r.wantCode("Synchronize after a fault", r.stream.Synchronize(r.Context()), device.CodeFault)
	_, err = r.driver.Allocate(16)
	r.wantCode("Allocate after a fault", err, device.CodeFault)
}

func testClosed(r *rig) {
	event, err := r.driver.NewEvent()
	r.must("NewEvent", err)
	address := r.allocate(16)
	kernel := r.kernel("poke")
	r.must("Close", r.driver.Close())
	for what, err := range map[string]error{
		"CopyIn": r.stream.CopyIn(address, []byte{1}),
		"Record": r.stream.Record(event),
		"Launch": r.stream.Launch(kernel, device.Launch{Blocks: 1, Threads: 1}, Parameters(address, uint32(1))),
		"Free":   r.driver.Free(address),
	} {
		if err == nil {
			r.Errorf("%s works after Close", what)
		}
	}
	// What Close has freed may still be closed, as deferred calls do.
	r.must("closing an event late", event.Close())
	r.must("closing a module late", r.module.Close())
	r.must("closing a stream late", r.stream.Close())
	r.must("Close again", r.driver.Close())
}
