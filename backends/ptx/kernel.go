package ptx

import (
	"math"

	llvm "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/heddle-lang/heddle/ir"
)

// kernel translates one kernel, with all that it calls.
type kernel struct {
	*lowering
	source   *ir.Function
	function *llvm.Func
	block    *llvm.Block // where instructions go; nil where control cannot come
	mirror   value.Value
	launch   value.Value // address of the launch block, nil when the kernel takes none
	frame    *frame
	recovery *join // where a trap leads to, nil for the end of the thread
	depth    int   // of regions, those of callers included
	ops      int   // translated so far
	shared   int   // number of shared globals so far
	pointers pointerCache
}

// Limits of what is translated. Queries stay far below; code beyond is refused, so that
// neither the stack nor llc's time has no bound.
const (
	maxDepth = 1000
	maxOps   = 400_000
)

// frame is one activation of a function: the kernel itself, or a call that became part
// of it.
type frame struct {
	function *ir.Function
	library  bool // the function is the library's
	caller   *frame
	values   map[*ir.Value]value.Value
	cells    map[*ir.Value]int // index of a variable
	current  []value.Value     // what the variables hold here
	labels   map[*ir.Value]*target
	results  *join // behind the function
}

func newFrame(f *ir.Function, caller *frame) *frame {
	return &frame{
		function: f,
		caller:   caller,
		values:   map[*ir.Value]value.Value{},
		cells:    map[*ir.Value]int{},
		labels:   map[*ir.Value]*target{},
	}
}

// body translates the kernel's own body.
func (k *kernel) body() error {
	if err := k.region(k.frame.function.Body); err != nil {
		return err
	}
	if k.block != nil {
		k.jump(k.frame.results, nil)
	}
	if k.enter(k.frame.results) {
		k.block.NewRet(nil)
	}
	return nil
}

// value is what an operand is in LLVM.
func (k *kernel) value(v *ir.Value) value.Value { return k.frame.values[v] }

func (k *kernel) define(v *ir.Value, x value.Value) { k.frame.values[v] = x }

// newBlock makes a block and goes there; the caller has ended the one before.
func (k *kernel) newBlock() *llvm.Block {
	k.block = k.function.NewBlock("")
	return k.block
}

// call calls an intrinsic.
func (k *kernel) call(f *llvm.Func, args ...value.Value) value.Value {
	return k.block.NewCall(f, args...)
}

// truth is an i1 as the kern level has it: 1 or 0 in 32 bits.
func (k *kernel) truth(bit value.Value) value.Value { return k.block.NewZExt(bit, types.I32) }

// bit is the i1 of a condition. A comparison that became 1 or 0 is taken itself.
func (k *kernel) bit(x value.Value) value.Value {
	if truth := truthOf(x); truth != nil {
		return truth
	}
	return k.block.NewICmp(enum.IPredNE, x, word(0))
}

func word(v int64) *constant.Int { return constant.NewInt(types.I32, v) }

func long(v int64) *constant.Int { return constant.NewInt(types.I64, v) }

// number is a float constant, exact to the bit.
func number(c class, v float64) constant.Constant {
	if c == classSingle {
		return constant.NewBitCast(word(int64(int32(math.Float32bits(float32(v))))), types.Float)
	}
	return constant.NewBitCast(long(int64(math.Float64bits(v))), types.Double)
}

// literal is the constant of an op const.
func literal(c class, d ir.Datum) constant.Constant {
	switch c {
	case classWord:
		return word(int64(int32(d.Low)))
	case classLong:
		return long(int64(d.Low))
	case classWide:
		return &constant.Int{Typ: types.I128, X: ir.Int128{High: d.High, Low: d.Low}.Big()}
	default:
		return number(c, d.Float)
	}
}

// truthOf is the i1 that a truth value was made of, nil for other values.
func truthOf(x value.Value) value.Value {
	if extended, ok := x.(*llvm.InstZExt); ok && extended.From.Type().Equal(types.I1) {
		return extended.From
	}
	return nil
}

// isZero reports whether a value is the integer constant 0.
func isZero(x value.Value) bool {
	c, ok := x.(*constant.Int)
	return ok && c.X.Sign() == 0
}
