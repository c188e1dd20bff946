package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
)

// build compiles the bundles of all workloads, and the kernels that belong to none. The tables must be there, for their
// layouts.
func build(ctx context.Context, o *options, progress io.Writer) error {
	target := ptx.DefaultTarget
	if o.architecture != "" {
		var err error
		if target, err = ptx.ParseTarget(o.architecture); err != nil {
			return err
		}
	}
	byScale := map[float64][]workload{}
	var scales []float64
	for _, w := range workloads(o.scale, o.sizes) {
		if byScale[w.scale] == nil {
			scales = append(scales, w.scale)
		}
		byScale[w.scale] = append(byScale[w.scale], w)
	}
	for _, scale := range scales {
		if err := buildScale(ctx, o, target, scale, byScale[scale]); err != nil {
			return err
		}
		fmt.Fprintf(progress, "gpubench: %d bundles for SF %g\n", len(byScale[scale]), scale)
	}
	return buildDense(ctx, o, target)
}

func buildScale(ctx context.Context, o *options, target ptx.Target, scale float64, all []workload) (err error) {
	workspace, err := local.Open(ctx, local.Options{Data: directory(o.data, scale), MemoryCacheOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	if err := os.MkdirAll(directory(o.bundles, scale), 0o777); err != nil {
		return err
	}
	for i := range all {
		w := &all[i]
		compiled, err := workspace.Prepare(ctx, diag.NewFile(w.name+".sql", w.sql), local.PrepareOptions{
			CompileOptions: local.CompileOptions{Kernels: true, KeepFlow: true},
		})
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		packed, err := workspace.BundleGPU(ctx, compiled[0], "gpubench", target)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		if packed.Manifest.GPU == nil {
			return fmt.Errorf("%s: no pipeline can run on a GPU", w.name)
		}
		path := w.path(o.bundles)
		err = system.WriteAtomic(system.Real().Files, path, packed.Write)
		if err != nil {
			return fmt.Errorf("write %s: %w", filepath.Base(path), err)
		}
	}
	return nil
}
