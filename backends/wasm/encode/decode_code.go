package encode

import "iter"

// Instruction is a decoded instruction. Which fields count is said by
// Info.Immediates.
type Instruction struct {
	Op            Opcode
	At            int // byte offset in the module
	Index, Index2 uint32
	Block         BlockType
	Align         uint8 // base-2 logarithm
	Lane          uint8
	Offset        uint32
	Bits          uint64 // integers sign-extended to 64 bits for i64, zero-extended for i32
	Vector        [16]byte
	Labels        []uint32
	Types         []ValType
}

// Instructions yields the code of f in order, up to and including the closing
// end. The instruction is overwritten by the next one.
func (f *Function) Instructions() iter.Seq[*Instruction] {
	return func(yield func(*Instruction) bool) {
		r := &reader{b: f.module, pos: f.codeStart, end: f.Offset + f.Size}
		var ins Instruction
		for r.remaining() > 0 {
			r.instruction(&ins)
			if r.err != nil {
				panic("BUG: " + r.err.Error()) // Decode went through this code
			}
			if !yield(&ins) {
				return
			}
		}
	}
}

// instruction reads one instruction. It checks what needs no context.
func (r *reader) instruction(ins *Instruction) {
	start := r.pos
	labels := ins.Labels[:0]
	*ins = Instruction{At: start, Op: Opcode(r.byte()), Labels: labels}
	switch ins.Op {
	case prefixMiscByte:
		ins.Op = r.prefixed(start, prefixMisc)
	case prefixVectorByte:
		ins.Op = r.prefixed(start, prefixVector)
	default: // an opcode of one byte
	}
	if r.err != nil {
		return
	}
	info, ok := ins.Op.Info()
	if !ok {
		r.fail(codeUnsupported, start, "instruction %# x is not supported", r.b[start:r.pos])
		return
	}
	for i, kind := range info.Immediates {
		switch kind {
		case ImmNone:
			return
		case ImmBlock:
			ins.Block = r.blockType()
		case ImmLabels:
			for n := r.count("labels") + 1; n > 0 && r.err == nil; n-- {
				ins.Labels = append(ins.Labels, r.u32())
			}
		case ImmMemArg:
			r.memArg(ins, info)
		case ImmLane:
			at := r.pos
			ins.Lane = r.byte()
			if ins.Lane >= info.Lanes {
				r.malformed(at, "lane %d of %d", ins.Lane, info.Lanes)
			}
		case ImmI32:
			ins.Bits = uint64(uint32(r.signed(32)))
		case ImmI64:
			ins.Bits = uint64(r.signed(64))
		case ImmF32:
			ins.Bits = uint64(r.fixed32())
		case ImmF64:
			ins.Bits = r.fixed64()
		case ImmV128:
			ins.Vector = r.vector()
		case ImmShuffle:
			at := r.pos
			ins.Vector = r.vector()
			for _, lane := range ins.Vector {
				if lane >= 32 {
					r.malformed(at, "lane %d of 32", lane)
				}
			}
		case ImmValTypes:
			at := r.pos
			ins.Types = r.valTypes()
			if r.err == nil && len(ins.Types) != 1 {
				r.malformed(at, "select of %d types", len(ins.Types))
			}
		case ImmRefType:
			ins.Types = []ValType{r.refType()}
		default: // an index
			if i == 0 {
				ins.Index = r.u32()
			} else {
				ins.Index2 = r.u32()
			}
		}
	}
}

func (r *reader) prefixed(start int, prefix Opcode) Opcode {
	code := r.u32()
	if r.err == nil && code > codeMask {
		r.fail(codeUnsupported, start, "instruction %# x is not supported", r.b[start:r.pos])
		return 0
	}
	return prefix | Opcode(code)
}

func (r *reader) blockType() BlockType {
	start := r.pos
	t := BlockType(r.signed(33))
	if t >= 0 || t == BlockEmpty {
		return t
	}
	if result, _ := t.Result(); t < -64 || !result.Valid() {
		r.fail(codeUnsupported, start, "block type %d is not supported", t)
		return BlockEmpty
	}
	return t
}

func (r *reader) memArg(ins *Instruction, info *Info) {
	start := r.pos
	align := r.u32()
	ins.Offset = r.u32()
	switch {
	case r.err != nil:
	case align >= 64 && align < 128:
		r.fail(codeUnsupported, start, "access to a second memory is not supported")
	case align > uint32(info.Align):
		r.malformed(start, "alignment 2^%d of %s, which accesses 2^%d bytes", align, info.Name, info.Align)
	}
	ins.Align = uint8(align)
}

func (d *Decoded) codeSection(r *reader) {
	start := r.pos
	count := r.count("bodies")
	if count != d.declared {
		r.malformed(start, "%d functions declared, %d defined", d.declared, count)
		return
	}
	var walk walker
	for i := range count {
		size := r.u32()
		f := Function{
			Index:     uint32(d.imported[ExternFunc] + i),
			TypeIndex: d.FuncTypes[d.imported[ExternFunc]+i],
			Offset:    r.pos,
			Size:      int(size),
			module:    r.b,
		}
		if r.bytes(size); r.err != nil {
			return
		}
		body := &reader{b: r.b, pos: f.Offset, end: f.Offset + f.Size}
		locals := d.locals(body, &f)
		f.codeStart = body.pos
		walk.function(d, body, locals)
		if body.err != nil {
			r.err = body.err
			return
		}
		d.Functions = append(d.Functions, f)
	}
}

// locals reads the declarations of f and returns the number of locals with the
// parameters.
func (d *Decoded) locals(r *reader, f *Function) int {
	start := r.pos
	total := uint64(len(d.Types[f.TypeIndex].Params))
	for n := r.count("local declarations"); n > 0 && r.err == nil; n-- {
		run := LocalRun{Count: r.u32(), Type: r.valType()}
		total += uint64(run.Count)
		if total > maxLocals {
			r.fail(codeLimit, start, "%d locals in one function, the limit is %d", total, maxLocals)
		}
		f.Locals = append(f.Locals, run)
	}
	return int(total)
}

// walker goes through bodies and checks nesting and indices. Its stack of open
// blocks is kept from one body to the next.
type walker struct {
	open []Opcode
	ins  Instruction
}

func (w *walker) function(d *Decoded, r *reader, locals int) {
	w.open = append(w.open[:0], OpBlock) // the body itself
	ins := &w.ins
	for len(w.open) > 0 && r.err == nil {
		r.instruction(ins)
		if r.err != nil {
			return
		}
		switch ins.Op {
		case OpBlock, OpLoop, OpIf:
			if len(w.open) > maxNesting {
				r.fail(codeLimit, ins.At, "blocks nested deeper than %d", maxNesting)
				return
			}
			w.open = append(w.open, ins.Op)
		case OpElse:
			if w.open[len(w.open)-1] != OpIf {
				r.malformed(ins.At, "else without if")
				return
			}
			w.open[len(w.open)-1] = OpElse
		case OpEnd:
			w.open = w.open[:len(w.open)-1]
		default: // blocks stay as they are
		}
		w.indices(d, r, locals)
	}
	if r.err == nil && r.remaining() > 0 {
		r.malformed(r.pos, "code after the end of the function")
	}
}

func (w *walker) indices(d *Decoded, r *reader, locals int) {
	ins := &w.ins
	info, _ := ins.Op.Info()
	d.Features |= info.Feature
	for i, kind := range info.Immediates {
		index := ins.Index
		if i == 1 {
			index = ins.Index2
		}
		check := func(what string, limit int) {
			if uint64(index) >= uint64(limit) {
				r.fail(codeIndex, ins.At, "%s %d of %d", what, index, limit)
			}
		}
		switch kind {
		case ImmNone:
			return
		case ImmBlock:
			if typeIndex, ok := ins.Block.TypeIndex(); ok {
				d.Features |= FeatureMultiValue
				index = typeIndex
				check("type", len(d.Types))
			}
		case ImmLabel:
			check("label", len(w.open))
		case ImmLabels:
			for _, index = range ins.Labels {
				check("label", len(w.open))
			}
		case ImmFunc:
			check("function", len(d.FuncTypes))
		case ImmType:
			check("type", len(d.Types))
		case ImmTable:
			check("table", len(d.Tables))
			if index > 0 && ins.Op == OpCallIndirect {
				d.Features |= FeatureReferenceTypes
			}
		case ImmLocal:
			check("local", locals)
		case ImmGlobal:
			check("global", len(d.Globals))
		case ImmMemory:
			check("memory", len(d.Memories))
		case ImmMemArg:
			index = 0
			check("memory", len(d.Memories))
		case ImmData:
			if d.dataCount < 0 {
				r.malformed(ins.At, "%s without a data count section", info.Name)
			}
			check("data segment", d.dataCount)
		case ImmElem:
			check("element segment", len(d.Elements))
		default: // literals and types, which index nothing
		}
	}
}
