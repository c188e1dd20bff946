package devicetest

import (
	"context"

	"github.com/heddle-lang/heddle/runtime/device"
)

type faultyStream struct {
	faultyPart
	inner device.Stream
	late  error // of a call that seemed to work
}

// do makes a call of the stream, unless the plan has an error for it.
func (s *faultyStream) do(call Call, kernel string, really func() error) error {
	late, err := s.driver.before(call, kernel)
	switch {
	case err == nil:
		return really()
	case late:
		if s.late == nil {
			s.late = err
		}
		return nil
	default:
		return err
	}
}

func (s *faultyStream) CopyIn(to device.Address, from []byte) error {
	return s.do(CopyIn, "", func() error { return s.inner.CopyIn(to, from) })
}

func (s *faultyStream) CopyOut(to []byte, from device.Address) error {
	return s.do(CopyOut, "", func() error { return s.inner.CopyOut(to, from) })
}

func (s *faultyStream) CopyWithin(to, from device.Address, bytes int64) error {
	return s.do(CopyWithin, "", func() error { return s.inner.CopyWithin(to, from, bytes) })
}

func (s *faultyStream) Fill(address device.Address, value byte, bytes int64) error {
	return s.do(Fill, "", func() error { return s.inner.Fill(address, value, bytes) })
}

func (s *faultyStream) Launch(kernel device.Kernel, launch device.Launch, parameters []byte) error {
	inner := kernel
	if faulty, ok := kernel.(*faultyKernel); ok {
		inner = faulty.Kernel
	}
	return s.do(Launch, kernel.Name(), func() error { return s.inner.Launch(inner, launch, parameters) })
}

func (s *faultyStream) Record(event device.Event) error {
	return s.do(Record, "", func() error { return s.inner.Record(innerEvent(event)) })
}

func (s *faultyStream) Wait(event device.Event) error {
	return s.do(Wait, "", func() error { return s.inner.Wait(innerEvent(event)) })
}

func (s *faultyStream) Capture(give func() error) (device.Graph, error) {
	if err := s.driver.plainly(Capture); err != nil {
		return nil, err
	}
	inner, err := s.inner.Capture(give)
	if err != nil {
		return nil, err
	}
	s.driver.count("graph", 1)
	return &faultyGraph{faultyPart{driver: s.driver, part: "graph", inner: inner}, inner}, nil
}

func (s *faultyStream) Replay(graph device.Graph) error {
	inner := graph
	if faulty, ok := graph.(*faultyGraph); ok {
		inner = faulty.inner
	}
	return s.do(Replay, "", func() error { return s.inner.Replay(inner) })
}

// Abandon is the driver's, where its streams have it.
func (s *faultyStream) Abandon() {
	if inner, ok := s.inner.(device.Abandoner); ok {
		inner.Abandon()
	}
}

func (s *faultyStream) Synchronize(ctx context.Context) error {
	if err := s.driver.plainly(Synchronize); err != nil {
		return err
	}
	if err := s.inner.Synchronize(ctx); err != nil {
		return err
	}
	late := s.late
	s.late = nil
	return s.driver.breaks(late)
}
