package plan

import (
	"fmt"
	"strings"

	"github.com/heddle-lang/heddle/ir"
)

// The binding strengths of operators, as in SQL.
const (
	strengthOr = iota + 1
	strengthAnd
	strengthNot
	strengthComparison
	strengthSum
	strengthProduct
	strengthUnary
	strengthAtom
)

var infix = map[ir.Opcode]struct {
	symbol   string
	strength int
}{
	ir.OpAdd: {"+", strengthSum}, ir.OpSubtract: {"-", strengthSum},
	ir.OpMultiply: {"*", strengthProduct}, ir.OpDivide: {"/", strengthProduct}, ir.OpModulo: {"%", strengthProduct},
	ir.OpEqual: {"=", strengthComparison}, ir.OpNotEqual: {"<>", strengthComparison},
	ir.OpLess: {"<", strengthComparison}, ir.OpLessEqual: {"<=", strengthComparison},
	ir.OpGreater: {">", strengthComparison}, ir.OpGreaterEqual: {">=", strengthComparison},
	ir.OpIsDistinct:  {"is distinct from", strengthComparison},
	ir.OpConcatenate: {"||", strengthSum}, ir.OpAddInterval: {"+", strengthSum},
	ir.OpAddDays: {"+", strengthSum}, ir.OpDaysBetween: {"-", strengthSum},
}

// maxDepth bounds how deep expressions are shown, maxParts how many parts of one; for
// the rest stands "…". A shared part is written at each of its places, so the text of
// a small program could grow without bound.
const (
	maxDepth = 40
	maxParts = 400
)

// writer writes values of scalar code as SQL would write them.
type writer struct {
	module *ir.Module
	names  map[*ir.Value]string // values that have a name, as the tuple of a pipeline
	parts  int                  // of the expression at hand that have been written
}

// expression writes a value.
func (w *writer) expression(v *ir.Value) string {
	w.parts = 0
	return w.within(v, 0, 0)
}

// within writes a value with brackets if it binds weaker than its surroundings.
func (w *writer) within(v *ir.Value, strength, depth int) string {
	text, own := w.value(v, depth)
	if own < strength {
		return "(" + text + ")"
	}
	return text
}

func (w *writer) value(v *ir.Value, depth int) (string, int) {
	if name, ok := w.names[v]; ok {
		return name, strengthAtom
	}
	if v.Op == nil {
		return v.Name, strengthAtom
	}
	if w.parts++; depth > maxDepth || w.parts > maxParts {
		return "…", strengthAtom
	}
	op := v.Op
	operand := func(i, strength int) string { return w.within(op.Operands[i], strength, depth+1) }
	if known, ok := infix[op.Code]; ok && len(op.Operands) == 2 {
		return operand(0, known.strength) + " " + known.symbol + " " + operand(1, known.strength+1), known.strength
	}
	switch op.Code {
	case ir.OpConst:
		t, d, _ := ir.AsConst(v)
		return Literal(t, d), strengthAtom
	case ir.OpParameter:
		return w.parameter(v), strengthAtom
	case ir.OpField:
		_, name, _ := ir.AsField(v)
		return name, strengthAtom
	case ir.OpAnd, ir.OpOr:
		symbol, strength := " and ", strengthAnd
		if op.Code == ir.OpOr {
			symbol, strength = " or ", strengthOr
		}
		parts := make([]string, len(op.Operands))
		for i := range parts {
			parts[i] = operand(i, strength+1)
		}
		return strings.Join(parts, symbol), strength
	case ir.OpNot:
		inner := op.Operands[0]
		if inner.Op != nil && inner.Op.Code == ir.OpIsNull {
			return w.within(inner.Op.Operands[0], strengthSum, depth+1) + " is not null", strengthComparison
		}
		return "not " + operand(0, strengthNot), strengthNot
	case ir.OpIsNull:
		return operand(0, strengthSum) + " is null", strengthComparison
	case ir.OpNegate:
		return "-" + operand(0, strengthUnary), strengthUnary
	case ir.OpIf:
		yield := func(region int) string {
			return w.within(op.Regions[region].Terminator().Operands[0], strengthOr, depth+1)
		}
		return "case when " + operand(0, strengthOr) + " then " + yield(0) + " else " + yield(1) + " end", strengthAtom
	case ir.OpIn:
		return operand(0, strengthSum) + " in (" + w.list(op) + ")", strengthComparison
	case ir.OpLike:
		word := " like "
		if ir.AttributeAs[bool](op, "insensitive") {
			word = " ilike "
		}
		return operand(0, strengthSum) + word + operand(1, strengthSum), strengthComparison
	case ir.OpCast:
		return operand(0, strengthUnary) + "::" + v.Type.WithNull(false).String(), strengthUnary
	case ir.OpExtract:
		return fmt.Sprintf("extract(%s from %s)", attributeText(op, "part"), operand(0, 0)), strengthAtom
	default:
		parts := make([]string, len(op.Operands))
		for i := range parts {
			parts[i] = operand(i, 0)
		}
		return op.Code.String() + "(" + strings.Join(parts, ", ") + ")", strengthAtom
	}
}

// parameter writes the value of a literal that became a parameter, or $1.
func (w *writer) parameter(v *ir.Value) string {
	index, _ := ir.AsParameter(v)
	if index >= 0 && index < len(w.module.Parameters) {
		if p := w.module.Parameters[index]; p.Bound {
			return Literal(p.Type, p.Value)
		}
	}
	return fmt.Sprintf("$%d", index+1)
}

// mostValues is how many values of a list are shown.
const mostValues = 6

func (w *writer) list(op *ir.Op) string {
	values := ir.AttributeAs[[]ir.Datum](op, "values")
	var parts []string
	for i, d := range values {
		if i == mostValues {
			parts = append(parts, fmt.Sprintf("… %d more", len(values)-i))
			break
		}
		parts = append(parts, Literal(op.Operands[0].Type, d))
	}
	return strings.Join(parts, ", ")
}

func attributeText(op *ir.Op, name string) string { return fmt.Sprint(op.Attribute(name)) }

// Literal writes a value as SQL would.
func Literal(t ir.Type, d ir.Datum) string {
	switch {
	case d.Null:
		return "null"
	case t.IsNumeric(), t.Kind == ir.Bool:
		return ir.FormatDatum(t, d)
	case t.Kind == ir.String:
		return "'" + strings.ReplaceAll(d.Text, "'", "''") + "'"
	default:
		return t.Kind.String() + " '" + ir.FormatDatum(t, d) + "'"
	}
}
