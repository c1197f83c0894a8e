package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// marks are words that only mail of the person to be erased says, and that nobody else
// has: in subjects, texts, addresses, questions, and mail that was deleted before.
const (
	markDraft   = "xylophonquartz"
	markDeleted = "brimborium"
	markInbox   = "quetzalfeder"
	markName    = "Zwetschgenbaum"
	markSecret  = "wolpertinger"
)

func sendAs(t *testing.T, d *Desk, from, to, subject, text string, now time.Time) int64 {
	t.Helper()
	p := d.person(t, from)
	id := fmt.Sprintf("%s.%d", strings.ToLower(strings.Fields(subject)[0]), now.Unix())
	head := fmt.Sprintf("From: %s <%s>\r\nTo: <%s@team.example>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@team.example>\r\n\r\n", p.Name, p.Address, to, subject, mail.FormatDate(now), id)
	env := mail.Envelope{From: p.Address, Recipients: []mail.Recipient{{Address: mail.Address{Local: to, Domain: "team.example"}}}}
	sub, err := d.Queue.Submit(t.Context(), queue.Submission{Author: p, Envelope: env, Staged: store.StageBytes([]byte(head), []byte(text+"\r\n")), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// keep puts a message into a folder of a person, as APPEND does.
func keep(t *testing.T, d *Desk, who string, kind store.Kind, subject, text string, now time.Time) store.Entry {
	t.Helper()
	p := d.person(t, who)
	staged := store.StageBytes([]byte("From: <otto@else.example>\r\nTo: <"+p.Address.String()+">\r\nSubject: "+subject+"\r\nMessage-ID: <"+string(kind)+subject[:2]+"@else.example>\r\n\r\n"), []byte(text+"\r\n"))
	var e store.Entry
	err := d.DB.Update(t.Context(), func(tx *store.Tx) error {
		body, err := tx.AddBody(staged, now)
		if err != nil {
			return err
		}
		m := store.Message{Origin: store.OriginAppended, BodyID: body, Head: staged.Head, Size: staged.Size(), MID: string(kind) + subject[:2] + "@else.example", Created: now}
		if err := tx.InsertMessage(&m); err != nil {
			return err
		}
		if err := tx.PutDerived(d.Inbox.Derive(m, staged.Content)); err != nil {
			return err
		}
		box, err := tx.MailboxByKind(p.ID, kind)
		if err != nil {
			return err
		}
		e = store.Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: now}
		return tx.AddEntry(&e)
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func fileHolds(t *testing.T, dir, word string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "tidepost.db*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(bytes.ToLower(data), []byte(strings.ToLower(word))) {
			out = append(out, filepath.Base(f))
		}
	}
	return out
}

// TestErase: after a person was erased no octet of what only they had is in the files of
// the database, what others have is still theirs, and the ledger balances.
func TestErase(t *testing.T) {
	d := desk(t)
	ctx := t.Context()
	edit := people.NewEditor(d.DB, []string{"team.example"}, bytes.NewReader(bytes.Repeat([]byte{7}, 1<<20)))
	if _, err := edit.Set(ctx, "mei@team.example", people.Request{Fields: map[people.Field]string{people.FieldName: "Mei " + markName, people.FieldPass: markSecret + "@else.example"}}, noon); err != nil {
		t.Fatal(err)
	}
	if err := d.People.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	keep(t, d, "mei", store.KindDrafts, markDraft, "A text with "+markDraft+" in it.", noon)
	keep(t, d, "mei", store.KindInbox, "shelf", "A text with "+markInbox+" in it.", noon)
	gone := keep(t, d, "mei", store.KindInbox, "gone", "A text with "+markDeleted+" in it.", noon)
	shared := sendAs(t, d, "mei", "ana", "Shared", "Could you send me the sales figures of February by Friday?", noon)
	sendAs(t, d, "mei", "ana", "Choice", "Decision: We take the blue one for the summer.", noon)
	sendAs(t, d, "mei", "mei", "Note", "A note to myself: "+markSecret+".", noon)
	err := d.DB.Update(ctx, func(tx *store.Tx) error { return tx.RemoveEntry(gone, store.GoneExpunged, noon) })
	if err != nil {
		t.Fatal(err)
	}
	for {
		n, err := d.Inbox.Index(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	later := noon.Add(5 * 24 * time.Hour)
	role := store.Shared{Address: "support@team.example", Role: true, Senders: "everybody", OwnerID: d.person(t, "mei").ID, Rota: []byte(`{}`), Created: noon,
		Members: []store.SharedMember{{PersonID: d.person(t, "mei").ID}, {PersonID: d.person(t, "ana").ID}}}
	if err := d.DB.Update(ctx, func(tx *store.Tx) error { return tx.InsertShared(&role) }); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Queue.ReleaseNow(ctx, queue.Order{Now: noon, By: "root"}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := d.Queue.RunDue(ctx, noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		d.gateway.decisions.Kick()
		if err := d.gateway.decisions.RunDue(ctx, noon.Add(time.Duration(2+10*i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	marks := []string{markDraft, markDeleted, markInbox, markName, markSecret, "mei@team.example"}
	for _, m := range marks {
		if len(fileHolds(t, d.Config.Server.Data, m)) == 0 {
			t.Fatalf("%s is nowhere to begin with: the test proves nothing", m)
		}
	}
	mei := d.person(t, "mei")
	if err := d.Erase(ctx, mei, "root", later, nil); !errors.Is(err, ErrStillHere) {
		t.Fatalf("somebody who has not left: %v", err)
	}
	if err := edit.Remove(ctx, "mei@team.example", later); err != nil {
		t.Fatal(err)
	}
	if err := d.People.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := store.Backup(ctx, d.DB.Path(), copied, nil); err != nil {
		t.Fatal(err)
	}
	mei, _ = d.People.ByID(mei.ID)
	if err := d.Erase(ctx, mei, "root", later, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Scrub(ctx, later); err != nil {
		t.Fatal(err)
	}
	rep, err := d.DB.CheckLedger(ctx)
	if err != nil || len(rep.Findings) > 0 {
		t.Errorf("the ledger: %v %+v", err, rep.Findings)
	}
	if err := d.DB.CheckWhole(ctx); err != nil {
		t.Error(err)
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		shared, err := tx.SharedAddresses()
		if len(shared) != 1 || shared[0].OwnerID != 0 || len(shared[0].Members) != 1 {
			t.Errorf("the role is now %+v", shared)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	decidedWithout(t, d, markName)
	// What Ana has is hers: the mail says who wrote it.
	ana := d.person(t, "ana")
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		s, err := tx.Submission(shared)
		if err != nil {
			return err
		}
		if s.Subject != "" {
			t.Errorf("the submission still says %q", s.Subject)
		}
		box, err := tx.MailboxByKind(ana.ID, store.KindNextDelivery)
		if err != nil {
			return err
		}
		entries, err := tx.Entries(box.ID)
		if err == nil && len(entries) != 2 {
			t.Errorf("Ana has %d mails, want the two of Mei", len(entries))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Ana gives up her copy: then nothing of Mei is left at all.
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(ana.ID, store.KindNextDelivery)
		if err != nil {
			return err
		}
		entries, err := tx.Entries(box.ID)
		for _, e := range entries {
			if _, err := d.Inbox.Withdraw(tx, ana.ID, e, later); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{markDraft, markDeleted, markInbox, markSecret} {
		if in := fileHolds(t, d.Config.Server.Data, m); len(in) > 0 {
			t.Errorf("%s is still in %v", m, in)
		}
	}
	restoreErased(t, d, copied, later)
}

// decidedWithout looks that a decision of the team stays, without the name of its author,
// in the list and in the folder.
func decidedWithout(t *testing.T, d *Desk, name string) {
	t.Helper()
	var letter store.Message
	err := d.DB.View(t.Context(), func(tx *store.Tx) error {
		decided, err := tx.DecisionByNumber(1)
		if err != nil {
			return err
		}
		if !strings.Contains(decided.Sentence, "the blue one for the summer") {
			t.Errorf("the team decided %+v", decided)
		}
		parts, err := tx.DecisionParts(decided.ID)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if strings.Contains(p.Name+p.Address, name) || strings.Contains(p.Address, "mei@") {
				t.Errorf("the decision still names %+v", p)
			}
		}
		letter, err = tx.Message(decided.MessageID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	body := d.DB.OpenBody(t.Context(), letter)
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if said := string(letter.Head) + string(text); strings.Contains(said, name) || !strings.Contains(said, store.ErasedName) || !strings.Contains(said, "the blue one") {
		t.Errorf("the folder says\n%s", said)
	}
}

// restoreErased puts a copy from before the erasure into place: it is erased again before
// anything is served.
func restoreErased(t *testing.T, d *Desk, copied string, now time.Time) {
	t.Helper()
	cfg := *d.Config
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	dir := cfg.Server.Data
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, store.File+suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, store.File), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if len(fileHolds(t, dir, markInbox)) == 0 {
		t.Fatal("the copy does not hold Mei")
	}
	log := &bytes.Buffer{}
	again, err := OpenDesk(&cfg, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.gateway.eraseAgain(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "erasing again") {
		t.Errorf("it does not say so: %s", log)
	}
	for _, m := range []string{markDraft, markDeleted, markInbox, markSecret} {
		if in := fileHolds(t, dir, m); len(in) > 0 {
			t.Errorf("after the restore %s is in %v", m, in)
		}
	}
	log.Reset()
	if err := again.gateway.eraseAgain(context.Background(), now); err != nil || log.Len() > 0 {
		t.Errorf("a second start erases again: %v %s", err, log)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}
