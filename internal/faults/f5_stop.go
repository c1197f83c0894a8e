package faults

import (
	"fmt"
	"syscall"
	"time"

	"tidepost/e2e/traffic"
)

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// stopAndContinue stops the process under load, as a suspended machine does. Nothing
// is early, nothing is sent twice.
func stopAndContinue(t *T) {
	l := underLoad(install(t, setup{}))
	stops := []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, time.Second, 10 * time.Second}
	if t.plan.Long {
		for range 4 {
			stops = append(stops, stops[:5]...)
		}
		stops = append(stops, time.Minute, 10*time.Minute)
	}
	l.start()
	l.Begin()
	for _, d := range stops {
		l.more(100)
		l.signal(syscall.SIGSTOP)
		time.Sleep(d)
		l.signal(syscall.SIGCONT)
		l.more(10)
	}
	l.Halt()
	f := l.verdict(0)
	t.say("%d stops, %d mails acknowledged, 0 lost, 0 early, %d repeats", len(stops), l.Acked.Load(), traffic.Repeats(f))
}

func (s *site) signal(sig syscall.Signal) {
	if err := s.proc.Process.Signal(sig); err != nil {
		s.Fatal(err)
	}
}
