package library_test

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/ir/abi"
)

// texts draws strings of all lengths around the sizes of loads, with few letters, so
// that they are often alike.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune{'a', 'b', 'é', '世', '😀', 0}), -1, -1, 80),
		rapid.StringOfN(rapid.RuneFrom([]rune{'a', 'b', 'A', 'Z', 'z', '@', '['}), -1, -1, 200),
		rapid.String(),
	)
}

// referenceHash is wyhash 4.2 with the seed that its preparation of zero gives.
func referenceHash(s string) int64 {
	secret := [4]uint64{0x2d358dccaa6c78a5, 0x8bb84b93962eacc9, 0x4b33a62ed433d4a3, 0x4d5a2da51de1aa47}
	multiply := func(a, b uint64) (low, high uint64) {
		high, low = bits.Mul64(a, b)
		return low, high
	}
	mix := func(a, b uint64) uint64 {
		low, high := multiply(a, b)
		return low ^ high
	}
	r8 := func(at int) uint64 { return binary.LittleEndian.Uint64([]byte(s[at : at+8])) }
	r4 := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32([]byte(s[at : at+4]))) }
	seed := mix(secret[0], secret[1])
	n := len(s)
	var a, b uint64
	switch {
	case n > 16:
		at, rest := 0, n
		if rest > 48 {
			seed1, seed2 := seed, seed
			for ; rest > 48; rest, at = rest-48, at+48 {
				seed = mix(r8(at)^secret[1], r8(at+8)^seed)
				seed1 = mix(r8(at+16)^secret[2], r8(at+24)^seed1)
				seed2 = mix(r8(at+32)^secret[3], r8(at+40)^seed2)
			}
			seed ^= seed1 ^ seed2
		}
		for ; rest > 16; rest, at = rest-16, at+16 {
			seed = mix(r8(at)^secret[1], r8(at+8)^seed)
		}
		a, b = r8(n-16), r8(n-8)
	case n >= 4:
		a = r4(0)<<32 | r4(n>>3<<2)
		b = r4(n-4)<<32 | r4(n-4-n>>3<<2)
	case n > 0:
		a = uint64(s[0])<<16 | uint64(s[n>>1])<<8 | uint64(s[n-1])
	}
	low, high := multiply(a^secret[1], b^seed)
	return int64(mix(low^secret[0]^uint64(n), high^secret[1]))
}

func TestHashString(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		for n := range 200 {
			m.reset()
			s := strings.Repeat("heddle weaves", 20)[:n]
			if got, want := must[int64](t, m, "hash_string", s), referenceHash(s); got != want {
				t.Fatalf("%q: %#x, want %#x", s, got, want)
			}
		}
	})
}

func TestCompareStrings(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			m.reset()
			a := texts().Draw(r, "a")
			b := rapid.OneOf(texts(), rapid.Just(a), rapid.Map(texts(), func(s string) string { return a + s }), rapid.Just(a[:len(a)/2]+"x"+a[len(a)/2:])).Draw(r, "b")
			equal := func(name string, got any, want any) {
				if got != want {
					r.Errorf("%s(%q, %q) = %v, want %v", name, a, b, got, want)
				}
			}
			equal("string_equal", must[int32](t, m, "string_equal", a, b) != 0, a == b)
			equal("string_equal_short", must[int32](t, m, "string_equal_short", a, b) != 0, a == b)
			equal("string_compare", must[int32](t, m, "string_compare", a, b), int32(strings.Compare(a, b)))
			equal("string_starts_with", must[int32](t, m, "string_starts_with", b, a) != 0, strings.HasPrefix(b, a))
			equal("string_starts_with_short", must[int32](t, m, "string_starts_with_short", b, a) != 0, strings.HasPrefix(b, a))
			equal("string_length", must[int64](t, m, "string_length", a), int64(utf8.RuneCountInString(a)))
			equal("string_concat", m.text(must[int64](t, m, "string_concat", a, b, site)), a+b)
		})
	})
}

func TestSubstring(t *testing.T) {
	reference := func(s string, start, length int64) any {
		if length < 0 {
			return fails
		}
		runes := []rune(s)
		end := int64(math.MaxInt64)
		if start <= 0 || length <= math.MaxInt64-start {
			end = start + length
		}
		end = min(end, int64(len(runes))+1)
		start = max(start, 1)
		if start >= end {
			return ""
		}
		return string(runes[start-1 : end-1])
	}
	forEach(t, func(t *testing.T, m *machine) {
		check := func(r rapid.TB, s string, start, length int64) {
			m.reset()
			got := m.outcome(t, "string_substring", s, start, length, site)
			if packed, ok := got.(int64); ok {
				got = m.text(packed)
			}
			if want := reference(s, start, length); got != want {
				r.Errorf("substring(%q, %d, %d) = %v, want %v", s, start, length, got, want)
			}
			if want := reference(s, start, math.MaxInt64-max(start, 0)); start > math.MinInt64/2 {
				if got := m.text(must[int64](t, m, "string_substring_from", s, start)); got != want {
					r.Errorf("substring(%q, %d) = %q, want %q", s, start, got, want)
				}
			}
		}
		extremes := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, 2, 15, 16, 17, 18, math.MaxInt64 - 1, math.MaxInt64}
		for _, s := range []string{"", "a", "été", strings.Repeat("é", 17), strings.Repeat("abcdefgh", 5)} {
			for _, start := range extremes {
				for _, length := range extremes {
					check(t, s, start, length)
				}
			}
		}
		randomly(t, func(r *rapid.T) {
			position := rapid.Int64Range(-10, 100)
			check(r, rapid.StringOfN(rapid.RuneFrom([]rune("aé世😀")), -1, -1, 90).Draw(r, "s"), position.Draw(r, "start"), position.Draw(r, "length"))
		})
	})
}

func TestCase(t *testing.T) {
	mapped := func(s string, low, high byte) string {
		b := []byte(s)
		for i, c := range b {
			if c >= low && c <= high {
				b[i] ^= 0x20
			}
		}
		return string(b)
	}
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			m.reset()
			s := texts().Draw(r, "s")
			if got, want := m.text(must[int64](t, m, "string_upper", s, site)), mapped(s, 'a', 'z'); got != want {
				r.Errorf("upper(%q) = %q, want %q", s, got, want)
			}
			if got, want := m.text(must[int64](t, m, "string_lower", s, site)), mapped(s, 'A', 'Z'); got != want {
				r.Errorf("lower(%q) = %q, want %q", s, got, want)
			}
		})
	})
}

// The last part of the scratch area is left to keys.
const scratchLeast = abi.ScratchLimit - 0x20000

func TestScratchFull(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		for _, test := range []struct {
			left uint32
			want bool
		}{{9, false}, {10, true}, {11, true}} {
			m.reset()
			binary.LittleEndian.PutUint32(m.memory[abi.ScratchCursor:], scratchLeast-test.left)
			got := m.outcome(t, "string_concat", "hello", "world", site)
			if _, ok := got.(int64); ok != test.want {
				t.Errorf("%d bytes left: %v", test.left, got)
			}
		}
	})
}

func TestPersist(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		put := func(at int, v uint32) { binary.LittleEndian.PutUint32(m.memory[at:], v) }
		for _, length := range []int{0, 1, 3, 4, 7, 8, 15, 16, 31, 32, 33, 100} {
			m.reset()
			s := strings.Repeat("0123456789", 10)[:length]
			packed := m.place(s)
			at := uint32(packed)
			for _, stable := range []bool{false, true} {
				put(contextAt+abi.ContextStableBase, at+1)
				if stable {
					put(contextAt+abi.ContextStableBase, at)
				}
				put(contextAt+abi.ContextStableLimit, at+1)
				const end = dataAt + 4096
				put(writerAt+abi.WriterEnd, end)
				moved := int32(length)
				if stable {
					moved = 0
				}
				if got := must[int32](t, m, "volatile_length", packed, contextAt); got != moved {
					t.Errorf("volatile_length of %d bytes, stable %v: %d", length, stable, got)
				}
				got := must[int64](t, m, "persist", packed, contextAt, writerAt)
				if m.text(got) != s {
					t.Errorf("persist gives %q, want %q", m.text(got), s)
				}
				if (got == packed) != (moved == 0) {
					t.Errorf("%d bytes, stable %v: moved to %#x", length, stable, uint32(got))
				}
				if left := binary.LittleEndian.Uint32(m.memory[writerAt+abi.WriterEnd:]); left != end-uint32(moved) {
					t.Errorf("the writer's end moved by %d, want %d", end-left, moved)
				}
			}
		}
	})
}
