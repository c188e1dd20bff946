package ir

import "github.com/heddle-lang/heddle/internal/diag"

// ParseType reads a type in the text form, such as "decimal<15,2>?".
func ParseType(text string) (Type, error) {
	p := &parser{file: diag.NewFile("type", text), module: &Module{}, tokens: lex(text)}
	var t Type
	p.guard(func() {
		t = p.parseType()
		if p.peek().kind != endToken {
			p.wanted("the end of the type")
		}
	})
	if err := p.errors.Err(); err != nil {
		return Type{}, err
	}
	return t, nil
}

// MarshalText prints the type, so that types in JSON are text.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText parses a type.
func (t *Type) UnmarshalText(text []byte) error {
	parsed, err := ParseType(string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}
