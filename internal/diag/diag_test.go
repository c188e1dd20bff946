package diag

import "testing"

func TestListSort(t *testing.T) {
	file := NewFile("a.sql", "0123456789")
	at := func(code Code, start int32) *Diagnostic { return New(code, "x").At(file, Span{start, start + 1}, "") }
	list := List{at("E0103", 7), at("E0101", 2), New("E0100", "no place").Label(file, Span{9, 10}, ""), at("E0102", 2)}
	list.Sort()
	for i, want := range []Code{"E0100", "E0101", "E0102", "E0103"} {
		if list[i].Code != want {
			t.Errorf("place %d has %s, want %s", i, list[i].Code, want)
		}
	}
}

func TestSpanCover(t *testing.T) {
	tests := []struct{ a, b, want Span }{
		{Span{3, 5}, Span{8, 9}, Span{3, 9}},
		{Span{3, 9}, Span{4, 5}, Span{3, 9}},
		{Span{}, Span{4, 5}, Span{4, 5}},
		{Span{4, 5}, Span{}, Span{4, 5}},
	}
	for _, test := range tests {
		if got := test.a.Cover(test.b); got != test.want {
			t.Errorf("%v.Cover(%v) = %v, want %v", test.a, test.b, got, test.want)
		}
	}
}
