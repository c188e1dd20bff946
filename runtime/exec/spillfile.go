package exec

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
)

// spillFile is the temporary file of a run. Its name is removed as soon as it is open,
// so that nothing stays behind however the process ends; where the system does not
// allow that, it is removed at the end. It is safe for concurrent use.
type spillFile struct {
	files system.Files
	file  system.File
	named bool // the name is still there

	mu    sync.Mutex
	size  int64
	total int64              // bytes ever written
	free  map[uint32][]int64 // places of pages that are not needed any more, by size
}

// temporary returns the run's file, which is made when it is first needed.
func (r *run) temporary() (*spillFile, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spill != nil {
		return r.spill, nil
	}
	files := r.session.system.Files
	file, err := files.CreateTemp(r.session.options.TempDir, "heddle-*.spill")
	if err != nil {
		return nil, spillError(r.session.options.TempDir, "made", err)
	}
	r.spill = &spillFile{files: files, file: file, free: map[uint32][]int64{}}
	r.spill.named = files.Remove(file.Name()) != nil
	return r.spill, nil
}

// spillError is the diagnostic of a temporary file that cannot be used.
func spillError(dir, verb string, err error) error {
	cause := err
	var path *fs.PathError
	if errors.As(err, &path) {
		cause = path.Err
	}
	problem := diag.New(CodeSpill, "the temporary file of the query in %s cannot be %s: %v", dir, verb, cause)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return problem.Helpf("free space on the disk, choose another directory with $HEDDLE_TEMP_DIR, or give the query more memory (--memory)")
	}
	return problem.Helpf("choose another directory with $HEDDLE_TEMP_DIR, or give the query more memory (--memory)")
}

// write stores a page and returns its place.
func (f *spillFile) write(content []byte) (int64, error) {
	size := uint32(len(content))
	f.mu.Lock()
	place := f.size
	if list := f.free[size]; len(list) > 0 {
		place, f.free[size] = list[len(list)-1], list[:len(list)-1]
	} else {
		f.size += int64(size)
	}
	f.total += int64(size)
	f.mu.Unlock()
	if _, err := f.file.WriteAt(content, place); err != nil {
		return 0, spillError(filepath.Dir(f.file.Name()), "written", err)
	}
	return place, nil
}

func (f *spillFile) read(content []byte, place int64) error {
	n, err := f.file.ReadAt(content, place)
	if n == len(content) {
		return nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return spillError(filepath.Dir(f.file.Name()), "read", err)
}

// drop gives the place of a page to later ones.
func (f *spillFile) drop(p savedPage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.free[p.size] = append(f.free[p.size], p.file)
}

func (f *spillFile) written() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}

func (f *spillFile) close() error {
	err := f.file.Close()
	if f.named {
		err = errors.Join(err, f.files.Remove(f.file.Name()))
	}
	if err != nil {
		return spillError(filepath.Dir(f.file.Name()), "removed", err)
	}
	return nil
}
