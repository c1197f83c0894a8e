package remote_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tidepost/internal/provider"
	"tidepost/remote"
)

// BenchmarkListing lists an account of 50,000 messages: the first time, when the server
// has never looked into them, and again.
//
//	go test -run - -bench Listing -benchtime 1x ./remote
func BenchmarkListing(b *testing.B) {
	const count = 50_000
	p := provider.Dovecot(b, provider.Options{Extra: "mail_location = maildir:~/Maildir\n"})
	cur := filepath.Join(p.Dir, "home", ana, "Maildir", "cur")
	for _, d := range []string{cur, filepath.Join(filepath.Dir(cur), "new"), filepath.Join(filepath.Dir(cur), "tmp")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			b.Fatal(err)
		}
	}
	body := strings.Repeat("Some words that somebody wrote.\n", 60)
	for i := range count {
		text := fmt.Sprintf("From: Mei <mei@example.net>\nMessage-ID: <%d.abcdefgh@mail.example.net>\nSubject: Message %d\n\n%s", i, i, body)
		if err := os.WriteFile(filepath.Join(cur, fmt.Sprintf("%d.M%dP1.x:2,S", 1_700_000_000+i, i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		if err := exec.Command("chown", "-R", "nobody:nogroup", filepath.Join(p.Dir, "home", ana)).Run(); err != nil {
			b.Fatal(err)
		}
	}
	s, err := remote.Dial(b.Context(), account(p, ana))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for range b.N {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		base, peak, begin, cpu := m.HeapAlloc, uint64(0), time.Now(), cpuTime(b)
		look := func(name string) {
			begin, cpu = time.Now(), cpuTime(b)
			n := 0
			for _, err := range s.Since(b.Context(), 0) {
				if err != nil {
					b.Fatal(err)
				}
				if n++; n%1000 == 0 {
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapAlloc)
				}
			}
			if n != count {
				b.Fatalf("%d messages", n)
			}
			b.ReportMetric(time.Since(begin).Seconds(), name+"-s")
			b.ReportMetric((cpuTime(b) - cpu).Seconds(), name+"-cpu-s")
		}
		if _, err := s.Select(b.Context(), "INBOX", 0); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "select-s")
		look("first")
		look("again")
		begin = time.Now()
		if _, err := s.UIDs(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds()*1000, "uids-ms")
		b.ReportMetric(float64(peak-base)/(1<<20), "peak-MiB")
	}
}

// BenchmarkIdle keeps 200 connections with TLS idle for a minute, and says what one of
// them costs this process.
//
//	go test -run - -bench Idle -benchtime 1x ./remote
func BenchmarkIdle(b *testing.B) {
	const count = 200
	var users []provider.User
	for i := range count {
		users = append(users, provider.User{Name: fmt.Sprintf("p%d@example.org", i), Password: "x"})
	}
	p := provider.Dovecot(b, provider.Options{Users: users})
	for range b.N {
		before, heap := resident(b), inUse()
		ctx, cancel := context.WithCancel(b.Context())
		var ready, done sync.WaitGroup
		for _, u := range users {
			ready.Add(1)
			done.Add(1)
			go func() {
				defer done.Done()
				s, err := remote.Dial(ctx, account(p, u.Name))
				if err == nil {
					defer s.Close()
					_, err = s.Select(ctx, "INBOX", 0)
				}
				ready.Done()
				for err == nil && ctx.Err() == nil {
					_, err = s.Idle(ctx)
				}
				if err != nil && ctx.Err() == nil {
					b.Error(err)
				}
			}()
		}
		ready.Wait()
		time.Sleep(2 * time.Second)
		b.ReportMetric(float64(inUse()-heap)/count/1024, "heap-KiB/account")
		b.ReportMetric(float64(resident(b)-before)/count/1024, "rss-KiB/account")
		cpu, begin := cpuTime(b), time.Now()
		time.Sleep(time.Minute)
		b.ReportMetric(100*(cpuTime(b)-cpu).Seconds()/time.Since(begin).Seconds(), "%core")
		cancel()
		done.Wait()
	}
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func resident(b *testing.B) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip(err)
	}
	var size, rss int64
	if _, err := fmt.Sscan(string(text), &size, &rss); err != nil {
		b.Fatal(err)
	}
	return rss * int64(os.Getpagesize())
}
