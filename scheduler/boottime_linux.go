package scheduler

import (
	"syscall"
	"time"
	"unsafe"
)

// clockBoottime is CLOCK_BOOTTIME of clock_gettime(2).
const clockBoottime = 7

// BootTime returns the time since the machine was started, suspended time
// included. Nobody can set this clock.
func BootTime() time.Duration {
	var ts syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		return wallAsBootTime() // A sandbox that forbids it.
	}
	return time.Duration(ts.Nano())
}
