package interp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Machine runs functions of the kern level: those of a module, which may call a library
// and the host.
type Machine struct {
	// Linear is the memory of addresses of type addr, Global that of gaddr.
	Linear, Global Memory
	// Host has the functions that the host gives, by the name behind "heddle.". What
	// they return as an error ends the call.
	Host map[string]HostFunction
	// Budget is the global library.budget. Loops take nothing from it.
	Budget int32
	// Steps is how many ops a call or launch may run; 0 for 10 million.
	Steps int
	// Trapped is how many values the last call or launch could not compute because an op
	// trapped, whether they were needed or not.
	Trapped int

	module, library *ir.Module
	left            int // steps
}

// HostFunction is a function of the host. It may read and change the machine's memory.
type HostFunction func(m *Machine, arguments []Bits) ([]Bits, error)

// ErrSteps says that a function ran more ops than it may.
var ErrSteps = errors.New("the function does not end, or takes more steps than it may")

// Fault says that an op did what it must not: its effects are not defined, or it traps.
type Fault struct {
	Function      string
	Op            string // as the text form has it
	Block, Thread int    // of a kernel, else -1
	Reason        error
}

func (f *Fault) Error() string {
	where := ""
	if f.Thread >= 0 {
		where = fmt.Sprintf(" (block %d, thread %d)", f.Block, f.Thread)
	}
	return fmt.Sprintf("@%s%s: %s: %v", f.Function, where, f.Op, f.Reason)
}

func (f *Fault) Unwrap() error { return f.Reason }

// NewMachine makes a machine without memory. Both modules must verify; the library may
// be nil.
func NewMachine(module, library *ir.Module) *Machine {
	if library == nil {
		library = &ir.Module{}
	}
	return &Machine{module: module, library: library, Host: map[string]HostFunction{}}
}

// Call runs a function of the CPU. The error is a *Fault, ErrSteps, or what a function of
// the host returned.
func (m *Machine) Call(function string, arguments ...Bits) ([]Bits, error) {
	f := m.module.Function(function)
	if f == nil || f.Level != ir.KernLevel || f.Threads > 0 || len(f.Body.Arguments) != len(arguments) {
		return nil, fmt.Errorf("there is no function %q of the CPU that takes %d arguments", function, len(arguments))
	}
	m.begin()
	results, err := m.call(nil, m.module, f, arguments, 0)
	if host := (hostError{}); errors.As(err, &host) {
		return nil, host.error
	}
	return results, err
}

func (m *Machine) begin() {
	m.Trapped = 0
	if m.left = m.Steps; m.left == 0 {
		m.left = 10_000_000
	}
}

// value is what a value of the IR holds: bits, or why there are none. The latter is an
// error for whoever needs the bits: a pure op that traps may be left out when nobody
// does.
type value struct {
	bits    Bits
	missing error
}

// frame is a call of a function that runs.
type frame struct {
	machine  *Machine
	module   *ir.Module // which has the function
	function *ir.Function
	thread   *thread              // nil on the CPU
	values   map[*ir.Value]*value // variables are the cells that set changes
	results  []Bits
	depth    int
}

const maxCalls = 1000

func (m *Machine) call(t *thread, module *ir.Module, f *ir.Function, arguments []Bits, depth int) ([]Bits, error) {
	if depth > maxCalls {
		return nil, fmt.Errorf("more than %d calls of @%s and others inside each other", maxCalls, f.Name)
	}
	r := &frame{machine: m, module: module, function: f, thread: t, values: map[*ir.Value]*value{}, depth: depth}
	for i, argument := range f.Body.Arguments {
		r.values[argument] = &value{bits: arguments[i]}
	}
	if _, err := r.run(f.Body); err != nil {
		return nil, err
	}
	if len(r.results) != len(f.Results) {
		return nil, fmt.Errorf("@%s ends without its results", f.Name)
	}
	return r.results, nil
}

// Marks of how a run of ops ends: at the end of its block, or at ret. Any other value is
// the label that br names.
var (
	atEnd    *ir.Value
	returned = &ir.Value{Name: "ret"}
)

// errTrap ends a thread of a kernel, or the part of its work in the innermost block that
// recovers.
var errTrap = errors.New("control came to a trap")

func (r *frame) run(b *ir.Block) (*ir.Value, error) {
	for _, op := range b.Ops {
		if r.machine.left--; r.machine.left < 0 {
			return nil, ErrSteps
		}
		target, err := r.step(op)
		if err != nil {
			return nil, r.explain(op, err)
		}
		if target != atEnd {
			return target, nil
		}
	}
	return atEnd, nil
}

// explain adds to an error which op it comes from, unless it is known or has another
// meaning.
func (r *frame) explain(op *ir.Op, err error) error {
	var fault *Fault
	var host hostError
	if errors.Is(err, ErrSteps) || errors.Is(err, errStopped) || errors.As(err, &fault) || errors.As(err, &host) || r.thread != nil && errors.Is(err, errTrap) {
		return err
	}
	fault = &Fault{Function: r.function.Name, Op: strings.TrimSpace(op.String()), Block: -1, Thread: -1, Reason: err}
	if r.thread != nil {
		fault.Block, fault.Thread = r.thread.block.index, r.thread.index
	}
	return fault
}

// hostError is an error of the host's, which is none of the op that called it.
type hostError struct{ error }

func (h hostError) Unwrap() error { return h.error }

// held gives what a value or variable holds now.
func (r *frame) held(v *ir.Value) value {
	if held := r.values[v]; held != nil {
		return *held
	}
	return value{missing: errors.New("an operand is no value")}
}

// need gives the bits of a value for an effect.
func (r *frame) need(v *ir.Value) (Bits, error) {
	held := r.held(v)
	return held.bits, held.missing
}

func (r *frame) needAll(values []*ir.Value) ([]Bits, error) {
	list := make([]Bits, len(values))
	for i, v := range values {
		var err error
		if list[i], err = r.need(v); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *frame) define(op *ir.Op, v value) { r.values[op.Results[0]] = &v }

// step runs one op with its regions, and says where control goes.
func (r *frame) step(op *ir.Op) (*ir.Value, error) {
	switch op.Code {
	case ir.OpVariable, ir.OpGet:
		r.define(op, r.held(op.Operands[0]))
		return atEnd, nil
	case ir.OpSet:
		bits, err := r.need(op.Operands[1])
		*r.values[op.Operands[0]] = value{bits: bits}
		return atEnd, err
	case ir.OpBlock:
		return r.block(op)
	case ir.OpLoop:
		for {
			target, err := r.run(op.Regions[0])
			if err != nil || target != op.Regions[0].Arguments[0] {
				return target, err
			}
			if r.machine.left--; r.machine.left < 0 {
				return nil, ErrSteps
			}
		}
	case ir.OpWhen:
		condition, err := r.need(op.Operands[0])
		if err != nil && idle(op.Regions[0]) && idle(op.Regions[1]) {
			return atEnd, nil // nobody needs to know
		}
		if err != nil {
			return nil, err
		}
		if condition.Low != 0 {
			return r.run(op.Regions[0])
		}
		return r.run(op.Regions[1])
	case ir.OpBranch:
		return op.Operands[0], nil
	case ir.OpBranchIf:
		condition, err := r.need(op.Operands[1])
		if err != nil || condition.Low == 0 {
			return atEnd, err
		}
		return op.Operands[0], nil
	case ir.OpKernReturn:
		var err error
		r.results, err = r.needAll(op.Operands)
		return returned, err
	case ir.OpTrap:
		return nil, errTrap
	case ir.OpCall:
		return atEnd, r.callOp(op)
	default:
		if op.Info().Has(ir.OnDevice) {
			return atEnd, r.device(op)
		}
		if op.Info().Has(ir.Pure) {
			r.define(op, r.compute(op))
			return atEnd, nil
		}
		return atEnd, r.effect(op)
	}
}

// idle reports a region that does nothing but compute values, which only it can see.
func idle(b *ir.Block) bool {
	for _, op := range b.Ops {
		if !op.Info().Has(ir.Pure) && (op.Code != ir.OpWhen || !idle(op.Regions[0]) || !idle(op.Regions[1])) {
			return false
		}
	}
	return true
}

func (r *frame) block(op *ir.Op) (*ir.Value, error) {
	target, err := r.run(op.Regions[0])
	if errors.Is(err, errTrap) && r.thread != nil && ir.AttributeAs[bool](op, "recovers") {
		return atEnd, nil
	}
	if target == op.Regions[0].Arguments[0] {
		target = atEnd
	}
	return target, err
}

// compute evaluates a pure op. Of select only the chosen value needs to be there, unless
// computing the other traps.
func (r *frame) compute(op *ir.Op) value {
	operands := make([]Bits, len(op.Operands))
	var missing error
	for i, v := range op.Operands {
		held := r.held(v)
		operands[i] = held.bits
		chosen := op.Code != ir.OpSelect || i == 0 || (i == 1) == (operands[0].Low != 0)
		if held.missing != nil && (chosen || !errors.As(held.missing, new(errUndefined))) {
			missing = held.missing
		}
	}
	if missing != nil {
		return value{missing: missing}
	}
	bits, err := Compute(op, operands)
	if err != nil {
		r.machine.Trapped++
		err = r.explain(op, err)
	}
	return value{bits, err}
}

func (r *frame) callOp(op *ir.Op) error {
	arguments, err := r.needAll(op.Operands)
	if err != nil {
		return err
	}
	name := string(ir.AttributeAs[ir.Symbol](op, "function"))
	var results []Bits
	if host, ok := strings.CutPrefix(name, abi.HostModule+"."); ok {
		results, err = r.host(host, arguments)
	} else {
		module := r.module
		if inLibrary, ok := strings.CutPrefix(name, abi.LibraryModule+"."); ok {
			module, name = r.machine.library, inLibrary
		}
		callee := module.Function(name)
		if callee == nil || callee.Level != ir.KernLevel || callee.Threads > 0 || len(callee.Body.Arguments) != len(arguments) {
			return fmt.Errorf("there is no function %q that takes %d arguments", name, len(arguments))
		}
		results, err = r.machine.call(r.thread, module, callee, arguments, r.depth+1)
	}
	if err != nil {
		return err
	}
	if len(results) != len(op.Results) {
		return fmt.Errorf("%q gives %d results", name, len(results))
	}
	for i, v := range op.Results {
		r.values[v] = &value{bits: results[i]}
	}
	return nil
}

func (r *frame) host(name string, arguments []Bits) ([]Bits, error) {
	if r.thread != nil {
		return nil, r.thread.host(name, arguments)
	}
	function := r.machine.Host[name]
	if function == nil {
		return nil, fmt.Errorf("the host has no function %q", name)
	}
	results, err := function(r.machine, arguments)
	if err != nil {
		return nil, hostError{err}
	}
	return results, nil
}
