package emulator

import "fmt"

// races finds threads that use the same byte of shared memory without a barrier in
// between, of whom at least one writes. Two accesses that are both strong (atomic,
// volatile, or with an order) do not race, nor do two writes of the same value, nor
// accesses of one warp between which the warp has done something together.
//
// It keeps the last write and the last read of each byte; a barrier of the block begins a
// new interval. That finds what is wrong at least once for each barrier that is missing,
// not every pair of threads.
type races struct {
	interval uint32
	bytes    []shadow
}

// shadow is what is known of one byte.
type shadow struct {
	writeInterval, writeOrder uint32
	readInterval, readOrder   uint32
	writer, reader            uint16 // threads
	strongWrite, strongRead   bool
	// several says that other threads have read too: of one warp, or of several warps.
	severalLanes, severalWarps bool
}

func newRaces(size int) *races { return &races{bytes: make([]shadow, size)} }

// accessKind is how a thread uses memory.
type accessKind uint8

const (
	reading accessKind = iota
	writing
	updating // reads and writes at once
)

// check notes an access, and returns what it races with, or "".
func (r *races) check(w *warp, lane int, offset uint64, size int, how accessKind, strong, same bool) string {
	thread := uint16(w.index*lanesPerWarp + lane)
	part := r.bytes[offset : offset+uint64(size)]
	for n := range part {
		s := &part[n]
		// ordered says that the warp has done something together since the access.
		ordered := int(s.writer)/lanesPerWarp == w.index && s.writeOrder != w.order
		harmless := strong && s.strongWrite || how == writing && same
		if s.writeInterval == r.interval && s.writer != thread && !ordered && !harmless {
			return fmt.Sprintf("race: the thread %d wrote the byte %d of shared memory, and there was no barrier since", s.writer, offset+uint64(n))
		}
		harmless = strong && s.strongRead || same
		if how != reading && s.readInterval == r.interval && !harmless {
			ordered := int(s.reader)/lanesPerWarp == w.index && !s.severalWarps && s.readOrder != w.order
			alone := s.reader == thread && !s.severalLanes && !s.severalWarps
			if !alone && !ordered {
				return fmt.Sprintf("race: the thread %d read the byte %d of shared memory, and there was no barrier since", s.reader, offset+uint64(n))
			}
		}
		if how != writing {
			r.noteRead(s, w, thread, strong)
		}
		if how != reading {
			s.writeInterval, s.writeOrder, s.writer, s.strongWrite = r.interval, w.order, thread, strong
		}
	}
	return ""
}

func (r *races) noteRead(s *shadow, w *warp, thread uint16, strong bool) {
	if s.readInterval != r.interval {
		s.readInterval, s.readOrder, s.reader, s.strongRead = r.interval, w.order, thread, strong
		s.severalLanes, s.severalWarps = false, false
		return
	}
	switch {
	case s.reader == thread:
	case int(s.reader)/lanesPerWarp == w.index:
		s.severalLanes = true
	default:
		s.severalWarps = true
	}
	s.strongRead = s.strongRead && strong
	if int(s.reader)/lanesPerWarp == w.index {
		s.readOrder = w.order
	}
}
