package emulator

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// addresses is a kernel that stores 1 at an address.
const addresses = `.version 7.0
.target sm_80
.address_size 64
.global .align 4 .b32 counter = 41;
.global .align 8 .u64 places[2] = {counter, generic(table)+4};
.const .align 4 .b32 table[2] = {5, 6};
.entry k(.param .u64 k_0)
{
	.reg .b64 A;
	.reg .b32 a;
	ld.param.b64 A, [k_0];
	mov.b32 a, 1;
	st.global.b32 [A], a;
	ret;
}
.entry next(.param .u64 next_0)
{
	.reg .b64 A, B;
	.reg .b32 a;
	ld.param.u64 A, [next_0];
	ld.global.u64 B, [places];
	atom.global.add.u32 a, [B], 1;
	st.global.u32 [A], a;
	ld.global.u64 B, [places+8];
	ld.u32 a, [B];
	st.global.u32 [A+4], a;
	ret;
}
`

func TestMemory(t *testing.T) {
	const size = 4 * granularity
	reserved := func(t *testing.T, b *bench) device.Address {
		t.Helper()
		a, err := b.Reserve(size)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Commit(a+granularity, granularity); err != nil {
			t.Fatal(err)
		}
		return a
	}
	allocated := func(t *testing.T, b *bench, bytes int64) device.Address {
		t.Helper()
		a, err := b.Allocate(bytes)
		if err != nil {
			t.Fatal(err)
		}
		if a%alignment != 0 {
			t.Errorf("the address %#x is not aligned", a)
		}
		return a
	}
	tests := []struct {
		name    string
		address func(t *testing.T, b *bench) device.Address
		want    string // "" when the kernel may write there
	}{
		{"committed", func(t *testing.T, b *bench) device.Address { return reserved(t, b) + granularity }, ""},
		{"end of committed", func(t *testing.T, b *bench) device.Address { return reserved(t, b) + 2*granularity - 4 }, ""},
		{"behind committed", func(t *testing.T, b *bench) device.Address { return reserved(t, b) + 2*granularity }, "reserved, but not committed"},
		{"before committed", func(t *testing.T, b *bench) device.Address { return reserved(t, b) }, "reserved, but not committed"},
		{"behind reserved", func(t *testing.T, b *bench) device.Address { return reserved(t, b) + size }, "it lies 0 bytes behind the end of an allocation"},
		{"released", func(t *testing.T, b *bench) device.Address {
			a := reserved(t, b)
			if err := b.Release(a); err != nil {
				t.Fatal(err)
			}
			return a + granularity
		}, "the memory there has been freed"},
		{"freed", func(t *testing.T, b *bench) device.Address {
			a := allocated(t, b, 100)
			if err := b.Free(a); err != nil {
				t.Fatal(err)
			}
			allocated(t, b, 100)
			return a + 4
		}, "the memory there has been freed"},
		{"last word", func(t *testing.T, b *bench) device.Address { return allocated(t, b, 12) + 8 }, ""},
		{"partly outside", func(t *testing.T, b *bench) device.Address { return allocated(t, b, 10) + 8 }, "it reaches beyond the end of an allocation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, Options{})
			k := b.kernel(addresses, "k")
			a := test.address(t, b)
			err := b.launch(k, 1, 1, 0, a)
			if test.want != "" {
				wantError(t, err, device.CodeFault, test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := down[int32](b, a, 1)[0]; got != 1 {
				t.Errorf("got %d", got)
			}
		})
	}
}

func TestMemoryIsCounted(t *testing.T) {
	b := open(t, Options{Memory: 8 * granularity})
	free := func() int64 {
		n, err := b.Available()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	a, err := b.Allocate(granularity)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Reserve(1 << 40) // addresses cost nothing
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(r+1<<30, 3*granularity); err != nil {
		t.Fatal(err)
	}
	if got := free(); got != 4*granularity {
		t.Errorf("%d bytes are free", got)
	}
	wantError(t, b.Commit(r, 5*granularity), device.CodeMemory, "memory of 10485760 bytes does not fit the 8388608 bytes that are free")
	_, err = b.Allocate(5 * granularity)
	wantError(t, err, device.CodeMemory, "does not fit")
	if err := errors.Join(b.Release(r), b.Free(a)); err != nil {
		t.Fatal(err)
	}
	if got := free(); got != 8*granularity {
		t.Errorf("%d bytes are free", got)
	}
}

// TestMisuse does with a device what is an error and no fault.
func TestMisuse(t *testing.T) {
	b := open(t, Options{})
	other := open(t, Options{})
	k := b.kernel(addresses, "k")
	a, err := b.Allocate(100)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Reserve(2 * granularity)
	if err != nil {
		t.Fatal(err)
	}
	second := func(_ any, err error) error { return err }
	shape := func(blocks, threads, shared int) error {
		return b.Launch(k, device.Launch{Blocks: blocks, Threads: threads, Shared: shared}, pack(a))
	}
	event, err := b.NewEvent()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"no bytes", second(b.Allocate(0)), "an allocation of 0 bytes"},
		{"odd reservation", second(b.Reserve(granularity + 1)), "not a multiple"},
		{"odd commitment", b.Commit(r+1, granularity), "not a part of a reservation"},
		{"commitment behind the end", b.Commit(r+granularity, 2*granularity), "not a part of a reservation"},
		{"commitment of an allocation", b.Commit(a, granularity), "not a part of a reservation"},
		{"commitment twice", errors.Join(b.Commit(r, granularity), b.Commit(r, granularity)), "committed twice"},
		{"free of nothing", b.Free(12345), "which was not given"},
		{"free of a part", b.Free(a + 4), "which was not given"},
		{"free of a reservation", b.Free(r), "which was not given"},
		{"release of an allocation", b.Release(a), "which was not given"},
		{"free of other memory", b.FreeHost(make([]byte, 3)), "which was not given"},
		{"copy to nowhere", b.CopyIn(a+50, make([]byte, 51)), "behind the end of an allocation"},
		{"copy from nowhere", b.CopyOut(make([]byte, 5), 7), "no memory"},
		{"copy over itself", b.CopyWithin(a, a+1, 2), "which overlap"},
		{"fill of less than nothing", b.Fill(a, 0, -1), "a copy of -1 bytes"},
		{"no blocks", shape(0, 1, 0), "with 0 blocks"},
		{"too many threads", shape(1, 1025, 0), "blocks of 1025 threads, and is for 1024"},
		{"too much shared memory", shape(1, 1, 228<<10), "233472 bytes of shared memory"},
		{"parameters", b.Launch(k, device.Launch{Blocks: 1, Threads: 1}, make([]byte, 7)), "with 7 bytes of parameters, and has 8"},
		{"another device's kernel", other.Launch(k, device.Launch{Blocks: 1, Threads: 1}, pack(a)), "has not loaded"},
		{"another device's event", other.Record(event), "has not made"},
		{"event that was not recorded", second(event.Since(event)), "not recorded"},
		{"no such kernel", second(func() (device.Kernel, error) {
			m, err := b.Load(t.Context(), []byte(addresses))
			if err != nil {
				return nil, err
			}
			return m.Kernel("nothing")
		}()), `no kernel "nothing"`},
		{"capture in a capture", second(b.Capture(func() error {
			_, err := b.Capture(func() error { return nil })
			return err
		})), "being captured"},
		{"synchronising in a capture", second(b.Capture(func() error { return b.Synchronize(t.Context()) })), "while its work is captured"},
		{"another device's graph", other.Replay(&graph{driver: b.Driver.(*Driver)}), "has not captured"},
		{"options", second(Open(Options{Memory: -1})), "negative"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.Contains(test.err.Error(), "E0675") {
				t.Errorf("got %v, want E0675 with %q", test.err, test.want)
			}
		})
	}
	if err := b.launch(k, 1, 1, 0, a); err != nil {
		t.Errorf("the device is of no use any more: %v", err)
	}
}

func TestVariables(t *testing.T) {
	b := open(t, Options{})
	m, err := b.Load(t.Context(), []byte(addresses))
	if err != nil {
		t.Fatal(err)
	}
	k, err := m.Kernel("next")
	if err != nil {
		t.Fatal(err)
	}
	out := up(b, make([]int32, 2))
	for _, want := range [][]int32{{41, 6}, {42, 6}} {
		b.must(k, 1, 1, 0, out)
		if diff := cmp.Diff(want, down[int32](b, out, 2)); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
	}
	var executed []Line
	for _, line := range Coverage(m) {
		if line.Count > 0 {
			executed = append(executed, line)
		}
	}
	if len(executed) != 8 || executed[0] != (Line{Kernel: "next", Line: 20, Text: "ld.param.u64 A, [next_0]", Count: 2}) {
		t.Errorf("executed were %v", executed)
	}
	if got := b.Driver.(*Driver).Instructions(); got != 16 {
		t.Errorf("%d instructions were executed", got)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.launch(k, 1, 1, 0, out); err == nil {
		t.Error("a kernel of a closed module runs")
	}
	// The second Close does nothing.
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestStreams(t *testing.T) {
	b := open(t, Options{})
	first, err := b.NewStream()
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.NewStream()
	if err != nil {
		t.Fatal(err)
	}
	begin, err := b.NewEvent()
	if err != nil {
		t.Fatal(err)
	}
	end, err := b.NewEvent()
	if err != nil {
		t.Fatal(err)
	}
	const n = 3 * granularity
	a, err := b.Reserve(2 * n)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(a, 2*n); err != nil {
		t.Fatal(err)
	}
	host, err := b.AllocateHost(n)
	if err != nil {
		t.Fatal(err)
	}
	for i := range host {
		host[i] = byte(i * 7)
	}
	want := bytes.Clone(host)
	out := make([]byte, n)
	// The copy to the second half waits for the one to the first.
	err = errors.Join(
		first.Record(begin),
		first.CopyIn(a, host),
		first.Fill(a+100, 9, 50),
		first.Record(end),
		second.Wait(end),
		second.CopyWithin(a+n, a, n),
		second.CopyOut(out, a+n),
		second.Synchronize(t.Context()),
	)
	if err != nil {
		t.Fatal(err)
	}
	fill(want[100:150], 9)
	if !bytes.Equal(out, want) {
		t.Error("the bytes differ")
	}
	took, err := end.Since(begin)
	if want := 2*startTime + n/busBytes; err != nil || took != want {
		t.Errorf("it took %v, want %v (%v)", took, want, err)
	}
	if err := errors.Join(b.FreeHost(host), first.Close(), second.Close(), begin.Close(), end.Close()); err != nil {
		t.Error(err)
	}
	if err := first.Fill(a, 0, 1); err == nil {
		t.Error("a closed stream takes work")
	}
}

// TestCopyInKeepsBytes changes memory after CopyIn, which is only seen where the memory
// came from AllocateHost.
func TestCopyInKeepsBytes(t *testing.T) {
	b := open(t, Options{})
	host, err := b.AllocateHost(4)
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte{1, 2, 3, 4}
	copy(host, plain)
	to, err := b.Allocate(8)
	if err != nil {
		t.Fatal(err)
	}
	g, err := b.Capture(func() error { return errors.Join(b.CopyIn(to, plain), b.CopyIn(to+4, host)) })
	if err != nil {
		t.Fatal(err)
	}
	fill(plain, 9)
	fill(host, 9)
	if err := b.Replay(g); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]byte{1, 2, 3, 4, 9, 9, 9, 9}, down[byte](b, to, 8)); diff != "" {
		t.Errorf("bytes (-want +got):\n%s", diff)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

func TestGraph(t *testing.T) {
	b := open(t, Options{})
	k := b.kernel(addresses, "next")
	out, sum := up(b, make([]int32, 2)), up(b, make([]int32, 2))
	event, err := b.NewEvent()
	if err != nil {
		t.Fatal(err)
	}
	g, err := b.Capture(func() error {
		return errors.Join(
			b.Launch(k, device.Launch{Blocks: 1, Threads: 1}, pack(out)),
			b.Record(event), b.Wait(event),
			b.CopyWithin(sum, out, 8),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := down[int32](b, sum, 1)[0]; got != 0 {
		t.Errorf("the capture has done the work: %d", got)
	}
	for i := range int32(3) {
		if err := b.Replay(g); err != nil {
			t.Fatal(err)
		}
		if got := down[int32](b, sum, 1)[0]; got != 41+i {
			t.Errorf("replay %d: got %d", i, got)
		}
	}
	failure := errors.New("no")
	if _, err := b.Capture(func() error { return failure }); !errors.Is(err, failure) {
		t.Errorf("the error is %v", err)
	}
}

// TestBrokenDevice lets a stream wait for one whose kernel faults.
func TestBrokenDevice(t *testing.T) {
	b := open(t, Options{})
	k := b.kernel(addresses, "k")
	other, err := b.NewStream()
	if err != nil {
		t.Fatal(err)
	}
	event, err := b.NewEvent()
	if err != nil {
		t.Fatal(err)
	}
	// The work may be refused, once the fault is known.
	_ = b.Launch(k, device.Launch{Blocks: 1, Threads: 1}, pack(int64(0)))
	_ = b.Record(event)
	_ = other.Wait(event)
	wantError(t, other.Synchronize(t.Context()), device.CodeFault, "no memory")
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

func TestProperties(t *testing.T) {
	b := open(t, Options{Multiprocessors: 3, Memory: 1 << 30})
	want := device.Properties{
		Driver: "emulator", Name: "emulated GPU, sm_90", Architecture: 90, PTX: 90, DriverVersion: "emulator 9.0",
		Multiprocessors: 3, Memory: 1 << 30, SharedMemory: 227 << 10, ThreadsPerMultiprocessor: 2048, Integrated: true,
	}
	if diff := cmp.Diff(want, b.Properties()); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	k := b.kernel(read(t, "llvm-22-sm_90", "q1shared"), "q1shared")
	if diff := cmp.Diff(device.Resources{Shared: 1024, Threads: 256}, k.Resources()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	for _, test := range []struct{ threads, shared, want int }{
		{256, 0, 8}, {128, 0, 16}, {32, 0, 32}, {33, 0, 32}, {256, 99 << 10, 2}, {257, 0, 0}, {256, 227 << 10, 0},
	} {
		got, err := k.Occupancy(test.threads, test.shared)
		if got != test.want || (err == nil) != (test.want > 0) {
			t.Errorf("%d threads, %d bytes: got %d, want %d (%v)", test.threads, test.shared, got, test.want, err)
		}
	}
}

// TestParallel uses one device from several goroutines.
func TestParallel(t *testing.T) {
	b := open(t, Options{Workers: 2})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			s, err := b.NewStream()
			if err != nil {
				t.Error(err)
				return
			}
			testQ6Vector(t, &bench{t: t, Driver: b.Driver, Stream: s}, "llvm-22-sm_90")
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestClosed(t *testing.T) {
	d, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Allocate(1); err == nil {
		t.Error("a closed device gives memory")
	}
	if _, err := d.NewStream(); err == nil {
		t.Error("a closed device gives streams")
	}
}

// TestConformance runs what every driver must pass.
func TestConformance(t *testing.T) {
	devicetest.Run(t, func(t testing.TB) device.Driver {
		d, err := Open(Options{Memory: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}
