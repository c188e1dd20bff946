//go:build linux && cgo

package linear

/*
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/mman.h>

enum { heddle_slots = 16384, heddle_stray_length = 65536 };

typedef struct {
	_Atomic uintptr_t start, limit; // start 0: the slot is free
	_Atomic uint32_t hit; // bits: 1 a lost page of a file, 2 an access that is not allowed
} heddle_slot;

static heddle_slot heddle_table[heddle_slots];
static _Atomic uint32_t heddle_high; // slots at or above were never used
static uintptr_t heddle_page;
static struct sigaction heddle_previous_bus, heddle_previous_segv;

// Runs on the signal stack, possibly while Go or wasm code holds locks: it may
// touch nothing but the table and the page tables.
static void heddle_on_fault(int number, siginfo_t *info, void *context) {
	uintptr_t address = (uintptr_t)info->si_addr;
	int stray = number == SIGSEGV;
	int ours = stray ? info->si_code == SEGV_ACCERR || info->si_code == SEGV_MAPERR : info->si_code == BUS_ADRERR;
	uint32_t high = atomic_load_explicit(&heddle_high, memory_order_acquire);
	for (uint32_t i = 0; ours && i < high; i++) {
		uintptr_t start = atomic_load_explicit(&heddle_table[i].start, memory_order_acquire);
		uintptr_t limit = atomic_load_explicit(&heddle_table[i].limit, memory_order_acquire);
		if (start == 0 || address < start || address >= limit)
			continue;
		uintptr_t from = address & ~(heddle_page - 1), length = heddle_page;
		if (stray && limit - from > heddle_stray_length) // a copy of gigabytes shall end
			length = heddle_stray_length;
		int saved = errno;
		void *page = mmap((void *)from, length, PROT_READ | PROT_WRITE,
			MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		errno = saved;
		if (page == MAP_FAILED)
			break;
		atomic_fetch_or_explicit(&heddle_table[i].hit, stray ? 2 : 1, memory_order_release);
		return;
	}
	struct sigaction *previous = stray ? &heddle_previous_segv : &heddle_previous_bus;
	if (previous->sa_flags & SA_SIGINFO)
		previous->sa_sigaction(number, info, context);
	else if (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN)
		sigaction(number, previous, NULL); // the fault repeats and takes its usual course
	else
		previous->sa_handler(number);
}

static int heddle_install(int number, struct sigaction *previous) {
	struct sigaction action = {0};
	action.sa_sigaction = heddle_on_fault;
	// Go needs its handlers, and those that chain to them, on the signal stack.
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigfillset(&action.sa_mask);
	return sigaction(number, &action, previous) == 0 ? 0 : errno;
}

static int heddle_install_bus(uintptr_t page) {
	heddle_page = page;
	return heddle_install(SIGBUS, &heddle_previous_bus);
}

static int heddle_install_segv(uintptr_t page) {
	heddle_page = page;
	return heddle_install(SIGSEGV, &heddle_previous_segv);
}

static void heddle_claim(uint32_t i, uintptr_t start, uintptr_t limit) {
	atomic_store(&heddle_table[i].hit, 0);
	atomic_store(&heddle_table[i].limit, limit);
	atomic_store(&heddle_table[i].start, start);
	if (i >= atomic_load(&heddle_high))
		atomic_store(&heddle_high, i + 1);
}

static void heddle_release(uint32_t i) { atomic_store(&heddle_table[i].start, 0); }

static uint32_t *heddle_hit(uint32_t i) { return (uint32_t *)&heddle_table[i].hit; }
*/
import "C"

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// HandlesTruncation says whether a truncated file gives E0687 (true) or ends
// the process (false).
const HandlesTruncation = true

// faultSlot is a row of the handler's table.
type faultSlot struct {
	index uint32
	hit   *uint32 // in C memory, so that asking costs no call; nil when free
}

var faults struct {
	sync.Mutex
	installed bool
	free      []uint32
	next      uint32
}

// strayCode is the error number of installing the handler of SIGSEGV. That must come
// before an engine installs its own, which then makes traps of accesses in generated
// code, and passes on to this one what else touches a guarded memory: the engine's own
// routines for memory.copy and memory.fill, whose addresses code chooses.
var strayCode = C.heddle_install_segv(C.uintptr_t(os.Getpagesize()))

func claimFaultSlot(start, limit uintptr) (faultSlot, error) {
	if strayCode != 0 {
		return faultSlot{}, refused("the handler of memory faults", syscall.Errno(strayCode))
	}
	faults.Lock()
	defer faults.Unlock()
	if !faults.installed {
		if code := C.heddle_install_bus(C.uintptr_t(os.Getpagesize())); code != 0 {
			return faultSlot{}, refused("the handler of file faults", syscall.Errno(code))
		}
		faults.installed = true
	}
	var index uint32
	switch n := len(faults.free); {
	case n > 0:
		index, faults.free = faults.free[n-1], faults.free[:n-1]
	case faults.next < C.heddle_slots:
		index = faults.next
		faults.next++
	default:
		return faultSlot{}, refused("one more memory", syscall.ENOMEM)
	}
	C.heddle_claim(C.uint32_t(index), C.uintptr_t(start), C.uintptr_t(limit))
	return faultSlot{index: index, hit: (*uint32)(C.heddle_hit(C.uint32_t(index)))}, nil
}

// take tells which faults have struck since the last call.
func (s *faultSlot) take() fault {
	if atomic.LoadUint32(s.hit) == 0 {
		return 0
	}
	return fault(atomic.SwapUint32(s.hit, 0))
}

func (s *faultSlot) release() {
	if s.hit == nil {
		return
	}
	faults.Lock()
	defer faults.Unlock()
	C.heddle_release(C.uint32_t(s.index))
	faults.free = append(faults.free, s.index)
	s.hit = nil
}
