package passes

import (
	"slices"

	"github.com/heddle-lang/heddle/passes/logical"
	"github.com/heddle-lang/heddle/passes/lower"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Group is a run of passes. A group with Rounds above 1 is repeated until a whole
// round changes nothing; needing more rounds than that is a mistake of a pass, and
// fails loudly.
type Group struct {
	Name   string
	Rounds int
	Passes []*pass.Pass
}

// maximumRounds bounds a fixpoint group. Each round moves a predicate across at
// least one more join, so it is above the depth of any plan that people write; a
// pass that undoes the work of another reaches it at once.
const maximumRounds = 128

// List is every pass, in the order in which they run.
var List = slices.Concat(Logical, Lowering)

// Logical are the passes over the flow level. They may all be left out.
var Logical = []Group{
	// Scalar code first: every later pass recognises predicates by their shape,
	// and the shapes it knows are the simplified ones.
	{Name: "scalars", Rounds: maximumRounds, Passes: []*pass.Pass{
		logical.Fold,
		logical.Simplify,
	}},
	// Predicates. Outer joins are reduced before predicates sink, because a
	// predicate above an outer join says most about it while it still stands
	// there. Implied predicates are added after sinking, when each input shows
	// what holds for it, and sink in the next round.
	{Name: "predicates", Rounds: maximumRounds, Passes: []*pass.Pass{
		logical.Merge,
		logical.OuterJoins,
		logical.Pushdown,
		logical.Infer,
		logical.Simplify,
		logical.Empty,
	}},
	// Columns before join order: the estimator looks at fewer of them, and a
	// projection that only selects columns no longer separates two joins.
	{Name: "columns", Rounds: 1, Passes: []*pass.Pass{
		logical.Prune,
		logical.Merge,
	}},
	{Name: "joins", Rounds: 1, Passes: []*pass.Pass{
		logical.JoinOrder,
	}},
	// Limits last: a limit is a barrier for predicates, and top-k hides a sort.
	{Name: "limits", Rounds: maximumRounds, Passes: []*pass.Pass{
		logical.Limits,
		logical.Empty,
		logical.Merge,
	}},
	// What the passes above left unread.
	{Name: "final columns", Rounds: 1, Passes: []*pass.Pass{
		logical.Prune,
	}},
}

// Lowering takes the flow level to pipelines, and pipelines to kernels. Its passes
// are required, each group runs once, and each pass lowers all functions of its
// level.
var Lowering = []Group{
	{Name: "distinct", Rounds: 1, Passes: []*pass.Pass{lower.Distinct}},
	{Name: "pipelines", Rounds: 1, Passes: []*pass.Pass{lower.Pipelines}},
	{Name: "kernels", Rounds: 1, Passes: []*pass.Pass{lower.Kernels}},
}
