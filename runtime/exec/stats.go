package exec

import (
	"slices"
	"sync"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/program"
)

// Stats says what a run did.
type Stats struct {
	Compile   time.Duration // compiling or loading the code
	Prepare   time.Duration // opening tables, verifying and mapping columns, parameters
	Execute   time.Duration // all pipelines
	Pipelines []PipelineStats
	Scans     []ScanStats

	PeakMemory   int64 // most bytes of the budget in use
	SpilledBytes int64 // written to temporary files
}

// PipelineStats says what a pipeline did.
type PipelineStats struct {
	Title   string
	Run     time.Duration // over all morsels and passes
	Finish  time.Duration // finishing the state that it filled
	Rows    int64         // of the source
	Bytes   int64         // of the source
	Passes  int           // over the source; more than one when a hash table does not fit memory
	Morsels []int         // by worker

	// Device is where the pipeline ran: "cpu", or the name of a driver. Why tells why it was placed
	// there; Fallback, if not nil, why it did not run where it was placed.
	Device   string
	Why      string
	Fallback *diag.Diagnostic
	// Launches counts launches of the kernel. CopiedIn and CopiedOut are bytes to and
	// from the device, Transfer the time in which columns were read and copied, and
	// Kernel the time on the device from the first launch to the end of the last. Replayed
	// says that all was one graph, captured in this run or an earlier one; Kernel is then
	// the time of the graph, with its copies of launch block, context and partial records.
	Launches            int
	Replayed            bool
	CopiedIn, CopiedOut int64
	Transfer, Kernel    time.Duration
}

// Fallbacks lists why pipelines did not run on the device that they were placed on,
// each reason once.
func (s *Stats) Fallbacks() []*diag.Diagnostic {
	var all []*diag.Diagnostic
	for i := range s.Pipelines {
		problem := s.Pipelines[i].Fallback
		same := func(other *diag.Diagnostic) bool {
			return other.Code == problem.Code && other.Message == problem.Message
		}
		if problem != nil && !slices.ContainsFunc(all, same) {
			all = append(all, problem)
		}
	}
	return all
}

// ScanStats says how a table was read.
type ScanStats struct {
	Table   string
	Columns int
	Chunks  int // in the table
	Pruned  int // of them, left out by their bounds
	// Access is "pinned" or "windows" when columns were mapped without a copy and
	// "decoded" when they were copied.
	Access string
}

func (s *PipelineStats) add(counts []workerCounts) {
	if len(s.Morsels) < len(counts) {
		s.Morsels = append(s.Morsels, make([]int, len(counts)-len(s.Morsels))...)
	}
	for i := range counts {
		s.Morsels[i] += counts[i].morsels
		s.Rows += counts[i].rows
		s.Bytes += counts[i].bytes
	}
}

// scanStats describes the scans.
func (r *run) scanStats() []ScanStats {
	var all []ScanStats
	for _, sc := range r.scans {
		access := "decoded"
		switch {
		case sc.pinned != nil:
			access = "pinned"
		case len(sc.source.Segments()) > 0:
			access = "windows"
		}
		all = append(all, ScanStats{
			Table: sc.Table, Columns: len(sc.columns), Chunks: len(sc.source.Chunks()), Pruned: sc.pruned, Access: access,
		})
	}
	return all
}

// Progress tells another goroutine how far a run has come. The zero Progress is ready,
// and may serve several runs one after the other.
type Progress struct {
	mu  sync.Mutex
	now ProgressNow
}

// ProgressNow is the state of a run at one moment.
type ProgressNow struct {
	Pipeline, Pipelines int // which pipeline runs, from 0, and how many there are
	Title               string
	Rows, Bytes         int64 // of the source, so far
	TotalRows           int64 // -1 when unknown
	TotalBytes          int64
}

// Now returns how far the run has come.
func (p *Progress) Now() ProgressNow {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *Progress) start(number int, all []program.Pipeline, rows, bytes int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = ProgressNow{Pipeline: number, Pipelines: len(all), Title: all[number].Title, TotalRows: rows, TotalBytes: bytes}
}

// add is called once or twice per morsel: a lock is cheap enough.
func (p *Progress) add(rows, bytes int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Rows += rows
	p.now.Bytes += bytes
}
