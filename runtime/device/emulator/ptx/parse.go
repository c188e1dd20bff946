package ptx

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds on what a text may ask for, far above what compilers write.
const (
	maximumScopes = 64
	maximumSize   = 1 << 28 // bytes of a variable
)

// Parse reads a module. The error is an *Error. Within, it is thrown from where it is
// found, as in encoding/json, since every step can meet one.
func Parse(text string) (module *Module, err error) {
	p := &parser{scanner: scanner{text: text, line: 1}, module: &Module{}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			module, err = nil, r
		default:
			panic(r)
		}
	}()
	p.advance()
	for !p.token.end() {
		p.topLevel()
	}
	if p.module.Version == 0 || p.module.Target == "" {
		return nil, &Error{Line: 1, Message: "the text does not begin with .version and .target"}
	}
	return p.module, nil
}

type parser struct {
	scanner
	token    token
	module   *Module
	function *Function
	scopes   []*scope
}

// scope holds the registers that a pair of braces declares.
type scope struct {
	single map[string]int // bits
	ranges map[string]registerRange
	slots  map[string]int // of those that have been used
}

type registerRange struct{ bits, count int }

func (p *parser) advance() token {
	t := p.token
	p.token = p.next()
	return t
}

func (p *parser) failf(format string, args ...any) {
	panic(&Error{Line: p.token.line, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) expect(text string) {
	if p.token.text != text {
		p.failf("%q was expected, and there is %q", text, p.token.text)
	}
	p.advance()
}

func (p *parser) accept(text string) bool {
	if p.token.text != text {
		return false
	}
	p.advance()
	return true
}

// word takes a name.
func (p *parser) word() string {
	t := p.token.text
	if t == "" || !wordByte(t[0]) || t[0] == '.' || t[0] >= '0' && t[0] <= '9' {
		p.failf("a name was expected, and there is %q", t)
	}
	return p.advance().text
}

// number takes an integer that must lie in [0, limit].
func (p *parser) number(limit int) int {
	v, err := strconv.ParseUint(p.token.text, 0, 31)
	if err != nil || int(v) > limit {
		p.failf("a number up to %d was expected, and there is %q", limit, p.token.text)
	}
	p.advance()
	return int(v)
}

func (p *parser) topLevel() {
	switch t := p.token.text; t {
	case ".version":
		p.advance()
		major, minor, ok := strings.Cut(p.token.text, ".")
		a, errA := strconv.Atoi(major)
		b, errB := strconv.Atoi(minor)
		if err := errors.Join(errA, errB); !ok || err != nil || a < 1 || a > 99 || b < 0 || b > 9 {
			p.failf("%q is not a version of PTX", p.token.text)
		}
		p.module.Version = a*10 + b
		p.advance()
	case ".target":
		p.advance()
		p.module.Target = p.word()
		digits, ok := strings.CutPrefix(p.module.Target, "sm_")
		n, err := strconv.Atoi(strings.TrimRight(digits, "af"))
		if !ok || err != nil || n < 10 || n > 999 {
			p.failf("%q is not a target that is known", p.module.Target)
		}
		p.module.Architecture = n
		for p.accept(",") {
			if option := p.word(); option != "debug" {
				p.failf("the target option %q is not supported", option)
			}
		}
	case ".address_size":
		p.advance()
		if p.number(64) != 64 {
			p.failf("addresses must have 64 bits")
		}
	case ".file":
		p.skipLine()
		p.advance()
	default:
		if p.module.Version == 0 || p.module.Target == "" {
			p.failf("the text does not begin with .version and .target")
		}
		p.declaration()
	}
}

// declaration is a variable or a function of the module.
func (p *parser) declaration() {
	external := false
	for {
		switch t := p.token.text; t {
		case ".visible", ".weak", ".internal", ".common":
			p.advance()
		case ".extern":
			external = true
			p.advance()
		case ".entry":
			if external {
				p.failf("a kernel of another module is declared")
			}
			p.advance()
			p.entry()
			return
		case ".func":
			p.advance()
			p.otherFunction(external)
			return
		case ".section":
			p.skipSection()
			return
		default:
			p.module.Variables = append(p.module.Variables, p.variable(external))
			return
		}
	}
}

// otherFunction refuses a function that is not a kernel. LLVM declares one, and calls
// it, where it did not know an intrinsic: such code would run nowhere.
func (p *parser) otherFunction(external bool) {
	if p.accept("(") {
		for !p.accept(")") {
			if p.token.end() {
				p.failf("the text ends in a function's result")
			}
			p.advance()
		}
	}
	if external {
		p.failf("the module calls the function %q, which is not in it", p.token.text)
	}
	p.failf("functions that are called are not supported: %q", p.token.text)
}

// skipSection skips data for debuggers.
func (p *parser) skipSection() {
	for p.token.text != "{" {
		if p.token.end() {
			p.failf("the text ends in a section")
		}
		p.advance()
	}
	for p.token.text != "}" {
		if p.token.end() {
			p.failf("the text ends in a section")
		}
		p.advance()
	}
	p.advance()
}

func (p *parser) entry() {
	f := &Function{Name: p.word(), Line: p.token.line, Labels: map[string]int{}, Targets: map[string][]string{}}
	p.function = f
	if p.accept("(") && !p.accept(")") {
		for {
			p.parameter()
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
	}
	for p.token.text != "{" {
		p.performance()
	}
	p.advance()
	p.scopes = []*scope{newScope()}
	for len(p.scopes) > 0 {
		p.statement()
	}
	p.module.Functions = append(p.module.Functions, f)
	p.function = nil
}

// performance is a directive between a kernel's parameters and its body.
func (p *parser) performance() {
	switch t := p.token.text; t {
	case ".maxntid", ".reqntid":
		p.advance()
		threads := p.number(1 << 16)
		for p.accept(",") {
			threads *= p.number(1 << 10)
			threads = min(threads, 1<<16)
		}
		if f := p.function; f.MaximumThreads == 0 || threads < f.MaximumThreads {
			f.MaximumThreads = threads
		}
		p.function.Exact = p.function.Exact || t == ".reqntid"
	case ".minnctapersm", ".maxnctapersm", ".maxnreg":
		p.advance()
		p.number(1 << 16)
	case ".noreturn", ".blocksareclusters":
		p.failf("%s is not supported", t)
	default:
		p.failf("%q is not known here", t)
	}
}

func newScope() *scope {
	return &scope{single: map[string]int{}, ranges: map[string]registerRange{}, slots: map[string]int{}}
}

// statement is what stands in the body of a function between two semicolons.
func (p *parser) statement() {
	t := p.token
	switch {
	case t.end():
		p.failf("the text ends in the kernel %q", p.function.Name)
	case t.text == "{":
		if len(p.scopes) == maximumScopes {
			p.failf("scopes are nested more than %d deep", maximumScopes)
		}
		p.advance()
		p.scopes = append(p.scopes, newScope())
	case t.text == "}":
		p.advance()
		p.scopes = p.scopes[:len(p.scopes)-1]
	case t.text == ";":
		p.advance()
	case t.text[0] == '.':
		p.directive()
	case t.text == "@":
		p.instruction()
	case !wordByte(t.text[0]):
		p.failf("%q is not the beginning of a statement", t.text)
	default:
		saved := p.scanner
		p.advance()
		if p.token.text == ":" {
			p.advance()
			p.label(t)
			return
		}
		p.scanner, p.token = saved, t
		p.instruction()
	}
}

func (p *parser) label(t token) {
	f := p.function
	if _, ok := f.Labels[t.text]; ok || f.Targets[t.text] != nil {
		panic(&Error{Line: t.line, Message: fmt.Sprintf("the label %q occurs twice", t.text)})
	}
	if p.token.text != ".branchtargets" {
		f.Labels[t.text] = len(f.Body)
		return
	}
	p.advance()
	list := []string{p.word()}
	for p.accept(",") {
		list = append(list, p.word())
	}
	p.expect(";")
	f.Targets[t.text] = list
}

func (p *parser) directive() {
	switch t := p.token.text; t {
	case ".reg":
		p.advance()
		p.registers()
	case ".pragma":
		p.advance()
		for p.token.text != ";" {
			if p.token.end() {
				p.failf("the text ends in a .pragma")
			}
			p.advance()
		}
		p.advance()
	case ".loc":
		p.skipLine()
		p.advance()
	case ".local", ".shared":
		p.function.Variables = append(p.function.Variables, p.variable(false))
	case ".param":
		p.failf("calls of functions are not supported")
	default:
		p.failf("the directive %q is not supported", t)
	}
}

// registers declares "%r<100>" or "a, b".
func (p *parser) registers() {
	bits := 1
	if t := p.advance().text; t != ".pred" {
		if _, bits = typeBits(t); bits == 0 {
			p.failf("%q is not the type of a register", t)
		}
	}
	s := p.scopes[len(p.scopes)-1]
	for {
		name := p.word()
		if p.accept("<") {
			s.ranges[name] = registerRange{bits: bits, count: p.number(1 << 24)}
			p.expect(">")
		} else {
			s.single[name] = bits
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(";")
}

// register is the index of a register in the function's list, or -1 for another name.
func (p *parser) register(name string) int {
	prefix := strings.TrimRight(name, "0123456789")
	number := name[len(prefix):]
	for i := len(p.scopes) - 1; i >= 0; i-- {
		s := p.scopes[i]
		if slot, ok := s.slots[name]; ok {
			return slot
		}
		bits, ok := s.single[name]
		if !ok && number != "" && (number == "0" || number[0] != '0') {
			if r, found := s.ranges[prefix]; found {
				n, err := strconv.Atoi(number)
				bits, ok = r.bits, err == nil && n < r.count
			}
		}
		if ok {
			slot := len(p.function.Registers)
			p.function.Registers = append(p.function.Registers, Register{Name: name, Bits: bits})
			s.slots[name] = slot
			return slot
		}
	}
	return -1
}

// typeBits splits ".b32" or "b32" into its class and width. The width is 0 for what is
// not a type of a variable or register.
func typeBits(t string) (class byte, bits int) {
	switch strings.TrimPrefix(t, ".") {
	case "b8":
		return 'b', 8
	case "u8":
		return 'u', 8
	case "s8":
		return 's', 8
	case "b16":
		return 'b', 16
	case "u16":
		return 'u', 16
	case "s16":
		return 's', 16
	case "f16":
		return 'f', 16
	case "b32", "f16x2":
		return 'b', 32
	case "u32":
		return 'u', 32
	case "s32":
		return 's', 32
	case "f32":
		return 'f', 32
	case "b64":
		return 'b', 64
	case "u64":
		return 'u', 64
	case "s64":
		return 's', 64
	case "f64":
		return 'f', 64
	case "b128":
		return 'b', 128
	}
	return 0, 0
}
