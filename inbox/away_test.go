package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tidepost/inbox"
	"tidepost/people"
	"tidepost/store"
)

func TestOnLeaveNothingEntersINBOX(t *testing.T) {
	h := newHouse(t, nil)
	h.set(h.ana, func(p *people.Profile) { p.Cover = "mei@team.example" })
	h.leave(h.ana, "2026-11-24..2026-12-04")
	// After hours on the eve of the leave: the next opening lies in it.
	d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "Eve"), night, nil)
	if d.Target != store.KindAway || !d.Due.Equal(opening) || d.Reason != string(inbox.ReasonAway) {
		t.Errorf("on the eve: %+v, want While away at the opening reckoned without leave", d)
	}
	h.expectList(h.tom, store.KindInbox, "*Ana is away: Eve")
	_, note := h.message(h.entries(h.tom, store.KindInbox)[0].MessageID)
	if want := "Ana is back Mon 7 Dec; Mei covers; `[now]` reaches Ana anyway."; !strings.Contains(note, want) {
		t.Errorf("note lacks %q:\n%s", want, note)
	}
	h.runDue(opening)
	h.expectList(h.ana, store.KindAway, "*Eve")
	if !h.mailbox(h.ana, store.KindAway).Visible {
		t.Error("While away cannot be seen")
	}
	// In what would be hours it is filed at once.
	if d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "Leave"), opening.Add(time.Hour), nil); d.State != store.Published || d.Target != store.KindAway {
		t.Errorf("during leave: %+v", d)
	}
	h.mustReceive("ana@team.example", h.text("henrik@customer.test", "Offer"), opening.Add(time.Hour))
	h.expectList(h.ana, store.KindAway, "*Eve", "*Leave", "*Offer")
	h.expectList(h.ana, store.KindInbox)
	// What never waits comes in all the same.
	h.mustReceive("ana@team.example", h.text("login@shop.test", "Your verification code is 482913"), opening)
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "[now] really"), opening, func(a *inbox.Arrival) { a.Now = true })
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "Fire"), opening, func(a *inbox.Arrival) { a.Urgent = true })
	h.expectList(h.ana, store.KindInbox, "*Your verification code is 482913", "*[now] really", "*Fire")
	h.expectList(h.tom, store.KindInbox, "*Ana is away: Eve") // Told once.
	h.expectList(h.ana, store.KindDigests)
}

func TestAwayNotes(t *testing.T) {
	h := newHouse(t, nil)
	h.leave(h.ana, "2026-11-23..2026-12-04")
	send := func(text string, now time.Time) int {
		h.deliver(h.tom, h.ana, text, now, nil)
		return len(h.entries(h.tom, store.KindInbox))
	}
	if n := send(h.text("tom@team.example", "Robot", "Auto-Submitted: auto-generated"), monday); n != 0 {
		t.Errorf("a machine got %d notes", n)
	}
	if n := send(h.text("tom@team.example", "One"), monday); n != 1 {
		t.Errorf("%d notes after the first mail, want 1", n)
	}
	if n := send(h.text("tom@team.example", "Two"), monday.Add(95*time.Hour)); n != 1 {
		t.Errorf("%d notes within four days, want 1", n)
	}
	if n := send(h.text("tom@team.example", "Three"), monday.Add(97*time.Hour)); n != 2 {
		t.Errorf("%d notes after four days, want 2", n)
	}
	// Nobody outside is told, and nobody of somebody who is there.
	h.mustReceive("ana@team.example", h.text("tom@team.example", "From elsewhere"), monday.AddDate(0, 0, 9))
	h.deliver(h.tom, h.mei, h.text("tom@team.example", "To Mei"), monday, nil)
	if n := len(h.entries(h.tom, store.KindInbox)); n != 2 {
		t.Errorf("%d notes, want 2", n)
	}
}

func TestAnHourOffIsNoLeave(t *testing.T) {
	h := newHouse(t, nil)
	h.leave(h.ana, "2026-11-23T09:30:00Z..2026-11-23T11:30:00Z")
	d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
	if d.Target != store.KindInbox || !d.Due.Equal(at("11-23", "13:00")) {
		t.Errorf("%+v, want the 13:00 tide", d)
	}
}

func TestALeaveWithoutEnd(t *testing.T) {
	h := newHouse(t, nil)
	h.leave(h.ana, "2026-11-01..2029-11-01")
	if d := h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil); d.Target != store.KindAway {
		t.Errorf("%+v, want While away", d)
	}
	h.expectList(h.tom, store.KindInbox, "*Ana is away: One")
}

func TestReplan(t *testing.T) {
	ctx := context.Background()
	now := monday.Add(time.Hour)
	for _, tt := range []struct {
		name   string
		change func(h *house)
		target store.Kind
		due    time.Time
	}{
		{"nothing changed", func(*house) {}, store.KindInbox, at("11-23", "13:00")},
		{"other tides", func(h *house) { h.set(h.ana, func(p *people.Profile) { p.Tides = []string{"15:30"} }) }, store.KindInbox, at("11-23", "15:30")},
		{"leave begins tomorrow", func(h *house) { h.leave(h.ana, "2026-11-24..2026-12-04") }, store.KindInbox, at("11-23", "13:00")},
		{"leave begins today", func(h *house) { h.leave(h.ana, "2026-11-23..2026-12-04") }, store.KindAway, now},
		{"switched off", func(h *house) { h.set(h.ana, func(p *people.Profile) { p.Batch = people.Off }) }, store.KindInbox, now},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), monday, nil)
			tt.change(h)
			if err := h.box.ReplanAll(ctx, now); err != nil {
				t.Fatal(err)
			}
			if d := delivered(h, h.ana); d.Target != tt.target || !d.Due.Equal(tt.due) {
				t.Errorf("target %s due %v, want %s %v", d.Target, d.Due, tt.target, tt.due)
			}
			h.runDue(tt.due)
			if got := len(h.entries(h.ana, tt.target)); got == 0 {
				t.Errorf("nothing in %s", tt.target)
			}
		})
	}
}

func TestReplanOfSomebodyWhoIsBack(t *testing.T) {
	h := newHouse(t, nil)
	h.leave(h.ana, "2026-11-24..2026-12-04")
	h.deliver(h.tom, h.ana, h.text("tom@team.example", "One"), night, nil)
	h.set(h.ana, func(p *people.Profile) { p.Calendar.Leave = nil })
	if err := h.box.Replan(context.Background(), h.ana.ID, night); err != nil {
		t.Fatal(err)
	}
	if d := delivered(h, h.ana); d.Target != store.KindInbox || !d.Due.Equal(opening) {
		t.Errorf("%+v, want INBOX at the opening", d)
	}
	if err := h.box.Replan(context.Background(), 999, night); err != nil {
		t.Errorf("somebody unknown: %v", err)
	}
	// What is due already is left to its tide.
	if err := h.box.Replan(context.Background(), h.ana.ID, opening.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if d := delivered(h, h.ana); !d.Due.Equal(opening) {
		t.Errorf("due %v, want %v", d.Due, opening)
	}
}
