package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/bundle"
	"github.com/heddle-lang/heddle/runtime/store"
)

const buildUsage = `heddle build [FILE | - | -c SQL] [--data DIR] -o FILE.heddle`

func (a *app) buildCommand() *cobra.Command {
	var f workspaceFlags
	var command, output string
	cmd := &cobra.Command{
		Use: "build [FILE | -]", Short: "Compile SQL to a bundle",
		Long: `Compiles a program of one statement and writes a bundle: the WebAssembly, what it may
read, and the source, in sections with digests. "heddle run" executes it without
compiling SQL. A bundle fits the tables whose schemas it was built for.

With --engine wazero the code runs on every engine; otherwise it may use what
wasmtime has beyond that.`,
		Example: `heddle build q1.sql --data data/sf1 -o q1.heddle
heddle run q1.heddle --data data/sf1`,
		Args: arguments(0, 1, buildUsage),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			src, err := a.readSource(command, cmd.Flags().Changed("command"), arguments, buildUsage)
			if err != nil {
				return err
			}
			file, err := src.text("heddle build")
			if err != nil {
				return err
			}
			if output == "" && len(arguments) == 1 && arguments[0] != "-" {
				output = strings.TrimSuffix(arguments[0], filepath.Ext(arguments[0])) + bundle.Extension
			}
			if output == "" {
				return diag.New(codeArguments, "the program has no file name to name the bundle after").Helpf("say where it goes: -o q.heddle")
			}
			return a.build(cmd.Context(), &f, file, output)
		},
		ValidArgsFunction: completeFiles("sql"),
	}
	cmd.Flags().StringVarP(&command, "command", "c", "", "compile this `SQL`")
	f.addData(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the bundle to `FILE` (default: the program's name with .heddle)")
	cmd.Flags().StringVar(&f.engine, "engine", "", "`ENGINE` that will run it: wasmtime or wazero")
	complete(cmd, "engine", "wasmtime", "wazero")
	return cmd
}

func (a *app) build(ctx context.Context, f *workspaceFlags, file *diag.File, output string) (err error) {
	options, err := f.options(a)
	if err != nil {
		return err
	}
	workspace, err := local.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	compiled, err := one(ctx, workspace, file, local.CompileOptions{KeepFlow: true, Portable: f.engine == "wazero"})
	if err != nil {
		return err
	}
	a.report(compiled.Warnings)
	if compiled.Explain {
		return diag.New(codeSource, "EXPLAIN cannot be built into a bundle").Helpf("build the query itself")
	}
	packed, err := local.Bundle(compiled, version)
	if err != nil {
		return err
	}
	err = system.WriteAtomic(a.system.Files, output, func(w io.Writer) error { return packed.Write(w) })
	if err != nil {
		return diag.New(store.CodeCannotWrite, "cannot write %s: %v", output, err)
	}
	var size int64
	for _, section := range packed.Sections {
		size += section.Length
	}
	a.note("%s: %s of sections, %s of them WebAssembly, digest %.12s", output, sizeText(size), sizeText(int64(len(packed.Wasm))), packed.Digest)
	return nil
}
