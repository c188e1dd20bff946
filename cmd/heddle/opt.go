package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/pass"
)

const optUsage = `heddle opt --pass NAME[,NAME]... [FILE | -]`

func (a *app) optCommand() *cobra.Command {
	var names []string
	var list bool
	cmd := &cobra.Command{
		Use: "opt [FILE | -]", Short: "Run compiler passes on CIR text",
		Long: `Reads a module in the text form of CIR, runs the named passes once each in the given
order, and prints the module. Without --pass it is only checked and printed. The
module is verified before the first and after each pass.`,
		Example: `heddle opt --list
heddle opt --pass=fold,pushdown q.cir
heddle inspect q.heddle --cir | heddle opt --pass=pipelines -`,
		Args: arguments(0, 1, optUsage),
		RunE: func(_ *cobra.Command, arguments []string) error {
			if list {
				return a.listPasses()
			}
			src, err := a.readSource("", false, arguments, optUsage)
			if err != nil {
				return err
			}
			if src.bundle != nil {
				src.file = diag.NewFile(src.bundle.Manifest.Name, src.bundle.Flow)
			}
			return a.opt(names, src.file)
		},
		ValidArgsFunction: completeFiles("cir"),
	}
	cmd.Flags().StringSliceVar(&names, "pass", nil, "`NAME` of a pass, or several with commas between")
	cmd.Flags().BoolVar(&list, "list", false, "list the passes in the order in which the compiler runs them")
	err := cmd.RegisterFlagCompletionFunc("pass", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var all []string
		for _, p := range passes.All() {
			all = append(all, p.Name+"\t"+p.Doc)
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return cmd
}

func (a *app) opt(names []string, file *diag.File) error {
	module, list := ir.Parse(file)
	if err := list.Err(); err != nil {
		return err
	}
	if verified := ir.VerifyIn(module, file); verified.HasErrors() {
		return verified.Err()
	}
	if len(names) > 0 {
		context := pass.NewContext()
		context.File, context.Library = file, library.Digest(false)
		if _, err := passes.Run(context, module, passes.Options{Verify: true, Only: names}); err != nil {
			return err
		}
	}
	return module.Print(a.stdout)
}

func (a *app) listPasses() error {
	all := passes.All()
	width := 0
	for _, p := range all {
		width = max(width, len(p.Name))
	}
	for _, p := range all {
		remark := ""
		if p.Required {
			remark = " (required)"
		}
		if _, err := fmt.Fprintf(a.stdout, "%-*s  %-4s  %s%s\n", width, p.Name, p.Level, p.Doc, remark); err != nil {
			return err
		}
	}
	return nil
}
