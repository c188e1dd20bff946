package store

import (
	"fmt"
	"math"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// IntegerRange is what a plain integer layout can hold. ok is false for 16-byte
// values, whose range is that of the type.
func IntegerRange(layout ir.Layout) (low, high int64, ok bool) {
	switch layout.Width {
	case 1, 2, 4:
		half := int64(1) << (8*layout.Width - 1)
		return layout.Base - half, layout.Base + half - 1, true
	case 8:
		return math.MinInt64, math.MaxInt64, layout.Base == 0
	default:
		return 0, 0, false
	}
}

// NarrowLayout is the narrowest layout that holds the integers from low to high of a
// type: with a base only if it saves bytes. Every value that the layout can hold lies
// within the natural layout of the type, so that code may widen without a check.
func NarrowLayout(t ir.Type, low, high int64) ir.Layout {
	natural := ir.NaturalLayout(t)
	for _, width := range []uint8{1, 2, 4, 8} {
		if width >= natural.Width {
			break
		}
		if width == 8 {
			return ir.Layout{Width: 8}
		}
		half := int64(1) << (8*width - 1)
		if low >= -half && high < half {
			return ir.Layout{Width: width}
		}
		if span := uint64(high) - uint64(low); span < uint64(2*half) {
			// Centre the window on low, but keep it within the natural range.
			least, most, ok := IntegerRange(natural)
			if !ok {
				least, most = math.MinInt64, math.MaxInt64
			}
			if low > most-(2*half-1) {
				return ir.Layout{Width: width, Base: most - half + 1}
			}
			return ir.Layout{Width: width, Base: max(low, least) + half}
		}
	}
	return natural
}

// CommonLayout is the narrowest layout of plain integers that holds what both hold.
func CommonLayout(t ir.Type, a, b ir.Layout) ir.Layout {
	if a == b {
		return a
	}
	lowA, highA, okA := IntegerRange(a)
	lowB, highB, okB := IntegerRange(b)
	if !okA || !okB {
		return ir.NaturalLayout(t)
	}
	return NarrowLayout(t, min(lowA, lowB), max(highA, highB))
}

// CheckLayout reports whether values of a type can lie in memory like this, and
// whether all that the layout can hold is in the range of the type's natural layout.
func CheckLayout(t ir.Type, layout ir.Layout) error {
	natural := ir.NaturalLayout(t)
	switch {
	case layout.Encoding == ir.Dictionary:
		if !IsText(t) || layout.Base != 0 || layout.Cardinality < 1 ||
			layout.Width != 1 && layout.Width != 2 && layout.Width != 4 ||
			int64(layout.Cardinality) > int64(1)<<(8*layout.Width) {
			return fmt.Errorf("layout %s does not suit %s", layout, t)
		}
	case layout.Encoding != ir.Plain || layout.Cardinality != 0:
		return fmt.Errorf("layout %s does not suit %s", layout, t)
	case layout == natural:
	case !IsInteger(t) || layout.Width == 0 || layout.Width&(layout.Width-1) != 0 || layout.Width > natural.Width ||
		layout.Base != 0 && layout.Width >= 8:
		return fmt.Errorf("layout %s does not suit %s", layout, t)
	case layout.Width < 8:
		half := int64(1) << (8*layout.Width - 1)
		least, most, ok := IntegerRange(natural)
		if !ok {
			least, most = math.MinInt64, math.MaxInt64
		}
		if layout.Base < least+half || layout.Base > most-half+1 {
			return fmt.Errorf("layout %s goes beyond the range of %s", layout, t)
		}
	}
	return nil
}

// Place names a column of a file in messages.
type Place struct{ File, Column string }

// DoesNotFit reports a value that the layout cannot hold (E0513).
func DoesNotFit(place Place, value any, layout ir.Layout) *diag.Diagnostic {
	return diag.New(CodeDoesNotFit, "%v in column %q of %q does not fit the layout %s that the program was compiled for",
		value, place.Column, place.File, layout).
		Helpf("the data has changed since: build the program again")
}

// CheckRequest compares a request with a column of the table: a missing column, another
// type, or NULLs that the program does not expect are a diagnostic E0510, a layout that
// does not suit the type is E0513. file names the data in the message.
func CheckRequest(file string, table *ir.Table, request ColumnRequest) (index int, err error) {
	index, column := table.Column(request.Name)
	if column == nil {
		problem := diag.New(CodeColumnChanged, "column %q is missing from %q", request.Name, file)
		names := make([]string, len(table.Columns))
		for i := range table.Columns {
			names[i] = table.Columns[i].Name
		}
		if near, ok := diag.Suggest(request.Name, names); ok {
			problem.Note("it has a column %q", near)
		}
		return -1, problem.Helpf("build the program again against the present data")
	}
	if !column.Type.Same(request.Type) || column.Type.Nullable && !request.Type.Nullable {
		return -1, diag.New(CodeColumnChanged, "column %q of %q is %s where %s was expected", request.Name, file, column.Type, request.Type).
			Helpf("build the program again against the present data")
	}
	if err := CheckLayout(request.Type, request.Layout); err != nil {
		return -1, diag.New(CodeDoesNotFit, "column %q of %q cannot be given as the program expects it: %v", request.Name, file, err).
			Helpf("build the program again with this release")
	}
	return index, nil
}

// ConvertIntegers converts rows values from one plain integer layout to another. A
// value that does not fit is an error unless it is NULL by validity (nil: none is).
// dst and src may be the same memory if the widths are equal.
func ConvertIntegers(dst []byte, to ir.Layout, src []byte, from ir.Layout, validity []byte, rows int, place Place) error {
	if to.Width == from.Width && to.Base == from.Base {
		n := rows * int(to.Width)
		copy(dst[:n], src[:n])
		return nil
	}
	switch {
	case to.Width == 16:
		widen128(dst, src, from, rows)
		return nil
	case from.Width == 16:
		return narrow128(dst, to, src, validity, rows, place)
	}
	switch from.Width {
	case 1:
		return convertFrom[int8](dst, to, src, from, validity, rows, place)
	case 2:
		return convertFrom[int16](dst, to, src, from, validity, rows, place)
	case 4:
		return convertFrom[int32](dst, to, src, from, validity, rows, place)
	case 8:
		return convertFrom[int64](dst, to, src, from, validity, rows, place)
	default:
		panic(fmt.Sprintf("BUG: integers of %d bytes", from.Width))
	}
}

type signed interface {
	~int8 | ~int16 | ~int32 | ~int64
}

func convertFrom[F signed](dst []byte, to ir.Layout, src []byte, from ir.Layout, validity []byte, rows int, place Place) error {
	values := View[F](src, rows)
	switch to.Width {
	case 1:
		return narrowTo(View[int8](dst, rows), to, values, from, validity, place)
	case 2:
		return narrowTo(View[int16](dst, rows), to, values, from, validity, place)
	case 4:
		return narrowTo(View[int32](dst, rows), to, values, from, validity, place)
	case 8:
		return narrowTo(View[int64](dst, rows), to, values, from, validity, place)
	default:
		panic(fmt.Sprintf("BUG: integers of %d bytes", to.Width))
	}
}

// narrowTo checks all rows with one branch at the end: v is in [low, high] just when
// both v-low and high-v have no sign, where neither can overflow.
func narrowTo[T, F signed](dst []T, to ir.Layout, src []F, from ir.Layout, validity []byte, place Place) error {
	src = src[:len(dst)]
	if to.Width == 8 {
		delta := from.Base - to.Base
		for i, v := range src {
			dst[i] = T(int64(v) + delta)
		}
		return nil
	}
	low, high, _ := IntegerRange(to)
	outside := false
	for i, v := range src {
		value := int64(v) + from.Base
		outside = outside || value < low || value > high
		dst[i] = T(value - to.Base)
	}
	if !outside {
		return nil
	}
	for i, v := range src {
		value := int64(v) + from.Base
		if value >= low && value <= high {
			continue
		}
		if IsPresent(validity, i) {
			return DoesNotFit(place, value, to)
		}
		dst[i] = 0
	}
	return nil
}

func widen128(dst, src []byte, from ir.Layout, rows int) {
	halves := View[int64](dst, 2*rows)
	for i := range rows {
		v := integer(src, from.Width, i) + from.Base
		halves[2*i], halves[2*i+1] = v, v>>63
	}
}

func narrow128(dst []byte, to ir.Layout, src []byte, validity []byte, rows int, place Place) error {
	halves := View[uint64](src, 2*rows)
	low, high, ok := IntegerRange(to)
	if !ok {
		panic(fmt.Sprintf("BUG: narrowing to %s", to))
	}
	for i := range rows {
		wide := ir.Int128{Low: halves[2*i], High: int64(halves[2*i+1])}
		v, fits := wide.Int64()
		if !fits || v < low || v > high {
			if IsPresent(validity, i) {
				return DoesNotFit(place, wide.Big(), to)
			}
			v = to.Base
		}
		putInteger(dst, to.Width, i, v-to.Base)
	}
	return nil
}

// ConvertCodes widens or narrows dictionary codes. Codes must be below the cardinality
// of to, also under NULLs.
func ConvertCodes(dst []byte, to ir.Layout, src []byte, from ir.Layout, rows int, place Place) error {
	if to.Width == from.Width && to.Cardinality >= from.Cardinality {
		n := rows * int(to.Width)
		copy(dst[:n], src[:n])
		return nil
	}
	for i := range rows {
		c := code(src, from.Width, i)
		if int64(c) >= int64(to.Cardinality) {
			return DoesNotFit(place, fmt.Sprintf("dictionary entry %d", c), to)
		}
		putCode(dst, to.Width, i, c)
	}
	return nil
}

// LookupCodes turns codes into plain text: as many rows as fit the text area of dst.
// It returns the number of rows done, fewer than rows when the text area is full, and
// E0511 when not even the first fits. A code beyond the dictionary is E0503; the code
// under a NULL is not looked at and gives no text.
func LookupCodes(dst *Vector, src []byte, width uint8, entries []string, validity []byte, rows int, place Place) (int, error) {
	offsets := View[uint32](dst.Values, rows+1)
	used := 0
	offsets[0] = 0
	for i := range rows {
		if IsPresent(validity, i) {
			c := code(src, width, i)
			if int(c) >= len(entries) {
				return 0, Damaged(place.File, "column %q has code %d in a dictionary of %d entries", place.Column, c, len(entries))
			}
			entry := entries[c]
			if len(entry) > len(dst.Text)-used {
				if i == 0 {
					return 0, TooLong(place, int64(len(entry)), int64(len(dst.Text)))
				}
				return i, nil
			}
			used += copy(dst.Text[used:], entry)
		}
		offsets[i+1] = uint32(used)
	}
	return rows, nil
}

// CopyText copies plain text given by rows+1 offsets into text: as many rows as fit
// the text area of dst, as LookupCodes does. The offsets may begin above 0; they must
// ascend and lie within text.
func CopyText(dst *Vector, offsets []uint32, text []byte, rows int, place Place) (int, error) {
	first := offsets[0]
	room := uint64(len(dst.Text))
	if uint64(offsets[rows]-first) > room {
		low, high := 0, rows // the most rows that fit
		for low < high {
			middle := (low + high + 1) / 2
			if uint64(offsets[middle]-first) <= room {
				low = middle
			} else {
				high = middle - 1
			}
		}
		if low == 0 {
			return 0, TooLong(place, int64(offsets[1]-first), int64(room))
		}
		rows = low
	}
	out := View[uint32](dst.Values, rows+1)
	for i, offset := range offsets[:rows+1] {
		out[i] = offset - first
	}
	copy(dst.Text, text[first:offsets[rows]])
	return rows, nil
}

// TooLong reports a value that is longer than a text area (E0511).
func TooLong(place Place, length, room int64) *diag.Diagnostic {
	return diag.New(CodeValueTooLong, "a value in column %q of %q has %d bytes; there is room for %d",
		place.Column, place.File, length, room).
		Helpf("raise the memory of the query, or shorten the value")
}

// Codebook finds the code of an entry: for readers of plain text when the program
// expects codes.
type Codebook struct {
	codes  map[string]uint32
	layout ir.Layout
	place  Place
}

// NewCodebook prepares a dictionary for lookups.
func NewCodebook(entries []string, layout ir.Layout, place Place) *Codebook {
	codes := make(map[string]uint32, len(entries))
	for i, entry := range entries {
		codes[entry] = uint32(i)
	}
	return &Codebook{codes: codes, layout: layout, place: place}
}

// Code returns the code of a text; one that the dictionary lacks is E0513.
func (b *Codebook) Code(text []byte) (uint32, error) {
	c, ok := b.codes[string(text)]
	if !ok || int64(c) >= int64(b.layout.Cardinality) {
		return 0, DoesNotFit(b.place, fmt.Sprintf("%.40q", text), b.layout)
	}
	return c, nil
}
