package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
)

// union is a table made of files of one format, one after another, with the keys of
// their directories as further columns.
type union struct {
	paths        []string
	keys         []partition // of each path
	tables       []Table
	partitions   []partitionColumn
	own          int                 // columns of the files themselves; those of partitions follow
	dictionaries []*mergedDictionary // by own column, where there are many files
	description  *ir.Table
	fingerprint  string
}

// openFiles opens the files of a table; a single file without partitions is itself.
// Partitions are the directories below base.
func openFiles(ctx context.Context, sys *system.System, format *Format, base string, paths []string, options FileOptions) (_ Table, err error) {
	partitions, err := partitionColumns(base, paths)
	if err != nil {
		return nil, err
	}
	if len(paths) == 1 && len(partitions) == 0 {
		return format.Open(ctx, sys, paths[0], options)
	}
	u := &union{paths: paths, partitions: partitions}
	for _, path := range paths {
		u.keys = append(u.keys, parsePartition(base, path))
	}
	defer func() {
		if err != nil {
			_ = u.Close() // the first error is the news
		}
	}()
	if err := u.open(ctx, sys, format, options); err != nil {
		return nil, err
	}
	if guesses, differ := u.commonTypes(); differ && format.Guesses {
		if err := u.Close(); err != nil {
			return nil, err
		}
		maps.Copy(guesses, options.Types)
		options.Types = guesses
		if err := u.open(ctx, sys, format, options); err != nil {
			return nil, err
		}
	}
	if err := u.describe(options.Table); err != nil {
		return nil, err
	}
	return u, nil
}

func (u *union) open(ctx context.Context, sys *system.System, format *Format, options FileOptions) error {
	u.tables = nil
	for _, path := range u.paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		table, err := format.Open(ctx, sys, path, options)
		if err != nil {
			return err
		}
		u.tables = append(u.tables, table)
	}
	return nil
}

// commonTypes finds, for columns whose guessed types differ between the files, a type
// that reads all of them.
func (u *union) commonTypes() (types map[string]ir.Type, differ bool) {
	types = map[string]ir.Type{}
	for _, table := range u.tables {
		for _, column := range table.Description().Columns {
			seen, ok := types[column.Name]
			if !ok {
				types[column.Name] = column.Type
				continue
			}
			if !seen.Same(column.Type) {
				differ = true
			}
			types[column.Name] = commonGuess(seen, column.Type)
		}
	}
	return types, differ
}

func commonGuess(a, b ir.Type) ir.Type {
	null := a.Nullable || b.Nullable
	exact := func(t ir.Type) bool { return t.IsInteger() || t.Kind == ir.Decimal }
	digits := func(t ir.Type) int { // before the point
		switch t.Kind {
		case ir.I8:
			return 3
		case ir.I16:
			return 5
		case ir.I32:
			return 10
		case ir.I64:
			return 19
		case ir.Decimal:
			return int(t.Precision) - int(t.Scale)
		default:
			return ir.MaxDecimalPrecision + 1
		}
	}
	switch {
	case a.Same(b):
		return a.WithNull(null)
	case a.IsInteger() && b.IsInteger():
		return ir.Of(max(a.Kind, b.Kind)).WithNull(null)
	case exact(a) && exact(b):
		scale := int(max(a.Scale, b.Scale))
		if precision := max(digits(a), digits(b)) + scale; precision <= ir.MaxDecimalPrecision {
			return ir.DecimalType(precision, scale).WithNull(null)
		}
		return ir.Of(ir.F64).WithNull(null)
	case a.IsNumeric() && b.IsNumeric():
		return ir.Of(ir.F64).WithNull(null)
	case a.Kind == ir.Date && b.Kind == ir.Timestamp || a.Kind == ir.Timestamp && b.Kind == ir.Date:
		return ir.Of(ir.Timestamp).WithNull(null)
	default:
		return ir.Of(ir.String).WithNull(null)
	}
}

// describe merges the descriptions of the files.
func (u *union) describe(name string) error {
	first := u.tables[0].Description()
	merged := &ir.Table{Name: name, Columns: slices.Clone(first.Columns), Rows: first.Rows}
	hash := xxh3.New()
	_, _ = fmt.Fprintf(hash, "%q %q\n", u.keys[0], u.tables[0].Fingerprint()) // a hash does not fail
	for i, table := range u.tables[1:] {
		path, next := u.paths[i+1], table.Description()
		if err := mergeColumns(merged, next, u.paths[0], path); err != nil {
			return err
		}
		if merged.Rows >= 0 && next.Rows >= 0 {
			merged.Rows += next.Rows
		} else {
			merged.Rows = -1
		}
		_, _ = fmt.Fprintf(hash, "%q %q\n", u.keys[i+1], table.Fingerprint())
	}
	if len(u.tables) > 1 {
		if err := u.mergeDictionaries(merged); err != nil {
			return err
		}
	}
	// A column that the files also hold themselves keeps their values.
	u.partitions = slices.DeleteFunc(u.partitions, func(p partitionColumn) bool {
		_, column := merged.Column(p.column.Name)
		return column != nil
	})
	u.own = len(merged.Columns)
	for _, p := range u.partitions {
		merged.Columns = append(merged.Columns, p.column)
	}
	u.description = merged
	u.fingerprint = fmt.Sprintf("%016x", hash.Sum64())
	return nil
}

func mergeColumns(merged, next *ir.Table, firstPath, path string) error {
	for i := range next.Columns {
		if _, column := merged.Column(next.Columns[i].Name); column == nil {
			return diag.New(CodeFilesDisagree, "%q has a column %q that %q lacks", path, next.Columns[i].Name, firstPath)
		}
	}
	for i := range merged.Columns {
		to := &merged.Columns[i]
		_, from := next.Column(to.Name)
		if from == nil {
			return diag.New(CodeFilesDisagree, "%q has a column %q that %q lacks", firstPath, to.Name, path)
		}
		if !to.Type.Same(from.Type) {
			return diag.New(CodeFilesDisagree, "column %q is %s in %q and %s in %q",
				to.Name, to.Type.WithNull(false), firstPath, from.Type.WithNull(false), path)
		}
		to.Type = to.Type.OrNull(from.Type.Nullable)
		if IsInteger(to.Type) {
			to.Layout = CommonLayout(to.Type, to.Layout, from.Layout)
		}
		to.Statistics = mergeStatistics(to.Type, to.Statistics, from.Statistics)
	}
	return nil
}

func mergeStatistics(t ir.Type, a, b ir.Statistics) ir.Statistics {
	merged := ir.Statistics{Nulls: -1}
	if a.Nulls >= 0 && b.Nulls >= 0 {
		merged.Nulls = a.Nulls + b.Nulls
	}
	if a.Distinct > 0 && b.Distinct > 0 {
		merged.Distinct = max(a.Distinct, b.Distinct) // at least this many
	}
	if a.Min != nil && b.Min != nil && a.Max != nil && b.Max != nil {
		merged.Min, merged.Max = a.Min, a.Max
		if Less(t, *b.Min, *merged.Min) {
			merged.Min = b.Min
		}
		if Less(t, *merged.Max, *b.Max) {
			merged.Max = b.Max
		}
	}
	return merged
}

// Less orders values of one type that have statistics: integer-like ones, booleans,
// floats and text (by bytes). NULLs and NaN have no place in it.
func Less(t ir.Type, a, b ir.Datum) bool {
	switch {
	case IsText(t):
		return a.Text < b.Text
	case t.IsFloat():
		return a.Float < b.Float
	default:
		return a.Int128().Cmp(b.Int128()) < 0
	}
}

func (u *union) Description() *ir.Table { return u.description }
func (u *union) Fingerprint() string    { return u.fingerprint }

func (u *union) Dictionary(column string) ([]string, error) {
	i, _ := u.description.Column(column)
	switch {
	case i >= u.own:
		return u.partitions[i-u.own].entries, nil
	case i >= 0 && len(u.tables) == 1:
		return u.tables[0].Dictionary(column)
	case i >= 0 && u.dictionaries[i] != nil:
		return u.dictionaries[i].entries, nil
	default:
		return nil, fmt.Errorf("column %q of table %q has no dictionary", column, u.description.Name)
	}
}

func (u *union) Close() error {
	var all error
	for _, table := range u.tables {
		all = errors.Join(all, table.Close())
	}
	return all
}
