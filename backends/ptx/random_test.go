package ptx_test

import (
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/random"
)

// TestRandomKernels compares random kernels, whose threads work alone or together, with
// the interpreter.
func TestRandomKernels(t *testing.T) {
	const seeds = 20
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		for seed := range uint64(seeds) {
			m := &ir.Module{}
			k := random.GenerateKern(random.FromSeed(seed), m, "k", random.KernOptions{Threads: 32 << (seed % 3), Together: seed%2 == 0, Vectors: seed%4 > 1})
			want, _, err := k.Run(library.Source(), uint64(d.launch), false)
			must(t, err)
			got := k.Start()
			d.put(random.KernLinear, got.Linear)
			must(t, d.stream.CopyIn(d.launch, got.Global))
			d.run(d.compile(c, m, library.Source()), "k", k.Blocks, k.Threads)
			copy(got.Linear, d.linear(random.KernLinear, len(got.Linear)))
			copy(got.Global, d.global(0, len(got.Global)))
			if difference := k.Difference(got, want); difference != "" {
				t.Errorf("seed %d: %s", seed, difference)
			}
		}
	})
}
