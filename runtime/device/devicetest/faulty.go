package devicetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/heddle-lang/heddle/runtime/device"
)

// FaultyDriver is a Driver that fails by plan. It is safe for concurrent use; which of
// several concurrent calls is the n-th is not.
type FaultyDriver struct {
	inner device.Driver
	plan  Plan

	mu     sync.Mutex // guards what follows
	calls  map[Call]int
	met    []int // how many calls each fault of the plan has counted
	fired  []Fault
	broken error
	used   int64 // bytes of memory
	memory map[device.Address]int64
	ranges map[device.Address]*faultyRange
	host   map[*byte]int
	parts  map[string]int // open streams, events, graphs and modules
}

type faultyRange struct{ bytes, committed int64 }

// Faulty puts a plan before a driver. Its Close closes the driver.
func Faulty(driver device.Driver, plan Plan) *FaultyDriver {
	return &FaultyDriver{
		inner: driver, plan: plan, calls: map[Call]int{}, met: make([]int, len(plan.Faults)),
		memory: map[device.Address]int64{}, ranges: map[device.Address]*faultyRange{},
		host: map[*byte]int{}, parts: map[string]int{},
	}
}

// Calls is how often a call was made, also in vain; Any counts all.
func (f *FaultyDriver) Calls(call Call) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[call]
}

// Fired are the faults that have happened, in their order, one of them as often as it did.
func (f *FaultyDriver) Fired() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.fired)
}

// Leaks names what was taken from the driver and not given back, sorted. It is to be
// asked before Close, which gives everything back.
func (f *FaultyDriver) Leaks() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var leaks []string
	for address, bytes := range f.memory {
		leaks = append(leaks, fmt.Sprintf("%d bytes of memory at %#x", bytes, uint64(address)))
	}
	for address, r := range f.ranges {
		leaks = append(leaks, fmt.Sprintf("%d bytes of addresses at %#x", r.bytes, uint64(address)))
	}
	for _, bytes := range f.host {
		leaks = append(leaks, fmt.Sprintf("%d bytes of the machine's memory", bytes))
	}
	for part, count := range f.parts {
		if count != 0 {
			leaks = append(leaks, fmt.Sprintf("%d of the kind %s", count, part))
		}
	}
	slices.Sort(leaks)
	return leaks
}

// before counts a call and gives the error that the plan has for it. late says that the
// call is to seem to work.
func (f *FaultyDriver) before(call Call, kernel string) (late bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[call]++
	f.calls[Any]++
	if f.broken != nil {
		return false, f.broken
	}
	for i, fault := range f.plan.Faults {
		if fault.Call != Any && fault.Call != call || fault.Kernel != "" && fault.Kernel != kernel {
			continue
		}
		f.met[i]++
		if at := max(fault.At, 1); f.met[i] < at || f.met[i] > at && !fault.Forever {
			continue
		}
		f.fired = append(f.fired, fault)
		if !fault.Late && stays(fault.Err) {
			f.broken = fault.Err
		}
		return fault.Late, fault.Err
	}
	return false, nil
}

// plainly is before for calls whose error cannot come later.
func (f *FaultyDriver) plainly(call Call) error {
	_, err := f.before(call, "")
	return err
}

// breaks makes an error that came late the one of all later calls, if it is of that kind.
func (f *FaultyDriver) breaks(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if stays(err) {
		f.broken = err
	}
	return err
}

// take counts memory, and refuses what is more than the plan leaves.
func (f *FaultyDriver) take(bytes int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plan.Memory != 0 && bytes > f.plan.Memory-f.used {
		return OutOfMemory()
	}
	f.used += bytes
	return nil
}

func (f *FaultyDriver) give(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used -= bytes
}

func (f *FaultyDriver) count(part string, change int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.parts[part] += change
}

// Properties are the driver's, with the memory that the plan leaves.
func (f *FaultyDriver) Properties() device.Properties {
	p := f.inner.Properties()
	if f.plan.Memory != 0 {
		p.Memory = min(p.Memory, f.plan.Memory)
	}
	return p
}

// Load is the driver's.
func (f *FaultyDriver) Load(ctx context.Context, ptx []byte) (device.Module, error) {
	if err := f.plainly(Load); err != nil {
		return nil, err
	}
	inner, err := f.inner.Load(ctx, ptx)
	if err != nil {
		return nil, err
	}
	f.count("module", 1)
	return &faultyModule{faultyPart{driver: f, part: "module", inner: inner}, inner}, nil
}

// Allocate is the driver's.
func (f *FaultyDriver) Allocate(bytes int64) (device.Address, error) {
	if err := f.plainly(Allocate); err != nil {
		return 0, err
	}
	if err := f.take(bytes); err != nil {
		return 0, err
	}
	address, err := f.inner.Allocate(bytes)
	if err != nil {
		f.give(bytes)
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.memory[address] = bytes
	return address, nil
}

// Free is the driver's.
func (f *FaultyDriver) Free(address device.Address) error {
	if err := f.plainly(Free); err != nil {
		return err
	}
	if err := f.inner.Free(address); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used -= f.memory[address]
	delete(f.memory, address)
	return nil
}

// Reserve is the driver's.
func (f *FaultyDriver) Reserve(bytes int64) (device.Address, error) {
	if err := f.plainly(Reserve); err != nil {
		return 0, err
	}
	address, err := f.inner.Reserve(bytes)
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ranges[address] = &faultyRange{bytes: bytes}
	return address, nil
}

// Commit is the driver's.
func (f *FaultyDriver) Commit(address device.Address, bytes int64) error {
	if err := f.plainly(Commit); err != nil {
		return err
	}
	if err := f.take(bytes); err != nil {
		return err
	}
	if err := f.inner.Commit(address, bytes); err != nil {
		f.give(bytes)
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for start, r := range f.ranges {
		if address >= start && uint64(address-start) < uint64(r.bytes) {
			r.committed += bytes
		}
	}
	return nil
}

// Release is the driver's.
func (f *FaultyDriver) Release(address device.Address) error {
	if err := f.plainly(Release); err != nil {
		return err
	}
	if err := f.inner.Release(address); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.ranges[address]; r != nil {
		f.used -= r.committed
	}
	delete(f.ranges, address)
	return nil
}

// Granularity is the driver's.
func (f *FaultyDriver) Granularity() int64 { return f.inner.Granularity() }

// Available is the driver's, and no more than the plan leaves.
func (f *FaultyDriver) Available() (int64, error) {
	if err := f.plainly(Available); err != nil {
		return 0, err
	}
	free, err := f.inner.Available()
	if err != nil || f.plan.Memory == 0 {
		return free, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return min(free, f.plan.Memory-f.used), nil
}

// AllocateHost is the driver's.
func (f *FaultyDriver) AllocateHost(bytes int) ([]byte, error) {
	if err := f.plainly(AllocateHost); err != nil {
		return nil, err
	}
	memory, err := f.inner.AllocateHost(bytes)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.host[unsafe.SliceData(memory)] = bytes
	return memory, nil
}

// FreeHost is the driver's.
func (f *FaultyDriver) FreeHost(memory []byte) error {
	if err := f.plainly(FreeHost); err != nil {
		return err
	}
	if err := f.inner.FreeHost(memory); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.host, unsafe.SliceData(memory))
	return nil
}

// NewStream is the driver's.
func (f *FaultyDriver) NewStream() (device.Stream, error) {
	if err := f.plainly(NewStream); err != nil {
		return nil, err
	}
	inner, err := f.inner.NewStream()
	if err != nil {
		return nil, err
	}
	f.count("stream", 1)
	return &faultyStream{faultyPart: faultyPart{driver: f, part: "stream", inner: inner}, inner: inner}, nil
}

// NewEvent is the driver's.
func (f *FaultyDriver) NewEvent() (device.Event, error) {
	if err := f.plainly(NewEvent); err != nil {
		return nil, err
	}
	inner, err := f.inner.NewEvent()
	if err != nil {
		return nil, err
	}
	f.count("event", 1)
	return &faultyEvent{faultyPart{driver: f, part: "event", inner: inner}, inner}, nil
}

// Close closes the driver, whatever the plan.
func (f *FaultyDriver) Close() error { return f.inner.Close() }

// faultyPart is what all parts of a driver have in common: closing them is counted once.
type faultyPart struct {
	driver *FaultyDriver
	part   string
	inner  interface{ Close() error }
	once   sync.Once
}

func (p *faultyPart) Close() error {
	p.once.Do(func() { p.driver.count(p.part, -1) })
	return p.inner.Close()
}

type faultyModule struct {
	faultyPart
	inner device.Module
}

func (m *faultyModule) Kernel(name string) (device.Kernel, error) {
	if _, err := m.driver.before(Kernel, name); err != nil {
		return nil, err
	}
	inner, err := m.inner.Kernel(name)
	if err != nil {
		return nil, err
	}
	return &faultyKernel{Kernel: inner, driver: m.driver}, nil
}

type faultyKernel struct {
	device.Kernel
	driver *FaultyDriver
}

func (k *faultyKernel) Occupancy(threads, shared int) (int, error) {
	if _, err := k.driver.before(Occupancy, k.Name()); err != nil {
		return 0, err
	}
	return k.Kernel.Occupancy(threads, shared)
}

type faultyEvent struct {
	faultyPart
	inner device.Event
}

func (e *faultyEvent) Since(earlier device.Event) (time.Duration, error) {
	if err := e.driver.plainly(Since); err != nil {
		return 0, err
	}
	return e.inner.Since(innerEvent(earlier))
}

func innerEvent(e device.Event) device.Event {
	if faulty, ok := e.(*faultyEvent); ok {
		return faulty.inner
	}
	return e
}

type faultyGraph struct {
	faultyPart
	inner device.Graph
}
