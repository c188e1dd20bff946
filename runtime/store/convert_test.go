package store

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

func codeOf(err error) diag.Code {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return ""
	}
	return d.Code
}

var integerTypes = []ir.Type{
	ir.Of(ir.I8), ir.Of(ir.I16), ir.Of(ir.I32), ir.Of(ir.I64), ir.Of(ir.I128), ir.Of(ir.Date), ir.Of(ir.Timestamp),
	ir.DecimalType(2, 0), ir.DecimalType(15, 2), ir.DecimalType(38, 2),
}

// drawInteger draws a 64-bit integer that the natural layout of a type holds.
func drawInteger(t *rapid.T, typ ir.Type, label string) int64 {
	low, high, ok := IntegerRange(ir.NaturalLayout(typ))
	if !ok {
		low, high = math.MinInt64, math.MaxInt64
	}
	return rapid.OneOf(rapid.Int64Range(low, high), rapid.SampledFrom([]int64{low, low + 1, 0, high - 1, high}),
		rapid.Int64Range(-100, 100)).Draw(t, label)
}

func TestNarrowLayout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(integerTypes).Draw(t, "type")
		low, high := drawInteger(t, typ, "low"), drawInteger(t, typ, "high")
		if low > high {
			low, high = high, low
		}
		layout := NarrowLayout(typ, low, high)
		if err := CheckLayout(typ, layout); err != nil {
			t.Fatalf("%d to %d: %v", low, high, err)
		}
		least, most, ok := IntegerRange(layout)
		if ok && (low < least || high > most) {
			t.Fatalf("%d to %d: layout %s is too narrow", low, high, layout)
		}
		if half := layout.Width / 2; half >= 1 {
			if span := uint64(high) - uint64(low); span < 1<<(8*half) && half < 8 {
				t.Fatalf("%d to %d: layout %s is too wide", low, high, layout)
			}
		}
	})
}

// TestConvertIntegers goes from one layout to another and compares with what arithmetic
// on single values says.
func TestConvertIntegers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(integerTypes).Draw(t, "type")
		layout := func(label string) ir.Layout {
			a, b := drawInteger(t, typ, label+" low"), drawInteger(t, typ, label+" high")
			return rapid.SampledFrom([]ir.Layout{ir.NaturalLayout(typ), NarrowLayout(typ, min(a, b), max(a, b))}).Draw(t, label)
		}
		from, to := layout("from"), layout("to")
		rows := rapid.IntRange(0, 20).Draw(t, "rows")
		source := Vector{Values: make([]byte, rows*int(from.Width))}
		if rapid.Bool().Draw(t, "nullable") {
			source.Validity = make([]byte, (rows+7)/8)
			for i := range rows {
				SetPresent(source.Validity, i, rapid.Bool().Draw(t, "present"))
			}
		}
		want, fits := make([]ir.Datum, rows), true
		low, high, bounded := IntegerRange(to)
		for i := range rows {
			for b := range int(from.Width) {
				source.Values[i*int(from.Width)+b] = rapid.Byte().Draw(t, "byte")
			}
			if from.Width == 16 && rapid.Bool().Draw(t, "small") {
				putWide(source.Values, i, drawInteger(t, typ, "value"))
			}
			want[i] = source.Datum(typ, from, nil, i)
			if !want[i].Null && bounded && (!want[i].IsInt64() || want[i].Int() < low || want[i].Int() > high) {
				fits = false
			}
		}
		target := Vector{Values: make([]byte, rows*int(to.Width)), Validity: source.Validity}
		err := ConvertIntegers(target.Values, to, source.Values, from, source.Validity, rows, Place{File: "f", Column: "c"})
		if fits != (err == nil) || err != nil && codeOf(err) != CodeDoesNotFit {
			t.Fatalf("%s to %s: fits is %v, error %v", from, to, fits, err)
		}
		if err != nil {
			return
		}
		for i := range rows {
			if diff := cmp.Diff(want[i], target.Datum(typ, to, nil, i)); diff != "" {
				t.Fatalf("%s to %s, row %d: %s", from, to, i, diff)
			}
		}
	})
}

func putWide(values []byte, row int, n int64) {
	v := Vector{Values: values}
	v.Put(ir.Of(ir.I128), row, ir.IntDatum(n))
}

func TestCheckLayout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		typ    ir.Type
		layout ir.Layout
		good   bool
	}{
		{ir.Of(ir.I32), ir.Layout{Width: 1}, true},
		{ir.Of(ir.I32), ir.Layout{Width: 8}, false},
		{ir.Of(ir.I32), ir.Layout{Width: 3}, false},
		{ir.Of(ir.I32), ir.Layout{}, false},
		{ir.Of(ir.I32), ir.Layout{Width: 1, Base: math.MaxInt32 - 127}, true},
		{ir.Of(ir.I32), ir.Layout{Width: 1, Base: math.MaxInt32 - 126}, false},
		{ir.Of(ir.I64), ir.Layout{Width: 1, Base: math.MinInt64 + 127}, false},
		{ir.Of(ir.I64), ir.Layout{Width: 8, Base: 1}, false},
		{ir.Of(ir.I128), ir.Layout{Width: 8}, true},
		{ir.Of(ir.F64), ir.Layout{Width: 4}, false},
		{ir.Of(ir.Bool), ir.Layout{Width: 1, Base: 1}, false},
		{ir.Of(ir.String), ir.Layout{}, true},
		{ir.Of(ir.String), ir.Layout{Width: 4}, false},
		{ir.Of(ir.String), ir.Layout{Encoding: ir.Dictionary, Width: 1, Cardinality: 256}, true},
		{ir.Of(ir.String), ir.Layout{Encoding: ir.Dictionary, Width: 1, Cardinality: 257}, false},
		{ir.Of(ir.String), ir.Layout{Encoding: ir.Dictionary, Width: 1}, false},
		{ir.Of(ir.I32), ir.Layout{Encoding: ir.Dictionary, Width: 1, Cardinality: 2}, false},
		{ir.Of(ir.String), ir.Layout{Encoding: 7, Width: 1, Cardinality: 2}, false},
		{ir.Of(ir.I32), ir.Layout{Width: 4, Cardinality: 2}, false},
	} {
		if err := CheckLayout(test.typ, test.layout); (err == nil) != test.good {
			t.Errorf("%s as %s: %v", test.typ, test.layout, err)
		}
	}
}

func TestCopyBits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "bits")
		first := rapid.IntRange(0, 8*len(src)).Draw(t, "first")
		rows := rapid.IntRange(0, 8*len(src)-first).Draw(t, "rows")
		dst := make([]byte, (rows+7)/8)
		CopyBits(dst, src, first, rows)
		for i := range rows {
			if IsPresent(dst, i) != IsPresent(src, first+i) {
				t.Fatalf("bit %d differs", i)
			}
		}
	})
}

func TestText(t *testing.T) {
	t.Parallel()
	place := Place{File: "f", Column: "c"}
	entries := []string{"", "one", "three"}
	codes := []byte{1, 2, 0, 9, 1}
	validity := []byte{0b10111} // the code that is too high is under a NULL
	for _, test := range []struct {
		room, want int
		code       diag.Code
	}{{100, 5, ""}, {11, 5, ""}, {10, 4, ""}, {3, 1, ""}, {2, 0, CodeValueTooLong}} {
		v := Vector{Values: make([]byte, 4*6), Text: make([]byte, test.room), Validity: validity}
		n, err := LookupCodes(&v, codes, 1, entries, validity, 5, place)
		if n != test.want || codeOf(err) != test.code {
			t.Errorf("room %d: %d rows, %v", test.room, n, err)
		}
		// The text is plain now; give it to CopyText with the same room.
		if test.want == 5 {
			again := Vector{Values: make([]byte, 4*6), Text: make([]byte, test.room)}
			m, err := CopyText(&again, View[uint32](v.Values, 6), v.Text, 5, place)
			if m != 5 || err != nil || !slices.Equal(again.Values, v.Values) {
				t.Errorf("room %d: copied %d rows, %v", test.room, m, err)
			}
		}
	}
	if _, err := LookupCodes(&Vector{Values: make([]byte, 24)}, codes, 1, entries, nil, 4, place); codeOf(err) != CodeValueTooLong {
		t.Errorf("no room: %v", err)
	}
	v := Vector{Values: make([]byte, 24), Text: make([]byte, 100)}
	if _, err := LookupCodes(&v, codes, 1, entries, nil, 5, place); codeOf(err) != CodeDamaged {
		t.Errorf("a code beyond the dictionary: %v", err)
	}

	text, offsets := []byte("..abcde"), []uint32{2, 4, 4, 7}
	for _, test := range []struct {
		room, want int
		code       diag.Code
	}{{5, 3, ""}, {4, 2, ""}, {2, 2, ""}, {1, 0, CodeValueTooLong}} {
		v := Vector{Values: make([]byte, 16), Text: make([]byte, test.room)}
		n, err := CopyText(&v, offsets, text, 3, place)
		if n != test.want || codeOf(err) != test.code {
			t.Errorf("room %d: %d rows, %v", test.room, n, err)
		}
		if n == 3 && v.Datum(ir.Of(ir.String), ir.Layout{}, nil, 2).Text != "cde" {
			t.Errorf("text %q", v.Text)
		}
	}

	book := NewCodebook(entries, DictionaryLayout(3), place)
	if c, err := book.Code([]byte("three")); c != 2 || err != nil {
		t.Errorf("code %d, %v", c, err)
	}
	if _, err := book.Code([]byte("four")); codeOf(err) != CodeDoesNotFit {
		t.Errorf("an entry that is not there: %v", err)
	}
}

func TestConvertCodes(t *testing.T) {
	t.Parallel()
	src := []byte{0, 3, 255}
	wide := make([]byte, 6)
	if err := ConvertCodes(wide, DictionaryLayout(300), src, DictionaryLayout(256), 3, Place{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]byte{0, 0, 3, 0, 255, 0}, wide); diff != "" {
		t.Error(diff)
	}
	if err := ConvertCodes(src, DictionaryLayout(255), wide, DictionaryLayout(300), 3, Place{}); codeOf(err) != CodeDoesNotFit {
		t.Errorf("a code beyond the cardinality: %v", err)
	}
}

func TestMatchParts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"*.csv", "a.csv", true},
		{"*.csv", "b/a.csv", false},
		{"**/*.csv", "a.csv", true},
		{"**/*.csv", "b/c/a.csv", true},
		{"**", "b/c/a.csv", true},
		{"b/**/a.csv", "b/a.csv", true},
		{"b/**/c/*.csv", "b/x/c/y/c/a.csv", true},
		{"b/**/c/*.csv", "b/x/c/y/a.csv", false},
		{"**/a/**/b", "a/a/b/b", true},
		{"y=202[45]/?.csv", "y=2024/a.csv", true},
		{"y=202[45]/?.csv", "y=2026/a.csv", false},
	} {
		if got := matchParts(strings.Split(test.pattern, "/"), strings.Split(test.path, "/")); got != test.want {
			t.Errorf("%s matches %s: %v", test.pattern, test.path, got)
		}
	}
}

func BenchmarkConvertIntegers(b *testing.B) {
	const rows = ChunkRows
	src, dst := make([]byte, 16*rows), make([]byte, 16*rows)
	for _, from := range []uint8{1, 2, 4, 8, 16} {
		for _, to := range []uint8{1, 2, 4, 8, 16} {
			if from == to {
				continue
			}
			b.Run(fmt.Sprintf("%d-%d", from, to), func(b *testing.B) {
				b.SetBytes(rows * int64(from))
				for b.Loop() {
					if err := ConvertIntegers(dst, ir.Layout{Width: to}, src, ir.Layout{Width: from}, nil, rows, Place{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
