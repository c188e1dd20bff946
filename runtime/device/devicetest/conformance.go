package devicetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// Run tests a driver. open gives a new one each time it is called, or skips; Run closes it.
func Run(t *testing.T, open func(t testing.TB) device.Driver) {
	for _, test := range []struct {
		name string
		run  func(r *rig)
	}{
		{"Properties", testProperties},
		{"Copies", testCopies},
		{"CopyInTakesItsBytesAtOnce", testCopyInTakesItsBytesAtOnce},
		{"HostMemory", testHostMemory},
		{"Fill", testFill},
		{"CopyWithin", testCopyWithin},
		{"Allocate", testAllocate},
		{"Reserve", testReserve},
		{"StreamsAndEvents", testStreamsAndEvents},
		{"Synchronize", testSynchronize},
		{"Graphs", testGraphs},
		{"GraphOfOtherMemory", testGraphOfOtherMemory},
		{"GraphThatFails", testGraphThatFails},
		{"VectorAdd", testVectorAdd},
		{"Atomics", testAtomics},
		{"SharedMemory", testSharedMemory},
		{"DynamicSharedMemory", testDynamicSharedMemory},
		{"Parameters", testParameters},
		{"Resources", testResources},
		{"Goroutines", testGoroutines},
		{"TooMuchMemory", testTooMuchMemory},
		{"BadCode", testBadCode},
		{"UnknownKernel", testUnknownKernel},
		{"Closed", testClosed},
		// At last, since some drivers want a new process after a fault.
		{"IllegalAddress", func(r *rig) { testFault(r, 16) }},
		{"MisalignedAddress", func(r *rig) { testFault(r, r.allocate(64)+2) }},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newRig(t, open)) })
	}
}

// wantCode tells whether err is a diagnostic with the code.
func (r *rig) wantCode(what string, err error, want diag.Code) {
	r.Helper()
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Code != want {
		r.Errorf("%s gives %v, and not an error %s", what, err, want)
	}
}

// want compares bytes without printing all of them.
func (r *rig) want(what string, want, got []byte) {
	r.Helper()
	if len(want) != len(got) {
		r.Errorf("%s: %d bytes, not %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if want[i] != got[i] {
			r.Errorf("%s: byte %d of %d is %#x, not %#x", what, i, len(want), got[i], want[i])
			return
		}
	}
}

func testProperties(r *rig) {
	p := r.driver.Properties()
	for _, check := range []struct {
		name string
		ok   bool
	}{
		{"Driver", p.Driver != ""},
		{"Name", p.Name != ""},
		{"Architecture", p.Architecture >= 50 && p.Architecture < 1000},
		{"PTX", p.PTX >= 70 && p.PTX < 1000},
		{"DriverVersion", p.DriverVersion != ""},
		{"Multiprocessors", p.Multiprocessors > 0},
		{"Memory", p.Memory > 0},
		{"SharedMemory", p.SharedMemory >= 48<<10},
		{"ThreadsPerMultiprocessor", p.ThreadsPerMultiprocessor >= 1024},
	} {
		if !check.ok {
			r.Errorf("%s cannot be right in %+v", check.name, p)
		}
	}
	free, err := r.driver.Available()
	r.must("Available", err)
	if free <= 0 || free > p.Memory {
		r.Errorf("%d bytes of %d are free", free, p.Memory)
	}
}

// copySizes are around the sizes at which a driver may do something else.
var copySizes = []int{1, 3, 4, 255, 256, 257, 4095, 65537, 1<<20 - 1, 1 << 20, 1<<20 + 1, 9<<20 + 7}

func testCopies(r *rig) {
	const margin = 16
	largest := slices.Max(copySizes)
	address := r.allocate(largest + 2*margin)
	pinned, err := r.driver.AllocateHost(2 * (largest + margin))
	r.must("AllocateHost", err)
	for _, size := range copySizes {
		for _, offset := range []int{0, 1, 7} {
			want := noise(size, uint32(size+offset))
			place := address + device.Address(offset)
			r.must("Fill", r.stream.Fill(address, 0xee, int64(size+2*margin)))
			r.must("CopyIn", r.stream.CopyIn(place, want))
			around := r.download(address, size+2*margin)
			r.want(fmt.Sprintf("%d bytes at %d", size, offset), want, around[offset:offset+size])
			for i, b := range around {
				if (i < offset || i >= offset+size) && b != 0xee {
					r.Fatalf("copying %d bytes to %d changed byte %d", size, offset, i)
				}
			}
			// The same between pinned memory that does not start where it was given.
			in, out := pinned[offset:offset+size], pinned[largest+margin+offset:][:size]
			copy(in, want)
			clear(out)
			r.must("Fill", r.stream.Fill(address, 0xee, int64(size+2*margin)))
			r.must("CopyIn", r.stream.CopyIn(place, in))
			r.must("CopyOut", r.stream.CopyOut(out, place))
			r.synchronize()
			r.want(fmt.Sprintf("%d pinned bytes at %d", size, offset), want, out)
		}
	}
	r.must("CopyIn of nothing", r.stream.CopyIn(address, nil))
	r.must("CopyOut of nothing", r.stream.CopyOut(nil, address))
	r.synchronize()
	r.must("FreeHost", r.driver.FreeHost(pinned))
}

func testCopyInTakesItsBytesAtOnce(r *rig) {
	const pieces, size = 200, 50_000 // more than a driver buffers
	address := r.allocate(pieces * size)
	buffer := make([]byte, size)
	var want []byte
	for i := range pieces {
		copy(buffer, noise(size, uint32(i)))
		want = append(want, buffer...)
		r.must("CopyIn", r.stream.CopyIn(address+device.Address(i*size), buffer))
		clear(buffer)
	}
	// And many copies out before one synchronisation.
	got := make([]byte, pieces*size)
	for i := range pieces {
		r.must("CopyOut", r.stream.CopyOut(got[i*size:(i+1)*size], address+device.Address(i*size)))
	}
	r.synchronize()
	r.want("after changing the source", want, got)
}

func testHostMemory(r *rig) {
	a, err := r.driver.AllocateHost(1000)
	r.must("AllocateHost", err)
	b, err := r.driver.AllocateHost(1)
	r.must("AllocateHost", err)
	if len(a) != 1000 || len(b) != 1 {
		r.Errorf("%d and %d bytes, not 1000 and 1", len(a), len(b))
	}
	copy(a, noise(1000, 1))
	b[0] = 7
	r.want("pinned memory", noise(1000, 1), a)
	r.must("FreeHost", r.driver.FreeHost(a))
	r.must("FreeHost", r.driver.FreeHost(b))
}

func testFill(r *rig) {
	const size = 1000
	address := r.allocate(size)
	want := make([]byte, size)
	fill := func(at, bytes int, value byte) {
		r.must("Fill", r.stream.Fill(address+device.Address(at), value, int64(bytes)))
		for i := range bytes {
			want[at+i] = value
		}
	}
	fill(0, size, 0)
	fill(3, 500, 0xff)
	fill(501, 1, 0x80)
	fill(size-1, 1, 9)
	fill(7, 0, 1)
	r.want("filled memory", want, r.download(address, size))
}

func testCopyWithin(r *rig) {
	const size = 70_001
	contents := noise(size, 5)
	from, to := r.upload(contents), r.allocate(size+3)
	r.must("CopyWithin", r.stream.CopyWithin(to+3, from, size))
	r.must("CopyWithin of nothing", r.stream.CopyWithin(to, from, 0))
	r.want("the copy", contents, r.download(to+3, size))
	r.want("the source", contents, r.download(from, size))
}

func testAllocate(r *rig) {
	type block struct {
		address device.Address
		bytes   int
	}
	var blocks []block
	for i, size := range []int{1, 255, 256, 257, 5000, 1, 100_000} {
		address := r.allocate(size)
		if address == 0 || address%256 != 0 {
			r.Errorf("%d bytes are at %#x", size, uint64(address))
		}
		r.must("Fill", r.stream.Fill(address, byte(i+1), int64(size)))
		blocks = append(blocks, block{address, size})
	}
	for i, b := range blocks {
		for _, value := range r.download(b.address, b.bytes) {
			if value != byte(i+1) {
				r.Fatalf("block %d has a byte of block %d", i, value-1)
			}
		}
	}
	for _, b := range blocks {
		r.must("Free", r.driver.Free(b.address))
	}
}

func testReserve(r *rig) {
	step := r.driver.Granularity()
	if step == 0 {
		_, err := r.driver.Reserve(1 << 21)
		r.wantCode("Reserve of a device that cannot", err, device.CodeDriver)
		return
	}
	if step < 0 || step&(step-1) != 0 {
		r.Fatalf("the granularity is %d", step)
	}
	// Far more addresses than memory.
	bytes := (r.driver.Properties().Memory/step + 8) * step
	start, err := r.driver.Reserve(bytes)
	r.must("Reserve", err)
	r.must("Commit", r.driver.Commit(start, step))
	first := noise(int(step), 1)
	r.must("CopyIn", r.stream.CopyIn(start, first))
	r.synchronize()
	// The range grows in place: one copy crosses the border of two commits.
	r.must("Commit", r.driver.Commit(start+device.Address(step), 2*step))
	second := noise(100, 2)
	r.must("CopyIn", r.stream.CopyIn(start+device.Address(step)-50, second))
	copy(first[len(first)-50:], second)
	r.want("before the border", first, r.download(start, int(step)))
	r.want("over the border", second, r.download(start+device.Address(step)-50, 100))
	r.want("committed later", second[50:], r.download(start+device.Address(step), 50))
	other, err := r.driver.Reserve(step)
	r.must("Reserve", err)
	if other >= start && other < start+device.Address(bytes) {
		r.Errorf("two ranges overlap")
	}
	r.must("Release", r.driver.Release(start))
	r.must("Commit", r.driver.Commit(other, step))
	r.must("Fill", r.stream.Fill(other, 3, step))
	r.synchronize()
	r.must("Release", r.driver.Release(other))
}

func testStreamsAndEvents(r *rig) {
	const size = 100_000
	second, err := r.driver.NewStream()
	r.must("NewStream", err)
	start, err := r.driver.NewEvent()
	r.must("NewEvent", err)
	middle, err := r.driver.NewEvent()
	r.must("NewEvent", err)
	end, err := r.driver.NewEvent()
	r.must("NewEvent", err)

	a, b := r.allocate(size), r.allocate(size)
	for round := range 10 {
		r.must("Record", r.stream.Record(start))
		r.launch("spin", device.Launch{Blocks: 1, Threads: 1}, a, uint32(2000))
		r.must("Fill", r.stream.Fill(a, byte(round+1), size))
		r.must("Record", r.stream.Record(middle))
		r.must("Wait", second.Wait(middle))
		r.must("CopyWithin", second.CopyWithin(b, a, size))
		r.must("Record", second.Record(end))
		r.must("Wait", r.stream.Wait(end)) // the next round's Fill comes after the copy
		got := make([]byte, size)
		r.must("CopyOut", second.CopyOut(got, b))
		r.must("Synchronize", second.Synchronize(r.Context()))
		for i := range got {
			if got[i] != byte(round+1) {
				r.Fatalf("round %d: the copy overtook the event: byte %d is of round %d", round, i, got[i]-1)
			}
		}
	}
	r.synchronize()
	whole, err := end.Since(start)
	r.must("Since", err)
	part, err := middle.Since(start)
	r.must("Since", err)
	if part < 0 || whole < part {
		r.Errorf("%v passed to the middle and %v to the end", part, whole)
	}
	for _, e := range []device.Event{start, middle, end} {
		r.must("closing an event", e.Close())
	}
	r.must("closing a stream", second.Close())
}

func testSynchronize(r *rig) {
	r.must("Synchronize of an idle stream", r.stream.Synchronize(context.Background()))
	address := r.allocate(4)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	r.launch("spin", device.Launch{Blocks: 1, Threads: 1}, address, uint32(1000))
	if err := r.stream.Synchronize(ended); err != nil && !errors.Is(err, context.Canceled) {
		r.Errorf("Synchronize with a context that has ended gives %v", err)
	}
	want := uint32(1)
	for range 1000 {
		want = want*1664525 + 1013904223
	}
	if got := wordsOf(r.download(address, 4))[0]; got != want {
		r.Errorf("the work did not go on: %d, not %d", got, want)
	}
}

func testGraphs(r *rig) {
	const count = 1000
	values := numbers(count, 3)
	total, addend := r.upload(make([]byte, 4*count)), r.allocate(4*count)
	pinned, err := r.driver.AllocateHost(4 * count)
	r.must("AllocateHost", err)
	copy(pinned, bytesOf(values))
	graph, err := r.stream.Capture(func() error {
		if err := r.stream.CopyIn(addend, pinned); err != nil {
			return err
		}
		return r.stream.Launch(r.kernel("vector_add"), device.Launch{Blocks: 8, Threads: 128}, Parameters(total, total, addend, uint32(count)))
	})
	r.must("Capture", err)
	r.want("after the capture", make([]byte, 4*count), r.download(total, 4*count))

	want := make([]uint32, count)
	for round := range 3 {
		r.must("Replay", r.stream.Replay(graph))
		r.synchronize()
		for i := range want {
			want[i] += values[i] + uint32(round)
		}
		// The next replay reads the pinned memory anew.
		changed := make([]uint32, count)
		for i := range changed {
			changed[i] = values[i] + uint32(round+1)
		}
		copy(pinned, bytesOf(changed))
		r.want(fmt.Sprintf("after %d replays", round+1), bytesOf(want), r.download(total, 4*count))
	}
	r.must("closing the graph", graph.Close())
	r.must("FreeHost", r.driver.FreeHost(pinned))
}

// A graph keeps the bytes of other memory, and brings bytes to other memory.
func testGraphOfOtherMemory(r *rig) {
	const size = 5000
	address := r.allocate(size)
	want := noise(size, 4)
	source, result := slices.Clone(want), make([]byte, size)
	graph, err := r.stream.Capture(func() error {
		if err := r.stream.CopyIn(address, source); err != nil {
			return err
		}
		return r.stream.CopyOut(result, address)
	})
	r.must("Capture", err)
	clear(source)
	for range 2 {
		clear(result)
		r.must("Fill", r.stream.Fill(address, 0, size))
		r.must("Replay", r.stream.Replay(graph))
		r.synchronize()
		r.want("what a replay brought", want, result)
	}
	r.must("closing the graph", graph.Close())
}

func testGraphThatFails(r *rig) {
	failure := errors.New("the caller changed its mind")
	address := r.upload([]byte{1, 2, 3, 4})
	graph, err := r.stream.Capture(func() error {
		if err := r.stream.Fill(address, 9, 4); err != nil {
			return err
		}
		return failure
	})
	if graph != nil || !errors.Is(err, failure) {
		r.Errorf("Capture gives %v and %v", graph, err)
	}
	r.want("after a capture that failed", []byte{1, 2, 3, 4}, r.download(address, 4))
}

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
