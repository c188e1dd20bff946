package ptx

import (
	"math/bits"

	llvm "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/heddle-lang/heddle/ir"
)

// The address spaces of LLVM for PTX.
const (
	globalSpace = 1
	sharedSpace = 3
)

func pointerTo(t types.Type, space types.AddrSpace) *types.PointerType {
	p := types.NewPointer(t)
	p.AddrSpace = space
	return p
}

func spaceOf(kind ir.Kind) types.AddrSpace {
	if kind == ir.SharedAddress {
		return sharedSpace
	}
	return globalSpace
}

// pointerCache remembers the pointers that a block made of addresses. llc merges loads
// only where they have one pointer plus different constants.
type pointerCache struct {
	block    *llvm.Block
	pointers map[pointerKey]value.Value
}

type pointerKey struct {
	address value.Value
	kind    ir.Kind
}

// place is an address of the kern level, taken apart.
type place struct {
	kind   ir.Kind // ir.Address, ir.GlobalAddress or ir.SharedAddress
	base   value.Value
	offset int64
}

// placeOf finds the address of a load, store or the like. Constants that are added to
// the address become part of the offset, as in WebAssembly: such sums do not wrap.
func (k *kernel) placeOf(v *ir.Value, offset int64) place {
	kind := v.Type.Kind
	for v.Op != nil && v.Op.Code == ir.OpIntegerAdd {
		base, by := v.Op.Operands[0], v.Op.Operands[1]
		if _, constant := k.value(base).(*constant.Int); constant {
			base, by = by, base
		}
		c, constant := k.value(by).(*constant.Int)
		if !constant || !base.Type.IsAddress() || c.X.Sign() < 0 || offset+c.X.Int64() > maxOffset {
			break
		}
		offset += c.X.Int64()
		v = base
	}
	return place{kind, k.value(v), offset}
}

// linear is the place as a number of 64 bits, whose low bits tell its alignment: the
// mirror begins at a multiple of 4 GiB or at least of a page.
func (k *kernel) linear(p place) value.Value {
	address := p.base
	if p.kind != ir.GlobalAddress {
		address = k.extended(address)
	}
	if p.offset == 0 {
		return address
	}
	return k.block.NewAdd(address, long(p.offset))
}

func (k *kernel) extended(x value.Value) value.Value {
	if c, ok := x.(*constant.Int); ok {
		return long(int64(uint32(c.X.Int64())))
	}
	return k.block.NewZExt(x, types.I64)
}

// pointer is a pointer to a value of some type, so many bytes behind a place.
func (k *kernel) pointer(p place, more int64, t types.Type) value.Value {
	if k.pointers.block != k.block {
		k.pointers = pointerCache{k.block, map[pointerKey]value.Value{}}
	}
	key := pointerKey{p.base, p.kind}
	base := k.pointers.pointers[key]
	if base == nil {
		base = k.bytePointer(p.kind, k.linear(place{kind: p.kind, base: p.base}))
		k.pointers.pointers[key] = base
	}
	if p.offset+more != 0 {
		base = k.block.NewGetElementPtr(types.I8, base, long(p.offset+more))
	}
	return k.typed(base, p.kind, t)
}

// bytePointer makes a pointer of a place as a number.
func (k *kernel) bytePointer(kind ir.Kind, linear value.Value) value.Value {
	if kind == ir.Address {
		return k.block.NewGetElementPtr(types.I8, k.mirror, linear)
	}
	return k.block.NewIntToPtr(linear, pointerTo(types.I8, spaceOf(kind)))
}

func (k *kernel) typed(pointer value.Value, kind ir.Kind, t types.Type) value.Value {
	if t.Equal(types.I8) {
		return pointer
	}
	return k.block.NewBitCast(pointer, pointerTo(t, spaceOf(kind)))
}

// alignOf is what is known to divide the address of an access.
func alignOf(op *ir.Op) int64 {
	if align, ok := op.Attribute("align").(int64); ok {
		return align
	}
	return 1
}

// loadAt reads an integer or float from a pointer.
func (k *kernel) loadAt(op *ir.Op, pointer value.Value, t types.Type, align int64) value.Value {
	l := k.block.NewLoad(t, pointer)
	l.Align = llvm.Align(align)
	switch ir.AttributeAs[string](op, "access") {
	case "invariant":
		l.Metadata = append(l.Metadata, k.invariantLoad())
	case "volatile":
		l.Volatile = true
	}
	return l
}

// load reads memory as it is aligned: PTX has no accesses that are not.
func load(k *kernel, op *ir.Op, a []value.Value) value.Value {
	c, width := classOf(op.Results[0].Type), int64(16)
	if op.Code == ir.OpLoad {
		width = ir.AttributeAs[int64](op, "width")
	}
	p := k.placeOf(op.Operands[0], ir.AttributeAs[int64](op, "offset"))
	align := alignOf(op)
	if width <= 8 && align >= width && width == c.bytes() {
		return k.loadAt(op, k.pointer(p, 0, c.llvm()), c.llvm(), align)
	}
	var x value.Value
	switch {
	case align >= min(width, 8):
		x = k.pieces(op, p, width, min(width, 8), align)
	case align == 1:
		x = k.unaligned(op, p, width)
	default:
		x = k.pieces(op, p, width, align, align)
	}
	if t := c.integer(); integerOf(x).BitSize < t.BitSize {
		if ir.AttributeAs[bool](op, "signed") {
			x = k.block.NewSExt(x, t)
		} else {
			x = k.block.NewZExt(x, t)
		}
	}
	if c.isFloat() {
		return k.block.NewBitCast(x, c.llvm())
	}
	return x
}

// pieces reads so many bytes in pieces of equal size, each aligned to its size.
func (k *kernel) pieces(op *ir.Op, p place, width, size, align int64) value.Value {
	piece, whole := types.NewInt(uint64(8*size)), types.NewInt(uint64(8*width))
	var x value.Value
	for at := int64(0); at < width; at += size {
		pointer := k.pointer(p, at, piece)
		part := k.loadAt(op, pointer, piece, min(align, 1<<bits.TrailingZeros64(uint64(at|align))))
		if size == width {
			return part
		}
		part = k.block.NewZExt(part, whole)
		if at == 0 {
			x = part
			continue
		}
		x = k.block.NewOr(x, k.block.NewShl(part, constant.NewInt(whole, 8*at)))
	}
	return x
}

// unaligned reads bytes at an address of which nothing is known: the words that have
// the first and the last of them, and between, shifted to their place. No word is read
// that has none of the bytes, so the access stays within the pages of the value.
func (k *kernel) unaligned(op *ir.Op, p place, width int64) value.Value {
	if width == 1 {
		return k.loadAt(op, k.pointer(p, 0, types.I8), types.I8, 1)
	}
	size := max(4, min(width, 8))
	t := types.NewInt(uint64(8 * size))
	address := k.linear(p)
	at := func(linear value.Value) value.Value {
		start := k.block.NewAnd(linear, long(-size))
		return k.loadAt(op, k.typed(k.bytePointer(p.kind, start), p.kind, t), t, size)
	}
	var by value.Value = k.block.NewShl(k.block.NewAnd(address, long(size-1)), long(3))
	by = k.truncate(by, t)
	first := at(address)
	last := at(k.block.NewAdd(address, long(width-1)))
	if width == 16 {
		middle := at(k.block.NewAdd(address, long(8)))
		return k.pair(k.shifted(first, middle, by), k.shifted(middle, last, by))
	}
	return k.truncate(k.shifted(first, last, by), types.NewInt(uint64(8*width)))
}

// shifted gives the low half of two words, the lower one first, after a shift to the
// right by less than a word. For 64 bits fshr would do, but LLVM before 19 makes a
// rotation of it where both words are one, and gets that wrong.
func (k *kernel) shifted(first, second, by value.Value) value.Value {
	if integerOf(first).BitSize == 32 {
		return k.ofWidth("fshr", second, first, by)
	}
	low := k.block.NewLShr(first, by)
	high := k.block.NewShl(k.block.NewShl(second, long(1)), k.block.NewXor(by, long(63)))
	return k.block.NewOr(high, low)
}

// store writes memory in the largest pieces that are known to be aligned.
func store(k *kernel, op *ir.Op, a []value.Value) {
	c, width := classOf(op.Operands[1].Type), int64(16)
	if op.Code == ir.OpStore {
		width = ir.AttributeAs[int64](op, "width")
	}
	p := k.placeOf(op.Operands[0], ir.AttributeAs[int64](op, "offset"))
	align := alignOf(op)
	put := func(x value.Value, at int64) {
		s := k.block.NewStore(x, k.pointer(p, at, x.Type()))
		s.Align = llvm.Align(min(align, 1<<bits.TrailingZeros64(uint64(at|align))))
	}
	x := a[1]
	if width <= 8 && align >= width && width == c.bytes() {
		put(x, 0)
		return
	}
	if c.isFloat() {
		x = k.block.NewBitCast(x, c.integer())
	}
	size := min(width, align, 8)
	piece := types.NewInt(uint64(8 * size))
	for at := int64(0); at < width; at += size {
		part := x
		if at > 0 {
			part = k.block.NewLShr(x, constantLike(x, 8*at))
		}
		put(k.truncate(part, piece), at)
	}
}

// memoryCopy copies byte by byte, from the end when the target begins within the
// source.
func memoryCopy(k *kernel, op *ir.Op, a []value.Value) {
	to, from := place{kind: op.Operands[0].Type.Kind, base: a[0]}, place{kind: op.Operands[1].Type.Kind, base: a[1]}
	count := k.block.NewZExt(a[2], types.I64)
	distance := k.block.NewSub(k.linear(to), k.linear(from))
	backward := k.block.NewICmp(enum.IPredULT, distance, count)
	last := k.block.NewSub(count, long(1))
	k.counted(count, func(i value.Value) {
		at := k.block.NewSelect(backward, k.block.NewSub(last, i), i)
		source := k.bytePointer(from.kind, k.block.NewAdd(k.linear(from), at))
		x := k.block.NewLoad(types.I8, source)
		x.Align = 1
		k.block.NewStore(x, k.bytePointer(to.kind, k.block.NewAdd(k.linear(to), at))).Align = 1
	})
}

func memoryFill(k *kernel, op *ir.Op, a []value.Value) {
	to := place{kind: op.Operands[0].Type.Kind, base: a[0]}
	x := k.block.NewTrunc(a[1], types.I8)
	k.counted(k.block.NewZExt(a[2], types.I64), func(i value.Value) {
		k.block.NewStore(x, k.bytePointer(to.kind, k.block.NewAdd(k.linear(to), i))).Align = 1
	})
}

// counted makes a loop over the numbers from 0 to below a count.
func (k *kernel) counted(count value.Value, body func(i value.Value)) {
	before := k.block
	head := k.newBlock()
	before.NewBr(head)
	i := head.NewPhi(llvm.NewIncoming(long(0), before))
	turn := k.newBlock()
	body(i)
	i.Incs = append(i.Incs, llvm.NewIncoming(k.block.NewAdd(i, long(1)), k.block))
	k.block.NewBr(head)
	head.NewCondBr(head.NewICmp(enum.IPredULT, i, count), turn, k.newBlock())
}
