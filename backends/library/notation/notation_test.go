package notation

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func expand(text string) (string, error) {
	u := NewUnit(map[string]int64{"PageSize": 65536})
	if err := u.Add("test.kern", []byte(text)); err != nil {
		return "", err
	}
	out, err := u.Expand("test.kern")
	return string(out), err
}

// The golden files show the expansion; they are valid CIR.
func TestExpand(t *testing.T) {
	sources, err := filepath.Glob("testdata/*.kern")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no files in testdata (%v)", err)
	}
	for _, source := range sources {
		t.Run(filepath.Base(source), func(t *testing.T) {
			text, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			got, err := expand(string(text))
			if err != nil {
				t.Fatal(err)
			}
			module, problems := ir.Parse(diag.NewFile("test.cir", got))
			if problems.HasErrors() {
				t.Fatalf("%v\n%s", problems, got)
			}
			if problems := ir.Verify(module); problems.HasErrors() {
				t.Fatalf("%v\n%s", problems, got)
			}
			golden := strings.TrimSuffix(source, ".kern") + ".cir"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, []byte(got)) {
				t.Errorf("(-want +got):\n%s", cmp.Diff(string(want), got))
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"syntax", "return (", "test.kern:4:1: expected operand"},
		{"types", "return a + b", "3:12: u64 where i32 is wanted"},
		{"result", "return b", "3:8: u64 where i32 is wanted"},
		{"no result", "a = 1", "may end without a result"},
		{"unknown function", "return f(a)", "no function f"},
		{"unknown variable", "return c", "c is not defined"},
		{"unknown constant", "return abi.Nothing", "package abi has no constant Nothing"},
		{"constant too large", "return 1 << 40", "does not fit i32"},
		{"constant without a type", "x := 1\nreturn x", "the type of a constant is not known here"},
		{"unreachable", "return a\nreturn a", "control never comes here"},
		{"break outside", "break", "leaves no loop"},
		{"condition", "if b {\nreturn 1\n}\nreturn a", "3:4: u64 where i32 is wanted"},
		{"shift of 128 bits", "x := i128(a) << 1\nreturn i32(x)", "i128 cannot be shifted"},
		{"product of 128 bits", "x := i128(a)\nreturn i32(x * x)", "no operator * on i128"},
		{"two results", "x, y := a, b\nreturn x", "one variable is assigned at a time"},
		{"offset", "return load8(addr(a), a)", "an offset is a constant"},
		{"too few arguments", "return load8()", "load8 takes 1 arguments"},
		{"label", "here:\nfor {\n}", "the only label is metered"},
		{"statement", "go f()", "no such statement"},
		{"expression", "return a.b", "no such expression"},
		{"mixed signs", "return i32(u32(a) + a)", "u32 + i32"},
		{"too few arguments of an op", "return clz()", "clz takes 1 arguments"},
		{"fail without a site", "fail()", "fail takes 1 arguments"},
		{"division by zero", "return 1 / 0", "division by zero"},
		{"range", "return i32(f64(b))", "only i32 and i64 become floats"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := expand("package test\nfunc t(a i32, b u64) i32 {\n" + test.body + "\n}\n")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A file is expanded or refused.
func FuzzExpand(f *testing.F) {
	text, err := os.ReadFile("testdata/control.kern")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("package p\nconst c = 1 << 3 % 2\nfunc f(a i64, b bytes16) i128 {\nx := choose(a > c, pair(1, u64(a)), i128(a))\nx += 1\nreturn x\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = expand(text)
	})
}
