package emulator

import (
	"fmt"
	"math"
	"math/bits"
)

// quantum is how many instructions a group of lanes does before others get a turn. It
// lets a lane that spins on what another one will write come to an end.
const quantum = 2048

// drawnQuantum bounds the quanta that are drawn, when lanes part by chance.
const drawnQuantum = 64

// warp is 32 threads. Each has its own place in the program, and those that stand at the
// same place take steps together. There is no stack of divergence: the lanes at the
// lowest place go first, so that the others are met again where branches join; but
// nothing relies on it, as nothing in a kernel may.
type warp struct {
	r []lanes  // values
	p []uint32 // predicates: one bit for each lane
	// carry are the carry flags.
	carry uint32
	block *block
	index int
	local []byte // of all lanes, one after another

	live     uint32 // have not exited
	waiting  uint32 // stand at an instruction that waits for lanes
	stopped  uint32 // stand at a barrier of the block
	deferred uint32 // have used up their turn
	pc       [lanesPerWarp]int32
	// order counts what lanes of this warp did together: accesses to shared memory by
	// two lanes are in order when it has changed in between.
	order   uint32
	draws   uint64 // state of the generator, when lanes are to part by chance; or 0
	failure *failure
}

// failure is what a lane did wrong.
type failure struct {
	lane   int
	pc     int32
	reason string
}

// failf notes the first thing that went wrong. The instruction is filled in by step.
func (w *warp) failf(lane int, format string, args ...any) {
	if w.failure == nil {
		w.failure = &failure{lane: lane, pc: -1, reason: fmt.Sprintf(format, args...)}
	}
}

// start makes the warp ready for a block.
func (w *warp) start(threads int) {
	for i := 1; i < w.block.program.registers; i++ {
		w.r[i] = undefinedLanes
	}
	for i := firstPredicate; i < len(w.p); i++ {
		w.p[i] = 0xaaaa_aaaa
	}
	w.p[predicateFalse], w.p[predicateTrue] = 0, allLanes
	fill(w.local, fresh)
	w.live = allLanes
	if threads < lanesPerWarp {
		w.live = 1<<threads - 1
	}
	w.waiting, w.stopped, w.deferred, w.failure = 0, 0, 0, nil
	w.carry = 0
	w.pc = [lanesPerWarp]int32{}
	w.order++
	if seed := w.block.launch.driver.options.Seed; seed != 0 {
		w.draws = seed + uint64(w.block.number)<<32 + uint64(w.index)
	}
}

// undefinedLanes is what registers hold before something is written to them.
var undefinedLanes = func() (v lanes) {
	for l := range v {
		v[l] = 0xbadb_adba_dbad_bad0
	}
	return v
}()

func (w *warp) runnable() uint32 { return w.live &^ (w.waiting | w.stopped) }

// turn runs the warp until no lane can go on, or each has had a quantum, or after as many
// steps: lanes that part and meet in each round of a loop never use up a quantum; or until
// the launch is abandoned. It returns whether anything was done.
func (w *warp) turn() bool {
	w.deferred = 0
	done := false
	unwanted := w.block.launch.abandoned
	for steps := 0; steps < quantum && w.runnable()&^w.deferred != 0 && w.failure == nil && !unwanted.Load(); steps++ {
		w.step()
		done = true
	}
	return done
}

// group finds the lanes that go next: those at the lowest place among the ones that can
// go. After is the next place at which others stand.
func (w *warp) group() (active uint32, pc, after int32) {
	pc, after = math.MaxInt32, math.MaxInt32
	ready := w.runnable()
	if w.draws != 0 {
		active, pc = w.drawGroup(ready &^ w.deferred)
		return active, pc, after
	}
	for m := ready &^ w.deferred; m != 0; m &= m - 1 {
		l := next(m)
		switch at := w.pc[l]; {
		case at == pc:
			active |= 1 << l
		case at < pc:
			pc, after, active = at, pc, 1<<l
		case at < after:
			after = at
		}
	}
	// Lanes that have had their turn are met, but not waited for.
	for m := ready & w.deferred; m != 0; m &= m - 1 {
		l := next(m)
		if at := w.pc[l]; at == pc {
			active |= 1 << l
		} else if at > pc {
			after = min(after, at)
		}
	}
	return active, pc, after
}

// drawGroup takes a lane by chance, and by chance some of those that stand with it.
func (w *warp) drawGroup(ready uint32) (active uint32, pc int32) {
	skip := w.draw() % uint64(bits.OnesCount32(ready))
	chosen := ready
	for range skip {
		chosen &= chosen - 1
	}
	l := next(chosen)
	pc = w.pc[l]
	for m := ready & uint32(w.draw()); m != 0; m &= m - 1 {
		if o := next(m); w.pc[o] == pc {
			active |= 1 << o
		}
	}
	return active | 1<<l, pc
}

// draw gives 64 bits that nobody can foresee, the same ones for the same seed: G. Steele,
// D. Lea and C. Flood, "Fast splittable pseudorandom number generators", 2014.
func (w *warp) draw() uint64 {
	w.draws += 0x9e37_79b9_7f4a_7c15
	v := w.draws
	v = (v ^ v>>30) * 0xbf58_476d_1ce4_e5b9
	v = (v ^ v>>27) * 0x94d0_49bb_1331_11eb
	return v ^ v>>31
}

// step runs one group of lanes until it parts, meets others, has to wait, or has used
// its quantum.
func (w *warp) step() {
	active, pc, after := w.group()
	w.deferred &^= active
	worker := w.block.worker
	code, counts := w.block.program.code, worker.counts
	executed := uint64(0)
	each := uint64(bits.OnesCount32(active))
	budget := quantum
	if w.draws != 0 {
		budget = 1 + int(w.draw()%drawnQuantum)
	}
	for ; ; budget-- {
		if pc >= after || budget == 0 {
			w.moveTo(active, pc)
			if budget == 0 {
				w.deferred |= active
			}
			break
		}
		i := &code[pc]
		counts[pc] += each
		executed += each
		doing := active
		if i.guard >= 0 {
			m := w.p[i.guard]
			if i.negated {
				m = ^m
			}
			doing &= m
			if doing == 0 {
				pc++
				continue
			}
		}
		if i.kind == plain {
			i.run(w, i, doing)
			pc++
			continue
		}
		if i.kind == branch {
			if doing == active {
				pc = i.target
				continue
			}
			// The lanes that are behind go on.
			if i.target > pc {
				w.moveTo(doing, i.target)
				active &^= doing
				after = min(after, i.target)
				pc++
			} else {
				w.moveTo(active&^doing, pc+1)
				active = doing
				after = min(after, pc+1)
				pc = i.target
			}
			each = uint64(bits.OnesCount32(active))
			continue
		}
		if i.kind == careful {
			i.run(w, i, doing)
			if w.failure != nil {
				w.failure.pc = pc
				break
			}
			pc++
			continue
		}
		if i.kind == collective && w.together(i, doing, active) {
			i.run(w, i, doing)
			w.order++
			if w.failure != nil {
				w.failure.pc = pc
				break
			}
			pc++
			continue
		}
		// The rest makes lanes leave the group.
		w.moveTo(active&^doing, pc+1)
		w.moveTo(doing, pc)
		switch i.kind {
		case exit:
			w.live &^= doing
		case table:
			i.run(w, i, doing)
		case barrier:
			w.stopped |= doing
		default:
			w.waiting |= doing
			w.meet(pc)
		}
		if w.failure != nil && w.failure.pc < 0 {
			w.failure.pc = pc
		}
		break
	}
	worker.executed += executed
}

func (w *warp) moveTo(active uint32, pc int32) {
	for ; active != 0; active &= active - 1 {
		w.pc[next(active)] = pc
	}
}

// together reports whether the lanes that have arrived are just those of their common
// member mask, as they are nearly always.
func (w *warp) together(i *instruction, doing, active uint32) bool {
	if doing != active || w.waiting != 0 {
		return false
	}
	members := &w.r[i.c]
	for m := doing; m != 0; m &= m - 1 {
		if uint32(members[next(m)]) != doing {
			return false
		}
	}
	return true
}

// meet does the collective instruction at a place for each set of lanes that is complete
// there.
func (w *warp) meet(pc int32) {
	i := &w.block.program.code[pc]
	var here uint32
	for m := w.waiting; m != 0; m &= m - 1 {
		if l := next(m); w.pc[l] == pc {
			here |= 1 << l
		}
	}
	for m := here; m != 0; {
		l := next(m)
		members := uint32(w.r[i.c][l])
		if members>>l&1 == 0 {
			w.failf(l, "the lane %d is not in its own member mask %#08x", l, members)
			return
		}
		if gone := members &^ w.live; gone != 0 {
			w.failf(l, "the lane %d in the member mask %#08x has exited", next(gone), members)
			return
		}
		if members&^here != 0 {
			m &^= 1 << l
			continue
		}
		for o := members; o != 0; o &= o - 1 {
			if other := uint32(w.r[i.c][next(o)]); other != members {
				w.failf(l, "lanes of one instruction have the member masks %#08x and %#08x", members, other)
				return
			}
		}
		i.run(w, i, members)
		w.order++
		if w.failure != nil {
			return
		}
		w.waiting &^= members
		w.moveTo(members, pc+1)
		here &^= members
		m &^= members
	}
}

// stuck says what a lane waits for, when it can wait for ever.
func (w *warp) stuck(lane int) string {
	i := &w.block.program.code[w.pc[lane]]
	members := uint32(w.r[i.c][lane])
	if gone := members &^ w.live; gone != 0 {
		return fmt.Sprintf("the lane %d in the member mask %#08x has exited", next(gone), members)
	}
	for m := members; m != 0; m &= m - 1 {
		if l := next(m); w.pc[l] != w.pc[lane] {
			other := "is elsewhere"
			if int(w.pc[l]) < len(w.block.program.source) {
				other = fmt.Sprintf("waits at line %d", w.block.program.source[w.pc[l]].Line)
			}
			return fmt.Sprintf("deadlock: the lane %d in the member mask %#08x %s", l, members, other)
		}
	}
	return "deadlock"
}
