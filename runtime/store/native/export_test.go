package native

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"
)

// mendFooter corrects the checksum of a footer where the trailer makes sense.
func mendFooter(content []byte) {
	if len(content) < Alignment+trailerLength {
		return
	}
	trailer := content[len(content)-trailerLength:]
	copy(trailer[32:], magic)
	offset, length := binary.LittleEndian.Uint64(trailer), binary.LittleEndian.Uint64(trailer[8:])
	end := uint64(len(content) - trailerLength)
	if offset > end || length > end-offset {
		return
	}
	binary.LittleEndian.PutUint64(trailer[16:], xxh3.Hash(content[offset:offset+length]))
}
