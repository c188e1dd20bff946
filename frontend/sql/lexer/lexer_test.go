package lexer

import (
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2/lexer"
	"github.com/google/go-cmp/cmp"
)

type token struct {
	Type  lexer.TokenType
	Value string
}

func TestScan(t *testing.T) {
	tests := []struct {
		name, text string
		want       []token
	}{
		{"empty", "", nil},
		{"blank", " \t\r\n\ufeff-- comment\n/* a /* nested */ comment */", nil},
		{"keyword in any case", "SeLeCt", []token{{Keyword, "SELECT"}}},
		{"word", "rows Über a$1", []token{{Identifier, "rows"}, {Identifier, "Über"}, {Identifier, "a$1"}}},
		{"quoted name", `"a ""b"""`, []token{{QuotedIdentifier, `"a ""b"""`}}},
		{"numbers", "1 1. .5 1.5e-3 1e 1..2", []token{{Integer, "1"}, {Decimal, "1."}, {Decimal, ".5"}, {Float, "1.5e-3"}, {MalformedNumber, "1e"}, {Decimal, "1."}, {Decimal, ".2"}}},
		{"exponent without digits", "1e+", []token{{MalformedNumber, "1e"}, {Operator, "+"}}},
		{"strings", `'a''b' E'\'' x'00' e ''`, []token{{String, "'a''b'"}, {Escape, `E'\''`}, {Bytes, "x'00'"}, {Identifier, "e"}, {String, "''"}}},
		{"dollars", "$1 $name $$a$b$$ $t$ $$ $t$", []token{{Argument, "$1"}, {Argument, "$name"}, {Dollar, "$$a$b$$"}, {Dollar, "$t$ $$ $t$"}}},
		{"longest operator", "<=> ->>- !~~*", []token{{Operator, "<="}, {Operator, ">"}, {Operator, "->>"}, {Operator, "-"}, {Operator, "!~~*"}}},
		{"comment between operators", "1/*c*/-/**/-1--", []token{{Integer, "1"}, {Operator, "-"}, {Operator, "-"}, {Integer, "1"}}},
		{"unterminated string", "a 'b", []token{{Identifier, "a"}, {UnterminatedString, "'b"}}},
		{"unterminated name", `"b`, []token{{UnterminatedIdentifier, `"b`}}},
		{"unterminated comment", "a /* /* */", []token{{Identifier, "a"}, {UnterminatedComment, "/* /* */"}}},
		{"unterminated dollar", "$a$ x", []token{{UnterminatedDollar, "$a$ x"}}},
		{"stray", "! “a” \x01", []token{{StrayCharacter, "!"}, {StrayCharacter, "“"}, {Identifier, "a"}, {StrayCharacter, "”"}, {StrayCharacter, "\x01"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			scanner := NewScanner(test.text)
			var got []token
			for {
				kind, value, offset := scanner.Scan()
				if kind == EOF {
					break
				}
				if !strings.EqualFold(test.text[offset:offset+len(value)], value) {
					t.Errorf("token %q is not at offset %d", value, offset)
				}
				got = append(got, token{kind, value})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzScan(f *testing.F) {
	f.Add("SELECT a FROM t WHERE b = 'c' -- d")
	f.Add("$a$ /* \" E'\\")
	f.Fuzz(func(t *testing.T, text string) {
		scanner := NewScanner(text)
		end := 0
		for {
			kind, value, offset := scanner.Scan()
			if offset < end || offset+len(value) > len(text) {
				t.Fatalf("token %q at %d after %d", value, offset, end)
			}
			if kind == EOF {
				return
			}
			if value == "" {
				t.Fatalf("empty token of type %d at %d", kind, offset)
			}
			end = offset + len(value)
		}
	})
}
