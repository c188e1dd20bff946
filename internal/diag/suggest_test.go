package diag

import (
	"slices"
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	columns := []string{"o_orderkey", "o_custkey", "o_totalprice", "o_orderdate", "Name", "id", "x"}
	tests := []struct {
		name, want string
	}{
		{"o_totalprize", "o_totalprice"},
		{"nmae", "Name"},
		{"NAME", "Name"},
		{"O_CUSTKEYS", "o_custkey"},
		{"di", "id"},
		{"y", ""},
		{"X", "x"},
		{"l_shipdate_of_nothing", ""},
		{"", ""},
		{"id", ""},
		{strings.Repeat("n", 1000), ""},
		{"o_order", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := Suggest(test.name, columns)
			if got != test.want || ok != (test.want != "") {
				t.Errorf("Suggest = %q, %v; want %q", got, ok, test.want)
			}
			reversed := slices.Clone(columns)
			slices.Reverse(reversed)
			if again, _ := Suggest(test.name, reversed); again != got {
				t.Errorf("the order of candidates changes %q to %q", got, again)
			}
		})
	}
	if got, _ := Suggest("ac", []string{"ad", "ab"}); got != "ab" {
		t.Errorf("among equals %q won", got)
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"abc", "", 3},
		{"", "abc", 3},
		{"kitten", "sitting", 3},
		{"lenght", "length", 1},
		{"ca", "abc", 3}, // 2 if a substring could be edited twice
		{"größe", "grösse", 2},
	}
	for _, test := range tests {
		if got := editDistance([]rune(test.a), []rune(test.b)); got != test.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
