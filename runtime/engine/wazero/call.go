package wazero

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/engine/internal/hostcall"
)

type function struct {
	instance *instance
	module   api.Module
	name     string
	callee   api.Function // has one stack, so it serves one call at a time
	running  bool
	stack    []uint64 // parameters, then results
	params   []engine.ValueType
	results  []engine.ValueType
}

func (f *function) Call(args ...uint64) (uint64, error) {
	if len(args) != len(f.params) {
		return 0, fmt.Errorf("calling compiled code: %d arguments given, %d wanted", len(args), len(f.params))
	}
	if f.instance.closed {
		return 0, errClosed
	}
	callee, stack := f.callee, f.stack
	if f.running {
		// A host function below calls the same function again.
		callee, stack = f.module.ExportedFunction(f.name), make([]uint64, len(f.stack))
	} else {
		f.running = true
		defer func() { f.running = false }()
	}
	copy(stack, args)
	err := callee.CallWithStack(f.instance.context, stack)
	damage := f.instance.space.Damaged()
	if err != nil {
		if reason := f.instance.pending.Take(); reason != nil && damage == nil {
			return 0, reason
		}
	}
	switch {
	case damage != nil:
		return 0, damage
	case err != nil:
		kind, _ := trapKind(err)
		return 0, engine.Trap(kind, err.Error())
	case len(f.results) == 0:
		return 0, nil
	}
	hostcall.Normalise(stack[:1], f.results)
	return stack[0], nil
}

// trapKind recognises wazero's errors by their text: its values are internal.
// is is false for what no trap says.
func trapKind(err error) (kind engine.TrapKind, is bool) {
	text, _, _ := strings.Cut(err.Error(), "\n")
	switch strings.TrimPrefix(text, "wasm error: ") {
	case "stack overflow":
		return engine.TrapStack, true
	case "out of bounds memory access":
		return engine.TrapMemory, true
	case "invalid table access", "indirect call type mismatch", "null reference":
		return engine.TrapIndirect, true
	case "integer overflow":
		return engine.TrapOverflow, true
	case "integer divide by zero":
		return engine.TrapDivision, true
	case "invalid conversion to integer":
		return engine.TrapConversion, true
	case "unreachable":
		return engine.TrapUnreachable, true
	default:
		return engine.TrapOther, false
	}
}

// errHost unwinds the guest after a host function failed; why waits in
// instance.pending.
var errHost = errors.New("host")

// hostFunction is the number of a host function within its instance.
type hostFunction int

// Call implements api.GoFunction.
func (h hostFunction) Call(ctx context.Context, stack []uint64) {
	in, ok := ctx.Value(instanceKey{}).(*instance)
	if !ok {
		panic("BUG: a host function was called without its instance")
	}
	host := &in.host[h]
	result, ok := in.pending.Run(in, host, stack[:len(host.Params)])
	if !ok {
		panic(errHost) // wazero's way to end a call
	}
	if len(host.Results) > 0 {
		stack[0] = result
	}
}
