package bind

import (
	"encoding/binary"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// scalar is a bound expression. Nodes form trees and are never changed.
type scalar struct {
	code     ir.Opcode // opBad and opAggregate besides those of the IR
	typ      ir.Type   // NULL-ness may be looser than what the IR infers in the end
	operands []*scalar // of OpIf: condition, then, else; of opAggregate: argument and filter, nil when absent
	name     string    // OpField: the column; OpExtract: the part; OpLike: the escape
	value    ir.Datum  // OpConst; OpParameter: the index
	values   []ir.Datum
	function ir.AggregateFunction
	flag     bool // OpLike: no letter case; opAggregate: DISTINCT
	literal  bool // OpConst of a string, or OpParameter, whose place decides its type
	hasAgg   bool // an aggregate is among the nodes
	nesting  uint16
	number   uint32 // equal for equal expressions
	span     diag.Span
}

// Codes of nodes that the IR does not have. Op codes of the IR begin at 1.
const (
	opBad       ir.Opcode = 0
	opAggregate ir.Opcode = 1<<16 - 1
)

// maxNesting is the deepest nesting of conditional expressions. The verifier takes
// 200 levels of regions.
const maxNesting = 180

// Type implements catalog.Value.
func (s *scalar) Type() ir.Type { return s.typ }

func (s *scalar) bad() bool { return s.code == opBad }

// isNull reports a bare NULL.
func (s *scalar) isNull() bool { return s.code == ir.OpConst && s.value.Null }

// untyped reports a NULL, string literal or parameter whose type its place decides.
func (s *scalar) untyped() bool { return s.literal || s.typ.Kind == ir.Null }

// nodeKey tells unequal nodes apart. Operands stand for themselves by number.
type nodeKey struct {
	code             ir.Opcode
	kind             ir.Kind
	nullable         bool
	precision, scale uint8
	function         ir.AggregateFunction
	flag, literal    bool
	name             string
	value            ir.Datum
	operands         [3]uint32
	rest             string
}

func (s *scalar) key() nodeKey {
	k := nodeKey{
		code: s.code, kind: s.typ.Kind, nullable: s.typ.Nullable, precision: s.typ.Precision, scale: s.typ.Scale,
		function: s.function, flag: s.flag, literal: s.literal, name: s.name, value: s.value,
	}
	var rest []byte
	for i, operand := range s.operands {
		var number uint32
		if operand != nil {
			number = operand.number
		}
		if i < len(k.operands) {
			k.operands[i] = number
		} else {
			rest = binary.LittleEndian.AppendUint32(rest, number)
		}
	}
	for _, d := range s.values {
		rest = ir.AppendKey(rest, s.operands[0].typ.WithNull(true), d)
	}
	k.rest = string(rest)
	return k
}

// finish numbers a node. A literal operation becomes a literal.
func (b *binder) finish(s *scalar) *scalar {
	constant := len(s.operands) > 0 && s.code != ir.OpIf && s.code != opAggregate
	for _, operand := range s.operands {
		if operand == nil {
			continue
		}
		if operand.bad() {
			return b.badAt(s.span)
		}
		s.hasAgg = s.hasAgg || operand.hasAgg
		s.nesting = max(s.nesting, operand.nesting)
		constant = constant && operand.code == ir.OpConst
	}
	s.hasAgg = s.hasAgg || s.code == opAggregate
	if s.code == ir.OpIf {
		s.nesting++
		if s.nesting > maxNesting {
			b.report(diag.New(codeTooMany, "conditional expressions nest deeper than %d levels", maxNesting).
				At(b.file, s.span, "each WHEN is a level").
				Helpf("join a table of the cases instead"))
			return b.badAt(s.span)
		}
	}
	if constant {
		if folded := b.fold(s); folded != nil {
			return folded
		}
	}
	key := s.key()
	number, known := b.numbers[key]
	if !known {
		number = uint32(len(b.numbers) + 1)
		b.numbers[key] = number
	}
	s.number = number
	return s
}

// fold computes a node whose operands are literals; nil when that traps, which the
// program will do too if it comes to it.
func (b *binder) fold(s *scalar) *scalar {
	block := &ir.Block{}
	e := &emitter{builder: ir.Builder{Block: block}}
	v := e.emit(s)
	operands := make([]ir.Datum, len(s.operands))
	for i, operand := range s.operands {
		operands[i] = operand.value
	}
	if v.Op == nil || v.Op.Code != s.code {
		return nil
	}
	d, err := interp.EvaluateOp(v.Op, operands)
	if err != nil {
		return nil
	}
	return b.constant(v.Type.WithNull(d.Null), d, s.span)
}

func (b *binder) badAt(span diag.Span) *scalar { return &scalar{code: opBad, span: span} }

func (b *binder) constant(t ir.Type, d ir.Datum, span diag.Span) *scalar {
	return b.finish(&scalar{code: ir.OpConst, typ: t, value: d, span: span})
}

func (b *binder) null(t ir.Type, span diag.Span) *scalar {
	return b.constant(t.WithNull(true), ir.NullDatum, span)
}

func (b *binder) boolean(value bool, span diag.Span) *scalar {
	return b.constant(ir.Of(ir.Bool), ir.BoolDatum(value), span)
}

// column refers to a column of the flow. One whose expression had a mistake has no
// type.
func (b *binder) column(name string, t ir.Type, span diag.Span) *scalar {
	if t.Kind == ir.Invalid {
		return b.badAt(span)
	}
	return b.finish(&scalar{code: ir.OpField, typ: t, name: name, span: span})
}

// op makes a node of an op without attributes whose operands fit.
func (b *binder) op(code ir.Opcode, span diag.Span, operands ...*scalar) *scalar {
	nullable := false
	for _, operand := range operands {
		if operand.bad() {
			return b.badAt(span)
		}
		nullable = nullable || operand.typ.Nullable
	}
	var t ir.Type
	switch code {
	case ir.OpAdd, ir.OpSubtract, ir.OpMultiply, ir.OpDivide, ir.OpModulo:
		var err error
		if t, err = ir.ArithmeticType(code, operands[0].typ, operands[1].typ); err != nil {
			panic("BUG: arithmetic that was not checked: " + err.Error())
		}
	case ir.OpNegate, ir.OpAbsolute:
		t = operands[0].typ
	case ir.OpIsNull, ir.OpIsDistinct:
		t, nullable = ir.Of(ir.Bool), false
	case ir.OpEqual, ir.OpNotEqual, ir.OpLess, ir.OpLessEqual, ir.OpGreater, ir.OpGreaterEqual, ir.OpAnd, ir.OpOr, ir.OpNot, ir.OpStartsWith, ir.OpLike, ir.OpIn:
		t = ir.Of(ir.Bool)
	case ir.OpSubstring, ir.OpConcatenate, ir.OpUpper, ir.OpLower:
		t = ir.Of(ir.String)
	case ir.OpLength:
		t = ir.Of(ir.I64)
	case ir.OpAddInterval:
		t = operands[0].typ
		if t.Kind == ir.Date {
			t = ir.Of(ir.Timestamp)
		}
	case ir.OpAddDays:
		t = ir.Of(ir.Date)
	case ir.OpDaysBetween:
		t = ir.Of(ir.I32)
	case ir.OpIf:
		t, nullable = operands[1].typ, operands[1].typ.Nullable || operands[2].typ.Nullable
	default:
		panic("BUG: no bound node for " + code.String())
	}
	return b.finish(&scalar{code: code, typ: t.WithNull(nullable), operands: operands, span: span})
}

// cast converts, if v is not of the type already. NULL-ness is v's.
func (b *binder) cast(v *scalar, t ir.Type, span diag.Span) *scalar {
	switch {
	case v.bad() || v.typ.Same(t) && !v.literal:
		return v
	case v.isNull():
		return b.null(t, v.span)
	}
	return b.finish(&scalar{code: ir.OpCast, typ: t.WithNull(v.typ.Nullable), operands: []*scalar{v}, span: span})
}

func (b *binder) extract(part string, v *scalar, span diag.Span) *scalar {
	return b.finish(&scalar{code: ir.OpExtract, typ: ir.Of(ir.I64).WithNull(v.typ.Nullable), name: part, operands: []*scalar{v}, span: span})
}

// rebuild makes a node again over other operands of the same types.
func (b *binder) rebuild(s *scalar, operands []*scalar) *scalar {
	switch s.code {
	case ir.OpCast:
		return b.cast(operands[0], s.typ, s.span)
	case ir.OpExtract:
		return b.extract(s.name, operands[0], s.span)
	case ir.OpLike:
		return b.finish(&scalar{code: s.code, typ: s.typ, operands: operands, name: s.name, flag: s.flag, span: s.span})
	case ir.OpIn:
		return b.finish(&scalar{code: s.code, typ: s.typ, operands: operands, values: s.values, span: s.span})
	default:
		return b.op(s.code, s.span, operands...)
	}
}
