package queue

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/decisions"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// decide lets everything do what is due at now.
func (w *world) decide(now time.Time) {
	w.t.Helper()
	w.pass(now)
	if err := w.q.o.Decisions.RunDue(context.Background(), now); err != nil {
		w.t.Fatal(err)
	}
}

// sees is what a person reads in Decisions, the newest message last.
func (w *world) sees(p *people.Person) string {
	w.t.Helper()
	return w.subjects(p, store.KindDecisions)
}

func (w *world) wantSees(p *people.Person, want string) {
	w.t.Helper()
	if got := w.sees(p); got != want {
		w.t.Errorf("%s sees %q, want %q", p.FirstName(), got, want)
	}
}

// last is the newest letter of Tidepost's in a person's INBOX.
func (w *world) last(p *people.Person) string {
	w.t.Helper()
	list := w.entries(p, store.KindInbox)
	for i := len(list) - 1; i >= 0; i-- {
		if text := w.octets(list[i]); strings.Contains(header(text, "From"), "Tidepost") {
			return text
		}
	}
	return ""
}

// tells writes to Tidepost, in answer to a letter or to none, and returns the answer.
func (w *world) tells(now time.Time, p *people.Person, letterOf, words string) string {
	w.t.Helper()
	var fields []string
	subject := "Words"
	if letterOf != "" {
		id := strings.Join(mail.ParseHeader([]byte(letterOf)).MessageIDs("Message-ID"), "")
		fields = []string{"In-Reply-To: <" + id + ">"}
		subject = "Re: " + header(letterOf, "Subject")
	}
	w.submit(now, p, letter(p, "w"+now.Format("150405.000")+p.Address.Local+"@x", subject, now, words, append(fields, "To: tidepost@team.example")...), "tidepost@team.example")
	return w.last(p)
}

func (w *world) wantSays(letterOf, want string) {
	w.t.Helper()
	flat := strings.Join(strings.Fields(strings.ReplaceAll(letterOf, "=\r\n", "")), " ")
	if !strings.Contains(flat, want) {
		w.t.Errorf("letter does not say %q:\n%s", want, letterOf)
	}
}

const nimbus = "Hi both,\n\nDecision: we host the shop with Nimbus from March.\n\nAna"

func TestADecisionIsFiledWhenItsMailLeaves(t *testing.T) {
	w := newWorld(t)
	sub := w.ask(monday(10, 0), w.ana, "d1@x", nimbus, "mei@team.example", "tom@team.example", "joe@out.example")
	w.decide(monday(10, 0))
	w.wantSees(w.ana, "")
	w.decide(monday(10, 1)) // Joe has it, Mei and Tom sleep
	w.wantSees(w.ana, "D-1 we host the shop with Nimbus from March.")
	w.wantSees(w.tom, "")
	w.wantSays(w.last(w.ana), "D-1 we host the shop with Nimbus from March.")
	w.wantSays(w.last(w.ana), "Reply *publish* to show everybody")
	w.decide(monday(14, 1)) // 09:00 in New York
	w.wantSees(w.tom, "D-1 we host the shop with Nimbus from March.")
	w.wantSees(w.mei, "")
	w.decide(monday(22, 1)) // 09:00 in Sydney
	w.wantSees(w.mei, "D-1 we host the shop with Nimbus from March.")
	for p, flags := range map[*people.Person]store.Flags{w.ana: store.Seen, w.tom: 0, w.mei: 0} {
		if e := w.entries(p, store.KindDecisions); len(e) != 1 || e[0].Flags != flags {
			t.Errorf("entries of %s: %+v", p.FirstName(), e)
		}
	}
	a, b := w.entries(w.ana, store.KindDecisions)[0], w.entries(w.tom, store.KindDecisions)[0]
	if a.MessageID != b.MessageID {
		t.Error("one decision is two messages")
	}
	text := w.octets(a)
	w.wantSays(text, "Took part Ana Silva, Mei Chen, Tom Hall, joe@out.example")
	w.wantSays(text, "Mail mid:d1@x")
	if strings.Contains(text, "Hi both") || strings.Contains(text, "Launch") {
		t.Errorf("more of the mail than the sentence:\n%s", text)
	}
	if kinds := w.kinds(sub); !strings.Contains(kinds, decisions.EventFound) || !strings.Contains(kinds, decisions.EventFiled) {
		t.Errorf("ledger %q", kinds)
	}
}

func TestWhatIsTakenBackIsNoDecisionAndLeavesNoGap(t *testing.T) {
	w := newWorld(t)
	gone := w.ask(monday(10, 0), w.ana, "d1@x", nimbus, "mei@team.example")
	w.update(func(tx *store.Tx) error {
		_, _, err := w.q.Cancel(tx, w.ana, gone, monday(10, 5))
		return err
	})
	w.decide(monday(10, 6))
	w.ask(monday(10, 10), w.ana, "d2@x", "Decision: no meetings on Fridays.", "joe@out.example")
	w.decide(monday(10, 11))
	w.wantSees(w.ana, "D-1 no meetings on Fridays.")
	w.decide(tuesday(10, 0))
	w.wantSees(w.mei, "")
	if !strings.Contains(w.kinds(gone), decisions.EventDropped) {
		t.Errorf("ledger %q", w.kinds(gone))
	}
}

func TestPublishAndWithdraw(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(14, 30), w.ana, "d1@x", nimbus, "tom@team.example")
	w.decide(monday(14, 31))
	note := w.last(w.ana)
	w.wantSees(w.tom, "D-1 we host the shop with Nimbus from March.")
	if said := w.tells(monday(14, 40), w.tom, "", "publish D-1"); !strings.Contains(said, "only who decided") {
		t.Errorf("Tom published it: %s", said)
	}
	w.wantSays(w.tells(monday(14, 41), w.mei, "", "publish D-1"), "no decision D-1 that you can see")
	w.wantSays(w.tells(monday(14, 42), w.mei, "", "D-1"), "no decision D-1 that you can see")
	w.wantSays(w.tells(monday(14, 43), w.mei, "", "decisions Nimbus"), `No decision that you can see has "Nimbus"`)
	w.wantSays(w.tells(monday(14, 45), w.ana, note, "Publish!"), "D-1 is public")
	w.wantSees(w.mei, "D-1 we host the shop with Nimbus from March.")
	w.wantSees(w.tom, "D-1 we host the shop with Nimbus from March.")
	w.wantSays(w.octets(w.entries(w.mei, store.KindDecisions)[0]), "Seen by everybody in the team")
	w.wantSays(w.tells(monday(14, 46), w.mei, "", "decisions nimb"), "D-1 we host the shop")
	w.wantSays(w.tells(monday(14, 47), w.ana, note, "publish"), "public already")

	w.wantSays(w.tells(monday(14, 50).AddDate(0, 0, 6), w.ana, note, "withdraw"), "D-1 is withdrawn")
	for _, p := range []*people.Person{w.ana, w.mei, w.tom} {
		w.wantSees(p, "D-1 (withdrawn)")
	}
	w.wantSays(w.tells(monday(14, 51).AddDate(0, 0, 6), w.mei, "", "decisions nimbus"), "No decision")
	w.view(func(tx *store.Tx) error {
		d, err := tx.DecisionByNumber(1)
		if d.Sentence != "" || d.State != store.DecisionWithdrawn {
			t.Errorf("kept %+v", d)
		}
		return err
	})
	// The number stays.
	w.ask(monday(15, 0).AddDate(0, 0, 7), w.ana, "d2@x", "Decision: no meetings on Fridays.", "joe@out.example")
	w.decide(monday(15, 1).AddDate(0, 0, 7))
	w.wantSees(w.ana, "D-1 (withdrawn); D-2 no meetings on Fridays.")
	w.wantSays(w.tells(monday(15, 2).AddDate(0, 0, 15), w.ana, "", "withdraw D-2"), "older than 7 days")
}

func TestWhatIsDecidedOnTheTeamListIsPublic(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(10, 0), w.ana, "d1@x", nimbus, "all@lists.example")
	w.decide(monday(10, 1))
	w.wantSees(w.mei, "D-1 we host the shop with Nimbus from March.")
	w.wantSays(w.last(w.ana), "because you wrote to the team")
	w.add("Zoe Papadaki", "zoe@team.example", "Europe/London", "") // joins later
	w.reload()
	w.q.o.Decisions.Kick()
	w.decide(monday(10, 5))
	zoe, _, _ := w.people.ByAddress(addressOf("zoe@team.example"))
	w.wantSees(zoe, "D-1 we host the shop with Nimbus from March.")
}

func TestADecisionTakesThePlaceOfAnother(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Coach = people.On })
	w.ask(monday(14, 30), w.ana, "d1@x", "Decision: we host the shop with Kessler until March.", "tom@team.example")
	w.decide(monday(14, 31))
	w.ask(monday(14, 40), w.ana, "d2@x", "Decision: we host the shop with Nimbus.\n\nThis replaces D-1.", "tom@team.example")
	w.decide(monday(14, 41))
	w.wantSees(w.tom, "D-2 we host the shop with Nimbus.; D-1 (superseded by D-2) we host the shop with Kessler until March.")
	w.wantSays(w.octets(w.entries(w.tom, store.KindDecisions)[0]), "Takes the place of D-1")

	sub := w.ask(monday(14, 50), w.tom, "a1@x", "Hi Ana,\n\nas decided in D-1, please send the order to Kessler by Friday.", "ana@team.example")
	w.wantSays(w.last(w.tom), "D-1 holds no longer: D-2 has taken its place.")
	if w.plan(sub, 0).Coach.IsZero() {
		t.Error("the draft did not wait for its author")
	}
	// Mei cannot see either: she is told nothing.
	w.ask(tuesday(0, 0), w.mei, "a2@x", "Hi Ana,\n\nas decided in D-1, please send the order to Kessler by Friday.", "ana@team.example")
	if strings.Contains(w.last(w.mei), "D-2") {
		t.Errorf("Mei is told of what she cannot see: %s", w.last(w.mei))
	}
	// Withdrawn, it takes no place.
	w.tells(monday(15, 0), w.ana, "", "withdraw D-2")
	if got := w.sees(w.tom); !strings.Contains(got, "D-1 we host the shop with Kessler until March.") {
		t.Errorf("Tom sees %q", got)
	}
}

const lazily = "Hi,\n\nProposal: the shop moves to Nimbus on 1 April.\n\nUnless someone objects by Tue noon, we go ahead.\n\nAna"

func TestSilenceDecides(t *testing.T) {
	w := newWorld(t)
	w.profile(w.tom, func(p *people.Profile) {
		p.Calendar.Leave = []scheduler.Leave{{From: monday(0, 0), To: monday(0, 0).AddDate(0, 0, 14)}}
	})
	sub := w.ask(monday(10, 0), w.ana, "p1@x", lazily, "mei@team.example", "tom@team.example")
	w.decide(monday(10, 1))
	w.decide(monday(22, 1)) // Mei has it on Tuesday, 09:00 in Sydney.
	// Tuesday noon in London has passed before Mei's working day is over: it lasts until Wednesday, 09:00.
	w.decide(tuesday(12, 0))
	w.wantSees(w.ana, "")
	note := w.last(w.ana)
	w.wantSays(note, "If nobody objects it is decided")
	w.wantSays(note, "Away, not asked: Tom Hall.")
	w.wantSays(note, "That is later than your mail says")
	w.decide(tuesday(21, 59))
	w.wantSees(w.ana, "")
	w.decide(tuesday(22, 1))
	w.wantSees(w.ana, "D-1 The shop moves to Nimbus on 1 April.")
	w.wantSees(w.mei, "D-1 The shop moves to Nimbus on 1 April.")
	text := w.octets(w.entries(w.mei, store.KindDecisions)[0])
	w.wantSays(text, "How nobody objected until Tue 3 Mar 2026 22:01 London")
	w.wantSays(text, "Away, not asked Tom Hall")
	if !strings.Contains(w.kinds(sub), decisions.EventTimer) {
		t.Errorf("ledger %q", w.kinds(sub))
	}
	var fresh []decisions.Entry
	for _, p := range []*people.Person{w.ana, w.mei} {
		w.view(func(tx *store.Tx) (err error) {
			fresh, err = w.q.o.Decisions.Fresh(tx, p.ID, monday(0, 0))
			return err
		})
		if len(fresh) != 1 || fresh[0].Number != 1 || fresh[0].Away[0] != "Tom Hall" {
			t.Errorf("the digest of %s is told %+v", p.FirstName(), fresh)
		}
	}
}

func TestAnObjectionStopsTheTimerAndPassesAtOnce(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(14, 30), w.ana, "p1@x", lazily, "mei@team.example", "tom@team.example")
	w.decide(monday(14, 31))
	w.decide(monday(22, 1))
	// 03:00 in London: it passes all the same.
	sub := w.answers(tuesday(3, 0), w.mei, "o1@x", "p1@x", "Hi Ana,\n\nI object: Kessler has the cheaper offer.\n\nMei", "ana@team.example")
	w.decide(tuesday(3, 0))
	w.wantStates(sub, "delivered")
	if p := w.plan(sub, 0); p.Why != "objection" {
		t.Errorf("planned because of %q", p.Why)
	}
	if got := w.subjects(w.ana, store.KindInbox); !strings.HasSuffix(got, "Re: Launch") {
		t.Errorf("the proposer has %q", got)
	}
	w.decide(tuesday(9, 1)) // The note waits for Ana's hours.
	w.wantSays(w.last(w.ana), "Mei Chen has answered your proposal with more than a yes.")
	w.decide(wednesday(22, 0))
	w.wantSees(w.ana, "")
}

func TestConsentStopsNothing(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(14, 30), w.ana, "p1@x", lazily, "tom@team.example", "joe@out.example")
	w.decide(monday(14, 31))
	sub := w.answers(monday(15, 0), w.tom, "o1@x", "p1@x", "Fine with me, Ana. Thanks!", "ana@team.example")
	if p := w.plan(sub, 0); p.Why == "objection" {
		t.Error("consent passed as an objection")
	}
	w.receive(monday(15, 5), "joe@out.example", "o2@out", "OK.", "ana@team.example", "In-Reply-To: <p1@x>", "References: <p1@x>")
	// A stranger has no say.
	w.receive(monday(15, 6), "eve@else.example", "o3@else", "I object.", "ana@team.example", "In-Reply-To: <p1@x>", "References: <p1@x>")
	w.decide(tuesday(14, 0))
	w.decide(tuesday(15, 0))
	w.wantSees(w.tom, "D-1 The shop moves to Nimbus on 1 April.")
}

func TestSomebodyElsewhereObjects(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(14, 30), w.ana, "p1@x", lazily, "tom@team.example", "joe@out.example")
	w.decide(monday(14, 31))
	w.receive(monday(15, 5), "joe@out.example", "o2@out", "What about our contract?", "ana@team.example", "In-Reply-To: <p1@x>", "References: <p1@x>")
	w.decide(monday(15, 6))
	w.wantSays(w.last(w.ana), "Joe has answered your proposal")
	w.decide(wednesday(22, 0))
	w.wantSees(w.tom, "")
}

func TestTheProposerTakesItBack(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(14, 30), w.ana, "p1@x", lazily, "tom@team.example")
	w.decide(monday(14, 31))
	note := w.last(w.ana)
	w.wantSays(w.tells(monday(15, 0), w.ana, note, "withdraw"), "silence decides nothing now")
	w.ask(monday(15, 10), w.ana, "p2@x", strings.Replace(lazily, "1 April", "1 May", 1), "tom@team.example")
	w.answers(monday(15, 20), w.ana, "o1@x", "p2@x", "Never mind, Kessler has called.", "tom@team.example")
	w.ask(monday(15, 30), w.ana, "p3@x", strings.Replace(lazily, "1 April", "1 June", 1), "tom@team.example")
	w.answers(monday(15, 40), w.ana, "p4@x", "p3@x", strings.Replace(lazily, "1 April", "1 July", 1), "tom@team.example")
	for at := monday(15, 41); at.Before(wednesday(16, 0)); at = at.Add(time.Hour) {
		w.decide(at)
	}
	w.wantSees(w.tom, "D-1 The shop moves to Nimbus on 1 July.")
}

func TestNotesWaitForTheAuthorsHours(t *testing.T) {
	w := newWorld(t)
	before := len(w.entries(w.ana, store.KindInbox))
	w.ask(monday(22, 0), w.ana, "d1@x", nimbus, "joe@out.example")
	for at := monday(22, 1); at.Before(tuesday(9, 0)); at = at.Add(30 * time.Minute) {
		w.decide(at)
	}
	w.wantSees(w.ana, "D-1 we host the shop with Nimbus from March.")
	if n := len(w.entries(w.ana, store.KindInbox)); n != before {
		t.Errorf("%d letters at night: %s", n-before, w.subjects(w.ana, store.KindInbox))
	}
	w.decide(tuesday(9, 1))
	w.wantSays(w.last(w.ana), "D-1 we host the shop")
	w.decide(tuesday(9, 2))
	if n := strings.Count(w.subjects(w.ana, store.KindInbox), "Decision D-1"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestADetectedDecisionIsConfirmedByAWord(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(10, 0), w.ana, "d1@x", "Hi Joe,\n\nwe have decided to go with Nimbus for the shop.\n\nAna", "joe@out.example")
	w.decide(monday(10, 1))
	w.wantSees(w.ana, "")
	var q decisions.Question
	w.update(func(tx *store.Tx) error {
		var ok bool
		var err error
		if q, ok, err = w.q.o.Decisions.Ask(tx, w.ana.ID); !ok {
			t.Error("there is nothing to ask")
		}
		return err
	})
	if !strings.Contains(q.Sentence, "go with Nimbus") || q.MID != "d1@x" {
		t.Errorf("asks %+v", q)
	}
	w.update(func(tx *store.Tx) error {
		if _, ok, err := w.q.o.Decisions.Ask(tx, w.ana.ID); ok || err != nil {
			t.Errorf("asked twice: %v", err)
		}
		said, ok, err := w.q.o.Decisions.Answer(tx, w.mei, decisions.Word{Text: "decision", Asked: q.ID}, monday(12, 0))
		if !ok || !strings.Contains(said, "did nothing") {
			t.Errorf("Mei confirmed it: %q", said)
		}
		if err != nil {
			return err
		}
		said, _, err = w.q.o.Decisions.Answer(tx, w.ana, decisions.Word{Text: "Decision.", Asked: q.ID}, monday(12, 1))
		if !strings.HasPrefix(said, "D-1  we have decided") {
			t.Errorf("answered %q", said)
		}
		return err
	})
	w.wantSees(w.ana, "D-1 we have decided to go with Nimbus for the shop.")
}

func TestUnansweredQuestionsEnd(t *testing.T) {
	w := newWorld(t)
	asked := func(now time.Time, mid string) (ok bool) {
		w.ask(now, w.ana, mid, "Hi Joe,\n\nwe have decided to go with Nimbus for the shop.\n\nAna", "joe@out.example")
		w.decide(now.Add(time.Minute))
		w.update(func(tx *store.Tx) (err error) {
			_, ok, err = w.q.o.Decisions.Ask(tx, w.ana.ID)
			return err
		})
		return ok
	}
	for i, want := range []bool{true, true, true, false} {
		if got := asked(monday(10, 0).AddDate(0, 0, i), "d"+strconv.Itoa(i)+"@x"); got != want {
			t.Errorf("question %d was put: %v, want %v", i+1, got, want)
		}
	}
	for at := monday(11, 0); at.Before(monday(11, 0).AddDate(0, 0, 12)); at = at.Add(24 * time.Hour) {
		w.decide(at)
	}
	if asked(monday(10, 0).AddDate(0, 0, 14), "d8@x") {
		t.Error("asked again after two weeks")
	}
	if !asked(monday(10, 0).AddDate(0, 0, 33), "d9@x") {
		t.Error("not asked again after a month")
	}
}

func TestDecisionsSurviveACrash(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(14, 30), w.ana, "p1@x", lazily, "tom@team.example")
	w.ask(monday(14, 31), w.ana, "d1@x", nimbus, "tom@team.example")
	w.crash()
	w.decide(monday(14, 40))
	w.wantSees(w.tom, "D-1 we host the shop with Nimbus from March.")
	w.crash()
	w.decide(tuesday(14, 39))
	w.wantSees(w.tom, "D-1 we host the shop with Nimbus from March.")
	w.decide(tuesday(15, 41))
	w.wantSees(w.tom, "D-1 we host the shop with Nimbus from March.; D-2 The shop moves to Nimbus on 1 April.")
	w.decide(tuesday(15, 42))
	if due, ok, err := w.q.o.Decisions.NextDue(context.Background()); ok || err != nil {
		t.Errorf("something is left to do at %v: %v", due, err)
	}
}

func TestBccIsNotTold(t *testing.T) {
	w := newWorld(t)
	w.submit(monday(14, 30), w.ana, letter(w.ana, "d1@x", "Launch", monday(14, 30), nimbus, "To: joe@out.example"), "joe@out.example", "tom@team.example")
	w.decide(monday(14, 31))
	w.wantSees(w.tom, "D-1 we host the shop with Nimbus from March.")
	if text := w.octets(w.entries(w.tom, store.KindDecisions)[0]); strings.Contains(text, "Tom") {
		t.Errorf("names who got a blind copy:\n%s", text)
	}
}

func TestTheDigestAsksAndTells(t *testing.T) {
	w := newWorld(t)
	w.profile(w.ana, func(p *people.Profile) { p.Tides = []string{"09:00", "13:00", "16:00"} })
	w.ask(monday(10, 0), w.ana, "d1@x", "Hi Joe,\n\nwe have decided to go with Nimbus for the shop.\n\nAna", "joe@out.example")
	w.ask(monday(10, 1), w.mei, "d2@x", "Decision: Tuesdays are for support.", "ana@team.example")
	w.decide(monday(10, 2))
	w.ask(monday(14, 30), w.tom, "n1@x", "Hi Ana, here are the numbers of last week.", "ana@team.example")
	for at := monday(14, 31); at.Before(monday(16, 10)); at = at.Add(10 * time.Minute) {
		w.decide(at)
	}
	digest := ""
	for _, e := range w.entries(w.ana, store.KindDigests) {
		digest = w.octets(e)
	}
	w.wantSays(digest, "D-1 Tuesdays are for support.")
	w.wantSays(digest, "is this a decision?")
	w.wantSays(digest, "go with Nimbus for the shop")
	w.wantSees(w.ana, "D-1 Tuesdays are for support.")
	said := w.tells(monday(16, 20), w.ana, digest, "Decision\n\n> some of the digest\n")
	w.wantSays(said, "D-2 we have decided to go with Nimbus for the shop.")
	w.wantSees(w.ana, "D-1 Tuesdays are for support.; D-2 we have decided to go with Nimbus for the shop.")
}

func TestTheDigestTellsWhatIsWithdrawn(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(14, 30), w.ana, "d1@x", nimbus, "tom@team.example")
	w.decide(monday(14, 31))
	w.tells(monday(15, 0), w.ana, "", "withdraw D-1")
	for since, want := range map[time.Time]int{monday(14, 0): 0, monday(14, 45): 1, monday(15, 30): 0} {
		var fresh []decisions.Entry
		w.view(func(tx *store.Tx) (err error) {
			fresh, err = w.q.o.Decisions.Fresh(tx, w.tom.ID, since)
			return err
		})
		if len(fresh) != want || want == 1 && (!fresh[0].Withdrawn || fresh[0].Sentence != "" || fresh[0].MID != "") {
			t.Errorf("since %s Tom is told %+v", since.Format("15:04"), fresh)
		}
	}
}
