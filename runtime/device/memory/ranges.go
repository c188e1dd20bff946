package memory

import "slices"

// Range is a part of the mirror's upper half. The zero Range is none.
type Range struct {
	Address uint32
	Size    uint32
}

// End is the address behind the range.
func (r Range) End() uint32 { return r.Address + r.Size }

// alignment of ranges, in bytes.
const alignment = 256

// ranges hands out addresses, the lowest place first that is large enough. Both lists
// are in ascending order.
type ranges struct {
	free  []Range
	given []Range
}

func newRanges(from, to uint32) ranges {
	return ranges{free: []Range{{Address: from, Size: to - from}}}
}

func rounded(size int64) int64 { return (max(size, 1) + alignment - 1) / alignment * alignment }

func byAddress(r Range, address uint32) int {
	switch {
	case r.Address < address:
		return -1
	case r.Address > address:
		return 1
	default:
		return 0
	}
}

// take gives a range of at least size bytes; ok is false when none is large enough.
func (rs *ranges) take(size int64) (got Range, ok bool) {
	size = rounded(size)
	for i := range rs.free {
		f := &rs.free[i]
		if int64(f.Size) < size {
			continue
		}
		got = Range{Address: f.Address, Size: uint32(size)}
		f.Address += got.Size
		f.Size -= got.Size
		if f.Size == 0 {
			rs.free = slices.Delete(rs.free, i, i+1)
		}
		at, _ := slices.BinarySearchFunc(rs.given, got.Address, byAddress)
		rs.given = slices.Insert(rs.given, at, got)
		return got, true
	}
	return Range{}, false
}

// give takes a range back.
func (rs *ranges) give(r Range) {
	if r.Size == 0 {
		return
	}
	at, found := slices.BinarySearchFunc(rs.given, r.Address, byAddress)
	if !found || rs.given[at] != r {
		panic("BUG: a range is given back that was not given")
	}
	rs.given = slices.Delete(rs.given, at, at+1)
	rs.release(r)
}

// release adds a range to the free ones, and joins it with its neighbours.
func (rs *ranges) release(r Range) {
	at, _ := slices.BinarySearchFunc(rs.free, r.Address, byAddress)
	rs.free = slices.Insert(rs.free, at, r)
	if at+1 < len(rs.free) && rs.free[at].End() == rs.free[at+1].Address {
		rs.free[at].Size += rs.free[at+1].Size
		rs.free = slices.Delete(rs.free, at+1, at+2)
	}
	if at > 0 && rs.free[at-1].End() == rs.free[at].Address {
		rs.free[at-1].Size += rs.free[at].Size
		rs.free = slices.Delete(rs.free, at, at+1)
	}
}

// shrink cuts a range that was given to size bytes.
func (rs *ranges) shrink(r Range, size int64) Range {
	size = rounded(size)
	at, found := slices.BinarySearchFunc(rs.given, r.Address, byAddress)
	if !found || rs.given[at] != r || size > int64(r.Size) {
		panic("BUG: a range is cut that was not given")
	}
	if size == int64(r.Size) {
		return r
	}
	rs.given[at].Size = uint32(size)
	rs.release(Range{Address: r.Address + uint32(size), Size: r.Size - uint32(size)})
	return rs.given[at]
}

// largest is the size of the largest free range.
func (rs *ranges) largest() int64 {
	most := int64(0)
	for _, r := range rs.free {
		most = max(most, int64(r.Size))
	}
	return most
}

// holds reports whether bytes lie within one range that was given.
func (rs *ranges) holds(address uint32, length int64) bool {
	at, found := slices.BinarySearchFunc(rs.given, address, byAddress)
	if !found {
		at--
	}
	return at >= 0 && length >= 0 && int64(address)+length <= int64(rs.given[at].Address)+int64(rs.given[at].Size)
}
