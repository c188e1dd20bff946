package interp_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
)

// machineOf parses and verifies functions and gives them the library, a page of linear
// memory at 0x10000 and a page of global memory at 1<<40.
func machineOf(t *testing.T, text string) (m *interp.Machine, linear, global []byte) {
	t.Helper()
	module, problems := ir.Parse(diag.NewFile("test.cir", "cir 1\n"+text))
	if !problems.HasErrors() {
		problems = ir.Verify(module)
	}
	if problems.HasErrors() {
		t.Fatal(diag.RenderText(problems, diag.Options{}))
	}
	m = interp.NewMachine(module, library.Source())
	linear, global = make([]byte, 4096), make([]byte, 4096)
	m.Linear.Map(0x10000, linear)
	m.Global.Map(globalAt, global)
	binary.LittleEndian.PutUint32(global[abi.LaunchError:], abi.LaunchNoError)
	m.Steps = 100_000
	return m, linear, global
}

const globalAt = 1 << 40

const factorial = `
export kern @factorial(%n: i64) -> i64 {
  %one = const 1 : i64
  %left = variable %n
  %product = variable %one
  block (%done) {
    loop metered true (%again) {
      %0 = get %left
      %1 = icmp %0, %one "le_s"
      br_if %done, %1
      %2 = get %product
      %3 = call %2, %0 @times results {r: i64}
      set %product, %3
      %4 = isub %0, %one
      set %left, %4
      br %again
    }
  }
  %5 = get %product
  ret %5
}
kern @times(%a: i64, %b: i64) -> i64 {
  %0 = const 7 : i32
  %1 = call %a, %b, %0 @library.i64_mul_checked results {r: i64}
  ret %1
}
`

func TestCall(t *testing.T) {
	m, _, _ := machineOf(t, factorial)
	failed := errors.New("failed")
	m.Host[abi.FailImport] = func(_ *interp.Machine, arguments []interp.Bits) ([]interp.Bits, error) {
		if arguments[0] != interp.Word(7) {
			t.Errorf("fails at site %v", arguments[0])
		}
		return nil, failed
	}
	for n, want := range map[uint64]uint64{0: 1, 5: 120, 20: 2432902008176640000} {
		results, err := m.Call("factorial", interp.Word(n))
		if err != nil || len(results) != 1 || results[0] != interp.Word(want) {
			t.Errorf("factorial of %d is %v, %v", n, results, err)
		}
	}
	if _, err := m.Call("factorial", interp.Word(21)); !errors.Is(err, failed) {
		t.Errorf("factorial of 21 gives %v", err)
	}
	m.Steps = 50
	if _, err := m.Call("factorial", interp.Word(20)); !errors.Is(err, interp.ErrSteps) {
		t.Errorf("fifty steps give %v", err)
	}
}

// TestFaults runs code that does what it must not.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"trap", "trap", "trap: control came to a trap"},
		{"out of bounds", "%v = load %at 4 offset 4093 : i32", "there is no memory for 4 bytes at 0x10ffd"},
		{"misaligned", "%v = load %at 4 offset 2 align 4 : i32", "0x10002 is no multiple of 4"},
		{"division", "%v = idiv_s %n, %zero\nstore %at, %v 4", "division by zero"},
		{"quotient", "%least = const -2147483648 : i32\n%minus = const -1 : i32\n%v = idiv_s %least, %minus\n%w = iadd %v, %n\nset %cell, %w", "idiv_s"},
		{"select evaluates both", "%v = idiv_s %n, %zero\n%w = select %n, %n, %v\nset %cell, %w", "idiv_s"},
		{"host", "call @heddle.nothing results {}", `the host has no function "nothing"`},
		{"endless", "loop (%again) {\nbr %again\n}", "does not end"},
		{"recursion", "call %at, %n @f results {}", "inside each other"},
		{"copy", "%to = const 65500 : addr\nmemory_copy %to, %at, %n", "there is no memory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, _, _ := machineOf(t, "export kern @f(%at: addr, %n: i32) {\n%zero = const 0 : i32\n%cell = variable %n\n"+test.body+"\n}")
			_, err := m.Call("f", interp.Word(0x10000), interp.Word(5))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	t.Run("unused division by zero", func(t *testing.T) {
		m, _, _ := machineOf(t, "export kern @f(%n: i32) -> i32 {\n%zero = const 0 : i32\n%v = idiv_s %n, %zero\n%w = iadd %v, %v\nret %n\n}")
		if results, err := m.Call("f", interp.Word(5)); err != nil || results[0] != interp.Word(5) {
			t.Errorf("got %v, %v", results, err)
		}
	})
}

// sums adds the numbers of 64 threads in shared memory and by shuffles, and appends the
// sum of each warp.
const sums = `
export kern @sums(%context: addr, %launch: gaddr) threads 64 {
  %thread = thread_index
  %block = block_index
  %blocks = block_count
  %one = const 1 : i32
  %width = const 64 : i32
  %0 = imul %block, %width
  %1 = iadd %0, %thread
  %row = iadd %1, %one
  %s = shared 256
  %two = const 2 : i32
  %2 = ishl %thread, %two
  %mine = iadd %s, %2
  store %mine, %row 4 align 4
  barrier
  %3 = const 63 : i32
  %4 = isub %3, %thread
  %5 = ishl %4, %two
  %other = iadd %s, %5
  %v = load %other 4 align 4 : i32
  %a = shuffle_down %v 16
  %b = iadd %v, %a
  %c = shuffle_down %b 8
  %d = iadd %b, %c
  %e = shuffle_down %d 4
  %f = iadd %d, %e
  %g = shuffle_down %f 2
  %h = iadd %f, %g
  %i = shuffle_down %h 1
  %sum = iadd %h, %i
  %mask = const 31 : i32
  %lane = iand %thread, %mask
  %odd = iand %thread, %one
  %ballot = ballot %odd
  when %lane then {
  } else {
    %four = const 8 : i32
    %at = append %launch, %four offset 8
    %to = wrap %at : addr
    store %to, %sum 4 align 4
    store %to, %ballot 4 offset 4 align 4
    %old = atomic %launch, %blocks "max_u" width 4 offset 128
    %old2 = compare_exchange %launch, %blocks, %one 4 offset 128
  }
}
`

func TestLaunch(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		m, linear, global := machineOf(t, sums)
		binary.LittleEndian.PutUint32(global[abi.LaunchCursor:], 0x10000)
		if err := m.Launch("sums", interp.Grid{Blocks: 3, Reverse: reverse}, 0x10000, globalAt); err != nil {
			t.Fatal(err)
		}
		got := map[uint32]uint32{}
		for i := range 6 {
			got[binary.LittleEndian.Uint32(linear[8*i:])] = binary.LittleEndian.Uint32(linear[8*i+4:])
		}
		want := map[uint32]uint32{}
		for warp := range uint32(6) {
			first := warp * 32
			want[32*first+32*33/2] = 0xAAAAAAAA
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("reverse %v: sums of warps (-want +got):\n%s", reverse, diff)
		}
		if cursor := binary.LittleEndian.Uint32(global[abi.LaunchCursor:]); cursor != 0x10000+6*8 {
			t.Errorf("the cursor is %#x", cursor)
		}
		if last := binary.LittleEndian.Uint32(global[128:]); last != 3 && last != 1 {
			t.Errorf("the word of the atomics is %d", last)
		}
	}
}

// TestRecover lets threads fail within a block that recovers, also in the library, and
// go on.
func TestRecover(t *testing.T) {
	m, linear, global := machineOf(t, `
export kern @f(%context: addr, %launch: gaddr) threads 32 {
  %thread = thread_index
  %two = const 2 : i32
  %0 = ishl %thread, %two
  %to = iadd %context, %0
  block recovers true (%done) {
    %1 = const 20 : i32
    %few = icmp %thread, %1 "lt_u"
    br_if %done, %few
    %2 = extend_u %thread : i64
    %3 = const 400000000000000000 : i64
    %site = iadd %thread, %thread
    %4 = call %2, %3, %site @library.i64_mul_checked results {r: i64}
    store %to, %two 4
  }
  %5 = const 1 : i32
  store %to, %5 4 offset 256
  %last = const 31 : i32
  %6 = icmp %thread, %last "eq"
  when %6 then {
    trap
  } else {
  }
  store %to, %5 4 offset 512
}`)
	if err := m.Launch("f", interp.Grid{Blocks: 1}, 0x10000, globalAt); err != nil {
		t.Fatal(err)
	}
	if site := binary.LittleEndian.Uint32(global[abi.LaunchError:]); site != 2*24 {
		t.Errorf("the lowest site is %d", site)
	}
	for thread := range 32 {
		word := func(at int) uint32 { return binary.LittleEndian.Uint32(linear[at+4*thread:]) }
		passed := thread >= 20 && thread < 24
		if (word(0) == 2) != passed || word(256) != 1 || (word(512) == 1) != (thread != 31) {
			t.Errorf("thread %d leaves %d, %d, %d", thread, word(0), word(256), word(512))
		}
	}
}

// TestKernelFaults runs kernels that do what they must not.
func TestKernelFaults(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"barrier that some miss", "when %odd then {\nbarrier\n} else {\n}", "thread 0, which must come here, has ended"},
		{"two barriers", "when %odd then {\nbarrier\n} else {\nbarrier\n}", "waits at barrier"},
		{"shuffle that some miss", "when %odd then {\n%v = shuffle_down %thread 1\n} else {\n}", "(block 1, thread 1): %v = shuffle_down"},
		{"ballot and barrier", "when %odd then {\n%v = ballot %thread\n} else {\nbarrier\n}", "waits at"},
		{"undefined shared memory", "%s = shared 16\n%v = load %s 4 : i32\nstore %context, %v 4", "nothing was written to the shared memory"},
		{"undefined that is not chosen", "%s = shared 16\n%v = load %s 4 : i32\n%w = select %odd, %v, %thread\nstore %context, %w 4", "(block 1, thread 1)"},
		{"end of shared memory", "%s = shared 16\nstore %s, %odd 4 offset 13", "there is no memory for 4 bytes"},
		{"misaligned atomic", "%v = atomic %launch, %odd \"add\" width 4 offset 2", "no multiple of 4"},
		{"host", "call @heddle.page results {}", `a kernel cannot call the host's "page"`},
		{"division", "%v = irem_u %thread, %odd\nstore %context, %v 4", "thread 0): %v = irem_u"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, _, _ := machineOf(t, "export kern @f(%context: addr, %launch: gaddr) threads 64 {\n%block = block_index\n%one = const 1 : i32\n%thread = thread_index\n%odd = iand %thread, %one\n"+
				"when %block then {\n"+test.body+"\n} else {\n}\n}")
			err := m.Launch("f", interp.Grid{Blocks: 2}, 0x10000, globalAt)
			var fault *interp.Fault
			if !errors.As(err, &fault) || fault.Block != 1 || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a fault with %q", err, test.want)
			}
		})
	}
}

// TestAtomics applies each operation to a word of 4 bytes and to one of 8.
func TestAtomics(t *testing.T) {
	const memory, operand = 0xF000000000000005, 0x7000000000000003 // low halves 5 and 3
	for _, test := range []struct {
		operation      string
		narrow, wide   uint64 // what memory holds then
		narrow2, wide2 uint64 // with -1 instead of the operand
	}{
		{"add", 8, 0x6000000000000008, 4, 0xF000000000000004},
		{"and", 1, 0x7000000000000001, 5, 0xF000000000000005},
		{"or", 7, 0xF000000000000007, 0xffffffff, 0xffffffffffffffff},
		{"exchange", 3, operand, 0xffffffff, 0xffffffffffffffff},
		{"min_s", 3, memory, 0xffffffff, memory},
		{"max_s", 5, operand, 5, 0xffffffffffffffff},
		{"min_u", 3, operand, 5, memory},
		{"max_u", 5, memory, 0xffffffff, 0xffffffffffffffff},
	} {
		body := "%first = load %launch 4 offset 64 : i32\n%second = load %launch 8 offset 72 : i64\n"
		body += "%a = atomic %launch, %first \"" + test.operation + "\" width 4 offset 80\n%b = atomic %launch, %second \"" + test.operation + "\" width 8 offset 88\n"
		body += "store %context, %a 4\nstore %context, %b 8 offset 8\n"
		text := "export kern @f(%context: addr, %launch: gaddr) threads 32 {\n%t = thread_index\nwhen %t then {\n} else {\n" + body + "}\n}"
		for _, minus := range []bool{false, true} {
			m, linear, global := machineOf(t, text)
			word := binary.LittleEndian
			value, narrow, wide := uint64(operand), test.narrow, test.wide
			if minus {
				value, narrow, wide = 0xffffffffffffffff, test.narrow2, test.wide2
			}
			word.PutUint32(global[64:], uint32(value))
			word.PutUint64(global[72:], value)
			word.PutUint32(global[80:], 5)
			word.PutUint64(global[88:], memory)
			if err := m.Launch("f", interp.Grid{Blocks: 1}, 0x10000, globalAt); err != nil {
				t.Fatal(err)
			}
			if got, got2 := uint64(word.Uint32(global[80:])), word.Uint64(global[88:]); got != narrow || got2 != wide {
				t.Errorf("%s with %#x leaves %#x and %#x, want %#x and %#x", test.operation, value, got, got2, narrow, wide)
			}
			if word.Uint32(linear) != 5 || word.Uint64(linear[8:]) != memory {
				t.Errorf("%s gives %#x and %#x", test.operation, word.Uint32(linear), word.Uint64(linear[8:]))
			}
		}
	}
}

// TestMemory copies, fills, and moves parts of values, and uses the global.
func TestMemory(t *testing.T) {
	m, linear, _ := machineOf(t, `
export kern @f(%at: addr, %n: i32) -> i32 {
  %two = const 2 : addr
  %to = iadd %at, %two
  memory_copy %to, %at, %n
  %far = const 65600 : addr
  memory_fill %far, %n, %n
  %wide = load %at 16 : i128
  store %far, %wide 16 offset 16
  %some = load %at 2 offset 6 signed true : i128
  store %far, %some 16 offset 32
  %v = vload %at offset 1 : vec<i8,16>
  vstore %far, %v offset 48
  %budget = global_get @library.budget
  %more = iadd %budget, %n
  global_set %more @library.budget
  ret %budget
}`)
	for i := range 16 {
		linear[i] = byte(0xf0 + i)
	}
	m.Budget = -7
	results, err := m.Call("f", interp.Word(0x10000), interp.Word(5))
	if err != nil || results[0] != interp.Word(0xfffffff9) || m.Budget != -2 {
		t.Errorf("got %v, %v, and the budget is %d", results, err, m.Budget)
	}
	// The copy of five bytes by two overlaps itself.
	start := []byte{0xf0, 0xf1, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff}
	want := append([]byte{5, 5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, start...)
	want = append(want, 0xf4, 0xf7)
	for range 14 {
		want = append(want, 0xff)
	}
	want = append(append(want, start[1:]...), 0)
	if diff := cmp.Diff(start, linear[:16]); diff != "" {
		t.Errorf("copied (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, linear[64:128]); diff != "" {
		t.Errorf("filled and stored (-want +got):\n%s", diff)
	}
}
