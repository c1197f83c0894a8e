package queue

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// held submits a mail of Ana's that waits until Mon 22:00 for Mei.
func (w *world) held(mid string, fields ...string) (int64, store.Entry) {
	w.t.Helper()
	now := monday(13, 0)
	if len(fields) == 0 {
		fields = []string{"To: mei@team.example"}
	}
	id := w.submit(now, w.ana, letter(w.ana, mid, "Budget", now, "The text of "+mid, fields...), "mei@team.example")
	for _, e := range w.entries(w.ana, store.KindScheduled) {
		if e.SubmissionID == id {
			return id, e
		}
	}
	w.t.Fatalf("submission %d has no entry in Scheduled", id)
	return 0, store.Entry{}
}

// content scans the message of an entry.
func (w *world) content(e store.Entry) *mail.Content {
	head, body := mail.SplitHead([]byte(w.octets(e)))
	return mail.Scan(head, body)
}

// moveIn moves an entry into a control folder.
func (w *world) moveIn(p *people.Person, e store.Entry, kind store.Kind, now time.Time) (out *store.Entry, err error) {
	c := w.content(e)
	err = w.db.Update(w.t.Context(), func(tx *store.Tx) (err error) {
		out, err = w.q.MoveIn(tx, p, e, c, kind, now)
		return err
	})
	return out, err
}

func (w *world) moveOut(p *people.Person, e store.Entry, kind store.Kind, now time.Time) (out store.Entry, err error) {
	box := w.box(p, kind)
	err = w.db.Update(w.t.Context(), func(tx *store.Tx) (err error) {
		out, err = w.q.MoveOut(tx, p, e, box, now)
		return err
	})
	return out, err
}

// newID is the submission behind an entry.
func newID(t *testing.T, e *store.Entry, err error) int64 {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if e == nil {
		t.Fatal("nothing stands in Scheduled")
	}
	return e.SubmissionID
}

func TestDraggingToDraftsCancelsAndBackRestores(t *testing.T) {
	w := newWorld(t)
	now := monday(13, 0)
	env := []string{"mei@team.example", "joe@else.example", "tom@team.example"}
	text := letter(w.ana, "b@team.example", "Budget", now, "text", "To: mei@team.example", "Cc: joe@else.example")
	id := w.submit(now, w.ana, text, env...)
	w.run(now.Add(time.Minute)) // Joe has it.
	w.wantStates(id, "held Mon 22:00:00, delivered, held Mon 14:00:00")
	e := w.entries(w.ana, store.KindScheduled)[0]
	draft, err := w.moveOut(w.ana, e, store.KindDrafts, monday(13, 10))
	if err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "cancelled, delivered, cancelled")
	o := w.octets(draft)
	if header(o, "Bcc") != "tom@team.example" || !strings.HasSuffix(o, text) {
		t.Errorf("draft: want the octets with a Bcc line for Tom on top, got\n%s", o)
	}
	if draft.Flags&store.Draft == 0 || len(draft.Keywords) != 0 {
		t.Errorf("draft: flags %v %v", draft.Flags, draft.Keywords)
	}
	if !strings.Contains(w.subjects(w.ana, store.KindInbox), "Not sent: Budget") {
		t.Errorf("notes: %q", w.subjects(w.ana, store.KindInbox))
	}
	back := newID2(t, w, draft, monday(13, 20))
	w.wantStates(back, "held Mon 22:00:00, held Mon 14:00:00")
	if got := w.octets(w.entries(w.ana, store.KindScheduled)[0]); got != text {
		t.Errorf("restored octets:\n%s", got)
	}
	w.wantSubjects(w.ana, store.KindDrafts, "")
	w.run(monday(14, 0))
	if got := w.octets(w.entries(w.tom, store.KindInbox)[0]); strings.Contains(got, "Bcc") {
		t.Errorf("Bcc leaves:\n%s", got)
	}
	if got := len(w.out.list()); got != 1 {
		t.Errorf("Joe got it %d times", got)
	}
}

func newID2(t *testing.T, w *world, e store.Entry, now time.Time) int64 {
	t.Helper()
	out, err := w.moveIn(w.ana, e, store.KindScheduled, now)
	return newID(t, out, err)
}

func TestDraggingBackAfterThirtyDaysIsRefused(t *testing.T) {
	w := newWorld(t)
	_, e := w.held("x1@team.example")
	draft, err := w.moveOut(w.ana, e, store.KindTrash, monday(14, 0))
	if err != nil {
		t.Fatal(err)
	}
	late := monday(14, 0).Add(31 * 24 * time.Hour)
	_, err = w.moveIn(w.ana, draft, store.KindScheduled, late)
	var cannot *ErrCannot
	if !errors.As(err, &cannot) {
		t.Fatalf("got %v, want a refusal", err)
	}
	w.run(late)
	if !strings.Contains(w.subjects(w.ana, store.KindInbox), "Not done: Budget") {
		t.Errorf("notes: %q", w.subjects(w.ana, store.KindInbox))
	}
	if n := len(w.entries(w.ana, store.KindTrash)); n != 1 {
		t.Errorf("the draft is gone (%d entries)", n)
	}
}

func TestControlFoldersSetTheTime(t *testing.T) {
	cases := []struct {
		kind store.Kind
		want string
	}{
		{store.KindSendNow, "held Mon 13:30:00"},
		{store.KindSendTomorrow, "held Tue 00:00:00"}, // In London; Sydney is at work then.
		{store.KindSendMonday, "held Mon 00:00:00"},   // The Monday after.
		{store.KindSendOpening, "held Mon 22:00:00"},  // Mei opens on her Tuesday.
		{store.KindScheduled, "held Mon 22:00:00"},    // As it was.
	}
	for _, c := range cases {
		t.Run(string(c.kind), func(t *testing.T) {
			w := newWorld(t)
			id, e := w.held("k@team.example")
			out, err := w.moveIn(w.ana, e, c.kind, monday(13, 30))
			if got := newID(t, out, err); got != id {
				t.Fatalf("the entry belongs to %d, want %d", got, id)
			}
			w.wantStates(id, c.want)
			if out.UID <= e.UID {
				t.Errorf("UID %d after %d", out.UID, e.UID)
			}
			if !out.InternalDate.Equal(monday(13, 0)) {
				t.Errorf("INTERNALDATE %v moved", out.InternalDate)
			}
		})
	}
}

func TestAnotherFolderGetsACopyAndTheMailComesBack(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("f@team.example")
	out, err := w.moveOut(w.ana, e, store.KindArchive, monday(14, 0))
	if err != nil {
		t.Fatal(err)
	}
	if w.octets(out) != w.octets(w.entries(w.ana, store.KindScheduled)[0]) {
		t.Error("the copy differs")
	}
	if uid := w.entries(w.ana, store.KindScheduled)[0].UID; uid <= e.UID {
		t.Errorf("the entry came back under UID %d, was %d", uid, e.UID)
	}
	w.wantStates(id, "held Mon 22:00:00")
}

func TestCopyAndExpungeIsAMove(t *testing.T) {
	for _, c := range []struct {
		kind      store.Kind
		state     string
		trash     string
		scheduled string
	}{
		{store.KindDrafts, "cancelled", "", ""},
		{store.KindArchive, "held Mon 22:00:00", "", "Budget"},
		{"", "cancelled", "Budget", ""}, // EXPUNGE alone.
	} {
		w := newWorld(t)
		id, e := w.held("ce@team.example")
		now := monday(14, 0)
		if c.kind != "" {
			box := w.box(w.ana, c.kind)
			w.update(func(tx *store.Tx) error {
				_, err := w.q.CopyOut(tx, w.ana, e, box, now)
				return err
			})
			w.wantStates(id, "held Mon 22:00:00") // A bare COPY changes nothing.
		}
		w.update(func(tx *store.Tx) error { return w.q.SetFrozen(tx, w.ana, e, true, now) })
		w.update(func(tx *store.Tx) error { return w.q.CancelEntry(tx, w.ana, e, now.Add(time.Minute)) })
		w.wantStates(id, c.state)
		w.wantSubjects(w.ana, store.KindTrash, c.trash)
		w.wantSubjects(w.ana, store.KindScheduled, c.scheduled)
	}
}

func TestDeletedFreezesTheRelease(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("fr@team.example")
	w.update(func(tx *store.Tx) error { return w.q.SetFrozen(tx, w.ana, e, true, monday(14, 0)) })
	w.run(monday(23, 0))
	w.wantStates(id, "held Mon 22:00:00")
	w.update(func(tx *store.Tx) error { return w.q.SetFrozen(tx, w.ana, e, false, monday(23, 1)) })
	w.run(monday(23, 1))
	w.wantStates(id, "delivered")
}

func TestTooLate(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("tl@team.example")
	w.run(monday(22, 0))
	_, err := w.moveOut(w.ana, e, store.KindDrafts, monday(22, 5))
	if !errors.Is(err, ErrLeft) {
		t.Fatalf("got %v, want ErrLeft", err)
	}
	box := w.box(w.ana, store.KindScheduled)
	err = w.db.Update(t.Context(), func(tx *store.Tx) error { return w.q.TooLate(tx, w.ana, box, e.UID, monday(22, 6)) })
	if !errors.Is(err, ErrLeft) {
		t.Fatalf("got %v, want ErrLeft", err)
	}
	w.update(func(tx *store.Tx) error { return w.q.TooLate(tx, w.ana, box, 9999, monday(22, 6)) }) // Never was.
	w.run(monday(22, 7))
	if got := strings.Count(w.subjects(w.ana, store.KindInbox), "Too late: Budget"); got != 1 {
		t.Errorf("told %d times, want once: %q", got, w.subjects(w.ana, store.KindInbox))
	}
	w.wantStates(id, "delivered")
	// Reply "correct" with a text sends a follow-up to whom it had reached.
	w.reply(w.ana, "Too late: Budget", "*correct*\r\nThe sum is 400.", monday(22, 10))
	w.run(monday(22, 10))
	if s := w.subjects(w.mei, store.KindInbox); s != "Budget; Correction: Budget" {
		t.Errorf("Mei has %q", s)
	}
	if s := w.subjects(w.ana, store.KindSent); s != "Correction: Budget" {
		t.Errorf("Sent has %q", s)
	}
	w.reply(w.ana, "Too late: Budget", "correct", monday(22, 11))
	w.wantSubjects(w.ana, store.KindDrafts, "Correction: Budget")
}

// reply answers the note with a subject.
func (w *world) reply(p *people.Person, subject, body string, now time.Time) string {
	w.t.Helper()
	for _, e := range w.entries(p, store.KindInbox) {
		o := w.octets(e)
		if header(o, "Subject") != subject {
			continue
		}
		text := letter(p, "", "Re: "+subject, now, body, "To: tidepost@team.example", "In-Reply-To: "+header(o, "Message-ID"))
		w.submit(now, p, text, "tidepost@team.example")
		list := w.entries(p, store.KindInbox)
		return w.octets(list[len(list)-1])
	}
	w.t.Fatalf("no note %q in %q", subject, w.subjects(p, store.KindInbox))
	return ""
}

func TestDraftsAreSentFromFolders(t *testing.T) {
	w := newWorld(t)
	now := monday(13, 0)
	text := letter(w.ana, "", "From a phone", now, "text", "To: mei@team.example", "Bcc: joe@else.example")
	var e *store.Entry
	staged := w.stage(text, now)
	w.update(func(tx *store.Tx) (err error) {
		e, err = w.q.AppendIn(tx, w.ana, staged, store.Draft, store.KindScheduled, now)
		return err
	})
	id := newID(t, e, nil)
	w.wantStates(id, "held Mon 22:00:00, held Mon 13:00:20")
	w.run(monday(22, 0))
	w.wantStates(id, "delivered, delivered")
	sent := w.entries(w.ana, store.KindSent)
	if len(sent) != 1 || header(w.octets(sent[0]), "Bcc") != "joe@else.example" {
		t.Errorf("Sent: want one copy with its Bcc, got %d", len(sent))
	}
	got := w.out.list()
	if len(got) != 1 || strings.Contains(got[0].octet, "Bcc") || got[0].mid == "" {
		t.Errorf("Joe got %v", got)
	}
}

func TestWhatFoldersRefuse(t *testing.T) {
	w := newWorld(t)
	now := monday(13, 0)
	for _, c := range []struct {
		name, text string
		flags      store.Flags
		want       string
	}{
		{"received mail", letter(w.mei, "r@x", "x", now, "t", "To: ana@team.example"), 0, "drafts"},
		{"somebody else's draft", letter(w.mei, "r@x", "x", now, "t", "To: ana@team.example"), store.Draft, "not one of yours"},
		{"no recipient", letter(w.ana, "r@x", "x", now, "t"), store.Draft, "no recipient"},
		{"an unknown colleague", letter(w.ana, "r@x", "x", now, "t", "To: nobody@team.example"), store.Draft, "nobody"},
		{"an address in quotes", letter(w.ana, "r@x", "x", now, "t", `To: "a b"@else.example`), store.Draft, "cannot be written to"},
		{"Tidepost itself", letter(w.ana, "r@x", "x", now, "t", "To: tidepost@team.example"), store.Draft, "ordinary way"},
	} {
		staged := w.stage(c.text, now)
		err := w.db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := w.q.AppendIn(tx, w.ana, staged, c.flags, store.KindSendNow, now)
			return err
		})
		var cannot *ErrCannot
		if !errors.As(err, &cannot) || !strings.Contains(cannot.Reason, c.want) {
			t.Errorf("%s: got %v, want a refusal with %q", c.name, err, c.want)
		}
	}
	w.run(now)
	if got := strings.Count(w.subjects(w.ana, store.KindInbox), "Not done: x"); got != 6 {
		t.Errorf("%d notes, want 6: %q", got, w.subjects(w.ana, store.KindInbox))
	}
}

func TestAppendOfOctetsThatLeftRestores(t *testing.T) {
	w := newWorld(t)
	_, e := w.held("ap@team.example")
	text := w.octets(e)
	w.update(func(tx *store.Tx) error { return w.q.CancelEntry(tx, w.ana, e, monday(14, 0)) })
	var back *store.Entry
	staged := w.stage(text, monday(15, 0))
	w.update(func(tx *store.Tx) (err error) {
		back, err = w.q.AppendIn(tx, w.ana, staged, store.Seen, store.KindSendNow, monday(15, 0))
		return err
	})
	if back != nil {
		t.Errorf("entry %v stands in Scheduled though the mail leaves now", back)
	}
	w.run(monday(15, 0))
	w.wantSubjects(w.mei, store.KindInbox, "Budget")
	// After seven days the octets are not known any more.
	staged = w.stage(text, monday(15, 0).AddDate(0, 0, 8))
	err := w.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := w.q.AppendIn(tx, w.ana, staged, store.Seen, store.KindSendNow, monday(15, 0).AddDate(0, 0, 8))
		return err
	})
	var cannot *ErrCannot
	if !errors.As(err, &cannot) {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestTheTimetableStaysOnTop(t *testing.T) {
	w := newWorld(t)
	_, e := w.held("tt@team.example")
	refresh := func(now time.Time) {
		t.Helper()
		if err := w.q.RefreshTimetable(t.Context(), w.ana, now); err != nil {
			t.Fatal(err)
		}
	}
	refresh(monday(13, 1))
	list := w.entries(w.ana, store.KindScheduled)
	if len(list) != 2 || !strings.HasPrefix(header(w.octets(list[1]), "Subject"), "1 message leaves later; next") || list[1].Flags != store.Seen {
		t.Fatalf("Scheduled: %q", w.subjects(w.ana, store.KindScheduled))
	}
	first := list[1]
	refresh(monday(13, 2))
	if list = w.entries(w.ana, store.KindScheduled); list[1].UID != first.UID {
		t.Error("it was replaced although nothing changed")
	}
	if _, err := w.moveOut(w.ana, first, store.KindArchive, monday(13, 2)); err == nil {
		t.Error("the timetable could be moved away")
	}
	if _, err := w.moveIn(w.ana, first, store.KindSendNow, monday(13, 2)); err == nil {
		t.Error("the timetable could be sent")
	}
	if _, err := w.moveIn(w.ana, e, store.KindSendTomorrow, monday(13, 3)); err != nil {
		t.Fatal(err)
	}
	refresh(monday(13, 4))
	list = w.entries(w.ana, store.KindScheduled)
	if got := list[len(list)-1]; len(list) != 2 || got.UID <= first.UID || !strings.Contains(w.octets(got), "you asked for it") {
		t.Errorf("Scheduled: %q\n%s", w.subjects(w.ana, store.KindScheduled), w.octets(got))
	}
	w.update(func(tx *store.Tx) error { return w.q.CancelEntry(tx, w.ana, list[1], monday(13, 5)) })
	w.wantSubjects(w.ana, store.KindScheduled, "Budget")
	w.run(monday(23, 59).Add(time.Minute))
	refresh(monday(23, 59).Add(2 * time.Minute))
	w.wantSubjects(w.ana, store.KindScheduled, "")
}
