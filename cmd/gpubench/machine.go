package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/bundle"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/exec"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
	"github.com/heddle-lang/heddle/runtime/store"
)

// machine is what all runs share.
type machine struct {
	system  *system.System
	engine  engine.Engine
	cache   *engine.Cache
	driver  *clockedDriver
	threads int
	data    string // directory of the directories of tables
	bundles string

	databases map[float64]*store.Database
}

func newMachine(o *options) (m *machine, err error) {
	m = &machine{system: system.Real(), threads: o.threads, data: o.data, bundles: o.bundles, databases: map[float64]*store.Database{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	if m.threads == 0 {
		m.threads = m.system.Environment.Processors()
	}
	if m.engine, err = engine.Open(engine.Default()); err != nil {
		return m, err
	}
	m.cache = engine.NewCache(m.engine, engine.CacheConfig{})
	driver, err := openDevice(o.device)
	if err != nil {
		return m, err
	}
	m.driver = &clockedDriver{Driver: driver}
	return m, nil
}

func (m *machine) close() error {
	var failed error
	for _, database := range m.databases {
		failed = errors.Join(failed, database.Close())
	}
	if m.cache != nil {
		failed = errors.Join(failed, m.cache.Close())
	}
	if m.engine != nil {
		failed = errors.Join(failed, m.engine.Close())
	}
	if m.driver != nil {
		failed = errors.Join(failed, m.driver.Close())
	}
	return failed
}

// database opens the tables of a scale factor.
func (m *machine) database(ctx context.Context, scale float64) (*store.Database, error) {
	if database := m.databases[scale]; database != nil {
		return database, nil
	}
	database, err := store.OpenDatabase(ctx, m.system, directory(m.data, scale), store.DatabaseOptions{})
	if err != nil {
		return nil, err
	}
	m.databases[scale] = database
	return database, nil
}

// read reads the bundle of a workload.
func (m *machine) read(w *workload) (*bundle.Bundle, error) {
	path := w.path(m.bundles)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b, err := bundle.Read(path, content)
	if err != nil {
		return nil, err
	}
	if b.Manifest.GPU == nil {
		return nil, fmt.Errorf("%s has no code for GPUs: build it with LLVM", path)
	}
	return b, nil
}

// session starts a session, with the device or without.
func (m *machine) session(ctx context.Context, withDevice bool) (*exec.Session, error) {
	o := exec.Options{
		Engine: m.engine, Library: library.Wasm(local.WideArithmetic(m.engine)), Threads: m.threads,
		Memory: memory.Limit, System: m.system, Cache: m.cache,
	}
	if withDevice {
		o.Device = m.driver
	}
	return exec.NewSession(ctx, o)
}

// ran is what a run of a query came to.
type ran struct {
	elapsed time.Duration // from the call to the last row
	rows    int64
	lines   []string // the rows as text, sorted, if they were asked for
	stats   exec.Stats
	work    work // on the device
}

// run runs a bundle. Whatever has a kernel is placed on the device, if it is to run there.
func (m *machine) run(ctx context.Context, session *exec.Session, w *workload, b *bundle.Bundle, onDevice, keepRows bool) (*ran, error) {
	database, err := m.database(ctx, w.scale)
	if err != nil {
		return nil, err
	}
	p := b.Manifest.Program
	q := exec.Query{Program: p, Wasm: b.Wasm, Tables: database.Resolve}
	if onDevice {
		q.Kernels = &exec.Kernels{PTX: b.PTX}
		q.Placement = make([]exec.Placement, len(p.Pipelines))
		for i := range p.Pipelines {
			q.Placement[i] = exec.Placement{Device: p.Pipelines[i].Kernel != nil, Why: "it is measured"}
		}
	}
	began := time.Now()
	result, err := session.Run(ctx, q)
	if err != nil {
		return nil, err
	}
	r := &ran{}
	if err := r.drain(result, keepRows); err != nil {
		return nil, errors.Join(err, result.Close())
	}
	r.elapsed = time.Since(began)
	r.stats = result.Stats()
	if err := result.Close(); err != nil {
		return nil, err
	}
	r.work, err = m.driver.take()
	return r, err
}

func (r *ran) drain(result *exec.Result, keepRows bool) error {
	for {
		batch, err := result.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(r.lines)
			return nil
		}
		if err != nil {
			return err
		}
		r.rows += batch.NumRows()
		if keepRows {
			for i := range int(batch.NumRows()) {
				cells := make([]string, batch.NumCols())
				for c := range cells {
					cells[c] = batch.Column(c).ValueStr(i)
				}
				r.lines = append(r.lines, strings.Join(cells, "|"))
			}
		}
		batch.Release()
	}
}

// onDevice counts the pipelines that ran there, and tells why others that have a
// kernel did not.
func (r *ran) onDevice(driver device.Driver) (count int, fallbacks []string) {
	for i := range r.stats.Pipelines {
		p := &r.stats.Pipelines[i]
		switch {
		case p.Device == driver.Properties().Driver:
			count++
		case p.Fallback != nil:
			fallbacks = append(fallbacks, fmt.Sprintf("%s: %s", p.Title, p.Fallback.Message))
		}
	}
	return count, fallbacks
}
