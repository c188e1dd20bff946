package interp

import (
	"errors"
	"fmt"
	"iter"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Warp is the number of threads of a warp.
const Warp = 32

// Grid is the shape of a launch.
type Grid struct {
	Blocks int
	// Reverse runs blocks, and threads of a block, from the last to the first: what a
	// kernel gives must not depend on it.
	Reverse bool
}

// Launch runs a kernel: with the address of the context in linear memory, and that of the
// launch block in global memory. One thread runs at a time, until it ends or must wait for
// others. The error is a *Fault or ErrSteps; a failure that the kernel reports itself is
// in the launch block.
func (m *Machine) Launch(kernel string, grid Grid, context uint32, launch uint64) error {
	f := m.module.Function(kernel)
	if f == nil || f.Threads == 0 || len(f.Body.Arguments) != 2 {
		return fmt.Errorf("there is no kernel %q that takes a context and a launch block", kernel)
	}
	m.begin()
	for i := range grid.Blocks {
		if grid.Reverse {
			i = grid.Blocks - 1 - i
		}
		g := &threadBlock{machine: m, kernel: f, grid: grid, index: i, launch: launch, places: map[*ir.Op]uint64{}}
		if err := g.run(Word(uint64(context)), Word(launch)); err != nil {
			return err
		}
	}
	return nil
}

// threadBlock is a block of threads.
type threadBlock struct {
	machine *Machine
	kernel  *ir.Function
	grid    Grid
	index   int
	launch  uint64 // address of the launch block
	shared  Memory
	places  map[*ir.Op]uint64 // of the ops shared
	top     uint64            // of shared memory
	threads []*thread
}

// thread is a thread of a kernel, as a coroutine.
type thread struct {
	block  *threadBlock
	index  int
	resume func() (struct{}, bool)
	wait   func(struct{}) bool // gives control back to the block
	at     *ir.Op              // what it waits at
	gives  value               // what it brings there
	takes  value               // what it takes away
	ended  bool
	err    error
}

// errStopped ends a thread whose block has failed elsewhere.
var errStopped = errors.New("another thread of the block failed")

func (g *threadBlock) run(arguments ...Bits) error {
	for i := range g.kernel.Threads {
		t := &thread{block: g, index: i}
		body := func(wait func(struct{}) bool) {
			t.wait = wait
			_, err := g.machine.call(t, g.machine.module, g.kernel, arguments, 0)
			if !errors.Is(err, errTrap) {
				t.err = err
			}
			t.ended = true
		}
		var stop func()
		t.resume, stop = iter.Pull(iter.Seq[struct{}](body))
		defer stop()
		g.threads = append(g.threads, t)
	}
	for {
		for i := range g.threads {
			if g.grid.Reverse {
				i = len(g.threads) - 1 - i
			}
			t := g.threads[i]
			if t.ended || t.at != nil {
				continue
			}
			if t.resume(); t.err != nil {
				return t.err
			}
		}
		done, err := g.meet()
		if done || err != nil {
			return err
		}
	}
}

// meet lets threads go on that wait for each other and have all come: those of a warp to
// an op of the warp, or all to a barrier. No thread runs meanwhile, so if none can go on
// they never will.
func (g *threadBlock) meet() (done bool, err error) {
	done, progress := true, false
	for from := 0; from < len(g.threads); from += Warp {
		warp := g.threads[from:][:Warp]
		if together(warp) && warp[0].at.Code != ir.OpBarrier {
			exchange(warp)
			progress = true
		}
	}
	if !progress && together(g.threads) {
		for _, t := range g.threads {
			t.at = nil
		}
		return false, nil
	}
	var waiting, other *thread
	for _, t := range g.threads {
		done = done && t.ended
		if waiting == nil && t.at != nil {
			waiting = t
		}
	}
	if done || progress {
		return done, nil
	}
	for _, t := range g.threads {
		if t.at != waiting.at && (waiting.at.Code == ir.OpBarrier || t.index/Warp == waiting.index/Warp) {
			other = t
			break
		}
	}
	reason := errors.New("others that must come here wait elsewhere")
	if other != nil && other.ended {
		reason = fmt.Errorf("thread %d, which must come here, has ended", other.index)
	} else if other != nil {
		reason = fmt.Errorf("thread %d, which must come here, waits at %s", other.index, other.at)
	}
	return false, &Fault{Function: g.kernel.Name, Op: waiting.at.String(), Block: g.index, Thread: waiting.index, Reason: reason}
}

// together reports whether threads wait at the same op.
func together(threads []*thread) bool {
	for _, t := range threads {
		if t.ended || t.at == nil || t.at != threads[0].at {
			return false
		}
	}
	return true
}

// exchange does an op of a warp, all of whose threads have come.
func exchange(warp []*thread) {
	op := warp[0].at
	ballot := uint64(0)
	for i, t := range warp {
		if t.gives.bits.Low != 0 {
			ballot |= 1 << i
		}
	}
	distance := int(ir.AttributeAs[int64](op, "distance"))
	for i, t := range warp {
		switch {
		case op.Code == ir.OpBallot:
			t.takes = value{bits: Word(ballot)}
		case i+distance < len(warp):
			t.takes = warp[i+distance].gives
		default:
			t.takes = t.gives
		}
	}
	for _, t := range warp {
		t.at = nil
	}
}

// meetAt waits until other threads have come to an op too.
func (t *thread) meetAt(op *ir.Op, gives value) (value, error) {
	t.at, t.gives = op, gives
	if !t.wait(struct{}{}) {
		return value{}, errStopped
	}
	return t.takes, nil
}

// host is a call of the host from a kernel: fail alone can be called, and tick does
// nothing.
func (t *thread) host(name string, arguments []Bits) error {
	switch {
	case name == abi.TickImport && len(arguments) == 0:
		return nil
	case name == abi.FailImport && len(arguments) == 1:
		word, err := t.block.machine.Global.Bytes(t.block.launch+abi.LaunchError, 4)
		if err != nil {
			return err
		}
		storeBits(word, Word(min(loadBits(word).Low, arguments[0].Low)))
		return errTrap
	default:
		return fmt.Errorf("a kernel cannot call the host's %q", name)
	}
}

// device runs an op that only kernels have.
func (r *frame) device(op *ir.Op) error {
	t := r.thread
	if t == nil {
		return errors.New("the op belongs to kernels")
	}
	g := t.block
	switch op.Code {
	case ir.OpThreadIndex:
		r.define(op, value{bits: Word(uint64(t.index))})
	case ir.OpBlockIndex:
		r.define(op, value{bits: Word(uint64(g.index))})
	case ir.OpBlockCount:
		r.define(op, value{bits: Word(uint64(g.grid.Blocks))})
	case ir.OpFence: // threads see all that others wrote
	case ir.OpBarrier:
		_, err := t.meetAt(op, value{})
		return err
	case ir.OpShared:
		at, err := g.sharedAt(op)
		r.define(op, value{bits: Word(at)})
		return err
	case ir.OpShuffleDown:
		took, err := t.meetAt(op, r.held(op.Operands[0]))
		r.define(op, took)
		return err
	case ir.OpBallot:
		bits, err := r.need(op.Operands[0])
		if err != nil {
			return err
		}
		took, err := t.meetAt(op, value{bits: bits})
		r.define(op, took)
		return err
	default:
		return r.atomic(op)
	}
	return nil
}

// maxShared bounds the shared memory of a block, in bytes; no GPU has as much.
const maxShared = 1 << 20

// sharedAt gives the shared memory of an op, which is the same for all threads.
func (g *threadBlock) sharedAt(op *ir.Op) (uint64, error) {
	at, ok := g.places[op]
	if !ok {
		size := uint64(ir.AttributeAs[int64](op, "bytes"))
		if size > maxShared || g.top+size > maxShared {
			return 0, fmt.Errorf("a block has more than %d bytes of shared memory", maxShared)
		}
		at = g.top
		g.places[op] = at
		g.top = (at + size + 15) &^ 15
		g.shared.areas = append(g.shared.areas, area{address: at, bytes: make([]byte, size), defined: make([]bool, size)})
	}
	return at, nil
}

// atomic runs an op that reads and writes memory undivided, as every op here does.
func (r *frame) atomic(op *ir.Op) error {
	operands, err := r.needAll(op.Operands)
	if err != nil {
		return err
	}
	width := int(ir.AttributeAs[int64](op, "width"))
	if op.Code == ir.OpAppend {
		width = 4
	}
	if width != 4 && width != 8 {
		return fmt.Errorf("no atomic access has %d bytes", width)
	}
	memory, err := r.memoryOf(op.Operands[0].Type)
	if err != nil {
		return err
	}
	at := operands[0].Low + uint64(ir.AttributeAs[int64](op, "offset"))
	if at%uint64(width) != 0 {
		return fmt.Errorf("%#x is no multiple of %d", at, width)
	}
	from, err := memory.read(at, width)
	if err != nil {
		return err
	}
	old := loadBits(from).Low
	replacement := old
	switch {
	case op.Code == ir.OpAppend:
		replacement = old + operands[1].Low
	case op.Code == ir.OpAtomic:
		replacement, err = combine(ir.AttributeAs[string](op, "operation"), 8*width, old, operands[1].Low)
	case old == operands[1].Low:
		replacement = operands[2].Low
	}
	if err != nil {
		return err
	}
	storeBits(from, Word(replacement))
	r.define(op, value{bits: Word(old)})
	return nil
}

func combine(operation string, width int, a, b uint64) (uint64, error) {
	switch operation {
	case "add":
		return a + b, nil
	case "and":
		return a & b, nil
	case "or":
		return a | b, nil
	case "exchange":
		return b, nil
	case "min_s":
		return uint64(min(signed(a, width), signed(b, width))), nil
	case "max_s":
		return uint64(max(signed(a, width), signed(b, width))), nil
	case "min_u":
		return min(a, b), nil
	case "max_u":
		return max(a, b), nil
	default:
		return 0, fmt.Errorf("there is no atomic operation %q", operation)
	}
}
