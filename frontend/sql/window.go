package sql

import (
	"github.com/heddle-lang/heddle/frontend/sql/ast"
)

// windows reads the definitions of the WINDOW clause.
func (p *parser) windows() []*ast.NamedWindow {
	var list []*ast.NamedWindow
	for {
		start := p.start()
		node := &ast.NamedWindow{Name: p.name("a name for the window")}
		p.expectKeyword("AS", "and the window in parentheses")
		node.Window = p.window()
		node.Base = p.from(start)
		list = append(list, node)
		p.endItem("a comma or the next clause")
		if !p.acceptOperator(",") || p.atListEnd() {
			return list
		}
	}
}

// window reads a name, or a window in parentheses.
func (p *parser) window() *ast.Window {
	start := p.start()
	node := &ast.Window{}
	if isName(p.peek()) {
		node.Name, node.Bare = p.name("a window"), true
		node.Base = p.from(start)
		return node
	}
	opening, ok := p.open("(", "before the window")
	if !ok {
		node.Base = p.from(start)
		return node
	}
	if isName(p.peek()) && !p.atWord("PARTITION") && !p.atFrame() {
		node.Name = p.name("a window")
	}
	if p.acceptWords("PARTITION", "BY") {
		for {
			node.PartitionBy = append(node.PartitionBy, p.expr())
			if !p.acceptOperator(",") {
				break
			}
		}
	}
	if p.acceptWords("ORDER", "BY") {
		node.OrderBy = p.orderItems(false)
	}
	if p.atFrame() {
		node.Frame = p.frame()
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

func (p *parser) atFrame() bool { return p.atWord("ROWS") || p.atWord("RANGE") || p.atWord("GROUPS") }

func (p *parser) frame() *ast.Frame {
	start := p.start()
	node := &ast.Frame{End: ast.FrameBound{Kind: ast.CurrentRow}}
	switch {
	case p.acceptWord("ROWS"):
		node.Unit = ast.FrameRows
	case p.acceptWord("RANGE"):
		node.Unit = ast.FrameRange
	default:
		p.next()
		node.Unit = ast.FrameGroups
	}
	if p.acceptKeyword("BETWEEN") {
		node.Start = p.frameBound()
		p.expectKeyword("AND", "and the end of the frame")
		node.End = p.frameBound()
	} else {
		node.Start = p.frameBound()
	}
	if p.acceptWord("EXCLUDE") {
		switch {
		case p.acceptWords("CURRENT", "ROW"):
			node.Exclude = ast.ExcludeCurrentRow
		case p.acceptKeyword("GROUP"):
			node.Exclude = ast.ExcludeGroup
		case p.acceptWord("TIES"):
			node.Exclude = ast.ExcludeTies
		case p.acceptWords("NO", "OTHERS"):
		default:
			p.expected("CURRENT ROW, GROUP, TIES or NO OTHERS after EXCLUDE")
		}
	}
	node.Base = p.from(start)
	return node
}

func (p *parser) frameBound() ast.FrameBound {
	switch {
	case p.acceptWords("UNBOUNDED", "PRECEDING"):
		return ast.FrameBound{Kind: ast.UnboundedPreceding}
	case p.acceptWords("UNBOUNDED", "FOLLOWING"):
		return ast.FrameBound{Kind: ast.UnboundedFollowing}
	case p.acceptWords("CURRENT", "ROW"):
		return ast.FrameBound{Kind: ast.CurrentRow}
	}
	// The bounds of BETWEEN are separated by AND.
	bound := ast.FrameBound{Kind: ast.Preceding, Offset: p.operators(powerAnd)}
	if p.acceptWord("FOLLOWING") {
		bound.Kind = ast.Following
	} else {
		p.expectWord("PRECEDING", "or FOLLOWING")
	}
	return bound
}
