package parquet

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// columnBuffer is the rows of a row group in the natural layout.
type columnBuffer struct {
	rows     int
	values   []byte // for text: offsets, one more than there are rows
	text     []byte
	validity []byte // nil while no value is NULL
	bitmap   []byte // memory of validity
}

func (b *columnBuffer) reset() {
	b.rows, b.values, b.text, b.validity = 0, b.values[:0], b.text[:0], nil
}

// columnWriter encodes one column.
type columnWriter struct {
	field    ir.Field
	natural  ir.Layout
	physical int32
	length   int // of physicalFixed
	filling  columnBuffer
	sealed   columnBuffer

	// What follows is made by encode from sealed.
	chunk     writtenChunk
	encoded   []byte
	plain     []byte // values that are not NULL, PLAIN; may be the memory of sealed
	memory    []byte // of plain
	starts    []int  // text: where each begins in plain, and the end
	codes     []uint32
	wide      []int64
	firstOf   []int // by row group page: index of its first value
	page      []byte
	packed    []byte
	integers  map[uint64]uint32
	strings   map[string]uint32
	entries   []byte // dictionary, PLAIN
	entryEnds int
}

func newColumnWriter(field ir.Field) columnWriter {
	c := columnWriter{field: field, natural: ir.NaturalLayout(field.Type)}
	switch t := field.Type; {
	case t.Kind == ir.Bool:
		c.physical = physicalBoolean
	case t.Kind == ir.F32:
		c.physical = physicalFloat
	case t.Kind == ir.F64:
		c.physical = physicalDouble
	case store.IsText(t):
		c.physical = physicalByteArray
	case t.Kind == ir.Interval:
		c.physical, c.length = physicalFixed, 12
	case c.natural.Width == 16:
		c.physical, c.length = physicalFixed, 16
	case c.natural.Width == 8:
		c.physical = physicalInt64
	default:
		c.physical = physicalInt32
	}
	return c
}

// fits is how many rows of a vector from first on, at most n, can be added.
func (c *columnWriter) fits(v *store.Vector, first, n int) int {
	if c.natural.Width != 0 {
		return n
	}
	offsets := store.View[uint32](v.Values, first+n+1)[first:]
	room := rowGroupText - len(c.filling.text)
	if int(offsets[n]-offsets[0]) <= room {
		return n
	}
	count, _ := slices.BinarySearchFunc(offsets[1:], room, func(end uint32, room int) int {
		if int(end-offsets[0]) <= room {
			return -1
		}
		return 1
	})
	return count
}

// add appends rows of a vector.
func (c *columnWriter) add(v *store.Vector, first, n int) {
	b := &c.filling
	if v.Validity != nil || b.validity != nil {
		b.addValidity(v.Validity, first, n)
	}
	if width := int(c.natural.Width); width != 0 {
		b.values = append(b.values, v.Values[first*width:(first+n)*width]...)
		b.rows += n
		return
	}
	if b.rows == 0 {
		b.values = append(b.values, 0, 0, 0, 0)
	}
	offsets := store.View[uint32](v.Values, first+n+1)[first:]
	shift := uint32(len(b.text)) - offsets[0]
	b.text = append(b.text, v.Text[offsets[0]:offsets[n]]...)
	for _, offset := range offsets[1:] {
		b.values = binary.LittleEndian.AppendUint32(b.values, offset+shift)
	}
	b.rows += n
}

func (b *columnBuffer) addValidity(validity []byte, first, n int) {
	length := (b.rows + n + 7) / 8
	if b.validity == nil {
		b.validity = b.bitmap[:0]
		for len(b.validity) < (b.rows+7)/8 {
			b.validity = append(b.validity, 0xFF)
		}
	}
	for len(b.validity) < length {
		b.validity = append(b.validity, 0)
	}
	b.bitmap = b.validity
	for i := range n {
		store.SetPresent(b.validity, b.rows+i, store.IsPresent(validity, first+i))
	}
}

// encode makes the chunk of the sealed rows.
func (c *columnWriter) encode(rows int, codec int32) error {
	b := &c.sealed
	c.encoded = c.encoded[:0]
	c.chunk = writtenChunk{rows: int64(rows)}
	if b.validity != nil && !c.field.Type.Nullable {
		for row := range rows {
			if store.IsPresent(b.validity, row) {
				continue
			}
			return diag.New(store.CodeCannotWrite, "column %q has a NULL where its type %s has none", c.field.Name, c.field.Type)
		}
		b.validity = nil
	}
	if err := c.makePlain(rows); err != nil {
		return err
	}
	values := c.firstOf[len(c.firstOf)-1]
	c.chunk.dictionary = c.makeDictionary(values)
	// A chunk has one codec. Its first page tells whether compression is worth the time
	// that readers spend on it; bit-packed indexes hardly shrink.
	c.chunk.delta = c.shrinksByDelta(min(pageRows, c.firstOf[1]))
	c.pageContent(0, min(pageRows, rows))
	if c.packed = compress(c.packed[:0], codec, c.page); 10*len(c.packed) > 8*len(c.page) {
		codec = codecNone
	}
	c.chunk.codec = codec
	if c.chunk.dictionary {
		n := c.entryEnds
		c.chunk.distinct = int64(n)
		c.writePage(pageDictionary, n, encodingPlain, c.entries)
	}
	c.chunk.dataOffset = int64(len(c.encoded))
	for first := 0; first < rows; first += pageRows {
		c.encodePage(first, min(pageRows, rows-first))
	}
	c.chunk.compressed = int64(len(c.encoded))
	c.mergeStatistics()
	return nil
}

// makePlain writes the values that are present in the PLAIN encoding; firstOf says
// which value each page begins with.
func (c *columnWriter) makePlain(rows int) error {
	b := &c.sealed
	c.starts, c.firstOf = c.starts[:0], c.firstOf[:0]
	text := store.IsText(c.field.Type)
	width := int(c.natural.Width)
	if b.validity == nil && (width == 4 || width == 8) {
		c.plain = b.values
		for first := 0; first < rows; first += pageRows {
			c.firstOf = append(c.firstOf, first)
		}
		c.firstOf = append(c.firstOf, rows)
		return nil
	}
	c.plain = c.memory[:0]
	defer func() { c.memory = c.plain }()
	var offsets []uint32
	if text {
		offsets = store.View[uint32](b.values, rows+1)
	}
	values := 0
	for row := range rows {
		if row%pageRows == 0 {
			c.firstOf = append(c.firstOf, values)
		}
		if !store.IsPresent(b.validity, row) {
			continue
		}
		values++
		if text {
			c.starts = append(c.starts, len(c.plain))
			part := b.text[offsets[row]:offsets[row+1]]
			c.plain = binary.LittleEndian.AppendUint32(c.plain, uint32(len(part)))
			c.plain = append(c.plain, part...)
			continue
		}
		var err error
		if c.plain, err = c.appendPlain(c.plain, b.values[row*width:(row+1)*width]); err != nil {
			return err
		}
	}
	c.starts = append(c.starts, len(c.plain))
	c.firstOf = append(c.firstOf, values)
	return nil
}

// appendPlain appends one value of fixed width. A boolean takes a byte here.
func (c *columnWriter) appendPlain(to, value []byte) ([]byte, error) {
	switch len(value) {
	case 1:
		if c.physical == physicalBoolean {
			return append(to, value[0]), nil
		}
		return binary.LittleEndian.AppendUint32(to, uint32(int8(value[0]))), nil
	case 2:
		return binary.LittleEndian.AppendUint32(to, uint32(int16(binary.LittleEndian.Uint16(value)))), nil
	case 4, 8:
		return append(to, value...), nil
	}
	low, high := binary.LittleEndian.Uint64(value), binary.LittleEndian.Uint64(value[8:])
	switch c.field.Type.Kind {
	case ir.Interval:
		months, days, micros := ir.Datum{Low: low, High: int64(high)}.Interval()
		if months < 0 || days < 0 || micros < 0 || micros%1000 != 0 || micros/1000 > math.MaxUint32 {
			return to, diag.New(store.CodeCannotWrite, "column %q has an interval that a Parquet file cannot hold: %s", c.field.Name,
				ir.FormatDatum(c.field.Type, ir.Datum{Low: low, High: int64(high)})).
				Note("its parts must not be negative, and its time must be whole milliseconds").
				Helpf("cast the column to a string")
		}
		to = binary.LittleEndian.AppendUint32(to, uint32(months))
		to = binary.LittleEndian.AppendUint32(to, uint32(days))
		return binary.LittleEndian.AppendUint32(to, uint32(micros/1000)), nil
	case ir.I128:
		if v := (ir.Int128{High: int64(high), Low: low}); !withinPrecision(v, ir.MaxDecimalPrecision) {
			return to, diag.New(store.CodeCannotWrite, "column %q has an integer of more than %d digits, which a Parquet file cannot hold: %v",
				c.field.Name, ir.MaxDecimalPrecision, v.Big()).
				Helpf("cast the column to a string")
		}
	default: // a decimal, whose bytes are written below
	}
	to = binary.BigEndian.AppendUint64(to, high)
	return binary.BigEndian.AppendUint64(to, low), nil
}

// width is the length of a PLAIN value, 0 for text.
func (c *columnWriter) width() int {
	switch c.physical {
	case physicalBoolean:
		return 1
	case physicalInt32, physicalFloat:
		return 4
	case physicalInt64, physicalDouble:
		return 8
	case physicalFixed:
		return c.length
	default:
		return 0
	}
}

// value returns a PLAIN value, text without its length.
func (c *columnWriter) value(i int) []byte {
	if w := c.width(); w != 0 {
		return c.plain[i*w : (i+1)*w]
	}
	return c.plain[c.starts[i]+4 : c.starts[i+1]]
}

// Dictionaries hold at most this much, and a value at least four times on average.
const (
	maxEntries    = 1 << 15
	maxEntryBytes = 1 << 20
	sampleValues  = 4096
)

// makeDictionary finds the distinct values and their codes; it gives up when there are
// many of them.
func (c *columnWriter) makeDictionary(values int) bool {
	limit := min(values/4, maxEntries)
	c.entries, c.entryEnds = c.entries[:0], 0
	if limit == 0 || c.physical == physicalBoolean || c.physical == physicalFixed {
		return false
	}
	codes := grow(&c.codes, values)
	if c.physical == physicalByteArray {
		if c.strings == nil {
			c.strings = map[string]uint32{}
		}
		clear(c.strings)
		for i := range codes {
			value := c.value(i)
			code, ok := c.strings[string(value)]
			if !ok {
				if code = c.newEntry(i, limit); code == math.MaxUint32 {
					return false
				}
				c.strings[string(value)] = code
			}
			codes[i] = code
		}
		return true
	}
	if c.integers == nil {
		c.integers = map[uint64]uint32{}
	}
	clear(c.integers)
	wide := c.width() == 8
	for i := range codes {
		var value uint64
		if wide {
			value = binary.LittleEndian.Uint64(c.plain[8*i:])
		} else {
			value = uint64(binary.LittleEndian.Uint32(c.plain[4*i:]))
		}
		code, ok := c.integers[value]
		if !ok {
			if code = c.newEntry(i, limit); code == math.MaxUint32 {
				return false
			}
			c.integers[value] = code
		}
		codes[i] = code
	}
	return true
}

// newEntry adds value i to the dictionary; the code is MaxUint32 when that makes it too
// large. Where nearly all of the first values differ there is no point in going on.
func (c *columnWriter) newEntry(i, limit int) uint32 {
	value := c.value(i)
	if c.entryEnds >= limit || len(c.entries)+len(value) > maxEntryBytes || i == sampleValues-1 && c.entryEnds > sampleValues/2 ||
		i >= sampleValues && c.entryEnds > i*3/4 {
		return math.MaxUint32
	}
	if c.physical == physicalByteArray {
		c.entries = binary.LittleEndian.AppendUint32(c.entries, uint32(len(value)))
	}
	c.entries = append(c.entries, value...)
	c.entryEnds++
	return uint32(c.entryEnds - 1)
}

// pageContent makes the content of a data page of version 1 and returns its encoding.
func (c *columnWriter) pageContent(first, rows int) (encoding int32) {
	page := first / pageRows
	from, to := c.firstOf[page], c.firstOf[page+1]
	out := c.page[:0]
	if c.field.Type.Nullable {
		out = append(out, 0, 0, 0, 0)
		if c.sealed.validity == nil || to-from == rows {
			out = appendRun(out, rows, 1, 1)
		} else {
			groups := (rows + 7) / 8
			out = binary.AppendUvarint(out, uint64(groups)<<1|1)
			out = append(out, c.sealed.validity[first/8:first/8+groups]...) // pages begin at whole bytes
		}
		binary.LittleEndian.PutUint32(out, uint32(len(out)-4))
	}
	encoding = encodingPlain
	switch {
	case c.chunk.dictionary:
		encoding = encodingRLEDictionary
		out = appendIndexes(out, c.codes[from:to], bits.Len32(uint32(c.entryEnds-1)))
	case c.chunk.delta:
		encoding = encodingDeltaBinary
		out = appendDelta(out, c.wideValues(from, to))
	case c.physical == physicalBoolean:
		out = appendBooleans(out, c.plain[from:to])
	case c.physical == physicalByteArray:
		out = append(out, c.plain[c.starts[from]:c.starts[to]]...)
	default:
		w := c.width()
		out = append(out, c.plain[from*w:to*w]...)
	}
	c.page = out
	return encoding
}

// shrinksByDelta reports whether the integers of the first page take less than three
// quarters of their room as deltas.
func (c *columnWriter) shrinksByDelta(values int) bool {
	if c.chunk.dictionary || values == 0 || c.physical != physicalInt32 && c.physical != physicalInt64 {
		return false
	}
	c.page = appendDelta(c.page[:0], c.wideValues(0, values))
	return 4*len(c.page) < 3*values*c.width()
}

func (c *columnWriter) wideValues(from, to int) []int64 {
	if c.physical == physicalInt64 {
		return store.View[int64](c.plain, to)[from:]
	}
	wide := grow(&c.wide, to-from)
	for i, v := range store.View[int32](c.plain, to)[from:] {
		wide[i] = int64(v)
	}
	return wide
}

// encodePage writes a data page.
func (c *columnWriter) encodePage(first, rows int) {
	encoding := c.pageContent(first, rows)
	start := len(c.encoded)
	c.writePage(pageData, rows, encoding, c.page)
	page := first / pageRows
	c.chunk.pages = append(c.chunk.pages, writtenPage{
		offset: int64(start), length: int32(len(c.encoded) - start), firstRow: int64(first),
		statistics: c.statistics(c.firstOf[page], c.firstOf[page+1], rows),
	})
}

func appendRun(to []byte, count, value, bytes int) []byte {
	to = binary.AppendUvarint(to, uint64(count)<<1)
	for i := range bytes {
		to = append(to, byte(value>>(8*i)))
	}
	return to
}

// appendIndexes writes one run of packed values.
func appendIndexes(to []byte, codes []uint32, width int) []byte {
	to = append(to, byte(width))
	if width == 0 {
		return appendRun(to, len(codes), 0, 0)
	}
	groups := (len(codes) + 7) / 8
	to = binary.AppendUvarint(to, uint64(groups)<<1|1)
	end := len(to) + groups*width
	word, filled := uint64(0), 0
	for _, code := range codes {
		word |= uint64(code) << filled
		if filled += width; filled >= 32 {
			to = binary.LittleEndian.AppendUint32(to, uint32(word))
			word >>= 32
			filled -= 32
		}
	}
	for len(to) < end {
		to = append(to, byte(word))
		word >>= 8
	}
	return to[:end]
}

func appendBooleans(to, values []byte) []byte {
	for i := 0; i < len(values); i += 8 {
		b := byte(0)
		for k, v := range values[i:min(i+8, len(values))] {
			b |= v & 1 << k
		}
		to = append(to, b)
	}
	return to
}

// writePage appends a page with its header to the chunk.
func (c *columnWriter) writePage(kind int32, values int, encoding int32, content []byte) {
	c.packed = compress(c.packed[:0], c.chunk.codec, content)
	e := &encoder{bytes: c.encoded}
	e.begin()
	e.i32(1, kind)
	e.i32(2, int32(len(content)))
	e.i32(3, int32(len(c.packed)))
	if kind == pageDictionary {
		e.structure(7)
		e.i32(1, int32(values))
		e.i32(2, encoding)
		e.end()
	} else {
		e.structure(5)
		e.i32(1, int32(values))
		e.i32(2, encoding)
		e.i32(3, encodingRLE)
		e.i32(4, encodingRLE)
		e.end()
	}
	e.end()
	c.chunk.uncompressed += int64(len(e.bytes)-len(c.encoded)) + int64(len(content))
	c.encoded = append(e.bytes, c.packed...)
}

// writeSchema writes the schema element of the column.
func (c *columnWriter) writeSchema(e *encoder) {
	t := c.field.Type
	e.begin()
	e.i32(1, c.physical)
	if c.physical == physicalFixed {
		e.i32(2, int32(c.length))
	}
	if t.Nullable {
		e.i32(3, repetitionOptional)
	} else {
		e.i32(3, repetitionRequired)
	}
	e.text(4, c.field.Name)
	converted := map[ir.Kind]int32{
		ir.I8: convertedInt8, ir.I16: convertedInt8 + 1, ir.Decimal: convertedDecimal, ir.I128: convertedDecimal, ir.Date: convertedDate,
		ir.String: convertedUTF8, ir.Interval: convertedInterval, ir.TimestampTZ: convertedTimestampMicros,
	}
	if v, ok := converted[t.Kind]; ok {
		e.i32(6, v)
	}
	precision, scale := int32(t.Precision), int32(t.Scale)
	if t.Kind == ir.I128 {
		precision, scale = ir.MaxDecimalPrecision, 0
	}
	if precision > 0 {
		e.i32(7, scale)
		e.i32(8, precision)
	}
	c.writeLogical(e, precision, scale)
	e.end()
}

func (c *columnWriter) writeLogical(e *encoder, precision, scale int32) {
	kinds := map[ir.Kind]int16{
		ir.String: logicalString, ir.Decimal: logicalDecimal, ir.I128: logicalDecimal, ir.Date: logicalDate, ir.Time: logicalTime,
		ir.Timestamp: logicalTimestamp, ir.TimestampTZ: logicalTimestamp, ir.UUID: logicalUUID, ir.I8: logicalInteger, ir.I16: logicalInteger,
	}
	kind, ok := kinds[c.field.Type.Kind]
	if !ok {
		return
	}
	e.structure(10)
	e.structure(kind)
	switch kind {
	case logicalDecimal:
		e.i32(1, scale)
		e.i32(2, precision)
	case logicalTime, logicalTimestamp:
		e.boolean(1, c.field.Type.Kind == ir.TimestampTZ)
		e.structure(2)
		e.empty(unitMicros)
		e.end()
	case logicalInteger:
		e.i8(1, int8(8*c.natural.Width))
		e.boolean(2, true)
	}
	e.end()
	e.end()
}

// writeChunk writes the metadata of a chunk.
func (c *columnWriter) writeChunk(e *encoder, chunk *writtenChunk) {
	data := int32(encodingPlain)
	switch {
	case chunk.dictionary:
		data = encodingRLEDictionary
	case chunk.delta:
		data = encodingDeltaBinary
	}
	e.begin()
	e.i64(2, 0)
	e.structure(3)
	e.i32(1, c.physical)
	encodings := []int32{encodingRLE, data}
	if chunk.dictionary {
		encodings = append(encodings, encodingPlain)
	}
	e.list(2, thriftI32, len(encodings))
	for _, encoding := range encodings {
		e.varint(int64(encoding))
	}
	e.list(3, thriftBinary, 1)
	e.blob([]byte(c.field.Name))
	e.i32(4, chunk.codec)
	e.i64(5, chunk.rows)
	e.i64(6, chunk.uncompressed)
	e.i64(7, chunk.compressed)
	e.i64(9, chunk.offset+chunk.dataOffset)
	if chunk.dictionary {
		e.i64(11, chunk.offset)
	}
	e.structure(12)
	e.i64(3, chunk.statistics.nulls)
	if chunk.distinct > 0 {
		e.i64(4, chunk.distinct)
	}
	if chunk.statistics.min != nil {
		e.binary(5, chunk.statistics.max)
		e.binary(6, chunk.statistics.min)
	}
	e.end()
	pages := [][2]int32{{pageData, data}}
	counts := []int{len(chunk.pages)}
	if chunk.dictionary {
		pages, counts = append(pages, [2]int32{pageDictionary, encodingPlain}), append(counts, 1)
	}
	e.list(13, thriftStruct, len(pages))
	for i, page := range pages {
		e.begin()
		e.i32(1, page[0])
		e.i32(2, page[1])
		e.i32(3, int32(counts[i]))
		e.end()
	}
	e.end()
	e.i64(4, chunk.offsetIndex.offset)
	e.i32(5, int32(chunk.offsetIndex.length))
	if chunk.columnIndex.length > 0 {
		e.i64(6, chunk.columnIndex.offset)
		e.i32(7, int32(chunk.columnIndex.length))
	}
	e.end()
}
