package emulator

import (
	"math"
	"strings"
)

// setEqual, setUnequal, setLess and setLessEqual compare integers; value holds the bit
// to flip so that signed numbers compare as unsigned ones do.

func setEqual(w *warp, i *instruction, active uint32) {
	a, b := &w.r[i.a], &w.r[i.b]
	var set uint32
	for m := active; m != 0; m &= m - 1 {
		l := next(m)
		if a[l] == b[l] {
			set |= 1 << l
		}
	}
	w.finishCompare(i, set, active)
}

func setUnequal(w *warp, i *instruction, active uint32) {
	a, b := &w.r[i.a], &w.r[i.b]
	var set uint32
	for m := active; m != 0; m &= m - 1 {
		l := next(m)
		if a[l] != b[l] {
			set |= 1 << l
		}
	}
	w.finishCompare(i, set, active)
}

func setLess(w *warp, i *instruction, active uint32) {
	a, b, flip := &w.r[i.a], &w.r[i.b], i.value
	var set uint32
	for m := active; m != 0; m &= m - 1 {
		l := next(m)
		if a[l]^flip < b[l]^flip {
			set |= 1 << l
		}
	}
	w.finishCompare(i, set, active)
}

func setLessEqual(w *warp, i *instruction, active uint32) {
	a, b, flip := &w.r[i.a], &w.r[i.b], i.value
	var set uint32
	for m := active; m != 0; m &= m - 1 {
		l := next(m)
		if a[l]^flip <= b[l]^flip {
			set |= 1 << l
		}
	}
	w.finishCompare(i, set, active)
}

// finishCompare stores the result of setp, and its opposite, after it has been combined
// with another predicate, if there is one.
func (w *warp) finishCompare(i *instruction, set, active uint32) {
	opposite := ^set
	if i.list != nil {
		other := w.p[i.c] ^ i.invert
		switch i.list[0] {
		case combineAnd:
			set, opposite = set&other, opposite&other
		case combineOr:
			set, opposite = set|other, opposite|other
		default:
			set, opposite = set^other, opposite^other
		}
	}
	w.setPredicate(i.d, set, active)
	if i.e != predicateSink {
		w.setPredicate(i.e, opposite, active)
	}
}

const (
	combineAnd = iota
	combineOr
	combineXor
)

func translateCompare(c *compiler) {
	t := c.kind()
	comparison := c.need("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan")
	c.out.d, c.out.e = c.predicateResult(), c.second()
	switch c.one("and", "or", "xor") {
	case "and":
		c.out.list = []int32{combineAnd}
	case "or":
		c.out.list = []int32{combineOr}
	case "xor":
		c.out.list = []int32{combineXor}
	}
	if c.out.list == nil {
		c.count(3, 3)
	} else {
		c.count(4, 4)
		c.out.c, c.out.invert = c.predicate(3)
	}
	if t.class == 'p' || t.bits < 16 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.out.a, c.out.b = c.source(1, t.bits), c.source(2, t.bits)
	if t.float() {
		if t.packed > 1 {
			c.failf("the type %q is not supported here", "."+t.name)
		}
		c.out.run = compareFloats(t, comparison, c.flag("ftz"))
		return
	}
	if t.signed() {
		c.out.value = 1 << (t.bits - 1)
	}
	switch comparison {
	case "eq":
		c.out.run = setEqual
	case "ne":
		c.out.run = setUnequal
	case "lt", "lo":
		c.out.run = setLess
	case "le", "ls":
		c.out.run = setLessEqual
	case "gt", "hi":
		c.out.run = setLess
		c.out.a, c.out.b = c.out.b, c.out.a
	case "ge", "hs":
		c.out.run = setLessEqual
		c.out.a, c.out.b = c.out.b, c.out.a
	default:
		c.failf("%q compares numbers of floating point", comparison)
	}
	if t.class == 'b' && comparison != "eq" && comparison != "ne" {
		c.failf("bits cannot be ordered")
	}
}

// compareFloats compares; what ends in u also holds when an operand is NaN.
func compareFloats(t valueType, comparison string, flush bool) operation {
	var holds func(x, y float64) bool
	base := comparison
	if len(comparison) == 3 {
		base = strings.TrimSuffix(comparison, "u")
	}
	unordered := base != comparison || comparison == "nan"
	switch base {
	case "eq":
		holds = func(x, y float64) bool { return x == y }
	case "ne":
		holds = func(x, y float64) bool { return x != y }
	case "lt", "lo":
		holds = func(x, y float64) bool { return x < y }
	case "le", "ls":
		holds = func(x, y float64) bool { return x <= y }
	case "gt", "hi":
		holds = func(x, y float64) bool { return x > y }
	case "ge", "hs":
		holds = func(x, y float64) bool { return x >= y }
	case "num":
		holds = func(x, y float64) bool { return true }
	default: // nan
		holds = func(x, y float64) bool { return false }
	}
	decode := decoder(t)
	if flush {
		exact := decode
		decode = func(v uint64) float64 { return float64(flushed(float32(exact(v)))) }
	}
	return func(w *warp, i *instruction, active uint32) {
		a, b := &w.r[i.a], &w.r[i.b]
		var set uint32
		for m := active; m != 0; m &= m - 1 {
			l := next(m)
			x, y := decode(a[l]), decode(b[l])
			result := unordered
			if !math.IsNaN(x) && !math.IsNaN(y) {
				result = holds(x, y)
			}
			if result {
				set |= 1 << l
			}
		}
		w.finishCompare(i, set, active)
	}
}
