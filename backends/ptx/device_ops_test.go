package ptx_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// TestWarp shuffles values of each type, votes, and lets two warps meet at a barrier.
func TestWarp(t *testing.T) {
	types := []ir.Type{ir.Of(ir.I32), ir.Of(ir.I64), ir.Of(ir.I128), ir.Of(ir.F32), ir.Of(ir.F64)}
	k := newKernel("warp", 64)
	in, out := k.slot(inputs, 16), k.slot(outputs, 128)
	for i, typ := range types {
		v := k.read(in, typ, 0)
		k.write(out, k.one(ir.OpShuffleDown, []*ir.Value{v}, ir.Attr("distance", int64(5+i))), int64(16*i))
	}
	odd := k.Binary(ir.OpIntegerAnd, k.one(ir.OpThreadIndex, nil), k.i32(1))
	k.write(out, k.one(ir.OpBallot, []*ir.Value{odd}), 80)
	shared := k.one(ir.OpShared, nil, ir.Attr("bytes", int64(256)))
	four := func(i *ir.Value) *ir.Value {
		return k.Binary(ir.OpIntegerAdd, shared, k.Binary(ir.OpIntegerMul, i, k.i32(4)))
	}
	thread := k.one(ir.OpThreadIndex, nil)
	k.Op(ir.OpStore, []*ir.Value{four(thread), thread}, ir.Attr("width", int64(4)), ir.Attr("align", int64(4)))
	k.Op(ir.OpBarrier, nil)
	other := k.Binary(ir.OpIntegerSub, k.i32(63), thread)
	k.write(out, k.one(ir.OpLoad, []*ir.Value{four(other)}, ir.Attr("width", int64(4)), ir.Attr("align", int64(4)), ir.Attr("type", ir.Of(ir.I32))), 96)
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		data := make([]byte, 64*16)
		for i := range data {
			data[i] = byte(i*7 + i/256)
		}
		d.put(linearBase, data)
		d.run(d.compile(c, &ir.Module{Functions: []*ir.Function{k.function}}, nil), "warp", 1, 64)
		got := d.linear(linearBase+outputs, 64*128)
		for thread := range 64 {
			for i, typ := range types {
				from := thread
				if thread%32+5+i < 32 {
					from += 5 + i
				}
				if have, want := getBits(got[128*thread+16*i:], typ), getBits(data[16*from:], typ); have != want {
					t.Errorf("thread %d shuffles %s: %x, want %x", thread, typ, have, want)
				}
			}
			ballot, shared := binary.LittleEndian.Uint32(got[128*thread+80:]), binary.LittleEndian.Uint32(got[128*thread+96:])
			if ballot != 0xaaaaaaaa || shared != uint32(63-thread) {
				t.Errorf("thread %d: ballot %#x, from shared memory %d", thread, ballot, shared)
			}
		}
	})
}

// TestAtomics runs each atomic operation at both widths in each kind of memory, by all
// threads at once.
func TestAtomics(t *testing.T) {
	const threads, blocks = 64, 3
	start := func(width int64) uint64 { return uint64(1)<<(8*width-1) + 77 }
	meanings := map[string]func(a, b uint64, width int64) uint64{
		"add":   func(a, b uint64, _ int64) uint64 { return a + b },
		"and":   func(a, b uint64, _ int64) uint64 { return a & b },
		"or":    func(a, b uint64, _ int64) uint64 { return a | b },
		"min_u": func(a, b uint64, _ int64) uint64 { return min(a, b) },
		"max_u": func(a, b uint64, _ int64) uint64 { return max(a, b) },
		"min_s": func(a, b uint64, width int64) uint64 {
			return uint64(min(int64(a<<(64-8*width)), int64(b<<(64-8*width)))) >> (64 - 8*width)
		},
		"max_s": func(a, b uint64, width int64) uint64 {
			return uint64(max(int64(a<<(64-8*width)), int64(b<<(64-8*width)))) >> (64 - 8*width)
		},
		"exchange": nil, // whichever is last
	}
	value := func(row int, width int64) uint64 {
		return (uint64(row)*0x9e3779b97f4a7c15 + 5) << (64 - 8*width) >> (64 - 8*width)
	}
	type run struct {
		operation string
		width     int64
		kind      ir.Kind
	}
	var runs []run
	m := &ir.Module{}
	for _, operation := range ir.AtomicOperations {
		for _, width := range []int64{4, 8} {
			for _, kind := range []ir.Kind{ir.Address, ir.GlobalAddress, ir.SharedAddress} {
				typ := map[int64]ir.Type{4: ir.Of(ir.I32), 8: ir.Of(ir.I64)}[width]
				k := newKernel(fmt.Sprint("atomic", len(runs)), threads)
				at, offset := k.parameter(1), int64(256)
				switch kind {
				case ir.Address:
					at = k.slot(outputs, 0)
				case ir.SharedAddress: // is set by the first thread, and read by it at the end
					at = k.one(ir.OpShared, nil, ir.Attr("bytes", int64(512)))
					first := k.Op(ir.OpCompare, []*ir.Value{k.one(ir.OpThreadIndex, nil), k.i32(0)}, ir.Attr("predicate", "eq")).Result()
					then := ir.NewBlock()
					k.Build(ir.OpWhen, []*ir.Value{first}, []*ir.Block{then, ir.NewBlock()})
					b := ir.At(then)
					b.Op(ir.OpStore, []*ir.Value{at, b.Const(typ, ir.IntDatum(int64(start(width))))}, ir.Attr("width", width), ir.Attr("offset", offset), ir.Attr("align", width))
					k.Op(ir.OpBarrier, nil)
				default: // behind the launch block
				}
				v := k.read(k.blockSlot(inputs, 8), typ, 0)
				old := k.one(ir.OpAtomic, []*ir.Value{at, v}, ir.Attr("operation", operation), ir.Attr("width", width), ir.Attr("offset", offset))
				k.write(k.blockSlot(outputs+0x1000, 8), old, 0)
				if kind == ir.SharedAddress {
					k.Op(ir.OpBarrier, nil)
					last := k.one(ir.OpLoad, []*ir.Value{at}, ir.Attr("width", width), ir.Attr("offset", offset), ir.Attr("align", width), ir.Attr("type", typ))
					k.write(k.slot(outputs, 0), last, offset)
				}
				m.Functions = append(m.Functions, k.function)
				runs = append(runs, run{operation, width, kind})
			}
		}
	}
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		loaded := d.compile(c, m, nil)
		for i, r := range runs {
			rows := threads * blocks
			if r.kind == ir.SharedAddress {
				rows = threads // each block has memory of its own
			}
			data, first := make([]byte, 8*rows), make([]byte, 8)
			want := start(r.width)
			olds := []uint64{want}
			for row := range rows {
				binary.LittleEndian.PutUint64(data[8*row:], value(row, r.width))
				olds = append(olds, value(row, r.width))
				if meaning := meanings[r.operation]; meaning != nil {
					want = meaning(want, value(row, r.width), r.width) << (64 - 8*r.width) >> (64 - 8*r.width)
				}
			}
			binary.LittleEndian.PutUint64(first, start(r.width))
			d.put(linearBase, data)
			d.put(linearBase+outputs+256, first)
			must(t, d.stream.CopyIn(d.launch+256, first))
			d.put(linearBase+outputs+0x1000, make([]byte, 8*rows))
			d.run(loaded, fmt.Sprint("atomic", i), rows/threads, threads)
			result := d.linear(linearBase+outputs+256, 8)
			if r.kind == ir.GlobalAddress {
				result = d.global(256, 8)
			}
			got := binary.LittleEndian.Uint64(result) << (64 - 8*r.width) >> (64 - 8*r.width)
			if r.operation == "exchange" {
				seen := []uint64{got}
				before := d.linear(linearBase+outputs+0x1000, 8*rows)
				for row := range rows {
					seen = append(seen, binary.LittleEndian.Uint64(before[8*row:]))
				}
				slices.Sort(seen)
				slices.Sort(olds)
				if !slices.Equal(seen, olds) {
					t.Errorf("%+v: a value is lost or doubled", r)
				}
			} else if got != want {
				t.Errorf("%+v: %#x, want %#x", r, got, want)
			}
		}
	})
}

func TestAppendAndLock(t *testing.T) {
	m := parseTestdata(t, "append.cir")
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		loaded := d.compile(c, m, nil)
		const blocks, threads = 5, 96
		d.put(linearBase, make([]byte, 8192))
		must(t, d.stream.CopyIn(d.launch+abi.LaunchCursor, []byte{64, 0, 0, 0}))
		d.run(loaded, "places", blocks, threads)
		got := d.linear(linearBase, 8*blocks*threads)
		var places []uint32
		for row := range blocks * threads {
			for half := range 2 {
				place := binary.LittleEndian.Uint32(got[8*row+4*half:])
				wants := row%2 == 0 && (half == 0 || row%threads&6 != 0)
				if wants != (place != 0) {
					t.Fatalf("row %d, place %d: %d", row, half, place)
				} else if wants {
					places = append(places, place)
				}
			}
		}
		slices.Sort(places)
		for i, place := range places {
			if place != uint32(64+24*i) {
				t.Fatalf("place %d is %d", i, place)
			}
		}
		if end := binary.LittleEndian.Uint32(d.global(abi.LaunchCursor, 4)); end != uint32(64+24*len(places)) {
			t.Errorf("the cursor is %d behind %d places", end, len(places))
		}
		d.run(loaded, "lock", 3, 64)
		if count := binary.LittleEndian.Uint32(d.linear(linearBase+4100, 4)); count != 3*64 {
			t.Errorf("counted %d", count)
		}
	})
}

// TestRecover fails in some rows: the thread goes on with the next.
func TestRecover(t *testing.T) {
	m := parseTestdata(t, "fail.cir")
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) { runFailing(t, c, d, m) })
}

func runFailing(t *testing.T, c *ptx.Compiler, d *machine, m *ir.Module) {
	loaded := d.compile(c, m, nil)
	for _, test := range []struct {
		rows  []int32
		sum   int32
		error uint32
	}{
		{[]int32{1, 2, 3}, 3 + 1000 + 500 + 333 + 12, abi.LaunchNoError},
		{[]int32{1, 101, 3}, 3 + 1000 + 333 + 8, 9},
		{[]int32{0, 0, 5}, 3 + 200 + 10, ptx.SiteUnknown},
		{[]int32{0, 101, 50}, 3, 9},
		{[]int32{50, 50, 50}, 3, abi.LaunchNoError},
	} {
		data := make([]byte, 12*32)
		for i := range data[:12*32/4] {
			row := int32(1)
			if i/3 == 7 {
				row = test.rows[i%3]
			}
			binary.LittleEndian.PutUint32(data[4*i:], uint32(row))
		}
		d.put(linearBase, data)
		d.resetError()
		d.run(loaded, "rows", 1, 32)
		got := int32(binary.LittleEndian.Uint32(d.linear(linearBase+4096+12*7, 4)))
		if got != test.sum || d.failure() != test.error {
			t.Errorf("%v: sum %d, error %#x, want %d and %#x", test.rows, got, d.failure(), test.sum, test.error)
		}
	}
}

func TestRefusedKernels(t *testing.T) {
	body := func(ops string) string {
		return "cir 1\nkern @again(%a: i32) -> i32 {\n  %0 = call %a @again results {r: i32}\n  ret %0\n}\nkern @once(%a: i32) -> i32 {\n  ret %a\n}\n" +
			"export kern @k(%context: i32, %launch: gaddr) threads 32 {\n" + ops + "}\n"
	}
	for _, test := range []struct {
		name, text string
		code       diag.Code
		want       string
	}{
		{"a page", body("  %0 = call %context, %context, %context @heddle.page results {r: i32}\n"), "E0445", "heddle.page"},
		{"a full directory", body("  call %context @heddle.full results {}\n"), "E0445", "heddle.full"},
		{"recursion", body("  %0 = call %context @again results {r: i32}\n"), "E0445", "calls itself"},
		{"no such function", body("  %0 = call %context @library.nothing results {r: i32}\n"), "E0449", "library.nothing"},
		{"a wrong call", body("  %0 = call %launch @once results {r: i32}\n"), "E0449", `"once"`},
		{"fail without launch block", "cir 1\nexport kern @k(%a: i32) threads 32 {\n  call %a @heddle.fail results {}\n  trap\n}\n", "E0445", "takes no launch block"},
		{"division without launch block", "cir 1\nexport kern @k(%a: i32) threads 32 {\n  %0 = idiv_u %a, %a\n}\n", "E0445", "takes no launch block"},
		{"a parameter of 128 bits", "cir 1\nexport kern @k(%a: i128) threads 32 {\n}\n", "E0449", "i128"},
		{"results", "cir 1\nexport kern @k(%a: i32) -> i32 threads 32 {\n  ret %a\n}\n", "E0449", "gives no results"},
		{"too much shared memory", body("  %0 = shared 50000\n"), "E0449", "shared"},
		{"too far", body("  %0 = shuffle_down %context 32\n"), "E0449", "shuffle_down"},
		{"an odd alignment", body("  %0 = load %launch 4 align 3 : i32\n"), "E0449", "load"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, list := ir.Parse(diag.NewFile("test.cir", test.text))
			must(t, list.Err())
			_, err := ptx.Lower(m, ptx.Options{Library: &ir.Module{}})
			wantCode(t, err, test.code, test.want)
		})
	}
}

func TestEntryNames(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"k", "main.p0", "main$p0", "main$2ep0", "1st", "a b", "ä", "_x9"} {
		entry := ptx.EntryName(name)
		if other, taken := seen[entry]; taken || strings.ContainsAny(entry, ". ") {
			t.Errorf("%q becomes %q, as does %q", name, entry, other)
		}
		seen[entry] = name
	}
	if got := ptx.EntryName("main.p0_kernel"); got != "main$2ep0_kernel" {
		t.Errorf("got %s", got)
	}
}
