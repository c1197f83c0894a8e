package inbox_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// night is Monday 20:00 in London; Ana's next opening is Tuesday 09:00.
var (
	night   = at("11-23", "20:00")
	opening = at("11-24", "09:00")
)

func delivered(h *house, p *people.Person) store.Delivery {
	h.t.Helper()
	var all []store.Delivery
	h.view(func(tx *store.Tx) error {
		published, err := tx.PublishedSince(p.ID, monday.AddDate(-1, 0, 0))
		if err != nil {
			return err
		}
		waiting, err := tx.WaitingDeliveries(p.ID, time.Time{}, 100)
		all = append(published, waiting...)
		return err
	})
	last := store.Delivery{}
	for _, d := range all {
		if d.ID > last.ID {
			last = d
		}
	}
	return last
}

// invite is a calendar mail for an event that begins at start (UTC).
func invite(h *house, start string) string {
	h.serial++
	event := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\n"
	if start != "" {
		event += "DTSTART:" + start + "\r\n"
	}
	return "From: henrik@customer.test\r\nTo: ana@team.example\r\nSubject: Meeting\r\nMessage-ID: <i" + strings.Repeat("i", h.serial) + "@x.test>\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" + event + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

func TestWhereMailFromElsewhereGoes(t *testing.T) {
	henrik := "Henrik Olsen <henrik@customer.test>"
	tests := []struct {
		name   string
		text   func(*house) string
		at     time.Time
		person func(*house)
		team   func(*inbox.Options)
		reason inbox.Reason
		target store.Kind
		due    time.Time // zero: at once
	}{
		{"a sign-in code comes by night", func(h *house) string {
			return h.text("login@shop.test", "Your verification code is 482913", "Auto-Submitted: auto-generated")
		}, night, nil, nil, inbox.ReasonCode, store.KindInbox, time.Time{}},
		{"an event soon after the opening is told of by night", func(h *house) string { return invite(h, "20261124T103000Z") },
			night, nil, nil, inbox.ReasonCalendar, store.KindInbox, time.Time{}},
		{"one two hours after it waits for the opening", func(h *house) string { return invite(h, "20261124T110000Z") },
			night, nil, nil, inbox.ReasonCalendar, store.KindInbox, opening},
		{"in hours every event comes at once", func(h *house) string { return invite(h, "20261224T110000Z") },
			monday, nil, nil, inbox.ReasonCalendar, store.KindInbox, time.Time{}},
		{"an event without a time comes at once", func(h *house) string { return invite(h, "") },
			night, nil, nil, inbox.ReasonCalendar, store.KindInbox, time.Time{}},
		{"a sender the person named", func(h *house) string { return h.text(henrik, "Hello") }, night,
			func(h *house) {
				h.set(h.ana, func(p *people.Profile) { p.Pass = []string{"henrik@customer.test"} })
			}, nil, inbox.ReasonNamed, store.KindInbox, time.Time{}},
		{"a sender the person named by mail", func(h *house) string { return h.text(henrik, "Hello") }, night,
			func(h *house) {
				h.update(func(tx *store.Tx) error {
					_, err := tx.SetSenderRule(h.ana.ID, "@customer.test", store.SenderPass, monday)
					return err
				})
			}, nil, inbox.ReasonNamed, store.KindInbox, time.Time{}},
		{"an alarm of the team", func(h *house) string {
			return h.text("alarm@monitor.test", "Disk full", "Auto-Submitted: auto-generated")
		}, night,
			nil, func(o *inbox.Options) { o.AlarmSenders = []string{"alarm@monitor.test"} },
			inbox.ReasonNamed, store.KindInbox, time.Time{}},
		{"an alarm of our own domain, without a login", func(h *house) string { return h.text("alarm@team.example", "Disk full") }, night,
			nil, func(o *inbox.Options) { o.AlarmSenders = []string{"alarm@team.example"} },
			inbox.ReasonNamed, store.KindInbox, time.Time{}},
		{"a word of the team", func(h *house) string { return h.text(henrik, "Your payroll") }, night,
			nil, func(o *inbox.Options) { o.Pass.Words = []string{"payroll"} },
			inbox.ReasonNamed, store.KindInbox, time.Time{}},
		{"urgent from a sender outside who may", func(h *house) string { return h.text(henrik, "[urgent] Fire") }, night,
			nil, func(o *inbox.Options) { o.Pass = policies.Lists{UrgentFrom: []string{"henrik@customer.test"}} },
			inbox.ReasonUrgent, store.KindInbox, time.Time{}},
		{"important from a sender whom the person named", func(h *house) string { return h.text(henrik, "Fire", "Importance: high") }, night,
			func(h *house) {
				h.update(func(tx *store.Tx) error {
					_, err := tx.SetSenderRule(h.ana.ID, "henrik@customer.test", store.SenderUrgent, monday)
					return err
				})
			}, nil, inbox.ReasonUrgent, store.KindInbox, time.Time{}},
		{"urgent from a stranger is not", func(h *house) string { return h.text(henrik, "[urgent] Fire", "Importance: high") }, night, nil, nil,
			inbox.ReasonOutside, store.KindInbox, opening},
		{"urgent in a borrowed name of our own is not", func(h *house) string { return h.text("tom@team.example", "[urgent] Fire", "Importance: high") }, night,
			nil, func(o *inbox.Options) { o.Pass = policies.Lists{UrgentFrom: []string{"@team.example"}} },
			inbox.ReasonOutside, store.KindInbox, opening},
		{"a borrowed name of our own that the person named", func(h *house) string { return h.text("tom@team.example", "Hello") }, night,
			func(h *house) {
				h.set(h.ana, func(p *people.Profile) { p.Pass = []string{"tom@team.example"} })
			}, nil, inbox.ReasonOutside, store.KindInbox, opening},
		{"list mail", func(h *house) string { return h.text(henrik, "[golang] Go", "List-Id: <go.lists.test>") }, night, nil, nil,
			inbox.ReasonList, store.KindLists, time.Time{}},
		{"automatic mail", func(h *house) string {
			return h.text("build@ci.test", "Build 7 failed", "Auto-Submitted: auto-generated")
		}, night, nil, nil,
			inbox.ReasonAuto, store.KindNotifications, time.Time{}},
		{"a sender who wants no reply", func(h *house) string { return h.text("no-reply@shop.test", "Your parcel") }, night, nil, nil,
			inbox.ReasonAuto, store.KindNotifications, time.Time{}},
		{"a machine whose mail the person moved to INBOX", func(h *house) string {
			return h.text("build@ci.test", "Build 7 failed", "Auto-Submitted: auto-generated")
		}, night,
			func(h *house) {
				h.update(func(tx *store.Tx) error {
					_, err := tx.SetSenderRule(h.ana.ID, "build@ci.test", store.SenderInbox, monday)
					return err
				})
			}, nil, inbox.ReasonKept, store.KindInbox, opening},
		{"a social network, although it writes as a list", func(h *house) string {
			return h.text("LinkedIn <messages-noreply@linkedin.com>", "You appeared in 3 searches", "List-Unsubscribe: <https://www.linkedin.com/x>")
		}, night, nil, nil, inbox.ReasonSocial, store.KindSocial, time.Time{}},
		{"a person outside, in hours", func(h *house) string { return h.text(henrik, "Offer") }, monday, nil, nil,
			inbox.ReasonOutside, store.KindInbox, time.Time{}},
		{"a person outside, by night", func(h *house) string { return h.text(henrik, "Offer") }, night, nil, nil,
			inbox.ReasonOutside, store.KindInbox, opening},
		{"a person outside, with the tide if the team wants", func(h *house) string { return h.text(henrik, "Offer") }, monday,
			nil, func(o *inbox.Options) { o.OutsideAtTide = true },
			inbox.ReasonOutside, store.KindInbox, at("11-23", "13:00")},
		{"spam by the provider's verdict", func(h *house) string { return h.text(henrik, "Your verification code is 482913", "X-Spam-Flag: YES") }, night, nil, nil,
			inbox.ReasonJunk, store.KindJunk, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, tt.team)
			if tt.person != nil {
				tt.person(h)
			}
			h.mustReceive("ana@team.example", tt.text(h), tt.at)
			d := delivered(h, h.ana)
			if d.Reason != string(tt.reason) || d.Target != tt.target || !d.Due.Equal(tt.due) {
				t.Errorf("reason %s, target %s, due %v; want %s, %s, %v", d.Reason, d.Target, d.Due, tt.reason, tt.target, tt.due)
			}
			where, seen := tt.target, false
			if !tt.due.IsZero() {
				where, seen = store.KindNextDelivery, true
			}
			got := h.entries(h.ana, where)
			if len(got) != 1 || (got[0].Flags&store.Seen != 0) != seen {
				t.Errorf("%d entries in %s, want one with \\Seen %v", len(got), where, seen)
			}
			if !h.mailbox(h.ana, where).Visible {
				t.Errorf("%s cannot be seen", where)
			}
			if !d.Outside {
				t.Error("not marked as from outside")
			}
		})
	}
}

func TestWhereMailOfColleaguesGoes(t *testing.T) {
	h := newHouse(t, nil)
	d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "Budget"), monday, nil)
	if d.Reason != string(inbox.ReasonTide) || !d.Due.Equal(at("11-23", "13:00")) || d.Outside {
		t.Errorf("delivery %+v, want the 13:00 tide", d)
	}
	d = h.deliver(h.tom, h.ana, h.text("tom@team.example", "Fire"), night, func(a *inbox.Arrival) { a.Urgent = true })
	if d.Reason != string(inbox.ReasonUrgent) || d.State != store.Published {
		t.Errorf("urgent: %+v, want it now", d)
	}
	// An answer in an urgent thread passes too.
	d = h.deliver(h.tom, h.ana, h.text("tom@team.example", "Re: Fire", "In-Reply-To: <m2@x.test>"), night, nil)
	if d.Reason != string(inbox.ReasonUrgent) || d.State != store.Published {
		t.Errorf("answer in an urgent thread: %+v, want it now", d)
	}
	// Mail that comes exactly at a tide goes with it.
	d = h.deliver(h.tom, h.ana, h.text("tom@team.example", "On time"), at("11-23", "13:00").Add(400*time.Millisecond), nil)
	if d.State != store.Waiting || !d.Due.Equal(at("11-23", "13:00")) {
		t.Errorf("at 13:00: %+v, want the tide of that instant", d)
	}
}

func TestWithoutTidesMailComesInHours(t *testing.T) {
	h := newHouse(t, nil)
	h.set(h.ana, func(p *people.Profile) { p.Tides = nil })
	if d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "A"), monday, nil); d.State != store.Published {
		t.Errorf("in hours: %+v", d)
	}
	if d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "B"), night, nil); d.State != store.Waiting || !d.Due.Equal(opening) {
		t.Errorf("by night: %+v, want the opening", d)
	}
	// The queue has looked at the hours already (rule 11.2).
	s := h.submit(h.tom, h.ana, h.text("tom@team.example", "C"), night)
	var rcpt int64
	h.view(func(tx *store.Tx) error {
		list, err := tx.Recipients(s.ID)
		rcpt = list[0].ID
		return err
	})
	if d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "C"), night, func(a *inbox.Arrival) { a.RecipientID = rcpt }); d.State != store.Published {
		t.Errorf("released by night: %+v, want it now", d)
	}
	h.runDue(opening)
	if got := h.list(h.ana, store.KindDigests); len(got) != 0 {
		t.Errorf("digest without tides: %v", got)
	}
}

func TestQuickReplies(t *testing.T) {
	h := newHouse(t, nil)
	h.submit(h.ana, h.tom, h.text("ana@team.example", "Lunch", "Message-ID: <lunch@x.test>"), monday)
	reply := func(now time.Time) store.Delivery {
		return h.deliver(h.tom, h.ana, h.text("tom@team.example", "Re: Lunch", "In-Reply-To: <lunch@x.test>"), now, nil)
	}
	for i := range 3 {
		if d := reply(monday.Add(time.Duration(i) * time.Minute)); d.Reason != string(inbox.ReasonQuick) || d.State != store.Published {
			t.Errorf("round %d: %s %s, want it now", i+1, d.Reason, d.State)
		}
	}
	for range 2 {
		if d := reply(monday.Add(10 * time.Minute)); d.Reason != string(inbox.ReasonTide) || d.State != store.Waiting {
			t.Errorf("fourth round: %s %s, want the tide", d.Reason, d.State)
		}
	}
	if got := h.list(h.tom, store.KindInbox); len(got) != 1 || got[0] != "*Talk? Re: Lunch" {
		t.Errorf("Tom reads %q, want one hint", got)
	}
}

func TestWhatIsNoQuickReply(t *testing.T) {
	lunch := "Message-ID: <lunch@x.test>"
	re := "In-Reply-To: <lunch@x.test>"
	tests := []struct {
		name string
		do   func(h *house) store.Delivery
	}{
		{"an hour later", func(h *house) store.Delivery {
			h.submit(h.ana, h.tom, h.text("ana@team.example", "Lunch", lunch), monday)
			return h.deliver(h.tom, h.ana, h.text("tom@team.example", "Re: Lunch", re), monday.Add(61*time.Minute), nil)
		}},
		{"to mail of somebody else", func(h *house) store.Delivery {
			h.submit(h.mei, h.tom, h.text("mei@team.example", "Lunch", lunch), monday)
			return h.deliver(h.tom, h.ana, h.text("tom@team.example", "Re: Lunch", re), monday.Add(time.Minute), nil)
		}},
		{"out of the reader's hours", func(h *house) store.Delivery {
			h.submit(h.ana, h.mei, h.text("ana@team.example", "Lunch", lunch), at("11-23", "22:30"))
			return h.deliver(h.mei, h.ana, h.text("mei@team.example", "Re: Lunch", re), at("11-23", "22:40"), nil)
		}},
		{"out of the author's hours", func(h *house) store.Delivery {
			h.submit(h.ana, h.mei, h.text("ana@team.example", "Lunch", lunch), monday)
			return h.deliver(h.mei, h.ana, h.text("mei@team.example", "Re: Lunch", re), monday.Add(time.Minute), nil)
		}},
		{"no reply at all", func(h *house) store.Delivery {
			h.submit(h.ana, h.tom, h.text("ana@team.example", "Lunch", lunch), monday)
			return h.deliver(h.tom, h.ana, h.text("tom@team.example", "Dinner"), monday.Add(time.Minute), nil)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := tt.do(newHouse(t, nil)); d.Reason != string(inbox.ReasonTide) || d.State != store.Waiting {
				t.Errorf("%s %s, want the tide", d.Reason, d.State)
			}
		})
	}
}

// report is a delivery report about the message with an id.
func report(h *house, about string) string {
	h.serial++
	return "From: MAILER-DAEMON@mx.test\r\nTo: ana@team.example\r\nSubject: Undelivered mail\r\nMessage-ID: <dsn" + strings.Repeat("d", h.serial) + "@mx.test>\r\nAuto-Submitted: auto-replied\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; x@y.test\r\nAction: failed\r\nStatus: 5.1.1\r\n" +
		"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: ana@team.example\r\nMessage-ID: <" + about + ">\r\nSubject: Offer\r\n\r\nx\r\n--b--\r\n"
}

func TestBounces(t *testing.T) {
	h := newHouse(t, nil)
	h.submit(h.ana, h.tom, h.text("ana@team.example", "Offer", "Message-ID: <mine@x.test>"), monday)
	h.submit(h.tom, h.ana, h.text("tom@team.example", "Offer", "Message-ID: <his@x.test>"), monday)
	for about, want := range map[string]inbox.Reason{"mine@x.test": inbox.ReasonBounce, "his@x.test": inbox.ReasonAuto, "unknown@x.test": inbox.ReasonBounce} {
		env := mail.Envelope{Recipients: []mail.Recipient{{Address: address("ana@team.example")}}}
		if err := h.box.Receive(context.Background(), env, h.stage(report(h, about), night), inbox.Peer{}, night); err != nil {
			t.Fatal(err)
		}
		if d := delivered(h, h.ana); d.Reason != string(want) || d.State != store.Published {
			t.Errorf("about %s: %s %s, want %s now", about, d.Reason, d.State, want)
		}
	}
}

func TestRepliesInMyThreadAreNeverBatched(t *testing.T) {
	h := newHouse(t, func(o *inbox.Options) { o.OutsideAtTide = true })
	h.submit(h.ana, h.tom, h.text("Ana <ana@team.example>", "Offer", "Message-ID: <offer@x.test>"), monday.AddDate(0, 0, -2))
	h.mustReceive("ana@team.example", h.text("henrik@customer.test", "Re: Offer", "In-Reply-To: <offer@x.test>"), monday)
	if d := delivered(h, h.ana); d.Reason != string(inbox.ReasonMine) || d.State != store.Published {
		t.Errorf("in hours: %s %s, want it now", d.Reason, d.State)
	}
	h.mustReceive("ana@team.example", h.text("henrik@customer.test", "Re: Offer", "In-Reply-To: <offer@x.test>"), night)
	if d := delivered(h, h.ana); d.Reason != string(inbox.ReasonMine) || !d.Due.Equal(opening) {
		t.Errorf("by night: %s due %v, want the opening", d.Reason, d.Due)
	}
	h.mustReceive("tom@team.example", h.text("henrik@customer.test", "Re: Offer", "In-Reply-To: <offer@x.test>"), monday)
	if d := delivered(h, h.tom); d.Reason != string(inbox.ReasonOutside) || d.State != store.Waiting {
		t.Errorf("for Tom, who did not begin it: %s %s, want the tide", d.Reason, d.State)
	}
	if want := []string{"offer@x.test", "offer@x.test", "offer@x.test"}; strings.Join(h.answered, " ") != strings.Join(want, " ") {
		t.Errorf("told of answers to %q, want %q", h.answered, want)
	}
}

func TestSwitches(t *testing.T) {
	text := func(h *house) string { return h.text("henrik@customer.test", "[golang] x", "List-Id: <go.lists.test>") }
	for _, tt := range []struct {
		name   string
		team   people.Switch
		own    people.Switch
		reason inbox.Reason
		target store.Kind
	}{
		{"on is the default", people.Team, people.Team, inbox.ReasonList, store.KindLists},
		{"off delivers at once", people.Off, people.Team, inbox.ReasonOff, store.KindInbox},
		{"a dry run delivers at once", people.DryRun, people.Team, inbox.ReasonDryRun, store.KindInbox},
		{"a person's own switch wins", people.Off, people.On, inbox.ReasonList, store.KindLists},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, func(o *inbox.Options) { o.Batch = tt.team })
			h.set(h.ana, func(p *people.Profile) { p.Batch = tt.own })
			h.mustReceive("ana@team.example", text(h), night)
			d := delivered(h, h.ana)
			if d.Reason != string(tt.reason) || d.Target != tt.target || d.State != store.Published {
				t.Errorf("%s %s %s, want %s %s now", d.Reason, d.Target, d.State, tt.reason, tt.target)
			}
			if tt.reason == inbox.ReasonDryRun {
				checkWould(t, h, d)
			}
		})
	}
}

// checkWould demands that the ledger says what a dry run would have done.
func checkWould(t *testing.T, h *house, d store.Delivery) {
	t.Helper()
	h.view(func(tx *store.Tx) error {
		list, err := tx.EventsOfDelivery(d.ID)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d events, %v", len(list), err)
		}
		var detail struct {
			Would struct{ Reason, Target string }
		}
		if err := json.Unmarshal(*list[0].Detail.(*json.RawMessage), &detail); err != nil {
			return err
		}
		if detail.Would.Reason != string(inbox.ReasonList) || detail.Would.Target != string(store.KindLists) {
			t.Errorf("ledger says %s", *list[0].Detail.(*json.RawMessage))
		}
		return nil
	})
}

func TestBatchingFailsOpen(t *testing.T) {
	h := newHouse(t, nil)
	// The thread of the message is not there: the list cannot be asked.
	d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "Re: Budget", "In-Reply-To: <a@x.test>"), night, func(a *inbox.Arrival) { a.Message.ThreadID = 0 })
	if d.State != store.Waiting {
		t.Fatalf("a sound message: %+v", d)
	}
	broken := inbox.New(h.db, nil, inbox.Options{}) // Without people the list panics.
	h.update(func(tx *store.Tx) error {
		m, content, facts, err := h.insert(tx, h.text("henrik@customer.test", "Panic"), night)
		if err != nil {
			return err
		}
		d, err = broken.Deliver(tx, inbox.Arrival{Person: h.ana, Message: m, Content: content, Facts: facts, At: night})
		return err
	})
	if d.State != store.Published || d.Reason != string(inbox.ReasonFailed) {
		t.Errorf("panic: %s %s, want it now", d.Reason, d.State)
	}
	if got := h.list(h.ana, store.KindInbox); len(got) != 1 || got[0] != "*Panic" {
		t.Errorf("INBOX %q", got)
	}
}
