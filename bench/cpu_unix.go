//go:build unix

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime gives the processor time of all threads of this process. When the machine does
// other work too, its differences say more than those of the clock.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic("BUG: the process has no clock of its own: " + err.Error())
	}
	return time.Duration(t.Nano())
}
