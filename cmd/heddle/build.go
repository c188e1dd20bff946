package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/bundle"
	"github.com/heddle-lang/heddle/runtime/store"
)

const buildUsage = `heddle build [FILE | - | -c SQL] [--data DIR] -o FILE.heddle`

type buildFlags struct {
	workspaceFlags
	output  string
	targets []string
	gpu     string
}

func (a *app) buildCommand() *cobra.Command {
	f := &buildFlags{}
	var command string
	cmd := &cobra.Command{
		Use: "build [FILE | -]", Short: "Compile SQL to a bundle",
		Long: `Compiles a program of one statement and writes a bundle: the WebAssembly, what it may
read, and the source, in sections with digests. "heddle run" executes it without
compiling SQL. A bundle fits the tables whose schemas it was built for.

With --engine wazero the code runs on every engine; otherwise it may use what
wasmtime has beyond that.

With --target wasm,ptx the bundle also has PTX for the pipelines that can run on an
NVIDIA GPU, of the kind that --gpu names and newer ones. That needs LLVM here, and
nothing but the GPU's driver where it runs; without a GPU the bundle runs on the CPU.

--device is kept in the bundle: where it runs unless "heddle run" says otherwise.`,
		Example: `heddle build q1.sql --data data/sf1 -o q1.heddle
heddle run q1.heddle --data data/sf1
heddle build q1.sql --data data/sf1 --target wasm,ptx --gpu h200 -o q1.heddle`,
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
			if f.output == "" && len(arguments) == 1 && arguments[0] != "-" {
				f.output = strings.TrimSuffix(arguments[0], filepath.Ext(arguments[0])) + bundle.Extension
			}
			if f.output == "" {
				return diag.New(codeArguments, "the program has no file name to name the bundle after").Helpf("say where it goes: -o q.heddle")
			}
			return a.build(cmd.Context(), f, file)
		},
		ValidArgsFunction: completeFiles("sql"),
	}
	cmd.Flags().StringVarP(&command, "command", "c", "", "compile this `SQL`")
	f.addData(cmd)
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "write the bundle to `FILE` (default: the program's name with .heddle)")
	cmd.Flags().StringVar(&f.engine, "engine", "", "`ENGINE` that will run it: wasmtime or wazero")
	complete(cmd, "engine", "wasmtime", "wazero")
	cmd.Flags().StringSliceVar(&f.targets, "target", []string{wasmTarget}, "`TARGETS`: wasm, or wasm,ptx for GPUs too")
	cmd.Flags().StringVar(&f.gpu, "gpu", "", "the oldest `GPU` to serve, such as sm_90, hopper or h200 (default "+ptx.DefaultTarget.String()+")")
	complete(cmd, "target", "wasm", "wasm,ptx")
	var gpus []string
	for _, a := range ptx.Architectures {
		gpus = append(append(gpus, fmt.Sprintf("sm_%d", a.Number)), a.Names...)
	}
	complete(cmd, "gpu", gpus...)
	cmd.Flags().StringVar(&f.device, "device", "", "`WHERE` the bundle asks to run: auto, cpu, gpu or emulator (default: what a hint in the SQL says)")
	complete(cmd, "device", deviceModes...)
	return cmd
}

// The names of targets.
const (
	wasmTarget = "wasm"
	ptxTarget  = "ptx"
)

// target says which GPUs the bundle is for; nil: none.
func (f *buildFlags) target() (*ptx.Target, error) {
	for _, name := range f.targets {
		if err := oneOf("target", name, wasmTarget, ptxTarget); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(f.targets, wasmTarget) {
		return nil, diag.New(codeFlagValue, "--target leaves out wasm, which every bundle has").Helpf("for GPUs too: --target wasm,ptx")
	}
	if !slices.Contains(f.targets, ptxTarget) {
		if f.gpu != "" {
			return nil, diag.New(codeFlagValue, "--gpu says which GPUs PTX is for, and none is built").Helpf("add --target wasm,ptx")
		}
		return nil, nil
	}
	target := ptx.DefaultTarget
	if f.gpu != "" {
		var err error
		if target, err = ptx.ParseTarget(f.gpu); err != nil {
			return nil, err
		}
	}
	return &target, nil
}

func (a *app) build(ctx context.Context, f *buildFlags, file *diag.File) (err error) {
	if (f.device == "gpu" || f.device == "emulator") && !slices.Contains(f.targets, ptxTarget) {
		return diag.New(codeFlagValue, "--device %s needs code for GPUs, and none is built", f.device).Helpf("add --target wasm,ptx")
	}
	target, err := f.target()
	if err != nil {
		return err
	}
	options, err := f.options(a)
	if err != nil {
		return err
	}
	workspace, err := local.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	compiled, err := one(ctx, workspace, file, local.CompileOptions{
		KeepFlow: true, Portable: f.engine == "wazero", Kernels: target != nil,
	})
	if err != nil {
		return err
	}
	a.report(compiled.Warnings)
	if compiled.Explain {
		return diag.New(codeSource, "EXPLAIN cannot be built into a bundle").Helpf("build the query itself")
	}
	var packed *bundle.Bundle
	if target == nil {
		packed, err = local.Bundle(compiled, version)
	} else {
		packed, err = workspace.BundleGPU(ctx, compiled, version, *target)
	}
	if err != nil {
		return err
	}
	if f.device != "" {
		packed.Manifest.Device = f.device
	}
	err = system.WriteAtomic(a.system.Files, f.output, func(w io.Writer) error { return packed.Write(w) })
	if err != nil {
		return diag.New(store.CodeCannotWrite, "cannot write %s: %v", f.output, err)
	}
	var size int64
	for _, section := range packed.Sections {
		size += section.Length
	}
	parts := sizeText(int64(len(packed.Wasm))) + " of them WebAssembly"
	if gpu := packed.Manifest.GPU; gpu != nil {
		parts += fmt.Sprintf(", %s PTX for sm_%d with %s", sizeText(int64(len(packed.PTX))), gpu.Architecture, countOf(len(gpu.Kernels), "kernel"))
	}
	a.note("%s: %s of sections, %s, digest %.12s", f.output, sizeText(size), parts, packed.Digest)
	if target != nil {
		for i := range packed.Manifest.Program.Pipelines {
			if p := &packed.Manifest.Program.Pipelines[i]; p.Kernel == nil {
				a.note("not for GPUs: %s: %s", p.Title, p.NoKernel)
			}
		}
	}
	return nil
}
