package inbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/digest"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

func (h *house) expectList(p *people.Person, kind store.Kind, want ...string) {
	h.t.Helper()
	if diff := cmp.Diff(want, h.list(p, kind)); diff != "" {
		h.t.Errorf("%s of %s:\n%s", kind, p.FirstName(), diff)
	}
}

func TestATideOpensInOneStep(t *testing.T) {
	h := newHouse(t, nil)
	noon := at("11-23", "13:00")
	first := h.deliver(h.tom, h.ana, h.text("Tom Berg <tom@team.example>", "Budget"), monday, nil)
	h.deliver(h.mei, h.ana, h.text("Mei Chen <mei@team.example>", "Holiday"), monday.Add(time.Minute), nil)
	h.deliver(h.tom, h.ana, h.text("Tom Berg <tom@team.example>", "Re: Budget", "In-Reply-To: <m1@x.test>"), monday.Add(time.Hour), nil)
	h.deliver(h.tom, h.ana, h.text("Tom Berg <tom@team.example>", "Later"), noon.Add(time.Minute), nil)
	if due, ok := h.due(); !ok || due.After(monday) {
		t.Errorf("next due %v %v: unknown work must be looked for at once", due, ok)
	}
	h.runDue(noon.Add(-time.Second))
	h.expectList(h.ana, store.KindInbox)
	if due, ok := h.due(); !ok || !due.Equal(noon) {
		t.Errorf("next due %v %v, want %v", due, ok, noon)
	}
	h.expectList(h.ana, store.KindNextDelivery, "Budget", "Holiday", "Re: Budget", "Later")

	h.runDue(noon)
	digestSubject := "3 messages from Tom Berg and Mei Chen"
	h.expectList(h.ana, store.KindInbox, "*Budget", "*Holiday", "*Re: Budget", "*"+digestSubject)
	h.expectList(h.ana, store.KindDigests, digestSubject)
	h.expectList(h.ana, store.KindNextDelivery, "Later")
	if due, _ := h.due(); !due.Equal(at("11-23", "16:00")) {
		t.Errorf("next due %v, want 16:00", due)
	}
	if diff := cmp.Diff([]string{"filed waiting", "published published"}, h.events(first.ID)); diff != "" {
		t.Errorf("ledger: %s", diff)
	}
	in, letters := h.entries(h.ana, store.KindInbox), h.entries(h.ana, store.KindDigests)
	if in[3].MessageID != letters[0].MessageID || !in[3].InternalDate.After(in[2].InternalDate) {
		t.Error("the digest is not one message in two folders, or not the newest")
	}
	head, body := h.message(in[0].MessageID)
	stamp, _, _ := strings.Cut(head, "From:")
	if !strings.HasPrefix(stamp, "Received: by mail.team.example") || !strings.Contains(stamp, "via tide") || !strings.Contains(stamp, "Mon, 23 Nov 2026 13:00:00 +0000") {
		t.Errorf("no Received field with the time of the tide:\n%s", head)
	}
	if !strings.HasSuffix(head+body, h.sent(first.MessageID)) {
		t.Errorf("octets were changed:\n%s%s", head, body)
	}
	h.view(func(tx *store.Tx) error {
		_, err := tx.Derived(in[0].MessageID)
		return err
	})
	_, text := h.message(in[3].MessageID)
	if !strings.Contains(text, "Monday 23 November, 13:00\r\n\r\n- Re: Budget") {
		t.Errorf("digest:\n%s", text)
	}
}

// sent is a message as it waited.
func (h *house) sent(id int64) string {
	head, body := h.message(id)
	return head + body
}

func TestAnUnreadDigestIsReplacedByOneThatSaysBoth(t *testing.T) {
	h := newHouse(t, func(o *inbox.Options) { o.EveryTide = true })
	h.deliver(h.tom, h.ana, h.text("Tom <tom@team.example>", "One"), monday, nil)
	h.deliver(h.tom, h.ana, h.text("Tom <tom@team.example>", "Two"), monday, nil)
	h.runDue(at("11-23", "13:00"))
	h.mark(h.ana, "One", store.Seen)
	h.deliver(h.mei, h.ana, h.text("Mei <mei@team.example>", "Three"), at("11-23", "14:00"), nil)
	h.runDue(at("11-23", "16:00"))
	h.expectList(h.ana, store.KindInbox, "One", "*Two", "*Three", "*2 messages from Tom and Mei")
	h.expectList(h.ana, store.KindDigests, "2 messages from Tom", "2 messages from Tom and Mei")
	c := h.lastDigest(h.ana)
	var got []string
	for _, e := range c.Entries {
		got = append(got, e.Subject+" "+e.Since.Format("15:04"))
	}
	if diff := cmp.Diff([]string{"Two 13:00", "Three 16:00"}, got); diff != "" {
		t.Error(diff)
	}
	// One that was read is left where it is.
	h.mark(h.ana, "2 messages from Tom and Mei", store.Seen)
	h.deliver(h.mei, h.ana, h.text("Mei <mei@team.example>", "Four"), at("11-23", "18:00"), nil)
	h.runDue(at("11-24", "09:00"))
	h.expectList(h.ana, store.KindInbox, "One", "*Two", "*Three", "2 messages from Tom and Mei", "*Four", "*1 message from Mei")
}

func (h *house) mark(p *people.Person, subject string, flags store.Flags) {
	h.t.Helper()
	for _, e := range h.entries(p, store.KindInbox) {
		head, _ := h.message(e.MessageID)
		if mail.ParseHeader([]byte(head)).Text("Subject") == subject {
			h.update(func(tx *store.Tx) error { return tx.SetFlags(&e, flags, e.Keywords) })
			return
		}
	}
	h.t.Fatalf("no %q in INBOX", subject)
}

func (h *house) lastDigest(p *people.Person) digest.Content {
	h.t.Helper()
	var c digest.Content
	h.view(func(tx *store.Tx) error {
		d, err := tx.LastDigest(p.ID)
		if err != nil {
			return err
		}
		return json.Unmarshal(d.Content, &c)
	})
	return c
}

func TestOneDigestADayInTheFirstWeek(t *testing.T) {
	h := newHouse(t, nil)
	digests := func() int { return len(h.entries(h.ana, store.KindDigests)) }
	tide := func(day, clock string, want int) {
		t.Helper()
		h.deliver(h.tom, h.ana, h.text("tom@team.example", "At "+day+clock), at(day, clock).Add(-time.Minute), nil)
		h.runDue(at(day, clock))
		if got := digests(); got != want {
			t.Errorf("%s %s: %d digests, want %d", day, clock, got, want)
		}
	}
	tide("11-23", "13:00", 1)
	tide("11-23", "16:00", 1)
	tide("11-24", "09:00", 2)
	tide("11-24", "13:00", 2)
	tide("12-01", "09:00", 3)
	tide("12-01", "13:00", 4) // The week is over.
	if got := len(h.entries(h.ana, store.KindInbox)); got != 6+1 {
		t.Errorf("%d entries, want six mails and one digest that says all", got)
	}
}

func TestTheDigestCountsWhatWentElsewhere(t *testing.T) {
	h := newHouse(t, func(o *inbox.Options) { o.EveryTide = true })
	for range 3 {
		h.mustReceive("ana@team.example", h.text("go@lists.test", "List", "List-Id: <go.lists.test>"), monday)
	}
	h.mustReceive("ana@team.example", h.text("build@ci.test", "Build", "Auto-Submitted: auto-generated"), monday)
	h.update(func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(h.ana.ID, store.KindNotifications)
		if err != nil {
			return err
		}
		list, err := tx.Entries(box.ID)
		if err != nil {
			return err
		}
		if err := h.box.MovedFromNotifications(tx, h.ana, list[0], monday); err != nil {
			return err
		}
		return h.box.MovedFromNotifications(tx, h.ana, list[0], monday) // Once is enough.
	})
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
	h.runDue(at("11-23", "13:00"))
	c := h.lastDigest(h.ana)
	if want := (digest.Counts{Lists: 3, Notifications: 1}); c.Counts != want {
		t.Errorf("counts %+v, want %+v", c.Counts, want)
	}
	if diff := cmp.Diff([]string{"build@ci.test"}, c.Confirmed); diff != "" {
		t.Error(diff)
	}
	h.mark(h.ana, "1 message from tom@team.example", store.Seen)
	h.mustReceive("ana@team.example", h.text("go@lists.test", "List", "List-Id: <go.lists.test>"), at("11-23", "14:00"))
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "Two"), at("11-23", "14:00"), nil)
	h.runDue(at("11-23", "16:00"))
	if c := h.lastDigest(h.ana); c.Counts != (digest.Counts{Lists: 1}) || c.Confirmed != nil {
		t.Errorf("the second digest says %+v %v again", c.Counts, c.Confirmed)
	}
}

func TestQuietStyle(t *testing.T) {
	h := newHouse(t, func(o *inbox.Options) { o.Style = people.StyleQuiet })
	h.set(h.tom, func(p *people.Profile) { p.Style = people.StyleNormal })
	for _, p := range []*people.Person{h.ana, h.tom} {
		h.deliver(h.mei, p, h.text("Mei <mei@team.example>", "One"), monday, nil)
	}
	h.runDue(at("11-23", "13:00"))
	h.expectList(h.ana, store.KindInbox, "One", "*1 message from Mei")
	h.expectList(h.tom, store.KindInbox, "*One", "*1 message from Mei")
}

func TestWhatTheReaderSetWhileItWaited(t *testing.T) {
	h := newHouse(t, nil)
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
	e := h.entries(h.ana, store.KindNextDelivery)[0]
	h.update(func(tx *store.Tx) error {
		return tx.SetFlags(&e, store.Seen|store.Flagged|store.Deleted, []string{"$Label1"})
	})
	h.runDue(at("11-23", "13:00"))
	got := h.entries(h.ana, store.KindInbox)[0]
	if got.Flags != store.Flagged || len(got.Keywords) != 1 || got.Keywords[0] != "$Label1" {
		t.Errorf("flags %v, keywords %v", got.Flags, got.Keywords)
	}
}

func TestAMissedTide(t *testing.T) {
	missed := at("11-23", "13:00")
	for _, tt := range []struct {
		name string
		back time.Time // when Tidepost runs again
		open time.Time // when the mail comes
	}{
		{"a few minutes are no outage", missed.Add(4 * time.Minute), missed.Add(4 * time.Minute)},
		{"in hours it opens on recovery", at("11-23", "14:30"), at("11-23", "14:30")},
		{"by night it waits for the next tide", at("11-24", "03:00"), at("11-24", "09:00")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, nil)
			d := h.deliver(h.tom, h.ana, h.text("Tom <tom@team.example>", "One"), monday, nil)
			h.runDue(tt.back)
			if !tt.open.Equal(tt.back) {
				h.expectList(h.ana, store.KindInbox)
				h.runDue(tt.back.Add(time.Hour)) // Nothing more happens.
				if diff := cmp.Diff([]string{"filed waiting", "rescheduled waiting"}, h.events(d.ID)); diff != "" {
					t.Error(diff)
				}
				if due, ok := h.due(); !ok || !due.After(tt.back) || due.After(tt.open) { // Somebody's tide may be sooner.
					t.Errorf("next due %v, want %v at the latest", due, tt.open)
				}
				h.runDue(tt.open)
			}
			h.expectList(h.ana, store.KindInbox, "*One", "*1 message from Tom")
			late := tt.open.Sub(missed) > 5*time.Minute
			if got := h.lastDigest(h.ana).Missed; got.Equal(missed) != late {
				t.Errorf("digest says missed %v", got)
			}
		})
	}
}

func TestATideWaitsForMailOnItsWay(t *testing.T) {
	h := newHouse(t, nil)
	noon := at("11-23", "13:00")
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
	h.hold(h.tom, h.ana, noon.Add(30*time.Second))
	h.runDue(noon)
	h.expectList(h.ana, store.KindInbox)
	if due, ok := h.due(); !ok || due.Sub(noon) != 5*time.Second {
		t.Errorf("looks again at %v", due)
	}
	h.runDue(noon.Add(2 * time.Minute))
	h.expectList(h.ana, store.KindInbox)
	h.runDue(noon.Add(3 * time.Minute))
	h.expectList(h.ana, store.KindInbox, "*One", "*1 message from tom@team.example")
	// Mail that is held for later delays nothing.
	h.hold(h.tom, h.ana, at("11-23", "16:30"))
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "Two"), at("11-23", "15:00"), nil)
	h.update(func(tx *store.Tx) error {
		list, err := tx.DueRecipients(at("11-23", "16:00"), 10)
		for _, r := range list {
			r.State, r.Due, r.Settled = store.Cancelled, time.Time{}, noon
			if err := tx.MoveRecipient(r, store.Held, store.Event{At: noon, Kind: "cancelled"}); err != nil {
				return err
			}
		}
		return err
	})
	h.runDue(at("11-23", "16:00"))
	h.expectList(h.ana, store.KindInbox, "*One", "*1 message from tom@team.example", "*Two")
}

// hold stores mail that our own queue has not released.
func (h *house) hold(author, to *people.Person, due time.Time) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error {
		m, _, facts, err := h.insert(tx, h.text(author.Address.String(), "On its way"), monday)
		if err != nil {
			return err
		}
		s := store.Submission{MessageID: m.ID, AuthorID: author.ID, MID: facts.MessageID, Digest: []byte{1}, Accepted: monday}
		if err := tx.InsertSubmission(&s); err != nil {
			return err
		}
		r := store.Recipient{SubmissionID: s.ID, Address: to.Address.String(), PersonID: to.ID, State: store.Held, Due: due}
		return tx.InsertRecipient(&r, store.Event{At: monday, Kind: "held"})
	})
}

func TestATideThatFailsDeliversAllTheSame(t *testing.T) {
	h := newHouse(t, func(o *inbox.Options) { o.Rand = iotest.ErrReader(errors.New("no chance")) })
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "Two"), monday, nil)
	h.runDue(at("11-23", "13:00"))
	h.expectList(h.ana, store.KindInbox, "*One", "*Two")
	h.expectList(h.ana, store.KindDigests)
}

func TestATideOfSomebodyNotInTheDirectory(t *testing.T) {
	h := newHouse(t, nil)
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
	empty := inbox.New(h.db, people.NewDirectory(h.db, nil), inbox.Options{Rand: rnd()})
	if err := empty.RunDue(context.Background(), at("11-23", "13:00")); err != nil {
		t.Fatal(err)
	}
	h.expectList(h.ana, store.KindInbox, "*One")
}

func rnd() io.Reader { return strings.NewReader(strings.Repeat("0123456789abcdef", 100)) }

func TestTheTroubleOfOneIsNotThatOfOthers(t *testing.T) {
	h := newHouse(t, nil)
	h.deliver(h.mei, h.ana, h.text("mei@team.example", "One"), monday, nil)
	h.deliver(h.mei, h.tom, h.text("mei@team.example", "One"), monday, nil)
	h.update(func(tx *store.Tx) error { // Ana's INBOX is gone.
		box, err := tx.MailboxByKind(h.ana.ID, store.KindInbox)
		if err != nil {
			return err
		}
		return tx.DeleteMailbox(box.ID, monday)
	})
	if err := h.box.RunDue(context.Background(), at("11-23", "13:00")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("error %v, want that of Ana's tide", err)
	}
	h.expectList(h.tom, store.KindInbox, "*One", "*1 message from mei@team.example")
}

// On the last Sunday of March the clocks of London go forward: nine o'clock on Monday
// is an hour sooner.
func TestTidesFollowTheClock(t *testing.T) {
	h := newHouse(t, nil)
	d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), at("03-27", "18:00"), nil)
	if want := at("03-30", "08:00"); !d.Due.Equal(want) {
		t.Errorf("due %v, want %v", d.Due, want)
	}
	d = h.deliver(h.tom, h.ana, h.text("tom@team.example", "Two"), at("10-23", "18:00"), nil)
	if want := at("10-26", "09:00"); !d.Due.Equal(want) {
		t.Errorf("due %v, want %v", d.Due, want)
	}
	d = h.deliver(h.tom, h.mei, h.text("tom@team.example", "Three"), at("11-23", "23:00"), nil) // Tue 10:00 in Sydney
	if want := at("11-24", "02:00"); !d.Due.Equal(want) {
		t.Errorf("due %v, want %v", d.Due, want)
	}
}

// The timer loop opens the tide in its second.
func TestTheLoopOpensTidesOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		kick := make(chan struct{}, 1)
		h := &house{t: t, db: db, dir: people.NewDirectory(db, []string{"team.example"})}
		h.add("Ana Silva", "ana", "Etc/UTC")
		h.add("Tom Berg", "tom", "Etc/UTC")
		h.reload()
		h.set(h.ana, func(p *people.Profile) {
			p.Tides = []string{"13:00"}
			for day := range p.Calendar.Hours {
				p.Calendar.Hours[day] = []scheduler.Interval{{Start: 0, End: 24 * 60}}
			}
		})
		h.box = inbox.New(db, h.dir, inbox.Options{Domain: "team.example", Hostname: "h", Rand: rnd(), Kick: func() {
			select {
			case kick <- struct{}{}:
			default:
			}
		}})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { scheduler.Run(ctx, slog.New(slog.DiscardHandler), kick, h.box); close(done) }()
		go func() { _ = h.box.Run(ctx) }()
		synctest.Wait()
		inboxID := h.mailbox(h.ana, store.KindInbox).ID
		watch := db.Subscribe(inboxID)
		h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), start, nil)
		<-watch.C()
		tide := start.Truncate(24 * time.Hour).Add(13 * time.Hour)
		if late := time.Since(tide); late < 0 || late > time.Second {
			t.Errorf("the tide of %v opened %v late", tide, late)
		}
		watch.Close()
		h.expectList(h.ana, store.KindInbox, "*One", "*1 message from tom@team.example")
		cancel()
		<-done
		synctest.Wait()
		db.Close()
	})
}

func TestAQuietDigestRepeatsWhatIsStillInINBOX(t *testing.T) {
	h := newHouse(t, func(o *inbox.Options) { o.Style, o.EveryTide = people.StyleQuiet, true })
	h.deliver(h.tom, h.ana, h.text("Tom <tom@team.example>", "One"), monday, nil)
	h.deliver(h.tom, h.ana, h.text("Tom <tom@team.example>", "Two"), monday, nil)
	h.runDue(at("11-23", "13:00"))
	gone := h.entries(h.ana, store.KindInbox)[0]
	h.update(func(tx *store.Tx) error { return tx.RemoveEntry(gone, store.GoneExpunged, monday) })
	h.deliver(h.mei, h.ana, h.text("Mei <mei@team.example>", "Three"), at("11-23", "14:00"), nil)
	h.runDue(at("11-23", "16:00"))
	h.expectList(h.ana, store.KindInbox, "Two", "Three", "*2 messages from Tom and Mei")
}

func TestMailThatExpires(t *testing.T) {
	h := newHouse(t, nil)
	soon := h.text("tom@team.example", "Cake in the kitchen", "Expires: Mon, 23 Nov 2026 12:00:00 +0000")
	if d := h.deliver(h.tom, h.ana, soon, monday, nil); d.State != store.Published {
		t.Errorf("stale before its tide: %+v, want it now", d)
	}
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "Fresh", "Expires: Mon, 23 Nov 2026 14:00:00 +0000"), monday, nil)
	h.mustReceive("ana@team.example", h.text("shop@x.test", "Sale"), monday)
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "Stale", "Expires: Mon, 23 Nov 2026 09:00:00 +0000"), monday, nil)
	h.runDue(at("11-23", "13:00"))
	h.expectList(h.ana, store.KindInbox, "*Cake in the kitchen", "*Sale", "*Fresh", "*Stale", "*1 message from tom@team.example")
}

// The queue releases at 09:00 and needs a moment: its mail goes with the tide of 09:00.
func TestReleasedMailGoesWithTheTideOfItsMinute(t *testing.T) {
	h := newHouse(t, nil)
	for _, tt := range []struct {
		name    string
		now     time.Time
		planned time.Time
		want    time.Time
	}{
		{"two seconds late", opening.Add(2 * time.Second), time.Time{}, opening},
		{"two minutes late, and it says so", opening.Add(2 * time.Minute), opening, opening},
		{"too late for the tide", opening.Add(4 * time.Minute), opening, at("11-24", "13:00")},
		{"a minute late by plan", opening.Add(time.Minute), opening.Add(time.Minute), at("11-24", "13:00")},
	} {
		s := h.submit(h.tom, h.ana, h.text("tom@team.example", tt.name), night)
		d := h.deliver(h.tom, h.ana, h.text("tom@team.example", tt.name), tt.now, func(a *inbox.Arrival) {
			a.Planned = tt.planned
			h.view(func(tx *store.Tx) error {
				list, err := tx.Recipients(s.ID)
				a.RecipientID = list[0].ID
				return err
			})
		})
		if d.State != store.Waiting || !d.Due.Equal(tt.want) {
			t.Errorf("%s: %s due %v, want %v", tt.name, d.State, d.Due, tt.want)
		}
	}
}

func TestATideMissedBeforeLeave(t *testing.T) {
	h := newHouse(t, nil)
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
	h.leave(h.ana, "2026-11-24..2026-12-04")
	h.runDue(at("11-24", "03:00"))
	h.expectList(h.ana, store.KindInbox)
	h.runDue(opening)
	h.expectList(h.ana, store.KindAway, "*One")
}

func TestKickLooksAgain(t *testing.T) {
	h := newHouse(t, nil)
	h.runDue(monday)
	if due, ok := h.due(); !ok || !due.Equal(at("11-23", "13:00")) {
		t.Errorf("due %v, want the tide of Ana and Tom", due)
	}
	h.box.Kick()
	if due, ok := h.due(); !ok || due.After(monday) || h.kicks != 1 {
		t.Errorf("due %v %v, %d kicks", due, ok, h.kicks)
	}
}

func BenchmarkTideOf500(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		h := newHouse(b, nil)
		h.update(func(tx *store.Tx) error {
			for range 500 {
				m, content, facts, err := h.insert(tx, h.text("tom@team.example", "Budget"), monday)
				if err != nil {
					return err
				}
				a := inbox.Arrival{Person: h.ana, Message: m, Content: content, Facts: facts, ReversePath: h.tom.Address, Author: h.tom, At: monday}
				if _, err := h.box.Deliver(tx, a); err != nil {
					return err
				}
			}
			return nil
		})
		b.StartTimer()
		h.runDue(at("11-23", "13:00"))
		b.StopTimer()
		if n := len(h.entries(h.ana, store.KindInbox)); n != 501 {
			b.Fatalf("%d entries", n)
		}
		h.db.Close()
		b.StartTimer()
	}
}

func TestManyTidesAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	const crowd = 120
	for i := range crowd {
		h.add(fmt.Sprintf("Person %d", i), fmt.Sprintf("p%d", i), "Europe/London")
	}
	h.reload()
	var all []*people.Person
	for _, p := range h.dir.All() {
		if strings.HasPrefix(p.Address.Local, "p") {
			all = append(all, p)
			h.deliver(h.tom, p, h.text("tom@team.example", "One"), monday, nil)
		}
	}
	noon := at("11-23", "13:00")
	for range 2 { // A hundred, then the rest at once.
		h.runDue(noon)
	}
	for _, p := range all {
		if got := h.list(p, store.KindInbox); len(got) != 2 {
			t.Errorf("%s has %q", p.Name, got)
		}
	}
	if due, ok := h.due(); !ok || !due.Equal(at("11-23", "16:00")) {
		t.Errorf("due %v, want the next tide", due)
	}
}
