package arrow

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/heddle-lang/heddle/runtime/store"
)

// The decoder of the format believes the lengths in metadata and asks for as much
// memory as they say, which no recover catches. So all metadata is walked here first:
// FlatBuffers, as https://flatbuffers.dev/internals says, of the tables in
// https://github.com/apache/arrow/tree/main/format (Message.fbs, Schema.fbs, File.fbs).

var errMetadata = errors.New("its metadata contradicts itself")

// maxDepth bounds the nesting of types.
const maxDepth = 64

// flat walks a FlatBuffer. After the first problem, failed is set and everything reads
// as zero.
type flat struct {
	data   []byte
	failed bool
	steps  int // tables may be shared, so a walk can be longer than the data
}

func (f *flat) fail() { f.failed = true }

func (f *flat) u16(at int) int {
	if at < 0 || at+2 > len(f.data) {
		f.fail()
		return 0
	}
	return int(binary.LittleEndian.Uint16(f.data[at:]))
}

func (f *flat) u32(at int) int {
	if at < 0 || at+4 > len(f.data) {
		f.fail()
		return 0
	}
	return int(binary.LittleEndian.Uint32(f.data[at:]))
}

func (f *flat) i64(at int) int64 {
	if at < 0 || at+8 > len(f.data) {
		f.fail()
		return 0
	}
	return int64(binary.LittleEndian.Uint64(f.data[at:]))
}

// refer follows an offset.
func (f *flat) refer(at int) int { return at + f.u32(at) }

// slot returns where a field of a table lies, 0 when it is absent.
func (f *flat) slot(table, field int) int {
	if f.steps++; f.steps > 16*len(f.data)+1024 {
		f.fail()
	}
	vtable := table - int(int32(f.u32(table)))
	size := f.u16(vtable)
	if f.failed || 4+2*field+2 > size {
		return 0
	}
	offset := f.u16(vtable + 4 + 2*field)
	if offset == 0 || f.failed {
		return 0
	}
	if table+offset >= len(f.data) {
		f.fail()
		return 0
	}
	return table + offset
}

// vector returns the elements of a vector field.
func (f *flat) vector(table, field, size int) (first, n int) {
	slot := f.slot(table, field)
	if slot == 0 {
		return 0, 0
	}
	at := f.refer(slot)
	n = f.u32(at)
	if f.failed || n > (len(f.data)-at-4)/size {
		f.fail()
		return 0, 0
	}
	return at + 4, n
}

// pairs checks a vector of tables of two strings.
func (f *flat) pairs(table, field int) {
	first, n := f.vector(table, field, 4)
	for i := 0; i < n && !f.failed; i++ {
		pair := f.refer(first + 4*i)
		f.vector(pair, 0, 1)
		f.vector(pair, 1, 1)
	}
}

func (f *flat) schema(table int) {
	f.fields(table, 1, 0)
	f.pairs(table, 2)
	f.vector(table, 3, 8)
}

// Values of the Type union whose tables have vectors.
const (
	typeTimestamp = 10
	typeUnion     = 14
)

func (f *flat) fields(table, field, depth int) {
	first, n := f.vector(table, field, 4)
	if depth > maxDepth {
		f.fail()
	}
	for i := 0; i < n && !f.failed; i++ {
		child := f.refer(first + 4*i)
		f.vector(child, 0, 1)
		if slot := f.slot(child, 3); slot != 0 {
			typ := f.refer(slot)
			kind := 0
			if slot := f.slot(child, 2); slot != 0 {
				kind = int(f.data[slot])
			}
			switch kind {
			case typeTimestamp:
				f.vector(typ, 1, 1)
			case typeUnion:
				f.vector(typ, 1, 4)
			default:
				f.slot(typ, 0)
			}
		}
		if slot := f.slot(child, 4); slot != 0 {
			f.slot(f.refer(slot), 0)
		}
		f.fields(child, 5, depth+1)
		f.pairs(child, 6)
	}
}

// Kinds of messages.
const (
	messageSchema     = 1
	messageDictionary = 2
	messageBatch      = 3
)

// message is what is known of a message after its check.
type message struct {
	kind int
	rows int64
	next int64 // where the next message begins
}

// checkMessage checks the message at an offset, whose metadata and body must end before
// end. ok is false at the end of a stream.
func (t *table) checkMessage(at, end int64) (m message, ok bool, err error) {
	var head [8]byte
	if at < 0 || end-at < 4 {
		return m, false, nil
	}
	if err := t.read(head[:min(8, end-at)], at); err != nil {
		return m, false, err
	}
	length := int64(int32(binary.LittleEndian.Uint32(head[:])))
	prefix := int64(4) // of files before version 0.15
	if length == -1 {
		length, prefix = int64(int32(binary.LittleEndian.Uint32(head[4:]))), 8
	}
	if length == 0 {
		return m, false, nil
	}
	if length < 8 || length > end-at-prefix {
		return m, false, errMetadata
	}
	f := &flat{data: make([]byte, length)}
	if err := t.read(f.data, at+prefix); err != nil {
		return m, false, err
	}
	root := f.refer(0)
	bodyLength := int64(0)
	if slot := f.slot(root, 3); slot != 0 {
		bodyLength = f.i64(slot)
	}
	body := at + prefix + length
	if f.failed || bodyLength < 0 || bodyLength > end-body {
		return m, false, errMetadata
	}
	m.next = body + bodyLength
	if slot := f.slot(root, 1); slot != 0 {
		m.kind = int(f.data[slot])
	}
	slot := f.slot(root, 2)
	if slot == 0 {
		return m, false, errMetadata
	}
	header := f.refer(slot)
	switch m.kind {
	case messageSchema:
		f.schema(header)
	case messageDictionary:
		if slot := f.slot(header, 1); slot != 0 {
			_, err = t.checkBatch(f, f.refer(slot), body, bodyLength)
		}
	case messageBatch:
		m.rows, err = t.checkBatch(f, header, body, bodyLength)
	default:
		return m, false, errMetadata
	}
	if err == nil && f.failed {
		err = errMetadata
	}
	return m, err == nil, err
}

// checkBatch checks that the buffers of a record batch lie in its body, and that
// compressed ones do not claim to be larger than they can be.
func (t *table) checkBatch(f *flat, table int, body, length int64) (rows int64, err error) {
	if slot := f.slot(table, 0); slot != 0 {
		rows = f.i64(slot)
	}
	nodes, n := f.vector(table, 1, 16)
	for i := range n {
		if count, nulls := f.i64(nodes+16*i), f.i64(nodes+16*i+8); count < 0 || nulls < 0 || nulls > count || count > math.MaxInt32 {
			return 0, errMetadata
		}
	}
	if variadic, n := f.vector(table, 4, 8); n > 0 {
		for i := range n {
			if count := f.i64(variadic + 8*i); count < 0 || count > int64(len(f.data)) {
				return 0, errMetadata
			}
		}
	}
	buffers, n := f.vector(table, 2, 16)
	compressed := f.slot(table, 3) != 0
	for i := range n {
		offset, size := f.i64(buffers+16*i), f.i64(buffers+16*i+8)
		if offset < 0 || size < 0 || offset > length || size > length-offset {
			return 0, errMetadata
		}
		if !compressed || size == 0 {
			continue
		}
		var claim [8]byte
		if size < 8 {
			return 0, errMetadata
		}
		if err := t.read(claim[:], body+offset); err != nil {
			return 0, err
		}
		const mostExpansion = 1 << 15
		if n := int64(binary.LittleEndian.Uint64(claim[:])); n < -1 || n > maxBatch || n > 1024+size*mostExpansion {
			return 0, errMetadata
		}
	}
	if f.failed || rows < 0 || rows > math.MaxInt32 {
		return 0, errMetadata
	}
	return rows, nil
}

// verify walks over the whole file and counts the rows of each record batch.
func (t *table) verify() error {
	if t.stream {
		for at := int64(0); ; {
			m, ok, err := t.checkMessage(at, t.size)
			if err != nil || !ok {
				return err
			}
			t.rows += m.rows
			at = m.next
		}
	}
	const tail = 10 // length of the footer, magic
	if t.size < int64(2*len(magic))+tail {
		return errMetadata
	}
	var end [tail]byte
	if err := t.read(end[:], t.size-tail); err != nil {
		return err
	}
	length := int64(int32(binary.LittleEndian.Uint32(end[:])))
	if string(end[4:]) != string(magic) || length < 8 || length > t.size-tail-int64(len(magic)) {
		return errMetadata
	}
	f := &flat{data: make([]byte, length)}
	if err := t.read(f.data, t.size-tail-length); err != nil {
		return err
	}
	root := f.refer(0)
	if slot := f.slot(root, 1); slot != 0 {
		f.schema(f.refer(slot))
	}
	f.pairs(root, 4)
	for _, field := range []int{2, 3} { // dictionaries, record batches
		first, n := f.vector(root, field, 24)
		for i := range n {
			block := first + 24*i
			offset, metadata, body := f.i64(block), int64(int32(f.u32(block+8))), f.i64(block+16)
			if offset < 0 || metadata < 8 || body < 0 || offset > t.size || metadata > t.size-offset || body > t.size-offset-metadata {
				return errMetadata
			}
			m, ok, err := t.checkMessage(offset, t.size)
			switch {
			case err != nil:
				return err
			case !ok || field == 2 && m.kind != messageDictionary || field == 3 && m.kind != messageBatch || m.next > offset+metadata+body:
				return errMetadata
			}
			if field == 3 {
				t.rows += m.rows
				t.counts = append(t.counts, m.rows)
			}
		}
	}
	if f.failed {
		return errMetadata
	}
	return nil
}

// read reads all of p.
func (t *table) read(p []byte, offset int64) error {
	if n, err := t.file.ReadAt(p, offset); n < len(p) {
		return store.Unreadable(t.path, cause(err))
	}
	return nil
}
