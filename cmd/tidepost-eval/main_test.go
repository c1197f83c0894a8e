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
	if code := run([]string{"-data", repoData, "-json"}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	const want = `{"set":"calendar","items":265,"metrics":{"accuracy":1}}` + "\n"
	if out.String() != want {
		t.Errorf("got %s, want %s", &out, want)
	}
	out.Reset()
	if code := run([]string{"-data", repoData}, &out, &errs); code != 0 || out.String() != "calendar: 265 items, 0 wrong, accuracy 1.0000\n" {
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
	if code := run([]string{"-data", dir}, &out, &errs); code != 0 {
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
		"calendar: 11 items, 10 wrong, accuracy 0.0909\n",
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
		{"left over", []string{"-data", repoData, "more"}, 2, "usage: "},
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
