package lexer

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// The types of tokens.
const (
	EOF lexer.TokenType = lexer.EOF - iota
	Identifier
	QuotedIdentifier
	Keyword
	Integer  // 42, 1_000
	Decimal  // 1.5, .5
	Float    // 1e10
	String   // 'it''s'
	Escape   // E'tab\t'
	Bytes    // X'00ff'
	Dollar   // $$text$$, $tag$text$tag$
	Argument // $1, $name, ?
	Operator

	// From here on the text is wrong.
	UnterminatedString
	UnterminatedIdentifier
	UnterminatedComment
	UnterminatedDollar
	StrayCharacter
	MalformedNumber
)

// IsMalformed reports whether a token of this type is text that is no token.
func IsMalformed(t lexer.TokenType) bool { return t <= UnterminatedString }

var symbols = map[string]lexer.TokenType{
	"EOF":                    EOF,
	"Identifier":             Identifier,
	"QuotedIdentifier":       QuotedIdentifier,
	"Keyword":                Keyword,
	"Integer":                Integer,
	"Decimal":                Decimal,
	"Float":                  Float,
	"String":                 String,
	"Escape":                 Escape,
	"Bytes":                  Bytes,
	"Dollar":                 Dollar,
	"Argument":               Argument,
	"Operator":               Operator,
	"UnterminatedString":     UnterminatedString,
	"UnterminatedIdentifier": UnterminatedIdentifier,
	"UnterminatedComment":    UnterminatedComment,
	"UnterminatedDollar":     UnterminatedDollar,
	"StrayCharacter":         StrayCharacter,
	"MalformedNumber":        MalformedNumber,
}

// reservedWords is PostgreSQL's list of words that cannot name a column or a
// table, and QUALIFY. Words that name a function all the same (LEFT, RIGHT) are
// sorted out by the parser.
const reservedWords = `ALL AND ANY ARRAY AS ASC ASYMMETRIC BETWEEN BOTH CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE CROSS
DEFAULT DESC DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN FROM FULL GRANT GROUP HAVING ILIKE IN INNER INTERSECT INTO IS
ISNULL JOIN LATERAL LEADING LEFT LIKE LIMIT NATURAL NOT NOTNULL NULL OFFSET ON ONLY OR ORDER OUTER PRIMARY QUALIFY
REFERENCES RETURNING RIGHT SELECT SIMILAR SOME SYMMETRIC TABLE THEN TO TRAILING TRUE UNION UNIQUE USING VARIADIC WHEN WHERE
WINDOW WITH`

const longestReserved = 10

// reserved maps a reserved word in upper case to itself, so that a lookup with a
// temporary key gives a string that need not be allocated.
var reserved = func() map[string]string {
	words := map[string]string{}
	for _, word := range strings.Fields(reservedWords) {
		if len(word) > longestReserved {
			panic("BUG: longestReserved is too small for " + word)
		}
		words[word] = word
	}
	return words
}()

// ReservedWords returns all words of type Keyword in upper case.
func ReservedWords() []string { return strings.Fields(reservedWords) }

// IsReserved reports whether a word, in any letter case, is of type Keyword.
func IsReserved(word string) bool {
	_, is := keyword(word)
	return is
}

func keyword(word string) (string, bool) {
	if len(word) > longestReserved {
		return "", false
	}
	var upper [longestReserved]byte
	for i := range len(word) {
		c := word[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	canonical, is := reserved[string(upper[:len(word)])]
	return canonical, is
}
