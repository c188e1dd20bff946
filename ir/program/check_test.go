package program

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// sample is a program that uses every part of a description.
func sample() *Program {
	i64, text := ir.Of(ir.I64), ir.Of(ir.String)
	record := Record{Size: 32, Fields: []RecordField{
		{Name: "k", Type: i64, Offset: 8, Width: 8, NullOffset: -1},
		{Name: "t", Type: text, Offset: 16, Width: 8, NullOffset: 24},
	}}
	return &Program{
		Parameters: []Parameter{
			{Type: i64, Form: ValueForm, Argument: -1, Bits: 8},
			{Type: text, Form: PatternForm, Argument: 0},
		},
		Literals: []ir.Datum{ir.IntDatum(5)},
		Scans: []Scan{{
			Table: "t",
			Columns: []ScanColumn{
				{Name: "k", Type: i64, Layout: ir.Layout{Width: 2}},
				{Name: "t", Type: text, Layout: ir.Layout{Encoding: ir.Dictionary, Width: 1, Cardinality: 7}},
			},
			Prune: []Prune{{Column: 0, Op: "lt", Parameter: 0}},
		}},
		States: []State{
			{Name: "table", Kind: ir.HashTableState, Record: record, SharedOffset: 128, Partitions: 64, MarkOffset: 25, Limit: -1},
			{Name: "groups", Kind: ir.AggregateState, Record: record, SharedOffset: 160, LocalOffset: 1024, Partitions: 1, MarkOffset: -1, Limit: -1, Merge: "merge", Direct: &Direct{Slots: 3, SlotSize: 16, Collect: "collect"}},
			{Name: "rows", Kind: ir.BufferState, Record: record, SharedOffset: 192, LocalOffset: 2048, Partitions: 1, MarkOffset: -1, Limit: 10},
		},
		Pipelines: []Pipeline{
			{Function: "a", Source: TableSource, Into: 0, Tables: []Lookup{{Function: "l", Column: 1, Width: 1, Offset: 224}}},
			{Function: "b", Source: ValuesSource, Rows: 3, Into: 1, Probes: []int{0}},
			{Function: "c", Source: StateSource, State: 1, Into: 2},
			{Function: "d", Source: UnmatchedSource, State: 0, Into: 2},
		},
		Output:      Output{State: 2, Columns: []OutputColumn{{Label: "k", Field: 0, Type: i64}}},
		ContextSize: 256,
		LocalSize:   4096,
	}
}

func TestCheck(t *testing.T) {
	if err := sample().Check(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(p *Program)
	}{
		{"parameters beyond the context", func(p *Program) { p.ContextSize = 90; p.Parameters = append(p.Parameters, p.Parameters[0]) }},
		{"no literal", func(p *Program) { p.Literals = nil }},
		{"form", func(p *Program) { p.Parameters[0].Form = "x" }},
		{"pattern of a number", func(p *Program) { p.Parameters[0].Form = PatternForm }},
		{"bits", func(p *Program) { p.Parameters[0].Bits = 129 }},
		{"argument", func(p *Program) { p.Parameters[1].Argument = 1 << 40 }},
		{"column of a row", func(p *Program) { p.Scans[0].Columns[0].Type = ir.StructType() }},
		{"layout of a number", func(p *Program) { p.Scans[0].Columns[0].Layout.Width = 0 }},
		{"width of codes", func(p *Program) { p.Scans[0].Columns[1].Layout.Width = 8 }},
		{"dictionary of numbers", func(p *Program) { p.Scans[0].Columns[0].Layout.Encoding = ir.Dictionary }},
		{"pruned column", func(p *Program) { p.Scans[0].Prune[0].Column = 2 }},
		{"pruning parameter", func(p *Program) { p.Scans[0].Prune[0].Parameter = -1 }},
		{"pruning by a pattern", func(p *Program) { p.Scans[0].Prune[0] = Prune{Column: 1, Op: "eq", Parameter: 1} }},
		{"pruning operator", func(p *Program) { p.Scans[0].Prune[0].Op = "ne" }},
		{"record size", func(p *Program) { p.States[0].Record.Size = 12 }},
		{"negative record", func(p *Program) { p.States[0].Record.Size = -8 }},
		{"field beyond the record", func(p *Program) { p.States[2].Record.Fields[0].Offset = 25 }},
		{"width of text", func(p *Program) { p.States[2].Record.Fields[1].Width = 16 }},
		{"NULL beyond the record", func(p *Program) { p.States[2].Record.Fields[1].NullOffset = 32 }},
		{"partitions of a sort", func(p *Program) { p.States[0].Kind = ir.SortState; p.States[0].DirectoryBits = 0 }},
		{"partitions", func(p *Program) { p.States[0].Partitions = 2 }},
		{"header beyond the context", func(p *Program) { p.States[0].SharedOffset = 250 }},
		{"header before the context", func(p *Program) { p.States[0].SharedOffset = -4 }},
		{"writers beyond the memory", func(p *Program) { p.States[0].LocalOffset = 3500 }},
		{"directory bits", func(p *Program) { p.States[0].DirectoryBits = 31 }},
		{"directory of fewer slots than partitions", func(p *Program) { p.States[0].DirectoryBits = 5 }},
		{"mark", func(p *Program) { p.States[0].MarkOffset = 32 }},
		{"limit", func(p *Program) { p.States[2].Limit = -2 }},
		{"no merge function", func(p *Program) { p.States[1].Merge = "" }},
		{"slots", func(p *Program) { p.States[1].Direct.Slots = 5000 }},
		{"slots of a buffer", func(p *Program) { p.States[2].Direct = p.States[1].Direct }},
		{"no such scan", func(p *Program) { p.Pipelines[0].Scan = 1 }},
		{"no such state", func(p *Program) { p.Pipelines[0].Into = 3 }},
		{"reads a state before it is filled", func(p *Program) { p.Pipelines[0], p.Pipelines[2] = p.Pipelines[2], p.Pipelines[0] }},
		{"reads the state that it fills", func(p *Program) { p.Pipelines[2].Into = 1 }},
		{"probes a buffer", func(p *Program) { p.Pipelines[3].Probes = []int{2} }},
		{"unmatched rows of groups", func(p *Program) { p.Pipelines[3].State = 1 }},
		{"source", func(p *Program) { p.Pipelines[1].Source = "x" }},
		{"rows", func(p *Program) { p.Pipelines[1].Rows = -1 }},
		{"table over plain values", func(p *Program) { p.Pipelines[0].Tables[0].Column = 0 }},
		{"table without a scan", func(p *Program) { p.Pipelines[1].Tables = p.Pipelines[0].Tables }},
		{"place of a table", func(p *Program) { p.Pipelines[0].Tables[0].Offset = 254 }},
		{"result state", func(p *Program) { p.Output.State = -1 }},
		{"result that is a hash table", func(p *Program) { p.Output.State = 0 }},
		{"result field", func(p *Program) { p.Output.Columns[0].Field = 2 }},
		{"result type", func(p *Program) { p.Output.Columns[0].Type = ir.Of(ir.Date) }},
		{"negative local memory", func(p *Program) { p.LocalSize = -1 }},
		{"negative context", func(p *Program) { p.ContextSize = -1 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := sample()
			test.change(p)
			var problem *diag.Diagnostic
			if err := p.Check(); !errors.As(err, &problem) || problem.Code != CodeInconsistent || strings.Contains(problem.Message, "%!") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// FuzzCheck gives Check any description: it may refuse it, not panic.
func FuzzCheck(f *testing.F) {
	valid, err := json.Marshal(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		mutated := []byte(string(valid))
		for range 3 {
			if i := random.IntN(len(mutated)); mutated[i] >= '0' && mutated[i] <= '9' {
				mutated[i] = '0' + byte(random.IntN(10))
			}
		}
		f.Add(mutated)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var p Program
		if json.Unmarshal(text, &p) != nil {
			return
		}
		_ = p.Check()
	})
}

// TestCheckSize refuses programs with too many parts.
func TestCheckSize(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(p *Program)
	}{
		{"constants", func(p *Program) { p.Parameters = make([]Parameter, 60_001) }},
		{"scans", func(p *Program) { p.Scans = make([]Scan, 4097) }},
		{"states", func(p *Program) { p.States = make([]State, 4097) }},
		{"pipelines", func(p *Program) { p.Pipelines = make([]Pipeline, 4097) }},
		{"columns", func(p *Program) { p.Output.Columns = make([]OutputColumn, 4097) }},
		{"context", func(p *Program) { p.ContextSize = 1<<20 + 1 }},
		{"local memory", func(p *Program) { p.LocalSize = 1 << 30 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := sample()
			test.change(p)
			for _, err := range []error{p.CheckSize(), p.Check()} {
				var problem *diag.Diagnostic
				if !errors.As(err, &problem) || problem.Code != CodeTooLarge {
					t.Errorf("the error is %v", err)
				}
			}
		})
	}
}
