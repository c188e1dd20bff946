package ndjson

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// What is read to guess, and limits.
const (
	headBytes   = 4 << 20
	middleBytes = 256 << 10
	sampleRows  = 20_000
	maxColumns  = 1 << 14
	maxRecord   = 256 << 20
)

func init() {
	store.RegisterFormat(store.Format{Name: "ndjson", Extensions: []string{".ndjson", ".jsonl"}, Guesses: true, Open: Open, Write: Write})
}

// table is an open file.
type table struct {
	path        string
	file        system.File
	size        int64
	start       int64 // behind a byte order mark
	given       []bool
	index       map[string]int // of a column by its key
	description *ir.Table
	fingerprint string
}

// Open opens a file and guesses its columns.
func Open(ctx context.Context, sys *system.System, path string, options store.FileOptions) (store.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := sys.Files.Open(path)
	if err != nil {
		return nil, store.Unreadable(path, err)
	}
	t := &table{path: path, file: file, index: map[string]int{}}
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
	sum := xxh3.Hash128(head)
	t.fingerprint = fmt.Sprintf("%016x%016x%x.%x", sum.Hi, sum.Lo, t.size, info.ModTime().UnixNano())
	if bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}) {
		head, t.start = head[3:], 3
	}
	var guesses []*guess
	if err := t.sample(&guesses, head, t.start, true); err != nil {
		return err
	}
	for place := int64(1); place <= 4 && t.size > headBytes; place++ {
		offset := t.size/4*place - middleBytes
		if offset < headBytes {
			continue
		}
		data := make([]byte, middleBytes)
		if err := t.read(data, offset); err != nil {
			return err
		}
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			if err := t.sample(&guesses, data[i+1:], offset+int64(i)+1, false); err != nil {
				return err
			}
		}
	}
	t.description = &ir.Table{Name: options.Table, Rows: -1}
	for _, g := range guesses {
		c := ir.Column{Name: g.name, Statistics: ir.Statistics{Nulls: -1}}
		given, ok := options.Types[g.name]
		if ok && (!given.IsScalar() || given.Kind == ir.Null) {
			return store.NotThisFormat(t.path, "column %q cannot have type %s", g.name, given)
		}
		if c.Type = g.typ(); ok {
			c.Type = given.WithNull(true)
		}
		t.given = append(t.given, ok)
		c.Layout = ir.NaturalLayout(c.Type)
		t.description.Columns = append(t.description.Columns, c)
	}
	return nil
}

// sample guesses from the whole lines of data.
func (t *table) sample(guesses *[]*guess, data []byte, offset int64, first bool) error {
	var s scanner
	for rows := 0; rows < sampleRows && len(data) > 0; rows++ {
		line, rest, whole := bytes.Cut(data, []byte{'\n'})
		if !whole && offset+int64(len(line)) < t.size {
			if rows == 0 && first {
				return t.tooLong(offset)
			}
			return nil
		}
		if len(bytes.TrimSpace(line)) > 0 {
			err := s.object(line, func(v value) error {
				i, ok := t.index[string(s.key)]
				if !ok {
					if !utf8.Valid(s.key) {
						return errUTF8
					}
					if len(*guesses) == maxColumns {
						return fmt.Errorf("there are more than %d different keys", maxColumns)
					}
					i = len(*guesses)
					*guesses = append(*guesses, &guess{name: string(s.key)})
					t.index[string(s.key)] = i
				}
				(*guesses)[i].add(v)
				return nil
			})
			if err != nil {
				return t.malformed(offset, err)
			}
		}
		offset += int64(len(line)) + 1
		data = rest
	}
	return nil
}

// guess collects what the values of a key look like.
type guess struct {
	name                       string
	bools, numbers, texts, any int
	exponent                   bool
	digits, fraction           int
	notDate, notTime           bool
}

func (g *guess) add(v value) {
	if v.kind == kindNull {
		return
	}
	g.any++
	switch v.kind {
	case kindBool:
		g.bools++
	case kindNumber:
		g.numbers++
		text := strings.TrimPrefix(string(v.raw), "-")
		if strings.ContainsAny(text, "eE") {
			g.exponent = true
			return
		}
		whole, fraction, _ := strings.Cut(text, ".")
		g.digits, g.fraction = max(g.digits, len(whole)), max(g.fraction, len(fraction))
	case kindString:
		g.texts++
		text := v.raw[1 : len(v.raw)-1]
		if !g.notDate {
			_, err := ir.ParseDatumBytes(ir.Of(ir.Date), text)
			g.notDate = len(text) != 10 || err != nil
		}
		if !g.notTime {
			_, err := ir.ParseDatumBytes(ir.Of(ir.Timestamp), text)
			g.notTime = len(text) < 16 || err != nil
		}
	case kindNull, kindNested: // say nothing of the type
	}
}

func (g *guess) typ() ir.Type {
	t := ir.Of(ir.String)
	switch {
	case g.any == 0:
	case g.bools == g.any:
		t = ir.Of(ir.Bool)
	case g.numbers == g.any:
		switch {
		case g.exponent || g.digits+g.fraction > ir.MaxDecimalPrecision:
			t = ir.Of(ir.F64)
		case g.fraction == 0 && g.digits <= 18:
			t = ir.Of(ir.I64)
		case g.digits+g.fraction <= 16:
			t = ir.DecimalType(18, g.fraction)
		default:
			t = ir.DecimalType(ir.MaxDecimalPrecision, g.fraction)
		}
	case g.texts == g.any && !g.notDate:
		t = ir.Of(ir.Date)
	case g.texts == g.any && !g.notTime:
		t = ir.Of(ir.Timestamp)
	}
	return t.WithNull(true)
}

// read reads all of p.
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

func (t *table) tooLong(offset int64) error {
	line, err := t.line(offset)
	if err != nil {
		return err
	}
	return diag.New(store.CodeValueTooLong, "line %d of %q is too long", line, t.path).
		Helpf("each line must be one JSON object")
}

// malformed reports the line that begins at an offset.
func (t *table) malformed(offset int64, what error) error {
	if _, ok := diag.FromError(what); ok {
		return what
	}
	line, err := t.line(offset)
	if err != nil {
		return err
	}
	return diag.New(CodeMalformed, "%q, line %d: %v", t.path, line, what).Helpf("each line must be one JSON object")
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
