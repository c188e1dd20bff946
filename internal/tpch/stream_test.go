package tpch

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestReduceIsModulo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Uint64Range(0, modulus-1).Draw(t, "a")
		b := rapid.Uint64Range(0, modulus-1).Draw(t, "b")
		if got, want := reduce(a*b), a*b%modulus; got != want {
			t.Fatalf("reduce(%d·%d) = %d, want %d", a, b, got, want)
		}
	})
}

func TestPowerIsModularPower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.Uint64Range(1, modulus-1).Draw(t, "base")
		exponent := rapid.Uint64().Draw(t, "exponent")
		want := new(big.Int).Exp(new(big.Int).SetUint64(base), new(big.Int).SetUint64(exponent), big.NewInt(modulus))
		if got := power(base, exponent); got != want.Uint64() {
			t.Fatalf("power(%d, %d) = %d, want %d", base, exponent, got, want)
		}
	})
}

// TestSkip: skipping rows leads to where going through them leads, whatever
// was drawn on the way.
func TestSkip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64Range(1, modulus-1).Draw(t, "seed")
		drawsPerRow := rapid.IntRange(1, 100).Draw(t, "draws per row")
		walked, skipped := newStream(seed, drawsPerRow), newStream(seed, drawsPerRow)
		rows := rapid.SliceOfN(rapid.IntRange(0, drawsPerRow), 0, 50).Draw(t, "used")
		for _, used := range rows {
			for range used {
				walked.between(0, 9)
			}
			walked.nextRow()
		}
		skipped.skip(int64(len(rows)))
		if *walked != *skipped {
			t.Fatalf("walked to %+v, skipped to %+v", *walked, *skipped)
		}
		// A row begins where drawing every number of the rows before leads.
		drawn := newStream(seed, drawsPerRow)
		for range len(rows) * drawsPerRow {
			drawn.between(0, 9)
		}
		if drawn.seed != skipped.seed {
			t.Fatalf("drawing leads to %d, skipping to %d", drawn.seed, skipped.seed)
		}
	})
}

// TestDrawIsBetween: the integer formula of the grammar equals the official one.
func TestDrawIsBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64Range(1, modulus-1).Draw(t, "seed")
		count := rapid.IntRange(1, 1<<20).Draw(t, "count")
		official := newStream(seed, 1)
		want := official.between(0, int64(count)-1)
		after, got := draw(seed, count)
		if int64(got) != want || after != official.seed {
			t.Fatalf("draw gives %d and seed %d, want %d and %d", got, after, want, official.seed)
		}
	})
}
