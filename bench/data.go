package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/native"
	"github.com/heddle-lang/heddle/runtime/store/parquet"
)

// dataset says where the forms of the data are.
type dataset struct {
	parquet string // directory of NAME.parquet
	native  string // directory of NAME.htab
	duckdb  string // database file
}

// prepareData makes what is missing. Each file appears only when it is complete, so that
// an interrupted command goes on where it was.
func prepareData(ctx context.Context, c *config, log io.Writer) (*dataset, error) {
	d := &dataset{
		parquet: filepath.Join(c.data, "parquet"), native: filepath.Join(c.data, "native"),
		duckdb: filepath.Join(c.data, "tpch.duckdb"),
	}
	for _, dir := range []string{d.parquet, d.native} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	sys := system.Real()
	options := store.WriteOptions{Threads: c.threads}
	make := func(path string, write func() error) error {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		began := time.Now()
		if err := write(); err != nil {
			return err
		}
		fmt.Fprintf(log, "made %s in %v\n", path, time.Since(began).Round(time.Millisecond))
		return nil
	}
	for _, table := range tpch.Tables {
		path := filepath.Join(d.parquet, table.Name+".parquet")
		err := make(path, func() error {
			schema, batches, err := generate(table, c.scale)
			if err != nil {
				return err
			}
			format, err := store.FormatByName("parquet")
			if err != nil {
				return err
			}
			return store.WriteFile(ctx, sys, format, path, schema, batches, options)
		})
		if err != nil {
			return nil, err
		}
	}
	for _, table := range tpch.Tables {
		from := filepath.Join(d.parquet, table.Name+".parquet")
		to := filepath.Join(d.native, table.Name+native.Extension)
		err := make(to, func() error { return load(ctx, sys, table.Name, from, to, options) })
		if err != nil {
			return nil, err
		}
	}
	return d, make(d.duckdb, func() error { return loadDuckDB(ctx, d, c.threads) })
}

// load makes a native table from a Parquet file.
func load(ctx context.Context, sys *system.System, name, from, to string, options store.WriteOptions) (err error) {
	table, err := parquet.Open(ctx, sys, from, store.FileOptions{Table: name})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.Close()) }()
	format, err := store.FormatByName("native")
	if err != nil {
		return err
	}
	rows := store.Read(ctx, table, options.Threads)
	return store.WriteFile(ctx, sys, format, to, store.Fields(table.Description()), rows, options)
}

// generate gives the rows of a table in the form that writers take.
func generate(table *tpch.Table, scale float64) ([]ir.Field, store.Batches, error) {
	schema := make([]ir.Field, len(table.Columns))
	for i, c := range table.Columns {
		schema[i] = ir.Field{Name: c.Name, Type: columnType(c.Kind)}
	}
	generated, err := tpch.Generate(table, scale, 0, 1)
	if err != nil {
		return nil, nil, err
	}
	return schema, func(yield func(*store.Batch, error) bool) {
		for rows := range generated {
			batch := &store.Batch{Rows: rows.Rows, Columns: make([]store.Vector, len(schema))}
			for i := range rows.Columns {
				batch.Columns[i] = vector(&rows.Columns[i])
			}
			if !yield(batch, nil) {
				return
			}
		}
	}, nil
}

func columnType(kind tpch.Kind) ir.Type {
	switch kind {
	case tpch.Integer:
		return ir.Of(ir.I32)
	case tpch.BigInt:
		return ir.Of(ir.I64)
	case tpch.Decimal:
		return ir.DecimalType(15, 2)
	case tpch.Date:
		return ir.Of(ir.Date)
	case tpch.Varchar, tpch.Char:
		return ir.Of(ir.String)
	default:
		panic(fmt.Sprintf("BUG: unknown column kind %d", kind))
	}
}

// vector shows the memory of a generated column, which is in natural layout already.
func vector(c *tpch.Column) store.Vector {
	switch c.Kind {
	case tpch.Integer, tpch.Date:
		return store.Vector{Values: memoryOf(c.Int32)}
	case tpch.BigInt, tpch.Decimal:
		return store.Vector{Values: memoryOf(c.Int64)}
	default:
		return store.Vector{Values: memoryOf(c.Offsets), Text: c.Bytes}
	}
}

func memoryOf[T int32 | int64](values []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(T(0))))
}
