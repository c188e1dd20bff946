package native

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// blockLength is how much of a part is read and hashed at a time, so that it stays in
// the cache for the checks that follow.
const blockLength = 256 << 10

var blocks = sync.Pool{New: func() any { return new([blockLength]byte) }}

// verify reads the parts of a piece once, compares checksums, and checks what compiled
// code relies upon.
func (t *table) verify(c *columnInfo, p *piece, rows int) error {
	damaged := func(err error) error {
		return store.Damaged(t.path, "column %q at byte %d: %v", c.name, p.values.offset, err)
	}
	if c.layout.Width == 0 {
		if err := t.verifyText(c, p, rows, damaged); err != nil {
			return err
		}
	} else {
		inspect := func([]byte) error { return nil }
		switch {
		case c.layout.Encoding == ir.Dictionary:
			inspect = func(block []byte) error { return checkCodes(block, c.layout) }
		case c.typ.Kind == ir.Bool:
			inspect = func(block []byte) error { return checkBooleans(block) }
		}
		if err := t.stream(p.values, damaged, inspect); err != nil {
			return err
		}
	}
	return t.stream(p.validity, damaged, func([]byte) error { return nil })
}

// verifyPresent checks the bitmap of ones.
func (t *table) verifyPresent() error {
	damaged := func(err error) error {
		return store.Damaged(t.path, "bitmap at byte %d: %v", t.footer.present.offset, err)
	}
	return t.stream(t.footer.present, damaged, func(block []byte) error {
		if bytes.Count(block, []byte{0xFF}) != len(block) {
			return errors.New("a bit of it is not one")
		}
		return nil
	})
}

// stream reads a part block by block. Blocks end at multiples of 16 bytes.
func (t *table) stream(p part, damaged func(error) error, inspect func(block []byte) error) error {
	buffer := blocks.Get().(*[blockLength]byte)
	defer blocks.Put(buffer)
	hash := xxh3.New()
	for done := int64(0); done < p.length; {
		block := buffer[:min(blockLength, p.length-done)]
		if err := t.read(block, p.offset+done); err != nil {
			return err
		}
		_, _ = hash.Write(block) // a hash does not fail
		if err := inspect(block); err != nil {
			return damaged(err)
		}
		done += int64(len(block))
	}
	if p.length > 0 && hash.Sum64() != p.checksum {
		return damaged(errors.New("the checksum does not match"))
	}
	return nil
}

// checkCodes compares codes with the cardinality, eight bytes at a time where codes
// above most show by carrying into the top bit of their lane ("determine if a word has
// a byte greater than n" in Anderson's Bit Twiddling Hacks). A carry out of a lane can
// only come from one that has its own top bit set, so the answer is exact.
func checkCodes(block []byte, layout ir.Layout) error {
	most, above := uint64(layout.Cardinality-1), false
	lanes, top := uint64(0x0101010101010101), uint64(0x7F)
	if layout.Width == 2 {
		lanes, top = 0x0001000100010001, 0x7FFF
	}
	whole := 0
	if most <= top {
		seen, add := uint64(0), (top-most)*lanes
		for _, word := range store.View[uint64](block, len(block)/8) {
			seen |= word | (word + add)
		}
		above = seen&((top+1)*lanes) != 0
		whole = len(block) &^ 7
	}
	if layout.Width == 1 {
		for _, code := range block[whole:] {
			above = above || uint64(code) > most
		}
	} else {
		for _, code := range store.View[uint16](block[whole:], (len(block)-whole)/2) {
			above = above || uint64(code) > most
		}
	}
	if above {
		return fmt.Errorf("a code is beyond its dictionary of %d entries", layout.Cardinality)
	}
	return nil
}

func checkBooleans(block []byte) error {
	all := byte(0)
	for _, b := range block {
		all |= b
	}
	if all > 1 {
		return errors.New("a boolean is neither true nor false")
	}
	return nil
}

// checkOffsets checks offsets that continue from a first one: they must ascend and stay
// within the text, and end with it if they are the last ones.
func checkOffsets(offsets []uint32, from uint32, text int64, last bool) error {
	for _, offset := range offsets {
		if offset < from {
			return fmt.Errorf("offset %d follows %d", offset, from)
		}
		from = offset
	}
	if int64(from) > text || last && int64(from) != text {
		return fmt.Errorf("offset %d in a text of %d bytes", from, text)
	}
	return nil
}

// verifyText reads offsets and text in step, so that neither need be held whole.
func (t *table) verifyText(c *columnInfo, p *piece, rows int, damaged func(error) error) error {
	offsets := make([]byte, 0, p.values.length)
	err := t.stream(p.values, damaged, func(block []byte) error {
		offsets = append(offsets, block...)
		return nil
	})
	if err != nil {
		return err
	}
	starts := store.View[uint32](offsets, rows+1)
	if starts[0] != 0 {
		return damaged(fmt.Errorf("the first offset is %d", starts[0]))
	}
	if err := checkOffsets(starts, 0, p.text.length, true); err != nil {
		return damaged(err)
	}
	if c.typ.Kind != ir.String {
		return t.stream(p.text, damaged, func([]byte) error { return nil })
	}
	checker := textChecker{starts: starts}
	if err := t.stream(p.text, damaged, checker.block); err != nil {
		return err
	}
	if len(checker.rest) > 0 {
		return damaged(errNotText)
	}
	return nil
}

var errNotText = errors.New("its text is not UTF-8")

// textChecker checks text that comes in blocks.
type textChecker struct {
	starts []uint32 // offsets not yet compared
	at     int64    // of the next block
	rest   []byte   // an unfinished character at the end of the block before
}

func (k *textChecker) block(block []byte) error {
	for len(k.starts) > 0 {
		i := int64(k.starts[0]) - k.at
		if i >= int64(len(block)) {
			break
		}
		if !utf8.RuneStart(block[i]) {
			return errNotText
		}
		k.starts = k.starts[1:]
	}
	k.at += int64(len(block))
	if len(k.rest) > 0 {
		for len(block) > 0 && !utf8.FullRune(k.rest) {
			k.rest = append(k.rest, block[0])
			block = block[1:]
		}
		if !utf8.FullRune(k.rest) {
			return nil
		}
		if !utf8.Valid(k.rest) {
			return errNotText
		}
		k.rest = nil
	}
	end := len(block)
	for back := 1; back < utf8.UTFMax && back <= len(block); back++ {
		if utf8.RuneStart(block[len(block)-back]) {
			if !utf8.FullRune(block[len(block)-back:]) {
				end = len(block) - back
				k.rest = append([]byte(nil), block[end:]...)
			}
			break
		}
	}
	if !utf8.Valid(block[:end]) {
		return errNotText
	}
	return nil
}
