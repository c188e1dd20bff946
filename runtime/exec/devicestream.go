package exec

import (
	"errors"
	"slices"
	"sync"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
	"github.com/heddle-lang/heddle/runtime/store"
)

// deviceStream is a table that does not fit the device's memory: parts of it pass
// through. Several goroutines decode; each has two parts, so that one is decoded while
// the other is copied and read by a kernel.
type deviceStream struct {
	scan  *scan
	gpu   *gpu
	parts [][2]*streamPart // by goroutine
	rows  int64            // -1 when unknown
	bytes int64

	mu   sync.Mutex // guards launches, and what follows
	read int64      // rows so far
}

// streamPart is memory for some rows of a table, on the device and on the host.
type streamPart struct {
	lane           *lane
	copied, read   device.Event
	columns        []streamColumn
	rows           int64 // that are in it
	used           bool  // read has been recorded
	host           []byte
	capacity, text int64 // rows; bytes of text of each column
}

// streamColumn is a column of a part. Offsets are into the part's host memory.
type streamColumn struct {
	values, validity         devicememory.Block
	text                     devicememory.Range
	hostValues, hostValidity int64
	hostText, textUsed       int64
}

const (
	mostStreamers = 8
	// streamBatches is how many batches a part holds where there is room.
	streamBatches = 4
	leastText     = 64 << 10
)

// streamedTable makes a table a source that passes through the device's memory; whole is why it
// cannot lie there.
func (j *deviceJob) streamedTable(sc *scan, whole *diag.Diagnostic) (deviceSource, error) {
	if j.pipeline.Kernel.KeepsText {
		return nil, whole // records would hold addresses of text that has passed
	}
	s := &deviceStream{scan: sc, gpu: j.gpu}
	for _, number := range sc.chunks {
		rows := sc.source.Chunks()[number].Rows
		if rows < 0 {
			s.rows = -1
			break
		}
		s.rows += rows
	}
	texts, fixed := int64(0), int64(0)
	for i := range sc.columns {
		c := &sc.columns[i]
		s.bytes += max(s.rows, 0) * c.step()
		fixed += store.ChunkRows*c.step() + store.ChunkRows/8
		if c.text {
			texts++
		}
	}
	// Half of what is left is for what the kernel writes.
	room := j.gpu.memory.Room() / 2
	streamers := max(min(j.run.session.options.Threads, len(sc.chunks), mostStreamers), 1)
	if addsFloats(j.into) {
		streamers = 1 // so that they are added in the same order each time
	}
	batches, text := int64(streamBatches), int64(loadedText)
	for 2*int64(streamers)*(batches*fixed+2*text*texts) > room {
		switch {
		case streamers > 2:
			streamers /= 2
		case batches > 1:
			batches /= 2
		case text > leastText && texts > 0:
			text /= 2
		case streamers > 1:
			streamers = 1
		default:
			return nil, whole
		}
	}
	for range streamers {
		var pair [2]*streamPart
		for i := range pair {
			part, err := s.part(batches*store.ChunkRows, text)
			pair[i] = part
			if err != nil {
				s.parts = append(s.parts, pair)
				return nil, errors.Join(err, s.close())
			}
		}
		s.parts = append(s.parts, pair)
	}
	return s, nil
}

// addsFloats reports whether a state may hold sums of floats.
func addsFloats(st *state) bool {
	return st.Kind == ir.AggregateState && slices.ContainsFunc(st.Record.Fields, func(f program.RecordField) bool { return f.Type.IsFloat() })
}

// part makes a part with room for so many rows, and for twice so many bytes of text of
// each column.
func (s *deviceStream) part(rows, text int64) (*streamPart, error) {
	g := s.gpu
	p := &streamPart{capacity: rows, text: 2 * text}
	host := int64(0)
	place := func(size int64) int64 {
		at := host
		host += (size + 63) &^ 63
		return at
	}
	var err error
	for i := range s.scan.columns {
		c := &s.scan.columns[i]
		p.columns = append(p.columns, streamColumn{})
		column := &p.columns[i]
		size := (rows + 1) * c.step()
		column.hostValues = place(size)
		if column.values, err = g.memory.Block(size + guardBytes); err != nil {
			return p, err
		}
		if c.nullable {
			column.hostValidity = place(rows / 8)
			if column.validity, err = g.memory.Block(rows/8 + guardBytes); err != nil {
				return p, err
			}
		}
		if c.text {
			column.hostText = place(p.text)
			if column.text, err = g.memory.Allocate(p.text + guardBytes); err != nil {
				return p, err
			}
		}
	}
	if p.copied, err = g.driver.NewEvent(); err != nil {
		return p, err
	}
	if p.read, err = g.driver.NewEvent(); err != nil {
		return p, err
	}
	if p.lane, err = g.lane(int(host)); err != nil {
		return p, err
	}
	p.host = p.lane.memory
	return p, nil
}

func (s *deviceStream) size() (rows, bytes int64) { return s.rows, s.bytes }
func (s *deviceStream) columns() int              { return len(s.scan.columns) }

// close gives the parts back when the device has done with them.
func (s *deviceStream) close() error {
	g := s.gpu
	var failed error
	for _, pair := range s.parts {
		for _, p := range pair {
			if p != nil && p.lane != nil {
				g.lanes = append(g.lanes, p.lane)
			}
		}
	}
	g.unsettled = true
	failed = g.settle()
	if g.hangs {
		return failed
	}
	for _, pair := range s.parts {
		for _, p := range pair {
			if p == nil {
				continue
			}
			for i := range p.columns {
				c := &p.columns[i]
				g.memory.Free(c.text)
				failed = errors.Join(failed, g.memory.FreeBlock(c.values), g.memory.FreeBlock(c.validity))
			}
			for _, event := range []device.Event{p.copied, p.read} {
				if event != nil {
					failed = errors.Join(failed, event.Close())
				}
			}
		}
	}
	s.parts = nil
	return failed
}

// only is none: what passes through is not there again.
func (s *deviceStream) only(*deviceJob) (launchOver, bool) { return launchOver{}, false }

// feed reads the chunks that are not pruned.
func (s *deviceStream) feed(j *deviceJob) error {
	s.read = 0
	if len(s.scan.chunks) == 0 {
		return j.launch(launchOver{columns: make([]deviceColumn, len(s.scan.columns))})
	}
	queue := newCounter(len(s.scan.chunks))
	failures := make([]error, len(s.parts))
	var group sync.WaitGroup
	for i := range s.parts {
		group.Go(func() {
			failures[i] = j.run.protect(nil, func(*worker) error { return s.decode(j, s.parts[i], queue) })
			if failures[i] != nil {
				queue.end()
			}
		})
	}
	group.Wait()
	if err := firstFailure(failures); err != nil {
		return err
	}
	s.rows = s.read
	return nil
}

// decode reads chunks into the parts of one goroutine, and launches the kernel over each
// that is full.
func (s *deviceStream) decode(j *deviceJob, pair [2]*streamPart, queue *counter) (err error) {
	ctx := j.run.ctx
	reader, err := s.scan.source.Reader()
	if err != nil {
		return unreadable(err)
	}
	defer func() { err = single(errors.Join(err, reader.Close())) }()
	batch := &store.Batch{Columns: make([]store.Vector, len(s.scan.columns))}
	for i := range s.scan.columns {
		if s.scan.columns[i].nullable {
			batch.Columns[i].Validity = make([]byte, store.ChunkRows/8)
		}
	}
	at := 0
	if err := s.begin(j, pair[at]); err != nil {
		return err
	}
	for i, ok := queue.take(); ok; i, ok = queue.take() {
		if err := reader.Open(ctx, s.scan.chunks[i]); err != nil {
			return unreadable(err)
		}
		for {
			if err := j.run.interrupted(); err != nil {
				return err
			}
			if pair[at].full() {
				if err := s.flush(j, pair[at]); err != nil {
					return err
				}
				at = 1 - at
				if err := s.begin(j, pair[at]); err != nil {
					return err
				}
			}
			s.show(pair[at], batch)
			if err := reader.Next(ctx, batch); err != nil {
				return unreadable(err)
			}
			if batch.Rows == 0 {
				break
			}
			s.add(pair[at], batch)
		}
	}
	return s.flush(j, pair[at])
}

// begin empties a part when the copy from its host memory is done.
func (s *deviceStream) begin(j *deviceJob, p *streamPart) error {
	if err := p.lane.stream.Synchronize(j.run.ctx); err != nil {
		return err
	}
	p.rows = 0
	for i := range p.columns {
		c := &p.columns[i]
		c.textUsed = 0
		if s.scan.columns[i].nullable {
			clear(p.host[c.hostValidity:][:p.capacity/8])
		}
	}
	return nil
}

// full reports whether a part may have no room for another batch.
func (p *streamPart) full() bool {
	if p.rows+store.ChunkRows > p.capacity {
		return true
	}
	for i := range p.columns {
		if p.columns[i].textUsed > p.text/2 {
			return true
		}
	}
	return false
}

// show makes a batch of what is left of a part.
func (s *deviceStream) show(p *streamPart, batch *store.Batch) {
	for i := range p.columns {
		c, description := &p.columns[i], &s.scan.columns[i]
		v := &batch.Columns[i]
		from, size := c.hostValues+p.rows*description.step(), store.ChunkRows*description.step()
		if description.text {
			size += 4
			text, end := c.hostText+c.textUsed, c.hostText+p.text
			v.Text = p.host[text:end:end]
		}
		v.Values = p.host[from : from+size : from+size]
	}
}

// add counts the rows of a batch to a part.
func (s *deviceStream) add(p *streamPart, batch *store.Batch) {
	rows := int64(batch.Rows)
	for i := range p.columns {
		c, description := &p.columns[i], &s.scan.columns[i]
		v := &batch.Columns[i]
		if description.text {
			for k := int64(0); k <= rows; k++ {
				put32(v.Values, uint32(4*k), get32(v.Values, uint32(4*k))+uint32(c.textUsed))
			}
			c.textUsed = int64(get32(v.Values, uint32(4*rows)))
		}
		if description.nullable {
			orBits(p.host[c.hostValidity:][:p.capacity/8], p.rows, v.Validity, batch.Rows)
		}
	}
	p.rows += rows
}

// flush copies a part to the device and launches the kernel over it.
func (s *deviceStream) flush(j *deviceJob, p *streamPart) error {
	if p.rows == 0 && j.stats.Launches > 0 {
		return nil
	}
	g, stream := s.gpu, p.lane.stream
	if p.used {
		if err := stream.Wait(p.read); err != nil {
			return err
		}
	}
	columns := make([]deviceColumn, len(p.columns))
	copied := int64(0)
	copyIn := func(to device.Address, from, size int64) error {
		copied += size
		if size == 0 {
			return nil
		}
		return stream.CopyIn(to, p.host[from:from+size])
	}
	for i := range p.columns {
		c, description := &p.columns[i], &s.scan.columns[i]
		size := p.rows * description.step()
		if description.text {
			size += 4
			if p.rows == 0 {
				put32(p.host, uint32(c.hostValues), 0)
			}
			if err := copyIn(g.memory.Address(c.text.Address), c.hostText, c.textUsed); err != nil {
				return err
			}
		}
		if err := copyIn(c.values.Address, c.hostValues, size); err != nil {
			return err
		}
		columns[i] = deviceColumn{values: c.values.Address, text: c.text.Address, dictionary: description.dictionary.address}
		if description.nullable {
			columns[i].validity = c.validity.Address
			if err := copyIn(c.validity.Address, c.hostValidity, (p.rows+7)/8); err != nil {
				return err
			}
		}
	}
	if err := stream.Record(p.copied); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := g.compute.Wait(p.copied); err != nil {
		return err
	}
	if err := j.launch(launchOver{rows: p.rows, columns: columns}); err != nil {
		return err
	}
	j.stats.CopiedIn += copied
	s.read += p.rows
	p.used = true
	return g.compute.Record(p.read)
}
