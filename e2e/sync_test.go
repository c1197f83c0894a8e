package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"tidepost/internal/testkit"
)

// A syncer is a program that keeps a Maildir and an account alike.
type syncer struct {
	*server
	m   *maildir
	r   *reader
	run func()
}

// note is a small message for a folder.
func note(id string) string {
	return testkit.Letter("carol@outside.example", "ana@team.example", "Note "+id, id+"@outside.example", "This is "+id+".\n")
}

// plain are the folders that both sides must have alike all the time.
var plain = []string{"INBOX", "Archive", "Drafts", "Sent", "Trash", "Project X/2026 plan"}

func TestMbsync(t *testing.T) {
	t.Parallel()
	need(t, "mbsync")
	s := setup(t, options{})
	y := &syncer{server: s, m: &maildir{t: t, root: s.dir + "/mail"}, r: s.reader(t, "ana")}
	y.m.create("INBOX")
	rc := s.write("mbsyncrc", fmt.Sprintf(`IMAPStore far
Host localhost
Port %s
User ana@team.example
PassCmd "cat %s/password"
SSLType IMAPS
CertificateFile %s

MaildirStore near
Path %s/
Inbox %s/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
`, s.port("imaps"), s.dir, s.cert(), y.m.root, y.m.root))
	y.run = func() {
		t.Helper()
		said := s.client("mbsync", "--config", rc, "--all", "--verbose")
		for _, bad := range []string{"Warning", "Error", "error:"} {
			if strings.Contains(said, bad) {
				t.Errorf("mbsync says %s:\n%s", bad, said)
			}
		}
	}
	y.story(t)
	t.Run("a scheduled mail", y.scheduled)
}

func TestOfflineimap(t *testing.T) {
	t.Parallel()
	need(t, "offlineimap")
	s := setup(t, options{})
	y := &syncer{server: s, m: &maildir{t: t, root: s.dir + "/mail"}, r: s.reader(t, "ana")}
	rc := s.write("offlineimaprc", fmt.Sprintf(`[general]
accounts = tidepost
metadata = %[1]s/offlineimap
maxsyncaccounts = 1

[Account tidepost]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = %[2]s
sep = /

[Repository far]
type = IMAP
remotehost = localhost
remoteport = %[3]s
remoteuser = ana@team.example
remotepassfile = %[1]s/password
ssl = yes
sslcacertfile = %[4]s
auth_mechanisms = PLAIN
maxconnections = 2
expunge = yes
`, s.dir, y.m.root, s.port("imaps"), s.cert()))
	y.run = func() {
		t.Helper()
		out := s.client("offlineimap", "-o", "-c", rc, "-u", "basic")
		for _, bad := range []string{"ERROR", "WARNING", "Traceback", "Exception"} {
			if strings.Contains(out, bad) {
				t.Errorf("offlineimap says %s:\n%s", bad, out)
			}
		}
	}
	y.story(t)
	t.Run("a scheduled mail", y.scheduled)
}

// story changes both sides in every way and syncs after each.
func (y *syncer) story(t *testing.T) {
	y.r.create("Project X/2026 plan")
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		y.r.put("INBOX", note(id))
		y.r.put("Project X/2026 plan", note("plan-"+id))
	}
	y.run()
	y.m.same(y.r, plain...)
	if diff := cmp.Diff(y.r.folders(), y.m.folders()); diff != "" {
		t.Errorf("folders differ (-server +local):\n%s", diff)
	}
	if got := y.m.mids("INBOX"); len(got) != 5 {
		t.Fatalf("INBOX has %v", got)
	}
	for _, step := range []struct {
		name   string
		change func()
		check  func()
	}{
		{"new mail on both sides", y.newMail, nil},
		{"flags", y.flags, y.checkFlags},
		{"deletes", y.deletes, func() {
			y.absent("INBOX", "b@outside.example", "c@outside.example")
			y.absent("Project X/2026 plan", "plan-b@outside.example", "plan-c@outside.example")
		}},
		{"moves", y.moves, func() {
			y.absent("INBOX", "d@outside.example", "e@outside.example")
			y.present("Archive", "d@outside.example")
			y.present("Project X/2026 plan", "e@outside.example")
			y.present("Trash", "plan-d@outside.example")
		}},
		{"a folder made here", func() {
			y.m.create("Clients") // offlineimap wants every level
			y.m.create("Clients/New one")
			y.m.put("Clients/New one", note("client"), "S")
		}, func() { y.present("Clients/New one", "client@outside.example") }},
		{"mail with odd bytes", func() { y.m.put("Archive", testkit.UTF8(), ""); y.r.put("Archive", testkit.Dots()) }, nil},
	} {
		before := len(y.r.mids("INBOX"))
		step.change()
		y.run()
		y.m.same(y.r, plain...)
		if step.check != nil {
			step.check()
		}
		if t.Failed() {
			t.Fatalf("failed in the step: %s (INBOX had %d)", step.name, before)
		}
		listing := y.m.listing()
		y.run()
		if diff := cmp.Diff(listing, y.m.listing()); diff != "" {
			t.Fatalf("after %s a second run changed something (-first +second):\n%s", step.name, diff)
		}
		y.m.same(y.r, plain...)
	}
}

func (y *syncer) newMail() {
	y.r.put("INBOX", note("server-1"))
	y.r.put("Archive", note("server-2"), imap.FlagSeen)
	y.m.put("INBOX", note("local-1"), "")
	y.m.put("Sent", note("local-2"), "S")
	y.m.put("Project X/2026 plan", note("local-3"), "FS")
	args := []string{"--from", "carol@outside.example", "--to", "ana@team.example", "--data", "@" + y.letter("in.eml", strings.ReplaceAll(note("smtp"), "\r\n", "\n"))}
	if got := y.swaks("inbound", args...); got.code != 0 {
		y.t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
	}
	y.r.find("INBOX", "Note smtp", patience)
}

func (y *syncer) flags() {
	y.r.flag("INBOX", y.r.uid("INBOX", "a@outside.example"), imap.FlagSeen)
	y.r.flag("INBOX", y.r.uid("INBOX", "a@outside.example"), imap.FlagAnswered)
	y.m.flag("INBOX", "b@outside.example", "FS")
	y.m.flag("Project X/2026 plan", "plan-a@outside.example", "S")
	y.r.flag("Project X/2026 plan", y.r.uid("Project X/2026 plan", "plan-b@outside.example"), imap.FlagFlagged)
}

func (y *syncer) checkFlags() {
	y.m.sameFlags(y.r, "INBOX", "a@outside.example", "RS")
	y.m.sameFlags(y.r, "INBOX", "b@outside.example", "FS")
	y.m.sameFlags(y.r, "Project X/2026 plan", "plan-a@outside.example", "S")
	y.m.sameFlags(y.r, "Project X/2026 plan", "plan-b@outside.example", "F")
	y.m.sameFlags(y.r, "Project X/2026 plan", "local-3@outside.example", "FS")
}

func (y *syncer) deletes() {
	y.r.remove("INBOX", y.r.uid("INBOX", "b@outside.example"))
	y.m.remove("INBOX", "c@outside.example")
	y.m.remove("Project X/2026 plan", "plan-b@outside.example")
	y.r.remove("Project X/2026 plan", y.r.uid("Project X/2026 plan", "plan-c@outside.example"))
}

func (y *syncer) moves() {
	y.r.move("INBOX", "Archive", y.r.uid("INBOX", "d@outside.example"))
	y.m.move("INBOX", "e@outside.example", "Project X/2026 plan")
	y.r.move("Project X/2026 plan", "Trash", y.r.uid("Project X/2026 plan", "plan-d@outside.example"))
}

func (y *syncer) present(folder, mid string) {
	y.t.Helper()
	n := 0
	for _, have := range y.r.mids(folder) {
		if have == mid {
			n++
		}
	}
	if n != 1 || !slices.Contains(y.m.mids(folder), mid) {
		y.t.Errorf("<%s> is %d times in %s on the server, and locally %v", mid, n, folder, y.m.mids(folder))
	}
}

func (y *syncer) absent(folder string, mids ...string) {
	y.t.Helper()
	for _, mid := range mids {
		if slices.Contains(y.r.mids(folder), mid) || slices.Contains(y.m.mids(folder), mid) {
			y.t.Errorf("<%s> is still in %s", mid, folder)
		}
	}
}

// scheduled: what waits is synced like any mail, and deleting it locally takes it back.
func (y *syncer) scheduled(t *testing.T) {
	s := y.in(t)
	s.submit("ana", mailTo("ana@team.example", "mei@team.example", "For Mei", "for-mei@team.example", "Could you look at the plan?\n"), "mei@team.example")
	s.submit("ana", mailTo("ana@team.example", "mei@team.example", "Also for Mei", "also-mei@team.example", "And at the budget?\n"), "mei@team.example")
	y.run()
	y.m.same(y.r, "Scheduled")
	y.present("Scheduled", "for-mei@team.example")
	y.m.remove("Scheduled", "for-mei@team.example")
	y.run()
	y.absent("Scheduled", "for-mei@team.example")
	s.expect("for-mei@team.example", "mei@team.example", "cancelled")
	y.m.move("Scheduled", "also-mei@team.example", "Drafts")
	y.run()
	y.run()
	s.expect("also-mei@team.example", "mei@team.example", "cancelled")
	y.m.same(y.r, append([]string{"Scheduled"}, plain...)...)
	y.present("Drafts", "also-mei@team.example")
}
