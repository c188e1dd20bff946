package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/heddle-lang/heddle/internal/tpch"
)

// duckSide runs queries on DuckDB.
type duckSide struct {
	connector *duckdb.Connector
	conn      driver.Conn
}

// openDuckDB opens a database file, or one in memory if path is empty. Only the
// number of threads differs from DuckDB's defaults.
func openDuckDB(ctx context.Context, path string, threads int) (*duckSide, error) {
	connector, err := duckdb.NewConnector(path, nil)
	if err != nil {
		return nil, err
	}
	s := &duckSide{connector: connector}
	if s.conn, err = connector.Connect(ctx); err != nil {
		return nil, errors.Join(err, connector.Close())
	}
	if err := s.exec(ctx, fmt.Sprintf("SET threads = %d", threads)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// openDuckData opens DuckDB on one form of the data. The Parquet files are read through
// views, so that the text of the queries is the same.
func openDuckData(ctx context.Context, d *dataset, storage string, threads int) (*duckSide, error) {
	if storage == nativeStorage {
		return openDuckDB(ctx, d.duckdb+"?access_mode=read_only", threads)
	}
	s, err := openDuckDB(ctx, "", threads)
	if err != nil {
		return nil, err
	}
	for _, table := range tpch.Tables {
		path := filepath.Join(d.parquet, table.Name+".parquet")
		if err := s.exec(ctx, fmt.Sprintf("CREATE VIEW %s AS FROM read_parquet(%s)", table.Name, quote(path))); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// loadDuckDB makes the database file from the Parquet files.
func loadDuckDB(ctx context.Context, d *dataset, threads int) (err error) {
	temporary := d.duckdb + ".tmp"
	for _, path := range []string{temporary, temporary + ".wal"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	s, err := openDuckDB(ctx, temporary, threads)
	if err != nil {
		return err
	}
	for _, table := range tpch.Tables {
		columns := make([]string, len(table.Columns))
		for i, c := range table.Columns {
			columns[i] = c.Name + " " + c.SQLType() + " NOT NULL"
		}
		path := filepath.Join(d.parquet, table.Name+".parquet")
		for _, statement := range []string{
			fmt.Sprintf("CREATE TABLE %s (%s)", table.Name, strings.Join(columns, ", ")),
			fmt.Sprintf("INSERT INTO %s FROM read_parquet(%s)", table.Name, quote(path)),
		} {
			if err := s.exec(ctx, statement); err != nil {
				return errors.Join(err, s.close())
			}
		}
	}
	if err := errors.Join(s.exec(ctx, "CHECKPOINT"), s.close()); err != nil {
		return err
	}
	return os.Rename(temporary, d.duckdb)
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func (s *duckSide) exec(ctx context.Context, text string) error {
	_, err := s.conn.(driver.ExecerContext).ExecContext(ctx, text, nil)
	return err
}

// run times a query. The connection is used as the driver gives it: database/sql would
// add a conversion of every value.
func (s *duckSide) run(ctx context.Context, text string) (rows [][]driver.Value, spent timing, err error) {
	watch := startWatch()
	result, err := s.conn.(driver.QueryerContext).QueryContext(ctx, text, nil)
	if err != nil {
		return nil, timing{}, err
	}
	for {
		row := make([]driver.Value, len(result.Columns()))
		if err = result.Next(row); err != nil {
			break
		}
		rows = append(rows, row)
	}
	spent = watch.stop()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return rows, spent, errors.Join(err, result.Close())
}

// version gives the version of the library.
func (s *duckSide) version(ctx context.Context) (string, error) {
	rows, _, err := s.run(ctx, "SELECT version()")
	if err != nil {
		return "", err
	}
	return fmt.Sprint(rows[0][0]), nil
}

func (s *duckSide) close() error { return errors.Join(s.conn.Close(), s.connector.Close()) }
