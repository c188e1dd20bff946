package ptx

import (
	"fmt"

	llvm "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// SiteUnknown is what a kernel leaves as LaunchError where the op that failed names no
// site: a division that its code did not guard. The number of any site is lower.
const SiteUnknown = abi.LaunchNoError - 1

// deviceScope is what atomic operations are atomic for: all threads of the device.
const deviceScope = "device"

func specialRegister(k *kernel, op *ir.Op, _ []value.Value) value.Value {
	name := map[ir.Opcode]string{ir.OpThreadIndex: "tid.x", ir.OpBlockIndex: "ctaid.x", ir.OpBlockCount: "nctaid.x"}[op.Code]
	return k.register(name)
}

func (k *kernel) register(name string) value.Value {
	return k.call(k.intrinsic("llvm.nvvm.read.ptx.sreg."+name, false, types.I32))
}

func barrier(k *kernel, _ *ir.Op, _ []value.Value) {
	k.call(k.intrinsic("llvm.nvvm.barrier0", true, types.Void))
}

func fence(k *kernel, _ *ir.Op, _ []value.Value) {
	k.call(k.intrinsic("llvm.nvvm.membar.gl", false, types.Void))
}

// shared gives each op a global of its own.
func shared(k *kernel, op *ir.Op, _ []value.Value) value.Value {
	array := types.NewArray(uint64(ir.AttributeAs[int64](op, "bytes")), types.I8)
	g := k.module.NewGlobalDef(fmt.Sprintf("%s$shared%d", k.function.Name(), k.shared), constant.NewUndef(array))
	k.shared++
	g.Linkage = enum.LinkageInternal
	g.AddrSpace = sharedSpace
	g.Typ = pointerTo(array, sharedSpace) // NewGlobalDef made one without address space
	g.Align = 16
	return k.block.NewPtrToInt(g, types.I32)
}

const allLanes = -1 // of a warp, as a mask

// shuffle gives the words of other lanes: by name, as the intrinsics have it.
func (k *kernel) shuffle(kind string, mask, x, lane value.Value) value.Value {
	f := k.intrinsic("llvm.nvvm.shfl.sync."+kind+".i32", true, types.I32, types.I32, types.I32, types.I32, types.I32)
	return k.call(f, mask, x, lane, word(31))
}

// shuffleDown moves a value of any size in words.
func shuffleDown(k *kernel, op *ir.Op, a []value.Value) value.Value {
	distance := word(ir.AttributeAs[int64](op, "distance"))
	c := classOf(op.Operands[0].Type)
	x := a[0]
	if c.isFloat() {
		x = k.block.NewBitCast(x, c.integer())
	}
	t := c.integer()
	var result value.Value
	for at := uint64(0); at < t.BitSize; at += 32 {
		part := x
		if at > 0 {
			part = k.block.NewLShr(x, constantLike(x, int64(at)))
		}
		part = k.shuffle("down", word(allLanes), k.truncate(part, types.I32), distance)
		switch {
		case t.BitSize == 32:
			result = part
		case at == 0:
			result = k.block.NewZExt(part, t)
		default:
			result = k.block.NewOr(result, k.block.NewShl(k.block.NewZExt(part, t), constant.NewInt(t, int64(at))))
		}
	}
	if c.isFloat() {
		return k.block.NewBitCast(result, c.llvm())
	}
	return result
}

func ballot(k *kernel, _ *ir.Op, a []value.Value) value.Value {
	f := k.intrinsic("llvm.nvvm.vote.ballot.sync", true, types.I32, types.I32, types.I1)
	return k.call(f, word(allLanes), k.bit(a[0]))
}

var atomicOperations = map[string]enum.AtomicOp{
	"add": enum.AtomicOpAdd, "and": enum.AtomicOpAnd, "or": enum.AtomicOpOr, "exchange": enum.AtomicOpXChg,
	"min_s": enum.AtomicOpMin, "max_s": enum.AtomicOpMax, "min_u": enum.AtomicOpUMin, "max_u": enum.AtomicOpUMax,
}

// atomicPlace is where an atomic operation works. Its alignment is that of the value.
func (k *kernel) atomicPlace(op *ir.Op, t types.Type) value.Value {
	return k.pointer(k.placeOf(op.Operands[0], ir.AttributeAs[int64](op, "offset")), 0, t)
}

func (k *kernel) replace(operation enum.AtomicOp, pointer, x value.Value) value.Value {
	i := k.block.NewAtomicRMW(operation, pointer, x, enum.AtomicOrderingMonotonic)
	i.SyncScope = deviceScope
	return i
}

func atomic(k *kernel, op *ir.Op, a []value.Value) value.Value {
	operation := atomicOperations[ir.AttributeAs[string](op, "operation")]
	return k.replace(operation, k.atomicPlace(op, a[1].Type()), a[1])
}

func compareExchange(k *kernel, op *ir.Op, a []value.Value) value.Value {
	i := k.block.NewCmpXchg(k.atomicPlace(op, a[1].Type()), a[1], a[2], enum.AtomicOrderingMonotonic, enum.AtomicOrderingMonotonic)
	i.SyncScope = deviceScope
	return k.block.NewExtractValue(i, 0)
}

// appendWord adds once for all threads of the warp that are here together: the lowest
// of them adds what all need, and each takes its part by its rank among them.
func appendWord(k *kernel, op *ir.Op, a []value.Value) value.Value {
	pointer := k.atomicPlace(op, types.I32)
	mask := k.activeMask()
	below := k.block.NewAnd(mask, k.register("lanemask.lt"))
	leader := k.trailingZeros(mask)
	total := k.block.NewMul(k.ofWidth("ctpop", mask), a[1])
	first := k.block.NewICmp(enum.IPredEQ, below, word(0))

	from := k.block
	leading := k.newBlock()
	old := k.replace(enum.AtomicOpAdd, pointer, total)
	all := k.newBlock()
	leading.NewBr(all)
	from.NewCondBr(first, leading, all)
	start := all.NewPhi(llvm.NewIncoming(word(0), from), llvm.NewIncoming(old, leading))
	shared := k.shuffle("idx", mask, start, leader)
	return k.block.NewAdd(shared, k.block.NewMul(k.ofWidth("ctpop", below), a[1]))
}

// activeMask is the lanes that are here together. LLVM has had an intrinsic for it only
// since version 19, so it is written out; nothing moves across it.
func (k *kernel) activeMask() value.Value {
	asm := llvm.NewInlineAsm(types.NewPointer(types.NewFunc(types.I32)), "activemask.b32 $0;", "=r,~{memory}")
	asm.SideEffect = true
	call := k.block.NewCall(asm)
	call.FuncAttrs = append(call.FuncAttrs, enum.FuncAttrConvergent, enum.FuncAttrNoUnwind)
	return call
}

// failAt leaves the number of a site in the launch block; the lowest stays.
func (k *kernel) failAt(site value.Value) {
	launch := place{kind: ir.GlobalAddress, base: k.launch, offset: abi.LaunchError}
	k.replace(enum.AtomicOpUMin, k.pointer(launch, 0, types.I32), site)
}
