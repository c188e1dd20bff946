package parquet

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

const magic = "PAR1"

// maxFooter bounds the metadata at the end of a file.
const maxFooter = 1 << 28

// table is an open Parquet file.
type table struct {
	path         string
	file         system.File
	size         int64
	meta         *fileMetadata
	columns      []column // all of the file, in its order
	readable     []int    // by index in the description: index in columns
	description  *ir.Table
	fingerprint  string
	pages        [][]chunkPages      // by row group and leaf
	dictionaries []*sharedDictionary // by index in the description, nil for most
}

// Open opens a file. It reads the footer and the dictionaries of strings.
func Open(ctx context.Context, sys *system.System, path string, options store.FileOptions) (store.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := sys.Files.Open(path)
	if err != nil {
		return nil, store.Unreadable(path, err)
	}
	t := &table{path: path, file: file}
	if err := t.open(ctx, options.Table, sys.Environment.Processors()); err != nil {
		_ = file.Close() // the first error is the news
		return nil, err
	}
	return t, nil
}

func (t *table) open(ctx context.Context, name string, threads int) error {
	info, err := t.file.Stat()
	if err != nil {
		return store.Unreadable(t.path, err)
	}
	t.size = info.Size()
	footer, err := t.readFooter()
	if err != nil {
		return err
	}
	sum := xxh3.Hash128(footer)
	t.fingerprint = fmt.Sprintf("%016x%016x%x", sum.Hi, sum.Lo, t.size)
	if t.meta, err = decodeFileMetadata(footer); err != nil {
		return store.Damaged(t.path, "%v", err)
	}
	if t.meta.encrypted {
		return store.NotThisFormat(t.path, "it is encrypted")
	}
	if t.columns, err = parseSchema(t.meta.schema); err != nil {
		return store.Damaged(t.path, "%v", err)
	}
	if err := t.checkRowGroups(); err != nil {
		return err
	}
	return t.describe(ctx, name, threads)
}

func (t *table) readFooter() ([]byte, error) {
	const tailLength = 8
	if t.size < int64(len(magic)) {
		return nil, store.NotThisFormat(t.path, "it is no Parquet file")
	}
	var head [len(magic)]byte
	if err := t.read(head[:], 0); err != nil {
		return nil, t.unreadable(err)
	}
	if string(head[:]) == "PARE" {
		return nil, store.NotThisFormat(t.path, "it is encrypted")
	}
	if string(head[:]) != magic {
		return nil, store.NotThisFormat(t.path, "it is no Parquet file")
	}
	if t.size < int64(len(magic)+tailLength) {
		return nil, store.Damaged(t.path, "it ends too early")
	}
	var tail [tailLength]byte
	if err := t.read(tail[:], t.size-tailLength); err != nil {
		return nil, t.unreadable(err)
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != magic {
		return nil, store.Damaged(t.path, "it does not end as a Parquet file does")
	}
	if length > t.size-int64(len(magic)+tailLength) || length > maxFooter {
		return nil, store.Damaged(t.path, "its metadata is not where it should be")
	}
	footer := make([]byte, length)
	if err := t.read(footer, t.size-tailLength-length); err != nil {
		return nil, t.unreadable(err)
	}
	return footer, nil
}

func (t *table) unreadable(err error) *diag.Diagnostic {
	return store.Unreadable(t.path, err)
}

// checkRowGroups holds the row groups against the schema and the number of rows.
func (t *table) checkRowGroups() error {
	leaves := 0
	for i := range t.meta.schema[1:] {
		if t.meta.schema[i+1].physical >= 0 {
			leaves++
		}
	}
	rows := int64(0)
	t.pages = make([][]chunkPages, len(t.meta.rowGroups))
	for g := range t.meta.rowGroups {
		group := &t.meta.rowGroups[g]
		if len(group.columns) != leaves || group.rows > t.meta.rows-rows {
			return store.Damaged(t.path, "row group %d has other columns or more rows than the file", g)
		}
		rows += group.rows
		for i := range t.columns {
			c := &t.columns[i]
			chunk := &group.columns[c.leaf]
			switch {
			case c.problem != "":
			case chunk.encrypted:
				c.problem = "it is encrypted"
			case chunk.elsewhere:
				c.problem = "its values are in another file"
			case chunk.physical != c.physical:
				return store.Damaged(t.path, "column %q has another type in row group %d", c.name, g)
			case chunk.values != group.rows:
				return store.Damaged(t.path, "column %q has %d values in the %d rows of row group %d", c.name, chunk.values, group.rows, g)
			}
		}
		t.pages[g] = make([]chunkPages, leaves)
	}
	if rows != t.meta.rows {
		return store.Damaged(t.path, "its row groups have %d rows where it says %d", rows, t.meta.rows)
	}
	return nil
}

// describe makes the description from the statistics in the footer.
func (t *table) describe(ctx context.Context, name string, threads int) error {
	t.description = &ir.Table{Name: name, Rows: t.meta.rows}
	for i := range t.columns {
		c := &t.columns[i]
		if c.problem != "" {
			continue
		}
		if _, twin := t.description.Column(c.name); twin != nil {
			c.problem = "there is another column of that name"
			continue
		}
		t.readable = append(t.readable, i)
		t.description.Columns = append(t.description.Columns, t.describeColumn(c))
	}
	t.dictionaries = make([]*sharedDictionary, len(t.readable))
	return t.shareDictionaries(ctx, threads)
}

func (t *table) Description() *ir.Table { return t.description }
func (t *table) Fingerprint() string    { return t.fingerprint }

func (t *table) Dictionary(name string) ([]string, error) {
	i, column := t.description.Column(name)
	if column == nil || t.dictionaries[i] == nil {
		return nil, fmt.Errorf("column %q of table %q has no dictionary", name, t.description.Name)
	}
	return t.dictionaries[i].entries, nil
}

// Close closes the file; scans must be closed before.
func (t *table) Close() error {
	if err := t.file.Close(); err != nil {
		return store.Unreadable(t.path, err)
	}
	return nil
}

// unreadableColumn explains a request for a column that is in the file and not in the
// description; nil when there is none of that name.
func (t *table) unreadableColumn(name string) error {
	if _, column := t.description.Column(name); column != nil {
		return nil
	}
	for i := range t.columns {
		if c := &t.columns[i]; c.name == name {
			return store.NotThisFormat(t.path, "column %q cannot be read: %s", name, c.problem).
				Helpf("leave the column out, or write the file with plain columns")
		}
	}
	return nil
}

// parallel calls do for 0 to n-1 on some goroutines and returns one of the errors.
func parallel(ctx context.Context, threads, n int, do func(i int) error) error {
	var (
		mu     sync.Mutex
		next   int
		failed error
		all    sync.WaitGroup
	)
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		if failed == nil {
			failed = ctx.Err()
		}
		if failed != nil || next == n {
			return -1
		}
		next++
		return next - 1
	}
	for range min(max(threads, 1), n) {
		all.Go(func() {
			for i := take(); i >= 0; i = take() {
				if err := do(i); err != nil {
					mu.Lock()
					if failed == nil {
						failed = err
					}
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return failed
}
