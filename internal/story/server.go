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
	"testing/synctest"
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
	gateway *gateway.Gateway
	db      *store.DB // for looking only
	cancel  context.CancelFunc
	done    chan error
	began   time.Time

	mu    sync.Mutex // guards doors
	doors map[string]*testkit.PipeListener
}

// configure is the configuration of the story: as it ships, but for what people of a
// team that has long had Tidepost do not see any more.
func (w *world) configure() (*config.Config, error) {
	everyTide := "true"
	for _, p := range w.story.cast.order {
		if p.fresh {
			everyTide = "false"
		}
	}
	values := map[string]string{
		"server.hostname": `"mx.` + teamDomain + `"`, "server.domains": `["` + teamDomain + `"]`, "server.data": `"` + w.dataDir() + `"`,
		"listen.submission": `"` + submissionDoor + `"`, "listen.inbound": `"` + inboundDoor + `"`, "listen.imap": `"` + imapDoor + `"`,
		"listen.submissions": `""`, "listen.imaps": `""`, "listen.allow_cleartext_login": "true",
		"relay.host": `"smarthost.example"`, "relay.tls": `"none"`, "store.reserve": `"1MiB"`,
		"limits.connection_rate":  "10000",
		"batch.digest_every_tide": everyTide,
	}
	for k, v := range w.story.cast.settings {
		values[k] = tomlValue(v)
	}
	sections := map[string][]string{}
	for k, v := range values {
		i := strings.LastIndexByte(k, '.')
		if i < 0 {
			return nil, fmt.Errorf("setting %s: write section.name, as in hold.undo", k)
		}
		sections[k[:i]] = append(sections[k[:i]], k[i+1:]+" = "+v)
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		fmt.Fprintf(&b, "[%s]\n%s\n", name, strings.Join(sections[name], "\n"))
	}
	cfg, err := config.Parse("settings of the story", []byte(b.String()), w.dir)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, b.String())
	}
	return cfg, nil
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
	cfg, err := w.configure()
	if err != nil {
		return err
	}
	s := &server{done: make(chan error, 1), began: time.Now(), doors: map[string]*testkit.PipeListener{}}
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
		Uptime:   func() time.Duration { return time.Since(s.began) },
	}
	s.gateway, err = gateway.OpenAt(site, cfg, slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelInfo})))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() { s.done <- s.gateway.Run(ctx) }()
	select {
	case <-s.gateway.Ready():
	case err := <-s.done:
		cancel()
		return fmt.Errorf("start: %w", err)
	}
	if s.db, err = store.OpenReader(w.dataDir()); err != nil {
		cancel()
		return errors.Join(err, <-s.done)
	}
	w.server = s
	synctest.Wait()
	return nil
}

func (s *server) listen(addr string) (net.Listener, error) {
	l := testkit.NewPipeListener(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doors[addr] = l
	return l, nil
}

func (s *server) dial(door string) (net.Conn, error) {
	s.mu.Lock()
	l := s.doors[door]
	s.mu.Unlock()
	from := "127.0.0.1"
	if door == inboundDoor {
		from = "192.0.2.25"
	}
	return l.DialFrom(context.Background(), from)
}

// stopServer ends the gateway as a signal does.
func (w *world) stopServer() error {
	s := w.server
	if s == nil {
		return nil
	}
	w.server = nil
	s.cancel()
	err := errors.Join(<-s.done, s.db.Close())
	synctest.Wait()
	return err
}

// crash goes on with the files as they are at this instant, as after a power cut; what
// the old process does when it ends is lost.
func (w *world) crash() error {
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
