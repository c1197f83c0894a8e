package story

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidepost/internal/gateway"
	"tidepost/internal/ports"
	"tidepost/people"
)

// settleTime is how long a story waits for processes when it cannot know that they have
// nothing to do any more: the clock of their bubble jumps over it as soon as they have not.
const settleTime = 200 * time.Millisecond

// outside is what a story needs to be played by processes: the program that ships, its
// sockets and its command line. This process and they live in a bubble of package bubble.
type outside struct {
	program string
	dir     string
	doors   map[string]string // where each listens
	passed  int               // hours on which it might have been killed
	acts    int               // acts after which it might have been
	kills   int
}

// newOutside reserves the doors.
func newOutside(t *testing.T, program, dir string) (*outside, error) {
	o := &outside{program: program, dir: dir, doors: map[string]string{}}
	for _, door := range []string{submissionDoor, inboundDoor, imapDoor} {
		port, release, err := ports.Take("127.0.0.1")
		if err != nil {
			return nil, err
		}
		t.Cleanup(release)
		o.doors[door] = fmt.Sprintf("127.0.0.1:%d", port)
	}
	return o, nil
}

func (o *outside) conf() string { return filepath.Join(o.dir, "tidepost.toml") }

// cli runs a command of the program beside the server, as its admin does.
func (o *outside) cli(args ...string) error {
	cmd := exec.Command(o.program, append([]string{"--config", o.conf()}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("tidepost %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (o *outside) set(address string, fields map[people.Field]string) error {
	args := []string{"people", "set", address}
	for f, v := range fields {
		args = append(args, "--"+strings.ReplaceAll(string(f), "_", "-")+"="+v)
	}
	return o.cli(args...)
}

func (o *outside) leave(p, to *member, at time.Time) error {
	args := []string{"people", "leave", p.address, "--on", at.In(p.zone).Format(time.DateOnly)}
	if to != nil {
		args = append(args, "--to", to.address)
	}
	return o.cli(args...)
}

// A process is a gateway that runs as one of its own.
type process struct {
	*outside
	data   string
	cmd    *exec.Cmd
	exited chan error
}

// startTime bounds how long it may take until the doors are open.
const startTime = time.Minute

// startProcess runs `tidepost serve` and waits until its doors are open.
func (w *world) startProcess() (life, error) {
	host, port := w.host.Addr()
	text, err := w.settings(w.outside.doors, map[string]string{"relay.host": `"` + host + `"`, "relay.port": fmt.Sprint(port)})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(w.outside.conf(), []byte(text), 0o600); err != nil {
		return nil, err
	}
	p := &process{outside: w.outside, data: w.dataDir(), exited: make(chan error, 1)}
	p.cmd = exec.Command(p.program, "--config", p.conf(), "serve")
	p.cmd.Env = append(os.Environ(), "GOGC=300") // Else it looks every second at its memory.
	p.cmd.Stdout, p.cmd.Stderr = w.logs, w.logs
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go reap()
	reaping <- p
	for end := time.Now().Add(startTime); ; {
		if _, err = gateway.ReadStatus(context.Background(), p.data); err == nil {
			return p, nil
		}
		select {
		case err := <-p.exited:
			return nil, fmt.Errorf("start: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(end) {
			return nil, errors.Join(fmt.Errorf("start: %w", err), p.end())
		}
	}
}

// reaping hands a process to reap.
var reaping = make(chan *process)

// reap waits for the end of one process. The bubble knows it by its name, for which it must
// not have arguments: somebody who waits for a process has nothing to do.
func reap() {
	p := <-reaping
	p.exited <- p.cmd.Wait()
}

func (p *process) dial(door string) (net.Conn, error) { return net.Dial("tcp", p.doors[door]) }

func (p *process) end() error { return p.signal(syscall.SIGTERM) }

// signal ends the process. Whoever is killed does not end well, and that is well.
func (p *process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return err
	}
	err := <-p.exited
	if s == syscall.SIGKILL {
		return nil
	}
	return err
}

func (p *process) reload() error { return gateway.Reload(context.Background(), p.data) }
func (p *process) kick() error   { return gateway.Kick(context.Background(), p.data) }

func (p *process) freeze(address string) error { return p.cli("people", "freeze", address) }

func (p *process) unfreeze(address, password string) error {
	if password == "" {
		return p.cli("people", "unfreeze", address, "--keep-password")
	}
	file := filepath.Join(p.dir, "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	return p.cli("people", "unfreeze", address, "--password-file", file)
}

func (p *process) revoke(address, device string) error {
	return p.cli("app-password", "revoke", address, device)
}

// The server is killed every so many times when hours pass, and when somebody has done
// something.
const (
	killEveryPassing = 3
	killEveryAct     = 9
)

// killOnTheWay kills the server, on the hour, while time passes until then: that is when
// tides open, mail leaves and letters are written. A moment later it starts again.
func (w *world) killOnTheWay(at time.Time) {
	hour := time.Now().Truncate(time.Hour).Add(time.Hour)
	if w.server == nil || !hour.Before(at) {
		return
	}
	if w.outside.passed++; w.outside.passed%killEveryPassing != 0 {
		return
	}
	time.Sleep(time.Until(hour))
	w.killNow()
}

// killBehind kills the server right behind something that it has said yes to.
func (w *world) killBehind() {
	if w.server == nil {
		return
	}
	if w.outside.acts++; w.outside.acts%killEveryAct == 0 {
		w.killNow()
	}
}

func (w *world) killNow() {
	if err := errors.Join(w.kill(), w.startServer()); err != nil {
		w.t.Errorf("killed at %s: %v", show(time.Now(), w.zone), err)
	}
	w.outside.kills++
}

// kill ends the process as kill -9 does.
func (w *world) kill() error {
	s := w.server
	if s == nil {
		return errors.New("the server is down")
	}
	p, ok := s.life.(*process)
	if !ok {
		return errors.New("the server is no process")
	}
	w.server = nil
	return errors.Join(p.signal(syscall.SIGKILL), s.db.Close())
}
