package program

import (
	"fmt"
	"math/bits"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// CodeInconsistent is the code of a program's description that contradicts itself.
var CodeInconsistent = diag.Register(diag.CodeInfo{
	Code: "E0645", Title: "description of a compiled program is inconsistent",
	Explanation: `A bundle describes the program that it carries: its parameters, tables, states and
pipelines. One of these refers to something that is not there, or lies outside of the
memory that the program has.

Example:

    error[E0645]: the program's description is inconsistent: pipeline 2 fills state 9 of 4

The bundle was changed, or was made by an incompatible release.

What to do: build the bundle again.`,
})

// CodeTooLarge is the code of a program that has more parts than the runtime takes.
var CodeTooLarge = diag.Register(diag.CodeInfo{
	Code: "E0767", Title: "program is too large",
	Explanation: `A compiled program has more constants, tables, columns or tables in memory than the
runtime takes: 60,000 constants, 4,096 of each other part, and 256 KiB in each worker
for joins and groups.

Example:

    error[E0767]: the program is too large: it has 5000 columns in its result, at most
    4096 are possible

Equal constants count once.

What to do: put constants into a file, and join it as a table; split a long query.`,
})

// Limits of what a description may ask for, far above what people write.
const (
	maxItems   = 4096
	maxContext = 1 << 20

	maxParameters = 60_000 // what a context can hold, less its other parts
	maxRecord     = 1 << 16
)

// checker keeps the first contradiction.
type checker struct {
	program *Program
	problem *diag.Diagnostic
}

func (c *checker) require(ok bool, format string, args ...any) {
	if !ok && c.problem == nil {
		c.problem = diag.New(CodeInconsistent, "the program's description is inconsistent: %s", fmt.Sprintf(format, args...)).
			Helpf("build the bundle again")
	}
}

// Check reports the first contradiction in the description as a diagnostic E0645. A
// program that passes may be executed: every index in it is valid and everything lies
// within the memory that package abi grants.
func (p *Program) Check() error {
	if err := p.CheckSize(); err != nil {
		return err
	}
	c := &checker{program: p}
	c.require(p.ContextSize >= 0 && p.LocalSize >= 0, "%d bytes of context, %d of local memory", p.ContextSize, p.LocalSize)
	if c.problem == nil {
		c.parameters()
		c.scans()
		c.states()
		c.pipelines()
		c.output()
	}
	if c.problem != nil {
		return c.problem
	}
	return nil
}

// CheckSize reports a program that is too large as a diagnostic E0767. The compiler
// asks this, so that a query that cannot run is refused before its code is made.
func (p *Program) CheckSize() error {
	for _, part := range []struct {
		what        string
		count, most int
	}{
		{"constants and arguments", len(p.Parameters), maxParameters},
		{"reads of tables", len(p.Scans), maxItems},
		{"joins, groups and sorts", len(p.States), maxItems},
		{"pipelines", len(p.Pipelines), maxItems},
		{"columns in its result", len(p.Output.Columns), abi.MaxColumns},
		{"bytes of context", p.ContextSize, maxContext},
		{"bytes of memory for joins and groups in each worker", p.LocalSize, abi.LocalLimit - abi.LocalBase},
	} {
		if part.count > part.most {
			return diag.New(CodeTooLarge, "the program is too large: it has %d %s, at most %d are possible", part.count, part.what, part.most).
				Helpf("put constants into a file and join it as a table, or split the query")
		}
	}
	return nil
}

func (c *checker) parameters() {
	p := c.program
	c.require(abi.ContextParameters+len(p.Parameters)*abi.ParameterSize <= p.ContextSize || len(p.Parameters) == 0,
		"%d parameters in a context of %d bytes", len(p.Parameters), p.ContextSize)
	for i, parameter := range p.Parameters {
		c.require(parameter.Type.IsScalar() && parameter.Type.Kind != ir.Null, "parameter %d has the type %s", i, parameter.Type.Kind)
		c.require(parameter.Argument >= -1 && parameter.Argument < maxItems, "parameter %d is argument %d", i, parameter.Argument)
		c.require(parameter.Argument >= 0 || i < len(p.Literals), "parameter %d has no literal", i)
		c.require(parameter.Bits >= 0 && parameter.Bits <= 128, "parameter %d has %d bits", i, parameter.Bits)
		switch parameter.Form {
		case ValueForm:
		case NullForm:
			c.require(parameter.Argument >= 0, "parameter %d tells whether a literal is NULL", i)
		case PatternForm:
			c.require(parameter.Type.Kind == ir.String || parameter.Type.Kind == ir.Bytes, "pattern %d has the type %s", i, parameter.Type)
		default:
			c.require(false, "parameter %d has the form %q", i, parameter.Form)
		}
	}
}

func (c *checker) scans() {
	for i, scan := range c.program.Scans {
		c.require(len(scan.Columns) <= abi.MaxColumns, "scan %d has %d columns", i, len(scan.Columns))
		for _, column := range scan.Columns {
			c.require(column.Type.IsScalar() && column.Type.Kind != ir.Null, "column %q has the type %s", column.Name, column.Type.Kind)
			c.require(validLayout(column), "column %q of type %s has the layout %s", column.Name, column.Type, column.Layout)
		}
		for _, prune := range scan.Prune {
			known := within(prune.Column, len(scan.Columns)) && within(prune.Parameter, len(c.program.Parameters))
			c.require(known, "scan %d is pruned by column %d and parameter %d", i, prune.Column, prune.Parameter)
			if known {
				column, parameter := scan.Columns[prune.Column].Type, c.program.Parameters[prune.Parameter]
				c.require(column.Same(parameter.Type) && parameter.Form == ValueForm, "scan %d compares %s with a parameter of type %s", i, column, parameter.Type)
			}
			switch prune.Op {
			case "eq", "lt", "le", "gt", "ge":
			default:
				c.require(false, "scan %d is pruned by the operator %q", i, prune.Op)
			}
		}
	}
}

func validLayout(column ScanColumn) bool {
	text := column.Type.Kind == ir.String || column.Type.Kind == ir.Bytes
	switch layout := column.Layout; layout.Encoding {
	case ir.Dictionary:
		return text && (layout.Width == 1 || layout.Width == 2 || layout.Width == 4) && layout.Cardinality >= 0
	case ir.Plain:
		if text {
			return layout.Width == 0
		}
		switch layout.Width {
		case 1, 2, 4, 8, 16:
			return true
		}
	}
	return false
}

func (c *checker) states() {
	for i, state := range c.program.States {
		name := state.Name
		c.require(state.Kind <= ir.SortState, "state %q has the kind %d", name, state.Kind)
		record := state.Record
		c.require(record.Size > 0 && record.Size <= maxRecord && record.Size%abi.RecordAlignment == 0, "records of state %q have %d bytes", name, record.Size)
		if state.Kind != ir.BufferState {
			c.require(record.Size >= abi.RecordHeader, "records of state %q have %d bytes", name, record.Size)
		}
		for _, field := range record.Fields {
			c.require(validField(field, record.Size), "field %q of state %q", field.Name, name)
		}
		c.require(state.Partitions == 1 || state.Partitions == abi.Partitions, "state %q has %d partitions", name, state.Partitions)
		c.require(state.Partitions == 1 || state.Kind != ir.SortState, "sort %q has %d partitions", name, state.Partitions)
		c.require(fits(state.SharedOffset, abi.StateHeaderSize, c.program.ContextSize) && state.SharedOffset%4 == 0, "the header of state %q", name)
		local := state.Partitions * abi.WriterSize
		if state.Kind == ir.AggregateState || state.Kind == ir.SortState {
			local += abi.LocalStateSize
		}
		c.require(fits(state.LocalOffset, local, c.program.LocalSize) && state.LocalOffset%8 == 0, "the writers of state %q", name)
		c.require(state.DirectoryBits >= 0 && state.DirectoryBits <= 28, "the directory of state %q has 2^%d slots", name, state.DirectoryBits)
		c.require(state.DirectoryBits == 0 || state.Partitions == 1 || state.DirectoryBits >= bits.Len(abi.Partitions-1),
			"the directory of state %q is smaller than its partitions", name)
		c.require(state.MarkOffset >= -1 && state.MarkOffset < record.Size, "the mark of state %q", name)
		c.require(state.Limit >= -1 && state.Offset >= 0, "the limit of state %q", name)
		c.require(state.Kind != ir.AggregateState || state.Merge != "", "aggregate %q has no merge function", name)
		if direct := state.Direct; direct != nil {
			c.require(state.Kind == ir.AggregateState && direct.Collect != "", "the slots of state %q", name)
			c.require(direct.Slots > 0 && direct.Slots <= abi.MaxDirectSlots && direct.SlotSize > 0 && direct.SlotSize <= maxRecord,
				"state %q has %d slots of %d bytes", name, direct.Slots, direct.SlotSize)
		}
		c.require(i == 0 || name != "", "state %d has no name", i)
	}
}

func validField(field RecordField, size int) bool {
	if !field.Type.IsScalar() || !fits(field.Offset, field.Width, size) || field.NullOffset < -1 || field.NullOffset >= size {
		return false
	}
	switch field.Type.Kind {
	case ir.Bool:
		return field.Width == 1
	case ir.F32:
		return field.Width == 4
	case ir.F64, ir.String, ir.Bytes:
		return field.Width == 8
	case ir.Interval, ir.UUID:
		return field.Width == 16
	case ir.Null:
		return field.Width >= 0
	default: // numbers of several widths, below
	}
	switch field.Width {
	case 1, 2, 4, 8, 16:
		return true
	}
	return false
}

func (c *checker) pipelines() {
	p := c.program
	filled := make([]bool, len(p.States)) // by a pipeline before this one
	last := make([]int, len(p.States))    // the last pipeline that fills each
	for i, pipeline := range p.Pipelines {
		if within(pipeline.Into, len(p.States)) {
			last[pipeline.Into] = i
		}
	}
	complete := func(state, at int) bool { return within(state, len(p.States)) && filled[state] && last[state] < at }
	for i, pipeline := range p.Pipelines {
		c.require(pipeline.Function != "", "pipeline %d has no function", i)
		c.require(within(pipeline.Into, len(p.States)), "pipeline %d fills state %d of %d", i, pipeline.Into, len(p.States))
		switch pipeline.Source {
		case TableSource:
			c.require(within(pipeline.Scan, len(p.Scans)), "pipeline %d reads scan %d of %d", i, pipeline.Scan, len(p.Scans))
		case StateSource:
			c.require(complete(pipeline.State, i), "pipeline %d reads state %d, which is not complete then", i, pipeline.State)
		case UnmatchedSource:
			ok := complete(pipeline.State, i) && p.States[pipeline.State].Kind == ir.HashTableState
			c.require(ok, "pipeline %d reads unmatched rows of state %d", i, pipeline.State)
		case ValuesSource:
			c.require(pipeline.Rows >= 0 && pipeline.Rows <= 1<<30, "pipeline %d has %d rows", i, pipeline.Rows)
		default:
			c.require(false, "pipeline %d reads %q", i, pipeline.Source)
		}
		for _, state := range pipeline.Probes {
			ok := complete(state, i) && p.States[state].Kind == ir.HashTableState
			c.require(ok, "pipeline %d probes state %d", i, state)
		}
		for _, table := range pipeline.Tables {
			c.lookup(i, pipeline, table)
		}
		if kernel := pipeline.Kernel; kernel != nil {
			c.kernel(i, kernel)
		}
		if within(pipeline.Into, len(p.States)) {
			filled[pipeline.Into] = true
		}
	}
}

// Limits of kernels: what every GPU has.
const (
	maxThreads = 1024
	maxShared  = 48 << 10
	warp       = 32
)

func (c *checker) kernel(i int, kernel *Kernel) {
	c.require(kernel.Function != "", "the kernel of pipeline %d has no name", i)
	c.require(kernel.Threads > 0 && kernel.Threads <= maxThreads && kernel.Threads%warp == 0, "the kernel of pipeline %d has %d threads", i, kernel.Threads)
	c.require(kernel.RowsPerThread > 0 && kernel.RowsPerThread <= maxItems, "the kernel of pipeline %d takes %d rows at once", i, kernel.RowsPerThread)
	c.require(kernel.Slots >= 0 && kernel.Slots <= abi.MaxDirectSlots, "the kernel of pipeline %d has %d slots", i, kernel.Slots)
	c.require(kernel.Shared >= 0 && kernel.Shared <= maxShared, "the kernel of pipeline %d has %d bytes of shared memory", i, kernel.Shared)
	if into := c.program.Pipelines[i].Into; within(into, len(c.program.States)) {
		aggregates := c.program.States[into].Kind == ir.AggregateState
		c.require(aggregates == (kernel.Hashes || kernel.Slots > 0), "the kernel of pipeline %d fills state %d in another way than it has", i, into)
		c.require(!kernel.Hashes || kernel.Slots == 0, "the kernel of pipeline %d has both slots and a directory", i)
	}
}

func (c *checker) lookup(i int, pipeline Pipeline, table Lookup) {
	p := c.program
	if pipeline.Source != TableSource || !within(pipeline.Scan, len(p.Scans)) {
		c.require(false, "pipeline %d has a lookup table and no table", i)
		return
	}
	columns := p.Scans[pipeline.Scan].Columns
	ok := within(table.Column, len(columns)) && columns[table.Column].Layout.Encoding == ir.Dictionary
	c.require(ok, "a lookup table of pipeline %d stands over column %d", i, table.Column)
	c.require(table.Width > 0 && table.Width <= 64 && table.Function != "", "a lookup table of pipeline %d", i)
	c.require(fits(table.Offset, 4, p.ContextSize) && table.Offset%4 == 0, "a lookup table of pipeline %d", i)
}

func (c *checker) output() {
	p := c.program
	if !within(p.Output.State, len(p.States)) {
		c.require(false, "the result is state %d of %d", p.Output.State, len(p.States))
		return
	}
	state := p.States[p.Output.State]
	written := false
	for _, pipeline := range p.Pipelines {
		written = written || pipeline.Into == p.Output.State
	}
	c.require(written && state.Kind != ir.HashTableState, "the result is state %q", state.Name)
	for _, column := range p.Output.Columns {
		ok := within(column.Field, len(state.Record.Fields)) && column.Type.Same(state.Record.Fields[column.Field].Type)
		c.require(ok, "column %q of the result is field %d of %d", column.Label, column.Field, len(state.Record.Fields))
	}
}

func within(i, n int) bool { return i >= 0 && i < n }

// fits reports whether size bytes at offset lie within limit, without overflow.
func fits(offset, size, limit int) bool {
	return offset >= 0 && size >= 0 && offset <= limit && size <= limit-offset
}
