package local

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/bundle"
)

// Bundle packs a statement that was compiled with KeepFlow, for the CPU. compiler is the
// version of Heddle.
func Bundle(c *Compiled, compiler string) (*bundle.Bundle, error) {
	p := withoutKernels(c.Program)
	decoded, err := encode.Decode(c.Wasm)
	if err != nil {
		return nil, err
	}
	return &bundle.Bundle{
		Manifest: bundle.Manifest{
			Name: filepath.Base(c.File.Name), Compiler: compiler, Features: decoded.Features.Names(),
			Capabilities: bundle.Capabilities(p), Program: p, Device: string(c.Device),
		},
		Wasm: c.Wasm, Source: c.File.Text, Flow: c.Flow.String(),
	}, nil
}

// BundleGPU packs a statement that was compiled with KeepFlow and Kernels, for the CPU and
// for GPUs from the target on. It is an error when there is no LLVM, and none when no
// pipeline can run on a GPU: the bundle has no PTX then, and its program says why.
func (w *Workspace) BundleGPU(ctx context.Context, c *Compiled, compiler string, target ptx.Target) (*bundle.Bundle, error) {
	b, err := Bundle(c, compiler)
	if err != nil {
		return nil, err
	}
	b.Manifest.Program = c.Program
	if len(bundle.Kernels(c.Program)) == 0 {
		return b, nil
	}
	code, err := w.CompileKernels(ctx, c.Module, target)
	if err != nil {
		return nil, err
	}
	llvm, err := w.compiler(ctx)
	if err != nil {
		return nil, err
	}
	b.PTX = code.PTX
	if b.Manifest.GPU, err = bundle.DescribePTX(code.PTX, llvm.Version()); err != nil {
		return nil, diag.New(bundle.CodeManifest, "the code for GPUs cannot be bundled: %v", err)
	}
	return b, nil
}

// withoutKernels is a program for the CPU alone.
func withoutKernels(p *program.Program) *program.Program {
	plain := *p
	plain.Pipelines, plain.States = slices.Clone(p.Pipelines), slices.Clone(p.States)
	for i := range plain.Pipelines {
		plain.Pipelines[i].Kernel, plain.Pipelines[i].NoKernel = nil, ""
	}
	for i := range plain.States {
		plain.States[i].Link = ""
	}
	return &plain
}
