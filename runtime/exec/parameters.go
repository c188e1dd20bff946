package exec

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// parameters returns the values as they lie in the context; their text goes to the
// constants.
func (r *run) parameters() ([]byte, error) {
	wanted := 0
	for i := range r.program.Parameters {
		wanted = max(wanted, r.program.Parameters[i].Argument+1)
	}
	if given := len(r.query.Arguments); given < wanted {
		return nil, diag.New(CodeArgument, "argument $%d is missing: the program takes %d", given+1, wanted)
	}
	out := make([]byte, len(r.program.Parameters)*abi.ParameterSize)
	for i := range r.program.Parameters {
		if err := r.parameter(out[i*abi.ParameterSize:][:abi.ParameterSize], i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// value is the datum of a parameter.
func (r *run) value(i int) ir.Datum {
	if p := &r.program.Parameters[i]; p.Argument >= 0 {
		return r.query.Arguments[p.Argument]
	}
	return r.program.Literals[i]
}

func (r *run) parameter(out []byte, i int) error {
	p, d := &r.program.Parameters[i], r.value(i)
	if p.Form == program.NullForm {
		if d.Null {
			out[0] = 1
		}
		return nil
	}
	if d.Null && p.Argument >= 0 && p.Type.Nullable {
		return nil // the code asks the parameter of NullForm first
	}
	if err := checkParameter(p, d); err != nil {
		return err
	}
	switch {
	case p.Form == program.PatternForm:
		address, err := r.pattern(p, d.Text)
		if err != nil {
			return err
		}
		binary.LittleEndian.PutUint32(out, address)
	case p.Type.Kind == ir.String || p.Type.Kind == ir.Bytes:
		address, err := r.constant([]byte(d.Text), 1)
		if err != nil {
			return err
		}
		binary.LittleEndian.PutUint64(out, uint64(address)|uint64(len(d.Text))<<32)
	case p.Type.Kind == ir.F32:
		binary.LittleEndian.PutUint32(out, math.Float32bits(float32(d.Float)))
	case p.Type.Kind == ir.F64:
		binary.LittleEndian.PutUint64(out, math.Float64bits(d.Float))
	default:
		binary.LittleEndian.PutUint64(out, d.Low)
		binary.LittleEndian.PutUint64(out[8:], uint64(d.High))
	}
	return nil
}

// constant puts bytes among the constants.
func (r *run) constant(content []byte, alignment uint32) (uint32, error) {
	heap := r.session.heap
	address, err := heap.Constant(len(content), alignment)
	if err != nil {
		return 0, r.noMemory(len(content), "hold constants and dictionaries")
	}
	copy(heap.Bytes()[address-abi.SharedBase:], content)
	return address, nil
}

// checkParameter makes sure of what compiled code relies on.
func checkParameter(p *program.Parameter, d ir.Datum) error {
	what := "a literal"
	if p.Argument >= 0 {
		what = "argument $" + strconv.Itoa(p.Argument+1)
	}
	switch {
	case d.Null:
		return diag.New(CodeArgument, "%s is NULL, which the program was not compiled for", what)
	case p.Type.Kind == ir.String && !utf8.ValidString(d.Text):
		return diag.New(CodeArgument, "%s is not valid UTF-8", what)
	case len(d.Text) > math.MaxInt32/2:
		return diag.New(CodeArgument, "%s has %d bytes", what, len(d.Text))
	case p.Type.Kind == ir.Bool && (d.Low > 1 || d.High != 0):
		return diag.New(CodeArgument, "%s is not a boolean", what)
	}
	width := typeBits(p.Type)
	if p.Bits > 0 && width > 0 {
		width = min(width, p.Bits)
	}
	if width > 0 && width < 128 && !fitsBits(d.Int128(), width) {
		return diag.New(CodeArgument, "%s is %s, which is outside of the range that the program was compiled for: [-2^%d, 2^%d)",
			what, d.Int128().Big(), width-1, width-1).
			Helpf("compile the query with this value, or with a wider type for the parameter")
	}
	return nil
}

// typeBits is how many bits the integers of a type have, 0 for types that are none.
func typeBits(t ir.Type) int {
	switch {
	case t.IsInteger() || t.IsTemporal() || t.Kind == ir.Decimal:
		if t.Kind == ir.Decimal {
			return 128
		}
		return 8 * int(ir.NaturalLayout(t).Width)
	default:
		return 0
	}
}

// fitsBits reports -2^(bits-1) <= v < 2^(bits-1).
func fitsBits(v ir.Int128, bits int) bool {
	if bits > 64 {
		shifted := v.High >> (bits - 65)
		return shifted == 0 || shifted == -1
	}
	n, ok := v.Int64()
	return ok && (bits == 64 || n>>(bits-1) == 0 || n>>(bits-1) == -1)
}

// pattern compiles a LIKE pattern into the constants.
func (r *run) pattern(p *program.Parameter, text string) (uint32, error) {
	// Its segments point into itself, so it is compiled for the address that it gets:
	// once to learn its size, and again for the place.
	compiled, err := abi.CompilePattern(text, p.Escape, p.Insensitive, 0)
	if err != nil {
		return 0, diag.New(CodeArgument, "the pattern %q cannot be used: %v", text, err)
	}
	address, err := r.constant(compiled, 8)
	if err != nil {
		return 0, err
	}
	if compiled, err = abi.CompilePattern(text, p.Escape, p.Insensitive, address); err != nil {
		return 0, diag.New(CodeArgument, "the pattern %q cannot be used: %v", text, err)
	}
	copy(r.session.heap.Bytes()[address-abi.SharedBase:], compiled)
	return address, nil
}
