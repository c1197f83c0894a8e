package badinput

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/scheduler"
	"tidepost/store"
)

// A sim is queue and inbox on a real database, with a clock that is set: alice writes
// to boss, who works as the row says.
type sim struct {
	ctx    context.Context //nolint:containedctx // of the row
	db     *store.DB
	dir    *people.Directory
	edit   *people.Editor
	q      *queue.Queue
	in     *inbox.Inbox
	log    bytes.Buffer
	boot   time.Duration // what the clock shows that nobody sets
	serial int
}

// nowhere is a server that nothing is to reach.
type nowhere struct{}

// Send implements queue.Sender.
func (nowhere) Send(_ context.Context, job queue.Job) []queue.Result {
	return make([]queue.Result, len(job.Recipients))
}

// newSim makes the two people; nothing of boss's calendar but the given fields.
func newSim(ctx context.Context, data string, boss map[people.Field]string, now time.Time) (*sim, error) {
	db, err := store.Open(data)
	if err != nil {
		return nil, err
	}
	s := &sim{ctx: ctx, db: db, dir: people.NewDirectory(db, []string{domain}), edit: people.NewEditor(db, []string{domain}, rand.Reader)}
	for name, fields := range map[string]map[people.Field]string{
		"alice": {people.FieldZone: "UTC", people.FieldHours: "daily 00:00-24:00"},
		"boss":  boss,
	} {
		all := map[people.Field]string{people.FieldName: name, people.FieldAddress: name + "@" + domain, people.FieldTides: "none"}
		for f, v := range fields {
			all[f] = v
		}
		if _, err := s.edit.Add(ctx, people.Request{Password: "a good long pass phrase", Fields: all}, now); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if err := s.dir.Reload(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	s.in = inbox.New(db, s.dir, inbox.Options{Domain: domain, Hostname: hostname, Batch: people.Off, Rand: rand.Reader, Log: log})
	s.q = queue.New(db, s.dir, s.in, nowhere{}, queue.Options{Hostname: hostname, Domains: []string{domain}, Grace: time.Second,
		Clock: scheduler.NewStepGuard(func() time.Duration { return s.boot }), Rand: rand.Reader, Log: log})
	return s, nil
}

func (s *sim) person(name string) *people.Person {
	p, _, _ := s.dir.ByAddress(mail.Address{Local: name, Domain: domain})
	return p
}

// submit gives a letter to boss; until (zero: by his hours) is HOLDUNTIL.
func (s *sim) submit(until, now time.Time) error {
	s.serial++
	head := fmt.Sprintf("From: alice@%s\r\nTo: boss@%s\r\nSubject: letter %d\r\nMessage-ID: <%d@%s>\r\nDate: %s\r\n\r\n",
		domain, domain, s.serial, s.serial, domain, now.Format(time.RFC1123Z))
	_, err := s.q.Submit(s.ctx, queue.Submission{
		Author: s.person("alice"), Staged: store.StageBytes([]byte(head), []byte("x\r\n")), Now: now,
		Envelope: mail.Envelope{From: mail.Address{Local: "alice", Domain: domain}, HoldUntil: until,
			Recipients: []mail.Recipient{{Address: mail.Address{Local: "boss", Domain: domain}}}},
	})
	return err
}

// run lets the timer loop look at now, until it has no more to do; boot is how much
// time has truly passed since the last look.
func (s *sim) run(now time.Time, passed time.Duration) error {
	s.boot += passed
	for range 200 {
		if err := s.q.RunDue(s.ctx, now); err != nil {
			return err
		}
		due, ok, err := s.q.NextDue(s.ctx)
		if err != nil || !ok || due.After(now) {
			return err
		}
		if n, err := s.waiting(now); err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// waiting counts what is due and has not left.
func (s *sim) waiting(now time.Time) (n int, err error) {
	err = s.db.View(s.ctx, func(tx *store.Tx) error {
		list, err := tx.DueRecipients(now, 1)
		n = len(list)
		return err
	})
	return n, err
}

// arrived counts the letters in boss's INBOX that alice wrote.
func (s *sim) arrived() (n int, err error) {
	err = s.db.View(s.ctx, func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(s.person("boss").ID, store.KindInbox)
		if err != nil {
			return err
		}
		list, err := tx.Entries(box.ID)
		if err != nil {
			return err
		}
		for _, e := range list {
			m, err := tx.Message(e.MessageID)
			if err != nil {
				return err
			}
			if bytes.Contains(m.Head, []byte("Subject: letter ")) {
				n++
			}
		}
		return nil
	})
	return n, err
}

// due is the instant at which the next letter will leave.
func (s *sim) due() (due time.Time, ok bool, err error) {
	err = s.db.View(s.ctx, func(tx *store.Tx) error {
		due, ok, err = tx.NextRecipientDue()
		return err
	})
	return due, ok, err
}

// A watch is what the clock shows, letter by letter: nothing before its instant,
// everything at it, nothing twice.
func (s *sim) watch(want int, before, instant time.Time) error {
	last := before
	for _, t := range []struct {
		at   time.Time
		want int
	}{
		{before, 0}, {instant.Add(-time.Minute), 0}, {instant.Add(-time.Second), 0}, {instant, want},
		{instant.Add(time.Minute), want}, {instant.Add(time.Hour), want}, {instant.Add(2 * time.Hour), want}, {instant.Add(25 * time.Hour), want},
	} {
		if t.at.Before(last) {
			continue
		}
		if err := s.run(t.at, t.at.Sub(last)); err != nil {
			return err
		}
		last = t.at
		got, err := s.arrived()
		if err != nil {
			return err
		}
		if got != t.want {
			return fmt.Errorf("at %s %d letters have arrived, not %d", t.at.Format(time.RFC3339), got, t.want)
		}
	}
	return nil
}
