package exec

import (
	"github.com/heddle-lang/heddle/ir/program"
)

// passes divides the work of a pipeline when hash tables that it probes do not fit
// memory: in each pass over the source, some partitions of each such table are there.
// A tuple has one partition in each table, so there is one pass that has them all; in
// the others, compiled code of inner and semi joins finds nothing, and that of left
// and anti joins sees in the header that the partition is absent. Several tables make
// as many passes as there are combinations.
type passes struct {
	run    *run
	tables []dividedTable
	at     int // the pass at work, from 1
	count  int
}

// dividedTable is a hash table with the sets of its partitions that are in memory
// together.
type dividedTable struct {
	st   *state
	sets []uint64
}

// passes plans the passes of a pipeline.
func (r *run) passes(p *program.Pipeline) (*passes, error) {
	ps := &passes{run: r, count: 1}
	var divided []*state
	for _, probed := range p.Probes {
		st := r.states[probed]
		seen := false
		for _, other := range divided {
			seen = seen || other == st
		}
		if st.resident != ^uint64(0) && !seen {
			divided = append(divided, st)
		}
	}
	if len(divided) == 0 {
		return ps, nil
	}
	// All memory but what the tables have in it, and some for the pages of the state
	// that the pipeline fills.
	if err := r.relieveFinished(); err != nil {
		return nil, err
	}
	for _, st := range divided {
		for part := range st.partitions {
			if err := r.evict(st, st.partitions[part].pages); err != nil {
				return nil, err
			}
		}
		r.session.heap.Free(st.directory)
		st.directory.Size, st.resident = 0, 0
	}
	used, _ := r.session.heap.Used()
	room := (r.session.heap.Budget() - used) * 5 / 8 / int64(len(divided))
	for _, st := range divided {
		table := dividedTable{st: st, sets: divide(st, room)}
		ps.tables = append(ps.tables, table)
		ps.count *= len(table.sets)
	}
	return ps, nil
}

// divide puts partitions into sets that take about room bytes each, at least one
// partition to a set.
func divide(st *state, room int64) []uint64 {
	var sets []uint64
	set, size := uint64(0), int64(0)
	for part := range st.partitions {
		need := int64(0)
		for i := range st.partitions[part].pages {
			p := &st.partitions[part].pages[i]
			need += int64(p.saved.size) + 16*p.records(st.Record.Size)
		}
		if set != 0 && size+need > room {
			sets = append(sets, set)
			set, size = 0, 0
		}
		set |= 1 << part
		size += need
	}
	if len(st.partitions) == 1 {
		set = ^uint64(0) // one partition holds all hashes
	}
	return append(sets, set)
}

func (ps *passes) next() bool {
	ps.at++
	return ps.at <= ps.count
}

// load brings the partitions of the pass to memory.
func (ps *passes) load() error {
	number := ps.at - 1
	for i := range ps.tables {
		table := &ps.tables[i]
		set := table.sets[number%len(table.sets)]
		number /= len(table.sets)
		if table.st.resident == set {
			continue
		}
		if err := ps.exchange(table.st, set); err != nil {
			return err
		}
	}
	return nil
}

// exchange replaces the partitions of a table that are in memory.
func (ps *passes) exchange(st *state, set uint64) error {
	r := ps.run
	for part := range st.partitions {
		pages := st.partitions[part].pages
		if st.MarkOffset >= 0 { // marks have been set since
			if _, err := r.save(st, pages); err != nil {
				return err
			}
		}
		r.unload(pages)
	}
	r.session.heap.Free(st.directory)
	st.directory.Size = 0
	for part := range st.partitions {
		if set>>part&1 == 0 {
			continue
		}
		if err := r.loadPartition(nil, st, &st.partitions[part]); err != nil {
			return err
		}
	}
	return r.buildPart(st, set)
}

// finishTable builds the directory of a hash table, unless the table does not fit
// memory: then its readers load it part by part.
func (r *run) finishTable(st *state) error {
	rows := int64(0)
	for part := range st.partitions {
		for i := range st.partitions[part].pages {
			p := &st.partitions[part].pages[i]
			if !p.inMemory() {
				return nil
			}
			rows += p.records(st.Record.Size)
		}
	}
	slots, filter := r.directoryBits(st, rows)
	if rows > 0 && !r.hasRoom(4<<slots+1<<filter/8) {
		return nil
	}
	return r.buildPart(st, ^uint64(0))
}
