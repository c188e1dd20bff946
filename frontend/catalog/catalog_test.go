package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	orders := &ir.Table{Name: "orders"}
	m := catalog.NewMemory(orders, &ir.Table{Name: "customers"})
	m.AddFile("a.csv", orders)
	if diff := cmp.Diff([]string{"customers", "orders"}, m.Tables()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := m.Table(t.Context(), "orders"); got != orders || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := m.File(t.Context(), "a.csv"); got != orders || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	_, err1 := m.Table(t.Context(), "Orders")
	_, err2 := m.File(t.Context(), "b.csv")
	for _, err := range []error{err1, err2} {
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Code != catalog.ErrNoSuchTable {
			t.Errorf("got %v, want %s", err, catalog.ErrNoSuchTable)
		}
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	names := catalog.Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names are not ascending: %v", names)
	}
	for _, name := range names {
		f := catalog.Lookup(name)
		switch {
		case f.Name != name || name != strings.ToLower(name):
			t.Errorf("%q is found as %q", f.Name, name)
		case f.Doc == "" || len(f.Overloads) == 0:
			t.Errorf("%s has no help or no overload", name)
		case catalog.NotYet(name):
			t.Errorf("%s is there, and not yet there", name)
		}
	}
	if catalog.Lookup("SUM") != nil || catalog.NotYet("sum") || !catalog.NotYet("stddev") {
		t.Error("names are looked up in lower case")
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"count":     {"count(*)", "count(any)"},
		"substr":    {"substr(text, integer)", "substr(text, integer, integer)"},
		"coalesce":  {"coalesce(any, ...)"},
		"date_part": {"date_part('part', date or timestamp)"},
	}
	for name, signatures := range want {
		if diff := cmp.Diff(signatures, catalog.Lookup(name).Signatures()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
