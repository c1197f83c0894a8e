package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/internal/testkit"
	"tidepost/store"
)

// The doors of the gateway, on loopback so that no certificate is needed.
const (
	submissionDoor = "127.0.0.1:587"
	inboundDoor    = "127.0.0.1:25"
	imapDoor       = "127.0.0.1:143"
)

// A server is one life of the gateway.
type server struct {
	life
	db *store.DB // for looking only
}

// A life is a gateway that runs: within this process, or as one of its own.
type life interface {
	dial(door string) (net.Conn, error)
	end() error    // as a signal does
	reload() error // people have changed beside it
	kick() error   // the database has
	freeze(address string) error
	unfreeze(address, password string) error // "": keeping it
	revoke(address, device string) error
}

// An inner life is that of a gateway within this process, in whose bubble it is.
type inner struct {
	gateway *gateway.Gateway
	cancel  context.CancelFunc
	done    chan error
	began   time.Time

	mu    sync.Mutex // guards doors
	doors map[string]*testkit.PipeListener
}

// settings is the configuration of the story: as it ships, but for what people of a team
// that has long had Tidepost do not see any more. doors are where it listens, more is
// what stands in the place of all that.
func (w *world) settings(doors, more map[string]string) (string, error) {
	everyTide := "true"
	for _, p := range w.story.cast.order {
		if p.fresh {
			everyTide = "false"
		}
	}
	values := map[string]string{
		"server.hostname": `"mx.` + teamDomain + `"`, "server.domains": `["` + teamDomain + `"]`, "server.data": `"` + w.dataDir() + `"`,
		"listen.submission": `"` + doors[submissionDoor] + `"`, "listen.inbound": `"` + doors[inboundDoor] + `"`, "listen.imap": `"` + doors[imapDoor] + `"`,
		"listen.submissions": `""`, "listen.imaps": `""`, "listen.allow_cleartext_login": "true",
		"relay.host": `"smarthost.example"`, "relay.tls": `"none"`, "store.reserve": `"1MiB"`,
		"limits.connection_rate":  "10000",
		"batch.digest_every_tide": everyTide,
	}
	for k, v := range w.story.cast.settings {
		values[k] = tomlValue(v)
	}
	maps.Copy(values, more)
	sections := map[string][]string{}
	for k, v := range values {
		i := strings.LastIndexByte(k, '.')
		if i < 0 {
			return "", fmt.Errorf("setting %s: write section.name, as in hold.undo", k)
		}
		sections[k[:i]] = append(sections[k[:i]], k[i+1:]+" = "+v)
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		fmt.Fprintf(&b, "[%s]\n%s\n", name, strings.Join(sections[name], "\n"))
	}
	return b.String(), nil
}

// tomlValue quotes what is neither quoted, a number, a list nor a truth.
func tomlValue(v string) string {
	if strings.HasPrefix(v, `"`) || strings.HasPrefix(v, "[") || v == "true" || v == "false" || strings.Trim(v, "0123456789") == "" {
		return v
	}
	return `"` + v + `"`
}

// startServer opens the gateway on the database there is.
func (w *world) startServer() error {
	if w.server != nil {
		return errors.New("the server is running")
	}
	begin := w.startInner
	if w.outside != nil {
		begin = w.startProcess
	}
	life, err := begin()
	if err != nil {
		return err
	}
	db, err := store.OpenReader(w.dataDir())
	if err != nil {
		return errors.Join(err, life.end())
	}
	w.server = &server{life: life, db: db}
	w.settle()
	return nil
}

func (w *world) startInner() (life, error) {
	text, err := w.settings(map[string]string{submissionDoor: submissionDoor, inboundDoor: inboundDoor, imapDoor: imapDoor}, nil)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Parse("settings of the story", []byte(text), w.dir)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	s := &inner{done: make(chan error, 1), began: time.Now(), doors: map[string]*testkit.PipeListener{}}
	site := gateway.Site{
		Listen: s.listen,
		Control: func(string) (net.Listener, error) {
			return testkit.NewPipeListener("127.0.0.1:1"), nil
		},
		Dial: func(ctx context.Context, _, addr string) (net.Conn, error) {
			if w.hostOff.Load() {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
			}
			return w.hostLis.Dial(ctx)
		},
		Resolver: &w.dns,
		Mailbox:  w.providerMailbox,
		Scripts:  w.providerScripts,
		Uptime:   func() time.Duration { return time.Since(s.began) },
	}
	s.gateway, err = gateway.OpenAt(site, cfg, slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelInfo})))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() { s.done <- s.gateway.Run(ctx) }()
	select {
	case <-s.gateway.Ready():
	case err := <-s.done:
		cancel()
		return nil, fmt.Errorf("start: %w", err)
	}
	return s, nil
}

func (s *inner) listen(addr string) (net.Listener, error) {
	l := testkit.NewPipeListener(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doors[addr] = l
	return l, nil
}

func (s *inner) dial(door string) (net.Conn, error) {
	s.mu.Lock()
	l := s.doors[door]
	s.mu.Unlock()
	from := "127.0.0.1"
	if door == inboundDoor {
		from = "192.0.2.25"
	}
	return l.DialFrom(context.Background(), from)
}

func (s *inner) end() error {
	s.cancel()
	return <-s.done
}

func (s *inner) reload() error { return s.gateway.Reload(context.Background()) }

func (s *inner) kick() error {
	s.gateway.Kick()
	return nil
}

func (s *inner) freeze(address string) error {
	f, err := s.gateway.Freeze(context.Background(), address, "the story", time.Now())
	return errors.Join(err, f.Untold)
}

func (s *inner) unfreeze(address, password string) error {
	_, err := s.gateway.Unfreeze(context.Background(), address, password, false, "the story", time.Now())
	return err
}

func (s *inner) revoke(address, device string) error {
	_, _, err := s.gateway.Revoke(context.Background(), address, device, time.Now())
	return err
}

// stopServer ends the gateway as a signal does.
func (w *world) stopServer() error {
	s := w.server
	if s == nil {
		return nil
	}
	w.server = nil
	err := errors.Join(s.end(), s.db.Close())
	w.settle()
	return err
}

// crash goes on with the files as they are at this instant, as after a power cut; what
// the old process does when it ends is lost.
func (w *world) crash() error {
	if w.outside != nil {
		return w.kill()
	}
	next := fmt.Sprintf("%s-%d", w.dir, w.serial)
	w.serial++
	if err := os.CopyFS(filepath.Join(next, "data"), os.DirFS(w.dataDir())); err != nil {
		return err
	}
	if err := os.Chmod(filepath.Join(next, "data"), 0o700); err != nil {
		return err
	}
	w.t.Cleanup(func() { os.RemoveAll(next) })
	if err := w.stopServer(); err != nil {
		return err
	}
	w.dir = next
	return nil
}

// openHost starts the outside.
func (w *world) openHost() {
	if w.outside != nil {
		w.host = testkit.NewSmarthost(w.t, testkit.SmarthostOptions{})
		return
	}
	w.hostLis = testkit.NewPipeListener("192.0.2.99:587")
	w.host = testkit.NewSmarthost(w.t, testkit.SmarthostOptions{Listener: w.hostLis})
}

// maxLine is how much of a line of the log is kept: a panic writes long ones.
const maxLine = 600

// A logBook keeps what the server logs.
type logBook struct {
	mu    sync.Mutex
	lines []string
	part  []byte
}

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part = append(l.part, p...)
	for {
		line, rest, ok := bytes.Cut(l.part, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		l.lines = append(l.lines, string(line[:min(len(line), maxLine)]))
		l.part = bytes.Clone(rest)
	}
}

func (l *logBook) tail(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[max(0, len(l.lines)-n):], "\n")
}

// errors are the lines of level ERROR.
func (l *logBook) errors() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, line := range l.lines {
		if strings.Contains(line, "level=ERROR") {
			out = append(out, line)
		}
	}
	return out
}
