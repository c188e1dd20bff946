package random

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
)

// Outcome is what a Kern leaves: memory, and how each call of a function of the CPU ended.
type Outcome struct {
	Linear, Global []byte
	Ends           []string // "" for calls that return, Failed, or Trapped
}

// Trapped is how a call ended that trapped: what it wrote before does not count.
const Trapped = "trap"

// Failed is how a call ended that failed at a site.
func Failed(site uint32) string { return fmt.Sprint("site ", site) }

// Start is what memory holds before.
func (k *Kern) Start() *Outcome {
	return &Outcome{Linear: bytes.Clone(k.Linear), Global: bytes.Clone(k.Global)}
}

// privateSize is how much private memory functions of the CPU get in each place of it.
const privateSize = 1 << 16

// Run lets the interpreter run the function, or the kernel with its launch block at an
// address. An error is a mistake in the function, or in the interpreter. Of a function that
// may trap it also tells, as uncertain, whether an op trapped whose value nobody needed:
// then another machine may trap too.
func (k *Kern) Run(library *ir.Module, launch uint64, reverse bool) (outcome *Outcome, uncertain bool, err error) {
	outcome = k.Start()
	m := interp.NewMachine(k.Module, library)
	m.Linear.Map(KernLinear, outcome.Linear)
	m.Global.Map(launch, outcome.Global)
	if k.Threads > 0 {
		err = m.Launch(k.Function, interp.Grid{Blocks: k.Blocks, Reverse: reverse}, KernLinear, launch)
		return outcome, false, err
	}
	m.Host[abi.FailImport] = func(_ *interp.Machine, arguments []interp.Bits) ([]interp.Bits, error) {
		return nil, failure(arguments[0].Low)
	}
	static, cursor, scratch := make([]byte, privateSize), make([]byte, 4), make([]byte, privateSize)
	m.Linear.Map(abi.StaticBase, static)
	m.Linear.Map(abi.ScratchCursor, cursor)
	m.Linear.Map(abi.ScratchBase, scratch)
	for _, slice := range k.Slices {
		binary.LittleEndian.PutUint32(cursor, abi.ScratchBase)
		_, err := m.Call(k.Function, interp.Word(uint64(slice)))
		var site failure
		switch {
		case err == nil:
			outcome.Ends = append(outcome.Ends, "")
		case errors.As(err, &site):
			outcome.Ends = append(outcome.Ends, Failed(uint32(site)))
		case k.Traps && errors.Is(err, interp.ErrDivision):
			outcome.Ends = append(outcome.Ends, Trapped)
		default:
			return nil, false, err
		}
		uncertain = uncertain || m.Trapped > 0 && outcome.Ends[len(outcome.Ends)-1] != Trapped
	}
	return outcome, uncertain, nil
}

// failure is the site of a call of heddle.fail.
type failure uint32

func (f failure) Error() string { return Failed(uint32(f)) }

// Difference tells how two outcomes differ; it is empty when they do not. Records that
// were appended have no order.
func (k *Kern) Difference(a, b *Outcome) string {
	if !slices.Equal(a.Ends, b.Ends) {
		return fmt.Sprintf("calls end as %q and as %q", a.Ends, b.Ends)
	}
	x, y := bytes.Clone(a.Linear), bytes.Clone(b.Linear)
	if k.RecordSize > 0 {
		k.sortRecords(x, a.Global)
		k.sortRecords(y, b.Global)
	}
	for i, end := range a.Ends {
		if end == Trapped {
			at := k.Slices[i] - KernLinear
			copy(x[at:][:sliceSize], y[at:])
		}
	}
	if at := firstDifference(x, y); at >= 0 {
		return fmt.Sprintf("linear memory differs at %s: % x and % x", k.describe(at), around(x, at), around(y, at))
	}
	if at := firstDifference(a.Global, b.Global); at >= 0 {
		return fmt.Sprintf("global memory differs at byte %d behind the launch block's start: % x and % x", at, around(a.Global, at), around(b.Global, at))
	}
	return ""
}

// describe names a place in linear memory.
func (k *Kern) describe(at int) string {
	switch {
	case at < sliceAt:
		return fmt.Sprintf("byte %d of text", at)
	case k.RecordSize > 0 && at >= k.Records:
		return fmt.Sprintf("byte %d of the records", at-k.Records)
	}
	thread, within := (at-sliceAt)/sliceSize, (at-sliceAt)%sliceSize
	if within >= resultAt {
		return fmt.Sprintf("result %d of thread %d", (within-resultAt)/16, thread)
	}
	return fmt.Sprintf("byte %d of the slice of thread %d", within, thread)
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

// around gives the 16 bytes of memory in which a byte stands.
func around(memory []byte, at int) []byte {
	from := at &^ 15
	return memory[from:min(from+16, len(memory))]
}

// sortRecords puts the records up to the cursor of a launch block into an order.
func (k *Kern) sortRecords(linear, global []byte) {
	end := int(binary.LittleEndian.Uint32(global[abi.LaunchCursor:])) - KernLinear
	if end < k.Records || end > len(linear) {
		return // the cursors differ, or both are wrong in the same way
	}
	area := linear[k.Records:end]
	var records []string
	for record := range slices.Chunk(area, k.RecordSize) {
		records = append(records, string(record))
	}
	slices.Sort(records)
	at := 0
	for _, record := range records {
		at += copy(area[at:], record)
	}
}
