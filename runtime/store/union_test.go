package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

func TestPartitions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := []ir.Field{field("n", ir.I32)}
	put(t, dir, "t/year=2024/day=2024-01-31/region=north%2Feast/a.htab", n, numbers(0, 100))
	put(t, dir, "t/year=2025/day=2025-01-31/region=south/a.htab", n, numbers(100, 150))
	put(t, dir, "t/year=2025/day=__HIVE_DEFAULT_PARTITION__/region=__HIVE_DEFAULT_PARTITION__/a.htab", n, numbers(150, 160))
	db := openDatabase(t, dir)
	table, err := db.Table("t")
	if err != nil {
		t.Fatal(err)
	}
	columns := table.Description().Columns
	var types []string
	for _, c := range columns {
		types = append(types, fmt.Sprint(c.Name, " ", c.Type, " ", c.Layout))
	}
	if diff := cmp.Diff([]string{"n i32 plain<2>", "year i64 plain<1,2152>", "day date? plain<2>", "region string? dict<1,3>"}, types); diff != "" {
		t.Error(diff)
	}
	var want [][]ir.Datum
	for i, row := range numbers(0, 160) {
		switch {
		case i < 100:
			row = append(row, ir.IntDatum(2024), ir.IntDatum(19753), ir.TextDatum("north/east"))
		case i < 150:
			row = append(row, ir.IntDatum(2025), ir.IntDatum(20119), ir.TextDatum("south"))
		default:
			row = append(row, ir.IntDatum(2025), ir.NullDatum, ir.NullDatum)
		}
		want = append(want, row)
	}
	if diff := storetest.Diff(want, storetest.Rows(t, table)); diff != "" {
		t.Error(diff)
	}
	var native []store.ColumnRequest
	for _, c := range columns {
		native = append(native, store.ColumnRequest{Name: c.Name, Type: c.Type, Layout: c.Layout})
	}
	got, err := storetest.Read(t, table, native, 100)
	if diff := storetest.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for _, test := range []struct {
		name     string
		columns  []store.ColumnRequest
		segments int
	}{
		{"the files' own column, widened", native[:1], 0},
		{"a key", native[1:2], 0},
	} {
		scan, err := table.Scan(t.Context(), store.ScanRequest{Columns: test.columns})
		if err != nil || len(scan.Segments()) != test.segments || len(scan.Chunks()) != 3 {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err := scan.Close(); err != nil {
			t.Error(err)
		}
	}
	year := native[1]
	year.Layout = ir.Layout{Width: 1}
	if _, err := storetest.Read(t, table, []store.ColumnRequest{year}, 0); codeOf(err) != "E0513" {
		t.Errorf("a key that does not fit: %v", err)
	}
}

// TestUnionSegments maps files that all have the layout of the table.
func TestUnionSegments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := []ir.Field{field("n", ir.I32)}
	put(t, dir, "t/a.htab", n, numbers(0, 100))
	put(t, dir, "t/b.htab", n, numbers(20, 100))
	db := openDatabase(t, dir)
	table, err := db.Table("t")
	if err != nil {
		t.Fatal(err)
	}
	c := table.Description().Columns[0]
	scan, err := table.Scan(t.Context(), store.ScanRequest{Columns: []store.ColumnRequest{{Name: "n", Type: c.Type, Layout: c.Layout}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(scan.Segments()) != 2 || scan.Chunks()[1].Segment != 1 || scan.Segments()[1].Rows != 80 {
		t.Errorf("segments %+v, chunks %+v", scan.Segments(), scan.Chunks())
	}
	if err := scan.Close(); err != nil {
		t.Error(err)
	}
}

// TestMergedDictionaries has files whose dictionaries differ, and one column whose do
// not.
func TestMergedDictionaries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fields := []ir.Field{field("same", ir.String), {Name: "differs", Type: ir.Of(ir.String).WithNull(true)}, field("unique", ir.String)}
	var want [][]ir.Datum
	for file, words := range [][]string{{"b", "d"}, {"a", "c", "d"}, {"b"}} {
		var rows [][]ir.Datum
		for i := range 50 {
			row := []ir.Datum{ir.TextDatum([]string{"x", "y"}[i%2]), ir.TextDatum(words[i%len(words)]), ir.TextDatum(fmt.Sprint(file, i))}
			if i%5 == 0 {
				row[1] = ir.NullDatum
			}
			rows = append(rows, row)
		}
		put(t, dir, fmt.Sprintf("t/%d.htab", file), fields, rows)
		want = append(want, rows...)
	}
	table, err := openDatabase(t, dir).Table("t")
	if err != nil {
		t.Fatal(err)
	}
	var columns []store.ColumnRequest
	for _, c := range table.Description().Columns {
		columns = append(columns, store.ColumnRequest{Name: c.Name, Type: c.Type, Layout: c.Layout})
	}
	if columns[0].Layout.Cardinality != 2 || columns[1].Layout.Cardinality != 4 || columns[2].Layout != (ir.Layout{}) {
		t.Errorf("columns %+v", columns)
	}
	got, err := storetest.Read(t, table, columns, 1000)
	if diff := storetest.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if diff := storetest.Diff(want, storetest.Rows(t, table)); diff != "" {
		t.Error(diff)
	}
	for i, mapped := range []bool{true, false} {
		scan, err := table.Scan(t.Context(), store.ScanRequest{Columns: columns[i : i+1]})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(scan.Segments()) > 0; got != mapped {
			t.Errorf("column %q is mapped: %v", columns[i].Name, got)
		}
		if err := scan.Close(); err != nil {
			t.Error(err)
		}
	}
	few := columns[1]
	few.Layout = store.DictionaryLayout(3)
	if _, err := storetest.Read(t, table, []store.ColumnRequest{few}, 0); codeOf(err) != "E0513" {
		t.Errorf("a dictionary that has grown: %v", err)
	}
	plain := columns[2]
	plain.Layout = store.DictionaryLayout(3)
	if _, err := storetest.Read(t, table, []store.ColumnRequest{plain}, 0); codeOf(err) != "E0513" {
		t.Errorf("a dictionary that is gone: %v", err)
	}
}

// guessed is a format whose files hold the type that a reader would guess for their
// only column.
type guessed struct{ description *ir.Table }

func init() {
	store.RegisterFormat(store.Format{
		Name: "guessed", Extensions: []string{".guessed"}, Guesses: true,
		Open: func(_ context.Context, sys *system.System, path string, options store.FileOptions) (store.Table, error) {
			content, err := sys.Files.ReadFile(path)
			if err != nil {
				return nil, store.Unreadable(path, err)
			}
			name, null := strings.CutSuffix(string(content), "?")
			t := ir.DecimalType(6, 2)
			if kind, ok := ir.KindByName(name); ok && kind != ir.Decimal {
				t = ir.Of(kind)
			}
			if given, ok := options.Types["c"]; ok {
				t = given
			}
			t = t.OrNull(null)
			return &guessed{&ir.Table{Name: options.Table, Rows: -1, Columns: []ir.Column{{Name: "c", Type: t, Layout: ir.NaturalLayout(t)}}}}, nil
		},
	})
}

func (g *guessed) Description() *ir.Table              { return g.description }
func (g *guessed) Fingerprint() string                 { return "" }
func (g *guessed) Dictionary(string) ([]string, error) { return nil, nil }
func (g *guessed) Close() error                        { return nil }

func (g *guessed) Scan(context.Context, store.ScanRequest) (store.Scan, error) { return nil, nil }

func TestGuessedTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		files string
		given ir.Type
		want  string
	}{
		{"i32 i32", ir.Type{}, "i32"},
		{"i32 i64?", ir.Type{}, "i64?"},
		{"i32? i64", ir.Type{}, "i64?"},
		{"i32 decimal", ir.Type{}, "decimal<12,2>"},
		{"i64 decimal f64", ir.Type{}, "f64"},
		{"date timestamp", ir.Type{}, "timestamp"},
		{"date i32", ir.Type{}, "string"},
		{"bool string", ir.Type{}, "string"},
		{"i32 i64", ir.Of(ir.F64), "f64"},
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "t"), 0o777); err != nil {
			t.Fatal(err)
		}
		for i, content := range strings.Fields(test.files) {
			if err := os.WriteFile(filepath.Join(dir, "t", fmt.Sprint(i, ".guessed")), []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		options := store.DatabaseOptions{}
		if test.given.Kind != ir.Invalid {
			options.Types = map[string]map[string]ir.Type{"t": {"c": test.given}}
		}
		db, err := store.OpenDatabase(t.Context(), system.Real(), dir, options)
		if err != nil {
			t.Fatal(err)
		}
		table, err := db.Describe("t")
		if err != nil || table.Columns[0].Type.String() != test.want {
			t.Errorf("%s: %+v, %v, want %s", test.files, table, err, test.want)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWriteReadOnlyFormat(t *testing.T) {
	t.Parallel()
	format, err := store.FormatByName("guessed")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.guessed")
	err = store.WriteFile(t.Context(), system.Real(), format, path, nil, storetest.Batches(nil, nil, 1), store.WriteOptions{})
	if codeOf(err) != "E0505" {
		t.Errorf("writing a format that cannot be written: %v", err)
	}
}
