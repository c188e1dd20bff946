package tpch

// modulus and multiplier are those of the "minimal standard" generator (Park
// and Miller, Communications of the ACM 31, 1988): seed' = 16807·seed mod 2³¹-1.
const (
	modulus    = 1<<31 - 1
	multiplier = 16807
)

// reduce gives x mod 2³¹-1 for x < 2⁶², without a division: 2³¹ is 1 modulo
// 2³¹-1, so the high bits are added to the low ones.
func reduce(x uint64) uint64 {
	x = x>>31 + x&modulus
	if x >= modulus {
		x -= modulus
	}
	return x
}

// power gives base^exponent mod 2³¹-1 in O(log exponent).
func power(base, exponent uint64) uint64 {
	result := uint64(1)
	for ; exponent > 0; exponent >>= 1 {
		if exponent&1 == 1 {
			result = reduce(result * base)
		}
		base = reduce(base * base)
	}
	return result
}

// A stream is the random source of one column. Draws within a row advance
// seed; a new row begins a fixed number of draws after the beginning of the
// row before, however many were used.
type stream struct {
	seed   uint64 // the last draw
	row    uint64 // seed at the beginning of the row
	stride uint64 // multiplier^(draws per row)
}

// newStream opens a stream at its first row.
func newStream(seed uint64, drawsPerRow int) *stream {
	return &stream{seed: seed, row: seed, stride: power(multiplier, uint64(drawsPerRow))}
}

// between draws a number from low to high, both included. The arithmetic in
// floating point, division first, is part of the definition of the data: for
// wide ranges exact integer arithmetic would now and then differ by one.
func (s *stream) between(low, high int64) int64 {
	s.seed = reduce(s.seed * multiplier)
	return low + int64(float64(s.seed)/modulus*float64(high-low+1))
}

// pick draws one of equally likely values.
func (s *stream) pick(from []string) string {
	return from[s.between(0, int64(len(from))-1)]
}

// nextRow moves to the beginning of the next row.
func (s *stream) nextRow() {
	s.row = reduce(s.row * s.stride)
	s.seed = s.row
}

// skip moves from the beginning of a row to the beginning of the row that many
// rows later.
func (s *stream) skip(rows int64) {
	s.row = reduce(s.row * power(s.stride, uint64(rows)))
	s.seed = s.row
}

// streams are the streams of one table, which move from row to row together.
type streams []*stream

// open adds a stream to the set.
func (s *streams) open(seed uint64, drawsPerRow int) *stream {
	opened := newStream(seed, drawsPerRow)
	*s = append(*s, opened)
	return opened
}

func (s streams) nextRow() {
	for _, each := range s {
		each.nextRow()
	}
}

func (s streams) skip(rows int64) {
	for _, each := range s {
		each.skip(rows)
	}
}
