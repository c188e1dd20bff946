package native

import (
	"unicode/utf8"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// boundLength is the longest text in a zone, in bytes.
const boundLength = 16

// appendZone encodes a zone: bounds, then the number of NULLs.
func appendZone(e *encoder, t ir.Type, zone store.Zone) {
	low, high := zone.Min, zone.Max
	if store.IsText(t) {
		if low != nil && len(low.Text) > boundLength {
			low = &ir.Datum{Text: cutBelow(t, low.Text)}
		}
		if high != nil && len(high.Text) > boundLength {
			if above, ok := cutAbove(t, high.Text); ok {
				high = &ir.Datum{Text: above}
			} else {
				high = nil
			}
		}
	}
	e.bounds(t, low, high)
	e.unsigned(uint64(zone.Nulls))
}

// decodeZones reads the zones of a column, one for each chunk of the table.
func decodeZones(data []byte, t ir.Type, segments []int) ([]store.Zone, error) {
	d := decoder{rest: data}
	var zones []store.Zone
	for _, rows := range segments {
		for first := 0; first < rows && d.err == nil; first += store.ChunkRows {
			n := int64(min(rows-first, store.ChunkRows))
			low, high := d.bounds(t)
			nulls := d.count(n)
			zones = append(zones, store.Zone{Min: low, Max: high, Nulls: nulls, AllNull: nulls == n})
		}
	}
	if d.err == nil && len(d.rest) > 0 {
		d.fail("its zones have %d bytes too many", len(d.rest))
	}
	return zones, d.err
}

// cutBelow returns a short text that is not above s.
func cutBelow(t ir.Type, s string) string {
	end := boundLength
	if t.Kind == ir.String {
		for end > 0 && !utf8.RuneStart(s[end]) {
			end--
		}
	}
	return s[:end]
}

// cutAbove returns a short text that is above s and all that begins like it; ok is
// false when there is none.
func cutAbove(t ir.Type, s string) (above string, ok bool) {
	s = cutBelow(t, s)
	for len(s) > 0 {
		if t.Kind == ir.Bytes {
			if last := s[len(s)-1]; last < 0xFF {
				return s[:len(s)-1] + string([]byte{last + 1}), true
			}
			s = s[:len(s)-1]
			continue
		}
		last, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
		if last == 0xD7FF {
			return s + "\uE000", true // the surrogates between are no text
		}
		if last < utf8.MaxRune {
			return s + string(last+1), true
		}
	}
	return "", false
}
