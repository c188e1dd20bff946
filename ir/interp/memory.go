package interp

import "fmt"

// Memory is bytes at addresses: linear memory, or that of a device. Nothing lies where
// nothing was mapped. The zero Memory is empty.
type Memory struct{ areas []area }

type area struct {
	address uint64
	bytes   []byte
	defined []bool // which bytes hold something, nil when all do
}

// Map puts bytes at an address. They are shared, not copied. An access must lie within
// what one call has mapped.
func (m *Memory) Map(address uint64, bytes []byte) {
	m.areas = append(m.areas, area{address: address, bytes: bytes})
}

// find gives the area of an access of n bytes, and where in it the access begins.
func (m *Memory) find(address, n uint64) (*area, uint64, error) {
	for i := range m.areas {
		a := &m.areas[i]
		start, size := address-a.address, uint64(len(a.bytes))
		if address >= a.address && start <= size && n <= size-start {
			return a, start, nil
		}
	}
	return nil, 0, fmt.Errorf("there is no memory for %d bytes at %#x", n, address)
}

// Bytes gives so many bytes of memory, to be read or changed.
func (m *Memory) Bytes(address uint64, n int) ([]byte, error) {
	a, start, err := m.find(address, uint64(n))
	if err != nil {
		return nil, err
	}
	return a.bytes[start:][:n], nil
}

// read gives bytes that hold something.
func (m *Memory) read(address uint64, n int) ([]byte, error) {
	a, start, err := m.find(address, uint64(n))
	if err != nil {
		return nil, err
	}
	if a.defined != nil {
		for _, defined := range a.defined[start:][:n] {
			if !defined {
				return nil, errUndefined{address}
			}
		}
	}
	return a.bytes[start:][:n], nil
}

// write gives bytes that are to be changed.
func (m *Memory) write(address uint64, n int) ([]byte, error) {
	a, start, err := m.find(address, uint64(n))
	if err != nil {
		return nil, err
	}
	if a.defined != nil {
		for i := range n {
			a.defined[start+uint64(i)] = true
		}
	}
	return a.bytes[start:][:n], nil
}

// errUndefined says that a value is read from memory to which nobody has written.
type errUndefined struct{ address uint64 }

func (e errUndefined) Error() string {
	return fmt.Sprintf("nothing was written to the shared memory at %#x", e.address)
}

// loadBits reads a little-endian number of up to 16 bytes, or a vector.
func loadBits(from []byte) (v Bits) {
	for i, b := range from {
		if i < 8 {
			v.Low |= uint64(b) << (8 * i)
		} else {
			v.High |= uint64(b) << (8 * (i - 8))
		}
	}
	return v
}

// storeBits writes the low bytes of a value.
func storeBits(to []byte, v Bits) {
	for i := range to {
		if i < 8 {
			to[i] = byte(v.Low >> (8 * i))
		} else {
			to[i] = byte(v.High >> (8 * (i - 8)))
		}
	}
}
