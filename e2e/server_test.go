package e2e

import (
	"bytes"
	"context"
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
	"sync"
	"syscall"
	"testing"
	"time"

	"tidepost/internal/testkit"
)

const (
	hostname = "mail.team.example"
	password = "correct horse 7"

	startTime = 20 * time.Second // from exec to open doors
	stopTime  = 30 * time.Second // from SIGTERM to exit
	patience  = 30 * time.Second // for an outcome that should come at once
)

// program builds the binary once, unless one is given.
var program = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("TIDEPOST_BINARY"); given != "" {
		return filepath.Abs(given)
	}
	dir, err := os.MkdirTemp("", "tidepost-e2e-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	file := filepath.Join(dir, "tidepost")
	out, err := exec.Command("go", "build", "-tags", "sqlite_fts5", "-o", file, "tidepost/cmd/tidepost").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return file, nil
})

// builtIn is the directory of the program if it was built here.
var builtIn string

func TestMain(m *testing.M) {
	code := m.Run()
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

// A person is somebody to add before the server starts.
type person struct {
	name  string // "ana" of ana@team.example
	flags []string
}

// options are what a test wants to be different.
type options struct {
	people    []person          // default: ana and tom at work, mei asleep
	config    map[string]string // "section.key" → TOML value
	smarthost testkit.SmarthostOptions
	noHost    bool // start no fake smarthost: config names another one
	errors    bool // lines of level ERROR are expected
}

// A server is one installation and, most of the time, a process that serves it.
type server struct {
	t    *testing.T
	opts options

	dir, conf, data string
	program         string
	ports           map[string]int // by door
	smarthost       *testkit.Smarthost

	proc   *exec.Cmd
	exited chan error
	log    string
}

// setup makes an installation with its people and starts it.
func setup(t *testing.T, o options) *server {
	t.Helper()
	s := install(t, o)
	s.start()
	return s
}

// install makes an installation without starting it.
func install(t *testing.T, o options) *server {
	t.Helper()
	if testing.Short() {
		t.Skip("the built binary is not tested in short mode")
	}
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if o.people == nil {
		o.people = []person{awake("ana"), awake("tom"), asleep("mei")}
	}
	s := &server{t: t, opts: o, dir: t.TempDir(), program: file, ports: map[string]int{}}
	s.conf, s.data, s.log = filepath.Join(s.dir, "tidepost.toml"), filepath.Join(s.dir, "data"), filepath.Join(s.dir, "log")
	s.cli("init", "--domain", "team.example", "--hostname", hostname, "--data", s.data, "--smarthost", "127.0.0.1")
	for _, door := range []string{"submission", "submissions", "inbound", "lmtp", "imap", "imaps"} {
		s.ports[door] = freePort(t)
	}
	if !o.noHost {
		s.smarthost = testkit.NewSmarthost(t, o.smarthost)
	}
	s.certify()
	s.configure()
	secret := s.write("password", password+"\n")
	for _, p := range o.people {
		s.cli(append([]string{"people", "add", p.name + "@team.example", "--no-welcome", "--password-file", secret}, p.flags...)...)
	}
	t.Cleanup(s.end)
	return s
}

// certify puts a certificate in the place of the self-signed one: several clients
// accept nothing but an authority and a name that matches.
func (s *server) certify() {
	s.t.Helper()
	ca := testkit.NewCA(s.t)
	cert, key, err := testkit.CertPEM(ca.Issue("localhost", hostname, "127.0.0.1"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("tidepost.crt", string(cert))
	s.write("tidepost.key", string(key))
	s.write("ca.crt", string(ca.PEM()))
}

// in is s for a subtest, whose failures are its own.
func (s *server) in(t *testing.T) *server {
	c := *s
	c.t = t
	return &c
}

// configure puts ports, the fake smarthost and the options of the test into the file
// that init has written.
func (s *server) configure() {
	s.t.Helper()
	set := map[string]string{"hold.undo": `"0s"`, "hold.spread": `"0s"`, "log.level": `"debug"`, "store.reserve": `"1MiB"`,
		"coach.mode": `"off"`} // Most mails here are too short to be advised about.
	for door, port := range s.ports {
		set["listen."+door] = fmt.Sprintf("%q", fmt.Sprintf("127.0.0.1:%d", port))
	}
	if s.smarthost != nil {
		host, port := s.smarthost.Addr()
		set["relay.host"], set["relay.port"], set["relay.tls"] = fmt.Sprintf("%q", host), strconv.Itoa(port), `"none"`
	}
	for k, v := range s.opts.config {
		set[k] = v
	}
	text, err := os.ReadFile(s.conf)
	if err != nil {
		s.t.Fatal(err)
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
		s.t.Fatalf("init writes no line for %v", set)
	}
	if err := os.WriteFile(s.conf, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// awake is somebody who works day and night and gets mail as it comes.
func awake(name string, flags ...string) person {
	return person{name, append([]string{"--name", title(name), "--zone", "Europe/London", "--hours", "daily 00:00-24:00", "--tides", "none"}, flags...)}
}

// asleep is somebody in Sydney whose working day began and ended a while ago: the
// next one begins in ten hours.
func asleep(name string, flags ...string) person {
	return person{name, append([]string{"--name", title(name), "--zone", "Australia/Sydney", "--hours", hoursFrom("Australia/Sydney", 10), "--tides", "none"}, flags...)}
}

// hoursFrom is four hours of work a day, the next of which begin after about so many.
func hoursFrom(zone string, hours int) string {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	first := time.Now().In(loc).Hour() + hours
	return fmt.Sprintf("daily %02d:00-%02d:00", first%24, (first+4)%24)
}

func title(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// write makes a file of the installation that only we may read.
func (s *server) write(name, text string) string {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// cli runs a command of the program, which must end well, and returns what it printed.
func (s *server) cli(args ...string) string {
	s.t.Helper()
	out, errs, code := s.try(args...)
	if code != 0 {
		s.t.Fatalf("tidepost %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// try runs a command of the program.
func (s *server) try(args ...string) (out, errs string, code int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, append([]string{"--config", s.conf}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("tidepost %s: %v", strings.Join(args, " "), err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// ask runs a command with --json and reads its answer into v.
func (s *server) ask(v any, args ...string) {
	s.t.Helper()
	out := s.cli(append([]string{"--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), v); err != nil {
		s.t.Fatalf("tidepost --json %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// start runs `tidepost serve` and waits until every door is open.
func (s *server) start() {
	s.t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.proc = exec.Command(s.program, "--config", s.conf, "serve")
	s.proc.Stdout, s.proc.Stderr = log, log
	if err := s.proc.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.exited = make(chan error, 1)
	go func(p *exec.Cmd, exited chan error) { exited <- p.Wait() }(s.proc, s.exited)
	s.ready()
}

// ready waits for the control socket, which answers when every door is open, and
// checks that they are.
func (s *server) ready() {
	s.t.Helper()
	deadline := time.Now().Add(startTime)
	for {
		status, err := s.status()
		if err == nil && len(status.Listen) >= len(s.ports) { // And the pages, if there are any.
			return
		}
		select {
		case exit := <-s.exited:
			s.exited <- exit
			s.t.Fatalf("the server ended at once: %v", exit)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("not ready after %s: %v", startTime, err)
		}
	}
}

type status struct {
	PID    int               `json:"pid"`
	Listen map[string]string `json:"listen"`
}

// status asks the running server over its control socket.
func (s *server) status() (status, error) {
	var st status
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(s.data, "control.sock"))
		},
	}}
	resp, err := client.Get("http://control/status")
	if err != nil {
		return st, err
	}
	defer resp.Body.Close()
	return st, json.NewDecoder(resp.Body).Decode(&st)
}

// stop sends SIGTERM; the server must end by itself, in time and with exit code 0.
func (s *server) stop() {
	s.t.Helper()
	if s.proc == nil {
		return
	}
	proc := s.proc
	s.proc = nil
	if err := proc.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Errorf("stop: %v", err)
	}
	select {
	case err := <-s.exited:
		if err != nil {
			s.t.Errorf("after SIGTERM the server ended with %v, want exit code 0", err)
		}
	case <-time.After(stopTime):
		s.t.Errorf("the server still runs %s after SIGTERM", stopTime)
		if err := proc.Process.Signal(syscall.SIGQUIT); err == nil { // the log gets all goroutines
			<-s.exited
		}
	}
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	s.t.Helper()
	if err := s.proc.Process.Kill(); err != nil {
		s.t.Fatalf("kill: %v", err)
	}
	<-s.exited
	s.proc = nil
}

// end stops what still runs, looks for trouble in the log and shows it if the test
// has failed.
func (s *server) end() {
	s.stop()
	text, err := os.ReadFile(s.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Errorf("read log: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "), strings.Contains(line, "WARNING: DATA RACE"), strings.Contains(line, "panic="):
			s.t.Errorf("in the log: %s", line)
		case strings.Contains(line, "level=ERROR") && !s.opts.errors:
			s.t.Errorf("in the log: %s", line)
		}
	}
	if s.t.Failed() {
		const tail = 20_000
		s.t.Logf("the end of the server's log:\n%s", text[max(0, len(text)-tail):])
	}
}

// addr is host and port of a door.
func (s *server) addr(door string) string { return fmt.Sprintf("127.0.0.1:%d", s.ports[door]) }

// port is the port of a door as text.
func (s *server) port(door string) string { return strconv.Itoa(s.ports[door]) }

// cert is the file of the authority that clients have to trust.
func (s *server) cert() string { return filepath.Join(s.dir, "ca.crt") }

// until waits for an outcome: ask returns nil when it is there, else what is missing.
func until(t testing.TB, within time.Duration, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %v", within, err)
		}
		time.Sleep(pause)
	}
}
