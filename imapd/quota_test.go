package imapd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// TestQuota: figures as RFC 9208 has them; what does not fit is refused, and fits when
// room was made.
func TestQuota(t *testing.T) {
	w := newWorld(t)
	limit := func(octets int64) {
		t.Helper()
		err := w.db.Update(t.Context(), func(tx *store.Tx) error {
			p := w.alice
			profile, err := people.DecodeProfile(p.Profile)
			if err != nil {
				return err
			}
			profile.Quota = &octets
			if p.Profile, err = profile.Encode(); err != nil {
				return err
			}
			return tx.UpdatePerson(p)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.dir.MaybeReload(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	c := w.client()
	for _, q := range []struct{ command, want string }{
		{`GETQUOTAROOT INBOX`, `* QUOTAROOT INBOX ""|* QUOTA "" ()`},
		{`GETQUOTA ""`, `* QUOTA "" ()`},
	} {
		if got := strings.Join(c.ok(q.command), "|"); got != q.want {
			t.Errorf("%s: %s", q.command, got)
		}
	}
	limit(10 << 10)
	text := "Subject: x\r\n\r\n" + strings.Repeat("x", 6000)
	add := func() string {
		_, status := c.do(fmt.Sprintf("APPEND Drafts {%d+}\r\n%s", len(text), text))
		return status
	}
	// LITERAL- allows 4096 octets, so the long one goes the slow way through deliver.
	text = text[:4000]
	if got := add(); !strings.HasPrefix(got, "OK") {
		t.Fatal(got)
	}
	if got := c.ok(`GETQUOTA ""`)[0]; got != `* QUOTA "" (STORAGE 4 10)` {
		t.Error(got)
	}
	add()
	if got := add(); !strings.HasPrefix(got, "NO [OVERQUOTA]") {
		t.Error(got)
	}
	// Two fit; in their hours Alice has a letter by now that says so.
	before := c.ok(`GETQUOTA ""`)[0]
	c.ok("SELECT Drafts")
	c.ok("COPY 1 Archive") // is the same message
	if got := c.ok(`GETQUOTA ""`)[0]; got != before || !strings.HasSuffix(got, " 10)") {
		t.Errorf("%s before a copy, %s behind it", before, got)
	}
	c.ok(`STORE 2 +FLAGS.SILENT (\Deleted)`)
	c.ok("EXPUNGE")
	if got := add(); !strings.HasPrefix(got, "OK") {
		t.Error(got)
	}
	for command, want := range map[string]string{
		`GETQUOTA other`: "NO [NONEXISTENT]", `SETQUOTA "" (STORAGE 99)`: "NO [NOPERM]", "GETQUOTA": "BAD", "GETQUOTAROOT": "BAD",
	} {
		if _, status := c.do(command); !strings.HasPrefix(status, want) {
			t.Errorf("%s: %s", command, status)
		}
	}
	if got := strings.Join(c.ok("CAPABILITY"), ""); strings.Contains(got, "QUOTA") {
		t.Errorf("announced without being asked to: %s", got)
	}
}
