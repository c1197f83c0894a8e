package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/internal/provider"
)

// TestIdleAccounts keeps many accounts at a real Dovecot idle and says what that costs:
// under 1 % of a core and 2 MB a person, where the server has IDLE. It takes minutes; `make bench-provider` runs it.
func TestIdleAccounts(t *testing.T) {
	count := amount(t, "TIDEPOST_ACCOUNTS", 0)
	if count == 0 {
		t.Skip("make bench-provider runs it")
	}
	for _, kind := range []struct {
		name, hide string
		core       float64 // percent that are too much
	}{
		{"server with everything", "", 1},
		{"without NOTIFY", "NOTIFY", 1},
		{"without anything", "NOTIFY IDLE CONDSTORE QRESYNC LIST-STATUS ESEARCH", 3}, // Asked every five seconds.
	} {
		t.Run(kind.name, func(t *testing.T) {
			idle(t, count, kind.hide).measure(time.Duration(amount(t, "TIDEPOST_SECONDS", 120))*time.Second, kind.core)
		})
	}
}

// measure watches the server for a while in which nothing happens.
func (b *idling) measure(took time.Duration, most float64) {
	t := b.t
	t.Helper()
	begin, cpu, theirs, load := time.Now(), cpuOf(t, b.pid), b.dovecot(), loadAverage(t)
	time.Sleep(took)
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / time.Since(begin).Seconds() }
	core := share(cpuOf(t, b.pid) - cpu)
	memory := float64(kiloOf(t, b.pid, "smaps_rollup", "Pss:")) / 1024
	t.Logf("machine: load %s before, %s after %s", load, loadAverage(t), took)
	t.Logf("accounts %d, connections %d", b.count, connections(t, b.p.IMAPS))
	t.Logf("tidepost: %.3f %% of a core", core)
	t.Logf("tidepost: %.1f MiB PSS, %.3f MiB a person (%.1f MiB without accounts)", memory, memory/float64(b.count), b.bare)
	t.Logf("dovecot: %.2f %% of a core", share(b.dovecot()-theirs))
	if core >= most {
		t.Errorf("%.2f %% of a core", core)
	}
	if memory/float64(b.count) >= 2 {
		t.Errorf("%.2f MiB a person", memory/float64(b.count))
	}
}

// An idling is a server that has nothing to do.
type idling struct {
	*server
	t     *testing.T
	p     *provider.Server
	count int
	pid   int
	bare  float64 // MiB of a server without accounts
}

// idle starts a server with many accounts at a Dovecot that hides some of what it can, and
// waits until it rests.
func idle(t *testing.T, count int, hide string) *idling {
	t.Helper()
	var users []provider.User
	people, secrets := strings.Builder{}, strings.Builder{}
	people.WriteString("name,address,zone,inbox\n")
	secrets.WriteString("address,password\n")
	for i := range count {
		u := provider.User{Name: fmt.Sprintf("p%d@team.example", i), Password: fmt.Sprintf("secret-%d", i)}
		users = append(users, u)
		fmt.Fprintf(&people, "Person %d,%s,Europe/London,imap\n", i, u.Name)
		fmt.Fprintf(&secrets, "%s,%s\n", u.Name, u.Password)
	}
	p := provider.Dovecot(t, provider.Options{Users: users, Hide: hide})
	ca := filepath.Join(p.Dir, "ca.pem")
	if err := os.WriteFile(ca, p.CA.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &idling{t: t, p: p, count: count}
	b.server = setup(t, options{people: []person{awake("ana")}, config: map[string]string{"accounts.ca_file": strconv.Quote(ca), "log.level": `"info"`}})
	time.Sleep(3 * time.Second)
	b.bare = float64(kiloOf(t, b.proc.Process.Pid, "smaps_rollup", "Pss:")) / 1024
	begin := time.Now()
	b.cli("people", "import", "--no-welcome", b.write("people.csv", people.String()))
	b.cli("account", "import", "--imap", p.IMAPS, "--imap-security", "tls", b.write("accounts.csv", secrets.String()))
	t.Logf("set up %d accounts in %s", count, time.Since(begin).Round(time.Millisecond))
	b.pid = b.proc.Process.Pid
	until(t, 4*time.Minute, func() error {
		for _, u := range users {
			if _, err := os.Stat(filepath.Join(p.Dir, "home", u.Name, "mail", "mailboxes", "Tidepost", "About")); err != nil {
				return err
			}
		}
		return nil
	})
	t.Logf("all are tended after %s, with %.1f s of processor time", time.Since(begin).Round(time.Millisecond), cpuOf(t, b.pid).Seconds())
	// Whatever follows the set-up; a machine that is always busy is not waited for.
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); {
		at := cpuOf(t, b.pid)
		time.Sleep(10 * time.Second)
		if cpuOf(t, b.pid)-at < 100*time.Millisecond {
			break
		}
	}
	return b
}

// dovecot is the processor time of all of the provider's processes.
func (b *idling) dovecot() time.Duration {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.p.Dir, "run", "master.pid"))
	if err != nil {
		b.t.Fatal(err)
	}
	master := strings.TrimSpace(string(text))
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.t.Fatal(err)
	}
	var all time.Duration
	for _, file := range files {
		s, err := statOf(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(s) < 15 {
			continue // It has ended.
		}
		if err == nil && (s[1] == master || filepath.Base(filepath.Dir(file)) == master) {
			all += ticks(s[11]) + ticks(s[12])
			if s[1] != master {
				all += ticks(s[13]) + ticks(s[14]) // Of children that have ended.
			}
		}
	}
	return all
}

// amount reads a number from the environment.
func amount(t *testing.T, name string, usual int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s is no number", name, s)
	}
	return n
}

// statOf is /proc/PID/stat from the state on (proc(5)).
func statOf(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])), nil
}

// ticks reads a time in hundredths of a second.
func ticks(s string) time.Duration {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n) * 10 * time.Millisecond
}

// cpuOf is the processor time of a process.
func cpuOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	s, err := statOf(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	return ticks(s[11]) + ticks(s[12])
}

// kiloOf reads a line in kB of a file of /proc/PID.
func kiloOf(t *testing.T, pid int, file, field string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == field {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no %s in %s", field, file)
	return 0
}

// connections counts those that are open to an address of this machine.
func connections(t *testing.T, addr string) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(addr, ":")
	want, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) > 3 && strings.HasSuffix(f[2], fmt.Sprintf(":%04X", want)) && f[3] == "01" {
			n++
		}
	}
	return n
}

func loadAverage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))[0]
}
