package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// due is when the only recipient of a submission is due.
func (d *Desk) due(t *testing.T, id int64) (due time.Time) {
	t.Helper()
	err := d.DB.View(context.Background(), func(tx *store.Tx) error {
		rcpts, err := tx.Recipients(id)
		if err == nil {
			due = rcpts[0].Due
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return due
}

// Whoever is open again has mail that goes, also if the command was killed in between.
func TestUnfreezeGoesOnWhereItWasBrokenOff(t *testing.T) {
	ctx, d := context.Background(), desk(t)
	id := d.hold(t, "m@x", d.at(t, "mei"))
	planned := d.due(t, id)
	if f, err := d.Freeze(ctx, "ana@team.example", "root", noon); err != nil || f.Mails != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	if !d.due(t, id).After(planned) {
		t.Fatal("the mail is not stopped")
	}
	err := d.DB.Update(ctx, func(tx *store.Tx) error { _, err := tx.SetFrozen(d.person(t, "ana").ID, false); return err })
	if err != nil {
		t.Fatal(err)
	}
	if err := d.People.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	if f, err := d.Unfreeze(ctx, "ana@team.example", "", false, "root", noon); err != nil || f.Mails != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	if got := d.due(t, id); !got.Equal(planned) {
		t.Errorf("due %s, planned %s", got, planned)
	}
	if _, err := d.Unfreeze(ctx, "ana@team.example", "", false, "root", noon); !errors.Is(err, ErrNotFrozen) {
		t.Errorf("once more: %v", err)
	}
}

// What came with a revoked password is stopped with it, whatever goes wrong then.
func TestRevokingStopsMailThoughNobodyCanBeTold(t *testing.T) {
	ctx, d := context.Background(), desk(t)
	edit := people.NewEditor(d.DB, d.Config.Server.Domains, rand.Reader)
	made, _, err := edit.CreateAppPassword(ctx, "ana@team.example", "Phone", false, noon)
	if err != nil {
		t.Fatal(err)
	}
	from := d.at(t, "ana")
	head := "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nFrom: <ana@team.example>\r\nTo: <mei@team.example>\r\nMessage-ID: <m@x>\r\nSubject: [send in 5h] Plan\r\n\r\n"
	id, err := d.Queue.Submit(ctx, queue.Submission{Author: d.person(t, "ana"), Credential: made.ID, Now: noon, Staged: store.StageBytes([]byte(head), []byte("x\r\n")),
		Envelope: mail.Envelope{From: from, Recipients: []mail.Recipient{{Address: d.at(t, "mei")}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(RollFile(d.Config), 0o700); err != nil { // It cannot be written.
		t.Fatal(err)
	}
	if _, _, err := d.Revoke(ctx, "ana@team.example", "Phone", noon); err == nil {
		t.Fatal("the roll could be written")
	}
	if due := d.due(t, id); due.Year() < 9000 {
		t.Errorf("it leaves at %s", due)
	}
	if err := os.Remove(RollFile(d.Config)); err != nil {
		t.Fatal(err)
	}
}
