package encode

import "fmt"

// Opcode is an instruction. The low nine bits are its code, the bits above say
// which prefix byte stands before the code; so emitting one needs no table.
type Opcode uint16

const (
	prefixShift = 9
	codeMask    = 1<<prefixShift - 1

	prefixNone   Opcode = 0 << prefixShift
	prefixMisc   Opcode = 1 << prefixShift // 0xfc
	prefixVector Opcode = 2 << prefixShift // 0xfd

	opcodeSpace = 3 << prefixShift

	prefixMiscByte   = 0xfc
	prefixVectorByte = 0xfd
)

// Feature is an extension of WebAssembly 1.0 that an instruction belongs to.
type Feature uint16

// The features, as a set of bits.
const (
	FeatureSignExtension Feature = 1 << iota
	FeatureSaturatingTruncation
	FeatureBulkMemory
	FeatureReferenceTypes
	FeatureSIMD
	FeatureRelaxedSIMD
	FeatureWideArithmetic
	// FeatureMultiValue is needed by signatures, not by instructions.
	FeatureMultiValue
)

var featureNames = [...]string{
	"sign-extension", "saturating-truncation", "bulk-memory", "reference-types",
	"simd", "relaxed-simd", "wide-arithmetic", "multi-value",
}

// Names returns the names of the features in the set, in a fixed order.
func (f Feature) Names() []string {
	var names []string
	for i, name := range featureNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Immediate is the kind of an operand that stands in the code.
type Immediate uint8

// The kinds of immediates.
const (
	ImmNone     Immediate = iota
	ImmBlock              // Instruction.Block
	ImmLabel              // Instruction.Index, nesting levels outwards
	ImmLabels             // Instruction.Labels, the default last
	ImmFunc               // this and the following: Instruction.Index, or .Index2 when second
	ImmType               //
	ImmTable              //
	ImmLocal              //
	ImmGlobal             //
	ImmMemory             //
	ImmData               //
	ImmElem               //
	ImmMemArg             // Instruction.Align and .Offset
	ImmLane               // Instruction.Lane
	ImmI32                // this and the following scalars: Instruction.Bits
	ImmI64                //
	ImmF32                //
	ImmF64                //
	ImmV128               // Instruction.Vector
	ImmShuffle            // Instruction.Vector, 16 lane numbers
	ImmValTypes           // Instruction.Types
	ImmRefType            // Instruction.Types, one
)

// Info is what the table says of an instruction.
type Info struct {
	Op   Opcode
	Name string // in the text format
	// Immediates are those in the code, in order; ImmNone fills the rest.
	Immediates [2]Immediate
	// Align is the base-2 logarithm of the bytes accessed, for ImmMemArg.
	Align uint8
	// Lanes is the number of lanes to choose from, for ImmLane.
	Lanes uint8
	// Contextual is set where Params and Results depend on immediates or on the
	// surroundings (control, variables, select, references); they are nil then.
	Contextual      bool
	Feature         Feature
	Params, Results []ValType
}

// Info returns the table entry; ok is false when there is no such instruction.
func (op Opcode) Info() (info *Info, ok bool) {
	if int(op) >= len(infoIndex) {
		return nil, false
	}
	position := infoIndex[op]
	if position == 0 {
		return nil, false
	}
	return &infos[position-1], true
}

// String returns the name in the text format.
func (op Opcode) String() string {
	if info, ok := op.Info(); ok {
		return info.Name
	}
	return fmt.Sprintf("opcode(0x%x)", uint16(op))
}

// Instructions returns the table in the order of opcodes.txt. The caller must
// not change it.
func Instructions() []Info { return infos[:] }

// infoIndex maps an opcode to its position in infos plus one, 0 when there is none.
var infoIndex = func() (index [opcodeSpace]uint16) {
	for i := range infos {
		index[infos[i].Op] = uint16(i + 1)
	}
	return index
}()
