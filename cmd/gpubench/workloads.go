package main

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/heddle-lang/heddle/internal/shapes"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/runtime/bundle"
)

// workload is a query over the tables of one scale factor.
type workload struct {
	name  string // of the bundle's file
	scale float64
	sql   string
	kind  kind
}

// kind says what a workload is for.
type kind int

const (
	query     kind = iota // of the benchmark
	probe                 // of a hash table, measured like a query
	shape                 // of another kernel, checked and not measured
	crossover             // over tables of another size
)

// probes are queries with a kernel that does hardly more than probe one hash table, of
// three sizes.
var probes = []struct{ name, sql string }{
	{"probe-supplier", "SELECT sum(s_nationkey) AS total FROM lineitem, supplier WHERE l_suppkey = s_suppkey"},
	{"probe-part", "SELECT sum(p_size) AS total FROM lineitem, part WHERE l_partkey = p_partkey"},
	{"probe-orders", "SELECT sum(o_custkey) AS total FROM lineitem, orders WHERE l_orderkey = o_orderkey"},
}

// workloads are all queries of a scale factor and, at the sizes, those that look for the
// size at which the GPU begins to be faster.
func workloads(scale float64, sizes []float64) []workload {
	var all []workload
	for _, number := range tpch.Queries {
		all = append(all, workload{fmt.Sprintf("q%02d", number), scale, tpch.Query(number), query})
	}
	for _, p := range probes {
		all = append(all, workload{p.name, scale, p.sql, probe})
	}
	for _, s := range shapes.Queries {
		all = append(all, workload{s.Name, scale, s.SQL, shape})
	}
	for _, size := range sizes {
		for _, number := range []int{1, 6} {
			if size != scale {
				all = append(all, workload{fmt.Sprintf("q%02d", number), size, tpch.Query(number), crossover})
			}
		}
	}
	return all
}

// directory is that of a scale factor, for tables and for bundles.
func directory(root string, scale float64) string {
	return filepath.Join(root, "sf"+strconv.FormatFloat(scale, 'f', -1, 64))
}

// path is where the bundle of a workload is.
func (w *workload) path(bundles string) string {
	return filepath.Join(directory(bundles, w.scale), w.name+bundle.Extension)
}
