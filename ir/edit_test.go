package ir

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	scalarHead = "cir 1\nflow @f(%in: bag<{x: i32, y: i32}>) -> bag<{x: i32, y: i32}> {\n  %f = filter %in (%r) {\n"
	scalarEnd  = "  }\n  return %f [x, y] labels [x, y]\n}\n"
)

func scalarModule(t *testing.T, code string) (*Module, *Block) {
	t.Helper()
	m := mustParse(t, scalarHead+code+scalarEnd)
	return m, m.Functions[0].Body.Ops[0].Regions[0]
}

func wantScalar(t *testing.T, m *Module, code string) {
	t.Helper()
	want, _ := scalarModule(t, code)
	if !Equal(m, want) {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want.String(), m.String()))
	}
	if m.Hash() != want.Hash() {
		t.Error("equal modules have different hashes")
	}
	if list := Verify(m); len(list) > 0 {
		t.Errorf("%v", list)
	}
}

func TestRemoveDead(t *testing.T) {
	m, region := scalarModule(t, `
    %x = field %r "x"
    %y = field %r "y"
    %unused = add %x, %y
    %chain = neg %unused
    %c = is_null %x
    %i, %j = if %c then {
      %z = neg %x
      yield %x, %x
    } else {
      yield %y, %y
    }
    %dead = if %c then {
      yield %i
    } else {
      yield %x
    }
    %b = eq %x, %j
    yield %b
`)
	if n := region.RemoveDead(); n != 4 {
		t.Errorf("removed %d ops, not 4", n)
	}
	wantScalar(t, m, `
    %x = field %r "x"
    %y = field %r "y"
    %c = is_null %x
    %i, %j = if %c then {
      yield %x, %x
    } else {
      yield %y, %y
    }
    %b = eq %x, %j
    yield %b
`)
}

func TestEliminateCommon(t *testing.T) {
	m, region := scalarModule(t, `
    %x = field %r "x"
    %y = field %r "y"
    %x2 = field %r "x"
    %a = add %x, %y
    %a2 = add %y, %x2
    %s = sub %x, %y
    %s2 = sub %y, %x
    %one = const 1 : i32
    %other = const 1 : i32?
    %c = eq %a, %a2
    %d = if %c then {
      %a3 = add %x2, %y
      %n = neg %a3
      yield %n
    } else {
      %n2 = neg %s
      yield %n2
    }
    %m = eq %d, %s2
    yield %m
`)
	if n := region.EliminateCommon(); n != 3 {
		t.Errorf("removed %d ops, not 3", n)
	}
	wantScalar(t, m, `
    %x = field %r "x"
    %y = field %r "y"
    %a = add %x, %y
    %s = sub %x, %y
    %s2 = sub %y, %x
    %one = const 1 : i32
    %other = const 1 : i32?
    %c = eq %a, %a
    %d = if %c then {
      %n = neg %a
      yield %n
    } else {
      %n2 = neg %s
      yield %n2
    }
    %m = eq %d, %s2
    yield %m
`)
}

func TestSpliceAndInline(t *testing.T) {
	const code = `
    %x = field %r "x"
    %b = is_null %x
    yield %b
`
	const both = `
    %x = field %r "x"
    %b = is_null %x
    %x1 = field %r "x"
    %b1 = is_null %x1
    yield %b1
`
	t.Run("inline", func(t *testing.T) {
		m, into := scalarModule(t, code)
		other, from := scalarModule(t, code)
		end := into.Terminator()
		end.Remove()
		b := At(into)
		b.Yield(b.Inline(from, into.Arguments[0])...)
		wantScalar(t, m, both)
		wantScalar(t, other, code)
	})
	t.Run("splice", func(t *testing.T) {
		m, into := scalarModule(t, code)
		_, from := scalarModule(t, code)
		end := into.Terminator()
		end.Operands = into.Splice(len(into.Ops)-1, from, into.Arguments)
		wantScalar(t, m, both)
		if len(from.Ops) != 0 {
			t.Error("the region is not empty")
		}
	})
}

func TestReplaceUses(t *testing.T) {
	m, region := scalarModule(t, `
    %x = field %r "x"
    %y = field %r "y"
    %b = eq %x, %x
    yield %b
`)
	x, y := region.Ops[0].Result(), region.Ops[1].Result()
	if uses := region.Uses(); len(uses[x]) != 2 || uses[x][1] != (Use{Op: region.Ops[2], Index: 1}) || uses[y] != nil {
		t.Errorf("uses of x: %v", uses[x])
	}
	if n := region.ReplaceUses(x, y); n != 2 {
		t.Errorf("replaced %d uses, not 2", n)
	}
	wantScalar(t, m, `
    %x = field %r "x"
    %y = field %r "y"
    %b = eq %y, %y
    yield %b
`)
}

func TestCloneOfEveryOp(t *testing.T) {
	m := mustParse(t, readOps(t))
	text := m.String()
	c := m.Clone()
	if !Equal(m, c) {
		t.Fatalf("the copy differs:\n%s", cmp.Diff(text, c.String()))
	}
	if list := Verify(c); len(list) > 0 {
		t.Fatalf("%v", list)
	}
	for _, f := range c.Functions {
		f.Body.Walk(func(op *Op) bool {
			op.Attributes, op.Operands = nil, nil
			return true
		})
	}
	c.Tables[0].Columns[0].Name = "changed"
	if text != m.String() {
		t.Errorf("changing the copy changed the original:\n%s", cmp.Diff(text, m.String()))
	}
}

func TestEqualIgnoresHints(t *testing.T) {
	a, _ := scalarModule(t, "%x = field %r \"x\"\n%b = is_null %x\nyield %b\n")
	b, _ := scalarModule(t, "%1 = field %r \"x\"\n%x = is_null %1\nyield %x\n")
	c, _ := scalarModule(t, "%x = field %r \"y\"\n%b = is_null %x\nyield %b\n")
	if !Equal(a, b) || Equal(a, c) {
		t.Error("hints count, or columns do not")
	}
}
