package page

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

func tree() *cobra.Command {
	root := &cobra.Command{Use: "tool", Short: "Does things", Example: "tool do -n 1"}
	root.PersistentFlags().String("color", "auto", "colours `WHEN`")
	do := &cobra.Command{
		Use: "do [FILE]", Short: "Do one thing", Long: "Does it.\n.Carefully: a\\b", Example: "tool do x",
		Run: func(*cobra.Command, []string) {},
	}
	do.Flags().IntP("number", "n", 0, "how often `N`")
	root.AddCommand(do)
	return root
}

func TestHelp(t *testing.T) {
	root := tree()
	do := root.Commands()[0]
	for _, test := range []struct {
		name    string
		cmd     *cobra.Command
		options Options
		want    string
	}{
		{"root", root, Options{}, `Does things.

Examples
  tool do -n 1

Commands
  do          Do one thing

Flags of all commands
      --color WHEN   colours WHEN (default "auto")

"heddle help COMMAND" tells more, "heddle help E0213" explains an error.
`},
		{"command", do, Options{}, `Do one thing.

Does it.
.Carefully: a\b

Examples
  tool do x

Usage
  tool do [FILE] [flags]

Flags
  -n, --number N   how often N

Flags of all commands
      --color WHEN   colours WHEN (default "auto")
`},
		{"short", do, Options{Short: true, Color: true}, "Do one thing.\n\n\x1b[1mExamples\x1b[0m\n  tool do x\n\n" +
			"\x1b[1mUsage\x1b[0m\n  tool do [FILE] [flags]\n\n\x1b[1mFlags\x1b[0m\n  -n, --number N   how often N\n\n" +
			"\x1b[1mFlags of all commands\x1b[0m\n      --color WHEN   colours WHEN (default \"auto\")\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := Help(&b, test.cmd, test.options); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFlagNames(t *testing.T) {
	if diff := cmp.Diff([]string{"number", "color"}, FlagNames(tree().Commands()[0])); diff != "" {
		t.Error(diff)
	}
}

// TestManual looks at what roff would take for its own.
func TestManual(t *testing.T) {
	var b strings.Builder
	if err := Manual(&b, tree(), "v1"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".TH HEDDLE 1 \"\" \"heddle v1\"", `\&.Carefully: a\eb`, `\-n, \-\-number N`, ".SS tool do [FILE]", ".B 130"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the manual has no %q:\n%s", want, &b)
		}
	}
}
