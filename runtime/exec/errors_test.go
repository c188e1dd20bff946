package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

// Compiled code that breaks the contract ends its query with a diagnostic, and the
// session goes on.
func TestMischief(t *testing.T) {
	one := func(function string, into int) program.Pipeline {
		return program.Pipeline{Function: function, Source: program.ValuesSource, Rows: 1, Into: into}
	}
	tests := []struct {
		name     string
		pipeline program.Pipeline
		output   int
		code     diag.Code
		message  string
	}{
		{"fail", one("fail", rowsState), rowsState, "E0610", "no more of this"},
		{"fail at no site", one("fail_wrongly", rowsState), rowsState, CodeMisbehaved, "place 77 of 1"},
		{"page of no state", one("page_of_nothing", rowsState), rowsState, CodeMisbehaved, "state 77"},
		{"page of another state", one("page_of_other", rowsState), rowsState, CodeMisbehaved, "state 1"},
		{"page of no partition", one("page_of_partition", rowsState), rowsState, CodeMisbehaved, "partition 1"},
		{"page of 4 GiB", one("page_of_4_gib", rowsState), rowsState, CodeMisbehaved, "room"},
		{"full of a buffer", one("full_of_other", rowsState), rowsState, CodeMisbehaved, "directory"},
		{"cursor outside of the page", one("bad_cursor", rowsState), rowsState, CodeMisbehaved, "filled from"},
		{"page that was not given", one("bad_page", rowsState), rowsState, CodeMisbehaved, "page of a writer"},
		{"text outside of memory", one("bad_text", rowsState), rowsState, CodeMisbehaved, "text"},
		{"key outside of memory", one("bad_key", orderState), rowsState, CodeMisbehaved, "key"},
		{"wrong partition", one("bad_partition", tableState), rowsState, CodeMisbehaved, "partition"},
		{"illegal access", one("illegal", rowsState), rowsState, "E0680", ""},
		{"no such function", one("missing", rowsState), rowsState, "E0689", ""},
	}
	forEachEngine(t, func(t *testing.T, e engine.Engine) {
		s := newSession(t, Options{Engine: e, Threads: 2})
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				p := testProgram(test.pipeline)
				if test.pipeline.Into != rowsState {
					p = testProgram(test.pipeline, values)
				}
				source := diag.NewFile("query.sql", "select 1")
				_, _, err := execute(t, s, Query{Program: p, Source: source})
				if codeOf(err) != test.code || !strings.Contains(err.Error(), test.message) {
					t.Errorf("the error is %v, want %s with %q", err, test.code, test.message)
				}
				if rows, _ := mustExecute(t, s, Query{Program: testProgram(values)}); len(rows) != 5 {
					t.Errorf("the next query gives %v", rows)
				}
			})
		}
	})
}

func TestFailurePlace(t *testing.T) {
	s := newSession(t, Options{Engine: openEngine(t, engine.Default())})
	source := diag.NewFile("query.sql", "select 1")
	pipeline := program.Pipeline{Function: "fail", Source: program.ValuesSource, Rows: 1, Into: rowsState}
	_, _, err := execute(t, s, Query{Program: testProgram(pipeline), Source: source})
	var problem *diag.Diagnostic
	if !errors.As(err, &problem) || len(problem.Labels) != 1 || problem.Labels[0].Span != (diag.Span{Start: 2, End: 4}) {
		t.Errorf("the error is %#v", err)
	}
}

// An endless loop ends soon after the query is cancelled.
func TestCancel(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine.Engine) {
		s := newSession(t, Options{Engine: e, Threads: 2})
		mustExecute(t, s, Query{Program: testProgram(values)}) // compiles the code
		endless := program.Pipeline{Function: "endless", Source: program.ValuesSource, Rows: 1, Into: rowsState}
		for _, test := range []struct {
			name  string
			limit time.Duration
		}{{"at once", 0}, {"within a morsel", 20 * time.Millisecond}} {
			t.Run(test.name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.limit)
				defer cancel()
				started := time.Now()
				_, _, err := executeContext(t, ctx, s, Query{Program: testProgram(endless)})
				if codeOf(err) != CodeCancelled {
					t.Errorf("the error is %v", err)
				}
				if took := time.Since(started); took > test.limit+2*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		}
	})
}

func TestCancelResult(t *testing.T) {
	s := newSession(t, Options{Engine: openEngine(t, engine.Default())})
	ctx, cancel := context.WithCancel(t.Context())
	res, err := s.Run(ctx, Query{Program: testProgram(values), Wasm: readModule(t, "query")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(ctx, Query{Program: testProgram(values)}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second run: %v", err)
	}
	cancel()
	if _, err := res.Next(); codeOf(err) != CodeCancelled {
		t.Errorf("after cancelling: %v", err)
	}
	if err := errors.Join(res.Close(), res.Close()); err != nil {
		t.Error(err)
	}
	if _, err := res.Next(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("after closing: %v", err)
	}
}

func TestParameters(t *testing.T) {
	s := newSession(t, Options{Engine: openEngine(t, engine.Default())})
	with := func(parameter program.Parameter, literal ir.Datum) *program.Program {
		p := testProgram(values)
		p.Parameters[0], p.Literals[0] = parameter, literal
		return p
	}
	argument := func(t ir.Type, bits int) program.Parameter {
		return program.Parameter{Type: t, Form: program.ValueForm, Bits: bits}
	}
	decimal := ir.DecimalType(38, 2)
	wideValue := ir.Int128Datum(ir.Int128{High: 1 << 20})
	for _, test := range []struct {
		name      string
		program   *program.Program
		arguments []ir.Datum
		message   string
	}{
		{"missing", with(argument(ir.Of(ir.I64), 0), ir.Datum{}), nil, "argument $1 is missing"},
		{"fits", with(argument(ir.Of(ir.I64), 8), ir.Datum{}), []ir.Datum{ir.IntDatum(-128)}, ""},
		{"too small", with(argument(ir.Of(ir.I64), 8), ir.Datum{}), []ir.Datum{ir.IntDatum(-129)}, "-129, which is outside"},
		{"too large", with(argument(ir.Of(ir.I64), 8), ir.Datum{}), []ir.Datum{ir.IntDatum(128)}, "128, which is outside"},
		{"beyond the type", with(argument(ir.Of(ir.I32), 0), ir.Datum{}), []ir.Datum{ir.IntDatum(1 << 31)}, "outside"},
		{"wide fits", with(argument(decimal, 86), ir.Datum{}), []ir.Datum{wideValue}, ""},
		{"wide does not fit", with(argument(decimal, 85), ir.Datum{}), []ir.Datum{wideValue}, "outside"},
		{"NULL", with(argument(ir.Of(ir.I64), 0), ir.Datum{}), []ir.Datum{ir.NullDatum}, "NULL"},
		{"broken text", with(argument(ir.Of(ir.String), 0), ir.Datum{}), []ir.Datum{ir.TextDatum("\xff")}, "UTF-8"},
		{"pattern", with(program.Parameter{Type: ir.Of(ir.String), Form: program.PatternForm, Escape: "!"}, ir.Datum{}), []ir.Datum{ir.TextDatum("%a_b%")}, ""},
		{"broken pattern", with(program.Parameter{Type: ir.Of(ir.String), Form: program.PatternForm, Escape: "!"}, ir.Datum{}), []ir.Datum{ir.TextDatum("a!")}, "escape"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := execute(t, s, Query{Program: test.program, Arguments: test.arguments})
			switch {
			case test.message == "" && err != nil:
				t.Error(err)
			case test.message != "" && (codeOf(err) != CodeArgument || !strings.Contains(err.Error(), test.message)):
				t.Errorf("the error is %v, want %q", err, test.message)
			}
		})
	}
}

func TestOutOfMemory(t *testing.T) {
	open := tables{"t": makeTable(t, manyRows(20_000, 0))}
	s := newSession(t, Options{Engine: openEngine(t, engine.Default()), Threads: 1, Memory: memory.MinBlock})
	// What cannot be spilled: pages of 64 partitions that are being filled need more
	// than the slack when there are enough of them.
	p := withScan(testProgram(fromTable("aggregate", 0, groupsState), fromState("emit_groups", groupsState, rowsState)), "t")
	p.States[directState].Direct.Slots, p.States[directState].Direct.SlotSize = 4096, 4096
	p.Pipelines[0] = fromTable("direct", 0, directState)
	p.Pipelines[1] = fromState("emit_groups", directState, rowsState)
	_, _, err := execute(t, s, Query{Program: p, Tables: open.open})
	if codeOf(err) != CodeMemory || !strings.Contains(err.Error(), `"direct"`) {
		t.Errorf("the error is %v", err)
	}
}

func TestLibraryDigest(t *testing.T) {
	s := newSession(t, Options{Engine: openEngine(t, engine.Default())})
	p := testProgram(values)
	p.Library = fmt.Sprintf("%064x", 1)
	if _, _, err := execute(t, s, Query{Program: p}); codeOf(err) != CodeStale {
		t.Errorf("the error is %v", err)
	}
}
