//go:build cgo

package wasmtime

/*
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// The part of wasmtime 44's C interface that is used here, as its headers
// declare it. The library itself comes with wasmtime-go, whose headers cgo
// cannot include from another module.
typedef struct wasmtime_context wasmtime_context_t;
typedef struct wasmtime_caller wasmtime_caller_t;
typedef struct wasmtime_error wasmtime_error_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasm_valtype_t wasm_valtype_t;
typedef struct wasm_functype_t wasm_functype_t;
typedef struct { uint64_t store_id; void *private_; } wasmtime_func_t;
typedef union { uint64_t bits; uint8_t v128[16]; } wasmtime_val_raw_t;
typedef struct { size_t size; wasm_valtype_t **data; } wasm_valtype_vec_t;
typedef struct { size_t size; char *data; } wasm_byte_vec_t;
typedef wasm_trap_t *(*wasmtime_func_unchecked_callback_t)(void *, wasmtime_caller_t *, wasmtime_val_raw_t *, size_t);

extern wasmtime_error_t *wasmtime_func_call_unchecked(wasmtime_context_t *, const wasmtime_func_t *, wasmtime_val_raw_t *, size_t, wasm_trap_t **);
extern void wasmtime_func_new_unchecked(wasmtime_context_t *, const wasm_functype_t *, wasmtime_func_unchecked_callback_t, void *, void (*)(void *), wasmtime_func_t *);
extern wasm_trap_t *wasmtime_trap_new(const char *, size_t);
extern bool wasmtime_trap_code(const wasm_trap_t *, uint8_t *);
extern void wasm_trap_message(const wasm_trap_t *, wasm_byte_vec_t *);
extern void wasm_trap_delete(wasm_trap_t *);
extern void wasmtime_error_message(const wasmtime_error_t *, wasm_byte_vec_t *);
extern void wasmtime_error_delete(wasmtime_error_t *);
extern void wasm_byte_vec_delete(wasm_byte_vec_t *);
extern void wasm_valtype_vec_new_uninitialized(wasm_valtype_vec_t *, size_t);
extern wasm_valtype_t *wasm_valtype_new(uint8_t);
extern wasm_functype_t *wasm_functype_new(wasm_valtype_vec_t *, wasm_valtype_vec_t *);
extern void wasm_functype_delete(wasm_functype_t *);

extern int heddleHostCall(uintptr_t environment, wasmtime_val_raw_t *values);

// A call's frame lives in C memory: Go need not pin it and nothing is
// allocated per call.
typedef struct {
	wasmtime_context_t *context;
	wasmtime_func_t function;
	size_t length; // max(parameters, results, 1)
	wasm_trap_t *trap;
	wasmtime_error_t *error;
	wasmtime_val_raw_t values[];
} heddle_frame;

static heddle_frame *heddle_frame_new(void *context, void *function, size_t length) {
	heddle_frame *frame = calloc(1, sizeof *frame + length * sizeof(wasmtime_val_raw_t));
	if (frame == NULL) return NULL;
	frame->context = context;
	memcpy(&frame->function, function, sizeof frame->function);
	frame->length = length;
	return frame;
}

// Zero if the call returned.
static int heddle_call(heddle_frame *frame) {
	frame->trap = NULL;
	frame->error = wasmtime_func_call_unchecked(frame->context, &frame->function, frame->values, frame->length, &frame->trap);
	return frame->error != NULL || frame->trap != NULL;
}

static uint64_t *heddle_values(heddle_frame *frame) { return &frame->values[0].bits; }

// Frees what the failed call left and gives its code (-1: none) and text, to
// be freed with wasm_byte_vec_delete.
static int heddle_failure(heddle_frame *frame, wasm_byte_vec_t *text) {
	int result = -1;
	if (frame->trap != NULL) {
		uint8_t code;
		if (wasmtime_trap_code(frame->trap, &code)) result = code;
		wasm_trap_message(frame->trap, text);
		wasm_trap_delete(frame->trap);
	} else {
		wasmtime_error_message(frame->error, text);
	}
	if (frame->error != NULL) wasmtime_error_delete(frame->error);
	frame->trap = NULL;
	frame->error = NULL;
	return result;
}

static wasm_trap_t *heddle_host(void *environment, wasmtime_caller_t *caller, wasmtime_val_raw_t *values, size_t length) {
	if (heddleHostCall((uintptr_t)environment, values) == 0) return NULL;
	return wasmtime_trap_new("host", 4); // the reason waits on the Go side
}

static void heddle_types(wasm_valtype_vec_t *types, const uint8_t *kinds, size_t length) {
	wasm_valtype_vec_new_uninitialized(types, length);
	for (size_t i = 0; i < length; i++) types->data[i] = wasm_valtype_new(kinds[i]);
}

static void heddle_host_new(void *context, uintptr_t environment, const uint8_t *kinds, size_t params, size_t results, void *function) {
	wasm_valtype_vec_t from, to;
	heddle_types(&from, kinds, params);
	heddle_types(&to, kinds + params, results);
	wasm_functype_t *type = wasm_functype_new(&from, &to);
	wasmtime_func_new_unchecked(context, type, heddle_host, (void *)environment, NULL, function);
	wasm_functype_delete(type);
}
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"strings"
	"unsafe"

	wt "github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/engine/internal/hostcall"
)

// wasmtime-go's Func is the C structure and nothing else; these two lines do
// not compile if that changes.
var (
	_ [unsafe.Sizeof(wt.Func{}) - C.sizeof_wasmtime_func_t]struct{}
	_ [C.sizeof_wasmtime_func_t - unsafe.Sizeof(wt.Func{})]struct{}
)

// function is an exported function with a frame of its own in C memory.
type function struct {
	instance *instance
	frame    *C.heddle_frame
	values   []rawValue // the frame's
	params   []engine.ValueType
	results  []engine.ValueType
}

// rawValue has the size of a v128, whatever is in it.
type rawValue struct{ bits, _ uint64 }

func newFunction(in *instance, callee *wt.Func, params, results []engine.ValueType) *function {
	length := max(len(params), len(results), 1)
	frame := C.heddle_frame_new(unsafe.Pointer(in.store.Context()), unsafe.Pointer(callee), C.size_t(length))
	if frame == nil {
		panic("BUG: no memory for a call frame") // as Go does when its heap is exhausted
	}
	return &function{
		instance: in,
		frame:    frame,
		values:   unsafe.Slice((*rawValue)(unsafe.Pointer(C.heddle_values(frame))), length),
		params:   params,
		results:  results,
	}
}

func (f *function) free() { C.free(unsafe.Pointer(f.frame)) }

func (f *function) Call(args ...uint64) (uint64, error) {
	if len(args) != len(f.params) {
		return 0, fmt.Errorf("calling compiled code: %d arguments given, %d wanted", len(args), len(f.params))
	}
	if f.instance.closed {
		return 0, errClosed
	}
	for i, arg := range args {
		f.values[i].bits = arg
	}
	// The frame may be used again by a host function below: wasmtime reads the
	// arguments before it enters the function and writes the result after.
	failed := C.heddle_call(f.frame) != 0
	if damage := f.instance.space.Damaged(); damage != nil {
		if failed {
			_ = f.failure() // takes the trap, which the damage caused
		}
		return 0, damage
	}
	if failed {
		return 0, f.failure()
	}
	if len(f.results) == 0 {
		return 0, nil
	}
	result := [1]uint64{f.values[0].bits}
	hostcall.Normalise(result[:], f.results)
	return result[0], nil
}

func (f *function) failure() error {
	var text C.wasm_byte_vec_t
	code := C.heddle_failure(f.frame, &text)
	defer C.wasm_byte_vec_delete(&text)
	if err := f.instance.pending.Take(); err != nil {
		return err
	}
	trace := strings.TrimRight(C.GoStringN(text.data, C.int(text.size)), "\x00\n")
	return engine.Trap(trapKind(int(code)), trace)
}

// trapKind maps wasmtime_trap_code_enum.
func trapKind(code int) engine.TrapKind {
	switch code {
	case 0:
		return engine.TrapStack
	case 1, 2:
		return engine.TrapMemory
	case 3, 4, 5, 13:
		return engine.TrapIndirect
	case 6:
		return engine.TrapOverflow
	case 7:
		return engine.TrapDivision
	case 8:
		return engine.TrapConversion
	case 9:
		return engine.TrapUnreachable
	default:
		return engine.TrapOther
	}
}

// hostFunctions makes an instance's host functions in its store. Each knows
// itself by one word: the handle of the instance and its own number.
func hostFunctions(in *instance) []*wt.Func {
	functions := make([]*wt.Func, len(in.host))
	for i := range in.host {
		kinds := make([]byte, 0, 16)
		for _, t := range in.host[i].Params {
			kinds = append(kinds, valueKind(t))
		}
		for _, t := range in.host[i].Results {
			kinds = append(kinds, valueKind(t))
		}
		functions[i] = new(wt.Func)
		C.heddle_host_new(unsafe.Pointer(in.store.Context()), C.uintptr_t(uintptr(in.handle)<<hostBits|uintptr(i)),
			(*C.uint8_t)(unsafe.SliceData(kinds)), C.size_t(len(in.host[i].Params)), C.size_t(len(in.host[i].Results)),
			unsafe.Pointer(functions[i]))
	}
	return functions
}

// hostBits is how many bits of a host function's word number it within its
// instance; handles count up from 1 and never come near the other 52.
const hostBits = 12

// valueKind maps a type to wasm_valkind_enum.
func valueKind(t engine.ValueType) byte {
	switch t {
	case engine.I32, engine.I64, engine.F32, engine.F64:
		return byte(engine.I32 - t)
	default:
		panic(fmt.Sprintf("BUG: host function with value type %#x", byte(t)))
	}
}

//export heddleHostCall
func heddleHostCall(environment C.uintptr_t, values *C.wasmtime_val_raw_t) C.int {
	in := cgo.Handle(environment >> hostBits).Value().(*instance)
	host := &in.host[environment&(1<<hostBits-1)]
	raw := unsafe.Slice((*rawValue)(unsafe.Pointer(values)), max(len(host.Params), len(host.Results)))
	// The arguments are packed on the instance's own stack of words, since
	// host functions may nest.
	start := len(in.words)
	for i := range host.Params {
		in.words = append(in.words, raw[i].bits)
	}
	args := in.words[start:]
	result, ok := in.pending.Run(in, host, args)
	in.words = in.words[:start]
	if !ok {
		return 1
	}
	if len(host.Results) > 0 {
		raw[0] = rawValue{bits: result}
	}
	return 0
}
