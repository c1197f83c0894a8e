package imapd

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A world is a server with two people, reached over pipes.
type world struct {
	t      testing.TB
	db     *store.DB
	dir    *people.Directory
	inbox  *inbox.Inbox
	alice  store.Person
	bob    store.Person
	server *Server
	lis    *testkit.PipeListener
	stop   context.CancelFunc
	done   chan error
	logs   *lockedBuffer
}

// password of both; its hash is computed once for all tests.
const password = "correct horse battery"

var passwordHash = sync.OnceValue(func() string {
	h, err := people.HashPassword(password, rand.Reader)
	if err != nil {
		panic(err)
	}
	return h
})

var testTime = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, logs: &lockedBuffer{}}
	w.alice = w.person("alice@here.test", "Alice Ayer")
	w.bob = w.person("bob@here.test", "Bob Bell")
	w.dir = people.NewDirectory(db, []string{"here.test"})
	if err := w.dir.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.inbox = inbox.New(db, w.dir, inbox.Options{Domain: "here.test", Hostname: "mx.here.test", Rand: rand.Reader})
	o := Options{
		DB: db, People: w.dir, Inbox: w.inbox,
		Auth:     people.NewAuthenticator(w.dir, people.AuthOptions{Cores: 2, Tries: 10, Lockout: time.Minute}),
		Log:      slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Guard:    guard.IMAPOptions{AllowClearAuth: true, MaxAppend: 1 << 20},
		StopTime: time.Second,
	}
	for _, f := range change {
		f(&o)
	}
	w.serve(o)
	return w
}

func (w *world) serve(o Options) {
	w.server = New(o)
	w.lis = testkit.NewPipeListener("127.0.0.1:143")
	ctx, cancel := context.WithCancel(context.Background())
	w.stop, w.done = cancel, make(chan error, 1)
	go func() { w.done <- w.server.Serve(ctx, w.lis, false) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-w.done; err != nil {
			w.t.Errorf("Serve: %v", err)
		}
	})
}

func (w *world) person(address, name string) store.Person {
	w.t.Helper()
	profile, err := people.DefaultProfile("Europe/Berlin").Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	p := store.Person{Name: name, Address: address, Password: passwordHash(), Profile: profile, Active: true, Created: testTime}
	w.update(func(tx *store.Tx) error {
		if err := tx.InsertPerson(&p); err != nil {
			return err
		}
		return tx.EnsureMailboxes(p.ID, testTime)
	})
	return p
}

func (w *world) update(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(context.Background(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.View(context.Background(), f); err != nil {
		w.t.Fatal(err)
	}
}

// box returns a mailbox of alice.
func (w *world) box(name string) store.Mailbox {
	w.t.Helper()
	var m store.Mailbox
	w.view(func(tx *store.Tx) (err error) {
		m, err = tx.MailboxByName(w.alice.ID, name)
		return err
	})
	return m
}

// deliver puts messages into a mailbox of alice in one transaction.
func (w *world) deliver(box string, messages ...string) []store.Entry {
	w.t.Helper()
	m := w.box(box)
	var out []store.Entry
	var staged []*store.Staged
	for _, text := range messages {
		s, err := w.db.Stage(context.Background(), strings.NewReader(text), testTime)
		if err != nil {
			w.t.Fatal(err)
		}
		staged = append(staged, s)
	}
	w.update(func(tx *store.Tx) error {
		out = nil
		for _, s := range staged {
			e, err := addMessage(tx, m, s)
			if err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	})
	return out
}

func addMessage(tx *store.Tx, m store.Mailbox, s *store.Staged) (store.Entry, error) {
	body, err := tx.AddBody(s, testTime)
	if err != nil {
		return store.Entry{}, err
	}
	h := mail.ParseHeader(s.Head)
	msg := store.Message{Origin: store.OriginReceived, BodyID: body, Head: s.Head, Size: s.Size(), Created: testTime}
	if ids := h.MessageIDs("Message-ID"); len(ids) > 0 {
		msg.MID = ids[0]
	}
	if err := tx.InsertMessage(&msg); err != nil {
		return store.Entry{}, err
	}
	e := store.Entry{MailboxID: m.ID, MessageID: msg.ID, InternalDate: testTime}
	return e, tx.AddEntry(&e)
}

func plain(n int) string {
	return testkit.Letter("Bob <bob@here.test>", "Alice <alice@here.test>", fmt.Sprintf("Message %d", n),
		fmt.Sprintf("m%d@here.test", n), fmt.Sprintf("Body of number %d.\r\n", n))
}

func (w *world) dial() net.Conn {
	w.t.Helper()
	c, err := w.lis.DialFrom(context.Background(), "127.0.0.1")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

// play runs a dialogue. {n} in it is a literal of the size of what follows "lit:".
func (w *world) play(text string) {
	w.t.Helper()
	d, err := testkit.ParseDialogue(w.t.(*testing.T).Name(), text)
	if err != nil {
		w.t.Fatal(err)
	}
	d.Run(w.t, w.stage())
}

func (w *world) stage() testkit.Stage {
	return testkit.Stage{
		Dial:    func(string) (net.Conn, error) { return w.lis.DialFrom(context.Background(), "127.0.0.1") },
		Timeout: 5 * time.Second,
		Expand:  func(s string) string { return strings.ReplaceAll(s, "{PASS}", `"`+password+`"`) },
		Actors: map[string]func(string) error{
			"letter": func(args string) error {
				box, rest, _ := strings.Cut(args, " ")
				subject, body, _ := strings.Cut(rest, "|")
				w.deliver(box, testkit.Letter("Bob <bob@here.test>", "Alice <alice@here.test>", subject,
					fmt.Sprintf("l%d@here.test", len(rest)), body+"\r\n", "Content-Type: text/plain; charset=utf-8"))
				return nil
			},
			"deliver": func(args string) error {
				box, n, _ := strings.Cut(args, " x")
				count := 1
				fmt.Sscan(n, &count)
				var texts []string
				for i := range count {
					texts = append(texts, plain(i+1))
				}
				w.deliver(strings.Trim(box, `"`), texts...)
				return nil
			},
		},
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// readAll drains a connection into nothing.
func readAll(r io.Reader) { _, _ = io.Copy(io.Discard, r) }
