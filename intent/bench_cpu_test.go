//go:build unix

package intent

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpuTime is the processor time that the process has used.
func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReadCPU reports processor time, which other work on the machine changes
// less than the clock.
func BenchmarkReadCPU(b *testing.B) {
	for name, copies := range map[string]int{"4KB": 1, "1MB": 256} {
		in := benchMail()
		in.Text = strings.Repeat(in.Text, copies)
		b.Run(name, func(b *testing.B) {
			start, n := cpuTime(b), 0
			for b.Loop() {
				Read(in)
				n++
			}
			b.ReportMetric(float64(cpuTime(b)-start)/float64(n), "cpu-ns/op")
		})
	}
}
