package ptx

import "encoding/binary"

var spaces = map[string]Space{
	".global": Global, ".shared": Shared, ".local": Local, ".const": Constant, ".param": Parameter,
}

// alignment takes the number behind ".align".
func (p *parser) alignment() int {
	n := p.number(1 << 12)
	if n == 0 || n&(n-1) != 0 {
		p.failf("an alignment must be a power of two")
	}
	return n
}

// parameter is one parameter of a kernel. ".ptr .global .align 16" speaks of what it
// points to, and changes nothing here.
func (p *parser) parameter() {
	v := Variable{Space: Parameter, Line: p.token.line}
	p.expect(".param")
	element, pointer := 0, false
	for p.token.text != "" && p.token.text[0] == '.' {
		switch t := p.advance().text; t {
		case ".align":
			if n := p.alignment(); !pointer {
				v.Align = n
			}
		case ".ptr":
			pointer = true
		case ".global", ".shared", ".const", ".local":
			if !pointer {
				p.failf("a parameter lies in %s", t)
			}
		default:
			_, bits := typeBits(t)
			if element != 0 || bits == 0 {
				p.failf("%q is not the type of a parameter", t)
			}
			element = bits / 8
		}
	}
	if element == 0 {
		p.failf("a parameter has no type")
	}
	v.Name = p.word()
	v.Size = element
	if p.accept("[") {
		v.Size *= p.number(1 << 16)
		p.expect("]")
	}
	if v.Align == 0 {
		v.Align = element
	}
	f := p.function
	for _, other := range f.Parameters {
		if other.Name == v.Name {
			p.failf("the parameter %q occurs twice", v.Name)
		}
	}
	offset := (f.ParameterBytes + v.Align - 1) &^ (v.Align - 1)
	f.Parameters = append(f.Parameters, v)
	f.Offsets = append(f.Offsets, offset)
	if f.ParameterBytes = offset + v.Size; f.ParameterBytes > 1<<15 {
		p.failf("the parameters of %q take too much room", f.Name)
	}
}

// variable is a declaration of memory, up to its semicolon.
func (p *parser) variable(external bool) *Variable {
	v := &Variable{Line: p.token.line, External: external}
	element, class := 0, byte(0)
	for p.token.text != "" && p.token.text[0] == '.' {
		t := p.advance().text
		if t == ".align" {
			v.Align = p.alignment()
			continue
		}
		if space, ok := spaces[t]; ok && space != Parameter {
			v.Space = space
			continue
		}
		vector := 1
		switch t {
		case ".v2":
			vector, t = 2, p.advance().text
		case ".v4":
			vector, t = 4, p.advance().text
		}
		kind, bits := typeBits(t)
		if bits == 0 || element != 0 || vector > 1 {
			p.failf("%q is not known in a declaration", t)
		}
		element, class = bits/8, kind
	}
	if v.Space == Generic || element == 0 {
		p.failf("a declaration lacks its space or its type")
	}
	v.Name = p.word()
	v.Size = element
	for open := true; p.accept("["); {
		if p.accept("]") {
			if !external || !open {
				p.failf("the array %q has no size", v.Name)
			}
			v.Size = 0
			continue
		}
		open = false
		if v.Size *= p.number(maximumSize); v.Size > maximumSize {
			p.failf("the array %q is too large", v.Name)
		}
		p.expect("]")
	}
	if v.Align == 0 {
		v.Align = element
	}
	if p.accept("=") {
		if v.Space != Global && v.Space != Constant || external {
			p.failf("%q cannot have initial values", v.Name)
		}
		p.initialiser(v, element, class)
	}
	p.expect(";")
	return v
}

// initialiser reads a value, or a list of values in braces.
func (p *parser) initialiser(v *Variable, element int, class byte) {
	if !p.accept("{") {
		p.initialValue(v, element, class)
		return
	}
	for p.token.text != "}" {
		p.initialValue(v, element, class)
		if !p.accept(",") {
			break
		}
	}
	p.expect("}")
}

func (p *parser) initialValue(v *Variable, element int, class byte) {
	if len(v.Data)+element > v.Size {
		p.failf("%q has more initial values than it has room", v.Name)
	}
	if t := p.token.text; !numeric(t) {
		r := Reference{Offset: len(v.Data)}
		r.Symbol = p.word()
		if r.Symbol == "generic" && p.accept("(") {
			r.Generic = true
			r.Symbol = p.word()
			p.expect(")")
		}
		if p.accept("+") {
			r.Addend = int64(p.immediate().Value)
		}
		if element != 8 {
			p.failf("the address of %q does not fit an element of %d bytes", r.Symbol, element)
		}
		v.References = append(v.References, r)
		v.Data = append(v.Data, make([]byte, 8)...)
		return
	}
	value := p.immediate()
	if class == 'f' && value.Bits != element*8 && value.Value != 0 {
		p.failf("an initial value of %q is not a number of %d bits", v.Name, element*8)
	}
	var bytes [16]byte
	binary.LittleEndian.PutUint64(bytes[:], value.Value)
	v.Data = append(v.Data, bytes[:element]...)
}
