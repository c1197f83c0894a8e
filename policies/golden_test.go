package policies

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/mail"
)

var update = flag.Bool("update", false, "rewrite golden files")

// now is Monday 2 March 2026, 13:00 in London.
func now() time.Time { return time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC) }

// surroundings is what a case says beside its message.
type surroundings struct {
	Null         bool     `json:"null"`
	Device       bool     `json:"device"`
	Unreadable   bool     `json:"unreadable"`
	UrgentThread bool     `json:"urgent_thread"`
	Parent       string   `json:"parent"`
	Uses         int      `json:"uses"`
	Priority     int      `json:"priority"`
	Senders      []string `json:"senders"`
	Domains      []string `json:"domains"`
	Words        []string `json:"words"`
	UrgentFrom   []string `json:"urgent_from"`

	Newcomers    []string             `json:"newcomers"`
	ThreadLength int                  `json:"thread_length"`
	Rounds       int                  `json:"rounds"`
	OnlyOther    bool                 `json:"only_other"`
	StormReplies int                  `json:"storm_replies"`
	StormLimit   int                  `json:"storm_limit"`
	FirstSees    map[string]time.Time `json:"first_sees"`
	OfficeHours  map[string]string    `json:"office_hours"`
	Objection    bool                 `json:"objection"`
	Past         []PastDecision       `json:"past_decisions"`
}

// readCase makes the input of a case: the envelope is that of the header, and who
// writes from team.example has a login.
func readCase(t testing.TB, file string) Input {
	t.Helper()
	octets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s surroundings
	if raw, err := os.ReadFile(strings.TrimSuffix(file, ".eml") + ".json"); err == nil {
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
	}
	head, body := mail.SplitHead(octets)
	content := mail.Scan(head, body)
	h := mail.ParseHeader(head)
	from := mail.Address{}
	if list := h.Addresses("From"); !s.Null {
		from = list[0].Address
	}
	in := Input{
		Facts: mail.FactsOf(h, content, from), NewWords: mail.NewWords(content), From: from, Device: s.Device, Unreadable: s.Unreadable,
		Submitted: s.Null || from.Domain == "team.example", UrgentThread: s.UrgentThread, ParentSubject: s.Parent,
		HeaderUses: s.Uses, Priority: s.Priority, Team: Lists{Domains: s.Domains, Words: s.Words},
		Person: Lists{Senders: s.Senders, UrgentFrom: s.UrgentFrom},
	}
	if in.Zone, err = time.LoadLocation("Europe/London"); err != nil {
		t.Fatal(err)
	}
	in.Read = Standalone(in.Facts, content, in.Zone).Read
	in.ThreadLength, in.Rounds, in.OnlyOther, in.StormReplies, in.StormLimit = s.ThreadLength, s.Rounds, s.OnlyOther, s.StormReplies, s.StormLimit
	in.FirstSees, in.OfficeHours = s.FirstSees, s.OfficeHours
	in.Objection, in.PastDecisions = s.Objection, s.Past
	for _, n := range s.Newcomers {
		local, domain, _ := strings.Cut(n, "@")
		in.Newcomers = append(in.Newcomers, mail.Address{Local: local, Domain: domain})
	}
	for _, m := range h.Addresses("To") {
		in.Recipients = append(in.Recipients, Recipient{Address: m.Address, Team: m.Address.Domain == "team.example"})
	}
	return in
}

// show writes findings one a line: action, reason, whom, what, when.
func show(found []Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%s %s", f.Action, f.Reason)
		if f.Recipient != Everybody {
			fmt.Fprintf(&b, " recipient=%d", f.Recipient)
		}
		if f.Text != "" {
			fmt.Fprintf(&b, " text=%q", f.Text)
		}
		if f.Quote != "" {
			fmt.Fprintf(&b, " quote=%q", f.Quote)
		}
		if len(f.Missing) > 0 {
			fmt.Fprintf(&b, " missing=%s", strings.Join(f.Missing, ","))
		}
		if f.Hours != "" {
			fmt.Fprintf(&b, " hours=%q", f.Hours)
		}
		if !f.Due.IsZero() {
			fmt.Fprintf(&b, " due=%s seen=%s", f.Due.Format(time.RFC3339), f.Seen.Format(time.RFC3339))
		}
		if f.Span != (Span{}) {
			fmt.Fprintf(&b, " span=%d-%d", f.Span.Start, f.Span.End)
		}
		if f.When != nil {
			fmt.Fprintf(&b, " at=%s kind=%s", f.When.At.Format(time.RFC3339), f.When.Kind)
			if f.When.Gap {
				b.WriteString(" gap")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestGoldenCases(t *testing.T) {
	for _, p := range Table() {
		files, err := filepath.Glob(filepath.Join("testdata", p.Name, "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		accepting, deciding := 0, 0
		for _, file := range files {
			t.Run(p.Name+"/"+filepath.Base(file), func(t *testing.T) {
				in := readCase(t, file)
				found := p.Evaluate(in, now())
				if p.Coach { // what is never coached belongs to the case
					found = only(Coach(in, now()), p.Name)
				}
				got := show(found)
				if got == "" {
					accepting++
				} else {
					deciding++
				}
				want := strings.TrimSuffix(file, ".eml") + ".want"
				if *update {
					if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				text, err := os.ReadFile(want)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(text), got); diff != "" {
					t.Errorf("findings differ from %s:\n%s", want, diff)
				}
			})
		}
		if p.Coach && (accepting < 4 || deciding < 4) {
			t.Errorf("coach policy %s has %d accepting and %d deciding cases, want four of each at least", p.Name, accepting, deciding)
		}
		if accepting == 0 || deciding == 0 {
			t.Errorf("policy %s has %d accepting and %d deciding cases, want one of each at least", p.Name, accepting, deciding)
		}
		if !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("policy %s has no sentence", p.Name)
		}
	}
}

// only keeps the findings of one policy.
func only(found []Finding, policy string) []Finding {
	var out []Finding
	for _, f := range found {
		if f.Policy == policy {
			out = append(out, f)
		}
	}
	return out
}

func TestEvaluateKeepsTheOrderOfTheTable(t *testing.T) {
	in := readCase(t, "testdata/tags/02-urgent.eml")
	in.Facts.IsList = true
	in.Priority = 9
	var got []string
	for _, f := range Evaluate(in, now()) {
		got = append(got, f.Policy)
	}
	if s := strings.Join(got, " "); s != "pass tags urgent" {
		t.Errorf("got %q", s)
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		file string
		want string
	}{
		{"tags/01-now", "mei@team.example now"},
		{"tags/02-urgent", "mei@team.example urgent=tag"},
		{"tags/05-friday-nine", "mei@team.example at=2026-03-06T09:00:00Z"},
		{"tags/09-no-time", "mei@team.example"},
		{"tags/11-address-now", "mei@team.example now; tom@team.example"},
		{"tags/13-address-urgent", "mei@team.example urgent=address"},
		{"tags/14-address-label", "mei+lists@team.example"},
		{"tags/15-strangers-address", "joe+now@else.example"},
		{"tags/20-together", "mei@team.example together; tom@team.example together"},
		{"urgent/02-importance-high", "mei@team.example urgent=header"},
		{"pass/08-list", "mei@team.example pass=list"},
		{"pass/13-named-recipient-with-a-tag", "mei+x@team.example pass=named-sender"},
	} {
		in := readCase(t, "testdata/"+c.file+".eml")
		var got []string
		for _, v := range Judge(in, Evaluate(in, now())) {
			s := v.Address.String()
			if v.Pass != "" {
				s += " pass=" + string(v.Pass)
			}
			if v.Urgent != "" {
				s += " urgent=" + string(v.Urgent)
			}
			if v.Now {
				s += " now"
			}
			if v.When != nil {
				s += " at=" + v.When.At.Format(time.RFC3339)
			}
			if v.Together {
				s += " together"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s: got %q, want %q", c.file, s, c.want)
		}
	}
}

func TestWhatIsSaidOfOneReaderBeatsWhatIsSaidOfAll(t *testing.T) {
	in := readCase(t, "testdata/tags/12-address-time.eml")
	in.Facts.Subject = "[now] Budget"
	v := Judge(in, Evaluate(in, now()))
	if !v[0].Now || v[1].Now || v[1].When == nil {
		t.Errorf("verdicts: %+v", v)
	}
	if got := Tag(Evaluate(in, now())); got != "now" {
		t.Errorf("tag to cut: %q", got)
	}
	if got := Tag(nil); got != "" {
		t.Errorf("tag of nothing: %q", got)
	}
	stray := []Finding{{Recipient: 7, Action: Now}, {Recipient: Everybody, Action: AsIs}}
	if v := Judge(in, stray); v[0].Now || v[1].Now {
		t.Errorf("verdicts of a stray finding: %+v", v)
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, s := range []string{"[now] x", "[send Fri 9am] x", " [urgent]", "[send", "[]", "[send \xff] x"} {
		f.Add(s, "Decision: x by Mon", "mei+fri9am")
	}
	f.Fuzz(func(t *testing.T, subject, words, local string) {
		in := Input{Submitted: true, NewWords: words, Facts: mail.Facts{Subject: subject},
			Recipients: []Recipient{{Address: mail.Address{Local: local, Domain: "team.example"}, Team: true}},
			Team:       Lists{Words: []string{"pay"}}}
		for _, found := range Evaluate(in, now()) {
			if found.Recipient != Everybody && found.Recipient != 0 {
				t.Fatalf("finding about recipient %d", found.Recipient)
			}
			if found.Span.Start < 0 || found.Span.End < found.Span.Start || found.Span.End > max(len(subject), len(local)) {
				t.Fatalf("span %v", found.Span)
			}
			if found.Action == At && found.When == nil {
				t.Fatal("a time without a time")
			}
		}
		Judge(in, Evaluate(in, now()))
	})
}
