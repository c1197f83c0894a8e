package mirror_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/internal/fakehost"
	"tidepost/internal/gateway"
	"tidepost/internal/testkit"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/secrets"
	"tidepost/store"
)

// A world is a gateway in virtual time; Ana has her mailbox at a provider, Mei here.
type world struct {
	t      *testing.T
	dir    string
	host   *fakehost.Host
	doors  map[string]*testkit.PipeListener
	g      *gateway.Gateway
	cancel context.CancelFunc
	done   chan error
	logs   strings.Builder
	n      int
	logins int
	ana    int64

	scripts func(a remote.Account) (mirror.Scripts, error) // nil: there is no ManageSieve
}

const password = "correct horse battery staple"

// play runs f on a Monday at 10:00 in London, where both work from 9 to 17:30.
func play(t *testing.T, f func(w *world)) {
	t.Helper()
	playAfter(t, func(*world) {}, f)
}

// playAfter is play with something done before the gateway starts.
func playAfter(t *testing.T, before, f func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)))
		w := &world{t: t, dir: dir, host: fakehost.New(time.Now)}
		w.hire()
		before(w)
		w.start()
		defer w.stop()
		f(w)
	})
}

func (w *world) hire() {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Join(w.dir, "data"), 0o700); err != nil {
		w.t.Fatal(err)
	}
	db, err := store.Open(filepath.Join(w.dir, "data"))
	w.must(err)
	edit := people.NewEditor(db, []string{"team.example"}, rand.Reader)
	for _, p := range []struct{ name, inbox string }{{"Ana", "imap"}, {"Mei", "store"}} {
		e, err := edit.Add(context.Background(), people.Request{Password: password, Fields: map[people.Field]string{
			people.FieldName: p.name, people.FieldAddress: strings.ToLower(p.name) + "@team.example", people.FieldZone: "Europe/London",
			people.FieldHours: "Mon-Fri 09:00-17:30", people.FieldTides: "13:00 16:00", people.FieldInbox: p.inbox,
		}}, time.Now().Add(-60*24*time.Hour))
		w.must(err)
		if p.inbox == "imap" {
			w.ana = e.ID
		}
	}
	keep := accounts.New(accounts.Options{DB: db, Box: secrets.Open(filepath.Join(w.dir, "data"), rand.Reader)})
	_, err = keep.Set(context.Background(), w.ana, accounts.Settings{Side: accounts.IMAP, Addr: "imap.host.example", User: "ana", Password: "secret"}, time.Now())
	w.must(err)
	w.must(db.Close())
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v\naccount:\n%s\nlog:\n%s", err, w.host.Dump(), w.logs.String())
	}
}

// open builds the gateway, which does nothing yet.
func (w *world) open() {
	w.t.Helper()
	text := `[server]
hostname = "mx.team.example"
domains = ["team.example"]
data = "` + filepath.Join(w.dir, "data") + `"
[listen]
submission = "127.0.0.1:587"
inbound = ""
imap = ""
imaps = ""
submissions = ""
allow_cleartext_login = true
[relay]
host = "smarthost.example"
tls = "none"
[store]
reserve = "1MiB"
[limits]
connection_rate = 10000
[batch]
digest_every_tide = true
outside = "tide"
`
	cfg, err := config.Parse("settings", []byte(text), w.dir)
	w.must(err)
	w.doors = map[string]*testkit.PipeListener{}
	began := time.Now()
	site := gateway.Site{
		Listen: func(addr string) (net.Listener, error) {
			l := testkit.NewPipeListener(addr)
			w.doors[addr] = l
			return l, nil
		},
		Control: func(string) (net.Listener, error) { return testkit.NewPipeListener("127.0.0.1:1"), nil },
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("connection refused")
		},
		Mailbox: func(ctx context.Context, a remote.Account) (mirror.Session, error) {
			w.logins++
			if a.Password != "secret" {
				return nil, remote.ErrAuth
			}
			c, err := w.host.Dial(ctx)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
		Scripts: func(_ context.Context, a remote.Account) (mirror.Scripts, error) {
			if w.scripts == nil {
				return nil, remote.ErrLost
			}
			return w.scripts(a)
		},
		Uptime: func() time.Duration { return time.Since(began) },
	}
	w.g, err = gateway.OpenAt(site, cfg, slog.New(slog.NewTextHandler(&w.logs, &slog.HandlerOptions{Level: slog.LevelInfo})))
	w.must(err)
}

func (w *world) start() {
	w.t.Helper()
	w.open()
	w.run()
}

func (w *world) run() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel, w.done = cancel, make(chan error, 1)
	go func() { w.done <- w.g.Run(ctx) }()
	<-w.g.Ready()
	w.wait(20 * time.Second)
}

func (w *world) stop() {
	if w.cancel == nil {
		return
	}
	w.cancel()
	if err := <-w.done; err != nil {
		w.t.Errorf("stop: %v", err)
	}
	w.cancel = nil
}

func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// until waits for a time of day in London.
func (w *world) until(hour, minute int) {
	now := time.Now().UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, time.UTC)
	if !at.After(now) {
		at = at.Add(24 * time.Hour)
	}
	w.wait(at.Sub(now))
}

// arrives puts new mail from a customer into a folder of the account.
func (w *world) arrives(folder, subject string, fields ...string) string {
	w.n++
	mid := fmt.Sprintf("c%d@customer.example", w.n)
	text := "Return-Path: <bob@customer.example>\r\nFrom: Bob <bob@customer.example>\r\nTo: ana@team.example\r\nSubject: " + subject +
		"\r\nMessage-ID: <" + mid + ">\r\nDate: " + time.Now().Format(time.RFC1123Z) + "\r\n"
	for _, f := range fields {
		text += f + "\r\n"
	}
	w.host.Deliver(folder, []byte(text+"\r\nThe figures of last month are in.\r\n"))
	return mid
}

// sends submits a mail of one of the two.
func (w *world) sends(from, to, subject, words string, fields ...string) string {
	w.t.Helper()
	w.n++
	mid := fmt.Sprintf("s%d@team.example", w.n)
	w.submits(mid, from, to, subject, words, fields...)
	return mid
}

// submits is sends with a Message-ID.
func (w *world) submits(mid, from, to, subject, words string, fields ...string) {
	w.t.Helper()
	conn, err := w.doors["127.0.0.1:587"].DialFrom(context.Background(), "127.0.0.1")
	w.must(err)
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(line string, want string) {
		if line != "" {
			_, err := fmt.Fprintf(conn, "%s\r\n", line)
			w.must(err)
		}
		for {
			got, err := r.ReadString('\n')
			w.must(err)
			if len(got) > 3 && got[3] == '-' {
				continue
			}
			if !strings.HasPrefix(got, want) {
				w.must(fmt.Errorf("%s: %s", line, got))
			}
			return
		}
	}
	say("", "220")
	say("EHLO client", "250")
	say("AUTH PLAIN "+plainAuth(from+"@team.example"), "235")
	say("MAIL FROM:<"+from+"@team.example>", "250")
	say("RCPT TO:<"+to+">", "250")
	say("DATA", "354")
	text := "From: " + from + "@team.example\r\nTo: " + to + "\r\nSubject: " + subject + "\r\nMessage-ID: <" + mid + ">\r\nDate: " +
		time.Now().Format(time.RFC1123Z) + "\r\n" + strings.Join(fields, "") + "\r\n" + words + "\r\n."
	say(text, "250")
	say("QUIT", "221")
}

// subjects of a folder of the account, in their order.
func (w *world) subjects(folder string) []string {
	var out []string
	for _, v := range w.host.Folder(folder) {
		out = append(out, v.Subject)
	}
	return out
}

func (w *world) want(folder string, subjects ...string) {
	w.t.Helper()
	if got := w.subjects(folder); !slices.Equal(got, subjects) {
		w.must(fmt.Errorf("%s holds %q, want %q", folder, got, subjects))
	}
}

func (w *world) has(folder, subject string) bool { return slices.Contains(w.subjects(folder), subject) }

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// setInbox says where Ana reads her mail, and tells the server.
func (w *world) setInbox(where string) {
	w.t.Helper()
	w.set(map[people.Field]string{people.FieldInbox: where})
	w.must(w.g.Reload(context.Background()))
}

// set changes Ana's settings in the database.
func (w *world) set(fields map[people.Field]string) {
	w.t.Helper()
	db, err := store.Open(filepath.Join(w.dir, "data"))
	w.must(err)
	edit := people.NewEditor(db, []string{"team.example"}, rand.Reader)
	_, err = edit.Set(context.Background(), "ana@team.example", people.Request{Fields: fields}, time.Now())
	w.must(err)
	w.must(db.Close())
}
