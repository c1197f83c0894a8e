package inbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A mailer remembers what was sent to people outside.
type mailer struct{ sent []string }

func (m *mailer) reply(_ *store.Tx, author *people.Person, to mail.Address, l mail.Letter, _ time.Time) error {
	m.sent = append(m.sent, author.FirstName()+" to "+to.String()+": "+l.Subject)
	return nil
}

// away is a house in which Ana is on leave for two weeks.
func awayHouse(t *testing.T) (*house, *mailer) {
	m := &mailer{}
	h := newHouse(t, func(o *inbox.Options) { o.Reply = m.reply })
	h.leave(h.ana, "2026-11-23..2026-12-04")
	return h, m
}

func TestWhomAVacationReplyAnswers(t *testing.T) {
	for _, tt := range []struct {
		name string
		from string // reverse-path and From
		head string // further fields
		want bool
	}{
		{"a person", "henrik@customer.test", "", true},
		{"urgent", "henrik@customer.test", "Importance: high", true},
		{"Precedence: first-class", "henrik@customer.test", "Precedence: first-class", true},
		{"Auto-Submitted: no", "henrik@customer.test", "Auto-Submitted: no", true},
		{"any suppression", "henrik@customer.test", "X-Auto-Response-Suppress: DR, RN", false},
		{"a name with request in it", "requests@customer.test", "", true},
		{"an invitation's answer", "henrik@customer.test", "Auto-Submitted: auto-replied", false},
		{"generated", "henrik@customer.test", "Auto-Submitted: auto-generated (rejected)", false},
		{"bulk", "henrik@customer.test", "Precedence: bulk", false},
		{"list", "henrik@customer.test", "List-Id: <x.customer.test>", false},
		{"any List- field", "henrik@customer.test", "List-Archive: <https://x.test>", false},
		{"suppressed", "henrik@customer.test", "X-Auto-Response-Suppress: RN, OOF", false},
		{"suppressed all", "henrik@customer.test", "X-Auto-Response-Suppress: All", false},
		{"ours come back", "henrik@customer.test", "X-Tidepost-Loop: team.example", false},
		{"older robots", "henrik@customer.test", "X-Autorespond: yes", false},
		{"mailer-daemon", "MAILER-DAEMON@customer.test", "", false},
		{"owner", "owner-sales@customer.test", "", false},
		{"request", "sales-request@customer.test", "", false},
		{"no-reply", "no-reply@customer.test", "", false},
		{"do not reply", "shop.donotreply@customer.test", "", false},
		{"bounces", "bounces+ana=team.example@customer.test", "", false},
		{"VERP", "sales-bounces-17@customer.test", "", false},
		{"our own domain", "tom@team.example", "", false},
		{"junk", "henrik@customer.test", "X-Spam-Flag: YES", false},
		{"a code", "henrik@customer.test", "Subject: Your verification code is 482913", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, m := awayHouse(t)
			extra := []string{}
			if tt.head != "" && !strings.HasPrefix(tt.head, "Subject:") {
				extra = append(extra, tt.head)
			}
			subject := "Order"
			if s, ok := strings.CutPrefix(tt.head, "Subject: "); ok {
				subject = s
			}
			h.mustReceive("ana@team.example", h.text(tt.from, subject, extra...), monday)
			if got := len(m.sent) == 1; got != tt.want {
				t.Errorf("answers: %q, want one: %v", m.sent, tt.want)
			}
		})
	}
}

func TestAVacationReplyIsForWhoIsAddressed(t *testing.T) {
	for to, want := range map[string]bool{
		"ana@team.example": true, "Ana.Silva@team.example": true, "ana+orders@team.example": true,
		"tom@team.example": false, "everybody@customer.test": false, "undisclosed-recipients:;": false,
	} {
		t.Run(to, func(t *testing.T) {
			h, m := awayHouse(t)
			text := h.text("henrik@customer.test", "Order")
			i := strings.Index(text, "To: ")
			j := i + strings.Index(text[i:], "\r\n")
			h.mustReceive("ana@team.example", text[:i]+"To: "+to+text[j:], monday)
			if got := len(m.sent) == 1; got != want {
				t.Errorf("answers: %q, want one: %v", m.sent, want)
			}
		})
	}
}

func TestVacationRepliesAreRemembered(t *testing.T) {
	h, m := awayHouse(t)
	send := func(from string, at time.Time) int {
		before := len(m.sent)
		h.mustReceive("ana@team.example", h.text(from, "Order"), at)
		return len(m.sent) - before
	}
	for _, step := range []struct {
		from string
		at   time.Time
		want int
	}{
		{"henrik@customer.test", monday, 1},
		{"Henrik@customer.test", monday.Add(time.Hour), 0},
		{"maria@customer.test", monday.Add(time.Hour), 1},
		{"henrik@customer.test", monday.Add(96*time.Hour - time.Second), 0},
		{"henrik@customer.test", monday.Add(96*time.Hour + time.Second), 1},
	} {
		if got := send(step.from, step.at); got != step.want {
			t.Errorf("%s at %v: %d answers, want %d", step.from, step.at, got, step.want)
		}
	}
	h.set(h.ana, func(p *people.Profile) { p.Vacation = people.VacationOff })
	if n := send("new@customer.test", monday.Add(2*time.Hour)); n != 0 {
		t.Errorf("%d answers of somebody who wants none", n)
	}
}

// A flood of senders is not answered one by one: no more than so many a minute.
func TestAFloodOfSendersIsNotAnswered(t *testing.T) {
	h, m := awayHouse(t)
	for i := range 100 {
		h.mustReceive("ana@team.example", h.text(fmt.Sprintf("p%d@customer.test", i), "Order"), monday)
	}
	if n := len(m.sent); n != 30 {
		t.Errorf("%d answers within a minute, want 30", n)
	}
	h.mustReceive("ana@team.example", h.text("later@customer.test", "Order"), monday.Add(time.Minute))
	if n := len(m.sent); n != 31 {
		t.Errorf("%d answers, want 31", n)
	}
}
