// Package hostcall is what both engines do around a host function: it takes
// the function and its arguments, and gives the result, while errors and panics
// wait aside for the engine to unwind the guest's frames.
package hostcall

import (
	"fmt"

	"github.com/heddle-lang/heddle/runtime/engine"
)

// Pending holds why a guest's call is being unwound. One per instance.
type Pending struct {
	// Ready says that the instance has its memory; before that, host functions
	// have nothing to work on.
	Ready bool

	err      error
	panicked any
}

// Run calls a host function. With ok false the engine must end the guest's
// call; Take then says why.
func (p *Pending) Run(instance engine.Instance, function *engine.HostFunc, args []uint64) (result uint64, ok bool) {
	// A panic must not cross frames of C or of generated code.
	defer func() {
		if !ok && p.err == nil {
			p.panicked = recover()
		}
	}()
	if !p.Ready {
		p.err = engine.Unlinked("the start function of the first module calls %q before there is a memory", function.Name)
		return 0, false
	}
	Normalise(args, function.Params)
	result, err := function.Func(instance, args)
	if err != nil {
		p.err = err
		return 0, false
	}
	return result, true
}

// Take returns the error of the host function that ended the call and forgets
// it; nil means that the call ended by itself. It panics where the host
// function did.
func (p *Pending) Take() error {
	if p.panicked != nil {
		value := p.panicked
		p.panicked, p.err = nil, nil
		panic(value)
	}
	err := p.err
	p.err = nil
	return err
}

// Normalise clears the high halves of 32-bit values, which engines leave
// undefined.
func Normalise(values []uint64, types []engine.ValueType) {
	for i, t := range types {
		if t == engine.I32 || t == engine.F32 {
			values[i] &= 0xFFFF_FFFF
		}
	}
}

// CheckHost panics if the description of host functions is not usable: that is
// a mistake in the program, not in its input.
func CheckHost(functions []engine.HostFunc) {
	for _, function := range functions {
		if len(function.Results) > 1 || function.Func == nil {
			panic(fmt.Sprintf("BUG: host function %q has no body or several results", function.Name))
		}
	}
}
