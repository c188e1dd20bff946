package exec

import (
	"errors"
	"io"
	"testing"

	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
)

func benchmarkQuery(b *testing.B, query Query, threads int) {
	query.Wasm = readModule(b, "query")
	for _, name := range engine.Names() {
		b.Run(name, func(b *testing.B) {
			s := newSession(b, Options{Engine: openEngine(b, name), Threads: threads})
			for b.Loop() {
				res, err := s.Run(b.Context(), query)
				if err != nil {
					b.Fatal(err)
				}
				for {
					batch, err := res.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					batch.Release()
				}
				if err := res.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEmpty is the cost of a query that does nothing.
func BenchmarkEmpty(b *testing.B) {
	nothing := program.Pipeline{Function: "nothing", Source: program.ValuesSource, Rows: 0, Into: rowsState}
	benchmarkQuery(b, Query{Program: testProgram(nothing)}, 2)
}

// BenchmarkMorsels is the cost of 64 morsels of a mapped table in which nothing is done.
func BenchmarkMorsels(b *testing.B) {
	rows := manyRows(64<<16, 0)
	rows[0].K, rows[0].V = -wide, -wide
	rows[1].K, rows[1].V = wide, wide
	open := tables{"t": makeTable(b, rows)}
	benchmarkQuery(b, Query{Program: withScan(testProgram(fromTable("nothing", 0, rowsState)), "t"), Tables: open.open}, 1)
}

func BenchmarkResult(b *testing.B) {
	pipeline := values
	pipeline.Rows = 1 << 20
	benchmarkQuery(b, Query{Program: testProgram(pipeline)}, 1)
}

func BenchmarkSort(b *testing.B) {
	open := tables{"t": makeTable(b, manyRows(1<<20, 0))}
	p := withScan(testProgram(fromTable("sort", 0, orderState)), "t")
	p.Output = program.Output{State: orderState}
	benchmarkQuery(b, Query{Program: p, Tables: open.open}, 2)
}
