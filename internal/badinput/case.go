package badinput

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// maxRow bounds a line of a catalogue.
const maxRow = 64 << 20

// A Case is one row of a catalogue.
type Case struct {
	ID         string            `json:"id"`
	Protocol   string            `json:"protocol"`
	Phase      string            `json:"phase"`
	Send       []json.RawMessage `json:"send"`
	Expect     string            `json:"expect"`
	Codes      []string          `json:"codes"`
	Invariants []string          `json:"invariants"`
	RFC        string            `json:"rfc"`
	Note       string            `json:"note"`

	Steps []Step `json:"-"` // Send, understood

	want    []outcome // Expect, understood
	unknown error     // a word that is not of the language
}

// Load reads a catalogue. An unreadable row is an error that names its line.
func Load(r io.Reader) ([]Case, error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), maxRow)
	var cases []Case
	for n := 1; in.Scan(); n++ {
		if strings.TrimSpace(in.Text()) == "" {
			continue
		}
		var c Case
		err := json.Unmarshal(in.Bytes(), &c)
		if err == nil && c.ID == "" {
			err = errors.New("it has no id")
		}
		if err != nil {
			return nil, fmt.Errorf("read line %d: %w", n, err)
		}
		for i, raw := range c.Send {
			s, err := parseStep(raw)
			if err != nil {
				return nil, fmt.Errorf("read line %d (%s): step %d: %w", n, c.ID, i+1, err)
			}
			if n := len(c.Steps); s.name == "base64" && n > 0 && strings.Contains(strings.ToLower(c.Steps[n-1].text), "transfer-encoding: base64") {
				s.data = []byte(columns(string(s.data))) // It is a body, not a word of a command.
			}
			c.Steps = append(c.Steps, s)
		}
		c.unknown = c.understand()
		cases = append(cases, c)
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	return cases, nil
}

// has reports whether one of the steps is of kind k.
func (c *Case) has(k stepKind) bool {
	_, ok := c.step(k)
	return ok
}

func (c *Case) step(k stepKind) (Step, bool) {
	for _, s := range c.Steps {
		if s.kind == k {
			return s, true
		}
	}
	return Step{}, false
}

// mentions reports whether a text step contains s.
func (c *Case) mentions(s string) bool {
	for _, st := range c.Steps {
		if strings.Contains(strings.ToUpper(st.text), strings.ToUpper(s)) {
			return true
		}
	}
	return false
}

var ownAddress = regexp.MustCompile(`[a-z0-9._-]+@` + regexp.QuoteMeta(domain))

// people are local parts that an invariant names as somebody: the honest second
// recipient of a smuggling row must exist, or its absence would prove nothing.
func (c *Case) people() []string {
	var names []string
	for _, inv := range c.Invariants {
		for _, a := range ownAddress.FindAllString(inv, -1) {
			names = append(names, strings.TrimSuffix(a, "@"+domain))
		}
	}
	if c.mentions(forcedError) {
		names = append(names, forcedError)
	}
	return names
}

// invariant returns what stands behind prefix in the invariant that has it.
func (c *Case) invariant(prefix string) (rest string, ok bool) {
	for _, inv := range c.Invariants {
		if rest, ok = strings.CutPrefix(inv, prefix); ok {
			return rest, true
		}
	}
	return "", false
}
