package encode

import (
	"encoding/binary"
	"math"
	"strconv"
)

func (p *printer) function(f *Function) {
	t := p.d.Types[f.TypeIndex]
	count := len(t.Params)
	for _, run := range f.Locals {
		count += int(run.Count)
	}
	p.locals = nil
	if names := p.d.Names.Locals[f.Index]; len(names) > 0 {
		p.locals = identifiers(names, count)
	}
	p.line("(func")
	p.define(p.functions, f.Index)
	p.textf(" (type %d)", f.TypeIndex)
	p.signature(t, p.locals)
	outer := p.depth
	p.depth = outer + 1
	p.localDeclarations(f, len(t.Params))
	base := p.depth
	for ins := range f.Instructions() {
		switch ins.Op {
		case OpEnd:
			p.depth--
			if p.depth < base { // that of the body, which the text does not show
				p.text(")")
				continue
			}
			p.line("end")
		case OpElse:
			p.depth--
			p.line("else")
			p.depth++
		case OpBlock, OpLoop, OpIf:
			p.line("")
			p.instruction(ins)
			p.depth++
			p.textf(" (;@%d;)", p.depth-base)
		default:
			p.line("")
			p.instruction(ins)
			if ins.Op == OpBr || ins.Op == OpBrIf {
				p.textf(" (;@%d;)", p.depth-base-int(ins.Index))
			}
		}
	}
	p.depth = outer
}

func (p *printer) localDeclarations(f *Function, index int) {
	for _, run := range f.Locals {
		open := false
		for range run.Count {
			named := index < len(p.locals) && p.locals[index] != ""
			if open && named {
				p.text(")")
			}
			switch {
			case named:
				p.linef("(local %s %s)", p.locals[index], run.Type)
			case open:
				p.textf(" %s", run.Type)
			default:
				p.linef("(local %s", run.Type)
			}
			open = !named
			index++
		}
		if open {
			p.text(")")
		}
	}
}

// instruction prints the name and the immediates.
func (p *printer) instruction(ins *Instruction) {
	info, _ := ins.Op.Info()
	p.text(info.Name)
	// Where both indices name the same kind, or the second is written first, the
	// text format has rules of its own.
	switch ins.Op {
	case OpCallIndirect:
		if ins.Index2 != 0 {
			p.reference(p.tables, ins.Index2)
		}
		p.textf(" (type %d)", ins.Index)
		return
	case OpTableInit:
		p.reference(p.tables, ins.Index2)
		p.reference(nil, ins.Index)
		return
	case OpMemoryInit:
		if ins.Index2 != 0 {
			p.reference(p.memories, ins.Index2)
		}
		p.reference(nil, ins.Index)
		return
	case OpMemoryCopy:
		if ins.Index == 0 && ins.Index2 == 0 {
			return
		}
	default: // immediates are written in their order
	}
	for i, kind := range info.Immediates {
		index := ins.Index
		if i == 1 {
			index = ins.Index2
		}
		p.immediate(ins, info, kind, index)
	}
}

func (p *printer) immediate(ins *Instruction, info *Info, kind Immediate, index uint32) {
	switch kind {
	case ImmNone:
	case ImmBlock:
		if typeIndex, ok := ins.Block.TypeIndex(); ok {
			p.textf(" (type %d)", typeIndex)
		} else if result, ok := ins.Block.Result(); ok {
			p.textf(" (result %s)", result)
		}
	case ImmLabel, ImmType, ImmData, ImmElem:
		p.reference(nil, index)
	case ImmLabels:
		for _, label := range ins.Labels {
			p.reference(nil, label)
		}
	case ImmFunc:
		p.reference(p.functions, index)
	case ImmTable:
		p.reference(p.tables, index)
	case ImmLocal:
		p.reference(p.locals, index)
	case ImmGlobal:
		p.reference(p.globals, index)
	case ImmMemory:
		if index != 0 || info.Immediates[1] != ImmNone {
			p.reference(p.memories, index)
		}
	case ImmMemArg:
		if ins.Offset != 0 {
			p.text(" offset=")
			p.number(ins.Offset)
		}
		if ins.Align != info.Align {
			p.text(" align=")
			p.number(1 << ins.Align)
		}
	case ImmLane:
		p.reference(nil, uint32(ins.Lane))
	case ImmI32:
		p.text(" ")
		p.b = strconv.AppendInt(p.b, int64(int32(ins.Bits)), 10)
	case ImmI64:
		p.text(" ")
		p.b = strconv.AppendInt(p.b, int64(ins.Bits), 10)
	case ImmF32:
		p.text(" ")
		p.b = appendFloat(p.b, ins.Bits, 32)
	case ImmF64:
		p.text(" ")
		p.b = appendFloat(p.b, ins.Bits, 64)
	case ImmV128:
		p.text(" i32x4")
		for i := 0; i < 16; i += 4 {
			p.textf(" 0x%08x", binary.LittleEndian.Uint32(ins.Vector[i:]))
		}
	case ImmShuffle:
		for _, lane := range ins.Vector {
			p.reference(nil, uint32(lane))
		}
	case ImmValTypes:
		for _, t := range ins.Types {
			p.textf(" (result %s)", t)
		}
	case ImmRefType:
		if ins.Types[0] == ExternRef {
			p.text(" extern")
		} else {
			p.text(" func")
		}
	}
}

// appendFloat writes a float so that reading it gives the same bits: the shortest
// decimal, or the payload of a NaN.
func appendFloat(b []byte, bits uint64, size int) []byte {
	v, mantissa := math.Float64frombits(bits), uint(52)
	if size == 32 {
		v, mantissa = float64(math.Float32frombits(uint32(bits))), 23
	}
	if bits>>(size-1) != 0 {
		b = append(b, '-')
	}
	switch {
	case math.IsNaN(v):
		payload := bits & (1<<mantissa - 1)
		if payload == 1<<(mantissa-1) {
			return append(b, "nan"...)
		}
		return strconv.AppendUint(append(b, "nan:0x"...), payload, 16)
	case math.IsInf(v, 0):
		return append(b, "inf"...)
	default:
		return strconv.AppendFloat(b, math.Abs(v), 'g', -1, size)
	}
}
