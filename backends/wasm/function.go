package wasm

import (
	"fmt"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// function translates one function after the other; its slices and its map are
// kept in between.
type function struct {
	*generator
	source    *ir.Function
	signature *signature
	body      *encode.FuncBuilder

	// numbers gives base plus the index in values. Every function has a base of its
	// own, so that the map is cleared once for a module and the values of other
	// functions are told apart.
	numbers map[*ir.Value]int32
	room    int // values for which numbers was made
	base    int32

	values   []value
	nodes    []node
	operands []int32 // of all nodes, as value numbers

	// The top of the Wasm stack may still have to go to a local, which settle
	// does before the next instruction. If that instruction reads the same local,
	// the value stays on the stack.
	waiting      waiting
	waitingValue int32  // waiting == waitingForValue
	waitingLocal uint32 // waiting == waitingForLocal

	locals  int    // number of Wasm locals, parameters included
	ended   bool   // the ret at the end of the body was emitted
	metered bool   // some loop was metered
	turns   uint32 // local that counts the turns of metered loops

	free [classVector + 1][]uint32 // scratch locals by class
	held []scratch                 // scratch locals in use by the op being emitted
}

type waiting uint8

const (
	waitingForNothing waiting = iota
	waitingForValue           // an SSA value without a local as yet
	waitingForLocal
)

type scratch struct {
	class class
	local uint32
}

func (f *function) generate(g *generator, source *ir.Function) error {
	f.generator, f.source = g, source
	f.signature = g.functions[source.Name]
	f.body = f.signature.body
	f.base += int32(len(f.values))
	f.values, f.nodes, f.operands = f.values[:0], f.nodes[:0], f.operands[:0]
	f.waiting, f.held, f.ended, f.metered = waitingForNothing, f.held[:0], false, false
	for c := range f.free {
		f.free[c] = f.free[c][:0]
	}

	next := uint32(0)
	for i, v := range source.Body.Arguments {
		c := f.signature.arguments[i]
		f.numbers[v] = f.base + int32(len(f.values))
		f.values = append(f.values, value{node: -1, class: c, local: next, placed: true, cell: -1})
		f.nameLocal(next, v, c)
		next += uint32(c.words())
	}
	f.locals = int(next)
	if err := f.number(source.Body, -1, 0); err != nil {
		return err
	}
	f.drop()
	f.place()
	f.body.Grow(4 * len(f.nodes))
	if f.metered {
		f.startMeter()
	}
	reachable := f.block(source.Body, 0)
	f.settle()
	switch {
	case f.ended || len(f.signature.results) == 0:
	case reachable:
		return fault(source.Name, nil, "its end can be reached without ret")
	default:
		f.body.Op(encode.OpUnreachable) // tells the validator what we know
	}
	if f.locals > maxLocals {
		return diag.New(codeTooLarge, "function %s needs %d locals, engines take %d", ir.QuoteName(source.Name), f.locals, maxLocals)
	}
	return nil
}

// maxLocals is what all engines take: the limit of the JavaScript interface.
const maxLocals = 50000

// reserve makes room for about so many values, so that the map need not grow.
func (f *function) reserve(values int) {
	if f.room < values || f.numbers == nil {
		f.numbers, f.room = make(map[*ir.Value]int32, values), values
	}
}

// recycle gives the memory back to the pool, without references to the module.
func (f *function) recycle() {
	const large = 1 << 16 // values; beyond, clearing costs small modules too much
	if len(f.numbers) > large {
		return
	}
	clear(f.numbers)
	clear(f.nodes[:cap(f.nodes)])
	f.base, f.values = 0, f.values[:0]
	f.generator, f.source, f.signature, f.body = nil, nil, nil, nil
	functions.Put(f)
}

// numberOf gives the index of a value in values; ok is false when it is not
// defined as yet, or in another function.
func (f *function) numberOf(v *ir.Value) (id int32, ok bool) {
	id, ok = f.numbers[v]
	return id - f.base, ok && id >= f.base
}

func (f *function) nameLocal(local uint32, v *ir.Value, c class) {
	switch {
	case !f.options.Names || v.Name == "":
	case c == classI128:
		f.body.NameLocal(local, v.Name+".low")
		f.body.NameLocal(local+1, v.Name+".high")
	default:
		f.body.NameLocal(local, v.Name)
	}
}

// newLocal declares a local, for i128 two in a row.
func (f *function) newLocal(c class) uint32 {
	local := f.body.Local(valTypes[c])
	f.locals += c.words()
	if c == classI128 {
		f.body.Local(encode.I64)
	}
	return local
}

// scratch gives a local until the op that is being emitted is complete.
func (f *function) scratch(c class) uint32 {
	var local uint32
	if n := len(f.free[c]); n > 0 {
		local = f.free[c][n-1]
		f.free[c] = f.free[c][:n-1]
	} else {
		local = f.newLocal(c)
	}
	f.held = append(f.held, scratch{c, local})
	return local
}

func (f *function) release() {
	for _, s := range f.held {
		f.free[s.class] = append(f.free[s.class], s.local)
	}
	f.held = f.held[:0]
}

// settle stores the waiting top of the stack.
func (f *function) settle() {
	if f.waiting != waitingForNothing {
		f.store()
	}
}

func (f *function) store() {
	if f.waiting == waitingForValue {
		f.waitingLocal = f.localOf(f.waitingValue)
	}
	f.waiting = waitingForNothing
	f.body.LocalSet(f.waitingLocal)
}

// localOf gives a value its local.
func (f *function) localOf(id int32) uint32 {
	v := &f.values[id]
	if !v.placed {
		v.local, v.placed = f.newLocal(v.class), true
		if v.node >= 0 {
			n := &f.nodes[v.node]
			f.nameLocal(v.local, n.op.Results[id-n.results], v.class)
		}
	}
	return v.local
}

// The instructions; each settles first.

func (f *function) op(code encode.Opcode) {
	f.settle()
	f.body.Op(code)
}

func (f *function) i32(v int32) {
	f.settle()
	f.body.I32Const(v)
}

func (f *function) i64(v int64) {
	f.settle()
	f.body.I64Const(v)
}

func (f *function) memory(code encode.Opcode, offset int32) {
	f.settle()
	f.body.Mem(code, 0, uint32(offset))
}

// set pops into a local, or leaves the value where it is if the next instruction
// reads it.
func (f *function) set(local uint32) {
	f.settle()
	f.waiting, f.waitingLocal = waitingForLocal, local
}

func (f *function) get(local uint32) {
	if f.waiting == waitingForLocal && f.waitingLocal == local {
		f.waiting = waitingForNothing
		f.body.LocalTee(local)
		return
	}
	f.settle()
	f.body.LocalGet(local)
}

// assign pops the result of an op that has a local.
func (f *function) assign(id int32) {
	v := &f.values[id]
	switch {
	case v.uses == 0:
		f.op(encode.OpDrop)
		if v.class == classI128 {
			f.op(encode.OpDrop)
		}
	case v.class == classI128:
		local := f.localOf(id)
		f.set(local + 1)
		f.set(local)
	default:
		f.settle()
		f.waiting, f.waitingValue = waitingForValue, id
	}
}

// push puts a value on the stack, an i128 as its low and its high half. It is
// called at most once for each operand.
func (f *function) push(id int32) {
	v := &f.values[id]
	switch v.home {
	case homeConstant:
		f.constant(id)
	case homeTree:
		f.compute(v.node)
	case homeVariable:
		f.pushLocal(f.localOf(v.cell), v.class)
	case homeLocal:
		if f.waiting == waitingForValue && f.waitingValue == id {
			f.waiting = waitingForNothing
			if v.uses > 1 {
				f.body.LocalTee(f.localOf(id))
			}
			return
		}
		f.pushLocal(f.localOf(id), v.class)
	default:
		panic(fmt.Sprintf("BUG: value %d of function %q is a cell or label", id, f.source.Name))
	}
}

func (f *function) pushLocal(local uint32, c class) {
	f.get(local)
	if c == classI128 {
		f.get(local + 1)
	}
}

func (f *function) constant(id int32) {
	d := f.datum(id)
	switch f.values[id].class {
	case classI32:
		f.i32(int32(d.Low))
	case classI64:
		f.i64(int64(d.Low))
	case classI128:
		f.i64(int64(d.Low))
		f.i64(d.High)
	case classF32:
		f.settle()
		f.body.F32Const(float32(d.Float))
	case classF64:
		f.settle()
		f.body.F64Const(d.Float)
	case classNone, classVector, classLabel:
		panic(fmt.Sprintf("BUG: value %d of function %q is a constant of %s", id, f.source.Name, f.values[id].class))
	}
}

// leaf is a word that can be pushed any number of times.
type leaf struct {
	kind  leafKind
	class class
	local uint32
	value int64
}

type leafKind uint8

const (
	leafConstant leafKind = iota
	leafLocal
	leafSign // the sign of the i64 in a local: 0 or -1
)

func (l leaf) isZero() bool { return l.kind == leafConstant && l.value == 0 }

// sign is the high half of a sign-extended i64.
func (l leaf) sign() leaf {
	switch l.kind {
	case leafConstant:
		l.value >>= 63
	case leafLocal:
		l.kind = leafSign
	case leafSign: // a sign is its own sign
	}
	return l
}

func (f *function) pushLeaf(l leaf) {
	switch {
	case l.kind == leafConstant && l.class == classI32:
		f.i32(int32(l.value))
	case l.kind == leafConstant:
		f.i64(l.value)
	case l.kind == leafLocal:
		f.get(l.local)
	default:
		f.get(l.local)
		f.i64(63)
		f.op(encode.OpI64ShrS)
	}
}

// leafOf makes an i32, i64 or half of one pushable more than once. Code may be
// emitted, so everything pushed later stands behind it.
func (f *function) leafOf(id int32) leaf {
	v := &f.values[id]
	switch v.home {
	case homeConstant:
		d := f.datum(id)
		if v.class == classI32 {
			return leaf{kind: leafConstant, class: classI32, value: int64(int32(d.Low))}
		}
		return leaf{kind: leafConstant, class: v.class, value: int64(d.Low)}
	case homeVariable:
		return leaf{kind: leafLocal, class: v.class, local: f.localOf(v.cell)}
	case homeLocal:
		if f.waiting == waitingForValue && f.waitingValue == id {
			f.waiting, f.waitingLocal = waitingForLocal, f.localOf(id)
		}
		return leaf{kind: leafLocal, class: v.class, local: f.localOf(id)}
	default:
		f.compute(v.node)
		return f.keep(v.class)
	}
}

// keep pops into a scratch local.
func (f *function) keep(c class) leaf {
	local := f.scratch(c)
	f.set(local)
	return leaf{kind: leafLocal, class: c, local: local}
}
