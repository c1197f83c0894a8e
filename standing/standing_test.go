package standing_test

import (
	"strings"
	"testing"
	"time"

	"tidepost/digest"
	"tidepost/people"
	"tidepost/standing"
	"tidepost/store"
)

const (
	budgetAsk = "Mei, could you please send me the budget for the launch by Tuesday 12:00?"
	plainAsk  = "Could you please send me the signed contract?"
)

// state is how the thread of a mail stands to a reader.
func (w *world) state(mid string, reader *people.Person) (s standing.State) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		id, err := tx.ThreadOf(mid)
		if err == nil {
			s, err = w.desk.Of(tx, id, reader, w.now)
		}
		return err
	})
	return s
}

func (w *world) wantWord(mid string, want standing.Word) {
	w.t.Helper()
	if s := w.state(mid, w.ana); s.Word != want {
		w.t.Errorf("%v: %s is %q, want %q: %+v", w.now, mid, s.Word, want, s.Asks)
	}
}

func TestStateFromQuestionToAnswer(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "b@x", "Budget", budgetAsk, "To: mei@team.example", "Cc: tom@team.example")
	w.pass(at(1, "14:00"))
	w.wantWord("b@x", standing.Waiting)
	s := w.state("b@x", w.tom)
	if len(s.Asks) != 1 || s.Asks[0].Hidden || !strings.Contains(s.Asks[0].Ask.Text, "budget") || s.Asks[0].Owner.Name != "Mei Chen" {
		t.Fatalf("to who got the mail: %+v", s.Asks)
	}
	if got := s.Asks[0].Worked; got != time.Hour { // It came with the tide of 13:00.
		t.Errorf("waits for %v of working time", got)
	}
	if len(s.Parties) != 3 || s.Messages != 1 || s.LastMID != "b@x" {
		t.Errorf("state %+v", s)
	}
	for name, p := range map[string]*people.Person{"an operator": nil, "somebody else": w.sue} {
		if s := w.state("b@x", p); len(s.Asks) != 1 || !s.Asks[0].Hidden || s.Asks[0].Ask.Text != "" {
			t.Errorf("%s reads %+v", name, s.Asks)
		}
	}
	w.keywords("b@x", "mei $Open; tom $Open")
	w.pass(at(2, "12:30"))
	w.wantWord("b@x", standing.Late)
	w.keywords("b@x", "mei $Open $Overdue; tom $Open $Overdue")
	w.send(w.mei, "a@x", "Re: Budget", "Here is the budget: 400.", "To: ana@team.example", "In-Reply-To: <b@x>")
	w.wantWord("b@x", standing.Closed)
	w.keywords("b@x", "mei $Settled; tom $Settled")
	if s := w.state("a@x", w.ana); s.Settled != 1 || s.Closed.IsZero() || s.Messages != 2 {
		t.Errorf("closed: %+v", s)
	}
	w.send(w.ana, "q@x", "Lunch", "Lunch was good today.", "To: tom@team.example")
	w.wantWord("q@x", standing.Quiet)
}

// blocked is what the digest of a person would say now.
func (w *world) blocked(p *people.Person) (list []digest.BlockedLine) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		list, _, err = w.desk.Blocked(tx, p, w.now)
		return err
	})
	return list
}

func TestBlockedTellsByConversation(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "b@x", "Budget", budgetAsk, "To: mei@team.example", "Cc: tom@team.example")
	w.pass(at(1, "10:00"))
	w.send(w.tom, "c@x", "Contract", plainAsk, "To: sue@team.example", "Cc: ana@team.example")
	w.pass(at(2, "11:55"))
	w.pass(at(2, "13:30"))
	list := w.blocked(w.tom)
	if len(list) == 0 || list[0].Subject != "Budget" || len(list[0].Needed) != 1 {
		t.Fatalf("blocked for Tom: %+v", list)
	}
	n := list[0].Needed[0]
	if n.From.Name != "Mei Chen" || n.To.Name != "Ana Silva" || !n.Overdue || n.Cover != "Tom Berg" || !strings.Contains(n.Text, "budget") {
		t.Errorf("needed %+v", n)
	}
	if got := strings.Join(list[0].Awake, "; "); got != "Mei until 17:00; Ana until 17:00" {
		t.Errorf("awake %q", got)
	}
	if !list[0].Since.Equal(at(2, "12:00")) {
		t.Errorf("since %v", list[0].Since)
	}
	if got := w.blocked(w.sue); len(got) != 0 {
		t.Errorf("for somebody who is not on it: %+v", got)
	}
	for _, l := range w.blocked(w.mei) {
		if l.Subject == "Budget" {
			t.Error("what only Mei is asked stands in her own digest")
		}
	}
	w.now = at(2, "20:00")
	if got := strings.Join(w.blocked(w.tom)[0].Awake, "; "); got != "Mei from Wed 09:00" {
		t.Errorf("in the evening awake %q", got)
	}
	// What was sent to blocked@ is told to everybody, without words that are not theirs.
	w.update(func(tx *store.Tx) error {
		id, err := tx.ThreadOf("b@x")
		if err != nil {
			return err
		}
		th, err := tx.Thread(id)
		if err != nil {
			return err
		}
		th.Blocked = true
		return tx.UpdateThread(th)
	})
	if got := w.blocked(w.sue); len(got) != 1 || got[0].Needed[0].Text != "" || got[0].MID != "" {
		t.Errorf("blocked@ for everybody: %+v", got)
	}
}

func TestTheCoverIsToldOnceAndAtWork(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "b@x", "Budget", budgetAsk, "To: mei@team.example")
	w.send(w.ana, "l@x", "Launch", "Please confirm the launch date by Tuesday 12:00.", "To: mei@team.example", "Cc: tom@team.example")
	w.pass(at(2, "11:45"))
	if got := w.letters(w.tom, store.KindInbox); strings.Contains(strings.Join(got, ";"), "stand in") {
		t.Fatalf("told too early: %q", got)
	}
	w.pass(at(2, "16:30"))
	text := w.body(w.tom, "Overdue, and you stand in")
	w.wants(text, []string{"Ana Silva asks Mei Chen", "confirm the launch date", "wanted by Tue 12:00"}, "send me the budget")
	w.pass(at(4, "16:30"))
	n := 0
	for _, s := range w.letters(w.tom, store.KindInbox) {
		if s == "Overdue, and you stand in: 2 questions" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestThePrivateQuestionNamesNoCover(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "b@x", "Salary", budgetAsk, "To: mei@team.example", "Sensitivity: Private")
	w.pass(at(3, "16:30"))
	w.wantWord("b@x", standing.Late)
	if got := w.body(w.tom, "Overdue"); got != "" {
		t.Errorf("the cover hears %q", got)
	}
	if s := w.state("b@x", w.tom); len(s.Asks) != 0 {
		t.Errorf("the cover sees %+v", s.Asks)
	}
	if got := w.blocked(w.tom); len(got) != 0 {
		t.Errorf("the cover's digest says %+v", got)
	}
}

func TestAnUrgentQuestionThatIsLate(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "14:00"))
	w.send(w.ana, "u@x", "[urgent] Server", "Mei, could you please restart the mail server?", "To: mei@team.example")
	w.pass(at(1, "15:45"))
	if got := w.body(w.ana, "Overdue"); got != "" {
		t.Fatalf("told too early: %s", got)
	}
	w.pass(at(1, "16:45"))
	w.wants(w.body(w.ana, "Overdue: Server"), []string{"You asked Mei Chen", "restart the mail server", "wanted by Mon 16:00", "Mei until 17:00"})
	w.wants(w.body(w.tom, "Overdue, and you stand in"), []string{"Ana Silva asks Mei Chen", "wanted by Mon 16:00"}, "restart")
}

func TestTheWordState(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "b@x", "Budget", budgetAsk, "To: mei@team.example", "Cc: tom@team.example")
	w.pass(at(1, "14:30"))
	w.send(w.tom, "s@x", "Re: Budget", "state", "To: tidepost@team.example", "In-Reply-To: <b@x>")
	w.wants(w.body(w.tom, "State: Budget"), []string{"Waits for Mei Chen since Mon 13:00.", "Ana Silva asks Mei Chen", "budget for the launch", "Open for 1 hour of working time",
		"1 message, the last on Mon 09:30", "Ana Silva, Mei Chen and Tom Berg"})
	w.send(w.sue, "s2@x", "Re: Budget", "state", "To: tidepost@team.example", "In-Reply-To: <b@x>")
	if got := w.body(w.sue, "State"); got != "" {
		t.Errorf("who is not in it reads %s", got)
	}
	w.wants(w.body(w.sue, "Re: Budget"), []string{"with the one word *state*"}, "Mei")
}

func TestMailToBlocked(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "b@x", "Budget", budgetAsk, "To: mei@team.example", "Cc: blocked@team.example")
	w.send(w.ana, "c@x", "Contract", "Mei, please send me the contract by Tuesday 12:00.", "To: mei@team.example")
	w.pass(at(2, "13:30"))
	if got := w.blocked(w.sue); len(got) != 1 || got[0].Subject != "Budget" || got[0].Needed[0].Text != "" {
		t.Fatalf("blocked for Sue: %+v", got)
	}
	// Later, by an answer to blocked@ alone, by somebody who is in the conversation.
	w.send(w.sue, "x@x", "Re: Contract", "this too", "To: blocked@team.example", "In-Reply-To: <c@x>")
	if got := w.blocked(w.sue); len(got) != 1 {
		t.Errorf("a stranger added a conversation: %+v", got)
	}
	w.send(w.ana, "y@x", "Re: Contract", "this too", "To: blocked@team.example", "In-Reply-To: <c@x>")
	if got := w.blocked(w.sue); len(got) != 2 {
		t.Errorf("blocked for Sue: %+v", got)
	}
	w.wants(w.body(w.ana, "Re: Contract"), []string{"first digest of everybody's day"})
	w.pass(at(2, "22:30")) // Wednesday 09:30 in Sydney.
	w.pass(at(3, "14:00"))
	w.send(w.ana, "n@x", "News", "The office was painted.", "To: sue@team.example")
	w.pass(at(3, "22:30"))
	w.wants(w.body(w.sue, "1 message"), []string{"Blocked", "an answer from Mei Chen", "can help"}, "budget for the launch")
}

func TestNotUrgentIsCountedForTheSenderAlone(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "u@x", "[urgent] Cake", "There is cake in the kitchen.", "To: mei@team.example")
	w.send(w.ana, "p@x", "Plan", "The plan has changed a little.", "To: mei@team.example")
	w.pass(at(1, "16:30"))
	count := func() (n int) {
		w.view(func(tx *store.Tx) (err error) {
			n, err = tx.CountEvents(w.ana.ID, "not-urgent", at(1, "00:00"), w.now.Add(time.Hour))
			return err
		})
		return n
	}
	for range 2 { // Filing it again, or a mail that was not urgent, counts nothing.
		w.update(func(tx *store.Tx) error {
			box, err := tx.MailboxByKind(w.mei.ID, store.KindInbox)
			if err != nil {
				return err
			}
			entries, err := tx.Entries(box.ID)
			for _, e := range entries {
				if err := w.box.FiledNotUrgent(tx, w.mei, e.MessageID, w.now); err != nil {
					return err
				}
			}
			return err
		})
	}
	if n := count(); n != 1 {
		t.Fatalf("counted %d times", n)
	}
	w.view(func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(w.mei.ID, store.KindNotUrgent)
		if err != nil || !box.Visible {
			t.Errorf("the folder did not appear: %+v, %v", box, err)
		}
		box, err = tx.MailboxByKind(w.tom.ID, store.KindNotUrgent)
		if err != nil || box.Visible {
			t.Errorf("the folder of who never got urgent mail: %+v, %v", box, err)
		}
		return nil
	})
	w.send(w.tom, "m1@x", "March", "The month ends.", "To: ana@team.example")
	w.pass(at(2, "14:00"))
	w.now = at(32, "08:00")
	w.send(w.tom, "m2@x", "April", "The month begins.", "To: ana@team.example")
	w.pass(at(32, "14:00"))
	n := 0
	w.view(func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(w.ana.ID, store.KindDigests)
		if err != nil {
			return err
		}
		entries, err := tx.Entries(box.ID)
		n = len(entries)
		return err
	})
	text := w.body(w.ana, "")
	w.wants(text, []string{"1 time last month a reader filed urgent mail of yours as not urgent. Only you are told."}, "Mei")
	if n < 2 {
		t.Errorf("%d digests", n)
	}
}
