package ptx

import "fmt"

// Error is a fault of the text.
type Error struct {
	Line    int // from 1
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Module is a parsed text.
type Module struct {
	// Version is the version of the language, ten times the major plus the minor
	// number: 78 for 7.8.
	Version int
	// Target is the name of the architecture, and Architecture its number: "sm_90a"
	// and 90.
	Target       string
	Architecture int
	// Variables are those outside of functions.
	Variables []*Variable
	Functions []*Function
}

// Space is a state space.
type Space uint8

// State spaces. Generic is that of addresses that may point into any other.
const (
	Generic Space = iota
	Global
	Shared
	Local
	Constant
	Parameter
)

func (s Space) String() string {
	return [...]string{"generic", "global", "shared", "local", "const", "param"}[s]
}

// Variable is memory with a name.
type Variable struct {
	Name  string
	Line  int
	Space Space
	// Align and Size are in bytes. The size of an external array is 0.
	Align, Size int
	External    bool
	// Data are the initial bytes; shorter than Size when the rest is zero.
	Data []byte
	// References are places in Data that hold addresses.
	References []Reference
}

// Reference is an address in the initial bytes of a variable.
type Reference struct {
	Offset  int // of 8 bytes, in the variable
	Symbol  string
	Addend  int64
	Generic bool // the generic address, not the one in the variable's own space
}

// Function is a kernel.
type Function struct {
	Name string
	Line int
	// Parameters lie in the order of the text, each at a multiple of its alignment.
	Parameters     []Variable
	Offsets        []int // of the parameters
	ParameterBytes int
	// MaximumThreads of a block, and whether it must be exactly as many; 0 when the
	// text does not say.
	MaximumThreads int
	Exact          bool
	Registers      []Register // those that instructions name
	Variables      []*Variable
	Body           []Instruction
	// Labels are indices into Body; one may be len(Body).
	Labels map[string]int
	// Targets are the lists of labels of indirect branches.
	Targets map[string][]string
}

// Register is a variable of a thread that has no address.
type Register struct {
	Name string
	// Bits is the width; 1 for a predicate.
	Bits int
}

// Instruction is one statement.
type Instruction struct {
	Line int
	// Guard is the predicate register under which the instruction is done, or -1, and
	// Negated that it is done when the predicate is false.
	Guard   int
	Negated bool
	// Opcode is the name split at its dots: "ld", "global", "nc", "b32".
	Opcode   []string
	Operands []Operand
	// Text is the statement as it was written, with single spaces.
	Text string
}

// OperandKind says which fields of an operand are set.
type OperandKind uint8

// Kinds of operands.
const (
	// RegisterOperand names a register; Negated is for predicates.
	RegisterOperand OperandKind = iota
	// ImmediateOperand has its bits in Value.
	ImmediateOperand
	// SpecialOperand is a register of the machine, such as "%tid.x", by Symbol.
	SpecialOperand
	// SymbolOperand is a variable, parameter or label, by Symbol, plus Offset.
	SymbolOperand
	// AddressOperand is memory at Register (when it is not -1), Symbol (when it is not
	// empty) and Offset together.
	AddressOperand
	// VectorOperand is Elements.
	VectorOperand
	// SinkOperand takes a value that nobody wants: "_".
	SinkOperand
)

// Operand of an instruction.
type Operand struct {
	Kind     OperandKind
	Register int
	Negated  bool
	Value    uint64
	// Bits is the width that an immediate fixes (32 or 64 for floating point), or 0.
	Bits     int
	Symbol   string
	Offset   int64
	Elements []Operand
	// Second is the register after a bar, as in "%r1|%p2", or -1.
	Second int
}
