package ptx

import (
	"github.com/llir/llvm/ir/types"

	"github.com/heddle-lang/heddle/ir"
)

// class is what a type of the kern level is to the machine.
type class uint8

const (
	classNone   class = iota // not a type of the kern level
	classWord                // 32 bits: i32, bool, addr, saddr
	classLong                // 64 bits: i64, gaddr
	classWide                // i128
	classSingle              // f32
	classDouble              // f64
	classVector              // 128 bits, kept as an i128; see vector.go
	classLabel               //
)

var classes = [...]class{
	ir.Bool: classWord, ir.I32: classWord, ir.Address: classWord, ir.SharedAddress: classWord,
	ir.I64: classLong, ir.GlobalAddress: classLong, ir.I128: classWide,
	ir.F32: classSingle, ir.F64: classDouble, ir.Vector: classVector, ir.Label: classLabel,
}

func classOf(t ir.Type) class {
	if int(t.Kind) >= len(classes) || t.Nullable {
		return classNone
	}
	if t.Kind == ir.Vector && laneOf(t).width == 0 {
		return classNone
	}
	return classes[t.Kind]
}

// isData reports whether values of the class can be passed around.
func (c class) isData() bool { return c >= classWord && c <= classVector }

// isShort reports the integers of one or two registers.
func (c class) isShort() bool { return c == classWord || c == classLong }

func (c class) isInteger() bool { return c.isShort() || c == classWide }

func (c class) isFloat() bool { return c == classSingle || c == classDouble }

// bytes is the size of a value in memory.
func (c class) bytes() int64 { return [...]int64{0, 4, 8, 16, 4, 8, 16, 0}[c] }

// llvm is the type of values of the class.
func (c class) llvm() types.Type {
	return [...]types.Type{nil, types.I32, types.I64, types.I128, types.Float, types.Double, types.I128, nil}[c]
}

// integer is the integer of the same size.
func (c class) integer() *types.IntType {
	return [...]*types.IntType{nil, types.I32, types.I64, types.I128, types.I32, types.I64, types.I128, nil}[c]
}

// lane is the shape of a vector of 128 bits: how many bits a lane has, and whether
// lanes are floats. The zero lane is no shape.
type lane struct {
	width int
	float bool
}

func laneOf(t ir.Type) lane {
	var l lane
	switch t.Element {
	case ir.I8:
		l.width = 8
	case ir.I16:
		l.width = 16
	case ir.I32, ir.F32:
		l.width = 32
	case ir.I64, ir.F64:
		l.width = 64
	default: // no lanes of other types
	}
	if t.Kind != ir.Vector || l.width == 0 || int(t.Lanes)*l.width != 128 {
		return lane{}
	}
	l.float = t.Element == ir.F32 || t.Element == ir.F64
	return l
}

// scalar is the class of one lane outside of its vector.
func (l lane) scalar() class {
	switch {
	case l.float && l.width == 32:
		return classSingle
	case l.float:
		return classDouble
	case l.width == 64:
		return classLong
	default:
		return classWord
	}
}

// count is the number of lanes.
func (l lane) count() int { return 128 / l.width }
