package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/heddle/internal/page"
	"github.com/heddle-lang/heddle/internal/diag"
)

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print a script that makes the shell complete heddle's commands",
		Long: `Prints a script for bash, zsh, fish or powershell. The shell has to read it at its
start.`,
		Example: `heddle completion bash > /etc/bash_completion.d/heddle
heddle completion zsh > "${fpath[1]}/_heddle"
heddle completion fish > ~/.config/fish/completions/heddle.fish
heddle completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args:      arguments(1, 1, "heddle completion bash|zsh|fish|powershell"),
		RunE: func(_ *cobra.Command, arguments []string) error {
			if !slices.Contains(shells, arguments[0]) {
				return diag.New(codeArguments, "there is no completion for %q", arguments[0]).Helpf("shells are %s", alternatives(shells))
			}
			switch arguments[0] {
			case "bash":
				return a.root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return a.root.GenZshCompletion(a.stdout)
			case "fish":
				return a.root.GenFishCompletion(a.stdout, true)
			default:
				return a.root.GenPowerShellCompletionWithDesc(a.stdout)
			}
		},
	}
}

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "Print the manual page",
		Example: `heddle man | man -l -
heddle man > /usr/local/share/man/man1/heddle.1`,
		Args: arguments(0, 0, "heddle man"),
		RunE: func(*cobra.Command, []string) error { return page.Manual(a.stdout, a.root, version) },
	}
}

// completeFiles makes the shell offer files with these endings.
func completeFiles(endings ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return endings, cobra.ShellCompDirectiveFilterFileExt
	}
}
