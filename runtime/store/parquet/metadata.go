package parquet

// The parts of Parquet's metadata that are read here, under the names of the format:
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift

// Physical types.
const (
	physicalBoolean   = 0
	physicalInt32     = 1
	physicalInt64     = 2
	physicalInt96     = 3
	physicalFloat     = 4
	physicalDouble    = 5
	physicalByteArray = 6
	physicalFixed     = 7
)

// Encodings.
const (
	encodingPlain           = 0
	encodingPlainDictionary = 2
	encodingRLE             = 3
	encodingDeltaBinary     = 5
	encodingDeltaLength     = 6
	encodingDeltaByteArray  = 7
	encodingRLEDictionary   = 8
	encodingByteStreamSplit = 9
)

// Page types.
const (
	pageData       = 0
	pageIndex      = 1
	pageDictionary = 2
	pageDataV2     = 3
)

// Repetition of a column.
const (
	repetitionRequired = 0
	repetitionOptional = 1
	repetitionRepeated = 2
)

// Fields of the LogicalType union.
const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalNull      = 11
	logicalJSON      = 12
	logicalBSON      = 13
	logicalUUID      = 14
	logicalFloat16   = 15
)

// Values of the older ConvertedType.
const (
	convertedUTF8            = 0
	convertedEnum            = 4
	convertedDecimal         = 5
	convertedDate            = 6
	convertedTimeMillis      = 7
	convertedTimeMicros      = 8
	convertedTimestampMillis = 9
	convertedTimestampMicros = 10
	convertedUint8           = 11
	convertedUint64          = 14
	convertedInt8            = 15
	convertedInt64           = 18
	convertedJSON            = 19
	convertedBSON            = 20
	convertedInterval        = 21
)

// Fields of the TimeUnit union.
const (
	unitMillis = 1
	unitMicros = 2
	unitNanos  = 3
)

type fileMetadata struct {
	schema    []schemaElement
	rows      int64
	rowGroups []rowGroup
	encrypted bool
}

type schemaElement struct {
	physical   int32 // -1 for a group
	length     int32
	repetition int32
	name       string
	children   int32
	converted  int32 // -1 when absent
	scale      int32
	precision  int32
	logical    logicalType
}

type logicalType struct {
	kind             int16 // field of the union, 0 when absent
	scale, precision int32
	adjustedToUTC    bool
	unit             int16
	bits             int32
	signed           bool
}

type rowGroup struct {
	columns []columnChunk
	rows    int64
}

type columnChunk struct {
	elsewhere        bool // in another file
	encrypted        bool
	hasMetadata      bool
	physical         int32
	encodings        []int32
	encodingStats    []encodingStat
	codec            int32
	values           int64
	compressed       int64
	dataOffset       int64
	dictionaryOffset int64
	statistics       statistics
	columnIndex      section
}

type section struct{ offset, length int64 }

type encodingStat struct{ page, encoding, count int32 }

// statistics has nil bounds and -1 counts where it says nothing.
type statistics struct {
	min, max       []byte // min_value and max_value
	oldMin, oldMax []byte // whose order was left open for all but signed numbers
	nulls          int64
	distinct       int64
}

type pageHeader struct {
	kind                     int32
	uncompressed, compressed int32
	values                   int32
	encoding                 int32
	nulls, rows              int32 // version 2
	definitionBytes          int32
	repetitionBytes          int32
	definitionEncoding       int32
	isCompressed             bool
	known                    bool // the header for the kind was there
}

type columnIndex struct {
	nullPages []bool
	min, max  [][]byte
	nulls     []int64
}

func decodeFileMetadata(data []byte) (*fileMetadata, error) {
	d := &decoder{data: data}
	m := &fileMetadata{rows: -1}
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 2:
			d.list(wire, func(byte) { m.schema = append(m.schema, d.schemaElement()) })
		case 3:
			m.rows = d.integer(wire)
		case 4:
			d.list(wire, func(byte) { m.rowGroups = append(m.rowGroups, d.rowGroup()) })
		case 8:
			m.encrypted = true
			return false
		default:
			return false
		}
		return true
	})
	if d.failed || m.rows < 0 || len(m.schema) == 0 {
		return nil, errThrift
	}
	return m, nil
}

func (d *decoder) schemaElement() schemaElement {
	s := schemaElement{physical: -1, converted: -1}
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 1:
			s.physical = d.int32(wire)
		case 2:
			s.length = d.int32(wire)
		case 3:
			s.repetition = d.int32(wire)
		case 4:
			s.name = string(d.binary(wire))
		case 5:
			s.children = d.int32(wire)
		case 6:
			s.converted = d.int32(wire)
		case 7:
			s.scale = d.int32(wire)
		case 8:
			s.precision = d.int32(wire)
		case 10:
			s.logical = d.logicalType()
		default:
			return false
		}
		return true
	})
	return s
}

func (d *decoder) logicalType() logicalType {
	var l logicalType
	d.fields(func(kind int16, wire byte) bool {
		l.kind = kind
		if wire != thriftStruct {
			return false
		}
		d.fields(func(id int16, wire byte) bool {
			switch {
			case kind == logicalDecimal && id == 1:
				l.scale = d.int32(wire)
			case kind == logicalDecimal && id == 2:
				l.precision = d.int32(wire)
			case (kind == logicalTime || kind == logicalTimestamp) && id == 1:
				l.adjustedToUTC = d.boolean(wire)
			case (kind == logicalTime || kind == logicalTimestamp) && id == 2 && wire == thriftStruct:
				d.fields(func(unit int16, _ byte) bool {
					l.unit = unit
					return false
				})
			case kind == logicalInteger && id == 1:
				l.bits = d.int32(wire)
			case kind == logicalInteger && id == 2:
				l.signed = d.boolean(wire)
			default:
				return false
			}
			return true
		})
		return true
	})
	return l
}

func (d *decoder) rowGroup() rowGroup {
	g := rowGroup{rows: -1}
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 1:
			d.list(wire, func(byte) { g.columns = append(g.columns, d.columnChunk()) })
		case 3:
			g.rows = d.integer(wire)
		default:
			return false
		}
		return true
	})
	if g.rows < 0 {
		d.fail()
	}
	return g
}

func (d *decoder) columnChunk() columnChunk {
	c := columnChunk{statistics: statistics{nulls: -1, distinct: -1}}
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 1:
			c.elsewhere = len(d.binary(wire)) > 0
		case 3:
			d.columnMetadata(&c)
		case 6:
			c.columnIndex.offset = d.integer(wire)
		case 7:
			c.columnIndex.length = d.integer(wire)
		case 8:
			c.encrypted = true
			return false
		default:
			return false
		}
		return true
	})
	if !c.hasMetadata && !c.encrypted {
		d.fail() // also keeps long lists of empty structs from growing
	}
	return c
}

func (d *decoder) columnMetadata(c *columnChunk) {
	c.hasMetadata = true
	c.physical, c.compressed = -1, -1
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 1:
			c.physical = d.int32(wire)
		case 2:
			d.list(wire, func(element byte) { c.encodings = append(c.encodings, d.int32(element)) })
		case 4:
			c.codec = d.int32(wire)
		case 5:
			c.values = d.integer(wire)
		case 7:
			c.compressed = d.integer(wire)
		case 9:
			c.dataOffset = d.integer(wire)
		case 11:
			c.dictionaryOffset = d.integer(wire)
		case 12:
			c.statistics = d.statistics()
		case 13:
			d.list(wire, func(byte) { c.encodingStats = append(c.encodingStats, d.encodingStat()) })
		default:
			return false
		}
		return true
	})
}

func (d *decoder) statistics() statistics {
	s := statistics{nulls: -1, distinct: -1}
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 1:
			s.oldMax = d.binary(wire)
		case 2:
			s.oldMin = d.binary(wire)
		case 3:
			s.nulls = d.integer(wire)
		case 4:
			s.distinct = d.integer(wire)
		case 5:
			s.max = d.binary(wire)
		case 6:
			s.min = d.binary(wire)
		default:
			return false
		}
		return true
	})
	return s
}

func (d *decoder) encodingStat() encodingStat {
	var s encodingStat
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 1:
			s.page = d.int32(wire)
		case 2:
			s.encoding = d.int32(wire)
		case 3:
			s.count = d.int32(wire)
		default:
			return false
		}
		return true
	})
	return s
}

// decodePageHeader returns the header and its length; ok is false when data does not
// begin with one, which may be because it is cut off.
func decodePageHeader(data []byte) (h pageHeader, length int, ok bool) {
	d := &decoder{data: data}
	h = pageHeader{kind: -1, uncompressed: -1, compressed: -1, values: -1, isCompressed: true}
	kinds := map[int16]int32{5: pageData, 7: pageDictionary, 8: pageDataV2}
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 1:
			h.kind = d.int32(wire)
		case 2:
			h.uncompressed = d.int32(wire)
		case 3:
			h.compressed = d.int32(wire)
		case 5, 7, 8:
			if kinds[id] != h.kind { // kind comes first
				return false
			}
			h.known = true
			d.dataHeader(&h)
		default:
			return false
		}
		return true
	})
	return h, d.at, !d.failed
}

func (d *decoder) dataHeader(h *pageHeader) {
	v2 := h.kind == pageDataV2
	d.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1:
			h.values = d.int32(wire)
		case id == 2 && !v2, id == 4 && v2:
			h.encoding = d.int32(wire)
		case id == 2:
			h.nulls = d.int32(wire)
		case id == 3 && v2:
			h.rows = d.int32(wire)
		case id == 3 && h.kind == pageData:
			h.definitionEncoding = d.int32(wire)
		case id == 5 && v2:
			h.definitionBytes = d.int32(wire)
		case id == 6 && v2:
			h.repetitionBytes = d.int32(wire)
		case id == 7 && v2:
			h.isCompressed = d.boolean(wire)
		default:
			return false
		}
		return true
	})
}

func decodeColumnIndex(data []byte) (*columnIndex, bool) {
	d := &decoder{data: data}
	c := &columnIndex{}
	d.fields(func(id int16, wire byte) bool {
		switch id {
		case 1:
			d.list(wire, func(byte) { c.nullPages = append(c.nullPages, d.byte() == thriftTrue) })
		case 2:
			d.list(wire, func(element byte) { c.min = append(c.min, d.binary(element)) })
		case 3:
			d.list(wire, func(element byte) { c.max = append(c.max, d.binary(element)) })
		case 5:
			d.list(wire, func(element byte) { c.nulls = append(c.nulls, d.integer(element)) })
		default:
			return false
		}
		return true
	})
	return c, !d.failed && len(c.min) == len(c.nullPages) && len(c.max) == len(c.nullPages)
}
