package interp

import (
	"errors"
	"fmt"

	"github.com/heddle-lang/heddle/ir"
)

// effect runs an op that touches memory or a global.
func (r *frame) effect(op *ir.Op) error {
	operands, err := r.needAll(op.Operands)
	if err != nil && (op.Code == ir.OpLoad || op.Code == ir.OpVectorLoad) {
		r.define(op, value{missing: err}) // may be left out where nobody needs it
		return nil
	}
	if err != nil {
		return err
	}
	switch op.Code {
	case ir.OpLoad, ir.OpVectorLoad:
		v, err := r.load(op, operands[0])
		if err != nil {
			return err
		}
		r.define(op, v)
	case ir.OpStore, ir.OpVectorStore:
		return r.store(op, operands[0], operands[1])
	case ir.OpMemoryCopy:
		n := uint64(operands[2].Low)
		from, err := r.bytes(op, 1, operands[1], n)
		if err != nil {
			return err
		}
		to, err := r.bytes(op, 0, operands[0], n)
		if err != nil {
			return err
		}
		copy(to, from)
	case ir.OpMemoryFill:
		to, err := r.bytes(op, 0, operands[0], operands[2].Low)
		if err != nil {
			return err
		}
		for i := range to {
			to[i] = byte(operands[1].Low)
		}
	case ir.OpGlobalGet:
		if r.thread != nil {
			return fmt.Errorf("a kernel has no globals")
		}
		r.define(op, value{bits: Word(uint64(uint32(r.machine.Budget)))})
	case ir.OpGlobalSet:
		if r.thread != nil {
			return fmt.Errorf("a kernel has no globals")
		}
		r.machine.Budget = int32(operands[0].Low)
	default:
		return errMisfit
	}
	return nil
}

// memoryOf gives the memory that an address of a type is in.
func (r *frame) memoryOf(t ir.Type) (*Memory, error) {
	switch {
	case t.Kind == ir.GlobalAddress:
		return &r.machine.Global, nil
	case t.Kind == ir.SharedAddress && r.thread != nil:
		return &r.thread.block.shared, nil
	case t.Kind == ir.SharedAddress:
		return nil, fmt.Errorf("there is no shared memory outside of kernels")
	default:
		return &r.machine.Linear, nil
	}
}

// bytes gives the memory that operand i of a copy or fill names.
func (r *frame) bytes(op *ir.Op, i int, address Bits, n uint64) ([]byte, error) {
	memory, err := r.memoryOf(op.Operands[i].Type)
	if err != nil || n == 0 {
		return nil, err
	}
	return memory.Bytes(address.Low, int(n))
}

// place gives the memory of an access, where it begins and how many bytes it has, and
// checks what the op says of its alignment.
func (r *frame) place(op *ir.Op, address Bits) (memory *Memory, at uint64, width int, err error) {
	at = address.Low + uint64(ir.AttributeAs[int64](op, "offset"))
	if align := uint64(ir.AttributeAs[int64](op, "align")); align > 1 && at%align != 0 {
		return nil, 0, 0, fmt.Errorf("%#x is no multiple of %d", at, align)
	}
	if width = int(ir.AttributeAs[int64](op, "width")); op.Code == ir.OpVectorLoad || op.Code == ir.OpVectorStore {
		width = 16
	}
	switch width {
	case 1, 2, 4, 8, 16:
	default:
		return nil, 0, 0, fmt.Errorf("no access has %d bytes", width)
	}
	memory, err = r.memoryOf(op.Operands[0].Type)
	return memory, at, width, err
}

// load reads memory. Shared memory that nobody has written to has no value.
func (r *frame) load(op *ir.Op, address Bits) (value, error) {
	memory, at, width, err := r.place(op, address)
	if err != nil {
		return value{}, err
	}
	t := op.Results[0].Type
	if width > SizeOf(t) {
		return value{}, errMisfit
	}
	from, err := memory.read(at, width)
	if errors.As(err, new(errUndefined)) {
		return value{missing: r.explain(op, err)}, nil
	}
	if err != nil {
		return value{}, err
	}
	v := loadBits(from)
	if ir.AttributeAs[bool](op, "signed") && width < 16 {
		v = FromInt64(t, signed(v.Low, 8*width))
	}
	return value{bits: v}, nil
}

func (r *frame) store(op *ir.Op, address, v Bits) error {
	memory, at, width, err := r.place(op, address)
	if err != nil {
		return err
	}
	if width > SizeOf(op.Operands[1].Type) {
		return errMisfit
	}
	to, err := memory.write(at, width)
	if err != nil {
		return err
	}
	storeBits(to, v)
	return nil
}
