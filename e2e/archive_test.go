package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestArchive brings an mbox file in beside the running server, takes the account over
// IMAP into another one, exports that and compares; a killed import goes on.
func TestArchive(t *testing.T) {
	s := setup(t, options{})
	var box strings.Builder
	const n = 3000
	for i := range n {
		status := "O"
		if i%3 == 0 {
			status = "RO\nX-Status: F"
		}
		fmt.Fprintf(&box, "From joe@else.example Mon Nov 24 09:15:00 2025\nFrom: joe@else.example\nSubject: Old %d\nMessage-ID: <%d@old.example>\nStatus: %s\n\nText %d.\n\n", i, i, status, i)
	}
	dir := filepath.Join(s.dir, "profile")
	for _, d := range []string{dir, filepath.Join(dir, "Kunden.sbd")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"Inbox": box.String(), "Kunden.sbd/Müller & Söhne": box.String()[:strings.Index(box.String(), "Text 10.")] + "Text 10.\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		cmd := exec.Command(s.program, "--config", s.conf, "import", "ana@team.example", dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(150 * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	s.cli("import", "ana@team.example", dir)
	if out := s.cli("import", "ana@team.example", dir); !strings.Contains(out, "Imported 0 messages") {
		t.Errorf("a second import: %s", out)
	}

	secret := s.write("account", password+"\n")
	imap := exec.Command(s.program, "--config", s.conf, "import", "tom@team.example", "--imap", "localhost:"+s.port("imaps"), "--user", "ana@team.example", "--password-file", secret)
	imap.Env = append(os.Environ(), "SSL_CERT_FILE="+s.cert())
	if out, err := imap.CombinedOutput(); err != nil || !strings.Contains(string(out), fmt.Sprintf("Imported %d messages", n+11)) {
		t.Fatalf("over IMAP: %v\n%s", err, out)
	}
	var octets [2][]byte
	for i, who := range []string{"ana", "tom"} {
		to := filepath.Join(s.dir, "out-"+who)
		s.cli("export", who+"@team.example", to)
		for _, name := range []string{"INBOX.mbox", "Kunden.sbd/Müller & Söhne.mbox"} {
			text, err := os.ReadFile(filepath.Join(to, name))
			if err != nil {
				t.Fatal(err)
			}
			octets[i] = append(octets[i], text...)
		}
		if got := bytes.Count(octets[i], []byte("\nMessage-ID: <")); got != n+11 {
			t.Errorf("%s has %d messages", who, got)
		}
		if got := bytes.Count(octets[i], []byte("\nX-Status: F\n")); got != n/3+4 {
			t.Errorf("%s has %d flagged messages", who, got)
		}
	}
	if !bytes.Equal(octets[0], octets[1]) {
		t.Error("the accounts differ")
	}
	s.cli("ledger", "check")
}
