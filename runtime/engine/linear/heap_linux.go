package linear

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// heapFile makes a file in memory. It is sealed at its size: a file that
// cannot shrink cannot raise SIGBUS.
func heapFile(length int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("heddle-heap", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "heddle-heap")
	if err := unix.Ftruncate(fd, length); err != nil {
		_ = file.Close() // the first error says more
		return nil, fmt.Errorf("ftruncate: %w", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		_ = file.Close() // the first error says more
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return file, nil
}

func (h *Heap) punch(part []byte, offset int64) error {
	err := unix.Fallocate(h.descriptor(), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, offset, int64(len(part)))
	if err != nil {
		return fmt.Errorf("releasing heap memory: %w", err)
	}
	return nil
}
