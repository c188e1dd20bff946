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
type races struct {
	interval uint32
	words    []shadow
	bytes    []shadow // of words that are split; nil when there are none
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
	return &races{words: make([]shadow, (size+shadowWord-1)/shadowWord)}
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
	warp   *warp
	thread uint16
	how    accessKind
	strong bool
	same   bool // the write changes nothing
}

// check notes an access, and returns what it races with, or "".
func (r *races) check(u *use, offset uint64, size int) string {
	for at, end := offset, offset+uint64(size); at < end; {
		word := &r.words[at/shadowWord]
		n := min(end, (at/shadowWord+1)*shadowWord) - at
		var with *shadow
		wrote := false
		if n == shadowWord && !word.split {
			if wrote = r.written(word, u); wrote || r.wasRead(word, u) {
				with = word
			} else {
				r.note(word, u)
			}
		} else {
			if !word.split {
				r.divide(int(at / shadowWord))
			}
			part := r.bytes[at:][:n]
			for i := range part {
				if wrote = r.written(&part[i], u); wrote || r.wasRead(&part[i], u) {
					with = &part[i]
					at += uint64(i)
					break
				}
				r.note(&part[i], u)
			}
		}
		if with != nil && wrote {
			return fmt.Sprintf("race: the thread %d wrote the byte %d of shared memory, and there was no barrier since", with.writer, at)
		}
		if with != nil {
			return fmt.Sprintf("race: the thread %d read the byte %d of shared memory, and there was no barrier since", with.reader, at)
		}
		at += n
	}
	return ""
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

// wasRead reports whether a write races with the last reads.
func (r *races) wasRead(s *shadow, u *use) bool {
	if u.how == reading || s.readInterval != r.interval || u.same || u.strong && s.strongRead {
		return false
	}
	ordered := int(s.reader)/lanesPerWarp == u.warp.index && !s.severalWarps && s.readOrder != u.warp.order
	alone := s.reader == u.thread && !s.severalLanes && !s.severalWarps
	return !alone && !ordered
}

// note keeps an access.
func (r *races) note(s *shadow, u *use) {
	if u.how != reading {
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
