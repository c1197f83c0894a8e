package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThreadingSetIsAnsweredRightly(t *testing.T) {
	data := os.Getenv("TIDEPOST_DATA")
	if data == "" {
		t.Skip("TIDEPOST_DATA is not set: the data sets are not part of the repository")
	}
	var out, errs bytes.Buffer
	if code := run([]string{"-data", data, "-json", "threading"}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	const want = `{"set":"threading","items":9,"metrics":{"accuracy":1,"base_subject":1}}` + "\n"
	if out.String() != want {
		t.Errorf("got %s, want %s", &out, want)
	}
}

func threadingWith(t *testing.T, script, outlines string) string {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "threading")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	mbox := "From a@x  Fri Feb 22 23:00:00 2008 +0200\nMessage-ID: <a@x>\n\n1\n\nFrom b@x Fri Feb 22 23:00:01 2008\nIn-Reply-To: <a@x>\n\n2\n"
	for name, text := range map[string]string{"one.mbox": mbox, "one.script.txt": script, "jwz-mailkit.json": outlines} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const outline = `{"cases":[{"id":"ring","algorithm":"REFERENCES","messages":[
	{"n":1,"subject":"a","message_id":"<1>","date":"01 Jan 1997 12:00:00 -0400","references":[]},
	{"n":2,"subject":"b","message_id":"<2>","date":"01 Jan 1997 12:00:00 -0400","references":["<3>"]},
	{"n":3,"subject":"c","message_id":"<3>","date":"01 Jan 1997 12:00:00 -0400","references":["<2>"]}],
	"expected_outline":[{"depth":0,"subject":"a"}]}],"base_subjects":[{"subject":"Re: x","base":"y"}]}`

func TestWrongTreesAreListed(t *testing.T) {
	dir := threadingWith(t, "ok append\nok append\nok select $mailbox\nok thread references us-ascii all\n* THREAD (1)(2)\nok store 1 +flags \\deleted\nok expunge\nok thread references us-ascii all\n* THREAD (1)\n", outline)
	var out, errs bytes.Buffer
	if code := run([]string{"-data", dir, "-errors", "9"}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	for _, want := range []string{"threading: one\n  got  (1 2) then (1)\n  want (1)(2) then (1)\n", "got  x\n  want y\n", " 0.500 ", " 0.000 "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, &out)
		}
	}
}

func TestBrokenThreadingSetsEndWithAnError(t *testing.T) {
	for name, tc := range map[string][3]string{
		"unknown line":      {"ok dance now", outline, `"ok dance now": unknown line`},
		"unknown algorithm": {"ok thread magic us-ascii all", outline, `unknown algorithm "magic"`},
		"no such message":   {"ok store 9 +flags", outline, `no message "9"`},
		"no json":           {"", "{", "jwz-mailkit.json: "},
		"odd algorithm":     {"", `{"cases":[{"id":"c","algorithm":"x"}]}`, `case "c": unknown algorithm`},
	} {
		var out, errs bytes.Buffer
		if code := run([]string{"-data", threadingWith(t, tc[0], tc[1])}, &out, &errs); code != 1 || !strings.Contains(errs.String(), tc[2]) {
			t.Errorf("%s: exit %d, %s", name, code, &errs)
		}
	}
}
