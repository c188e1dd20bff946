package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/exec"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/native"
)

// What is measured with. The table "large" and the groups of "many" are beyond any cache,
// those of "small" and "groups" within; keys lie so far apart that tables hash them.
const (
	smallRows = 4096
	fewGroups = 16
)

// question is a query of which one or two pipelines are measured.
type question struct {
	name, sql string
	pipeline  string // how the title of the pipeline that matters begins
	build     string // and of the one that builds its hash table, "" for none
	all       bool   // with all threads
}

// The questions. Each is asked on one thread, whose rates a profile has.
var questions = []question{
	{name: "narrow", sql: `SELECT count(*) FROM numbers WHERE narrow > 0`, pipeline: "scan numbers"},
	{name: "wide", sql: wideScan, pipeline: "scan numbers"},
	{name: "few groups", sql: `SELECT few, count(*), sum(a) FROM numbers GROUP BY few`, pipeline: "scan numbers"},
	{name: "some groups", sql: `SELECT groups, count(*), sum(a) FROM numbers GROUP BY groups`, pipeline: "scan numbers"},
	{name: "many groups", sql: `SELECT many, count(*), sum(a) FROM numbers GROUP BY many`, pipeline: "scan numbers"},
	{name: "small table", sql: `SELECT count(*), sum(value) FROM numbers LEFT JOIN small ON groups = key`, pipeline: "scan numbers"},
	{name: "large table", sql: `SELECT count(*), sum(value) FROM numbers LEFT JOIN large ON many = key`, pipeline: "scan numbers", build: "scan large"},
	{name: "sort", sql: `SELECT few, a FROM numbers ORDER BY a`, pipeline: "scan numbers"},
	{name: "start", sql: `SELECT count(*) FROM tiny WHERE key > 0`, pipeline: "scan tiny"},
	{name: "wide, all threads", sql: wideScan, pipeline: "scan numbers", all: true},
}

const wideScan = `SELECT count(*) FROM numbers WHERE a > 7 AND b > 7 AND c > 7 AND d > 7`

// answered is what a question took.
type answered struct {
	sample
	finish time.Duration
	record float64 // bytes of a record of the state that was filled
	fields float64 // of it
}

// amounts are the rows of the tables, and the time for each question.
func (c *calibration) amounts() (numbers, large int, budget time.Duration) {
	if c.options.Quick {
		return 1 << 20, 2 << 20, 40 * time.Millisecond
	}
	return 3 << 20, 6 << 20, 250 * time.Millisecond
}

// measureCPU fills in the profile's CPU.
func (c *calibration) measureCPU(ctx context.Context, dir string) error {
	numbers, large, budget := c.amounts()
	if err := c.step(ctx, "making data"); err != nil {
		return err
	}
	if err := c.makeTables(ctx, dir, numbers, large); err != nil {
		return err
	}
	cpu := &c.profile.CPU
	name, cache := c.processor()
	cpu.Name = "this machine"
	if name != "" {
		cpu.Name = name
	}
	if cache > 0 {
		cpu.Cache = cache
	}
	cpu.Threads = float64(c.options.Threads)
	cpu.Source = "measured"
	cpu.Morsel = store.ChunkRows
	c.profile.Name = cpu.Name
	c.profile.Notes = []string{"Measured with Heddle's own queries, one thread but for memoryBytes; the assumptions are guesses."}

	if err := c.measureCopies(ctx, dir, budget); err != nil {
		return err
	}
	took := map[string]answered{}
	for _, threads := range []int{1, c.options.Threads} {
		if err := c.ask(ctx, dir, threads, budget, took); err != nil {
			return err
		}
		if threads == c.options.Threads {
			break
		}
	}
	c.rates(took)
	return nil
}

// ask measures the questions for one thread, or for all.
func (c *calibration) ask(ctx context.Context, dir string, threads int, budget time.Duration, took map[string]answered) (err error) {
	workspace, err := Open(ctx, Options{
		System: c.system, Data: dir, Engine: c.options.Engine, Threads: threads, TempDir: c.options.TempDir, MemoryCacheOnly: true,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	for _, q := range questions {
		if q.all != (threads > 1) && c.options.Threads > 1 {
			continue
		}
		if err := c.step(ctx, "queries: "+q.name); err != nil {
			return err
		}
		if err := c.answer(ctx, workspace, &q, budget, took); err != nil {
			return fmt.Errorf("measuring %s: %w", q.name, err)
		}
	}
	return c.askAgain(ctx, workspace, budget, took)
}

// askAgain asks the questions that have been answered, but do not tell their figures,
// again, with more time.
func (c *calibration) askAgain(ctx context.Context, w *Workspace, budget time.Duration, took map[string]answered) error {
	const tries = 2
	for range tries {
		budget *= 2
		_, doubts := figures(c.profile.CPU, took)
		settled := true
		for _, q := range questions {
			doubted := slices.ContainsFunc(doubts, func(d doubt) bool { return slices.Contains(d.questions, q.name) })
			if _, answered := took[q.name]; !doubted || !answered || q.all {
				continue
			}
			settled = false
			if err := c.answer(ctx, w, &q, budget, took); err != nil {
				return fmt.Errorf("measuring %s again: %w", q.name, err)
			}
		}
		if settled {
			break
		}
	}
	return nil
}

// answer measures one question: the shortest times of its pipelines, and of finishing
// their states. What builds a table is told under the name of the pipeline.
func (c *calibration) answer(ctx context.Context, w *Workspace, q *question, budget time.Duration, took map[string]answered) error {
	_, err := c.best(ctx, budget, func() (time.Duration, error) {
		file := diag.NewFile("calibrate.sql", q.sql)
		statements, err := w.Prepare(ctx, file, PrepareOptions{})
		if err != nil {
			return 0, err
		}
		run, err := w.Run(ctx, statements[0].Program, statements[0].Wasm, RunOptions{Source: file})
		if err != nil {
			return 0, err
		}
		stats := run.Stats()
		elapsed, err := note(took, q.name, q.pipeline, &stats, statements[0].Program)
		if err == nil && q.build != "" {
			_, err = note(took, q.build, q.build, &stats, statements[0].Program)
		}
		return elapsed, errors.Join(err, run.Close())
	})
	return err
}

// note keeps the shortest times of the first pipeline whose title begins so.
func note(took map[string]answered, name, prefix string, stats *exec.Stats, p *program.Program) (time.Duration, error) {
	for i := range stats.Pipelines {
		measured := &stats.Pipelines[i]
		if !strings.HasPrefix(measured.Title, prefix) {
			continue
		}
		a, before := took[name]
		if !before || measured.Run < a.elapsed {
			a.elapsed = measured.Run
		}
		if !before || measured.Finish < a.finish {
			a.finish = measured.Finish
		}
		a.rows, a.bytes = float64(measured.Rows), float64(measured.Bytes)
		record := &p.States[p.Pipelines[i].Into].Record
		a.record, a.fields = float64(record.Size), float64(len(record.Fields))
		took[name] = a
		return measured.Run + measured.Finish, nil
	}
	return 0, fmt.Errorf("no pipeline begins with %q", prefix)
}

// doubt is a figure that the answers to some questions do not tell.
type doubt struct {
	figure    string // as the profile names it
	questions []string
}

// rates turns times into the rates of the profile, and notes which of them are assumed.
func (c *calibration) rates(took map[string]answered) {
	var doubts []doubt
	c.profile.CPU, doubts = figures(c.profile.CPU, took)
	var names []string
	for _, d := range doubts {
		names = append(names, d.figure)
	}
	if len(names) > 0 {
		c.profile.Notes = append(c.profile.Notes, fmt.Sprintf(
			"Assumed, as in the built-in profile or as near to it as the other figures allow, since the times did not tell them: %s. Measure again when the machine has less else to do.",
			strings.Join(names, ", ")))
	}
}

// figures turns times into rates. The CPU that is given has the rate of copies already,
// and what is assumed for the others.
func figures(cpu place.CPU, took map[string]answered) (place.CPU, []doubt) {
	var doubts []doubt
	tell := func(certain bool, figure string, questions ...string) {
		if !certain {
			doubts = append(doubts, doubt{figure, questions})
		}
	}
	const narrow, wide = "narrow", "wide"
	bytes, rows, certain := scanRates(took[narrow].sample, took[wide].sample, cpu.CopyBytes, cpu.ScanBytes, cpu.Rows)
	cpu.ScanBytes, cpu.Rows = bytes, rows
	tell(certain, "cpu.scanBytes", narrow, wide)
	// All threads read at least what one reads, and one what it copies.
	all := took["wide, all threads"]
	cpu.MemoryBytes = rate(all.bytes, all.elapsed, cpu.MemoryBytes)
	cpu.MemoryBytes = max(cpu.MemoryBytes, cpu.CopyBytes, rate(took[wide].bytes, took[wide].elapsed, 0))
	of := func(name, figure string, assumed float64) float64 {
		each, certain := beyond(took[name].sample, cpu.ScanBytes, cpu.Rows, assumed)
		tell(certain, figure, name, narrow, wide)
		return each
	}
	fields := max(took["few groups"].fields, 1)
	cpu.DirectUpdates = fields * of("few groups", "cpu.directUpdates", cpu.DirectUpdates/fields)
	cpu.CachedUpdates = of("some groups", "cpu.cachedUpdates", cpu.CachedUpdates)
	groups := took["many groups"]
	cpu.Updates = uncached(cpu.CachedUpdates, of("many groups", "cpu.updates", cpu.Updates), part(cpu.Cache, groups.rows*groups.record))
	build := took["scan large"]
	cpu.CachedProbes = of("small table", "cpu.cachedProbes", cpu.CachedProbes)
	cpu.Probes = uncached(cpu.CachedProbes, of("large table", "cpu.probes", cpu.Probes), part(cpu.Cache, build.rows*build.record))
	cpu.Inserts = of("scan large", "cpu.inserts", cpu.Inserts)
	cpu.Links = rate(build.rows, build.finish, cpu.Links)
	sorted := took["sort"]
	cpu.Comparisons = comparisons(sorted.rows, sorted.finish, cpu.Comparisons)
	if start := took["start"]; start.elapsed > 0 {
		cpu.Start = (start.elapsed + start.finish).Seconds()
	}
	return cpu, doubts
}

// measureCopies measures how fast a thread copies memory, and reads a file that the
// system has in memory.
func (c *calibration) measureCopies(ctx context.Context, dir string, budget time.Duration) error {
	if err := c.step(ctx, "copies of memory"); err != nil {
		return err
	}
	const size = 64 << 20
	from, to := make([]byte, size), make([]byte, size)
	for i := range from {
		from[i] = byte(i)
	}
	elapsed, err := c.best(ctx, budget, func() (time.Duration, error) {
		return c.timed(func() error { copy(to, from); return nil })
	})
	if err != nil {
		return err
	}
	cpu := &c.profile.CPU
	cpu.CopyBytes = rate(size, elapsed, cpu.CopyBytes)
	if err := c.step(ctx, "files"); err != nil {
		return err
	}
	path := filepath.Join(dir, "numbers"+native.Extension)
	info, err := c.system.Files.Stat(path)
	if err != nil {
		return err
	}
	elapsed, err = c.best(ctx, budget, func() (time.Duration, error) {
		return c.timed(func() error { return c.readFile(path, to[:1<<20]) })
	})
	if err != nil {
		return err
	}
	cpu.FileBytes = rate(float64(info.Size()), elapsed, cpu.FileBytes)
	return nil
}

func (c *calibration) readFile(path string, buffer []byte) (err error) {
	file, err := c.system.Files.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for {
		if _, err := file.Read(buffer); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// mix spreads numbers evenly, always in the same way (splitmix64; Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// sparse gives each number below 2^40 another one: multiplying by odd numbers and adding
// high bits to low ones can be undone.
func sparse(x uint64) uint64 {
	const mask = 1<<40 - 1
	x = x * 0x9E3779B97F4A7C15 & mask
	x ^= x >> 21
	x = x * 0xD1B54A32D192ED03 & mask
	return x ^ x>>19
}

// makeTables writes the tables of the questions.
func (c *calibration) makeTables(ctx context.Context, dir string, numbers, large int) error {
	whole, small := ir.Of(ir.I64), ir.Of(ir.I32)
	value := func(row uint64, column uint64) uint64 { return mix(row*16 + column) }
	wide := func(column uint64) func(uint64) uint64 {
		return func(row uint64) uint64 { return value(row, column) >> 20 }
	}
	tables := []struct {
		name   string
		rows   int
		fields []ir.Field
		values []func(row uint64) uint64
	}{
		{"numbers", numbers, []ir.Field{
			{Name: "narrow", Type: small},
			{Name: "a", Type: whole},
			{Name: "b", Type: whole},
			{Name: "c", Type: whole},
			{Name: "d", Type: whole},
			{Name: "few", Type: small},
			{Name: "groups", Type: whole},
			{Name: "many", Type: whole},
		}, []func(uint64) uint64{
			func(row uint64) uint64 { return value(row, 0) % 100 },
			wide(1),
			wide(2),
			wide(3),
			wide(4),
			func(row uint64) uint64 { return value(row, 5) % fewGroups },
			func(row uint64) uint64 { return sparse(value(row, 6) % smallRows) },
			func(row uint64) uint64 { return sparse(value(row, 7) % uint64(large)) },
		}},
		{"small", smallRows, []ir.Field{{Name: "key", Type: whole}, {Name: "value", Type: small}}, []func(uint64) uint64{
			func(row uint64) uint64 { return sparse(row) },
			func(row uint64) uint64 { return value(row, 1) >> 34 },
		}},
		{"large", large, []ir.Field{{Name: "key", Type: whole}, {Name: "value", Type: small}}, []func(uint64) uint64{
			func(row uint64) uint64 { return sparse(row) },
			func(row uint64) uint64 { return value(row, 1) >> 34 },
		}},
		{"tiny", 1, []ir.Field{{Name: "key", Type: whole}}, []func(uint64) uint64{func(uint64) uint64 { return 1 }}},
	}
	format, err := store.FormatByName("native")
	if err != nil {
		return err
	}
	for _, t := range tables {
		batches := func(yield func(*store.Batch, error) bool) {
			batch := store.NewBatch(store.Natural(t.fields), store.ChunkRows, 0)
			for first := 0; first < t.rows; first += store.ChunkRows {
				batch.Rows = min(store.ChunkRows, t.rows-first)
				for i := range t.fields {
					fill(batch.Columns[i].Values, t.fields[i].Type, uint64(first), batch.Rows, t.values[i])
				}
				if !yield(batch, ctx.Err()) {
					return
				}
			}
		}
		if err := store.WriteFile(ctx, c.system, format, filepath.Join(dir, t.name+native.Extension), t.fields, batches, store.WriteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// fill writes integers of 4 or 8 bytes.
func fill(values []byte, t ir.Type, first uint64, rows int, value func(row uint64) uint64) {
	for i := range rows {
		if t.Kind == ir.I32 {
			binary.LittleEndian.PutUint32(values[4*i:], uint32(value(first+uint64(i))))
		} else {
			binary.LittleEndian.PutUint64(values[8*i:], value(first+uint64(i)))
		}
	}
}
