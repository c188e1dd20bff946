package store

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePartition(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		base, path string
		want       []string
	}{
		{"", "a.csv", nil},
		{"", "y=1/a.csv", []string{"y", "1"}},
		{"/data/x=1/t", "/data/x=1/t/y=2/a.csv", []string{"y", "2"}},
		{"", "y=1/k=a=b/k=/f=.csv", []string{"y", "1", "k", ""}},
		{"", "=1/a%20b=c%2Fd/x.csv", []string{"a%20b", "c/d"}},
		{"", "y=%zz/x.csv", []string{"y", "%zz"}},
	} {
		var got []string
		for _, p := range parsePartition(test.base, test.path) {
			got = append(got, p.key, p.value)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s below %q: %s", test.path, test.base, diff)
		}
	}
}

func TestPartitionTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values, want string
	}{
		{"1 2 -3", "i64"},
		{"1 02", "string"},
		{"1 " + partitionNull, "i64?"},
		{"2024-01-01 2024-12-31", "date"},
		{"2024-01-01 2024-13-31", "string"},
		{partitionNull, "string?"},
		{"99999999999999999999", "string"},
	} {
		if got := newPartitionColumn("k", strings.Fields(test.values)).column.Type.String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.values, got, test.want)
		}
	}
}

// FuzzPartition reads paths that an attacker may choose, and fills vectors from them.
func FuzzPartition(f *testing.F) {
	f.Add("y=2024/m=01/a.csv", "y=2025/m=__HIVE_DEFAULT_PARTITION__/b.csv")
	f.Add("d=2024-01-01/a", "d=0000-01-01/b")
	f.Fuzz(func(t *testing.T, a, b string) {
		columns, err := partitionColumns("", []string{a, b})
		if err != nil {
			if codeOf(err) != CodeFilesDisagree {
				t.Fatal(err)
			}
			return
		}
		for i := range columns {
			p := &columns[i]
			request := ColumnRequest{Type: p.column.Type, Layout: p.column.Layout}
			for file := range 2 {
				v := &NewBatch([]ColumnRequest{request}, 3, 0).Columns[0]
				if n, err := p.fill(v, request, file, 3, Place{}); n != 3 || err != nil {
					t.Fatalf("%d rows, %v", n, err)
				}
				if got := v.Datum(request.Type, request.Layout, p.entries, 2); got != p.values[file] {
					t.Fatalf("%+v, want %+v", got, p.values[file])
				}
			}
		}
	})
}

// FuzzMatch looks for patterns on which matching fails or takes too long.
func FuzzMatch(f *testing.F) {
	f.Add("**/a*/**/[bc]", "x/a/b/c/b")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if len(pattern) > 1000 || len(path) > 1000 {
			return
		}
		parts := strings.Split(path, "/")
		matched := matchParts(strings.Split(pattern, "/"), parts)
		if again := matchParts(append([]string{"**"}, strings.Split(pattern, "/")...), parts); matched && !again {
			t.Errorf("%q matches %q, but not below any directories", pattern, path)
		}
	})
}
