package encode

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/internal/diag"
)

// reader reads a part of a module. The first fault sticks in err; from then on
// every method gives zero and remaining is 0, so that loops end.
type reader struct {
	b   []byte // the whole module: offsets in messages count from its beginning
	pos int
	end int
	err *diag.Diagnostic
}

func (r *reader) fail(code diag.Code, at int, format string, args ...any) {
	if r.err == nil {
		r.err = diag.New(code, "%s at byte 0x%x", fmt.Sprintf(format, args...), at)
		r.pos = r.end
	}
}

func (r *reader) malformed(at int, format string, args ...any) {
	r.fail(codeMalformed, at, "malformed WebAssembly module: %s", fmt.Sprintf(format, args...))
}

func (r *reader) remaining() int { return r.end - r.pos }

func (r *reader) byte() byte {
	if r.pos >= r.end {
		r.malformed(r.pos, "unexpected end")
		return 0
	}
	r.pos++
	return r.b[r.pos-1]
}

func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(r.remaining()) {
		r.malformed(r.pos, "%d bytes wanted, %d left", n, r.remaining())
		return nil
	}
	r.pos += int(n)
	return r.b[r.pos-int(n) : r.pos : r.pos]
}

func (r *reader) u32() uint32 {
	if r.pos < r.end && r.b[r.pos] < 0x80 {
		r.pos++
		return uint32(r.b[r.pos-1])
	}
	start := r.pos
	var v uint32
	for shift := 0; ; shift += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		if shift == 28 && c > 0x0f {
			r.malformed(start, "number beyond 32 bits")
			return 0
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

// signed reads a signed number of 32, 33 or 64 bits.
func (r *reader) signed(bits int) int64 {
	start := r.pos
	var v int64
	for shift := 0; ; shift += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		if left := bits - shift; left < 7 {
			// The bits beyond the width must repeat the sign.
			if c >= 0x80 || int8(c<<1)>>1>>(left-1) != 0 && int8(c<<1)>>1>>(left-1) != -1 {
				r.malformed(start, "number beyond %d bits", bits)
				return 0
			}
		}
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

func (r *reader) fixed32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) fixed64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) vector() (v [16]byte) {
	copy(v[:], r.bytes(16))
	return v
}

func (r *reader) name() string {
	start := r.pos
	b := r.bytes(r.u32())
	if !utf8.Valid(b) {
		r.malformed(start, "name is not UTF-8")
		return ""
	}
	return string(b)
}

// count reads the length of a vector. Every item takes at least one byte, so a
// length beyond the bytes left is a lie, found before memory is spent on it.
func (r *reader) count(what string) int {
	start := r.pos
	n := r.u32()
	if uint64(n) > uint64(r.remaining()) {
		r.malformed(start, "%d %s in %d bytes", n, what, r.remaining())
		return 0
	}
	return int(n)
}

// index reads an index below limit.
func (r *reader) index(what string, limit int) uint32 {
	start := r.pos
	i := r.u32()
	if r.err == nil && uint64(i) >= uint64(limit) {
		r.fail(codeIndex, start, "%s %d of %d", what, i, limit)
		return 0
	}
	return i
}

func (r *reader) valType() ValType {
	start := r.pos
	t := ValType(r.byte())
	if r.err == nil && !t.Valid() {
		r.fail(codeUnsupported, start, "type 0x%02x is not supported", byte(t))
	}
	return t
}

func (r *reader) refType() ValType {
	start := r.pos
	t := ValType(r.byte())
	if r.err == nil && !t.IsRef() {
		r.fail(codeUnsupported, start, "reference type 0x%02x is not supported", byte(t))
	}
	return t
}
