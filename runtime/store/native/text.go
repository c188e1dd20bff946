package native

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// dictionary collects the entries of a column.
type dictionary struct {
	codes   map[string]uint32
	entries []string
	bytes   int64
}

// maxDictionaryBytes bounds the text of a dictionary, which is in memory while a
// query runs.
const maxDictionaryBytes = 8 << 20

func (c *column) sealText(s *spooled, m memory) error {
	offsets := store.View[uint32](m.values, s.rows+1)
	if c.field.Type.Kind == ir.String && !validText(m.text, offsets) {
		return diag.New(store.CodeCannotWrite, "column %q has text that is not UTF-8", c.field.Name).
			Helpf("repair the source, or read the column as bytes")
	}
	if c.dictionary != nil && c.sealCodes(s, m, offsets) {
		return nil
	}
	chunks(s.rows, func(first, end int) {
		var low, high []byte
		some := false
		for i := first; i < end; i++ {
			if !store.IsPresent(m.validity, i) {
				continue
			}
			text := m.text[offsets[i]:offsets[i+1]]
			c.counts.addText(text)
			if !some {
				low, high, some = text, text, true
				continue
			}
			if string(text) < string(low) {
				low = text
			} else if string(text) > string(high) {
				high = text
			}
		}
		if !some {
			c.zone(m.validity, first, end, nil, nil)
			return
		}
		lowest, highest := ir.TextDatum(string(low)), ir.TextDatum(string(high))
		c.zone(m.validity, first, end, &lowest, &highest)
	})
	s.values, s.text = slices.Clone(m.values[:4*(s.rows+1)]), slices.Clone(m.text)
	return nil
}

// sealCodes stores codes; it gives the dictionary up, and reports false, when there
// are too many entries.
func (c *column) sealCodes(s *spooled, m memory, offsets []uint32) bool {
	dict := c.dictionary
	before := len(dict.entries)
	codes := make([]byte, 2*s.rows)
	previous, code := []byte(nil), uint32(0)
	for i := range s.rows {
		if !store.IsPresent(m.validity, i) {
			continue // code 0, which exists when any value does
		}
		text := m.text[offsets[i]:offsets[i+1]]
		if previous == nil || string(text) != string(previous) {
			var ok bool
			if code, ok = dict.codes[string(text)]; !ok {
				if len(dict.entries) == maxDictionary || dict.bytes+int64(len(text)) > maxDictionaryBytes {
					c.giveUp(before)
					return false
				}
				code = uint32(len(dict.entries))
				entry := string(text)
				dict.entries = append(dict.entries, entry)
				dict.codes[entry] = code
				dict.bytes += int64(len(text))
			}
			previous = text
		}
		binary.LittleEndian.PutUint16(codes[2*i:], uint16(code))
	}
	s.layout, s.values = ir.Layout{Encoding: ir.Dictionary, Width: 2}, codes
	used := make([]bool, len(dict.entries))
	chunks(s.rows, func(first, end int) {
		clear(used)
		for i := first; i < end; i++ {
			if store.IsPresent(m.validity, i) {
				used[binary.LittleEndian.Uint16(codes[2*i:])] = true
			}
		}
		var low, high *ir.Datum
		for code, yes := range used {
			if !yes {
				continue
			}
			entry := dict.entries[code]
			if low == nil {
				low, high = &ir.Datum{Text: entry}, &ir.Datum{Text: entry}
			} else if entry < low.Text {
				low.Text = entry
			} else if entry > high.Text {
				high.Text = entry
			}
		}
		c.zone(m.validity, first, end, low, high)
	})
	return true
}

// giveUp ends the dictionary; segments that are sealed keep the entries they use.
func (c *column) giveUp(used int) {
	c.given = c.dictionary.entries[:used]
	for _, entry := range c.given {
		c.counts.addText([]byte(entry))
	}
	c.dictionary = nil
}

// validText reports whether all of text is UTF-8 and no offset splits a character.
func validText(text []byte, offsets []uint32) bool {
	if !utf8.Valid(text) {
		return false
	}
	for _, offset := range offsets {
		if int(offset) < len(text) && !utf8.RuneStart(text[offset]) {
			return false
		}
	}
	return true
}
