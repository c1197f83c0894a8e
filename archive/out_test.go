package archive

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/internal/provider"
	"tidepost/remote"
	"tidepost/store"
)

func sums(results []Result) (written, before int) {
	for _, r := range results {
		written, before = written+r.Messages, before+r.Before
	}
	return written, before
}

// old is somebody with old mail: n messages in Work/INBOX, ten in Work/Scheduled.
func old(t *testing.T, n int) (*store.DB, int64) {
	t.Helper()
	db, who := person(t)
	src, err := Open(many(t, n), limit)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), src, Target{DB: db, Person: who, Into: "Work", Now: time.Unix(1_800_000_000, 0), Derive: derive}); err != nil {
		t.Fatal(err)
	}
	return db, who
}

// TestExportGoesOn: an export that is broken off at any message and goes on holds
// everything once, and only whole files under their names.
func TestExportGoesOn(t *testing.T) {
	const n = 12
	db, who := old(t, n)
	for _, format := range []Format{FormatMbox, FormatMaildir} {
		for stop := 1; stop <= n+10; stop += 7 {
			dir := filepath.Join(t.TempDir(), "out")
			ctx, cancel := context.WithCancel(t.Context())
			seen := 0
			first, err := Export(ctx, db, who, dir, format, func(Folder, int64) {
				if seen++; seen == stop {
					cancel()
				}
			})
			// Behind the last message of a folder nothing looks at the context again.
			if !errors.Is(err, context.Canceled) && stop < n+10 {
				t.Fatalf("%s, broken off at %d: %v", format, stop, err)
			}
			if part, _ := filepath.Glob(filepath.Join(dir, "*", "*.mbox")); stop < n && len(part) > 0 && strings.Contains(fmt.Sprint(part), "INBOX.mbox") {
				t.Errorf("%s, broken off at %d: half a folder looks whole: %v", format, stop, part)
			}
			second, err := Export(t.Context(), db, who, dir, format, nil)
			if err != nil {
				t.Fatalf("%s, broken off at %d: %v", format, stop, err)
			}
			if written, before := sums(second); written+before != n+10 {
				t.Errorf("%s, broken off at %d: first %+v, then %+v", format, stop, first, second)
			}
			if got := exported(t, dir); len(got) != n+10 {
				t.Errorf("%s, broken off at %d: %d different messages", format, stop, len(got))
			} else {
				for id, times := range got {
					if times != 1 {
						t.Errorf("%s, broken off at %d: %s is there %d times", format, stop, id, times)
					}
				}
			}
		}
	}
}

// exported counts the messages in a directory by Message-ID.
func exported(t *testing.T, dir string) map[string]int {
	t.Helper()
	src, err := Open(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := src.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, f := range folders {
		for _, m := range messages(t, src, f, "") {
			id, _, _ := strings.Cut(string(m.Octets), "\r\n")
			got[id]++
		}
	}
	return got
}

func TestExportRefusesADirectoryThatHoldsAnythingElse(t *testing.T) {
	db, who := old(t, 1)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(t.Context(), db, who, dir, FormatMbox, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("a directory with a letter: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("it was touched: %v", left)
	}
	dir = t.TempDir()
	if _, err := Export(t.Context(), db, who, dir, FormatMbox, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(t.Context(), db, who, dir, FormatMaildir, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("another format: %v", err)
	}
	if _, err := Export(t.Context(), db, who+1, dir, FormatMbox, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("somebody else: %v", err)
	}
}

// TestExportTo writes into accounts of real servers over a wire that is cut after every
// few kilobytes: everything arrives once, with folders, dates, flags and keywords.
func TestExportTo(t *testing.T) {
	const n = 40
	for name, p := range map[string]*provider.Server{
		"dovecot": provider.Dovecot(t, provider.Options{Prefix: "INBOX."}),
		"cyrus":   provider.Cyrus(t, provider.Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			db, who := old(t, n)
			odd(t, db, who)
			const user = "ana@example.org"
			wire := provider.NewWire(t, p.IMAPS)
			o := AccountOptions{Addr: wire.Addr, Security: TLS, User: user, Password: p.Password(user), Limit: limit,
				TLS: &tls.Config{RootCAs: p.CA.Pool(), MinVersion: tls.VersionTLS12, ServerName: "localhost"}}
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			cuts := 0
			told := func(Folder, int64) {
				if cuts++; cuts%17 == 3 {
					wire.Cut()
				}
			}
			results, err := ExportTo(ctx, db, who, o, "", told)
			if err != nil {
				t.Fatal(err)
			}
			if written, before := sums(results); written != n+13 || before != 0 {
				t.Errorf("%d written, %d there before: %+v", written, before, results)
			}
			results, err = ExportTo(ctx, db, who, o, "", nil)
			if written, before := sums(results); err != nil || written != 0 || before != n+13 {
				t.Errorf("again: %d written, %d there before, %v", written, before, err)
			}
			lookAt(ctx, t, o, n)
		})
	}
}

// odd puts two equal messages without an ID, and one with flags, into Sent.
func odd(t *testing.T, db *store.DB, who int64) {
	t.Helper()
	root := t.TempDir()
	text := "From MAILER-DAEMON Mon Nov  2 09:15:00 2026\nSubject: no name\n\nText.\n\n"
	text += text + "From MAILER-DAEMON Mon Nov  2 09:15:00 2026\nSubject: flags\nMessage-ID: <flags@x>\nStatus: RO\nX-Status: AF\nX-Keywords: todo\n\nText.\n"
	if err := os.WriteFile(filepath.Join(root, "Sent.mbox"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(root, limit)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), src, Target{DB: db, Person: who, Now: time.Unix(1_800_000_000, 0), Derive: derive}); err != nil {
		t.Fatal(err)
	}
}

func lookAt(ctx context.Context, t *testing.T, o AccountOptions, n int) {
	t.Helper()
	s, err := remote.Dial(ctx, remote.Account{Addr: o.Addr, Security: o.Security, User: o.User, Password: remote.Secret(o.Password), TLS: o.TLS})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := map[string]int{}
	for _, folder := range []string{"Work/INBOX", "Work/Scheduled", "Sent"} {
		if _, err := s.Examine(ctx, folder, 0); err != nil {
			t.Fatal(err)
		}
		for m, err := range s.Since(ctx, 0) {
			if err != nil {
				t.Fatal(err)
			}
			got[folder]++
			switch {
			case m.MessageID == "flags@x":
				for _, f := range []string{`\Seen`, `\Answered`, `\Flagged`, "todo"} {
					if !m.Has(f) {
						t.Errorf("%s has lost %s: %v", m.MessageID, f, m.Flags)
					}
				}
			case folder == "Sent":
				if want := time.Date(2026, 11, 2, 9, 15, 0, 0, time.UTC); !m.Date.Equal(want) {
					t.Errorf("date %v, want %v", m.Date, want)
				}
			case m.Date.Year() != 2001 || m.Has(`\Seen`):
				t.Errorf("%s: %s: %v %v", folder, m.MessageID, m.Date, m.Flags)
			}
		}
	}
	if d := cmp.Diff(map[string]int{"Work/INBOX": n, "Work/Scheduled": 10, "Sent": 3}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
