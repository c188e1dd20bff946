package emulator

import (
	"math/rand/v2"
	"testing"

	"github.com/heddle-lang/heddle/runtime/device"
)

// BenchmarkLaunch measures how many instructions of threads are done in a second on one
// core.
func BenchmarkLaunch(b *testing.B) {
	const n = 1 << 18
	benchmarks := []struct {
		name, file, kernel string
		parameters         func(d *bench) []any
	}{
		{"scan", "q6v4", "q6v4", func(d *bench) []any {
			column, price := up(d, filled(n, int32(6))), up(d, filled(n, int64(7)))
			return []any{column, column, column, price, up(d, []int64{0}), int64(n / 4), int32(0), int32(10)}
		}},
		{"groups", "q1shared", "q1shared", func(d *bench) []any {
			r := rand.New(rand.NewPCG(1, 1))
			group := make([]uint8, n)
			for i := range group {
				group[i] = uint8(r.IntN(8))
			}
			return []any{up(d, group), up(d, filled(n, int64(7))), up(d, make([]int64, 16)), int64(n)}
		}},
		{"tile", "q6tile", "q6tile", func(d *bench) []any {
			r := rand.New(rand.NewPCG(1, 1))
			ship, small := make([]int32, n), make([]uint8, n)
			for i := range ship {
				ship[i], small[i] = r.Int32N(100), uint8(r.IntN(11))
			}
			return []any{up(d, ship), up(d, small), up(d, small), up(d, ship), up(d, []int64{0}), int64(n), int32(20), int32(40)}
		}},
		{"aggregate", "hagg", "hagg", func(d *bench) []any {
			r := rand.New(rand.NewPCG(1, 1))
			key := make([]int64, n)
			for i := range key {
				key[i] = r.Int64N(1000)
			}
			const slots = 4096
			return []any{
				up(d, key), up(d, make([]float64, n)), up(d, key), up(d, filled(slots, int64(-1))),
				up(d, make([]float64, slots)), up(d, make([]int64, slots)), up(d, make([]int64, slots)), int64(slots - 1), int64(n),
			}
		}},
	}
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			d := open(b, Options{Workers: 1, IgnoreRaces: false})
			k := d.kernel(read(b, "llvm-22-sm_90", bm.file), bm.kernel)
			parameters := pack(bm.parameters(d)...)
			for b.Loop() {
				if err := d.Launch(k, device.Launch{Blocks: 16, Threads: 256}, parameters); err != nil {
					b.Fatal(err)
				}
				if err := d.Synchronize(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(d.Driver.(*Driver).Instructions())/b.Elapsed().Seconds()/1e6, "Minstr/s")
		})
	}
}

// BenchmarkSmallLaunch measures what a launch takes that has next to nothing to do.
func BenchmarkSmallLaunch(b *testing.B) {
	d := open(b, Options{Workers: 2})
	k := d.kernel(read(b, "llvm-22-sm_90", "hagg"), "hagg")
	n := up(d, []int64{0})
	parameters := pack(n, n, n, n, n, n, n, int64(0), int64(0))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Launch(k, device.Launch{Blocks: 16, Threads: 256}, parameters); err != nil {
			b.Fatal(err)
		}
		if err := d.Synchronize(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
