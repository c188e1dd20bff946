package random

import "math/rand/v2"

// Source makes choices. A *rand.Rand of math/rand/v2 is one.
type Source interface {
	// IntN gives a number from 0 to n-1; n is at least 1. Smaller numbers lead to
	// simpler programs.
	IntN(n int) int
}

// FromSeed returns a source that depends on a seed alone.
func FromSeed(seed uint64) Source { return rand.New(rand.NewPCG(seed, seed)) }

// FromBytes returns a source that takes its choices from the input of a fuzzer, and
// is all zeros after its end.
func FromBytes(data []byte) Source { return &byteSource{data: data} }

type byteSource struct{ data []byte }

func (s *byteSource) IntN(n int) int {
	choice := 0
	for covered := 1; covered < n && len(s.data) > 0; covered <<= 8 {
		choice = choice<<8 | int(s.data[0])
		s.data = s.data[1:]
	}
	return choice % n
}

// Func makes a source of a function, such as one that draws from rapid.
type Func func(n int) int

// IntN calls the function.
func (f Func) IntN(n int) int { return f(n) }

func pick[T any](s Source, from ...T) T { return from[s.IntN(len(from))] }

// chance is true in about so many of a hundred cases, and false for the choice 0.
func chance(s Source, percent int) bool { return s.IntN(100) >= 100-percent }
