package passes

import "github.com/heddle-lang/heddle/internal/diag"

// The codes of the driver.
var (
	ErrPassName = diag.Register(diag.CodeInfo{Code: "E0951", Title: "no such pass, or one that cannot be left out", Explanation: `
A pass was named that the compiler does not have:

    heddle opt --pass=push-down q.cir

or a pass was disabled without which the program cannot be lowered. The message
lists the names. Write the name as it stands there:

    heddle opt --pass=pushdown q.cir`})
	ErrNoFixpoint = diag.Register(diag.CodeInfo{Code: "E0952", Title: "passes undo each other's work", Explanation: `
A group of passes is repeated until nothing changes. Here it still changed after
the largest number of rounds, so two passes undo each other's work, or one of them
grows the program. This is a mistake in Heddle; the notes show the last two
states. Please report it with them. Leaving out one of the passes by name lets the
program compile until then.`})
	ErrBrokenByPass = diag.Register(diag.CodeInfo{Code: "E0953", Title: "a pass made an invalid module", Explanation: `
Under --verify each pass is followed by a check of the whole program, and the
check failed. This is a mistake in Heddle; the message names the pass. Please
report it with the note. Leaving out that pass by name lets the program compile
until then.`})
)
