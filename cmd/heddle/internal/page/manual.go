package page

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// ExitCodes are the exit codes with their meanings, as help, manual and docs have them.
var ExitCodes = [][2]string{
	{"0", "done; also when the reader of the output went away"},
	{"1", "the program, its data or its options are wrong: see the diagnostics"},
	{"2", "the command line is wrong"},
	{"4", "a failure while running: overflow, division by zero, memory, disk"},
	{"130", "interrupted by Ctrl-C or SIGTERM"},
}

// Environment are the variables that commands look at.
var Environment = [][2]string{
	{"HEDDLE_CACHE_DIR", "where compiled code is kept; otherwise \"heddle\" in the user's cache directory"},
	{"HEDDLE_TEMP_DIR", "where queries spill to; otherwise the system's directory"},
	{"NO_COLOR", "no colours, when set"},
	{"CLICOLOR_FORCE", "colours even into pipes, when set to anything but 0"},
	{"TERM", "\"dumb\" stands for a terminal without colours and without a progress line"},
}

// Manual writes the manual page of a tree of commands in the language of man(7).
func Manual(w io.Writer, root *cobra.Command, version string) error {
	m := &manual{}
	m.line(".TH HEDDLE 1 \"\" \"heddle " + version + "\" \"User Commands\"")
	m.line(".SH NAME")
	m.line("heddle \\- " + roff(root.Short))
	m.line(".SH SYNOPSIS")
	m.line(".B heddle")
	m.line("COMMAND [ARGUMENT]... [FLAG]...")
	m.line(".SH EXAMPLES")
	m.block(root.Example)
	m.line(".SH COMMANDS")
	for _, cmd := range root.Commands() {
		if cmd.Hidden {
			continue
		}
		m.line(".SS " + roff(cmd.UseLine()))
		m.line(roff(cmd.Short) + ".")
		if cmd.Long != "" {
			m.block(cmd.Long)
		}
		if flags := cmd.LocalNonPersistentFlags().FlagUsagesWrapped(90); flags != "" {
			m.block(flags)
		}
		if cmd.Example != "" {
			m.block(cmd.Example)
		}
	}
	m.line(".SH FLAGS OF ALL COMMANDS")
	m.block(root.PersistentFlags().FlagUsagesWrapped(90))
	m.line(".SH EXIT STATUS")
	m.list(ExitCodes)
	m.line(".SH ENVIRONMENT")
	m.list(Environment)
	_, err := io.WriteString(w, m.String())
	return err
}

type manual struct{ strings.Builder }

func (m *manual) line(text string) { m.WriteString(text + "\n") }

// block writes lines as they are.
func (m *manual) block(text string) {
	m.line(".PP\n.nf")
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		m.line(roff(line))
	}
	m.line(".fi")
}

func (m *manual) list(items [][2]string) {
	for _, item := range items {
		m.line(".TP\n.B " + roff(item[0]) + "\n" + roff(item[1]))
	}
}

// roff escapes what the formatter would take for its own.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
