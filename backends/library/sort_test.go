package library_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/ir/abi"
)

// key writes one field of a key and returns its bytes.
func (m *machine) key(t testing.TB, name string, args ...any) []byte {
	t.Helper()
	const cursor = abi.ScratchBase
	end := must[int32](t, m, name, append([]any{uint32(cursor)}, args...)...)
	return slices.Clone(m.memory[cursor:uint32(end)])
}

func TestKeys(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		// check compares the order of keys with the order of values.
		check := func(r rapid.TB, name string, want int, a, b any, rest ...any) {
			t.Helper()
			for _, descending := range []bool{false, true} {
				m.reset()
				x := m.key(t, name, append([]any{a, descending}, rest...)...)
				y := m.key(t, name, append([]any{b, descending}, rest...)...)
				got := bytes.Compare(x, y)
				if descending {
					got = -got
				}
				if got != want {
					r.Errorf("%s of %v and %v (descending %v): %x and %x, order %d, want %d", name, a, b, descending, x, y, got, want)
				}
			}
		}
		for _, test := range []struct {
			isNull, first bool
			want          byte
		}{{false, false, 0}, {true, false, 1}, {false, true, 1}, {true, true, 0}} {
			if got := m.key(t, "key_null", test.isNull, test.first); got[0] != test.want || len(got) != 1 {
				t.Errorf("key_null(%v, %v) = %x, want %x", test.isNull, test.first, got, test.want)
			}
		}
		randomly(t, func(r *rapid.T) {
			a32, b32 := rapid.Int32().Draw(r, "a32"), rapid.Int32().Draw(r, "b32")
			check(r, "key_i32", cmp.Compare(a32, b32), a32, b32)
			a64, b64 := rapid.Int64().Draw(r, "a64"), rapid.Int64().Draw(r, "b64")
			check(r, "key_i64", cmp.Compare(a64, b64), a64, b64)
			a128, b128 := integers().Draw(r, "a128"), integers().Draw(r, "b128")
			check(r, "key_i128", a128.Cmp(b128), a128, b128)
			f, g := floats().Draw(r, "f"), floats().Draw(r, "g")
			want := -cmp.Compare(-f, -g) // cmp puts NaN first
			switch {
			case math.IsNaN(f) && math.IsNaN(g):
				want = 0
			case math.IsNaN(f):
				want = 1
			case math.IsNaN(g):
				want = -1
			}
			check(r, "key_f64", want, f, g)
			s := texts().Draw(r, "s")
			u := rapid.OneOf(texts(), rapid.Just(s), rapid.Just(s+"\x00"), rapid.Just(s+"a")).Draw(r, "u")
			check(r, "key_string", strings.Compare(s, u), s, u, site)
		})
	})
}

// A key of strings does not run into the next field: ("a", "b") is before ("a\x00", "a").
func TestKeyStringEnds(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		for _, s := range []string{"", "a", "a\x00", "\x00", "12345678", "1234567\x00", strings.Repeat("\x00", 20)} {
			m.reset()
			want := append([]byte(strings.ReplaceAll(s, "\x00", "\x00\xff")), 0, 0)
			if got := m.key(t, "key_string", s, 0, site); !bytes.Equal(got, want) {
				t.Errorf("%q: %x, want %x", s, got, want)
			}
		}
		zeros := strings.Repeat("\x00", 100)
		for _, test := range []struct {
			left uint32
			want bool
		}{{201, false}, {202, true}} {
			m.reset()
			got := m.outcome(t, "key_string", uint32(scratchLeast)-test.left, zeros, 0, site)
			if (got != fails) != test.want {
				t.Errorf("%d bytes left: %v", test.left, got)
			}
		}
	})
}

// sortArea lays out records, keys, entries and scratch in the heap.
type sortArea struct {
	records, keys, entries, scratch, out uint32
	count                                int
}

const recordSize = 16

// prepare writes records with keys.
func prepare(m *machine, keys [][]byte) sortArea {
	a := sortArea{records: dataAt, count: len(keys)}
	a.keys = a.records + uint32(len(keys)*recordSize)
	at := a.keys
	for i, key := range keys {
		record := m.memory[a.records+uint32(i*recordSize):]
		binary.LittleEndian.PutUint32(record, at)
		binary.LittleEndian.PutUint32(record[4:], uint32(len(key)))
		binary.LittleEndian.PutUint32(record[8:], uint32(i))
		copy(m.memory[at:], key)
		at += uint32(len(key))
	}
	a.entries = (at + 15) &^ 15
	a.scratch = a.entries + uint32(len(keys)*16)
	a.out = a.scratch + uint32(len(keys)*16)
	return a
}

// order reads which records an array of addresses names.
func (a sortArea) order(m *machine, count int) []int {
	list := []int{}
	for i := range count {
		record := binary.LittleEndian.Uint32(m.memory[a.out+uint32(4*i):])
		list = append(list, int(record-a.records)/recordSize)
	}
	return list
}

// sorted gives the stable order of keys.
func sorted(keys [][]byte) []int {
	list := make([]int, len(keys))
	for i := range list {
		list[i] = i
	}
	slices.SortStableFunc(list, func(i, j int) int { return bytes.Compare(keys[i], keys[j]) })
	return list
}

func (a sortArea) sort(t testing.TB, m *machine) {
	t.Helper()
	if n := must[int32](t, m, "sort_entries", a.records, a.records+uint32(a.count*recordSize), recordSize, a.entries); int(n) != a.count {
		t.Fatalf("%d entries, want %d", n, a.count)
	}
	if _, err := m.call(t, "sort", a.entries, a.count, a.scratch); err != nil {
		t.Fatal(err)
	}
}

func (a sortArea) check(t testing.TB, r rapid.TB, m *machine, keys [][]byte) {
	t.Helper()
	if _, err := m.call(t, "entries_to_addresses", a.entries, a.count, a.out); err != nil {
		t.Fatal(err)
	}
	if got, want := a.order(m, a.count), sorted(keys); !slices.Equal(got, want) {
		r.Errorf("%d keys: order differs at %d", a.count, mismatch(got, want))
	}
	// The words are the beginnings of the keys again.
	for i := range a.count {
		entry := m.memory[a.entries+uint32(16*i):]
		record := int(binary.LittleEndian.Uint32(entry[8:])-a.records) / recordSize
		var first [8]byte
		copy(first[:], keys[record])
		if got, want := binary.LittleEndian.Uint64(entry), binary.BigEndian.Uint64(first[:]); got != want {
			r.Fatalf("entry %d has the word %#x, want %#x", i, got, want)
		}
	}
}

func mismatch(a, b []int) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// sortKeys draws lists of keys that share beginnings of many lengths.
func sortKeys() *rapid.Generator[[][]byte] {
	return rapid.Custom(func(r *rapid.T) [][]byte {
		count := rapid.SampledFrom([]int{0, 1, 2, 11, 12, 13, 25, 47, 48, 49, 100, 300, 1000, 3000}).Draw(r, "count")
		prefix := strings.Repeat("p", rapid.SampledFrom([]int{0, 1, 7, 8, 9, 16, 30, 300}).Draw(r, "prefix"))
		variety := rapid.SampledFrom([]uint64{1, 2, 50, 1 << 20, 1 << 40}).Draw(r, "variety")
		form := rapid.IntRange(0, 4).Draw(r, "form")
		state := rapid.Uint64().Draw(r, "seed") | 1
		next := func() uint64 {
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
			return state
		}
		keys := make([][]byte, count)
		for i := range keys {
			n := next() % variety
			switch form {
			case 0: // sorted
				n = uint64(i)
			case 1: // descending
				n = uint64(count - i)
			}
			key := binary.BigEndian.AppendUint64([]byte(prefix), n)
			if form == 2 { // keys of several lengths, some the beginning of others
				key = key[:uint64(len(key))-next()%9]
			}
			if form == 3 {
				key = binary.BigEndian.AppendUint64(key, next()%3)
			}
			keys[i] = key
		}
		return keys
	})
}

func TestSort(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			keys := sortKeys().Draw(r, "keys")
			a := prepare(m, keys)
			a.sort(t, m)
			a.check(t, r, m, keys)
		})
	})
}

func TestMerge(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			keys := sortKeys().Draw(r, "keys")
			a := prepare(m, keys)
			split := rapid.IntRange(0, len(keys)).Draw(r, "split")
			middle := a.entries + uint32(16*split)
			must[int32](t, m, "sort_entries", a.records, a.records+uint32(len(keys)*recordSize), recordSize, a.entries)
			for _, part := range [][]any{{a.entries, split, a.scratch}, {middle, len(keys) - split, a.scratch}} {
				if _, err := m.call(t, "sort", part...); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := m.call(t, "merge", a.entries, split, middle, len(keys)-split, a.scratch); err != nil {
				t.Fatal(err)
			}
			a.entries = a.scratch
			a.check(t, r, m, keys)
		})
	})
}

// Sorting gives the host its turn.
func TestSortTicks(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		keys := make([][]byte, 400_000)
		for i := range keys {
			keys[i] = binary.BigEndian.AppendUint64(nil, uint64(i)*0x9E3779B97F4A7C15)
		}
		a := prepare(m, keys)
		m.ticks = 0
		a.sort(t, m)
		if m.ticks < 3 {
			t.Errorf("%d ticks in a sort of %d entries", m.ticks, len(keys))
		}
	})
}

func TestJoinInsert(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		const (
			size      = 24
			shift     = 32 - 4
			directory = dataAt
			runs      = dataAt + 1024
			first     = dataAt + 4096
			second    = dataAt + 65536
		)
		clear(m.memory[directory : directory+64])
		put := func(at int, v uint32) { binary.LittleEndian.PutUint32(m.memory[at:], v) }
		get := func(at uint32) uint32 { return binary.LittleEndian.Uint32(m.memory[at:]) }
		chains := map[uint32][]uint32{}
		for run, part := range []struct{ at, count int }{{first, 100}, {second, 3}, {second, 0}} {
			put(runs+8*run, uint32(part.at))
			put(runs+8*run+4, uint32(part.at+part.count*size))
			for i := range part.count {
				record := part.at + i*size
				hash := uint32(record) * 2654435761
				put(record+abi.RecordHash, hash)
				slot := hash >> shift
				chains[slot] = append([]uint32{uint32(record)}, chains[slot]...)
			}
		}
		if _, err := m.call(t, "join_insert", runs, 3, directory, shift, size); err != nil {
			t.Fatal(err)
		}
		for slot := range uint32(16) {
			var got []uint32
			for at := get(directory + 4*slot); at != 0; at = get(at + abi.RecordNext) {
				got = append(got, at)
			}
			if !slices.Equal(got, chains[slot]) {
				t.Errorf("chain %d: %x, want %x", slot, got, chains[slot])
			}
		}
	})
}
