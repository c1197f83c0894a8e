package remote_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tidepost/internal/provider"
	"tidepost/remote"
)

// account is a user's at a provider.
func account(s *provider.Server, user string) remote.Account {
	return remote.Account{
		Addr: s.IMAPS, Security: remote.TLS, User: user, Password: remote.Secret(s.Password(user)),
		TLS: &tls.Config{RootCAs: s.CA.Pool(), MinVersion: tls.VersionTLS12},
	}
}

const ana = "ana@example.org"

func dial(t *testing.T, a remote.Account) *remote.Session {
	t.Helper()
	s, err := remote.Dial(t.Context(), a)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func letter(id, text string) remote.Letter {
	m := "Message-ID: <" + id + ">\r\nSubject: " + id + "\r\n\r\n" + text + "\r\n"
	return remote.Letter{MessageID: id, Size: int64(len(m)), Text: strings.NewReader(m)}
}

func put(t *testing.T, s *remote.Session, folder, id string) remote.UID {
	t.Helper()
	uid, err := s.Append(t.Context(), folder, letter(id, "Text"))
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return uid
}

func pick(t *testing.T, s *remote.Session, folder string) remote.Mailbox {
	t.Helper()
	m, err := s.Select(t.Context(), folder, 0)
	if err != nil {
		t.Fatalf("select: %v", err)
	}
	return m
}

// ids lists the Message-IDs of the selected folder.
func ids(t *testing.T, s *remote.Session) string {
	t.Helper()
	var out []string
	for m, err := range s.Since(t.Context(), 0) {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		out = append(out, m.MessageID)
	}
	return strings.Join(out, " ")
}

// providers is who the tests run against: two servers that have nothing in common, one of
// them also with another hierarchy and without extensions.
func providers(t *testing.T, test func(t *testing.T, p *provider.Server)) {
	for _, kind := range []struct {
		name  string
		start func(testing.TB, provider.Options) *provider.Server
		o     provider.Options
	}{
		{"dovecot", provider.Dovecot, provider.Options{}},
		{"dovecot with prefix", provider.Dovecot, provider.Options{Prefix: "INBOX."}},
		{"dovecot without MOVE", provider.Dovecot, provider.Options{Hide: "MOVE"}},
		{"dovecot without anything", provider.Dovecot, provider.Options{Hide: "MOVE UIDPLUS IDLE ESEARCH CONDSTORE QRESYNC SPECIAL-USE LIST-STATUS NAMESPACE SASL-IR"}},
		{"cyrus", provider.Cyrus, provider.Options{}},
		{"cyrus with prefix", provider.Cyrus, provider.Options{Prefix: "INBOX."}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			test(t, kind.start(t, kind.o))
		})
	}
}

func TestFolders(t *testing.T) {
	providers(t, func(t *testing.T, p *provider.Server) {
		s, ctx := dial(t, account(p, ana)), t.Context()
		for range 2 {
			for _, name := range []string{"Tidepost/Next delivery", "Tidepost/Remind me/Tomorrow", "Entwürfe & Co"} {
				if err := s.Create(ctx, name); err != nil {
					t.Fatal(err)
				}
			}
		}
		roles := map[string]remote.Role{}
		list, err := s.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			roles[f.Name] = f.Role
		}
		for name, role := range map[string]remote.Role{
			"INBOX": remote.Inbox, "Sent": remote.Sent, "Drafts": remote.Drafts, "Trash": remote.Trash,
			"Tidepost/Next delivery": "", "Tidepost/Remind me/Tomorrow": "", "Entwürfe & Co": "",
		} {
			if got, ok := roles[name]; !ok || got != role {
				t.Errorf("folder %s: %q, %v", name, got, ok)
			}
		}
		put(t, s, "Entwürfe & Co", "a@x")
		if err := s.Rename(ctx, "Entwürfe & Co", "Tidepost/Other"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Status(ctx, "Entwürfe & Co"); !errors.Is(err, remote.ErrGone) {
			t.Errorf("status of a renamed folder: %v", err)
		}
		if st, err := s.Status(ctx, "Tidepost/Other"); err != nil || st.Messages != 1 || st.UIDValidity == 0 || st.UIDNext != 2 {
			t.Errorf("status: %+v, %v", st, err)
		}
		both, err := s.Statuses(ctx, []string{"Tidepost/Other", "Tidepost/Next delivery", "INBOX", "Nowhere"})
		if err != nil || len(both) != 3 || both["Tidepost/Other"].Messages != 1 {
			t.Errorf("statuses: %+v, %v", both, err)
		}
		pick(t, s, "Tidepost/Other")
		for range 2 {
			if err := s.Delete(ctx, "Tidepost/Other"); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
		if _, err := s.Select(ctx, "Tidepost/Other", 0); !errors.Is(err, remote.ErrGone) {
			t.Errorf("select of a deleted folder: %v", err)
		}
		if _, err := s.Append(ctx, "Tidepost/Other", letter("b@x", "")); !errors.Is(err, remote.ErrGone) {
			t.Errorf("append to a deleted folder: %v", err)
		}
		pick(t, s, "INBOX")
		put(t, s, "INBOX", "c@x")
		if _, err := s.Move(ctx, []remote.UID{1}, "Tidepost/Other"); !errors.Is(err, remote.ErrGone) {
			t.Errorf("move to a deleted folder: %v", err)
		}
		if _, err := s.Select(ctx, "INBOX\r\nx DELETE INBOX", 0); !errors.Is(err, remote.ErrName) {
			t.Errorf("a name with a line break: %v", err)
		}
		if s.Err() != nil {
			t.Errorf("the session ended: %v", s.Err())
		}
	})
}

func TestMessages(t *testing.T) {
	providers(t, func(t *testing.T, p *provider.Server) {
		s, ctx := dial(t, account(p, ana)), t.Context()
		if err := s.Create(ctx, "Tidepost/Next delivery"); err != nil {
			t.Fatal(err)
		}
		date := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
		m := letter("first@x", "One")
		m.Flags, m.Date = []string{`\Seen`, "$Forwarded"}, date
		uid, err := s.Append(ctx, "INBOX", m)
		if err != nil || uid != 1 {
			t.Fatalf("append: %d, %v", uid, err)
		}
		put(t, s, "INBOX", "second@x")
		put(t, s, "INBOX", "third@x")
		box := pick(t, s, "INBOX")
		if box.Exists != 3 || box.UIDValidity == 0 || !box.CanKeep("$AnyWord") || !box.CanKeep(`\Seen`) {
			t.Errorf("mailbox: %+v", box)
		}
		if _, err := s.Select(ctx, "INBOX", box.UIDValidity+1); !errors.Is(err, remote.ErrUIDValidity) {
			t.Errorf("another UIDVALIDITY: %v", err)
		}
		got, err := s.Get(ctx, []remote.UID{1, 77})
		if err != nil || len(got) != 1 {
			t.Fatalf("get: %v, %v", got, err)
		}
		if g := got[0]; g.MessageID != "first@x" || g.Size != m.Size || !g.Date.Equal(date) || !g.Has(`\seen`) || !g.Has("$Forwarded") {
			t.Errorf("summary: %+v", g)
		}
		var text []byte
		read := func(_ int64, r io.Reader) (err error) { text, err = io.ReadAll(r); return err }
		if err := s.Fetch(ctx, 2, 1000, read); err != nil || !strings.HasSuffix(string(text), "\r\n\r\nText\r\n") {
			t.Errorf("fetch: %q, %v", text, err)
		}
		if err := s.Fetch(ctx, 2, int64(len(text)), read); err != nil {
			t.Errorf("fetch at the limit: %v", err)
		}
		if err := s.Fetch(ctx, 2, int64(len(text))-1, read); !errors.Is(err, remote.ErrTooLarge) {
			t.Errorf("fetch over the limit: %v", err)
		}
		if err := s.Fetch(ctx, 99, 1000, read); !errors.Is(err, remote.ErrNoMessage) {
			t.Errorf("fetch of none: %v", err)
		}
		mine := errors.New("mine")
		if err := s.Fetch(ctx, 2, 1000, func(int64, io.Reader) error { return mine }); !errors.Is(err, mine) {
			t.Errorf("fetch that stops: %v", err)
		}
		if err := s.Store(ctx, []remote.UID{2, 3}, []string{`\Flagged`, "$Overdue"}, []string{`\Seen`}); err != nil {
			t.Fatal(err)
		}
		changed := 0
		for m, err := range s.All(ctx, box.HighestModSeq) {
			if err != nil {
				t.Fatal(err)
			}
			if m.UID > 1 && (!m.Has(`\Flagged`) || !m.Has("$Overdue")) {
				t.Errorf("flags: %+v", m)
			}
			changed++
		}
		if want := map[bool]int{true: 2, false: 3}[s.Caps().CondStore]; changed != want {
			t.Errorf("%d messages changed, want %d", changed, want)
		}

		// Another client has marked a message; nothing of ours may expunge it.
		other := dial(t, account(p, ana))
		pick(t, other, "INBOX")
		if err := other.Store(ctx, []remote.UID{1}, []string{`\Deleted`}, nil); err != nil {
			t.Fatal(err)
		}
		moved, err := s.Move(ctx, []remote.UID{3, 2, 50}, "Tidepost/Next delivery")
		if err != nil || !maps.Equal(moved, map[remote.UID]remote.UID{2: 1, 3: 2}) {
			t.Errorf("move: %v, %v", moved, err)
		}
		rest, err := s.Get(ctx, []remote.UID{1, 2, 3})
		if err != nil {
			t.Fatal(err)
		}
		rest = slices.DeleteFunc(rest, func(m remote.Summary) bool { return m.Has(`\Deleted`) && m.UID != 1 })
		if len(rest) != 1 || rest[0].UID != 1 {
			t.Errorf("left in the folder: %+v", rest)
		}
		pick(t, s, "Tidepost/Next delivery")
		if got := ids(t, s); got != "second@x third@x" {
			t.Errorf("moved: %s", got)
		}
		found, err := s.Find(ctx, "Tidepost/Next delivery", "<third@x>", 0)
		if err != nil || len(found) != 1 || found[0].UID != 2 {
			t.Errorf("find: %v, %v", found, err)
		}
		found, err = s.Find(ctx, "INBOX", "hird@x", 0)
		if err != nil || len(found) != 0 {
			t.Errorf("find a part: %v, %v", found, err)
		}
		if box, ok := s.Selected(); !ok || box.Name != "Tidepost/Next delivery" {
			t.Errorf("selected: %+v", box)
		}
		if err := s.Expunge(ctx, []remote.UID{1}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.UIDs(ctx); err != nil || !slices.Equal(got, []remote.UID{2}) {
			t.Errorf("after expunge: %v, %v", got, err)
		}
	})
}

func TestIdleWakes(t *testing.T) {
	providers(t, func(t *testing.T, p *provider.Server) {
		a := account(p, ana)
		a.Poll = 100 * time.Millisecond
		s, ctx := dial(t, a), t.Context()
		pick(t, s, "INBOX")
		for i := range 3 {
			go p.Deliver(ana, fmt.Sprintf("Message-ID: <%d@x>\n\nText\n", i))
			wait, cancel := context.WithTimeout(ctx, 10*time.Second)
			change, err := s.Idle(wait)
			late := wait.Err()
			cancel()
			if err != nil || !change.New || late != nil {
				t.Fatalf("idle: %+v, %v", change, err)
			}
		}
		// What comes while the session does something else is not lost.
		p.Deliver(ana, "Message-ID: <late@x>\n\nText\n")
		ids(t, s)
		if err := s.Store(ctx, []remote.UID{1}, []string{`\Seen`}, nil); err != nil {
			t.Fatal(err)
		}
		wait, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		if change, err := s.Idle(wait); err != nil || !change.New {
			t.Fatalf("idle after other commands: %+v, %v", change, err)
		}
		// Waiting ends with its context, and the session goes on.
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		for {
			if _, err := s.Idle(short); err != nil {
				if !errors.Is(err, context.DeadlineExceeded) || s.Err() != nil {
					t.Fatalf("idle: %v, session %v", err, s.Err())
				}
				break
			}
		}
		if got := ids(t, s); got != "0@x 1@x 2@x late@x" {
			t.Errorf("messages: %s", got)
		}
	})
}

func TestLogins(t *testing.T) {
	p := provider.Dovecot(t, provider.Options{})
	a := account(p, ana)
	a.Password = "wrong"
	if _, err := remote.Dial(t.Context(), a); !errors.Is(err, remote.ErrAuth) {
		t.Errorf("wrong password: %v", err)
	}
	a = account(p, ana)
	a.Addr, a.Security = p.IMAP, remote.StartTLS
	dial(t, a)
	a.Security = remote.Clear
	dial(t, a)
	a.Security, a.TLS = remote.StartTLS, nil
	if _, err := remote.Dial(t.Context(), a); !errors.Is(err, remote.ErrLost) {
		t.Errorf("unknown authority: %v", err)
	}
	p.Stop()
	if _, err := remote.Dial(t.Context(), a); !errors.Is(err, remote.ErrLost) {
		t.Errorf("no server: %v", err)
	}
}

func TestFullAccount(t *testing.T) {
	p := provider.Dovecot(t, provider.Options{Quota: "50k"})
	s, ctx := dial(t, account(p, ana)), t.Context()
	put(t, s, "INBOX", "small@x")
	if _, err := s.Append(ctx, "INBOX", letter("large@x", strings.Repeat("0123456789\r\n", 5000))); !errors.Is(err, remote.ErrFull) {
		t.Errorf("append: %v", err)
	}
	q, ok, err := s.Quota(ctx)
	if err != nil || !ok || q.Limit != 50<<10 {
		t.Errorf("quota: %+v, %v, %v", q, ok, err)
	}
	put(t, s, "INBOX", "small2@x")
}
