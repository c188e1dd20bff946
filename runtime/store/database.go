package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
)

// Database is a directory of tables, together with files that programs name
// themselves. It is safe for concurrent use. Tables are opened when they are first
// asked for and stay open until Close.
type Database struct {
	ctx     context.Context // of opening: tables are opened later, on its behalf
	sys     *system.System
	dir     string
	options DatabaseOptions
	entries map[string][]entry // by table name; more than one is ambiguous
	names   []string

	mu     sync.Mutex
	opened map[string]*opening // by "table:" name or "file:" pattern
	closed bool
}

// DatabaseOptions says how to read the files of a database.
type DatabaseOptions struct {
	// Types overrides guessed types, by table and column.
	Types map[string]map[string]ir.Type
	// Text is for all text files.
	Text TextOptions
}

// entry is a file or directory that holds a table.
type entry struct {
	path      string
	format    *Format // nil for a directory
	directory bool
}

// opening is a table that is open or being opened.
type opening struct {
	once  sync.Once
	table Table
	err   error
}

// OpenDatabase lists the tables of a directory; an empty dir has none, and only File is
// of use. Files whose names begin with "." or "_", and those of unknown formats, are
// no tables. Opening reads no file.
func OpenDatabase(ctx context.Context, sys *system.System, dir string, options DatabaseOptions) (*Database, error) {
	db := &Database{
		ctx: context.WithoutCancel(ctx), sys: sys, dir: dir, options: options,
		entries: map[string][]entry{}, opened: map[string]*opening{},
	}
	if dir == "" {
		return db, nil
	}
	listed, err := sys.Files.ReadDir(dir)
	if err != nil {
		return nil, Unreadable(dir, err)
	}
	for _, file := range listed {
		if hidden(file.Name()) {
			continue
		}
		path := filepath.Join(dir, file.Name())
		info, err := sys.Files.Stat(path) // follows links
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				continue // a dangling link, or a file that has just gone
			}
			return nil, Unreadable(path, err)
		}
		format, name := FormatOfPath(path)
		switch {
		case info.IsDir():
			name = file.Name()
			db.entries[name] = append(db.entries[name], entry{path: path, directory: true})
		case format != nil && info.Mode().IsRegular():
			db.entries[name] = append(db.entries[name], entry{path: path, format: format})
		}
	}
	for name := range db.entries {
		db.names = append(db.names, name)
	}
	slices.Sort(db.names)
	return db, nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

// Dir is the directory of the database.
func (db *Database) Dir() string { return db.dir }

// Tables returns the names of all tables in ascending order. A directory is listed even
// if it turns out to hold no data when it is opened.
func (db *Database) Tables() []string { return slices.Clone(db.names) }

// Table returns an open table: by its exact name, else by the only one that differs
// in nothing but the case of letters. An unknown name is E0502, a name that two
// files share is E0506.
func (db *Database) Table(name string) (Table, error) {
	found, err := db.find(name)
	if err != nil {
		return nil, err
	}
	return db.open("table:"+found, func() (Table, error) {
		entries := db.entries[found]
		if len(entries) > 1 {
			problem := diag.New(CodeAmbiguousTable, "table %q is in %q and in %q", found, entries[0].path, entries[1].path)
			return nil, problem.Helpf("name the file itself: FROM '%s'", filepath.ToSlash(entries[0].path))
		}
		return db.openEntry(entries[0], found, entries[0].path)
	})
}

func (db *Database) find(name string) (string, error) {
	if _, ok := db.entries[name]; ok {
		return name, nil
	}
	var folded []string
	for _, candidate := range db.names {
		if strings.EqualFold(candidate, name) {
			folded = append(folded, candidate)
		}
	}
	switch len(folded) {
	case 1:
		return folded[0], nil
	case 0:
		return "", db.unknownTable(name)
	default:
		return "", diag.New(CodeAmbiguousTable, "table %q can be %q or %q", name, folded[0], folded[1]).
			Helpf("write the name as it is, within double quotes")
	}
}

func (db *Database) unknownTable(name string) error {
	if db.dir == "" {
		return diag.New(CodeUnknownTable, "no table %q: there is no data directory", name).
			Helpf("give a directory of tables with --data, or name a file: FROM 'path/to/%s.parquet'", name)
	}
	problem := diag.New(CodeUnknownTable, "no table %q in %q", name, db.dir)
	if near, ok := diag.Suggest(name, db.names); ok {
		return problem.Helpf("did you mean %q?", near)
	}
	switch n := len(db.names); {
	case n == 0:
		problem.Note("the directory holds no tables")
	case n <= 20:
		problem.Note("the tables are %s", strings.Join(db.names, ", "))
	default:
		problem.Note("the first of %d tables are %s", n, strings.Join(db.names[:20], ", "))
	}
	return problem
}

// Describe returns the schema and statistics of a table.
func (db *Database) Describe(name string) (*ir.Table, error) {
	table, err := db.Table(name)
	if err != nil {
		return nil, err
	}
	return table.Description(), nil
}

// File returns the table that a program names by path: a file, a directory, or a
// pattern in which "*" and "?" match within a name and "**" matches any number of
// directories. The path is relative to the current directory. The table's name is the
// path as it is written.
func (db *Database) File(pattern string) (Table, error) {
	return db.open("file:"+pattern, func() (Table, error) {
		path := filepath.FromSlash(pattern)
		info, err := db.sys.Files.Stat(path)
		if err == nil { // also a file whose name has a "*" in it
			format, _ := FormatOfPath(path)
			if format == nil && !info.IsDir() {
				return nil, db.unknownFormat(path)
			}
			return db.openEntry(entry{path: path, format: format, directory: info.IsDir()}, pattern, "")
		}
		if !hasPattern(path) {
			return nil, db.unreadableFile(path, err)
		}
		paths, err := db.glob(path)
		if err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			return nil, diag.New(CodeNoFiles, "no file matches %q", pattern)
		}
		return db.openPaths(paths, pattern, "")
	})
}

// DescribeFile returns the schema and statistics of the table that File returns.
func (db *Database) DescribeFile(pattern string) (*ir.Table, error) {
	table, err := db.File(pattern)
	if err != nil {
		return nil, err
	}
	return table.Description(), nil
}

func (db *Database) unknownFormat(path string) error {
	var extensions []string
	for _, format := range formats {
		extensions = append(extensions, format.Extensions...)
	}
	return diag.New(CodeUnknownFormat, "the format of %q cannot be told from its name", path).
		Helpf("known endings are %s", strings.Join(extensions, ", "))
}

func (db *Database) unreadableFile(path string, cause error) error {
	problem := Unreadable(path, cause)
	siblings, err := db.sys.Files.ReadDir(filepath.Dir(path))
	if err != nil {
		return problem
	}
	names := make([]string, len(siblings))
	for i, sibling := range siblings {
		names[i] = sibling.Name()
	}
	if near, ok := diag.Suggest(filepath.Base(path), names); ok {
		problem.Helpf("did you mean %q?", filepath.Join(filepath.Dir(path), near))
	}
	return problem
}

// open opens a table once, however many ask for it. A failure is kept as well: the
// same question gets the same answer while the database is open.
func (db *Database) open(key string, open func() (Table, error)) (Table, error) {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil, errors.New("the database is closed")
	}
	o := db.opened[key]
	if o == nil {
		o = &opening{}
		db.opened[key] = o
	}
	db.mu.Unlock()
	o.once.Do(func() { o.table, o.err = open() })
	return o.table, o.err
}

// openEntry opens what a table's name or a path stands for. Directories "key=value"
// below base make columns; an empty base takes them from the whole path.
func (db *Database) openEntry(e entry, name, base string) (Table, error) {
	paths := []string{e.path}
	if e.directory {
		var err error
		if paths, err = db.dataFiles(e.path, nil); err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			return nil, diag.New(CodeNoFiles, "directory %q holds no data files", e.path)
		}
	}
	return db.openPaths(paths, name, base)
}

func (db *Database) fileOptions(name string) FileOptions {
	return FileOptions{Table: name, Types: db.options.Types[name], Text: db.options.Text}
}

// openPaths opens files that must all be of one format.
func (db *Database) openPaths(paths []string, name, base string) (Table, error) {
	format, _ := FormatOfPath(paths[0])
	if format == nil {
		return nil, db.unknownFormat(paths[0])
	}
	for _, path := range paths[1:] {
		other, _ := FormatOfPath(path)
		if other == nil {
			return nil, db.unknownFormat(path)
		}
		if other != format {
			return nil, diag.New(CodeFilesDisagree, "%q is %s and %q is %s", paths[0], format.Name, path, other.Name)
		}
	}
	return openFiles(db.ctx, db.sys, format, base, paths, db.fileOptions(name))
}

// Close closes every table. It must not be called while scans are open.
func (db *Database) Close() error {
	db.mu.Lock()
	db.closed = true
	opened := db.opened
	db.opened = nil
	db.mu.Unlock()
	var all error
	for _, o := range opened {
		o.once.Do(func() { o.err = errors.New("the database is closed") })
		if o.table != nil {
			all = errors.Join(all, o.table.Close())
		}
	}
	return all
}
