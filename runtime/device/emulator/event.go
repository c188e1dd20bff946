package emulator

import (
	"sync"
	"time"

	"github.com/heddle-lang/heddle/runtime/device"
)

// event is a place in a stream: the last one at which it was recorded.
type event struct {
	driver *Driver
	mu     sync.Mutex
	mark   *mark
}

// mark is one recording.
type mark struct {
	passed chan struct{}
	at     time.Duration // when it has passed: the nominal time of the stream
}

// NewEvent gives an event that has not been recorded.
func (d *Driver) NewEvent() (device.Event, error) {
	if err := d.usable(); err != nil {
		return nil, err
	}
	return &event{driver: d}, nil
}

func (e *event) set(m *mark) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mark = m
}

func (e *event) get() *mark {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mark
}

func (s *stream) event(what device.Event) (*event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	e, ok := what.(*event)
	if !ok || e.driver != s.driver {
		return nil, misuse("an event is used that this device has not made")
	}
	return e, nil
}

func (s *stream) Record(what device.Event) error {
	e, err := s.event(what)
	if err != nil {
		return err
	}
	if s.capturing() {
		s.give(func(s *stream) (time.Duration, error) {
			m := &mark{passed: make(chan struct{}), at: s.now}
			close(m.passed)
			e.set(m)
			return 0, nil
		})
		return nil
	}
	m := &mark{passed: make(chan struct{})}
	e.set(m)
	s.give(func(s *stream) (time.Duration, error) {
		m.at = s.now
		close(m.passed)
		return 0, nil
	})
	return nil
}

func (s *stream) Wait(what device.Event) error {
	e, err := s.event(what)
	if err != nil {
		return err
	}
	m := e.get()
	captured := s.capturing()
	s.give(func(s *stream) (time.Duration, error) {
		m := m
		if captured {
			m = e.get()
		}
		if m == nil { // what was never recorded has passed
			return 0, nil
		}
		select {
		case <-m.passed:
			return max(0, m.at-s.now), nil
		case <-s.driver.broken:
			return 0, nil
		}
	})
	return nil
}

func (s *stream) capturing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.capture != nil
}

// Since is in nominal time.
func (e *event) Since(earlier device.Event) (time.Duration, error) {
	if err := e.driver.usable(); err != nil {
		return 0, err
	}
	first, ok := earlier.(*event)
	if !ok || first.driver != e.driver {
		return 0, misuse("an event is used that this device has not made")
	}
	from, to := first.get(), e.get()
	for _, m := range []*mark{from, to} {
		if m == nil {
			return 0, misuse("the time of an event is asked for that was not recorded")
		}
		select {
		case <-m.passed:
		default:
			return 0, misuse("the time of an event is asked for that has not passed")
		}
	}
	return to.at - from.at, nil
}

func (e *event) Close() error { return nil }
