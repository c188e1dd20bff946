package store

import (
	"context"
	"errors"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// unionScan reads the files of a union one after another.
type unionScan struct {
	union    *union
	request  ScanRequest
	own      []int // positions in the request of the files' columns
	constant []int // positions of partition columns
	columns  []int // by position in the request: index in the description
	scans    []Scan
	chunks   []Chunk
	segments []Segment
	origin   []chunkOrigin // by chunk
}

// chunkOrigin is where a chunk comes from.
type chunkOrigin struct{ file, chunk int }

func (u *union) Scan(ctx context.Context, request ScanRequest) (_ Scan, err error) {
	s := &unionScan{union: u, request: request}
	for i, column := range request.Columns {
		index, err := CheckRequest(u.description.Name, u.description, column)
		if err != nil {
			return nil, err
		}
		s.columns = append(s.columns, index)
		if index >= u.own {
			s.constant = append(s.constant, i)
			continue
		}
		if column.Layout.Encoding == ir.Dictionary && len(u.tables) > 1 && u.dictionaries[index] == nil {
			return nil, diag.New(CodeDoesNotFit, "column %q of table %q has no dictionary any more, as the program was compiled for",
				column.Name, u.description.Name).Helpf("the data has changed since: build the program again")
		}
		s.own = append(s.own, i)
	}
	defer func() {
		if err != nil {
			_ = s.Close() // the first error is the news
		}
	}()
	mapped := len(s.constant) == 0
	for file, table := range u.tables {
		own, translated := s.fileRequest(file)
		scan, err := table.Scan(ctx, own)
		if err != nil {
			return nil, err
		}
		s.scans = append(s.scans, scan)
		mapped = mapped && !translated && (len(scan.Segments()) > 0 || len(scan.Chunks()) == 0)
	}
	for file, scan := range s.scans {
		for i, chunk := range scan.Chunks() {
			chunk.Zones = s.zones(file, chunk.Zones)
			chunk.Segment += len(s.segments)
			s.chunks = append(s.chunks, chunk)
			s.origin = append(s.origin, chunkOrigin{file, i})
		}
		if mapped {
			s.segments = append(s.segments, scan.Segments()...)
		}
	}
	return s, nil
}

// zones adds the bounds of partition columns, which are exact, to those of a chunk.
func (s *unionScan) zones(file int, own []Zone) []Zone {
	if len(s.constant) == 0 {
		return own
	}
	zones := make([]Zone, len(s.request.Columns))
	for i, at := range s.own {
		zones[at].Nulls = -1
		if own != nil {
			zones[at] = own[i]
		}
	}
	for _, at := range s.constant {
		d := &s.union.partitions[s.columns[at]-s.union.own].values[file]
		if d.Null {
			zones[at] = Zone{Nulls: -1, AllNull: true}
		} else {
			zones[at] = Zone{Min: d, Max: d}
		}
	}
	return zones
}

func (s *unionScan) Chunks() []Chunk     { return s.chunks }
func (s *unionScan) Segments() []Segment { return s.segments }

func (s *unionScan) Close() error {
	var all error
	for _, scan := range s.scans {
		all = errors.Join(all, scan.Close())
	}
	return all
}

func (s *unionScan) Reader() (Reader, error) {
	return &unionReader{scan: s, file: -1, part: Batch{Columns: make([]Vector, len(s.own))}, codes: make([][]byte, len(s.own))}, nil
}

// unionReader holds a reader of one file at a time: workers mostly take chunks in
// order.
type unionReader struct {
	scan  *unionScan
	file  int
	inner Reader
	part  Batch
	codes [][]byte // of the file, by position in own, where they must be translated
}

func (r *unionReader) Open(ctx context.Context, chunk int) error {
	origin := r.scan.origin[chunk]
	if origin.file != r.file {
		if err := r.Close(); err != nil {
			return err
		}
		inner, err := r.scan.scans[origin.file].Reader()
		if err != nil {
			return err
		}
		r.inner, r.file = inner, origin.file
	}
	return r.inner.Open(ctx, origin.chunk)
}

func (r *unionReader) Next(ctx context.Context, batch *Batch) error {
	s := r.scan
	for i, at := range s.own {
		r.part.Columns[i] = batch.Columns[at]
		if s.recodeFor(r.file, at) != nil {
			if r.codes[i] == nil {
				r.codes[i] = make([]byte, 4*ChunkRows)
			}
			r.part.Columns[i].Values = r.codes[i]
		}
	}
	if err := r.inner.Next(ctx, &r.part); err != nil {
		return err
	}
	batch.Rows = r.part.Rows
	if batch.Rows == 0 {
		return nil
	}
	for i, at := range s.own {
		recode := s.recodeFor(r.file, at)
		if recode == nil {
			continue
		}
		request := s.request.Columns[at]
		_, own := s.union.tables[r.file].Description().Column(request.Name)
		place := Place{File: s.union.paths[r.file], Column: request.Name}
		if err := translate(batch.Columns[at].Values, request.Layout, r.codes[i], own.Layout, recode, batch.Rows, place); err != nil {
			return err
		}
	}
	for _, at := range s.constant {
		request := s.request.Columns[at]
		p := &s.union.partitions[s.columns[at]-s.union.own]
		place := Place{File: s.union.paths[r.file], Column: request.Name}
		rows, err := p.fill(&batch.Columns[at], request, r.file, batch.Rows, place)
		if err != nil {
			return err
		}
		if rows < batch.Rows { // the file's rows are read already and cannot be given back
			return TooLong(place, int64(batch.Rows)*int64(len(p.values[r.file].Text)), int64(len(batch.Columns[at].Text)))
		}
	}
	return nil
}

func (r *unionReader) Close() error {
	if r.inner == nil {
		return nil
	}
	err := r.inner.Close()
	r.inner, r.file = nil, -1
	return err
}
