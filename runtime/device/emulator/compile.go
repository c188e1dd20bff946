package emulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

// compiler translates one function. What it does not know ends the translation with a
// *ptx.Error, which compile recovers.
type compiler struct {
	module   *module
	function *ptx.Function
	program  *program
	slots    []int32 // of the function's registers: values, or predicates
	constant map[uint64]int32
	special  map[string]int32
	symbols  map[string]symbol

	in        *ptx.Instruction
	modifiers []string // of the opcode, that have not been used
	out       instruction
}

// symbol is what the name of a variable stands for.
type symbol struct {
	space ptx.Space
	value uint64 // address in its space
}

// Predicates that are always there.
const (
	predicateSink = iota
	predicateFalse
	predicateTrue
	firstPredicate
)

// compileFunction translates a kernel.
func compileFunction(m *module, f *ptx.Function) (p *program, err error) {
	p = &program{
		name: f.Name, source: f.Body, constant: m.constant, parameters: f.ParameterBytes,
		threads: f.MaximumThreads, exact: f.Exact, values: 1, predicates: firstPredicate,
	}
	c := &compiler{
		module: m, function: f, program: p, constant: map[uint64]int32{}, special: map[string]int32{},
		symbols: map[string]symbol{},
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *ptx.Error:
			p, err = nil, r
		default:
			panic(r)
		}
	}()
	for _, r := range f.Registers {
		switch {
		case r.Bits == 1:
			c.slots = append(c.slots, int32(p.predicates))
			p.predicates++
		case r.Bits > 64:
			return nil, &ptx.Error{Line: f.Line, Message: fmt.Sprintf("the register %q of %d bits is not supported", r.Name, r.Bits)}
		default:
			c.slots = append(c.slots, int32(p.values))
			p.values++
		}
	}
	p.registers = p.values
	c.layOut()
	for at := range f.Body {
		c.in = &f.Body[at]
		c.instruction()
		c.out.at = int32(at)
		p.code = append(p.code, c.out)
	}
	// Who runs off the end has returned.
	p.code = append(p.code, instruction{kind: exit, guard: -1})
	return p, nil
}

// layOut gives the function's variables their addresses.
func (c *compiler) layOut() {
	p := c.program
	place := func(v *ptx.Variable, size *int) {
		*size = (*size + v.Align - 1) &^ (v.Align - 1)
		c.symbols[v.Name] = symbol{space: v.Space, value: uint64(*size)}
		*size += v.Size
		if *size > 512<<10 { // the most that a thread can have of its own
			panic(&ptx.Error{Line: v.Line, Message: fmt.Sprintf("the variables of %q take too much %s memory", p.name, v.Space)})
		}
	}
	for i := range c.function.Parameters {
		v := &c.function.Parameters[i]
		c.symbols[v.Name] = symbol{space: ptx.Parameter, value: uint64(c.function.Offsets[i])}
	}
	named := c.named()
	dynamic := 16
	for _, v := range slices.Concat(c.module.variables, c.function.Variables) {
		switch {
		case v.Space == ptx.Shared && v.External:
			dynamic = max(dynamic, v.Align)
		case v.Space == ptx.Shared && named[v.Name]:
			place(v, &p.shared)
		case v.Space == ptx.Local && named[v.Name]:
			place(v, &p.local)
		}
	}
	if p.shared > 0 || dynamic > 16 {
		p.shared = (p.shared + dynamic - 1) &^ (dynamic - 1)
	}
	for _, v := range c.module.variables {
		if v.Space == ptx.Shared && v.External {
			c.symbols[v.Name] = symbol{space: ptx.Shared, value: uint64(p.shared)}
		}
	}
	for name, s := range c.module.symbols {
		if _, hidden := c.symbols[name]; !hidden {
			c.symbols[name] = s
		}
	}
}

// named are the symbols that the function's instructions name: a variable of the module
// takes shared memory only in the kernels that use it.
func (c *compiler) named() map[string]bool {
	named := map[string]bool{}
	var visit func(operands []ptx.Operand)
	visit = func(operands []ptx.Operand) {
		for i := range operands {
			if operands[i].Symbol != "" {
				named[operands[i].Symbol] = true
			}
			visit(operands[i].Elements)
		}
	}
	for i := range c.function.Body {
		visit(c.function.Body[i].Operands)
	}
	return named
}

func (c *compiler) failf(format string, args ...any) {
	panic(&ptx.Error{Line: c.in.Line, Message: fmt.Sprintf(format, args...) + ": " + c.in.Text})
}

func (c *compiler) instruction() {
	c.modifiers = slices.Clone(c.in.Opcode[1:])
	c.out = instruction{guard: -1, negated: c.in.Negated}
	if c.in.Guard >= 0 {
		c.out.guard = c.slots[c.in.Guard]
	}
	translate, ok := translators[c.in.Opcode[0]]
	if !ok {
		c.failf("the instruction is not supported")
	}
	translate(c)
	if len(c.modifiers) > 0 {
		c.failf("%q is not supported here", "."+c.modifiers[0])
	}
	if c.out.run == nil && c.out.kind <= careful {
		panic("BUG: no operation for " + c.in.Text)
	}
}

// one takes the modifier that is among some, or gives "".
func (c *compiler) one(options ...string) string {
	for i, m := range c.modifiers {
		if slices.Contains(options, m) {
			c.modifiers = slices.Delete(c.modifiers, i, i+1)
			return m
		}
	}
	return ""
}

func (c *compiler) flag(name string) bool { return c.one(name) != "" }

// need is one that must be there.
func (c *compiler) need(options ...string) string {
	m := c.one(options...)
	if m == "" {
		c.failf("one of %q is missing", options)
	}
	return m
}

// valueType is the type of an instruction.
type valueType struct {
	name   string
	class  byte // 'b', 'u', 's', 'f'; 'h' for bf16; 'p' for predicates
	bits   int  // of all parts
	packed int  // how many numbers there are in it
}

func (t valueType) signed() bool { return t.class == 's' }
func (t valueType) float() bool  { return t.class == 'f' || t.class == 'h' }

// mask has the bits of the type.
func (t valueType) mask() uint64 { return widthMask(t.bits) }

func widthMask(bits int) uint64 {
	if bits >= 64 {
		return ^uint64(0)
	}
	return 1<<bits - 1
}

func parseType(name string) (valueType, bool) {
	t := valueType{name: name, packed: 1}
	switch name {
	case "pred":
		t.class, t.bits = 'p', 1
		return t, true
	case "bf16":
		t.class, t.bits = 'h', 16
		return t, true
	case "bf16x2":
		t.class, t.bits, t.packed = 'h', 32, 2
		return t, true
	case "f16x2":
		t.class, t.bits, t.packed = 'f', 32, 2
		return t, true
	case "f32x2":
		t.class, t.bits, t.packed = 'f', 64, 2
		return t, true
	}
	if name == "" || strings.IndexByte("busf", name[0]) < 0 {
		return t, false
	}
	n, err := strconv.Atoi(name[1:])
	if err != nil || n != 8 && n != 16 && n != 32 && n != 64 || name == "f8" {
		return t, false
	}
	t.class, t.bits = name[0], n
	return t, true
}

// kind takes the type, which is the last modifier.
func (c *compiler) kind() valueType {
	if n := len(c.modifiers); n > 0 {
		if t, ok := parseType(c.modifiers[n-1]); ok {
			c.modifiers = c.modifiers[:n-1]
			return t
		}
	}
	c.failf("the type is missing or not supported")
	return valueType{}
}

// integer takes a type that must be one of integers, or of bits, of 16, 32 or 64 bits.
func (c *compiler) integer() valueType {
	t := c.kind()
	if t.float() || t.class == 'p' || t.bits < 16 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	return t
}

func (c *compiler) count(least, most int) {
	if n := len(c.in.Operands); n < least || n > most {
		c.failf("%d operands are too many or too few", n)
	}
}

func (c *compiler) operand(n int) *ptx.Operand {
	if n >= len(c.in.Operands) {
		c.failf("an operand is missing")
	}
	return &c.in.Operands[n]
}

// source is the slot of a value that an instruction reads.
func (c *compiler) source(n, bits int) int32 { return c.read(c.operand(n), bits) }

func (c *compiler) read(o *ptx.Operand, bits int) int32 {
	switch o.Kind {
	case ptx.RegisterOperand:
		if r := c.function.Registers[o.Register]; r.Bits != bits || o.Negated || o.Second >= 0 {
			c.failf("the register %q has %d bits, and not %d", r.Name, r.Bits, bits)
		}
		return c.slots[o.Register]
	case ptx.ImmediateOperand:
		if o.Bits != 0 && o.Bits != bits {
			c.failf("the number has %d bits, and not %d", o.Bits, bits)
		}
		return c.fixed(o.Value & widthMask(bits))
	case ptx.SpecialOperand:
		if bits != 32 && bits != 64 {
			c.failf("%q does not have %d bits", o.Symbol, bits)
		}
		return c.machine(o.Symbol)
	case ptx.SymbolOperand:
		s := c.lookUp(o.Symbol)
		return c.fixed((s.value + uint64(o.Offset)) & widthMask(bits))
	default:
		c.failf("an operand cannot be read")
		return 0
	}
}

// result is the slot of the first operand, which an instruction writes.
func (c *compiler) result(bits int) int32 { return c.write(c.operand(0), bits) }

func (c *compiler) write(o *ptx.Operand, bits int) int32 {
	if o.Kind == ptx.SinkOperand {
		return 0
	}
	if o.Kind != ptx.RegisterOperand {
		c.failf("the result is not a register")
	}
	if r := c.function.Registers[o.Register]; r.Bits != bits {
		c.failf("the register %q has %d bits, and not %d", r.Name, r.Bits, bits)
	}
	return c.slots[o.Register]
}

// width is the width of a register or other operand, which is at least the given one:
// some instructions take registers that are wider than their type.
func (c *compiler) width(o *ptx.Operand, bits int) int {
	if o.Kind == ptx.RegisterOperand {
		w := c.function.Registers[o.Register].Bits
		if w < bits {
			c.failf("the register %q has %d bits, and not %d", c.function.Registers[o.Register].Name, w, bits)
		}
		return w
	}
	return bits
}

// predicate is a predicate that an instruction reads, with the lanes to xor.
func (c *compiler) predicate(n int) (slot int32, invert uint32) {
	o := c.operand(n)
	switch {
	case o.Kind == ptx.ImmediateOperand && o.Value == 0:
		return predicateFalse, 0
	case o.Kind == ptx.ImmediateOperand:
		return predicateTrue, 0
	case o.Kind != ptx.RegisterOperand || c.function.Registers[o.Register].Bits != 1:
		c.failf("an operand is not a predicate")
	}
	if o.Negated {
		invert = allLanes
	}
	return c.slots[o.Register], invert
}

// predicateResult is the first operand when it is a predicate that is written.
func (c *compiler) predicateResult() int32 { return c.write(c.operand(0), 1) }

// second is the predicate behind the bar of the first operand, or the sink.
func (c *compiler) second() int32 {
	r := c.operand(0).Second
	if r < 0 {
		return predicateSink
	}
	if c.function.Registers[r].Bits != 1 {
		c.failf("%q is not a predicate", c.function.Registers[r].Name)
	}
	return c.slots[r]
}

// fixed is the slot of a constant.
func (c *compiler) fixed(value uint64) int32 {
	slot, ok := c.constant[value]
	if !ok {
		slot = int32(c.program.values)
		c.program.values++
		c.constant[value] = slot
		c.program.constants = append(c.program.constants, constant{slot: slot, value: value})
	}
	return slot
}

// machine is the slot of a register of the machine.
func (c *compiler) machine(name string) int32 {
	slot, ok := c.special[name]
	if !ok {
		if !specialRegisters[name] {
			c.failf("the register %q is not declared, or not supported", name)
		}
		slot = int32(c.program.values)
		c.program.values++
		c.special[name] = slot
		c.program.specials = append(c.program.specials, special{slot: slot, name: name})
	}
	return slot
}

func (c *compiler) lookUp(name string) symbol {
	s, ok := c.symbols[name]
	if !ok {
		c.failf("nothing has the name %q", name)
	}
	return s
}

// label is the position of a label.
func (c *compiler) label(name string) int32 {
	at, ok := c.function.Labels[name]
	if !ok {
		c.failf("there is no label %q", name)
	}
	return int32(at)
}

// place is a new number for an instruction that remembers where it found memory.
func (c *compiler) place() int32 {
	c.program.places++
	return int32(c.program.places - 1)
}
