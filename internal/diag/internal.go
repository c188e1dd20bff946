package diag

import (
	"fmt"
	"path"
	"strings"
)

// stackFrames is how many frames of a stack are worth a reader's time.
const stackFrames = 12

// Internal turns a recovered panic into an E0900 diagnostic. It is called at the
// border of a compilation or a run:
//
//	defer func() {
//		if r := recover(); r != nil {
//			list.Add(diag.Internal("binding", r, debug.Stack()))
//		}
//	}()
//
// The phase completes the sentence "internal error while ...". The frames of
// stack below the panic become a note, one line each; stack may be nil.
func Internal(phase string, recovered any, stack []byte) *Diagnostic {
	cause := strings.TrimPrefix(fmt.Sprint(recovered), "BUG: ")
	d := New(InternalError, "internal error while %s: %s", phase, cause)
	if frames := condense(string(stack)); len(frames) > 0 {
		d.Note("%s", "stack of the panic, innermost first:\n"+strings.Join(frames, "\n"))
	}
	return d.Helpf("this is a mistake in Heddle: please report it with this text and the program that caused it")
}

// condense turns the text of debug.Stack into "package.function (file:line)",
// beginning with the function that panicked.
func condense(stack string) []string {
	lines := strings.Split(strings.TrimSpace(stack), "\n")
	first := 0
	for i, line := range lines {
		// The last panic call is the one that was recovered.
		if strings.HasPrefix(line, "panic(") {
			first = i + 2
		}
	}
	var frames []string
	for i := first; i+1 < len(lines); i++ {
		function, place := lines[i], lines[i+1]
		if !strings.HasPrefix(place, "\t") || strings.HasPrefix(function, "\t") {
			continue
		}
		if strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "runtime/debug.") {
			continue // a fault such as an index out of range passes through the Go runtime
		}
		if len(frames) == stackFrames {
			frames = append(frames, "...")
			break
		}
		// The arguments are addresses, of no use in a report. The receiver's
		// parentheses come earlier, so the last one opens the arguments.
		if open := strings.LastIndexByte(function, '('); open > 0 {
			function = function[:open]
		}
		place, _, _ = strings.Cut(strings.TrimSpace(place), " +0x")
		frames = append(frames, fmt.Sprintf("%s (%s)", path.Base(function), path.Base(place)))
	}
	return frames
}
