// Package program describes a compiled program: all that the runtime must know to
// execute the Wasm that the compiler made of a module. The compiler writes it, a
// bundle carries it as JSON, the runtime reads it and trusts nothing in it
// (Program.Check). The addresses and offsets follow package abi.
package program

import (
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// Program is a compiled query. Everything in it but Literals is fixed by the code:
// two programs that differ only in Literals share their compiled code.
type Program struct {
	Parameters []Parameter
	Literals   []ir.Datum // value of each parameter; ignored where Argument >= 0
	Scans      []Scan
	States     []State
	Pipelines  []Pipeline // in an order in which they can run
	Output     Output
	Sites      []Site
	// ContextSize is the size of the context block in bytes.
	ContextSize int
	// LocalSize is how much of the private region from abi.LocalBase is used.
	LocalSize int
	// Library is the hex SHA-256 of the library module that the code was made for.
	Library string
}

// ParameterForm says how a parameter lies in the context.
type ParameterForm string

// The forms of parameters.
const (
	ValueForm   ParameterForm = "value"   // the value itself
	PatternForm ParameterForm = "pattern" // address of a compiled LIKE pattern, made of a string and Escape
	NullForm    ParameterForm = "null"    // 1 where the argument is NULL, else 0; its value is 0 then
)

// Parameter is a value in the context, at abi.ContextParameters + its index *
// abi.ParameterSize.
type Parameter struct {
	Type        ir.Type
	Form        ParameterForm
	Escape      string `json:",omitempty"` // PatternForm: the escape character, "" for none
	Insensitive bool   `json:",omitempty"` // PatternForm: ILIKE
	// Bits bounds an integer or decimal: the code relies on -2^(Bits-1) <= value <
	// 2^(Bits-1). 0: any value of the type.
	Bits     int
	Argument int // which argument of the user ($1 is 0) gives the value, -1: Literals does
}

// Scan is a read of a table.
type Scan struct {
	Table   string
	Columns []ScanColumn
	// Prune lists conditions that rows must meet; chunks whose zones rule one out
	// need not be read.
	Prune []Prune
	// Filter says whether pipelines test the conditions by themselves (always true
	// today: pruning is only a hint).
	Rows int64 // as known when compiled, -1 if not; for progress only
}

// ScanColumn is a column in the layout that the code expects.
type ScanColumn struct {
	Name   string
	Type   ir.Type
	Layout ir.Layout
}

// Prune is a condition "column OP parameter" that every row that matters meets.
type Prune struct {
	Column    int    // index into Scan.Columns
	Op        string // eq, lt, le, gt, ge
	Parameter int    // index into Parameters; the types agree
}

// Record says how rows of a state lie in memory.
type Record struct {
	Size   int // bytes, a multiple of abi.RecordAlignment
	Fields []RecordField
}

// RecordField is one field of a record.
type RecordField struct {
	Name string
	Type ir.Type
	// Offset of the value, Width its size in bytes: 1 (bool, i8), 2, 4, 8 (also
	// decimals of at most 18 digits, and packed strings), 16. Integers are signed.
	Offset, Width int
	// NullOffset is the offset of a byte that is 1 where the value is NULL, -1 when
	// the field is never NULL.
	NullOffset int
}

// State is what pipelines build.
type State struct {
	Name   string
	Kind   ir.StateKind
	Record Record
	// SharedOffset is the offset of its header in the context (abi.StateDirectory...),
	// LocalOffset that of its writers from abi.LocalBase.
	SharedOffset, LocalOffset int
	Partitions                int // 1 or abi.Partitions
	// DirectoryBits fixes the size of a hash table's directory at 2^DirectoryBits
	// (its hashes are distances of keys); 0: the runtime chooses by the row count.
	DirectoryBits int
	// MarkOffset is the offset of a byte that probes set to 1 when they meet the
	// record (right and full joins), -1 when there is none.
	MarkOffset int
	// Merge is the exported function (context i32, runs i32, count i32, directory i32,
	// shift i32) that combines equal groups of one partition: runs is an array of
	// count pairs of 32-bit addresses (first record, end of the last), directory
	// has 2^(32-shift) zeroed words, and the slot of a record is (hash << 6) >>> shift
	// with 64 partitions, hash >>> shift with one. It sets the RecordNext of every record.
	Merge string
	// Repeats says that even one worker may write several records of a group (it does
	// where an aggregate keeps text), so the merge cannot be left out.
	Repeats bool
	// Direct is set when an aggregate has few possible groups: workers then update
	// slots, and Collect turns them into records when the pipeline has ended.
	Direct *Direct
	// Order, Limit and Offset are those of the IR (sorts; Limit and Offset of buffers too).
	Limit, Offset int64
	// Link is the kernel that puts records of a hash table, its source, into the directory
	// and the filter that the state's header in the context names; "" when there is none.
	Link     string `json:",omitempty"`
	Sorted   bool   // ordered by the normalised key; false: Limit alone (no order)
	Estimate float64
}

// Direct describes the slots of a direct aggregate.
type Direct struct {
	Slots, SlotSize int // zeroed memory of Slots * SlotSize bytes at abi.LocalSlots
	// Flush, if not "", is the exported function (context i32) that a worker calls
	// after each morsel; Collect (context i32) is called once per worker at the end and
	// writes a record for each slot in use (at least one where there are no keys).
	Flush, Collect string
}

// SourceKind says what a pipeline reads.
type SourceKind string

// The kinds of sources.
const (
	TableSource     SourceKind = "table"
	StateSource     SourceKind = "state"     // records of a buffer, an aggregate (alive ones) or a sort
	UnmatchedSource SourceKind = "unmatched" // records of a hash table without a mark; the code tests the mark
	ValuesSource    SourceKind = "values"    // one morsel: the code holds the rows, word 0 of the morsel is their number
)

// Pipeline is one exported function (context i32) that handles a morsel.
type Pipeline struct {
	Function string
	Source   SourceKind
	Scan     int // TableSource: index into Scans
	State    int // StateSource, UnmatchedSource: index into States
	Rows     int // ValuesSource
	Into     int // index of the state that it fills
	Probes   []int
	// Tables are lookup tables over dictionaries, filled before the first morsel.
	Tables   []Lookup
	Estimate float64 // rows of the source, 0 when unknown
	Title    string  // for people: "scan lineitem, probe orders, aggregate"
	// Kernel is the same pipeline for a GPU, nil where there is none; NoKernel then
	// tells people why, if it was asked for.
	Kernel   *Kernel `json:",omitempty"`
	NoKernel string  `json:",omitempty"`
}

// Kernel is a pipeline as a function that runs on a GPU (package abi, launch.go). Its
// results are records like those that workers write.
type Kernel struct {
	Function string
	Threads  int // of each block
	// RowsPerThread is how many consecutive rows a thread handles at once.
	RowsPerThread int
	// Slots is, for a direct aggregate, the number of records that each block leaves at
	// abi.LaunchPartials; 0 for others, which append records at abi.LaunchCursor.
	Slots int
	// Hashes says that the kernel finds its groups through abi.LaunchDirectory; no two
	// records then are of the same group.
	Hashes bool
	// KeepsText says that records keep addresses of text of plain columns, which must
	// then stay where it is until the records have been read.
	KeepsText bool
	// Shared is how many bytes of shared memory each block has.
	Shared int
}

// Lookup is a table of the values of an expression for each entry of a dictionary.
type Lookup struct {
	Function string // exported (context i32, dictionary i32, count i32, out i32)
	Column   int    // of the scan, by index; its layout is a dictionary
	Width    int    // bytes of an entry of the table
	Offset   int    // in the context: where the table's address goes
}

// Output says how to read the result.
type Output struct {
	State   int
	Columns []OutputColumn
}

// OutputColumn is a column of the result.
type OutputColumn struct {
	Label string
	Field int // index into the state's record fields
	Type  ir.Type
}

// Site is a place where the program can fail.
type Site struct {
	Code    diag.Code
	Message string
	Span    diag.Span // in the source text that was compiled
}
