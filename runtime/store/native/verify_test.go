package native

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/heddle-lang/heddle/ir"
)

func TestCheckCodes(t *testing.T) {
	t.Parallel()
	for _, width := range []uint8{1, 2} {
		for _, cardinality := range []int{1, 2, 127, 128, 129, 255, 256, 300, 32767, 32768, 32769, 65536} {
			if cardinality > 1<<(8*width) {
				continue
			}
			layout := ir.Layout{Encoding: ir.Dictionary, Width: width, Cardinality: cardinality}
			for _, code := range []int{0, cardinality - 1, cardinality, 1<<(8*width) - 1} {
				if code >= 1<<(8*width) {
					continue
				}
				for at := range 11 {
					block := make([]byte, 11*int(width))
					if width == 1 {
						block[at] = byte(code)
					} else {
						binary.LittleEndian.PutUint16(block[2*at:], uint16(code))
					}
					if err := checkCodes(block, layout); (err != nil) != (code >= cardinality) {
						t.Errorf("%s: code %d at %d: %v", layout, code, at, err)
					}
				}
			}
		}
	}
}

func TestTextChecker(t *testing.T) {
	t.Parallel()
	const text = "aä€𐍈z"
	for _, test := range []struct {
		name   string
		text   string
		starts []uint32
		good   bool
	}{
		{"whole", text, []uint32{0, 1, 3, 6, 10, 11}, true},
		{"a split character", text, []uint32{0, 2, 11}, false},
		{"ends within a character", text[:9], []uint32{0, 9}, false},
		{"a stray continuation", "a\x80b", []uint32{0, 3}, false},
		{"a surrogate", "a\xED\xA0\x80", []uint32{0, 4}, false},
		{"empty", "", []uint32{0, 0}, true},
	} {
		for size := 1; size <= len(test.text)+1; size++ {
			t.Run(fmt.Sprint(test.name, " by ", size), func(t *testing.T) {
				checker := textChecker{starts: test.starts}
				var err error
				for rest := []byte(test.text); err == nil && len(rest) > 0; rest = rest[min(size, len(rest)):] {
					err = checker.block(rest[:min(size, len(rest))])
				}
				if good := err == nil && len(checker.rest) == 0; good != test.good {
					t.Errorf("good is %v, error %v", good, err)
				}
			})
		}
	}
}

func TestSketch(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 10, 1000, 5000, 10_000, 100_000, 1_000_000} {
		var s sketch
		for i := range 2 * n {
			s.addInteger(uint64(i % n))
		}
		if got := s.estimate(); got < int64(n)*95/100 || got > int64(n)*105/100+1 {
			t.Errorf("%d values are estimated as %d", n, got)
		}
	}
}
