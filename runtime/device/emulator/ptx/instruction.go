package ptx

import (
	"strconv"
	"strings"
)

// instruction reads "@!%p1 opcode operands;".
func (p *parser) instruction() {
	in := Instruction{Line: p.token.line, Guard: -1}
	start := p.token.at
	if p.accept("@") {
		in.Negated = p.accept("!")
		name := p.word()
		in.Guard = p.register(name)
		if in.Guard < 0 || p.function.Registers[in.Guard].Bits != 1 {
			p.failf("%q is not a predicate", name)
		}
	}
	in.Opcode = strings.Split(p.word(), ".")
	if in.Opcode[0] == "call" {
		p.failf("calls of functions are not supported")
	}
	if p.token.text != ";" {
		for {
			in.Operands = append(in.Operands, p.operand(false))
			if !p.accept(",") {
				break
			}
		}
	}
	in.Text = strings.Join(strings.Fields(p.text[start:p.token.at]), " ")
	p.expect(";")
	p.function.Body = append(p.function.Body, in)
}

func (p *parser) operand(inside bool) Operand {
	o := Operand{Register: -1, Second: -1}
	switch t := p.token.text; {
	case t == "":
		p.failf("the text ends in an instruction")
	case t == "{" && !inside:
		p.advance()
		o.Kind = VectorOperand
		for {
			o.Elements = append(o.Elements, p.operand(true))
			if !p.accept(",") {
				break
			}
		}
		p.expect("}")
	case t == "[" && !inside:
		p.advance()
		p.address(&o)
		p.expect("]")
	case t == "!":
		p.advance()
		name := p.word()
		o.Negated = true
		if o.Register = p.register(name); o.Register < 0 || p.function.Registers[o.Register].Bits != 1 {
			p.failf("%q is not a predicate", name)
		}
	case numeric(t):
		return p.immediate()
	case t == "_":
		p.advance()
		o.Kind = SinkOperand
		p.second(&o)
	default:
		name := p.word()
		switch o.Register = p.register(name); {
		case o.Register >= 0:
			o.Kind = RegisterOperand
			p.second(&o)
		case special(name):
			o.Kind, o.Symbol = SpecialOperand, name
		default:
			o.Kind, o.Symbol = SymbolOperand, name
			o.Offset = p.offset()
		}
	}
	return o
}

// second reads the other half of "%r1|%p1".
func (p *parser) second(o *Operand) {
	if !p.accept("|") {
		return
	}
	if p.token.text == "_" {
		p.advance()
		return
	}
	name := p.word()
	if o.Second = p.register(name); o.Second < 0 {
		p.failf("the register %q is not declared", name)
	}
}

// address reads what stands in square brackets.
func (p *parser) address(o *Operand) {
	o.Kind = AddressOperand
	if numeric(p.token.text) {
		o.Offset = int64(p.immediate().Value)
		return
	}
	name := p.word()
	if o.Register = p.register(name); o.Register < 0 {
		if special(name) {
			p.failf("the register %q is not declared", name)
		}
		o.Symbol = name
	}
	o.Offset = p.offset()
}

// special reports whether a name that is no declared register can be one of the machine's.
// Which of them there are is the affair of who gives them values.
func special(name string) bool { return strings.HasPrefix(name, "%") }

// numeric reports whether a token begins a number.
func numeric(text string) bool {
	return text != "" && (text == "-" || text[0] >= '0' && text[0] <= '9')
}

// offset reads "+8" or "+-8", or nothing.
func (p *parser) offset() int64 {
	if !p.accept("+") {
		return 0
	}
	return int64(p.immediate().Value)
}

// immediate reads a number: decimal, hexadecimal, octal or binary integers, and floating
// point as the hexadecimal digits of its bits ("0f3F800000", "0d3FF0000000000000").
func (p *parser) immediate() Operand {
	o := Operand{Kind: ImmediateOperand, Register: -1, Second: -1}
	negative := p.accept("-")
	t := p.token.text
	var err error
	switch {
	case len(t) == 10 && (t[:2] == "0f" || t[:2] == "0F") && !negative:
		o.Bits = 32
		o.Value, err = strconv.ParseUint(t[2:], 16, 32)
	case len(t) == 18 && (t[:2] == "0d" || t[:2] == "0D") && !negative:
		o.Bits = 64
		o.Value, err = strconv.ParseUint(t[2:], 16, 64)
	default:
		if strings.Contains(t, "_") {
			p.failf("%q is not a number", t)
		}
		o.Value, err = strconv.ParseUint(strings.TrimSuffix(t, "U"), 0, 64)
		if negative {
			o.Value = -o.Value
		}
	}
	if err != nil {
		p.failf("%q is not a number", t)
	}
	p.advance()
	return o
}
