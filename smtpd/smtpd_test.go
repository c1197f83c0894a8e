package smtpd

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidepost/clocks"
	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/trust"
)

const password = "correct horse battery"

var passwordHash = sync.OnceValue(func() string {
	h, err := people.HashPassword(password, rand.Reader)
	if err != nil {
		panic(err)
	}
	return h
})

// upstream is the smarthost: it takes everything and remembers it.
type upstream struct {
	mu   sync.Mutex
	sent []string // "from → to: subject"
}

func (u *upstream) Send(_ context.Context, job queue.Job) []queue.Result {
	r, err := job.Open()
	if err != nil {
		return make([]queue.Result, len(job.Recipients))
	}
	defer r.Close()
	raw, _ := io.ReadAll(r)
	head, _ := mail.SplitHead(raw)
	u.mu.Lock()
	defer u.mu.Unlock()
	out := make([]queue.Result, len(job.Recipients))
	for i, to := range job.Recipients {
		u.sent = append(u.sent, fmt.Sprintf("%s to %s: %s", job.From, to.Address, mail.ParseHeader(head).Text("Subject")))
		out[i] = queue.Result{Delivered: true, Reply: mail.Reply{Code: 250, Enhanced: [3]int{2, 0, 0}, Text: "ok"}}
	}
	return out
}

// take answers the actor lines "upstream: nothing" and "upstream: a to b: subject".
func (u *upstream) take(want string) error {
	synctest.Wait()
	u.mu.Lock()
	defer u.mu.Unlock()
	got := strings.Join(u.sent, "; ")
	u.sent = nil
	if got == "" {
		got = "nothing"
	}
	if got != want {
		return fmt.Errorf("upstream got %q, want %q", got, want)
	}
	return nil
}

// A world is one gateway without IMAP, inside a bubble.
type world struct {
	t      *testing.T
	db     *store.DB
	doors  Doors
	up     *upstream
	queue  *queue.Queue
	inbox  *inbox.Inbox
	cancel context.CancelFunc
	loops  sync.WaitGroup
	full   bool
	ca     *testkit.CA
}

func newWorld(t *testing.T, ca *testkit.CA) *world {
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, up: &upstream{}, ca: ca}
	for _, name := range []string{"ana", "mei", "stu", "ful"} { // Stu wants to be stopped, Ful has no room
		w.person(name)
	}
	dir := people.NewDirectory(db, []string{"team.example"})
	if err := dir.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	kick := make(chan struct{}, 1)
	wake := func() {
		select {
		case kick <- struct{}{}:
		default:
		}
	}
	asks := clocks.New(db, dir, clocks.Options{Wake: wake})
	w.inbox = inbox.New(db, dir, inbox.Options{Clocks: asks, Domain: "team.example", Hostname: "mx.team.example", Rand: rand.Reader, Kick: wake,
		Trust: trust.New(trust.Options{ID: "mx.team.example", Resolver: names(), Upstreams: []string{"filter.example"}}), DMARC: inbox.DMARCRefuse})
	w.queue = queue.New(db, dir, w.inbox, w.up, queue.Options{
		Hostname: "mx.team.example", Domains: []string{"team.example"}, Rand: rand.Reader, Wake: wake,
		Undo: 20 * time.Second, Coach: people.On, Clocks: asks,
	})
	w.doors = Doors{DB: db, Directory: dir, Queue: w.queue, Inbox: w.inbox,
		Logins: people.NewAuthenticator(dir, people.AuthOptions{Cores: 2, Tries: 100, Lockout: time.Minute})}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.loops.Go(func() { w.queue.Run(ctx) })
	w.loops.Go(func() { scheduler.Run(ctx, nil, kick, w.queue, asks, w.inbox) })
	return w
}

func (w *world) close() {
	w.cancel()
	w.loops.Wait()
	if err := w.db.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) person(name string) {
	w.t.Helper()
	of := people.DefaultProfile("Europe/London")
	switch name {
	case "stu":
		of.CoachMode = people.Stop
	case "ful":
		of.Quota = new(int64)
		*of.Quota = 1
	}
	profile, err := of.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	p := store.Person{Name: name, Address: name + "@team.example", Aliases: []string{name + ".alias@team.example"},
		Password: passwordHash(), Profile: profile, Active: true, Created: time.Now()}
	if err := w.db.Update(context.Background(), func(tx *store.Tx) error { return tx.InsertPerson(&p) }); err != nil {
		w.t.Fatal(err)
	}
}

// serve starts a door and returns how to reach it and how to stop it.
func (w *world) serve(role guard.Role, implicit bool) (dial func(string) (net.Conn, error), stop func()) {
	s := New(w.doors, Options{
		Guard: guard.SMTPOptions{Hostname: "mx.team.example", Role: role, Implicit: implicit, MaxSize: 4000,
			TLS: w.ca.Server("mx.team.example"), MaxHold: 400 * 24 * time.Hour, Logins: guard.NewLogins()},
		Postmaster: mail.Address{Local: "ana", Domain: "team.example"},
		Room:       func() bool { return !w.full },
	})
	l := testkit.NewPipeListener("127.0.0.1:25")
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(guard.Listen(l, guard.Limits{})) }()
	return func(string) (net.Conn, error) { return l.Dial(context.Background()) }, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			w.t.Errorf("Shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			w.t.Errorf("Serve: %v", err)
		}
	}
}

// names is what the DNS knows: peers in dialogues come from 192.0.2.200.
func names() *testkit.DNS {
	return &testkit.DNS{TXT: map[string][]string{
		"customer.example": {"v=spf1 ip4:192.0.2.200 -all"},
		"bank.example":     {"v=spf1 ip4:192.0.2.1 -all"}, "_dmarc.bank.example": {"v=DMARC1; p=reject"},
		"team.example": {"v=spf1 ip4:192.0.2.1 -all"}, "_dmarc.team.example": {"v=DMARC1; p=quarantine"},
	}, Slow: map[string]bool{"slow.example": true}}
}

// junk answers "junk: mei 2": how many messages stand in Junk.
func (w *world) junk(text string) error {
	synctest.Wait()
	return w.count(text, store.KindJunk)
}

// arrived answers "inbox: ana 2": how many unread messages stand in INBOX and Next
// delivery together.
func (w *world) arrived(text string) error {
	synctest.Wait()
	return w.count(text, store.KindInbox, store.KindNextDelivery)
}

// count compares how many messages somebody has in folders together.
func (w *world) count(text string, kinds ...store.Kind) error {
	var name string
	var want int
	if _, err := fmt.Sscan(text, &name, &want); err != nil {
		return err
	}
	p, _, ok := w.doors.Directory.ByAddress(mail.Address{Local: name, Domain: "team.example"})
	if !ok {
		return fmt.Errorf("nobody is called %s", name)
	}
	got := 0
	err := w.db.View(context.Background(), func(tx *store.Tx) error {
		for _, kind := range kinds {
			box, err := tx.MailboxByKind(p.ID, kind)
			if err != nil {
				return err
			}
			entries, err := tx.Entries(box.ID)
			if err != nil {
				return err
			}
			got += len(entries)
		}
		return nil
	})
	if err == nil && got != want {
		err = fmt.Errorf("%s has %d messages, want %d", name, got, want)
	}
	return err
}

// digest is the Message-ID of somebody's newest digest.
func (w *world) digest(name string) (mid string) {
	p, _, ok := w.doors.Directory.ByAddress(mail.Address{Local: name, Domain: "team.example"})
	if !ok {
		w.t.Fatalf("nobody is called %s", name)
	}
	err := w.db.View(context.Background(), func(tx *store.Tx) error {
		d, err := tx.LastDigest(p.ID)
		mid = d.MID
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return mid
}

// expand is expand with "{DIGEST mei}", the Message-ID of a digest that has come.
func (w *world) expand(text string) string {
	text = expand(text)
	if _, name, ok := strings.Cut(text, "{DIGEST "); ok {
		name, _, _ = strings.Cut(name, "}")
		text = strings.ReplaceAll(text, "{DIGEST "+name+"}", w.digest(name))
	}
	return text
}

// sent answers "sent: mei 2": how many messages stand in Sent.
func (w *world) sent(text string) error {
	synctest.Wait()
	return w.count(text, store.KindSent)
}

// disk answers "disk: full" and "disk: room".
func (w *world) disk(text string) error {
	w.full = text == "full"
	return nil
}

// expand fills in what dialogues cannot know: {PLAIN user} is an initial response.
func expand(text string) string {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, user := range []string{"ana", "mei", "stu", "nobody"} {
		address := user + "@team.example"
		text = strings.ReplaceAll(text, "{PLAIN "+user+"}", b64("\x00"+address+"\x00"+password))
		text = strings.ReplaceAll(text, "{WRONG "+user+"}", b64("\x00"+address+"\x00wrong password here"))
		text = strings.ReplaceAll(text, "{USER "+user+"}", b64(address))
	}
	text = strings.ReplaceAll(text, "{AUTHZID}", b64("mei@team.example\x00ana@team.example\x00"+password))
	return strings.ReplaceAll(text, "{PASSWORD}", b64(password))
}

func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d dialogues, %v", len(files), err)
	}
	passwordHash() // Outside of the bubbles: it takes real time.
	ca := testkit.NewCA(t)
	for _, file := range files {
		d, err := testkit.ReadDialogue(file)
		if err != nil {
			t.Fatal(err)
		}
		role, implicit := guard.Submission, false
		switch name := filepath.Base(file); {
		case strings.HasPrefix(name, "inbound"):
			role = guard.Inbound
		case strings.HasPrefix(name, "lmtp"):
			role = guard.LMTP
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, ca)
				defer w.close()
				dial, stop := w.serve(role, implicit)
				defer stop()
				d.Run(t, testkit.Stage{Dial: dial, TLS: ca.Client("mx.team.example"), Expand: w.expand, Timeout: time.Hour,
					Actors: map[string]func(string) error{"upstream": w.up.take, "inbox": w.arrived, "sent": w.sent, "junk": w.junk, "disk": w.disk}})
			})
		})
	}
}

// Shutdown may come before Serve has begun.
func TestShutdownFirst(t *testing.T) {
	s := New(Doors{}, Options{Guard: guard.SMTPOptions{Hostname: "mx.team.example", Role: guard.Inbound}})
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	l := testkit.NewPipeListener("127.0.0.1:25")
	if err := s.Serve(guard.Listen(l, guard.Limits{})); err != nil {
		t.Error(err)
	}
	if c, err := l.Dial(context.Background()); err == nil {
		c.Close()
		t.Error("the listener is still open")
	}
}
