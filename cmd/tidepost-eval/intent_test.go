package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidepost/mail"
)

// measured is a line of what the command prints with -json.
type measured struct {
	Set     string
	Items   int
	Metrics map[string]float64
}

// evalLines runs the set on lines and returns what it prints as JSON.
func evalLines(t *testing.T, set string, lines ...string) measured {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, set), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, set, "cases.jsonl"), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return evalFolder(t, dir)[set]
}

func evalFolder(t *testing.T, dir string) map[string]measured {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run([]string{"-data", dir, "-json"}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	results := map[string]measured{}
	for line := range strings.Lines(out.String()) {
		var r measured
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		results[r.Set] = r
	}
	return results
}

func checkMetrics(t *testing.T, got measured, want map[string]float64) {
	t.Helper()
	for name, w := range want {
		if g, ok := got.Metrics[name]; !ok || math.Abs(g-w) > 0.001 {
			t.Errorf("%s: %s is %.4f, want %.4f", got.Set, name, g, w)
		}
	}
}

func TestDateSets(t *testing.T) {
	got := evalLines(t, "dates-recognizers-en",
		`{"id":"a","text":"I'll be back tomorrow","ref":"2026-03-11T00:00:00","expected":[{"type":"datetimeV2.date","values":[{"value":"2026-03-12"}]}]}`,
		`{"id":"b","text":"I'll be back tomorrow","ref":"2026-03-11T00:00:00","expected":[{"type":"datetimeV2.date","values":[{"value":"2026-03-13"}]}]}`,
		`{"id":"c","text":"nothing here","ref":"2026-03-11T00:00:00","expected":[]}`,
		`{"id":"d","text":"on 3 May","ref":"2026-03-11T00:00:00","expected":[]}`,
		`{"id":"e","text":"a range","ref":"2026-03-11T00:00:00","expected":[{"type":"datetimeV2.daterange","values":[{"start":"2026-03-13"}]}]}`)
	checkMetrics(t, got, map[string]float64{"accuracy": 0.5, "negatives": 0.5})
	got = evalLines(t, "dates-duckling-en",
		`{"id":"a","text":"at 3pm","ref":"2013-02-12T04:30:00-02:00","group":"EN","expected":[{"kind":"datetime","start":"2013-02-12T15:00:00"}]}`,
		`{"id":"b","text":"3/4","ref":"2013-02-12T04:30:00-02:00","group":"GB","expected":[{"kind":"datetime","start":"2013-04-03T00:00:00"}]}`,
		`{"id":"c","text":"thanksgiving","ref":"2013-02-12T04:30:00-02:00","group":"EN","expected":[{"kind":"datetime","holiday":"Thanksgiving","start":"2013-11-28T00:00:00"}]}`)
	checkMetrics(t, got, map[string]float64{"accuracy": 1})
	got = evalLines(t, "dates-chrono-en", `{"id":"a","text":"8/10/2012","ref":"2012-08-10T00:00:00","expected":[{"value":"2012-08-10T12:00:00"}]}`)
	checkMetrics(t, got, map[string]float64{"accuracy": 1})
}

func TestQuoteSet(t *testing.T) {
	got := evalLines(t, "quote-stripping",
		`{"id":"talon/a","kind":"plain","text":"Yes\n\nOn 1 May 2026, Bob <b@x.test> wrote:\n> no","reply":"Yes"}`,
		`{"id":"talon/b","kind":"html","text":"<p>Yes</p><blockquote>no</blockquote>","reply":"Ye s"}`,
		`{"id":"talon/c","kind":"signature","text":"Yes\n-- \nBob","signature":"-- \nBob"}`,
		`{"id":"crisp/a","kind":"plain","text":"Yes\n-- \nBob","reply":"Yes"}`,
		`{"id":"crisp/b","kind":"plain","text":"Yes\n-- \nBob","reply":"No"}`)
	checkMetrics(t, got, map[string]float64{"talon": 1, "crisp": 0.5})
}

func TestDeadlineAndRequestSets(t *testing.T) {
	got := evalLines(t, "deadline-spans",
		`{"id":"a","text":"Send it by Friday.","deadline":"explicit","span":"by Friday"}`,
		`{"id":"b","text":"I am out until Tuesday.","deadline":"none","span":""}`,
		`{"id":"c","text":"Sometime, maybe.","deadline":"explicit","span":"Sometime"}`,
		`{"id":"d","text":"Whenever.","deadline":"ambiguous","span":""}`)
	checkMetrics(t, got, map[string]float64{"f1": 2.0 / 3, "span_f1": 2.0 / 3})
	if got.Items != 3 {
		t.Errorf("%d items", got.Items)
	}
	got = evalLines(t, "parakweet-intent",
		`{"id":"a","text":"Could you please call me?","intent":1}`,
		`{"id":"b","text":"The boat was mailed to the state.","intent":0}`,
		`{"id":"c","text":"The other boat was mailed too.","intent":0}`)
	checkMetrics(t, got, map[string]float64{"f1": 1, "rules_f1": 1, "auc": 1})
}

func TestAuc(t *testing.T) {
	if low, high := aucInterval([]scoredLabel{{0.1, false}, {0.5, true}, {0.5, false}, {0.9, true}}); low > 0.5 || high != 1 {
		t.Errorf("interval of four: %v-%v", low, high)
	}
	if got := auc([]scoredLabel{{0.1, false}, {0.5, true}, {0.5, false}, {0.9, true}}); math.Abs(got-0.875) > 1e-9 {
		t.Errorf("got %v", got)
	}
	if got := auc([]scoredLabel{{0.1, true}}); got != 0 {
		t.Errorf("one class: %v", got)
	}
}

func TestWorkMailSet(t *testing.T) {
	eml := func(to, body string) string {
		b, err := json.Marshal("From: Ana Sousa <ana@x.test>\r\nTo: " + to + "\r\nSubject: The address list of the Lisbon office\r\nDate: Mon, 09 Mar 2026 10:00:00 +0000\r\n\r\n" + body + "\r\n")
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	got := evalLines(t, "work-mail",
		`{"id":"a","zone":"UTC","eml":`+eml("Mei <mei@x.test>", "Could you send the list by Friday?")+`,"labels":{"asks":[{"text":"Could you send the list by Friday?","of":["mei@x.test"],"due":"2026-03-13T17:30:00Z"}],"attachment":"none","medium":"async","tone":"plain"}}`,
		`{"id":"b","zone":"UTC","eml":`+eml("Mei <mei@x.test>, Tom <tom@x.test>", "Could you both send the list by Friday?")+`,"labels":{"asks":[{"text":"Could you both send the list by Friday?","of":["tom@x.test","mei@x.test"],"due":"2026-03-13T12:00:00Z"}],"attachment":"none","medium":"async","tone":"plain"}}`,
		`{"id":"c","zone":"UTC","eml":`+eml("Mei <mei@x.test>", "The list is attached. I'll call you tomorrow.")+`,"labels":{"asks":[],"promises":[{"text":"I'll call you tomorrow."}],"attachment":"named-missing","coach":"yes","medium":"async","tone":"harsh"}}`,
		`{"id":"d","zone":"UTC","eml":`+eml("Mei <mei@x.test>", "We have decided to close the shop.")+`,"labels":{"asks":[],"decisions":["We have decided to close the shop.","We go."],"attachment":"none","medium":"sensitive","tone":"plain"}}`)
	checkMetrics(t, got, map[string]float64{"ask_f1": 1, "ask_span_f1": 1, "owner_acc": 1, "due_acc": 0.5, "decision_f1": 2.0 / 3, "promise_f1": 1, "attachment_f1": 1, "medium_recall": 0, "harsh_recall": 0, "coach_precision": 1, "coach_recall": 1})
}

func TestSameOwners(t *testing.T) {
	to := []mail.Mailbox{{Address: mail.Address{Local: "a", Domain: "x"}}, {Address: mail.Address{Local: "b", Domain: "x"}}}
	for _, c := range []struct {
		got, want []string
		same      bool
	}{
		{[]string{"*"}, []string{"b@x", "a@x"}, true},
		{[]string{"dan"}, []string{"dan.k@x"}, true},
		{[]string{"da"}, []string{"dan.k@x"}, false},
		{nil, []string{"*"}, false},
		{nil, nil, true},
	} {
		if sameOwners(c.got, c.want, to) != c.same {
			t.Errorf("%v and %v", c.got, c.want)
		}
	}
}

func TestOddMailSet(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "odd-mail")
	if err := os.Mkdir(odd, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a.eml": "Subject: x\n\nHello", "a.json": `{"text_body":[0],"parts":[{"body":{"Text":"Hello"}}]}`,
		"b.msg": "Subject: x\n\n", "b.xml": "<message><header><field>Subject: x</field></header><body>Hello</body></message>", "c.msg": "\n\n", "c.xml": "<message><body> </body></message>", "c.json": "{}", "d.txt": "x",
		"b_decoded_1.txt": "no message",
	} {
		if err := os.WriteFile(filepath.Join(odd, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := evalFolder(t, dir)["odd-mail"]
	checkMetrics(t, got, map[string]float64{"accepted": 1, "text": 0.5})
	if got.Items != 4 {
		t.Errorf("%d items", got.Items)
	}
}

// TestBars holds what the shared sets measured; a change that makes it worse
// has to say why.
func TestBars(t *testing.T) {
	dir := os.Getenv("TIDEPOST_DATA")
	if dir == "" {
		t.Skip("TIDEPOST_DATA is not set: the data sets are not part of the repository")
	}
	results := evalFolder(t, dir)
	for set, bars := range map[string]map[string]float64{
		"parakweet-intent":     {"f1": 0.81, "auc": 0.91, "rules_f1": 0.75},
		"work-mail":            {"ask_f1": 0.92, "ask_span_f1": 0.85, "owner_acc": 0.90, "due_acc": 0.90, "coach_precision": 0.90, "coach_recall": 0.60, "promise_f1": 0.80, "attachment_f1": 0.80, "medium_precision": 0.85, "medium_recall": 0.60, "harsh_precision": 0.85, "harsh_recall": 0.60},
		"deadline-spans":       {"f1": 0.85},
		"dates-recognizers-en": {"accuracy": 0.85, "negatives": 0.95},
		"dates-duckling-en":    {"accuracy": 0.80, "negatives": 0.95},
		"quote-stripping":      {"talon": 0.85, "crisp": 0.85},
		"odd-mail":             {"accepted": 1, "text": 1},
	} {
		got, ok := results[set]
		if !ok {
			t.Errorf("%s was not run", set)
		}
		for name, bar := range bars {
			if got.Metrics[name] < bar {
				t.Errorf("%s: %s is %.4f, bar %.2f", set, name, got.Metrics[name], bar)
			}
		}
	}
}
