package inbox_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// monday is 10:00 in London (everybody's first morning) and 21:00 in Sydney.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func at(day, clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", "2026-"+day+" "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

// A house is a team with an inbox: Ana and Tom in London, Mei in Sydney, all at work
// 09:00-17:00, tides at 09:00, 13:00 and 16:00.
type house struct {
	t             testing.TB
	db            *store.DB
	dir           *people.Directory
	box           *inbox.Inbox
	ana, tom, mei *people.Person
	kicks         int
	answered      []string
	serial        int
}

func newHouse(t testing.TB, change func(*inbox.Options)) *house {
	t.Helper()
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &house{t: t, db: db, dir: people.NewDirectory(db, []string{"team.example"})}
	h.add("Ana Silva", "ana", "Europe/London", "ana.silva@team.example")
	h.add("Tom Berg", "tom", "Europe/London")
	h.add("Mei Chen", "mei", "Australia/Sydney")
	h.reload()
	o := inbox.Options{
		Domain: "team.example", Hostname: "mail.team.example", Rand: rand.NewChaCha8([32]byte{1}), Kick: func() { h.kicks++ },
		OnReply: func(_ context.Context, mids []string, _ []*people.Person, _ time.Time) {
			h.answered = append(h.answered, mids...)
		},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if change != nil {
		change(&o)
	}
	h.box = inbox.New(db, h.dir, o)
	return h
}

func (h *house) add(name, local, zone string, aliases ...string) {
	h.t.Helper()
	profile, err := people.DefaultProfile(zone).Encode()
	if err != nil {
		h.t.Fatal(err)
	}
	h.update(func(tx *store.Tx) error {
		return tx.InsertPerson(&store.Person{Name: name, Address: local + "@team.example", Aliases: aliases, Profile: profile, Active: true, Created: monday.AddDate(0, -1, 0)})
	})
}

func (h *house) reload() {
	h.t.Helper()
	if err := h.dir.Reload(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	for local, p := range map[string]**people.Person{"ana": &h.ana, "tom": &h.tom, "mei": &h.mei} {
		*p, _, _ = h.dir.ByAddress(mail.Address{Local: local, Domain: "team.example"})
	}
}

// set changes somebody's profile.
func (h *house) set(p *people.Person, change func(*people.Profile)) {
	h.t.Helper()
	profile := p.Profile
	change(&profile)
	raw, err := profile.Encode()
	if err != nil {
		h.t.Fatal(err)
	}
	h.update(func(tx *store.Tx) error {
		all, err := tx.People()
		for _, row := range all {
			if row.ID == p.ID {
				row.Profile = raw
				return tx.UpdatePerson(row)
			}
		}
		return err
	})
	h.reload()
}

func (h *house) leave(p *people.Person, text string) {
	h.t.Helper()
	l, err := people.ParseLeave(text)
	if err != nil {
		h.t.Fatal(err)
	}
	h.set(p, func(pr *people.Profile) { pr.Calendar.Leave = []scheduler.Leave{l} })
}

func (h *house) update(fn func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.Update(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) view(fn func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.View(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

func address(s string) mail.Address {
	local, domain, _ := strings.Cut(s, "@")
	return mail.Address{Local: local, Domain: domain}
}

// text makes a message. fields are further lines of its header.
func (h *house) text(from, subject string, fields ...string) string {
	h.serial++
	id := fmt.Sprintf("Message-ID: <m%d@x.test>\r\n", h.serial)
	for _, f := range fields {
		if strings.HasPrefix(f, "Message-ID:") {
			id = ""
		}
	}
	head := "From: " + from + "\r\nTo: ana@team.example\r\nSubject: " + subject + "\r\n" + id
	for _, f := range fields {
		head += f + "\r\n"
	}
	return head + "\r\nHello, this is the text about " + subject + ".\r\n"
}

func (h *house) stage(text string, now time.Time) *store.Staged {
	h.t.Helper()
	s, err := h.db.Stage(context.Background(), strings.NewReader(text), now)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// receive takes mail from elsewhere.
func (h *house) receive(to, text string, now time.Time) error {
	h.t.Helper()
	from := mail.ParseHeader([]byte(text)).Addresses("From")
	env := mail.Envelope{Recipients: []mail.Recipient{{Address: address(to)}}}
	if len(from) > 0 {
		env.From = from[0].Address
	}
	return h.box.Receive(context.Background(), env, h.stage(text, now), inbox.Peer{Helo: "mx.x.test", Protocol: "ESMTP"}, now)
}

func (h *house) mustReceive(to, text string, now time.Time) {
	h.t.Helper()
	if err := h.receive(to, text, now); err != nil {
		h.t.Fatal(err)
	}
}

// insert stores a message as our own queue does.
func (h *house) insert(tx *store.Tx, text string, now time.Time) (store.Message, *mail.Content, mail.Facts, error) {
	s := store.StageBytes(cut(text))
	facts := mail.FactsOf(mail.ParseHeader(s.Head), s.Content, mail.Address{Local: "x", Domain: "team.example"})
	body, err := tx.AddBody(s, now)
	if err != nil {
		return store.Message{}, nil, facts, err
	}
	m := store.Message{Origin: store.OriginSubmitted, BodyID: body, Head: s.Head, Size: s.Size(), MID: facts.MessageID, Created: now}
	if m.ThreadID, err = inbox.PlaceThread(tx, inbox.Threaded(facts, now), now); err != nil {
		return m, nil, facts, err
	}
	return m, s.Content, facts, tx.InsertMessage(&m)
}

func cut(text string) (head, body []byte) {
	i := strings.Index(text, "\r\n\r\n") + 4
	return []byte(text[:i]), []byte(text[i:])
}

// deliver is mail between colleagues, released at now.
func (h *house) deliver(author, to *people.Person, text string, now time.Time, change func(*inbox.Arrival)) store.Delivery {
	h.t.Helper()
	var d store.Delivery
	h.update(func(tx *store.Tx) error {
		m, content, facts, err := h.insert(tx, text, now)
		if err != nil {
			return err
		}
		a := inbox.Arrival{Person: to, Message: m, Content: content, Facts: facts, ReversePath: author.Address, Author: author, At: now}
		if change != nil {
			change(&a)
		}
		d, err = h.box.Deliver(tx, a)
		return err
	})
	return d
}

// submit stores mail that a person sent, as the queue remembers it.
func (h *house) submit(author, to *people.Person, text string, now time.Time) store.Submission {
	h.t.Helper()
	var s store.Submission
	h.update(func(tx *store.Tx) error {
		m, _, facts, err := h.insert(tx, text, now)
		if err != nil {
			return err
		}
		s = store.Submission{MessageID: m.ID, AuthorID: author.ID, ReversePath: author.Address.String(), MID: facts.MessageID, Digest: []byte{1}, Subject: facts.Subject, Accepted: now}
		if err := tx.InsertSubmission(&s); err != nil {
			return err
		}
		r := store.Recipient{SubmissionID: s.ID, Address: to.Address.String(), PersonID: to.ID, State: store.Delivered, RenditionID: m.ID, Released: now, Settled: now}
		return tx.InsertRecipient(&r, store.Event{At: now, Kind: "released"})
	})
	return s
}

func (h *house) runDue(now time.Time) {
	h.t.Helper()
	if err := h.box.RunDue(context.Background(), now); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) mailbox(p *people.Person, kind store.Kind) store.Mailbox {
	h.t.Helper()
	var m store.Mailbox
	h.view(func(tx *store.Tx) (err error) {
		m, err = tx.MailboxByKind(p.ID, kind)
		return err
	})
	return m
}

func (h *house) entries(p *people.Person, kind store.Kind) []store.Entry {
	h.t.Helper()
	box := h.mailbox(p, kind)
	var out []store.Entry
	h.view(func(tx *store.Tx) (err error) {
		out, err = tx.Entries(box.ID)
		return err
	})
	return out
}

func (h *house) message(id int64) (head, body string) {
	h.t.Helper()
	var m store.Message
	h.view(func(tx *store.Tx) (err error) {
		m, err = tx.Message(id)
		return err
	})
	r := h.db.OpenBody(context.Background(), m)
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		h.t.Fatal(err)
	}
	if m.Size != int64(len(m.Head)+len(raw)) {
		h.t.Errorf("message %d: size %d, has %d octets", id, m.Size, len(m.Head)+len(raw))
	}
	return string(m.Head), string(raw)
}

// list is what a person sees in a folder: subjects in the order of UIDs, an asterisk
// before what is unread.
func (h *house) list(p *people.Person, kind store.Kind) []string {
	h.t.Helper()
	var out []string
	last := uint32(0)
	for _, e := range h.entries(p, kind) {
		head, _ := h.message(e.MessageID)
		s := mail.ParseHeader([]byte(head)).Text("Subject")
		if e.Flags&store.Seen == 0 {
			s = "*" + s
		}
		if e.UID <= last {
			h.t.Errorf("UID %d after %d", e.UID, last)
		}
		last = e.UID
		out = append(out, s)
	}
	return out
}

func (h *house) events(delivery int64) []string {
	h.t.Helper()
	var out []string
	h.view(func(tx *store.Tx) error {
		list, err := tx.EventsOfDelivery(delivery)
		for _, e := range list {
			out = append(out, e.Kind+" "+e.State)
		}
		return err
	})
	return out
}

func (h *house) due() (time.Time, bool) {
	h.t.Helper()
	due, ok, err := h.box.NextDue(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	return due, ok
}
