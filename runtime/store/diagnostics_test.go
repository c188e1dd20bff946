package store_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestDiagnostics shows what people see when data is wrong. Every code of the package
// appears.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	const golden = "testdata/diagnostics.txt"
	dir := t.TempDir()
	n := []ir.Field{field("n", ir.I32)}
	text := []ir.Field{field("s", ir.String)}
	put(t, dir, "orders.htab", n, numbers(0, 1000))
	put(t, dir, "both.htab", n, nil)
	put(t, dir, "both/a.htab", n, nil)
	put(t, dir, "wrong/a.htab", n, nil)
	put(t, dir, "wrong/b.htab", text, nil)
	put(t, dir, "long.htab", text, [][]ir.Datum{{ir.TextDatum("a long text")}})
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("notes.txt", "")
	write("renamed.htab", "a,b\n1,2\n3,4\n5,6\n")
	whole, err := os.ReadFile(filepath.Join(dir, "orders.htab"))
	if err != nil {
		t.Fatal(err)
	}
	write("cut.htab", string(whole[:len(whole)/2]))
	db := openDatabase(t, dir)
	open := func(name string) error {
		_, err := db.Table(name)
		return err
	}
	file := func(pattern string) error {
		_, err := db.File(dir + "/" + pattern)
		return err
	}
	read := func(name string, textBytes int, column store.ColumnRequest) error {
		table, err := db.Table(name)
		if err != nil {
			return err
		}
		_, err = storetest.Read(t, table, []store.ColumnRequest{column}, textBytes)
		return err
	}
	format, err := store.FormatByName("native")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	shown := map[diag.Code]bool{}
	for _, test := range []struct {
		name string
		err  error
	}{
		{"a file that is nearly named right", file("order.htab")},
		{"a table that is nearly named right", open("order")},
		{"a table that is not there", open("lineitem")},
		{"half a file", open("cut")},
		{"a file of another format", open("renamed")},
		{"a file of unknown format", file("notes.txt")},
		{"a table in two forms", open("both")},
		{"a pattern without files", file("2025-*.htab")},
		{"files that differ", open("wrong")},
		{"a column of another type", read("orders", 0, store.ColumnRequest{Name: "n", Type: ir.Of(ir.I64), Layout: ir.Layout{Width: 8}})},
		{"a column that is not there", read("orders", 0, store.ColumnRequest{Name: "m", Type: ir.Of(ir.I64), Layout: ir.Layout{Width: 8}})},
		{"a value that is too large", read("orders", 0, store.ColumnRequest{Name: "n", Type: ir.Of(ir.I32), Layout: ir.Layout{Width: 1}})},
		{"a value that is too long", read("long", 5, store.ColumnRequest{Name: "s", Type: ir.Of(ir.String)})},
		{"a directory that is not there", store.WriteFile(t.Context(), system.Real(), format, filepath.Join(dir, "no", "t.htab"), n, storetest.Batches(n, nil, 1), store.WriteOptions{})},
	} {
		list, ok := diag.FromError(test.err)
		if !ok {
			t.Errorf("%s: %v", test.name, test.err)
			continue
		}
		for _, d := range list {
			shown[d.Code] = true
		}
		_, _ = fmt.Fprintf(&b, "# %s\n%s\n", test.name, diag.RenderText(list, diag.Options{Width: 1000}))
	}
	for _, info := range diag.All() {
		if info.Code >= "E0501" && info.Code <= "E0514" && !shown[info.Code] {
			t.Errorf("code %s is not shown", info.Code)
		}
	}
	// The names of temporary files are random.
	got := strings.ReplaceAll(b.String(), dir, "data")
	if at := strings.Index(got, ".t.htab."); at >= 0 {
		end := at + strings.Index(got[at:], ".tmp")
		got = got[:at] + ".t.htab.0" + got[end:]
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", golden, diff)
	}
}
