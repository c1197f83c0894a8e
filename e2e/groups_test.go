package e2e

import (
	"slices"
	"strings"
	"testing"
)

// A group and a role over the wire: swaks sends, curl and the IMAP reader look.
func TestGroupAndRole(t *testing.T) {
	t.Parallel()
	s := install(t, options{})
	s.cli("group", "add", "all@team.example", "--members", "ana tom mei carla@press.example", "--name", "All of us")
	s.cli("role", "add", "support@team.example", "--members", "ana tom", "--first-reply", "2h")
	s.start()
	ana, tom := s.reader(t, "ana"), s.reader(t, "tom")

	s.submit("ana", mailTo("ana@team.example", "all@team.example", "Lift", "lift@team.example", "The lift is out of order on Friday.\n"), "all@team.example")
	l := tom.find("INBOX", "Lift", patience)
	if !strings.Contains(l.text, "To: all@team.example\r\n") || strings.Contains(l.text, "Bcc") {
		t.Errorf("the head is not as it was:\n%s", l.text)
	}
	if got := recipients(s.next("lift@team.example")); !slices.Equal(got, []string{"carla@press.example"}) {
		t.Errorf("at the smarthost: %v", got)
	}
	if n := ana.count("INBOX", "Lift"); n != 0 {
		t.Errorf("the author got %d copies", n)
	}
	if out := s.cli("queue", "why", "lift@team.example"); !strings.Contains(out, "mei@team.example (all@team.example) is held until") {
		t.Errorf("why says\n%s", out)
	}
	if out := s.cli("when", "ana@team.example", "all@team.example"); !strings.Contains(out, "tom@team.example (all@team.example)") || strings.Contains(out, "ana@team.example (") {
		t.Errorf("when says\n%s", out)
	}

	// An alias that it gets beside the running server, and that nobody else can have then.
	s.cli("group", "set", "all@team.example", "--aliases", "+alle@team.example")
	if _, errs, code := s.try("people", "set", "tom@team.example", "--aliases", "+alle@team.example"); code == 0 || !strings.Contains(errs, "alle@team.example is an alias of the group all@team.example") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	s.submit("ana", mailTo("ana@team.example", "alle@team.example", "Stairs", "stairs@team.example", "Use the stairs on Friday.\n"), "alle@team.example")
	tom.find("INBOX", "Stairs", patience)

	// From outside: not to the group, and nobody has the last address.
	for to, want := range map[string]string{"all@team.example": "550 5.7.1 Only people of the team may write to all@team.example", "al@team.example": "550 5.1.1"} {
		if got := s.swaks("inbound", "--from", "otto@shop.example", "--to", to); got.code == 0 || !strings.Contains(got.out, want) {
			t.Errorf("%s: swaks ended with %d:\n%s", to, got.code, got.out)
		}
	}
	file := s.letter("refund.eml", mailTo("Otto <otto@shop.example>", "support@team.example", "Refund", "refund@shop.example", "Could you refund order 4711?\n"))
	if got := s.swaks("inbound", "--from", "otto@shop.example", "--to", "support+x@team.example", "--data", "@"+file); got.code != 0 {
		t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
	}
	open := func(name string) int {
		return len(hits(s.curl(name, folderURL("Needs reply"), "-X", `SEARCH SUBJECT "Refund"`)))
	}
	ana.find("Needs reply", "Refund", patience)
	tom.find("Needs reply", "Refund", patience)
	if out := s.cli("role", "show", "support@team.example"); !strings.Contains(out, "1 open, 1 of them with nobody yet") {
		t.Errorf("show says\n%s", out)
	}

	// Nobody but a member sends as the role.
	answer := func(name, id string) result {
		file := s.letter(id+".eml", mailTo("support@team.example", "otto@shop.example", "Re: Refund", id+"@team.example", "Done.\n",
			"In-Reply-To: <refund@shop.example>", "References: <refund@shop.example>"))
		return s.swaks("submissions", append(login(name, "PLAIN"), "--from", "support@team.example", "--to", "otto@shop.example", "--data", "@"+file)...)
	}
	if got := answer("mei", "no"); got.code == 0 || !strings.Contains(got.out, "553 5.7.1") {
		t.Errorf("swaks ended with %d:\n%s", got.code, got.out)
	}
	if got := answer("ana", "first"); got.code != 0 {
		t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
	}
	if open("ana")+open("tom") != 0 {
		t.Error("it is still open")
	}
	if from := s.next("first@team.example").Header("From"); !strings.Contains(from, "support@team.example") {
		t.Errorf("From: %s", from)
	}
	if got := answer("tom", "second"); got.code != 0 {
		t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
	}
	tom.find("INBOX", "Ana answered before you: Re: Refund", patience)
	s.next("second@team.example")
	s.cli("ledger", "check")
}
