package queue

import (
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidepost/store"
)

// TestEveryCoachedDraftEndsOnce lets drafts be handed back, edited, sent again, moved,
// deleted, answered for and forgotten, with crashes between, and looks that nobody
// gets a draft twice, that each ends once, and that nothing stays in Before sending.
func TestEveryCoachedDraftEndsOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "model")
		if err != nil {
			r.Fatal(err)
		}
		m := &coachModel{r: r, w: newWorldIn(t, dir, coaching), now: monday(8, 0)}
		defer func() { m.w.db.Close() }()
		r.Repeat(map[string]func(*rapid.T){
			"draft": m.draft, "again": m.again, "edit": m.edit, "move": m.move, "delete": m.delete, "word": m.word,
			"read": m.read, "back": m.back, "pass": m.pass, "crash": m.crash, "": m.check,
		})
		m.finish()
	})
}

type coachModel struct {
	r     *rapid.T
	w     *world
	now   time.Time
	n     int
	texts []coachText
}

type coachText struct{ subject, words string }

func (m *coachModel) submit(subject, words string) {
	m.n++
	to := []string{"mei@team.example"}
	if m.n%3 == 0 {
		to = append(to, "joe@else.example")
	}
	text := letter(m.w.ana, fmt.Sprintf("c%d@team.example", m.n), subject, m.now, words, "To: mei@team.example")
	m.w.submit(m.now, m.w.ana, text, to...)
	m.texts = append(m.texts, coachText{subject, words})
}

func (m *coachModel) draft(r *rapid.T) {
	topic := rapid.SampledFrom([]string{"the project", "the trip", "the budget"}).Draw(r, "topic")
	m.submit("About "+topic, "Can we chat about "+topic+"?")
}

func (m *coachModel) drawn(r *rapid.T) coachText {
	if len(m.texts) == 0 {
		r.Skip("no draft")
	}
	return rapid.SampledFrom(m.texts).Draw(r, "draft")
}

func (m *coachModel) again(r *rapid.T) {
	d := m.drawn(r)
	m.submit(rapid.SampledFrom([]string{"", "[as is] ", "[now] "}).Draw(r, "tag")+d.subject, d.words)
}

func (m *coachModel) edit(r *rapid.T) {
	d := m.drawn(r)
	m.submit(d.subject, d.words+fmt.Sprintf(" Version %d.", m.n))
}

func (m *coachModel) entry(r *rapid.T, kind store.Kind) store.Entry {
	var list []store.Entry
	for _, e := range m.w.entries(m.w.ana, kind) {
		if e.SubmissionID != 0 {
			list = append(list, e)
		}
	}
	if len(list) == 0 {
		r.Skip("nothing there")
	}
	return rapid.SampledFrom(list).Draw(r, "entry")
}

func (m *coachModel) move(r *rapid.T) {
	e := m.entry(r, store.KindBefore)
	in := []store.Kind{store.KindScheduled, store.KindSendNow, store.KindSendMonday}
	out := []store.Kind{store.KindDrafts, store.KindTrash, store.KindArchive}
	kind := rapid.SampledFrom(append(in, out...)).Draw(r, "to")
	var err error
	if kind == in[0] || kind == in[1] || kind == in[2] {
		_, err = m.w.moveIn(m.w.ana, e, kind, m.now)
	} else {
		_, err = m.w.moveOut(m.w.ana, e, kind, m.now)
	}
	if err != nil {
		r.Fatalf("move to %s: %v", kind, err)
	}
}

func (m *coachModel) delete(r *rapid.T) {
	e := m.entry(r, store.KindBefore)
	m.w.update(func(tx *store.Tx) error { return m.w.q.CancelEntry(tx, m.w.ana, e, m.now) })
}

// back drags a cancelled or replaced draft back.
func (m *coachModel) back(r *rapid.T) {
	e := m.entry(r, rapid.SampledFrom([]store.Kind{store.KindDrafts, store.KindTrash}).Draw(r, "from"))
	if _, err := m.w.moveIn(m.w.ana, e, store.KindScheduled, m.now); err != nil {
		r.Skip(err) // It is on its way again already.
	}
}

// word answers a letter of Tidepost's.
func (m *coachModel) word(r *rapid.T) {
	list := m.w.entries(m.w.ana, store.KindInbox)
	if len(list) == 0 {
		r.Skip("no letter")
	}
	mid := header(m.w.octets(rapid.SampledFrom(list).Draw(r, "letter")), "Message-ID")
	word := rapid.SampledFrom([]string{"send", "both", "never", "undo", "advise context"}).Draw(r, "word")
	m.w.submit(m.now, m.w.ana, letter(m.w.ana, "", "Re", m.now, word, "To: tidepost@team.example", "In-Reply-To: "+mid), "tidepost@team.example")
	m.w.reload()
}

func (m *coachModel) read(r *rapid.T) {
	list := m.w.entries(m.w.ana, store.KindInbox)
	if len(list) == 0 {
		r.Skip("no letter")
	}
	e := rapid.SampledFrom(list).Draw(r, "letter")
	m.w.update(func(tx *store.Tx) error { return tx.SetFlags(&e, e.Flags|store.Seen, e.Keywords) })
}

func (m *coachModel) pass(r *rapid.T) {
	m.now = m.now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 20 * time.Minute, 5 * time.Hour, 26 * time.Hour}).Draw(r, "time"))
	m.w.run(m.now)
	if err := m.w.q.Follow(r.Context(), m.now); err != nil {
		r.Fatal(err)
	}
	m.w.reload()
}

func (m *coachModel) crash(r *rapid.T) {
	if err := m.w.q.RunDue(r.Context(), m.now); err != nil {
		r.Fatal(err)
	}
	m.w.crash(coaching)
}

// check is what holds at every moment.
func (m *coachModel) check(r *rapid.T) {
	m.w.view(func(tx *store.Tx) error {
		open, err := tx.OpenCoachings(m.w.ana.ID, 1000)
		if err != nil {
			return err
		}
		box, err := tx.MailboxByKind(m.w.ana.ID, store.KindBefore)
		if err != nil {
			return err
		}
		entries, err := tx.Entries(box.ID)
		if err != nil {
			return err
		}
		drafts, letters := map[int64]bool{}, 0
		for _, e := range entries {
			if e.SubmissionID == 0 {
				letters++
			} else if drafts[e.SubmissionID] {
				r.Fatalf("submission %d lies in Before sending twice", e.SubmissionID)
			} else {
				drafts[e.SubmissionID] = true
			}
		}
		if len(open) != len(drafts) || letters != len(drafts) {
			r.Fatalf("%d open, %d drafts and %d letters in Before sending", len(open), len(drafts), letters)
		}
		for _, c := range open {
			rcpts, err := tx.Recipients(c.SubmissionID)
			if err != nil {
				return err
			}
			held := false
			for _, x := range rcpts {
				held = held || x.PersonID != 0 && x.State == store.Held
			}
			if !drafts[c.SubmissionID] || !held {
				r.Fatalf("submission %d is open, and nothing waits in Before sending", c.SubmissionID)
			}
		}
		return nil
	})
}

// finish lets a week pass.
func (m *coachModel) finish() {
	for range 9 * 24 {
		m.now = m.now.Add(time.Hour)
		m.w.run(m.now)
	}
	m.check(m.r)
	for s, n := range m.w.counts() {
		if n > 0 && !s.Final() {
			m.r.Fatalf("%d recipients are %s after a week", n, s)
		}
	}
	if list := m.w.entries(m.w.ana, store.KindBefore); len(list) > 0 {
		m.r.Fatalf("%d entries stay in Before sending", len(list))
	}
	seen := map[string]bool{}
	for _, e := range m.w.entries(m.w.mei, store.KindInbox) {
		mid := header(m.w.octets(e), "Message-ID")
		if seen[mid] {
			m.r.Fatalf("Mei got %s twice", mid)
		}
		seen[mid] = true
	}
	rep, err := m.w.db.CheckLedger(m.r.Context())
	if err != nil || len(rep.Findings) > 0 {
		m.r.Fatalf("ledger: %+v, %v", rep.Findings, err)
	}
	m.w.view(func(tx *store.Tx) error {
		open, err := tx.OpenCoachings(m.w.ana.ID, 10)
		if len(open) > 0 {
			m.r.Fatalf("%d are open for ever", len(open))
		}
		return err
	})
}
