package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// populated is a closed database with people, folders, mail of all sizes in every
// state, and its octets.
func populated(t *testing.T) (dir string, octets []byte) {
	t.Helper()
	dir = t.TempDir()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := ana(t, db)
	mei := Person{Name: "Mei", Address: "mei@team.example", Profile: []byte(`{"zone":"Asia/Tokyo"}`), Active: true, Created: t0}
	must(t, db, func(tx *Tx) error { return tx.InsertPerson(&mei) })
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 400 {
		size := rng.IntN(6000)
		if i%50 == 7 {
			size = chunkSize + rng.IntN(2*chunkSize)
		}
		text := make([]byte, size)
		for j := range text {
			text[j] = 'a' + byte(rng.IntN(26))
		}
		m := letter(t, db, fmt.Sprintf("m%d@team.example", i), string(text))
		must(t, db, func(tx *Tx) error { return oneOfMany(tx, i, m, p, mei) })
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	octets, err = os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	return dir, octets
}

// oneOfMany gives a message a place: in a folder, in the queue, at a tide.
func oneOfMany(tx *Tx, i int, m Message, author, reader Person) error {
	if err := tx.PutDerived(Derived{MessageID: m.ID, Preview: "text"}); err != nil {
		return err
	}
	if i%3 == 0 {
		box, err := tx.MailboxByKind(author.ID, KindArchive)
		if err != nil {
			return err
		}
		return tx.AddEntry(&Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: t0, Keywords: []string{"$Work"}})
	}
	s := Submission{MessageID: m.ID, AuthorID: author.ID, ReversePath: author.Address, MID: m.MID, Digest: []byte{1},
		Subject: m.MID, Plan: json.RawMessage(`{}`), Accepted: t0}
	if err := tx.InsertSubmission(&s); err != nil {
		return err
	}
	r := Recipient{SubmissionID: s.ID, Address: "x@out.example", State: Held, Due: t0.Add(time.Hour), Plan: json.RawMessage(`{}`)}
	if err := tx.InsertRecipient(&r, Event{At: t0, Kind: "held"}); err != nil {
		return err
	}
	if i%5 == 2 {
		if err := asking(tx, m, author, reader); err != nil {
			return err
		}
	}
	if i%2 == 1 {
		c := Coaching{PersonID: author.ID, SubmissionID: s.ID, Mode: CoachAdvise, State: CoachOpen, Draft: []byte(m.MID), Note: "n" + m.MID, Created: t0}
		if err := tx.InsertCoaching(&c, []Advice{{Policy: "context", Reason: "no-topic"}}); err != nil {
			return err
		}
	}
	if i%3 == 1 {
		box, err := tx.MailboxByKind(author.ID, KindScheduled)
		if err != nil {
			return err
		}
		return tx.AddEntry(&Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: t0, SubmissionID: s.ID})
	}
	r.State, r.Due, r.Settled, r.RenditionID = Delivered, time.Time{}, t0, m.ID
	if err := tx.MoveRecipient(r, Held, Event{At: t0, Kind: "delivered"}); err != nil {
		return err
	}
	d := Delivery{PersonID: reader.ID, MessageID: m.ID, RecipientID: r.ID, Target: KindInbox, Reason: "team", State: Waiting,
		Due: t0.Add(time.Hour), Plan: json.RawMessage(`{}`), Arrived: t0}
	if err := tx.InsertDelivery(&d, Event{At: t0, Kind: "filed"}); err != nil {
		return err
	}
	box, err := tx.MailboxByKind(reader.ID, KindNextDelivery)
	if err != nil {
		return err
	}
	return tx.AddEntry(&Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: t0, Flags: Seen, DeliveryID: d.ID})
}

// asking has a message ask something.
func asking(tx *Tx, m Message, author, reader Person) error {
	a := ClockedAsk{Ask: Ask{MessageID: m.ID, MID: m.MID, Number: 1, AskerID: author.ID, Asker: author.Address, OwnerID: reader.ID, Owner: reader.Address,
		Kind: "do", Class: "standard", Text: "Can you send me the figures?", ShownID: m.ID, Open: true, Created: t0, Changed: t0},
		Clock: Clock{State: "waiting", Target: json.RawMessage(`{"days":1}`), Promises: json.RawMessage(`[]`), Since: t0}}
	if err := tx.InsertAsk(&a); err != nil {
		return err
	}
	if err := tx.AddEvent(Event{At: t0, Kind: "ask-put", AskID: a.ID, State: "waiting"}); err != nil {
		return err
	}
	for person, kind := range map[int64]Kind{author.ID: KindWaitingFor, reader.ID: KindNeedsReply} {
		box, err := tx.MailboxByKind(person, kind)
		if err != nil {
			return err
		}
		if err := tx.AddEntry(&Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: t0, Flags: Seen}); err != nil {
			return err
		}
	}
	return nil
}

// salvageTables are those whose rows are compared.
var salvageTables = []string{"person", "address", "body", "chunk", "thread", "thread_ref", "message", "submission",
	"recipient", "delivery", "mailbox", "entry", "expunged", "event", "sender_rule", "note", "digest", "coaching", "advice", "ask", "clock"}

// dump returns the rows of a table by their key, as text.
func dump(t *testing.T, file, table string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite3", dsn(file, []string{"mode=ro"}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT * FROM ` + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	out := map[string]string{}
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new([]byte)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, v := range values {
			fmt.Fprintf(&b, "%s|", *v.(*[]byte))
		}
		out[string(*values[0].(*[]byte))+"/"+string(*values[1].(*[]byte))] = b.String()
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSalvageOfASoundDatabaseIsACopy(t *testing.T) {
	dir, _ := populated(t)
	db, err := Open(dir) // So that there is a WAL with frames of its own.
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	letter(t, db, "in-the-wal@team.example", strings.Repeat("x", 5000))
	to := filepath.Join(t.TempDir(), "new.db")
	rep, err := Salvage(context.Background(), db.Path(), to, SalvageOptions{Now: t0})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Lost) != 0 || len(rep.Repaired) != 0 || rep.WALFrames == 0 || rep.Messages != 401 {
		t.Errorf("report of a sound database: %+v", rep)
	}
	for _, table := range salvageTables {
		want, got := dump(t, db.Path(), table), dump(t, to, table)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs: %.2000s", table, diff)
		}
	}
	if _, err := Salvage(context.Background(), db.Path(), to, SalvageOptions{Now: t0}); err == nil {
		t.Error("an existing file was overwritten")
	}
}

// touches says which pages hold a row of a table with rowids.
func touches(t *testing.T, file string) map[string]map[int64][]uint32 {
	t.Helper()
	p, err := openPager(file)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	db, err := sql.Open("sqlite3", dsn(file, []string{"mode=ro"}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	out := map[string]map[int64][]uint32{}
	for _, table := range []string{"person", "body", "chunk", "message", "submission", "recipient", "delivery", "mailbox", "entry", "event"} {
		var root uint32
		if err := db.QueryRow(`SELECT rootpage FROM sqlite_schema WHERE name = ?`, table).Scan(&root); err != nil {
			t.Fatal(err)
		}
		rows := map[int64][]uint32{}
		var down func(page uint32)
		down = func(page uint32) {
			n, ok := p.node(page)
			if !ok {
				t.Fatalf("page %d of %s is no node", page, table)
			}
			for i := range n.cells {
				if n.kind == tableInterior {
					child, _, _ := n.child(i)
					down(child)
					continue
				}
				pages := []uint32{page}
				rowid, _, ok := p.record(&n, i, func(o uint32) { pages = append(pages, o) })
				if !ok {
					t.Fatalf("row %d of %s cannot be read", rowid, table)
				}
				rows[rowid] = pages
			}
			if n.kind == tableInterior {
				down(n.right)
			}
		}
		down(root)
		var want int
		if err := db.QueryRow(`SELECT count(*) FROM ` + table).Scan(&want); err != nil || want != len(rows) {
			t.Fatalf("%s: %d rows found of %d, %v", table, len(rows), want, err)
		}
		out[table] = rows
	}
	return out
}

// checkSalvage salvages octets in which some pages are bad and proves the outcome:
// every row that no bad page held is there, what is not is listed.
func checkSalvage(t *testing.T, name string, octets []byte, rows map[string]map[int64][]uint32, bad func(uint32) bool) {
	t.Helper()
	dir := t.TempDir()
	from := filepath.Join(dir, "damaged.db")
	if err := os.WriteFile(from, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(dir, "data")
	if err := os.Mkdir(into, 0o700); err != nil {
		t.Fatal(err)
	}
	rep, err := Salvage(context.Background(), from, filepath.Join(into, File), SalvageOptions{Now: t0.Add(time.Hour), Pieces: filepath.Join(dir, "pieces")})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	db, err := Open(into)
	if err != nil {
		t.Fatalf("%s: the new database: %v", name, err)
	}
	defer db.Close()
	if led, err := db.CheckLedger(context.Background()); err != nil || len(led.Findings) > 0 {
		t.Errorf("%s: ledger of the new database: %+v, %v", name, led.Findings[:min(3, len(led.Findings))], err)
	}
	whole := func(table string, id int64) bool {
		for _, p := range rows[table][id] {
			if bad(p) {
				return false
			}
		}
		return true
	}
	listed := func(what string, id int64) bool {
		for _, l := range rep.Lost {
			if l.What == what && l.First <= id && (id <= l.Last || l.Last == 0) {
				return true
			}
		}
		return false
	}
	for id := range rows["message"] { // Here message, body and number of chunks go by the same id.
		intact := whole("message", id) && whole("body", id)
		for c := range rows["chunk"] {
			intact = intact && (c>>16 != id || whole("chunk", c))
		}
		var m Message
		err := db.View(context.Background(), func(tx *Tx) (err error) { m, err = tx.Message(id); return err })
		back := err == nil && len(m.Head) > 0
		if back {
			var b bytes.Buffer
			if _, err := b.ReadFrom(db.OpenBody(context.Background(), m)); err != nil {
				t.Errorf("%s: body of %d: %v", name, id, err)
			}
		}
		if intact && !back {
			t.Errorf("%s: message %d was intact and is lost: %v %v", name, id, err, rep.Lost)
		}
		if !back && !listed("message", id) {
			t.Errorf("%s: message %d is lost and not listed: %v", name, id, rep.Lost)
		}
	}
	for _, table := range []string{"recipient", "submission", "delivery", "event", "entry"} {
		want := dump(t, filepath.Join(into, File), table)
		have := map[int64]bool{}
		for key := range want {
			var id int64
			fmt.Sscan(strings.Split(key, "/")[0], &id)
			have[id] = true
		}
		for id := range rows[table] {
			if whole(table, id) && !have[id] && table != "entry" {
				t.Errorf("%s: %s %d was intact and is lost", name, table, id)
			}
			if !have[id] && !listed(table, id) && table != "entry" {
				t.Errorf("%s: %s %d is lost and not listed", name, table, id)
			}
		}
	}
}

// Every n-th page overwritten: with noise, with zeros, with another page.
func TestSalvageOfOverwrittenPages(t *testing.T) {
	dir, octets := populated(t)
	rows := touches(t, filepath.Join(dir, File))
	pages := uint32(len(octets) / defaultPage)
	rng := rand.New(rand.NewPCG(5, 6))
	rounds := 16
	if testing.Short() {
		rounds = 6
	}
	for i := range rounds {
		step, first := uint32(2+rng.IntN(80)), uint32(rng.IntN(80))
		if i%4 == 3 {
			step = math.MaxUint32 // one page
			first = rng.Uint32N(min(pages, 200))
		}
		bad := func(p uint32) bool { return p > first && (p-1-first)%step == 0 }
		damaged := bytes.Clone(octets)
		for p := uint32(1); p <= pages; p++ {
			if !bad(p) {
				continue
			}
			at := damaged[(p-1)*defaultPage : p*defaultPage]
			switch i % 3 {
			case 0:
				for j := range at {
					at[j] = byte(rng.Uint32())
				}
			case 1:
				clear(at)
			case 2: // A write that went to the wrong place.
				from := rng.Uint32N(pages)
				copy(at, octets[from*defaultPage:(from+1)*defaultPage])
			}
		}
		checkSalvage(t, fmt.Sprintf("kind %d, every %d from %d", i%3, step, first+1), damaged, rows, bad)
		if t.Failed() {
			return
		}
	}
}

// The first pages hold the schema and the roots: each alone.
func TestSalvageWithoutOnePage(t *testing.T) {
	dir, octets := populated(t)
	rows := touches(t, filepath.Join(dir, File))
	for p := uint32(1); p <= 60; p++ {
		if p > 4 && p%4 != 1 || testing.Short() && p%10 != 1 {
			continue
		}
		damaged := bytes.Clone(octets)
		clear(damaged[(p-1)*defaultPage : p*defaultPage])
		checkSalvage(t, fmt.Sprintf("without page %d", p), damaged, rows, func(q uint32) bool { return q == p })
		if t.Failed() {
			return
		}
	}
}

func TestSalvageOfACutFile(t *testing.T) {
	dir, octets := populated(t)
	rows := touches(t, filepath.Join(dir, File))
	n := 9
	if testing.Short() {
		n = 4
	}
	for i := range n {
		size := len(octets) * i / n
		if i%2 == 1 {
			size += 100
		}
		checkSalvage(t, fmt.Sprintf("cut at %d", size), octets[:size], rows, func(p uint32) bool { return int(p)*defaultPage > size })
		if t.Failed() {
			return
		}
	}
}

// Nothing in a file may make Salvage panic or loop, and what it makes is always sound.
func FuzzSalvage(f *testing.F) {
	dir := f.TempDir()
	db, err := Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	p := Person{Name: "Ana", Address: "ana@team.example", Profile: []byte(`{}`), Active: true, Created: t0}
	if err := db.Update(context.Background(), func(tx *Tx) error { return tx.InsertPerson(&p) }); err != nil {
		f.Fatal(err)
	}
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	octets, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte("not SQLite"), uint32(0))
	f.Add(uint32(16), []byte{0, 1}, uint32(5000))
	f.Add(uint32(4096), []byte{5, 0, 0, 0, 9, 0xff, 0xff}, uint32(1))
	f.Add(uint32(103), []byte{0xff, 0xff}, uint32(0))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut uint32) {
		damaged := bytes.Clone(octets[:len(octets)-int(cut%uint32(len(octets)))])
		if len(damaged) > 0 {
			copy(damaged[int(at)%len(damaged):], patch)
		}
		here := t.TempDir()
		from := filepath.Join(here, "damaged")
		if err := os.WriteFile(from, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(from+"-wal", patch, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Salvage(context.Background(), from, filepath.Join(here, File), SalvageOptions{Now: t0})
		if errors.Is(err, errNewer) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		db, err := Open(here)
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
	})
}

// A mailbox whose row is lost comes back under a new UIDVALIDITY; one whose row is
// readable keeps its own.
func TestSalvageNeverUsesAUIDAgain(t *testing.T) {
	dir, _ := populated(t)
	file := filepath.Join(dir, File)
	raw, err := sql.Open("sqlite3", dsn(file, []string{"_foreign_keys=off"}))
	if err != nil {
		t.Fatal(err)
	}
	var lost, kept, old int64
	if err := raw.QueryRow(`SELECT id, uidvalidity FROM mailbox WHERE kind = 'archive' AND person_id = 1`).Scan(&lost, &old); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{`DELETE FROM mailbox WHERE kind = 'archive' AND person_id = 1`,
		`UPDATE mailbox SET uidnext = 1 WHERE kind = 'scheduled' AND person_id = 1`} {
		if _, err := raw.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.QueryRow(`SELECT uidvalidity FROM mailbox WHERE kind = 'next-delivery' AND person_id = 2`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	into := t.TempDir()
	rep, err := Salvage(context.Background(), file, filepath.Join(into, File), SalvageOptions{Now: t0.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Lost) != 1 || rep.Lost[0].What != "mailbox" || rep.Lost[0].First != lost {
		t.Errorf("lost: %+v", rep.Lost)
	}
	db, err := Open(into)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	must(t, db, func(tx *Tx) error {
		box, err := tx.Mailbox(lost)
		if err != nil || int64(box.UIDValidity) <= old || box.PersonID != 1 {
			t.Errorf("lost mailbox: %+v, %v", box, err)
		}
		if n, err := tx.Count(box.ID, false); err != nil || n.Messages != 134 {
			t.Errorf("its messages: %+v, %v", n, err)
		}
		same, err := tx.MailboxByKind(2, KindNextDelivery)
		if err != nil || int64(same.UIDValidity) != kept {
			t.Errorf("a sound mailbox has UIDVALIDITY %d, want %d, %v", same.UIDValidity, kept, err)
		}
		behind, err := tx.MailboxByKind(1, KindScheduled)
		if err != nil {
			return err
		}
		entries, err := tx.Entries(behind.ID)
		if err != nil || len(entries) == 0 || behind.UIDNext <= entries[len(entries)-1].UID || int64(behind.UIDValidity) <= old {
			t.Errorf("mailbox behind its entries: %+v, %v", behind, err)
		}
		return nil
	})
}

// Without its text a message cannot be sent: it is settled, listed, and what is left
// of it is in a file.
func TestSalvageSettlesWhatCannotBeSent(t *testing.T) {
	dir, _ := populated(t)
	file := filepath.Join(dir, File)
	raw, err := sql.Open("sqlite3", dsn(file, nil))
	if err != nil {
		t.Fatal(err)
	}
	var id, msg, sub int64
	if err := raw.QueryRow(`SELECT r.id, s.message_id, s.id FROM recipient r JOIN submission s ON s.id = r.submission_id
		WHERE r.state = 'held' LIMIT 1`).Scan(&id, &msg, &sub); err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(`UPDATE chunk SET data = x'414243' WHERE id = ? << 16`, msg); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	into, pieces := t.TempDir(), filepath.Join(t.TempDir(), "pieces")
	rep, err := Salvage(context.Background(), file, filepath.Join(into, File), SalvageOptions{Now: t0, Pieces: pieces})
	if err != nil {
		t.Fatal(err)
	}
	what := map[string]int64{}
	for _, l := range rep.Lost {
		what[l.What] = l.First
	}
	if diff := cmp.Diff(map[string]int64{"message": msg, "recipient": id}, what); diff != "" {
		t.Error(diff)
	}
	left, err := os.ReadFile(filepath.Join(pieces, fmt.Sprint(msg)+".eml"))
	if err != nil || !bytes.HasSuffix(left, []byte("\r\n\r\nABC")) {
		t.Errorf("what is left: %q, %v", left, err)
	}
	db, err := Open(into)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	must(t, db, func(tx *Tx) error {
		r, err := tx.Recipient(id)
		if err != nil || r.State != Bounced {
			t.Errorf("recipient: %+v, %v", r, err)
		}
		return nil
	})
}
