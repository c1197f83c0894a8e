package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tidepost/internal/testkit"
)

const mei = "mei@team.example"

// hold submits a mail of ana's to mei, who is asleep, and waits until it is seen in
// Scheduled.
func (s *server) hold(r *reader, subject, id string) letter {
	s.t.Helper()
	s.submit("ana", mailTo("ana@team.example", mei, subject, id, "Could you look at the plan?\n"), mei)
	return r.find("Scheduled", subject, patience)
}

func TestHeldMailIsInScheduled(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	ana, reader := s.reader(t, "ana"), s.reader(t, "mei")
	text := mailTo("Ana <ana@team.example>", mei, "Plan", "plan@team.example", "Could you look at the plan?\n.dot\n")
	s.submit("ana", text, mei)
	held := ana.find("Scheduled", "Plan", patience)
	if want := strings.ReplaceAll(text, "\n", "\r\n"); held.text != want {
		t.Errorf("the entry is not what was sent\nwant %q\ngot  %q", want, held.text)
	}
	if !slices.Contains(held.flags, "$SubmitPending") {
		t.Errorf("flags are %v, want $SubmitPending", held.flags)
	}
	if timetable := s.curl("ana", "Scheduled;MAILINDEX=1") + s.curl("ana", "Scheduled;MAILINDEX=2"); !strings.Contains(timetable, "Mei") || !strings.Contains(timetable, "Sydney") {
		t.Errorf("no timetable in Scheduled:\n%s", timetable)
	}
	if n := reader.count("INBOX", "Plan"); n != 0 {
		t.Error("Mei has it already")
	}
	if got := s.state("plan@team.example", mei); got != "held" {
		t.Errorf("the queue says %s", got)
	}
}

// The ways to take mail back: by MOVE, or as clients without it do, in either order.
func TestMoveToDraftsCancels(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	r := s.reader(t, "ana")
	// curl logs in anew for each command, as a phone does that was offline in between.
	mark := func(s *server, uid string) {
		s.curl("ana", "Scheduled", "-X", `UID STORE `+uid+` +FLAGS.SILENT (\Deleted)`)
	}
	for _, c := range []struct {
		name   string
		target string // where the mail ends, "" nowhere
		act    func(s *server, uid string)
	}{
		{"move to drafts", "Drafts", func(s *server, uid string) { s.curl("ana", "Scheduled", "-X", "UID MOVE "+uid+" Drafts") }},
		{"move to trash", "Trash", func(s *server, uid string) { s.curl("ana", "Scheduled", "-X", "UID MOVE "+uid+" Trash") }},
		{"copy, delete, expunge", "Drafts", func(s *server, uid string) {
			s.curl("ana", "Scheduled", "-X", "UID COPY "+uid+" Drafts")
			mark(s, uid)
			s.curl("ana", "Scheduled", "-X", "UID EXPUNGE "+uid)
		}},
		{"delete, copy, expunge", "Drafts", func(s *server, uid string) {
			mark(s, uid)
			s.curl("ana", "Scheduled", "-X", "UID COPY "+uid+" Drafts")
			s.curl("ana", "Scheduled", "-X", "EXPUNGE")
		}},
		{"expunge alone", "", func(s *server, uid string) { mark(s, uid); s.curl("ana", "Scheduled", "-X", "UID EXPUNGE "+uid) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, r := s.in(t), r.in(t)
			subject, id := "Take back: "+c.name, strings.NewReplacer(" ", "-", ",", "").Replace(c.name)+"@team.example"
			held := s.hold(r, subject, id)
			c.act(s, fmt.Sprint(held.uid))
			s.expect(id, mei, "cancelled")
			r.gone("Scheduled", subject, patience)
			if c.target != "" {
				if draft := r.find(c.target, subject, patience); body(draft.text) != body(held.text) || r.count(c.target, subject) != 1 {
					t.Errorf("%s has %d copies, the text is\n%s", c.target, r.count(c.target, subject), draft.text)
				}
			}
			until(t, patience, func() error { // one line confirms it
				for _, l := range r.whole("INBOX") {
					if strings.Contains(l.text, subject) && strings.Contains(strings.ToLower(l.subject+l.text), "not sent") {
						return nil
					}
				}
				return fmt.Errorf("no confirmation in INBOX")
			})
		})
	}
	if n := len(s.reader(t, "mei").letters("INBOX")); n != 0 {
		t.Errorf("Mei got %d of them", n)
	}
	s.sound()
}

func TestDeletedFlagFreezes(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	r := s.reader(t, "ana")
	held := s.hold(r, "Frozen", "frozen@team.example")
	s.curl("ana", "Scheduled", "-X", fmt.Sprintf(`UID STORE %d +FLAGS (\Deleted)`, held.uid))
	frozen := func() bool {
		var q []queued
		s.ask(&q, "queue", "list")
		if len(q) != 1 {
			t.Fatalf("the queue says %+v, want one mail", q)
		}
		return q[0].Frozen
	}
	if !frozen() {
		t.Error("the mail is marked as deleted, but not frozen")
	}
	s.curl("ana", "Scheduled", "-X", fmt.Sprintf(`UID STORE %d -FLAGS (\Deleted)`, held.uid))
	if frozen() {
		t.Error("the mark is gone, but the mail is still frozen")
	}
}

func TestSendNowReleases(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	r, to := s.reader(t, "ana"), s.reader(t, "mei")
	t.Run("held mail", func(t *testing.T) {
		s, r := s.in(t), r.in(t)
		held := s.hold(r, "Dragged", "dragged@team.example")
		s.curl("ana", "Scheduled", "-X", fmt.Sprintf(`UID MOVE %d "Scheduled/Send now"`, held.uid))
		to.find("INBOX", "Dragged", patience)
		s.expect("dragged@team.example", mei, "delivered")
		r.gone("Scheduled", "Dragged", patience)
		r.gone("Scheduled/Send now", "Dragged", patience)
	})
	t.Run("a draft to the outside", func(t *testing.T) {
		s, r := s.in(t), r.in(t)
		text := testkit.Letter("ana@team.example", "carol@outside.example", "From a folder", "folder@team.example", "Text.\n", "Bcc: dave@outside.example")
		r.put("Drafts", text, `\Draft`, `\Seen`)
		uid := r.uid("Drafts", "folder@team.example")
		s.curl("ana", "Drafts", "-X", fmt.Sprintf(`UID MOVE %d "Scheduled/Send now"`, uid))
		exact(t, strings.ReplaceAll(text, "\r\n", "\n"), string(s.next("folder@team.example").Data), "Bcc")
		r.find("Sent", "From a folder", patience)
		r.gone("Drafts", "From a folder", patience)
	})
	t.Run("dragged back from drafts", func(t *testing.T) {
		s, r := s.in(t), r.in(t)
		held := s.hold(r, "There and back", "back@team.example")
		s.curl("ana", "Scheduled", "-X", fmt.Sprintf(`UID MOVE %d Drafts`, held.uid))
		s.expect("back@team.example", mei, "cancelled")
		s.curl("ana", "Drafts", "-X", fmt.Sprintf(`UID MOVE %d Scheduled`, r.uid("Drafts", "back@team.example")))
		r.find("Scheduled", "There and back", patience)
		s.expect("back@team.example", mei, "held")
		s.cli("queue", "release", "back@team.example")
		to.find("INBOX", "There and back", patience)
	})
	t.Run("too late", func(t *testing.T) {
		s, r := s.in(t), r.in(t)
		held := s.hold(r, "Gone already", "late@team.example")
		s.cli("queue", "release", "late@team.example")
		to.find("INBOX", "Gone already", patience)
		s.command(nil, "curl", "--silent", "--insecure", "--user", "ana@team.example:"+password, "imaps://"+s.addr("imaps")+"/Scheduled", "-X", fmt.Sprintf("UID MOVE %d Drafts", held.uid))
		until(t, patience, func() error {
			for _, l := range r.whole("INBOX") {
				if strings.Contains(l.subject, "Too late") && strings.Contains(l.subject+l.text, "Gone already") {
					return nil
				}
			}
			return fmt.Errorf("no word that it was too late")
		})
	})
	s.sound()
}

// tideIn is a wall time of the zone, at least so long and less than a minute more from
// now.
func tideIn(zone string, atLeast time.Duration) string {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	return time.Now().In(loc).Add(atLeast + time.Minute).Format("15:04")
}

func TestTidePublishesWithDigest(t *testing.T) {
	t.Parallel()
	const zone = "Europe/London"
	// Mail waits for a tide in the afternoon …
	far := hoursFrom(zone, 10)[len("daily "):][:5]
	s := setup(t, options{people: []person{awake("ana"), awake("tom", "--tides", far)}})
	tom := s.reader(t, "tom")
	for i := range 3 {
		subject := fmt.Sprintf("Topic %d", i)
		s.submit("ana", mailTo("Ana <ana@team.example>", "tom@team.example", subject, fmt.Sprintf("topic%d@team.example", i), "Something to read.\n"), "tom@team.example")
	}
	for i := range 3 {
		l := tom.find("Next delivery", fmt.Sprintf("Topic %d", i), patience)
		if !slices.Contains(l.flags, `\Seen`) {
			t.Errorf("%q rings: flags %v", l.subject, l.flags)
		}
	}
	if got := tom.letters("INBOX"); len(got) != 0 {
		t.Fatalf("INBOX has %v before the tide", got)
	}
	// … one is fetched by hand …
	tom.move("Next delivery", "INBOX", tom.uid("Next delivery", "topic2@team.example"))
	tom.find("INBOX", "Topic 2", patience)
	tom.gone("Next delivery", "Topic 2", patience)
	// … and the tide is changed while the server runs: the rest comes within a minute or two.
	s.cli("people", "set", "tom@team.example", "--tides", tideIn(zone, 2*time.Second))
	tom.find("INBOX", "Topic 0", 2*time.Minute)
	inbox := tom.whole("INBOX")
	if len(inbox) != 4 || len(tom.letters("Next delivery")) != 0 {
		t.Fatalf("INBOX has %d messages, Next delivery %d, want 4 and none", len(inbox), len(tom.letters("Next delivery")))
	}
	digest := inbox[len(inbox)-1]
	for i := range 2 {
		if !strings.Contains(digest.text, fmt.Sprintf("Topic %d", i)) {
			t.Errorf("the letter on top says nothing of topic %d:\n%s", i, digest.text)
		}
	}
	if !strings.Contains(digest.text, "Auto-Submitted:") || len(tom.letters("Digests")) == 0 {
		t.Errorf("the letter on top is no digest, or Digests is empty:\n%s", digest.text)
	}
	s.sound()
}

func TestPeopleChangedWhileServing(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	r := s.reader(t, "ana")
	s.hold(r, "Early shift", "shift@team.example")
	due := func() time.Time {
		var q []queued
		s.ask(&q, "queue", "list")
		if len(q) != 1 || len(q[0].Recipients) != 1 || q[0].Recipients[0].Due == nil {
			t.Fatalf("the queue says %+v", q)
		}
		return *q[0].Recipients[0].Due
	}
	first := due()
	s.cli("people", "set", mei, "--hours", hoursFrom("Australia/Sydney", 5))
	until(t, patience, func() error {
		if second := due(); second.After(first.Add(-4 * time.Hour)) {
			return fmt.Errorf("due %s, was %s, want five hours less", second, first)
		}
		return nil
	})
	s.cli("people", "set", mei, "--hours", "daily 00:00-24:00")
	s.reader(t, "mei").find("INBOX", "Early shift", patience)
	s.cli("people", "add", "new@team.example", "--name", "New", "--zone", "Asia/Tokyo", "--hours", "daily 00:00-24:00", "--tides", "none", "--password-file", s.dir+"/password")
	s.submit("ana", mailTo("ana@team.example", "new@team.example", "Hello new", "welcome@team.example", "Hello.\n"), "new@team.example")
	s.reader(t, "new").find("INBOX", "Hello new", patience)
	s.cli("people", "remove", "new@team.example")
	args := append(login("ana", "PLAIN"), "--from", "ana@team.example", "--to", "new@team.example")
	if got := s.swaks("submissions", args...); got.code == 0 || !strings.Contains(got.out, "550 ") {
		t.Errorf("mail to somebody who was removed: exit code %d\n%s", got.code, got.out)
	}
}

func TestOperatorOnRunningServer(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	r := s.reader(t, "ana")
	s.hold(r, "Secret words", "op1@team.example")
	s.hold(r, "More words", "op2@team.example")
	if out := s.cli("queue", "list"); !strings.Contains(out, mei) || !strings.Contains(out, "held") {
		t.Errorf("queue list prints\n%s", out)
	}
	var list []queued
	s.ask(&list, "queue", "list", "--author", "ana@team.example")
	if len(list) != 2 {
		t.Fatalf("queue list has %d mails", len(list))
	}
	if out := s.cli("queue", "show", "op1@team.example"); !strings.Contains(out, "Secret words") || strings.Contains(out, "look at the plan") {
		t.Errorf("queue show prints\n%s", out)
	}
	if out := s.cli("queue", "why", "op1@team.example"); !strings.Contains(out, "is held until") || !strings.Contains(out, "Sydney") {
		t.Errorf("queue why prints\n%s", out)
	}
	if out := s.cli("when", "ana@team.example", mei); !strings.Contains(out, mei) {
		t.Errorf("when prints\n%s", out)
	}
	s.cli("queue", "release", "op1@team.example")
	s.reader(t, "mei").find("INBOX", "Secret words", patience)
	s.cli("queue", "cancel", "op2@team.example")
	s.expect("op2@team.example", mei, "cancelled")
	r.gone("Scheduled", "More words", patience)
	var trace []struct {
		Events []struct {
			Event string `json:"event"`
			State string `json:"state"`
		} `json:"events"`
	}
	s.ask(&trace, "trace", "op1@team.example")
	var events []string
	for _, e := range trace[0].Events {
		events = append(events, e.Event)
	}
	for _, want := range []string{"accepted", "released"} {
		if !slices.Contains(events, want) {
			t.Errorf("the trace has no %q: %v", want, events)
		}
	}
	s.sound()
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"queue", "show", "nothing@team.example"}, 5},
		{[]string{"trace", "q999"}, 5},
		{[]string{"queue", "fly"}, 2},
		{[]string{"people", "set", "nobody@team.example", "--phone", "1"}, 5},
		{[]string{"people", "set", mei, "--zone", "AEST"}, 1},
		{[]string{"check-config"}, 0},
	} {
		if out, errs, code := s.try(c.args...); code != c.code {
			t.Errorf("tidepost %v ended with %d, want %d:\n%s%s", c.args, code, c.code, out, errs)
		}
	}
	backup := s.dir + "/backup.db"
	s.cli("backup", backup)
	var people []struct {
		Address string `json:"address"`
	}
	if err := json.Unmarshal([]byte(s.cli("--json", "people", "list")), &people); err != nil || len(people) != 3 {
		t.Errorf("people list has %v, %v", people, err)
	}
}
