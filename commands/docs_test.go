package commands

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var quoted = regexp.MustCompile("`([^`]+)`")

// Every phrase of docs/selfservice.md is understood as the command it stands beside,
// and every command has three.
func TestThePageIsUnderstood(t *testing.T) {
	page, err := os.ReadFile("../docs/selfservice.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[Kind]int{}
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.HasPrefix(line, "|---") {
			continue
		}
		kind := Kind(strings.TrimSpace(cells[1]))
		for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
			seen[kind]++
			r := Read(Input{Text: m[1], Now: written(t), Policies: policyNames})
			if len(r.Commands) != 1 || r.Commands[0].Kind != kind || len(r.Back) > 0 {
				t.Errorf("%q is read as %v %v, want %s", m[1], r.Commands, r.Back, kind)
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[4], -1) { // How it is ended.
			r := Read(Input{Text: m[1], Now: written(t), Policies: policyNames})
			if len(r.Commands) == 0 {
				t.Errorf("%q is not understood", m[1])
			}
		}
	}
	for _, k := range Kinds() {
		if seen[k] < 3 {
			t.Errorf("%s has %d phrases on the page", k, seen[k])
		}
	}
}
