package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidepost/mail"
	"tidepost/store"
)

const limit = 1 << 20

// box is an mbox file with everything that is odd in one.
const box = "junk before\n" +
	"From ana@team.example Mon Nov 23 09:15:00 2026\nSubject: one\nStatus: RO\nX-Status: AF\nX-Keywords: todo $Later\nMessage-ID: <1@x>\n\nText.\n>From here on it is quoted.\n>>From twice.\nFrom the start of a line, but no date.\n\n" +
	"From MAILER-DAEMON Tue Nov  3 07:00:00 2026 +0100\r\nSubject: two\r\nX-Mozilla-Status: 0005\r\nX-Mozilla-Keys: work\r\nMessage-ID: <2@x>\r\n\r\nCRLF.\r\n\r\n" +
	"From x Mon Nov 23 09:15:00 2026\nDate: Thu, 5 Mar 2020 10:00:00 +0100\n\nNo end"

func messages(t *testing.T, src Source, f Folder, mark string) []Message {
	t.Helper()
	var out []Message
	err := src.Each(t.Context(), f, mark, func(m Message) error {
		m.Octets = bytes.Clone(m.Octets)
		out = append(out, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMbox(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Sent.mbox")
	if err := os.WriteFile(path, []byte(box), 0o600); err != nil {
		t.Fatal(err)
	}
	// A file that begins with something else is no mbox.
	if _, err := Open(path, limit); err == nil {
		t.Error("a file that does not begin with From is taken for an mbox file")
	}
	if err := os.WriteFile(path, []byte(strings.TrimPrefix(box, "junk before\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(path, limit)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := src.Folders(t.Context())
	if err != nil || len(folders) != 1 || folders[0].Name != "Sent" || folders[0].Kind != store.KindSent {
		t.Fatalf("folders %+v, %v", folders, err)
	}
	got := messages(t, src, folders[0], "")
	want := []Message{
		{Octets: []byte("Subject: one\r\nMessage-ID: <1@x>\r\n\r\nText.\r\nFrom here on it is quoted.\r\n>From twice.\r\nFrom the start of a line, but no date.\r\n"),
			Date: time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC), Flags: store.Seen | store.Answered | store.Flagged, Keywords: []string{"todo", "$Later"}},
		{Octets: []byte("Subject: two\r\nMessage-ID: <2@x>\r\n\r\nCRLF.\r\n"),
			Date: time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC), Flags: store.Seen | store.Flagged, Keywords: []string{"work"}},
		{Octets: []byte("Date: Thu, 5 Mar 2020 10:00:00 +0100\r\n\r\nNo end"), Date: time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)},
	}
	if len(got) != 3 {
		t.Fatalf("%d messages", len(got))
	}
	for i, m := range got {
		// From every mark one can go on.
		if rest := messages(t, src, folders[0], m.Mark); len(rest) != 2-i {
			t.Errorf("behind message %d there are %d", i+1, len(rest))
		}
		m.Mark, m.Done = "", 0
		if d := cmp.Diff(want[i], m); d != "" {
			t.Errorf("message %d (-want +got):\n%s", i+1, d)
		}
	}
	if err := os.WriteFile(path, []byte("From x Mon Nov 23 09:15:00 2026\n\nshorter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := src.Each(t.Context(), folders[0], got[1].Mark, func(Message) error { return nil }); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that shrank: %v", err)
	}
}

func TestLargeMessagesAreLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	text := "From x Mon Nov 23 09:15:00 2026\nSubject: large\n\n" + strings.Repeat("x", limit+1) + "\n\nFrom x Mon Nov 23 09:15:00 2026\nSubject: small\n\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(path, limit)
	if err != nil {
		t.Fatal(err)
	}
	got := messages(t, src, Folder{Name: "x"}, "")
	if len(got) != 2 || got[0].Problem == "" || got[0].Octets != nil || !strings.Contains(string(got[1].Octets), "small") {
		t.Errorf("got %d: %q", len(got), got[0].Problem)
	}
}

// TestMboxRoundTrip: what is written can be read, whatever the text is.
func TestMboxRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"", "From ", ">From x", "From a@b Mon Nov 23 09:15:00 2026", "text", "ä", ">", strings.Repeat("y", 70_000)})
		var list []Message
		var file bytes.Buffer
		w := NewMboxWriter(&file)
		for range rapid.IntRange(0, 4).Draw(t, "messages") {
			m := Message{
				Date:  time.Unix(int64(rapid.IntRange(0, 2_000_000_000).Draw(t, "date")), 0).UTC(),
				Flags: store.Flags(rapid.IntRange(0, 31).Draw(t, "flags")),
			}
			if rapid.Bool().Draw(t, "keyword") {
				m.Keywords = []string{"todo"}
			}
			head := "Subject: s\r\n\r\n"
			body := ""
			for range rapid.IntRange(0, 5).Draw(t, "lines") {
				body += line.Draw(t, "line") + "\r\n"
			}
			m.Octets = []byte(head + body)
			list = append(list, m)
			if err := w.Write([]byte(head), strings.NewReader(body), m.Date, m.Flags, m.Keywords); err != nil {
				t.Fatal(err)
			}
		}
		r := NewMbox(&file, 0, limit)
		for i, want := range list {
			raw, err := r.Next()
			if err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			got := raw.message(limit)
			got.Mark, got.Done, got.Octets = "", 0, bytes.Clone(got.Octets)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("message %d (-want +got):\n%s", i, d)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatalf("at the end: %v", err)
		}
	})
}

func FuzzMbox(f *testing.F) {
	f.Add([]byte(box))
	f.Add([]byte("From \n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := NewMbox(bytes.NewReader(text), 0, 1000)
		end := int64(0)
		for {
			raw, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if raw.Begin < end || raw.End <= raw.Begin || raw.End > int64(len(text)) {
				t.Fatalf("from %d to %d after %d of %d", raw.Begin, raw.End, end, len(text))
			}
			end = raw.End
			raw.message(1000)
		}
	})
}

func TestMaildir(t *testing.T) {
	root := t.TempDir()
	w := NewMaildirWriter(root)
	date := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for _, name := range []string{"INBOX", "Entwürfe", "Archive/2024 & Co"} {
		if err := w.Folder(name); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			text := fmt.Sprintf("Subject: %s %d\r\n\r\n", "s", i)
			if err := w.Write(name, []byte(text), strings.NewReader("Text\r\nlone \r CR\r\n"), date.Add(time.Duration(i)*time.Minute), store.Seen|store.Draft); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(root, "new", "1.new.host"), []byte("Subject: new\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(root, limit)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := src.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Folder{{"INBOX", store.KindInbox, 4}, {"Archive/2024 & Co", store.KindUser, 3}, {"Entwürfe", store.KindDrafts, 3}}
	if d := cmp.Diff(want, folders); d != "" {
		t.Fatalf("folders (-want +got):\n%s", d)
	}
	for _, f := range folders {
		all := messages(t, src, f, "")
		if int64(len(all)) != f.Total {
			t.Errorf("%s: %d messages", f.Name, len(all))
		}
		for i, m := range all {
			if rest := messages(t, src, f, m.Mark); len(rest) != len(all)-i-1 {
				t.Errorf("%s: behind message %d there are %d", f.Name, i+1, len(rest))
			}
		}
		last := all[len(all)-1]
		if !last.Date.Equal(date.Add(2*time.Minute)) || last.Flags != store.Seen|store.Draft || !strings.HasPrefix(string(last.Octets), "Subject: s 2\r\n\r\nText\r\n") {
			t.Errorf("%s: %+v %q", f.Name, last.Date, last.Octets)
		}
	}
	if first := messages(t, src, folders[0], "")[0]; string(first.Octets) != "Subject: new\r\n\r\n" || first.Flags != 0 {
		t.Errorf("new: %q %v", first.Octets, first.Flags)
	}
}

// derive stands for what the inbox computes.
func derive(m store.Message, c *mail.Content) store.Derived {
	return store.Derived{MessageID: m.ID, Envelope: &mail.ImapEnvelope{}, Root: c.Root}
}

func person(t *testing.T) (*store.DB, int64) {
	t.Helper()
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p := store.Person{Name: "Ana", Address: "ana@team.example", Profile: []byte(`{}`), Active: true, Created: time.Unix(0, 0)}
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertPerson(&p); err != nil {
			return err
		}
		return tx.EnsureMailboxes(p.ID, p.Created)
	}); err != nil {
		t.Fatal(err)
	}
	return db, p.ID
}

// many is a Maildir with n messages in INBOX and 10 in a folder that is called as one of
// Tidepost's.
func many(t *testing.T, n int) string {
	t.Helper()
	root := t.TempDir()
	w := NewMaildirWriter(root)
	for name, n := range map[string]int{"INBOX": n, "Scheduled": 10} {
		if err := w.Folder(name); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			head := fmt.Sprintf("Message-ID: <%d.%s@old.example>\r\nSubject: %d\r\n\r\n", i, name, i)
			if err := w.Write(name, []byte(head), strings.NewReader("Text.\r\n"), time.Unix(int64(1_000_000_000+i), 0), 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// TestImportGoesOn: an import that is cut off again and again files everything, and
// nothing twice.
func TestImportGoesOn(t *testing.T) {
	db, who := person(t)
	const n = 2300
	src, err := Open(many(t, n), limit)
	if err != nil {
		t.Fatal(err)
	}
	filed, cuts := 0, 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		read := 0
		results, err := Import(ctx, src, Target{DB: db, Person: who, Now: time.Unix(1_800_000_000, 0), Derive: derive, Told: func(Folder, int64) {
			if read++; read == 700 {
				cancel()
			}
		}})
		cancel()
		for _, r := range results {
			filed += r.Messages
			if r.From == "Scheduled" && r.To != "Imported/Scheduled" {
				t.Errorf("Scheduled goes to %s", r.To)
			}
		}
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cuts++
	}
	if filed != n+10 || cuts < 3 {
		t.Errorf("filed %d, cut off %d times", filed, cuts)
	}
	seen := map[string]int{}
	err = db.View(t.Context(), func(tx *store.Tx) error {
		boxes, err := tx.Mailboxes(who)
		if err != nil {
			return err
		}
		for _, b := range boxes {
			entries, err := tx.Entries(b.ID)
			if err != nil {
				return err
			}
			for _, e := range entries {
				m, err := tx.Message(e.MessageID)
				if err != nil {
					return err
				}
				seen[b.Name+" "+m.MID]++
			}
		}
		return nil
	})
	if err != nil || len(seen) != n+10 || seen["INBOX 0.INBOX@old.example"] != 1 || seen["Imported/Scheduled 9.Scheduled@old.example"] != 1 {
		t.Errorf("%d different messages, %v", len(seen), err)
	}
}

// TestExportAndBack: what is written out can be brought in again, in both formats.
func TestExportAndBack(t *testing.T) {
	db, who := person(t)
	src, err := Open(many(t, 30), limit)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	if _, err := Import(t.Context(), src, Target{DB: db, Person: who, Into: "Old/ä & b", Now: now, Derive: derive}); err != nil {
		t.Fatal(err)
	}
	for _, format := range []Format{FormatMbox, FormatMaildir} {
		dir := filepath.Join(t.TempDir(), "out")
		if _, err := Export(t.Context(), db, who, dir, format, nil); err != nil {
			t.Fatal(err)
		}
		again, err := Export(t.Context(), db, who, dir, format, nil)
		if written, before := sums(again); err != nil || written != 0 || before != 40 {
			t.Errorf("%s: a second export: %d written, %d there before, %v", format, written, before, err)
		}
		back, err := Open(dir, limit)
		if err != nil {
			t.Fatal(err)
		}
		folders, err := back.Folders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, f := range folders {
			for _, m := range messages(t, back, f, "") {
				got[f.Name]++
				if m.Date.Year() != 2001 || !strings.HasSuffix(string(m.Octets), "\r\n\r\nText.\r\n") {
					t.Errorf("%s: %s: %v %q", format, f.Name, m.Date, m.Octets)
				}
			}
		}
		want := map[string]int{"Old/ä & b/INBOX": 30, "Old/ä & b/Scheduled": 10}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", format, d)
		}
	}
}
