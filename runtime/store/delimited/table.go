package delimited

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Sizes of what is read to guess, and limits.
const (
	headBytes   = 4 << 20   // at the beginning
	middleBytes = 256 << 10 // at each of some places further on
	maxColumns  = 1 << 14
	maxName     = 1 << 10
)

func init() {
	for _, f := range []struct {
		name    string
		dialect dialect
	}{{"csv", dialect{quotes: true}}, {"tsv", dialect{quotes: true, delimiter: '\t'}}, {"tbl", dialect{delimiter: '|'}}} {
		store.RegisterFormat(store.Format{
			Name: f.name, Extensions: []string{"." + f.name}, Guesses: true,
			Open: func(ctx context.Context, sys *system.System, path string, options store.FileOptions) (store.Table, error) {
				return openTable(ctx, sys, path, f.dialect, options)
			},
			Write: func(ctx context.Context, _ *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions) error {
				return write(ctx, w, f.dialect, schema, batches, options)
			},
		})
	}
}

// table is an open text file.
type table struct {
	path        string
	file        system.File
	size        int64
	dialect     dialect
	null        []byte // text that stands for NULL; nil is the empty field
	start       int64  // of the first record behind the header
	given       []bool // by column: the type was not guessed
	description *ir.Table
	fingerprint string
	threads     int

	cutting sync.Mutex
	cuts    []int64 // where chunks begin, and the end; nil until the first scan
}

func openTable(ctx context.Context, sys *system.System, path string, d dialect, options store.FileOptions) (store.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := sys.Files.Open(path)
	if err != nil {
		return nil, store.Unreadable(path, err)
	}
	t := &table{path: path, file: file, dialect: d, threads: sys.Environment.Processors()}
	if err := t.open(options); err != nil {
		_ = file.Close() // the first error is the news
		return nil, err
	}
	return t, nil
}

func (t *table) open(options store.FileOptions) error {
	info, err := t.file.Stat()
	if err != nil {
		return store.Unreadable(t.path, err)
	}
	t.size = info.Size()
	head := make([]byte, min(t.size, headBytes))
	if err := t.read(head, 0); err != nil {
		return err
	}
	complete := int64(len(head)) == t.size
	// Reading a large file for its fingerprint would take as long as a query.
	hash := xxh3.Hash128(head)
	t.fingerprint = fmt.Sprintf("%016x%016x%x.%x", hash.Hi, hash.Lo, t.size, info.ModTime().UnixNano())
	if bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}) {
		return store.NotThisFormat(t.path, "it is UTF-16; convert it to UTF-8")
	}
	if rest, found := bytes.CutPrefix(head, []byte{0xEF, 0xBB, 0xBF}); found {
		head, t.start = rest, 3
	}
	if options.Text.Null != nil {
		t.null = append([]byte{}, *options.Text.Null...)
	}
	if options.Text.Delimiter != 0 {
		t.dialect.delimiter = options.Text.Delimiter
	}
	if d := t.dialect.delimiter; d == '"' || d == '\n' || d == '\r' {
		return store.NotThisFormat(t.path, "%q cannot be a delimiter", d)
	}
	t.dialect = sniffDialect(t.dialect, head, complete)
	return t.describe(head, complete, options)
}

// read reads all of p; t.size may be a lie when the file shrinks meanwhile.
func (t *table) read(p []byte, offset int64) error {
	n, err := t.file.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return store.Unreadable(t.path, err)
}

// describe finds names and types.
func (t *table) describe(head []byte, complete bool, options store.FileOptions) error {
	s := &scanner{dialect: t.dialect, data: head}
	t.description = &ir.Table{Name: options.Table, Rows: -1}
	var first []sample
	if len(head) > 0 {
		first = s.record(nil)
		if s.flaw == flawUnclosed && !complete {
			return t.tooLong(1, int64(len(head)))
		}
		if s.flaw != "" {
			return t.malformed(t.start, "%s", s.flaw)
		}
	}
	if s.at >= len(head) && !complete {
		return t.tooLong(1, int64(len(head)))
	}
	if len(first) > maxColumns {
		return t.malformed(t.start, "it has %d fields; a table has at most %d columns", len(first), maxColumns)
	}
	names, header, err := t.names(first, options.Text)
	if err != nil {
		return err
	}
	if header {
		t.start += int64(s.at)
		head = head[s.at:]
	}
	guesses := make([]guess, len(names))
	quotes := t.sample(guesses, head, complete)
	if !complete && !quotes {
		if err := t.sampleMiddle(guesses); err != nil {
			return err
		}
	}
	t.given = make([]bool, len(names))
	for i, name := range names {
		c := ir.Column{Name: name, Statistics: ir.Statistics{Nulls: -1}}
		if given, ok := options.Types[name]; ok {
			if !given.IsScalar() || given.Kind == ir.Null {
				return store.NotThisFormat(t.path, "column %q cannot have type %s", name, given)
			}
			c.Type, t.given[i] = given.WithNull(true), true
		} else {
			c.Type = guesses[i].typ()
		}
		c.Layout = ir.NaturalLayout(c.Type)
		t.description.Columns = append(t.description.Columns, c)
	}
	return nil
}

// names gives the columns their names, and says whether the first record is a header.
func (t *table) names(first []sample, options store.TextOptions) (names []string, header bool, err error) {
	switch options.Header {
	case store.HeaderPresent:
		header = true
	case store.HeaderGuessed:
		header = t.dialect.quotes && looksLikeHeader(first)
		if options.Columns != nil {
			header = len(first) == len(options.Columns)
			for i := range first {
				header = header && string(bytes.ToLower(first[i].text)) == string(bytes.ToLower([]byte(options.Columns[i])))
			}
		}
	case store.HeaderAbsent: // the first line is a record
	}
	if !header && options.Columns != nil {
		if len(first) > 0 && len(first) != len(options.Columns) {
			return nil, false, t.malformed(t.start, "it has %d fields where %d columns are named", len(first), len(options.Columns))
		}
		return options.Columns, false, nil
	}
	seen := map[string]int{}
	for i, field := range first {
		name := fmt.Sprintf("c%d", i)
		if header {
			if !utf8.Valid(field.text) || len(field.text) > maxName {
				return nil, false, t.malformed(t.start, "the name of column %d is no text of at most %d bytes", i+1, maxName)
			}
			if text := bytes.TrimSpace(field.text); len(text) > 0 {
				name = string(text)
			}
			if seen[name]++; seen[name] > 1 {
				name = fmt.Sprintf("%s_%d", name, seen[name])
				seen[name]++
			}
		}
		names = append(names, name)
	}
	return names, header, nil
}

// sample guesses from the records at the beginning of data; quotes reports whether it
// has any.
func (t *table) sample(guesses []guess, data []byte, complete bool) (quotes bool) {
	s := &scanner{dialect: t.dialect, data: data}
	var fields []sample
	for rows := 0; rows < sampleRows && s.at < len(data); rows++ {
		fields = s.record(fields)
		if s.flaw != "" || s.at >= len(data) && !complete {
			break // the reader will say what is wrong
		}
		if len(fields) != len(guesses) {
			continue
		}
		for i, field := range fields {
			if !t.isNull(field.text, field.quoted) {
				guesses[i].add(field.text)
			}
		}
	}
	return t.dialect.quotes && bytes.IndexByte(data, '"') >= 0
}

// sampleMiddle goes on with some places further on.
func (t *table) sampleMiddle(guesses []guess) error {
	const places = 4
	for place := range int64(places) {
		offset := t.start + (t.size-t.start)/places*(place+1) - middleBytes
		if offset < headBytes {
			continue
		}
		data := make([]byte, min(middleBytes, t.size-offset))
		if err := t.read(data, offset); err != nil {
			return err
		}
		if t.dialect.quotes && bytes.IndexByte(data, '"') >= 0 {
			return nil // where records begin cannot be told
		}
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			t.sample(guesses, data[i+1:], false)
		}
	}
	return nil
}

func (t *table) isNull(text []byte, quoted bool) bool {
	if quoted {
		return false
	}
	if t.null == nil {
		return len(text) == 0
	}
	return string(text) == string(t.null)
}

func (t *table) Description() *ir.Table { return t.description }
func (t *table) Fingerprint() string    { return t.fingerprint }

// Dictionary fails: text files have none.
func (t *table) Dictionary(column string) ([]string, error) {
	return nil, fmt.Errorf("column %q of table %q has no dictionary", column, t.description.Name)
}

// Close closes the file; scans must be closed before.
func (t *table) Close() error {
	if err := t.file.Close(); err != nil {
		return store.Unreadable(t.path, err)
	}
	return nil
}

func (t *table) tooLong(line, bytes int64) error {
	return diag.New(store.CodeValueTooLong, "the record in line %d of %q is longer than %d bytes", line, t.path, bytes).
		Helpf("a closing quote may be missing, or the delimiter or the format be another")
}

// malformed reports a record that begins at an offset.
func (t *table) malformed(offset int64, format string, args ...any) error {
	line, err := t.line(offset)
	if err != nil {
		return err
	}
	d := diag.New(CodeMalformed, format, args...)
	d.Message = fmt.Sprintf("%q, line %d: %s", t.path, line, d.Message)
	return d.Helpf("mend the line, or give another delimiter if it is not %q", t.dialect.delimiter)
}

// badValue reports a field of a record that begins at an offset.
func (t *table) badValue(offset int64, column int, text []byte, why string) error {
	line, err := t.line(offset)
	if err != nil {
		return err
	}
	c := &t.description.Columns[column]
	if why == "" {
		why = "is not of type " + c.Type.WithNull(false).String()
	}
	d := diag.New(CodeBadValue, "%q, line %d, column %q: %.60q %s", t.path, line, c.Name, text, why)
	if t.given[column] {
		return d.Helpf("mend the field, or choose another type for the column")
	}
	return d.Note("the type was guessed from the first rows").
		Helpf("choose a type for column %q that holds all of its fields, such as string", c.Name)
}

// line counts the lines before an offset.
func (t *table) line(offset int64) (int64, error) {
	line := int64(1)
	buffer := make([]byte, 1<<20)
	for at := int64(0); at < offset; {
		part := buffer[:min(int64(len(buffer)), offset-at)]
		if err := t.read(part, at); err != nil {
			return 0, err
		}
		line += int64(bytes.Count(part, []byte{'\n'}))
		at += int64(len(part))
	}
	return line, nil
}
