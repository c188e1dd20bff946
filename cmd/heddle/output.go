package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/heddle/internal/present"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// outputFlags say where rows go and how they look.
type outputFlags struct {
	format, output string
	rows           int64
}

// outputFormats are the values of --format.
var outputFormats = append(slices.Clone(present.Formats), "arrow", "parquet")

// endings maps the ending of a file to its format.
var endings = map[string]string{
	".txt": "table", ".csv": "csv", ".tsv": "tsv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
	".md": "md", ".html": "html", ".htm": "html", ".arrow": "arrow", ".parquet": "parquet",
}

func (f *outputFlags) addOutput(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.format, "format", "f", "", "`FORMAT` of the rows: "+alternatives(outputFormats))
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "write the rows to `FILE`, whose ending names the format")
	cmd.Flags().Int64Var(&f.rows, "rows", 40, "most rows `N` of a table on a terminal; 0: all")
	complete(cmd, "format", outputFormats...)
}

// check settles the format.
func (f *outputFlags) check(a *app) error {
	if f.format == "" {
		f.format = "table"
		if f.output != "" {
			ending := strings.ToLower(filepath.Ext(f.output))
			format, known := endings[ending]
			if !known {
				return diag.New(codeFlagValue, "the ending %q of %s names no format", ending, f.output).
					Helpf("add --format with %s", alternatives(outputFormats))
			}
			f.format = format
		}
	}
	if err := oneOf("format", f.format, outputFormats...); err != nil {
		return err
	}
	binary := f.format == "arrow" || f.format == "parquet"
	if binary && f.output == "" && a.system.Environment.IsTerminal(a.stdout.Fd()) {
		return diag.New(codeNotForTerminal, "%s is not for a terminal", f.format).Helpf("write it to a file: -o result.%s", f.format)
	}
	return nil
}

// write writes all rows of a run and says how many there were. A file appears whole or
// not at all.
func (a *app) write(ctx context.Context, f *outputFlags, run *local.Run) (int64, error) {
	from := &rowSource{ctx: ctx, run: run}
	if f.format == "arrow" || f.format == "parquet" {
		err := a.writeStored(ctx, f, from)
		return from.rows, err
	}
	var columns []present.Column
	for _, column := range run.Columns() {
		columns = append(columns, present.Column{Label: column.Label, Type: column.Type})
	}
	options := present.Options{}
	if f.output == "" && f.format == "table" {
		options.Color, options.Width = a.colored(a.stdout), a.terminalWidth()
		if options.Width > 0 {
			options.Rows = f.rows
		}
	}
	write := func(w io.Writer) error { return from.copyTo(present.New(w, f.format, columns, options)) }
	if f.output == "" {
		err := write(a.stdout)
		return from.rows, err
	}
	err := system.WriteAtomic(a.system.Files, f.output, write)
	if _, ok := diag.FromError(err); err != nil && !ok {
		err = diag.New(store.CodeCannotWrite, "cannot write %s: %v", f.output, err)
	}
	return from.rows, err
}

// writeStored writes rows in a format of package store.
func (a *app) writeStored(ctx context.Context, f *outputFlags, from *rowSource) error {
	format, err := store.FormatByName(f.format)
	if err != nil {
		return err
	}
	var columns []present.Column
	for _, column := range from.run.Columns() {
		columns = append(columns, present.Column{Label: column.Label, Type: column.Type})
	}
	schema := make([]ir.Field, len(columns))
	for i, column := range present.Unique(columns) {
		schema[i] = ir.Field{Name: column.Label, Type: column.Type}
		if column.Type.Kind == ir.Null {
			schema[i].Type = ir.Of(ir.I32).WithNull(true) // files have no column without a type
		}
	}
	batches := from.stored(schema)
	if f.output != "" {
		return store.WriteFile(ctx, a.system, format, f.output, schema, batches, store.WriteOptions{})
	}
	return format.Write(ctx, a.system, a.stdout, schema, batches, store.WriteOptions{})
}

// rowSource gives the batches of a run and counts their rows.
type rowSource struct {
	ctx  context.Context
	run  *local.Run
	rows int64
}

// next gives the next batch, io.EOF behind the last.
func (s *rowSource) next() (arrow.RecordBatch, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	batch, err := s.run.Next()
	if err == nil {
		s.rows += batch.NumRows()
	}
	return batch, err
}

func (s *rowSource) copyTo(w present.Writer) error {
	for {
		batch, err := s.next()
		if errors.Is(err, io.EOF) {
			return w.Close()
		}
		if err == nil {
			err = w.Write(batch)
			batch.Release()
		}
		if err != nil {
			return err
		}
	}
}

// stored gives the batches in the memory layout that store writes.
func (s *rowSource) stored(schema []ir.Field) store.Batches {
	return func(yield func(*store.Batch, error) bool) {
		for {
			batch, err := s.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			more := yield(storedBatch(schema, batch), nil)
			batch.Release() // what was given shares its memory
			if !more {
				return
			}
		}
	}
}

// storedBatch shows a batch in natural layouts. It shares the memory of columns that
// have theirs already.
func storedBatch(schema []ir.Field, batch arrow.RecordBatch) *store.Batch {
	rows := int(batch.NumRows())
	out := &store.Batch{Rows: rows, Columns: make([]store.Vector, len(schema))}
	for i, column := range batch.Columns() {
		if shared, ok := sharedVector(schema[i].Type, column); ok {
			out.Columns[i] = shared
			continue
		}
		own := store.NewBatch(store.Natural(schema[i:i+1]), rows, 0)
		for row := range rows {
			own.Columns[0].Put(schema[i].Type, row, present.Value(column, row))
		}
		out.Columns[i] = own.Columns[0]
	}
	return out
}

// sharedVector is a column in its own memory; ok is false when Arrow lays the type out
// in another way. That is never so for text.
func sharedVector(t ir.Type, column arrow.Array) (v store.Vector, ok bool) {
	switch t.Kind {
	case ir.I8, ir.I16, ir.I32, ir.I64, ir.F32, ir.F64, ir.Date, ir.Time, ir.Timestamp, ir.TimestampTZ, ir.String, ir.Bytes:
	default:
		return v, false
	}
	data := column.Data()
	if column.DataType().ID() == arrow.NULL {
		return v, false // a column without a type, written as integers
	}
	if data.Offset() != 0 {
		panic("BUG: a batch of a result is a slice")
	}
	buffers := data.Buffers()
	if buffers[0] != nil && column.NullN() > 0 {
		v.Validity = buffers[0].Bytes()
	}
	v.Values = buffers[1].Bytes()
	if len(buffers) > 2 && buffers[2] != nil {
		v.Text = buffers[2].Bytes()
	}
	return v, true
}
