//go:build linux && (amd64 || arm64)

package cuda

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
)

// TestCloseFreesEverything takes everything and gives nothing back.
func TestCloseFreesEverything(t *testing.T) {
	m := newMock(t)
	d := m.open()
	takeEverything(d)
	if live := m.live(); live < 15 {
		t.Errorf("only %d objects live: the test takes too little", live)
	}
	check(t, d.Close())
	if live := m.live(); live != 0 {
		t.Errorf("%d objects are left", live)
	}
}

// takeEverything does some of everything, and goes on after errors.
func takeEverything(d *driver) {
	ctx := context.Background()
	stream, err := d.NewStream()
	if err != nil {
		return
	}
	event, _ := d.NewEvent()
	address, _ := d.Allocate(4 << 20)
	host, _ := d.AllocateHost(1000)
	reserved, _ := d.Reserve(4 << 16)
	_ = d.Commit(reserved, 1<<16)
	_ = d.Commit(reserved+1<<16, 1<<16)
	if event != nil {
		_ = stream.Record(event)
	}
	if host != nil {
		_ = stream.CopyIn(address, host)
	}
	large := make([]byte, 3<<20)
	_ = stream.CopyIn(address, large)
	_ = stream.CopyOut(large, address)
	_ = stream.Synchronize(ctx)
	graph, err := stream.Capture(func() error {
		return errors.Join(stream.CopyIn(address, large[:10]), stream.CopyOut(large[:10], address))
	})
	if err == nil {
		_ = stream.Replay(graph)
	}
	if module, err := d.Load(ctx, devicetest.PTX); err == nil {
		if kernel, err := module.Kernel("reverse"); err == nil {
			_ = stream.Launch(kernel, device.Launch{Blocks: 1, Threads: 32, Shared: 100 << 10}, devicetest.Parameters(address, address))
		}
	}
	_ = stream.Synchronize(ctx)
}

// TestEveryCallFails makes each function fail once, at each of its first calls. What is
// left after Close would be a leak on the way of an error.
func TestEveryCallFails(t *testing.T) {
	for s := range symbolCount {
		name := symbolNames[s]
		gives := strings.Contains(name, "Free") || strings.Contains(name, "Destroy") || strings.Contains(name, "Release") ||
			strings.Contains(name, "Unmap") || strings.Contains(name, "Unload") || strings.Contains(name, "cuGetError")
		if gives {
			continue // what fails to be freed stays
		}
		t.Run(name, func(t *testing.T) {
			m := newMock(t)
			for nth := 1; nth <= 3; nth++ {
				for _, r := range []result{1, outOfMemory} {
					opened, err := Open(t.Context(), Options{Library: m.path})
					if err != nil {
						t.Fatal(err)
					}
					m.fail(s, nth, r)
					takeEverything(opened.(*driver))
					m.fail(s, 0, success)
					check(t, opened.Close())
					if live := m.live(); live != 0 {
						t.Fatalf("%d objects are left after call %d gave %d", live, nth, r)
					}
				}
			}
		})
	}
}

func TestSynchronizeEndsWithItsContext(t *testing.T) {
	m := newMock(t)
	d := m.open()
	stream := must[device.Stream](t)(d.NewStream())
	address := must[device.Address](t)(d.Allocate(16))
	got := make([]byte, 16)
	check(t, stream.Fill(address, 5, 16), stream.CopyOut(got, address))
	m.set("hold", 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- stream.Synchronize(ctx) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Synchronize gives %v", err)
	}
	if !bytes.Equal(got, make([]byte, 16)) {
		t.Errorf("bytes arrived without a synchronisation: %v", got)
	}
	m.set("hold", 0)
	check(t, stream.Synchronize(t.Context()))
	if !bytes.Equal(got, bytes.Repeat([]byte{5}, 16)) {
		t.Errorf("the bytes are %v", got)
	}
	check(t, stream.Close())
}

// TestCloseWaitsForAbandonedWork closes while a goroutine of Synchronize still waits.
func TestCloseWaitsForAbandonedWork(t *testing.T) {
	before := runtime.NumGoroutine()
	m := newMock(t)
	d := m.open()
	work := must[device.Stream](t)(d.NewStream())
	address := must[device.Address](t)(d.Allocate(16))
	raw := work.(*stream)
	m.set("hold", 1)
	check(t, work.Fill(address, 5, 16))
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error)
	go func() { cancelled <- raw.wait(ctx) }()
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Fatalf("Synchronize gives %v", err)
	}
	closed := make(chan error)
	go func() { closed <- d.Close() }()
	m.set("hold", 0)
	check(t, <-closed)
	raw.waiting.Wait()
	// The goroutine's last steps come after Wait; it has nothing more to wait for.
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines, and %d before", runtime.NumGoroutine(), before)
}

// TestCloseWaitsForWork leaves work that no call of Close would wait for by itself.
func TestCloseWaitsForWork(t *testing.T) {
	d := newMock(t).open()
	stream := must[device.Stream](t)(d.NewStream())
	reserved := must[device.Address](t)(d.Reserve(d.Granularity()))
	pinned := must[[]byte](t)(d.AllocateHost(100))
	check(t, d.Commit(reserved, d.Granularity()), stream.CopyIn(reserved, pinned), stream.CopyOut(pinned, reserved))
	check(t, d.Close())
}

// TestFirstFailureStays has two failures come at the same time.
func TestFirstFailureStays(t *testing.T) {
	d := newMock(t).open()
	first, second := d.failure(cuLaunchKernel, illegalAddress), d.failure(cuStreamQuery, launchTimeout)
	if first == nil || !errors.Is(second, first) {
		t.Errorf("the first failure is %v and the second %v", first, second)
	}
}

func TestCaptureThatPanics(t *testing.T) {
	m := newMock(t)
	d := m.open()
	stream := must[device.Stream](t)(d.NewStream())
	address := must[device.Address](t)(d.Allocate(16))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = stream.Capture(func() error {
			check(t, stream.CopyIn(address, []byte{1}))
			panic("BUG: in the caller")
		})
	}()
	got := []byte{0}
	check(t, stream.CopyIn(address, []byte{7}), stream.CopyOut(got, address), stream.Synchronize(t.Context()))
	if got[0] != 7 {
		t.Errorf("the stream does not work after a panic: %d", got[0])
	}
}

// TestReleaseDuringCapture waits for all work while a stream is captured, which must not
// disturb the capture.
func TestReleaseDuringCapture(t *testing.T) {
	d := newMock(t).open()
	capturing, working := must[device.Stream](t)(d.NewStream()), must[device.Stream](t)(d.NewStream())
	address := must[device.Address](t)(d.Allocate(3))
	reserved := must[device.Address](t)(d.Reserve(d.Granularity()))
	check(t, d.Commit(reserved, d.Granularity()))
	other := must[device.Graph](t)(working.Capture(func() error { return working.CopyIn(address, []byte{1, 2, 3}) }))
	graph := must[device.Graph](t)(capturing.Capture(func() error {
		return errors.Join(capturing.Fill(address, 9, 3),
			working.Replay(other), working.Fill(reserved, 1, 10), d.Release(reserved), other.Close())
	}))
	got := make([]byte, 3)
	check(t, working.CopyOut(got, address), working.Synchronize(t.Context()))
	if !bytes.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("the graph that was closed during the capture left %v", got)
	}
	check(t, capturing.Replay(graph), capturing.CopyOut(got, address), capturing.Synchronize(t.Context()))
	if !bytes.Equal(got, []byte{9, 9, 9}) {
		t.Errorf("the captured graph left %v", got)
	}
}

// TestGraphBytesSurviveItsClose closes a graph before the stream is synchronised.
func TestGraphBytesSurviveItsClose(t *testing.T) {
	d := newMock(t).open()
	one, two := must[device.Stream](t)(d.NewStream()), must[device.Stream](t)(d.NewStream())
	address := must[device.Address](t)(d.Allocate(3))
	got := make([]byte, 3)
	graph := must[device.Graph](t)(one.Capture(func() error { return one.CopyOut(got, address) }))
	check(t, one.Fill(address, 4, 3), one.Replay(graph), one.Synchronize(t.Context()))
	if !bytes.Equal(got, []byte{4, 4, 4}) {
		t.Errorf("after a replay: %v", got)
	}
	check(t, two.Fill(address, 6, 3), two.Replay(graph), one.Replay(graph), graph.Close())
	if !bytes.Equal(got, []byte{6, 6, 6}) {
		t.Errorf("after Close: %v", got)
	}
	clear(got)
	check(t, one.Synchronize(t.Context()), two.Synchronize(t.Context()), graph.Close())
	if !bytes.Equal(got, []byte{0, 0, 0}) {
		t.Errorf("a graph that was closed wrote again: %v", got)
	}
}

func TestCommitUndoesItself(t *testing.T) {
	m := newMock(t)
	d := m.open()
	reserved := must[device.Address](t)(d.Reserve(4 * d.Granularity()))
	available := must[int64](t)(d.Available())
	for _, s := range []symbol{cuMemCreate, cuMemMap, cuMemSetAccess} {
		m.fail(s, 1, outOfMemory)
		wantCode(t, d.Commit(reserved, d.Granularity()), device.CodeMemory)
		if got := must[int64](t)(d.Available()); got != available {
			t.Errorf("after %s failed, %d bytes are free and not %d", symbolNames[s], got, available)
		}
	}
	check(t, d.Commit(reserved, d.Granularity()))
	if got := must[int64](t)(d.Available()); got != available-d.Granularity() {
		t.Errorf("%d bytes are free, not %d", got, available-d.Granularity())
	}
	wantCode(t, d.Commit(reserved+device.Address(d.Granularity()), 3*d.Granularity()+1), device.CodeDriver)
	check(t, d.Release(reserved))
	if got := must[int64](t)(d.Available()); got != available {
		t.Errorf("after Release %d bytes are free, not %d", got, available)
	}
}

func TestWithoutVirtualMemory(t *testing.T) {
	m := newMock(t)
	m.set("virtual", 0)
	d := m.open()
	if d.Granularity() != 0 {
		t.Errorf("the granularity is %d", d.Granularity())
	}
	_, err := d.Reserve(1 << 21)
	wantCode(t, err, device.CodeDriver)
	wantCode(t, d.Commit(1<<21, 1<<21), device.CodeDriver)
}

// TestSeveralOfOneDevice opens a device twice, as two queries may: the flags are those of
// the first, and each closes its own things.
func TestSeveralOfOneDevice(t *testing.T) {
	m := newMock(t)
	a := m.open()
	b := must[device.Driver](t)(Open(t.Context(), Options{Library: m.path}))
	if flags := m.call("mock_flags"); flags != blockingSync {
		t.Errorf("the flags are %d", flags)
	}
	address := must[device.Address](t)(a.Allocate(16))
	_ = must[device.Address](t)(b.Allocate(16))
	check(t, b.Close())
	stream := must[device.Stream](t)(a.NewStream())
	check(t, stream.Fill(address, 1, 16), stream.Synchronize(t.Context()))
}

// TestCallsOnManyThreads calls from goroutines that keep their threads, so that each
// thread needs the context for itself.
func TestCallsOnManyThreads(t *testing.T) {
	d := newMock(t).open()
	var all sync.WaitGroup
	failures := make([]error, 8)
	for i := range failures {
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for range 200 {
				address, err := d.Allocate(1000)
				if err != nil {
					failures[i] = err
					return
				}
				failures[i] = errors.Join(failures[i], d.Free(address))
			}
		})
	}
	all.Wait()
	check(t, failures...)
}

// TestFaultyIsTransparent runs the suite with an empty plan in between.
func TestFaultyIsTransparent(t *testing.T) {
	devicetest.Run(t, func(t testing.TB) device.Driver {
		return devicetest.Faulty(newMock(t).open(), devicetest.Plan{})
	})
}

func BenchmarkLaunch(b *testing.B) {
	d := newMock(b).open()
	stream := must[device.Stream](b)(d.NewStream())
	module := must[device.Module](b)(d.Load(b.Context(), devicetest.PTX))
	poke := must[device.Kernel](b)(module.Kernel("poke"))
	address := must[device.Address](b)(d.Allocate(4))
	parameters := devicetest.Parameters(address, uint32(1))
	b.ReportAllocs()
	given := 0
	for b.Loop() {
		if err := stream.Launch(poke, device.Launch{Blocks: 1, Threads: 1}, parameters); err != nil {
			b.Fatal(err)
		}
		if given++; given%1000 == 0 {
			check(b, stream.Synchronize(b.Context()))
		}
	}
}

func BenchmarkCopyIn(b *testing.B) {
	d := newMock(b).open()
	stream := must[device.Stream](b)(d.NewStream())
	const size = 8 << 20
	address := must[device.Address](b)(d.Allocate(size))
	pinned := must[[]byte](b)(d.AllocateHost(size))
	for name, from := range map[string][]byte{"pinned": pinned, "other": make([]byte, size)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				check(b, stream.CopyIn(address, from), stream.Synchronize(b.Context()))
			}
		})
	}
}
