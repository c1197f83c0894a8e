package gateway

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tidepost/store"
)

// Inside the reserve new mail is refused, and what waits still leaves, bounces or is
// taken back; with no room at all it stays as it is, and goes on when there is some.
func TestReserveOnASmallDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=32m,mode=0700"); err != nil {
		t.Skip("a small disk needs root:", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	db, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	var rcpts []store.Recipient
	st := store.StageBytes([]byte("Subject: x\r\n\r\n"), make([]byte, 1000))
	if err := db.Update(ctx, func(tx *store.Tx) error {
		body, err := tx.AddBody(st, t0)
		if err != nil {
			return err
		}
		m := store.Message{Origin: store.OriginSubmitted, BodyID: body, Head: st.Head, Size: st.Size(), Created: t0}
		if err := tx.InsertMessage(&m); err != nil {
			return err
		}
		s := store.Submission{MessageID: m.ID, Digest: []byte{1}, Accepted: t0}
		if err := tx.InsertSubmission(&s); err != nil {
			return err
		}
		for range 4 {
			r := store.Recipient{SubmissionID: s.ID, Address: "x@out.example", State: store.Held, Due: t0.Add(time.Hour)}
			if err := tx.InsertRecipient(&r, store.Event{At: t0, Kind: "held"}); err != nil {
				return err
			}
			r.RenditionID = m.ID
			rcpts = append(rcpts, r)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	settle := func(r store.Recipient, to store.State) error {
		r.State, r.Due, r.Settled = to, time.Time{}, t0
		return db.Update(ctx, func(tx *store.Tx) error {
			return tx.MoveRecipient(r, store.Held, store.Event{At: t0, Kind: string(to)})
		})
	}
	filler := filepath.Join(dir, "filler")
	fill(t, dir, filler, 4<<20)
	if (&room{dir: dir, reserve: 8 << 20}).enough() {
		t.Error("new mail is taken inside the reserve")
	}
	for i, to := range []store.State{store.Delivered, store.Bounced, store.Cancelled} {
		if err := settle(rcpts[i], to); err != nil {
			t.Errorf("%s inside the reserve: %v", to, err)
		}
	}
	fill(t, dir, filler, 0)
	err = db.Update(ctx, func(tx *store.Tx) error {
		return tx.SetMeta("big", string(make([]byte, 8<<20)))
	})
	if !errors.Is(err, store.ErrFull) {
		t.Errorf("without any room: %v, want ErrFull", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := settle(rcpts[3], store.Delivered); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if !(&room{dir: dir, reserve: 8 << 20}).enough() {
		t.Error("no new mail although there is room again")
	}
	if rep, err := db.CheckLedger(ctx); err != nil || len(rep.Findings) > 0 {
		t.Errorf("ledger: %+v, %v", rep, err)
	}
}

// fill leaves so many octets of the disk.
func fill(t *testing.T, dir, filler string, leave int64) {
	t.Helper()
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filler, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := int64(fs.Bavail)*fs.Bsize - leave; n > 0 {
		if _, err := f.Write(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
}
