package encode

// constExpr reads one constant instruction and its end. Longer expressions (the
// extended-const proposal) are refused.
func (d *Decoded) constExpr(r *reader) ConstExpr {
	start := r.pos
	var ins Instruction
	r.instruction(&ins)
	c := ConstExpr{Op: ins.Op}
	switch ins.Op {
	case OpI32Const, OpI64Const, OpF32Const, OpF64Const:
		c.Bits = ins.Bits
	case OpV128Const:
		c.Vector = ins.Vector
	case OpGlobalGet:
		c.Bits = uint64(ins.Index)
		if int(ins.Index) >= len(d.Globals) {
			r.fail(codeIndex, start, "global %d of %d", ins.Index, len(d.Globals))
		}
	case OpRefFunc:
		c.Bits = uint64(ins.Index)
		if int(ins.Index) >= len(d.FuncTypes) {
			r.fail(codeIndex, start, "function %d of %d", ins.Index, len(d.FuncTypes))
		}
	case OpRefNull:
		c.Bits = uint64(ins.Types[0])
	default:
		r.fail(codeUnsupported, start, "%s in a constant expression is not supported", ins.Op)
	}
	if info, ok := ins.Op.Info(); ok && r.err == nil {
		d.Features |= info.Feature
	}
	start = r.pos
	if end := r.byte(); r.err == nil && end != byte(OpEnd) {
		r.fail(codeUnsupported, start, "constant expression of several instructions is not supported")
	}
	return c
}

// elementSegment reads the eight forms of the format. Bit 0: not active. Bit 1: a
// table index when active, declarative when not. Bit 2: items are expressions.
func (d *Decoded) elementSegment(r *reader) ElementSegment {
	start := r.pos
	flags := r.u32()
	if flags > 7 {
		r.fail(codeUnsupported, start, "element segment of form %d is not supported", flags)
		return ElementSegment{}
	}
	e := ElementSegment{Type: FuncRef, byExpr: flags&4 != 0}
	switch flags & 3 {
	case 1:
		e.Mode = SegmentPassive
	case 3:
		e.Mode = SegmentDeclarative
	default:
		if flags&2 != 0 {
			e.Table = r.index("table", len(d.Tables))
		} else if len(d.Tables) == 0 {
			r.fail(codeIndex, start, "table 0 of 0")
		}
		e.Offset = d.constExpr(r)
	}
	if flags&3 != 0 {
		if e.byExpr {
			e.Type = r.refType()
		} else if start, kind := r.pos, r.byte(); r.err == nil && kind != 0 {
			r.fail(codeUnsupported, start, "element kind 0x%02x is not supported", kind)
		}
	}
	for n := r.count("elements"); n > 0 && r.err == nil; n-- {
		if e.byExpr {
			e.Exprs = append(e.Exprs, d.constExpr(r))
		} else {
			e.Functions = append(e.Functions, r.index("function", len(d.FuncTypes)))
		}
	}
	if e.Mode != SegmentActive {
		d.Features |= FeatureBulkMemory
	}
	return e
}

func (d *Decoded) dataSegment(r *reader) DataSegment {
	start := r.pos
	var s DataSegment
	switch flags := r.u32(); flags {
	case 0, 2:
		if flags == 2 {
			s.Memory = r.index("memory", len(d.Memories))
		} else if len(d.Memories) == 0 {
			r.fail(codeIndex, start, "memory 0 of 0")
		}
		s.Offset = d.constExpr(r)
	case 1:
		s.Mode = SegmentPassive
		d.Features |= FeatureBulkMemory
	default:
		r.fail(codeUnsupported, start, "data segment of form %d is not supported", flags)
	}
	s.Bytes = r.bytes(r.u32())
	return s
}

func (d *Decoded) customSection(r *reader) string {
	name := r.name()
	payload := r.bytes(uint32(r.remaining()))
	if r.err != nil {
		return ""
	}
	d.Customs = append(d.Customs, CustomSection{Name: name, Payload: payload})
	if name == "name" {
		d.Names = d.nameSection(&reader{b: r.b, pos: r.end - len(payload), end: r.end})
	}
	return name
}

// nameSection reads the subsections it knows. Names are an aid: the format says
// that a fault in them does not make the module invalid, so reading ends at the
// first fault with what was found until then.
func (d *Decoded) nameSection(r *reader) Names {
	var n Names
	for r.remaining() > 0 {
		id := r.byte()
		size := r.u32()
		payload := r.pos
		r.bytes(size)
		if r.err != nil {
			break
		}
		s := &reader{b: r.b, pos: payload, end: payload + int(size)}
		switch id {
		case nameModule:
			n.Module = s.name()
		case nameFunc:
			n.Functions = s.nameMap()
		case nameLocal:
			n.Locals = map[uint32]map[uint32]string{}
			for count := s.count("functions"); count > 0 && s.err == nil; count-- {
				index := s.u32()
				n.Locals[index] = s.nameMap()
			}
		case nameTable:
			n.Tables = s.nameMap()
		case nameMemory:
			n.Memories = s.nameMap()
		case nameGlobal:
			n.Globals = s.nameMap()
		}
	}
	return n
}

func (r *reader) nameMap() map[uint32]string {
	names := map[uint32]string{}
	for n := r.count("names"); n > 0 && r.err == nil; n-- {
		index := r.u32()
		if name := r.name(); r.err == nil {
			names[index] = name
		}
	}
	return names
}
