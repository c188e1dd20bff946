package place

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

// Backend is what code is made for.
type Backend string

// The backends.
const (
	Wasm Backend = "wasm" // workers on the CPU
	PTX  Backend = "ptx"  // kernels on a GPU
)

// Capability is something that a pipeline may need, and which backends have it.
type Capability struct {
	Name     string
	Title    string // what lacks it, for people: "records are sorted on the CPU only"
	Backends []Backend
	// needs tells from a program's description whether a pipeline needs it; nil where only
	// the lowering of kernels can tell, and does so in program.Pipeline.NoKernel.
	needs func(p *program.Program, i int) bool
}

// Has reports whether a backend has the capability.
func (c *Capability) Has(b Backend) bool { return slices.Contains(c.Backends, b) }

// Capabilities is the table of what pipelines may need.
var Capabilities = []Capability{
	{"scan", "tables are not read", []Backend{Wasm, PTX}, func(p *program.Program, i int) bool { return p.Pipelines[i].Source == program.TableSource }},
	{"records", "records of states are not read", []Backend{Wasm, PTX}, func(p *program.Program, i int) bool { return p.Pipelines[i].Source == program.StateSource }},
	{"values", "rows that stand in the query are read by the CPU only", []Backend{Wasm}, func(p *program.Program, i int) bool { return p.Pipelines[i].Source == program.ValuesSource }},
	{"probe", "hash tables are not probed", []Backend{Wasm, PTX}, func(p *program.Program, i int) bool { return len(p.Pipelines[i].Probes) > 0 }},
	{"buffer", "rows are not collected", []Backend{Wasm, PTX}, fills(ir.BufferState)},
	{"build", "hash tables are not built", []Backend{Wasm, PTX}, fills(ir.HashTableState)},
	{"aggregate", "rows are not aggregated", []Backend{Wasm, PTX}, fills(ir.AggregateState)},
	{"sort", "records are sorted on the CPU only", []Backend{Wasm}, fills(ir.SortState)},
	{"text", "text that is made for a row is made by the CPU only", []Backend{Wasm}, nil},
	{"ordered-sums", "sums of floats into groups that are found by hashing would have no fixed order on a GPU", []Backend{Wasm}, nil},
	{"wide-minimum", "minima and maxima of 128-bit values are found by the CPU only", []Backend{Wasm}, nil},
}

func fills(kind ir.StateKind) func(p *program.Program, i int) bool {
	return func(p *program.Program, i int) bool { return p.States[p.Pipelines[i].Into].Kind == kind }
}

// Needs lists what a pipeline needs as far as the program's description tells.
func Needs(p *program.Program, i int) []*Capability {
	var needed []*Capability
	for c := range Capabilities {
		if need := Capabilities[c].needs; need != nil && need(p, i) {
			needed = append(needed, &Capabilities[c])
		}
	}
	return needed
}

// workersOnly are the ops of the kern level that only workers have: each thread of a GPU
// has one value, so vectors are for CPUs, and the library's globals are of one worker.
var workersOnly = []string{
	"splat", "vload", "vstore", "vadd", "vsub", "vmul", "vand", "vor", "vxor", "vnot", "vcmp", "vswizzle", "vnarrow",
	"vextend_low", "vextend_high", "vbitmask", "vany_true", "vextract", "global_get", "global_set",
}

// Offers reports whether a backend has code for an op, by its name. That is a table of
// what backends say of themselves, for people and for plans; each backend checks the code
// that it gets.
func Offers(b Backend, op string) bool {
	code, known := ir.OpcodeByName(op)
	if !known {
		return false
	}
	info := &ir.OpTable()[code]
	switch {
	case info.Level != ir.KernLevel && code != ir.OpConst:
		return false
	case b == PTX:
		return !slices.Contains(workersOnly, op)
	default:
		return b == Wasm && !info.Has(ir.OnDevice)
	}
}

// missing tells for each pipeline what keeps it from the GPU, "" where nothing does.
func missing(p *program.Program, gpu bool) []string {
	all := make([]string, len(p.Pipelines))
	for i := range p.Pipelines {
		all[i] = lacks(p, i)
		if all[i] == "" && !gpu {
			all[i] = "there is no GPU"
		}
	}
	return all
}

// lacks says why a pipeline has no kernel.
func lacks(p *program.Program, i int) string {
	pipeline := &p.Pipelines[i]
	if pipeline.Kernel != nil {
		return ""
	}
	if pipeline.NoKernel != "" {
		return pipeline.NoKernel
	}
	for _, c := range Needs(p, i) {
		if !c.Has(PTX) {
			return c.Title
		}
	}
	return "the program was compiled without code for it"
}
