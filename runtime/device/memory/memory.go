package memory

import (
	"errors"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/device"
)

// mirrorSize is the size of linear memory, in bytes.
const mirrorSize = 1 << 32

// ownLimit ends the ranges of the upper half. Threads that find no place for their
// record add to the cursor before they see it; the addresses that are left take that
// up, so that the cursor does not pass 4 GiB.
const ownLimit = 0xF0000000

// Memory is the memory of a session on a device. It is for one goroutine at a time,
// save for Address.
type Memory struct {
	driver device.Driver
	budget int64
	used   int64

	mirror    device.Address
	granule   int64
	committed []bool // by granule of the mirror
	own       ranges // of the upper half

	columns map[Key]*Column
	clock   int64 // counts uses of columns
}

// New reserves the mirror. Memory that the driver gives stays within budget bytes.
func New(driver device.Driver, budget int64) (*Memory, error) {
	m := &Memory{driver: driver, budget: budget, granule: driver.Granularity(), columns: map[Key]*Column{}}
	var err error
	if m.mirror, err = driver.Reserve((mirrorSize + m.granule - 1) / m.granule * m.granule); err != nil {
		return nil, err
	}
	m.committed = make([]bool, (mirrorSize+m.granule-1)/m.granule)
	m.own = newRanges(abi.WindowBase, ownLimit)
	return m, nil
}

// Close gives everything back. Work on the device must have ended.
func (m *Memory) Close() error {
	var failed error
	for _, column := range m.columns {
		failed = errors.Join(failed, m.drop(column))
	}
	return errors.Join(failed, m.driver.Release(m.mirror))
}

// Budget is the most bytes of the device's memory, Used how many are taken now.
func (m *Memory) Budget() int64 { return m.budget }

// Used is how many bytes of the device's memory are taken now.
func (m *Memory) Used() int64 { return m.used }

// Room is how many bytes are left, those of columns that nobody holds included.
func (m *Memory) Room() int64 {
	room := m.budget - m.used
	for _, column := range m.columns {
		if column.holders == 0 {
			room += column.size
		}
	}
	return room
}

// Mirror is the device address of the mirror.
func (m *Memory) Mirror() device.Address { return m.mirror }

// Address is the device address of an address in the mirror.
func (m *Memory) Address(address uint32) device.Address {
	return m.mirror + device.Address(address)
}

// Commit puts memory under size bytes of the mirror. Where there was none, its contents
// are undefined.
func (m *Memory) Commit(address uint32, size int64) error {
	if size <= 0 {
		return nil
	}
	first, last := int64(address)/m.granule, (int64(address)+size-1)/m.granule
	for at := first; at <= last; at++ {
		if m.committed[at] {
			continue
		}
		end := at + 1
		for end <= last && !m.committed[end] {
			end++
		}
		bytes := (end - at) * m.granule
		err := m.take(bytes, func() error { return m.driver.Commit(m.mirror+device.Address(at*m.granule), bytes) })
		if err != nil {
			return err
		}
		for ; at < end; at++ {
			m.committed[at] = true
		}
		at--
	}
	return nil
}

// take counts bytes as used once get has given them. Columns make room, also where
// the driver has less memory than the budget says.
func (m *Memory) take(bytes int64, get func() error) error {
	for m.used+bytes > m.budget {
		dropped, err := m.dropOldest()
		if err != nil {
			return err
		}
		if !dropped {
			return Full(bytes, m.budget-m.used, m.budget)
		}
	}
	for {
		err := get()
		if err == nil {
			m.used += bytes
			return nil
		}
		if !isFull(err) {
			return err
		}
		dropped, failed := m.dropOldest()
		if failed != nil {
			return failed
		}
		if !dropped {
			return err
		}
	}
}

// Full is the error of memory that is not there.
func Full(bytes, left, budget int64) error {
	return diag.New(device.CodeMemory, "the GPU has too little memory: %d KiB more are needed, and %d KiB of %d KiB are left",
		(bytes+1023)>>10, max(left, 0)>>10, budget>>10).
		Helpf("give the query more of the GPU's memory (--device-memory)")
}

func isFull(err error) bool {
	var problem *diag.Diagnostic
	return errors.As(err, &problem) && problem.Code == device.CodeMemory
}

// Block is memory outside of the mirror.
type Block struct {
	Address device.Address
	Size    int64
}

// Block gives memory outside of the mirror.
func (m *Memory) Block(size int64) (Block, error) {
	block := Block{Size: max(size, 1)}
	err := m.take(block.Size, func() (err error) {
		block.Address, err = m.driver.Allocate(block.Size)
		return err
	})
	if err != nil {
		return Block{}, err
	}
	return block, nil
}

// FreeBlock gives a block back. The zero Block is ignored.
func (m *Memory) FreeBlock(block Block) error {
	if block.Size == 0 {
		return nil
	}
	m.used -= block.Size
	return m.driver.Free(block.Address)
}

// Allocate gives a range of the mirror's upper half with memory under it. Its contents
// are undefined; its address is a multiple of 256.
func (m *Memory) Allocate(size int64) (Range, error) {
	for {
		got, ok := m.own.take(size)
		if !ok {
			dropped, err := m.dropOldest()
			if err != nil {
				return Range{}, err
			}
			if dropped {
				continue
			}
			return Range{}, Full(size, m.own.largest(), ownLimit-abi.WindowBase)
		}
		if err := m.Commit(got.Address, int64(got.Size)); err != nil {
			m.own.give(got)
			return Range{}, err
		}
		return got, nil
	}
}

// AllocateMost gives the largest range that is free, with no memory under it: the
// caller commits what it needs and gives the rest back with Shrink.
func (m *Memory) AllocateMost() Range {
	got, _ := m.own.take(m.own.largest())
	return got
}

// Shrink gives back what lies beyond the first size bytes of a range.
func (m *Memory) Shrink(r Range, size int64) Range {
	return m.own.shrink(r, size)
}

// Free gives a range back. The zero Range is ignored.
func (m *Memory) Free(r Range) { m.own.give(r) }

// Holds reports whether bytes of the upper half lie within one range that was given.
func (m *Memory) Holds(address uint32, length int64) bool { return m.own.holds(address, length) }
