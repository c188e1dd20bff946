package emulator

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heddle-lang/heddle/runtime/device"
)

// Nominal speeds, by which events measure.
const (
	startTime     = 2 * time.Microsecond // of any work
	busBytes      = 50                   // a nanosecond, to and from the machine
	memoryBytes   = 4000                 // a nanosecond, within the device
	threadsAtOnce = 128                  // instructions of a multiprocessor in a nanosecond
)

// task is work of a stream. It returns how long a device would take.
type task func(s *stream) (time.Duration, error)

// stream is an order of work. A goroutine does it, which ends when there is none.
type stream struct {
	driver *Driver

	mu      sync.Mutex
	queue   []given
	batch   *atomic.Bool // of work that is given now
	running bool
	waiters []chan struct{} // closed when all work is done
	failed  error
	closed  bool
	capture *graph

	// What follows belongs to the goroutine.
	now   time.Duration
	doing *atomic.Bool // the batch of the work that is done now
}

var _ device.Abandoner = (*stream)(nil)

// given is a task in a queue. Its batch is what was given between two calls of Abandon,
// and true when its launches have been abandoned.
type given struct {
	task  task
	batch *atomic.Bool
}

// NewStream gives a stream without work.
func (d *Driver) NewStream() (device.Stream, error) {
	if err := d.usable(); err != nil {
		return nil, err
	}
	s := &stream{driver: d, batch: new(atomic.Bool)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams[s] = true
	return s, nil
}

// usable returns why the stream takes no work.
func (s *stream) usable() error {
	if err := s.driver.usable(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return misuse("the stream has been closed")
	}
	return s.failed
}

// give adds work, or what a graph will do.
func (s *stream) give(t task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.capture != nil {
		s.capture.tasks = append(s.capture.tasks, t)
		return
	}
	s.queue = append(s.queue, given{t, s.batch})
	if !s.running {
		s.running = true
		go s.work()
	}
}

// work does tasks until there are none.
func (s *stream) work() {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.running = false
			for _, w := range s.waiters {
				close(w)
			}
			s.waiters = nil
			s.mu.Unlock()
			return
		}
		next := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		s.doing = next.batch
		s.do(next.task)
	}
}

// Abandon ends launches within some thousand instructions of a warp.
func (s *stream) Abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch.Store(true)
	s.batch = new(atomic.Bool)
}

// do does a task, unless something went wrong before.
func (s *stream) do(t task) {
	if s.driver.failed.Load() != nil {
		return
	}
	took, err := t(s)
	s.now += took
	if err != nil {
		s.mu.Lock()
		if s.failed == nil {
			s.failed = err
		}
		s.mu.Unlock()
	}
}

// idle is closed when the work that has been given is done.
func (s *stream) idle() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := make(chan struct{})
	if !s.running {
		close(done)
	} else {
		s.waiters = append(s.waiters, done)
	}
	return done
}

func (s *stream) CopyIn(to device.Address, from []byte) error {
	if err := s.place(to, len(from)); err != nil {
		return err
	}
	if !s.driver.isHost(from) {
		from = bytes.Clone(from)
	}
	s.give(func(s *stream) (time.Duration, error) {
		at := 0
		err := s.driver.memory.span(to, int64(len(from)), func(piece []byte) { at += copy(piece, from[at:]) })
		return startTime + time.Duration(len(from)/busBytes), err
	})
	return nil
}

func (s *stream) CopyOut(to []byte, from device.Address) error {
	if err := s.place(from, len(to)); err != nil {
		return err
	}
	s.give(func(s *stream) (time.Duration, error) {
		at := 0
		err := s.driver.memory.span(from, int64(len(to)), func(piece []byte) { at += copy(to[at:], piece) })
		return startTime + time.Duration(len(to)/busBytes), err
	})
	return nil
}

func (s *stream) CopyWithin(to, from device.Address, bytes int64) error {
	if bytes < 0 || to < from+device.Address(bytes) && from < to+device.Address(bytes) {
		return misuse("a copy of %d bytes from %#x to %#x, which overlap", bytes, uint64(from), uint64(to))
	}
	if err := s.place(to, int(bytes)); err != nil {
		return err
	}
	if err := s.place(from, int(bytes)); err != nil {
		return err
	}
	s.give(func(s *stream) (time.Duration, error) {
		at := to
		var inner error
		err := s.driver.memory.span(from, bytes, func(source []byte) {
			if inner == nil {
				n := 0
				inner = s.driver.memory.span(at, int64(len(source)), func(target []byte) { n += copy(target, source[n:]) })
				at += device.Address(len(source))
			}
		})
		if err == nil {
			err = inner
		}
		return startTime + time.Duration(bytes/memoryBytes), err
	})
	return nil
}

func (s *stream) Fill(address device.Address, value byte, bytes int64) error {
	if err := s.place(address, int(bytes)); err != nil {
		return err
	}
	s.give(func(s *stream) (time.Duration, error) {
		err := s.driver.memory.span(address, bytes, func(piece []byte) { fill(piece, value) })
		return startTime + time.Duration(bytes/memoryBytes), err
	})
	return nil
}

// place checks that there is memory now, before work is put off.
func (s *stream) place(address device.Address, bytes int) error {
	if err := s.usable(); err != nil {
		return err
	}
	if bytes < 0 {
		return misuse("a copy of %d bytes", bytes)
	}
	return s.driver.memory.span(address, int64(bytes), func([]byte) {})
}

func (s *stream) Launch(what device.Kernel, shape device.Launch, parameters []byte) error {
	if err := s.usable(); err != nil {
		return err
	}
	k, ok := what.(*kernel)
	if !ok || k.module.driver != s.driver || k.module.isClosed() {
		return misuse("a kernel is launched that this device has not loaded")
	}
	p := k.program
	switch {
	case shape.Blocks <= 0 || shape.Blocks > 1<<31-1:
		return misuse("the kernel %q is launched with %d blocks", p.name, shape.Blocks)
	case shape.Threads <= 0 || shape.Threads > k.Resources().Threads || p.exact && shape.Threads != p.threads:
		return misuse("the kernel %q is launched with blocks of %d threads, and is for %d", p.name, shape.Threads, k.Resources().Threads)
	case shape.Shared < 0 || p.shared+shape.Shared > s.driver.options.SharedMemory:
		return misuse("the kernel %q is launched with %d bytes of shared memory besides its own %d, and the device has %d",
			p.name, shape.Shared, p.shared, s.driver.options.SharedMemory)
	case len(parameters) != p.parameters:
		return misuse("the kernel %q is launched with %d bytes of parameters, and has %d", p.name, len(parameters), p.parameters)
	}
	parameters = bytes.Clone(parameters)
	s.give(func(s *stream) (time.Duration, error) {
		l := &launch{
			driver: s.driver, kernel: k, program: p, shape: shape, parameters: parameters,
			races: !s.driver.options.IgnoreRaces, abandoned: s.doing,
		}
		executed, err := l.run()
		s.driver.executed.Add(executed)
		if err != nil {
			s.driver.fail(err)
		}
		return startTime + time.Duration(executed/uint64(threadsAtOnce*s.driver.options.Multiprocessors)), err
	})
	return nil
}

func (s *stream) Synchronize(ctx context.Context) error {
	s.mu.Lock()
	capturing := s.capture != nil
	s.mu.Unlock()
	if capturing {
		return misuse("a stream is synchronised while its work is captured")
	}
	idle := s.idle()
	select {
	case <-idle:
	case <-ctx.Done():
		select {
		case <-idle: // the work was done first
		default:
			return ctx.Err()
		}
	}
	return s.usable()
}

func (s *stream) Close() error {
	<-s.idle()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	delete(s.driver.streams, s)
	return nil
}

// graph is work that has been captured.
type graph struct {
	driver *Driver
	tasks  []task
}

func (g *graph) Close() error { return nil }

func (s *stream) Capture(give func() error) (device.Graph, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	g := &graph{driver: s.driver}
	s.mu.Lock()
	nested := s.capture != nil
	if !nested {
		s.capture = g
	}
	s.mu.Unlock()
	if nested {
		return nil, misuse("work is captured that is being captured")
	}
	err := give()
	s.mu.Lock()
	s.capture = nil
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return g, nil
}

func (s *stream) Replay(what device.Graph) error {
	if err := s.usable(); err != nil {
		return err
	}
	g, ok := what.(*graph)
	if !ok || g.driver != s.driver {
		return misuse("a graph is replayed that this device has not captured")
	}
	for _, t := range slices.Clone(g.tasks) {
		s.give(t)
	}
	return nil
}
