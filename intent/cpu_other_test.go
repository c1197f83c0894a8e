//go:build !unix

package intent

import (
	"testing"
	"time"
)

// cpuTime is the time of the clock where that of the processor is not known.
func cpuTime(testing.TB) time.Duration { return time.Duration(time.Now().UnixNano()) }
