package kernels

import (
	"fmt"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// Options change what Lower makes.
type Options struct {
	// File is the source text, for the places of diagnostics; may be nil.
	File *diag.File
	// Library is the digest of the library module that the code will call.
	Library string
	// Kernels asks for a kernel beside each pipeline that can run on a GPU.
	Kernels bool
	// Unavailable tells which functions of the library kernels cannot call, and why.
	Unavailable map[string]string
}

// Lower lowers the pipelines of a module. It gives a module of kern functions (the
// given one is left as it is) and the program that describes it. What the kern level
// cannot do yet is a diagnostic E0440.
func Lower(m *ir.Module, options Options) (kern *ir.Module, p *program.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			u, ok := r.(unsupportedError)
			if !ok {
				panic(r)
			}
			kern, p, err = nil, nil, u.d
		}
	}()
	l := &lowerer{
		options:  options,
		module:   m,
		kern:     &ir.Module{},
		program:  &program.Program{Library: options.Library},
		states:   map[string]int{},
		partials: map[string]bool{},
		lists:    map[*ir.Op][]int{},
	}
	l.declareParameters()
	l.declareStates()
	entry, err := l.entry()
	if err != nil {
		return nil, nil, err
	}
	for _, op := range entry.Body.Ops {
		if op.Code == ir.OpRun {
			f := m.Function(string(ir.AttributeAs[ir.Symbol](op, "pipeline")))
			g := l.pipeline(f)
			if options.Kernels {
				l.kernel(f, g)
			}
		}
	}
	for i := range m.States {
		if m.States[i].Kind == ir.AggregateState {
			l.merge(i)
		}
	}
	l.output(entry.Body.Terminator())
	l.layContext()
	return l.kern, l.program, nil
}

type lowerer struct {
	options Options
	module  *ir.Module
	kern    *ir.Module
	program *program.Program
	states  map[string]int
	local   int // bytes of the private region in use
	// patches are the const ops that hold offsets within the context that are known
	// only when all parameters are: state headers and lookup tables.
	patches  []patch
	lookups  int
	partials map[string]bool  // sums of direct aggregates that are kept in 64 bits per morsel
	lists    map[*ir.Op][]int // parameters of the literals of IN
}

// patch asks for the offset of a state header or a lookup table to be written into
// the offset attribute of a load.
type patch struct {
	op    *ir.Op
	state int    // index of the state, -1 for a lookup
	index [2]int // of the lookup: pipeline, table
	extra int64
}

func (l *lowerer) entry() (*ir.Function, error) {
	for _, f := range l.module.Functions {
		if f.Level == ir.PipeLevel {
			if t := f.Body.Terminator(); t != nil && t.Code == ir.OpResult {
				return f, nil
			}
		}
	}
	return nil, fmt.Errorf("the module has no entry function at the pipe level")
}

func (l *lowerer) declareParameters() {
	// The user's arguments come first, so that $1 is parameter 0 of the program; whether
	// they are NULL comes behind them.
	declare := func(argument int, t ir.Type, form program.ParameterForm) {
		l.program.Parameters = append(l.program.Parameters, program.Parameter{Type: t, Form: form, Argument: argument})
		l.program.Literals = append(l.program.Literals, ir.NullDatum)
	}
	for i, p := range l.module.Parameters {
		declare(i, p.Type, program.ValueForm)
	}
	for i := range l.module.Parameters {
		declare(i, ir.Of(ir.Bool), program.NullForm)
	}
}

func (l *lowerer) declareStates() {
	for i, s := range l.module.States {
		l.states[s.Name] = i
		out := program.State{Name: s.Name, Kind: s.Kind, Partitions: 1, MarkOffset: -1, Limit: s.Limit, Offset: s.Offset, Estimate: s.Estimate}
		header := 0
		switch s.Kind {
		case ir.HashTableState:
			header = abi.RecordHeader
			out.Partitions = abi.Partitions
			if s.Keys == 0 {
				out.Partitions = 1
			}
		case ir.AggregateState:
			header = abi.RecordHeader
			out.Partitions = abi.Partitions
			if s.Keys == 0 {
				out.Partitions = 1
			}
			out.Merge = "merge_" + s.Name
		case ir.SortState:
			header = 8
			out.Sorted = true
		default:
			// buffers have neither header nor key
		}
		out.Record, out.MarkOffset = recordLayout(s.Fields, header, s.Unmatched)
		out.LocalOffset = l.local
		l.local += out.Partitions*abi.WriterSize + abi.LocalStateSize
		l.program.States = append(l.program.States, out)
	}
	l.program.LocalSize = l.local
}

func (l *lowerer) output(result *ir.Op) {
	index := l.states[string(ir.AttributeAs[ir.Symbol](result, "state"))]
	state := l.module.States[index]
	labels := ir.AttributeAs[[]string](result, "labels")
	l.program.Output.State = index
	for i, name := range ir.AttributeAs[[]string](result, "columns") {
		field, t := ir.StructType(state.Fields...).Field(name)
		l.program.Output.Columns = append(l.program.Output.Columns, program.OutputColumn{Label: labels[i], Field: field, Type: t})
	}
}

// layContext places state headers and lookup tables behind the parameters, now that
// their number is known.
func (l *lowerer) layContext() {
	offset := abi.ContextParameters + len(l.program.Parameters)*abi.ParameterSize
	for i := range l.program.States {
		l.program.States[i].SharedOffset = offset
		offset += abi.StateHeaderSize
	}
	for i := range l.program.Pipelines {
		for j := range l.program.Pipelines[i].Tables {
			l.program.Pipelines[i].Tables[j].Offset = offset
			offset += 8
		}
	}
	l.program.ContextSize = (offset + 63) &^ 63
	for _, p := range l.patches {
		at := 0
		if p.state >= 0 {
			at = l.program.States[p.state].SharedOffset
		} else {
			at = l.program.Pipelines[p.index[0]].Tables[p.index[1]].Offset
		}
		p.op.SetAttribute("offset", int64(at)+p.extra)
	}
}

func (l *lowerer) addSite(op *ir.Op, code diag.Code, message string) int64 {
	site := program.Site{Code: code, Message: message, Span: op.Span}
	for i, s := range l.program.Sites {
		if s == site {
			return int64(i)
		}
	}
	l.program.Sites = append(l.program.Sites, site)
	return int64(len(l.program.Sites) - 1)
}

func (l *lowerer) addParameter(p program.Parameter, literal ir.Datum) int {
	p.Argument = -1
	l.program.Parameters = append(l.program.Parameters, p)
	l.program.Literals = append(l.program.Literals, literal)
	return len(l.program.Parameters) - 1
}

// generator writes one kern function.
type generator struct {
	*lowerer
	emitter
	function  *ir.Function
	context   *ir.Value
	prologue  *ir.Block // runs before the body: parameters, column addresses
	scope     *scope
	lazy      map[*ir.Value]func() *scalar           // columns of sources and states, loaded at first use
	tables    map[*ir.Value]*lookupTable             // values that a lookup table gives
	bases     map[*lookupTable]*ir.Value             // addresses of lookup tables, from the prologue
	loaded    map[int]*ir.Value                      // parameters in the prologue, by index
	literals  map[*ir.Op]int                         // parameter of each literal
	scratch   bool                                   // makes text in the scratch area
	index     int                                    // of the pipeline
	source    *tableSource                           // the current table source, nil for others
	next      *ir.Value                              // label that ends the current tuple
	rows      map[*ir.Value]rowRecord                // records that stand for row arguments
	filtered  map[*ir.Op]bool                        // probes whose filter has been tested
	expands   bool                                   // a morsel may give more tuples than it has rows
	epilogues []func()                               // run after the loop
	launch    *ir.Value                              // of a kernel: the address of its launch block; nil on the CPU
	kernel    *program.Kernel                        // what a kernel tells the runtime
	plan      *groupPlan                             // of a kernel that adds up by thread
	planning  func(values []*scalar, digits []digit) // set while a plan is made: takes what the aggregate gets
	words     map[int64]*ir.Value                    // of the launch block, by offset
	spare     *ir.Value                              // of a kernel that hashes: a cell with a record that could not be entered
	thread    *ir.Value                              // of a kernel: the number of the thread in its block
}

// begin starts a function (context i32) that is exported.
func (l *lowerer) begin(name string, arguments ...string) *generator {
	f := &ir.Function{Name: name, Level: ir.KernLevel, Body: &ir.Block{}, Export: true}
	g := &generator{
		lowerer: l, function: f, prologue: &ir.Block{},
		lazy: map[*ir.Value]func() *scalar{}, tables: map[*ir.Value]*lookupTable{}, bases: map[*lookupTable]*ir.Value{}, loaded: map[int]*ir.Value{}, literals: map[*ir.Op]int{}, rows: map[*ir.Value]rowRecord{}, filtered: map[*ir.Op]bool{},
	}
	g.context = f.Body.AddArgument("context", i32)
	for _, argument := range arguments {
		f.Body.AddArgument(argument, i32)
	}
	g.block = &ir.Block{}
	g.pushScope()
	return g
}

// finish puts prologue and body together and adds the function to the module.
func (g *generator) finish() {
	body := g.block
	for _, part := range []*ir.Block{g.prologue, body} {
		for _, op := range part.Ops {
			op.Block = g.function.Body
			g.function.Body.Ops = append(g.function.Body.Ops, op)
		}
	}
	g.kern.Functions = append(g.kern.Functions, g.function)
}

// early emits into the prologue.
func (g *generator) early(emit func(e *emitter) *ir.Value) *ir.Value {
	e := emitter{block: g.prologue, natural: g.natural}
	return emit(&e)
}

// loadParameter gives the value of a parameter, loaded once in the prologue.
func (g *generator) loadParameter(index int, t ir.Type, b *bounds) *ir.Value {
	if v, ok := g.loaded[index]; ok {
		return v
	}
	v := g.early(func(e *emitter) *ir.Value {
		offset := int64(abi.ContextParameters + index*abi.ParameterSize)
		kt := kernType(t, b)
		return e.load(g.context, offset, kernWidth(kt), true, kt)
	})
	g.loaded[index] = v
	return v
}

// literal makes a parameter of a literal. Only its class (how many bits it needs) is
// visible in the code.
func (g *generator) literal(op *ir.Op) *scalar {
	t := op.Results[0].Type
	d := ir.AttributeAs[ir.Datum](op, "value")
	if d.Null {
		return g.null(t)
	}
	if t.Kind == ir.Bool {
		return &scalar{t: t, v: g.const32(d.Int()), bounds: typeBounds(t)}
	}
	index, ok := g.literals[op]
	s := g.datumScalar(t, d, &index, ok)
	g.literals[op] = index
	return s
}

// datum makes a parameter of a literal that is no op.
func (g *generator) datum(t ir.Type, d ir.Datum) *scalar {
	if t.Kind == ir.Bool {
		return &scalar{t: t, v: g.const32(d.Int()), bounds: typeBounds(t)}
	}
	var index int
	return g.datumScalar(t, d, &index, false)
}

func (g *generator) datumScalar(t ir.Type, d ir.Datum, index *int, known bool) *scalar {
	t = t.WithNull(false)
	p := program.Parameter{Type: t, Form: program.ValueForm}
	b := typeBounds(t)
	if b != nil {
		p.Bits = literalBits(d.Int128())
		b = b.intersect(boundsBits(uint(p.Bits)))
	}
	if !known {
		*index = g.addParameter(p, d)
	}
	return &scalar{t: t, v: g.loadParameter(*index, t, b), bounds: b}
}

// argument is a parameter that the user gives.
func (g *generator) argument(op *ir.Op) *scalar {
	t := op.Results[0].Type
	index := int(ir.AttributeAs[int64](op, "index"))
	b := typeBounds(t)
	s := &scalar{t: t, v: g.loadParameter(index, t, b), bounds: b}
	if t.Nullable {
		s.null = g.loadParameter(len(g.module.Parameters)+index, ir.Of(ir.Bool), typeBounds(ir.Of(ir.Bool)))
	}
	return s
}

// pattern makes a parameter of a literal LIKE pattern and gives the address of its
// compiled form.
func (g *generator) pattern(op *ir.Op, d ir.Datum, escape string, insensitive bool) *ir.Value {
	index, ok := g.literals[op]
	if !ok {
		index = g.addParameter(program.Parameter{Type: ir.Of(ir.String), Form: program.PatternForm, Escape: escape, Insensitive: insensitive}, d)
		g.literals[op] = index
	}
	return g.loadParameter(index, ir.Of(ir.Date), typeBounds(ir.Of(ir.Date)))
}

// null is NULL of a type.
func (g *generator) null(t ir.Type) *scalar {
	s := &scalar{t: t, null: g.const32(1), bounds: typeBounds(t)}
	if s.bounds != nil && t.Kind != ir.Bool {
		s.bounds = boundsInt64(0, 0)
	}
	s.v = g.zero(kernType(t, s.bounds))
	return s
}

// stateWord loads a word of a state's shared header, in the prologue.
func (g *generator) stateWord(state int, word int64) *ir.Value {
	return g.early(func(e *emitter) *ir.Value {
		v := e.load32(g.context, word)
		g.patches = append(g.patches, patch{op: v.Op, state: state, extra: word})
		return v
	})
}
