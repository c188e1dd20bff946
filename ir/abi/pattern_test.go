package abi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"unicode/utf8"
)

// decoded is a compiled pattern as its readers see it.
type decoded struct {
	flags, minimum uint32
	segments       []string // wildcards show as 0xFF
	wildcards      []bool
}

func decode(t testing.TB, b []byte, address uint32) decoded {
	t.Helper()
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	d := decoded{flags: word(PatternFlags), minimum: word(PatternMinimum)}
	for i := range int(word(PatternSegmentCount)) {
		at := PatternSegments + i*PatternSegmentSize
		begin, length := word(at)-address, word(at+4)>>1
		if int(begin)+int(length) > len(b) {
			t.Fatalf("segment %d lies outside", i)
		}
		d.segments = append(d.segments, string(b[begin:begin+length]))
		d.wildcards = append(d.wildcards, word(at+4)&1 != 0)
	}
	return d
}

func TestCompilePattern(t *testing.T) {
	const start, end, both, fold = PatternAnchoredStart, PatternAnchoredEnd, PatternAnchoredStart | PatternAnchoredEnd, PatternInsensitive
	for _, test := range []struct {
		pattern, escape string
		insensitive     bool
		flags, minimum  uint32
		segments        []string
	}{
		{pattern: "", flags: both},
		{pattern: "%"},
		{pattern: "%%"},
		{pattern: "abc", flags: both, minimum: 3, segments: []string{"abc"}},
		{pattern: "abc%", flags: start, minimum: 3, segments: []string{"abc"}},
		{pattern: "%abc", flags: end, minimum: 3, segments: []string{"abc"}},
		{pattern: "%a%%b%", minimum: 2, segments: []string{"a", "b"}},
		{pattern: "a%b", flags: both, minimum: 2, segments: []string{"a", "b"}},
		{pattern: "_é", flags: both, minimum: 3, segments: []string{"\xffé"}},
		{pattern: `\%\_\\`, escape: `\`, flags: both, minimum: 3, segments: []string{`%_\`}},
		{pattern: `\%`, flags: start, minimum: 1, segments: []string{`\`}},
		{pattern: "é%éé", escape: "é", flags: both, minimum: 3, segments: []string{"%é"}},
		{pattern: "AbÉ", insensitive: true, flags: both | fold, minimum: 4, segments: []string{"abÉ"}},
		{pattern: "\xff", flags: both, minimum: 1, segments: []string{"\xfe"}},
	} {
		t.Run(test.pattern, func(t *testing.T) {
			b, err := CompilePattern(test.pattern, test.escape, test.insensitive, 4096)
			if err != nil {
				t.Fatal(err)
			}
			d := decode(t, b, 4096)
			if d.flags != test.flags || d.minimum != test.minimum || len(d.segments) != len(test.segments) {
				t.Fatalf("got %+v, want %+v", d, test)
			}
			for i, want := range test.segments {
				if d.segments[i] != want || d.wildcards[i] != bytes.Contains([]byte(want), []byte{PatternWildcard}) {
					t.Errorf("segment %d is %q (wildcards %v), want %q", i, d.segments[i], d.wildcards[i], want)
				}
			}
		})
	}
}

func TestCompilePatternErrors(t *testing.T) {
	for _, test := range []struct {
		name, pattern, escape string
		want                  error
	}{
		{"ends in the escape", `a\`, `\`, ErrPatternEnd},
		{"escape alone", "%", "%", ErrPatternEnd},
		{"long escape", "a", "ab", ErrEscapeLength},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := CompilePattern(test.pattern, test.escape, false, 0); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func FuzzCompilePattern(f *testing.F) {
	f.Add("%a_b%", `\`, false)
	f.Add("\xff_", "", true)
	f.Fuzz(func(t *testing.T, pattern, escape string, insensitive bool) {
		const address = 1 << 20
		b, err := CompilePattern(pattern, escape, insensitive, address)
		if err != nil {
			return
		}
		d := decode(t, b, address)
		total := 0
		for i, s := range d.segments {
			if s == "" {
				t.Errorf("segment %d is empty", i)
			}
			total += len(s)
		}
		if total != int(d.minimum) || utf8.ValidString(pattern) && total > len(pattern) {
			t.Errorf("%q has %d bytes in segments, the minimum is %d", pattern, total, d.minimum)
		}
	})
}
