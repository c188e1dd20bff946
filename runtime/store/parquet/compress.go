package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// Compression codecs, by their numbers in the format.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecZstd   = 6
	codecLZ4Raw = 7
)

var codecNames = map[string]int32{"none": codecNone, "snappy": codecSnappy, "zstd": codecZstd, "gzip": codecGzip}

var (
	errTooLarge   = errors.New("a page is too large")
	errDecompress = errors.New("a page cannot be decompressed")
)

// mostExpansion bounds how many bytes one compressed byte can stand for, so that a
// small page cannot claim a large amount of memory. Snappy copies 64 bytes by 3, LZ4
// 255 by 1, deflate 258 by 2 bits; zstd has runs of 128 KiB in 4 bytes.
func mostExpansion(codec int32) int64 {
	switch codec {
	case codecSnappy:
		return 32
	case codecLZ4Raw:
		return 256
	case codecGzip:
		return 1100
	default:
		return 1 << 15
	}
}

// decompress decodes a page into *memory. The page must have just size bytes.
func decompress(memory *[]byte, codec int32, src []byte, size int) (page []byte, err error) {
	if codec == codecNone {
		if len(src) != size {
			return nil, errDecompress
		}
		return src, nil
	}
	if size == 0 {
		return nil, nil
	}
	if int64(size) > 1024+int64(len(src))*mostExpansion(codec) {
		return nil, errTooLarge
	}
	defer func() {
		if recover() != nil { // the decoders are not ours, and the input is not trusted
			page, err = nil, errDecompress
		}
	}()
	dst := grow(memory, size)
	switch codec {
	case codecSnappy:
		if n, err := snappy.DecodedLen(src); err != nil || n != size {
			return nil, errDecompress
		}
		page, err = snappy.Decode(dst, src)
	case codecZstd:
		d := zstdDecoders.Get().(*zstd.Decoder)
		page, err = d.DecodeAll(src, dst[:0:size])
		zstdDecoders.Put(d)
	case codecGzip:
		page, err = gunzip(dst, src)
	case codecLZ4Raw:
		page, err = decodeLZ4(dst, src)
	default:
		return nil, fmt.Errorf("a page is compressed with codec %d, which is not known", codec)
	}
	if err != nil || len(page) != size {
		return nil, errDecompress
	}
	return page, nil
}

// decodeLZ4 decodes an LZ4 block:
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
func decodeLZ4(dst, src []byte) ([]byte, error) {
	out := dst[:0]
	length := func(n int) int {
		for more := n == 15; more; {
			if len(src) == 0 || n > len(dst) {
				return -1
			}
			n += int(src[0])
			more = src[0] == 255
			src = src[1:]
		}
		return n
	}
	for len(src) > 0 {
		token := src[0]
		src = src[1:]
		literals := length(int(token >> 4))
		if literals < 0 || literals > len(src) || literals > len(dst)-len(out) {
			return nil, errDecompress
		}
		out = append(out, src[:literals]...)
		if src = src[literals:]; len(src) == 0 {
			return out, nil
		}
		if len(src) < 2 {
			return nil, errDecompress
		}
		offset := int(src[0]) | int(src[1])<<8
		src = src[2:]
		match := length(int(token & 15))
		if match += 4; match < 4 || offset == 0 || offset > len(out) || match > len(dst)-len(out) {
			return nil, errDecompress
		}
		for from := len(out) - offset; match > 0; match-- { // source and copy may overlap
			out = append(out, out[from])
			from++
		}
	}
	return nil, errDecompress
}

func gunzip(dst, src []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	n, err := io.ReadFull(r, dst)
	return dst[:n], err
}

var zstdDecoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxPageBytes))
	if err != nil {
		panic("BUG: zstd refuses its options: " + err.Error())
	}
	return d
}}

var zstdEncoders = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true))
	if err != nil {
		panic("BUG: zstd refuses its options: " + err.Error())
	}
	return e
}}

// compress appends a page to dst.
func compress(dst []byte, codec int32, src []byte) []byte {
	switch codec {
	case codecNone:
		return append(dst, src...)
	case codecSnappy:
		start := len(dst)
		most := snappy.MaxEncodedLen(len(src))
		if cap(dst)-start < most {
			dst = append(make([]byte, 0, start+most), dst...)
		}
		return dst[:start+len(snappy.Encode(dst[start:start+most], src))]
	case codecZstd:
		e := zstdEncoders.Get().(*zstd.Encoder)
		dst = e.EncodeAll(src, dst)
		zstdEncoders.Put(e)
		return dst
	case codecGzip:
		out := bytes.NewBuffer(dst)
		w := gzip.NewWriter(out)
		_, err := w.Write(src)
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			panic("BUG: writing to memory failed: " + err.Error())
		}
		return out.Bytes()
	default:
		panic(fmt.Sprintf("BUG: compression codec %d", codec))
	}
}
