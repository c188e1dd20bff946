package sql

import (
	"slices"
	"strings"
	"unicode/utf8"

	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

// MaxText is the largest text that Parse takes, in bytes.
const MaxText = 16 << 20

// Parse reads all statements of a file. It goes on after a mistake: the list has
// a diagnostic for each, in the order of the text, and the tree has a BadExpr,
// BadTable, BadQuery or BadStatement where text could not be read. When the list
// has no errors, the tree has no such nodes. The file is never nil.
//
// Time and memory are linear in the length of the text. It is safe to call Parse
// from several goroutines.
func Parse(file *diag.File) (*ast.File, diag.List) {
	if d := refuse(file); d != nil {
		return &ast.File{}, diag.List{d}
	}
	p := parsers.Get().(*parser)
	*p = parser{grammar: p.grammar, file: file}
	result := &ast.File{Base: ast.At(diag.Span{End: int32(len(file.Text))})}
	scanner := lexer.NewScanner(file.Text)
	for {
		source := &statementLexer{parser: p, scanner: scanner}
		p.parameters, p.depth, p.height, p.queryRead = 0, 0, 0, false
		p.abandoned, p.unclosed, p.lastError, p.implicitName = false, nil, -1, -1
		tokens, err := plex.Upgrade(source)
		if err != nil {
			panic("BUG: the statement lexer failed: " + err.Error())
		}
		source.finish()
		p.tokens = tokens
		for !p.peek().EOF() {
			result.Statements = append(result.Statements, p.statement())
		}
		if source.last {
			break
		}
		if len(result.Statements) > maxStatements {
			last := result.Statements[maxStatements].Span()
			p.list.Add(diag.New(codeTooLarge, "the text has more than %d statements", maxStatements).
				At(file, last, "the limit is reached here").
				Helpf("split the text into several files"))
			break
		}
	}
	list := p.list
	list.Sort()
	*p = parser{grammar: p.grammar} // the pool must not hold the text
	parsers.Put(p)
	return result, list
}

// GivenUp reports whether a list of Parse says that a text is too large or nests too
// deep. Its tree lacks what was not read, so that binding it would only add errors that
// follow from that.
func GivenUp(list diag.List) bool {
	return slices.ContainsFunc(list, func(d *diag.Diagnostic) bool { return d.Code == codeTooLarge || d.Code == codeTooDeep })
}

// refuse looks for what makes a text no text at all.
func refuse(file *diag.File) *diag.Diagnostic {
	text := file.Text
	if len(text) > MaxText {
		return diag.New(codeTooLarge, "the text has %d bytes; the limit is %d", len(text), MaxText).
			At(file, diag.Span{Start: MaxText, End: MaxText}, "the limit is reached here").
			Helpf("load data from a file instead of writing it as SQL")
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return diag.New(codeNul, "the text has a NUL byte").
			At(file, diag.Span{Start: int32(i), End: int32(i + 1)}, "byte 0x00").
			Helpf("remove it; a file saved as UTF-16 must be saved as UTF-8")
	}
	if utf8.ValidString(text) {
		return nil
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			return diag.New(codeNotUTF8, "the text is not valid UTF-8").
				At(file, diag.Span{Start: int32(i), End: int32(i + 1)}, "byte 0x%02x cannot stand here", text[i]).
				Helpf("save the file as UTF-8; write bytes as X'%02x'", text[i])
		}
		i += size
	}
	panic("BUG: text is not valid UTF-8 but has no invalid byte")
}

// statementLexer gives the tokens up to the next semicolon, which ends a
// statement wherever it stands. On the way it reports malformed tokens and finds
// the opening brackets that nothing closes.
type statementLexer struct {
	parser  *parser
	scanner *lexer.Scanner
	opened  []openBracket
	count   int
	stray   bool // a closing bracket was dropped
	last    bool // the text is over
}

type openBracket struct {
	offset  int
	bracket byte
}

// Next is what participle calls.
func (s *statementLexer) Next() (plex.Token, error) {
again:
	var t plex.Token
	t.Type, t.Value, t.Pos.Offset = s.scanner.Scan()
	switch {
	case t.EOF():
		s.last = true
		return t, nil
	case t.Type == lexer.Operator:
		switch c := t.Value[0]; c {
		case ';':
			return plex.EOFToken(t.Pos), nil
		case '(', '[', '{':
			s.opened = append(s.opened, openBracket{t.Pos.Offset, c})
		case ')', ']', '}':
			if len(s.opened) == 0 {
				s.closesNothing(&t)
				goto again
			}
			s.closeBracket(c)
		}
	case lexer.IsMalformed(t.Type):
		s.parser.malformed(&t)
		if t.Type == lexer.UnterminatedComment {
			s.last = true
			return plex.EOFToken(t.Pos), nil
		}
	}
	s.count++
	if s.count == maxTokens {
		s.parser.list.Add(diag.New(codeTooLarge, "a statement has more than %d words and marks", maxTokens).
			At(s.parser.file, tokenSpan(&t), "the limit is reached here").
			Helpf("load data from a file instead of writing it as SQL"))
		s.skipStatement()
		return plex.EOFToken(t.Pos), nil
	}
	return t, nil
}

// closesNothing reports a closing bracket where none is open. The grammar does
// not see it, so that the statement is read as if it were not there.
func (s *statementLexer) closesNothing(t *plex.Token) {
	if !s.stray {
		s.stray = true
		s.parser.list.Add(diag.New(codeClosesNothing, "%s closes nothing", quote(t.Value)).
			At(s.parser.file, tokenSpan(t), "no bracket is open here").
			Fix(s.parser.file, tokenSpan(t), "", "remove it"))
	}
}

func (s *statementLexer) skipStatement() {
	s.parser.abandoned = true
	for {
		kind, value, _ := s.scanner.Scan()
		if kind == lexer.EOF {
			s.last = true
			return
		}
		if kind == lexer.Operator && value == ";" {
			return
		}
	}
}

// closeBracket takes away the bracket that c closes. Brackets inside it that are
// still open stay open for good.
func (s *statementLexer) closeBracket(c byte) {
	// Brackets of several kinds that cross are looked for a few levels up only, so
	// that the time stays linear.
	const levels = 16
	for i := len(s.opened) - 1; i >= max(0, len(s.opened)-levels); i-- {
		if closing[string(s.opened[i].bracket)][0] != c {
			continue
		}
		s.neverClosed(s.opened[i+1:])
		s.opened = s.opened[:i]
		return
	}
}

func (s *statementLexer) neverClosed(opened []openBracket) {
	for _, o := range opened {
		if s.parser.unclosed == nil {
			s.parser.unclosed = map[int]bool{}
		}
		s.parser.unclosed[o.offset] = true
	}
}

func (s *statementLexer) finish() { s.neverClosed(s.opened) }

// malformed reports a token that is none. After an open-ended one nothing of the
// statement can be trusted.
func (p *parser) malformed(t *plex.Token) {
	place := diag.Span{Start: int32(t.Pos.Offset), End: int32(t.Pos.Offset + 1)}
	switch t.Type {
	case lexer.UnterminatedString:
		p.list.Add(diag.New(codeUnterminated, "this string is never closed").At(p.file, place, "opened here").
			Helpf("close it with '; inside a string, write a quote twice: 'it''s'"))
		p.abandoned = true
	case lexer.UnterminatedIdentifier:
		p.list.Add(diag.New(codeUnterminated, "this quoted name is never closed").At(p.file, place, "opened here").
			Helpf(`close it with "; inside a name, write a quote twice`))
		p.abandoned = true
	case lexer.UnterminatedComment:
		place.End++
		p.list.Add(diag.New(codeUnterminated, "this comment is never closed").At(p.file, place, "opened here").
			Helpf("close it with */; comments nest, so each /* needs its own"))
		p.abandoned = true
	case lexer.UnterminatedDollar:
		place.End += int32(strings.IndexByte(t.Value[1:], '$') + 1)
		quote := p.file.Text[place.Start:place.End]
		p.list.Add(diag.New(codeUnterminated, "this %s string is never closed", quote).At(p.file, place, "opened here").
			Helpf("close it with %s", quote))
		p.abandoned = true
	case lexer.MalformedNumber:
		p.list.Add(diag.New(codeNumber, "%s is neither a number nor a name", quote(t.Value)).At(p.file, tokenSpan(t), "a name cannot begin with a digit").
			Helpf("write the name in quotes: \"%s\"", t.Value))
	case lexer.StrayCharacter:
		p.list.Add(diag.New(codeStray, "the character %s has no meaning here", quote(t.Value)).At(p.file, tokenSpan(t), "unknown character"))
	default:
		panic("BUG: not a malformed token: " + t.GoString())
	}
}
