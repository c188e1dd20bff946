package lower

import (
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/estimate"
	"github.com/heddle-lang/heddle/passes/lower/distinct"
	"github.com/heddle-lang/heddle/passes/lower/kernels"
	"github.com/heddle-lang/heddle/passes/lower/pipelines"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Distinct makes all aggregates plain.
var Distinct = &pass.Pass{
	Name: "distinct", Doc: "rewrites aggregates over distinct values as plain ones", Level: ir.FlowLevel, Required: true,
	Run: func(_ *pass.Context, m *ir.Module) (bool, error) { return distinct.Expand(m), nil },
}

// Pipelines lowers the flow function to pipelines over states.
var Pipelines = &pass.Pass{
	Name: "pipelines", Doc: "lowers flow operators to pipelines over states", Level: ir.FlowLevel, Required: true,
	Run: func(_ *pass.Context, m *ir.Module) (bool, error) {
		var flow *ir.Function
		for _, f := range m.Functions {
			if f.Level == ir.FlowLevel {
				flow = f
			}
		}
		if flow == nil {
			return false, nil
		}
		return true, pipelines.Lower(m, estimate.New(m, flow).Rows)
	},
}

// Kernels lowers pipelines to kern functions.
var Kernels = &pass.Pass{
	Name: "kernels", Doc: "lowers pipelines to kern functions", Level: ir.PipeLevel, Required: true,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		kern, p, err := kernels.Lower(m, kernels.Options{File: ctx.File, Library: ctx.Library, Kernels: ctx.Kernels, Unavailable: ctx.Unavailable})
		if err != nil {
			return false, err
		}
		ctx.Program = p
		*m = *kern
		return true, nil
	},
}
