package mail

import (
	"strings"
	"sync"
)

// texts are the texts of a message. They are decoded when somebody asks: of most mail
// that only passes through nobody does.
type texts struct {
	captures []*capture
	sealed   bool // inline PGP may be among them
	size     int  // octets of the captures

	once                  sync.Once
	plain, html, calendar string
}

// ContentOf is the content of a message of which only its texts are known.
func ContentOf(plain, html string) *Content {
	t := &texts{plain: plain, html: html, size: len(plain) + len(html)}
	t.once.Do(func() {})
	return &Content{texts: t}
}

// TextSize is how many octets of text were kept, as they came: what it costs to read
// them can be told before.
func (c *Content) TextSize() int {
	if c == nil || c.texts == nil {
		return 0
	}
	return c.texts.size
}

// Plain is the decoded text of the first text/plain parts, in order, LF line ends. It
// is safe for concurrent use, as HTML and CalendarText are.
func (c *Content) Plain() string { return c.decoded().plain }

// HTML is the decoded text of the first text/html parts.
func (c *Content) HTML() string { return c.decoded().html }

// CalendarText is the decoded first text/calendar part.
func (c *Content) CalendarText() string { return c.decoded().calendar }

func (c *Content) decoded() *texts {
	if c.texts == nil {
		return &texts{}
	}
	c.texts.once.Do(c.texts.decode)
	return c.texts
}

// decode turns the kept octets into text.
func (t *texts) decode() {
	var plain, htm []string
	for _, c := range t.captures {
		text, ok := c.decode()
		if !ok {
			continue
		}
		switch {
		case isCalendar(c.part):
			t.calendar = text
		case c.part.Subtype == "html":
			htm = append(htm, text)
		default:
			plain = append(plain, text)
		}
	}
	t.plain, t.html = strings.Join(plain, "\n"), strings.Join(htm, "\n")
	t.captures = nil
}

// seemSealed reports whether inline PGP may stand in the captures. It does not decode
// what can be seen without.
func seemSealed(captures []*capture) bool {
	for _, c := range captures {
		if !c.ascii() || c.holds(beginPGP) {
			return true
		}
	}
	return false
}

// beginPGP begins the lines around inline PGP.
const beginPGP = "-----BEGIN PGP "

// ascii reports whether the ASCII characters of a text stand in its octets as they are.
func (c *capture) ascii() bool {
	switch c.part.Encoding {
	case "", "7bit", "8bit", "binary":
	default:
		return false
	}
	set := strings.ToLower(c.part.Params["charset"])
	return set == "" || set == "us-ascii" || set == "utf-8" || strings.HasPrefix(set, "iso-8859-") || strings.HasPrefix(set, "windows-125")
}
