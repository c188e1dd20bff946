package exec

import (
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
)

const (
	// cheapRegion is a size of a region, in bytes, that is not worth an estimate.
	cheapRegion = 64 << 20
	// leastRecords is how many records a region has room for at the least.
	leastRecords = 1 << 12
	// regionGrowth is by how much a region grows that was too small.
	regionGrowth = 4

	leastGroupBits = 10
	mostGroupBits  = 28
)

// estimate chooses the size of the first attempt's region, given the rows of the source.
func (j *deviceJob) estimate(rows int64) {
	size := int64(j.into.Record.Size)
	most := j.mostRecords(rows)
	records, least := int64(0), int64(leastRecords)
	if j.into.Estimate > 0 {
		records = int64(min(j.into.Estimate, 1<<40) * 5 / 4)
	}
	if k := j.pipeline.Kernel; k.Hashes {
		// Each thread may have a record that it could not enter, since another was faster.
		least += int64(j.most) * int64(k.Threads)
	}
	room := j.gpu.memory.Room()
	switch {
	case most >= 0 && most*size <= min(cheapRegion, room/8):
		records = most
	case j.into.Estimate <= 0:
		records = max(rows/4, 0)
	}
	if j.limited() {
		records = min(records, wantedRows(j.into))
	}
	records = max(min(records, room/2/size), 0) + least
	if most >= 0 {
		records = min(records, most)
	}
	j.setCapacity(records)
}

// mostRecords is the most records that rows can give, -1 when a join may give any
// number, or the rows are not counted yet.
func (j *deviceJob) mostRecords(rows int64) int64 {
	if len(j.pipeline.Probes) > 0 || rows < 0 {
		return -1
	}
	return max(rows, 1)
}

// setCapacity sets how many records the region has room for, within what addresses
// allow, and the size of the directory of an aggregate's groups.
func (j *deviceJob) setCapacity(records int64) {
	j.capacity = max(min(records, mostRegion/int64(j.into.Record.Size)), 1)
	j.bits = min(max(bits.Len64(uint64(2*j.capacity-1)), leastGroupBits), mostGroupBits)
}

// mostRegion is the largest region, in bytes: less than the upper half of the mirror.
const mostRegion = 7 << 28

// grow makes the next attempt's region larger, or says that there is no more room.
func (j *deviceJob) grow() error {
	j.freeRegion()
	before := j.capacity
	rows, _ := j.source.size()
	records := before * regionGrowth
	if most := j.mostRecords(rows); most >= 0 {
		records = min(records, most)
	}
	j.setCapacity(records)
	if j.capacity <= before {
		return devicememory.Full(before*int64(j.into.Record.Size), 0, mostRegion)
	}
	return nil
}

// allocateRegion gives the attempt memory for records, and a directory to aggregates.
func (j *deviceJob) allocateRegion() error {
	j.freeRegion()
	var err error
	if j.pipeline.Kernel.Hashes {
		// First, so that its address, which a graph holds, does not depend on the region.
		if j.directory, err = j.run.allocateOnDevice(j.gpu, 4<<j.bits); err != nil {
			return err
		}
	}
	j.region, err = j.run.allocateOnDevice(j.gpu, j.capacity*int64(j.into.Record.Size))
	return err
}

func (j *deviceJob) freeRegion() {
	j.run.freeOnDevice(j.gpu, j.region)
	j.run.freeOnDevice(j.gpu, j.directory)
	j.region, j.directory = devicememory.Range{}, devicememory.Range{}
}

// land hands what the kernel has written to the state: it stays on the device where
// nothing else fills the state, and goes to the host else.
func (j *deviceJob) land() error {
	r, st, size := j.run, j.into, uint32(j.into.Record.Size)
	several := r.fillersOf(st) > 1
	if j.pipeline.Kernel.Slots > 0 {
		return j.landPartials()
	}
	cursor := get32(j.block, abi.LaunchCursor)
	if cursor < j.region.Address || get32(j.block, abi.LaunchOverflow) == 0 && int64(cursor-j.region.Address) > j.capacity*int64(size) ||
		(cursor-j.region.Address)%size != 0 {
		return misbehaved("a kernel left the records of state %q filled from %#x to %#x", st.Name, j.region.Address, cursor)
	}
	records := &deviceRecords{place: j.region, count: min(int64((cursor-j.region.Address)/size), j.capacity)}
	j.region = devicememory.Range{} // the state's now
	if several || textual(st) && j.usesHostText() {
		err := r.fetchRecords(st, records, several)
		if problem := deviceProblem(err); problem != nil {
			r.note(problem)
			return &lostState{problem} // some are in the state already
		}
		return err
	}
	if j.pipeline.Kernel.KeepsText {
		j.holdColumns()
	}
	st.device = records
	return nil
}

// landPartials appends the partial records of a direct aggregate to the pages of the
// first worker, which merging combines.
func (j *deviceJob) landPartials() error {
	r, st := j.run, j.into
	w := r.session.workers[0]
	return r.fillingOf(st, func() error {
		// The worker leaves a record where there are no keys and no rows.
		if err := r.open(w, st); err != nil {
			return err
		}
		st.local[0].emptied = true
		for _, content := range j.drained {
			if err := r.appendRecords(w, st, content, nil); err != nil {
				return err
			}
		}
		j.drained = nil
		return nil
	})
}

// holdColumns keeps the columns of the source on the device until the run has ended,
// since records hold addresses of their text. That of other sources is held already.
func (j *deviceJob) holdColumns() {
	if source, ok := j.source.(*deviceTable); ok {
		j.run.onDevice.columns = append(j.run.onDevice.columns, source.held...)
		source.held = nil
	}
}

// isGrouped reports whether records of a state begin with abi.RecordHeader.
func isGrouped(st *state) bool {
	return st.Kind == ir.HashTableState || st.Kind == ir.AggregateState
}
