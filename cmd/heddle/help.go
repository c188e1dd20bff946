package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/heddle/internal/page"
	"github.com/heddle-lang/heddle/internal/diag"
)

func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND | CODE | codes]", Short: "Help for a command, or what a diagnostic's code means",
		Example: `heddle help run
heddle help E0213
heddle help codes`,
		Args: arguments(0, 2, "heddle help [COMMAND | CODE | codes]"),
		RunE: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return a.showHelp(a.root, false)
			}
			if arguments[0] == "codes" {
				return a.listCodes()
			}
			if info, ok := diag.Lookup(diag.Code(arguments[0])); ok {
				return a.explainCode(info)
			}
			found, rest, err := a.root.Find(arguments)
			if err == nil && found != a.root && (len(rest) == 0 || found.Name() == "gen") {
				return a.showHelp(found, false)
			}
			return a.unknownTopic(arguments[0])
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var topics []string
			for _, command := range a.root.Commands() {
				topics = append(topics, command.Name()+"\t"+command.Short)
			}
			for _, info := range diag.All() {
				topics = append(topics, string(info.Code)+"\t"+info.Title)
			}
			return append(topics, "codes"), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// help is what cobra calls for -h and --help.
func (a *app) help(cmd *cobra.Command, _ []string) {
	short := slices.Contains(os.Args, "-h") && !slices.Contains(os.Args, "--help")
	// A reader that went away is no error, and there is none to tell otherwise.
	_ = a.showHelp(cmd, short)
}

func (a *app) showHelp(cmd *cobra.Command, short bool) error {
	return page.Help(a.stdout, cmd, page.Options{Color: a.colored(a.stdout), Width: a.terminalWidth(), Short: short})
}

func flagNames(cmd *cobra.Command) []string { return page.FlagNames(cmd) }

func (a *app) listCodes() error {
	for _, info := range diag.All() {
		if _, err := fmt.Fprintf(a.stdout, "%s  %s\n", info.Code, info.Title); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) explainCode(info diag.CodeInfo) error {
	title := fmt.Sprintf("%s: %s", info.Code, info.Title)
	if a.colored(a.stdout) {
		title = "\x1b[1m" + title + "\x1b[0m"
	}
	_, err := io.WriteString(a.stdout, title+"\n\n"+strings.Trim(info.Explanation, "\n")+"\n")
	return err
}

func (a *app) unknownTopic(topic string) error {
	var commands, codes []string
	for _, command := range a.root.Commands() {
		commands = append(commands, command.Name())
	}
	for _, info := range diag.All() {
		codes = append(codes, string(info.Code))
	}
	if strings.HasPrefix(strings.ToUpper(topic), "E") && strings.ContainsAny(topic, "0123456789") {
		d := diag.New(codeNoCode, "there is no diagnostic with the code %q", topic)
		if near, ok := diag.Suggest(strings.ToUpper(topic), codes); ok {
			return d.Helpf("did you mean %s?", near)
		}
		return d.Helpf("\"heddle help codes\" lists them")
	}
	d := diag.New(codeCommand, "there is no command %q to explain", topic)
	if near, ok := diag.Suggest(topic, commands); ok {
		return d.Helpf("did you mean %q?", near)
	}
	return d.Helpf("\"heddle help\" lists the commands")
}
