package emulator

import (
	"sync"
	"sync/atomic"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// launch is one run of a kernel. Its blocks are run by several workers, each block by
// one of them to its end.
type launch struct {
	driver     *Driver
	kernel     *kernel
	program    *program
	shape      device.Launch
	parameters []byte
	races      bool
	abandoned  *atomic.Bool // nobody wants its results any more

	next     atomic.Int64 // block
	executed atomic.Uint64
	mu       sync.Mutex
	failed   atomic.Bool
	trouble  *trouble
}

// worker runs blocks on one goroutine.
type worker struct {
	launch   *launch
	number   int
	counts   []uint64 // executed instructions of threads, by place
	executed uint64
	reported uint64 // of executed, to the launch
	windows  []window
}

// run runs all blocks, or until the launch is abandoned. It returns how many instructions
// threads have done.
func (l *launch) run() (uint64, error) {
	if l.abandoned.Load() {
		return 0, nil
	}
	workers := min(l.driver.options.Workers, l.shape.Blocks)
	counts := make([][]uint64, workers)
	var group sync.WaitGroup
	work := func(number int) {
		w := &worker{
			launch: l, number: number, counts: make([]uint64, len(l.program.code)),
			windows: make([]window, l.program.places),
		}
		counts[number] = w.counts
		w.run()
	}
	for number := 1; number < workers; number++ {
		group.Go(func() { work(number) })
	}
	work(0)
	group.Wait()
	total := make([]uint64, len(l.program.code))
	for _, c := range counts {
		for at, n := range c {
			total[at] += n
		}
	}
	l.kernel.cover(total)
	if l.trouble != nil {
		return l.executed.Load(), l.trouble.diagnostic(l.program.name)
	}
	return l.executed.Load(), nil
}

func (w *worker) run() {
	b := newBlock(w.launch, w)
	for !w.launch.failed.Load() && !w.launch.abandoned.Load() {
		number := int(w.launch.next.Add(1)) - 1
		if number >= w.launch.shape.Blocks {
			break
		}
		b.start(number)
		t := b.run()
		if t == nil {
			t = w.account(b)
		}
		if t == abandoned {
			break
		}
		if t != nil {
			w.launch.fail(t)
			break
		}
	}
}

// fail notes how the launch ends. Of several troubles that of the first block counts, as
// far as they are known.
func (l *launch) fail(t *trouble) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trouble == nil || t.block < l.trouble.block {
		l.trouble = t
	}
	l.failed.Store(true)
}

// account adds up what has been executed, and stops a launch that takes too long, or
// that has failed elsewhere.
func (w *worker) account(b *block) *trouble {
	l := w.launch
	total := l.executed.Add(w.executed - w.reported)
	w.reported = w.executed
	if total > l.driver.options.InstructionLimit {
		for _, warp := range b.warps {
			if warp.live != 0 {
				lane := next(warp.live)
				t := b.trouble(warp, lane, warp.pc[lane], "the kernel took longer than it may")
				t.lost = true
				return t
			}
		}
		return &trouble{lost: true, reason: "the kernel took longer than it may", block: b.number}
	}
	if l.failed.Load() {
		// Somebody else has the reason; this block is not the first to fail.
		return &trouble{reason: "another block failed", block: l.shape.Blocks}
	}
	return nil
}

func (t *trouble) diagnostic(kernel string) error {
	code, what := device.CodeFault, "faulted on the GPU"
	if t.lost {
		code, what = device.CodeLost, "was stopped on the GPU"
	}
	d := diag.New(code, "the kernel %q %s: %s", kernel, what, t.reason)
	if t.line > 0 {
		d.Note("line %d of its PTX: %s", t.line, t.text)
	}
	return d.Note("block %d, thread %d of %d", t.block, t.thread, t.together)
}
