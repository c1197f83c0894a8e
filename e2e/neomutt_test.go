package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tidepost/internal/testkit"
)

// A mutt is neomutt with a configuration like that of docs/clients.md, on a terminal
// that script(1) makes.
type mutt struct {
	*server
	rc string
}

// newMutt writes the configuration and an editor that puts two lines on top.
func newMutt(s *server) *mutt {
	s.t.Helper()
	need(s.t, "neomutt", "script")
	editor := s.write("editor", "#!/bin/sh\n{ echo 'Yes, by Friday.'; echo; cat \"$1\"; } >\"$1.new\" && mv \"$1.new\" \"$1\"\n")
	if err := os.Chmod(editor, 0o700); err != nil {
		s.t.Fatal(err)
	}
	return &mutt{s, s.write("muttrc", fmt.Sprintf(`set folder = imaps://ana%%40team.example@localhost:%[1]s/
set imap_pass = "%[3]s"
set smtp_url = smtps://ana%%40team.example@localhost:%[2]s/
set smtp_pass = "%[3]s"
set from = ana@team.example
set realname = Ana
set hostname = team.example
set spoolfile = +INBOX
set record = +Sent
set postponed = +Drafts
set ssl_force_tls = yes
set ssl_ca_certificates_file = %[4]s
set header_cache = %[5]s/cache/headers
set message_cachedir = %[5]s/cache/bodies
set editor = %[5]s/editor
set fast_reply = yes
set include = yes
set delete = yes
set quit = yes
set move = no
set confirmappend = no
set confirmcreate = no
set wait_key = no
set sleep_time = 0
set imap_check_subscribed = yes
mailboxes +INBOX +Scheduled "+Next delivery" +Digests
`, s.port("imaps"), s.port("submissions"), password, s.cert(), s.dir))}
}

// press opens a folder and types keys; neomutt has to end by itself and well.
func (m *mutt) press(folder, keys string) {
	m.t.Helper()
	r, w, err := os.Pipe() // open and silent, as a terminal nobody types on
	if err != nil {
		m.t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	line := fmt.Sprintf("stty rows 50 cols 150; neomutt -F %s -f '=%s' -e 'push \"%s\"'", m.rc, folder, keys)
	got := m.command(r, "script", "--quiet", "--return", "--command", line, "/dev/null")
	if got.code != 0 {
		m.t.Fatalf("neomutt ended with %d:\n%s", got.code, got.out)
	}
}

func TestNeomutt(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	m := newMutt(s)
	r := s.reader(t, "ana")
	question := testkit.Letter("Carol <carol@outside.example>", "ana@team.example", "When is it done", "q@outside.example", "Dear Ana,\n\nwhen will the figures be ready?\n\nCarol\n")
	r.put("INBOX", question)
	for _, id := range []string{"a", "b", "c"} {
		r.put("INBOX", note(id))
	}
	in := func(t *testing.T) *mutt { return &mutt{s.in(t), m.rc} }

	t.Run("read", func(t *testing.T) {
		r := r.in(t)
		in(t).press("INBOX", "<first-entry><display-message><pipe-message>cat >"+s.dir+"/shown<enter><exit><quit>")
		shown, err := os.ReadFile(s.dir + "/shown")
		if err != nil || !strings.Contains(string(shown), "when will the figures be ready?") || !strings.Contains(string(shown), "When is it done") {
			t.Errorf("what was shown is %q, %v", shown, err)
		}
		l := r.find("INBOX", "When is it done", patience)
		if !slices.Contains(l.flags, `\Seen`) {
			t.Errorf("flags are %v after reading", l.flags)
		}
	})
	t.Run("reply", func(t *testing.T) {
		r := r.in(t)
		in(t).press("INBOX", "<first-entry><reply><send-message><quit>")
		var got testkit.Transaction
		until(t, patience, func() error {
			for _, tr := range s.smarthost.Delivered() {
				if tr.Header("In-Reply-To") == "<q@outside.example>" {
					got = tr
					return nil
				}
			}
			return fmt.Errorf("no answer at the smarthost")
		})
		if got.Header("Subject") != "Re: When is it done" || !strings.Contains(string(got.Data), "Yes, by Friday.") || !slices.Equal(recipients(got), []string{"carol@outside.example"}) {
			t.Errorf("the answer to %v is\n%s", recipients(got), got.Data)
		}
		r.find("Sent", "Re: When is it done", patience)
		if l := r.find("INBOX", "When is it done", patience); !slices.Contains(l.flags, `\Answered`) {
			t.Errorf("flags are %v after the answer", l.flags)
		}
	})
	t.Run("compose with an attachment", func(t *testing.T) {
		s := s.in(t)
		s.write("figures.csv", "travel;1200\n")
		got := s.command(strings.NewReader("Here they are.\n"), "neomutt", "-F", m.rc, "-s", "The figures", "-a", s.dir+"/figures.csv", "--", "carol@outside.example")
		if got.code != 0 {
			t.Fatalf("neomutt ended with %d:\n%s", got.code, got.out)
		}
		until(t, patience, func() error {
			for _, tr := range s.smarthost.Delivered() {
				if tr.Header("Subject") == "The figures" && strings.Contains(string(tr.Data), "figures.csv") {
					return nil
				}
			}
			return fmt.Errorf("nothing at the smarthost")
		})
	})
	t.Run("save and delete", func(t *testing.T) {
		r := r.in(t)
		in(t).press("INBOX", "<last-entry><save-message>=Archive<enter><sync-mailbox><quit>")
		if got, want := r.mids("INBOX"), []string{"a@outside.example", "b@outside.example", "q@outside.example"}; !slices.Equal(got, want) {
			t.Errorf("INBOX has %v, want %v", got, want)
		}
		if got := r.mids("Archive"); !slices.Equal(got, []string{"c@outside.example"}) {
			t.Errorf("Archive has %v", got)
		}
		in(t).press("INBOX", "<last-entry><copy-message>=Archive<enter><delete-message><sync-mailbox><quit>")
		if got := r.mids("Archive"); !slices.Equal(got, []string{"b@outside.example", "c@outside.example"}) {
			t.Errorf("Archive has %v", got)
		}
		if got := r.mids("INBOX"); !slices.Equal(got, []string{"a@outside.example", "q@outside.example"}) {
			t.Errorf("INBOX has %v", got)
		}
	})
	t.Run("flag and search", func(t *testing.T) {
		r := r.in(t)
		in(t).press("INBOX", "<limit>~b figures<enter><flag-message><sync-mailbox><quit>")
		if l := r.find("INBOX", "When is it done", patience); !slices.Contains(l.flags, `\Flagged`) {
			t.Errorf("flags are %v", l.flags)
		}
	})
	t.Run("take back what waits", func(t *testing.T) {
		r := r.in(t)
		s := s.in(t)
		s.hold(r, "For Mei", "mutt@team.example")
		in(t).press("Scheduled", "<search>For Mei<enter><save-message>=Drafts<enter><sync-mailbox><quit>")
		s.expect("mutt@team.example", mei, "cancelled")
		r.gone("Scheduled", "For Mei", patience)
		if l := r.find("Drafts", "For Mei", patience); r.count("Drafts", "For Mei") != 1 || !slices.Contains(l.flags, `\Draft`) {
			t.Errorf("%d drafts, flags %v", r.count("Drafts", "For Mei"), l.flags)
		}
	})
	t.Run("send what waits", func(t *testing.T) {
		r := r.in(t)
		s := s.in(t)
		s.hold(r, "Soon for Mei", "soon@team.example")
		in(t).press("Scheduled", "<search>Soon for Mei<enter><save-message>=Scheduled/Send now<enter><sync-mailbox><quit>")
		s.expect("soon@team.example", mei, "delivered")
		s.reader(t, "mei").find("INBOX", "Soon for Mei", patience)
	})
	t.Run("nothing lost, nothing doubled", func(t *testing.T) {
		r := r.in(t)
		for folder, want := range map[string][]string{
			"INBOX": {"a@outside.example", "q@outside.example"}, "Archive": {"b@outside.example", "c@outside.example"},
		} {
			var got []string
			for _, mid := range r.mids(folder) {
				if strings.HasSuffix(mid, "@outside.example") {
					got = append(got, mid)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s has %v, want %v", folder, got, want)
			}
		}
	})
}
