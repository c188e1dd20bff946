package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// Parquet's hybrid of run lengths and bit packing, in which levels and dictionary
// indexes are written:
// https://github.com/apache/parquet-format/blob/master/Encodings.md

var (
	errShort   = errors.New("a page ends too early")
	errIndexes = errors.New("a page has an index beyond its dictionary")
)

// hybridRun is a run of equal values, or of packed ones.
type hybridRun struct {
	count  int    // at most what is left
	packed []byte // nil for a run of equal values
	value  uint32
}

// nextRun cuts a run of at most left values off src.
func nextRun(src []byte, width, left int) (run hybridRun, rest []byte, err error) {
	header, n := binary.Uvarint(src)
	if n <= 0 {
		return run, nil, errShort
	}
	src = src[n:]
	if header&1 == 0 {
		bytes := (width + 7) / 8
		if len(src) < bytes || header == 0 {
			return run, nil, errShort
		}
		for i := range bytes {
			run.value |= uint32(src[i]) << (8 * i)
		}
		run.count = int(min(header>>1, uint64(left)))
		return run, src[bytes:], nil
	}
	groups := header >> 1 // of 8 values, in width bytes
	if groups == 0 {
		return run, nil, errShort
	}
	run.count = int(min(groups, uint64(left)) * 8)
	bytes := len(src)
	if width == 0 || groups <= uint64(len(src)/width) {
		bytes = int(min(groups, uint64(len(src)))) * width
	}
	run.packed, src = src[:bytes:bytes], src[bytes:]
	// The last group may be cut off after the last value.
	if run.count = min(run.count, left); len(run.packed)*8 < run.count*width {
		return run, nil, errShort
	}
	if run.packed == nil {
		run.packed = []byte{}
	}
	return run, src, nil
}

// decodeIndexes decodes len(dst) dictionary indexes, all of which must be below
// entries.
func decodeIndexes(dst []uint32, src []byte, width int, entries int) error {
	if width > 32 {
		return errIndexes
	}
	for at := 0; at < len(dst); {
		run, rest, err := nextRun(src, width, len(dst)-at)
		if err != nil {
			return err
		}
		src = rest
		out := dst[at : at+run.count]
		at += run.count
		if run.packed == nil {
			if uint64(run.value) >= uint64(entries) {
				return errIndexes
			}
			for i := range out {
				out[i] = run.value
			}
			continue
		}
		if greatest := unpack(out, run.packed, width); uint64(greatest) >= uint64(entries) && len(out) > 0 {
			return errIndexes
		}
	}
	return nil
}

// unpack reads values of width bits, least significant first, and returns the greatest.
func unpack(dst []uint32, src []byte, width int) (greatest uint32) {
	if width == 0 {
		clear(dst)
		return 0
	}
	mask := uint64(1)<<width - 1
	i, at := 0, 0
	w := uint(width)
	switch {
	case width <= 8:
		for ; i+8 <= len(dst) && at+8 <= len(src); i, at = i+8, at+width {
			v := binary.LittleEndian.Uint64(src[at:])
			out := dst[i : i+8 : i+8]
			out[0] = uint32(v & mask)
			out[1] = uint32(v >> w & mask)
			out[2] = uint32(v >> (2 * w) & mask)
			out[3] = uint32(v >> (3 * w) & mask)
			out[4] = uint32(v >> (4 * w) & mask)
			out[5] = uint32(v >> (5 * w) & mask)
			out[6] = uint32(v >> (6 * w) & mask)
			out[7] = uint32(v >> (7 * w) & mask)
			greatest = max(greatest, out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7])
		}
	case width <= 16:
		half := width / 2 // bytes before the second four values, which begin at bit 4*width
		shift := uint(4*width - 8*half)
		for ; i+8 <= len(dst) && at+half+9 <= len(src); i, at = i+8, at+width {
			v := binary.LittleEndian.Uint64(src[at:])
			u := binary.LittleEndian.Uint64(src[at+half:]) >> shift
			if shift != 0 { // the last value's top bits lie in the ninth byte
				u |= uint64(src[at+half+8]) << (64 - shift)
			}
			out := dst[i : i+8 : i+8]
			out[0] = uint32(v & mask)
			out[1] = uint32(v >> w & mask)
			out[2] = uint32(v >> (2 * w) & mask)
			out[3] = uint32(v >> (3 * w) & mask)
			out[4] = uint32(u & mask)
			out[5] = uint32(u >> w & mask)
			out[6] = uint32(u >> (2 * w) & mask)
			out[7] = uint32(u >> (3 * w) & mask)
			greatest = max(greatest, out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7])
		}
	default:
		for bit := 0; i < len(dst) && bit>>3+8 <= len(src); i, bit = i+1, bit+width {
			v := uint32(binary.LittleEndian.Uint64(src[bit>>3:]) >> (bit & 7) & mask)
			dst[i] = v
			greatest = max(greatest, v)
		}
	}
	// The end, where eight bytes cannot be loaded at once.
	for ; i < len(dst); i++ {
		bit := i * width
		var word [8]byte
		copy(word[:], src[bit>>3:])
		v := uint32(binary.LittleEndian.Uint64(word[:]) >> (bit & 7) & mask)
		dst[i] = v
		greatest = max(greatest, v)
	}
	return greatest
}

// decodeBits decodes rows values of one bit into a bitmap and counts the ones. The
// bitmap's last byte has zeros after the last row.
func decodeBits(bitmap []byte, src []byte, rows int) (ones int, err error) {
	clear(bitmap[:(rows+7)/8])
	for at := 0; at < rows; {
		run, rest, err := nextRun(src, 1, rows-at)
		if err != nil {
			return 0, err
		}
		src = rest
		switch {
		case run.packed == nil && run.value > 1:
			return 0, errors.New("a page has a level that is too high")
		case run.packed == nil && run.value == 1:
			setBits(bitmap, at, run.count)
		case run.packed != nil:
			appendBits(bitmap, at, run.packed, run.count)
		}
		at += run.count
	}
	for _, b := range bitmap[:(rows+7)/8] {
		ones += bits.OnesCount8(b)
	}
	return ones, nil
}

func setBits(bitmap []byte, at, count int) {
	end := at + count
	for ; at < end && at&7 != 0; at++ {
		bitmap[at>>3] |= 1 << (at & 7)
	}
	for ; at+8 <= end; at += 8 {
		bitmap[at>>3] = 0xFF
	}
	for ; at < end; at++ {
		bitmap[at>>3] |= 1 << (at & 7)
	}
}

// appendBits puts count bits of src at bit at of a bitmap that is zero from there on.
func appendBits(bitmap []byte, at int, src []byte, count int) {
	shift := at & 7
	to := at >> 3
	bytes := (count + 7) / 8
	for i, b := range src[:bytes] {
		if rest := count - 8*i; rest < 8 {
			b &= 1<<rest - 1
		}
		bitmap[to+i] |= b << shift
		if high := b >> (8 - shift); high != 0 {
			bitmap[to+i+1] |= high
		}
	}
}
