package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mail that leaves the hold for elsewhere, and with which nothing else happens, is
// claimed past closures: all of it that leaves together with some ten statements of many
// rows, instead of some seventeen for each. The rows are those that an ordinary
// transaction would write.

// A Departure is some recipients of one submission, all held or all deferred, who are
// sent to with the same head.
type Departure struct {
	Submission int64
	Message    int64       // as submitted
	Author     int64       // 0: Tidepost itself
	MID        string      // of the message
	Rendition  Message     // with the head of the release
	Fresh      bool        // Rendition is stored by Leave, which gives it its id
	Recipients []Recipient // as they were seen: who changed since stays, and so do the others
	Attempts   []Event     // the line of each
	Left       bool        // set by Leave: they are being sent
}

// A Leave is what is to leave at one moment.
type Leave struct {
	At         time.Time
	Departures []*Departure
	Keep       time.Duration // how long the text of what has gone from its folder is kept
	// Pending is a keyword on the author's own copies in Sent. It makes place for
	// Submitted when the last recipient leaves.
	Pending, Submitted string
	// Next is told, as by Tx.AfterCommit, when NextDue will have something again; zero:
	// nothing waits.
	Next func(here, beyond time.Time)

	here, beyond time.Time
}

// Leave claims recipients: once it returns nil, those of every departure that has Left
// are being sent, and that is on the disk. What waited in Scheduled or Before sending has
// gone from there with the last held recipient.
func (db *DB) Leave(ctx context.Context, l *Leave) error {
	for _, d := range l.Departures {
		for i := range d.Attempts {
			if _, err := recordOf(&d.Attempts[i]); err != nil {
				return fmt.Errorf("leave: %w", err)
			}
		}
	}
	return db.await(&job{ctx: ctx, leave: l, done: make(chan error, 1)})
}

// depart writes what leaves with a batch.
func (f *flights) depart(batch []*job) error {
	for _, j := range batch {
		if j.leave == nil {
			continue
		}
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		w := &leaving{b: f.b, l: j.leave, at: stampValue(j.leave.At), touched: map[int64]struct{}{}}
		if err := w.run(); err != nil {
			return fmt.Errorf("leave: %w", err)
		}
		j.tx = &Tx{touched: w.touched}
		if next := j.leave.Next; next != nil {
			j.tx.after = []func(){func() { next(j.leave.here, j.leave.beyond) }}
		}
	}
	return nil
}

// lookNext looks up what is due next, at the very end of a batch with which something
// has left.
func (f *flights) lookNext(batch []*job) error {
	if !slices.ContainsFunc(batch, func(j *job) bool { return j.leave != nil }) {
		return nil
	}
	var due [2]time.Time
	for elsewhere := range due {
		var bad error
		err := f.b.exec(nextDue, func(v driver.Value) { due[elsewhere], bad = timeOf(v) }, int64(elsewhere))
		if err = errors.Join(err, bad); err != nil {
			return fmt.Errorf("look for what is due next: %w", err)
		}
	}
	for _, j := range batch {
		if j.leave != nil {
			j.leave.here, j.leave.beyond = due[0], due[1]
		}
	}
	return nil
}

// timeOf reads a time as the columns hold it; NULL is zero.
func timeOf(v driver.Value) (time.Time, error) {
	if v == nil {
		return time.Time{}, nil
	}
	var t stamp
	err := t.Scan(text(v))
	return time.Time(t), err
}

// A leaving is the work on one Leave.
type leaving struct {
	b       *bulk
	l       *Leave
	at      driver.Value
	touched map[int64]struct{}
}

func (w *leaving) run() error {
	if err := w.check(); err != nil {
		return err
	}
	going := slices.DeleteFunc(slices.Clone(w.l.Departures), func(d *Departure) bool { return !d.Left })
	if len(going) == 0 {
		return nil
	}
	if err := w.renditions(going); err != nil {
		return err
	}
	if err := w.claim(going); err != nil {
		return err
	}
	return w.vanish(going)
}

// A seenAs is a recipient as the transaction sees it.
type seenAs struct {
	state   State
	due     string
	frozen  bool
	stopped bool
}

// check finds the departures whose recipients are as they were seen.
func (w *leaving) check() error {
	var ids []driver.Value
	for _, d := range w.l.Departures {
		for i := range d.Recipients {
			ids = append(ids, d.Recipients[i].ID)
		}
	}
	now := make(map[int64]seenAs, len(ids))
	err := w.b.rows(`SELECT r.id, r.state, r.due, s.frozen, s.stopped FROM recipient r CROSS JOIN submission s ON s.id = r.submission_id WHERE r.id IN (*)`,
		ids, func(row []driver.Value) {
			now[number(row[0])] = seenAs{State(text(row[1])), text(row[2]), number(row[3]) != 0, number(row[4]) != 0}
		})
	if err != nil {
		return err
	}
	for _, d := range w.l.Departures {
		d.Left = !slices.ContainsFunc(d.Recipients, func(r Recipient) bool {
			is, there := now[r.ID]
			return !there || is.state != r.State || is.due != text(stampValue(r.Due)) || is.frozen && is.state == Held || is.stopped ||
				is.state != Held && is.state != Deferred
		})
	}
	return nil
}

// renditions stores the heads of the release.
func (w *leaving) renditions(going []*Departure) error {
	var last int64
	err := w.b.exec(`SELECT seq FROM sqlite_sequence WHERE name = 'message'`, func(v driver.Value) { last, _ = v.(int64) })
	if err != nil {
		return err
	}
	var values []driver.Value
	for _, d := range going {
		if !d.Fresh {
			continue
		}
		last++
		m := &d.Rendition
		m.ID = last
		values = append(values, m.ID, string(m.Origin), idValue(m.SourceID), m.BodyID, notNil(m.Head), m.Size, m.MID, idValue(m.ThreadID),
			stampValue(m.Created))
	}
	return w.b.insert(`INSERT INTO message (id, origin, source_id, body_id, head, size, mid, thread_id, created)`, 9, values)
}

// claim moves the recipients, with the line of each.
func (w *leaving) claim(going []*Departure) error {
	var moves, events []driver.Value
	for _, d := range going {
		for i := range d.Recipients {
			r := &d.Recipients[i]
			moves = append(moves, r.ID, d.Rendition.ID, w.at)
			events = append(events, eventRow(&d.Attempts[i], d.Submission, r.ID, d.Rendition.ID, Sending)...)
		}
	}
	err := w.b.values(`UPDATE recipient SET state = 'sending', due = NULL, claimed = v.column3, released = coalesce(released, v.column3),
		attempts = attempts + 1, rendition_id = v.column2 FROM (`, `) AS v WHERE recipient.id = v.column1`, 3, moves, nil)
	if err != nil {
		return err
	}
	return w.b.insert(insertEvents, eventFields, events)
}

// vanish takes what has nobody left to wait for out of its author's folder.
func (w *leaving) vanish(going []*Departure) error {
	of := map[int64]*Departure{}
	var subs []driver.Value
	for _, d := range going {
		if d.Fresh && d.Author != 0 && of[d.Submission] == nil {
			of[d.Submission] = d
			subs = append(subs, d.Submission)
		}
	}
	err := w.b.where(`SELECT DISTINCT submission_id FROM recipient WHERE submission_id IN (*) AND state = 'held'`, subs,
		func(v driver.Value) { delete(of, number(v)) })
	if err != nil {
		return err
	}
	subs = slices.DeleteFunc(subs, func(v driver.Value) bool { return of[number(v)] == nil })
	shown := map[int64][]goner{} // by mailbox
	copies := map[copyOf]bool{}
	err = w.b.rows(`SELECT e.mailbox_id, e.id, e.uid, e.message_id, e.submission_id FROM entry e
		CROSS JOIN submission s ON s.id = e.submission_id CROSS JOIN mailbox b ON b.id = e.mailbox_id
		WHERE e.submission_id IN (*) AND b.person_id = s.author_id AND b.kind IN ('scheduled', 'before-sending')`, subs,
		func(row []driver.Value) {
			g := goner{entry: number(row[1]), uid: number(row[2]), message: number(row[3]), submission: number(row[4])}
			shown[number(row[0])] = append(shown[number(row[0])], g)
			d := of[g.submission]
			copies[copyOf{d.MID, d.Author}] = true
		})
	if err != nil || len(shown) == 0 {
		return err
	}
	for box, list := range shown {
		if err := w.remove(box, list); err != nil {
			return err
		}
	}
	return w.markSent(copies)
}

// A copyOf names the copies of a mail that its author's client filed.
type copyOf struct {
	mid    string
	author int64
}

// A goner is an entry that goes.
type goner struct{ entry, uid, message, submission int64 }

// remove takes entries out of a mailbox, in the order of their numbers.
func (w *leaving) remove(box int64, list []goner) error {
	slices.SortFunc(list, func(a, b goner) int { return int(a.uid - b.uid) })
	modseq, err := w.bump(box, len(list))
	if err != nil {
		return err
	}
	var ids, expunged, orphans []driver.Value
	for _, g := range list {
		modseq++
		ids = append(ids, g.entry)
		expunged = append(expunged, box, g.uid, modseq, w.at, string(GoneReleased), g.submission)
		orphans = append(orphans, g.message, stampValue(w.l.At.Add(w.l.Keep)))
	}
	if err := w.b.where(`DELETE FROM entry WHERE id IN (*)`, ids, nil); err != nil {
		return err
	}
	if err := w.b.insert(`INSERT INTO expunged (mailbox_id, uid, modseq, at, reason, submission_id)`, 6, expunged); err != nil {
		return err
	}
	return w.b.orphans(orphans)
}

// bump gives a mailbox n numbers of changes and returns the last one before them.
func (w *leaving) bump(box int64, n int) (modseq int64, err error) {
	err = w.b.exec(`UPDATE mailbox SET modseq = modseq + ? WHERE id = ? RETURNING modseq`,
		func(v driver.Value) { modseq = number(v) - int64(n) }, int64(n), box)
	w.touched[box] = struct{}{}
	return modseq, err
}

// markSent changes the keyword of the copies that authors' clients filed in Sent.
func (w *leaving) markSent(copies map[copyOf]bool) error {
	var set []driver.Value
	for c := range copies {
		if c.mid != "" {
			set = append(set, c.mid)
		}
	}
	type copied struct {
		entry int64
		words string
	}
	filed := map[int64][]copied{} // by mailbox
	err := w.b.rows(`SELECT e.mailbox_id, e.id, e.keywords, b.person_id, m.mid FROM message m CROSS JOIN entry e ON e.message_id = m.id
		CROSS JOIN mailbox b ON b.id = e.mailbox_id WHERE m.mid IN (*) AND m.mid <> '' AND b.kind = 'sent'`, set,
		func(row []driver.Value) {
			words := submitted(text(row[2]), w.l.Pending, w.l.Submitted)
			if copies[copyOf{text(row[4]), number(row[3])}] && words != text(row[2]) {
				filed[number(row[0])] = append(filed[number(row[0])], copied{number(row[1]), words})
			}
		})
	if err != nil {
		return err
	}
	var changes []driver.Value
	for box, list := range filed {
		modseq, err := w.bump(box, len(list))
		if err != nil {
			return err
		}
		for _, c := range list {
			modseq++
			changes = append(changes, c.entry, c.words, modseq)
		}
	}
	return w.b.values(`UPDATE entry SET keywords = v.column2, modseq = v.column3 FROM (`, `) AS v WHERE entry.id = v.column1`, 3, changes, nil)
}

// submitted puts one keyword into the place of another.
func submitted(keywords, pending, done string) string {
	words := slices.DeleteFunc(strings.Fields(keywords), func(s string) bool { return s == pending })
	if !slices.Contains(words, done) {
		words = append(words, done)
		slices.Sort(words)
	}
	return strings.Join(words, " ")
}

// orphans notes messages that may have lost their last reference: ids, and until when
// each is kept.
func (b *bulk) orphans(values []driver.Value) error {
	return b.values(`INSERT INTO orphan (message_id, after)`, ` ON CONFLICT (message_id) DO UPDATE SET after = max(after, excluded.after)`,
		2, values, nil)
}

func number(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}
