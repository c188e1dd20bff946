package random

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// Whatever text parses and verifies runs without a panic.
func FuzzRun(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(Generate(FromSeed(seed), Options{Operators: 3, Depth: 2, Traps: seed%2 == 0}).Module.String())
	}
	ops, err := os.ReadFile("../testdata/ops.cir")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(ops))
	f.Fuzz(func(t *testing.T, text string) {
		m, list := ir.Parse(diag.NewFile("fuzz.cir", text))
		if list.HasErrors() || ir.Verify(m).HasErrors() {
			return
		}
		g := &generator{source: FromSeed(1), options: Options{Traps: true}}
		tables := map[string]*interp.Table{}
		for _, table := range m.Tables {
			data := &interp.Table{Rows: 3}
			for _, c := range table.Columns {
				data.Columns = append(data.Columns, []ir.Datum{g.datum(c.Type), g.datum(c.Type), g.datum(c.Type)})
			}
			tables[table.Name] = data
		}
		for _, function := range m.Functions {
			run := interp.Run
			switch {
			case function.Level == ir.PipeLevel && function.Body.Terminator().Code == ir.OpResult:
				run = interp.RunPipes
			case function.Level != ir.FlowLevel || len(function.Body.Arguments) > 0:
				continue
			}
			// Joins and unions of their own results grow without bound.
			ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
			_, _ = run(ctx, m, function.Name, tables, nil) // any error will do
			cancel()
		}
	})
}
