package queue

import (
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidepost/mail"
	"tidepost/store"
)

// TestEveryRecipientEndsOnce lets random submissions, drags, retimings, failures and
// crashes happen to a real store, and compares with what the promises say: nobody is
// lost, doubled or early, and no answer comes before its question.
func TestEveryRecipientEndsOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "model")
		if err != nil {
			r.Fatal(err)
		}
		undo := rapid.SampledFrom([]time.Duration{0, 20 * time.Second}).Draw(r, "undo")
		m := &model{r: r, w: newWorldIn(t, dir, func(o *Options) { o.Undo = undo }), undo: undo, now: monday(8, 0), mails: map[string]*mailModel{}}
		defer func() { m.w.db.Close() }()
		m.w.run(m.now) // What is plain leaves as it is accepted from now on.
		m.w.out.answer = m.answer
		r.Repeat(map[string]func(*rapid.T){
			"submit":  m.submit,
			"resend":  m.resend,
			"cancel":  m.cancel,
			"restore": m.restore,
			"retime":  m.retime,
			"freeze":  m.freeze,
			"pass":    m.pass,
			"express": m.express,
			"crash":   m.crash,
			"replan":  m.replan,
			"":        m.check,
		})
		m.finish()
	})
}

type model struct {
	r     *rapid.T
	w     *world
	undo  time.Duration
	now   time.Time
	n     int
	mails map[string]*mailModel // by Message-ID
	order []string
}

// A mailModel is one Message-ID and the submissions it became.
type mailModel struct {
	text   string
	to     []string
	parent string
	subs   []int64
}

// answer is how the server elsewhere takes mail: by the number of the attempt and the
// address, so that a crash does not change it.
func (m *model) answer(a mail.Address, n int) Result {
	switch {
	case a.Local == "full":
		return replied(550, "No such user")
	case a.Local == "slow" && n%3 != 0:
		return replied(451, "Later")
	case a.Local == "lossy" && n%2 == 1:
		return Result{AfterDot: true, Reply: mail.Reply{Code: 451, Enhanced: [3]int{4, 4, 2}, Text: "Lost"}}
	}
	return taken()
}

func (m *model) submit(r *rapid.T) {
	m.n++
	mid := fmt.Sprintf("m%d@team.example", m.n)
	all := []string{"mei@team.example", "tom@team.example", "joe@else.example", "full@else.example", "slow@else.example", "lossy@else.example"}
	to := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 4, rapid.ID).Draw(r, "to")
	subject := rapid.SampledFrom([]string{"", "", "", "[now] ", "[send in 3h] ", "[send tomorrow] "}).Draw(r, "tag") + "Mail"
	var fields []string
	parent := ""
	if len(m.order) > 0 && rapid.Bool().Draw(r, "reply") {
		parent = rapid.SampledFrom(m.order).Draw(r, "parent")
		fields = append(fields, "In-Reply-To: <"+parent+">")
	}
	mm := &mailModel{text: letter(m.w.ana, mid, subject, m.now, "text "+mid, fields...), to: to, parent: parent}
	mm.subs = []int64{m.w.submit(m.now, m.w.ana, mm.text, to...)}
	m.mails[mid] = mm
	m.order = append(m.order, mid)
}

// express submits mail to elsewhere and lets it be tried at once.
func (m *model) express(r *rapid.T) {
	m.n++
	mid := fmt.Sprintf("m%d@team.example", m.n)
	all := []string{"joe@else.example", "sam@else.example", "full@else.example", "slow@else.example", "lossy@else.example"}
	to := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 3, rapid.ID).Draw(r, "to")
	mm := &mailModel{text: letter(m.w.ana, mid, "Mail", m.now, "text "+mid), to: to}
	mm.subs = []int64{m.w.submit(m.now, m.w.ana, mm.text, to...)}
	m.mails[mid] = mm
	m.order = append(m.order, mid)
	m.w.workOff(m.now)
}

func (m *model) resend(r *rapid.T) {
	if len(m.order) == 0 {
		r.Skip("no mail")
	}
	mm := m.mails[rapid.SampledFrom(m.order).Draw(r, "mid")]
	mm.note(m.w.submit(m.now, m.w.ana, mm.text, mm.to...))
}

func (mm *mailModel) note(id int64) {
	for _, s := range mm.subs {
		if s == id {
			return
		}
	}
	mm.subs = append(mm.subs, id)
}

// entry draws an entry of a folder, but not the timetable.
func (m *model) entry(r *rapid.T, kind store.Kind) store.Entry {
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

func (m *model) cancel(r *rapid.T) {
	e := m.entry(r, store.KindScheduled)
	if _, err := m.w.moveOut(m.w.ana, e, store.KindDrafts, m.now); err != nil {
		r.Fatalf("cancel: %v", err)
	}
}

func (m *model) restore(r *rapid.T) {
	e := m.entry(r, store.KindDrafts)
	field := header(m.w.octets(e), "Message-ID")
	mid := field[1 : len(field)-1]
	if _, err := m.w.moveIn(m.w.ana, e, store.KindScheduled, m.now); err != nil {
		r.Fatalf("restore: %v", err)
	}
	m.w.view(func(tx *store.Tx) error {
		subs, err := tx.SubmissionsByMID(mid)
		for _, s := range subs {
			m.mails[mid].note(s.ID)
		}
		return err
	})
}

func (m *model) retime(r *rapid.T) {
	e := m.entry(r, store.KindScheduled)
	kind := rapid.SampledFrom([]store.Kind{store.KindSendNow, store.KindSendTomorrow, store.KindSendMonday, store.KindSendOpening}).Draw(r, "to")
	if _, err := m.w.moveIn(m.w.ana, e, kind, m.now); err != nil {
		r.Fatalf("retime: %v", err)
	}
}

func (m *model) freeze(r *rapid.T) {
	e := m.entry(r, store.KindScheduled)
	on := rapid.Bool().Draw(r, "on")
	m.w.update(func(tx *store.Tx) error { return m.w.q.SetFrozen(tx, m.w.ana, e, on, m.now) })
}

func (m *model) pass(r *rapid.T) {
	m.now = m.now.Add(rapid.SampledFrom([]time.Duration{time.Second, 20 * time.Second, 5 * time.Minute, 3 * time.Hour, 26 * time.Hour}).Draw(r, "time"))
	m.w.run(m.now)
}

// crash ends the process between the claim and the settling of what is due.
func (m *model) crash(r *rapid.T) {
	if err := m.w.q.RunDue(r.Context(), m.now); err != nil {
		r.Fatal(err)
	}
	m.w.crash(func(o *Options) { o.Undo = m.undo })
	m.w.out.answer = m.answer
}

func (m *model) replan(r *rapid.T) {
	if err := m.w.q.Replan(r.Context(), nil, m.now); err != nil {
		r.Fatal(err)
	}
}

// check is what holds at every moment. To look has express mail unpacked, so it does
// not always.
func (m *model) check(r *rapid.T) {
	if !rapid.Bool().Draw(r, "look") {
		return
	}
	m.look(r)
}

func (m *model) look(r *rapid.T) {
	m.w.unpack()
	counts := map[store.State]int64{}
	var stored map[store.State]int64
	m.w.view(func(tx *store.Tx) (err error) {
		stored, err = tx.CountRecipients()
		return err
	})
	for mid, mm := range m.mails {
		reached := map[string]int{}
		for _, s := range mm.subs {
			for _, x := range m.w.recipients(s) {
				counts[x.State]++
				if x.State == store.Delivered {
					reached[x.Address]++
				}
				if !x.Released.IsZero() && x.Released.After(m.now) {
					r.Fatalf("%s to %s left in the future", mid, x.Address)
				}
			}
		}
		for a, n := range reached {
			if n > 1 {
				r.Fatalf("%s was delivered to %s %d times", mid, a, n)
			}
		}
		m.parentFirst(r, mm)
	}
	for s, n := range stored {
		if counts[s] != n {
			r.Fatalf("the store has %d %s recipients, the model %d", n, s, counts[s])
		}
	}
	m.neverEarly(r)
}

// neverEarly reads the ledger: every first attempt or release came at or after the
// last due time before it, unless an answer pulled it along.
func (m *model) neverEarly(r *rapid.T) {
	m.w.view(func(tx *store.Tx) error {
		due, left := map[int64]time.Time{}, map[int64]bool{}
		for after := int64(0); ; {
			list, err := tx.EventsAfter(after, 1000)
			if err != nil || len(list) == 0 {
				return err
			}
			for _, e := range list {
				after = e.ID
				d := detailOf(e)
				if s, ok := d["due"].(string); ok && e.RecipientID != 0 {
					if due[e.RecipientID], err = time.Parse(time.RFC3339Nano, s); err != nil {
						return err
					}
				}
				if e.Kind != evReleased && e.Kind != evAttempt || left[e.RecipientID] {
					continue
				}
				left[e.RecipientID] = true
				if d["pulled"] != true && e.At.Before(due[e.RecipientID]) {
					r.Fatalf("recipient %d left at %v, due %v", e.RecipientID, e.At, due[e.RecipientID])
				}
			}
		}
	})
}

// parentFirst: whoever has an answer by release has, or cannot have, its question.
func (m *model) parentFirst(r *rapid.T, child *mailModel) {
	parent := m.mails[child.parent]
	if parent == nil {
		return
	}
	for _, c := range child.subs {
		for _, x := range m.w.recipients(c) {
			if x.Released.IsZero() {
				continue
			}
			for _, p := range parent.subs {
				for _, y := range m.w.recipients(p) {
					restoredLater := p > c
					if y.Address == x.Address && y.State == store.Held && !restoredLater {
						r.Fatalf("%s has the answer since %v, its question is held", x.Address, x.Released)
					}
				}
			}
		}
	}
}

// finish lets a week pass: then nothing is under way any more but what is frozen.
func (m *model) finish() {
	for _, e := range m.w.entries(m.w.ana, store.KindScheduled) {
		if e.SubmissionID != 0 {
			m.w.update(func(tx *store.Tx) error { return m.w.q.SetFrozen(tx, m.w.ana, e, false, m.now) })
		}
	}
	for range 9 * 24 {
		m.now = m.now.Add(time.Hour)
		m.w.run(m.now)
	}
	m.look(m.r)
	for mid, mm := range m.mails {
		for _, s := range mm.subs {
			for _, x := range m.w.recipients(s) {
				if !x.State.Final() {
					m.r.Fatalf("%s to %s ends as %s due %v", mid, x.Address, x.State, x.Due)
				}
			}
		}
	}
	if got := m.w.subjects(m.w.ana, store.KindScheduled); got != "" {
		m.r.Fatalf("Scheduled still shows %q", got)
	}
}
