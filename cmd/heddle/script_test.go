package main

import (
	"errors"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits runs a command and demands an exit code: exits 2 heddle runn.
func exits(ts *testscript.TestScript, negate bool, arguments []string) {
	if negate || len(arguments) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT]...")
	}
	want, err := strconv.Atoi(arguments[0])
	ts.Check(err)
	err = ts.Exec(arguments[1], arguments[2:]...)
	got := 0
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		got = failed.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// plain demands that a file, stdout or stderr has no control codes but line feeds and
// tabs.
func plain(ts *testscript.TestScript, negate bool, arguments []string) {
	for _, name := range arguments {
		text := ts.ReadFile(name)
		found := false
		for i := range len(text) {
			if c := text[i]; c < 0x20 && c != '\n' && c != '\t' || c == 0x7f {
				found = true
				if !negate {
					ts.Fatalf("%s has the control code %#02x at byte %d", name, c, i)
				}
			}
		}
		if negate && !found {
			ts.Fatalf("%s has no control code", name)
		}
	}
}
