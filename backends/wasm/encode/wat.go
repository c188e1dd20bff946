package encode

import (
	"fmt"
	"io"
	"strconv"
)

const (
	// maxIndent bounds the leading blanks of a line and maxIdentifier the length of
	// a printed name: a small module must not print as a huge text.
	maxIndent     = 64
	maxIdentifier = 200
	flushSize     = 32 << 10
)

// WriteText writes the module in the text format, one instruction per line,
// indented by nesting. Functions, locals, globals, tables and memories take
// their names from the name section where those are unique, else their index.
// An assembler makes the same instructions of the text again. The text may be
// thousands of times longer than the module (50,000 locals take four bytes): for
// a module that nobody vouches for, write to something that can be stopped. The
// error is that of the writer.
func (d *Decoded) WriteText(w io.Writer) error {
	p := newPrinter(w, d)
	p.line("(module")
	if d.Names.Module != "" && len(d.Names.Module) <= maxIdentifier {
		p.b = append(p.b, ' ')
		p.b = appendIdentifier(p.b, d.Names.Module)
	}
	p.depth = 1
	for i, t := range d.Types {
		p.linef("(type (;%d;) (func", i)
		p.signature(t, nil)
		p.text("))")
	}
	p.imports()
	for i := range d.Functions {
		p.function(&d.Functions[i])
	}
	p.definitions()
	p.segments()
	p.text(")\n")
	return p.finish()
}

// WriteFunctionText writes one function of the module as WriteText does.
func (d *Decoded) WriteFunctionText(w io.Writer, f *Function) error {
	p := newPrinter(w, d)
	p.function(f)
	p.text("\n")
	return p.finish()
}

type printer struct {
	w     io.Writer
	err   error
	b     []byte
	d     *Decoded
	depth int
	first bool // nothing printed yet

	// Identifiers by index space; "" where the index is printed.
	functions, tables, memories, globals, locals []string
}

func newPrinter(w io.Writer, d *Decoded) *printer {
	return &printer{
		w: w, d: d, first: true,
		functions: identifiers(d.Names.Functions, len(d.FuncTypes)),
		tables:    identifiers(d.Names.Tables, len(d.Tables)),
		memories:  identifiers(d.Names.Memories, len(d.Memories)),
		globals:   identifiers(d.Names.Globals, len(d.Globals)),
	}
}

func (p *printer) finish() error {
	p.flush()
	return p.err
}

func (p *printer) flush() {
	if p.err == nil {
		_, p.err = p.w.Write(p.b)
	}
	p.b = p.b[:0]
}

// line begins a new line with the given text.
func (p *printer) line(text string) {
	if len(p.b) >= flushSize {
		p.flush()
	}
	if !p.first {
		p.b = append(p.b, '\n')
	}
	p.first = false
	for range min(p.depth, maxIndent) {
		p.b = append(p.b, ' ', ' ')
	}
	p.b = append(p.b, text...)
}

func (p *printer) linef(format string, args ...any) {
	p.line("")
	p.textf(format, args...)
}

func (p *printer) text(text string) { p.b = append(p.b, text...) }

func (p *printer) textf(format string, args ...any) { p.b = fmt.Appendf(p.b, format, args...) }

func (p *printer) number(n uint32) { p.b = strconv.AppendUint(p.b, uint64(n), 10) }

// reference prints the name of an index, or the index.
func (p *printer) reference(names []string, index uint32) {
	p.b = append(p.b, ' ')
	if int(index) < len(names) && names[index] != "" {
		p.text(names[index])
		return
	}
	p.number(index)
}

// define prints the name and the index of a definition: " $f (;3;)".
func (p *printer) define(names []string, index uint32) {
	if names[index] != "" {
		p.text(" " + names[index])
	}
	p.textf(" (;%d;)", index)
}

// signature prints parameters, with names where there are some, and results.
func (p *printer) signature(t FuncType, names []string) {
	open := false
	for i, param := range t.Params {
		if i < len(names) && names[i] != "" {
			if open {
				p.text(")")
				open = false
			}
			p.textf(" (param %s %s)", names[i], param)
			continue
		}
		if !open {
			p.text(" (param")
			open = true
		}
		p.textf(" %s", param)
	}
	if open {
		p.text(")")
	}
	if len(t.Results) > 0 {
		p.text(" (result")
		for _, result := range t.Results {
			p.textf(" %s", result)
		}
		p.text(")")
	}
}

func (p *printer) imports() {
	var next [4]uint32
	for _, i := range p.d.Imports {
		p.line("(import ")
		p.b = appendString(p.b, i.Module)
		p.text(" ")
		p.b = appendString(p.b, i.Name)
		p.textf(" (%s", i.Kind)
		index := next[i.Kind]
		next[i.Kind]++
		switch i.Kind {
		case ExternFunc:
			p.define(p.functions, index)
			p.textf(" (type %d)", i.TypeIndex)
		case ExternTable:
			p.define(p.tables, index)
			p.limits(i.Table.Limits)
			p.textf(" %s", i.Table.Elem)
		case ExternMemory:
			p.define(p.memories, index)
			p.limits(i.Memory)
		case ExternGlobal:
			p.define(p.globals, index)
			p.globalType(i.Global)
		}
		p.text("))")
	}
}

func (p *printer) limits(l Limits) {
	p.textf(" %d", l.Min)
	if l.HasMax {
		p.textf(" %d", l.Max)
	}
	if l.Shared {
		p.text(" shared")
	}
}

func (p *printer) globalType(t GlobalType) {
	if t.Mutable {
		p.textf(" (mut %s)", t.Type)
	} else {
		p.textf(" %s", t.Type)
	}
}

// definitions prints what stands outside functions, apart from segments.
func (p *printer) definitions() {
	d := p.d
	for i := d.imported[ExternTable]; i < len(d.Tables); i++ {
		p.line("(table")
		p.define(p.tables, uint32(i))
		p.limits(d.Tables[i].Limits)
		p.textf(" %s)", d.Tables[i].Elem)
	}
	for i := d.imported[ExternMemory]; i < len(d.Memories); i++ {
		p.line("(memory")
		p.define(p.memories, uint32(i))
		p.limits(d.Memories[i])
		p.text(")")
	}
	for i, init := range d.GlobalInits {
		index := d.imported[ExternGlobal] + i
		p.line("(global")
		p.define(p.globals, uint32(index))
		p.globalType(d.Globals[index])
		p.text(" (")
		p.constExpr(init)
		p.text("))")
	}
	for _, e := range d.Exports {
		p.line("(export ")
		p.b = appendString(p.b, e.Name)
		p.textf(" (%s", e.Kind)
		p.reference([...][]string{p.functions, p.tables, p.memories, p.globals}[e.Kind], e.Index)
		p.text("))")
	}
	if d.Start != nil {
		p.line("(start")
		p.reference(p.functions, *d.Start)
		p.text(")")
	}
}

func (p *printer) segments() {
	for i, e := range p.d.Elements {
		p.linef("(elem (;%d;)", i)
		switch e.Mode {
		case SegmentActive:
			if e.Table != 0 {
				p.text(" (table")
				p.reference(p.tables, e.Table)
				p.text(")")
			}
			p.text(" (")
			p.constExpr(e.Offset)
			p.text(")")
		case SegmentDeclarative:
			p.text(" declare")
		case SegmentPassive: // has no keyword
		}
		if e.byExpr {
			p.textf(" %s", e.Type)
			for _, item := range e.Exprs {
				p.text(" (")
				p.constExpr(item)
				p.text(")")
			}
		} else {
			p.text(" func")
			for _, index := range e.Functions {
				p.reference(p.functions, index)
			}
		}
		p.text(")")
	}
	for i, s := range p.d.Data {
		p.linef("(data (;%d;) ", i)
		if s.Mode == SegmentActive {
			if s.Memory != 0 {
				p.text("(memory")
				p.reference(p.memories, s.Memory)
				p.text(") ")
			}
			p.text("(")
			p.constExpr(s.Offset)
			p.text(") ")
		}
		p.b = appendString(p.b, string(s.Bytes))
		p.text(")")
	}
}

func (p *printer) constExpr(c ConstExpr) {
	ins := Instruction{Op: c.Op, Bits: c.Bits, Vector: c.Vector, Index: uint32(c.Bits)}
	if c.Op == OpRefNull {
		ins.Types = []ValType{ValType(c.Bits)}
	}
	p.instruction(&ins)
}
