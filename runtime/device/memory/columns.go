package memory

import (
	"errors"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/device"
)

// Key names a column of a table in one layout.
type Key struct {
	Table, Fingerprint, Column string
	Encoding                   ir.Encoding
	Width                      uint8
	Base                       int64
	Nullable                   bool
}

// Column is a whole column in the device's memory.
type Column struct {
	Key  Key
	Rows int64
	// Values is where its values, codes or offsets are, Validity the bitmap of those
	// that are not NULL; both are multiples of 256.
	Values, Validity device.Address
	// Text is the text that offsets point into.
	Text Range

	values, validity Block
	size             int64 // of the blocks
	holders          int
	used             int64 // when, by the memory's clock
	complete         bool
}

// slack is how far kernels may read behind a column, in bytes.
const slack = 64

// isText reports whether a column is plain text: offsets, and bytes in the mirror.
func (k *Key) isText() bool { return k.Encoding == ir.Plain && k.Width == 0 }

// ColumnSize is how many bytes a column takes outside of the mirror.
func ColumnSize(key Key, rows int64) int64 {
	size := rows*int64(key.Width) + slack
	if key.isText() {
		size = 4*(rows+1) + slack
	}
	if key.Nullable {
		size += (rows+7)/8 + slack
	}
	return size
}

// Find holds a column, if it is there: it stays until Release.
func (m *Memory) Find(key Key) (*Column, bool) {
	column, found := m.columns[key]
	if !found || !column.complete {
		return nil, false
	}
	m.clock++
	column.used = m.clock
	column.holders++
	return column, true
}

// Resident is how many bytes of a column are on the device, 0 when it is not there.
func (m *Memory) Resident(key Key) int64 {
	column, found := m.columns[key]
	if !found || !column.complete {
		return 0
	}
	return column.size + int64(column.Text.Size)
}

// Add makes room for a column, and holds it. The caller fills it, then calls Complete,
// or Discard.
func (m *Memory) Add(key Key, rows int64) (*Column, error) {
	if _, found := m.columns[key]; found {
		panic("BUG: a column is added that is there")
	}
	column := &Column{Key: key, Rows: rows, holders: 1}
	size := rows * int64(key.Width)
	if key.isText() {
		size = 4 * (rows + 1)
	}
	var err error
	if column.values, err = m.Block(size + slack); err != nil {
		return nil, err
	}
	if key.Nullable {
		if column.validity, err = m.Block((rows+7)/8 + slack); err != nil {
			return nil, errors.Join(err, m.FreeBlock(column.values))
		}
	}
	column.Values, column.Validity = column.values.Address, column.validity.Address
	column.size = column.values.Size + column.validity.Size
	m.columns[key] = column
	return column, nil
}

// Complete says that a column is filled.
func (m *Memory) Complete(column *Column) {
	m.clock++
	column.used, column.complete = m.clock, true
}

// Release ends a hold on a column.
func (m *Memory) Release(column *Column) {
	if column.holders == 0 {
		panic("BUG: a column is released that nobody holds")
	}
	column.holders--
}

// Discard drops a column that could not be filled.
func (m *Memory) Discard(column *Column) error { return m.drop(column) }

// Clear drops all columns that nobody holds.
func (m *Memory) Clear() error {
	for {
		dropped, err := m.dropOldest()
		if err != nil || !dropped {
			return err
		}
	}
}

// DropTexts drops all columns of text that nobody holds, and reports whether there were
// any.
func (m *Memory) DropTexts() (dropped bool, err error) {
	for _, column := range m.columns {
		if column.holders == 0 && column.Text.Size > 0 {
			dropped = true
			err = errors.Join(err, m.drop(column))
		}
	}
	return dropped, err
}

// dropOldest drops the column that was used least recently, of those that nobody holds.
func (m *Memory) dropOldest() (dropped bool, err error) {
	var oldest *Column
	for _, column := range m.columns {
		if column.holders == 0 && (oldest == nil || column.used < oldest.used) {
			oldest = column
		}
	}
	if oldest == nil {
		return false, nil
	}
	return true, m.drop(oldest)
}

func (m *Memory) drop(column *Column) error {
	delete(m.columns, column.Key)
	m.Free(column.Text)
	return errors.Join(m.FreeBlock(column.values), m.FreeBlock(column.validity))
}
