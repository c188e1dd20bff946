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

enum { heddle_slots = 16384 };

typedef struct {
	_Atomic uintptr_t start, limit; // start 0: the slot is free
	_Atomic uint32_t hit;
} heddle_slot;

static heddle_slot heddle_table[heddle_slots];
static _Atomic uint32_t heddle_high; // slots at or above were never used
static uintptr_t heddle_page;
static struct sigaction heddle_previous;

// Runs on the signal stack, possibly while Go or wasm code holds locks: it may
// touch nothing but the table and the page tables.
static void heddle_on_sigbus(int number, siginfo_t *info, void *context) {
	uintptr_t address = (uintptr_t)info->si_addr;
	uint32_t high = atomic_load_explicit(&heddle_high, memory_order_acquire);
	for (uint32_t i = 0; info->si_code == BUS_ADRERR && i < high; i++) {
		uintptr_t start = atomic_load_explicit(&heddle_table[i].start, memory_order_acquire);
		if (start == 0 || address < start || address >= atomic_load_explicit(&heddle_table[i].limit, memory_order_acquire))
			continue;
		int saved = errno;
		void *page = mmap((void *)(address & ~(heddle_page - 1)), heddle_page, PROT_READ | PROT_WRITE,
			MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		errno = saved;
		if (page == MAP_FAILED)
			break;
		atomic_store_explicit(&heddle_table[i].hit, 1, memory_order_release);
		return;
	}
	if (heddle_previous.sa_flags & SA_SIGINFO)
		heddle_previous.sa_sigaction(number, info, context);
	else if (heddle_previous.sa_handler == SIG_DFL || heddle_previous.sa_handler == SIG_IGN)
		sigaction(number, &heddle_previous, NULL); // the fault repeats and takes its usual course
	else
		heddle_previous.sa_handler(number);
}

static int heddle_install(uintptr_t page) {
	heddle_page = page;
	struct sigaction action = {0};
	action.sa_sigaction = heddle_on_sigbus;
	// Go needs its handlers, and those that chain to them, on the signal stack.
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigfillset(&action.sa_mask);
	return sigaction(SIGBUS, &action, &heddle_previous) == 0 ? 0 : errno;
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

func claimFaultSlot(start, limit uintptr) (faultSlot, error) {
	faults.Lock()
	defer faults.Unlock()
	if !faults.installed {
		if code := C.heddle_install(C.uintptr_t(os.Getpagesize())); code != 0 {
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

func (s *faultSlot) take() bool {
	return atomic.LoadUint32(s.hit) != 0 && atomic.SwapUint32(s.hit, 0) != 0
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
