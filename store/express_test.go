package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// parcel is express mail to two recipients elsewhere.
func parcel(author int64, mid, text string) *Express {
	head := []byte("Message-ID: <" + mid + ">\r\nSubject: " + mid + "\r\n\r\n")
	x := &Express{Thread: "offer", Head: head, Body: []byte(text), Sum: sha256.Sum256([]byte(text)), Keep: time.Hour,
		Submission: Submission{AuthorID: author, ReversePath: "ana@team.example", MID: mid, Digest: []byte{1, 2}, Subject: mid,
			EnvID: "e1", Ret: "FULL", UTF8: true, Plan: json.RawMessage(`{"protocol":"ESMTPSA"}`), Accepted: t0},
		Render:   func(id int64) []byte { return fmt.Appendf(nil, "Received: tp%d\r\n%s", id, head) },
		Accepted: Event{At: t0, Kind: "accepted", PersonID: author, Detail: map[string]int{"size": 7}},
	}
	for _, to := range []string{"joe@else.example", "sam@else.example"} {
		x.Recipients = append(x.Recipients, Recipient{Address: to, Notify: "FAILURE", ORcpt: "rfc822;" + to, State: Sending,
			Plan: json.RawMessage(`{"rule":"free"}`), Attempts: 1, Released: t0, Claimed: t0})
		x.Attempts = append(x.Attempts, Event{At: t0, Kind: "attempt", Detail: map[string]string{"to": to}})
	}
	return x
}

func launch(t *testing.T, db *DB, x *Express) {
	t.Helper()
	if err := db.Launch(context.Background(), x); err != nil {
		t.Fatal(err)
	}
}

// arrived is a landing at which everybody has it.
func arrived(x *Express) *Landing {
	l := &Landing{At: t0.Add(time.Second), Kind: "delivered"}
	for range x.Recipients {
		l.Fates = append(l.Fates, Fate{Reply: "250 2.0.0 taken", Remote: "mx.else.example", Detail: json.RawMessage(`{"attempt":1}`)})
	}
	return l
}

func land(t *testing.T, db *DB, x *Express) {
	t.Helper()
	if err := db.Land(context.Background(), x, arrived(x)); err != nil {
		t.Fatal(err)
	}
}

// crash is what a killed process leaves of the database: files that are copied while
// nobody writes, and opened by another one.
func crash(t *testing.T, db *DB) string {
	t.Helper()
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		octets, err := os.ReadFile(db.Path() + suffix)
		if errors.Is(err, os.ErrNotExist) && suffix != "" {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, File+suffix), octets, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func reopened(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// story is what the ordinary tables say of a Message-ID: states, ledger, text.
func story(t *testing.T, db *DB, mid string) string {
	t.Helper()
	var out strings.Builder
	err := db.View(context.Background(), func(tx *Tx) error {
		subs, err := tx.SubmissionsByMID(mid)
		for _, s := range subs {
			rcpts, rerr := tx.Recipients(s.ID)
			m, merr := tx.Message(s.MessageID)
			lines, lerr := tx.EventsOfSubmission(s.ID)
			err = errors.Join(err, rerr, merr, lerr)
			for _, r := range rcpts {
				fmt.Fprintf(&out, "%s %s; ", r.Address, r.State)
			}
			for _, e := range lines {
				fmt.Fprintf(&out, "%s ", e.Kind)
			}
			body, berr := io.ReadAll(db.OpenBody(context.Background(), m))
			err = errors.Join(err, berr)
			fmt.Fprintf(&out, "%t+%q", len(m.Head) > 0, body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := db.CheckLedger(context.Background()); err != nil || len(rep.Findings) > 0 {
		t.Errorf("ledger: %+v, %v", rep, err)
	}
	return out.String()
}

// packed counts the rows of the express tables.
func packed(t *testing.T, db *DB) (n int) {
	t.Helper()
	err := db.View(context.Background(), func(tx *Tx) error {
		return tx.row([]any{&n}, `SELECT (SELECT count(*) FROM express) + (SELECT count(*) FROM landed)`)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	onItsWay = `joe@else.example sending; sam@else.example sending; accepted attempt attempt true+"text"`
	hasLeft  = `joe@else.example delivered; sam@else.example delivered; accepted attempt delivered attempt delivered true+""`
)

// TestExpressSurvivesACrash at each of its steps.
func TestExpressSurvivesACrash(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	x := parcel(p.ID, "a@x.example", "text")
	check := func(step, want string) {
		t.Helper()
		other := reopened(t, crash(t, db))
		if got := story(t, other, "a@x.example"); got != want {
			t.Errorf("%s: after a crash %s, want %s", step, got, want)
		}
		if n := packed(t, other); n != 0 {
			t.Errorf("%s: %d rows are packed after Open", step, n)
		}
	}
	check("before", "")
	launch(t, db, x)
	if packed(t, db) != 1 || string(x.Rendition[:13]) != fmt.Sprintf("Received: tp%d", x.Submission.ID) {
		t.Errorf("launched as %d: %q", x.Submission.ID, x.Rendition)
	}
	check("launched", onItsWay)
	land(t, db, x)
	check("landed", hasLeft)
	if err := db.Unpack(context.Background()); err != nil {
		t.Fatal(err)
	}
	check("unpacked", hasLeft)
	if n := packed(t, db); n != 0 {
		t.Errorf("%d rows are packed", n)
	}
}

// TestExpressBecomesOrdinaryRows: nothing that was known is lost on the way, by way of
// memory and by way of the disk.
func TestExpressBecomesOrdinaryRows(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	done := parcel(p.ID, "done@x.example", "text")
	launch(t, db, done)
	land(t, db, done) // First: it may be unpacked at any moment now.
	launch(t, db, parcel(p.ID, "way@x.example", "text"))
	other := reopened(t, crash(t, db))
	if err := db.Unpack(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, table := range append(salvageTables, "orphan") {
		here, there := dump(t, db.Path(), table), dump(t, other.Path(), table)
		if fmt.Sprint(here) != fmt.Sprint(there) {
			t.Errorf("%s\nfrom memory %v\nfrom disk   %v", table, here, there)
		}
	}
	must(t, db, func(tx *Tx) error {
		s, err := tx.Submission(done.Submission.ID)
		if err != nil {
			return err
		}
		want := done.Submission
		want.MessageID = s.MessageID
		if fmt.Sprint(s) != fmt.Sprint(want) {
			t.Errorf("submission\n%v, want\n%v", s, want)
		}
		rcpts, err := tx.Recipients(s.ID)
		if r := rcpts[0]; err != nil || r.Notify != "FAILURE" || r.ORcpt != "rfc822;joe@else.example" || r.Reply != "250 2.0.0 taken" ||
			r.Remote != "mx.else.example" || !r.Released.Equal(t0) || !r.Settled.Equal(t0.Add(time.Second)) || r.Attempts != 1 {
			t.Errorf("recipient %+v, %v", r, err)
		}
		m, err := tx.Message(s.MessageID)
		if err != nil || !m.Stripped() || !bytes.Equal(m.Head, done.Head) || m.ThreadID == 0 {
			t.Errorf("message %+v, %v", m, err)
		}
		thread, err := tx.ThreadOf("done@x.example")
		if err != nil || thread != m.ThreadID {
			t.Errorf("thread %d, %v", thread, err)
		}
		n, err := tx.Sweep(t0.Add(2*time.Hour), 10)
		if err != nil || n != 1 {
			t.Errorf("%d swept, %v", n, err)
		}
		if m, err = tx.Message(s.MessageID); len(m.Head) > 0 {
			t.Error("the head stays for ever")
		}
		return err
	})
}

// TestOrdinaryTransactionsSeeExpress, also those of other processes; the attempt that
// runs meanwhile is told.
func TestOrdinaryTransactionsSeeExpress(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	x, y := parcel(p.ID, "x@x.example", "text"), parcel(p.ID, "y@x.example", "text")
	launch(t, db, x)
	must(t, db, func(tx *Tx) error {
		if list, err := tx.InterruptedRecipients(9); err != nil || len(list) != 2 {
			t.Errorf("%d recipients are being sent, %v", len(list), err)
		}
		return nil
	})
	if err := db.Land(context.Background(), x, arrived(x)); !errors.Is(err, ErrUnpacked) {
		t.Errorf("landing of an unpacked mail: %v", err)
	}
	launch(t, db, y)
	if y.Submission.ID != x.Submission.ID+1 {
		t.Errorf("ids %d and %d", x.Submission.ID, y.Submission.ID)
	}
	other := reopened(t, filepath.Dir(db.Path()))
	if got := story(t, other, "y@x.example"); got != onItsWay {
		t.Errorf("another process sees %s", got)
	}
	if err := db.Land(context.Background(), y, arrived(y)); !errors.Is(err, ErrUnpacked) {
		t.Errorf("landing of what another process has unpacked: %v", err)
	}
	s, _ := submit(t, other, p.ID, "z@x.example", t0)
	z := parcel(p.ID, "zz@x.example", "text")
	launch(t, db, z)
	if z.Submission.ID <= s.ID {
		t.Errorf("%d was given twice", z.Submission.ID)
	}
	land(t, db, z)
}

// TestLaunchRefusesWhatIsKnown, wherever a Message-ID was seen.
func TestLaunchRefusesWhatIsKnown(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	submit(t, db, p.ID, "old@x.example", t0)
	must(t, db, func(tx *Tx) error {
		th := Thread{Subject: "s", Created: t0, Updated: t0}
		if err := tx.InsertThread(&th); err != nil {
			return err
		}
		return tx.PutRef(Ref{MID: "cited@x.example", Thread: th.ID})
	})
	launch(t, db, parcel(p.ID, "up@x.example", "text"))
	down := parcel(p.ID, "down@x.example", "text")
	launch(t, db, down)
	land(t, db, down)
	for _, mid := range []string{"old@x.example", "cited@x.example", "up@x.example", "down@x.example"} {
		if err := db.Launch(context.Background(), parcel(p.ID, mid, "text")); !errors.Is(err, ErrKnown) {
			t.Errorf("%s again: %v", mid, err)
		}
	}
	broken := parcel(p.ID, "broken@x.example", "text")
	broken.Render = func(int64) []byte { panic("no head") }
	if err := db.Launch(context.Background(), broken); err == nil || !strings.Contains(err.Error(), "no head") {
		t.Errorf("a panic in Render is %v", err)
	}
}

// TestExpressBesideOrdinary: transactions of all kinds at once, of which some fail; ids
// are given once, and nothing is lost.
func TestExpressBesideOrdinary(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 30 {
				mid := fmt.Sprintf("m%d.%d@x.example", i, n)
				switch {
				case i == 0:
					submit(t, db, p.ID, mid, t0.Add(time.Hour))
				case i == 1:
					if err := db.Update(context.Background(), func(*Tx) error { return ErrConflict }); !errors.Is(err, ErrConflict) {
						t.Errorf("a refused closure: %v", err)
					}
				default:
					x := parcel(p.ID, mid, "text")
					if err := db.Launch(context.Background(), x); err != nil {
						t.Errorf("launch: %v", err)
						return
					}
					if err := db.Land(context.Background(), x, arrived(x)); err != nil && !errors.Is(err, ErrUnpacked) {
						t.Errorf("land: %v", err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := db.Unpack(context.Background()); err != nil {
		t.Fatal(err)
	}
	rep, err := db.CheckLedger(context.Background())
	if err != nil || len(rep.Findings) > 0 || rep.Now[Held] != 30 || rep.Now[Delivered]+rep.Now[Sending] != 2*6*30 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestUnpackedBehind: what has landed is unpacked soon, without anybody asking.
func TestUnpackedBehind(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	x := parcel(p.ID, "a@x.example", "text")
	launch(t, db, x)
	land(t, db, x)
	deadline := time.After(10 * time.Second)
	for tick := time.NewTicker(10 * time.Millisecond); packed(t, db) > 0; {
		select {
		case <-deadline:
			t.Fatal("it stays packed")
		case <-tick.C:
		}
	}
	if got := story(t, db, "a@x.example"); got != hasLeft {
		t.Error(got)
	}
}

// TestExpressAndTheReleaseBefore: it knows no express mail, and finds ordinary rows.
func TestExpressAndTheReleaseBefore(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	launch(t, db, parcel(p.ID, "up@x.example", "text"))
	x := parcel(p.ID, "down@x.example", "text")
	launch(t, db, x)
	land(t, db, x)
	dir := crash(t, db)
	newest, err := NewestSchema()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := MigrateTo(dir, newest-1); err != nil {
		t.Fatal(err)
	}
	got := dump(t, filepath.Join(dir, File), "recipient")
	if n := strings.Count(fmt.Sprint(got), "|sending|") + 10*strings.Count(fmt.Sprint(got), "|delivered|"); n != 22 {
		t.Errorf("the release before finds %v", got)
	}
	again := reopened(t, dir)
	if got := story(t, again, "up@x.example"); got != onItsWay {
		t.Errorf("there and back: %s", got)
	}
}

// TestSalvageOfExpress: packed mail comes back as what it is; a row that is damaged is
// listed and its text kept.
func TestSalvageOfExpress(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	launch(t, db, parcel(p.ID, "up@x.example", "text"))
	x := parcel(p.ID, "down@x.example", "text")
	launch(t, db, x)
	land(t, db, x)
	torn := parcel(p.ID, "torn@x.example", strings.Repeat("wrong octets ", 1000))
	torn.Sum[0]++
	launch(t, db, torn)
	dir, into := crash(t, db), t.TempDir()
	rep, err := Salvage(context.Background(), filepath.Join(dir, File), filepath.Join(into, File),
		SalvageOptions{Now: t0.Add(time.Hour), Pieces: filepath.Join(into, "pieces")})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Lost) != 1 || rep.Lost[0].What != "submission" || rep.Lost[0].First != torn.Submission.ID {
		t.Errorf("lost: %+v", rep.Lost)
	}
	if piece, err := os.ReadFile(filepath.Join(into, "pieces", fmt.Sprintf("express-%d.eml", torn.Submission.ID))); err != nil ||
		!bytes.HasSuffix(piece, torn.Body) || !bytes.HasPrefix(piece, torn.Head) {
		t.Errorf("piece of %d octets, %v", len(piece), err)
	}
	back := reopened(t, into)
	for mid, want := range map[string]string{"up@x.example": onItsWay, "down@x.example": hasLeft, "torn@x.example": ""} {
		if got := story(t, back, mid); got != want {
			t.Errorf("%s came back as %s, want %s", mid, got, want)
		}
	}
	y := parcel(p.ID, "next@x.example", "text")
	launch(t, back, y)
	if y.Submission.ID <= torn.Submission.ID {
		t.Errorf("id %d was given again", y.Submission.ID)
	}
}

// TestAReaderFindsOrdinaryRows: of a server that runs, and of one that was killed.
func TestAReaderFindsOrdinaryRows(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	x := parcel(p.ID, "a@x.example", "text")
	launch(t, db, x)
	for _, dir := range []string{crash(t, db), filepath.Dir(db.Path())} {
		r, err := OpenReader(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := story(t, r, "a@x.example"); got != onItsWay {
			t.Errorf("a reader sees %q", got)
		}
		r.Close()
	}
	if err := db.Land(context.Background(), x, arrived(x)); !errors.Is(err, ErrUnpacked) {
		t.Errorf("land: %v", err)
	}
}

// TestRecordsAreJSON: what is written by hand reads as what the library would write.
func TestRecordsAreJSON(t *testing.T) {
	for _, odd := range []string{"", "plain", "a \"quoted\" \\ one\n", "größer \u2028 <b>&", "bad \xff octet"} {
		x := parcel(3, "mid@x.example", "text")
		x.Submission.Subject, x.Thread, x.Submission.EnvID, x.Recipients[0].ORcpt = odd, odd, odd, odd
		x.Recipients[1].Plan = nil
		got, err := encodeExpress(x)
		if err != nil {
			t.Fatal(err)
		}
		var r expressRecord
		if err := json.Unmarshal(got, &r); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		want := strings.ToValidUTF8(odd, "\ufffd")
		if r.Subject != want || r.Thread != want || r.EnvID != want || r.Recipients[0].ORcpt != want || !r.UTF8 || r.Author != 3 ||
			r.MID != "mid@x.example" || !r.At.Equal(t0) || !bytes.Equal(r.Sum, x.Sum[:]) || !bytes.Equal(r.Digest, []byte{1, 2}) ||
			r.Keep != time.Hour || r.Ret != "FULL" || r.Path != "ana@team.example" || string(r.Plan) != `{"protocol":"ESMTPSA"}` ||
			r.Accepted.Kind != "accepted" || string(r.Accepted.Detail) != `{"size":7}` || len(r.Recipients) != 2 ||
			r.Recipients[1].Plan != nil || string(r.Recipients[0].Plan) != `{"rule":"free"}` || r.Recipients[1].Address != "sam@else.example" ||
			r.Recipients[1].Attempt.Kind != "attempt" || string(r.Recipients[1].Attempt.Detail) != `{"to":"sam@else.example"}` {
			t.Errorf("%q: %s\nreads as %+v", odd, got, r)
		}
	}
}
