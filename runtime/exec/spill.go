package exec

import (
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

type spillFile struct{}

func (f *spillFile) close() error   { return nil }
func (f *spillFile) written() int64 { return 0 }

// passes divides the partitions of hash tables that a pipeline needs.
type passes struct{ done bool }

func (r *run) passes(p *program.Pipeline) *passes { return &passes{} }

func (ps *passes) next() bool {
	first := !ps.done
	ps.done = true
	return first
}

func (ps *passes) holds(st *state, part int) bool { return true }

func (r *run) loadPass(ps *passes) error { return nil }

func (r *run) loadPartition(w *worker, st *state, part *partition) error { return nil }

func (r *run) withPage(w *worker, st *state, p *page, use func(*page) error) error { return use(p) }

func (r *run) hasRoom(size int) bool {
	used, _ := r.session.heap.Used()
	return used+int64(size) <= r.session.heap.Budget()
}

func (r *run) allocatePage(w *worker, wanted, need int, st *state) (memory.Block, error) {
	heap := r.session.heap
	if block, err := heap.Allocate(wanted); err == nil {
		return block, nil
	}
	if block, err := heap.Allocate(need); err == nil {
		return block, nil
	}
	return memory.Block{}, r.noMemory(need, describe(st))
}
