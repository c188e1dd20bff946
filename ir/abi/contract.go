package abi

// The private region of a worker, in bytes.
const (
	// MorselBase holds the morsel descriptor: what a pipeline reads in this call.
	// Word 0 is the number of rows; the descriptor of column i of the source begins
	// at MorselColumns + i*MorselColumnSize.
	//
	// For a source that is a state, column 0 describes a run of records instead: its
	// Values are the address of the first record, its Validity the end of the last.
	// A sorted state gives an array of record addresses (32 bits each) instead: Values
	// is the array's address, and word 0 the number of its elements.
	MorselBase       = PrivateBase
	MorselColumns    = MorselBase + 16
	MorselColumnSize = 16
	MaxColumns       = 4096

	// MorselRows is the most rows of a table that one call handles. Generated code
	// adds up so many values in 64 bits where it can prove that they fit, and numbers
	// rows with 16 bits.
	MorselRows = 1 << 16

	// Offsets within a column's descriptor: 32-bit addresses.
	ColumnValues     = 0  // values, codes, or 32-bit offsets into Text
	ColumnValidity   = 4  // bitmap, bit 0 of byte 0 first
	ColumnText       = 8  // bytes that the offsets point into
	ColumnDictionary = 12 // packed strings, 8 bytes each, by code

	// LocalBase holds the worker's own part of each state, at the offset that the
	// program gives (State.LocalOffset).
	LocalBase  = 0x120000
	LocalLimit = 0x160000

	// SelectionBase holds the row numbers (16 bits each) that passed a filter,
	// SelectionSteps the numbers from 0 to 15 that code adds to make sixteen at once.
	SelectionBase  = 0x160000
	SelectionSteps = SelectionBase + 2*MorselRows

	// ScratchCursor is the address of a 32-bit word: the next free byte of the
	// scratch area, where text made for one tuple lives. Pipelines that make text set
	// it to ScratchBase for each tuple of their source.
	ScratchCursor = 0x1FFFF0
	ScratchBase   = 0x200000
	ScratchLimit  = PrivateLimit
)

// A string value is packed into 64 bits: its address in the low half, its length in
// bytes in the high half. The empty string may have any address. A string is stable
// when it lies in [stable base, stable limit), two words of the context: parameters and
// dictionaries at the top of the heap, and columns that are mapped at the same
// addresses for the whole run at the bottom of the windows. Whoever stores any other
// string in a record copies it into the record's page.

// The context: one block in the shared heap per run of a program, whose address is
// the first argument of every function that a program exports.
const (
	// ContextStableBase and ContextStableLimit are 32-bit addresses: text between them
	// lives, at the same address in all workers, as long as the program runs.
	ContextStableBase  = 0
	ContextStableLimit = 4
	// ContextParameters begins the parameters, ParameterSize bytes each: the value in
	// the low bytes (bools and integers sign-extended to 128 bits; floats; strings
	// packed; intervals as 128 bits: microseconds in the low half, then days, then
	// months, 32 bits each), or the address of a compiled pattern for LIKE. Tables and state headers follow at
	// the offsets that the program gives.
	ContextParameters = 64
	ParameterSize     = 16
)

// The shared header of a state, at Program.States[i].SharedOffset in the context.
const (
	StateDirectory  = 0  // hash table: 32-bit address of 2^(32-shift) record addresses; valid also when the table is empty
	StateShift      = 4  // hash table: slot = hash >>> shift, from 1 to 31
	StateResidentLo = 8  // hash table: bit p is set when partition p is in the directory (partitions 0 to 31)
	StateResidentHi = 12 // partitions 32 to 63
	// A hash table has a filter: bit hash >>> shift of the bitmap at this address is 0
	// only if no record of a resident partition has the hash.
	StateFilter      = 16
	StateFilterShift = 20 // from 1 to 23, so that partitions share no byte
	StateHeaderSize  = 32
)

// The local header of a state, at LocalBase + State.LocalOffset: one writer for each
// partition, then the aggregate's directory.
const (
	// Offsets within a writer. A writer fills a page with records from its low end and
	// with their text from its high end.
	WriterCursor = 0 // where the next record goes
	WriterEnd    = 4 // where text begins; a record fits when cursor + record size + text size <= end
	WriterPage   = 8 // address of the page, 0 when there is none yet; then cursor and end are 0 too
	WriterSize   = 16

	// Offsets within the aggregate's local header, which stands behind the writers.
	// The directory has 2^(32-shift) record addresses: chains through RecordNext.
	// Before a group is added while count >= limit, heddle.full(state) is called; it
	// gives a larger directory or empties this one.
	LocalDirectory = 0
	LocalShift     = 4
	LocalCount     = 8
	LocalLimitWord = 12
	// LocalSlots is the address of the slots of a direct aggregate, in the heap,
	// zeroed before the first morsel.
	LocalSlots = 16
	// LocalThreshold is a packed string: the normalised key above which rows of a
	// limited sort cannot be in the result; 0 while there is none.
	LocalThreshold = 24
	LocalStateSize = 32
)

// Records of hash tables and aggregates begin with these words. Records of sorts
// begin with the packed normalised key (8 bytes) instead; records of buffers with
// their fields. Records are RecordAlignment-aligned.
const (
	RecordNext      = 0 // address of the next record in the chain, 0 at its end, RecordDead when merged away
	RecordHash      = 4 // 32 bits; the partition is hash >>> 26 when a state has 64 partitions
	RecordHeader    = 8
	RecordDead      = 0xFFFFFFFF
	RecordAlignment = 8

	// Partitions is the number of partitions of a partitioned state.
	Partitions     = 64
	PartitionShift = 26
)

// PageHeader is the size of what stands before the first record of a page; the
// runtime alone writes it.
const PageHeader = 32

// Functions that the host gives, in module HostModule.
const (
	// PageImport (state i32, partition i32, need i32) -> i32 gives a new page with at
	// least need free bytes to a writer of this worker, updates the writer and returns
	// its cursor. When memory is short it writes full pages to disk first and
	// empties the directories that point to them.
	PageImport = "page"
	// FullImport (state i32): the local directory of an aggregate is full.
	FullImport = "full"
	// FailImport (site i32) ends the program with the error of Program.Sites[site].
	FailImport = "fail"
)

// MaxDirectSlots limits a direct aggregate.
const MaxDirectSlots = 4096

// A compiled LIKE pattern, 8-byte aligned:
//
//	0   u32 flags: PatternAnchoredStart, PatternAnchoredEnd, PatternInsensitive
//	4   u32 number of segments
//	8   u32 sum of the segments' lengths in bytes (wildcards count one byte)
//	12  u32 0
//	16  segments: u32 address, u32 length<<1 | (1 when it has wildcards)
//
// Segments are the runs between % signs; a byte 0xFF in one stands for any one
// character. The bytes lie behind the segments. With PatternInsensitive their ASCII
// letters are in lower case.
const (
	PatternFlags         = 0
	PatternSegmentCount  = 4
	PatternMinimum       = 8
	PatternSegments      = 16
	PatternSegmentSize   = 8
	PatternAnchoredStart = 1
	PatternAnchoredEnd   = 2
	PatternInsensitive   = 4
	PatternWildcard      = 0xFF
)
