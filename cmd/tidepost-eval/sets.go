package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// sets is the table of all known sets, in the order in which they are run. A set
// is one file with a run function, and one line here.
var sets = []struct {
	name string
	run  func(cases io.Reader, path string) (Result, error)
}{
	{"calendar", runCalendar},
	{"quote-stripping", runQuotes},
	{"work-mail", runWorkMail},
	{"deadline-spans", runDeadlines},
	{"parakweet-intent", runRequests},
	{"dates-recognizers-en", runDates(datesRecognizers)},
	{"dates-duckling-en", runDates(datesDuckling)},
	{"dates-chrono-en", runDates(datesChrono)},
}

// folderSets are the sets that are folders of files.
var folderSets = []struct {
	name string
	run  func(folder string) (Result, error)
}{
	{"odd-mail", runOddMail},
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

func sortedNames(m map[string]float64) []string { return slices.Sorted(maps.Keys(m)) }
