package random

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// check verifies, prints, parses and runs a program.
func check(t interface {
	Fatalf(string, ...any)
}, p *Program, options Options,
) {
	if problems := ir.Verify(p.Module); len(problems) > 0 {
		t.Fatalf("does not verify: %v %v\n%s", problems[0], problems[0].Notes, p.Module)
	}
	text := p.Module.String()
	again, list := ir.Parse(diag.NewFile("again.cir", text))
	if list.HasErrors() {
		t.Fatalf("does not parse: %v\n%s", list, text)
	}
	if !ir.Equal(p.Module, again) {
		t.Fatalf("is another module when parsed (-built +parsed):\n%s", cmp.Diff(text, again.String()))
	}
	result, err := interp.Run(context.Background(), again, Function, p.Tables, nil)
	if err != nil {
		var d *diag.Diagnostic
		if options.Traps && errors.As(err, &d) && d.Code >= ir.CodeOverflow && d.Code <= ir.CodeBadArgument {
			return
		}
		t.Fatalf("%v\n%s", err, text)
	}
	// Edits that keep the meaning.
	edited := p.Module.Clone()
	body := edited.Functions[0].Body
	body.EliminateCommon()
	body.RemoveDead()
	if problems := ir.Verify(edited); len(problems) > 0 {
		t.Fatalf("does not verify after edits: %v %v\n%s", problems[0], problems[0].Notes, edited)
	}
	if text != p.Module.String() {
		t.Fatalf("editing a copy changed the original:\n%s", cmp.Diff(text, p.Module.String()))
	}
	second, err := interp.Run(context.Background(), edited, Function, p.Tables, nil)
	if err != nil {
		t.Fatalf("after edits: %v\n%s", err, text)
	}
	if diff := cmp.Diff(result.String(), second.String()); diff != "" {
		t.Fatalf("edits changed the result (-before +after):\n%s\n%s", diff, text)
	}
}

func TestPrograms(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
	}{
		{"plain", Options{}},
		{"traps", Options{Traps: true}},
		{"tangled", Options{Tangled: true, Joins: 5, Rows: 4}},
		{"order", Options{OrderDependent: true}},
		{"narrow", Options{Kinds: []ir.Kind{ir.I64, ir.Bool}, Allow: func(c ir.Opcode) bool { return c != ir.OpJoin && c != ir.OpCast }}},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := map[ir.Opcode]bool{}
			for seed := range uint64(400) {
				p := Generate(FromSeed(seed), test.options)
				check(t, p, test.options)
				p.Module.Functions[0].Body.Walk(func(op *ir.Op) bool {
					seen[op.Code] = true
					if test.options.Allow != nil && !test.options.Allow(op.Code) {
						t.Fatalf("seed %d has the op %s", seed, op.Code)
					}
					return true
				})
			}
			if test.options.Allow != nil {
				return
			}
			for code, info := range ir.OpTable() {
				if info.Name != "" && (info.Level == ir.AnyLevel || info.Level == ir.FlowLevel) && !seen[ir.Opcode(code)] {
					t.Errorf("no program has the op %s", info.Name)
				}
			}
		})
	}
}

func TestSources(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := Func(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
		check(t, Generate(source, Options{}), Options{})
	})
}

func FuzzGenerate(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte("any bytes are a program"), true)
	f.Fuzz(func(t *testing.T, data []byte, traps bool) {
		options := Options{Traps: traps}
		check(t, Generate(FromBytes(data), options), options)
	})
}
