package queue

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// TestFoldersShowWhatIsOpen lets random questions, answers, drags, deletions, leaves,
// hand-overs and crashes happen to a real store. Whatever happens, the ledger of every
// ask adds up, its folders show exactly what is open, and how an entry looks is what its
// clocks say.
func TestFoldersShowWhatIsOpen(t *testing.T) {
	fewer(t, 25)
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "asks")
		if err != nil {
			r.Fatal(err)
		}
		m := &askModel{w: newWorldIn(t, dir), now: monday(9, 0)}
		defer func() { m.w.db.Close() }()
		m.w.everybodyWorks()
		m.w.profile(m.w.mei, func(f *people.Profile) { f.Tides = []string{"13:00", "16:00"} })
		r.Repeat(map[string]func(*rapid.T){
			"ask":    m.ask,
			"answer": m.answer,
			"come":   m.come,
			"waive":  func(r *rapid.T) { m.close(r, store.KindNeedsReply) },
			"drop":   func(r *rapid.T) { m.close(r, store.KindWaitingFor) },
			"drag":   m.drag,
			"back":   m.back,
			"delete": m.delete,
			"leave":  m.leave,
			"over":   m.over,
			"pass":   m.pass,
			"crash":  func(*rapid.T) { m.w.crash() },
			"":       m.check,
		})
	})
}

// fewer has rapid check less often than it does by itself, unless told how often.
func fewer(t *testing.T, checks int) {
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	if err := flag.Set(f.Name, strconv.Itoa(checks)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { flag.Set(f.Name, f.DefValue) })
}

type askModel struct {
	w   *world
	now time.Time
	n   int
	all []sentMail
}

// A sentMail is one that may be answered.
type sentMail struct {
	mid, from string
	to        []string
	refs      []string
}

func (m *askModel) team() []*people.Person {
	return []*people.Person{m.w.ana, m.w.mei, m.w.tom}
}

func (m *askModel) anybody(r *rapid.T, name string) *people.Person {
	return rapid.SampledFrom(m.team()).Draw(r, name)
}

func (m *askModel) mid() string {
	m.n++
	return fmt.Sprintf("m%d@team.example", m.n)
}

func (m *askModel) ask(r *rapid.T) {
	author := m.anybody(r, "author")
	var others []string
	for _, p := range m.team() {
		if p.ID != author.ID {
			others = append(others, p.Address.String())
		}
	}
	to := rapid.SliceOfNDistinct(rapid.SampledFrom(append(others, "joe@else.example")), 1, 3, rapid.ID).Draw(r, "to")
	words := rapid.SampledFrom([]string{"Can you send me the figures?", "Mei, can you send me the figures? Tom, can you book the room?",
		"Could somebody send me the figures?", "1. Can you send me the figures?\r\n2. Can you book the room?\r\n", "The launch was on Monday.",
		"Ana, please sign the form by Wednesday noon."}).Draw(r, "words")
	s := sentMail{mid: m.mid(), from: author.Address.String(), to: to}
	m.w.submit(m.now, author, letter(author, s.mid, "Launch", m.now, words, "To: "+strings.Join(to, ", ")), to...)
	m.all = append(m.all, s)
}

func (m *askModel) answer(r *rapid.T) {
	if len(m.all) == 0 {
		r.Skip("no mail")
	}
	parent := rapid.SampledFrom(m.all).Draw(r, "parent")
	author := m.anybody(r, "author")
	var to []string
	for _, a := range append([]string{parent.from}, parent.to...) {
		if a != author.Address.String() && (len(to) == 0 || rapid.Bool().Draw(r, "all")) {
			to = append(to, a)
		}
	}
	if len(to) == 0 {
		r.Skip("nobody to answer")
	}
	words := rapid.SampledFrom([]string{"Here they are.", "I'll send it by Friday.", "Thanks!", "Never mind, I found them.", "Any news on this?",
		"1) attached", "Can you check the price, too?", "> Can you send me the figures?\r\n\r\nAttached."}).Draw(r, "words")
	s := sentMail{mid: m.mid(), from: author.Address.String(), to: to, refs: append(slices.Clone(parent.refs), "<"+parent.mid+">")}
	m.w.submit(m.now, author, letter(author, s.mid, "Re: Launch", m.now, words, "To: "+strings.Join(to, ", "),
		"In-Reply-To: <"+parent.mid+">", "References: "+strings.Join(s.refs, " ")), to...)
	m.all = append(m.all, s)
}

// come is mail from elsewhere: a question, or an answer.
func (m *askModel) come(r *rapid.T) {
	to := m.anybody(r, "to").Address.String()
	words, fields := "Can you send me the offer?", []string{}
	if len(m.all) > 0 && rapid.Bool().Draw(r, "answer") {
		words = "Here it is."
		fields = append(fields, "In-Reply-To: <"+rapid.SampledFrom(m.all).Draw(r, "parent").mid+">")
	}
	mid := m.mid()
	m.w.receive(m.now, "joe@else.example", mid, words, to, fields...)
	m.all = append(m.all, sentMail{mid: mid, from: "joe@else.example", to: []string{to}})
}

// entry draws an entry of a folder.
func (m *askModel) entry(r *rapid.T, p *people.Person, kind store.Kind) store.Entry {
	list := m.w.entries(p, kind)
	list = slices.DeleteFunc(list, func(e store.Entry) bool { return kind == store.KindScheduled && e.SubmissionID == 0 })
	if len(list) == 0 {
		r.Skip("empty folder")
	}
	return rapid.SampledFrom(list).Draw(r, "entry")
}

func (m *askModel) close(r *rapid.T, kind store.Kind) {
	p := m.anybody(r, "person")
	e := m.entry(r, p, kind)
	end := m.w.q.o.Clocks.WaiveShown
	if kind == store.KindWaitingFor {
		end = m.w.q.o.Clocks.WithdrawShown
	}
	m.w.update(func(tx *store.Tx) error { return end(tx, p, e.MessageID, m.now) })
}

// drag takes waiting mail back.
func (m *askModel) drag(r *rapid.T) {
	p := m.anybody(r, "person")
	e := m.entry(r, p, store.KindScheduled)
	trash := m.w.box(p, store.KindTrash)
	m.w.update(func(tx *store.Tx) error {
		_, err := m.w.q.MoveOut(tx, p, e, trash, m.now)
		return err
	})
}

// back puts what was taken back into Scheduled.
func (m *askModel) back(r *rapid.T) {
	p := m.anybody(r, "person")
	e := m.entry(r, p, store.KindTrash)
	if e.SubmissionID == 0 {
		r.Skip("never sent")
	}
	c := m.w.content(e)
	// What has left meanwhile is refused, and that is all.
	if err := m.w.db.Update(context.Background(), func(tx *store.Tx) error {
		_, err := m.w.q.MoveIn(tx, p, e, c, store.KindScheduled, m.now)
		return err
	}); err != nil && !strings.Contains(err.Error(), "sent already") {
		r.Fatal(err)
	}
}

// delete removes mail from INBOX or Next delivery.
func (m *askModel) delete(r *rapid.T) {
	p := m.anybody(r, "person")
	kind := rapid.SampledFrom([]store.Kind{store.KindInbox, store.KindNextDelivery}).Draw(r, "kind")
	e := m.entry(r, p, kind)
	m.w.update(func(tx *store.Tx) error {
		if kind == store.KindNextDelivery {
			_, err := m.w.q.inbox.Withdraw(tx, p.ID, e, m.now)
			return err
		}
		return tx.RemoveEntry(e, store.GoneExpunged, m.now)
	})
}

func (m *askModel) leave(r *rapid.T) {
	p := m.anybody(r, "person")
	day := scheduler.DateOf(m.now)
	m.w.profile(p, func(f *people.Profile) {
		f.Cover, f.Calendar.Leave = "", nil
		f.Calendar.Zone = rapid.SampledFrom([]string{"Europe/London", "Australia/Sydney"}).Draw(r, "zone")
		if rapid.Bool().Draw(r, "leaves") {
			f.Cover = m.anybody(r, "cover").Address.String()
			f.Calendar.Leave = []scheduler.Leave{{First: day, Last: day.AddDays(rapid.IntRange(0, 5).Draw(r, "days"))}}
		}
	})
	m.w.recalculate(p, m.now)
}

// over gives a question on somebody to somebody else.
func (m *askModel) over(r *rapid.T) {
	p := m.anybody(r, "person")
	e := m.entry(r, p, store.KindNeedsReply)
	to := m.anybody(r, "to")
	m.w.update(func(tx *store.Tx) error {
		list, err := tx.ShownAsks(p.ID, e.MessageID)
		if err != nil || to.ID == list[0].AskerID {
			return err
		}
		if err := m.w.q.o.Clocks.HandOver(tx, list[0].ID, to, 0, m.now); err != nil {
			return err
		}
		return m.w.q.o.Clocks.Reached(tx, list[0].ID, list[0].MessageID, m.now)
	})
}

func (m *askModel) pass(r *rapid.T) {
	m.now = m.now.Add(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 5 * time.Hour, 20 * time.Hour, 70 * time.Hour}).Draw(r, "time"))
	m.w.pass(m.now)
}

func (m *askModel) check(r *rapid.T) {
	m.w.unpack()
	rep, err := m.w.db.CheckLedger(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range rep.Findings {
		r.Fatalf("ledger: %+v", f)
	}
	for _, p := range m.team() {
		m.checkLook(r, p, store.KindNeedsReply)
		m.checkLook(r, p, store.KindWaitingFor)
	}
}

// checkLook reckons the flags of a folder from the clocks.
func (m *askModel) checkLook(r *rapid.T, p *people.Person, kind store.Kind) {
	for _, e := range m.w.entries(p, kind) {
		var asks []store.ClockedAsk
		m.w.view(func(tx *store.Tx) (err error) {
			if kind == store.KindNeedsReply {
				asks, err = tx.ShownAsks(p.ID, e.MessageID)
			} else {
				asks, err = tx.AsksOfMessage(e.MessageID)
			}
			return err
		})
		overdue, today := false, false
		end := scheduler.DateOf(m.now.In(p.Zone())).AddDays(1)
		for _, a := range asks {
			overdue = overdue || a.Clock.State == "overdue"
			today = today || kind == store.KindNeedsReply && !a.Clock.Due.IsZero() && scheduler.DateOf(a.Clock.Due.In(p.Zone())).Before(end)
			if a.Clock.Started.IsZero() && !a.Clock.Due.IsZero() {
				r.Fatalf("ask %d is due, and has not begun", a.ID)
			}
		}
		if got := slices.Contains(e.Keywords, "$Overdue"); got != overdue {
			r.Fatalf("%s of %s: message %d overdue %t, want %t", kind, p.FirstName(), e.MessageID, got, overdue)
		}
		if got := e.Flags&store.Flagged != 0; got != today {
			r.Fatalf("%s of %s at %s: message %d flagged %t, want %t: %+v", kind, p.FirstName(), m.now, e.MessageID, got, today, asks)
		}
	}
}
