package abi

// Kernels run on a GPU. They see the memory that package doc describes through a range
// of 4 GiB of device addresses, the mirror: the address a of linear memory is the device
// address mirror + a. The runtime copies there what kernels read, at the same
// addresses as in the workers: the context, dictionaries, lookup tables, pages,
// directories. From WindowBase upwards the mirror has other contents than the workers'
// windows: text of whole columns, and records that kernels write. Values of columns lie
// outside of the mirror, at 64-bit device addresses.
//
// A kernel has three parameters: the device address of the mirror (64 bits), the address
// of the context in the mirror (32 bits), and the device address of its launch block
// (64 bits), of LaunchSize bytes and LaunchColumnSize more for each column of its source.
const (
	KernelMirror        = 0
	KernelContext       = 8
	KernelLaunch        = 16
	KernelParameterSize = 24
)

// Offsets in a launch block. Words have 32 bits; addresses without another note are in
// the mirror.
const (
	// LaunchRows is the number of rows of the source in this launch, below 2^31.
	LaunchRows = 0
	// LaunchError is the lowest number of a site that failed, LaunchNoError before.
	LaunchError = 4
	// LaunchCursor is the address of the next record of the state that is filled,
	// LaunchLimit the end of its memory. A kernel adds to the cursor what a record takes
	// and writes it if it ends within the limit, else it sets LaunchOverflow to 1 and
	// leaves the row out: the runtime then gives more memory and starts again.
	LaunchCursor   = 8
	LaunchLimit    = 12
	LaunchOverflow = 16
	// LaunchDirectory is the directory of an aggregate that hashes its groups, zeroed
	// before the pipeline's first launch: slot = hash >>> LaunchShift, chains through
	// RecordNext.
	LaunchDirectory = 20
	LaunchShift     = 24
	// LaunchPartials is where a kernel that fills the slots of a direct aggregate leaves
	// the records of its blocks: that of slot s of block b at LaunchPartials +
	// (b*slots + s) * record size. It writes all of them; those of slots without rows are
	// RecordDead.
	LaunchPartials = 28
	// LaunchRuns tells where the records of a source lie that is a state: pairs of
	// words, the number of a run's first record and its address, in ascending order.
	LaunchRuns     = 32
	LaunchRunCount = 36

	LaunchSize    = 64
	LaunchNoError = 0xFFFFFFFF
)

// Fields of a column in a launch block. Columns that a kernel reads begin at multiples
// of 16 bytes and are readable for 64 bytes behind their end; a launch begins at a row
// whose number in the column is a multiple of 128.
const (
	LaunchColumnSize = 32
	LaunchValues     = 0  // 64-bit device address of values, codes, or 32-bit offsets into text
	LaunchValidity   = 8  // 64-bit device address of the bitmap of values that are not NULL
	LaunchText       = 16 // address of the text that offsets point into
	LaunchDictionary = 20 // address of the dictionary: packed strings by code
)
