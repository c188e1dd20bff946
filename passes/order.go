package passes

import "fmt"

// order holds the constraints on the list: the first run of the one pass comes
// before the first run of the other. Why is in list.go.
var order = [][2]string{
	{"fold", "simplify"},
	{"simplify", "outer-joins"},
	{"outer-joins", "pushdown"},
	{"pushdown", "infer"},
	{"pushdown", "prune"},
	{"prune", "join-order"},
	{"infer", "join-order"},
	{"join-order", "limits"},
	{"limits", "distinct"},
	{"distinct", "pipelines"},
	{"pipelines", "kernels"},
}

func init() { checkOrder(List, order) }

// checkOrder panics when the list breaks a constraint or is malformed.
func checkOrder(groups []Group, constraints [][2]string) {
	first := map[string]int{}
	at := 0
	for _, group := range groups {
		if group.Rounds < 1 {
			panic(fmt.Sprintf("BUG: pass group %q has no rounds", group.Name))
		}
		for _, p := range group.Passes {
			if p.Name == "" || p.Doc == "" || p.Run == nil {
				panic(fmt.Sprintf("BUG: pass %q of group %q lacks a name, a doc line or a function", p.Name, group.Name))
			}
			if _, seen := first[p.Name]; !seen {
				first[p.Name] = at
			}
			at++
		}
	}
	for _, c := range constraints {
		before, ok1 := first[c[0]]
		after, ok2 := first[c[1]]
		if !ok1 || !ok2 {
			panic(fmt.Sprintf("BUG: pass order names %q and %q, of which one is not in the list", c[0], c[1]))
		}
		if before >= after {
			panic(fmt.Sprintf("BUG: pass %q must come before %q", c[0], c[1]))
		}
	}
}
