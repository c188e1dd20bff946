package emulator

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/runtime/device"
)

// abandonable are kernels that store at an address: without end, with lanes that part in
// each round, or once.
const abandonable = `.version 7.0
.target sm_80
.address_size 64
.entry together(.param .u64 together_0)
{
	.reg .b64 A;
	ld.param.b64 A, [together_0];
again:
	st.volatile.global.b32 [A], 1;
	bra.uni again;
}
.entry parting(.param .u64 parting_0)
{
	.reg .b64 A;
	.reg .b32 a, n;
	.reg .pred p;
	ld.param.b64 A, [parting_0];
	mov.u32 a, %tid.x;
again:
	add.u32 a, a, 1;
	and.b32 n, a, 1;
	setp.eq.u32 p, n, 0;
	@p bra even;
	st.volatile.global.b32 [A], 1;
even:
	bra.uni again;
}
.entry waiting(.param .u64 waiting_0)
{
	.reg .b64 A;
	.reg .b32 a;
	.reg .pred p;
	ld.param.b64 A, [waiting_0];
	mov.u32 a, %tid.x;
	setp.ge.u32 p, a, 32;
	@p bra wait;
again:
	st.volatile.global.b32 [A], 1;
	bra.uni again;
wait:
	bar.sync 0;
	ret;
}
.entry once(.param .u64 once_0)
{
	.reg .b64 A;
	ld.param.b64 A, [once_0];
	st.global.b32 [A], 7;
	ret;
}
`

// TestAbandon ends launches that would not end: those that were given, and nothing else.
func TestAbandon(t *testing.T) {
	for _, name := range []string{"together", "parting", "waiting"} {
		for _, seed := range []uint64{0, 5} {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				b := open(t, Options{Workers: 2, InstructionLimit: 1 << 40, Seed: seed})
				endless, once := b.kernel(abandonable, name), b.kernel(abandonable, "once")
				scratch, copied, stored := up(b, make([]int32, 1)), up(b, make([]int32, 1)), up(b, make([]int32, 1))
				event, err := b.NewEvent()
				if err != nil {
					t.Fatal(err)
				}
				launch := func(k device.Kernel, blocks, threads int, to device.Address) {
					t.Helper()
					if err := b.Launch(k, device.Launch{Blocks: blocks, Threads: threads}, pack(to)); err != nil {
						t.Fatal(err)
					}
				}
				s := b.Stream.(*stream)
				for round := range int32(3) {
					launch(endless, 5, 128, scratch)
					for queued := 1; queued > 0; runtime.Gosched() { // until the launch is under way
						s.mu.Lock()
						queued = len(s.queue)
						s.mu.Unlock()
					}
					launch(endless, 1, 64, scratch)
					launch(once, 1, 1, stored)
					if err := b.CopyIn(copied, pack(round+1)); err != nil {
						t.Fatal(err)
					}
					if err := b.Record(event); err != nil {
						t.Fatal(err)
					}
					b.Stream.(device.Abandoner).Abandon()
					if err := b.Synchronize(t.Context()); err != nil {
						t.Fatal(err)
					}
					if _, err := event.Since(event); err != nil {
						t.Error(err)
					}
					got := []int32{down[int32](b, copied, 1)[0], down[int32](b, stored, 1)[0]}
					if diff := cmp.Diff([]int32{round + 1, 0}, got); diff != "" {
						t.Errorf("what was copied, and what an abandoned kernel stored (-want +got):\n%s", diff)
					}
				}
				b.must(once, 1, 1, 0, stored)
				if got := down[int32](b, stored, 1)[0]; got != 7 {
					t.Errorf("a kernel that was launched later stored %d", got)
				}
			})
		}
	}
}

// TestAbandonOfAnotherStream: what other streams do goes on.
func TestAbandonOfAnotherStream(t *testing.T) {
	b := open(t, Options{Workers: 2})
	other, err := b.NewStream()
	if err != nil {
		t.Fatal(err)
	}
	k := b.kernel(abandonable, "once")
	stored := up(b, make([]int32, 1000))
	for i := range 1000 {
		if err := b.Launch(k, device.Launch{Blocks: 1, Threads: 1}, pack(stored+device.Address(4*i))); err != nil {
			t.Fatal(err)
		}
		other.(device.Abandoner).Abandon()
	}
	for i, got := range down[int32](b, stored, 1000) {
		if got != 7 {
			t.Fatalf("the kernel %d was not done", i)
		}
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}
