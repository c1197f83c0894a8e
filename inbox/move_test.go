package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/inbox"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// waits puts one message into Ana's Next delivery.
func waits(h *house) (store.Delivery, store.Entry) {
	d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
	return d, h.entries(h.ana, store.KindNextDelivery)[0]
}

func TestDraggingOutOfNextDelivery(t *testing.T) {
	for _, tt := range []struct {
		kind   store.Kind
		list   string
		events []string
	}{
		{store.KindInbox, "*One", []string{"filed waiting", "published published"}},
		{store.KindArchive, "*One", []string{"filed waiting", "published published"}},
		{store.KindTrash, "One", []string{"filed waiting", "withdrawn withdrawn"}},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			h := newHouse(t, nil)
			d, e := waits(h)
			var moved store.Entry
			h.update(func(tx *store.Tx) (err error) {
				moved, err = h.box.DeliverNow(tx, h.ana.ID, e, h.mailbox(h.ana, tt.kind), monday)
				return err
			})
			h.expectList(h.ana, tt.kind, tt.list)
			h.expectList(h.ana, store.KindNextDelivery)
			if got := h.entries(h.ana, tt.kind)[0]; got.UID != moved.UID || moved.UID == 0 {
				t.Errorf("UID %d returned, %d is there", moved.UID, got.UID)
			}
			if diff := cmp.Diff(tt.events, h.events(d.ID)); diff != "" {
				t.Error(diff)
			}
			h.runDue(at("11-23", "13:00")) // The tide has nothing to bring.
			h.expectList(h.ana, tt.kind, tt.list)
			h.expectList(h.ana, store.KindDigests)
		})
	}
}

func TestWithdraw(t *testing.T) {
	h := newHouse(t, nil)
	_, e := waits(h)
	h.update(func(tx *store.Tx) error {
		_, err := h.box.Withdraw(tx, h.ana.ID, e, monday)
		return err
	})
	h.expectList(h.ana, store.KindTrash, "One")
	h.expectList(h.ana, store.KindNextDelivery)
}

func TestTheTideWasFaster(t *testing.T) {
	h := newHouse(t, nil)
	_, e := waits(h)
	h.runDue(at("11-23", "13:00"))
	for name, do := range map[string]func(*store.Tx) error{
		"move": func(tx *store.Tx) error {
			_, err := h.box.DeliverNow(tx, h.ana.ID, e, h.mailbox(h.ana, store.KindInbox), monday)
			return err
		},
		"delete": func(tx *store.Tx) error { _, err := h.box.Withdraw(tx, h.ana.ID, e, monday); return err },
	} {
		if err := h.db.Update(context.Background(), do); !errors.Is(err, inbox.ErrGone) {
			t.Errorf("%s: %v, want ErrGone", name, err)
		}
	}
	h.expectList(h.ana, store.KindInbox, "*One", "*1 message from tom@team.example")
}

func TestNobodyMovesTheMailOfOthers(t *testing.T) {
	h := newHouse(t, nil)
	_, e := waits(h)
	for name, do := range map[string]func(*store.Tx) error{
		"move": func(tx *store.Tx) error {
			_, err := h.box.DeliverNow(tx, h.tom.ID, e, h.mailbox(h.tom, store.KindInbox), monday)
			return err
		},
		"delete": func(tx *store.Tx) error { _, err := h.box.Withdraw(tx, h.tom.ID, e, monday); return err },
	} {
		if err := h.db.Update(context.Background(), do); err == nil {
			t.Errorf("%s of somebody else's mail", name)
		}
	}
	h.expectList(h.ana, store.KindNextDelivery, "One")
}

func TestASenderThatCannotBeNamedIsNotRemembered(t *testing.T) {
	h := newHouse(t, nil)
	h.mustReceive("ana@team.example", "Subject: x\r\nAuto-Submitted: auto-generated\r\n\r\nx\r\n", monday)
	e := h.entries(h.ana, store.KindNotifications)[0]
	h.update(func(tx *store.Tx) error { return h.box.MovedFromNotifications(tx, h.ana, e, monday) })
	h.update(func(tx *store.Tx) error {
		senders, err := tx.UntoldSenders(h.ana.ID, store.SenderInbox)
		if len(senders) != 0 {
			t.Errorf("remembers %q", senders)
		}
		return err
	})
}

func TestRemindAt(t *testing.T) {
	h := newHouse(t, nil)
	friday := at("11-27", "15:00")
	sunToThu := func(p *people.Profile) {
		p.Calendar.Zone = "Asia/Jerusalem"
		p.Calendar.Hours = scheduler.Week{}
		for _, day := range []time.Weekday{0, 1, 2, 3, 4} {
			p.Calendar.Hours[day] = []scheduler.Interval{{Start: 9 * 60, End: 17 * 60}}
		}
	}
	for _, tt := range []struct {
		name   string
		kind   store.Kind
		now    time.Time
		change func(*people.Profile)
		want   time.Time
	}{
		{"tomorrow", store.KindRemindDay, monday, nil, at("11-24", "09:00")},
		{"tomorrow before today's opening is not today", store.KindRemindDay, at("11-23", "07:00"), nil, at("11-24", "09:00")},
		{"tomorrow on a Friday is Monday", store.KindRemindDay, friday, nil, at("11-30", "09:00")},
		{"Monday", store.KindRemindMonday, friday, nil, at("11-30", "09:00")},
		{"Monday on a Monday is the next one", store.KindRemindMonday, monday, nil, at("11-30", "09:00")},
		{"next week", store.KindRemindWeek, monday, nil, at("11-30", "09:00")},
		{"a week that begins on Sunday", store.KindRemindWeek, monday, sunToThu, at("11-29", "07:00")},
		{"Monday in such a week", store.KindRemindMonday, monday, sunToThu, at("11-30", "07:00")},
		{"tomorrow over a change of clocks", store.KindRemindDay, at("03-27", "15:00"), nil, at("03-30", "08:00")},
		{"somebody on leave", store.KindRemindDay, monday, func(p *people.Profile) {
			l, _ := people.ParseLeave("2026-11-24..2026-11-26")
			p.Calendar.Leave = []scheduler.Leave{l}
		}, at("11-27", "09:00")},
		{"somebody who is never at work", store.KindRemindDay, monday, func(p *people.Profile) {
			p.Calendar.Hours, p.Tides = scheduler.Week{}, nil
		}, at("11-24", "09:00")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change != nil {
				h.set(h.ana, tt.change)
				defer h.set(h.ana, func(p *people.Profile) { *p = people.DefaultProfile("Europe/London") })
			}
			if got := inbox.RemindAt(tt.kind, h.ana, tt.now); !got.Equal(tt.want) {
				t.Errorf("%v, want %v", got.UTC(), tt.want)
			}
		})
	}
}

func TestMailComesBack(t *testing.T) {
	h := newHouse(t, nil)
	h.mustReceive("ana@team.example", h.text("Henrik Olsen <henrik@customer.test>", "Offer", "Message-ID: <offer@x.test>"), monday)
	h.mustReceive("ana@team.example", h.text("henrik@customer.test", "Other"), monday)
	h.mark(h.ana, "Offer", store.Seen|store.Flagged)
	e := h.entries(h.ana, store.KindInbox)[0]
	h.update(func(tx *store.Tx) error {
		_, err := h.box.Remind(tx, h.ana, e, store.KindRemindDay, monday)
		return err
	})
	h.expectList(h.ana, store.KindInbox, "*Other")
	h.expectList(h.ana, store.KindRemindDay, "Offer")
	h.runDue(opening.Add(-time.Second))
	h.expectList(h.ana, store.KindRemindDay, "Offer")
	if due, ok := h.due(); !ok || !due.Equal(opening) {
		t.Errorf("next due %v, want %v", due, opening)
	}
	h.runDue(opening)
	h.expectList(h.ana, store.KindRemindDay)
	h.expectList(h.ana, store.KindInbox, "*Other", "*Offer", "*Reminder: Offer")
	back := h.entries(h.ana, store.KindInbox)[1]
	if back.Flags != store.Flagged || !back.InternalDate.Equal(opening) {
		t.Errorf("flags %v, date %v", back.Flags, back.InternalDate)
	}
	_, text := h.message(h.entries(h.ana, store.KindInbox)[2].MessageID)
	if !strings.Contains(text, "You asked on Mon 23 Nov to see this again: Offer, from Henrik Olsen") {
		t.Errorf("pointer:\n%s", text)
	}
	if due, ok := h.due(); !ok || !due.Equal(opening.Add(4*time.Hour)) {
		t.Errorf("due %v, want the next tide", due)
	}
	// An answer to something else leaves the pointer, one to the mail drops it.
	for _, answered := range [][]string{nil, {"other@x.test"}, {"offer@x.test"}} {
		h.update(func(tx *store.Tx) error { return h.box.Answered(tx, h.ana.ID, answered, opening) })
		want := []string{"*Other", "*Offer", "*Reminder: Offer"}
		if len(answered) == 1 && answered[0] == "offer@x.test" {
			want = want[:2]
		}
		h.expectList(h.ana, store.KindInbox, want...)
	}
	h.update(func(tx *store.Tx) error { return h.box.Answered(tx, h.tom.ID, []string{"offer@x.test"}, opening) })
}

func TestAReminderMissedInAnOutageIsNotForTheNight(t *testing.T) {
	h := newHouse(t, nil)
	h.mustReceive("ana@team.example", h.text("henrik@customer.test", "Offer"), monday)
	e := h.entries(h.ana, store.KindInbox)[0]
	h.update(func(tx *store.Tx) error {
		_, err := h.box.Remind(tx, h.ana, e, store.KindRemindDay, monday)
		return err
	})
	h.runDue(at("11-25", "03:00"))
	h.expectList(h.ana, store.KindInbox)
	h.runDue(at("11-25", "09:00"))
	h.expectList(h.ana, store.KindInbox, "*Offer", "*Reminder: Offer")
}

func TestIndexAndRebuild(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t, nil)
	for i := range 45 {
		h.mustReceive("ana@team.example", h.text("Henrik Olsen <henrik@customer.test>", fmt.Sprintf("Offer number%d", i)), monday)
	}
	html := "From: a@x.test\r\nSubject: H\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Fahr<b>rad</b> für <script>hidden</script>Anna</p>\r\n"
	h.mustReceive("ana@team.example", html, monday)
	total := 0
	for {
		n, err := h.box.Index(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		total += n
	}
	if total != 46 {
		t.Errorf("indexed %d, want 46", total)
	}
	box := h.mailbox(h.ana, store.KindInbox).ID
	for needle, want := range map[string]int{"number7": 1, "henrik": 45, "text about": 45, "ahrrad": 1, "nowhere": 0} {
		h.view(func(tx *store.Tx) error {
			ids, narrowed, err := tx.SearchText(box, needle)
			if len(ids) != want || !narrowed {
				t.Errorf("%q: %d messages, narrowed %v; want %d", needle, len(ids), narrowed, want)
			}
			return err
		})
	}
	if n, err := h.box.Rebuild(ctx, func(int) { t.Error("progress without work") }); n != 0 || err != nil {
		t.Errorf("rebuilt %d, %v; nothing is stale", n, err)
	}
}

func TestRebuildOfWhatHasNoDerivedData(t *testing.T) {
	h := newHouse(t, nil)
	var id int64
	h.update(func(tx *store.Tx) error {
		m, _, _, err := h.insert(tx, h.text("tom@team.example", "Bare"), monday)
		if err != nil {
			return err
		}
		id = m.ID
		box, err := tx.MailboxByKind(h.ana.ID, store.KindArchive)
		if err != nil {
			return err
		}
		return tx.AddEntry(&store.Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: monday})
	})
	told := 0
	if n, err := h.box.Rebuild(context.Background(), func(n int) { told = n }); n != 1 || told != 1 || err != nil {
		t.Fatalf("rebuilt %d, told of %d, %v", n, told, err)
	}
	h.view(func(tx *store.Tx) error {
		d, err := tx.Derived(id)
		if err == nil && (d.Envelope.Subject != "Bare" || d.Root.Type != "text" || d.Preview == "") {
			t.Errorf("derived %+v", d)
		}
		return err
	})
}

// What has no derived data is found batch by batch, each of it once, and a message that
// stands in two folders too.
func TestRebuildGoesOnBehindItsLastEntry(t *testing.T) {
	h := newHouse(t, nil)
	const many = 230
	h.update(func(tx *store.Tx) error {
		archive, err := tx.MailboxByKind(h.ana.ID, store.KindArchive)
		if err != nil {
			return err
		}
		trash, err := tx.MailboxByKind(h.ana.ID, store.KindTrash)
		if err != nil {
			return err
		}
		for i := range many {
			m, _, _, err := h.insert(tx, h.text("tom@team.example", fmt.Sprint("Bare ", i)), monday)
			if err != nil {
				return err
			}
			for _, box := range []store.Mailbox{archive, trash}[:1+i%2] {
				if err := tx.AddEntry(&store.Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: monday}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	var told []int
	n, err := h.box.Rebuild(context.Background(), func(n int) { told = append(told, n) })
	if err != nil || len(told) < 3 || told[len(told)-1] != n {
		t.Fatalf("rebuilt %d, told %v, %v", n, told, err)
	}
	h.view(func(tx *store.Tx) error {
		if n, err := tx.CountDerived(); n != many || err != nil {
			t.Errorf("%d have derived data, want %d, %v", n, many, err)
		}
		return nil
	})
	if n, err := h.box.Rebuild(context.Background(), nil); n != 0 || err != nil {
		t.Errorf("rebuilt %d again, %v", n, err)
	}
}
