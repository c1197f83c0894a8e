package queue

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// tuesday is the day after monday.
func tuesday(hour, minute int) time.Time { return monday(hour, minute).AddDate(0, 0, 1) }

func wednesday(hour, minute int) time.Time { return monday(hour, minute).AddDate(0, 0, 2) }

// pass lets mail, deliveries and clocks do what is due at now.
func (w *world) pass(now time.Time) {
	w.t.Helper()
	w.run(now)
	if err := w.q.o.Clocks.RunDue(context.Background(), now); err != nil {
		w.t.Fatal(err)
	}
	if err := w.q.inbox.RunDue(context.Background(), now); err != nil {
		w.t.Fatal(err)
	}
}

// ask submits a mail of author to others.
func (w *world) ask(now time.Time, author *people.Person, mid, words string, to ...string) int64 {
	w.t.Helper()
	return w.submit(now, author, letter(author, mid, "Launch", now, words, "To: "+strings.Join(to, ", ")), to...)
}

// answers submits an answer to a mail of the launch.
func (w *world) answers(now time.Time, author *people.Person, mid, parent, words string, to ...string) int64 {
	w.t.Helper()
	return w.submit(now, author, letter(author, mid, "Re: Launch", now, words, "To: "+strings.Join(to, ", "),
		"In-Reply-To: <"+parent+">", "References: <"+parent+">"), to...)
}

// receive takes a mail from elsewhere.
func (w *world) receive(now time.Time, from, mid, words string, to string, fields ...string) {
	w.t.Helper()
	text := "From: Joe <" + from + ">\r\nTo: " + to + "\r\nSubject: Launch\r\nDate: " + mail.FormatDate(now) + "\r\nMessage-ID: <" + mid + ">\r\n"
	for _, f := range fields {
		text += f + "\r\n"
	}
	env := mail.Envelope{From: addressOf(from)}
	for a := range strings.SplitSeq(to, ", ") {
		env.Recipients = append(env.Recipients, mail.Recipient{Address: addressOf(a)})
	}
	err := w.q.inbox.Receive(context.Background(), env, w.stage(text+"\r\n"+words+"\r\n", now), inbox.Peer{Protocol: "ESMTP"}, now)
	if err != nil {
		w.t.Fatal(err)
	}
}

// asks tells of every ask of a mail: its owner, its state or whether it is open, and
// when it is due.
func (w *world) asks(mid string) string {
	w.t.Helper()
	var out []string
	w.view(func(tx *store.Tx) error {
		list, err := tx.AsksByMID(mid)
		for _, a := range list {
			s, _, _ := strings.Cut(a.Owner, "@")
			switch {
			case a.Clock.State != "":
				s += " " + a.Clock.State
			case a.Open:
				s += "nobody open"
			default:
				s += "nobody closed"
			}
			if !a.Clock.Due.IsZero() {
				s += " " + a.Clock.Due.Format("Mon 15:04")
			}
			out = append(out, s)
		}
		return err
	})
	return strings.Join(out, ", ")
}

func (w *world) wantAsks(mid, want string) {
	w.t.Helper()
	if got := w.asks(mid); got != want {
		w.t.Errorf("asks of %s: got %q, want %q", mid, got, want)
	}
}

// ledger are the lines of the only ask of a mail, or of its number n.
func (w *world) ledger(mid string, n int) string {
	w.t.Helper()
	var out []string
	w.view(func(tx *store.Tx) error {
		list, err := tx.AsksByMID(mid)
		if err != nil || len(list) < n {
			return fmt.Errorf("%d asks, %w", len(list), err)
		}
		events, err := tx.EventsOfAsk(list[n-1].ID)
		for _, e := range events {
			out = append(out, e.Kind)
		}
		return err
	})
	return strings.Join(out, " ")
}

// look says how the entries of a folder look.
func (w *world) look(p *people.Person, kind store.Kind) string {
	w.t.Helper()
	var out []string
	for _, e := range w.entries(p, kind) {
		s := header(w.octets(e), "Subject")
		if e.Flags&store.Flagged != 0 {
			s += " flagged"
		}
		if e.Flags&store.Answered != 0 {
			s += " answered"
		}
		out = append(out, strings.TrimSpace(s+" "+strings.Join(e.Keywords, " ")))
	}
	return strings.Join(out, "; ")
}

func (w *world) wantLook(p *people.Person, kind store.Kind, want string) {
	w.t.Helper()
	if got := w.look(p, kind); got != want {
		w.t.Errorf("%s of %s: got %q, want %q", kind, p.FirstName(), got, want)
	}
}

func TestQuestionFromAcceptToAnswer(t *testing.T) {
	w := newWorld(t)
	// Monday 13:00 in London is midnight in Sydney: the mail waits, and so does its clock.
	w.ask(monday(13, 0), w.ana, "q@team.example", "Mei, can you send me the figures?", "mei@team.example")
	w.wantAsks("q@team.example", "mei waiting")
	w.wantLook(w.mei, store.KindNeedsReply, "")
	w.wantLook(w.ana, store.KindWaitingFor, "Launch")
	w.pass(monday(22, 0)) // Tuesday 09:00 in Sydney
	w.wantAsks("q@team.example", "mei running Tue 22:00")
	w.wantLook(w.mei, store.KindNeedsReply, "Launch")
	if in, need := w.entries(w.mei, store.KindInbox), w.entries(w.mei, store.KindNeedsReply); len(in) != 1 || len(need) != 1 || in[0].MessageID != need[0].MessageID {
		t.Fatalf("INBOX %v and Needs reply %v do not show the same message", in, need)
	} else if need[0].Flags != store.Seen || in[0].Flags != 0 {
		t.Errorf("flags: INBOX %v, Needs reply %v; want unread there and read here", in[0].Flags, need[0].Flags)
	}
	w.pass(tuesday(12, 59))
	w.wantLook(w.mei, store.KindNeedsReply, "Launch")
	w.pass(tuesday(13, 0)) // Wednesday begins in Sydney, and it is due on Wednesday.
	w.wantLook(w.mei, store.KindNeedsReply, "Launch flagged")
	w.pass(tuesday(22, 0))
	w.wantAsks("q@team.example", "mei overdue Tue 22:00")
	w.wantLook(w.mei, store.KindNeedsReply, "Launch flagged $Overdue")
	w.wantLook(w.ana, store.KindWaitingFor, "Launch $Overdue")
	w.answers(tuesday(23, 0), w.mei, "r@team.example", "q@team.example", "Here they are.", "ana@team.example")
	w.wantAsks("q@team.example", "mei answered")
	w.wantLook(w.mei, store.KindNeedsReply, "")
	w.wantLook(w.ana, store.KindWaitingFor, "")
	w.wantLook(w.mei, store.KindInbox, "Launch answered $Settled; Waits: Re: Launch")
	if got := w.ledger("q@team.example", 1); got != "ask-put clock-delivered clock-three-quarters clock-due clock-answered" {
		t.Errorf("ledger: got %q", got)
	}
	// Accepted at 23:00, it reaches Ana when she begins on Wednesday.
	w.view(func(tx *store.Tx) error {
		list, err := w.q.o.Clocks.Since(tx, w.ana, monday(0, 0), tuesday(23, 0))
		if err != nil || len(list) != 1 || !list[0].Late || list[0].AnswerBy != "Mei Chen" || !list[0].Reaches.Equal(wednesday(9, 0)) {
			t.Errorf("since: got %+v, %v; want one late answer of Mei that reaches Ana on Wednesday at 09:00", list, err)
		}
		return err
	})
}

func TestWhichReplyAnswersWhichAsk(t *testing.T) {
	const two = "Mei, can you send me the figures? Tom, can you book the room?"
	const list = "Mei, please:\r\n1. Can you send me the figures?\r\n2. Can you confirm the price?\r\n3. Can you book the room?\r\n"
	type sent struct{ from, to, parent, words string }
	cases := []struct {
		name  string
		words string
		to    string
		then  []sent
		want  string
	}{
		{"the owner answers", "Can you send me the figures?", "mei", []sent{{"mei", "ana", "q", "Here they are."}}, "mei answered"},
		{"the owner answers somebody else", "Can you send me the figures?", "mei", []sent{{"mei", "tom", "q", "Do you have them?"}}, "mei running"},
		{"somebody else answers", two, "mei tom", []sent{{"tom", "ana", "q", "Room 4 is booked."}}, "mei running, tom answered"},
		{"the asker takes another's answer", "Mei, can you send me the figures?", "mei tom",
			[]sent{{"tom", "ana", "q", "They are on the drive."}, {"ana", "tom", "1", "Great, thanks!"}}, "mei answered"},
		{"another's answer alone", "Mei, can you send me the figures?", "mei tom", []sent{{"tom", "ana", "q", "They are on the drive."}}, "mei running"},
		{"never mind", "Mei, can you send me the figures?", "mei", []sent{{"ana", "mei", "q", "Never mind, I found them."}}, "mei withdrawn"},
		{"never mind to one of two", two, "mei tom", []sent{{"ana", "mei", "q", "Never mind, I found them."}}, "mei withdrawn, tom running"},
		{"a promise without a time", "Can you send me the figures?", "mei", []sent{{"mei", "ana", "q", "I'll look into it."}}, "mei running"},
		{"a reminder is no new question", "Can you send me the figures?", "mei",
			[]sent{{"ana", "mei", "q", "Any news on this?"}, {"mei", "ana", "1", "Sorry, here they are."}}, "mei answered"},
		{"a bare yes to a reminder", "Can you approve the budget?", "mei",
			[]sent{{"ana", "mei", "q", "Any news on this?"}, {"mei", "ana", "1", "Thanks for the reminder, done."}}, "mei answered"},
		{"the owner thanks somebody else", "Mei, can you send me the figures?", "mei tom",
			[]sent{{"tom", "ana mei", "q", "The old ones are on the drive."}, {"mei", "tom ana", "1", "Thanks Tom!"}}, "mei running"},
		{"the owner answers behind somebody else", "Mei, can you send me the figures?", "mei tom",
			[]sent{{"tom", "ana mei", "q", "The old ones are on the drive."}, {"mei", "tom ana", "1", "The new ones are 4, 5 and 6."}}, "mei answered"},
		{"a second question leaves the first", "Mei, can you send me the figures?", "mei",
			[]sent{{"ana", "mei", "q", "Can you also book a room for Friday?"}, {"mei", "ana", "1", "Room 4 is booked."}}, "mei running"},
		{"numbers", list, "mei", []sent{{"mei", "ana", "q", "1) attached\r\n3) yes"}}, "mei answered, mei running, mei answered"},
		{"no numbers", list, "mei", []sent{{"mei", "ana", "q", "Yes to all, the figures are attached."}}, "mei answered, mei answered, mei answered"},
		{"between quotes", "Can you send me the figures?\r\n\r\nDo you agree with the price of 400?", "mei",
			[]sent{{"mei", "ana", "q", "> Can you send me the figures?\r\nAttached.\r\n> Do you agree with the price of 400?\r\n"}}, "mei answered, mei running"},
		{"below everything quoted", "Can you send me the figures?\r\n\r\nDo you agree with the price of 400?", "mei",
			[]sent{{"mei", "ana", "q", "> Can you send me the figures?\r\n>\r\n> Do you agree with the price of 400?\r\n\r\nAttached, and yes: 400."}}, "mei answered, mei answered"},
		{"between quotes, one cut out", "Can you send me the figures?\r\n\r\nDo you agree with the price of 400?", "mei",
			[]sent{{"mei", "ana", "q", "> Can you send me the figures?\r\n\r\nAttached."}}, "mei answered, mei running"},
		{"nobody in particular", "Could somebody send me the figures?", "mei tom", []sent{{"tom", "ana", "q", "Here they are."}}, "nobody closed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			who := map[string]*people.Person{"ana": w.ana, "mei": w.mei, "tom": w.tom}
			addresses := func(s string) (out []string) {
				for a := range strings.FieldsSeq(s) {
					out = append(out, a+"@team.example")
				}
				return out
			}
			w.everybodyWorks()
			w.ask(monday(10, 0), w.ana, "q@team.example", c.words, addresses(c.to)...)
			w.pass(monday(10, 1))
			for n, s := range c.then {
				now := monday(10, 10*(n+1))
				parent := "q@team.example"
				if s.parent != "q" {
					parent = fmt.Sprintf("r%s@team.example", s.parent)
				}
				fields := []string{"To: " + strings.Join(addresses(s.to), ", "), "In-Reply-To: <" + parent + ">", "References: <q@team.example> <" + parent + ">"}
				w.submit(now, who[s.from], letter(who[s.from], fmt.Sprintf("r%d@team.example", n+1), "Re: Launch", now, s.words, fields...), addresses(s.to)...)
				w.pass(now.Add(time.Minute))
			}
			got := w.asks("q@team.example")
			for _, day := range []string{" Mon", " Tue", " Wed"} { // When is another test's matter.
				got = cutAfter(got, day)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// cutAfter takes a day and what is behind it out of each part of a list.
func cutAfter(list, day string) string {
	parts := strings.Split(list, ", ")
	for i := range parts {
		parts[i], _, _ = strings.Cut(parts[i], day)
	}
	return strings.Join(parts, ", ")
}

// everybodyWorks puts the whole team into one zone.
func (w *world) everybodyWorks() {
	for _, p := range []*people.Person{w.mei, w.tom} {
		w.profile(p, func(f *people.Profile) { f.Calendar.Zone = "Europe/London" })
	}
}
