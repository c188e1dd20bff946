package devicetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

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
		r.upload(noise(5<<20, 8)) // through all buffers that a driver may have
		r.synchronize()
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
