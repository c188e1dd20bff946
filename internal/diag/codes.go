package diag

import (
	"fmt"
	"slices"
	"strings"
)

// CodeInfo explains a code to a person: `heddle help CODE` prints it.
type CodeInfo struct {
	Code Code
	// Title is one line without a full stop, such as "no such column".
	Title string
	// Explanation is plain text of a few paragraphs: a failing example, why it
	// fails, how to mend it.
	Explanation string
}

// registry is written while packages initialise, which Go does on one
// goroutine, and only read from then on; hence no lock.
var registry = map[Code]CodeInfo{}

// Register adds a code to the registry and returns it, so that a package can
// declare its codes with `var ErrX = diag.Register(...)`. It may be called only
// while packages initialise. A malformed or repeated code is a broken invariant.
func Register(info CodeInfo) Code {
	if !wellFormed(info.Code) {
		panic(fmt.Sprintf("BUG: code %q is not an E or W with four digits", info.Code))
	}
	if info.Title == "" || info.Explanation == "" {
		panic(fmt.Sprintf("BUG: code %s has no title or no explanation", info.Code))
	}
	if earlier, taken := registry[info.Code]; taken {
		panic(fmt.Sprintf("BUG: code %s registered twice: %q and %q", info.Code, earlier.Title, info.Title))
	}
	registry[info.Code] = info
	return info.Code
}

func wellFormed(code Code) bool {
	if len(code) != 5 || code[0] != 'E' && code[0] != 'W' {
		return false
	}
	return strings.Trim(string(code[1:]), "0123456789") == ""
}

// Lookup finds a registered code, whatever the case of its letter.
func Lookup(code Code) (CodeInfo, bool) {
	info, ok := registry[Code(strings.ToUpper(string(code)))]
	return info, ok
}

// All returns every registered code in ascending order.
func All() []CodeInfo {
	all := make([]CodeInfo, 0, len(registry))
	for _, info := range registry {
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b CodeInfo) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return all
}

// InternalError is the code of a broken invariant inside Heddle.
var InternalError = Register(CodeInfo{
	Code:  "E0900",
	Title: "internal error",
	Explanation: `Heddle found that one of its own assumptions does not hold, and stopped this
program rather than give an answer that may be wrong. The program that was
compiled or run is not to blame, whatever it contains.

Example:

    error[E0900]: internal error while binding: unknown expression
       = note: at frontend/sql.(*binder).expression (bind.go:211)
       = help: this is a mistake in Heddle: please report it with this text and the program that caused it

What to do: report it, with the text of the error and the smallest program that
still causes it. Rewriting the part of the program that the error names often
avoids the problem until it is mended.`,
})
