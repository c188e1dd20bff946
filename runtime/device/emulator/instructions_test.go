package emulator

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"
)

// frame is a kernel that gives each thread three words, and stores the one in D. There
// are registers of 64 bits in capitals, of 32 bits in small letters, of 16 bits behind
// an h, and predicates.
const frame = `.version 9.0
.target sm_90
.address_size 64
.visible .entry k(.param .u64 k_0, .param .u64 k_1)
{
	.reg .b64 A, B, C, D, E, in, out, at;
	.reg .b32 a, b, c, d, e, tid;
	.reg .b16 ha, hb, hc, hd;
	.reg .pred p, q, s;
	.local .align 16 .b8 depot[64];
	.shared .align 16 .b8 tile[4096];
	ld.param.b64 in, [k_0];
	ld.param.b64 out, [k_1];
	mov.u32 tid, %tid.x;
	mad.wide.u32 in, tid, 24, in;
	ld.global.b64 A, [in];
	ld.global.b64 B, [in+8];
	ld.global.b64 C, [in+16];
	cvt.u32.u64 a, A;
	cvt.u32.u64 b, B;
	cvt.u32.u64 c, C;
	cvt.u16.u64 ha, A;
	cvt.u16.u64 hb, B;
	cvt.u16.u64 hc, C;
	mov.b64 D, 0;
	BODY
	mad.wide.u32 out, tid, 8, out;
	st.global.b64 [out], D;
	ret;
}
`

// evaluate runs a piece of code for each triple of words.
func evaluate(b *bench, body string, words [][3]uint64) []uint64 {
	b.t.Helper()
	text := strings.Replace(frame, "BODY", body, 1)
	if p := b.Properties(); p.PTX < 90 {
		text = strings.Replace(text, "9.0", fmt.Sprintf("%d.%d", p.PTX/10, p.PTX%10), 1)
	}
	k := b.kernel(text, "k")
	out := up(b, make([]uint64, len(words)))
	b.must(k, 1, len(words), 0, up(b, words), out)
	return down[uint64](b, out, len(words))
}

func floats32(f func(x, y, z float32) float32) func(a, b, c uint64) uint64 {
	return func(a, b, c uint64) uint64 { return bits32(f(float32Of(a), float32Of(b), float32Of(c))) }
}

func floats64(f func(x, y, z float64) float64) func(a, b, c uint64) uint64 {
	return func(a, b, c uint64) uint64 { return bits64(f(float64Of(a), float64Of(b), float64Of(c))) }
}

// rational32 rounds an exact result of three numbers once.
func rational32(f func(x, y, z *big.Float) *big.Float) func(a, b, c uint64) uint64 {
	return func(a, b, c uint64) uint64 {
		var in [3]*big.Float
		for i, v := range []uint64{a, b, c} {
			x := float64(float32Of(v))
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return bits32(float32(math.NaN()))
			}
			in[i] = new(big.Float).SetPrec(1000).SetFloat64(x)
		}
		r, _ := f(in[0], in[1], in[2]).Float32()
		return bits32(r)
	}
}

func low(f func(a, b, c uint32) uint32) func(a, b, c uint64) uint64 {
	return func(a, b, c uint64) uint64 { return uint64(f(uint32(a), uint32(b), uint32(c))) }
}

func pick[T any](v bool, yes, no T) T {
	if v {
		return yes
	}
	return no
}

// widen takes d for the result, and flag the predicate p.
const widen = "; cvt.u64.u32 D, d;"

func flag(code string) string { return code + "; selp.b64 D, 1, 0, p;" }

var instructionTests = []struct {
	name, body string
	want       func(a, b, c uint64) uint64
	kind       string // of words: "", "f32", "f64", "small" or "close"
}{
	{"add 32", "add.s32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return a + b }), ""},
	{"add 64", "add.s64 D, A, B;", func(a, b, _ uint64) uint64 { return a + b }, ""},
	{"add 16", "add.s16 hd, ha, hb; cvt.u64.u16 D, hd;", func(a, b, _ uint64) uint64 { return uint64(uint16(a + b)) }, ""},
	{"sub 32", "sub.u32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return a - b }), ""},
	{"add 128", "add.cc.u64 E, A, B; addc.u64 D, C, 0;", func(a, b, c uint64) uint64 { _, k := bits.Add64(a, b, 0); return c + k }, ""},
	{"sub 128", "sub.cc.u64 E, A, B; subc.u64 D, C, 0;", func(a, b, c uint64) uint64 { _, k := bits.Sub64(a, b, 0); return c - k }, ""},
	{"add 96", "add.cc.u32 d, a, b; addc.cc.u32 e, c, c; addc.u32 d, 0, 0" + widen, low(func(a, b, c uint32) uint32 {
		_, k := bits.Add32(a, b, 0)
		_, k = bits.Add32(c, c, k)
		return k
	}), ""},
	{"sub 96", "sub.cc.u32 d, a, b; subc.cc.u32 e, c, b; subc.u32 d, c, 0" + widen, low(func(a, b, c uint32) uint32 {
		_, k := bits.Sub32(a, b, 0)
		_, k = bits.Sub32(c, b, k)
		return c - k
	}), ""},
	{"mad wide 16", "mad.wide.u16 d, ha, hb, c" + widen, low(func(a, b, c uint32) uint32 { return a&0xffff*(b&0xffff) + c }), ""},
	{"mad hi", "mad.hi.s32 d, a, b, c" + widen, low(func(a, b, c uint32) uint32 { return uint32(int64(int32(a))*int64(int32(b))>>32) + c }), ""},
	{"sub 16", "sub.u16 hd, ha, hb; cvt.u64.u16 D, hd;", func(a, b, _ uint64) uint64 { return uint64(uint16(a - b)) }, ""},
	{"hints", "prefetch.global.L2 [in]; nanosleep.u32 20; ld.global.L1::no_allocate.L2::128B.b64 D, [in]; cp.async.wait_all; mov.u64 E, %clock64; setp.eq.u64 p, E, E; @!p trap;", func(a, _, _ uint64) uint64 { return a }, ""},
	{"mad carry", "mad.lo.cc.u32 d, a, b, c; madc.hi.u32 d, a, b, 0" + widen, func(a, b, c uint64) uint64 {
		return (uint64(uint32(a))*uint64(uint32(b)) + uint64(uint32(c))) >> 32
	}, ""},
	{"mul hi signed 64", "mul.hi.s64 D, A, B;", func(a, b, _ uint64) uint64 {
		p := new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(int64(b)))
		return uint64(p.Rsh(p, 64).Int64())
	}, ""},
	{"mul hi unsigned 64", "mul.hi.u64 D, A, B;", func(a, b, _ uint64) uint64 { h, _ := bits.Mul64(a, b); return h }, ""},
	{"mul hi signed 32", "mul.hi.s32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return uint32(int64(int32(a)) * int64(int32(b)) >> 32) }), ""},
	{"mul hi unsigned 32", "mul.hi.u32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return uint32(uint64(a) * uint64(b) >> 32) }), ""},
	{"mul wide", "mul.wide.s32 D, a, b;", func(a, b, _ uint64) uint64 { return uint64(int64(int32(a)) * int64(int32(b))) }, ""},
	{"mul wide 16", "mul.wide.s16 d, ha, hb" + widen, low(func(a, b, _ uint32) uint32 { return uint32(int32(int16(a)) * int32(int16(b))) }), ""},
	{"mul lo", "mul.lo.s32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return a * b }), ""},
	{"mad lo 64", "mad.lo.s64 D, A, B, C;", func(a, b, c uint64) uint64 { return a*b + c }, ""},
	{"mad wide", "mad.wide.s32 D, a, b, C;", func(a, b, c uint64) uint64 { return uint64(int64(int32(a))*int64(int32(b))) + c }, ""},
	{"div signed", "div.s32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 {
		if b == 0 {
			return math.MaxUint32
		}
		return uint32(int32(a) / int32(b))
	}), ""},
	{"rem signed 64", "rem.s64 D, A, B;", func(a, b, _ uint64) uint64 {
		if b == 0 {
			return a
		}
		return uint64(int64(a) % int64(b))
	}, ""},
	{"div unsigned 64", "div.u64 D, A, B;", func(a, b, _ uint64) uint64 {
		if b == 0 {
			return math.MaxUint64
		}
		return a / b
	}, ""},
	{"min signed", "min.s32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return uint32(min(int32(a), int32(b))) }), ""},
	{"max unsigned", "max.u64 D, A, B;", func(a, b, _ uint64) uint64 { return max(a, b) }, ""},
	{"abs", "abs.s32 d, a" + widen, low(func(a, _, _ uint32) uint32 { return uint32(max(int32(a), -int32(a))) | a&-a&(1<<31) }), ""},
	{"neg", "neg.s64 D, A;", func(a, _, _ uint64) uint64 { return -a }, ""},
	{"sad", "sad.u32 d, a, b, c" + widen, low(func(a, b, c uint32) uint32 { return max(a, b) - min(a, b) + c }), ""},
	{"and", "and.b32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return a & b }), ""},
	{"not", "not.b32 d, a" + widen, low(func(a, _, _ uint32) uint32 { return ^a }), ""},
	{"cnot", "cnot.b32 d, a" + widen, low(func(a, _, _ uint32) uint32 { return pick[uint32](a == 0, 1, 0) }), ""},
	{"lop3", "lop3.b32 d, a, b, c, 0xE8" + widen, low(func(a, b, c uint32) uint32 { return a&b | a&c | b&c }), ""},
	{"shl", "shl.b32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return a << b }), "small"},
	{"shr signed", "shr.s32 d, a, b" + widen, low(func(a, b, _ uint32) uint32 { return uint32(int32(a) >> b) }), "small"},
	{"shr unsigned 64", "shr.u64 D, A, b;", func(a, b, _ uint64) uint64 { return a >> b }, "small"},
	{"shf wrap", "shf.l.wrap.b32 d, a, b, c" + widen, low(func(a, b, c uint32) uint32 { return uint32((uint64(b)<<32 | uint64(a)) << (c & 31) >> 32) }), ""},
	{"shf clamp", "shf.r.clamp.b32 d, a, b, c" + widen, low(func(a, b, c uint32) uint32 { return uint32((uint64(b)<<32 | uint64(a)) >> min(c, 32)) }), ""},
	{"popc", "popc.b64 d, A" + widen, func(a, _, _ uint64) uint64 { return uint64(bits.OnesCount64(a)) }, ""},
	{"clz", "clz.b32 d, a" + widen, func(a, _, _ uint64) uint64 { return uint64(bits.LeadingZeros32(uint32(a))) }, ""},
	{"brev", "brev.b32 d, a" + widen, low(func(a, _, _ uint32) uint32 { return bits.Reverse32(a) }), ""},
	{"bfind", "bfind.u32 d, a" + widen, low(func(a, _, _ uint32) uint32 { return uint32(bits.Len32(a) - 1) }), ""},
	{"bfind signed", "bfind.shiftamt.s32 d, a" + widen, low(func(a, _, _ uint32) uint32 {
		n := uint32(bits.Len32(pick(int32(a) < 0, ^a, a)))
		return pick(n == 0, math.MaxUint32, 32-n)
	}), ""},
	{"bfe", "bfe.u32 d, a, 5, 7" + widen, low(func(a, _, _ uint32) uint32 { return a >> 5 & 127 }), ""},
	{"bfe signed", "bfe.s32 d, a, 5, 7" + widen, low(func(a, _, _ uint32) uint32 { return uint32(int32(a<<20) >> 25) }), ""},
	{"bfe signed beyond", "bfe.s32 d, a, 28, 20" + widen, low(func(a, _, _ uint32) uint32 { return uint32(int32(a) >> 28) }), ""},
	{"bfe signed 64", "bfe.s64 D, A, 10, 50;", func(a, _, _ uint64) uint64 { return uint64(int64(a<<4) >> 14) }, ""},
	{"bfi", "bfi.b32 d, a, b, 8, 12" + widen, low(func(a, b, _ uint32) uint32 { return b&^0xfff00 | a<<8&0xfff00 }), ""},
	{"prmt", "prmt.b32 d, a, b, 0x4C05" + widen, low(func(a, b, _ uint32) uint32 {
		signs := uint32(int32(b<<24) >> 31)
		return b>>8&0xff | a&0xff<<8 | signs&0xff<<16 | b&0xff<<24
	}), ""},
	{"prmt of a constant", "prmt.b32 d, a, b, 0x7204" + widen, low(func(a, b, _ uint32) uint32 { return b&0xff | a&0xff<<8 | a&0xff_0000 | b&0xff00_0000 }), ""},
	{"prmt of a choice", "prmt.b32 d, a, b, c" + widen, func(a, b, c uint64) uint64 {
		var v uint64
		for n := range 4 {
			one := (b<<32 | a&0xffff_ffff) >> (c >> (4 * n) & 7 * 8) & 0xff
			if c>>(4*n)&8 != 0 {
				one = 0xff * (one >> 7)
			}
			v |= one << (8 * n)
		}
		return v
	}, ""},
	{"prmt forward", "prmt.b32.f4e d, a, b, c" + widen, func(a, b, c uint64) uint64 { return (b<<32 | a&0xffff_ffff) >> (c & 3 * 8) & 0xffff_ffff }, ""},
	{"prmt backward", "prmt.b32.b4e d, a, b, c" + widen, low(func(a, b, c uint32) uint32 {
		both := bits.ReverseBytes64(uint64(b)<<32 | uint64(a))
		return uint32(bits.RotateLeft64(both, 8+int(c&3)*8))
	}), ""},
	{"prmt of one byte", "prmt.b32.rc8 d, a, b, c" + widen, low(func(a, _, c uint32) uint32 { return a >> (c & 3 * 8) & 0xff * 0x0101_0101 }), ""},
	{"prmt of one half", "prmt.b32.rc16 d, a, b, c" + widen, low(func(a, _, c uint32) uint32 { return a >> (c & 1 * 16) & 0xffff * 0x0001_0001 }), ""},
	{"prmt from the left", "prmt.b32.ecl d, a, b, 2" + widen, low(func(a, _, _ uint32) uint32 { return a&0xffff_0000 | a>>16&0xff*0x0101 }), ""},
	{"prmt from the right", "prmt.b32.ecr d, a, b, 2" + widen, low(func(a, _, _ uint32) uint32 { return a&0xff_ffff | a&0xff_0000<<8 }), ""},
	{"dp4a", "dp4a.s32.u32 d, a, b, c" + widen, low(func(a, b, c uint32) uint32 {
		for n := range 4 {
			c += uint32(int32(int8(a>>(8*n))) * int32(uint8(b>>(8*n))))
		}
		return c
	}), ""},
	{"setp less", flag("setp.lt.s32 p, a, b"), func(a, b, _ uint64) uint64 { return truth(int32(a) < int32(b)) }, ""},
	{"setp higher", flag("setp.hi.u64 p, A, B"), func(a, b, _ uint64) uint64 { return truth(a > b) }, ""},
	{"setp 16", flag("setp.ge.s16 p, ha, hb"), func(a, b, _ uint64) uint64 { return truth(int16(a) >= int16(b)) }, ""},
	{"setp and", flag("setp.ne.b32 q, c, 0; setp.le.and.u32 p, a, b, !q"), func(a, b, c uint64) uint64 { return truth(uint32(a) <= uint32(b) && uint32(c) == 0) }, ""},
	{"setp both", "setp.gt.s64 q, C, 0; setp.eq.or.b64 p|s, A, B, q; selp.b64 D, 1, 0, p; @s add.u64 D, D, 2;", func(a, b, c uint64) uint64 {
		return truth(a == b || int64(c) > 0) + 2*truth(a != b || int64(c) > 0)
	}, ""},
	{"predicates", flag("setp.ne.b32 p, a, 0; setp.ne.b32 q, b, 0; xor.pred p, p, q; not.pred p, p; and.pred p, p, 1"), func(a, b, _ uint64) uint64 {
		return truth((uint32(a) != 0) == (uint32(b) != 0))
	}, ""},
	{"mov halves", "mov.b64 {d, e}, A; mov.b64 D, {e, d};", func(a, _, _ uint64) uint64 { return a>>32 | a<<32 }, ""},
	{"mov shorts", "mov.b32 {ha, hb}, a; mov.b64 D, {hb, ha, hc, ha};", func(a, _, c uint64) uint64 {
		return a>>16&0xffff | a&0xffff<<16 | c&0xffff<<32 | a&0xffff<<48
	}, ""},
	{"cvt sign", "cvt.s64.s32 D, a;", func(a, _, _ uint64) uint64 { return uint64(int64(int32(a))) }, ""},
	{"cvt byte", "cvt.s32.s8 d, a" + widen, low(func(a, _, _ uint32) uint32 { return uint32(int32(int8(a))) }), ""},
	{"cvt byte wide", "cvt.u64.u8 D, A;", func(a, _, _ uint64) uint64 { return a & 0xff }, ""},
	{"cvt narrow signed", "cvt.s8.s32 d, a" + widen, low(func(a, _, _ uint32) uint32 { return uint32(int32(int8(a))) }), ""},
	{"cvt unsigned of signed", "cvt.u32.s16 d, ha" + widen, low(func(a, _, _ uint32) uint32 { return uint32(int32(int16(a))) }), ""},
	{"cvt saturated", "cvt.sat.u8.s32 d, a" + widen, func(a, _, _ uint64) uint64 { return uint64(min(max(int32(a), 0), 255)) }, ""},
	{"cvt saturated signed", "cvt.sat.s32.s64 d, A" + widen, low64(func(a int64) int32 { return int32(min(max(a, math.MinInt32), math.MaxInt32)) }), ""},

	{"fadd 32", "add.rn.f32 d, a, b" + widen, floats32(func(x, y, _ float32) float32 { return x + y }), "f32"},
	{"fsub 32", "sub.f32 d, a, b" + widen, floats32(func(x, y, _ float32) float32 { return x - y }), "f32"},
	{"fmul 32", "mul.f32 d, a, b" + widen, floats32(func(x, y, _ float32) float32 { return x * y }), "f32"},
	{"fdiv 32", "div.rn.f32 d, a, b" + widen, floats32(func(x, y, _ float32) float32 { return x / y }), "f32"},
	{"fdiv 64", "div.rn.f64 D, A, B;", floats64(func(x, y, _ float64) float64 { return x / y }), "f64"},
	{"fma 32", "fma.rn.f32 d, a, b, c" + widen, rational32(func(x, y, z *big.Float) *big.Float { return x.Add(x.Mul(x, y), z) }), "close"},
	{"fma 64", "fma.rn.f64 D, A, B, C;", floats64(math.FMA), "f64"},
	{"sqrt 32", "sqrt.rn.f32 d, a" + widen, floats32(func(x, _, _ float32) float32 { return float32(math.Sqrt(float64(x))) }), "f32"},
	{"rcp 32", "rcp.rn.f32 d, a" + widen, floats32(func(x, _, _ float32) float32 { return 1 / x }), "f32"},
	{"min float", "min.f32 d, a, b" + widen, floats32(func(x, y, _ float32) float32 {
		return float32(extremeFloat(float64(x), float64(y), false, math.Min))
	}), "f32"},
	{"max NaN", "max.NaN.f32 d, a, b" + widen, floats32(func(x, y, _ float32) float32 { return float32(math.Max(float64(x), float64(y))) }), "f32"},
	{"fneg", "neg.f64 D, A;", func(a, _, _ uint64) uint64 { return a ^ 1<<63 }, "f64"},
	{"fabs", "abs.f32 d, a" + widen, func(a, _, _ uint64) uint64 { return a & 0x7fff_ffff }, "f32"},
	{"copysign", "copysign.f64 D, A, B;", func(a, b, _ uint64) uint64 { return a&(1<<63) | b&^(1<<63) }, "f64"},
	{"flush", "add.ftz.f32 d, a, b" + widen, floats32(func(x, y, _ float32) float32 { return flushed(flushed(x) + flushed(y)) }), "f32"},
	{"saturate", "add.sat.f32 d, a, b" + widen, floats32(func(x, y, _ float32) float32 {
		r := x + y
		return pick(r > 0, min(r, 1), 0)
	}), "f32"},
	{"setp ordered", flag("setp.ne.f64 p, A, B"), func(a, b, _ uint64) uint64 {
		x, y := float64Of(a), float64Of(b)
		return truth(x < y || x > y)
	}, "f64"},
	{"setp unordered", flag("setp.geu.f32 p, a, b"), func(a, b, _ uint64) uint64 { return truth(!(float32Of(a) < float32Of(b))) }, "f32"},
	{"setp nan", flag("setp.nan.f64 p, A, B"), func(a, b, _ uint64) uint64 {
		return truth(math.IsNaN(float64Of(a)) || math.IsNaN(float64Of(b)))
	}, "f64"},
	{"testp", flag("testp.subnormal.f32 p, a"), func(a, _, _ uint64) uint64 {
		return truth(a&0x7f80_0000 == 0 && a&0x7f_ffff != 0)
	}, "f32"},
	{"testp normal", flag("testp.normal.f64 p, A"), func(a, _, _ uint64) uint64 {
		return truth(a>>52&0x7ff != 0 && a>>52&0x7ff != 0x7ff)
	}, "f64"},
	{"testp finite", flag("testp.finite.f64 p, A; testp.infinite.f64 q, A; or.pred p, p, q; testp.notanumber.f64 q, A; xor.pred p, p, q; testp.number.f64 q, A; xor.pred p, p, !q"), func(a, _, _ uint64) uint64 {
		return truth(!math.IsNaN(float64Of(a)))
	}, "f64"},
	{"atomic sum of numbers", "mad.wide.u32 at, tid, 8, 0; mov.u64 E, tile; add.u64 at, at, E; st.shared.b64 [at], A; bar.warp.sync -1; atom.shared.add.f64 D, [at], B; ld.shared.b64 D, [at];", floats64(func(x, y, _ float64) float64 { return x + y }), "f64"},
	{"half precision product", "cvt.rn.f16x2.f32 d, a, b; mov.b32 {ha, hb}, d; mul.f16x2 d, d, d; mov.b32 {hc, hd}, d; cvt.f32.f16 a, ha; mul.f32 a, a, a; cvt.rn.f16.f32 ha, a; cvt.f32.f16 a, ha; cvt.f32.f16 c, hc; min.NaN.f32 d, a, c; max.NaN.f32 e, a, c; setp.equ.f32 p, d, e; selp.b64 D, 0, 1, p;", func(_, _, _ uint64) uint64 { return 0 }, "f32"},
	{"bf16 fused", "cvt.rn.bf16x2.f32 d, a, b; fma.rn.bf16x2 d, d, d, d; cvt.rn.bf16.f32 ha, b; cvt.f32.bf16 b, ha; fma.rn.f32 c, b, b, b; cvt.rz.bf16.f32 hb, c; cvt.u32.u16 e, hb; and.b32 d, d, 0xffff; sub.s32 d, d, e; setp.le.u32 p, d, 1; setp.nan.or.f32 p, c, c, p; selp.b64 D, 1, 0, p;", func(_, _, _ uint64) uint64 { return 1 }, "f32"},
	{"saturated numbers", "cvt.rn.sat.f32.f64 d, A; cvt.f64.f32 D, d; min.f64 E, A, 0d3FF0000000000000; max.f64 E, E, 0d0000000000000000; cvt.rn.f32.f64 e, E; setp.eq.b32 p, d, e; testp.notanumber.f64 q, A; or.pred p, p, q; selp.b64 D, 1, 0, p;", func(_, _, _ uint64) uint64 { return 1 }, "f64"},
	{"two floats", "add.rn.f32x2 D, A, B;", func(a, b, _ uint64) uint64 {
		return bits32(float32Of(a)+float32Of(b)) | bits32(float32Of(a>>32)+float32Of(b>>32))<<32
	}, "f32"},
	{"float of signed", "cvt.rn.f32.s64 d, A" + widen, func(a, _, _ uint64) uint64 { return bits32(float32(int64(a))) }, ""},
	{"float of unsigned", "cvt.rn.f64.u64 D, A;", func(a, _, _ uint64) uint64 { return bits64(float64(a)) }, ""},
	{"float of unsigned, up", "cvt.rp.f32.u64 d, A" + widen, func(a, _, _ uint64) uint64 { return bits32(directed(a, big.ToPositiveInf)) }, ""},
	{"float of unsigned, to zero", "cvt.rz.f64.u64 D, A;", func(a, _, _ uint64) uint64 {
		f, _ := new(big.Float).SetPrec(53).SetMode(big.ToZero).SetUint64(a).Float64()
		return bits64(f)
	}, ""},
	{"narrow", "cvt.rn.f32.f64 d, A" + widen, func(a, _, _ uint64) uint64 { return bits32(float32(float64Of(a))) }, "f64"},
	{"narrow down", "cvt.rm.f32.f64 d, A" + widen, func(a, _, _ uint64) uint64 {
		x := float64Of(a)
		f := float32(x)
		if float64(f) > x {
			f = math.Nextafter32(f, float32(math.Inf(-1)))
		}
		return bits32(f)
	}, "f64"},
	{"widen", "cvt.f64.f32 D, a;", func(a, _, _ uint64) uint64 { return bits64(float64(float32Of(a))) }, "f32"},
	{"whole", "cvt.rmi.f64.f64 D, A;", floats64(func(x, _, _ float64) float64 { return math.Floor(x) }), "f64"},
	{"integer of float", "cvt.rzi.s32.f64 d, A" + widen, func(a, _, _ uint64) uint64 {
		x := float64Of(a)
		if math.IsNaN(x) {
			return 1 << 31
		}
		return uint64(uint32(int32(min(max(math.Trunc(x), math.MinInt32), math.MaxInt32))))
	}, "f64"},
	{"integer to even", "cvt.rni.s64.f32 D, a;", func(a, _, _ uint64) uint64 {
		x := float64(float32Of(a))
		switch {
		case math.IsNaN(x), x < math.MinInt64:
			return 1 << 63
		case x >= math.MaxInt64:
			return math.MaxInt64
		}
		return uint64(int64(math.RoundToEven(x)))
	}, "f32"},
	{"unsigned of float", "cvt.rpi.u32.f32 d, a" + widen, func(a, _, _ uint64) uint64 {
		x := math.Ceil(float64(float32Of(a)))
		if math.IsNaN(x) {
			return 0
		}
		return uint64(min(max(x, 0), math.MaxUint32))
	}, "f32"},
	{"bf16 and back", "cvt.rn.bf16.f32 hd, a; cvt.u32.u16 d, hd; shl.b32 d, d, 16" + widen, func(a, _, _ uint64) uint64 {
		if f := float32Of(a); f != f {
			return 0x7fff_0000
		}
		a = a & 0xffff_ffff
		return (a + 0x7fff + a>>16&1) &^ 0xffff & 0xffff_ffff
	}, "f32"},
	{"pairs of bf16", "cvt.rn.bf16x2.f32 d, a, b" + widen, func(a, b, _ uint64) uint64 {
		return encodeSmall(float64(float32Of(a)), 7, 8, nearest)<<16 | encodeSmall(float64(float32Of(b)), 7, 8, nearest)
	}, "f32"},
	{
		"f16 sum", "cvt.f32.f16 d, ha; cvt.f32.f16 e, hb; add.f32 d, d, e; cvt.rn.f16.f32 hd, d; add.f16 hc, ha, hb; xor.b16 hc, hc, hd; cvt.u64.u16 D, hc;",
		func(_, _, _ uint64) uint64 { return 0 }, "",
	},
	{"ex2", "ex2.approx.f32 d, a; mul.f32 d, d, 0f00000000" + widen, func(a, _, _ uint64) uint64 {
		return bits32(float32(math.Exp2(float64(float32Of(a)))) * 0)
	}, "f32"},

	{
		"local memory", "st.local.b64 [depot+8], A; st.local.v2.b32 [depot], {b, c}; ld.local.b32 d, [depot+8]; mov.b64 at, depot; cvta.local.u64 at, at; ld.s8 e, [at+4]; mov.b64 D, {d, e};",
		func(a, _, c uint64) uint64 { return uint64(uint32(a)) | uint64(uint32(int32(int8(c))))<<32 }, "",
	},
	{
		"shared memory", "mov.b32 e, tile; mad.lo.u32 e, tid, 16, e; st.shared.v4.b32 [e], {a, b, c, tid}; ld.shared.v2.u16 {ha, hb}, [e+4]; ld.volatile.shared.s16 d, [e+8]; mov.b32 c, {hb, ha}; mov.b64 D, {c, d};",
		func(_, b, c uint64) uint64 {
			return b>>16&0xffff | b&0xffff<<16 | uint64(uint32(int32(int16(c))))<<32
		}, "",
	},
	{"generic shared", flag("mov.u64 at, tile; cvta.shared.u64 at, at; isspacep.shared p, at; isspacep.global q, at; and.pred p, p, !q; cvta.to.shared.u64 at, at; setp.lt.and.u64 p, at, 4096, p"), func(_, _, _ uint64) uint64 { return 1 }, ""},
	{"atomics of shorts", "mad.wide.u32 at, tid, 8, 0; mov.u64 E, tile; add.u64 at, at, E; st.shared.b64 [at], 0; atom.shared.cas.b16 hd, [at+2], 0, ha; ld.shared.b64 D, [at];", func(a, _, _ uint64) uint64 { return a & 0xffff << 16 }, ""},
	{
		"asynchronous copy", "shl.b32 e, tid, 4; mov.b32 d, tile; add.u32 e, e, d; cp.async.ca.shared.global [e], [in], 8; cp.async.ca.shared.global [e+8], [in+8], 8, 4; cp.async.commit_group; cp.async.wait_group 0; ld.shared.b64 D, [e]; ld.shared.b64 E, [e+8]; xor.b64 D, D, E;",
		func(a, b, _ uint64) uint64 { return a ^ uint64(uint32(b)) }, "",
	},
	{"table of branches", "and.b32 d, a, 3;\ntargets: .branchtargets zero, one, two, zero;\nbrx.idx d, targets;\ntwo: add.u64 D, D, 20;\none: add.u64 D, D, 1; zero:", func(a, _, _ uint64) uint64 {
		return []uint64{0, 1, 21, 0}[a&3]
	}, ""},
	{"loop", "and.b32 d, a, 63; loop: setp.eq.s32 p, d, 0; @p bra done; sub.s32 d, d, 1; add.s64 D, D, B; bra.uni loop; done:", func(a, b, _ uint64) uint64 { return a & 63 * b }, ""},
	{"exit", "setp.lt.u32 p, a, 100; @p mov.u64 D, 7; @p bra end; mov.u64 D, 8; end:", func(a, _, _ uint64) uint64 { return pick[uint64](uint32(a) < 100, 7, 8) }, ""},
}

func TestInstructions(t *testing.T) {
	runInstructions(t, func(t *testing.T) *bench { return open(t, Options{}) })
}

// runInstructions runs the table on some device.
func runInstructions(t *testing.T, open func(t *testing.T) *bench) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	kinds := map[string][][3]uint64{"": words(r, edges64), "small": words(r, edges64), "f32": words(r, edgesFloat32), "f64": words(r, edgesFloat64)}
	for i := range kinds["small"] {
		kinds["small"][i][1] %= 70
	}
	// Where a sum nearly cancels, or its parts are far from each other, is where rounding
	// twice shows.
	for range 256 {
		product := 1 + float32(r.IntN(1<<12))*0x1p-12
		third := float32(math.Ldexp(float64(product*product)+r.Float64()*0x1p-20, r.IntN(80)-40)) * pick[float32](r.IntN(2) == 0, 1, -1)
		kinds["close"] = append(kinds["close"], [3]uint64{bits32(product), bits32(product + 0x1p-23*float32(r.IntN(16))), bits32(third)})
	}
	for _, test := range instructionTests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t)
			in := kinds[test.kind]
			for i, got := range evaluate(b, test.body, in) {
				want := test.want(in[i][0], in[i][1], in[i][2])
				if got != want && !bothNaN(got, want, test.kind) {
					t.Errorf("%#x %#x %#x: got %#x, want %#x", in[i][0], in[i][1], in[i][2], got, want)
				}
			}
		})
	}
}

// bothNaN accepts any NaN for a NaN: which one it is, is not defined.
func bothNaN(got, want uint64, kind string) bool {
	switch kind {
	case "f64":
		return math.IsNaN(float64Of(got)) && math.IsNaN(float64Of(want))
	case "f32", "close":
		x, y := float32Of(got), float32Of(want)
		x2, y2 := float32Of(got>>32), float32Of(want>>32)
		return (x == y || x != x && y != y) && (x2 == y2 || x2 != x2 && y2 != y2)
	}
	return false
}

func low64(f func(a int64) int32) func(a, b, c uint64) uint64 {
	return func(a, _, _ uint64) uint64 { return uint64(uint32(f(int64(a)))) }
}

func directed(v uint64, mode big.RoundingMode) float32 {
	f, _ := new(big.Float).SetPrec(24).SetMode(mode).SetUint64(v).Float32()
	return f
}

func edges64(r *rand.Rand) uint64 {
	edges := []uint64{0, 1, 2, 127, 128, 255, 1 << 31, 1<<31 - 1, 1<<32 - 1, 1 << 32, 1 << 63, 1<<63 - 1, math.MaxUint64, 0xffff_ffff_8000_0000, 0x8000_7fff_8080_7f7f, 100}
	if r.IntN(2) == 0 {
		return edges[r.IntN(len(edges))]
	}
	return r.Uint64() >> r.IntN(64)
}

func edgesFloat64(r *rand.Rand) uint64 {
	edges := []float64{0, math.Copysign(0, -1), 1, -1.5, 2.5, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64, 1e300, -3e9, 4294967296, 0x1p-140, 1 + 0x1p-52}
	if r.IntN(2) == 0 {
		return bits64(edges[r.IntN(len(edges))])
	}
	return bits64(math.Ldexp(r.Float64()-.5, r.IntN(80)-40))
}

func edgesFloat32(r *rand.Rand) uint64 {
	one := func() uint64 {
		edges := []float32{0, float32(math.Copysign(0, -1)), 1, -1.5, 2.5, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), math.MaxFloat32, 1e-45, -1e-39, -3e9, 4294967296, 1e20}
		if r.IntN(2) == 0 {
			return bits32(edges[r.IntN(len(edges))])
		}
		return bits32(float32(math.Ldexp(r.Float64()-.5, r.IntN(80)-40)))
	}
	return one() | one()<<32
}

// words are triples for 256 threads.
func words(r *rand.Rand, draw func(*rand.Rand) uint64) [][3]uint64 {
	out := make([][3]uint64, 256)
	for i := range out {
		out[i] = [3]uint64{draw(r), draw(r), draw(r)}
	}
	return out
}
