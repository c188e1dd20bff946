package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/ir/random"
	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/pass"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
	"github.com/heddle-lang/heddle/runtime/engine"
	_ "github.com/heddle-lang/heddle/runtime/engine/all"
	"github.com/heddle-lang/heddle/runtime/exec"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// TestRandomPrograms compares the reference interpreter with both engines on random
// flows and data. HEDDLE_RANDOM_PROGRAMS sets how many, HEDDLE_RANDOM_SEED the first
// seed; a failure prints the seed that makes it again.
func TestRandomPrograms(t *testing.T) {
	count, first := uint64(1500), uint64(1)
	if testing.Short() {
		count = 200
	}
	if text := os.Getenv("HEDDLE_RANDOM_PROGRAMS"); text != "" {
		count, _ = strconv.ParseUint(text, 10, 64)
	}
	if text := os.Getenv("HEDDLE_RANDOM_SEED"); text != "" {
		first, _ = strconv.ParseUint(text, 10, 64)
	}
	for _, name := range engine.Names() {
		t.Run(name, func(t *testing.T) {
			d := newDifferential(t, name)
			for seed := first; seed < first+count; seed++ {
				d.check(t, seed)
				if t.Failed() {
					t.Fatalf("run it again with HEDDLE_RANDOM_SEED=%d HEDDLE_RANDOM_PROGRAMS=1", seed)
				}
			}
			t.Logf("%d programs compared, %d trap, %d have an operation without machine code", d.compared, d.trapped, d.unsupported)
			if d.compared < int(count)/2 {
				t.Errorf("only %d of %d programs could be compared", d.compared, count)
			}
		})
	}
}

// TestRandomProgramsOnDevice does the same on the emulator: of every other program with all
// pipelines that can run there, of the rest with half of them, so that states go from one
// device to the other. HEDDLE_RANDOM_KERNELS sets how many.
func TestRandomProgramsOnDevice(t *testing.T) {
	needLLVM(t)
	count, first := uint64(80), uint64(1)
	if testing.Short() {
		count = 30
	}
	if text := os.Getenv("HEDDLE_RANDOM_KERNELS"); text != "" {
		count, _ = strconv.ParseUint(text, 10, 64)
	}
	if text := os.Getenv("HEDDLE_RANDOM_SEED"); text != "" {
		first, _ = strconv.ParseUint(text, 10, 64)
	}
	d := newDifferential(t, engine.Default())
	d.useEmulator(t)
	for seed, end := first, first+count; seed < end; seed += compiledTogether {
		d.checkOnDevice(t, seed, min(compiledTogether, end-seed))
		if t.Failed() {
			return
		}
	}
	t.Logf("%d runs compared, %d programs trap, %d have an operation without machine code", d.compared, d.trapped, d.unsupported)
	t.Logf("%d pipelines ran on the device, %d of them as replays; others ran on the CPU because", d.onDevice, d.replayed)
	for reason, n := range d.reasons {
		t.Logf("%5d  %s", n, reason)
	}
	if d.onDevice < int(count)/2 {
		t.Errorf("only %d pipelines of %d programs ran on the device", d.onDevice, count)
	}
	if d.replayed < int(count)/4 {
		t.Errorf("only %d pipelines of %d programs were replayed", d.replayed, count)
	}
}

// compiledTogether is how many programs share a run of llc.
const compiledTogether = 20

type differential struct {
	session                        *exec.Session
	wide                           bool
	compared, unsupported, trapped int

	// With a device:
	compiler    *ptx.Compiler
	unavailable map[string]string
	onDevice    int
	replayed    int
	reasons     map[string]int // why pipelines ran on the CPU
}

// useEmulator makes a session that runs kernels.
func (d *differential) useEmulator(t *testing.T) {
	t.Helper()
	driver, err := emulator.Open(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d.compiler, err = ptx.Find(t.Context(), system.Real(), ptx.FindOptions{Entries: 1}); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(engine.Default())
	if err != nil {
		t.Fatal(err)
	}
	d.session, err = exec.NewSession(t.Context(), exec.Options{
		Engine: e, Library: library.Wasm(d.wide), Threads: testThreads(), Memory: 256 << 20, Device: driver, DeviceMemory: 1 << 30,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.unavailable, d.reasons = map[string]string{}, map[string]int{}
	for name, why := range ptx.Unavailable(library.Source()) {
		d.unavailable["library."+name] = why
	}
	t.Cleanup(func() {
		if err := errors.Join(d.session.Close(), driver.Close(), e.Close()); err != nil {
			t.Error(err)
		}
	})
}

// kernels makes the code of some programs for the device in one module, under names that
// differ; nil when they have none.
func (d *differential) kernels(ctx context.Context, cases []*randomCase) (*exec.Kernels, error) {
	all := &ir.Module{}
	for _, c := range cases {
		prefix := fmt.Sprintf("seed%d_", c.seed)
		for _, f := range c.module.Functions {
			if f.Threads > 0 {
				f.Name = prefix + f.Name
				all.Functions = append(all.Functions, f)
			}
		}
		for i := range c.program.Pipelines {
			if kernel := c.program.Pipelines[i].Kernel; kernel != nil {
				kernel.Function = prefix + kernel.Function
			}
		}
		for i := range c.program.States {
			if state := &c.program.States[i]; state.Link != "" {
				state.Link = prefix + state.Link
			}
		}
	}
	if len(all.Functions) == 0 {
		return nil, nil
	}
	text, err := ptx.Lower(all, ptx.Options{Library: library.Source()})
	if err != nil {
		return nil, err
	}
	code, err := d.compiler.Compile(ctx, text, ptx.DefaultTarget)
	if err != nil {
		return nil, err
	}
	return &exec.Kernels{PTX: code.PTX}, nil
}

// count notes where the pipelines of a run ran.
func (d *differential) count(stats exec.Stats) {
	for _, p := range stats.Pipelines {
		if p.Replayed {
			d.replayed++
		}
		switch {
		case p.Fallback != nil:
			d.reasons[p.Fallback.Message]++
		case p.Device != "cpu":
			d.onDevice++
		}
	}
}

func newDifferential(t *testing.T, name string) *differential {
	t.Helper()
	e, err := engine.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	d := &differential{wide: e.Has(engine.WideArithmetic)}
	d.session, err = exec.NewSession(t.Context(), exec.Options{Engine: e, Library: library.Wasm(d.wide), Threads: testThreads(), Memory: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.session.Close(); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// randomCase is a random program, compiled, with the rows that the interpreter gives.
type randomCase struct {
	seed      uint64
	source    *ir.Module // the flow
	module    *ir.Module // at the kern level
	program   *program.Program
	wasm      []byte
	tables    map[string]store.Table
	arguments []ir.Datum
	expected  []string
	placement []exec.Placement
}

func (d *differential) check(t *testing.T, seed uint64) {
	t.Helper()
	if c := d.prepare(t, seed); c != nil {
		d.compare(t, c, nil)
	}
}

// checkOnDevice checks several programs, whose kernels are compiled together.
func (d *differential) checkOnDevice(t *testing.T, first, count uint64) {
	t.Helper()
	var cases []*randomCase
	for seed := first; seed < first+count; seed++ {
		c := d.prepare(t, seed)
		if t.Failed() {
			t.Fatalf("run it again with HEDDLE_RANDOM_SEED=%d HEDDLE_RANDOM_KERNELS=1", seed)
		}
		if c != nil {
			cases = append(cases, c)
		}
	}
	kernels, err := d.kernels(t.Context(), cases)
	if err != nil {
		t.Fatalf("seeds %d to %d: %s", first, first+count-1, rendered(err))
	}
	for _, c := range cases {
		runs := 1
		if c.seed%4 == 0 {
			runs = 3 // the later ones replay
		}
		for range runs {
			d.compare(t, c, kernels)
		}
		if t.Failed() {
			t.Fatalf("run it again with HEDDLE_RANDOM_SEED=%d HEDDLE_RANDOM_KERNELS=1", c.seed)
		}
	}
}

// prepare makes a program, runs it in the interpreter and compiles it; nil when there is
// nothing to compare.
func (d *differential) prepare(t *testing.T, seed uint64) *randomCase {
	t.Helper()
	traps := seed%4 == 3
	made := random.Generate(random.FromSeed(seed), random.Options{Traps: traps})
	want, err := interp.Run(t.Context(), made.Module, random.Function, made.Tables, nil)
	if err != nil && traps {
		d.trapped++ // the optimiser may leave out what traps, so there is nothing to compare
		return nil
	}
	if err != nil {
		t.Errorf("seed %d: the interpreter fails: %v", seed, err)
		return nil
	}
	dice := rand.New(rand.NewPCG(seed, 1))
	c := &randomCase{seed: seed, source: made.Module, module: made.Module.Clone(), tables: map[string]store.Table{}}
	for i, table := range c.module.Tables {
		data := made.Tables[table.Name]
		rows := make([][]ir.Datum, data.Rows)
		for r := range rows {
			for _, column := range data.Columns {
				rows[r] = append(rows[r], column[r])
			}
		}
		fields := make([]ir.Field, len(table.Columns))
		for c, column := range table.Columns {
			fields[c] = ir.Field{Name: column.Name, Type: column.Type}
		}
		if os.Getenv("HEDDLE_RANDOM_DATA") != "" {
			for _, row := range rows {
				var b strings.Builder
				for c, d := range row {
					b.WriteString(text(fields[c].Type, d) + "|")
				}
				t.Log(table.Name, b.String())
			}
		}
		memory := storetest.NewMemory(dice, table.Name, fields, rows)
		c.tables[table.Name] = memory
		c.module.Tables[i] = memory.Description()
	}
	for i := range want.Rows {
		var row strings.Builder
		for c, datum := range want.Row(i) {
			row.WriteString(text(want.Types[c], datum))
			row.WriteByte('|')
		}
		c.expected = append(c.expected, row.String())
	}
	slices.Sort(c.expected)
	if err := d.compile(c); err != nil {
		d.failed(t, c, err)
		return nil
	}
	if d.compiler != nil {
		for _, pipeline := range c.program.Pipelines {
			onDevice := pipeline.Kernel != nil && (seed%2 == 0 || dice.IntN(2) == 0)
			c.placement = append(c.placement, exec.Placement{Device: onDevice})
			if pipeline.Kernel == nil {
				d.reasons[pipeline.NoKernel]++
			}
		}
	}
	return c
}

// compile takes a program down to WebAssembly, and kernels if there is a device.
func (d *differential) compile(c *randomCase) error {
	for _, p := range c.module.Parameters {
		c.arguments = append(c.arguments, p.Value)
	}
	context := pass.NewContext()
	context.Library = library.Digest(d.wide)
	context.Kernels, context.Unavailable = d.compiler != nil, d.unavailable
	var groups []passes.Group
	if os.Getenv("HEDDLE_RANDOM_LOWERING_ONLY") != "" {
		groups = passes.Lowering // to tell whose mistake it is
	}
	if _, err := passes.Run(context, c.module, passes.Options{Groups: groups, Verify: true}); err != nil {
		return err
	}
	var features encode.Feature
	if d.wide {
		features = encode.FeatureWideArithmetic
	}
	c.program = context.Program
	var err error
	c.wasm, err = wasm.Generate(c.module, wasm.Options{Features: features})
	return err
}

// failed tells what cannot be compared from what is wrong.
func (d *differential) failed(t *testing.T, c *randomCase, err error) {
	t.Helper()
	list, ok := diag.FromError(err)
	if ok && (list[0].Code == "E0440" || list[0].Code == exec.CodeResult) {
		d.unsupported++ // or the result has what Arrow cannot hold
		return
	}
	if ok && c.seed%4 == 3 && list[0].Code == ir.CodeOverflow && strings.HasPrefix(list[0].Message, "a sum ") {
		d.trapped++ // a sum may leave its type on the way in one order and not in another
		return
	}
	t.Errorf("seed %d: %s\n%s", c.seed, rendered(err), c.source)
}

// compare executes a program and compares its rows.
func (d *differential) compare(t *testing.T, c *randomCase, kernels *exec.Kernels) {
	t.Helper()
	got, err := d.execute(t.Context(), c, kernels)
	if err != nil {
		d.failed(t, c, err)
		return
	}
	d.compared++
	slices.Sort(got)
	if !slices.Equal(c.expected, got) {
		t.Errorf("seed %d: the interpreter gives %d rows\n  %s\nthe engine %d rows\n  %s\n%s", c.seed,
			len(c.expected), strings.Join(c.expected, "\n  "), len(got), strings.Join(got, "\n  "), c.source)
	}
}

// execute runs a program; rows come as text.
func (d *differential) execute(ctx context.Context, c *randomCase, kernels *exec.Kernels) ([]string, error) {
	result, err := d.session.Run(ctx, exec.Query{
		Program: c.program, Wasm: c.wasm, Arguments: c.arguments, Kernels: kernels, Placement: c.placement,
		Tables: func(name string) (store.Table, error) { return c.tables[name], nil },
	})
	if err != nil {
		return nil, err
	}
	d.count(result.Stats())
	defer func() { _ = result.Close() }()
	var rows []string
	for {
		batch, err := result.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range int(batch.NumRows()) {
			var row strings.Builder
			for c, column := range result.Columns() {
				row.WriteString(text(column.Type, datumOf(batch.Column(c), i)))
				row.WriteByte('|')
			}
			rows = append(rows, row.String())
		}
		batch.Release()
	}
}

// text prints a value such that equal values print alike: all NaN are one, and so are
// the two zeros.
func text(t ir.Type, d ir.Datum) string {
	if d.Null {
		return "NULL"
	}
	if t.IsFloat() && d.Float == 0 {
		d.Float = 0
	}
	return strconv.Quote(ir.FormatDatum(t, d))
}

// datumOf reads a value of an Arrow array.
func datumOf(column arrow.Array, i int) ir.Datum {
	if column.IsNull(i) {
		return ir.NullDatum
	}
	switch a := column.(type) {
	case *array.Boolean:
		return ir.BoolDatum(a.Value(i))
	case *array.Int8:
		return ir.IntDatum(int64(a.Value(i)))
	case *array.Int16:
		return ir.IntDatum(int64(a.Value(i)))
	case *array.Int32:
		return ir.IntDatum(int64(a.Value(i)))
	case *array.Int64:
		return ir.IntDatum(a.Value(i))
	case *array.Float32:
		return ir.FloatDatum(float64(a.Value(i)))
	case *array.Float64:
		return ir.FloatDatum(a.Value(i))
	case *array.Decimal128:
		v := a.Value(i)
		return ir.Int128Datum(ir.Int128{High: v.HighBits(), Low: v.LowBits()})
	case *array.Date32:
		return ir.IntDatum(int64(a.Value(i)))
	case *array.Time64:
		return ir.IntDatum(int64(a.Value(i)))
	case *array.Timestamp:
		return ir.IntDatum(int64(a.Value(i)))
	case *array.String:
		return ir.TextDatum(a.Value(i))
	case *array.Binary:
		return ir.TextDatum(string(a.Value(i)))
	case *array.MonthDayNanoInterval:
		v := a.Value(i)
		return ir.IntervalDatum(v.Months, v.Days, v.Nanoseconds/1000)
	case *array.FixedSizeBinary:
		b := a.Value(i)
		var d ir.Datum
		for k := range 8 {
			d.High = d.High<<8 | int64(b[k])
			d.Low = d.Low<<8 | uint64(b[8+k])
		}
		return d
	default:
		panic(fmt.Sprintf("BUG: an array of %T", column))
	}
}

func testThreads() int {
	if os.Getenv("T1") != "" {
		return 1
	}
	return 2
}
