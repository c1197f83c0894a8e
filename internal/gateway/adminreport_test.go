package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/store"
)

// Somebody who sends but has never opened their folders is named, and no other figure is
// anybody's.
func TestAdminReport(t *testing.T) {
	d := desk(t)
	ctx := t.Context()
	d.hold(t, "a@team.example", d.at(t, "mei"))
	r, err := d.AdminReport(ctx, noon.Add(-time.Hour), noon.Add(25*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if r.People != 2 || r.Mail.Accepted != 1 || r.Mail.Senders != 1 || r.Held != 1 || strings.Join(r.NeverOpened, " ") != "ana@team.example" {
		t.Errorf("the report says %+v", r)
	}
	if len(r.Questions) != 0 {
		t.Errorf("figures of fewer than five people: %+v", r.Questions)
	}
	ana := d.person(t, "ana")
	for _, day := range []time.Time{noon, noon.AddDate(0, 0, 3)} {
		if err := d.DB.Update(ctx, func(tx *store.Tx) error { return tx.NoteOpened(ana.ID, day) }); err != nil {
			t.Fatal(err)
		}
	}
	var first string
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) { first, err = tx.Meta("opened/1"); return err })
	if ana.ID == 1 && (err != nil || first != "2026-11-23") {
		t.Errorf("a later login is noted: %q, %v", first, err)
	}
	if r, err = d.AdminReport(ctx, noon.Add(-time.Hour), noon.Add(25*time.Hour)); err != nil || len(r.NeverOpened) > 0 {
		t.Errorf("named although the folders were opened: %v, %v", r.NeverOpened, err)
	}
}

// The size is that of the whole database, although the server has not copied anything from
// its log into the file.
func TestAdminReportCountsTheLog(t *testing.T) {
	d := desk(t)
	for n := range 20 {
		d.hold(t, fmt.Sprintf("%d@team.example", n), d.at(t, "mei"))
	}
	r, err := d.AdminReport(t.Context(), noon.Add(-time.Hour), noon)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := store.Backup(t.Context(), d.DB.Path(), copied, nil); err != nil {
		t.Fatal(err)
	}
	whole, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if file, err := os.Stat(d.DB.Path()); err != nil || file.Size() >= r.Size {
		t.Fatalf("everything is in the file already, so this shows nothing: %v", err)
	}
	if r.Size != whole.Size() || r.Log == 0 {
		t.Errorf("%d octets and %d of log; a copy has %d", r.Size, r.Log, whole.Size())
	}
}

// Each thing that must be well is not any more once its limit is passed, and the admin is
// told by the next look, within a minute.
func TestEachAlarm(t *testing.T) {
	g, err := Open(configuration(t), slog.New(slog.DiscardHandler)) // It does not run: nothing moves meanwhile.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(g.relay.Close(), g.db.Close()); err != nil {
			t.Error(err)
		}
	})
	due := time.Now().UTC().Truncate(time.Second).Add(24 * time.Hour)
	holdAndBatch(t, g, due)
	certificate := g.certificateEnds()
	bad := func(now time.Time) string {
		var names []string
		for _, b := range notWell(g.health(t.Context(), &census{db: g.db}, now)) {
			names = append(names, b.name)
		}
		return strings.Join(names, " ")
	}
	for _, c := range []struct {
		name string
		set  func()
		at   time.Time
		want string
	}{
		{"all is well", func() {}, due.Add(-time.Hour), ""},
		{"four minutes late is not late", func() {}, due.Add(4 * time.Minute), ""},
		{"five minutes late", func() {}, due.Add(5 * time.Minute), "releases tides"},
		{"the disk's reserve", func() { g.room.reserve = 1 << 62; g.room.checked = time.Time{} }, due, "disk"},
		{"the smarthost is gone", func() { g.room.reserve, g.room.checked = 0, time.Time{}; g.reach.saw(false, due) }, due.Add(4 * time.Minute), ""},
		{"for five minutes", func() {}, due.Add(4*time.Minute + 59*time.Second), ""},
		{"and one second", func() { g.reach.saw(true, due); g.reach.saw(false, due.Add(-5*time.Minute)) }, due, "relay"},
		{"a certificate", func() { g.reach.saw(true, due) }, certificate.Add(-15 * 24 * time.Hour), "releases tides"},
		{"of less than 14 days", func() {}, certificate.Add(-14*24*time.Hour + time.Second), "releases tides certificate"},
	} {
		if c.set(); bad(c.at) != c.want {
			t.Errorf("%s: %q is not well, want %q", c.name, bad(c.at), c.want)
		}
	}
}

// holdAndBatch has a mail that waits to leave, and one that waits for its tide, both due
// then.
func holdAndBatch(t *testing.T, g *Gateway, due time.Time) {
	t.Helper()
	err := g.db.Update(t.Context(), func(tx *store.Tx) error {
		p := store.Person{Name: "Zoe", Address: "zoe@team.example", Profile: []byte(`{}`), Active: true, Created: due}
		if err := tx.InsertPerson(&p); err != nil {
			return err
		}
		staged := store.StageBytes([]byte("Subject: x\r\n\r\n"), []byte("x\r\n"))
		body, err := tx.AddBody(staged, due)
		if err != nil {
			return err
		}
		m := store.Message{Origin: store.OriginSubmitted, BodyID: body, Head: staged.Head, Size: staged.Size(), MID: "x@team.example", Created: due}
		if err := tx.InsertMessage(&m); err != nil {
			return err
		}
		s := store.Submission{MessageID: m.ID, AuthorID: p.ID, MID: m.MID, Digest: []byte{1}, Accepted: due}
		if err := tx.InsertSubmission(&s); err != nil {
			return err
		}
		r := store.Recipient{SubmissionID: s.ID, Address: "otto@else.example", State: store.Held, Due: due}
		if err := tx.InsertRecipient(&r, store.Event{At: due, Kind: "accepted"}); err != nil {
			return err
		}
		d := store.Delivery{PersonID: p.ID, MessageID: m.ID, Target: store.KindInbox, Reason: "tide", State: store.Waiting, Due: due, Arrived: due}
		return tx.InsertDelivery(&d, store.Event{At: due, Kind: "filed"})
	})
	if err != nil {
		t.Fatal(err)
	}
}
