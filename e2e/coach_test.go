package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

const vague = "Can we chat about the project?\n"

// A draft that would cost a round trip is accepted, lies in Before sending with advice
// beside it, and leaves by itself.
func TestADraftIsHandedBack(t *testing.T) {
	t.Parallel()
	s := setup(t, options{config: map[string]string{"coach.mode": `"on"`, "coach.delay": `"15s"`}})
	ana, tom := s.reader(t, "ana"), s.reader(t, "tom")
	text := mailTo("Ana <ana@team.example>", "Tom <tom@team.example>", "Project", "v1@team.example", vague)
	began := time.Now()
	s.submit("ana", text, "tom@team.example")
	draft := ana.find("Before sending", "Project", patience)
	if want := strings.ReplaceAll(text, "\n", "\r\n"); draft.text != want || !slices.Contains(draft.flags, "$SubmitPending") {
		t.Errorf("the draft is not what was sent: %v\nwant %q\ngot  %q", draft.flags, want, draft.text)
	}
	const title = "Before sending: what is it about? (Project)"
	note := ana.find("INBOX", title, patience)
	if n := ana.count("Before sending", title); n != 1 {
		t.Errorf("%d letters of advice beside the draft", n)
	}
	for _, want := range []string{"In-Reply-To: <v1@team.example>", "Auto-Submitted: auto-", "Return-Path: <>", "It leaves "} {
		if !strings.Contains(note.text, want) {
			t.Errorf("the advice lacks %q:\n%s", want, note.text)
		}
	}
	if !slices.Contains(ana.folders(), "Before sending") {
		t.Error("Before sending is not listed")
	}
	if n := tom.count("INBOX", "Project"); n != 0 {
		t.Error("Tom has it already")
	}
	tom.find("INBOX", "Project", patience)
	if waited := time.Since(began); waited < 14*time.Second {
		t.Errorf("it left after %s", waited)
	}
	ana.gone("Before sending", "Project", patience)
	ana.gone("Before sending", title, patience)
	var journey []struct{ Events []struct{ Event string } }
	s.ask(&journey, "trace", "v1@team.example")
	var kinds []string
	for _, e := range journey[0].Events {
		kinds = append(kinds, e.Event)
	}
	if !slices.Contains(kinds, "advice") || !slices.Contains(kinds, "advice-ended") {
		t.Errorf("the ledger: %v", kinds)
	}
	s.cli("ledger", "check")
}

// What an author can do with a draft that was handed back.
func TestWhatBecomesOfADraft(t *testing.T) {
	t.Parallel()
	s := setup(t, options{config: map[string]string{"coach.mode": `"on"`}})
	ana, tom := s.reader(t, "ana"), s.reader(t, "tom")
	send := func(subject, id, text string) {
		t.Helper()
		s.submit("ana", mailTo("Ana <ana@team.example>", "tom@team.example", subject, id, text), "tom@team.example")
	}
	send("Moved", "m1@team.example", "Can we chat about the first project?\n")
	ana.find("Before sending", "Moved", patience)
	ana.move("Before sending", "Scheduled/Send now", ana.uid("Before sending", "m1@team.example"))
	tom.find("INBOX", "Moved", patience)

	send("Dropped", "d1@team.example", "Can we chat about the second project?\n")
	ana.find("Before sending", "Dropped", patience)
	ana.move("Before sending", "Drafts", ana.uid("Before sending", "d1@team.example"))
	ana.find("Drafts", "Dropped", patience)
	ana.find("INBOX", "Not sent: Dropped", patience)

	send("Edited", "e1@team.example", "Can we chat about the third project?\n")
	ana.find("Before sending", "Edited", patience)
	send("Edited", "e2@team.example", "Can we chat about the third project on Thursday at ten? I propose to end it in May; please say yes or no by Wednesday.\n")
	if got := tom.find("INBOX", "Edited", patience); !strings.Contains(got.text, "end it in May") {
		t.Errorf("Tom got the old version:\n%s", got.text)
	}
	ana.find("Trash", "Edited", patience)
	ana.find("INBOX", "Replaced: Edited", patience)

	send("[as is] Insisted", "i1@team.example", "Can we chat about the fourth project?\n")
	tom.find("INBOX", "Insisted", patience)

	send("Answered", "a1@team.example", "Can we chat about the fifth project?\n")
	note := ana.find("INBOX", "Before sending: what is it about? (Answered)", patience)
	s.submit("ana", mailTo("ana@team.example", "tidepost@team.example", "Re: advice", "w1@team.example", "send\n", "In-Reply-To: <"+note.mid+">"), "tidepost@team.example")
	tom.find("INBOX", "Answered", patience)

	// Twice within a week the advice changed nothing: it is silent for Ana now, and says so.
	ana.find("INBOX", "No more advice on missing context", patience)
	var list []struct {
		Policy      string
		Judged      int
		FalseAlarms int `json:"false_alarms"`
	}
	s.ask(&list, "policy", "list")
	for _, p := range list {
		if p.Policy == "context" && (p.Judged != 4 || p.FalseAlarms != 2) {
			t.Errorf("the policy: %+v", p)
		}
	}
	s.cli("ledger", "check")
}

// Who wants to be stopped is refused once, with all of the advice in the first line.
func TestStopRefusesOnce(t *testing.T) {
	t.Parallel()
	s := setup(t, options{people: []person{awake("ana", "--coach-mode", "stop"), awake("tom")}, config: map[string]string{"coach.mode": `"on"`}})
	submit := func(id string) result {
		file := s.letter(id+".eml", mailTo("Ana <ana@team.example>", "tom@team.example", "Project", id+"@team.example", vague))
		return s.swaks("submissions", append(login("ana", "PLAIN"), "--from", "ana@team.example", "--to", "tom@team.example", "--data", "@"+file)...)
	}
	refused := submit("p1")
	line := ""
	for l := range strings.Lines(refused.out) {
		if i := strings.Index(l, "550 5.7.1"); i >= 0 {
			line = strings.TrimSpace(l[i:])
		}
	}
	if refused.code == 0 || len(line) > 100 || !strings.Contains(line, "[as is]") || !strings.Contains(line, "Can we chat") {
		t.Errorf("exit code %d, refusal %q of %d octets\n%s", refused.code, line, len(line), refused.out)
	}
	if again := submit("p2"); again.code != 0 {
		t.Errorf("the same words again: exit code %d\n%s", again.code, again.out)
	}
	s.reader(t, "tom").find("INBOX", "Project", patience)
	s.reader(t, "ana").find("INBOX", "Sent as it is: Project", patience)
}

// Nobody outside waits, and a dry run shows in the report only.
func TestADryRunIsReported(t *testing.T) {
	t.Parallel()
	s := setup(t, options{config: map[string]string{"coach.mode": `"dry-run"`, "hold.mode": `"dry-run"`}})
	s.submit("ana", mailTo("Ana <ana@team.example>", "tom@team.example", "Project", "v1@team.example", vague), "tom@team.example")
	s.submit("ana", mailTo("Ana <ana@team.example>", mei, "Plan of the week", "v2@team.example", "The plan of the week hangs at the door.\n"), mei)
	s.submit("ana", mailTo("Ana <ana@team.example>", "joe@else.example", "Offer for the mill", "v3@team.example", "Please find the offer attached.\n"), "joe@else.example")
	s.next("v3@team.example")
	s.reader(t, "tom").find("INBOX", "Project", patience)
	s.reader(t, "mei").find("INBOX", "Plan of the week", patience)
	if got := s.reader(t, "ana").letters("INBOX"); len(got) != 0 {
		t.Errorf("Ana got %+v", got)
	}
	var rep struct {
		Hold struct {
			Would int `json:"would_wait"`
		}
		Coach []struct {
			Policy string
			Mails  int
		}
	}
	out := s.cli("report", "dry-run", "--json")
	if err := json.Unmarshal([]byte(out), &rep); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, c := range rep.Coach {
		counts[c.Policy] += c.Mails
	}
	if rep.Hold.Would != 1 || counts["context"] != 1 || counts["attachment"] != 1 {
		t.Errorf("report:\n%s", out)
	}
	if out := s.cli("report", "dry-run"); !strings.Contains(out, "1 of 3") && !strings.Contains(out, "would have waited") {
		t.Errorf("report:\n%s", out)
	}
}
