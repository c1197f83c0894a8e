package story

import (
	"fmt"
	"os"
	"strings"
)

// A statement is one sentence of a story with the indented lines below it.
type statement struct {
	file string
	line int // from 1
	text string
	// details are the indented lines "key: value"; body are those that begin with |,
	// without it; talk are those that begin with > or <, whole.
	details []detail
	body    []string
	talk    []detail
}

// A detail is one indented line.
type detail struct {
	line       int
	key, value string
}

// mistake is an error of the one who wrote the story.
type mistake struct {
	file string
	line int
	text string
}

// Error gives FILE:LINE: what is wrong.
func (m *mistake) Error() string { return fmt.Sprintf("%s:%d: %s", m.file, m.line, m.text) }

func (s *statement) wrong(format string, args ...any) error {
	return &mistake{s.file, s.line, fmt.Sprintf(format, args...)}
}

func (s *statement) wrongAt(d detail, format string, args ...any) error {
	return &mistake{s.file, d.line, fmt.Sprintf(format, args...)}
}

// maxFile bounds a story file.
const maxFile = 1 << 20

// A Story is one story of a file, read and understood.
type Story struct {
	File  string
	Line  int
	Title string

	steps []step
	cast  *cast
}

// ReadFile reads all stories of a file. The error names every mistake, one a line.
func ReadFile(path string) ([]Story, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: is longer than %d octets", path, maxFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, string(text))
}

// split parts the text of a file into statements.
func split(file, text string) ([]*statement, error) {
	var out []*statement
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' && !strings.ContainsRune("|<>", rune(trimmed[0])) {
			out = append(out, &statement{file: file, line: i + 1, text: tidy(trimmed)})
			continue
		}
		if len(out) == 0 {
			return nil, &mistake{file, i + 1, "an indented line needs a statement above it"}
		}
		if err := out[len(out)-1].addLine(i+1, trimmed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// addLine takes one indented line.
func (s *statement) addLine(n int, line string) error {
	if rest, ok := strings.CutPrefix(line, "|"); ok {
		s.body = append(s.body, strings.TrimPrefix(rest, " "))
		return nil
	}
	if line[0] == '>' || line[0] == '<' {
		s.talk = append(s.talk, detail{n, line[:1], strings.TrimSpace(line[1:])})
		return nil
	}
	key, value, ok := strings.Cut(line, ":")
	if q := strings.IndexByte(line, '"'); q >= 0 && (!ok || q < len(key)) {
		key, value = line[:q], line[q:] // says "9:00", without a colon
	}
	s.details = append(s.details, detail{n, strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)})
	return nil
}

// tidy makes the many ways of typing one sentence equal: quotes, spaces, a full stop
// or colon at the end, and words that only lead in.
func tidy(s string) string {
	s = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "’", "'", "→", "->", "–", "-", "\u00a0", " ").Replace(s)
	var b strings.Builder
	quoted, space := false, false
	for _, r := range s {
		if r == '"' {
			quoted = !quoted
		}
		if !quoted && (r == ' ' || r == '\t') {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	s = b.String()
	for {
		t := s
		t = strings.TrimRight(t, ".:,; ")
		for _, word := range []string{"and ", "then ", "expect ", "expect: ", "now "} {
			if len(t) > len(word) && strings.EqualFold(t[:len(word)], word) {
				t = t[len(word):]
			}
		}
		if t == s {
			return s
		}
		s = t
	}
}

// quotes returns the quoted strings of s in order.
func quotes(s string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(s, `"`)
		if !ok {
			return out
		}
		q, rest, ok := strings.Cut(rest, `"`)
		if !ok {
			return out
		}
		out = append(out, q)
		s = rest
	}
}
