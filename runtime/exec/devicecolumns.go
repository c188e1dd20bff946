package exec

import (
	"errors"

	"github.com/heddle-lang/heddle/internal/diag"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
	"github.com/heddle-lang/heddle/runtime/store"
)

// deviceTable is a table whose columns are in the device's memory as a whole.
type deviceTable struct {
	gpu    *gpu
	scan   *scan
	held   []*devicememory.Column
	all    []*devicememory.Column // by column of the scan; held until held is given away
	ranges []rowRange
	rows   int64
	bytes  int64
}

// rowRange is consecutive rows of a table.
type rowRange struct{ first, count int64 }

// joinedRows is how many rows between two ranges are read with them: a launch costs
// about as much.
const joinedRows = 1 << 18

// tableSource makes a table the source of a kernel: as a whole in the device's memory
// where it has room, else part by part.
func (j *deviceJob) tableSource() (deviceSource, error) {
	r, sc := j.run, j.run.scans[j.pipeline.Scan]
	total := int64(0)
	for i := range sc.source.Chunks() {
		rows := sc.source.Chunks()[i].Rows
		if rows < 0 {
			return j.streamedTable(sc, refused("the rows of table %q are known only when they have been read", sc.Table))
		}
		total += rows
	}
	t := &deviceTable{gpu: j.gpu, scan: sc, ranges: sc.keptRanges()}
	for _, part := range t.ranges {
		t.rows += part.count
	}
	err := t.load(j, total)
	if err == nil {
		return t, nil
	}
	problem := deviceProblem(err)
	if !isFull(err) || r.interrupted() != nil {
		return nil, errors.Join(err, t.close())
	}
	if err := t.close(); err != nil {
		return nil, err
	}
	return j.streamedTable(sc, problem)
}

// keptRanges lists the rows of chunks that are not pruned: ranges begin at multiples of
// launchRows, and take small gaps with them.
func (sc *scan) keptRanges() []rowRange {
	var ranges []rowRange
	next, kept := int64(0), 0
	for i := range sc.source.Chunks() {
		first := next
		next += sc.source.Chunks()[i].Rows
		if kept >= len(sc.chunks) || sc.chunks[kept] != i {
			continue
		}
		kept++
		if n := len(ranges); n > 0 && first <= ranges[n-1].first+ranges[n-1].count+joinedRows {
			ranges[n-1].count = next - ranges[n-1].first
			continue
		}
		first &^= launchRows - 1
		ranges = append(ranges, rowRange{first, next - first})
	}
	if len(ranges) == 0 {
		ranges = append(ranges, rowRange{}) // a kernel without rows leaves its groups all the same
	}
	return ranges
}

// load holds the columns of a scan, and brings those that are missing to the device.
func (t *deviceTable) load(j *deviceJob, rows int64) error {
	g := j.gpu
	t.all = make([]*devicememory.Column, len(t.scan.columns))
	var missing, texts []int
	for i := range t.scan.columns {
		column, found := g.memory.Find(t.key(i))
		switch {
		case found && column.Rows == rows:
			t.hold(i, column)
		case found:
			g.memory.Release(column)
			return refused("table %q has %d rows, and had %d when its columns were copied to the GPU", t.scan.Table, rows, column.Rows)
		case t.scan.columns[i].text:
			texts = append(texts, i)
		default:
			missing = append(missing, i)
		}
	}
	need := int64(0)
	for _, i := range append(append([]int(nil), missing...), texts...) {
		if problem := g.tooLong[t.key(i)]; problem != nil {
			return problem
		}
		need += devicememory.ColumnSize(t.key(i), rows)
	}
	if room := g.memory.Room(); need > room {
		return devicememory.Full(need, room, g.memory.Budget())
	}
	if need > 0 {
		started := j.run.now()
		if err := t.loadMissing(j, missing, texts, rows); err != nil {
			return err
		}
		j.stats.Transfer += j.run.since(started)
	}
	for i := range t.scan.columns {
		t.bytes += t.rows * t.scan.columns[i].step()
	}
	return nil
}

// step is how many bytes lie between the values of two rows, or between their offsets.
func (c *scanColumn) step() int64 {
	if c.text {
		return 4
	}
	return int64(c.width)
}

// key names a column of the scan.
func (t *deviceTable) key(i int) devicememory.Key {
	return columnKey(t.scan.table, &t.scan.Columns[i])
}

func (t *deviceTable) hold(i int, column *devicememory.Column) {
	t.all[i] = column
	t.held = append(t.held, column)
}

// loadMissing reads columns of fixed width together, and text column by column: the
// place of a text depends on all before it.
func (t *deviceTable) loadMissing(j *deviceJob, fixed, texts []int, rows int64) error {
	g := t.gpu
	groups := make([][]int, 0, 1+len(texts))
	if len(fixed) > 0 {
		groups = append(groups, fixed)
	}
	for _, i := range texts {
		groups = append(groups, []int{i})
	}
	for _, group := range groups {
		// A column may stand twice in a scan.
		var wanted []int
		for _, i := range group {
			if column, found := t.gpu.memory.Find(t.key(i)); found {
				t.hold(i, column)
			} else if !t.duplicate(wanted, i) {
				wanted = append(wanted, i)
			}
		}
		err := t.loadGroup(j, wanted, rows)
		if isFull(err) && t.scan.columns[group[0]].text && g.tooLong[t.key(group[0])] == nil {
			// Other text may have been in the way, which makes no room by itself: how much is
			// needed is known only when all of it has been read.
			dropped, failed := g.memory.DropTexts()
			if failed != nil {
				return failed
			}
			if dropped {
				err = t.loadGroup(j, wanted, rows)
			}
		}
		if err != nil {
			return err
		}
		for _, i := range group {
			if t.all[i] == nil {
				column, found := t.gpu.memory.Find(t.key(i))
				if !found {
					panic("BUG: a column is not there that was loaded")
				}
				t.hold(i, column)
			}
		}
	}
	return nil
}

func (t *deviceTable) duplicate(others []int, i int) bool {
	for _, other := range others {
		if t.key(other) == t.key(i) {
			return true
		}
	}
	return false
}

func (t *deviceTable) loadGroup(j *deviceJob, group []int, rows int64) (err error) {
	if len(group) == 0 {
		return nil
	}
	g := j.gpu
	request := store.ScanRequest{}
	var columns []*devicememory.Column
	defer func() {
		for i, column := range columns {
			if err == nil {
				g.memory.Complete(column)
				t.hold(group[i], column)
				continue
			}
			// Copies into it may still go on.
			g.unsettled = true
			err = errors.Join(err, g.settle())
			if !g.hangs {
				err = errors.Join(err, g.memory.Discard(column))
			}
		}
		err = single(err)
	}()
	for _, i := range group {
		description := &t.scan.Columns[i]
		request.Columns = append(request.Columns, store.ColumnRequest{Name: description.Name, Type: description.Type, Layout: description.Layout})
		column, err := g.memory.Add(columnKey(t.scan.table, description), rows)
		if err != nil {
			return err
		}
		columns = append(columns, column)
	}
	source, err := t.scan.table.Scan(j.run.ctx, request)
	if err != nil {
		return unreadable(err)
	}
	l := &columnLoader{run: j.run, gpu: g, source: source, stats: j.stats, rows: rows}
	for k, i := range group {
		l.columns = append(l.columns, &loadedColumn{scanColumn: &t.scan.columns[i], device: columns[k]})
	}
	err = single(errors.Join(l.load(), source.Close()))
	var problem *diag.Diagnostic
	if k := l.columns[0]; l.tooLong && errors.As(err, &problem) {
		g.tooLong[k.device.Key] = problem
	}
	return err
}

// unreadable is the reason why a column could not be read for the device: the CPU reads
// it again, perhaps less of it, and reports what is wrong.
func unreadable(err error) error {
	var problem *diag.Diagnostic
	if errors.As(err, &problem) && deviceProblem(err) == nil && problem.Code != CodeCancelled {
		return refused("%s", problem.Message)
	}
	return err
}

func (t *deviceTable) size() (rows, bytes int64) { return t.rows, t.bytes }
func (t *deviceTable) columns() int              { return len(t.scan.columns) }

func (t *deviceTable) close() error {
	for _, column := range t.held {
		t.gpu.memory.Release(column)
	}
	t.held = nil
	return nil
}

func (t *deviceTable) feed(j *deviceJob) error {
	most := j.mostRows()
	for _, part := range t.ranges {
		for from := int64(0); from == 0 || from < part.count; from += most {
			if err := j.launch(t.over(part.first+from, min(part.count-from, most))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *deviceTable) only(j *deviceJob) (launchOver, bool) {
	if len(t.ranges) != 1 || t.ranges[0].count > j.mostRows() {
		return launchOver{}, false
	}
	return t.over(t.ranges[0].first, t.ranges[0].count), true
}

// over is a launch over consecutive rows.
func (t *deviceTable) over(first, rows int64) launchOver {
	columns := make([]deviceColumn, len(t.all))
	for i, column := range t.all {
		c := &t.scan.columns[i]
		columns[i] = launchColumnOf(column, c.step(), first, c.dictionary.address)
	}
	return launchOver{rows: rows, columns: columns}
}
