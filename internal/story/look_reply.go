package story

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// replyLooks find mail that Tidepost composed for somebody: the answers that a reply to
// a digest becomes.
func replyLooks() []*form {
	return []*form{
		{example: `Ana receives a reply to "Budget" from Mei saying "as it is" at Tue 13:00`,
			pattern: `WHO (receives|gets|has received|does not receive|has not received) (?:a|an|the|no|any)? ?(?:reply|answer) to TEXT(?: (?:from|of|by) (\S+))?(?: in (.+?))?(?: saying (".*?"(?:(?: and|,) ".*?")*))?(?: at (.+?))?(?: as TEXT)?`, make: makeReplyLook},
	}
}

func makeReplyLook(b *builder, m []string) (func(*world) error, error) {
	p, err := b.somebody(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	x := replyLook{p: p, parent: b.mail(m[3]), folder: folderOf(m[5]), words: quotes(m[6]), as: m[8]}
	if m[4] != "" {
		if x.from, err = b.somebody(m[4]); err != nil {
			return nil, err
		}
	}
	var at moment
	zone := b.zone
	if m[7] != "" {
		if at, zone, err = b.momentOf(m[7], p); err != nil {
			return nil, err
		}
	}
	if x.as != "" {
		b.mails[x.as] = b.st.line
	}
	if strings.Contains(m[2], "not") || strings.Contains(b.st.text, " no reply ") || strings.Contains(b.st.text, " no answer ") {
		return func(w *world) error {
			found, what, err := x.look(w)
			if err == nil && len(found) > 0 {
				err = &absence{errors.New(what)}
			}
			return err
		}, nil
	}
	return func(w *world) error {
		if m[7] != "" {
			return w.happens(at, zone, func() ([]time.Time, string, error) { return x.look(w) })
		}
		found, what, err := x.look(w)
		if err == nil && len(found) == 0 {
			err = errors.New(what)
		}
		return err
	}, nil
}

// A replyLook is a reply as a story expects it.
type replyLook struct {
	p      *member
	parent string
	from   *member
	folder string
	words  []string
	as     string // what the story calls it from then on
}

// look returns when such replies came.
func (x replyLook) look(w *world) (when []time.Time, what string, err error) {
	parent, ok := w.mails[x.parent]
	if !ok {
		return nil, "", fmt.Errorf("%q has not been sent yet", x.parent)
	}
	list, err := w.entries(x.p, x.folder)
	if err != nil {
		return nil, "", err
	}
	var said []string
	for _, e := range list {
		if !strings.Contains(headerOf(e.raw, "In-Reply-To"), parent.mid) || e.mail == nil && !x.p.outside {
			continue
		}
		text, _ := readable(e.raw)
		from := headerOf(e.raw, "From")
		said = append(said, "from "+from+": "+text)
		fits := x.from == nil || strings.Contains(strings.ToLower(from), x.from.address)
		for _, q := range x.words {
			fits = fits && saying(text, q)
		}
		if !fits {
			continue
		}
		when = append(when, e.came)
		if x.as != "" {
			w.mails[x.as] = &sent{name: x.as, mid: e.mid, subject: headerOf(e.raw, "Subject"), from: bare(from), author: x.from,
				raw: e.raw, text: text, refs: append(parent.refs, parent.mid), to: []string{headerOf(e.raw, "To")}}
		}
	}
	if len(said) == 0 {
		return when, fmt.Sprintf("no reply to it; %s's %s has %s", x.p.name, x.folder, seen(list)), nil
	}
	return when, "there are replies:\n" + strings.Join(said, "\n"), nil
}
