package wasm

import (
	"slices"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/ir"
)

// class is what a type is to the machine.
type class uint8

const (
	classNone   class = iota // not a type of the kern level
	classI32                 // i32, bool, addr
	classI64                 //
	classI128                // two i64, the low half first
	classF32                 //
	classF64                 //
	classVector              //
	classLabel               //
)

func (c class) String() string {
	return [...]string{"no kern type", "i32", "i64", "i128", "f32", "f64", "vec", "label"}[c]
}

var classes = [...]class{
	ir.Bool: classI32, ir.I32: classI32, ir.Address: classI32, ir.I64: classI64, ir.I128: classI128,
	ir.F32: classF32, ir.F64: classF64, ir.Vector: classVector, ir.Label: classLabel,
}

func classOf(t *ir.Type) class {
	if int(t.Kind) >= len(classes) || t.Nullable {
		return classNone
	}
	if t.Kind == ir.Vector && laneOf(t) == laneNone {
		return classNone
	}
	return classes[t.Kind]
}

// isData reports whether values of the class can be passed around.
func (c class) isData() bool { return c >= classI32 && c <= classVector }

// isWord reports the integers that are one machine word.
func (c class) isWord() bool { return c == classI32 || c == classI64 }

func (c class) isFloat() bool { return c == classF32 || c == classF64 }

// words is the number of Wasm values that hold one.
func (c class) words() int {
	if c == classI128 {
		return 2
	}
	return 1
}

// bytes is the size of a value in memory.
func (c class) bytes() int64 { return [...]int64{0, 4, 8, 16, 4, 8, 16, 0}[c] }

var valTypes = [...]encode.ValType{
	classI32: encode.I32, classI64: encode.I64, classI128: encode.I64,
	classF32: encode.F32, classF64: encode.F64, classVector: encode.V128,
}

func flatten(list []class) []encode.ValType {
	types := make([]encode.ValType, 0, len(list)+2)
	for _, c := range list {
		types = append(types, valTypes[c])
		if c == classI128 {
			types = append(types, encode.I64)
		}
	}
	return types
}

func sameClasses(a, b []class) bool { return slices.Equal(a, b) }

// lane is the shape of a vector.
type lane uint8

const (
	lane8 lane = iota
	lane16
	lane32
	lane64
	laneF32
	laneF64
	laneNone
)

// laneOf gives the shape of a vector type, laneNone when it is not 128 bits wide.
func laneOf(t *ir.Type) lane {
	var l lane
	var count uint8
	switch t.Element {
	case ir.I8:
		l, count = lane8, 16
	case ir.I16:
		l, count = lane16, 8
	case ir.I32:
		l, count = lane32, 4
	case ir.I64:
		l, count = lane64, 2
	case ir.F32:
		l, count = laneF32, 4
	case ir.F64:
		l, count = laneF64, 2
	default: // Wasm has no lanes of other types
	}
	if t.Kind != ir.Vector || count == 0 || t.Lanes != count {
		return laneNone
	}
	return l
}

// scalar is the class of one lane outside of its vector.
func (l lane) scalar() class {
	return [...]class{classI32, classI32, classI32, classI64, classF32, classF64, classNone}[l]
}

// count is the number of lanes.
func (l lane) count() int64 { return [...]int64{16, 8, 4, 2, 4, 2, 0}[l] }

func (l lane) isFloat() bool { return l == laneF32 || l == laneF64 }
