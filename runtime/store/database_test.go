package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	_ "github.com/heddle-lang/heddle/runtime/store/native"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func codeOf(err error) diag.Code {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return ""
	}
	return d.Code
}

func field(name string, kind ir.Kind) ir.Field { return ir.Field{Name: name, Type: ir.Of(kind)} }

func numbers(from, to int) (rows [][]ir.Datum) {
	for i := from; i < to; i++ {
		rows = append(rows, []ir.Datum{ir.IntDatum(int64(i))})
	}
	return rows
}

// put writes a native table below dir.
func put(t *testing.T, dir, name string, fields []ir.Field, rows [][]ir.Datum) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	format, err := store.FormatByName("native")
	if err != nil {
		t.Fatal(err)
	}
	err = store.WriteFile(t.Context(), system.Real(), format, path, fields, storetest.Batches(fields, rows, 100), store.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func openDatabase(t *testing.T, dir string) *store.Database {
	t.Helper()
	db, err := store.OpenDatabase(t.Context(), system.Real(), dir, store.DatabaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := []ir.Field{field("n", ir.I32)}
	put(t, dir, "orders.htab", n, numbers(0, 3))
	put(t, dir, "Mixed.htab", n, numbers(0, 1))
	put(t, dir, "both.htab", n, numbers(0, 1))
	put(t, dir, "both/part.htab", n, numbers(0, 1))
	put(t, dir, "parts/a.htab", n, numbers(0, 200))
	put(t, dir, "parts/b.htab", n, numbers(200, 1000))
	put(t, dir, "parts/_skipped.htab", n, numbers(0, 1))
	put(t, dir, "wrong/a.htab", n, numbers(0, 1))
	put(t, dir, "wrong/b.htab", []ir.Field{field("n", ir.I64)}, numbers(0, 1))
	put(t, dir, "missing/a.htab", []ir.Field{field("n", ir.I32), field("m", ir.I32)}, nil)
	put(t, dir, "missing/b.htab", n, nil)
	put(t, dir, "more/a.htab", n, nil)
	put(t, dir, "more/b.htab", []ir.Field{field("n", ir.I32), field("m", ir.I32)}, nil)
	put(t, dir, "keys/y=1/a.htab", n, nil)
	put(t, dir, "keys/z=1/a.htab", n, nil)
	for name, content := range map[string]string{"notes.txt": "", ".hidden.htab": "", "broken.htab": "no table", "empty/readme.txt": ""} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	db := openDatabase(t, dir)
	want := []string{"Mixed", "both", "broken", "empty", "keys", "missing", "more", "orders", "parts", "wrong"}
	if diff := cmp.Diff(want, db.Tables()); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		name    string
		code    diag.Code
		message string
		rows    int64
	}{
		{"orders", "", "", 3},
		{"ORDERS", "", "", 3},
		{"mixed", "", "", 1},
		{"parts", "", "", 1000},
		{"order", "E0502", `did you mean "orders"?`, 0},
		{"both", "E0506", "name the file itself", 0},
		{"broken", "E0504", "broken.htab", 0},
		{"empty", "E0507", "holds no data files", 0},
		{"wrong", "E0512", `column "n" is i32`, 0},
		{"missing", "E0512", `"m"`, 0},
		{"more", "E0512", `"m"`, 0},
		{"keys", "E0512", "key=value", 0},
	} {
		table, err := db.Describe(test.name)
		if codeOf(err) != test.code {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err == nil && table.Rows != test.rows {
			t.Errorf("%s: %d rows, want %d", test.name, table.Rows, test.rows)
		}
		if err != nil && !strings.Contains(rendered(err), test.message) {
			t.Errorf("%s: %s, want %q", test.name, rendered(err), test.message)
		}
	}
	parts, err := db.Table("parts")
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(numbers(0, 1000), storetest.Rows(t, parts)); diff != "" {
		t.Error(diff)
	}
	if layout := parts.Description().Columns[0].Layout; layout.Width != 2 {
		t.Errorf("layout %s of one byte and two bytes", layout)
	}
}

func rendered(err error) string {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return err.Error()
	}
	return d.Message + "\n" + strings.Join(d.Notes, "\n") + "\n" + strings.Join(d.Help, "\n")
}

func TestResolve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "t.htab", []ir.Field{field("n", ir.I32)}, numbers(0, 3))
	db := openDatabase(t, dir)
	for _, name := range []string{"t", "T", dir + "/t.htab", dir + "/*.htab"} {
		table, err := db.Resolve(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := db.Resolve(table.Description().Name)
		if err != nil || again != table {
			t.Errorf("%s: its own name gives %v, %v", name, again, err)
		}
	}
	for name, code := range map[string]diag.Code{"u": "E0502", "u.htab": "E0501", dir + "/u*": "E0507"} {
		if _, err := db.Resolve(name); codeOf(err) != code {
			t.Errorf("%s: %v", name, err)
		}
	}
	catalog := db.Catalog()
	byName, err := catalog.Table(t.Context(), "t")
	if err != nil || byName.Rows != 3 {
		t.Errorf("%+v, %v", byName, err)
	}
	byPath, err := catalog.File(t.Context(), dir+"/t.htab")
	if err != nil || byPath.Rows != 3 {
		t.Errorf("%+v, %v", byPath, err)
	}
	if diff := cmp.Diff([]string{"t"}, catalog.Tables()); diff != "" {
		t.Error(diff)
	}
}

func TestNoDirectory(t *testing.T) {
	t.Parallel()
	if _, err := store.OpenDatabase(t.Context(), system.Real(), filepath.Join(t.TempDir(), "x"), store.DatabaseOptions{}); codeOf(err) != "E0501" {
		t.Errorf("a directory that is not there: %v", err)
	}
	db := openDatabase(t, "")
	if _, err := db.Table("t"); codeOf(err) != "E0502" || !strings.Contains(rendered(err), "--data") {
		t.Errorf("no directory: %v", err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := []ir.Field{field("n", ir.I32)}
	put(t, dir, "year=2024/month=1/a.htab", n, numbers(0, 2))
	put(t, dir, "year=2024/month=2/b.htab", n, numbers(2, 3))
	put(t, dir, "year=2025/month=1/c.htab", n, numbers(3, 4))
	put(t, dir, "odd[1].htab", n, numbers(0, 7))
	db := openDatabase(t, "")
	for _, test := range []struct {
		pattern string
		code    diag.Code
		rows    int64
		columns []string
	}{
		{"odd[1].htab", "", 7, []string{"n"}},
		{"year=2024/month=1/a.htab", "", 2, []string{"n", "year", "month"}},
		{"year=2024/*/*.htab", "", 3, []string{"n", "year", "month"}},
		{"year=*/month=1/*", "", 3, []string{"n", "year", "month"}},
		{"**/[bc].htab", "", 2, []string{"n", "year", "month"}},
		{"year=2024", "", 3, []string{"n", "year", "month"}},
		{"*.parquet", "E0507", 0, nil},
		{"odd1.htab", "E0501", 0, nil},
		{"[", "E0501", 0, nil},
		{"nowhere/**/x*", "E0501", 0, nil},
		{"**/*.htab", "E0512", 0, nil},
	} {
		table, err := db.DescribeFile(dir + "/" + test.pattern)
		if codeOf(err) != test.code || err != nil && test.code == "" {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		if err != nil {
			continue
		}
		var columns []string
		for _, c := range table.Columns {
			columns = append(columns, c.Name)
		}
		if diff := cmp.Diff(test.columns, columns); diff != "" || table.Rows != test.rows {
			t.Errorf("%s: %d rows, want %d\n%s", test.pattern, table.Rows, test.rows, diff)
		}
	}
	if _, err := db.File(dir + "/year=2024/month=1/b.htab"); !strings.Contains(rendered(err), "a.htab") {
		t.Errorf("a name that is nearly right: %v", rendered(err))
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, test := range []struct {
		name string
		rows [][]ir.Datum
	}{{"t.htab", numbers(0, 3)}, {"t.htab", numbers(0, 4)}, {"t/a.htab", numbers(0, 3)}, {"t/a.htab", numbers(1, 4)}} {
		dir := t.TempDir()
		put(t, dir, test.name, []ir.Field{field("n", ir.I32)}, test.rows)
		put(t, dir, "u.htab", []ir.Field{field("n", ir.I32)}, numbers(0, 3))
		db := openDatabase(t, dir)
		table, err := db.Table("t")
		if err != nil {
			t.Fatal(err)
		}
		other, err := db.Table("u")
		if err != nil {
			t.Fatal(err)
		}
		seen[table.Fingerprint()] = test.name
		if same := table.Fingerprint() == other.Fingerprint(); same != (len(test.rows) == 3 && test.rows[0][0].Int() == 0) {
			t.Errorf("%s with rows from %d: same fingerprint is %v", test.name, test.rows[0][0].Int(), same)
		}
	}
	if len(seen) != 3 {
		t.Errorf("fingerprints %v", seen)
	}
}

func TestConcurrentOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "t.htab", []ir.Field{field("n", ir.I32)}, numbers(0, 3))
	db := openDatabase(t, dir)
	tables := make([]store.Table, 8)
	var all sync.WaitGroup
	for i := range tables {
		all.Go(func() { tables[i], _ = db.Table("t") })
	}
	all.Wait()
	for _, table := range tables {
		if table == nil || table != tables[0] {
			t.Errorf("tables %v", tables)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fields := storetest.AllTypes()
	for i := range 7 {
		put(t, dir, fmt.Sprintf("t/%d.htab", i), fields, storetest.RandomRows(rand.New(rand.NewPCG(uint64(i), 1)), fields, 50*i))
	}
	db := openDatabase(t, dir)
	table, err := db.Table("t")
	if err != nil {
		t.Fatal(err)
	}
	want := storetest.Rows(t, table)
	for threads := range 5 {
		var got [][]ir.Datum
		columns := table.Description().Columns
		for batch, err := range store.Read(t.Context(), table, threads) {
			if err != nil {
				t.Fatal(err)
			}
			for row := range batch.Rows {
				values := make([]ir.Datum, len(columns))
				for i, c := range columns {
					values[i] = batch.Columns[i].Datum(c.Type, ir.NaturalLayout(c.Type), nil, row)
				}
				got = append(got, values)
			}
		}
		if diff := storetest.Diff(want, got); diff != "" {
			t.Errorf("%d threads: %s", threads, diff)
		}
		for _, err := range store.Read(t.Context(), table, threads) {
			if err != nil {
				t.Error(err)
			}
			break // the goroutines must end
		}
	}
}

// TestDatabaseFaults makes each operation of opening and reading fail in turn.
func TestDatabaseFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := []ir.Field{field("n", ir.I32)}
	put(t, dir, "t/y=1/a.htab", n, numbers(0, 3))
	put(t, dir, "t/y=2/b.htab", n, numbers(3, 5))
	for at := 1; ; at++ {
		sys := *system.Real()
		faults := system.NewFaults(sys.Files, system.Fault{At: at, Err: fs.ErrPermission})
		sys.Files = faults
		err := readDatabase(t, &sys, dir)
		if !faults.Fired() {
			if err != nil || at < 8 {
				t.Errorf("fault %d: %v", at, err)
			}
			return
		}
		if codeOf(err) != "E0501" {
			t.Errorf("fault %d: %v", at, err)
		}
	}
}

func readDatabase(t *testing.T, sys *system.System, dir string) (err error) {
	db, err := store.OpenDatabase(t.Context(), sys, dir, store.DatabaseOptions{})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := db.Close(); err == nil {
			err = closeErr
		}
	}()
	table, err := db.Table("t")
	if err != nil {
		return err
	}
	rows := 0
	for batch, err := range store.Read(t.Context(), table, 2) {
		if err != nil {
			return err
		}
		rows += batch.Rows
	}
	if rows != 5 {
		t.Errorf("%d rows", rows)
	}
	return nil
}

func TestFormats(t *testing.T) {
	t.Parallel()
	if _, err := store.FormatByName("nativ"); codeOf(err) != "E0505" || !strings.Contains(rendered(err), `did you mean "native"?`) {
		t.Errorf("unknown format: %v", err)
	}
	format, stem := store.FormatOfPath("a/b/T.HTAB")
	if format == nil || format.Name != "native" || stem != "T" {
		t.Errorf("format %v, stem %q", format, stem)
	}
	if format, stem := store.FormatOfPath("a/.htab"); format != nil || stem != ".htab" {
		t.Errorf("a name that is all extension: %v, %q", format, stem)
	}
	if names := store.Formats(); !slices.ContainsFunc(names, func(f *store.Format) bool { return f.Name == "native" }) {
		t.Errorf("formats %v", names)
	}
}
