package ir

import "testing"

var benchmarkValues = []struct {
	name string
	t    Type
	text string
}{
	{"i64", Of(I64), "6001215"},
	{"decimal", DecimalType(15, 2), "21168.23"},
	{"wide", DecimalType(38, 4), "12345678901234567890123.4567"},
	{"f64", Of(F64), "3.14159"},
	{"date", Of(Date), "1996-03-13"},
	{"timestamp", Of(Timestamp), "1996-03-13 12:34:56.789"},
}

func BenchmarkParseDatum(b *testing.B) {
	for _, v := range benchmarkValues {
		b.Run(v.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseDatum(v.t, v.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendDatum(b *testing.B) {
	for _, v := range benchmarkValues {
		b.Run(v.name, func(b *testing.B) {
			d, err := ParseDatum(v.t, v.text)
			if err != nil {
				b.Fatal(err)
			}
			buffer := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				buffer = AppendDatum(buffer[:0], v.t, d)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	text := readOps(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		mustParse(b, text)
	}
}
