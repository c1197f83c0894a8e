package badinput

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A response is one IMAP response; literals stay out of its text.
type response struct {
	tag  string // "*", "+", or a command's
	text string // behind the tag
	at   time.Time
}

func (r response) String() string { return r.tag + " " + r.text }

// word is OK, NO, BAD, BYE or PREAUTH.
func (r response) word() string {
	w, _, _ := strings.Cut(r.text, " ")
	return strings.ToUpper(w)
}

var literalEnd = regexp.MustCompile(`\{([0-9]+)\+?\}$`)

// readResponses splits a stream of responses; octets of literals are left out.
func readResponses(heard []byte, marks []mark) []response {
	var out []response
	var text strings.Builder
	for off := 0; off < len(heard); {
		i := bytes.IndexByte(heard[off:], '\n')
		if i < 0 {
			break
		}
		line := strings.TrimRight(string(heard[off:off+i]), "\r")
		off += i + 1
		text.WriteString(line)
		if m := literalEnd.FindStringSubmatch(line); m != nil && !strings.HasPrefix(text.String(), "+") {
			n, err := strconv.Atoi(m[1])
			if err == nil && off+n <= len(heard) {
				off += n
				continue
			}
			if err == nil {
				break // It has not come yet.
			}
		}
		tag, rest, _ := strings.Cut(text.String(), " ")
		out = append(out, response{tag, rest, at(marks, off)})
		text.Reset()
	}
	return out
}

// A talk is an IMAP session read off a wire.
type talk struct {
	responses []response
	tags      []string // of the commands sent, as far as they can be told apart
	ends      []int    // offsets behind each of their first lines
}

var commandLine = regexp.MustCompile(`^([A-Za-z0-9.]+) ([A-Za-z]+)`)

func readIMAP(w *wire) talk {
	w.mu.Lock()
	t := talk{responses: readResponses(w.heard, w.heardAt)}
	w.mu.Unlock()
	off := 0
	for line := range bytes.Lines(w.sent) {
		off += len(line)
		if m := commandLine.FindSubmatch(line); m != nil && bytes.HasSuffix(line, []byte("\r\n")) {
			t.tags = append(t.tags, string(m[1]))
			t.ends = append(t.ends, off)
		}
	}
	return t
}

// answered reports whether every command has a tagged response. Tags may repeat.
func (t talk) answered() bool {
	count := map[string]int{}
	for _, r := range t.responses {
		count[r.tag]++
	}
	for _, tag := range t.tags {
		if count[tag]--; count[tag] < 0 {
			return false
		}
	}
	return len(t.tags) > 0
}

// setUp reports whether a tag is that of the opening (login, select) of a row.
func setUp(tag string) bool { return regexp.MustCompile(`^a[0-9]*$`).MatchString(tag) }

// tested returns the responses that a row is about: tagged ones but for the opening's,
// unless the opening failed; BYE; untagged BAD and NO.
func (t talk) tested() []response {
	var out []response
	for _, r := range t.responses {
		switch {
		case r.tag == "*" || r.tag == "+":
			if w := r.word(); w == "BYE" || w == "BAD" || w == "NO" {
				out = append(out, r)
			}
		case !setUp(r.tag) || r.word() != "OK":
			out = append(out, r)
		}
	}
	return out
}
