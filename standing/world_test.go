package standing_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tidepost/clocks"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/scheduler"
	"tidepost/standing"
	"tidepost/store"
	"tidepost/threading"
)

// A world is a team with its queue, inbox and clocks: Ana, Mei and Tom in London, Sue in
// Sydney, all at work Monday to Friday 09:00-17:00. Tom stands in for Mei.
type world struct {
	t     *testing.T
	db    *store.DB
	dir   *people.Directory
	clock *clocks.Keeper
	box   *inbox.Inbox
	q     *queue.Queue
	desk  *standing.Desk
	now   time.Time

	ana, mei, tom, sue *people.Person
}

// at is a moment of the week of Monday 2 March 2026, London time, which is UTC.
func at(day int, clock string) time.Time {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 3, 1+day, t.Hour(), t.Minute(), 0, 0, time.UTC)
}

type nowhere struct{}

func (nowhere) Send(_ context.Context, j queue.Job) []queue.Result {
	return make([]queue.Result, len(j.Recipients))
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, now: at(1, "06:00")}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	w.dir = people.NewDirectory(db, []string{"team.example"})
	w.clock = clocks.New(db, w.dir, clocks.Options{Log: log,
		OnLine: func(tx *store.Tx, i clocks.Item, l threading.Line) error { return w.desk.OnLine(tx, i, l) }})
	w.desk = standing.New(db, w.dir, w.clock, standing.Options{Domain: "team.example",
		Put: func(tx *store.Tx, to *people.Person, l mail.Letter, now time.Time) (string, error) {
			return w.box.PutAtWork(tx, to, l, now)
		},
		Reload: func() { w.reload() },
	})
	w.box = inbox.New(db, w.dir, inbox.Options{Clocks: w.clock, Blocked: w.desk.Blocked, Domain: "team.example", Hostname: "mx.team.example",
		EveryTide: true, Rand: rand.NewChaCha8([32]byte{1})})
	w.q = queue.New(db, w.dir, w.box, nowhere{}, queue.Options{Clocks: w.clock, State: w.desk.Letter, Hostname: "mx.team.example", Domains: []string{"team.example"},
		Undo: time.Second, Rand: rand.NewChaCha8([32]byte{2}), Log: log})
	for _, p := range []struct{ name, zone, cover string }{{"Ana Silva", "Europe/London", ""}, {"Mei Chen", "Europe/London", "tom@team.example"},
		{"Tom Berg", "Europe/London", ""}, {"Sue Li", "Australia/Sydney", ""}} {
		profile := people.DefaultProfile(p.zone)
		profile.Cover = p.cover
		raw, err := profile.Encode()
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(strings.ToLower(p.name), " ")
		row := store.Person{Name: p.name, Address: first + "@team.example", Profile: raw, Active: true, Created: w.now}
		w.update(func(tx *store.Tx) error { return tx.InsertPerson(&row) })
	}
	w.reload()
	return w
}

func (w *world) reload() {
	w.t.Helper()
	if err := w.dir.Reload(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	for id, p := range []**people.Person{&w.ana, &w.mei, &w.tom, &w.sue} {
		if found, ok := w.dir.ByID(int64(id + 1)); ok {
			*p = found
		}
	}
}

func (w *world) update(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Unpack(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	if err := w.db.View(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// profile changes a person's profile, and all that hangs on it.
func (w *world) profile(p *people.Person, change func(*people.Profile)) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		return people.EditProfile(tx, p.ID, nil, w.now, func(profile *people.Profile) error {
			change(profile)
			return nil
		})
	})
	w.reload()
	if err := w.clock.Recalculate(context.Background(), p.ID, w.now); err != nil {
		w.t.Fatal(err)
	}
	w.desk.Kick()
}

// leave gives a person leave, both dates of the week of the story included.
func (w *world) leave(p *people.Person, first, last int) {
	w.profile(p, func(profile *people.Profile) {
		day := func(n int) scheduler.Date { return scheduler.DateOf(at(n, "00:00")) }
		profile.Calendar.Leave = append(profile.Calendar.Leave, scheduler.Leave{First: day(first), Last: day(last)})
	})
}

// pass lets everything happen that is due up to an instant, in steps of a quarter of an
// hour.
func (w *world) pass(until time.Time) {
	w.t.Helper()
	for ; !w.now.After(until); w.now = w.now.Add(15 * time.Minute) {
		w.work()
	}
	w.now = until
	w.work()
}

func (w *world) work() {
	w.t.Helper()
	for range 2 {
		for _, s := range []scheduler.Source{w.q, w.clock, w.desk, w.box} {
			if err := s.RunDue(context.Background(), w.now); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// send submits a mail of author; fields are further header lines, among them To.
func (w *world) send(author *people.Person, mid, subject, words string, fields ...string) {
	w.t.Helper()
	if err := w.trySend(author, mid, subject, words, fields...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) trySend(author *people.Person, mid, subject, words string, fields ...string) error {
	w.t.Helper()
	text := fmt.Sprintf("From: %s <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\n%s\r\n\r\n%s\r\n",
		author.Name, author.Address, subject, mail.FormatDate(w.now), mid, strings.Join(fields, "\r\n"), words)
	env := mail.Envelope{From: author.Address}
	head, _ := mail.SplitHead([]byte(text))
	h := mail.ParseHeader(head)
	for _, a := range append(h.Addresses("To"), h.Addresses("Cc")...) {
		env.Recipients = append(env.Recipients, mail.Recipient{Address: a.Address})
	}
	staged, err := w.db.Stage(context.Background(), strings.NewReader(text), w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.q.Submit(context.Background(), queue.Submission{Author: author, Envelope: env, Staged: staged, Now: w.now,
		Peer: queue.Peer{Protocol: "ESMTPSA", IP: "192.0.2.1"}})
	return err
}

// letters are the subjects in a folder of a person, unread ones with a star.
func (w *world) letters(p *people.Person, kind store.Kind) (out []string) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(p.ID, kind)
		if err != nil {
			return err
		}
		entries, err := tx.Entries(box.ID)
		for _, e := range entries {
			m, err := tx.Message(e.MessageID)
			if err != nil {
				return err
			}
			h := mail.ParseHeader(m.Head)
			out = append(out, mail.FactsOf(h, nil, mail.Address{}).Subject)
		}
		return err
	})
	return out
}

// body is the text of the last letter in INBOX whose subject begins so, "" if there is
// none.
func (w *world) body(p *people.Person, subject string) (text string) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(p.ID, store.KindInbox)
		if err != nil {
			return err
		}
		entries, err := tx.Entries(box.ID)
		if err != nil {
			return err
		}
		for _, e := range entries {
			m, err := tx.Message(e.MessageID)
			if err != nil {
				return err
			}
			if strings.HasPrefix(mail.FactsOf(mail.ParseHeader(m.Head), nil, mail.Address{}).Subject, subject) {
				r := w.db.OpenBody(context.Background(), m)
				raw, err := io.ReadAll(r)
				r.Close()
				if err != nil {
					return err
				}
				scan := mail.NewScanner(m.Head)
				if _, err := scan.Write(raw); err != nil {
					return err
				}
				text = strings.Join(strings.Fields(scan.Finish().Plain()), " ")
			}
		}
		return nil
	})
	return text
}

// wants looks whether a text says all of some things, and none of others.
func (w *world) wants(text string, has []string, lacks ...string) {
	w.t.Helper()
	for _, s := range has {
		if !strings.Contains(text, s) {
			w.t.Errorf("lacks %q: %s", s, text)
		}
	}
	for _, s := range lacks {
		if strings.Contains(text, s) {
			w.t.Errorf("says %q: %s", s, text)
		}
	}
}

// keywords looks at the flags of a mail in INBOX of everybody who has it.
func (w *world) keywords(mid, want string) {
	w.t.Helper()
	var out []string
	w.view(func(tx *store.Tx) error {
		for _, p := range w.dir.All() {
			box, err := tx.MailboxByKind(p.ID, store.KindInbox)
			if err != nil {
				return err
			}
			entries, err := tx.EntriesByMID(box.ID, mid)
			if err != nil {
				return err
			}
			for _, e := range entries {
				name, _, _ := strings.Cut(p.Address.String(), "@")
				out = append(out, strings.Join(append([]string{name}, e.Keywords...), " "))
			}
		}
		return nil
	})
	if got := strings.Join(out, "; "); got != want {
		w.t.Errorf("%v: keywords %q, want %q", w.now, got, want)
	}
}
