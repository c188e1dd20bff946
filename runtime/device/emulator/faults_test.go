package emulator

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// wantError checks the code of an error and a part of what it says.
func wantError(t *testing.T, err error, code diag.Code, part string) {
	t.Helper()
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		t.Fatalf("the error is %v", err)
	}
	text := d.Message
	for _, note := range d.Notes {
		text += "; " + note
	}
	if d.Code != code || !strings.Contains(text, part) {
		t.Errorf("got %s: %s, want %s with %q", d.Code, text, code, part)
	}
}

// ownWord is the address of a word of shared memory for each thread, in d, and its offset,
// in e.
const ownWord = "mov.b32 d, tile; shl.b32 e, tid, 2; add.u32 d, d, e; "

// faultTests are pieces of code that do what must not be done. Threads 0 to 63 of a block
// have the words 0, 1 and 2 times their number.
var faultTests = []struct {
	name, body string
	code       diag.Code
	want       string
}{
	{"overrun", "ld.global.b64 D, [in+1536];", device.CodeFault, "bytes behind the end of an allocation of 1536 bytes"},
	{"overrun by one", "setp.eq.u32 p, tid, 63; @p ld.global.b64 D, [in+24];", device.CodeFault, "thread 63 of 64"},
	{"before the beginning", "ld.global.b32 d, [in+-256];", device.CodeFault, "no memory"},
	{"null", "mov.b64 at, 0; st.global.b32 [at], d;", device.CodeFault, "an access of 4 bytes at 0x0"},
	{"misaligned", "ld.global.b32 d, [in+2];", device.CodeFault, "misaligned; line 26 of its PTX: ld.global.b32 d, [in+2]; block 0, thread 0 of 64"},
	{"misaligned vector", "ld.global.v2.b64 {D, E}, [in];", device.CodeFault, "thread 1 of 64"},
	{"shared overrun", "mov.b32 d, tile; ld.shared.b32 d, [d+4096];", device.CodeFault, "an access of 4 bytes at 0x1000 of shared memory, which has 4096 bytes"},
	{"local overrun", "ld.local.b32 d, [depot+64];", device.CodeFault, "local memory, which has 64 bytes"},
	{"atomic misaligned", "red.global.add.u64 [in+4], 1;", device.CodeFault, "misaligned"},
	{"write of constants", "mov.b64 at, 0x30000000000; st.b8 [at], d;", device.CodeFault, "const memory"},
	{"trap", "setp.eq.u32 p, tid, 40; @p trap;", device.CodeFault, "a trap was reached; line 26 of its PTX: @p trap; block 0, thread 40"},
	{"shuffle outside of the mask", "and.b32 c, tid, 31; setp.lt.u32 p, c, 16; @!p bra end; shfl.sync.down.b32 d, a, 1, 31, 0xffff; end:", device.CodeFault, "the lane 16 is read, which is not in the member mask 0x0000ffff"},
	{"shuffle with another's mask", "and.b32 c, tid, 31; setp.lt.u32 p, c, 16; @p shfl.sync.down.b32 d, a, 1, 31, 0xffff0000;", device.CodeFault, "the lane 0 is not in its own member mask"},
	{"shuffle after an exit", "setp.eq.u32 p, tid, 7; @p ret; shfl.sync.down.b32 d, a, 1, 31, -1;", device.CodeFault, "the lane 7 in the member mask 0xffffffff has exited"},
	{"shuffle before an exit", "setp.eq.u32 p, tid, 7; @p bra end; shfl.sync.down.b32 d, a, 1, 31, -1; end: ", device.CodeFault, "the lane 7 in the member mask 0xffffffff has exited"},
	{"shuffle in two places", "setp.eq.u32 p, tid, 7; @p bra other; shfl.sync.down.b32 d, a, 1, 31, -1; bra end; other: shfl.sync.down.b32 d, a, 1, 31, -1; end: ", device.CodeFault, "deadlock: the lane 7 in the member mask 0xffffffff waits at line 26"},
	{"masks that disagree", "and.b32 c, tid, 1; add.u32 c, c, -2; or.b32 c, c, 1; setp.eq.u32 p, tid, 0; @p mov.b32 c, 0x7fffffff; vote.sync.any.pred q, p, c;", device.CodeFault, "lanes of one instruction have the member masks"},
	{"barrier in a branch", "setp.lt.u32 p, tid, 40; @p bra one; bar.sync 0; bra end; one: bar.sync 0; end:", device.CodeFault, "divergent barrier: other threads of the block wait at line 26"},
	{"barrier against shuffle", "setp.lt.u32 p, tid, 8; @p bra one; bar.sync 0; bra end; one: vote.sync.any.pred q, p, -1; end:", device.CodeFault, "deadlock: the lane 8 in the member mask"},
	{"race of a read", ownWord + "st.shared.b32 [d], tid; xor.b32 e, e, 128; mov.b32 d, tile; add.u32 d, d, e; ld.shared.b32 d, [d];", device.CodeFault, "race: the thread"},
	{"race of a write", ownWord + "st.shared.b32 [d], tid; bar.sync 0; ld.shared.b32 c, [d]; xor.b32 e, e, 128; mov.b32 d, tile; add.u32 d, d, e; st.shared.b32 [d], c;", device.CodeFault, "race: the thread"},
	{"race of writes", "st.shared.b32 [tile], tid;", device.CodeFault, "race: the thread 0 wrote the byte 0 of shared memory"},
	{"race in a warp", ownWord + "st.shared.b32 [d], tid; xor.b32 e, e, 4; mov.b32 d, tile; add.u32 d, d, e; ld.shared.b32 d, [d];", device.CodeFault, "race: the thread 1 wrote the byte 4"},
	{"race with atomics", "setp.eq.u32 p, tid, 0; @p st.shared.b32 [tile], 0; bar.sync 0; atom.shared.add.u32 d, [tile], 1; ld.shared.b32 d, [tile];", device.CodeFault, "race: the thread"},
	{"race before atomics", "setp.eq.u32 p, tid, 0; @p st.shared.b32 [tile], 7; atom.shared.add.u32 d, [tile], 1;", device.CodeFault, "race: the thread 0 wrote the byte 0"},
	{"no end", "loop: bra.uni loop;", device.CodeLost, "the kernel took longer than it may"},
	{"no end, with lanes that part", "loop: and.b32 d, tid, 1; setp.eq.u32 p, d, 0; @p bra even; add.u32 a, a, 1; even: add.u32 b, b, 1; bra loop;", device.CodeLost, "the kernel took longer than it may"},
	{"waiting for nobody", "loop: ld.volatile.global.b32 d, [in]; setp.ne.u32 p, d, 12345; @p bra loop;", device.CodeLost, "the kernel took longer than it may"},
	{"unknown instruction", "frobnicate.b32 d, a;", device.CodeCode, "line 26 of the PTX: the instruction is not supported: frobnicate.b32 d, a"},
	{"unknown modifier", "add.quickly.s32 d, a, b;", device.CodeCode, `".quickly" is not supported here`},
	{"unknown type", "add.s33 d, a, b;", device.CodeCode, "the type is missing or not supported"},
	{"unknown register", "add.s32 d, a, %r7;", device.CodeCode, `the register "%r7" is not declared, or not supported`},
	{"unknown symbol", "mov.b64 D, elsewhere;", device.CodeCode, `nothing has the name "elsewhere"`},
	{"unknown label", "bra elsewhere;", device.CodeCode, `there is no label "elsewhere"`},
	{"call", "call.uni (d), f, (a);", device.CodeCode, "calls of functions are not supported"},
	{"narrow register", "add.s64 D, A, b;", device.CodeCode, `the register "b" has 32 bits, and not 64`},
	{"wide register", "add.s32 d, a, B;", device.CodeCode, `the register "B" has 64 bits, and not 32`},
	{"rounding", "add.rz.f32 d, a, b;", device.CodeCode, `the rounding ".rz" is not supported here`},
	{"part of the block", "bar.sync 1, 32;", device.CodeCode, "2 operands are too many or too few"},
	{"missing operand", "add.s32 d, a;", device.CodeCode, "2 operands are too many or too few"},
	{"write of parameters", "st.param.b32 [k_0], d;", device.CodeCode, "param memory cannot be written"},
	{"wrong space", "ld.global.b32 d, [tile];", device.CodeCode, `"tile" is not in global memory`},
}

func TestFaults(t *testing.T) {
	for _, test := range faultTests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, Options{InstructionLimit: 1e6})
			var in [64][3]uint64
			for i := range in {
				in[i] = [3]uint64{uint64(i), uint64(i), uint64(2 * i)}
			}
			m, err := b.Load(t.Context(), []byte(strings.Replace(frame, "BODY", test.body, 1)))
			if err == nil {
				var k device.Kernel
				if k, err = m.Kernel("k"); err != nil {
					t.Fatal(err)
				}
				err = b.launch(k, 1, len(in), 0, up(b, in[:]), up(b, make([]uint64, len(in))))
			}
			wantError(t, err, test.code, test.want)
			if test.code == device.CodeCode {
				return
			}
			// From then on everything gives that error.
			_, again := b.Allocate(1)
			if again != err { //nolint:errorlint // it is the same value
				t.Errorf("Allocate gives %v", again)
			}
			if again := b.Synchronize(t.Context()); again != err { //nolint:errorlint // it is the same value
				t.Errorf("Synchronize gives %v", again)
			}
		})
	}
}

// harmless is what looks like a fault and is none.
var harmless = []struct{ name, body string }{
	{"exchange behind a barrier", ownWord + "st.shared.b32 [d], tid; bar.sync 0; xor.b32 e, e, 128; mov.b32 d, tile; add.u32 d, d, e; ld.shared.b32 d, [d];"},
	{"exchange in a warp", ownWord + "st.shared.b32 [d], tid; bar.warp.sync -1; xor.b32 e, e, 4; mov.b32 d, tile; add.u32 d, d, e; ld.shared.b32 c, [d]; bar.warp.sync -1; st.shared.b32 [d], a;"},
	{"writes of one value", "st.shared.b32 [tile], 7;"},
	{"strong accesses", "st.volatile.shared.b32 [tile], tid; atom.shared.add.u32 d, [tile], 1; ld.volatile.shared.b32 d, [tile];"},
	{"bytes of a word", "mov.b32 d, tile; add.u32 d, d, tid; st.shared.b8 [d], tid;"},
	{"barrier after an exit", "setp.eq.u32 p, tid, 7; @p ret; bar.sync 0;"},
	{"shuffle of a part", "and.b32 c, tid, 31; setp.lt.u32 p, c, 16; @!p bra other; shfl.sync.bfly.b32 d, a, 1, 31, 0xffff; bra end; other: shfl.sync.bfly.b32 d, a, 1, 31, 0xffff0000; end:"},
	{"shuffle of who is there", "and.b32 c, tid, 5; setp.eq.u32 p, c, 0; @p bra end; activemask.b32 c; vote.sync.ballot.b32 d, p, c; match.any.sync.b32 d, a, c; redux.sync.add.s32 d, a, c; elect.sync d|p, c; end:"},
	{"lock between lanes", "setp.eq.u32 p, tid, 0; @p st.shared.b32 [tile], 0; bar.sync 0; " +
		"again: atom.shared.cas.b32 d, [tile], 0, 1; setp.ne.b32 p, d, 0; @p bra again; atom.shared.exch.b32 d, [tile], 0;"},
	{"waiting for a later lane", "setp.eq.u32 p, tid, 0; @p st.shared.b32 [tile], 0; bar.sync 0; setp.eq.u32 p, tid, 63; @p bra other; " +
		"again: ld.volatile.shared.b32 d, [tile]; setp.eq.b32 p, d, 0; @p bra again; bra end; other: st.volatile.shared.b32 [tile], 1; end:"},
	{"counting barriers", "setp.lt.u32 p, tid, 40; bar.red.popc.u32 d, 0, p; setp.ne.u32 q, d, 40; @q trap; barrier.cta.red.and.pred q, 0, p; @q trap; barrier.cta.red.or.pred q, 0, !p; @!q trap;"},
	{"loop of compare-and-swap", "setp.eq.u32 p, tid, 0; @p st.shared.b32 [tile], 0; bar.sync 0; ld.shared.b32 d, [tile]; " +
		"again: mad.lo.u32 e, d, 3, tid; atom.shared.cas.b32 c, [tile], d, e; setp.ne.b32 p, c, d; mov.b32 d, c; @p bra again;"},
	{"predicated access", "setp.eq.u32 p, tid, 77; @p ld.global.b32 d, [in+1];"},
}

func TestNoFaults(t *testing.T) {
	for _, test := range harmless {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, Options{InstructionLimit: 1e7})
			var in [64][3]uint64
			for i := range in {
				in[i] = [3]uint64{uint64(i), uint64(i), uint64(2 * i)}
			}
			evaluate(b, test.body, in[:])
		})
	}
}

// TestMutations breaks a kernel that LLVM made, in ways that a GPU may let pass.
func TestMutations(t *testing.T) {
	text := read(t, "llvm-22-sm_90", "q6v4")
	const n = 4096
	type change func(string) string
	replace := func(old, replacement string) change {
		return func(s string) string {
			changed := strings.Replace(s, old, replacement, 1)
			if changed == s {
				t.Errorf("there is no %q", old)
			}
			return changed
		}
	}
	tests := []struct {
		name   string
		change change
		offset device.Address // of the first column
		rows   int
		code   diag.Code // or "" for a wrong result
		want   string
	}{
		{"nothing", func(s string) string { return s }, 0, n, "", ""},
		{"no barrier", replace("bar.sync \t0;", ""), 0, n, device.CodeFault, "race"},
		{"a lane skips a shuffle", func(s string) string {
			return regexp.MustCompile(`(?m)^\tshfl.sync.down`).ReplaceAllString(s, "\tmov.u32 %r1, %tid.x; setp.eq.b32 %p1, %r1, 7; @%p1 ret;\n\tshfl.sync.down")
		}, 0, n, device.CodeFault, "lane 7"},
		{"wrong distance", replace(", 16, 31, -1", ", 8, 31, -1"), 0, n, "", "differs"},
		{"wrong mask", replace(", 16, 31, -1", ", 16, 31, 0x7fffffff"), 0, n, device.CodeFault, "member mask"},
		{"unknown opcode", replace("shl.b64", "shl3.b64"), 0, n, device.CodeCode, "not supported"},
		{"misaligned column", func(s string) string { return s }, 4, n - 16, device.CodeFault, "misaligned"},
		{"too many rows", func(s string) string { return s }, 0, 1 << 20, device.CodeFault, "behind the end of an allocation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, Options{})
			m, err := b.Load(t.Context(), []byte(test.change(text)))
			if err != nil {
				wantError(t, err, test.code, test.want)
				return
			}
			k, err := m.Kernel("q6v4")
			if err != nil {
				t.Fatal(err)
			}
			column, price := up(b, filled(n, int32(6))), make([]int64, n)
			for i := range price {
				price[i] = int64(i)
			}
			out := up(b, []int64{0})
			err = b.launch(k, 2, 256, 0, column+test.offset, column, column, up(b, price), out, int64(test.rows/4), int32(0), int32(10))
			if test.code != "" {
				wantError(t, err, test.code, test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := down[int64](b, out, 1)[0], int64(6*n*(n-1)/2); (got == want) != (test.want == "") {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
}

// TestMissingBarriers takes each barrier out of each kernel that has some, in turn, and
// wants a race to be found.
func TestMissingBarriers(t *testing.T) {
	paths, err := filepath.Glob("testdata/llvm-22-sm_90/*.ptx")
	if err != nil {
		t.Fatal(err)
	}
	barriers := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file := strings.TrimSuffix(filepath.Base(path), ".ptx")
		runner := map[string]func(t *testing.T, b *bench, set string){"q6tile": testQ6Tile, "q1shared": testQ1Shared, "mlp": testMLP, "q6i128": testQ6Wide}[file]
		if runner == nil {
			continue
		}
		for n := range strings.Count(string(text), "bar.sync") {
			barriers++
			if !racesWithout(t, file, string(text), n) {
				t.Errorf("%s: without its barrier %d no race is found", file, n)
			}
		}
	}
	if barriers < 4 {
		t.Errorf("only %d barriers were found", barriers)
	}
}

// racesWithout runs a kernel without its barrier of a number.
func racesWithout(t *testing.T, file, text string, number int) bool {
	at := 0
	for range number + 1 {
		at += strings.Index(text[at:], "bar.sync") + 1
	}
	text = text[:at-1] + "//" + text[at-1:]
	b := open(t, Options{})
	parameters := map[string][]any{
		"q6tile":   {up(b, filled(1024, int32(8200))), up(b, filled(1024, uint8(6))), up(b, filled(1024, uint8(6))), up(b, filled(1024, int32(6))), up(b, []int64{0}), int64(1024), int32(8100), int32(8465)},
		"q1shared": {up(b, filled(1024, uint8(6))), up(b, filled(1024, int64(6))), up(b, make([]int64, 16)), int64(1024)},
		"q6i128":   {up(b, filled(1024, int64(6))), up(b, filled(1024, int64(6))), up(b, make([]int64, 16)), int64(1024)},
		"mlp":      {up(b, filled(64, float32(1))), up(b, filled(64*300, float32(1))), up(b, filled(300, float32(1))), up(b, filled(300, float32(1))), up(b, filled(1, float32(1))), float32(1), int32(64), int32(300)},
	}[file]
	err := b.launch(b.kernel(text, file), 1, 256, 64*4, parameters...)
	return err != nil && strings.Contains(err.Error(), "race")
}

func TestLaunchIsStopped(t *testing.T) {
	b := open(t, Options{InstructionLimit: 5e7})
	k := b.kernel(strings.Replace(frame, "BODY", "loop: bra.uni loop;", 1), "k")
	in := up(b, make([]uint64, 3))
	if err := b.Launch(k, device.Launch{Blocks: 1, Threads: 1}, pack(in, in)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := b.Synchronize(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the context ends, and Synchronize gives %v", err)
	}
	wantError(t, b.Synchronize(t.Context()), device.CodeLost, "bra.uni loop")
}

func TestVersions(t *testing.T) {
	tests := []struct {
		name, version, target string
		options               Options
		want                  string
	}{
		{"same", "9.0", "sm_90", Options{}, ""},
		{"older", "7.0", "sm_52", Options{}, ""},
		{"exact", "8.0", "sm_90a", Options{}, ""},
		{"family", "8.8", "sm_100f", Options{Architecture: 103}, ""},
		{"newer language", "8.5", "sm_80", Options{PTX: 84}, "it is PTX 8.5, and the driver knows PTX up to 8.4"},
		{"newer device", "8.6", "sm_100", Options{}, "it is for sm_100, and the device is sm_90"},
		{"another exact device", "8.0", "sm_90a", Options{Architecture: 100}, "it is for sm_90a, and the device is sm_100"},
		{"another family", "8.8", "sm_100f", Options{Architecture: 120}, "it is for sm_100f, and the device is sm_120"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(strings.Replace(frame, "9.0", test.version, 1), "sm_90", test.target, 1)
			_, err := open(t, test.options).Load(t.Context(), []byte(strings.Replace(text, "BODY", "", 1)))
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, device.CodeCode, test.want)
		})
	}
}

// TestUndefined reads what has not been written: it is never zero.
func TestUndefined(t *testing.T) {
	tests := []struct{ name, body string }{
		{"register", "mov.b64 D, E;"},
		{"shared memory", "ld.shared.b64 D, [tile+8];"},
		{"local memory", "ld.local.b64 D, [depot];"},
		{"global memory", "ld.global.b64 D, [in+1536];"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, Options{})
			k := b.kernel(strings.Replace(frame, "BODY", test.body, 1), "k")
			in, err := b.Allocate(1536 + 64*24)
			if err != nil {
				t.Fatal(err)
			}
			out := up(b, make([]uint64, 64))
			b.must(k, 1, 64, 0, in, out)
			for i, got := range down[uint64](b, out, 64) {
				if got == 0 {
					t.Errorf("thread %d reads 0", i)
				}
			}
		})
	}
}
