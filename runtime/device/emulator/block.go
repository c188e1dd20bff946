package emulator

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
)

// block is the threads of one block and their shared memory. It is used again for the
// worker's next one.
type block struct {
	program *program
	launch  *launch
	worker  *worker
	number  int
	shared  []byte
	warps   []*warp
	races   *races // nil when they are not looked for
}

func newBlock(l *launch, w *worker) *block {
	b := &block{program: l.program, launch: l, worker: w, shared: make([]byte, l.program.shared+l.shape.Shared)}
	p := l.program
	for i := 0; i*lanesPerWarp < l.shape.Threads; i++ {
		warp := &warp{
			r: make([]lanes, p.values), p: make([]uint32, p.predicates), block: b, index: i,
			local: make([]byte, p.local*lanesPerWarp),
		}
		for _, c := range p.constants {
			r := &warp.r[c.slot]
			for lane := range r {
				r[lane] = c.value
			}
		}
		b.warps = append(b.warps, warp)
	}
	if l.races {
		b.races = newRaces(len(b.shared))
	}
	return b
}

// start makes everything as it is at the beginning of a block.
func (b *block) start(number int) {
	b.number = number
	fill(b.shared, fresh)
	for i, w := range b.warps {
		w.start(b.launch.shape.Threads - i*lanesPerWarp)
		for _, s := range b.program.specials {
			r := &w.r[s.slot]
			for lane := range r {
				r[lane] = b.specialValue(s.name, i, lane)
			}
		}
	}
}

// specialValue is what the machine knows of a thread. Launches have one dimension.
func (b *block) specialValue(name string, warp, lane int) uint64 {
	shape := &b.launch.shape
	switch name {
	case "%tid.x":
		return uint64(warp*lanesPerWarp + lane)
	case "%ntid.x":
		return uint64(shape.Threads)
	case "%ctaid.x":
		return uint64(b.number)
	case "%nctaid.x":
		return uint64(shape.Blocks)
	case "%ntid.y", "%ntid.z", "%nctaid.y", "%nctaid.z":
		return 1
	case "%laneid":
		return uint64(lane)
	case "%warpid":
		return uint64(warp)
	case "%nwarpid":
		return uint64(len(b.warps))
	case "%smid":
		return uint64(b.worker.number)
	case "%nsmid":
		return uint64(b.launch.driver.options.Multiprocessors)
	case "%lanemask_eq":
		return 1 << lane
	case "%lanemask_lt":
		return 1<<lane - 1
	case "%lanemask_le":
		return 1<<(lane+1) - 1
	case "%lanemask_gt":
		return uint64(math.MaxUint32) &^ (1<<(lane+1) - 1)
	case "%lanemask_ge":
		return uint64(math.MaxUint32) &^ (1<<lane - 1)
	case "%dynamic_smem_size":
		return uint64(shape.Shared)
	case "%total_smem_size":
		return uint64(len(b.shared))
	}
	return 0 // the other dimensions, and the number of the grid
}

// run runs the block to its end. It returns nil, what went wrong, or abandoned.
func (b *block) run() *trouble {
	for {
		progress, live, stopped := false, 0, 0
		for _, w := range b.warps {
			if w.turn() {
				progress = true
			}
			if w.failure != nil {
				return b.trouble(w, w.failure.lane, w.failure.pc, w.failure.reason)
			}
			live += bits.OnesCount32(w.live)
			stopped += bits.OnesCount32(w.stopped)
		}
		switch {
		case b.launch.abandoned.Load(): // warps may not have had their turns
			return abandoned
		case live == 0:
			return b.endInterval()
		case live == stopped:
			if t := b.release(); t != nil {
				return t
			}
		case !progress:
			return b.deadlock()
		}
		if t := b.worker.account(b); t != nil {
			return t
		}
	}
}

// release lets all threads go on from the barrier at which they stand.
func (b *block) release() *trouble {
	pc, ones, threads := int32(-1), uint64(0), uint64(0)
	for _, w := range b.warps {
		for m := w.stopped; m != 0; m &= m - 1 {
			l := next(m)
			if pc >= 0 && w.pc[l] != pc {
				return b.trouble(w, l, w.pc[l], fmt.Sprintf("divergent barrier: other threads of the block wait at line %d", b.program.source[pc].Line))
			}
			pc = w.pc[l]
		}
		i := &b.program.code[pc]
		ones += uint64(bits.OnesCount32((w.p[i.a] ^ i.invert) & w.stopped))
		threads += uint64(bits.OnesCount32(w.stopped))
	}
	for _, w := range b.warps {
		if i := &b.program.code[pc]; i.run != nil {
			w.reduceBarrier(i, ones, threads)
		}
		w.moveTo(w.stopped, pc+1)
		w.stopped = 0
		w.order++
	}
	return b.endInterval()
}

// endInterval is when all threads have met, or have ended.
func (b *block) endInterval() *trouble {
	if b.races != nil {
		if s, ok := b.races.end(); ok {
			return b.trouble(s.use.warp, int(s.use.thread)%lanesPerWarp, s.use.at, s.reason)
		}
	}
	return nil
}

// deadlock explains why no thread can go on.
func (b *block) deadlock() *trouble {
	for _, w := range b.warps {
		if w.waiting != 0 {
			l := next(w.waiting)
			return b.trouble(w, l, w.pc[l], w.stuck(l))
		}
	}
	panic("BUG: threads wait for a barrier at which all of them stand")
}

// trouble is how a launch ends that does not end well.
type trouble struct {
	lost     bool // the device does not answer, rather than the kernel being wrong
	reason   string
	line     int
	text     string
	block    int
	thread   int
	together int // how many threads the block has
}

// abandoned is how a block ends whose results nobody wants.
var abandoned = &trouble{reason: "the launch was abandoned"}

func (b *block) trouble(w *warp, lane int, pc int32, reason string) *trouble {
	t := &trouble{reason: reason, block: b.number, thread: w.index*lanesPerWarp + lane, together: b.launch.shape.Threads}
	if int(pc) < len(b.program.source) {
		in := &b.program.source[pc]
		t.line, t.text = in.Line, strings.TrimSpace(in.Text)
	}
	return t
}
