//go:build linux && (amd64 || arm64)

package cuda

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// driver is an open device. It works in the device's primary context, which all of a
// process share: it is the one that needs no flags of a particular version of CUDA.
type driver struct {
	library     *library
	handle      int32
	context     uintptr
	properties  device.Properties
	granularity int64 // 0: the device cannot reserve addresses
	cache       cubinCache

	// gate is held for reading during each call and for writing by Close, so that
	// nothing is freed under a call. No call holds it while it calls back.
	gate   sync.RWMutex
	closed bool

	// failed is the first failure after which the context is of no more use.
	failed atomic.Pointer[diag.Diagnostic]

	// pinned are the ranges that AllocateHost gave, in order of their addresses.
	// Every copy looks there, so readers take no lock; writers hold mu and replace it.
	pinned atomic.Pointer[[]hostRange]

	// quiet is held for reading while all streams are waited for, and for writing while
	// one of them is destroyed or begins to be captured, after which it must not be
	// waited for. It is taken inside of a call.
	quiet sync.RWMutex

	mu           sync.Mutex // guards what follows
	allocations  map[device.Address]int64
	reservations map[device.Address]*reservation
	objects      [kinds]map[object]struct{}
}

// object is something of the library's that Close destroys if its owner has not.
// destroy is called inside of a call, on each object once.
type object interface{ destroy() result }

// kind orders objects: those of a lower kind are destroyed first.
type kind int

const (
	kindStream kind = iota
	kindGraph
	kindEvent
	kindModule
	kinds
)

func newDriver(l *library, handle int32, properties device.Properties, cache CubinCache) *driver {
	d := &driver{
		library: l, handle: handle, properties: properties,
		cache:        cubinCache{config: cache, architecture: properties.Architecture, version: l.version},
		allocations:  map[device.Address]int64{},
		reservations: map[device.Address]*reservation{},
	}
	d.cache.identify()
	for k := range d.objects {
		d.objects[k] = map[object]struct{}{}
	}
	d.pinned.Store(new([]hostRange))
	return d
}

func (d *driver) Properties() device.Properties { return d.properties }

// enter begins a call: the goroutine stays on its thread, and the context is current
// there, until leave.
func (d *driver) enter() error {
	d.gate.RLock()
	if d.closed {
		d.gate.RUnlock()
		return diag.New(device.CodeDriver, "the driver of the GPU reports an error: the device has been closed")
	}
	if failed := d.failed.Load(); failed != nil {
		d.gate.RUnlock()
		return failed
	}
	runtime.LockOSThread()
	if r := d.library.call(cuCtxSetCurrent, d.context); r != success {
		d.leave()
		return d.failure(cuCtxSetCurrent, r)
	}
	return nil
}

func (d *driver) leave() {
	runtime.UnlockOSThread()
	d.gate.RUnlock()
}

// failure makes a diagnostic of a result that is not success. After a fault and after a
// loss the first one is what all later calls give too.
func (d *driver) failure(s symbol, r result) error {
	failure := d.library.failure(s, r)
	switch failure.Code {
	case device.CodeFault, device.CodeLost:
		d.failed.CompareAndSwap(nil, failure)
		return d.failed.Load()
	}
	return failure
}

// check is failure, and nil for success.
func (d *driver) check(s symbol, r result) error {
	if r == success {
		return nil
	}
	return d.failure(s, r)
}

// misuse is an error of the caller's that the library would not find, or would find
// only by a crash.
func misuse(format string, arguments ...any) error {
	return diag.New(device.CodeDriver, "the driver of the GPU cannot do that: %s", fmt.Sprintf(format, arguments...))
}

// keep notes an object for Close.
func (d *driver) keep(k kind, o object) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.objects[k][o] = struct{}{}
}

// forget reports whether the object was still there, so that it is destroyed once.
func (d *driver) forget(k kind, o object) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, there := d.objects[k][o]
	delete(d.objects[k], o)
	return there
}

// gone reports whether nothing can be done with the context any more.
func (d *driver) gone() bool {
	d.gate.RLock()
	defer d.gate.RUnlock()
	return d.closed || d.failed.Load() != nil
}

// discard destroys an object before the driver is closed; a second time it does nothing.
func (d *driver) discard(k kind, o object, s symbol) error {
	if d.gone() {
		return nil // Close destroys it, or has
	}
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	if !d.forget(k, o) {
		return nil
	}
	return d.check(s, o.destroy())
}

// settle waits for all work, inside of a call. The library's own call for that is
// forbidden while any stream is captured; such a stream is left out, as what it is given
// then is not done.
func (d *driver) settle() error {
	d.quiet.RLock()
	defer d.quiet.RUnlock()
	d.mu.Lock()
	streams := slices.Collect(maps.Keys(d.objects[kindStream]))
	d.mu.Unlock()
	for _, o := range streams {
		s := o.(*stream)
		if s.recording.Load() {
			continue
		}
		if r := d.library.call(cuStreamSynchronize, s.handle); r != success {
			return d.failure(cuStreamSynchronize, r)
		}
	}
	return nil
}

// Close waits for the work and for the calls of other goroutines, and frees everything.
// After a fault or a loss the library refuses to free, but gives everything back with
// the context; that is no error then.
func (d *driver) Close() error {
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	var first error
	note := func(s symbol, r result) {
		if r != success && first == nil && d.failed.Load() == nil {
			first = d.failure(s, r)
		}
	}
	note(cuCtxSetCurrent, d.library.call(cuCtxSetCurrent, d.context))
	note(cuCtxSynchronize, d.library.call(cuCtxSynchronize))

	d.mu.Lock()
	defer d.mu.Unlock()
	destroys := [kinds]symbol{kindStream: cuStreamDestroy, kindGraph: cuGraphExecDestroy, kindEvent: cuEventDestroy, kindModule: cuModuleUnload}
	for k, objects := range d.objects {
		for o := range objects {
			note(destroys[k], o.destroy())
		}
		clear(objects)
	}
	for address := range d.allocations {
		note(cuMemFree, d.library.call(cuMemFree, uintptr(address)))
	}
	clear(d.allocations)
	for address, reserved := range d.reservations {
		note(d.release(address, reserved))
	}
	clear(d.reservations)
	for _, pinned := range *d.pinned.Load() {
		note(cuMemFreeHost, d.library.call(cuMemFreeHost, pinned.start))
	}
	d.pinned.Store(new([]hostRange))
	// No thread may keep a context current that is gone; others set theirs anew with
	// their next call, if any comes.
	d.library.call(cuCtxSetCurrent, 0)
	note(cuDevicePrimaryCtxRelease, d.library.call(cuDevicePrimaryCtxRelease, uintptr(d.handle)))
	return first
}
