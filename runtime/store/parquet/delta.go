package parquet

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// The delta encodings:
// https://github.com/apache/parquet-format/blob/master/Encodings.md

var errDelta = errors.New("a page has deltas that cannot be decoded")

// decodeDelta decodes DELTA_BINARY_PACKED values and returns what follows them. A
// page that has fewer than len(dst) is an error.
func decodeDelta(dst []int64, src []byte) (rest []byte, err error) {
	var header [3]uint64 // values of a block, miniblocks of a block, all values
	for i := range header {
		v, n := binary.Uvarint(src)
		if n <= 0 {
			return nil, errDelta
		}
		header[i], src = v, src[n:]
	}
	first, n := binary.Varint(src)
	if n <= 0 {
		return nil, errDelta
	}
	src = src[n:]
	if header[2] != uint64(len(dst)) || header[1] == 0 || header[0] == 0 || header[0] > 1<<20 ||
		header[0]%header[1] != 0 || header[0]/header[1]%32 != 0 {
		return nil, errDelta
	}
	if len(dst) == 0 {
		return src, nil
	}
	dst[0] = first
	perMini, minis := int(header[0]/header[1]), int(header[1])
	value := first
	for at := 1; at < len(dst); {
		least, n := binary.Varint(src)
		if n <= 0 || len(src)-n < minis {
			return nil, errDelta
		}
		widths := src[n : n+minis]
		src = src[n+minis:]
		for _, width := range widths {
			if at == len(dst) {
				break // the widths of miniblocks that are not there may be anything
			}
			bytes := perMini / 8 * int(width)
			if width > 64 || len(src) < bytes {
				return nil, errDelta
			}
			packed := src[:bytes]
			src = src[bytes:]
			n := min(perMini, len(dst)-at)
			value = addDeltas(dst[at:at+n], packed, uint(width), least, value)
			at += n
		}
	}
	return src, nil
}

// addDeltas writes the values of a miniblock and returns the last.
func addDeltas(dst []int64, packed []byte, width uint, least, value int64) int64 {
	i := 0
	if width <= 57 { // what a shift by at most 7 leaves of 8 bytes
		mask := uint64(1)<<width - 1
		for bit := 0; i < len(dst) && bit>>3+8 <= len(packed); i, bit = i+1, bit+int(width) {
			value += least + int64(binary.LittleEndian.Uint64(packed[bit>>3:])>>(bit&7)&mask)
			dst[i] = value
		}
	}
	for ; i < len(dst); i++ {
		value += least + int64(bitsAt(packed, i*int(width), width))
		dst[i] = value
	}
	return value
}

// Blocks of the writer, as all other writers make them.
const (
	deltaBlock = 128
	deltaMini  = 32
)

// appendDelta encodes values as DELTA_BINARY_PACKED.
func appendDelta(to []byte, values []int64) []byte {
	to = binary.AppendUvarint(to, deltaBlock)
	to = binary.AppendUvarint(to, deltaBlock/deltaMini)
	to = binary.AppendUvarint(to, uint64(len(values)))
	if len(values) == 0 {
		return binary.AppendVarint(to, 0)
	}
	previous := values[0]
	to = binary.AppendVarint(to, previous)
	var deltas [deltaBlock]int64
	for values = values[1:]; len(values) > 0; {
		n := min(deltaBlock, len(values))
		least := int64(math.MaxInt64)
		for i, v := range values[:n] {
			deltas[i] = v - previous // may wrap around; so does the sum
			previous = v
			least = min(least, deltas[i])
		}
		values = values[n:]
		for i := n; i < deltaBlock; i++ {
			deltas[i] = least
		}
		to = binary.AppendVarint(to, least)
		widths := len(to)
		to = append(to, make([]byte, deltaBlock/deltaMini)...)
		for mini := 0; mini*deltaMini < n; mini++ {
			part := deltas[mini*deltaMini : (mini+1)*deltaMini]
			all := uint64(0)
			for i := range part {
				part[i] -= least
				all |= uint64(part[i])
			}
			width := bits.Len64(all)
			to[widths+mini] = byte(width)
			to = appendPacked(to, part, width)
		}
	}
	return to
}

func appendPacked(to []byte, values []int64, width int) []byte {
	start := len(to)
	to = append(to, make([]byte, len(values)*width/8)...)
	out := to[start:]
	for i, v := range values {
		bit := i * width
		at, shift := bit>>3, bit&7
		low := uint64(v) << shift
		for k := 0; k < 8 && at+k < len(out); k++ {
			out[at+k] |= byte(low >> (8 * k))
		}
		if shift+width > 64 {
			out[at+8] |= byte(uint64(v) >> (64 - shift))
		}
	}
	return to
}

// bitsAt reads width bits from bit at on.
func bitsAt(src []byte, at int, width uint) uint64 {
	if width == 0 {
		return 0
	}
	var word [16]byte
	copy(word[:], src[at>>3:])
	shift := uint(at & 7)
	v := binary.LittleEndian.Uint64(word[:]) >> shift
	if shift+width > 64 {
		v |= uint64(word[8]) << (64 - shift)
	}
	if width < 64 {
		v &= 1<<width - 1
	}
	return v
}

// decodeDeltaLength turns DELTA_LENGTH_BYTE_ARRAY into PLAIN.
func (s *scratch) decodeDeltaLength(src []byte, n int) ([]byte, error) {
	lengths := grow(&s.integers, n)
	text, err := decodeDelta(lengths, src)
	if err != nil {
		return nil, err
	}
	out := s.plain[:0]
	for _, length := range lengths {
		if length < 0 || length > int64(len(text)) {
			return nil, errDelta
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(length))
		out = append(out, text[:length]...)
		text = text[length:]
	}
	s.plain = out
	return out, nil
}

// decodeDeltaByteArray turns DELTA_BYTE_ARRAY into PLAIN; with fixed set, values have
// no lengths before them and must all be that long.
func (s *scratch) decodeDeltaByteArray(src []byte, n, fixed int) ([]byte, error) {
	all := grow(&s.integers, 2*n)
	prefixes, lengths := all[:n], all[n:]
	src, err := decodeDelta(prefixes, src)
	if err != nil {
		return nil, err
	}
	text, err := decodeDelta(lengths, src)
	if err != nil {
		return nil, err
	}
	most := min(maxPageBytes, 16<<20+256*int64(len(text))) // or prefixes of prefixes fill the memory
	out := s.plain[:0]
	previous, end := 0, 0 // where the value before lies in out
	for i, prefix := range prefixes {
		length := lengths[i]
		if prefix < 0 || prefix > int64(end-previous) || length < 0 || length > int64(len(text)) {
			return nil, errDelta
		}
		if int64(len(out))+prefix+length > most {
			return nil, errTooLarge
		}
		if fixed == 0 {
			out = binary.LittleEndian.AppendUint32(out, uint32(prefix+length))
		} else if prefix+length != int64(fixed) {
			return nil, errDelta
		}
		start := len(out)
		out = append(out, out[previous:previous+int(prefix)]...)
		out = append(out, text[:length]...)
		text = text[length:]
		previous, end = start, len(out)
	}
	s.plain = out
	return out, nil
}

// decodeByteStreamSplit turns BYTE_STREAM_SPLIT into PLAIN.
func (s *scratch) decodeByteStreamSplit(src []byte, n, width int) ([]byte, error) {
	if len(src) < n*width {
		return nil, errShort
	}
	out := grow(&s.plain, n*width)
	for b := range width {
		stream := src[b*n : (b+1)*n]
		for i, v := range stream {
			out[i*width+b] = v
		}
	}
	return out, nil
}

// grow returns a slice of n elements, using the memory of *memory if it suffices.
func grow[T any](memory *[]T, n int) []T {
	if cap(*memory) < n {
		*memory = make([]T, n, n+n/4)
	}
	*memory = (*memory)[:n]
	return *memory
}
