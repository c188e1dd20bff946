package pass

import (
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

// Pass is one step of the way from a program to its lower form. Run edits the
// module in place and reports exactly whether it changed anything: fixpoint
// groups end on that answer. A pass is deterministic, holds no state between
// runs, and prints nothing.
type Pass struct {
	Name string // lower-case words joined by hyphens, unique in the list
	Doc  string // one line, without a full stop
	Run  func(*Context, *ir.Module) (changed bool, err error)

	// Level is the level of the functions that the pass reads.
	Level ir.Level
	// Required passes cannot be disabled: what follows relies on them.
	Required bool
}

// Context is what one run of the pass list shares among its passes.
type Context struct {
	// Derived remembers what a pass has already added to the program, by content,
	// so that an implied predicate that another pass rewrote or removed is not
	// added again. A set, never iterated.
	Derived map[uint64]bool
	// Settled remembers scalar code, by content, that a pass found in its simplest
	// form. A set, never iterated.
	Settled map[uint64]bool
	// Fingerprints hash flow functions as the last logical pass left them. Whoever else
	// edits a function deletes its entry.
	Fingerprints map[*ir.Function]uint64
	// Numbers is scratch memory for hashing, kept because it grows slowly.
	Numbers map[*ir.Value]uint64
	// DerivingRuns counts the runs of that pass which added something.
	DerivingRuns int
	// File is the source text, for the places of diagnostics; nil when there is none.
	File *diag.File
	// Library is the digest of the library module that the code will call.
	Library string
	// Kernels asks for kernels beside the functions for the CPU; Unavailable tells which
	// functions of the library they cannot call, and why.
	Kernels     bool
	Unavailable map[string]string
	// Program is what the last lowering pass made beside the module.
	Program *program.Program
}

// NewContext returns the context of one run.
func NewContext() *Context {
	return &Context{
		Derived: map[uint64]bool{}, Settled: map[uint64]bool{},
		Fingerprints: map[*ir.Function]uint64{}, Numbers: map[*ir.Value]uint64{},
	}
}
