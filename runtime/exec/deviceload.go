package exec

import (
	"encoding/binary"
	"errors"
	"sync"

	"github.com/heddle-lang/heddle/runtime/device"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
	"github.com/heddle-lang/heddle/runtime/store"
)

// columnLoader reads whole columns and copies them to the device: several goroutines
// decode chunks, each into memory of lanes of its own, so that one batch is copied while
// the next is decoded.
type columnLoader struct {
	run     *run
	gpu     *gpu
	source  store.Scan
	columns []*loadedColumn
	stats   *PipelineStats
	rows    int64

	firsts []int64 // first row of each chunk

	mu     sync.Mutex // guards what follows, the device's memory, and the columns
	turn   sync.Cond
	next   int  // text: the chunk whose place is known
	failed bool // nobody waits for a turn any more
	// tooLong says that the text is longer than any that fits.
	tooLong bool
	copied  int64
}

// loadedColumn is a column that is being loaded.
type loadedColumn struct {
	*scanColumn
	device   *devicememory.Column
	valid    []byte // bitmap of all rows
	textSize int64  // bytes of text so far
}

const (
	// mostLoaders bounds the goroutines that decode: more of them wait for the bus.
	mostLoaders = 16
	// loadedText is the memory for the text of a batch, in bytes.
	loadedText = 16 << 20
)

// load fills the columns.
func (l *columnLoader) load() error {
	l.turn.L = &l.mu
	chunks := l.source.Chunks()
	total := int64(0)
	for i := range chunks {
		if chunks[i].Rows < 0 {
			return refused("the rows of a table are known only when they have been read")
		}
		l.firsts = append(l.firsts, total)
		total += chunks[i].Rows
	}
	if total != l.rows {
		return refused("a table has %d rows, and has %d in another scan", l.rows, total)
	}
	batch := 0
	for _, c := range l.columns {
		if c.nullable {
			c.valid = make([]byte, (l.rows+7)/8)
		}
		if c.text {
			c.device.Text = l.gpu.memory.AllocateMost()
		}
		batch += store.ChunkRows * int(c.step())
	}
	goroutines := max(min(l.run.session.options.Threads, len(chunks), mostLoaders), 1)
	lanes := make([]*lane, 0, 2*goroutines)
	defer func() { l.gpu.lanes = append(l.gpu.lanes, lanes...) }()
	for range 2 * goroutines {
		lane, err := l.gpu.lane(batch)
		if err != nil {
			return err
		}
		lanes = append(lanes, lane)
	}
	if err := l.decode(goroutines, lanes); err != nil {
		return err
	}
	l.stats.CopiedIn += l.copied
	return l.finish()
}

// errAbandoned ends a goroutine since another one has failed.
var errAbandoned = errors.New("another part of the column could not be read")

// decode reads all chunks with so many goroutines.
func (l *columnLoader) decode(goroutines int, lanes []*lane) error {
	queue := newCounter(len(l.source.Chunks()))
	var group sync.WaitGroup
	failures := make([]error, goroutines)
	for i := range goroutines {
		group.Go(func() {
			failures[i] = l.run.protect(nil, func(*worker) error { return l.read(queue, lanes[2*i:2*i+2]) })
			if failures[i] != nil {
				queue.end()
				l.mu.Lock()
				l.failed = true
				l.mu.Unlock()
				l.turn.Broadcast()
			}
		})
	}
	group.Wait()
	return firstFailure(failures)
}

// firstFailure is the error of several goroutines that is none of its consequences.
func firstFailure(failures []error) error {
	for _, err := range failures {
		if err != nil && !errors.Is(err, errAbandoned) {
			return err
		}
	}
	return nil
}

// read decodes chunks until there are none.
func (l *columnLoader) read(queue *counter, lanes []*lane) (err error) {
	reader, err := l.source.Reader()
	if err != nil {
		return unreadable(err)
	}
	defer func() { err = single(errors.Join(err, reader.Close())) }()
	work := &chunkReader{columnLoader: l, reader: reader, lanes: lanes}
	work.batch = &store.Batch{Columns: make([]store.Vector, len(l.columns))}
	for i, c := range l.columns {
		v := &work.batch.Columns[i]
		if c.text {
			v.Values, v.Text = make([]byte, 4*(store.ChunkRows+1)), make([]byte, loadedText)
		}
		if c.nullable {
			v.Validity = make([]byte, store.ChunkRows/8)
		}
	}
	for i, ok := queue.take(); ok; i, ok = queue.take() {
		if err := l.run.interrupted(); err != nil {
			return err
		}
		if err := work.chunk(i); err != nil {
			return err
		}
	}
	for _, lane := range lanes {
		if err := lane.stream.Synchronize(l.run.ctx); err != nil {
			return err
		}
	}
	return nil
}

// chunkReader is one goroutine's part of a load.
type chunkReader struct {
	*columnLoader
	reader  store.Reader
	lanes   []*lane
	batch   *store.Batch
	at      int    // which lane is next
	offsets []byte // text: of the chunk so far, relative to its first byte
	text    []byte
}

// chunk reads one chunk.
func (c *chunkReader) chunk(number int) error {
	ctx := c.run.ctx
	if err := c.reader.Open(ctx, number); err != nil {
		return unreadable(err)
	}
	c.offsets, c.text = c.offsets[:0], c.text[:0]
	row, end := c.firsts[number], c.firsts[number]+c.source.Chunks()[number].Rows
	for {
		if err := c.run.interrupted(); err != nil {
			return err
		}
		l := c.lanes[c.at]
		c.at = 1 - c.at
		if err := l.stream.Synchronize(ctx); err != nil {
			return err
		}
		at := 0
		for i, column := range c.columns {
			if !column.text {
				size := store.ChunkRows * int(column.width)
				c.batch.Columns[i].Values = l.memory[at : at+size : at+size]
				at += size
			}
		}
		if err := c.reader.Next(ctx, c.batch); err != nil {
			return unreadable(err)
		}
		rows := int64(c.batch.Rows)
		if rows == 0 {
			break
		}
		if rows > end-row {
			return refused("a part of a table has more rows than it said")
		}
		if err := c.keep(l, row, rows); err != nil {
			return err
		}
		row += rows
	}
	if row != end {
		return refused("a part of a table has fewer rows than it said")
	}
	if c.columns[0].text {
		return c.place(number)
	}
	return nil
}

// keep copies the values of a batch to the device, and keeps text until its place is
// known.
func (c *chunkReader) keep(l *lane, row, rows int64) error {
	copied := int64(0)
	for i, column := range c.columns {
		v := &c.batch.Columns[i]
		if column.text {
			base := uint32(len(c.text))
			for k := int64(0); k < rows; k++ {
				c.offsets = binary.LittleEndian.AppendUint32(c.offsets, base+get32(v.Values, uint32(4*k)))
			}
			c.text = append(c.text, v.Text[:get32(v.Values, uint32(4*rows))]...)
			if len(c.text) > mostRegion {
				return devicememory.Full(int64(len(c.text)), 0, mostRegion)
			}
			continue
		}
		width := int64(column.width)
		if err := l.stream.CopyIn(column.device.Values+device.Address(row*width), v.Values[:rows*width]); err != nil {
			return err
		}
		copied += rows * width
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.copied += copied
	for i, column := range c.columns {
		if column.nullable {
			orBits(column.valid, row, c.batch.Columns[i].Validity, int(rows))
		}
	}
	return nil
}

// place gives the text of a chunk its place behind that of the chunks before it, and
// copies it there.
func (c *chunkReader) place(number int) error {
	column := c.columns[0]
	base, err := c.takeTurn(number)
	if err != nil {
		return err
	}
	for at := 0; at < len(c.offsets); at += 4 {
		put32(c.offsets, uint32(at), get32(c.offsets, uint32(at))+uint32(base))
	}
	stream := c.lanes[0].stream
	if len(c.text) > 0 {
		if err := stream.CopyIn(c.gpu.memory.Address(column.device.Text.Address+uint32(base)), c.text); err != nil {
			return err
		}
	}
	if len(c.offsets) > 0 {
		return stream.CopyIn(column.device.Values+device.Address(4*c.firsts[number]), c.offsets)
	}
	return nil
}

// takeTurn waits until all chunks before this one have a place, and takes its own.
func (c *chunkReader) takeTurn(number int) (base int64, err error) {
	column, size := c.columns[0], int64(len(c.text))
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.next != number && !c.failed {
		c.turn.Wait()
	}
	if c.failed {
		return 0, errAbandoned
	}
	if column.textSize+size+guardBytes > int64(column.device.Text.Size) {
		c.tooLong = column.textSize+size > mostRegion
		return 0, devicememory.Full(size, int64(column.device.Text.Size)-column.textSize, mostRegion)
	}
	base = column.textSize
	if err := c.gpu.memory.Commit(column.device.Text.Address+uint32(base), size+guardBytes); err != nil {
		return 0, err
	}
	column.textSize += size
	c.copied += size + int64(len(c.offsets))
	c.next++
	c.turn.Broadcast()
	return base, nil
}

// finish copies what is known only at the end: validity, and the end of the last text.
func (l *columnLoader) finish() error {
	stream := l.gpu.compute
	for _, c := range l.columns {
		if c.nullable && len(c.valid) > 0 {
			if err := stream.CopyIn(c.device.Validity, c.valid); err != nil {
				return err
			}
			l.stats.CopiedIn += int64(len(c.valid))
		}
		if c.text {
			if err := l.gpu.memory.Commit(c.device.Text.Address, c.textSize+guardBytes); err != nil {
				return err
			}
			c.device.Text = l.gpu.memory.Shrink(c.device.Text, c.textSize+guardBytes)
			end := binary.LittleEndian.AppendUint32(nil, uint32(c.textSize))
			if err := stream.CopyIn(c.device.Values+device.Address(4*l.rows), end); err != nil {
				return err
			}
		}
	}
	return l.gpu.wait(l.run.ctx, stream)
}

// orBits sets bits from number first on, which are 0, as n bits of another bitmap are.
func orBits(to []byte, first int64, from []byte, n int) {
	shift := uint(first & 7)
	at := first >> 3
	whole := n / 8
	if shift == 0 {
		copy(to[at:], from[:whole])
	} else {
		for i, v := range from[:whole] {
			to[at+int64(i)] |= v << shift
			to[at+int64(i)+1] |= v >> (8 - shift)
		}
	}
	if rest := n % 8; rest > 0 {
		v := from[whole] & (1<<rest - 1)
		to[at+int64(whole)] |= v << shift
		if high := v >> (8 - shift); high != 0 {
			to[at+int64(whole)+1] |= high
		}
	}
}
