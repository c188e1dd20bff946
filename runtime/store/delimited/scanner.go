package delimited

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// dialect is how a file separates and quotes.
type dialect struct {
	delimiter byte
	quotes    bool
	trailing  bool // a delimiter also stands at the end of each record
}

// flaw is what is wrong with a record; "" for nothing.
type flaw string

const (
	flawQuote    flaw = "a field without quotes has a quote in it"
	flawUnclosed flaw = "a quoted field is not closed"
	flawAfter    flaw = "there is text after the closing quote of a field"
)

// scanner cuts records into fields.
type scanner struct {
	dialect
	data    []byte
	at      int
	scratch []byte

	field  []byte // the latest; of data, or of scratch where quotes were doubled
	quoted bool
	last   bool // the field ends its record
	flaw   flaw
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// zeros marks the lowest zero byte of a word in the high bit of that byte; marks above
// it may be false.
func zeros(word uint64) uint64 { return (word - ones) &^ word & highs }

// next reads the field at the cursor. It must not be called at the end of data.
func (s *scanner) next() {
	s.flaw, s.last, s.quoted = "", false, false
	if s.quotes && s.at < len(s.data) && s.data[s.at] == '"' {
		s.nextQuoted()
		return
	}
	data, at := s.data, s.at
	delimiters := ones * uint64(s.delimiter)
	for at+8 <= len(data) {
		word := binary.LittleEndian.Uint64(data[at:])
		found := zeros(word^delimiters) | zeros(word^(ones*'\n'))
		if s.quotes {
			found |= zeros(word ^ (ones * '"'))
		}
		if found != 0 {
			// The lowest mark of each of the three is true, so the lowest of all is.
			at += bits.TrailingZeros64(found) >> 3
			s.end(at)
			return
		}
		at += 8
	}
	for at < len(data) && data[at] != s.delimiter && data[at] != '\n' && (data[at] != '"' || !s.quotes) {
		at++
	}
	s.end(at)
}

// end finishes a field without quotes that ends before at.
func (s *scanner) end(at int) {
	s.field = s.data[s.at:at]
	switch {
	case at == len(s.data):
		s.at, s.last = at, true
	case s.data[at] == '\n':
		s.at, s.last = at+1, true
	case s.data[at] == '"' && s.delimiter != '"':
		s.flaw = flawQuote
		return
	default:
		s.at = at + 1
		return
	}
	if n := len(s.field); n > 0 && s.field[n-1] == '\r' {
		s.field = s.field[:n-1]
	}
}

func (s *scanner) nextQuoted() {
	s.quoted = true
	s.scratch = s.scratch[:0]
	data, start := s.data, s.at+1
	doubled := false
	for at := start; ; {
		i := bytes.IndexByte(data[at:], '"')
		if i < 0 {
			s.flaw = flawUnclosed
			return
		}
		at += i
		if at+1 < len(data) && data[at+1] == '"' {
			s.scratch = append(s.scratch, data[start:at+1]...)
			at += 2
			start, doubled = at, true
			continue
		}
		if doubled {
			s.scratch = append(s.scratch, data[start:at]...)
			s.field = s.scratch
		} else {
			s.field = data[start:at]
		}
		s.after(at + 1)
		return
	}
}

// after reads what follows a closing quote.
func (s *scanner) after(at int) {
	if at < len(s.data) && s.data[at] == '\r' && (at+1 == len(s.data) || s.data[at+1] == '\n') {
		at++
	}
	switch {
	case at == len(s.data):
		s.at, s.last = at, true
	case s.data[at] == '\n':
		s.at, s.last = at+1, true
	case s.data[at] == s.delimiter:
		s.at = at + 1
	default:
		s.flaw = flawAfter
	}
}

// record reads all fields of a record into fields, for sniffing; they hold until the
// next record is read.
func (s *scanner) record(fields []sample) []sample {
	fields = fields[:0]
	for {
		s.next()
		if s.flaw != "" {
			return fields
		}
		text := s.field
		if s.quoted {
			text = append([]byte{}, text...)
		}
		fields = append(fields, sample{text, s.quoted})
		if s.last {
			break
		}
	}
	if n := len(fields); s.trailing && n > 1 && len(fields[n-1].text) == 0 {
		fields = fields[:n-1]
	}
	return fields
}

// sample is a field seen in a sample.
type sample struct {
	text   []byte
	quoted bool
}
