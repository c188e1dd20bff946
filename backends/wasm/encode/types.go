package encode

import "fmt"

// ValType is a value type in its binary encoding.
type ValType byte

// The value types.
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
)

// String returns the name in the text format.
func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	default:
		return fmt.Sprintf("valtype(0x%02x)", byte(t))
	}
}

// Valid reports whether t is one of the types above.
func (t ValType) Valid() bool { return t >= V128 && t <= I32 || t.IsRef() }

// IsRef reports whether t is a reference type.
func (t ValType) IsRef() bool { return t == FuncRef || t == ExternRef }

// FuncType is the signature of a function or of a block.
type FuncType struct {
	Params, Results []ValType
}

// Limits bound a memory in pages of 64 KiB, or a table in elements.
type Limits struct {
	Min uint32
	Max uint32 // meaningful only with HasMax
	// HasMax says that the size may not grow beyond Max.
	HasMax bool
	// Shared marks a memory of the threads proposal; it needs a maximum.
	Shared bool
}

// LimitsMin returns limits without a maximum.
func LimitsMin(low uint32) Limits { return Limits{Min: low} }

// LimitsBetween returns limits with a maximum.
func LimitsBetween(low, high uint32) Limits { return Limits{Min: low, Max: high, HasMax: true} }

// GlobalType is the type of a global.
type GlobalType struct {
	Type    ValType
	Mutable bool
}

// TableType is the type of a table.
type TableType struct {
	Elem   ValType // FuncRef or ExternRef
	Limits Limits
}

// BlockType is the signature of a block, loop or if, in the signed form of the
// binary format: negative for the empty and the one-result signatures, else the
// index of a function type.
type BlockType int64

// BlockEmpty is the signature without parameters and results.
const BlockEmpty BlockType = -64

// BlockResult returns the signature without parameters and with one result.
func BlockResult(t ValType) BlockType { return BlockType(int64(t) - 0x80) }

// BlockOfType returns the signature with the given type index, which
// ModuleBuilder.Type hands out; needed for parameters or several results.
func BlockOfType(index uint32) BlockType { return BlockType(index) }

// Result returns the result type when b has exactly one result and no type index.
func (b BlockType) Result() (ValType, bool) {
	if b >= 0 || b == BlockEmpty {
		return 0, false
	}
	return ValType(b + 0x80), true
}

// TypeIndex returns the type index when b has one.
func (b BlockType) TypeIndex() (uint32, bool) { return uint32(b), b >= 0 }

// ExternKind is the kind of an import or export in its binary encoding.
type ExternKind byte

// The kinds of imports and exports.
const (
	ExternFunc ExternKind = iota
	ExternTable
	ExternMemory
	ExternGlobal
)

// String returns the keyword of the text format.
func (k ExternKind) String() string {
	switch k {
	case ExternFunc:
		return "func"
	case ExternTable:
		return "table"
	case ExternMemory:
		return "memory"
	case ExternGlobal:
		return "global"
	default:
		return fmt.Sprintf("externkind(%d)", byte(k))
	}
}

// section identifies a section in its binary encoding.
type section byte

const (
	sectionCustom section = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global",
	"export", "start", "element", "code", "data", "data count",
}

func (s section) String() string {
	if int(s) < len(sectionNames) {
		return sectionNames[s]
	}
	return fmt.Sprintf("section(%d)", byte(s))
}

// Subsections of the "name" section that are read and written.
const (
	nameModule = 0
	nameFunc   = 1
	nameLocal  = 2
	nameTable  = 5
	nameMemory = 6
	nameGlobal = 7
)

const (
	magic   = "\x00asm"
	version = "\x01\x00\x00\x00"
)
