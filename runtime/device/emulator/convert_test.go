package emulator

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// registerOf are registers of the frame by their width: the words A and a result.
var registerOf = map[int]struct{ source, result, widen string }{
	16: {"ha", "hd", "cvt.u64.u16 D, hd;"},
	32: {"a", "d", "cvt.u64.u32 D, d;"},
	64: {"A", "D", ""},
}

// extended is a word as a number of a type.
func extended(word uint64, bits int, signed bool) *big.Int {
	if signed {
		return big.NewInt(signExtend(word, bits))
	}
	return new(big.Int).SetUint64(word & widthMask(bits))
}

// TestIntegerConversions holds all conversions of integers, in registers of all widths,
// against exact arithmetic.
func TestIntegerConversions(t *testing.T) {
	in := words(rand.New(rand.NewPCG(5, 6)), edges64)[:64]
	types := []string{"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"}
	b := open(t, Options{})
	for _, fromName := range types {
		for _, toName := range types {
			from, _ := parseType(fromName)
			to, _ := parseType(toName)
			for width, result := range registerOf {
				source := registerOf[max(from.bits, 16)]
				if width < to.bits {
					continue
				}
				for _, saturate := range []string{"", ".sat"} {
					code := fmt.Sprintf("cvt%s.%s.%s %s, %s;", saturate, toName, fromName, result.result, source.source)
					low := new(big.Int)
					high := new(big.Int).SetUint64(to.mask())
					if to.signed() {
						high.Rsh(high, 1)
						low.Not(high)
					}
					for i, got := range evaluate(b, code+result.widen, in) {
						v := extended(in[i][0], from.bits, from.signed())
						if saturate != "" && v.Cmp(low) < 0 {
							v = low
						}
						if saturate != "" && v.Cmp(high) > 0 {
							v = high
						}
						kept := new(big.Int).And(v, new(big.Int).SetUint64(to.mask())).Uint64()
						want := new(big.Int).And(extended(kept, to.bits, to.signed()), new(big.Int).SetUint64(widthMask(width))).Uint64()
						if got != want {
							t.Errorf("%s of %#x: got %#x, want %#x", code, in[i][0], got, want)
							break
						}
					}
				}
			}
		}
	}
}

// TestSmallNumbers converts all numbers of 16 bits to 32 bits and back.
func TestSmallNumbers(t *testing.T) {
	for _, kind := range []string{"f16", "bf16"} {
		v, _ := parseType(kind)
		decode, encode := decoder(v), encoder(v)
		for bits := range uint64(1 << 16) {
			f := decode(bits)
			if back := encode(f); back != bits && !math.IsNaN(f) {
				t.Errorf("%s %#x is %v, and %#x", kind, bits, f, back)
			}
			// Half way to the next number, the even one is nearest.
			next := decode(bits + 1)
			if math.IsNaN(f) || math.IsNaN(next) || math.IsInf(f, 0) || math.IsInf(next, 0) || bits&0x7fff == 0x7fff {
				continue
			}
			if got, want := encode((f+next)/2), bits+bits&1; got != want {
				t.Errorf("%s between %#x and the next: got %#x", kind, bits, got)
			}
		}
	}
	if got := encodeSmall(65520, 10, 5, nearest); got != 0x7c00 {
		t.Errorf("65520 is %#x", got)
	}
	if got := encodeSmall(65520, 10, 5, towardZero); got != 0x7bff {
		t.Errorf("65520 is %#x", got)
	}
	if got := encodeSmall(-1e-30, 10, 5, downward); got != 0x8001 {
		t.Errorf("-1e-30 is %#x", got)
	}
}
