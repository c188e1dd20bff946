//go:build linux && (amd64 || arm64)

package cuda

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/heddle-lang/heddle/runtime/device"
)

// stream is a stream of the library.
type stream struct {
	driver *driver
	handle uintptr
	closed bool

	// waiting are the goroutines of Synchronize, of which one whose context ended
	// goes on until the work is done.
	waiting sync.WaitGroup

	staging   staging
	capturing *graph      // takes the work while Capture runs
	recording atomic.Bool // the library captures; for other goroutines than the stream's
	replayed  []*graph    // have bytes that Synchronize must bring over
	frame     *frame
}

// maximumParameters is how many bytes of parameters every device takes.
const maximumParameters = 4096

// frame is how the library wants packed parameters: a list of names and values, closed
// by 0, that points to the bytes and their number.
type frame struct {
	extra      [5]uintptr
	size       uintptr
	parameters [maximumParameters]byte
}

const (
	launchParameterPointer = 1
	launchParameterSize    = 2
)

// nonBlocking streams do not wait for the library's stream 0, which nobody uses.
const nonBlocking = 1

func (d *driver) NewStream() (device.Stream, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	s := &stream{driver: d, frame: &frame{}}
	s.staging.stream = s
	if r := d.library.call(cuStreamCreate, uintptr(unsafe.Pointer(&s.handle)), nonBlocking); r != success {
		return nil, d.failure(cuStreamCreate, r)
	}
	d.keep(kindStream, s)
	return s, nil
}

// enter begins a call.
func (s *stream) enter() error {
	if s.closed {
		return misuse("the stream has been closed")
	}
	return s.driver.enter()
}

func (s *stream) CopyIn(to device.Address, from []byte) error {
	if len(from) == 0 {
		return nil
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	switch {
	case s.driver.reaches(from):
		return s.copyIn(to, from)
	case s.capturing != nil:
		held, err := s.capturing.hold(len(from))
		if err != nil {
			return err
		}
		copy(held, from)
		return s.copyIn(to, held)
	}
	for len(from) > 0 {
		piece, err := s.staging.take(len(from))
		if err != nil {
			return err
		}
		copy(piece, from)
		if err := s.copyIn(to, piece); err != nil {
			return err
		}
		to, from = to+device.Address(len(piece)), from[len(piece):]
	}
	return nil
}

func (s *stream) copyIn(to device.Address, from []byte) error {
	return s.driver.check(cuMemcpyHtoDAsync,
		s.driver.library.call(cuMemcpyHtoDAsync, uintptr(to), addressOf(from), uintptr(len(from)), s.handle))
}

func (s *stream) CopyOut(to []byte, from device.Address) error {
	if len(to) == 0 {
		return nil
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	switch {
	case s.driver.reaches(to):
		return s.copyOut(to, from)
	case s.capturing != nil:
		held, err := s.capturing.hold(len(to))
		if err != nil {
			return err
		}
		s.capturing.deliveries = append(s.capturing.deliveries, delivery{to: to, from: held})
		return s.copyOut(held, from)
	}
	for len(to) > 0 {
		piece, err := s.staging.take(len(to))
		if err != nil {
			return err
		}
		if err := s.copyOut(piece, from); err != nil {
			return err
		}
		s.staging.deliver(delivery{to: to[:len(piece)], from: piece})
		to, from = to[len(piece):], from+device.Address(len(piece))
	}
	return nil
}

func (s *stream) copyOut(to []byte, from device.Address) error {
	return s.driver.check(cuMemcpyDtoHAsync,
		s.driver.library.call(cuMemcpyDtoHAsync, addressOf(to), uintptr(from), uintptr(len(to)), s.handle))
}

func (s *stream) CopyWithin(to, from device.Address, bytes int64) error {
	if bytes < 0 {
		return misuse("%d bytes were to be copied", bytes)
	}
	if bytes == 0 {
		return nil
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	return s.driver.check(cuMemcpyDtoDAsync,
		s.driver.library.call(cuMemcpyDtoDAsync, uintptr(to), uintptr(from), uintptr(bytes), s.handle))
}

func (s *stream) Fill(address device.Address, value byte, bytes int64) error {
	if bytes < 0 {
		return misuse("%d bytes were to be filled", bytes)
	}
	if bytes == 0 {
		return nil
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	return s.driver.check(cuMemsetD8Async,
		s.driver.library.call(cuMemsetD8Async, uintptr(address), uintptr(value), uintptr(bytes), s.handle))
}

func (s *stream) Launch(which device.Kernel, launch device.Launch, parameters []byte) error {
	k, ok := which.(*kernel)
	switch {
	case !ok || k.module.driver != s.driver:
		return misuse("the kernel belongs to another device")
	case launch.Blocks < 1 || launch.Blocks > math.MaxInt32 || launch.Threads < 1 || launch.Threads > k.resources.Threads:
		return misuse("%d blocks of %d threads were asked for of the kernel %q, whose blocks have at most %d", launch.Blocks, launch.Threads, k.name, k.resources.Threads)
	case launch.Shared < 0 || launch.Shared > s.driver.properties.SharedMemory-k.resources.Shared:
		return misuse("%d bytes of shared memory were asked for; a block has at most %d and the kernel %q takes %d of them", launch.Shared, s.driver.properties.SharedMemory, k.name, k.resources.Shared)
	case len(parameters) > maximumParameters:
		return misuse("the kernel %q is given %d bytes of parameters, and at most %d can be passed", k.name, len(parameters), maximumParameters)
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	if k.module.unloaded.Load() {
		return misuse("the module of the kernel %q has been closed", k.name)
	}
	if err := k.allow(launch.Shared); err != nil {
		return err
	}
	// The list holds addresses in the frame itself, which must not move meanwhile.
	var pinner runtime.Pinner
	pinner.Pin(s.frame)
	defer pinner.Unpin()
	s.frame.size = uintptr(copy(s.frame.parameters[:], parameters))
	s.frame.extra = [5]uintptr{
		launchParameterPointer, uintptr(unsafe.Pointer(&s.frame.parameters)),
		launchParameterSize, uintptr(unsafe.Pointer(&s.frame.size)), 0,
	}
	return s.driver.check(cuLaunchKernel, s.driver.library.call(cuLaunchKernel, k.handle,
		uintptr(launch.Blocks), 1, 1, uintptr(launch.Threads), 1, 1, uintptr(launch.Shared), s.handle,
		0, uintptr(unsafe.Pointer(&s.frame.extra))))
}

// Synchronize waits. With a context that can end, another goroutine does, which stays
// until the work is done.
func (s *stream) Synchronize(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.capturing != nil {
		return misuse("a stream cannot be waited for while it is captured")
	}
	done, err := s.idle()
	if err != nil {
		return err
	}
	if !done {
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
	s.staging.finish()
	for _, g := range s.replayed {
		g.finish()
	}
	s.replayed = s.replayed[:0]
	return nil
}

// idle asks whether all work is done, which costs less than to wait when it is.
func (s *stream) idle() (bool, error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.driver.leave()
	r := s.driver.library.call(cuStreamQuery, s.handle)
	if r == notReady {
		return false, nil
	}
	return r == success, s.driver.check(cuStreamQuery, r)
}

func (s *stream) wait(ctx context.Context) error {
	if ctx.Done() == nil {
		return s.block()
	}
	done := make(chan error, 1)
	s.waiting.Go(func() { done <- s.block() })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stream) block() error {
	if err := s.driver.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	return s.driver.check(cuStreamSynchronize, s.driver.library.call(cuStreamSynchronize, s.handle))
}

// Close waits for the stream's work, and tells how it ended.
func (s *stream) Close() error {
	if s.capturing != nil {
		return misuse("a stream cannot be closed while it is captured")
	}
	if s.closed {
		return nil
	}
	if s.driver.gone() {
		s.closed = true
		return nil // Close of the driver destroys it, or has
	}
	err := s.Synchronize(context.Background())
	s.closed = true
	s.waiting.Wait()
	if discarded := s.driver.discard(kindStream, s, cuStreamDestroy); err == nil {
		err = discarded
	}
	return err
}

func (s *stream) destroy() result {
	s.driver.quiet.Lock()
	defer s.driver.quiet.Unlock()
	freed := s.staging.free()
	if r := s.driver.library.call(cuStreamDestroy, s.handle); r != success {
		return r
	}
	return freed
}
