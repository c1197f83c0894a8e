package mirror_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/internal/gateway"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/store"
)

// dry has Ana's switches run dry for two hours.
func dry(w *world) {
	w.set(map[people.Field]string{people.FieldHold: "dry-run", people.FieldBatch: "dry-run", people.FieldCoach: "dry-run"})
	text, err := json.Marshal(gateway.Trial{Since: time.Now().UTC(), Until: time.Now().UTC().Add(2 * time.Hour)})
	w.must(err)
	db, err := store.Open(filepath.Join(w.dir, "data"))
	w.must(err)
	w.must(db.Update(context.Background(), func(tx *store.Tx) error { return tx.SetMeta(fmt.Sprintf("trial/%d", w.ana), string(text)) }))
	w.must(db.Close())
	w.host.Import("INBOX", []byte("From: x@y.example\r\nSubject: Old\r\nMessage-ID: <old@y>\r\n\r\nOld.\r\n"), time.Now().Add(-9*24*time.Hour))
}

// shown is the letter in a folder whose subject is s.
func (w *world) shown(folder, s string) string {
	for _, v := range w.host.Folder(folder) {
		if strings.Contains(string(v.Text), "Subject: "+s) {
			return string(v.Text)
		}
	}
	return ""
}

func TestTrialChangesNothing(t *testing.T) {
	playAfter(t, dry, func(w *world) {
		w.arrives("INBOX", "Figures")
		w.arrives("INBOX", "List mail", "List-Id: <all.example.org>", "Precedence: list")
		w.wait(10 * time.Minute)
		w.must(w.host.Move("INBOX", "Figures", "Archive")) // What the person does is theirs.
		w.wait(20 * time.Minute)
		folders := w.host.Folders()
		for _, f := range folders {
			if strings.HasPrefix(f, "Tidepost") {
				t.Errorf("folder %s was made in a dry run", f)
			}
		}
		for _, f := range folders {
			for _, v := range w.host.Folder(f) {
				if !v.Unread() || len(v.Flags) > 0 {
					t.Errorf("%s in %s has flags %q", v.MID, f, v.Flags)
				}
			}
		}
		if got := w.subjects("INBOX"); count(got, "Old") != 1 || count(got, "List mail") != 1 || len(got) != 2 {
			t.Errorf("INBOX: %q", got)
		}
		// Mail of a colleague comes as without us: it has nowhere else to go.
		w.sends("mei", "ana@team.example", "Question", "Ana, can you send me the contract by Friday?")
		w.wait(10 * time.Minute)
		w.want("INBOX", "Old", "List mail", "Question")
		// The end is told once, with the person's own figures.
		w.until(14, 0)
		if n := count(w.subjects("INBOX"), "What Tidepost would have done"); n != 1 {
			t.Fatalf("told %d times: %q", n, w.subjects("INBOX"))
		}
		letter := w.shown("INBOX", "What Tidepost would have done")
		for _, want := range []string{"2 of 3 mails that came would have come with a delivery", "No mails you sent", "It goes on like this"} {
			if !strings.Contains(strings.Join(strings.Fields(letter), " "), want) {
				t.Errorf("the letter lacks %q:\n%s", want, letter)
			}
		}
		// Giving back finds nothing to give back, and changes nothing.
		before := w.host.Dump()
		w.setInbox("store")
		p, _ := w.g.People().ByID(w.ana)
		out, err := w.g.Mailboxes().Rollback(context.Background(), p, mirror.KeepWaiting)
		w.must(err)
		if w.wait(time.Minute); w.host.Dump() != before || out.Delivered+out.Moved+out.Removed+out.Folders+len(out.Left) != 0 {
			t.Errorf("rollback did %+v\nbefore:\n%s\nafter:\n%s", out, before, w.host.Dump())
		}
	})
}

func TestLiveAfterATrial(t *testing.T) {
	playAfter(t, dry, func(w *world) {
		w.arrives("INBOX", "Figures")
		w.wait(10 * time.Minute)
		w.set(map[people.Field]string{people.FieldHold: "team", people.FieldBatch: "team", people.FieldCoach: "team"})
		w.must(w.g.Reload(context.Background()))
		w.wait(time.Minute)
		w.want("INBOX", "Old", "Figures") // It came in the trial.
		if got := w.g.Mailboxes().Troubles(); len(got) != 0 {
			t.Errorf("troubles: %v", got)
		}
		w.arrives("INBOX", "More figures")
		w.wait(time.Minute)
		w.want("Tidepost/Next delivery", "More figures")
		if w.has("INBOX", "More figures") {
			t.Error("nothing is taken away")
		}
		// Dry again: what waits must come, so the account is tended further.
		w.set(map[people.Field]string{people.FieldHold: "dry-run", people.FieldBatch: "dry-run", people.FieldCoach: "dry-run"})
		w.must(w.g.Reload(context.Background()))
		w.until(16, 1)
		if !w.has("INBOX", "More figures") {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
	})
}
