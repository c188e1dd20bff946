package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/exec"
)

// The exit codes; see doc.go.
const (
	exitOK          = 0
	exitUser        = 1
	exitUsage       = 2
	exitFailed      = 4
	exitInterrupted = 130
)

// app is what all commands share.
type app struct {
	system                *system.System
	stdin, stdout, stderr *os.File

	root        *cobra.Command
	color       string // auto, always or never
	errorFormat string // text or json
}

// execute runs a command line.
func (a *app) execute(ctx context.Context, arguments []string) error {
	a.root = a.newRoot()
	a.root.SetArgs(arguments)
	if err := a.unknownCommand(arguments); err != nil {
		return err
	}
	return a.root.ExecuteContext(ctx)
}

// newRoot makes the tree of commands. It must stay cheap: every start pays for it.
func (a *app) newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "heddle",
		Short: "Heddle compiles SQL to WebAssembly and runs it over files",
		Example: `heddle gen tpch --sf 0.1 --out data
heddle run -c "SELECT count(*) FROM lineitem" --data data
heddle explain q1.sql --data data --analyze`,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asked, _ := cmd.Flags().GetBool("version"); asked {
				_, err := fmt.Fprintf(a.stdout, "heddle %s\n", version)
				return err
			}
			return cmd.Help()
		},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	cobra.EnableCommandSorting = false // what is used first stands first
	root.Flags().BoolP("version", "V", false, "print the version")
	root.PersistentFlags().BoolP("help", "h", false, "show help; --help shows more than -h")
	root.PersistentFlags().StringVar(&a.color, "color", "auto", "colours `WHEN`: auto, always or never")
	root.PersistentFlags().StringVar(&a.errorFormat, "error-format", "text", "`FORMAT` of diagnostics: text or json")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		return errors.Join(
			oneOf("color", a.color, "auto", "always", "never"),
			oneOf("error-format", a.errorFormat, "text", "json"),
		)
	}
	complete(root, "color", "auto", "always", "never")
	complete(root, "error-format", "text", "json")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(a.help)
	root.AddCommand(
		a.runCommand(), a.explainCommand(), a.checkCommand(), a.genCommand(), a.loadCommand(),
		a.buildCommand(), a.inspectCommand(), a.optCommand(), a.benchCommand(), a.calibrateCommand(),
		a.completionCommand(), a.manCommand(), a.versionCommand(),
	)
	root.SetHelpCommand(a.helpCommand())
	root.InitDefaultHelpCmd()
	return root
}

// unknownCommand finds a first word that is no command, before its flags are taken
// for those of the root.
func (a *app) unknownCommand(arguments []string) error {
	found, rest, err := a.root.Find(arguments)
	if err != nil || found != a.root {
		return nil // what is wrong comes out when it is executed
	}
	word := ""
	for i := 0; i < len(rest) && word == ""; i++ {
		switch {
		case rest[i] == "--color" || rest[i] == "--error-format":
			i++
		case !strings.HasPrefix(rest[i], "-"):
			word = rest[i]
		}
	}
	if word == "" || strings.HasPrefix(word, "__complete") {
		return nil
	}
	d := diag.New(codeCommand, "unknown command %q", word)
	var names []string
	for _, command := range a.root.Commands() {
		names = append(names, command.Name())
	}
	if near, ok := diag.Suggest(word, names); ok {
		return d.Helpf("did you mean %q?", near)
	}
	if _, err := a.system.Files.Stat(word); err == nil {
		return d.Helpf("to run the file, write: heddle run %s", word)
	}
	return d.Helpf("\"heddle help\" lists the commands")
}

// flagError turns what the flag parser complains about into a diagnostic.
func flagError(cmd *cobra.Command, err error) error {
	var unknown interface {
		error
		GetSpecifiedName() string
		GetSpecifiedShortnames() string
	}
	message := err.Error()
	if !errors.As(err, &unknown) || !strings.HasPrefix(message, "unknown") {
		return diag.New(codeFlagValue, "%s", message).Helpf("%q lists the flags", "heddle help "+cmd.Name())
	}
	shown := "--" + unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		shown = "-" + unknown.GetSpecifiedName()
	}
	d := diag.New(codeFlag, "unknown flag %q", shown)
	if cmd.HasParent() {
		d.Message += fmt.Sprintf(" of %q", cmd.CommandPath())
	}
	if near, ok := diag.Suggest(unknown.GetSpecifiedName(), flagNames(cmd)); ok && len(shown) > 2 {
		return d.Helpf("did you mean \"--%s\"?", near)
	}
	return d.Helpf("%q lists the flags", "heddle help"+strings.TrimPrefix(cmd.CommandPath(), "heddle"))
}

// finish reports an error and gives the exit code.
func (a *app) finish(ctx context.Context, err error) int {
	switch {
	case err == nil, isBrokenPipe(err):
		return exitOK
	case errors.Is(err, errReported):
		return exitUser
	}
	list, ok := diag.FromError(err)
	switch {
	case ctx.Err() != nil: // whatever else is said is a consequence
		list = diag.List{diag.New(exec.CodeCancelled, "interrupted")}
	case !ok:
		list = diag.List{diag.New(codeFailed, "%v", err)}
	}
	a.report(list)
	return exitCode(list)
}

// exitCode is that of the first error.
func exitCode(list diag.List) int {
	for _, d := range list {
		if d.Severity != diag.Error {
			continue
		}
		switch code := string(d.Code); {
		case d.Code == exec.CodeCancelled:
			return exitInterrupted
		case strings.HasPrefix(code, "E091"):
			return exitUsage
		case strings.HasPrefix(code, "E06"), code == "E0514", code == "E0900", code == string(codeFailed):
			return exitFailed
		default:
			return exitUser
		}
	}
	return exitUser
}

// errReported ends a command whose diagnostics have been shown.
var errReported = errors.New("reported")

// report shows diagnostics on stderr.
func (a *app) report(list diag.List) {
	if len(list) == 0 {
		return
	}
	var b bytes.Buffer
	if a.errorFormat == "json" {
		_ = diag.RenderJSON(&b, list) // a buffer takes everything
	} else {
		width, _, ok := a.system.Environment.TerminalSize(a.stderr.Fd())
		if !ok {
			width = 100
		}
		_ = diag.Render(&b, list, diag.Options{Color: a.colored(a.stderr), Width: min(width, 140)})
	}
	_, _ = a.stderr.Write(b.Bytes()) // there is nowhere left to complain
}

// note writes a line for people on stderr.
func (a *app) note(format string, arguments ...any) {
	fmt.Fprintf(a.stderr, format+"\n", arguments...)
}

// colored decides whether colours go to a stream. What the user says on the command
// line comes first, then NO_COLOR, then CLICOLOR_FORCE, then what the stream is.
func (a *app) colored(stream *os.File) bool {
	environment := a.system.Environment
	switch force := environment.Getenv("CLICOLOR_FORCE"); {
	case a.color == "always":
		return true
	case a.color == "never", environment.Getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return environment.Getenv("TERM") != "dumb" && environment.IsTerminal(stream.Fd())
}

// terminalWidth is that of stdout, 0 when it is no terminal.
func (a *app) terminalWidth() int {
	width, _, ok := a.system.Environment.TerminalSize(a.stdout.Fd())
	if !ok {
		return 0
	}
	return width
}
