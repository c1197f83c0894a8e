package archive

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tidepost/internal/provider"
	"tidepost/remote"
	"tidepost/store"
)

// An account of a real server is read in windows, goes on where it was, and stays as it
// was.
func TestAccount(t *testing.T) {
	for name, p := range map[string]*provider.Server{
		"dovecot": provider.Dovecot(t, provider.Options{Prefix: "INBOX."}),
		"cyrus":   provider.Cyrus(t, provider.Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			const user = "ana@example.org"
			ctx := t.Context()
			conf := &tls.Config{RootCAs: p.CA.Pool(), MinVersion: tls.VersionTLS12}
			box, err := remote.Dial(ctx, remote.Account{Addr: p.IMAPS, Security: remote.TLS, User: user, Password: remote.Secret(p.Password(user)), TLS: conf})
			if err != nil {
				t.Fatal(err)
			}
			defer box.Close()
			const count = fetchWindow + 7
			if err := box.Create(ctx, "Work/Old"); err != nil {
				t.Fatal(err)
			}
			for i := range count {
				text := fmt.Sprintf("Message-ID: <%d@x>\r\n\r\nText %d\r\n", i, i)
				if i == 3 {
					text += strings.Repeat("0123456789\r\n", 1000)
				}
				if _, err := box.Append(ctx, "Work/Old", remote.Letter{Flags: []string{`\Flagged`, "$Forwarded"}, Size: int64(len(text)), Text: strings.NewReader(text)}); err != nil {
					t.Fatal(err)
				}
			}
			src, err := Account(ctx, AccountOptions{Addr: p.IMAPS, Security: TLS, User: user, Password: p.Password(user), TLS: conf, Limit: 5000})
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			folders, err := src.Folders(ctx)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(folders, func(f Folder) bool { return f.Name == "Work/Old" })
			if at < 0 || folders[at].Total != count {
				t.Fatalf("folders: %+v", folders)
			}
			if !slices.ContainsFunc(folders, func(f Folder) bool { return f.Name == "Sent" && f.Kind == store.KindSent }) {
				t.Errorf("no Sent: %+v", folders)
			}
			stop := errors.New("stop")
			n, mark := 0, ""
			read := func(m Message) error {
				n++
				switch {
				case n == 4:
					if m.Problem == "" || m.Octets != nil {
						t.Errorf("message 4: %q", m.Problem)
					}
				case !strings.HasSuffix(string(m.Octets), fmt.Sprintf("Text %d\r\n", n-1)) || m.Flags&store.Flagged == 0 || m.Flags&store.Seen != 0 || !slices.Contains(m.Keywords, "$Forwarded"):
					t.Errorf("message %d: %+v", n, m)
				}
				if m.Done != int64(n) {
					t.Errorf("message %d is number %d", n, m.Done)
				}
				mark = m.Mark
				if n == 150 {
					return stop
				}
				return nil
			}
			if err := src.Each(ctx, folders[at], "", read); !errors.Is(err, stop) {
				t.Fatalf("stopped: %v", err)
			}
			if err := src.Each(ctx, folders[at], mark, read); err != nil || n != count {
				t.Errorf("%d messages, %v", n, err)
			}
			if err := src.Each(ctx, folders[at], "1 1", read); !errors.Is(err, ErrChanged) {
				t.Errorf("another UIDVALIDITY: %v", err)
			}
			if _, err := box.Select(ctx, "Work/Old", 0); err != nil {
				t.Fatal(err)
			}
			for m, err := range box.Since(ctx, 0) {
				if err != nil || m.Has(`\Seen`) {
					t.Fatalf("left in the account: %+v, %v", m, err)
				}
			}
		})
	}
}
