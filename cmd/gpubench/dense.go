package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/passes/lower/dense"
	"github.com/heddle-lang/heddle/runtime/device"
)

// The kernels for dense matrices belong to no query, so they come in a file of their own.
const denseFile = "dense.ptx"

// denseColumns is the width of the matrix that is measured; the vector fills the shared
// memory that its kernel may use.
const denseColumns = 4096

var (
	denseProduct    = dense.MatrixVector{Name: "matrix_vector", Element: ir.F32, Shared: 4 * denseColumns, Threads: dense.DefaultThreads}
	densePerceptron = dense.Perceptron{
		Name: "perceptron", Element: ir.F32, Input: ir.F32, Threads: dense.DefaultThreads, Inputs: 16,
		Layers: []dense.Layer{{Outputs: 32, Activation: dense.ReLU}, {Outputs: 16, Activation: dense.Tanh}, {Outputs: 1, Activation: dense.Sigmoid}},
	}
)

// denseModule has the kernels.
func denseModule() (*ir.Module, error) {
	product, err := denseProduct.Function()
	if err != nil {
		return nil, err
	}
	perceptron, err := densePerceptron.Function()
	if err != nil {
		return nil, err
	}
	return &ir.Module{Functions: []*ir.Function{product, perceptron}}, nil
}

// buildDense compiles the kernels.
func buildDense(ctx context.Context, o *options, target ptx.Target) error {
	module, err := denseModule()
	if err != nil {
		return err
	}
	compiler, err := ptx.Find(ctx, system.Real(), ptx.FindOptions{})
	if err != nil {
		return err
	}
	text, err := ptx.Lower(module, ptx.Options{})
	if err != nil {
		return err
	}
	code, err := compiler.Compile(ctx, text, target)
	if err != nil {
		return err
	}
	return system.WriteAtomic(system.Real().Files, filepath.Join(o.bundles, denseFile), func(w io.Writer) error {
		_, err := w.Write(code.PTX)
		return err
	})
}

// denseLaunch is a kernel for dense matrices with what it works on.
type denseLaunch struct {
	function string
	what     string // for people
	rows     int
	read     int64 // bytes
	block    dense.Block
	sizes    []int64          // of the arrays of the entries, in bytes
	contents map[int][]byte   // of entries that have some; others have equal numbers
	results  map[int]struct{} // entries that the kernel writes
}

// productOf multiplies a matrix of so many rows.
func productOf(rows, columns int) *denseLaunch {
	size := 4 * int64(rows) * int64(columns)
	l := &denseLaunch{
		function: denseProduct.Name, what: fmt.Sprintf("matrix of %d x %d f32, times a vector", rows, columns), rows: rows, read: size + 4*int64(columns),
		block: dense.NewBlock(dense.MatrixVectorEntries, rows), sizes: make([]int64, dense.MatrixVectorEntries),
		results: map[int]struct{}{dense.ResultEntry: {}}, contents: map[int][]byte{},
	}
	l.block.SetMatrix(columns, columns)
	l.sizes[dense.MatrixEntry], l.sizes[dense.VectorEntry], l.sizes[dense.ResultEntry] = size, 4*int64(columns), 4*int64(rows)
	return l
}

// perceptronOf computes so many rows.
func perceptronOf(rows int) (*denseLaunch, error) {
	p := densePerceptron
	var weights []dense.LayerWeights
	inputs := p.Inputs
	for _, layer := range p.Layers {
		var l dense.LayerWeights
		for o := range layer.Outputs {
			row := make([]float64, inputs)
			for i := range row {
				row[i] = math.Sin(float64(7*o + 3*i + 1))
			}
			l.Weights, l.Bias = append(l.Weights, row), append(l.Bias, math.Cos(float64(o)))
		}
		weights, inputs = append(weights, l), layer.Outputs
	}
	packed, err := p.Pack(weights)
	if err != nil {
		return nil, err
	}
	l := &denseLaunch{
		function: p.Name, what: "perceptron of 16, 32, 16 and 1 f32", rows: rows, read: 4 * int64(rows) * int64(p.Inputs),
		block: dense.NewBlock(p.Entries(), rows), contents: map[int][]byte{p.WeightsEntry(): packed}, results: map[int]struct{}{p.OutputEntry(0): {}},
	}
	for range p.Entries() {
		l.sizes = append(l.sizes, 4*int64(rows))
	}
	l.sizes[p.WeightsEntry()] = int64(len(packed))
	return l, nil
}

// denseDevice is a device that has loaded the kernels.
type denseDevice struct {
	bench
	driver *clockedDriver
	module device.Module
}

func (m *machine) openDense(ctx context.Context) (d *denseDevice, err error) {
	code, err := os.ReadFile(filepath.Join(m.bundles, denseFile))
	if err != nil {
		return nil, err
	}
	d = &denseDevice{driver: m.driver, bench: bench{ctx: ctx, driver: m.driver}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.stream, err = m.driver.NewStream(); err != nil {
		return d, err
	}
	d.module, err = m.driver.Load(ctx, code)
	return d, err
}

func (d *denseDevice) close() error {
	err := d.bench.close()
	if d.module != nil {
		err = errors.Join(err, d.module.Close())
	}
	return err
}

// prepare puts the arrays into the device's memory, and gives what runs the kernel and
// waits for it, and where the arrays are.
func (d *denseDevice) prepare(l *denseLaunch) (kernel device.Kernel, run func() error, arrays []device.Address, err error) {
	if kernel, err = d.module.Kernel(ptx.EntryName(l.function)); err != nil {
		return nil, nil, nil, err
	}
	block := bytes.Clone(l.block)
	for i, size := range l.sizes {
		address, err := d.allocate(max(size, 16))
		if err != nil {
			return nil, nil, nil, err
		}
		// Four bytes of 60 are 0.0115 as an f32.
		if content := l.contents[i]; content != nil {
			err = d.stream.CopyIn(address, content)
		} else {
			err = d.stream.Fill(address, 60, size)
		}
		if err != nil {
			return nil, nil, nil, err
		}
		dense.Block(block).SetArray(i, uint64(address))
		arrays = append(arrays, address)
	}
	launchBlock, err := d.allocate(int64(len(block)))
	if err != nil {
		return nil, nil, nil, err
	}
	if err := d.stream.CopyIn(launchBlock, block); err != nil {
		return nil, nil, nil, err
	}
	parameters := make([]byte, abi.KernelParameterSize) // nothing lies in the mirror
	binary.LittleEndian.PutUint64(parameters[abi.KernelLaunch:], uint64(launchBlock))
	resident, err := kernel.Occupancy(dense.DefaultThreads, 0)
	if err != nil {
		return nil, nil, nil, err
	}
	shape := device.Launch{Blocks: max(resident, 1) * d.driver.Properties().Multiprocessors, Threads: dense.DefaultThreads}
	run = func() error {
		if err := d.stream.Launch(kernel, shape, parameters); err != nil {
			return err
		}
		return d.stream.Synchronize(d.ctx)
	}
	return kernel, run, arrays, nil
}

// measureDense measures the kernels on matrices of about so many bytes.
func (m *machine) measureDense(ctx context.Context, size int64, runs int, copyRate float64) (kernels []kernel, err error) {
	available, err := m.driver.Available()
	if err != nil {
		return nil, err
	}
	size = min(size, available/4)
	perceptron, err := perceptronOf(int(max(size/1024, 1))) // so that it takes about as long
	if err != nil {
		return nil, err
	}
	for _, l := range []*denseLaunch{productOf(int(max(size/(4*denseColumns), 1)), denseColumns), perceptron} {
		k, err := m.measureLaunch(ctx, l, runs, copyRate)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.what, err)
		}
		kernels = append(kernels, k)
	}
	return kernels, nil
}

func (m *machine) measureLaunch(ctx context.Context, l *denseLaunch, runs int, copyRate float64) (k kernel, err error) {
	d, err := m.openDense(ctx)
	if err != nil {
		return k, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	loaded, run, _, err := d.prepare(l)
	if err != nil {
		return k, err
	}
	var times []time.Duration
	for i := range runs + 1 {
		if err := run(); err != nil {
			return k, err
		}
		done, err := m.driver.take()
		if err != nil {
			return k, err
		}
		if i > 0 { // the first is for warmth
			times = append(times, done.kernels[loaded.Name()])
		}
	}
	took, resources := median(times), loaded.Resources()
	k = kernel{
		Query: "dense", Pipeline: l.what, Kernel: l.function, Rows: int64(l.rows), Bytes: l.read, Ms: milliseconds(took),
		BytesPerSecond: rate(l.read, took), RowsPerSecond: rate(int64(l.rows), took),
		Registers: resources.Registers, Local: resources.Local, Shared: resources.Shared,
	}
	if copyRate > 0 {
		k.Share = k.BytesPerSecond / copyRate
	}
	return k, nil
}

// checkDense compares what the kernels give with the interpreter, to the bit. It tells
// whether they are the same.
func (m *machine) checkDense(ctx context.Context, out io.Writer) (same bool, err error) {
	perceptron, err := perceptronOf(333)
	if err != nil {
		return false, err
	}
	same = true
	for _, l := range []*denseLaunch{productOf(19, 1031), productOf(21, 1028), productOf(5, 5000), perceptron} {
		dice := uint32(1)
		for i, size := range l.sizes {
			if _, written := l.results[i]; written || l.contents[i] != nil {
				continue
			}
			l.contents[i] = make([]byte, size)
			for at := int64(0); at < size; at += 4 {
				dice = dice*1664525 + 1013904223
				binary.LittleEndian.PutUint32(l.contents[i][at:], math.Float32bits(float32(int32(dice))/(1<<30)))
			}
		}
		equal, err := m.checkLaunch(ctx, l)
		if err != nil {
			return false, fmt.Errorf("%s: %w", l.what, err)
		}
		verdict := "ok  "
		if !equal {
			verdict, same = "FAIL", false
		}
		fmt.Fprintf(out, "%s  %-14s %6d rows, %s\n", verdict, l.function, l.rows, l.what)
	}
	return same, nil
}

func (m *machine) checkLaunch(ctx context.Context, l *denseLaunch) (equal bool, err error) {
	want, err := l.interpreted()
	if err != nil {
		return false, err
	}
	d, err := m.openDense(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	_, run, arrays, err := d.prepare(l)
	if err != nil {
		return false, err
	}
	if err := run(); err != nil {
		return false, err
	}
	equal = true
	for i := range l.results {
		got := make([]byte, l.sizes[i])
		if err := d.stream.CopyOut(got, arrays[i]); err != nil {
			return false, err
		}
		if err := d.stream.Synchronize(ctx); err != nil {
			return false, err
		}
		equal = equal && bytes.Equal(got, want[i])
	}
	_, err = m.driver.take()
	return equal, err
}

// interpreted gives the arrays when the interpreter has run the kernel.
func (l *denseLaunch) interpreted() ([][]byte, error) {
	module, err := denseModule()
	if err != nil {
		return nil, err
	}
	machine := interp.NewMachine(module, nil)
	machine.Steps = math.MaxInt
	const blockAt = 1 << 20
	block := bytes.Clone(l.block)
	arrays := make([][]byte, len(l.sizes))
	for i, size := range l.sizes {
		if arrays[i] = bytes.Clone(l.contents[i]); arrays[i] == nil {
			arrays[i] = make([]byte, size)
		}
		address := uint64(i+1) << 32
		machine.Global.Map(address, arrays[i])
		dense.Block(block).SetArray(i, address)
	}
	machine.Global.Map(blockAt, block)
	return arrays, machine.Launch(l.function, interp.Grid{Blocks: 1}, 0, blockAt)
}
