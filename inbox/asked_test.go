package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/inbox"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/threading"
)

// A askingHouse is a house whose questions have clocks.
type askingHouse struct {
	*house
	keeper *clocks.Keeper
}

func newAskingHouse(t testing.TB, change func(*inbox.Options)) *askingHouse {
	t.Helper()
	h := &askingHouse{house: newHouse(t, nil)}
	h.keeper = clocks.New(h.db, h.dir, clocks.Options{Appears: func(p *people.Person, released time.Time) time.Time { return h.box.Appears(p, released) }})
	o := inbox.Options{Domain: "team.example", Hostname: "mail.team.example", Rand: rnd(), EveryTide: true, Clocks: h.keeper}
	if change != nil {
		change(&o)
	}
	h.box = inbox.New(h.db, h.dir, o)
	return h
}

// write is a mail of a colleague, released at now.
func (h *askingHouse) write(author, to *people.Person, subject, words string, now time.Time, fields ...string) {
	h.t.Helper()
	head, _ := cut(h.text(author.Name+" <"+author.Address.String()+">", subject, append(fields, "Content-Type: text/plain; charset=utf-8")...))
	text := strings.Replace(string(head), "To: ana@team.example", "To: "+to.Address.String(), 1) + words + "\r\n"
	s := h.submit(author, to, text, now)
	h.update(func(tx *store.Tx) error {
		m, err := tx.Message(s.MessageID)
		if err != nil {
			return err
		}
		rcpts, err := tx.Recipients(s.ID)
		if err != nil {
			return err
		}
		staged := store.StageBytes(cut(text))
		facts := mail.FactsOf(mail.ParseHeader(staged.Head), staged.Content, author.Address)
		in := intent.InputOf(facts, staged.Content, author.Zone())
		in.Date = now
		err = h.keeper.Accepted(tx, clocks.Mail{
			Message: m, MID: m.MID, Facts: facts, Words: words, Findings: intent.Read(in), Author: author,
			Readers: []clocks.Reader{{Address: to.Address, Person: to, Recipient: rcpts[0].ID}},
		}, now)
		if err != nil {
			return err
		}
		_, err = h.box.Deliver(tx, inbox.Arrival{Person: to, Message: m, Content: staged.Content, Facts: facts, ReversePath: author.Address,
			RecipientID: rcpts[0].ID, Author: author, At: now})
		return err
	})
}

// pass lets time come: clocks first, as in the gateway.
func (h *askingHouse) pass(now time.Time) {
	h.t.Helper()
	if err := h.keeper.RunDue(context.Background(), now); err != nil {
		h.t.Fatal(err)
	}
	for range 5 { // As the loop does: until nothing is due any more.
		h.runDue(now)
		if due, ok := h.due(); !ok || due.After(now) {
			return
		}
	}
	h.t.Errorf("%v: always something due", now)
}

func (h *askingHouse) digests(p *people.Person) int {
	h.t.Helper()
	return len(h.entries(p, store.KindDigests))
}

func asks(c digest.Content) []string {
	var out []string
	for _, a := range c.Asks {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s: %s [%s] %s %s", a.Number, a.Asker.Address, a.Text, a.State, a.Due.Format("02 15:04"), a.There)))
	}
	return out
}

func mine(c digest.Content) []string {
	var out []string
	for _, m := range c.Mine {
		out = append(out, fmt.Sprintf("%s by %s: %s", m.What, m.Owner.Address, m.Text))
	}
	return out
}

const (
	budget = "Could you please approve the budget for the workshop?"
	room   = "Could you please book the large room for Friday?"
)

func TestTheDigestNumbersTheQuestions(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.write(h.tom, h.ana, "Workshop", budget, monday)
	h.write(h.mei, h.ana, "Room", room, monday.Add(time.Minute))
	h.write(h.mei, h.ana, "Thanks", "Thank you for everything.", monday.Add(2*time.Minute))
	h.pass(at("11-23", "13:00"))
	c := h.lastDigest(h.ana)
	want := []string{
		"1 tom@team.example: " + budget + " [running] 24 13:00",
		"2 mei@team.example: " + room + " [running] 24 13:00 Wed 00:00 Sydney",
	}
	if diff := cmp.Diff(want, asks(c)); diff != "" {
		t.Error(diff)
	}
	if len(c.Entries) != 3 || c.Asks[0].MID == "" || c.Asks[0].Subject != "workshop" && c.Asks[0].Subject != "Workshop" {
		t.Errorf("%d entries, %+v", len(c.Entries), c.Asks[0])
	}
	// The number in the mail is the one that is stored.
	in := h.entries(h.ana, store.KindInbox)
	_, text := h.message(in[len(in)-1].MessageID)
	if !strings.Contains(text, "[2] "+room) {
		t.Errorf("digest:\n%s", text)
	}
}

func TestAQuestionAtRiskHasADigestOfItsOwn(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.write(h.tom, h.ana, "Workshop", budget, monday)
	h.pass(at("11-23", "13:00"))
	h.read(h.ana)
	for _, quiet := range []time.Time{at("11-23", "16:00"), at("11-23", "22:00"), at("11-24", "09:00")} {
		h.pass(quiet)
		if h.digests(h.ana) != 1 {
			t.Fatalf("%v: a digest although nothing happened", quiet)
		}
	}
	h.pass(at("11-24", "12:00")) // Three quarters are over; the tide is at one.
	if h.digests(h.ana) != 1 {
		t.Error("a digest between the tides")
	}
	h.pass(at("11-24", "12:59"))
	h.runDue(at("11-24", "13:00")) // Before the clock says that it is overdue.
	if got := asks(h.lastDigest(h.ana)); h.digests(h.ana) != 2 || len(got) != 1 || !strings.Contains(got[0], "[at-risk]") {
		t.Errorf("%d digests, asks %q", h.digests(h.ana), got)
	}
	h.read(h.ana)
	h.runDue(at("11-24", "13:00").Add(5 * time.Second))
	if h.digests(h.ana) != 2 {
		t.Error("told twice")
	}
}

// read marks everything in INBOX as read.
func (h *askingHouse) read(p *people.Person) {
	h.t.Helper()
	for _, e := range h.entries(p, store.KindInbox) {
		h.update(func(tx *store.Tx) error { return tx.SetFlags(&e, e.Flags|store.Seen, e.Keywords) })
	}
}

func TestNewsOfMyQuestions(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.write(h.ana, h.tom, "Workshop", budget, monday)
	h.write(h.ana, h.tom, "Room", room, monday)
	h.pass(at("11-23", "13:00"))
	h.update(func(tx *store.Tx) error {
		list, err := clocks.OnMe(tx, h.tom.ID)
		if err != nil || len(list) != 2 {
			return fmt.Errorf("%d asks, %w", len(list), err)
		}
		return h.keeper.Waive(tx, h.tom, list[0].Ask.ID, at("11-23", "14:00"))
	})
	if h.digests(h.ana) != 0 {
		t.Error("Ana heard before her tide")
	}
	h.pass(at("11-23", "16:00"))
	if diff := cmp.Diff([]string{"closed by tom@team.example: " + budget}, mine(h.lastDigest(h.ana))); diff != "" {
		t.Error(diff)
	}
	h.read(h.ana)
	// Overdue is told at the next tide; again on the next morning, if there is a digest.
	h.pass(at("11-24", "13:00"))
	h.pass(at("11-24", "16:00"))
	overdue := []string{"overdue by tom@team.example: " + room}
	if diff := cmp.Diff(overdue, mine(h.lastDigest(h.ana))); diff != "" || h.digests(h.ana) != 2 {
		t.Error(h.digests(h.ana), diff)
	}
	h.read(h.ana)
	h.pass(at("11-25", "09:00"))
	if h.digests(h.ana) != 2 {
		t.Error("a digest with old news only")
	}
	h.write(h.mei, h.ana, "Hello", "Greetings from Sydney.", at("11-25", "10:00"))
	h.pass(at("11-25", "13:00"))
	if diff := cmp.Diff(overdue, mine(h.lastDigest(h.ana))); diff != "" {
		t.Error(diff)
	}
	h.read(h.ana)
	h.write(h.mei, h.ana, "Hello again", "Greetings from Sydney.", at("11-25", "14:00"))
	h.pass(at("11-25", "16:00"))
	if got := mine(h.lastDigest(h.ana)); got != nil {
		t.Errorf("the second digest of the day repeats %q", got)
	}
	// An answer that has come is told beside it, and calls for no digest of its own.
	h.read(h.ana)
	h.write(h.tom, h.ana, "Re: Room", "Done, it is booked.", at("11-26", "10:00"), "In-Reply-To: <m2@x.test>")
	h.pass(at("11-26", "13:00"))
	if diff := cmp.Diff([]string{"answered by tom@team.example: " + room}, mine(h.lastDigest(h.ana))); diff != "" {
		t.Error(diff)
	}
	n := h.digests(h.ana)
	h.read(h.ana)
	h.pass(at("11-26", "16:00"))
	if h.digests(h.ana) != n {
		t.Error("a digest about an answer that was there")
	}
}

func TestAPromiseIsToldAlthoughTimePasses(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.write(h.ana, h.tom, "Workshop", budget, monday)
	h.pass(at("11-23", "13:00"))
	h.update(func(tx *store.Tx) error {
		list, err := clocks.OnMe(tx, h.tom.ID)
		if err != nil {
			return err
		}
		m, err := tx.Message(list[0].Ask.MessageID)
		if err != nil {
			return err
		}
		promise := scheduler.Promise{Made: at("11-23", "14:00"), Time: at("11-23", "16:10")}
		return h.keeper.Accepted(tx, clocks.Mail{Message: m, MID: "p1@x.test", Author: h.tom, Mute: true, Readers: []clocks.Reader{{Address: h.ana.Address, Person: h.ana}},
			Settles: []clocks.Settle{{Ask: list[0].Ask.ID, Promise: promise}}}, at("11-23", "14:00"))
	})
	h.pass(at("11-23", "16:00"))
	c := h.lastDigest(h.ana)
	if diff := cmp.Diff([]string{"promised by tom@team.example: " + budget}, mine(c)); diff != "" || !c.Mine[0].Due.Equal(at("11-23", "16:10")) {
		t.Error(c.Mine, diff)
	}
	h.view(func(tx *store.Tx) error {
		list, err := clocks.OnMe(tx, h.tom.ID)
		if len(list) != 1 || list[0].Clock.State != threading.AtRisk {
			t.Errorf("the clock does not show that time passes: %+v", list)
		}
		return err
	})
}

func TestAHandOverIsTold(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.write(h.mei, h.tom, "Workshop", budget, monday)
	h.pass(at("11-23", "13:00"))
	h.update(func(tx *store.Tx) error {
		list, err := clocks.OnMe(tx, h.tom.ID)
		if err != nil {
			return err
		}
		if err := h.keeper.HandOver(tx, list[0].Ask.ID, h.ana, 0, at("11-23", "14:00")); err != nil {
			return err
		}
		return h.keeper.Reached(tx, list[0].Ask.ID, list[0].Ask.MessageID, at("11-23", "14:00"))
	})
	h.pass(at("11-23", "22:00")) // 09:00 in Sydney
	if diff := cmp.Diff([]string{"handed-over by ana@team.example: " + budget}, mine(h.lastDigest(h.mei))); diff != "" {
		t.Error(diff)
	}
	h.read(h.mei)
	h.pass(at("11-24", "02:00"))
	if h.digests(h.mei) != 1 {
		t.Error("told twice")
	}
	// Ana has it among hers, with the next digest that there is.
	h.write(h.tom, h.ana, "Hello", "Greetings.", at("11-23", "15:00"))
	h.pass(at("11-23", "16:00"))
	if got := asks(h.lastDigest(h.ana)); len(got) != 1 || !strings.Contains(got[0], budget) {
		t.Errorf("Ana is asked %q", got)
	}
}

func TestAnUnreadDigestTellsItsNewsAgain(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.write(h.ana, h.tom, "Workshop", budget, monday)
	h.pass(at("11-23", "13:00"))
	h.update(func(tx *store.Tx) error {
		list, err := clocks.OnMe(tx, h.tom.ID)
		if err != nil {
			return err
		}
		return h.keeper.Waive(tx, h.tom, list[0].Ask.ID, at("11-23", "14:00"))
	})
	h.pass(at("11-23", "16:00"))
	h.write(h.mei, h.ana, "Hello", "Greetings from Sydney.", at("11-23", "18:00"))
	h.pass(at("11-24", "09:00"))
	c := h.lastDigest(h.ana)
	if diff := cmp.Diff([]string{"closed by tom@team.example: " + budget}, mine(c)); diff != "" || len(c.Entries) != 1 {
		t.Error(len(c.Entries), diff)
	}
	h.expectList(h.ana, store.KindInbox, "*Hello", "*News of 1 question, 1 message")
}

func TestWhatTheFirstOfADaySaysIsNotLost(t *testing.T) {
	h := newAskingHouse(t, func(o *inbox.Options) {
		o.Blocked = func(*store.Tx, *people.Person, time.Time) ([]digest.BlockedLine, int, error) {
			return []digest.BlockedLine{{Thread: 1, Subject: "Move"}}, 0, nil
		}
	})
	for _, tide := range []string{"13:00", "16:00"} {
		h.write(h.mei, h.ana, "Hello", "Greetings from Sydney.", at("11-23", tide).Add(-time.Minute))
		h.pass(at("11-23", tide))
		if c := h.lastDigest(h.ana); len(c.Blocked) != 1 {
			t.Errorf("%s: blocked %+v, unread before it", tide, c.Blocked)
		}
	}
	h.write(h.mei, h.tom, "Hello", "Greetings from Sydney.", at("11-23", "12:59"))
	h.pass(at("11-23", "13:00"))
	h.read(h.tom)
	h.write(h.mei, h.tom, "Hello", "Greetings from Sydney.", at("11-23", "15:59"))
	h.pass(at("11-23", "16:00"))
	if c := h.lastDigest(h.tom); len(c.Blocked) != 0 {
		t.Errorf("told twice on a day: %+v", c.Blocked)
	}
}

func TestTheFirstWeekCountsForLoneDigestsToo(t *testing.T) {
	h := newAskingHouse(t, func(o *inbox.Options) { o.EveryTide = false })
	h.write(h.mei, h.ana, "Hello", "Greetings from Sydney.", monday)
	h.write(h.ana, h.tom, "Workshop", budget, monday)
	h.pass(at("11-23", "13:00"))
	h.read(h.ana)
	h.update(func(tx *store.Tx) error {
		list, err := clocks.OnMe(tx, h.tom.ID)
		if err != nil {
			return err
		}
		return h.keeper.Waive(tx, h.tom, list[0].Ask.ID, at("11-23", "14:00"))
	})
	h.pass(at("11-23", "16:00"))
	if h.digests(h.ana) != 1 {
		t.Error("two digests on a day of the first week")
	}
	h.pass(at("11-24", "09:00"))
	if got := mine(h.lastDigest(h.ana)); len(got) != 1 {
		t.Errorf("the next morning tells %q", got)
	}
}

func TestHowOftenADigestMayCome(t *testing.T) {
	for pace, want := range map[people.Pace]int{people.PaceTeam: 2, people.PaceTide: 2, people.PaceDay: 1, people.PaceOff: 0} {
		h := newAskingHouse(t, nil)
		h.set(h.ana, func(p *people.Profile) { p.Digests = pace })
		for _, tide := range []string{"13:00", "16:00"} {
			h.write(h.mei, h.ana, "Hello", "Greetings from Sydney.", at("11-23", tide).Add(-time.Minute))
			h.pass(at("11-23", tide))
		}
		if got := h.digests(h.ana); got != want {
			t.Errorf("%q: %d digests, want %d", pace, got, want)
		}
		if got := len(h.entries(h.ana, store.KindInbox)); got != 2+min(want, 1) { // An unread one is replaced.
			t.Errorf("%q: %d mails in INBOX", pace, got)
		}
	}
}

func TestAnOutageDoesNotWakeAnybody(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.write(h.ana, h.tom, "Workshop", budget, monday)
	h.pass(at("11-23", "13:00"))
	h.update(func(tx *store.Tx) error {
		list, err := clocks.OnMe(tx, h.tom.ID)
		if err != nil {
			return err
		}
		return h.keeper.Waive(tx, h.tom, list[0].Ask.ID, at("11-23", "14:00"))
	})
	h.runDue(at("11-23", "14:30"))
	h.pass(at("11-24", "03:00")) // The tide of 16:00 was missed.
	if h.digests(h.ana) != 0 {
		t.Error("a digest at three in the morning")
	}
	h.pass(at("11-24", "09:00"))
	if h.digests(h.ana) != 1 {
		t.Error("no digest in the morning")
	}
}

func TestQuietMailWithAQuestionArrivesUnread(t *testing.T) {
	h := newAskingHouse(t, func(o *inbox.Options) { o.Style = people.StyleQuiet })
	h.write(h.tom, h.ana, "Workshop", budget, monday)
	h.write(h.tom, h.ana, "News", "The printer works again.", monday)
	h.pass(at("11-23", "13:00"))
	h.expectList(h.ana, store.KindInbox, "*Workshop", "News", "*1 question for you, 2 messages")
}

func TestACoverSeesWhatWaits(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.set(h.tom, func(p *people.Profile) { p.Cover = "ana@team.example" })
	h.write(h.mei, h.tom, "Room", room, monday)
	h.pass(at("11-23", "13:00"))
	h.leave(h.tom, "2026-11-24..2026-12-04")
	if err := h.keeper.Recalculate(context.Background(), h.tom.ID, at("11-23", "15:00")); err != nil {
		t.Fatal(err)
	}
	h.pass(at("11-23", "22:00")) // Tuesday 09:00 in Sydney.
	h.pass(at("11-24", "09:00"))
	c := h.lastDigest(h.ana)
	if len(c.Asks) != 1 || c.Asks[0].For != "Tom Berg" || c.Asks[0].Text != "" || c.Asks[0].Asker.Address != "mei@team.example" || c.Asks[0].State != threading.Paused {
		t.Errorf("asks %+v", c.Asks)
	}
	c = h.lastDigest(h.mei)
	if len(c.Mine) != 1 || c.Mine[0].What != digest.OutcomeAway || c.Mine[0].Cover != "Ana Silva" || !c.Mine[0].Back.Equal(at("12-07", "09:00")) {
		t.Errorf("asker hears %+v", c.Mine)
	}
}

// Clocks in London go back on Sunday 25 October, those of Sydney went forward before.
func TestTheDigestTellsOfClocksThatChange(t *testing.T) {
	h := newAskingHouse(t, nil)
	friday := at("10-23", "08:00") // 09:00 in London, 19:00 in Sydney
	h.write(h.ana, h.mei, "Workshop", budget, friday.Add(-time.Hour))
	h.write(h.mei, h.tom, "Hello", "Greetings from Sydney.", friday.Add(-time.Hour))
	h.pass(friday)
	want := []digest.ClockChange{{Day: dayOf(t, "2026-10-25"), Forward: -time.Hour}}
	if diff := cmp.Diff(want, h.lastDigest(h.tom).Clocks); diff != "" {
		t.Errorf("Tom: %s", diff)
	}
	h.pass(at("10-25", "22:00")) // Monday 09:00 in Sydney: it has happened.
	if got := h.lastDigest(h.mei).Clocks; got != nil {
		t.Errorf("Mei: %+v", got)
	}
	// A week later New York follows; Ana reads of it if the digest names somebody there.
	h.add("Bob Ray", "bob", "America/New_York")
	h.add("Cleo Fox", "cleo", "America/Toronto")
	h.reload()
	for _, local := range []string{"bob", "cleo"} {
		p, _, _ := h.dir.ByAddress(address(local + "@team.example"))
		h.write(p, h.ana, "Hello", "Greetings.", at("10-29", "20:00"))
	}
	h.write(h.mei, h.tom, "Hello", "Greetings from Sydney.", at("10-29", "20:00"))
	h.pass(at("10-30", "09:00"))
	want = []digest.ClockChange{{Cities: []string{"New York", "Toronto"}, Day: dayOf(t, "2026-11-01"), Forward: -time.Hour, There: "09:00", Before: "13:00", After: "14:00"}}
	if diff := cmp.Diff(want, h.lastDigest(h.ana).Clocks); diff != "" {
		t.Errorf("Ana: %s", diff)
	}
	if diff := cmp.Diff(want, h.lastDigest(h.tom).Clocks); diff != "" {
		t.Errorf("Tom, of a small team: %s", diff)
	}
}

// In a large team only those matter with whom the reader has exchanged mail.
func TestClocksOfStrangersAreNotTold(t *testing.T) {
	h := newAskingHouse(t, nil)
	for n := range 12 {
		h.add(fmt.Sprint("Pat ", n), fmt.Sprint("pat", n), "Europe/London")
	}
	h.add("Bob Ray", "bob", "America/New_York")
	h.reload()
	bob, _, _ := h.dir.ByAddress(address("bob@team.example"))
	h.write(h.mei, h.tom, "Hello", "Greetings.", at("10-29", "20:00"))
	h.write(h.mei, h.ana, "Hello", "Greetings.", at("10-29", "20:00"))
	h.write(h.ana, bob, "Hello", "Greetings.", at("10-27", "10:00")) // It is not in her digest, but she wrote to him.
	h.pass(at("10-30", "09:00"))
	if got := h.lastDigest(h.tom).Clocks; got != nil {
		t.Errorf("Tom, who works with nobody there: %+v", got)
	}
	if got := h.lastDigest(h.ana).Clocks; len(got) != 1 || got[0].Cities[0] != "New York" {
		t.Errorf("Ana, who wrote to Bob: %+v", got)
	}
}

func TestADigestThatCannotBeFilledKeepsNoMail(t *testing.T) {
	for name, blocked := range map[string]func(*store.Tx, *people.Person, time.Time) ([]digest.BlockedLine, int, error){
		"panic": func(*store.Tx, *people.Person, time.Time) ([]digest.BlockedLine, int, error) { panic("hostile") },
		"error": func(*store.Tx, *people.Person, time.Time) ([]digest.BlockedLine, int, error) {
			return nil, 0, errors.New("no")
		},
	} {
		h := newAskingHouse(t, func(o *inbox.Options) { o.Blocked = blocked })
		h.write(h.tom, h.ana, "Workshop", budget, monday)
		if err := h.box.RunDue(context.Background(), at("11-23", "13:00")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		h.expectList(h.ana, store.KindInbox, "*Workshop")
		h.runDue(at("11-23", "13:00"))
		h.update(func(tx *store.Tx) error {
			list, err := clocks.OnMe(tx, h.ana.ID)
			if err != nil || len(list) != 1 {
				return fmt.Errorf("%s: %d asks, %w", name, len(list), err)
			}
			return h.keeper.Waive(tx, h.ana, list[0].Ask.ID, at("11-23", "14:00"))
		})
		if err := h.box.RunDue(context.Background(), at("11-23", "16:00")); err == nil || !strings.Contains(err.Error(), "without mail") {
			t.Errorf("%s: Tom's digest is missing, and nobody hears why: %v", name, err)
		}
	}
}

func TestMailThatHasExpiredIsNoNews(t *testing.T) {
	h := newAskingHouse(t, nil)
	h.write(h.tom, h.ana, "Workshop", budget, monday)
	h.pass(at("11-23", "13:00"))
	h.read(h.ana)
	h.write(h.mei, h.ana, "Cake", "There is cake.", at("11-23", "14:00"), "Expires: Mon, 23 Nov 2026 09:00:00 +0000")
	h.pass(at("11-23", "16:00"))
	h.expectList(h.ana, store.KindInbox, "Workshop", "1 question for you, 1 message", "*Cake")
}

func dayOf(t *testing.T, s string) scheduler.Date {
	t.Helper()
	d, err := scheduler.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// BenchmarkAnEmptyTide is 09:00 in a team of 500 for whom no mail waits.
func BenchmarkAnEmptyTide(b *testing.B) {
	h := newAskingHouse(b, nil)
	for i := range 500 {
		h.add(fmt.Sprintf("Person %d", i), fmt.Sprintf("p%d", i), "Europe/London")
	}
	h.reload()
	for i, p := range h.dir.All() {
		if i < 20 {
			h.set(p, func(pr *people.Profile) { pr.Cover = "ana@team.example" })
		}
	}
	tide := at("11-24", "09:00")
	for b.Loop() {
		b.StopTimer()
		h.runDue(tide.Add(-1))
		b.StartTimer()
		if err := h.box.RunDue(context.Background(), tide); err != nil {
			b.Fatal(err)
		}
		tide = tide.AddDate(0, 0, 1)
	}
}
