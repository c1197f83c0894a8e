package badinput

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"golang.org/x/net/html"

	"tidepost/inbox"
	"tidepost/people"
	"tidepost/store"
)

// A lateView is what can be seen when the gateway has stopped.
type lateView struct {
	looked bool
	head   message.Header
	text   string // of the digest's parts
	html   string
	err    error
}

// digest opens the database of the stopped gateway, lets the next tide of everybody
// come, and reads the digest it leaves.
func (r *run) digest() *lateView {
	if !r.late.looked {
		r.late.looked = true
		r.late.err = r.tide()
	}
	return &r.late
}

func (r *run) tide() error {
	ctx := context.Background()
	db, err := store.Open(r.w.setup.data())
	if err != nil {
		return err
	}
	defer db.Close()
	dir := people.NewDirectory(db, []string{domain})
	if err := dir.Reload(ctx); err != nil {
		return err
	}
	var log bytes.Buffer
	in := inbox.New(db, dir, inbox.Options{Domain: domain, Hostname: hostname, OutsideAtTide: true, Rand: rand.Reader,
		Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 20 { // Others have tides before.
		due, ok, err := in.NextDue(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if begin := time.Now(); due.Before(begin) {
			due = begin // It has not looked yet when something is due.
		}
		if err := in.RunDue(ctx, due.Add(time.Second)); err != nil {
			return fmt.Errorf("the tide: %w", err)
		}
	}
	if bytes.Contains(log.Bytes(), []byte("panic")) {
		return fmt.Errorf("the tide panics: %s", log.String())
	}
	ids := r.w.ids(`SELECT CAST(message_id AS TEXT) FROM digest ORDER BY created LIMIT 1`)
	if len(ids) == 0 {
		return errors.New("there is no digest")
	}
	return r.late.read(r.w.raw(ids[0]))
}

// read takes a digest apart as a mail client does.
func (v *lateView) read(raw []byte) error {
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("read the digest: %w", err)
	}
	v.head = e.Header
	return e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, _, _ := part.Header.ContentType()
		if !strings.HasPrefix(kind, "text/") {
			return nil
		}
		b, err := io.ReadAll(part.Body)
		if err != nil {
			return err
		}
		if kind == "text/html" {
			v.html += string(b)
		} else {
			v.text += string(b)
		}
		return nil
	})
}

// active are elements that do something, load something, or hide where a card ends.
func active(name string) bool {
	switch name {
	case "script", "iframe", "frame", "frameset", "object", "embed", "applet", "form", "input", "button", "select", "textarea",
		"svg", "math", "base", "link", "video", "audio", "source", "track", "template", "noscript", "portal", "dialog", "isindex":
		return true
	}
	return false
}

// look walks the HTML of a digest and says what should not be in it.
func (v *lateView) look(bad func(name string, attr html.Attribute, text string) string) string {
	doc, err := html.Parse(strings.NewReader(v.html))
	if err != nil {
		return err.Error()
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		var text strings.Builder
		if n.Data == "a" || n.Data == "style" {
			for d := range n.Descendants() {
				if d.Type == html.TextNode {
					text.WriteString(d.Data)
				}
			}
		}
		if w := bad(n.Data, html.Attribute{}, text.String()); w != "" {
			return w
		}
		for _, a := range n.Attr {
			if w := bad(n.Data, a, text.String()); w != "" {
				return w
			}
		}
	}
	return ""
}

func noActive(name string, a html.Attribute, _ string) string {
	value := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
	switch {
	case active(name):
		return "it has <" + name + ">"
	case name == "meta" && a.Key == "http-equiv" && value == "refresh":
		return "it has a refresh"
	case strings.HasPrefix(a.Key, "on"):
		return "it has " + a.Key
	case strings.HasPrefix(value, "javascript:"), strings.HasPrefix(value, "vbscript:"), strings.HasPrefix(value, "data:"):
		return fmt.Sprintf("it has %s=%q", a.Key, a.Val)
	case a.Key == "style" && (strings.Contains(value, "expression(") || strings.Contains(value, "position:")):
		return fmt.Sprintf("it has style=%q", a.Val)
	}
	return ""
}

func noFetch(name string, a html.Attribute, text string) string {
	value := strings.ToLower(a.Val)
	switch {
	case a.Key == "src" || a.Key == "srcset" || a.Key == "background" || a.Key == "poster" || a.Key == "data" || a.Key == "lowsrc":
		return fmt.Sprintf("it has <%s %s=%q>", name, a.Key, a.Val)
	case a.Key == "style" && (strings.Contains(value, "url(") || strings.Contains(value, "image")):
		return fmt.Sprintf("it has style=%q", a.Val)
	case name == "style" && (strings.Contains(text, "url(") || strings.Contains(text, "@import")):
		return "its style sheet fetches"
	case name == "link" || name == "img":
		return "it has <" + name + ">"
	}
	return ""
}

func honestLink(name string, a html.Attribute, text string) string {
	if name != "a" || a.Key != "href" {
		return ""
	}
	u, err := url.Parse(a.Val)
	switch {
	case err != nil:
		return fmt.Sprintf("a link cannot be read: %q", a.Val)
	case u.Scheme == "mailto" || u.Scheme == "mid" || u.Scheme == "tel":
		return ""
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		return fmt.Sprintf("a link to %q", a.Val)
	case !strings.Contains(strings.ToLower(text), strings.ToLower(u.Hostname())):
		return fmt.Sprintf("a link to %q that shows %q", a.Val, text)
	}
	return ""
}

func lateInvariants() []invariant {
	look := func(bad func(string, html.Attribute, string) string) check {
		return func(r *run, _ []string) string {
			v := r.digest()
			if v.err != nil {
				return v.err.Error()
			}
			return v.look(bad)
		}
	}
	return []invariant{
		{`digest_has_no_active_html`, true, look(noActive)},
		{`digest_has_no_remote_fetch`, true, look(noFetch)},
		{`digest_links_show_host`, true, look(honestLink)},
		{`digest_is_valid_utf8`, true, func(r *run, _ []string) string {
			v := r.digest()
			if v.err != nil {
				return v.err.Error()
			}
			if !utf8.ValidString(v.text) || !utf8.ValidString(v.html) || strings.ContainsRune(v.html, 0) {
				return "it is not"
			}
			return ""
		}},
		{`digest_headers_have_no:(.*)`, true, func(r *run, m []string) string {
			v := r.digest()
			if v.err != nil {
				return v.err.Error()
			}
			if v.head.Has(m[1]) {
				return "they have"
			}
			return ""
		}},
		{`log_has_no:(.*)`, true, func(r *run, m []string) string {
			if bytes.Contains(r.w.log.Bytes(), []byte(m[1])) {
				return "it has"
			}
			return ""
		}},
		{`log_has:(.*)`, true, func(r *run, m []string) string {
			if !bytes.Contains(r.w.log.Bytes(), []byte(m[1])) {
				return "it has not"
			}
			return ""
		}},
		{`digest_has_no:(.*)`, true, func(r *run, m []string) string {
			v := r.digest()
			if v.err == nil && (strings.Contains(v.html, m[1]) || strings.Contains(v.text, m[1])) {
				return "it has"
			}
			return errorText(v.err)
		}},
		{`digest_has:(.*)`, true, func(r *run, m []string) string {
			v := r.digest()
			if v.err == nil && !strings.Contains(v.html, m[1]) && !strings.Contains(v.text, m[1]) {
				return "it has not"
			}
			return errorText(v.err)
		}},
		{`digest_(?:size|html)?_?(kib|mib)(<=?)(\d+)`, true, func(r *run, m []string) string {
			v := r.digest()
			if v.err != nil {
				return v.err.Error()
			}
			return compare(float64(len(v.html)+len(v.text))/map[string]float64{"kib": 1 << 10, "mib": 1 << 20}[m[1]], m[2], m[3])
		}},
		{`client_ip_not_(.*)`, true, func(r *run, m []string) string {
			if r.ipSeen(m[1]) {
				return "it is"
			}
			return ""
		}},
		{`client_ip_unchanged`, true, func(r *run, _ []string) string {
			for ip := range strings.FieldsSeq(strings.Map(func(c rune) rune {
				if c >= '0' && c <= '9' || c == '.' {
					return c
				}
				return ' '
			}, allText(r.c))) {
				if r.ipSeen(ip) {
					return "it is " + ip
				}
			}
			return ""
		}},
		{`sla_not_started_from_header_date`, true, func(r *run, _ []string) string {
			// What counts is when it came: nothing of it is older than this run.
			for _, col := range []string{"arrived", "due"} {
				for _, s := range r.w.texts(`SELECT ` + col + ` FROM delivery WHERE ` + col + ` IS NOT NULL`) {
					if y, err := strconv.Atoi(s[:min(4, len(s))]); err != nil || y < time.Now().Year() || y > time.Now().Year()+1 {
						return col + " is " + s
					}
				}
			}
			return ""
		}},
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func allText(c *Case) string {
	var b strings.Builder
	for _, s := range c.Steps {
		b.WriteString(s.text + " ")
	}
	return b.String()
}
