package imapd

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tidepost/clocks"
	"tidepost/decisions"
	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// A world is a server with two people, reached over pipes.
type world struct {
	t     testing.TB
	db    *store.DB
	dir   *people.Directory
	inbox *inbox.Inbox
	queue *queue.Queue

	decisions *decisions.Keeper

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
	keeper := clocks.New(db, w.dir, clocks.Options{})
	w.decisions = decisions.New(db, w.dir, decisions.Options{Domain: "here.test", Rand: rand.Reader})
	w.inbox = inbox.New(db, w.dir, inbox.Options{Clocks: keeper, Decisions: w.decisions, Domain: "here.test", Hostname: "mx.here.test", Rand: rand.Reader})
	w.queue = queue.New(db, w.dir, w.inbox, &outside{}, queue.Options{
		Hostname: "mx.here.test", Domains: []string{"here.test"}, Rand: rand.Reader, Undo: 20 * time.Second, Coach: people.On, Clocks: keeper, Decisions: w.decisions,
	})
	w.decisions.Letters(w.inbox.Put)
	o := Options{
		DB: db, People: w.dir, Inbox: w.inbox, Queue: w.queue,
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
	if m.ID == 0 {
		return e, nil
	}
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

func (w *world) stage() testkit.Stage {
	return testkit.Stage{
		Dial:    func(string) (net.Conn, error) { return w.lis.DialFrom(context.Background(), "127.0.0.1") },
		Timeout: 5 * time.Second,
		Expand:  func(s string) string { return strings.ReplaceAll(s, "{PASS}", `"`+password+`"`) },
		Actors: map[string]func(string) error{
			"submit": func(args string) error {
				to, subject, _ := strings.Cut(args, " ")
				return w.submit(to, subject)
			},
			"draft": func(args string) error { // with advice beside it
				to, subject, _ := strings.Cut(args, " ")
				return w.send(to, subject, "Can we chat about "+subject+"?")
			},
			"ask": func(args string) error { // alice asks, now
				to, words, _ := strings.Cut(args, " ")
				return w.send(to, "[as is] Question "+strings.Fields(words)[3], words)
			},
			"reply": func(args string) error { // alice answers joe
				mid, words, _ := strings.Cut(args, " ")
				return w.send("joe@there.test", "Re: About "+mid, words, "In-Reply-To: <"+mid+"@there.test>")
			},
			"say": func(args string) error { // alice says something
				to, rest, _ := strings.Cut(args, " ")
				subject, words, _ := strings.Cut(rest, "|")
				return w.send(to, subject, words)
			},
			"decided": func(string) error { return w.decisions.RunDue(context.Background(), time.Now()) },
			"asked":   func(args string) error { return w.asked(args) },
			"clocks":  func(string) error { return w.queue.Clocks().RunDue(context.Background(), time.Now()) },
			"run":     func(string) error { return w.queue.RunDue(context.Background(), time.Now()) },
			"tide":    func(string) error { return w.inbox.RunDue(context.Background(), time.Now()) },
			"arrive":  func(args string) error { return w.arrive(args) },
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

// outside is a Sender that takes everything.
type outside struct{}

func (outside) Send(_ context.Context, job queue.Job) []queue.Result {
	out := make([]queue.Result, len(job.Recipients))
	for i := range out {
		out[i] = queue.Result{Delivered: true, Reply: mail.Reply{Code: 250, Text: "OK"}}
	}
	return out
}

// submit sends a mail of alice, as her client does.
func (w *world) submit(to, subject string) error { return w.send(to, subject, "Some words.") }

func (w *world) send(to, subject, words string, fields ...string) error {
	text := testkit.Letter("Alice <alice@here.test>", to, subject, strings.ReplaceAll(subject, " ", "-")+"@here.test", words+"\r\n", fields...)
	staged, err := w.db.Stage(context.Background(), strings.NewReader(text), time.Now())
	if err != nil {
		return err
	}
	alice, _ := w.dir.ByID(w.alice.ID)
	env := mail.Envelope{From: alice.Address}
	for _, a := range strings.Split(to, ",") {
		local, domain, _ := strings.Cut(a, "@")
		env.Recipients = append(env.Recipients, mail.Recipient{Address: mail.Address{Local: local, Domain: domain}})
	}
	_, err = w.queue.Submit(context.Background(), queue.Submission{Author: alice, Envelope: env, Staged: staged, Now: time.Now()})
	return err
}

// arrive brings a mail of bob to alice, who may have to wait for its tide.
func (w *world) arrive(subject string) error {
	text := testkit.Letter("Bob <bob@here.test>", "alice@here.test", subject, strings.ReplaceAll(subject, " ", "-")+"@here.test", "Some words for you.\r\n")
	ctx := context.Background()
	staged, err := w.db.Stage(ctx, strings.NewReader(text), time.Now())
	if err != nil {
		return err
	}
	alice, _ := w.dir.ByID(w.alice.ID)
	bob, _ := w.dir.ByID(w.bob.ID)
	return w.db.Update(ctx, func(tx *store.Tx) error {
		e, err := addMessage(tx, store.Mailbox{}, staged)
		if err != nil {
			return err
		}
		m, err := tx.Message(e.MessageID)
		if err != nil {
			return err
		}
		_, err = w.inbox.Deliver(tx, inbox.Arrival{
			Person: alice, Message: m, Content: staged.Content, Facts: mail.FactsOf(mail.ParseHeader(staged.Head), staged.Content, bob.Address),
			ReversePath: bob.Address, Author: bob, At: time.Now(),
		})
		return err
	})
}

// asked brings a question of somebody elsewhere to alice.
func (w *world) asked(args string) error {
	mid, words, _ := strings.Cut(args, " ")
	text := testkit.Letter("Joe <joe@there.test>", "alice@here.test", "About "+mid, mid+"@there.test", words+"\r\n")
	staged, err := w.db.Stage(context.Background(), strings.NewReader(text), time.Now())
	if err != nil {
		return err
	}
	env := mail.Envelope{From: mail.Address{Local: "joe", Domain: "there.test"},
		Recipients: []mail.Recipient{{Address: mail.Address{Local: "alice", Domain: "here.test"}}}}
	return w.inbox.Receive(context.Background(), env, staged, inbox.Peer{Helo: "there.test", Protocol: "ESMTP"}, time.Now())
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
