package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/exec"
)

// The ways to run a query with Heddle; see doc.go.
const (
	cachedWay     = "cached"
	translatedWay = "translated"
	compiledWay   = "compiled"
)

var allWays = []string{cachedWay, translatedWay, compiledWay}

// heddleSide runs queries on Heddle.
type heddleSide struct{ workspace *local.Workspace }

func openHeddle(ctx context.Context, c *config, d *dataset, storage string) (*heddleSide, error) {
	dir := d.parquet
	if storage == nativeStorage {
		dir = d.native
	}
	workspace, err := local.Open(ctx, local.Options{
		Data: dir, Engine: c.engine, Threads: c.threads, Memory: c.memory, MemoryCacheOnly: true,
	})
	if err != nil {
		return nil, err
	}
	return &heddleSide{workspace}, nil
}

// heddleRun is a run that has ended, with all rows.
type heddleRun struct {
	batches []arrow.RecordBatch
	timing
	phases  []local.Phase // from text to WebAssembly; empty when the text was known
	wasm    int           // bytes
	code    local.CodeSource
	compile time.Duration // WebAssembly to machine code, or finding it in the cache
	stats   exec.Stats
}

func (r *heddleRun) release() {
	for _, batch := range r.batches {
		batch.Release()
	}
}

// run times a query. The caller releases the run.
func (s *heddleSide) run(ctx context.Context, text, way string) (r *heddleRun, err error) {
	r = &heddleRun{}
	defer func(r *heddleRun) {
		if err != nil {
			r.release()
		}
	}(r)
	watch := startWatch()
	file := diag.NewFile("query", text)
	statements, err := s.workspace.Prepare(ctx, file, local.PrepareOptions{Again: way != cachedWay})
	if err != nil {
		return nil, err
	}
	statement := statements[0]
	result, err := s.workspace.Run(ctx, statement.Program, statement.Wasm, local.RunOptions{
		Source: file, Fresh: way == compiledWay,
	})
	if err != nil {
		return nil, err
	}
	for {
		batch, nextErr := result.Next()
		if nextErr != nil {
			if !errors.Is(nextErr, io.EOF) {
				err = nextErr
			}
			break
		}
		r.batches = append(r.batches, batch)
	}
	r.timing = watch.stop()
	r.phases, r.wasm = statement.Phases, len(statement.Wasm)
	r.code, r.compile, r.stats = result.Code, result.Compile, result.Stats()
	return r, errors.Join(err, result.Close())
}

func (s *heddleSide) close() error { return s.workspace.Close() }
