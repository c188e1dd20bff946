package main

import (
	"testing"

	"github.com/heddle-lang/heddle/ir"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "64MiB": 64 << 20, "2GiB": 2 << 30, "1.5g": 3 << 29, "10 KB": 10_000, "1gb": 1e9, "512m": 512 << 20,
	} {
		if got, err := parseSize("memory", text); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "lots", "1TiBB", "99999999GiB", "1..5g", "NaN", "infg"} {
		if got, err := parseSize("memory", text); err == nil {
			t.Errorf("parseSize(%q) = %d, want an error", text, got)
		}
	}
}

func TestParseType(t *testing.T) {
	for text, want := range map[string]ir.Type{
		"bigint": ir.Of(ir.I64), "VARCHAR": ir.Of(ir.String), "decimal(15,2)": ir.DecimalType(15, 2),
		"numeric(9, 3)": ir.DecimalType(9, 3), "double precision": ir.Of(ir.F64), "i32": ir.Of(ir.I32), "date": ir.Of(ir.Date),
	} {
		if got, err := parseType(text); err != nil || !got.Equal(want) {
			t.Errorf("parseType(%q) = %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "decimol", "decimal(99,2)", "decimal(2,9)", "numeric("} {
		if got, err := parseType(text); err == nil {
			t.Errorf("parseType(%q) = %s, want an error", text, got)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, want %q", n, got, want)
		}
	}
}

// FuzzFlagValues must not panic, whatever stands on the command line.
func FuzzFlagValues(f *testing.F) {
	for _, text := range []string{"64MiB", "t.c=decimal(15,2)", "a.b.c=vec<i32,4>", "=", "t.c=decimal<0,0>", "t.c=struct<a: i32>"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if size, err := parseSize("memory", text); err == nil && size <= 0 {
			t.Errorf("parseSize(%q) = %d", text, size)
		}
		types, err := parseTypes([]string{text})
		if err != nil {
			return
		}
		for _, columns := range types {
			for _, column := range columns {
				if !column.IsScalar() {
					t.Errorf("%q is taken for the type %s of a column", text, column)
				}
			}
		}
	})
}
