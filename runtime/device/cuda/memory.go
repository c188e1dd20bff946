//go:build linux && (amd64 || arm64)

package cuda

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// Allocate gives memory. The library aligns it to 256 bytes at least.
func (d *driver) Allocate(bytes int64) (device.Address, error) {
	if bytes < 1 {
		return 0, misuse("%d bytes of memory were asked for", bytes)
	}
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.leave()
	var address device.Address
	if r := d.library.call(cuMemAlloc, uintptr(unsafe.Pointer(&address)), uintptr(bytes)); r != success {
		return 0, d.shortage(cuMemAlloc, r, bytes)
	}
	d.mu.Lock()
	d.allocations[address] = bytes
	d.mu.Unlock()
	return address, nil
}

// shortage is failure, and says how much was asked for and how much there is.
func (d *driver) shortage(s symbol, r result, bytes int64) error {
	err := d.failure(s, r)
	var failure *diag.Diagnostic
	if r != outOfMemory || !errors.As(err, &failure) {
		return err
	}
	note := fmt.Sprintf("%d bytes were asked for", bytes)
	if free, r := d.free(); r == success {
		note += fmt.Sprintf(", and %d are free", free)
	}
	return failure.Note("%s", note)
}

func (d *driver) Free(address device.Address) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	d.mu.Lock()
	_, there := d.allocations[address]
	delete(d.allocations, address)
	d.mu.Unlock()
	if !there {
		return misuse("no memory was allocated at %#x, or it has been freed", uint64(address))
	}
	return d.check(cuMemFree, d.library.call(cuMemFree, uintptr(address)))
}

func (d *driver) Available() (int64, error) {
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.leave()
	free, r := d.free()
	if r != success {
		return 0, d.failure(cuMemGetInfo, r)
	}
	return free, nil
}

func (d *driver) free() (free int64, r result) {
	var total int64
	r = d.library.call(cuMemGetInfo, uintptr(unsafe.Pointer(&free)), uintptr(unsafe.Pointer(&total)))
	return free, r
}

// A reservation is a range of addresses and the parts of it that have memory.
type reservation struct {
	bytes  int64
	mapped []mapping
}

type mapping struct {
	address device.Address
	bytes   int64
}

// location is a CUmemLocation, allocationProperties a CUmemAllocationProp and access a
// CUmemAccessDesc, all as the library reads them.
type location struct {
	kind int32
	id   int32
}

type allocationProperties struct {
	kind     int32
	handles  int32
	location location
	windows  uintptr
	flags    [8]uint8
}

type access struct {
	location location
	flags    int32
}

const (
	allocationPinned = 1
	locationDevice   = 1
	accessReadWrite  = 3
)

func (d *driver) place() location { return location{kind: locationDevice, id: d.handle} }

// measureGranularity asks in which steps memory can be put under reserved addresses. It
// is called once, before the driver is used.
func (d *driver) measureGranularity() error {
	supported, err := d.library.attribute(attributeVirtualMemory, d.handle)
	if err != nil || supported == 0 {
		return err
	}
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	properties := &allocationProperties{kind: allocationPinned, location: d.place()}
	const minimum = 0
	r := d.library.call(cuMemGetAllocationGranularity, uintptr(unsafe.Pointer(&d.granularity)), uintptr(unsafe.Pointer(properties)), minimum)
	return d.check(cuMemGetAllocationGranularity, r)
}

// Granularity is 0 when the device cannot reserve addresses; Reserve gives E0675 then.
func (d *driver) Granularity() int64 { return d.granularity }

func (d *driver) Reserve(bytes int64) (device.Address, error) {
	if d.granularity == 0 {
		return 0, diag.New(device.CodeDriver, "the driver of the GPU cannot do that: %s does not manage virtual memory", d.properties.Name).
			Note("addresses cannot be reserved on it without memory; Allocate works")
	}
	if bytes < 1 || bytes%d.granularity != 0 {
		return 0, misuse("%d bytes of addresses were asked for, which is no multiple of %d", bytes, d.granularity)
	}
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.leave()
	var address device.Address
	const anyAlignment, anywhere, noFlags = 0, 0, 0
	if r := d.library.call(cuMemAddressReserve, uintptr(unsafe.Pointer(&address)), uintptr(bytes), anyAlignment, anywhere, noFlags); r != success {
		return 0, d.shortage(cuMemAddressReserve, r, bytes)
	}
	d.mu.Lock()
	d.reservations[address] = &reservation{bytes: bytes}
	d.mu.Unlock()
	return address, nil
}

// find is the reservation that holds a range, or nil. The caller holds mu.
func (d *driver) find(address device.Address, bytes int64) *reservation {
	for start, reserved := range d.reservations {
		if address >= start && uint64(address-start)+uint64(bytes) <= uint64(reserved.bytes) {
			return reserved
		}
	}
	return nil
}

func (d *driver) Commit(address device.Address, bytes int64) error {
	if bytes < 1 || d.granularity == 0 || bytes%d.granularity != 0 || int64(address)%d.granularity != 0 {
		return misuse("%d bytes at %#x are no multiples of %d", bytes, uint64(address), d.granularity)
	}
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	d.mu.Lock()
	defer d.mu.Unlock()
	reserved := d.find(address, bytes)
	if reserved == nil {
		return misuse("the %d bytes at %#x have not been reserved", bytes, uint64(address))
	}
	for _, m := range reserved.mapped {
		if address < m.address+device.Address(m.bytes) && m.address < address+device.Address(bytes) {
			return misuse("some of the %d bytes at %#x have memory already", bytes, uint64(address))
		}
	}
	properties := &allocationProperties{kind: allocationPinned, location: d.place()}
	var memory uint64
	if r := d.library.call(cuMemCreate, uintptr(unsafe.Pointer(&memory)), uintptr(bytes), uintptr(unsafe.Pointer(properties)), 0); r != success {
		return d.shortage(cuMemCreate, r, bytes)
	}
	failed, r := cuMemMap, d.library.call(cuMemMap, uintptr(address), uintptr(bytes), 0, uintptr(memory), 0)
	if r == success {
		right := &access{location: d.place(), flags: accessReadWrite}
		failed, r = cuMemSetAccess, d.library.call(cuMemSetAccess, uintptr(address), uintptr(bytes), uintptr(unsafe.Pointer(right)), 1)
		if r != success {
			d.library.call(cuMemUnmap, uintptr(address), uintptr(bytes)) // the first failure is the news
		}
	}
	// What is mapped stays until it is unmapped; the handle is not needed any more.
	released := d.library.call(cuMemRelease, uintptr(memory))
	if r != success {
		return d.failure(failed, r)
	}
	reserved.mapped = append(reserved.mapped, mapping{address, bytes})
	return d.check(cuMemRelease, released)
}

func (d *driver) Release(address device.Address) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	// To take memory away from running work would be a fault, where Free waits.
	if err := d.settle(); err != nil {
		return err
	}
	d.mu.Lock()
	reserved := d.reservations[address]
	delete(d.reservations, address)
	d.mu.Unlock()
	if reserved == nil {
		return misuse("no addresses were reserved at %#x, or they have been released", uint64(address))
	}
	return d.check(d.release(address, reserved))
}

// release gives a reservation back as far as it can, and tells the first failure.
func (d *driver) release(address device.Address, reserved *reservation) (failed symbol, first result) {
	note := func(s symbol, r result) {
		if r != success && first == success {
			failed, first = s, r
		}
	}
	for _, m := range reserved.mapped {
		note(cuMemUnmap, d.library.call(cuMemUnmap, uintptr(m.address), uintptr(m.bytes)))
	}
	note(cuMemAddressFree, d.library.call(cuMemAddressFree, uintptr(address), uintptr(reserved.bytes)))
	return failed, first
}

// hostRange is memory of the machine that the device can reach.
type hostRange struct{ start, end uintptr }

// portable makes host memory known to every context of the process.
const portable = 1

func (d *driver) AllocateHost(bytes int) ([]byte, error) {
	if bytes < 1 {
		return nil, misuse("%d bytes of the machine's memory were asked for", bytes)
	}
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	memory, err := d.allocateHost(bytes)
	if err != nil {
		return nil, err
	}
	start := addressOf(memory)
	d.mu.Lock()
	defer d.mu.Unlock()
	old := *d.pinned.Load()
	at, _ := slices.BinarySearchFunc(old, start, byStart)
	changed := slices.Insert(slices.Clone(old), at, hostRange{start, start + uintptr(bytes)})
	d.pinned.Store(&changed)
	return memory, nil
}

// allocateHost is AllocateHost inside of a call, and not noted for Close.
func (d *driver) allocateHost(bytes int) ([]byte, error) {
	var start unsafe.Pointer
	if r := d.library.call(cuMemHostAlloc, uintptr(unsafe.Pointer(&start)), uintptr(bytes), portable); r != success {
		return nil, d.shortageOfHost(r, bytes)
	}
	return unsafe.Slice((*byte)(start), bytes), nil
}

// shortageOfHost is failure, and says that the memory which is short is the machine's.
func (d *driver) shortageOfHost(r result, bytes int) error {
	err := d.failure(cuMemHostAlloc, r)
	var failure *diag.Diagnostic
	if r != outOfMemory || !errors.As(err, &failure) {
		return err
	}
	return failure.Note("%d bytes of the machine's own memory were to be shared with the GPU", bytes)
}

func (d *driver) freeHost(memory []byte) result {
	return d.library.call(cuMemFreeHost, addressOf(memory))
}

func (d *driver) FreeHost(memory []byte) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	start := addressOf(memory)
	d.mu.Lock()
	old := *d.pinned.Load()
	at, there := slices.BinarySearchFunc(old, start, byStart)
	if there {
		changed := slices.Delete(slices.Clone(old), at, at+1)
		d.pinned.Store(&changed)
	}
	d.mu.Unlock()
	if !there {
		return misuse("AllocateHost did not give that memory, or it has been freed")
	}
	return d.check(cuMemFreeHost, d.library.call(cuMemFreeHost, start))
}

// reaches reports whether the device can copy from and to memory by itself.
func (d *driver) reaches(memory []byte) bool {
	ranges := *d.pinned.Load()
	start := addressOf(memory)
	at, exact := slices.BinarySearchFunc(ranges, start, byStart)
	if !exact {
		at--
	}
	return at >= 0 && start+uintptr(len(memory)) <= ranges[at].end
}

func byStart(r hostRange, start uintptr) int {
	switch {
	case r.start < start:
		return -1
	case r.start > start:
		return 1
	default:
		return 0
	}
}

func addressOf(memory []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(memory))) }
