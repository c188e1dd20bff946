package local_test

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/pass"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/exec"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// rows are the result of a query.
type rows struct {
	types []ir.Type
	rows  [][]ir.Datum
}

// machine runs modules on an engine.
type machine struct {
	name    string
	wide    bool
	session *exec.Session
	options passes.Options
}

func newMachines(t *testing.T) []*machine {
	t.Helper()
	var all []*machine
	for _, name := range engine.Names() {
		d := newDifferential(t, name)
		all = append(all, &machine{name: name, wide: d.wide, session: d.session, options: passes.Options{Verify: true}})
	}
	return all
}

// run takes a flow all the way down and executes it.
func (m *machine) run(ctx context.Context, file *diag.File, module *ir.Module, tables map[string]store.Table) (found *rows, err error) {
	passContext := pass.NewContext()
	passContext.File, passContext.Library = file, library.Digest(m.wide)
	if _, err := passes.Run(passContext, module, m.options); err != nil {
		return nil, err
	}
	var features encode.Feature
	if m.wide {
		features = encode.FeatureWideArithmetic
	}
	code, err := wasm.Generate(module, wasm.Options{Features: features})
	if err != nil {
		return nil, err
	}
	open := func(name string) (store.Table, error) { return tables[name], nil }
	result, err := m.session.Run(ctx, exec.Query{Program: passContext.Program, Wasm: code, Tables: open, Source: file})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, result.Close()) }()
	found = &rows{}
	for _, column := range result.Columns() {
		found.types = append(found.types, column.Type)
	}
	for {
		batch, err := result.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range int(batch.NumRows()) {
			row := make([]ir.Datum, len(found.types))
			for c := range row {
				row[c] = datumOf(batch.Column(c), i)
			}
			found.rows = append(found.rows, row)
		}
		batch.Release()
	}
}

// interpret runs a flow in the reference interpreter.
func interpret(ctx context.Context, module *ir.Module, data map[string]*interp.Table) (*rows, error) {
	result, err := interp.Run(ctx, module, bind.Query, data, nil)
	if err != nil {
		return nil, err
	}
	found := &rows{types: result.Types}
	for i := range result.Rows {
		found.rows = append(found.rows, result.Row(i))
	}
	return found, nil
}

// logicFile is a file in the form of SQLite's sqllogictest, with the tables that its
// statements have made so far. Records are parted by empty lines:
//
//	statement ok             CREATE TABLE, INSERT, DROP TABLE; anything else makes
//	CREATE TABLE t (...)     the tables unknown, and queries are passed over
//
//	query LETTERS SORT       a letter for each column (I, R, T), then nosort, rowsort
//	SELECT ...               or valuesort
//	----
//	value                    one in a line
//
// Files of our own have "query rows SORT" instead, with a line for each row and the
// values parted by " | ", or "error CODE" as the only line.
type logicFile struct {
	t        *testing.T
	path     string
	integers string // the type that INTEGER stands for
	tables   map[string]*logicTable
	visit    func(query *logicQuery)
	number   int
}

type logicTable struct {
	description *ir.Table
	rows        [][]ir.Datum
	changes     int // ever made
	stored      store.Table
	asStored    int // changes when it was stored
}

type logicQuery struct {
	line    int
	letters string
	sort    string
	text    string
	want    []string
}

// read goes through the records of a file.
func (f *logicFile) read() {
	f.t.Helper()
	content, err := os.ReadFile(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	f.tables = map[string]*logicTable{}
	line := 1
	for _, record := range strings.Split(strings.ReplaceAll(string(content), "\r", ""), "\n\n") {
		f.record(strings.Split(strings.TrimRight(record, "\n"), "\n"), line)
		line += strings.Count(record, "\n") + 2
	}
}

func (f *logicFile) record(lines []string, at int) {
	for len(lines) > 0 {
		first := lines[0]
		if ours := strings.Contains(first, "postgresql"); strings.HasPrefix(first, "skipif") && ours || strings.HasPrefix(first, "onlyif") && !ours {
			return
		}
		if first != "" && !strings.HasPrefix(first, "#") && !strings.HasPrefix(first, "skipif") && !strings.HasPrefix(first, "onlyif") && !strings.HasPrefix(first, "hash-") {
			break
		}
		lines, at = lines[1:], at+1
	}
	switch {
	case len(lines) == 0:
	case strings.HasPrefix(lines[0], "statement ok"):
		f.statement(strings.TrimSuffix(strings.TrimSpace(strings.Join(lines[1:], " ")), ";"))
	case strings.HasPrefix(lines[0], "query"):
		head, end := strings.Fields(lines[0]), slices.Index(lines, "----")
		if end < 0 || len(head) < 2 {
			return
		}
		q := &logicQuery{line: at, letters: head[1], sort: "nosort", text: strings.Join(lines[1:end], "\n"), want: lines[end+1:]}
		if len(head) > 2 {
			q.sort = head[2]
		}
		f.number++
		f.visit(q)
	}
}

var (
	createTable = regexp.MustCompile(`(?is)^CREATE TABLE (\w+) *\((.*)\)$`)
	insertInto  = regexp.MustCompile(`(?is)^INSERT INTO (\w+) *(?:\(([^)]*)\))? *((?:VALUES|SELECT).*)$`)
	dropTable   = regexp.MustCompile(`(?is)^DROP TABLE (?:IF EXISTS )?(\w+)$`)
)

func (f *logicFile) statement(text string) {
	switch {
	case createTable.MatchString(text):
		m := createTable.FindStringSubmatch(text)
		f.create(m[1], m[2])
	case insertInto.MatchString(text):
		m := insertInto.FindStringSubmatch(text)
		if table := f.tables[m[1]]; table != nil && !f.insert(table, m[2], m[3]) {
			clear(f.tables)
		}
	case dropTable.MatchString(text):
		delete(f.tables, dropTable.FindStringSubmatch(text)[1])
	case strings.HasPrefix(text, "CREATE INDEX"), strings.HasPrefix(text, "CREATE UNIQUE INDEX"), strings.HasPrefix(text, "DROP INDEX"):
	default:
		clear(f.tables)
	}
}

// logicTypes are the types of SQLite's files.
var logicTypes = map[string]ir.Type{
	"FLOAT": ir.Of(ir.F64), "REAL": ir.Of(ir.F64), "DOUBLE": ir.Of(ir.F64), "TEXT": ir.Of(ir.String), "BIGINT": ir.Of(ir.I64),
	"SMALLINT": ir.Of(ir.I16), "DATE": ir.Of(ir.Date), "TIMESTAMP": ir.Of(ir.Timestamp), "BOOLEAN": ir.Of(ir.Bool),
}

var (
	columnComma   = regexp.MustCompile(`,\s*([^,()]+(?:\([^)]*\))?[^,()]*)`)
	decimalColumn = regexp.MustCompile(`^DECIMAL\((\d+),(\d+)\)$`)
)

func (f *logicFile) create(name, columns string) {
	table := &logicTable{description: &ir.Table{Name: name, Rows: -1}}
	for _, column := range columnComma.FindAllStringSubmatch(","+columns, -1) {
		words := strings.Fields(column[1])
		if len(words) < 2 {
			return
		}
		kind := strings.ToUpper(words[1])
		t, known := logicTypes[kind]
		switch m := decimalColumn.FindStringSubmatch(kind); {
		case known:
		case m != nil:
			precision, _ := strconv.Atoi(m[1])
			scale, _ := strconv.Atoi(m[2])
			t = ir.DecimalType(precision, scale)
		case strings.HasPrefix(kind, "INT"):
			t = logicTypes[f.integers]
			if f.integers == "INTEGER" {
				t = ir.Of(ir.I32)
			}
		case strings.Contains(kind, "CHAR"):
			t = ir.Of(ir.String)
		default:
			return // queries over the table will not bind
		}
		nullable := !strings.Contains(strings.ToUpper(column[1]), "NOT NULL")
		table.description.Columns = append(table.description.Columns, ir.Column{Name: words[0], Type: t.WithNull(nullable)})
	}
	f.tables[name] = table
}

// insert adds what a query gives, if it can be run.
func (f *logicFile) insert(table *logicTable, names, query string) bool {
	module := f.bind(diag.NewFile("insert.sql", query))
	if module == nil {
		return false
	}
	found, err := interpret(f.t.Context(), module, f.data())
	if err != nil {
		return false
	}
	places := make([]int, len(table.description.Columns))
	for i := range places {
		places[i] = i
	}
	if names != "" {
		places = places[:0]
		for _, name := range strings.Split(names, ",") {
			at, _ := table.description.Column(strings.TrimSpace(name))
			places = append(places, at)
		}
	}
	for _, values := range found.rows {
		row := slices.Repeat([]ir.Datum{ir.NullDatum}, len(table.description.Columns))
		for i, d := range values {
			if d.Null {
				continue
			}
			to := table.description.Columns[places[i]].Type
			if row[places[i]], err = ir.ParseDatum(to, ir.FormatDatum(found.types[i], d)); err != nil {
				return false
			}
		}
		table.rows = append(table.rows, row)
	}
	table.changes++
	return true
}

// bind gives the flow of a query, nil when it does not bind.
func (f *logicFile) bind(file *diag.File) *ir.Module {
	parsed, list := sql.Parse(file)
	if list.HasErrors() {
		return nil
	}
	var tables []*ir.Table
	for _, table := range f.tables {
		tables = append(tables, table.description)
	}
	module, _ := bind.Bind(f.t.Context(), file, parsed.Statements[0], catalog.NewMemory(tables...), bind.Options{})
	return module
}

// data are the tables for the interpreter.
func (f *logicFile) data() map[string]*interp.Table {
	all := map[string]*interp.Table{}
	for name, table := range f.tables {
		data := &interp.Table{Rows: len(table.rows), Columns: make([][]ir.Datum, len(table.description.Columns))}
		for _, row := range table.rows {
			for c, d := range row {
				data.Columns[c] = append(data.Columns[c], d)
			}
		}
		all[name] = data
	}
	return all
}

// stored puts the tables that a module reads into memory and tells it of their
// layouts.
func (f *logicFile) stored(module *ir.Module) map[string]store.Table {
	all := map[string]store.Table{}
	for i, described := range module.Tables {
		table := f.tables[described.Name]
		if table.stored == nil || table.asStored != table.changes {
			var fields []ir.Field
			for _, column := range table.description.Columns {
				fields = append(fields, ir.Field{Name: column.Name, Type: column.Type})
			}
			dice := rand.New(rand.NewPCG(uint64(table.changes), 7))
			table.stored, table.asStored = storetest.NewMemory(dice, described.Name, fields, table.rows), table.changes
		}
		all[described.Name] = table.stored
		module.Tables[i] = table.stored.Description()
	}
	return all
}

// shown gives a result as the file has it.
func (q *logicQuery) shown(found *rows, err error) []string {
	if err != nil {
		list, ok := diag.FromError(err)
		if !ok {
			return []string{"error " + err.Error()}
		}
		return []string{"error " + string(list[0].Code)}
	}
	lines := make([][]string, len(found.rows))
	for i, row := range found.rows {
		for c, d := range row {
			switch {
			case q.letters != "rows":
				lines[i] = append(lines[i], logicValue(found.types[c], d, q.letters[c]))
			case d.Null:
				lines[i] = append(lines[i], "NULL")
			default:
				lines[i] = append(lines[i], ir.FormatDatum(found.types[c], d))
			}
		}
	}
	if q.sort == "rowsort" {
		slices.SortFunc(lines, slices.Compare)
	}
	var values []string
	for _, line := range lines {
		if q.letters == "rows" {
			values = append(values, strings.Join(line, " | "))
		} else {
			values = append(values, line...)
		}
	}
	if q.sort == "valuesort" {
		slices.Sort(values)
	}
	if len(q.want) == 1 && strings.Contains(q.want[0], " values hashing to ") {
		sum := md5.New()
		for _, value := range values {
			_, _ = io.WriteString(sum, value+"\n") // a hash takes anything
		}
		values = []string{fmt.Sprintf("%d values hashing to %x", len(values), sum.Sum(nil))}
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

// TestSQL runs the files of testdata/sql in the interpreter and on each engine, and
// without each of the passes that may be left out.
func TestSQL(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "sql", "*.slt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	machines := newMachines(t)
	for _, p := range passes.All() {
		if !p.Required {
			without := *machines[0]
			without.name, without.options.Disable = "without "+p.Name, []string{p.Name}
			machines = append(machines, &without)
		}
	}
	plain := *machines[0]
	plain.name, plain.options.Groups = "not optimised", passes.Lowering
	machines = append(machines, &plain)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".slt"), func(t *testing.T) {
			f := &logicFile{t: t, path: path, integers: "INTEGER"}
			f.visit = func(q *logicQuery) {
				file := diag.NewFile("query.sql", q.text)
				parsed, list := sql.Parse(file)
				if list.HasErrors() {
					t.Errorf("%s:%d:\n%s", path, q.line, diag.RenderText(list, diag.Options{}))
					return
				}
				var tables []*ir.Table
				for _, table := range f.tables {
					tables = append(tables, table.description)
				}
				module, list := bind.Bind(t.Context(), file, parsed.Statements[0], catalog.NewMemory(tables...), bind.Options{})
				if module == nil {
					t.Errorf("%s:%d:\n%s", path, q.line, diag.RenderText(list, diag.Options{}))
					return
				}
				compare := func(who string, found *rows, err error) {
					if diff := cmp.Diff(q.want, q.shown(found, err)); diff != "" && (len(q.want) > 0 || len(found.rows) > 0 || err != nil) {
						t.Errorf("%s:%d: %s\n%s (-want +got):\n%s%s", path, q.line, q.text, who, diff, reason(err))
					}
				}
				found, err := interpret(t.Context(), module.Clone(), f.data())
				compare("interpreter", found, err)
				for _, m := range machines {
					again := module.Clone()
					tables := f.stored(again)
					found, err := m.run(t.Context(), file, again, tables)
					compare(m.name, found, err)
				}
			}
			f.read()
		})
	}
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return rendered(err)
}

// TestSQLFromFiles runs the files of testdata/sql with their tables stored in each
// format.
func TestSQLFromFiles(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "sql", "*.slt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, format := range store.Formats() {
		if format.Write == nil || format.Name == "tbl" {
			continue // it has no names of columns
		}
		for _, path := range paths {
			t.Run(format.Name+"/"+strings.TrimSuffix(filepath.Base(path), ".slt"), func(t *testing.T) {
				f := &logicFile{t: t, path: path, integers: "INTEGER"}
				var w *local.Workspace
				f.visit = func(q *logicQuery) {
					if w == nil { // all tables are made before the first query
						w = f.write(format)
					}
					found, err := ask(t.Context(), w, q.text, "NULL")
					var lines []string
					switch {
					case err != nil:
						lines = q.shown(nil, err)
					default:
						if q.sort == "rowsort" {
							slices.SortFunc(found.rows, slices.Compare)
						}
						for _, row := range found.rows {
							lines = append(lines, strings.Join(row, " | "))
						}
					}
					if !slices.Equal(q.want, lines) {
						t.Errorf("%s:%d: %s\n(-want +got):\n%s%s", path, q.line, q.text, cmp.Diff(q.want, lines), reason(err))
					}
				}
				f.readTablesFirst()
			})
		}
	}
}

// readTablesFirst makes all tables of a file before its first query.
func (f *logicFile) readTablesFirst() {
	var queries []*logicQuery
	visit := f.visit
	f.visit = func(q *logicQuery) { queries = append(queries, q) }
	f.read()
	for _, q := range queries {
		visit(q)
	}
}

// write stores the tables and opens a workspace of them.
func (f *logicFile) write(format *store.Format) *local.Workspace {
	f.t.Helper()
	dir := f.t.TempDir()
	types := map[string]map[string]ir.Type{}
	for name, table := range f.tables {
		var fields []ir.Field
		types[name] = map[string]ir.Type{}
		for _, column := range table.description.Columns {
			fields = append(fields, ir.Field{Name: column.Name, Type: column.Type})
			types[name][column.Name] = column.Type
		}
		err := store.WriteFile(f.t.Context(), system.Real(), format, filepath.Join(dir, name+format.Extensions[0]), fields, storetest.Batches(fields, table.rows, 2), store.WriteOptions{})
		if err != nil {
			f.t.Fatal(rendered(err))
		}
	}
	return open(f.t, local.Options{Data: dir, Types: types})
}
