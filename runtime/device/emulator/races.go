package emulator

import "fmt"

// races finds threads that use the same byte of shared memory without a barrier in
// between, of whom at least one writes. Two accesses that are both strong (atomic,
// volatile, or with an order) do not race, nor do two writes of the same value, nor
// accesses of one warp between which the warp has done something together.
//
// It keeps the last write and the last read of each word of four bytes, and of each byte
// of words that are used in parts; a barrier of the block begins a new interval. That
// finds what is wrong at least once for each barrier that is missing, not every pair of
// threads.
//
// Where a device lacks an atomic operation, LLVM makes a loop of compare-and-swap that
// begins with a load that is not strong. Such a load may race with atomic operations as
// long as its thread goes on to compare what it has read.
type races struct {
	interval uint32
	words    []shadow
	bytes    []shadow // of words that are split; nil when there are none
	// suspects are loads that need a comparison until the interval ends.
	suspects map[suspect]suspicion
}

type suspect struct {
	thread uint16
	word   uint64
}

type suspicion struct {
	use    use
	reason string
}

const shadowWord = 4 // bytes

// shadow is what is known of a word or byte.
type shadow struct {
	writeInterval, writeOrder uint32
	readInterval, readOrder   uint32
	writer, reader            uint16 // threads
	strongWrite, strongRead   bool
	// several says that other threads have read too: of one warp, or of several warps.
	severalLanes, severalWarps bool
	split                      bool // what is known is known of the bytes
}

func newRaces(size int) *races {
	return &races{interval: 1, words: make([]shadow, (size+shadowWord-1)/shadowWord)}
}

// accessKind is how a thread uses memory.
type accessKind uint8

const (
	reading accessKind = iota
	writing
	updating // reads and writes at once
)

// use is one access of a lane.
type use struct {
	warp     *warp
	thread   uint16
	at       int32 // of the instruction
	how      accessKind
	strong   bool
	compares bool // a compare-and-swap
	same     bool // the write changes nothing
}

// check notes an access, and returns what it races with, or "".
func (r *races) check(u *use, offset uint64, size int) string {
	if u.compares && len(r.suspects) > 0 {
		delete(r.suspects, suspect{u.thread, offset / shadowWord})
	}
	for at, end := offset, offset+uint64(size); at < end; {
		word := &r.words[at/shadowWord]
		n := min(end, (at/shadowWord+1)*shadowWord) - at
		if n == shadowWord && !word.split {
			if what := r.checkOne(word, u, at); what != "" {
				return what
			}
		} else {
			if !word.split {
				r.divide(int(at / shadowWord))
			}
			for i := range n {
				if what := r.checkOne(&r.bytes[at+i], u, at+i); what != "" {
					return what
				}
			}
		}
		at += n
	}
	return ""
}

// checkOne is check for one word or byte.
func (r *races) checkOne(s *shadow, u *use, at uint64) string {
	if r.written(s, u) {
		what := fmt.Sprintf("race: the thread %d wrote the byte %d of shared memory, and there was no barrier since", s.writer, at)
		if u.how != reading || !s.strongWrite {
			return what
		}
		if r.suspects == nil {
			r.suspects = map[suspect]suspicion{}
		}
		r.suspects[suspect{u.thread, at / shadowWord}] = suspicion{*u, what}
	}
	if r.wasRead(s, u) {
		return fmt.Sprintf("race: the thread %d read the byte %d of shared memory, and there was no barrier since", s.reader, at)
	}
	r.note(s, u)
	return ""
}

// end begins a new interval. It returns the first load that needed a comparison and got
// none, if there is one.
func (r *races) end() (found suspicion, ok bool) {
	r.interval++
	for key, s := range r.suspects {
		if !ok || key.thread < found.use.thread || key.thread == found.use.thread && s.use.at < found.use.at {
			found, ok = s, true
		}
	}
	clear(r.suspects)
	return found, ok
}

// divide keeps the bytes of a word apart from now on.
func (r *races) divide(word int) {
	if r.bytes == nil {
		r.bytes = make([]shadow, len(r.words)*shadowWord)
	}
	for i := range shadowWord {
		r.bytes[word*shadowWord+i] = r.words[word]
	}
	r.words[word].split = true
}

// written reports whether an access races with the last write.
func (r *races) written(s *shadow, u *use) bool {
	if s.writeInterval != r.interval || s.writer == u.thread {
		return false
	}
	ordered := int(s.writer)/lanesPerWarp == u.warp.index && s.writeOrder != u.warp.order
	harmless := u.strong && s.strongWrite || u.how == writing && u.same
	return !ordered && !harmless
}

// wasRead reports whether a write races with the last reads. Atomic operations do not, for
// the sake of loops of compare-and-swap.
func (r *races) wasRead(s *shadow, u *use) bool {
	if u.how != writing || s.readInterval != r.interval || u.same || u.strong && s.strongRead {
		return false
	}
	ordered := int(s.reader)/lanesPerWarp == u.warp.index && !s.severalWarps && s.readOrder != u.warp.order
	alone := s.reader == u.thread && !s.severalLanes && !s.severalWarps
	return !alone && !ordered
}

// note keeps an access.
func (r *races) note(s *shadow, u *use) {
	// An atomic write does not hide an earlier one of the interval that was not: other
	// threads race with that one still.
	weaker := u.strong && s.writeInterval == r.interval && !s.strongWrite
	if u.how != reading && !weaker {
		s.writeInterval, s.writeOrder, s.writer, s.strongWrite = r.interval, u.warp.order, u.thread, u.strong
	}
	if u.how == writing {
		return
	}
	if s.readInterval != r.interval {
		s.readInterval, s.readOrder, s.reader, s.strongRead = r.interval, u.warp.order, u.thread, u.strong
		s.severalLanes, s.severalWarps = false, false
		return
	}
	s.strongRead = s.strongRead && u.strong
	switch {
	case s.reader == u.thread:
		s.readOrder = u.warp.order
	case int(s.reader)/lanesPerWarp == u.warp.index:
		s.severalLanes = true
		s.readOrder = u.warp.order
	default:
		s.severalWarps = true
	}
}
