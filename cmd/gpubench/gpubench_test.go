package main

import (
	"math"
	"testing"
)

func TestCrosses(t *testing.T) {
	at := func(rows int64, cpu, resident float64) point { return point{Rows: rows, CPU: cpu, Resident: resident} }
	for _, test := range []struct {
		name   string
		points []point
		want   float64 // 0: never
	}{
		{"never", []point{at(10, 1, 2), at(100, 2, 3)}, 0},
		{"always", []point{at(10, 2, 1), at(100, 3, 1)}, 10},
		{"halfway", []point{at(100, 1, 2), at(10000, 2, 1)}, 1000},
		{"nearer to the first", []point{at(1, 10, 20), at(1000, 40, 10)}, 10},
		{"an early exception does not count", []point{at(1, 2, 1), at(100, 1, 2), at(10000, 2, 1)}, 1000},
		{"slower at the largest", []point{at(1, 2, 1), at(100, 1, 2)}, 0},
		{"none", nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := crossingOf("q", test.points).Resident
			switch {
			case got == nil && test.want != 0:
				t.Errorf("never, want from %g on", test.want)
			case got != nil && (test.want == 0 || math.Abs(*got-test.want) > 1e-6*test.want):
				t.Errorf("from %g on, want %g", *got, test.want)
			}
		})
	}
}
