package emulator

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// warpWords are what the lanes of a warp have: the first two of their words.
type warpWords struct{ a, b [lanesPerWarp]uint64 }

// odd are the lanes whose first word is odd; isOdd sets p for them.
func odd(w *warpWords) (set uint32) {
	for l, v := range w.a {
		set |= uint32(v&1) << l
	}
	return set
}

const isOdd = "and.b32 c, a, 1; setp.ne.u32 p, c, 0; "

// collectiveTests are instructions that give a lane what depends on others.
var collectiveTests = []struct {
	name, body string
	want       func(lane int, w *warpWords) uint64
}{
	{"down", "shfl.sync.down.b32 d|p, a, 5, 31, -1; @!p add.u32 d, d, 1" + widen, func(l int, w *warpWords) uint64 {
		if l+5 < 32 {
			return w.a[l+5]
		}
		return w.a[l] + 1
	}},
	{"down in segments", "shfl.sync.down.b32 d, a, 3, 0x181f, -1" + widen, func(l int, w *warpWords) uint64 {
		if l%8+3 < 8 {
			return w.a[l+3]
		}
		return w.a[l]
	}},
	{"up", "shfl.sync.up.b32 d|p, a, 4, 0, -1; @!p mov.b32 d, 0" + widen, func(l int, w *warpWords) uint64 {
		if l >= 4 {
			return w.a[l-4]
		}
		return 0
	}},
	{"butterfly", "shfl.sync.bfly.b32 d, a, 9, 31, -1" + widen, func(l int, w *warpWords) uint64 { return w.a[l^9] }},
	{"index", "and.b32 b, b, 31; shfl.sync.idx.b32 d, a, b, 31, -1" + widen, func(l int, w *warpWords) uint64 { return w.a[w.b[l]&31] }},
	{"index in segments", "and.b32 b, b, 31; shfl.sync.idx.b32 d, a, b, 0x101f, -1" + widen, func(l int, w *warpWords) uint64 {
		return w.a[l&16|int(w.b[l]&15)]
	}},
	{"ballot", isOdd + "vote.sync.ballot.b32 d, !p, -1" + widen, func(_ int, w *warpWords) uint64 { return uint64(^odd(w)) }},
	{"ballot of a part", isOdd + "mov.b32 d, 0; @!p bra end; activemask.b32 d; vote.sync.ballot.b32 d, p, d; end: bar.warp.sync -1" + widen, func(l int, w *warpWords) uint64 {
		return uint64(odd(w)) * uint64(odd(w)>>l&1)
	}},
	{"any", isOdd + "vote.sync.any.pred p, p, -1; selp.b64 D, 1, 0, p;", func(_ int, w *warpWords) uint64 { return truth(odd(w) != 0) }},
	{"all", isOdd + "vote.sync.all.pred p, p, -1; selp.b64 D, 1, 0, p;", func(_ int, w *warpWords) uint64 { return truth(odd(w) == allLanes) }},
	{"uniform", isOdd + "vote.sync.uni.pred p, p, -1; selp.b64 D, 1, 0, p;", func(_ int, w *warpWords) uint64 {
		return truth(odd(w) == allLanes || odd(w) == 0)
	}},
	{"active", isOdd + "mov.b32 d, 0; @!p bra end; activemask.b32 d; end: bar.warp.sync -1" + widen, func(l int, w *warpWords) uint64 {
		if odd(w)>>l&1 == 0 {
			return 0
		}
		return uint64(odd(w))
	}},
	{"groups of equals", "and.b32 c, a, 3; match.any.sync.b32 d, c, -1; redux.sync.add.s32 d, b, d" + widen, func(l int, w *warpWords) uint64 {
		var sum uint32
		for o := range w.a {
			if w.a[o]&3 == w.a[l]&3 {
				sum += uint32(w.b[o])
			}
		}
		return uint64(sum)
	}},
	{"match of all", "and.b64 C, A, 0; match.all.sync.b64 d|p, C, -1; selp.b64 D, 1, 0, p;", func(int, *warpWords) uint64 { return 1 }},
	{"match of some", "match.all.sync.b32 d|p, a, -1; selp.b32 d, 1, d, p" + widen, func(_ int, w *warpWords) uint64 {
		for _, v := range w.a {
			if v != w.a[0] {
				return 0
			}
		}
		return 1
	}},
	{"smallest", "redux.sync.min.s32 d, a, -1" + widen, func(_ int, w *warpWords) uint64 {
		least := int32(w.a[0])
		for _, v := range w.a {
			least = min(least, int32(v))
		}
		return uint64(uint32(least))
	}},
	{"parity", "redux.sync.xor.b32 d, a, -1" + widen, func(_ int, w *warpWords) uint64 {
		var v uint64
		for _, x := range w.a {
			v ^= x
		}
		return v
	}},
	{"elected", isOdd + "mov.b64 D, 0; @!p bra end; activemask.b32 d; elect.sync d|q, d; selp.b64 D, 1, 0, q; add.u32 d, d, 1; mad.wide.u32 D, d, 2, D; end: bar.warp.sync -1;", func(l int, w *warpWords) uint64 {
		set := odd(w)
		if set>>l&1 == 0 {
			return 0
		}
		first := bits.TrailingZeros32(set)
		return uint64(first+1)*2 + truth(first == l)
	}},
	{
		"masks", "mov.u32 a, %lanemask_lt; mov.u32 b, %lanemask_ge; or.b32 c, a, b; mov.u32 b, %lanemask_le; mov.u32 d, %lanemask_gt; or.b32 d, b, d; and.b32 c, c, d; mov.u32 d, %lanemask_eq; xor.b32 c, c, d; not.b32 c, c; xor.b32 a, a, c; popc.b32 d, a" + widen,
		func(l int, _ *warpWords) uint64 { return uint64(l + 1) },
	},
	{
		"numbers", "mov.u32 a, %laneid; mov.u32 b, %warpid; mad.lo.u32 d, b, 32, a; sub.u32 d, d, tid; mov.u32 a, %nwarpid; add.u32 d, d, a; mov.u32 a, %ntid.x; add.u32 d, d, a; mov.u32 a, %ntid.y; add.u32 d, d, a; mov.u32 a, %ctaid.y; add.u32 d, d, a; mov.u32 a, %total_smem_size; add.u32 d, d, a; mov.u32 a, %nsmid; add.u32 d, d, a" + widen,
		func(int, *warpWords) uint64 { return 2 + 64 + 1 + 0 + 0 + 4 },
	},
	{
		"atomic sum", "setp.eq.u32 p, tid, 0; @p st.shared.b32 [tile], 0f00000000; @p st.shared.b32 [tile+4], 0; @p st.shared.b64 [tile+8], -1; bar.sync 0; cvt.rn.f32.u32 e, tid; atom.shared.add.f32 c, [tile], e; red.shared.inc.u32 [tile+4], 40; atom.shared.min.s64 E, [tile+8], -5; bar.sync 0; ld.shared.b32 d, [tile]; cvt.rzi.u32.f32 d, d; ld.shared.b32 e, [tile+4]; add.u32 d, d, e; ld.shared.b32 e, [tile+8]; add.u32 d, d, e" + widen,
		func(int, *warpWords) uint64 { return 63*32 + 64 - 41 - 5 },
	},
	{
		"atomic bits", "setp.eq.u32 p, tid, 0; @p st.shared.b64 [tile], 0; @p st.shared.b64 [tile+8], -1; @p st.shared.b32 [tile+16], 3; bar.sync 0; mov.u64 E, 1; shl.b64 E, E, tid; red.shared.or.b64 [tile], E; not.b64 E, E; red.shared.and.b64 [tile+8], E; red.shared.xor.b32 [tile+16], 7; red.shared.dec.u32 [tile+16], 9; bar.sync 0; ld.shared.v2.b64 {D, E}, [tile]; sub.u64 D, D, E;",
		func(int, *warpWords) uint64 { return ^uint64(0) },
	},
	{"exchange", "atom.exch.b64 D, [in], C; ld.global.b64 E, [in]; xor.b64 E, E, C; xor.b64 D, D, A; or.b64 D, D, E;", func(int, *warpWords) uint64 { return 0 }},
	{
		"strong bytes", "st.relaxed.gpu.global.b8 [in+3], 7; st.release.gpu.global.b16 [in+4], 9; st.volatile.global.b64 [in+8], 11; fence.acq_rel.gpu; membar.cta; ld.acquire.gpu.global.u8 d, [in+3]; ld.relaxed.sys.global.u16 c, [in+4]; ld.volatile.global.b32 e, [in+8]; add.u32 d, d, c; add.u32 d, d, e" + widen,
		func(int, *warpWords) uint64 { return 27 },
	},
}

func TestCollectives(t *testing.T) {
	runCollectives(t, func(t *testing.T) *bench { return open(t, Options{}) })
}

// runCollectives runs the table on some device.
func runCollectives(t *testing.T, open func(t *testing.T) *bench) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	in := make([][3]uint64, 2*lanesPerWarp)
	for i := range in {
		in[i] = [3]uint64{uint64(r.Uint32()), uint64(r.Uint32()), 0}
	}
	for _, test := range collectiveTests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t)
			for i, got := range evaluate(b, test.body, in) {
				var w warpWords
				for l := range lanesPerWarp {
					w.a[l], w.b[l] = in[i/lanesPerWarp*lanesPerWarp+l][0], in[i/lanesPerWarp*lanesPerWarp+l][1]
				}
				if want := test.want(i%lanesPerWarp, &w); got != want {
					t.Errorf("thread %d: got %#x, want %#x", i, got, want)
				}
			}
		})
	}
}
