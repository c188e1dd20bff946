//go:build unix && !linux

package linear

import (
	"fmt"
	"os"
)

// heapFile makes a file that has no name. There is no memfd here; a sparse
// file in the directory for temporary files does the same through the page
// cache.
func heapFile(length int64) (*os.File, error) {
	file, err := os.CreateTemp("", "heddle-heap-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		file.Close()
		return nil, err
	}
	if err := file.Truncate(length); err != nil {
		file.Close()
		return nil, fmt.Errorf("truncate: %w", err)
	}
	return file, nil
}

// punch can only zero: portable Unix has no way to punch a hole.
func (h *Heap) punch(part []byte, _ int64) error {
	clear(part)
	return nil
}
