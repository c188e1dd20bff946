package main

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// clockedDriver is a device whose kernels are timed by its own events.
type clockedDriver struct {
	device.Driver

	// apart refuses graphs, so that each kernel has a time of its own.
	apart atomic.Bool

	mu      sync.Mutex
	streams []*clockedStream
}

func (d *clockedDriver) NewStream() (device.Stream, error) {
	stream, err := d.Driver.NewStream()
	if err != nil {
		return nil, err
	}
	s := &clockedStream{Stream: stream, driver: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams = append(d.streams, s)
	return s, nil
}

// work is what the device did since it was last asked.
type work struct {
	kernels map[string]time.Duration // by name, all launches together
	copied  int64                    // bytes copied to the device
}

// take reads what was noted, when all of it has been waited for, and forgets it. Streams
// must be idle.
func (d *clockedDriver) take() (work, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := work{kernels: map[string]time.Duration{}}
	var failed error
	for _, s := range d.streams {
		for _, launch := range s.launches {
			elapsed, err := launch.ended.Since(launch.started)
			failed = errors.Join(failed, err)
			w.kernels[launch.kernel] += elapsed
			s.idle = append(s.idle, launch.started, launch.ended)
		}
		w.copied += s.copied
		s.launches, s.copied = s.launches[:0], 0
	}
	return w, failed
}

// clockedStream notes each launch between two events.
type clockedStream struct {
	device.Stream
	driver    *clockedDriver
	capturing bool
	launches  []clockedLaunch
	idle      []device.Event
	copied    int64
}

type clockedLaunch struct {
	kernel         string
	started, ended device.Event
}

func (s *clockedStream) event() (device.Event, error) {
	if n := len(s.idle); n > 0 {
		event := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return event, nil
	}
	return s.driver.NewEvent()
}

// between does work between two events.
func (s *clockedStream) between(name string, work func() error) error {
	if s.capturing {
		return work() // events that are part of a graph have no times of their own
	}
	started, err := s.event()
	if err != nil {
		return err
	}
	ended, err := s.event()
	if err != nil {
		return err
	}
	if err := s.Record(started); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	if err := s.Record(ended); err != nil {
		return err
	}
	s.launches = append(s.launches, clockedLaunch{kernel: name, started: started, ended: ended})
	return nil
}

func (s *clockedStream) Launch(kernel device.Kernel, launch device.Launch, parameters []byte) error {
	return s.between(kernel.Name(), func() error { return s.Stream.Launch(kernel, launch, parameters) })
}

func (s *clockedStream) Replay(graph device.Graph) error {
	return s.between("graph", func() error { return s.Stream.Replay(graph) })
}

func (s *clockedStream) Capture(give func() error) (device.Graph, error) {
	if s.driver.apart.Load() {
		return nil, diag.New(device.CodeDriver, "there are no graphs while each kernel is timed")
	}
	s.capturing = true
	defer func() { s.capturing = false }()
	return s.Stream.Capture(give)
}

func (s *clockedStream) CopyIn(to device.Address, from []byte) error {
	s.copied += int64(len(from))
	return s.Stream.CopyIn(to, from)
}

// Close closes the events too; they belong to no one else.
func (s *clockedStream) Close() error {
	var failed error
	for _, launch := range s.launches {
		failed = errors.Join(failed, launch.started.Close(), launch.ended.Close())
	}
	for _, event := range s.idle {
		failed = errors.Join(failed, event.Close())
	}
	s.launches, s.idle = nil, nil
	return errors.Join(failed, s.Stream.Close())
}
