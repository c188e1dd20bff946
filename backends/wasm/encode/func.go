package encode

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Label names a block, loop or if of the function under construction by its
// nesting level; FuncBuilder turns it into the relative depth of the format.
type Label uint32

// LabelBody is the label of the function body: a branch to it returns.
const LabelBody Label = 0

// FuncBuilder builds the body of one function. Each method appends one
// instruction; none checks types. Distinct builders may be used concurrently.
type FuncBuilder struct {
	// Name stands in the name section when it is not empty.
	Name string

	index      uint32
	typeIndex  uint32
	paramCount uint32

	code       []byte
	runs       []localRun
	localCount uint32
	depth      uint32
	localNames []nameEntry
}

type localRun struct {
	count uint32
	typ   ValType
}

// Index returns the index of the function, for calls, exports and elements.
func (f *FuncBuilder) Index() uint32 { return f.index }

// Param returns the index of the i-th parameter.
func (f *FuncBuilder) Param(i int) uint32 {
	if uint32(i) >= f.paramCount {
		panic(fmt.Sprintf("BUG: parameter %d of a function with %d", i, f.paramCount))
	}
	return uint32(i)
}

// Local declares a local and returns its index. Locals of one type declared in a
// row share a single entry in the binary.
func (f *FuncBuilder) Local(t ValType) uint32 {
	if n := len(f.runs); n > 0 && f.runs[n-1].typ == t {
		f.runs[n-1].count++
	} else {
		f.runs = append(f.runs, localRun{count: 1, typ: t})
	}
	index := f.paramCount + f.localCount
	f.localCount++
	return index
}

// NameLocal gives a parameter or local a name.
func (f *FuncBuilder) NameLocal(index uint32, name string) {
	f.localNames = append(f.localNames, nameEntry{index, name})
}

// Len returns the number of bytes of code so far.
func (f *FuncBuilder) Len() int { return len(f.code) }

// Depth returns the number of open blocks.
func (f *FuncBuilder) Depth() int { return int(f.depth) }

// Op appends an instruction without immediates. Else and end have methods of
// their own, because they change the nesting.
func (f *FuncBuilder) Op(op Opcode) {
	if op < 1<<prefixShift {
		f.code = append(f.code, byte(op))
		return
	}
	f.code = appendPrefixed(f.code, op)
}

func appendOpcode(b []byte, op Opcode) []byte {
	if op < 1<<prefixShift {
		return append(b, byte(op))
	}
	return appendPrefixed(b, op)
}

func appendPrefixed(b []byte, op Opcode) []byte {
	code := op & codeMask
	prefix := byte(prefixMiscByte)
	if op >= prefixVector {
		prefix = prefixVectorByte
	}
	if code < 0x80 {
		return append(b, prefix, byte(code))
	}
	return append(b, prefix, byte(code)|0x80, byte(code>>7))
}

// LocalGet pushes a local.
func (f *FuncBuilder) LocalGet(index uint32) { f.indexed(byte(OpLocalGet), index) }

// LocalSet pops into a local.
func (f *FuncBuilder) LocalSet(index uint32) { f.indexed(byte(OpLocalSet), index) }

// LocalTee copies the top of the stack into a local.
func (f *FuncBuilder) LocalTee(index uint32) { f.indexed(byte(OpLocalTee), index) }

// GlobalGet pushes a global.
func (f *FuncBuilder) GlobalGet(index uint32) { f.indexed(byte(OpGlobalGet), index) }

// GlobalSet pops into a mutable global.
func (f *FuncBuilder) GlobalSet(index uint32) { f.indexed(byte(OpGlobalSet), index) }

// Call calls a function.
func (f *FuncBuilder) Call(index uint32) { f.indexed(byte(OpCall), index) }

func (f *FuncBuilder) indexed(code byte, index uint32) {
	if index < 0x80 {
		f.code = append(f.code, code, byte(index))
		return
	}
	f.code = appendU32(append(f.code, code), index)
}

// CallIndirect calls the function of type typeIndex at the table position on top
// of the stack.
func (f *FuncBuilder) CallIndirect(typeIndex, table uint32) {
	f.code = appendU32(appendU32(append(f.code, byte(OpCallIndirect)), typeIndex), table)
}

// Indexed appends an instruction with one index: table.get, table.set, table.grow,
// table.size, table.fill, ref.func, data.drop, elem.drop, memory.size,
// memory.grow, memory.fill.
func (f *FuncBuilder) Indexed(op Opcode, index uint32) {
	f.code = appendU32(appendOpcode(f.code, op), index)
}

// Indexed2 appends an instruction with two indices in binary order: memory.copy
// and table.copy (destination, source), memory.init (data, memory), table.init
// (element, table).
func (f *FuncBuilder) Indexed2(op Opcode, first, second uint32) {
	f.code = appendU32(appendU32(appendOpcode(f.code, op), first), second)
}

// MemoryCopy copies within memory 0; the stack holds destination, source, bytes.
func (f *FuncBuilder) MemoryCopy() { f.Indexed2(OpMemoryCopy, 0, 0) }

// MemoryFill fills in memory 0; the stack holds destination, byte value, bytes.
func (f *FuncBuilder) MemoryFill() { f.Indexed(OpMemoryFill, 0) }

// I32Const pushes a constant.
func (f *FuncBuilder) I32Const(v int32) {
	f.code = appendS64(append(f.code, byte(OpI32Const)), int64(v))
}

// I64Const pushes a constant.
func (f *FuncBuilder) I64Const(v int64) {
	f.code = appendS64(append(f.code, byte(OpI64Const)), v)
}

// F32Const pushes a constant.
func (f *FuncBuilder) F32Const(v float32) {
	f.code = binary.LittleEndian.AppendUint32(append(f.code, byte(OpF32Const)), math.Float32bits(v))
}

// F64Const pushes a constant.
func (f *FuncBuilder) F64Const(v float64) {
	f.code = binary.LittleEndian.AppendUint64(append(f.code, byte(OpF64Const)), math.Float64bits(v))
}

// V128Const pushes a constant, given in the order of memory.
func (f *FuncBuilder) V128Const(v [16]byte) {
	f.code = append(appendPrefixed(f.code, OpV128Const), v[:]...)
}

// Shuffle appends i8x16.shuffle: result byte i is byte lanes[i] of the two operands
// taken together, 0 to 31.
func (f *FuncBuilder) Shuffle(lanes [16]byte) {
	f.code = append(appendPrefixed(f.code, OpI8x16Shuffle), lanes[:]...)
}

// Lane appends an extract_lane or replace_lane.
func (f *FuncBuilder) Lane(op Opcode, lane uint8) {
	f.code = append(appendPrefixed(f.code, op), lane)
}

// Mem appends a load or store at the address on the stack plus offset. align is
// the base-2 logarithm of the alignment that the address is known to have, at
// most that of the access; a wrong promise costs time, not correctness.
func (f *FuncBuilder) Mem(op Opcode, align uint8, offset uint32) {
	if op < 1<<prefixShift && offset < 0x80 {
		f.code = append(f.code, byte(op), align, byte(offset))
		return
	}
	f.code = appendU32(append(appendOpcode(f.code, op), align), offset)
}

// MemNatural is Mem with the alignment of the access itself.
func (f *FuncBuilder) MemNatural(op Opcode, offset uint32) {
	f.Mem(op, infos[infoIndex[op]-1].Align, offset)
}

// MemLane appends a lane load or store; see Mem.
func (f *FuncBuilder) MemLane(op Opcode, align uint8, offset uint32, lane uint8) {
	f.Mem(op, align, offset)
	f.code = append(f.code, lane)
}

// RefNull pushes the null reference of a reference type.
func (f *FuncBuilder) RefNull(t ValType) {
	f.code = append(f.code, byte(OpRefNull), byte(t))
}

// SelectTyped appends a select of reference type t; other types use Op(OpSelect).
func (f *FuncBuilder) SelectTyped(t ValType) {
	f.code = append(f.code, byte(OpSelectTyped), 1, byte(t))
}

// Block opens a block; a branch to its label leaves it.
func (f *FuncBuilder) Block(t BlockType) Label { return f.open(OpBlock, t) }

// Loop opens a loop; a branch to its label starts it again.
func (f *FuncBuilder) Loop(t BlockType) Label { return f.open(OpLoop, t) }

// If pops a condition and opens a block that runs when it is not zero; a branch
// to its label leaves it.
func (f *FuncBuilder) If(t BlockType) Label { return f.open(OpIf, t) }

func (f *FuncBuilder) open(op Opcode, t BlockType) Label {
	f.code = appendS64(append(f.code, byte(op)), int64(t))
	f.depth++
	return Label(f.depth)
}

// Else begins the other arm of the innermost if.
func (f *FuncBuilder) Else() { f.code = append(f.code, byte(OpElse)) }

// End closes the innermost block, loop or if. The body needs no end of its own.
func (f *FuncBuilder) End() {
	if f.depth == 0 {
		panic("BUG: end without an open block")
	}
	f.depth--
	f.code = append(f.code, byte(OpEnd))
}

// Br branches to a label.
func (f *FuncBuilder) Br(to Label) { f.indexed(byte(OpBr), f.relative(to)) }

// BrIf pops a condition and branches when it is not zero.
func (f *FuncBuilder) BrIf(to Label) { f.indexed(byte(OpBrIf), f.relative(to)) }

// BrTable pops an index and branches to targets[index], or to otherwise when the
// index is beyond them.
func (f *FuncBuilder) BrTable(targets []Label, otherwise Label) {
	f.code = appendU32(append(f.code, byte(OpBrTable)), uint32(len(targets)))
	for _, target := range targets {
		f.code = appendU32(f.code, f.relative(target))
	}
	f.code = appendU32(f.code, f.relative(otherwise))
}

func (f *FuncBuilder) relative(to Label) uint32 {
	if uint32(to) > f.depth {
		panic(fmt.Sprintf("BUG: branch to label %d at depth %d", to, f.depth))
	}
	return f.depth - uint32(to)
}

// Return leaves the function.
func (f *FuncBuilder) Return() { f.code = append(f.code, byte(OpReturn)) }

// Drop pops a value.
func (f *FuncBuilder) Drop() { f.code = append(f.code, byte(OpDrop)) }

// Grow makes room for n more bytes of code, to save regrowing a large body.
func (f *FuncBuilder) Grow(n int) {
	if cap(f.code)-len(f.code) < n {
		f.code = append(make([]byte, 0, 2*cap(f.code)+n), f.code...)
	}
}

// AppendBody appends the finished body: locals, code and the closing end,
// without the size in front. ModuleBuilder.FuncBody takes it back, so that a
// body can be kept and used in later modules that number things alike.
func (f *FuncBuilder) AppendBody(b []byte) []byte {
	if f.depth != 0 {
		panic(fmt.Sprintf("BUG: function %d %q ends with %d open blocks", f.index, f.Name, f.depth))
	}
	b = appendU32(b, uint32(len(f.runs)))
	for _, run := range f.runs {
		b = append(appendU32(b, run.count), byte(run.typ))
	}
	return append(append(b, f.code...), byte(OpEnd))
}

// bodySize returns the number of bytes that AppendBody adds.
func (f *FuncBuilder) bodySize() int {
	size := sizeU32(uint32(len(f.runs))) + len(f.code) + 1
	for _, run := range f.runs {
		size += sizeU32(run.count) + 1
	}
	return size
}
