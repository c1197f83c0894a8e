//go:build !linux

package scheduler

import "time"

// BootTime is the wall clock where there is no CLOCK_BOOTTIME: no step is seen.
func BootTime() time.Duration { return wallAsBootTime() }
