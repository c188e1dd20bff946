package diag

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

func TestRegister(t *testing.T) {
	const code Code = "E0999"
	t.Cleanup(func() { delete(registry, code) })
	info := CodeInfo{Code: code, Title: "for this test", Explanation: "none"}
	if got := Register(info); got != code {
		t.Errorf("Register returned %q", got)
	}
	if got, ok := Lookup("e0999"); !ok || got != info {
		t.Errorf("Lookup = %v, %v", got, ok)
	}
	if _, ok := Lookup("E0998"); ok {
		t.Error("an unknown code was found")
	}
	all := All()
	if !slices.IsSortedFunc(all, func(a, b CodeInfo) int { return strings.Compare(string(a.Code), string(b.Code)) }) {
		t.Errorf("All is not sorted: %v", all)
	}
	if !slices.Contains(all, info) {
		t.Error("All lacks the new code")
	}
	for name, bad := range map[string]CodeInfo{
		"repeated":       info,
		"short":          {Code: "E01", Title: "t", Explanation: "e"},
		"letter":         {Code: "X0101", Title: "t", Explanation: "e"},
		"digits":         {Code: "E01a1", Title: "t", Explanation: "e"},
		"no title":       {Code: "E0998", Explanation: "e"},
		"no explanation": {Code: "E0998", Title: "t"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "BUG: ") {
					t.Errorf("recovered %v", r)
				}
			}()
			Register(bad)
		})
	}
}

type brokenVisitor struct{ names []string }

func (v *brokenVisitor) visit(at int) string { return v.names[at] }

func TestInternal(t *testing.T) {
	caught := func(run func()) (d *Diagnostic) {
		defer func() {
			if r := recover(); r != nil {
				d = Internal("binding", r, debug.Stack())
			}
		}()
		run()
		return nil
	}
	tests := []struct {
		name    string
		run     func()
		message string
		frame   string
	}{
		{"invariant", func() { panic("BUG: unknown expression") }, "internal error while binding: unknown expression", "TestInternal.func"},
		{"fault", func() { (&brokenVisitor{}).visit(7) }, "internal error while binding: runtime error: index out of range [7] with length 0", "diag.(*brokenVisitor).visit (codes_test.go:"},
		{"error", func() { panic(errors.New("a plain error")) }, "internal error while binding: a plain error", "TestInternal.func"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := caught(test.run)
			if d.Code != InternalError || d.Message != test.message {
				t.Errorf("%s: %q", d.Code, d.Message)
			}
			if len(d.Notes) != 1 || !strings.Contains(strings.Split(d.Notes[0], "\n")[1], test.frame) {
				t.Errorf("notes %q do not begin with %q", d.Notes, test.frame)
			}
			if rows := strings.Count(RenderText(List{d}, Options{}), "\n"); rows > maxRows {
				t.Errorf("%d rows", rows)
			}
		})
	}
	if d := Internal("x", "y", nil); len(d.Notes) != 0 {
		t.Errorf("notes without a stack: %q", d.Notes)
	}
	if d := Internal("x", "y", []byte("goroutine 1:\nnonsense(\n\t\n\n(")); d == nil {
		t.Error("nonsense for a stack gave nothing")
	}
}

func TestErrorsFindDiagnostics(t *testing.T) {
	d := New("E0501", "no such file")
	wrapped := fmt.Errorf("load: %w", d)
	if list, ok := FromError(wrapped); !ok || len(list) != 1 || list[0] != d {
		t.Errorf("FromError = %v, %v", list, ok)
	}
	if list, ok := FromError(fmt.Errorf("run: %w", List{d, d}.Err())); !ok || len(list) != 2 {
		t.Errorf("FromError of a list = %v, %v", list, ok)
	}
	if _, ok := FromError(errors.New("other")); ok {
		t.Error("found a diagnostic in a plain error")
	}
	if err := (List{{Severity: Warning, Code: "W0001"}}).Err(); err != nil {
		t.Errorf("warnings became the error %v", err)
	}
}
