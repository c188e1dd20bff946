package page

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// Options says how to write help.
type Options struct {
	Color bool
	Width int  // of the terminal; 0 stands for 80
	Short bool // -h: leave out the description
}

func (o Options) heading(text string) string {
	if o.Color {
		return "\x1b[1m" + text + "\x1b[0m"
	}
	return text
}

// Help writes the help of a command.
func Help(w io.Writer, cmd *cobra.Command, o Options) error {
	width := min(o.Width, 100)
	if width <= 0 {
		width = 80
	}
	var b strings.Builder
	b.WriteString(cmd.Short + ".\n")
	if cmd.Long != "" && !o.Short {
		b.WriteString("\n" + cmd.Long + "\n")
	}
	if cmd.Example != "" {
		b.WriteString("\n" + o.heading("Examples") + "\n" + Indented(cmd.Example))
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n" + o.heading("Commands") + "\n")
		for _, child := range cmd.Commands() {
			if child.IsAvailableCommand() || child.Name() == "help" {
				fmt.Fprintf(&b, "  %-11s %s\n", child.Name(), child.Short)
			}
		}
	} else {
		b.WriteString("\n" + o.heading("Usage") + "\n  " + cmd.UseLine() + "\n")
	}
	if flags := cmd.LocalNonPersistentFlags().FlagUsagesWrapped(width); flags != "" {
		b.WriteString("\n" + o.heading("Flags") + "\n" + flags)
	}
	if flags := cmd.Root().PersistentFlags().FlagUsagesWrapped(width); flags != "" {
		title := "Flags of all commands"
		b.WriteString("\n" + o.heading(title) + "\n" + flags)
	}
	if !cmd.HasParent() {
		b.WriteString("\n\"heddle help COMMAND\" tells more, \"heddle help E0213\" explains an error.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Indented moves lines to the right.
func Indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// FlagNames lists the long names of the flags of a command.
func FlagNames(cmd *cobra.Command) []string {
	usage := cmd.Flags().FlagUsages() + cmd.Root().PersistentFlags().FlagUsages()
	var names []string
	for _, found := range regexp.MustCompile(`(?m)^\s+(?:-\w, )?--([\w-]+)`).FindAllStringSubmatch(usage, -1) {
		names = append(names, found[1])
	}
	return names
}
