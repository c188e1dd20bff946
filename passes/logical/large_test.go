package logical_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/pass"
)

// timed runs the whole list and fails beyond a bound that is ten times what it
// takes on a slow machine.
func timed(t *testing.T, text string, bound time.Duration) string {
	t.Helper()
	m := parse(t, text)
	start := time.Now()
	if _, err := passes.Run(pass.NewContext(), m, passes.Options{Groups: passes.Logical}); err != nil {
		t.Fatal(err)
	}
	elapsed := time.Since(start)
	t.Logf("took %v", elapsed)
	if elapsed > bound {
		t.Errorf("took %v, more than %v", elapsed, bound)
	}
	return m.String()
}

// TestHundredTables joins a chain of 100 tables, written as cross joins and a filter.
func TestHundredTables(t *testing.T) {
	t.Parallel()
	for _, condition := range []string{"", "x99"} {
		if text := timed(t, chain(100, condition), 3*time.Second); strings.Contains(text, "const true") {
			t.Error("a cross join is left")
		}
	}
	// Longer than a group has rounds; the bound on the last table wanders backwards.
	timed(t, chain(200, "x199"), 10*time.Second)
}

// chain joins n tables one after the other. bounded, if not empty, is a value of the
// filter that is asked to be at most 5.
func chain(n int, bounded string) string {
	var b strings.Builder
	b.WriteString("cir 1\ntable @t rows 1000 {\n  k: i32 distinct 1000\n  f: i32 distinct 1000\n}\n")
	fmt.Fprintf(&b, "flow @f() -> bag<{k0: i32}> {\n")
	for i := range n {
		fmt.Fprintf(&b, "  %%t%d = scan @t columns [k%d = k, f%d = f] : bag<{k%d: i32, f%d: i32}>\n", i, i, i, i, i)
	}
	previous := "%t0"
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  %%j%d = join %s, %%t%d inner (%%l%d, %%r%d) {\n    %%c%d = const true : bool\n    yield %%c%d\n  }\n", i, previous, i, i, i, i, i)
		previous = fmt.Sprintf("%%j%d", i)
	}
	fmt.Fprintf(&b, "  %%w = filter %s (%%r) {\n", previous)
	var all []string
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "    %%x%d = field %%r \"f%d\"\n    %%y%d = field %%r \"k%d\"\n    %%e%d = eq %%x%d, %%y%d\n", i, i-1, i, i, i, i, i)
		all = append(all, fmt.Sprintf("%%e%d", i))
	}
	if bounded != "" {
		fmt.Fprintf(&b, "    %%five = const 5 : i32\n    %%bound = le %%%s, %%five\n", strings.Replace(bounded, "x", "y", 1))
		all = append(all, "%bound")
	}
	fmt.Fprintf(&b, "    %%a = and %s\n    yield %%a\n  }\n  return %%w [k0] labels [k0]\n}\n", strings.Join(all, ", "))
	return b.String()
}

// TestLongCondition has a disjunction of ten thousand terms.
func TestLongCondition(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"eq", "lt"} {
		var b strings.Builder
		b.WriteString("cir 1\ntable @t rows 1000 {\n  k: i32\n  f: i32\n}\nflow @f() -> bag<{k: i32}> {\n  %t = scan @t columns [k, f] : bag<{k: i32, f: i32}>\n  %w = filter %t (%r) {\n    %k = field %r \"k\"\n    %f = field %r \"f\"\n")
		var all []string
		for i := range 10_000 {
			fmt.Fprintf(&b, "    %%c%d = const %d : i32\n    %%a%d = %s %%k, %%c%d\n", i, i, i, shape, i)
			all = append(all, fmt.Sprintf("%%a%d", i))
		}
		fmt.Fprintf(&b, "    %%o = or %s\n    yield %%o\n  }\n  return %%w [k] labels [k]\n}\n", strings.Join(all, ", "))
		timed(t, b.String(), 10*time.Second)
	}
}
