package encode

import (
	"encoding/binary"
	"fmt"
	"math"
)

// ModuleBuilder collects the parts of a module. Indices are handed out in the
// order of the calls; imports of a kind come before definitions of that kind, as
// the format demands. It is not safe for concurrent use, but the FuncBuilders it
// hands out are, each by one goroutine.
type ModuleBuilder struct {
	// Name of the module, for the name section.
	Name string
	// StripNames leaves out the name section.
	StripNames bool

	types     []byte
	typeIndex map[string]uint32
	params    []uint32 // by type index
	scratch   []byte

	imports     []byte
	importCount [4]uint32 // by ExternKind

	functions []function
	tables    []TableType
	memories  []Limits
	globals   []global
	exports   []byte
	exported  uint32
	start     int64 // -1 for none
	elements  []byte
	elemCount uint32
	data      []byte
	dataCount uint32
	passive   bool

	names   [nameGlobal + 1][]nameEntry
	customs []byte
}

type function struct {
	typeIndex uint32
	builder   *FuncBuilder // nil when body is set
	body      []byte
}

type global struct {
	typ  GlobalType
	init ConstExpr
}

type nameEntry struct {
	index uint32
	name  string
}

// NewModule returns an empty module.
func NewModule() *ModuleBuilder {
	return &ModuleBuilder{typeIndex: map[string]uint32{}, start: -1}
}

// Type returns the index of a signature, the same for equal ones.
func (m *ModuleBuilder) Type(params, results []ValType) uint32 {
	key := appendTypes(append(m.scratch[:0], 0x60), params)
	key = appendTypes(key, results)
	m.scratch = key
	if index, ok := m.typeIndex[string(key)]; ok {
		return index
	}
	index := uint32(len(m.params))
	m.typeIndex[string(key)] = index
	m.types = append(m.types, key...)
	m.params = append(m.params, uint32(len(params)))
	return index
}

func appendTypes(b []byte, types []ValType) []byte {
	b = appendU32(b, uint32(len(types)))
	for _, t := range types {
		b = append(b, byte(t))
	}
	return b
}

// Block returns the signature of a block, with a type index only where needed.
func (m *ModuleBuilder) Block(params, results []ValType) BlockType {
	if len(params) == 0 && len(results) == 0 {
		return BlockEmpty
	}
	if len(params) == 0 && len(results) == 1 {
		return BlockResult(results[0])
	}
	return BlockOfType(m.Type(params, results))
}

func (m *ModuleBuilder) addImport(kind ExternKind, defined int, module, name string) uint32 {
	if defined > 0 {
		panic(fmt.Sprintf("BUG: import of %s %q %q after a definition of that kind", kind, module, name))
	}
	m.imports = append(appendName(appendName(m.imports, module), name), byte(kind))
	index := m.importCount[kind]
	m.importCount[kind]++
	return index
}

// ImportFunc imports a function of the given type and returns its index.
func (m *ModuleBuilder) ImportFunc(module, name string, typeIndex uint32) uint32 {
	index := m.addImport(ExternFunc, len(m.functions), module, name)
	m.imports = appendU32(m.imports, typeIndex)
	return index
}

// ImportMemory imports a memory and returns its index.
func (m *ModuleBuilder) ImportMemory(module, name string, limits Limits) uint32 {
	index := m.addImport(ExternMemory, len(m.memories), module, name)
	m.imports = appendLimits(m.imports, limits)
	return index
}

// ImportTable imports a table and returns its index.
func (m *ModuleBuilder) ImportTable(module, name string, t TableType) uint32 {
	index := m.addImport(ExternTable, len(m.tables), module, name)
	m.imports = appendLimits(append(m.imports, byte(t.Elem)), t.Limits)
	return index
}

// ImportGlobal imports a global and returns its index.
func (m *ModuleBuilder) ImportGlobal(module, name string, t GlobalType) uint32 {
	index := m.addImport(ExternGlobal, len(m.globals), module, name)
	m.imports = appendGlobalType(m.imports, t)
	return index
}

// Func defines a function of the given type and returns the builder of its body.
func (m *ModuleBuilder) Func(typeIndex uint32) *FuncBuilder {
	f := &FuncBuilder{
		index:      m.importCount[ExternFunc] + uint32(len(m.functions)),
		typeIndex:  typeIndex,
		paramCount: m.params[typeIndex],
		code:       make([]byte, 0, 512),
	}
	m.functions = append(m.functions, function{typeIndex: typeIndex, builder: f})
	return f
}

// FuncBody defines a function whose body was finished before; see
// FuncBuilder.AppendBody. The bytes are not copied.
func (m *ModuleBuilder) FuncBody(typeIndex uint32, body []byte) uint32 {
	index := m.importCount[ExternFunc] + uint32(len(m.functions))
	m.functions = append(m.functions, function{typeIndex: typeIndex, body: body})
	return index
}

// Memory defines a memory and returns its index.
func (m *ModuleBuilder) Memory(limits Limits) uint32 {
	m.memories = append(m.memories, limits)
	return m.importCount[ExternMemory] + uint32(len(m.memories)) - 1
}

// Table defines a table and returns its index.
func (m *ModuleBuilder) Table(t TableType) uint32 {
	m.tables = append(m.tables, t)
	return m.importCount[ExternTable] + uint32(len(m.tables)) - 1
}

// Global defines a global and returns its index.
func (m *ModuleBuilder) Global(t GlobalType, init ConstExpr) uint32 {
	m.globals = append(m.globals, global{t, init})
	return m.importCount[ExternGlobal] + uint32(len(m.globals)) - 1
}

// Export makes a definition visible under a name, unique within the module.
func (m *ModuleBuilder) Export(name string, kind ExternKind, index uint32) {
	m.exports = appendU32(append(appendName(m.exports, name), byte(kind)), index)
	m.exported++
}

// Start names the function that runs when the module is instantiated.
func (m *ModuleBuilder) Start(function uint32) { m.start = int64(function) }

// Elements fills a table with functions from offset on when the module is
// instantiated.
func (m *ModuleBuilder) Elements(table uint32, offset ConstExpr, functions ...uint32) {
	if table == 0 {
		m.elements = offset.append(append(m.elements, 0))
	} else {
		m.elements = offset.append(appendU32(append(m.elements, 2), table))
		m.elements = append(m.elements, 0) // element kind: functions
	}
	m.elements = appendU32(m.elements, uint32(len(functions)))
	for _, index := range functions {
		m.elements = appendU32(m.elements, index)
	}
	m.elemCount++
}

// Data writes bytes to memory 0 from offset on when the module is instantiated.
// It returns the index of the segment.
func (m *ModuleBuilder) Data(offset ConstExpr, bytes []byte) uint32 {
	m.data = offset.append(append(m.data, 0))
	return m.addData(bytes)
}

// PassiveData keeps bytes for memory.init and returns the index of the segment.
func (m *ModuleBuilder) PassiveData(bytes []byte) uint32 {
	m.data = append(m.data, 1)
	m.passive = true
	return m.addData(bytes)
}

func (m *ModuleBuilder) addData(bytes []byte) uint32 {
	m.data = append(appendU32(m.data, uint32(len(bytes))), bytes...)
	m.dataCount++
	return m.dataCount - 1
}

// Custom appends a custom section, which stands at the end of the module.
func (m *ModuleBuilder) Custom(name string, payload []byte) {
	size := sizeU32(uint32(len(name))) + len(name) + len(payload)
	m.customs = appendU32(append(m.customs, byte(sectionCustom)), uint32(size))
	m.customs = append(appendName(m.customs, name), payload...)
}

// NameFunc names an imported function or one made by FuncBody; the others take
// FuncBuilder.Name.
func (m *ModuleBuilder) NameFunc(index uint32, name string) { m.addName(nameFunc, index, name) }

// NameGlobal names a global.
func (m *ModuleBuilder) NameGlobal(index uint32, name string) { m.addName(nameGlobal, index, name) }

// NameMemory names a memory.
func (m *ModuleBuilder) NameMemory(index uint32, name string) { m.addName(nameMemory, index, name) }

// NameTable names a table.
func (m *ModuleBuilder) NameTable(index uint32, name string) { m.addName(nameTable, index, name) }

func (m *ModuleBuilder) addName(space int, index uint32, name string) {
	m.names[space] = append(m.names[space], nameEntry{index, name})
}

// ConstExpr is the initial value of a global or the offset of a segment.
type ConstExpr struct {
	Op     Opcode // a constant, global.get, ref.null or ref.func
	Bits   uint64 // value or index; the reference type for ref.null
	Vector [16]byte
}

// ConstI32 is a constant.
func ConstI32(v int32) ConstExpr { return ConstExpr{Op: OpI32Const, Bits: uint64(uint32(v))} }

// ConstI64 is a constant.
func ConstI64(v int64) ConstExpr { return ConstExpr{Op: OpI64Const, Bits: uint64(v)} }

// ConstF32 is a constant.
func ConstF32(v float32) ConstExpr {
	return ConstExpr{Op: OpF32Const, Bits: uint64(math.Float32bits(v))}
}

// ConstF64 is a constant.
func ConstF64(v float64) ConstExpr { return ConstExpr{Op: OpF64Const, Bits: math.Float64bits(v)} }

// ConstV128 is a constant in the order of memory.
func ConstV128(v [16]byte) ConstExpr { return ConstExpr{Op: OpV128Const, Vector: v} }

// ConstGlobal is the value of an imported immutable global.
func ConstGlobal(index uint32) ConstExpr { return ConstExpr{Op: OpGlobalGet, Bits: uint64(index)} }

// ConstRefNull is a null reference.
func ConstRefNull(t ValType) ConstExpr { return ConstExpr{Op: OpRefNull, Bits: uint64(t)} }

// ConstRefFunc is a reference to a function.
func ConstRefFunc(index uint32) ConstExpr { return ConstExpr{Op: OpRefFunc, Bits: uint64(index)} }

func (c ConstExpr) append(b []byte) []byte {
	b = appendOpcode(b, c.Op)
	switch c.Op {
	case OpI32Const:
		b = appendS64(b, int64(int32(c.Bits)))
	case OpI64Const:
		b = appendS64(b, int64(c.Bits))
	case OpF32Const:
		b = binary.LittleEndian.AppendUint32(b, uint32(c.Bits))
	case OpF64Const:
		b = binary.LittleEndian.AppendUint64(b, c.Bits)
	case OpV128Const:
		b = append(b, c.Vector[:]...)
	case OpGlobalGet, OpRefFunc:
		b = appendU32(b, uint32(c.Bits))
	case OpRefNull:
		b = append(b, byte(c.Bits))
	default:
		panic(fmt.Sprintf("BUG: %s is not a constant expression", c.Op))
	}
	return append(b, byte(OpEnd))
}
