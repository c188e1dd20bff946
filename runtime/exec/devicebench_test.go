package exec

import (
	"testing"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
)

// BenchmarkDeviceLoad brings a column of numbers, one that can be NULL, and one of text to the device; the
// kernel has next to nothing to do.
func BenchmarkDeviceLoad(b *testing.B) {
	rows := manyRows(500_000, 0)
	open := tables{"t": makeTable(b, rows)}
	driver := openDevice(b, devicetest.Plan{})
	s := deviceSession(b, driver, Options{Threads: 2})
	p := withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
	p.Literals[0] = ir.IntDatum(10)
	query := onKernels(b, Query{Program: p, Tables: open.open})
	mustExecute(b, s, query)
	b.SetBytes(int64(len(rows)) * (8 + 8 + 4 + 11))
	for b.Loop() {
		if err := s.device.memory.Clear(); err != nil {
			b.Fatal(err)
		}
		_, stats := mustExecute(b, s, query)
		b.ReportMetric(stats.Pipelines[0].Transfer.Seconds()*1e9/float64(len(rows)), "ns/row")
	}
}

// BenchmarkDeviceFetch brings records with text from the device.
func BenchmarkDeviceFetch(b *testing.B) {
	rows := manyRows(500_000, 0)
	open := tables{"t": makeTable(b, rows)}
	s := deviceSession(b, openDevice(b, devicetest.Plan{}), Options{Threads: 2})
	p := withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
	query := onKernels(b, Query{Program: p, Tables: open.open})
	query.Wasm = readModule(b, "query")
	for b.Loop() {
		res, err := s.Run(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((res.Stats().Execute-res.Stats().Pipelines[0].Run).Seconds()*1e9/float64(len(rows)), "ns/row")
		if err := res.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
