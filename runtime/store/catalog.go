package store

import (
	"context"
	"strings"

	"github.com/heddle-lang/heddle/ir"
)

// Catalog is what a front end sees of a database: names and descriptions.
type Catalog struct{ db *Database }

// Catalog returns the catalog of the database.
func (db *Database) Catalog() Catalog { return Catalog{db} }

// Table describes a table, as Database.Describe does.
func (c Catalog) Table(ctx context.Context, name string) (*ir.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.db.Describe(name)
}

// Tables lists the names of all tables in ascending order.
func (c Catalog) Tables() []string { return c.db.Tables() }

// File describes the table that a path or a pattern stands for.
func (c Catalog) File(ctx context.Context, path string) (*ir.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.db.DescribeFile(path)
}

// Resolve returns the table that a description's name stands for, in this process or
// the one that compiled the program: a table of the directory, else, where the name
// looks like one, a path or a pattern.
func (db *Database) Resolve(name string) (Table, error) {
	if _, ok := db.entries[name]; !ok {
		if format, _ := FormatOfPath(name); format != nil || hasPattern(name) || strings.ContainsAny(name, `/\`) {
			return db.File(name)
		}
	}
	return db.Table(name)
}
