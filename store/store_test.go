package store

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

var t0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// open returns a database in a folder of its own.
func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// must runs fn in a transaction that must succeed.
func must(t *testing.T, db *DB, fn func(tx *Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// ana adds a person with all folders.
func ana(t *testing.T, db *DB) Person {
	t.Helper()
	p := Person{Name: "Ana", Address: "ana@team.example", Aliases: []string{"a@team.example"}, Profile: []byte(`{}`), Active: true, Created: t0}
	must(t, db, func(tx *Tx) error {
		if err := tx.InsertPerson(&p); err != nil {
			return err
		}
		return tx.EnsureMailboxes(p.ID, t0)
	})
	return p
}

// letter stores a small message.
func letter(t *testing.T, db *DB, mid, text string) Message {
	t.Helper()
	st := StageBytes([]byte("Message-ID: <"+mid+">\r\nSubject: "+mid+"\r\n\r\n"), []byte(text))
	m := Message{Origin: OriginSubmitted, Head: st.Head, Size: st.Size(), MID: mid, Created: t0}
	must(t, db, func(tx *Tx) (err error) {
		if m.BodyID, err = tx.AddBody(st, t0); err != nil {
			return err
		}
		return tx.InsertMessage(&m)
	})
	return m
}

func TestSchemaIsGolden(t *testing.T) {
	got, err := open(t).Schema(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	const file = "schema.golden.sql"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("schema differs from %s (run with -update and look at the diff):\n%s", file, diff)
	}
}

func TestSQLReadsNoClock(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	sql, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, sql...) {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"CURRENT_TIMESTAMP", "datetime('now", "strftime(", "unixepoch(", "julianday("} {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s reads a clock: %s", f, word)
			}
		}
	}
}

func TestOpenTwiceKeepsAndRefusesNewer(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	must(t, db, func(tx *Tx) error { return tx.SetMeta("k", "v") })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	var v string
	err = db.View(context.Background(), func(tx *Tx) (err error) { v, err = tx.Meta("k"); return err })
	if err != nil || v != "v" {
		t.Errorf("Meta = %q, %v; want v", v, err)
	}
	db.Close()
	raise(t, dir)
	if _, err := Open(dir); !errors.Is(err, errNewer) {
		t.Errorf("Open of a newer schema = %v, want errNewer", err)
	}
}

func TestDurableOptions(t *testing.T) {
	db := open(t)
	must(t, db, func(tx *Tx) error {
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1",
			"trusted_schema": "0", "cell_size_check": "1"} {
			var got string
			if err := tx.row([]any{&got}, `PRAGMA `+pragma); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s = %s, want %s", pragma, got, want)
			}
		}
		return nil
	})
	err := db.View(context.Background(), func(tx *Tx) error {
		for pragma, want := range map[string]string{"query_only": "1", "trusted_schema": "0", "cell_size_check": "1"} {
			var got string
			if err := tx.row([]any{&got}, `PRAGMA `+pragma); err != nil || got != want {
				t.Errorf("of a reader: %s = %s, want %s, %v", pragma, got, want, err)
			}
		}
		return tx.SetMeta("k", "v")
	})
	if err == nil {
		t.Error("a reader could write")
	}
	if info, err := os.Stat(db.Path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("database mode = %v, %v; want 0600", info.Mode(), err)
	}
}

func TestBodyLargeAndSmall(t *testing.T) {
	db := open(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, inlineMax - 1, inlineMax, inlineMax + 1, 3*inlineMax + 7} {
		text := make([]byte, size)
		for i := range text {
			text[i] = 'a' + byte(rng.IntN(26))
		}
		raw := append([]byte("Subject: x\r\n\r\n"), text...)
		st, err := db.Stage(context.Background(), iotestHalf{bytes.NewReader(raw), rng}, t0)
		if err != nil {
			t.Fatal(err)
		}
		if st.BodySize != int64(size) || string(st.Head) != "Subject: x\r\n\r\n" {
			t.Fatalf("size %d: staged %d octets with head %q", size, st.BodySize, st.Head)
		}
		m := Message{Origin: OriginReceived, Head: st.Head, Size: st.Size(), Created: t0}
		must(t, db, func(tx *Tx) (err error) {
			if m.BodyID, err = tx.AddBody(st, t0); err != nil {
				return err
			}
			return tx.InsertMessage(&m)
		})
		if err := db.Discard(st); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(db.OpenBody(context.Background(), m))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("size %d: read back %d octets, %v", size, len(got), err)
		}
		if size > 10 {
			at := make([]byte, 5)
			if _, err := db.OpenBody(context.Background(), m).ReadAt(at, int64(size-7)); err != nil || !bytes.Equal(at, text[size-7:size-2]) {
				t.Errorf("size %d: ReadAt = %q, %v", size, at, err)
			}
		}
	}
}

// iotestHalf reads in random small pieces.
type iotestHalf struct {
	r   io.Reader
	rng *rand.Rand
}

func (h iotestHalf) Read(p []byte) (int, error) {
	return h.r.Read(p[:1+h.rng.IntN(len(p))])
}

func TestStageLeavesNothingBehind(t *testing.T) {
	db := open(t)
	broken := errors.New("line dropped")
	_, err := db.Stage(context.Background(), io.MultiReader(strings.NewReader("A: b\r\n\r\n"+strings.Repeat("x", 3*inlineMax)), failing{broken}), t0)
	if !errors.Is(err, broken) {
		t.Fatalf("Stage = %v, want the reader's error", err)
	}
	if _, err := db.Stage(context.Background(), strings.NewReader(strings.Repeat("A: b\r\n", 60_000)), t0); !errors.Is(err, ErrHeadTooBig) {
		t.Errorf("Stage of a huge header = %v, want ErrHeadTooBig", err)
	}
	st, err := db.Stage(context.Background(), strings.NewReader("A: b\r\n\r\n"+strings.Repeat("x", 2*inlineMax)), t0)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Discard(st); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"body", "chunk"} {
		if n := count(t, db, table); n != 0 {
			t.Errorf("%d rows left in %s", n, table)
		}
	}
}

// A failing reader fails at once.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func count(t *testing.T, db *DB, table string) int {
	t.Helper()
	var n int
	if err := db.read.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStagedBodiesGoAtStart(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Stage(context.Background(), strings.NewReader("A: b\r\n\r\n"+strings.Repeat("x", 2*inlineMax)), t0); err != nil {
		t.Fatal(err)
	}
	if count(t, db, "body") != 1 {
		t.Fatal("nothing was staged")
	}
	db.Close() // As a crash would: nobody has taken or discarded it.
	if db, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if count(t, db, "body") != 1 {
		t.Error("opening alone removed a body that may be arriving")
	}
	if err := db.RemoveStaged(context.Background()); err != nil {
		t.Fatal(err)
	}
	if b, c := count(t, db, "body"), count(t, db, "chunk"); b != 0 || c != 0 {
		t.Errorf("after a restart %d bodies and %d chunks are left", b, c)
	}
}

func TestPeopleAndAddresses(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	ctx := context.Background()
	taken := Person{Name: "Mei", Address: "mei@team.example", Aliases: []string{"a@team.example"}, Profile: []byte(`{}`), Created: t0}
	if err := db.Update(ctx, func(tx *Tx) error { return tx.InsertPerson(&taken) }); !errors.Is(err, ErrExists) {
		t.Errorf("a taken alias: %v, want ErrExists", err)
	}
	if n := count(t, db, "person"); n != 1 {
		t.Errorf("%d people after the failed insert, want 1", n)
	}
	upper := Person{Name: "X", Address: "X@team.example", Profile: []byte(`{}`), Created: t0}
	if err := db.Update(ctx, func(tx *Tx) error { return tx.InsertPerson(&upper) }); err == nil {
		t.Error("an upper-case address was taken")
	}
	p.Aliases = []string{"ana.maria@team.example", "z@team.example"}
	must(t, db, func(tx *Tx) error { return tx.UpdatePerson(p) })
	var people []Person
	var version int64
	err := db.View(ctx, func(tx *Tx) (err error) {
		if version, err = tx.PeopleVersion(); err == nil {
			people, err = tx.People()
		}
		return err
	})
	if err != nil || version != 2 {
		t.Fatalf("version %d, %v; want 2", version, err)
	}
	if diff := cmp.Diff([]Person{p}, people); diff != "" {
		t.Error(diff)
	}
	must(t, db, func(tx *Tx) error { return tx.RemovePerson(p.ID) })
	if err := db.Update(ctx, func(tx *Tx) error { return tx.RemovePerson(99) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("removing nobody: %v", err)
	}
	if err := db.Update(ctx, func(tx *Tx) error { return tx.UpdatePerson(Person{ID: 99, Profile: []byte(`{}`)}) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("updating nobody: %v", err)
	}
}

func TestSenderRules(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	must(t, db, func(tx *Tx) error {
		for i, want := range []bool{true, false} {
			if fresh, err := tx.SetSenderRule(p.ID, "bot@shop.example", SenderInbox, t0); err != nil || fresh != want {
				t.Errorf("call %d: %v, %v; want %v", i, fresh, err, want)
			}
		}
		_, err := tx.SetSenderRule(p.ID, "@bank.example", SenderPass, t0)
		return err
	})
	must(t, db, func(tx *Tx) error {
		for sender, want := range map[string]int{"Bot@shop.example": 1, "x@bank.example": 1, "y@shop.example": 0} {
			if rules, err := tx.SenderRules(p.ID, sender); err != nil || len(rules) != want {
				t.Errorf("rules of %s = %v, %v; want %d", sender, rules, err, want)
			}
		}
		for _, want := range []int{1, 0} {
			if told, err := tx.UntoldSenders(p.ID, SenderInbox); err != nil || len(told) != want {
				t.Errorf("untold = %v, %v; want %d", told, err, want)
			}
		}
		return nil
	})
}

func TestMailboxesOfAPerson(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	must(t, db, func(tx *Tx) error { return tx.EnsureMailboxes(p.ID, t0) }) // A second time adds nothing.
	must(t, db, func(tx *Tx) error {
		boxes, err := tx.Mailboxes(p.ID)
		if err != nil || len(boxes) != len(systemMailboxes()) {
			t.Fatalf("%d mailboxes, %v", len(boxes), err)
		}
		seen := map[uint32]bool{}
		for _, m := range boxes {
			if seen[m.UIDValidity] {
				t.Errorf("UIDVALIDITY %d twice", m.UIDValidity)
			}
			seen[m.UIDValidity] = true
		}
		lists, err := tx.MailboxByKind(p.ID, KindLists)
		if err != nil || lists.Visible {
			t.Fatalf("Lists = %+v, %v; want invisible", lists, err)
		}
		if err := tx.ShowMailbox(lists.ID); err != nil {
			return err
		}
		if lists, err = tx.MailboxByName(p.ID, "Lists"); err != nil || !lists.Visible || !lists.Subscribed {
			t.Errorf("Lists after it was needed = %+v, %v", lists, err)
		}
		if err := tx.Subscribe(p.ID, "Not there", true); err != nil {
			return err
		}
		if names, err := tx.Subscriptions(p.ID); err != nil || len(names) != 1 {
			t.Errorf("subscriptions = %v, %v", names, err)
		}
		if err := tx.Subscribe(p.ID, "Not there", false); err != nil {
			return err
		}
		if names, err := tx.Subscriptions(p.ID); err != nil || len(names) != 0 {
			t.Errorf("subscriptions = %v, %v", names, err)
		}
		m := Mailbox{PersonID: p.ID, Name: "Work", Kind: KindUser, Visible: true, Created: t0}
		if err := tx.CreateMailbox(&m); err != nil {
			return err
		}
		first := m.UIDValidity
		if err := tx.RenameMailbox(m.ID, "Work/2026"); err != nil {
			return err
		}
		if got, err := tx.Mailbox(m.ID); err != nil || got.Name != "Work/2026" {
			t.Errorf("renamed = %+v, %v", got, err)
		}
		if err := tx.DeleteMailbox(m.ID, t0); err != nil {
			return err
		}
		m = Mailbox{PersonID: p.ID, Name: "Work", Kind: KindUser, Created: t0.Add(-time.Hour)} // The clock went back.
		if err := tx.CreateMailbox(&m); err != nil {
			return err
		}
		if m.UIDValidity <= first {
			t.Errorf("UIDVALIDITY %d after %d", m.UIDValidity, first)
		}
		if _, err := tx.MailboxByName(p.ID, "Nowhere"); !errors.Is(err, ErrNotFound) {
			t.Errorf("MailboxByName = %v", err)
		}
		if !KindScheduled.IsSystem() || KindUser.IsSystem() {
			t.Error("IsSystem is wrong")
		}
		return nil
	})
	dup := Mailbox{PersonID: p.ID, Name: "Trash", Kind: KindUser, Created: t0}
	if err := db.Update(context.Background(), func(tx *Tx) error { return tx.CreateMailbox(&dup) }); !errors.Is(err, ErrExists) {
		t.Errorf("a second Trash: %v", err)
	}
}

func TestEntriesKeepALogOfChanges(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	var inbox Mailbox
	must(t, db, func(tx *Tx) (err error) { inbox, err = tx.MailboxByKind(p.ID, KindInbox); return err })
	sub := db.Subscribe(inbox.ID)
	defer sub.Close()
	var entries []Entry
	for i := range 3 {
		m := letter(t, db, fmt.Sprintf("m%d@x", i), "text")
		e := Entry{MailboxID: inbox.ID, MessageID: m.ID, InternalDate: t0}
		must(t, db, func(tx *Tx) error { return tx.AddEntry(&e) })
		entries = append(entries, e)
		if e.UID != uint32(i+1) {
			t.Errorf("entry %d has UID %d", i, e.UID)
		}
	}
	select {
	case <-sub.C():
	default:
		t.Error("the subscriber was not told")
	}
	before := entries[2].ModSeq
	must(t, db, func(tx *Tx) error {
		if err := tx.SetFlags(&entries[0], Seen|Deleted, []string{"$Forwarded"}); err != nil {
			return err
		}
		same := entries[0].ModSeq
		if err := tx.SetFlags(&entries[0], Seen|Deleted, []string{"$Forwarded"}); err != nil || entries[0].ModSeq != same {
			t.Errorf("setting the same flags used a modseq (%v)", err)
		}
		return tx.RemoveEntry(entries[1], GoneExpunged, t0)
	})
	if err := db.Update(context.Background(), func(tx *Tx) error { return tx.RemoveEntry(entries[1], GoneMoved, t0) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("removing twice: %v", err)
	}
	err := db.View(context.Background(), func(tx *Tx) error {
		since, err := tx.EntriesSince(inbox.ID, before)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(entries[:1], since); diff != "" {
			t.Error(diff)
		}
		gone, err := tx.ExpungedSince(inbox.ID, before)
		if err != nil || len(gone) != 1 || gone[0].UID != 2 || gone[0].Reason != GoneExpunged {
			t.Errorf("gone = %+v, %v", gone, err)
		}
		if x, err := tx.ExpungedUID(inbox.ID, 2); err != nil || !x.At.Equal(t0) {
			t.Errorf("ExpungedUID = %+v, %v", x, err)
		}
		if all, err := tx.Entries(inbox.ID); err != nil || len(all) != 2 {
			t.Errorf("%d entries, %v", len(all), err)
		}
		if c, err := tx.Count(inbox.ID, true); err != nil || c != (Count{Messages: 2, Unseen: 1, Deleted: 1, Size: 2 * int64(len("Message-ID: <m0@x>\r\nSubject: m0@x\r\n\r\ntext"))}) {
			t.Errorf("Count = %+v, %v", c, err)
		}
		if byMID, err := tx.EntriesByMID(inbox.ID, "m2@x"); err != nil || len(byMID) != 1 || byMID[0].UID != 3 {
			t.Errorf("EntriesByMID = %+v, %v", byMID, err)
		}
		_, err = tx.EntryByUID(inbox.ID, 2)
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("EntryByUID of a gone one: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUIDsEnd(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	m := letter(t, db, "m@x", "text")
	var inbox Mailbox
	must(t, db, func(tx *Tx) (err error) {
		if inbox, err = tx.MailboxByKind(p.ID, KindInbox); err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE mailbox SET uidnext = ? WHERE id = ?`, int64(maxUID), inbox.ID)
		return err
	})
	add := func() error {
		return db.Update(context.Background(), func(tx *Tx) error {
			return tx.AddEntry(&Entry{MailboxID: inbox.ID, MessageID: m.ID, InternalDate: t0})
		})
	}
	if err := add(); !errors.Is(err, ErrNoUID) {
		t.Errorf("past the last UID: %v, want ErrNoUID", err)
	}
}

func TestReminders(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	m := letter(t, db, "m@x", "text")
	must(t, db, func(tx *Tx) error {
		box, err := tx.MailboxByKind(p.ID, KindRemindDay)
		if err != nil {
			return err
		}
		if _, ok, err := tx.NextReminder(); ok || err != nil {
			t.Errorf("a reminder before there is one: %v, %v", ok, err)
		}
		return tx.AddEntry(&Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: t0, Remind: t0.Add(time.Hour)})
	})
	must(t, db, func(tx *Tx) error {
		if due, ok, err := tx.NextReminder(); !ok || err != nil || !due.Equal(t0.Add(time.Hour)) {
			t.Errorf("NextReminder = %v %v %v", due, ok, err)
		}
		for at, want := range map[time.Duration]int{time.Hour - time.Millisecond: 0, time.Hour: 1} {
			if due, err := tx.DueReminders(t0.Add(at), 10); err != nil || len(due) != want {
				t.Errorf("after %v: %d due, %v; want %d", at, len(due), err, want)
			}
		}
		if on, err := tx.EntriesOfMessage(m.ID); err != nil || len(on) != 1 {
			t.Errorf("EntriesOfMessage = %v, %v", on, err)
		}
		return nil
	})
}
