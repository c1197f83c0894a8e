package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A set is a folder of examples. A set is one file with a run function, and one
// line in the table below.
type set struct {
	name string
	run  func(folder string, r *Result) error
}

// sets is the table of all known sets, in the order in which they are run.
var sets = []set{
	{"calendar", lines(runCalendar)},
	{"work-mail", lines(runWorkMail)},
	{"parakweet-intent", lines(runRequests)},
	{"deadline-spans", lines(runDeadlines)},
	{"dates-recognizers-en", lines(runDates(datesRecognizers))},
	{"dates-duckling-en", lines(runDates(datesDuckling))},
	{"dates-chrono-en", lines(runDates(datesChrono))},
	{"quote-stripping", lines(runQuotes)},
	{"odd-mail", runOddMail},
	{"threading", runThreading},
}

// A lineSet sets up the measures of a set and returns what reads one line of it.
type lineSet func(r *Result) func(line []byte) error

// lines runs a set on the lines of its file cases.jsonl.
func lines(begin lineSet) func(folder string, r *Result) error {
	return func(folder string, r *Result) error {
		path := filepath.Join(folder, "cases.jsonl")
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("open set: %w", err)
		}
		defer file.Close()
		return eachLine(file, path, begin(r))
	}
}

// maxLine is the longest line of a set.
const maxLine = 1 << 20

// eachLine calls use for every line that is not blank. Errors name file and line.
func eachLine(r io.Reader, path string, use func(line []byte) error) error {
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for scan.Scan() {
		n++
		line := bytes.TrimSpace(scan.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := use(line); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", path, n+1, err)
	}
	return nil
}

// sameJSON reports whether two values have the same JSON form.
func sameJSON(a, b any) (same bool, textA, textB string) {
	textA, textB = canonical(a), canonical(b)
	return textA == textB, textA, textB
}

// canonical is the JSON form with sorted keys and without spaces.
func canonical(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return err.Error()
	}
	text, _ = json.Marshal(plain)
	return string(text)
}

// strict reads JSON into v and refuses keys that v does not have.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one value")
	}
	return nil
}
