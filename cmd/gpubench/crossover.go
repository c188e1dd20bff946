package main

import "math"

// point is what a query takes over a table of some size.
type point struct {
	Scale    float64 `json:"scale"`
	Rows     int64   `json:"rows"`
	CPU      float64 `json:"cpuMs"`
	Resident float64 `json:"residentMs"`
	Cold     float64 `json:"coldMs"`
}

// crossing says from how many rows on the GPU is faster. Both are nil when it is not
// at any of the sizes.
type crossing struct {
	Query    string   `json:"query"`
	Points   []point  `json:"points"`
	Resident *float64 `json:"residentRows"`
	Cold     *float64 `json:"coldRows"`
}

// crossingOf looks at points in ascending order of rows.
func crossingOf(query string, points []point) crossing {
	return crossing{
		Query: query, Points: points,
		Resident: crosses(points, func(p *point) float64 { return p.Resident }),
		Cold:     crosses(points, func(p *point) float64 { return p.Cold }),
	}
}

// crosses finds the number of rows from which on the GPU is faster at all larger sizes
// too. Between two sizes the ratio of the times is taken to go along a straight line
// of logarithms.
func crosses(points []point, gpu func(*point) float64) *float64 {
	logarithm := func(i int) float64 { return math.Log(gpu(&points[i]) / points[i].CPU) } // below 0: faster
	first := len(points)
	for first > 0 && logarithm(first-1) < 0 {
		first--
	}
	switch first {
	case len(points):
		return nil
	case 0:
		rows := float64(points[0].Rows) // or fewer
		return &rows
	}
	before, behind := logarithm(first-1), logarithm(first)
	from, to := math.Log(float64(points[first-1].Rows)), math.Log(float64(points[first].Rows))
	rows := math.Exp(from + (to-from)*before/(before-behind))
	return &rows
}
