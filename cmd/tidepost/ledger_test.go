package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tidepost/config"
	"tidepost/store"
)

// installed writes an installation into a directory of its own and returns its
// configuration file and an open database.
func installed(t *testing.T) (file string, db *store.DB) {
	t.Helper()
	dir := t.TempDir()
	cfg := config.Default()
	cfg.Server.Hostname, cfg.Server.Domains = "mail.team.example", []string{"team.example"}
	cfg.Relay.Mode = "mx"
	cfg.Listen = config.Listen{Submission: "127.0.0.1:0", IMAP: "127.0.0.1:0", AllowCleartextLogin: true}
	file = filepath.Join(dir, "tidepost.toml")
	if err := os.WriteFile(file, config.Template(cfg), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return file, db
}

// outgoing stores mail of Tidepost's own with one recipient.
func outgoingMail(t *testing.T, db *store.DB, r store.Recipient) store.Recipient {
	t.Helper()
	now := time.Now()
	err := db.Update(context.Background(), func(tx *store.Tx) error {
		st := store.StageBytes([]byte("Subject: x\r\n\r\n"), []byte("x\r\n"))
		body, err := tx.AddBody(st, now)
		if err != nil {
			return err
		}
		m := store.Message{Origin: store.OriginComposed, BodyID: body, Head: st.Head, Size: st.Size(), MID: "m@x", Created: now}
		if err := tx.InsertMessage(&m); err != nil {
			return err
		}
		s := store.Submission{MessageID: m.ID, MID: m.MID, Digest: []byte{1}, Accepted: now}
		if err := tx.InsertSubmission(&s); err != nil {
			return err
		}
		r.SubmissionID = s.ID
		return tx.InsertRecipient(&r, store.Event{At: now, Kind: "accepted"})
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func call(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// A ledger that does not add up is exit code 4, and says where.
func TestLedgerFindings(t *testing.T) {
	file, db := installed(t)
	r := outgoingMail(t, db, store.Recipient{Address: "x@out.example", State: store.Bounced, Settled: time.Now()})
	err := db.Update(context.Background(), func(tx *store.Tx) error {
		r.State, r.Due, r.Settled = store.Held, time.Now(), time.Time{}
		return tx.MoveRecipient(r, store.Bounced, store.Event{At: time.Now(), Kind: "held"})
	})
	if err != nil {
		t.Fatal(err)
	}
	code, out, _ := call(t, "ledger", "check", "-c", file)
	if code != exitFindings || !strings.Contains(out, `WRONG  q1 recipient 1: "held" cannot follow "bounced"`) || !strings.Contains(out, "accepted 1 = ") {
		t.Errorf("code %d, %s", code, out)
	}
	code, out, _ = call(t, "ledger", "check", "-c", file, "--json")
	var rep ledgerReport
	if err := json.Unmarshal([]byte(out), &rep); err != nil || code != exitFindings || rep.OK || len(rep.Findings) != 1 || rep.Findings[0].Submission != 1 {
		t.Errorf("code %d, %v, %s", code, err, out)
	}
}

// Tidepost's own mail (reports) has no author: it is listed, released and cancelled
// all the same.
func TestMailWithoutAuthor(t *testing.T) {
	file, db := installed(t)
	outgoingMail(t, db, store.Recipient{Address: "x@out.example", State: store.Held, Due: time.Now().Add(time.Hour), Reply: "450 \x1b[2Jlater", Remote: "mx"})
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"queue", "list"}, `mx said 450 \x1b[2Jlater`},
		{[]string{"queue", "why", "1"}, "is held until"},
		{[]string{"trace", "1"}, "from <>"},
		{[]string{"queue", "release", "1"}, "Released q1 to x@out.example"},
		{[]string{"queue", "cancel", "1"}, "Cancelled q1 to x@out.example"},
		{[]string{"ledger", "check"}, "1 cancelled"},
	} {
		code, out, errs := call(t, append(c.args, "-c", file)...)
		if code != exitOK || !strings.Contains(out, c.want) {
			t.Errorf("%v: code %d, %q, %s", c.args, code, out, errs)
		}
	}
}

// A bar is drawn on a terminal, and only there.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	step, end := (&app{err: &b}).progress("work")
	step(1, 2)
	end()
	if b.Len() != 0 {
		t.Errorf("drawn without a terminal: %q", b.String())
	}
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(filepath.Join("/dev/pts", strconv.Itoa(n)), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	step, end = (&app{err: tty}).progress("work")
	step(0, 0)
	step(2, 2)
	end()
	tty.Close()
	out, _ := io.ReadAll(master) // Ends with EIO when the other side is closed.
	if !strings.Contains(string(out), "work [==============================] 100% 2/2\r\n") {
		t.Errorf("drawn: %q", out)
	}
}
