//go:build linux && (amd64 || arm64)

package cuda

import (
	"time"
	"unsafe"

	"github.com/heddle-lang/heddle/runtime/device"
)

type event struct {
	driver *driver
	handle uintptr
}

func (d *driver) NewEvent() (device.Event, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	e := &event{driver: d}
	if r := d.library.call(cuEventCreate, uintptr(unsafe.Pointer(&e.handle)), eventBlockingSync); r != success {
		return nil, d.failure(cuEventCreate, r)
	}
	d.keep(kindEvent, e)
	return e, nil
}

// event finds the event of this driver behind the interface.
func (d *driver) event(of device.Event) (*event, error) {
	e, ok := of.(*event)
	if !ok || e.driver != d {
		return nil, misuse("the event belongs to another device")
	}
	return e, nil
}

func (s *stream) Record(which device.Event) error {
	e, err := s.driver.event(which)
	if err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	return s.driver.check(cuEventRecord, s.driver.library.call(cuEventRecord, e.handle, s.handle))
}

func (s *stream) Wait(which device.Event) error {
	e, err := s.driver.event(which)
	if err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	const noFlags = 0
	return s.driver.check(cuStreamWaitEvent, s.driver.library.call(cuStreamWaitEvent, s.handle, e.handle, noFlags))
}

// Since is exact to about half a microsecond.
func (e *event) Since(earlier device.Event) (time.Duration, error) {
	start, err := e.driver.event(earlier)
	if err != nil {
		return 0, err
	}
	if err := e.driver.enter(); err != nil {
		return 0, err
	}
	defer e.driver.leave()
	var milliseconds float32
	r := e.driver.library.call(cuEventElapsedTime, uintptr(unsafe.Pointer(&milliseconds)), start.handle, e.handle)
	if r == notReady {
		return 0, misuse("the time between two events was asked for before both have passed")
	}
	if r != success {
		return 0, e.driver.failure(cuEventElapsedTime, r)
	}
	return time.Duration(float64(milliseconds) * float64(time.Millisecond)), nil
}

func (e *event) Close() error { return e.driver.discard(kindEvent, e, cuEventDestroy) }

func (e *event) destroy() result { return e.driver.library.call(cuEventDestroy, e.handle) }
