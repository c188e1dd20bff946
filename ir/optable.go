package ir

import "fmt"

// Opcode identifies a row of the op table.
type Opcode uint16

func (c Opcode) String() string { return opTable[c].Name }

// OpcodeByName finds an opcode.
func OpcodeByName(name string) (Opcode, bool) {
	c, ok := opcodeByName[name]
	return c, ok
}

// Traits are facts about an op that passes rely on.
type Traits uint16

const (
	// Pure ops have no effect but their results; equal inputs give equal results.
	Pure Traits = 1 << iota
	// Commutative ops may swap their operands.
	Commutative
	// MayTrap ops can end the program with a typed error, so they may not run
	// where the source would not have run them.
	MayTrap
	// Terminator ops end a block.
	Terminator
	// Monotone flow ops only ever add rows when their inputs gain rows.
	Monotone
	// Partitionable flow ops may run on parts of their input independently.
	Partitionable
	// NullStrict scalar ops give NULL when any operand is NULL, and their result
	// is nullable exactly then.
	NullStrict
	// OnDevice ops stand in kernels alone.
	OnDevice
)

// AttributeKind is the Go type and the text form of an attribute.
type AttributeKind uint8

const (
	AttrInt         AttributeKind = iota // int64: 42
	AttrBool                             // bool: true
	AttrString                           // string: "text"
	AttrSymbol                           // Symbol: @name
	AttrType                             // Type
	AttrDatum                            // Datum of the op's result type: a literal
	AttrData                             // []Datum of the first operand's type: [1, 2]
	AttrRows                             // [][]Datum of the row type: [(1, "a"), (2, null)]
	AttrNames                            // []string: [a, b]
	AttrScanColumns                      // []ScanColumn: [a, b = source]
	AttrFields                           // []Field: {a: i32}
	AttrSortKeys                         // []SortKey: [a, b desc, c nulls first]
	AttrAggregates                       // []Aggregate: [n = count(*), s = sum(distinct 0) filter 1]
	AttrJoinKind                         // JoinKind: inner
	AttrLayouts                          // []Layout
)

// Symbol is the name of a table, state or function of the module.
type Symbol string

// AttributeInfo describes one attribute of an op.
type AttributeInfo struct {
	Name     string
	Kind     AttributeKind
	Optional bool
	Doc      string
}

// RegionInfo describes one region of an op.
type RegionInfo struct {
	Name string
	Doc  string
	// Arguments gives the types of the block's arguments from the op's operands
	// and attributes; nil means none.
	Arguments func(op *Op) []Type
}

// Variadic as OpInfo.Operands means any number.
const Variadic = -1

// OpInfo is one row of the op table.
type OpInfo struct {
	Name       string
	Level      Level
	Operands   int    // number, or Variadic
	Signature  string // operands and results for people, such as "bag, bag -> bag"
	Attributes []AttributeInfo
	Regions    []RegionInfo
	Traits     Traits
	Doc        string // one line
	// Infer gives the result types from operands, attributes and regions. It
	// returns an error that says what does not fit. nil: the op has no results.
	Infer func(op *Op) ([]Type, error)
	// ExplicitType marks ops whose result type is the attribute "type" and is
	// printed after a colon.
	ExplicitType bool
}

// Has reports whether the op has all the given traits.
func (i *OpInfo) Has(traits Traits) bool { return i.Traits&traits == traits }

var (
	opTable      []OpInfo
	opcodeByName = map[string]Opcode{}
)

// OpTable returns the rows of the op table, by opcode. Row 0 is unused.
func OpTable() []OpInfo { return opTable }

// define places a row at its opcode; the declaration files call it at start-up.
func define(code Opcode, info OpInfo) {
	for int(code) >= len(opTable) {
		opTable = append(opTable, OpInfo{})
	}
	if opTable[code].Name != "" {
		panic(fmt.Sprintf("BUG: opcode %d is both %q and %q", code, opTable[code].Name, info.Name))
	}
	if _, taken := opcodeByName[info.Name]; taken {
		panic(fmt.Sprintf("BUG: two ops are named %q", info.Name))
	}
	opTable[code] = info
	opcodeByName[info.Name] = code
}
