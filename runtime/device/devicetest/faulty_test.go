package devicetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/runtime/device"
)

// paper is a driver that does nothing and notes what it was asked to do.
type paper struct {
	device.Driver
	asked  []string
	memory device.Address
	closed bool
}

func (p *paper) note(what string) { p.asked = append(p.asked, what) }

func (p *paper) Properties() device.Properties { return device.Properties{Memory: 1 << 30} }
func (p *paper) Available() (int64, error)     { return 1 << 29, nil }
func (p *paper) Allocate(bytes int64) (device.Address, error) {
	p.note("Allocate")
	p.memory += 256
	return p.memory, nil
}
func (p *paper) Free(device.Address) error              { return nil }
func (p *paper) Reserve(int64) (device.Address, error)  { return 1 << 40, nil }
func (p *paper) Commit(device.Address, int64) error     { p.note("Commit"); return nil }
func (p *paper) Release(device.Address) error           { return nil }
func (p *paper) AllocateHost(bytes int) ([]byte, error) { return make([]byte, bytes), nil }
func (p *paper) FreeHost([]byte) error                  { return nil }
func (p *paper) NewStream() (device.Stream, error)      { return &paperStream{paper: p}, nil }
func (p *paper) NewEvent() (device.Event, error)        { return &paperEvent{}, nil }
func (p *paper) Load(context.Context, []byte) (device.Module, error) {
	return &paperModule{}, nil
}
func (p *paper) Close() error { p.closed = true; return nil }

type paperEvent struct{ device.Event }

func (*paperEvent) Close() error { return nil }

type paperGraph struct{}

func (paperGraph) Close() error { return nil }

type paperModule struct{ device.Module }

func (*paperModule) Kernel(name string) (device.Kernel, error) { return paperKernel{name: name}, nil }
func (*paperModule) Close() error                              { return nil }

type paperKernel struct {
	device.Kernel
	name string
}

func (k paperKernel) Name() string { return k.name }

type paperStream struct {
	device.Stream
	paper *paper
}

// The parts that arrive must be the paper's own, not those around them.
func (s *paperStream) Launch(kernel device.Kernel, _ device.Launch, _ []byte) error {
	s.paper.note("Launch " + kernel.(paperKernel).name)
	return nil
}
func (s *paperStream) Record(event device.Event) error { _ = event.(*paperEvent); return nil }
func (s *paperStream) Replay(graph device.Graph) error { _ = graph.(paperGraph); return nil }
func (s *paperStream) Capture(give func() error) (device.Graph, error) {
	return paperGraph{}, give()
}
func (s *paperStream) Fill(device.Address, byte, int64) error { s.paper.note("Fill"); return nil }
func (s *paperStream) Synchronize(context.Context) error      { return nil }
func (s *paperStream) Close() error                           { return nil }

func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestFaultyFailsTheNthCall(t *testing.T) {
	failure := errors.New("planned")
	for _, test := range []struct {
		name  string
		fault Fault
		want  []bool // whether the calls work: Fill, Launch a, Launch b, Launch a, Fill
	}{
		{"the first Fill", Fault{Call: Fill}, []bool{false, true, true, true, true}},
		{"the second Fill", Fault{Call: Fill, At: 2}, []bool{true, true, true, true, false}},
		{"the second launch", Fault{Call: Launch, At: 2}, []bool{true, true, false, true, true}},
		{"the second launch of a", Fault{Call: Launch, Kernel: "a", At: 2}, []bool{true, true, true, false, true}},
		{"all from the second launch", Fault{Call: Launch, At: 2, Forever: true}, []bool{true, true, false, false, true}},
		{"the third call", Fault{Call: Any, At: 3 + setup}, []bool{true, true, false, true, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.fault.Err = failure
			p := &paper{}
			f := Faulty(p, Plan{Faults: []Fault{test.fault}})
			stream := must[device.Stream](t)(f.NewStream())
			module := must[device.Module](t)(f.Load(t.Context(), nil))
			a, b := must[device.Kernel](t)(module.Kernel("a")), must[device.Kernel](t)(module.Kernel("b"))
			var got []bool
			for _, err := range []error{
				stream.Fill(0, 0, 0), stream.Launch(a, device.Launch{}, nil), stream.Launch(b, device.Launch{}, nil),
				stream.Launch(a, device.Launch{}, nil), stream.Fill(0, 0, 0),
			} {
				if err != nil && !errors.Is(err, failure) {
					t.Errorf("the error is %v", err)
				}
				got = append(got, err == nil)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("which calls worked (-want +got):\n%s", diff)
			}
			worked := 0
			for _, w := range test.want {
				if w {
					worked++
				}
			}
			if len(p.asked) != worked {
				t.Errorf("calls that failed came through: %v", p.asked)
			}
			if len(f.Fired()) != len(test.want)-worked {
				t.Errorf("%d faults are reported", len(f.Fired()))
			}
			if f.Calls(Launch) != 3 || f.Calls(Fill) != 2 || f.Calls(Any) != 5+setup {
				t.Errorf("counted %d launches, %d fills, %d calls", f.Calls(Launch), f.Calls(Fill), f.Calls(Any))
			}
		})
	}
}

// setup is how many calls TestFaultyFailsTheNthCall makes before.
const setup = 4

func TestFaultyStaysBroken(t *testing.T) {
	for name, err := range map[string]error{"fault": KernelFault(), "lost": Lost()} {
		t.Run(name, func(t *testing.T) {
			p := &paper{}
			f := Faulty(p, Plan{Faults: []Fault{{Call: Fill, Err: err}}})
			stream := must[device.Stream](t)(f.NewStream())
			for range 2 {
				if got := stream.Fill(0, 0, 0); !errors.Is(got, err) {
					t.Errorf("Fill gives %v", got)
				}
			}
			if _, got := f.Allocate(1); !errors.Is(got, err) {
				t.Errorf("Allocate gives %v", got)
			}
			if err := errors.Join(stream.Close(), f.Close()); err != nil || !p.closed {
				t.Errorf("closing gives %v", err)
			}
		})
	}
}

func TestFaultyLate(t *testing.T) {
	p := &paper{}
	fault := KernelFault()
	f := Faulty(p, Plan{Faults: []Fault{{Call: Launch, Err: fault, Late: true}}})
	stream := must[device.Stream](t)(f.NewStream())
	kernel := must[device.Kernel](t)(must[device.Module](t)(f.Load(t.Context(), nil)).Kernel("k"))
	if err := errors.Join(stream.Launch(kernel, device.Launch{}, nil), stream.Fill(0, 0, 0)); err != nil {
		t.Fatalf("before the synchronisation: %v", err)
	}
	if diff := cmp.Diff([]string{"Fill"}, p.asked); diff != "" {
		t.Errorf("what came through (-want +got):\n%s", diff)
	}
	if err := stream.Synchronize(t.Context()); !errors.Is(err, fault) {
		t.Errorf("Synchronize gives %v", err)
	}
	if err := stream.Fill(0, 0, 0); !errors.Is(err, fault) {
		t.Errorf("Fill gives %v afterwards", err)
	}
}

func TestFaultyMemory(t *testing.T) {
	p := &paper{}
	f := Faulty(p, Plan{Memory: 1000})
	free := func(want int64) {
		t.Helper()
		if got := must[int64](t)(f.Available()); got != want {
			t.Errorf("%d bytes are free, not %d", got, want)
		}
	}
	if f.Properties().Memory != 1000 {
		t.Errorf("the device has %d bytes", f.Properties().Memory)
	}
	free(1000)
	a := must[device.Address](t)(f.Allocate(600))
	free(400)
	if _, err := f.Allocate(401); err == nil {
		t.Error("401 bytes were given")
	}
	reserved := must[device.Address](t)(f.Reserve(5000))
	if err := f.Commit(reserved, 500); err == nil {
		t.Error("500 bytes were committed")
	}
	if err := errors.Join(f.Free(a), f.Commit(reserved, 500), f.Commit(reserved+500, 500)); err != nil {
		t.Fatal(err)
	}
	free(0)
	if err := f.Release(reserved); err != nil {
		t.Fatal(err)
	}
	free(1000)
	if diff := cmp.Diff([]string{"Allocate", "Commit", "Commit"}, p.asked); diff != "" {
		t.Errorf("what came through (-want +got):\n%s", diff)
	}
}

func TestFaultyLeaks(t *testing.T) {
	f := Faulty(&paper{}, Plan{})
	memory := must[device.Address](t)(f.Allocate(10))
	reserved := must[device.Address](t)(f.Reserve(20))
	host := must[[]byte](t)(f.AllocateHost(30))
	stream := must[device.Stream](t)(f.NewStream())
	event := must[device.Event](t)(f.NewEvent())
	module := must[device.Module](t)(f.Load(t.Context(), nil))
	graph := must[device.Graph](t)(stream.Capture(func() error { return stream.Record(event) }))
	if err := stream.Replay(graph); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 of the kind event", "1 of the kind graph", "1 of the kind module", "1 of the kind stream",
		"10 bytes of memory at 0x100", "20 bytes of addresses at 0x10000000000", "30 bytes of the machine's memory",
	}
	if diff := cmp.Diff(want, f.Leaks()); diff != "" {
		t.Errorf("leaks (-want +got):\n%s", diff)
	}
	err := errors.Join(f.Free(memory), f.Release(reserved), f.FreeHost(host), graph.Close(), event.Close(), module.Close(), stream.Close(), stream.Close())
	if err != nil {
		t.Fatal(err)
	}
	if leaks := f.Leaks(); len(leaks) != 0 {
		t.Errorf("all was given back, and yet: %v", leaks)
	}
}

func TestParameters(t *testing.T) {
	got := Parameters(uint8(1), uint32(2), uint16(3), device.Address(4), float32(1), 2.0, int32(-1), int64(-1))
	want := []byte{
		1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40,
		0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packed (-want +got):\n%s", diff)
	}
}
