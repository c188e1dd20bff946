package ptx

import (
	"fmt"
	"strings"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Unavailable gives the functions of a library that no kernel can call, with the reason:
// those that work in memory below abi.SharedBase, which each worker of the CPU has for
// itself and no GPU sees, or tell by an address how much of it is left; that call the
// host for more than a failure, or themselves; and those that call such functions.
func Unavailable(library *ir.Module) map[string]string {
	p := newPrivacy(library)
	list := map[string]string{}
	for _, f := range library.Functions {
		if f.Level != ir.KernLevel {
			continue
		}
		if why := p.why(f); why != "" {
			list[f.Name] = why
		}
	}
	return list
}

// privacy finds out why functions of a library cannot run on a GPU, each once.
type privacy struct {
	library Functions
	reasons map[*ir.Function]string
}

func newPrivacy(library Functions) *privacy {
	return &privacy{library, map[*ir.Function]string{}}
}

// Reasons.
const (
	worksInPrivate   = "it works in memory that is private to a worker of the CPU"
	underExamination = "it calls itself"
)

// why gives the reason, "" when there is none.
func (p *privacy) why(f *ir.Function) string {
	if why, known := p.reasons[f]; known {
		return why
	}
	p.reasons[f] = underExamination // what a call of f finds while f is looked at
	why := p.examine(f)
	p.reasons[f] = why
	return why
}

func (p *privacy) examine(f *ir.Function) (why string) {
	private := privateAddresses(f)
	f.Body.Walk(func(op *ir.Op) bool {
		if why != "" {
			return false
		}
		switch op.Code {
		case ir.OpLoad, ir.OpVectorLoad, ir.OpStore, ir.OpVectorStore, ir.OpMemoryCopy, ir.OpMemoryFill:
			for _, v := range op.Operands {
				if v.Type.IsAddress() && private[v] {
					why = worksInPrivate
				}
			}
		case ir.OpCompare:
			if private[op.Operands[0]] && ofAddress(op.Operands[1]) || private[op.Operands[1]] && ofAddress(op.Operands[0]) {
				why = worksInPrivate
			}
		case ir.OpCall:
			why = p.examineCall(f, op, private)
		default: // touches no memory
		}
		return true
	})
	return why
}

// ofAddress reports whether a value is an address, widened or with something added.
func ofAddress(v *ir.Value) bool {
	for depth := 0; depth < 8; depth++ {
		switch {
		case v.Type.Kind == ir.Address:
			return true
		case v.Op == nil:
			return false
		case v.Op.Code == ir.OpExtendU || v.Op.Code == ir.OpIntegerAdd:
			v = v.Op.Operands[0]
		default:
			return false
		}
	}
	return false
}

func (p *privacy) examineCall(f *ir.Function, op *ir.Op, private map[*ir.Value]bool) string {
	symbol := string(ir.AttributeAs[ir.Symbol](op, "function"))
	switch symbol {
	case abi.HostModule + "." + abi.TickImport, abi.HostModule + "." + abi.FailImport:
		return ""
	}
	for _, v := range op.Operands {
		if v.Type.IsAddress() && private[v] {
			return worksInPrivate
		}
	}
	callee := p.library.Function(strings.TrimPrefix(symbol, abi.LibraryModule+"."))
	if callee == nil {
		return fmt.Sprintf("it calls %s", symbol)
	}
	why := p.why(callee)
	switch {
	case why == "" || strings.HasPrefix(why, "it calls "):
		return why
	case callee == f:
		return underExamination
	default:
		return fmt.Sprintf("it calls %s, which works in memory that is private to a worker of the CPU", callee.Name)
	}
}

// privateAddresses finds the values of a function that are made of the constant address
// of private memory. Constants below abi.NullLimit are distances, not addresses.
func privateAddresses(f *ir.Function) map[*ir.Value]bool {
	private := map[*ir.Value]bool{}
	for {
		before := len(private)
		f.Body.Walk(func(op *ir.Op) bool {
			made := false
			switch op.Code {
			case ir.OpConst:
				d := ir.AttributeAs[ir.Datum](op, "value")
				kind := op.Results[0].Type.Kind
				made = (kind == ir.Address || kind == ir.I32 || kind == ir.I64) && d.Low >= abi.NullLimit && d.Low < abi.SharedBase
			case ir.OpWrap, ir.OpVariable, ir.OpGet:
				made = private[op.Operands[0]]
			case ir.OpIntegerAdd, ir.OpIntegerSub:
				made = op.Results[0].Type.Kind == ir.Address && (private[op.Operands[0]] || private[op.Operands[1]])
			case ir.OpSelect:
				made = private[op.Operands[1]] || private[op.Operands[2]]
			case ir.OpSet:
				if private[op.Operands[1]] {
					private[op.Operands[0]] = true // the variable
				}
			default: // makes no address of one
			}
			if made {
				private[op.Results[0]] = true
			}
			return true
		})
		if len(private) == before {
			return private
		}
	}
}
