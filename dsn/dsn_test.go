package dsn

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/internal/testkit"
	"tidepost/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	now    = time.Date(2026, 11, 24, 9, 30, 0, 0, time.FixedZone("", 11*3600))
	ana    = mail.Address{Local: "ana", Domain: "team.example"}
	system = mail.Mailbox{Name: "Mail delivery", Address: mail.Address{Local: "postmaster", Domain: "team.example"}}
)

func to(s string) mail.Recipient {
	local, domain, _ := strings.Cut(s, "@")
	return mail.Recipient{Address: mail.Address{Local: local, Domain: domain}}
}

func reply(code int, a, b, c int, text string) mail.Reply {
	return mail.Reply{Code: code, Enhanced: [3]int{a, b, c}, Text: text}
}

func report(sample string, list ...Recipient) Report {
	head, body := mail.SplitHead([]byte(sample))
	return Report{
		From: system, To: ana, MessageID: "report-1@team.example", Now: now, Reporting: "tide.team.example",
		EnvID: "env-1", Arrival: now.Add(-4 * time.Hour), Head: head, Body: body, Recipients: list,
	}
}

func seed() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }

func build(t *testing.T, r Report) string {
	t.Helper()
	head, body, err := Build(r, seed())
	if err != nil {
		t.Fatal(err)
	}
	return string(head) + string(body)
}

func TestGolden(t *testing.T) {
	gone := Recipient{Recipient: to("tom@client.example"), Action: Failed, Reply: reply(550, 5, 1, 1, "User unknown"), Said: true, Remote: "mx.client.example", Last: now}
	gone.ORcpt = "rfc822;tom@client.example"
	full := Recipient{Recipient: to("eva@client.example"), Action: Failed, Reply: reply(552, 5, 2, 2, "Over quota"), Said: true, Remote: "mx.client.example", Last: now}
	silent := gone
	silent.Recipient = to("silent@client.example")
	silent.Notify = "NEVER"
	late := Recipient{Recipient: to("tom@client.example"), Action: Delayed, Reply: reply(451, 4, 4, 1, "mx.client.example does not answer"), Remote: "mx.client.example", Last: now, RetryTo: now.AddDate(0, 0, 5)}
	expired := late
	expired.Action = Expired
	passed := Recipient{Recipient: to("tom@client.example"), Action: Relayed, Reply: reply(250, 2, 0, 0, "Ok"), Said: true, Remote: "mx.client.example"}
	passed.Notify = "SUCCESS,FAILURE"
	global := Recipient{Recipient: to("zoë@client.example"), Action: Failed, Reply: reply(550, 5, 6, 7, "mx.client.example does not take internationalized addresses"), Remote: "mx.client.example"}

	whole := report(testkit.ToSeveral(), gone)
	whole.Ret = "FULL"
	wide := report(testkit.ToSeveral(), global)
	wide.UTF8 = true
	for name, r := range map[string]Report{
		"failed": report(testkit.ToSeveral(), gone, full, silent), "delayed": report(testkit.ToSeveral(), late), "expired": report(testkit.ToSeveral(), expired),
		"relayed": report(testkit.ToSeveral(), passed), "full": whole, "global": wide, "xtext": report(testkit.UTF8(), global),
	} {
		got := build(t, r)
		if got != build(t, r) {
			t.Errorf("%s: two builds differ", name)
		}
		file := filepath.Join("testdata", name+".eml")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !cleanLines([]byte(got)) {
			t.Errorf("%s: bad line ends", name)
		}
		if name != "global" && !isASCII(got) {
			t.Errorf("%s: 8-bit octets", name)
		}
		// What we write, we can read.
		head, body := mail.SplitHead([]byte(got))
		n, ok := Parse(head, body)
		if !ok || n.EnvID != "env-1" || n.Reporting != "tide.team.example" {
			t.Errorf("%s: read back %+v, %v", name, n, ok)
		}
		wantID := mail.ParseHeader(r.Head).MessageIDs("Message-ID")[0]
		if n.MessageID != wantID {
			t.Errorf("%s: message id %q, want %q", name, n.MessageID, wantID)
		}
		if name == "global" || name == "xtext" {
			if got := n.Outcomes[0].Recipient.Local; got != "zoë" {
				t.Errorf("%s: recipient %q", name, got)
			}
		}
	}
}

func TestWanted(t *testing.T) {
	for _, c := range []struct {
		action Action
		notify string
		want   bool
	}{
		{Failed, "", true}, {Failed, "NEVER", false}, {Failed, "SUCCESS", false}, {Failed, "success, failure", true}, {Expired, "FAILURE", true},
		{Delayed, "", true}, {Delayed, "FAILURE", false}, {Delayed, "DELAY", true}, {Delayed, "NEVER", false},
		{Relayed, "", false}, {Relayed, "SUCCESS", true}, {Delivered, "FAILURE", false}, {Delivered, "SUCCESS", true}, {Expanded, "NEVER", false},
	} {
		if got := Wanted(c.action, c.notify); got != c.want {
			t.Errorf("Wanted(%s, %q) = %v", c.action, c.notify, got)
		}
	}
}

func TestNoReport(t *testing.T) {
	never := Recipient{Recipient: to("a@b.example"), Action: Failed}
	never.Notify = "NEVER"
	null := report(testkit.Question(), Recipient{Recipient: to("a@b.example"), Action: Failed})
	null.To = mail.Address{}
	for _, r := range []Report{null, report(testkit.Question()), report(testkit.Question(), never)} {
		if head, body, err := Build(r, seed()); head != nil || body != nil || err != nil {
			t.Errorf("got a report: %q %v", head, err)
		}
	}
	r := report(testkit.Question(), Recipient{Recipient: to("a@b.example"), Action: Failed})
	if _, _, err := Build(r, iotest.ErrReader(errors.New("no randomness"))); err == nil {
		t.Error("built without randomness")
	}
}

func TestForeignTextStaysText(t *testing.T) {
	evil := "no\r\nAction: delivered\r\n\r\n--=_x\r\nContent-Type: text/html\x00\x1b[2J\u202e\u2028é\xff " + strings.Repeat("long ", 1000)
	x := Recipient{Recipient: to("a@b.example"), Action: Failed, Reply: reply(550, 5, 7, 1, evil), Said: true, Remote: "mx\r\nX: y"}
	x.ORcpt = "rfc822;a@b\r\nX-Evil: 1"
	r := report("Subject: =?utf-8?q?hi=0D=0AX-Evil:_1?=\r\nMessage-ID: <a@b>\r\nX: \x00\r\n\r\n", x)
	r.EnvID, r.Reporting = "e\r\nX-Evil: 1", "tide\r\nX-Evil: 1"
	got := build(t, r)
	for line := range strings.SplitSeq(got, "\r\n") {
		if strings.HasPrefix(line, "X-Evil") || strings.HasPrefix(line, "Action: delivered") || strings.HasPrefix(line, "--=_x") {
			t.Errorf("injected line %q", line)
		}
	}
	if strings.ContainsAny(got, "\x00\x1b\u202e") || !cleanLines([]byte(got)) || len(got) > 8000 {
		t.Errorf("%d octets: %q", len(got), got)
	}
	head, body := mail.SplitHead([]byte(got))
	if n, ok := Parse(head, body); !ok || len(n.Outcomes) != 1 || n.Outcomes[0].Action != Failed || n.Outcomes[0].Status != [3]int{5, 7, 1} {
		t.Errorf("read back %+v", n)
	}
}

func TestWhatComesBackIsBounded(t *testing.T) {
	gone := Recipient{Recipient: to("a@b.example"), Action: Failed}
	small := testkit.Question()
	head, _ := mail.SplitHead([]byte(small))
	for name, c := range map[string]struct {
		text   string
		ret    string
		utf8   bool
		action Action
		whole  bool
	}{
		"full": {small, "FULL", false, Failed, true}, "headers": {small, "HDRS", false, Failed, false}, "default": {small, "", false, Failed, false},
		"too big":        {small + strings.Repeat("long\r\n", 20000), "FULL", false, Failed, false},
		"bare LF":        {small + "a\nb\r\n", "FULL", false, Failed, false},
		"NUL":            {small + "a\x00b\r\n", "FULL", false, Failed, false},
		"long line":      {small + strings.Repeat("x", 999) + "\r\n", "FULL", false, Failed, false},
		"8-bit":          {testkit.UTF8(), "FULL", false, Failed, false},
		"8-bit accepted": {testkit.UTF8(), "FULL", true, Failed, true},
		"not failed":     {small, "FULL", false, Delayed, false},
	} {
		gone.Action = c.action
		r := report(c.text, gone)
		r.Ret, r.UTF8 = c.ret, c.utf8
		got := build(t, r)
		if whole := strings.Contains(got, "Content-Type: message/rfc822"); whole != c.whole || whole == strings.Contains(got, "text/rfc822-headers") {
			t.Errorf("%s: whole %v, want %v", name, whole, c.whole)
		}
		if c.whole && !strings.Contains(got, c.text) {
			t.Errorf("%s: the mail changed", name)
		}
		if has8 := !isASCII(got); has8 != strings.Contains(strings.SplitN(got, "\r\n\r\n", 2)[0], "Content-Transfer-Encoding: 8bit") {
			t.Errorf("%s: 8-bit octets %v, but the head says otherwise", name, has8)
		}
	}
	huge := report(string(head[:len(head)-2])+strings.Repeat("X-Filler: "+strings.Repeat("y", 60)+"\r\n", 1500)+"\r\n", gone)
	if got := build(t, huge); len(got) > 25<<10 {
		t.Errorf("%d octets of report for a huge header", len(got))
	}
}

func TestEveryFailureIsExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range [][2]int{{1, 1}, {1, 2}, {1, 10}, {2, 1}, {2, 2}, {2, 3}, {4, 6}, {6, 7}, {7, 1}, {0, 0}} {
		x := Recipient{Action: Failed, Reply: reply(550, 5, e[0], e[1], "")}
		why, do := x.explain()
		if why == "" || do == "" || seen[why] {
			t.Errorf("5.%d.%d: %q, %q", e[0], e[1], why, do)
		}
		seen[why] = true
	}
	for _, action := range []Action{Delayed, Delivered, Relayed, Expanded, Expired} {
		x := Recipient{Recipient: to("a@b.example"), Action: action}
		x.Notify = "SUCCESS,DELAY,FAILURE"
		r := report("Message-ID: <a@b>\r\n\r\n", x)
		r.EnvID = ""
		text := build(t, r)
		why, _ := x.explain()
		if !strings.Contains(text, why[:10]) || !strings.Contains(text, "(no subject)") {
			t.Errorf("%s: %s", action, text)
		}
	}
}

func TestParseOthers(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Notice
	}{
		"postfix": {testkit.Bounce(), Notice{MessageID: "k1@team.example", Reporting: "mx.client.example", Outcomes: []Outcome{
			{to("tom@client.example").Address, Failed, [3]int{5, 1, 1}, "550 5.1.1 User unknown", "in.client.example"}}}},
		"exim": {"From: x@y.example\r\nX-Failed-Recipients: a@b.example,\r\n c@d.example\r\nIn-Reply-To: <m@team.example>\r\n\r\nsorry\r\n",
			Notice{MessageID: "m@team.example", Outcomes: []Outcome{
				{Recipient: to("a@b.example").Address, Action: Failed, Status: [3]int{5, 0, 0}},
				{Recipient: to("c@d.example").Address, Action: Failed, Status: [3]int{5, 0, 0}}}}},
		"LF, base64, no action": {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n" +
			"UmVwb3J0aW5nLU1UQTogZG5zO214CgpGaW5hbC1SZWNpcGllbnQ6IHJmYzgyMjs8YUBiLmV4YW1wbGU+ClN0YXR1czogNC4yLjAgKGJ1c3kpCg==\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <z@team.example>\n--b--\n",
			Notice{MessageID: "z@team.example", Reporting: "mx", Outcomes: []Outcome{{Recipient: to("a@b.example").Address, Action: Delayed, Status: [3]int{4, 2, 0}}}}},
	} {
		head, body := mail.SplitHead([]byte(c.text))
		got, ok := Parse(head, body)
		if diff := cmp.Diff(c.want, got); diff != "" || !ok {
			t.Errorf("%s: %v (-want +got):\n%s", name, ok, diff)
		}
	}
	for _, s := range testkit.Samples() {
		head, body := mail.SplitHead([]byte(s.Text))
		if n, ok := Parse(head, body); ok != (s.Name == "bounce") {
			t.Errorf("%s: report %v, %+v", s.Name, ok, n)
		}
	}
	forwarded := "Content-Type: message/rfc822\r\n\r\n" + testkit.Bounce()
	head, body := mail.SplitHead([]byte(forwarded))
	if n, ok := Parse(head, body); ok {
		t.Errorf("a forwarded report was taken for one: %+v", n)
	}
	many := "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n" + strings.Repeat("Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n\r\n", 5000)
	head, body = mail.SplitHead([]byte(many))
	if n, ok := Parse(head, body); !ok || len(n.Outcomes) != maxOutcomes {
		t.Errorf("%d outcomes, want %d", len(n.Outcomes), maxOutcomes)
	}
}

func TestSmallReaders(t *testing.T) {
	for in, want := range map[string]string{`a\x{EB}b`: "aëb", `a\x{zz}b`: `a\x{zz}b`, `a\x{EB`: `a\x{EB`, `plain`: "plain", `\x{2B}\x{3D}`: "+="} {
		if got := unescape(in); got != want {
			t.Errorf("unescape(%q) = %q", in, got)
		}
	}
	for in, want := range map[string][3]int{"5.1.1 (x)": {5, 1, 1}, "5.1": {}, "5.x.1": {}, "5.1.1000": {}, "": {}} {
		if got := readCode(in); got != want {
			t.Errorf("readCode(%q) = %v", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(testkit.Bounce()))
	f.Add([]byte("X-Failed-Recipients: a@b\r\n\r\n"))
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		head, body := mail.SplitHead(b)
		n, ok := Parse(head, body)
		if ok != (len(n.Outcomes) > 0) || len(n.Outcomes) > maxOutcomes {
			t.Errorf("ok %v with %d outcomes", ok, len(n.Outcomes))
		}
		for _, o := range n.Outcomes {
			if o.Recipient.IsNull() || o.Action == "" || bytes.ContainsAny([]byte(o.Diagnostic+o.Remote), "\r\n\x00") {
				t.Errorf("outcome %+v", o)
			}
		}
	})
}
