package bind_test

import (
	"crypto/md5"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// TestSQLite runs the tests of SQLite's sqllogictest in the interpreter: those of
// their queries that bind must give the recorded answers.
func TestSQLite(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: some ten thousand queries")
	}
	t.Parallel()
	root := filepath.Join(filepath.Dir(corpora(t)), "slt", "sqlite")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the corpus of sqllogictest is missing")
	}
	right := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".test" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f := &logicFile{t: t, path: path, tables: map[string]*ir.Table{}, data: map[string]*interp.Table{}}
		for _, record := range strings.Split(strings.ReplaceAll(string(text), "\r", ""), "\n\n") {
			f.record(strings.Split(strings.TrimSpace(record), "\n"))
		}
		right += f.right
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const least = 15000
	if right < least {
		t.Errorf("only %d queries were compared, there should be %d", right, least)
	}
}

// logicFile is a file of sqllogictest with the tables that it has made so far.
type logicFile struct {
	t      *testing.T
	path   string
	tables map[string]*ir.Table
	data   map[string]*interp.Table
	right  int
}

func (f *logicFile) record(lines []string) {
	for len(lines) > 0 && (strings.HasPrefix(lines[0], "#") || strings.HasPrefix(lines[0], "skipif") || strings.HasPrefix(lines[0], "onlyif") || strings.HasPrefix(lines[0], "hash-")) {
		ours := strings.Contains(lines[0], "postgresql")
		if strings.HasPrefix(lines[0], "skipif") && ours || strings.HasPrefix(lines[0], "onlyif") && !ours {
			return
		}
		lines = lines[1:]
	}
	switch {
	case len(lines) == 0:
	case strings.HasPrefix(lines[0], "statement ok"):
		f.statement(strings.Join(lines[1:], " "))
	case strings.HasPrefix(lines[0], "query"):
		if end := slices.Index(lines, "----"); end > 0 {
			f.query(strings.Fields(lines[0])[1:], strings.Join(lines[1:end], "\n"), lines[end+1:])
		}
	}
}

var (
	createTable = regexp.MustCompile(`(?i)^CREATE TABLE (\w+) *\((.*)\)$`)
	insertRow   = regexp.MustCompile(`(?i)^INSERT INTO (\w+) *(?:\(([^)]*)\))? *VALUES *\((.*)\)$`)
	copyTable   = regexp.MustCompile(`(?i)^INSERT INTO (\w+) SELECT \* FROM (\w+)$`)
)

// statement does what the files do to tables. After anything else their contents are
// not known any more.
func (f *logicFile) statement(text string) {
	if m := createTable.FindStringSubmatch(text); m != nil {
		f.create(m[1], m[2])
	} else if m := insertRow.FindStringSubmatch(text); m != nil && f.tables[m[1]] != nil {
		f.insert(f.tables[m[1]], m[2], strings.Split(m[3], ","))
	} else if m := copyTable.FindStringSubmatch(text); m != nil && f.data[m[1]] != nil && f.data[m[2]] != nil {
		*f.data[m[1]] = *f.data[m[2]]
	} else if !strings.HasPrefix(text, "CREATE INDEX") && !strings.HasPrefix(text, "CREATE UNIQUE INDEX") {
		clear(f.tables)
	}
}

func (f *logicFile) create(name, columns string) {
	table := &ir.Table{Name: name, Rows: -1}
	for _, c := range strings.Split(columns, ",") {
		words := strings.Fields(c)
		kind := ir.I64
		switch {
		case len(words) < 2:
			return
		case strings.Contains(words[1], "FLOAT"), strings.Contains(words[1], "REAL"):
			kind = ir.F64
		case strings.Contains(words[1], "CHAR"), strings.Contains(words[1], "TEXT"):
			kind = ir.String
		}
		table.Columns = append(table.Columns, ir.Column{Name: words[0], Type: ir.Of(kind).WithNull(true)})
	}
	f.tables[name] = table
	f.data[name] = &interp.Table{Columns: make([][]ir.Datum, len(table.Columns))}
}

func (f *logicFile) insert(table *ir.Table, columns string, values []string) {
	row := make([]ir.Datum, len(table.Columns))
	for i := range row {
		row[i] = ir.NullDatum
	}
	names := strings.Split(columns, ",")
	for i, value := range values {
		at := i
		if columns != "" {
			at, _ = table.Column(strings.TrimSpace(names[i]))
		}
		if value = strings.TrimSpace(value); value == "NULL" {
			continue
		}
		d, err := ir.ParseDatum(table.Columns[at].Type, strings.Trim(value, "'"))
		if err != nil {
			f.t.Fatalf("%s: %v", f.path, err)
		}
		row[at] = d
	}
	data := f.data[table.Name]
	data.Rows++
	for i, d := range row {
		data.Columns[i] = append(data.Columns[i], d)
	}
}

// query compares an answer. Options are a letter for the type of each column and how
// rows are sorted.
func (f *logicFile) query(options []string, text string, want []string) {
	var tables []*ir.Table
	for _, table := range f.tables {
		tables = append(tables, table)
	}
	file := diag.NewFile("query.sql", text)
	parsed, list := sql.Parse(file)
	if list.HasErrors() {
		return
	}
	module, _ := bind.Bind(f.t.Context(), file, parsed.Statements[0], catalog.NewMemory(tables...), bind.Options{})
	if module == nil {
		return
	}
	if problems := ir.Verify(module); problems.HasErrors() {
		f.t.Errorf("%s: %s\n%s", f.path, text, diag.RenderText(problems, diag.Options{}))
		return
	}
	result, err := interp.Run(f.t.Context(), module, bind.Query, f.data, nil)
	if err != nil {
		f.t.Errorf("%s: %s\n%v", f.path, text, err)
		return
	}
	got := answer(result, options)
	if len(want) == 1 && strings.Contains(want[0], " values hashing to ") {
		sum := md5.New()
		for _, value := range got {
			sum.Write([]byte(value + "\n"))
		}
		got = []string{fmt.Sprintf("%d values hashing to %x", len(got), sum.Sum(nil))}
	}
	if !slices.Equal(want, got) {
		f.t.Errorf("%s: %s\n(-want +got):\n%s", f.path, text, cmp.Diff(want, got))
		return
	}
	f.right++
}

// answer lists the values of a result as the files have them.
func answer(result *interp.Result, options []string) []string {
	rows := make([][]string, result.Rows)
	for i := range rows {
		for c, d := range result.Row(i) {
			rows[i] = append(rows[i], logicValue(result.Types[c], d, options[0][c]))
		}
	}
	if slices.Contains(options, "rowsort") {
		slices.SortFunc(rows, slices.Compare)
	}
	values := slices.Concat(rows...)
	if slices.Contains(options, "valuesort") {
		slices.Sort(values)
	}
	return values
}

func logicValue(t ir.Type, d ir.Datum, letter byte) string {
	if d.Null {
		return "NULL"
	}
	text := ir.FormatDatum(t, d)
	number, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "":
		return "(empty)"
	case err == nil && letter == 'R':
		return fmt.Sprintf("%.3f", number)
	case err == nil && letter == 'I':
		return strconv.FormatInt(int64(number), 10)
	default:
		return text
	}
}
