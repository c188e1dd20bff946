package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

const checkUsage = `heddle check [FILE | -]... [--data DIR]`

func (a *app) checkCommand() *cobra.Command {
	var f workspaceFlags
	var format, command string
	cmd := &cobra.Command{
		Use: "check [FILE | -]...", Short: "Find all mistakes in SQL files without running them",
		Long: `Reads, binds and optimises each statement and shows the diagnostics of all of them.
With --format json they go to stdout as one array, for editors and scripts. The exit
code is 1 when there is an error.`,
		Example: `heddle check q1.sql --data data/sf1
heddle check queries/*.sql --data data/sf1 --format json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			hasCommand := cmd.Flags().Changed("command")
			sources := make([][]string, len(arguments))
			for i := range arguments {
				sources[i] = arguments[i : i+1]
			}
			if hasCommand || len(arguments) == 0 {
				sources = [][]string{arguments}
			}
			var files []*diag.File
			for _, one := range sources {
				src, err := a.readSource(command, hasCommand, one, checkUsage)
				if err != nil {
					return err
				}
				file, err := src.text("heddle check")
				if err != nil {
					return err
				}
				files = append(files, file)
			}
			return a.check(cmd.Context(), &f, format, files)
		},
		ValidArgsFunction: completeFiles("sql"),
	}
	cmd.Flags().StringVarP(&command, "command", "c", "", "check this `SQL`")
	f.addData(cmd)
	cmd.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT` of the diagnostics: text, on stderr, or json, on stdout")
	complete(cmd, "format", "text", "json")
	return cmd
}

func (a *app) check(ctx context.Context, f *workspaceFlags, format string, files []*diag.File) (err error) {
	options, err := f.options(a)
	if err != nil {
		return err
	}
	workspace, err := local.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	var list diag.List
	for _, file := range files {
		// The passes find what cannot be compiled yet, so they run too.
		compiled, err := workspace.Prepare(ctx, file, local.PrepareOptions{CompileOptions: local.CompileOptions{Stop: ir.KernLevel}})
		if err != nil {
			found, ok := diag.FromError(err)
			if !ok {
				return err
			}
			list = append(list, found...)
		}
		for _, statement := range compiled {
			list = append(list, statement.Warnings...)
		}
	}
	if format == "json" {
		if err := diag.RenderJSON(a.stdout, list); err != nil {
			return err
		}
	} else {
		a.report(list)
	}
	if list.HasErrors() {
		return errReported
	}
	return nil
}
