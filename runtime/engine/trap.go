package engine

import (
	"fmt"

	"github.com/heddle-lang/heddle/internal/diag"
)

// TrapKind is the reason for which WebAssembly ended a call.
type TrapKind uint8

// The kinds of trap. What an engine distinguishes more finely is folded.
const (
	TrapMemory      TrapKind = iota // access outside what is mapped
	TrapOverflow                    // integer division of the least number by -1
	TrapDivision                    // integer division by zero
	TrapUnreachable                 // the unreachable instruction
	TrapStack                       // stack exhausted
	TrapIndirect                    // call through a bad table entry
	TrapConversion                  // float out of the range of the integer
	TrapOther                       // none of these
)

// Trap makes the diagnostic of a trap; trace is the engine's own text. It is
// for engines.
func Trap(kind TrapKind, trace string) *diag.Diagnostic {
	var problem *diag.Diagnostic
	switch kind {
	case TrapMemory:
		problem = diag.New(CodeIllegalAccess, "compiled code touched memory that it was not given")
	case TrapOverflow:
		problem = diag.New(CodeOverflow, "the result of a division does not fit its type")
	case TrapDivision:
		problem = diag.New(CodeDivision, "division by zero")
	case TrapUnreachable:
		problem = diag.New(CodeUnreachable, "compiled code reached a place marked as unreachable")
	case TrapStack:
		problem = diag.New(CodeStack, "compiled code used up its stack")
	case TrapIndirect:
		problem = diag.New(CodeIndirect, "compiled code called a function that is not in its table")
	case TrapConversion:
		problem = diag.New(CodeOverflow, "a number does not fit the integer type it is converted to")
	case TrapOther:
		problem = diag.New(CodeUnreachable, "compiled code stopped for a reason the engine did not classify")
	default:
		panic(fmt.Sprintf("BUG: unknown kind of trap %d", kind))
	}
	if trace != "" {
		problem.Note("%s", trace)
	}
	return problem
}

// Refused makes the diagnostic of a module that does not validate or compile.
// It is for engines.
func Refused(cause error) *diag.Diagnostic {
	return diag.New(CodeRefused, "the engine refused a module: %v", cause)
}

// Unlinked makes the diagnostic of modules that do not fit together. It is for
// engines.
func Unlinked(format string, args ...any) *diag.Diagnostic {
	return diag.New(CodeLink, format, args...)
}
