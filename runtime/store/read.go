package store

import (
	"context"
	"sync"
)

// readTextBytes is the room for the text of a column in a batch of Read, and so the
// longest value that it reads.
const readTextBytes = 16 << 20

// Read gives all rows of a table in order, in the natural layouts of its columns, as
// writers take them. Up to threads chunks are decoded at a time. The sequence can be
// ranged over again; ending it early ends its goroutines.
func Read(ctx context.Context, table Table, threads int) Batches {
	return func(yield func(*Batch, error) bool) {
		columns := Natural(Fields(table.Description()))
		scan, err := table.Scan(ctx, ScanRequest{Columns: columns})
		if err != nil {
			yield(nil, err)
			return
		}
		more := true
		for batch, err := range readScan(ctx, scan, columns, threads) {
			if more = yield(batch, err); !more || err != nil {
				more = false
				break
			}
		}
		if err := scan.Close(); err != nil && more {
			yield(nil, err)
		}
	}
}

// decoded is what a worker of Read sends: a batch, one without rows at the end of a
// chunk, or an error.
type decoded struct {
	batch *Batch
	err   error
}

// readScan gives chunk i to worker i modulo their number. A worker has two batches of
// its own, so that the one whose turn it is never waits for those ahead of it.
func readScan(ctx context.Context, scan Scan, columns []ColumnRequest, threads int) Batches {
	return func(yield func(*Batch, error) bool) {
		chunks := scan.Chunks()
		n := min(max(threads, 1), len(chunks))
		ctx, cancel := context.WithCancel(ctx)
		outs, frees := make([]chan decoded, n), make([]chan *Batch, n)
		var workers sync.WaitGroup
		defer workers.Wait()
		defer cancel()
		for w := range n {
			outs[w], frees[w] = make(chan decoded, 2), make(chan *Batch, 2)
			for range cap(frees[w]) {
				frees[w] <- nil // made by the worker when it is first used
			}
			workers.Go(func() {
				if err := decodeChunks(ctx, scan, columns, w, n, frees[w], outs[w]); err != nil {
					select {
					case outs[w] <- decoded{err: err}:
					case <-ctx.Done():
					}
				}
			})
		}
		for i := range chunks {
			for {
				var d decoded
				select {
				case d = <-outs[i%n]:
				case <-ctx.Done():
					d.err = ctx.Err()
				}
				if d.err != nil {
					yield(nil, d.err)
					return
				}
				rows := d.batch.Rows
				if rows > 0 && !yield(d.batch, nil) {
					return
				}
				frees[i%n] <- d.batch
				if rows == 0 {
					break
				}
			}
		}
	}
}

func decodeChunks(ctx context.Context, scan Scan, columns []ColumnRequest, first, step int, free <-chan *Batch, out chan<- decoded) (err error) {
	reader, err := scan.Reader()
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := reader.Close(); err == nil {
			err = closeErr
		}
	}()
	send := func(d decoded) error {
		select {
		case out <- d:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for i := first; i < len(scan.Chunks()); i += step {
		if err := reader.Open(ctx, i); err != nil {
			return err
		}
		for {
			var batch *Batch
			select {
			case batch = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			if batch == nil {
				batch = NewBatch(columns, ChunkRows, readTextBytes)
			}
			if err := reader.Next(ctx, batch); err != nil {
				return err
			}
			// A batch without rows ends the chunk.
			if err := send(decoded{batch: batch}); err != nil {
				return err
			}
			if batch.Rows == 0 {
				break
			}
		}
	}
	return nil
}
