package logical_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/pass"
)

// BenchmarkList runs the whole list over the shapes of TPC-H; Q8 joins 8 tables.
func BenchmarkList(b *testing.B) {
	data, err := os.ReadFile("testdata/tpch.txt")
	if err != nil {
		b.Fatal(err)
	}
	sections := strings.Split(string(data), "\n# Q")
	_, tables, _ := strings.Cut(sections[0], "\ntables\n")
	tables, _, _ = strings.Cut(tables, "----")
	for _, section := range sections[1:] {
		number, body, _ := strings.Cut(section, "\n")
		number, _, _ = strings.Cut(number, ",")
		_, body, _ = strings.Cut(body, "\n")
		body, _, _ = strings.Cut(body, "----")
		text := "cir 1\n" + tables + body
		b.Run("Q"+number, func(b *testing.B) {
			// Stopping the benchmark's timer for parsing stops the world as well, which
			// costs more than the passes; so they are timed by themselves.
			// The least time is what a busy machine disturbs least.
			var elapsed time.Duration
			least := time.Hour
			for b.Loop() {
				m, list := ir.Parse(diag.NewFile("q", text))
				if list.HasErrors() {
					b.Fatal(list.Err())
				}
				start := time.Now()
				if _, err := passes.Run(pass.NewContext(), m, passes.Options{Groups: passes.Logical}); err != nil {
					b.Fatal(err)
				}
				elapsed += time.Since(start)
				least = min(least, time.Since(start))
			}
			b.ReportMetric(float64(elapsed.Microseconds())/float64(b.N), "µs/list")
			b.ReportMetric(float64(least.Microseconds()), "µs/least")
		})
	}
}
