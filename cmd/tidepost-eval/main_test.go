package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const repoData = "../../testdata"

func TestCalendarSetIsAnsweredRightly(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"-data", repoData, "-json", "calendar"}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	const want = `{"set":"calendar","items":265,"metrics":{"accuracy":1}}` + "\n"
	if out.String() != want {
		t.Errorf("got %s, want %s", &out, want)
	}
	out.Reset()
	if code := run([]string{"-data", repoData, "-errors", "5", "calendar"}, &out, &errs); code != 0 || !strings.Contains(out.String(), "265  -                    -                     1.000  0.986-1.000 ") || strings.Contains(out.String(), "want") {
		t.Errorf("exit %d, got %s", code, &out)
	}
}

func dataWith(t *testing.T, lines string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "calendar"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "calendar", "cases.jsonl"), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWrongAnswersAreListed(t *testing.T) {
	dir := dataWith(t, strings.Join([]string{
		`{"id":"right","op":"wall","person":{"zone":"UTC"},"args":{"wall":"2026-01-01T00:00:00"},"expect":{"at":"2026-01-01T00:00:00Z"}}`,
		``,
		`{"id":"wrong","op":"wall","person":{"zone":"UTC"},"args":{"wall":"2026-01-01T00:00:00"},"expect":{"at":"2026-01-01T00:00:01Z"},"note":"a second off"}`,
		`{"id":"more","op":"due","person":{"zone":"UTC"},"args":{"start":"2026-01-01T00:00:00Z","minutes":1},"expect":{"at":null,"also":1}}`,
		`{"id":"op","op":"guess","args":{"odd":1},"expect":{"at":null}}`,
		`{"id":"arg","op":"tide","person":{"zone":"UTC"},"args":{"then":1},"expect":{"at":null}}`,
		`{"id":"zone","op":"tide","person":{"zone":"EST"},"args":{},"expect":{"at":null}}`,
		`{"id":"key","op":"tide","person":{"zone":"UTC","hour":1},"args":{},"expect":{"at":null}}`,
		`{"id":"via","op":"clock","person":{"zone":"UTC"},"args":{"via":"pigeon"},"expect":{"at":null}}`,
		`{"id":"wall","op":"wall","person":{"zone":"UTC"},"args":{},"expect":{"at":null}}`,
		`{"id":"people","op":"together","people":[{"zone":"UTC"},{"zone":"Local"}],"args":{},"expect":{"at":null}}`,
		`{"id":"people-key","op":"together","people":[{"zones":"UTC"}],"args":{},"expect":{"at":null}}`,
	}, "\n"))
	var out, errs bytes.Buffer
	if code := run([]string{"-data", dir, "-errors", "99"}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	for _, want := range []string{
		"calendar: wrong\n  got  {\"at\":\"2026-01-01T00:00:00Z\"}\n  want {\"at\":\"2026-01-01T00:00:01Z\"}\n  note a second off\n",
		"calendar: more\n",
		`unknown op \"guess\"`,
		`args: json: unknown field \"then\"`,
		`person: zone: \"EST\"`,
		`person: unknown key \"hour\"`,
		`args: unknown via \"pigeon\"`,
		`args: wall is missing`,
		`people[1]: zone: \"Local\"`,
		`people[0]: unknown key \"zones\"`,
		" 0.091  0.016-0.377 ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), ": right\n") {
		t.Error("a right answer is listed")
	}
}

func TestUnreadableDataEndsWithAnError(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "calendar", "cases.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	good := `{"id":"a","op":"wall","person":{"zone":"UTC"},"args":{"wall":"2026-01-01T00:00:00"},"expect":{"at":"2026-01-01T00:00:00Z"}}`
	for _, tc := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no flags", nil, 2, "usage: "},
		{"unknown flag", []string{"-x"}, 2, "-x"},
		{"unknown set", []string{"-data", repoData, "more"}, 2, `unknown set "more"`},
		{"negative", []string{"-data", repoData, "-errors", "-1"}, 2, "usage: "},
		{"named set is not there", []string{"-data", repoData, "odd-mail"}, 1, "odd-mail"},
		{"no folder", []string{"-data", filepath.Join(folder, "none")}, 1, "read data folder"},
		{"no set", []string{"-data", t.TempDir()}, 1, "no known set"},
		{"set is a folder", []string{"-data", folder}, 1, "cases.jsonl"},
		{"cut off", []string{"-data", dataWith(t, good+"\n"+good[:40])}, 1, "cases.jsonl:2: unexpected end"},
		{"not an object", []string{"-data", dataWith(t, "\n7")}, 1, "cases.jsonl:2: "},
		{"no id", []string{"-data", dataWith(t, `{"op":"wall","expect":{}}`)}, 1, "cases.jsonl:1: id, op or expect is missing"},
		{"too long", []string{"-data", dataWith(t, good+"\n"+strings.Repeat("x", maxLine+1))}, 1, "cases.jsonl:2: "},
	} {
		var out, errs bytes.Buffer
		if code := run(tc.args, &out, &errs); code != tc.code || !strings.Contains(errs.String(), tc.want) {
			t.Errorf("%s: exit %d, %q, want %d, %q", tc.name, code, &errs, tc.code, tc.want)
		}
	}
}

func TestWorstMistakesComeFirst(t *testing.T) {
	var r Result
	r.Set = "x"
	r.fail(Failure{ID: "small", Weight: 1})
	r.fail(Failure{ID: "big", Weight: 3})
	r.fail(Failure{ID: "middle", Weight: 2, Note: "why"})
	var out bytes.Buffer
	if err := r.printWorst(&out, 2); err != nil {
		t.Fatal(err)
	}
	if want := "x: big\n  got  \n  want \nx: middle\n  got  \n  want \n  note why\n"; out.String() != want {
		t.Errorf("got %q", &out)
	}
}

func TestIntervals(t *testing.T) {
	m := Measure{form: formF1}
	for i := range 100 {
		m.yesNo(i%10 != 0, i%10 != 1) // 8 right, 1 missed, 1 too many of 10
	}
	if low, high := m.interval(); low > m.score() || high < m.score() || high-low > 0.2 || high-low < 0.05 {
		t.Errorf("%v in %v-%v", m.score(), low, high)
	}
	if low, high := wilson(0, 0); low != 0 || high != 1 {
		t.Errorf("of nothing: %v-%v", low, high)
	}
	if low, high := wilson(90, 100); low < 0.82 || low > 0.83 || high < 0.94 || high > 0.95 { // Wilson (1927): 0.826-0.945
		t.Errorf("90 of 100: %v-%v", low, high)
	}
}
