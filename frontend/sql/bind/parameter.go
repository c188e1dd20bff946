package bind

import (
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// parameter is what is known of $1 and so on.
type parameter struct {
	typ  ir.Type   // invalid until a place has asked for one
	span diag.Span // where it stands first
}

// maxParameters bounds the table of parameters, which has no holes.
const maxParameters = 1 << 15

func (b *binder) parameter(e *ast.Parameter) *scalar {
	if e.Index == 0 {
		b.notYet(e.Span(), "number it: $1", "parameters with a name are")
		return b.badAt(e.Span())
	}
	if e.Index < 0 || e.Index > maxParameters {
		b.report(diag.New(codeTooMany, "the number of the parameter is larger than %d", maxParameters).At(b.file, e.Span(), "too large"))
		return b.badAt(e.Span())
	}
	for len(b.parameters) < e.Index {
		b.parameters = append(b.parameters, parameter{})
	}
	p := &b.parameters[e.Index-1]
	if p.span == (diag.Span{}) {
		p.span = e.Span()
	}
	s := &scalar{code: ir.OpParameter, typ: p.typ, value: ir.IntDatum(int64(e.Index - 1)), span: e.Span()}
	if p.typ.Kind == ir.Invalid {
		s.typ, s.literal = ir.Of(ir.Null).WithNull(true), true
	}
	return b.finish(s)
}

// typeParameter gives a parameter the type that its place asks for, unless another
// place was first.
func (b *binder) typeParameter(s *scalar, t ir.Type) *scalar {
	p := &b.parameters[s.value.Int()]
	if p.typ.Kind == ir.Invalid {
		p.typ = t.WithNull(true)
	}
	return b.finish(&scalar{code: ir.OpParameter, typ: p.typ, value: s.value, span: s.span})
}

func (b *binder) finishParameters() {
	for i, p := range b.parameters {
		if p.typ.Kind != ir.Invalid || b.failed() {
			continue
		}
		d := diag.New(codeParameterType, "the type of parameter $%d cannot be told", i+1)
		if p.span != (diag.Span{}) {
			d.At(b.file, p.span, "nothing here asks for a type")
		}
		b.report(d.Helpf("write the type: $%d::bigint; numbers begin with $1 and leave none out", i+1))
	}
}
