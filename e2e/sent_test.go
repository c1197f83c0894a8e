package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// Copies that real mail programs file in Sent say whether the mail has left, whichever
// came first, the copy or the mail; taken back, they lie in Trash.
func TestSentCopies(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	m := newMutt(s)
	need(t, "msmtp", "curl")
	r := s.reader(t, "ana")
	rc, err := os.ReadFile(m.rc)
	if err != nil {
		t.Fatal(err)
	}
	// The second one files the copy before it sends, and sends with msmtp.
	msmtp := s.write("sent-msmtprc", fmt.Sprintf("account default\nhost localhost\nport %s\ntls on\ntls_starttls off\ntls_trust_file %s\nauth on\nuser ana@team.example\npassword %s\nfrom ana@team.example\n",
		s.port("submissions"), s.cert(), password))
	if err := os.Chmod(msmtp, 0o600); err != nil {
		t.Fatal(err)
	}
	before := s.write("muttrc-before", string(rc)+fmt.Sprintf("unset smtp_url\nset sendmail = \"msmtp -C %s --read-envelope-from\"\nset fcc_before_send = yes\n", msmtp))
	send := func(t *testing.T, rc, subject, to string) {
		t.Helper()
		(&mutt{s.in(t), rc}).press("INBOX", "<mail>"+to+"<enter>"+subject+"<enter><send-message><quit>")
	}
	waits := func(name string) string { return "[send in 3h] Waits " + name }
	word := func(r *reader, subject, want string) {
		r.t.Helper()
		until(r.t, patience, func() error {
			l := r.find("Sent", subject, patience)
			for _, w := range []string{"$SubmitPending", "$Submitted"} {
				if has := slices.ContainsFunc(l.flags, func(f string) bool { return strings.EqualFold(f, w) }); has != (w == want) {
					return fmt.Errorf("the copy has %v, want %s", l.flags, want)
				}
			}
			return nil
		})
	}
	for name, rc := range map[string]string{"after": m.rc, "before": before} {
		t.Run(name, func(t *testing.T) {
			r := r.in(t)
			send(t, rc, waits(name), "mei@team.example")
			word(r, waits(name), "$SubmitPending")
			send(t, rc, "Leaves "+name, "carol@outside.example")
			word(r, "Leaves "+name, "$Submitted")
		})
	}
	t.Run("taken back with curl", func(t *testing.T) {
		r := r.in(t)
		r.find("Scheduled", waits("after"), patience)
		uid := hits(s.in(t).curl("ana", "Scheduled", "-X", `UID SEARCH SUBJECT "Waits after"`))
		if len(uid) != 1 {
			t.Fatalf("Scheduled has %v", uid)
		}
		s.in(t).curl("ana", "Scheduled", "-X", "UID MOVE "+uid[0]+" Drafts")
		r.gone("Sent", waits("after"), patience)
		r.find("Trash", waits("after"), patience)
		uid = hits(s.in(t).curl("ana", "Drafts", "-X", `UID SEARCH SUBJECT "Waits after"`))
		if len(uid) != 1 {
			t.Fatalf("Drafts has %v", uid)
		}
		s.in(t).curl("ana", "Drafts", "-X", "UID MOVE "+uid[0]+" Scheduled")
		word(r, waits("after"), "$SubmitPending")
		r.gone("Trash", waits("after"), patience)
	})
}
