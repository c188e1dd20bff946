package exec

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

// sorting returns a run that can sort entries over the keys given.
func sorting(t testing.TB, keys [][]byte) (*run, []entry) {
	t.Helper()
	heap, err := memory.New(1 << 30)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := heap.Close(); err != nil {
			t.Error(err)
		}
	})
	heap.Reset(abi.SharedLimit)
	r := &run{session: &Session{heap: heap}, ctx: context.Background()}
	list := make([]entry, len(keys))
	at := uint32(0)
	for i, key := range keys {
		copy(heap.Bytes()[at:], key)
		list[i] = entry{key: at, length: uint32(len(key))}
		list[i].prefix = list[i].word(heap.Bytes(), 0)
		at += uint32(len(key))
	}
	return r, list
}

func TestSortEntries(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	long := strings.Repeat("the same beginning ", 20)
	kinds := map[string]func(i int) string{
		"numbers": func(int) string {
			return string([]byte{1, 0, 0, byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())})
		},
		"equal":          func(int) string { return "key" },
		"two":            func(i int) string { return "key number " + string('0'+rune(i%2)) },
		"long beginning": func(int) string { return long + string(rune('a'+random.IntN(26))) + "x" },
		"zeroes":         func(int) string { return strings.Repeat("\x00", random.IntN(40)) },
		"few letters": func(int) string {
			key := make([]byte, random.IntN(30))
			for i := range key {
				key[i] = "\x00ab\xff"[random.IntN(4)]
			}
			return string(key)
		},
		"descending": func(i int) string { return string([]byte{byte(^i >> 16), byte(^i >> 8), byte(^i)}) },
		"skewed": func(i int) string {
			return strings.Repeat("\xff", 8*min(i%1000/999, 1)) + strings.Repeat("z", random.IntN(12))
		},
	}
	for name, key := range kinds {
		for _, n := range []int{0, 1, 2, 30, 3000, 100_000} {
			keys := make([][]byte, n)
			for i := range keys {
				keys[i] = []byte(key(i))
			}
			r, list := sorting(t, keys)
			heap := r.session.heap.Bytes()
			sorted, err := r.sortEntries(list)
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(keys, bytes.Compare)
			for i := range sorted {
				if !bytes.Equal(sorted[i].text(heap), keys[i]) || sorted[i].prefix != sorted[i].word(heap, 0) {
					t.Fatalf("%s, %d keys: number %d is %q, want %q", name, n, i, sorted[i].text(heap), keys[i])
				}
			}
		}
	}
}
