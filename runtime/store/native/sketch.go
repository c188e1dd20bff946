package native

import (
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"
)

// sketch estimates how many different values it has seen, within about 2%: the
// HyperLogLog of Flajolet, Fusy, Gandouet and Meunier (2007) over 64-bit hashes, with
// linear counting while few registers are set.
type sketch struct{ registers [1 << sketchBits]uint8 }

const sketchBits = 12

func (s *sketch) addHash(hash uint64) {
	register := hash >> (64 - sketchBits)
	rank := uint8(bits.LeadingZeros64(hash<<sketchBits|1<<(sketchBits-1)) + 1)
	if rank > s.registers[register] {
		s.registers[register] = rank
	}
}

// addInteger hashes with the finisher of MurmurHash3.
func (s *sketch) addInteger(v uint64) {
	v ^= v >> 33
	v *= 0xFF51AFD7ED558CCD
	v ^= v >> 33
	v *= 0xC4CEB9FE1A85EC53
	v ^= v >> 33
	s.addHash(v)
}

func (s *sketch) addText(text []byte) { s.addHash(xxh3.Hash(text)) }

func (s *sketch) estimate() int64 {
	const m = float64(len(s.registers))
	sum, empty := 0.0, 0
	for _, rank := range s.registers {
		sum += 1 / float64(uint64(1)<<rank)
		if rank == 0 {
			empty++
		}
	}
	estimate := 0.7213 / (1 + 1.079/m) * m * m / sum
	if estimate <= 2.5*m && empty > 0 {
		estimate = m * math.Log(m/float64(empty))
	}
	return int64(estimate + 0.5)
}
