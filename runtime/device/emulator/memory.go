package emulator

import (
	"fmt"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

const (
	granularity = 2 << 20 // bytes; as of a GPU's large pages
	alignment   = 256     // of what Allocate gives
	// firstAddress is where device memory begins; guard is the room without memory
	// between two allocations, in which an overrun faults.
	firstAddress = 0x7f00_0000_0000
	guard        = 64 << 10
	// remembered is how many freed allocations are known by address, for messages.
	remembered = 1024
	// fresh fills memory that has been given out: its contents are undefined, and code
	// that takes them for zeros should not get away with it.
	fresh = 0xa5
)

type granule [granularity]byte

// region is one allocation or reservation. No address is ever given out twice, so that
// a use after Free is found.
type region struct {
	base, size uint64
	data       []byte                    // of an allocation
	granules   []atomic.Pointer[granule] // of a reservation; nil where no memory is committed
}

func (r *region) end() uint64 { return r.base + r.size }

// window is a part of the device's memory that lies in one piece.
type window struct {
	base uint64
	data []byte
}

// memory is the global memory of a device. Kernels find places in it without locks: the
// sorted list of regions is replaced as a whole when one comes or goes.
type memory struct {
	regions atomic.Pointer[[]*region]

	mu    sync.Mutex
	next  uint64
	used  int64
	limit int64
	freed []region // the last ones, without their data
}

func newMemory(limit int64) *memory {
	m := &memory{next: firstAddress, limit: limit}
	m.regions.Store(&[]*region{})
	return m
}

func tooLittle(what string, bytes, free int64) error {
	return diag.New(device.CodeMemory, "the GPU has too little memory: %s of %d bytes does not fit the %d bytes that are free", what, bytes, free)
}

func misuse(format string, args ...any) error {
	return diag.New(device.CodeDriver, "the driver of the GPU reports an error: "+format, args...)
}

// add enters a region. The lock is held.
func (m *memory) add(r *region, align uint64) device.Address {
	r.base = (m.next + align - 1) &^ (align - 1)
	m.next = r.end() + guard
	list := append(slices.Clone(*m.regions.Load()), r) // addresses only grow: it stays sorted
	m.regions.Store(&list)
	return device.Address(r.base)
}

func (m *memory) allocate(bytes int64) (device.Address, error) {
	if bytes <= 0 {
		return 0, misuse("an allocation of %d bytes", bytes)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if bytes > m.limit-m.used {
		return 0, tooLittle("an allocation", bytes, m.limit-m.used)
	}
	m.used += bytes
	// The slice is longer in secret, so that atomic operations on the word around the
	// last byte stay within the object.
	data := make([]byte, bytes, (bytes+63)&^63)
	fill(data, fresh)
	return m.add(&region{size: uint64(bytes), data: data}, alignment), nil
}

func (m *memory) reserve(bytes int64) (device.Address, error) {
	if bytes <= 0 || bytes%granularity != 0 {
		return 0, misuse("a reservation of %d bytes, which is not a multiple of %d", bytes, granularity)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &region{size: uint64(bytes), granules: make([]atomic.Pointer[granule], bytes/granularity)}
	return m.add(r, granularity), nil
}

func (m *memory) commit(address device.Address, bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.region(uint64(address))
	if r == nil || r.granules == nil || bytes <= 0 || bytes%granularity != 0 ||
		uint64(address)%granularity != 0 || uint64(bytes) > r.end()-uint64(address) {
		return misuse("memory is committed at %#x for %d bytes, which is not a part of a reservation", uint64(address), bytes)
	}
	part := r.granules[(uint64(address)-r.base)/granularity:][:bytes/granularity]
	for i := range part {
		if part[i].Load() != nil {
			return misuse("memory is committed twice at %#x", uint64(address)+uint64(i)*granularity)
		}
	}
	if bytes > m.limit-m.used {
		return tooLittle("memory", bytes, m.limit-m.used)
	}
	m.used += bytes
	for i := range part {
		g := new(granule)
		fill(g[:], fresh)
		part[i].Store(g)
	}
	return nil
}

// release takes back an allocation or, when reserved is set, a reservation.
func (m *memory) release(address device.Address, reserved bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.region(uint64(address))
	if r == nil || r.base != uint64(address) || (r.granules != nil) != reserved {
		return misuse("memory at %#x is given back, which was not given, or has been given back", uint64(address))
	}
	list := slices.DeleteFunc(slices.Clone(*m.regions.Load()), func(other *region) bool { return other == r })
	m.regions.Store(&list)
	m.used -= int64(len(r.data))
	for i := range r.granules {
		if r.granules[i].Swap(nil) != nil {
			m.used -= granularity
		}
	}
	if len(m.freed) == remembered {
		m.freed = slices.Delete(m.freed, 0, remembered/2)
	}
	m.freed = append(m.freed, region{base: r.base, size: r.size})
	return nil
}

func (m *memory) available() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.limit - m.used
}

// region is the one that holds an address, or nil.
func (m *memory) region(address uint64) *region {
	list := *m.regions.Load()
	i := sort.Search(len(list), func(i int) bool { return list[i].end() > address })
	if i == len(list) || list[i].base > address {
		return nil
	}
	return list[i]
}

// find gives the memory around an address. Its data is empty where there is none.
func (m *memory) find(address uint64) window {
	r := m.region(address)
	if r == nil {
		return window{}
	}
	if r.granules == nil {
		return window{base: r.base, data: r.data}
	}
	i := (address - r.base) / granularity
	g := r.granules[i].Load()
	if g == nil {
		return window{}
	}
	return window{base: r.base + i*granularity, data: g[:]}
}

// trouble says why there is no memory for an access.
func (m *memory) trouble(address uint64) string {
	if r := m.region(address); r != nil {
		if r.granules != nil {
			return "the memory there has been reserved, but not committed"
		}
		return "it reaches beyond the end of an allocation"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.freed {
		if f := &m.freed[i]; address >= f.base && address < f.end() {
			return "the memory there has been freed"
		}
	}
	list := *m.regions.Load()
	if i := sort.Search(len(list), func(i int) bool { return list[i].base > address }); i > 0 {
		if behind := address - list[i-1].end(); behind < guard {
			return fmt.Sprintf("it lies %d bytes behind the end of an allocation of %d bytes", behind, list[i-1].size)
		}
	}
	return "there is no memory"
}

// span calls do with the pieces of device memory from an address on.
func (m *memory) span(address device.Address, bytes int64, do func(piece []byte)) error {
	for at, left := uint64(address), bytes; left > 0; {
		w := m.find(at)
		if len(w.data) == 0 {
			return misuse("a copy at %#x for %d bytes: at %#x %s", uint64(address), bytes, at, m.trouble(at))
		}
		piece := w.data[at-w.base:]
		if int64(len(piece)) > left {
			piece = piece[:left]
		}
		do(piece)
		at += uint64(len(piece))
		left -= int64(len(piece))
	}
	return nil
}

func fill(data []byte, value byte) {
	if len(data) == 0 {
		return
	}
	data[0] = value
	for n := 1; n < len(data); n *= 2 {
		copy(data[n:], data[:n])
	}
}
