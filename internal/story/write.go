package story

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// slug makes a Message-ID of a name.
var notPlain = regexp.MustCompile(`[^a-z0-9]+`)

func (w *world) midOf(name string) string {
	plain := strings.Trim(notPlain.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return fmt.Sprintf("%s.%x@story.example", plain, []byte(name)[:min(3, len(name))])
}

// ref is the Message-ID of a mail, sent or yet to be sent.
func (w *world) ref(name string) string {
	if s, ok := w.mails[name]; ok {
		return s.mid
	}
	return w.midOf(name)
}

// compose writes a letter as a mail program does, and remembers it.
func (w *world) compose(l *letter) (*sent, error) {
	now := time.Now()
	s := &sent{name: l.name, mid: w.midOf(l.name), subject: l.subject, author: l.author, envelop: l.envelope}
	from := l.author.name + " <" + l.author.address + ">"
	s.from = l.author.address
	if l.from != "" {
		from, s.from = l.from, bare(l.from)
	}
	quoted, err := w.context(l, s)
	if err != nil {
		return nil, err
	}
	if s.subject == "" {
		s.subject = l.name
	}
	shown := s.subject
	if l.tag != "" {
		shown = strings.TrimSpace(l.tag + " " + shown)
	}
	zone := l.author.zone
	if zone == nil {
		zone = w.zone
	}
	var b bytes.Buffer
	field := func(name, value string) {
		if value != "" && !overridden(l.headers, name) {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	field("From", from)
	field("To", strings.Join(s.to, ", "))
	field("Cc", strings.Join(s.cc, ", "))
	if len(l.bcc) > 0 {
		field("Bcc", strings.Join(l.bcc, ", "))
	}
	field("Subject", mime.QEncoding.Encode("utf-8", shown))
	field("Date", now.In(zone).Format(time.RFC1123Z))
	field("Message-ID", "<"+s.mid+">")
	if len(s.refs) > 0 {
		field("In-Reply-To", "<"+s.refs[len(s.refs)-1]+">")
		field("References", "<"+strings.Join(s.refs, "> <")+">")
	}
	field("MIME-Version", "1.0")
	field("Content-Type", "text/plain; charset=utf-8")
	field("Content-Transfer-Encoding", "8bit")
	for _, h := range l.headers {
		b.WriteString(h + "\r\n")
	}
	s.text = strings.Join(l.words(), "\n")
	b.WriteString("\r\n" + strings.ReplaceAll(body(s.text, quoted, l.quote), "\n", "\r\n") + "\r\n")
	s.raw = b.Bytes()
	for _, a := range concat(s.to, s.cc, l.bcc) {
		s.rcpts = append(s.rcpts, bare(a))
	}
	if l.returnPath != nil {
		s.from = *l.returnPath
	}
	w.mails[l.name] = s
	return s, nil
}

func concat(lists ...[]string) []string {
	var out []string
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// words are the lines of a letter, or some that want nothing of anybody.
func (l *letter) words() []string {
	if len(l.body) > 0 || len(l.under) > 0 {
		return l.body
	}
	if l.forward {
		return []string{"For your records."}
	}
	return []string{"For your records, as we said."}
}

func overridden(headers []string, name string) bool {
	for _, h := range headers {
		if k, _, _ := strings.Cut(h, ":"); strings.EqualFold(strings.TrimSpace(k), name) {
			return true
		}
	}
	return false
}

// context fills in what comes from the mail that is answered: subject, readers,
// references. quoted are its words, each line with >.
func (w *world) context(l *letter, s *sent) (quoted string, err error) {
	s.to, s.cc = l.to, l.cc
	for _, name := range l.references {
		s.refs = append(s.refs, w.ref(name))
	}
	parent := w.mails[l.answers]
	if l.answersOwn != "" {
		if parent, err = w.ownLetter(l.answersOf, l.answersOwn); err != nil {
			return "", err
		}
		if l.quote == "" {
			l.quote = "below"
		}
	}
	if parent == nil {
		if l.answers != "" {
			s.refs = append(s.refs, w.midOf(l.answers))
		}
		return "", nil
	}
	s.refs = append(s.refs, parent.refs...)
	s.refs = append(s.refs, parent.mid)
	if s.subject == "" {
		prefix := "Re: "
		if l.forward {
			prefix = "Fwd: "
		}
		s.subject = prefix + strings.TrimPrefix(strings.TrimPrefix(parent.subject, "Re: "), "Fwd: ")
	}
	if l.forward {
		return "---------- Forwarded message ----------\nFrom: " + parent.from + "\nSubject: " + parent.subject + "\n\n" + parent.text, nil
	}
	if len(s.to) == 0 {
		s.to = w.answerTo(l, parent)
	}
	if l.everybody {
		s.to, s.cc = w.answerAll(l, parent, s)
	}
	return w.quote(l, parent)
}

// answerTo is whom a plain answer goes to.
func (w *world) answerTo(l *letter, parent *sent) []string {
	if parent.author == l.author && parent.author != nil { // One's own mail again: its readers.
		return parent.to
	}
	if parent.author != nil {
		return []string{parent.author.name + " <" + parent.from + ">"}
	}
	return []string{parent.from}
}

func (w *world) answerAll(l *letter, parent *sent, s *sent) (to, cc []string) {
	keep := func(list []string) (out []string) {
		for _, a := range list {
			if bare(a) != l.author.address && !strings.Contains(strings.Join(s.to, " "), bare(a)) {
				out = append(out, a)
			}
		}
		return out
	}
	return append(s.to, keep(parent.to)...), append(s.cc, keep(parent.cc)...)
}

// quote is the text that is answered as mail programs quote it.
func (w *world) quote(l *letter, parent *sent) (string, error) {
	lines := strings.Split(strings.TrimRight(parent.text, "\n"), "\n")
	who := parent.from
	if parent.author != nil {
		who = parent.author.name
	}
	out := "On " + time.Now().Format("Mon, 2 Jan 2006") + ", " + who + " wrote:\n"
	used := make([]bool, len(l.under))
	last := -1
	flush := func() {
		if last >= 0 {
			out += "\n" + l.under[last].value + "\n\n"
			used[last], last = true, -1
		}
	}
	for _, line := range lines {
		if n := numberOf(line); n != "" || strings.TrimSpace(line) == "" {
			flush()
			for i, u := range l.under {
				if n != "" && strings.Trim(u.key, " #.:)") == n && !used[i] {
					last = i
				}
			}
		}
		out += strings.TrimRight("> "+line, " ") + "\n"
	}
	flush()
	for i, u := range l.under {
		if !used[i] {
			return "", fmt.Errorf("there is no item %s in what is answered:\n%s", u.key, parent.text)
		}
	}
	if len(l.under) > 0 {
		l.quote = "inline"
	}
	return out, nil
}

var numbered = regexp.MustCompile(`^\s*[\[(]?(\d{1,3})[.):\]]`)

// numberOf is the number with which a line of a digest begins.
func numberOf(line string) string {
	if m := numbered.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// body puts words and quote together.
func body(words, quoted, how string) string {
	switch {
	case quoted == "" || how == "none":
		return words
	case how == "above":
		return quoted + "\n" + words
	case how == "inline":
		if words == "" {
			return quoted
		}
		return words + "\n\n" + quoted
	}
	return words + "\n\n" + quoted
}

// headerOf returns the first field of a message called name, unfolded and decoded.
func headerOf(raw []byte, name string) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	v := m.Header.Get(name)
	if d, err := new(mime.WordDecoder).DecodeHeader(v); err == nil {
		return d
	}
	return v
}

// readable returns the text and the HTML of a message.
func readable(raw []byte) (text, html string) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return string(raw), ""
	}
	return readPart(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0)
}

func readPart(kind, encoding string, r io.Reader, depth int) (text, html string) {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		media = "text/plain"
	}
	if strings.HasPrefix(media, "multipart/") && depth < 8 {
		parts := multipart.NewReader(r, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return text, html
			}
			t, h := readPart(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, depth+1)
			text, html = text+t, html+h
		}
	}
	switch strings.ToLower(encoding) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	octets, err := io.ReadAll(r)
	if err != nil && len(octets) == 0 {
		return "", ""
	}
	s := strings.ReplaceAll(string(octets), "\r\n", "\n")
	if media == "text/html" {
		return "", s
	}
	return s, ""
}
