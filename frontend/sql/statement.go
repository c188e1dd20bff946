package sql

import (
	"slices"
	"strings"

	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

// otherStatements are the statements that Heddle knows by name only. The words
// that follow the first one and belong to the name are listed behind it; of
// several, the longest that fits is named.
var otherStatements = map[string][]string{
	"ALTER":      {"TABLE", "VIEW", "FUNCTION", "SCHEMA", "SEQUENCE", "TYPE"},
	"ANALYZE":    nil,
	"ATTACH":     nil,
	"BEGIN":      {"TRANSACTION"},
	"CALL":       nil,
	"CHECKPOINT": nil,
	"COMMENT":    {"ON"},
	"COMMIT":     nil,
	"COPY":       nil,
	"CREATE": {
		"TABLE", "VIEW", "FUNCTION", "AGGREGATE", "MACRO", "SCHEMA", "SEQUENCE", "TYPE", "INDEX", "DATABASE", "SECRET", "ROLE",
		"EXTERNAL TABLE", "UNIQUE INDEX", "MATERIALIZED VIEW", "RECURSIVE VIEW", "TEMP TABLE", "TEMP VIEW", "TEMPORARY TABLE", "TEMPORARY VIEW",
		"TEMP FUNCTION", "TEMP MACRO", "OR REPLACE TABLE", "OR REPLACE VIEW", "OR REPLACE FUNCTION", "OR REPLACE MACRO", "OR REPLACE TEMP TABLE", "OR REPLACE TEMP VIEW",
		"OR REPLACE MATERIALIZED VIEW", "UNLOGGED TABLE", "SOURCE", "SINK",
	},
	"DEALLOCATE": nil,
	"DECLARE":    nil,
	"DELETE":     {"FROM"},
	"DESCRIBE":   nil,
	"DETACH":     nil,
	"DROP":       {"TABLE", "VIEW", "FUNCTION", "MACRO", "SCHEMA", "SEQUENCE", "TYPE", "INDEX", "MATERIALIZED VIEW", "DATABASE", "AGGREGATE"},
	"EXECUTE":    nil,
	"EXPORT":     {"DATABASE"},
	"GRANT":      nil,
	"IMPORT":     {"DATABASE"},
	"INSERT":     {"INTO", "OR REPLACE INTO", "OR IGNORE INTO"},
	"INSTALL":    nil,
	"LOAD":       nil,
	"MERGE":      {"INTO"},
	"PIVOT":      nil,
	"PRAGMA":     nil,
	"PREPARE":    nil,
	"REFRESH":    {"MATERIALIZED VIEW"},
	"REINDEX":    nil,
	"RESET":      nil,
	"REVOKE":     nil,
	"ROLLBACK":   nil,
	"SAVEPOINT":  nil,
	"SET":        nil,
	"SHOW":       {"TABLES"},
	"START":      {"TRANSACTION"},
	"SUMMARIZE":  nil,
	"TRUNCATE":   {"TABLE"},
	"UNPIVOT":    nil,
	"UPDATE":     nil,
	"USE":        nil,
	"VACUUM":     nil,
}

// queryStarts are the words that begin a query.
var queryStarts = []string{"SELECT", "WITH", "VALUES", "FROM", "TABLE"}

// statementWords is what a misspelt first word may have meant.
var statementWords = func() []string {
	words := append([]string{"EXPLAIN"}, queryStarts...)
	for word := range otherStatements {
		words = append(words, word)
	}
	slices.Sort(words)
	return words
}()

// statement reads one statement and what wrongly follows it.
func (p *parser) statement() ast.Statement {
	start := p.start()
	if p.atWord("EXPLAIN") {
		return p.explain()
	}
	if p.atQuery(p.peek()) || p.atOperator("(") {
		query := p.query()
		p.statementEnd()
		return &ast.QueryStatement{Base: query.Base, Query: query}
	}
	p.unknownStatement()
	for !p.peek().EOF() {
		p.next()
	}
	return &ast.BadStatement{Base: p.from(start)}
}

// atQuery reports whether a token begins a query.
func (p *parser) atQuery(t *plex.Token) bool {
	switch t.Type {
	case lexer.Keyword:
		return t.Value == "SELECT" || t.Value == "WITH" || t.Value == "FROM" || t.Value == "TABLE"
	case lexer.Identifier:
		return isWord(t, "VALUES")
	default:
		return false
	}
}

func (p *parser) explain() ast.Statement {
	start := p.start()
	p.next()
	result := &ast.Explain{}
	result.Analyze = p.acceptWord("ANALYZE") || p.acceptWord("ANALYSE")
	if p.peek().EOF() {
		p.expected("a statement to explain")
		return &ast.BadStatement{Base: p.from(start)}
	}
	if p.atWord("EXPLAIN") && !p.enter() {
		return &ast.BadStatement{Base: p.from(start)}
	}
	result.Statement = p.statement()
	result.Base = p.from(start)
	return result
}

// statementEnd checks that nothing follows a query. Where a second statement
// begins, the semicolon was forgotten, and reading goes on with it.
func (p *parser) statementEnd() {
	for !p.peek().EOF() {
		t := p.peek()
		switch {
		case p.abandoned:
		case isKeyword(t, "SELECT") || isKeyword(t, "WITH") || isWord(t, "EXPLAIN") || isWord(t, "INSERT") || isKeyword(t, "CREATE"):
			place := diag.Span{Start: int32(t.Pos.Offset), End: int32(t.Pos.Offset)}
			p.report(t.Pos.Offset, diag.New(codeUnexpected, "expected a semicolon between two statements").
				At(p.file, tokenSpan(t), "the next statement begins here").
				Fix(p.file, place, "; ", "insert a semicolon"))
			return
		default:
			p.expected("the end of the statement")
		}
		p.next()
		p.skip(func(t *plex.Token) bool { return false })
	}
}

// unknownStatement reports a statement that is no query, at its first words.
func (p *parser) unknownStatement() {
	t := p.peek()
	word := strings.ToUpper(t.Value)
	rest, known := otherStatements[word]
	if known && (t.Type == lexer.Identifier || t.Type == lexer.Keyword) {
		words := p.longestName(rest)
		last := t
		if words > 0 {
			last = p.peekAfter(words)
		}
		place := tokenSpan(t).Cover(tokenSpan(last))
		name := word
		for i := range words {
			name += " " + strings.ToUpper(p.peekAfter(i+1).Value)
		}
		p.report(t.Pos.Offset, diag.New(codeStatementNotYet, "%s is not there yet", name).
			At(p.file, place, "Heddle cannot run this statement yet").
			Helpf("a program consists of queries for now; tables come from the files of --data, or by name: FROM 'file.parquet'"))
		return
	}
	if lexer.IsMalformed(t.Type) {
		return
	}
	d := diag.New(codeStatement, "a statement cannot begin with %s", p.describe(t)).At(p.file, tokenSpan(t), "expected a statement such as SELECT")
	if t.Type == lexer.Identifier {
		if word, ok := diag.Suggest(t.Value, statementWords); ok {
			d = p.suggestion(t, word)
		}
	}
	p.report(t.Pos.Offset, d)
}

// longestName counts the words after the next token that one of the names has.
func (p *parser) longestName(names []string) int {
	longest := 0
	for _, name := range names {
		words := strings.Fields(name)
		fits := true
		for i, word := range words {
			if !strings.EqualFold(p.peekAfter(i+1).Value, word) {
				fits = false
				break
			}
		}
		if fits {
			longest = max(longest, len(words))
		}
	}
	return longest
}

// clauseWords is what a misspelt word in the middle of a query may have meant.
var clauseWords = []string{
	"FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET", "UNION", "EXCEPT", "INTERSECT",
	"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "USING", "BETWEEN", "LIKE", "ILIKE", "DISTINCT",
}

func (p *parser) suggestion(t *plex.Token, word string) *diag.Diagnostic {
	return diag.New(codeMisspelt, "unknown word %s", quote(t.Value)).
		At(p.file, tokenSpan(t), "did you mean %s?", word).
		Fix(p.file, tokenSpan(t), word, "replace it with %s", word)
}

// misspelt finds the misspelt keyword behind an unexpected token: the word that
// was taken for an alias just before it, or the token itself.
func (p *parser) misspelt(t *plex.Token) *diag.Diagnostic {
	if previous := p.previous(); previous != nil && previous.Type == lexer.Identifier && previous.Pos.Offset == p.implicitName {
		if word, ok := diag.Suggest(previous.Value, clauseWords); ok {
			return p.suggestion(previous, word)
		}
	}
	if t.Type == lexer.Identifier {
		if word, ok := diag.Suggest(t.Value, clauseWords); ok && !p.atCall() {
			return p.suggestion(t, word)
		}
	}
	return nil
}

func (p *parser) atCall() bool { return isOperator(p.peekSecond(), "(") }

// clauseOrder is the clauses of a query in the order in which they must stand.
var clauseOrder = []string{"WITH", "SELECT", "FROM", "WHERE", "GROUP BY", "HAVING", "WINDOW", "QUALIFY", "ORDER BY", "LIMIT", "OFFSET"}

// misplaced explains a clause that stands where it cannot: at the end of a query
// that was read up to here.
func (p *parser) misplaced(t *plex.Token) *diag.Diagnostic {
	if t.Type != lexer.Keyword || !p.queryRead {
		return nil
	}
	switch t.Value {
	case "GROUP", "ORDER":
		if second := p.peekSecond(); !isKeyword(second, "BY") && !isWord(second, "BY") {
			end := diag.Span{Start: tokenSpan(t).End, End: tokenSpan(t).End}
			return diag.New(codeUnexpected, "expected BY after %s, found %s", t.Value, p.describe(second)).
				At(p.file, tokenSpan(t), "%s BY", t.Value).
				Fix(p.file, end, " BY", "insert BY")
		}
	case "FROM", "WHERE", "HAVING", "QUALIFY", "WINDOW", "LIMIT", "OFFSET":
	default:
		return nil
	}
	name := t.Value
	if name == "GROUP" || name == "ORDER" {
		name += " BY"
	}
	return diag.New(codeMisplaced, "%s cannot stand here", name).
		At(p.file, tokenSpan(t), "too late, or for the second time").
		Helpf("the clauses of a query stand in this order: %s", strings.Join(clauseOrder, ", "))
}
