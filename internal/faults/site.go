package faults

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/mattn/go-sqlite3" // the judge reads the database by itself

	"tidepost/internal/ports"
	"tidepost/internal/testkit"
)

const (
	password  = "correct horse 7"
	startTime = 30 * time.Second // from exec to open doors
	stopTime  = 30 * time.Second // from SIGTERM to exit
	patience  = 60 * time.Second // for an outcome that should come at once
)

// A setup is what a fault wants to be different from the usual installation.
type setup struct {
	data   string            // the data directory; "": inside the installation
	config map[string]string // "section.key" → TOML value
	host   testkit.SmarthostOptions
}

// A site is one installation and, most of the time, a process that serves it. Ana and
// Tom are at work day and night, Tom's mail comes with a tide in ten hours, Mei sleeps
// for ten hours.
type site struct {
	*T
	dir, conf, data, log string
	ports                map[string]int // by door
	smarthost            *testkit.Smarthost
	upstream             string // its log

	wrap   []string // a command that runs the server
	proc   *exec.Cmd
	exited chan error
	pid    int // of the server itself
}

// doors are all the server has.
func doors() []string {
	return []string{"submission", "submissions", "inbound", "lmtp", "imap", "imaps"}
}

// install makes an installation without starting it.
func install(t *T, o setup) *site {
	dir := t.TempDir()
	s := &site{T: t, dir: dir, conf: filepath.Join(dir, "tidepost.toml"), data: o.data, log: filepath.Join(dir, "log"),
		upstream: filepath.Join(dir, "upstream"), ports: map[string]int{}}
	if s.data == "" {
		s.data = filepath.Join(dir, "data")
	}
	s.cli("init", "--domain", "team.example", "--hostname", "mail.team.example", "--data", s.data, "--smarthost", "127.0.0.1")
	for _, door := range doors() {
		s.ports[door] = t.freePort()
	}
	o.host.Log = s.upstream
	s.smarthost = testkit.NewSmarthost(t, o.host)
	s.configure(o.config)
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add := func(name, zone, hours, tides string) {
		s.cli("people", "add", name+"@team.example", "--no-welcome", "--password-file", secret, "--name", name, "--zone", zone, "--hours", hours, "--tides", tides)
	}
	add("ana", "Europe/London", "daily 00:00-24:00", "none")
	add("tom", "Europe/London", "daily 00:00-24:00", clockIn("Europe/London", 10))
	sleep := clockIn("Australia/Sydney", 10)
	add("mei", "Australia/Sydney", "daily "+sleep+"-"+clockIn("Australia/Sydney", 14), "none")
	t.Cleanup(s.end)
	return s
}

// clockIn is the full hour that begins in about so many hours.
func clockIn(zone string, hours int) string {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%02d:00", (time.Now().In(loc).Hour()+hours)%24)
}

// configure puts ports, the fake smarthost and the wishes of the fault into the file
// that init has written.
func (s *site) configure(wishes map[string]string) {
	set := map[string]string{"hold.undo": `"1s"`, "hold.spread": `"0s"`, "store.reserve": `"1MiB"`, "relay.connections": "8"}
	for door, port := range s.ports {
		set["listen."+door] = fmt.Sprintf("%q", fmt.Sprintf("127.0.0.1:%d", port))
	}
	host, port := s.smarthost.Addr()
	set["relay.host"], set["relay.port"], set["relay.tls"] = fmt.Sprintf("%q", host), strconv.Itoa(port), `"none"`
	for k, v := range wishes {
		set[k] = v
	}
	text, err := os.ReadFile(s.conf)
	if err != nil {
		s.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	section := ""
	for i, line := range lines {
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
		}
		key, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), " = ")
		if value, want := set[section+"."+key]; ok && want {
			lines[i] = key + " = " + value
			delete(set, section+"."+key)
		}
	}
	if len(set) > 0 {
		s.Fatalf("init writes no line for %v", set)
	}
	if err := os.WriteFile(s.conf, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		s.Fatal(err)
	}
}

// cli runs a command of the program, which must end well.
func (s *site) cli(args ...string) string {
	out, code := s.try(args...)
	if code != 0 {
		s.Fatalf("tidepost %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// try runs a command of the program.
func (s *site) try(args ...string) (out string, code int) {
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.plan.Program, append([]string{"--config", s.conf}, args...)...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatalf("tidepost %s: %v", strings.Join(args, " "), err)
	}
	return b.String(), cmd.ProcessState.ExitCode()
}

// launch runs `tidepost serve` without waiting for anything.
func (s *site) launch() {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.Fatal(err)
	}
	defer log.Close()
	argv := append(append([]string{}, s.wrap...), s.plan.Program, "--config", s.conf, "serve")
	s.proc = exec.Command(argv[0], argv[1:]...)
	s.proc.Stdout, s.proc.Stderr = log, log
	if err := s.proc.Start(); err != nil {
		s.Fatal(err)
	}
	s.exited = make(chan error, 1)
	go func(p *exec.Cmd, exited chan error) { exited <- p.Wait() }(s.proc, s.exited)
}

// start runs `tidepost serve` and returns how long it took until every door was open.
func (s *site) start() time.Duration {
	begin := time.Now()
	s.launch()
	if err := s.ready(startTime); err != nil {
		s.Fatalf("start: %v\n%s", err, s.tail())
	}
	return time.Since(begin)
}

// ready waits until every door is open.
func (s *site) ready(within time.Duration) error {
	deadline := time.Now().Add(within)
	for {
		pid, n, err := s.status()
		if err == nil && n == len(s.ports) {
			s.pid = pid
			return nil
		}
		select {
		case exit := <-s.exited:
			s.exited <- exit
			return fmt.Errorf("the server ended at once: %w", exitError(exit))
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w", within, err)
		}
	}
}

// errWell is the end of a server that says that nothing went wrong.
var errWell = errors.New("exit code 0")

func exitError(err error) error {
	if err == nil {
		return errWell
	}
	return err
}

// control is a client of the control socket.
func (s *site) control() *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(s.data, "control.sock"))
		},
	}}
}

// status asks the running server who it is and how many doors are open.
func (s *site) status() (pid, doors int, err error) {
	resp, err := s.control().Get("http://control/status")
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	var st struct {
		PID    int               `json:"pid"`
		Listen map[string]string `json:"listen"`
	}
	err = json.NewDecoder(resp.Body).Decode(&st)
	return st.PID, len(st.Listen), err
}

// kick tells the server that the database was changed behind its back.
func (s *site) kick() {
	resp, err := s.control().Post("http://control/kick", "", nil)
	if err != nil {
		s.Errorf("kick: %v", err)
		return
	}
	resp.Body.Close()
}

// running reports whether the process has not ended.
func (s *site) running() bool {
	if s.proc == nil {
		return false
	}
	select {
	case err := <-s.exited:
		s.exited <- err
		return false
	default:
		return true
	}
}

// ended waits for a process that should end by itself.
func (s *site) ended(within time.Duration) (error, bool) {
	select {
	case err := <-s.exited:
		s.proc = nil
		s.gone()
		return err, true
	case <-time.After(within):
		return nil, false
	}
}

// kill ends the server, and whoever runs it, at once.
func (s *site) kill() {
	if s.proc == nil {
		return
	}
	_ = s.proc.Process.Kill() // It may have ended already.
	if s.pid > 0 && s.pid != s.proc.Process.Pid {
		_ = syscall.Kill(s.pid, syscall.SIGKILL)
	}
	<-s.exited
	s.proc = nil
	s.gone()
}

// gone waits until the server itself, who may not be our child, has left the doors.
func (s *site) gone() {
	for i := 0; s.pid > 0 && i < 1000; i++ {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
		if err != nil || bytes.Contains(state, []byte(") Z")) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.pid = 0
}

// stop sends SIGTERM; the server must end by itself, in time and with exit code 0.
func (s *site) stop() {
	if s.proc == nil {
		return
	}
	if err := s.proc.Process.Signal(syscall.SIGTERM); err != nil {
		s.Errorf("stop: %v", err)
	}
	err, ok := s.ended(stopTime)
	switch {
	case !ok:
		s.Errorf("the server still runs %s after SIGTERM", stopTime)
		_ = s.proc.Process.Signal(syscall.SIGQUIT) // The log gets all goroutines.
		time.Sleep(time.Second)
		s.kill()
	case err != nil:
		s.Errorf("after SIGTERM the server ended with %v, want exit code 0", err)
	}
}

// end kills what still runs and looks for panics in the log.
func (s *site) end() {
	s.kill()
	text, err := os.ReadFile(s.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.Errorf("read log: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.Contains(line, "panic=") {
			s.Errorf("in the log: %s", line)
		}
	}
	if s.Failed() {
		s.Logf("the end of the log:\n%s", s.tail())
	}
}

// tail is the end of the log.
func (s *site) tail() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

// addr is host and port of a door.
func (s *site) addr(door string) string { return fmt.Sprintf("127.0.0.1:%d", s.ports[door]) }

// open opens the database, also of a running server; mode is ro or rw.
func (s *site) open(mode string) *sql.DB {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(s.data, "tidepost.db")+"?mode="+mode+"&_busy_timeout=10000&_txlock=immediate")
	if err != nil {
		s.Fatal(err)
	}
	return db
}

// change changes the database as an operator with a shell could.
func (s *site) change(query string, args ...any) {
	db := s.open("rw")
	defer db.Close()
	if _, err := db.ExecContext(s.ctx, query, args...); err != nil {
		s.Fatalf("%s: %v", query, err)
	}
}

// count asks the database for a number.
func (s *site) count(query string, args ...any) int {
	db := s.open("ro")
	defer db.Close()
	var n int
	if err := db.QueryRowContext(s.ctx, query, args...).Scan(&n); err != nil {
		s.Fatalf("%s: %v", query, err)
	}
	return n
}

// sound checks the ledger.
func (s *site) sound() {
	if out, code := s.try("ledger", "check"); code != 0 || !strings.Contains(out, "accounted for") {
		s.Errorf("ledger check ended with %d:\n%s", code, out)
	}
}

// until waits for an outcome: ask returns nil when it is there, else what is missing.
func (t *T) until(within time.Duration, ask func() error) {
	deadline := time.Now().Add(within)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) || t.ctx.Err() != nil {
			t.Fatalf("after %s: %v", within, err)
		}
		time.Sleep(pause)
	}
}

// freePort takes a port on loopback for as long as the fault is judged.
func (t *T) freePort() int {
	p, release, err := ports.Take("127.0.0.1")
	if err != nil {
		panic(err)
	}
	t.Cleanup(release)
	return p
}
