package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tidepost/clocks"
	"tidepost/decisions"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A world is a team with a real store: Ana in London, Mei in Sydney, Tom in New York,
// all without tides, and a server elsewhere.
type world struct {
	t             testing.TB
	dir           string
	db            *store.DB
	people        *people.Directory
	q             *Queue
	out           *elsewhere
	ana, mei, tom *people.Person
	log           *bytes.Buffer
	alarms        []string
	opened        byte // how often: each process has other random numbers
	inside        bool // a transaction of update runs
}

// elsewhere is a server that takes what its answer says.
type elsewhere struct {
	mu     sync.Mutex
	got    []sent
	answer func(rcpt mail.Address, n int) Result // n: the how manieth attempt
	tries  map[string]int
	block  chan struct{}
}

type sent struct {
	rcpt  string
	octet string
	mid   string
}

func taken() Result {
	return Result{Delivered: true, Reply: mail.Reply{Code: 250, Enhanced: [3]int{2, 0, 0}, Text: "OK"}, Said: true, Remote: "mx.elsewhere.example"}
}

func replied(code int, text string) Result {
	return Result{Reply: mail.Reply{Code: code, Enhanced: [3]int{code / 100, 1, 1}, Text: text}, Said: true, Remote: "mx.elsewhere.example"}
}

func (e *elsewhere) Send(ctx context.Context, job Job) []Result {
	if e.block != nil {
		select {
		case <-e.block:
		case <-ctx.Done():
		}
	}
	r, err := job.Open()
	if err != nil {
		panic(err)
	}
	defer r.Close()
	octets, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	if int64(len(octets)) != job.Size {
		panic(fmt.Sprintf("job says %d octets, has %d", job.Size, len(octets)))
	}
	head, _ := mail.SplitHead(octets)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tries == nil {
		e.tries = map[string]int{}
	}
	var out []Result
	for _, rcpt := range job.Recipients {
		mid := strings.Join(mail.ParseHeader(head).MessageIDs("Message-ID"), " ")
		e.tries[mid+rcpt.Address.Key()]++
		res := taken()
		if e.answer != nil {
			res = e.answer(rcpt.Address, e.tries[mid+rcpt.Address.Key()])
		}
		if res.Delivered || res.AfterDot {
			e.got = append(e.got, sent{rcpt.Address.Key(), string(octets), mid})
		}
		out = append(out, res)
	}
	return out
}

func (e *elsewhere) list() []sent {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]sent(nil), e.got...)
}

// monday is Monday 2 March 2026 in UTC.
func monday(hour, minute int) time.Time { return time.Date(2026, 3, 2, hour, minute, 0, 0, time.UTC) }

func newWorld(t testing.TB, change ...func(*Options)) *world {
	w := &world{t: t, dir: t.TempDir(), out: &elsewhere{}, log: &bytes.Buffer{}}
	w.open(change...)
	t.Cleanup(func() { w.db.Close() })
	w.add("Ana Silva", "ana@team.example", "Europe/London", "+44 20 1")
	w.add("Mei Chen", "mei@team.example", "Australia/Sydney", "+61 2 2")
	w.add("Tom Hall", "tom@team.example", "America/New_York", "")
	w.reload()
	return w
}

func (w *world) open(change ...func(*Options)) {
	db, err := store.Open(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	w.db = db
	w.opened++
	w.people = people.NewDirectory(db, []string{"team.example"})
	o := Options{
		Hostname: "mail.team.example", Domains: []string{"team.example"}, Undo: 20 * time.Second,
		Rand: rand.NewChaCha8([32]byte{1, w.opened}), Log: slog.New(slog.NewTextHandler(w.log, nil)), Workers: 4,
		Alarm: func(what, _ string) { w.alarms = append(w.alarms, what) },
	}
	o.Clocks = clocks.New(db, w.people, clocks.Options{Log: slog.New(slog.NewTextHandler(w.log, nil))})
	o.Decisions = decisions.New(db, w.people, decisions.Options{Domain: "team.example", TeamLists: []string{"all@lists.example"},
		Rand: rand.NewChaCha8([32]byte{3, w.opened}), Log: slog.New(slog.NewTextHandler(w.log, nil))})
	for _, f := range change {
		f(&o)
	}
	in := inbox.New(db, w.people, inbox.Options{Clocks: o.Clocks, Decisions: o.Decisions, Domain: "team.example", Hostname: "mail.team.example", Rand: rand.NewChaCha8([32]byte{2, w.opened})})
	if o.Decisions != nil {
		o.Decisions.Letters(in.Put)
	}
	w.q = New(db, w.people, in, w.out, o)
}

func (w *world) add(name, address, zone, phone string) {
	w.t.Helper()
	p := people.DefaultProfile(zone)
	p.Tides, p.Phone = nil, phone
	raw, err := p.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	row := store.Person{Name: name, Address: address, Profile: raw, Active: true, Created: monday(0, 0)}
	w.update(func(tx *store.Tx) error {
		if err := tx.InsertPerson(&row); err != nil {
			return err
		}
		return tx.EnsureMailboxes(row.ID, monday(0, 0))
	})
}

// profile changes a person's profile.
func (w *world) profile(p *people.Person, change func(*people.Profile)) {
	w.t.Helper()
	profile := p.Profile
	change(&profile)
	raw, err := profile.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	w.update(func(tx *store.Tx) error {
		return tx.UpdatePerson(store.Person{ID: p.ID, Name: p.Name, Address: p.Address.String(), Profile: raw, Active: true})
	})
	w.reload()
}

func (w *world) reload() {
	w.t.Helper()
	if err := w.people.Reload(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	find := func(s string) *people.Person {
		p, _, ok := w.people.ByAddress(addressOf(s))
		if !ok {
			w.t.Fatalf("no person %s", s)
		}
		return p
	}
	w.ana, w.mei, w.tom = find("ana@team.example"), find("mei@team.example"), find("tom@team.example")
}

func (w *world) update(f func(tx *store.Tx) error) {
	w.t.Helper()
	w.inside = true
	defer func() { w.inside = false }()
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

// letter writes a message of author; fields are further header lines.
func letter(author *people.Person, mid, subject string, date time.Time, body string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s <%s>\r\nSubject: %s\r\nDate: %s\r\n", author.Name, author.Address, subject, mail.FormatDate(date))
	if mid != "" {
		fmt.Fprintf(&b, "Message-ID: <%s>\r\n", mid)
	}
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String() + "\r\n" + body + "\r\n"
}

func (w *world) stage(text string, now time.Time) *store.Staged {
	w.t.Helper()
	s, err := w.db.Stage(context.Background(), strings.NewReader(text), now)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func envelope(from *people.Person, to ...string) mail.Envelope {
	e := mail.Envelope{From: from.Address}
	for _, s := range to {
		e.Recipients = append(e.Recipients, mail.Recipient{Address: addressOf(s)})
	}
	return e
}

// submit hands text in and returns the submission.
func (w *world) submit(now time.Time, author *people.Person, text string, to ...string) int64 {
	w.t.Helper()
	id, err := w.trySubmit(now, author, text, to...)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) trySubmit(now time.Time, author *people.Person, text string, to ...string) (int64, error) {
	w.t.Helper()
	return w.q.Submit(context.Background(), Submission{Author: author, Envelope: envelope(author, to...), Staged: w.stage(text, now),
		Peer: Peer{Protocol: "ESMTPSA", IP: "192.0.2.1"}, Now: now})
}

// run releases what is due at now, attempts included, until nothing is left to do.
func (w *world) run(now time.Time) {
	w.t.Helper()
	for range 1000 {
		if err := w.q.RunDue(context.Background(), now); err != nil {
			w.t.Fatal(err)
		}
		worked := w.workOff(now)
		due, ok, err := w.q.NextDue(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		if !worked && (!ok || due.After(now)) {
			return
		}
	}
	w.t.Fatal("RunDue does not come to an end")
}

// workOff does what the workers would, at a time of the test's choice.
func (w *world) workOff(now time.Time) bool {
	worked := false
	for u, ok := w.q.pool.take(); ok; u, ok = w.q.pool.take() {
		worked = true
		for _, t := range u {
			job := Job{Size: t.f.rendition.Size, Open: func() (io.ReadCloser, error) { return w.q.open(context.Background(), t.f), nil }}
			for _, r := range t.rcpts {
				job.Recipients = append(job.Recipients, mail.Recipient{Address: addressOf(r.Address)})
			}
			results := w.q.send(context.Background(), job)
			w.q.watch(results)
			if err := w.q.write(context.Background(), t, results, now); err != nil {
				w.t.Fatal(err)
			}
		}
		w.q.pool.done(u)
	}
	return worked
}

// unpack has express mail seen by a View.
func (w *world) unpack() {
	w.t.Helper()
	if w.inside {
		return
	}
	if err := w.db.Unpack(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) recipients(sub int64) (out []store.Recipient) {
	w.t.Helper()
	w.unpack()
	w.view(func(tx *store.Tx) (err error) {
		out, err = tx.Recipients(sub)
		return err
	})
	return out
}

// states is the state and, while it waits, the due time of every recipient.
func (w *world) states(sub int64) string {
	var out []string
	for _, r := range w.recipients(sub) {
		s := string(r.State)
		if !r.Due.IsZero() {
			s += " " + r.Due.Format("Mon 15:04:05")
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func (w *world) wantStates(sub int64, want string) {
	w.t.Helper()
	if got := w.states(sub); got != want {
		w.t.Errorf("recipients of %d: got %q, want %q", sub, got, want)
	}
}

func (w *world) box(p *people.Person, kind store.Kind) (m store.Mailbox) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		m, err = tx.MailboxByKind(p.ID, kind)
		return err
	})
	return m
}

func (w *world) entries(p *people.Person, kind store.Kind) (out []store.Entry) {
	w.t.Helper()
	box := w.box(p, kind)
	w.view(func(tx *store.Tx) (err error) {
		out, err = tx.Entries(box.ID)
		return err
	})
	return out
}

// octets is the whole message of an entry.
func (w *world) octets(e store.Entry) string {
	w.t.Helper()
	var m store.Message
	w.view(func(tx *store.Tx) (err error) {
		m, err = tx.Message(e.MessageID)
		return err
	})
	body, err := io.ReadAll(w.db.OpenBody(context.Background(), m))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(m.Head) + string(body)
}

func header(octets, field string) string {
	head, _ := mail.SplitHead([]byte(octets))
	return mail.ParseHeader(head).Text(field)
}

// subjects lists a folder in the order of its UIDs.
func (w *world) subjects(p *people.Person, kind store.Kind) string {
	w.t.Helper()
	var out []string
	for _, e := range w.entries(p, kind) {
		out = append(out, header(w.octets(e), "Subject"))
	}
	return strings.Join(out, "; ")
}

func (w *world) wantSubjects(p *people.Person, kind store.Kind, want string) {
	w.t.Helper()
	if got := w.subjects(p, kind); got != want {
		w.t.Errorf("%s of %s: got %q, want %q", kind, p.FirstName(), got, want)
	}
}

// kinds are the ledger lines of a submission.
func (w *world) kinds(sub int64) string {
	w.t.Helper()
	w.unpack()
	var out []string
	w.view(func(tx *store.Tx) error {
		events, err := tx.EventsOfSubmission(sub)
		for _, e := range events {
			out = append(out, e.Kind)
		}
		return err
	})
	return strings.Join(out, " ")
}

func (w *world) plan(sub int64, i int) Plan {
	w.t.Helper()
	var p Plan
	if err := json.Unmarshal(w.recipients(sub)[i].Plan, &p); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// reopen is a crash and a new process.
func (w *world) reopen(change ...func(*Options)) {
	w.t.Helper()
	if err := w.db.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open(change...)
	w.reload()
}

// crash is the end of a process that had no time to close the database, and a new one
// on what it left.
func (w *world) crash(change ...func(*Options)) {
	w.t.Helper()
	dir := w.t.TempDir()
	for _, name := range []string{store.File, store.File + "-wal"} {
		octets, err := os.ReadFile(filepath.Join(w.dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), octets, 0o600)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.db.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.dir = dir
	w.open(change...)
	w.reload()
}

func wantReply(t testing.TB, err error, code int, words string) {
	t.Helper()
	var r *mail.Reply
	if !errors.As(err, &r) || r.Code != code || !strings.Contains(r.Text, words) {
		t.Errorf("got error %v, want reply %d %q", err, code, words)
	}
}

// newWorldIn is newWorld in a directory of the caller's, closed by the caller.
func newWorldIn(t testing.TB, dir string, change ...func(*Options)) *world {
	w := &world{t: t, dir: dir, out: &elsewhere{}, log: &bytes.Buffer{}}
	w.open(change...)
	w.add("Ana Silva", "ana@team.example", "Europe/London", "")
	w.add("Mei Chen", "mei@team.example", "Australia/Sydney", "")
	w.add("Tom Hall", "tom@team.example", "America/New_York", "")
	w.reload()
	return w
}

// detailOf reads the detail of a stored event.
func detailOf(e store.Event) map[string]any {
	raw, ok := e.Detail.(*json.RawMessage)
	if !ok {
		return nil
	}
	var d map[string]any
	if json.Unmarshal(*raw, &d) != nil {
		return nil
	}
	return d
}
