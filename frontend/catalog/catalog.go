package catalog

import (
	"context"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// Catalog knows tables by name. It is safe for concurrent use. What it returns is
// shared and must not be changed.
type Catalog interface {
	// Table describes a table of the database. It is asked only for names that
	// Tables lists.
	Table(ctx context.Context, name string) (*ir.Table, error)
	// Tables lists the names of all tables in ascending order.
	Tables() []string
	// File describes the table that a path, or a pattern of paths, stands for.
	File(ctx context.Context, path string) (*ir.Table, error)
}

// Memory is a Catalog of tables that are known beforehand.
type Memory struct {
	tables map[string]*ir.Table
	names  []string
	files  map[string]*ir.Table
}

// NewMemory returns a catalog of these tables and of no files. Two tables of one
// name are a broken invariant.
func NewMemory(tables ...*ir.Table) *Memory {
	m := &Memory{tables: make(map[string]*ir.Table, len(tables)), files: map[string]*ir.Table{}}
	for _, t := range tables {
		if m.tables[t.Name] != nil {
			panic("BUG: two tables are named " + t.Name)
		}
		m.tables[t.Name] = t
		m.names = append(m.names, t.Name)
	}
	slices.Sort(m.names)
	return m
}

// AddFile makes a table known under a path. It must not be called while others use
// the catalog.
func (m *Memory) AddFile(path string, table *ir.Table) { m.files[path] = table }

// Table finds a table.
func (m *Memory) Table(_ context.Context, name string) (*ir.Table, error) {
	if t := m.tables[name]; t != nil {
		return t, nil
	}
	return nil, diag.New(ErrNoSuchTable, "no table is named %q", name)
}

// Tables lists the tables.
func (m *Memory) Tables() []string { return slices.Clone(m.names) }

// File finds a table that was added with AddFile.
func (m *Memory) File(_ context.Context, path string) (*ir.Table, error) {
	if t := m.files[path]; t != nil {
		return t, nil
	}
	return nil, diag.New(ErrNoSuchTable, "no file is named %q", path)
}
