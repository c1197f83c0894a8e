package badinput

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	_ "github.com/emersion/go-message/charset" // so that the client reads what it is given

	"tidepost/mail"
)

// A shown message is what a mail client gets to see of a stored one.
type shown struct {
	envelope  *imap.Envelope
	structure imap.BodyStructure
	octets    []byte
}

// show fetches the newest message of bob, alice or full, wherever it lies, with a
// client that takes nothing that is not legal.
func (r *run) show() ([]shown, error) {
	var out []shown
	for _, who := range []string{"bob", "alice", "full"} {
		places := r.w.texts(`SELECT DISTINCT b.name FROM entry e JOIN mailbox b ON b.id = e.mailbox_id JOIN address a ON a.person_id = b.person_id
			JOIN message m ON m.id = e.message_id WHERE a.address = ? AND m.origin = 'received'`, who+"@"+domain)
		if len(places) == 0 {
			continue
		}
		list, err := r.fetch(who, places)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	if len(out) == 0 {
		return nil, errors.New("no message is to be seen")
	}
	return out, nil
}

func (r *run) fetch(who string, places []string) ([]shown, error) {
	c, err := imapclient.DialTLS(r.w.doors["imaps"], &imapclient.Options{TLSConfig: r.w.trust})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.Login(who, password(who)).Wait(); err != nil {
		return nil, err
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	var out []shown
	for _, place := range places {
		box, err := c.Select(place, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil {
			return nil, fmt.Errorf("select %s: %w", place, err)
		}
		if box.NumMessages == 0 {
			continue
		}
		var all imap.SeqSet
		all.AddRange(1, box.NumMessages)
		list, err := c.Fetch(all, &imap.FetchOptions{Envelope: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true},
			UID: true, RFC822Size: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
		if err != nil {
			return nil, fmt.Errorf("fetch from %s: %w", place, err)
		}
		for _, m := range list {
			s := shown{m.Envelope, m.BodyStructure, m.FindBodySection(whole)}
			if s.structure == nil || s.envelope == nil || s.octets == nil {
				return nil, errors.New("the answer to FETCH lacks an item")
			}
			if int64(len(s.octets)) != m.RFC822Size {
				return nil, fmt.Errorf("BODY[] has %d octets, RFC822.SIZE says %d", len(s.octets), m.RFC822Size)
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// names are the file names that a structure shows.
func (s shown) names() []string {
	var out []string
	s.structure.Walk(func(_ []int, part imap.BodyStructure) bool {
		add := func(params map[string]string) {
			for k, v := range params {
				if k = strings.ToLower(k); strings.HasPrefix(k, "filename") || strings.HasPrefix(k, "name") {
					out = append(out, v)
				}
			}
		}
		if d := part.Disposition(); d != nil {
			add(d.Params)
		}
		if p, ok := part.(*imap.BodyStructureSinglePart); ok {
			add(p.Params)
		}
		return true
	})
	return out
}

// depth is how deep a structure nests.
func (s shown) depth() int {
	deepest := 0
	s.structure.Walk(func(path []int, _ imap.BodyStructure) bool {
		deepest = max(deepest, len(path))
		return true
	})
	return deepest
}

// every looks at each message that is to be seen.
func (r *run) every(look func(s shown) string) string {
	list, err := r.show()
	if err != nil {
		return err.Error()
	}
	for _, s := range list {
		if bad := look(s); bad != "" {
			return bad
		}
	}
	return ""
}

func hasControl(s string) bool { return strings.IndexFunc(s, unicode.IsControl) >= 0 }

// storeInvariants are about what lies in the database, and what a client sees of it.
func storeInvariants() []invariant {
	return append(messageInvariants(), mailboxInvariants()...)
}

func messageInvariants() []invariant {
	return []invariant{
		{`queued_contains:(.*)`, false, func(r *run, m []string) string {
			if r.w.count(`SELECT count(*) FROM delivery d JOIN address a USING (person_id) WHERE a.address = ?`, m[1])+
				r.w.count(`SELECT count(*) FROM recipient WHERE address = ?`, m[1]) < 1 {
				return "nothing for it is"
			}
			return ""
		}},
		{`stored_bytes(?:_dotunstuffed)?(?:_exactly|_unchanged)|(?:relay_)?bytes_unchanged|octets_unchanged`, false, func(r *run, _ []string) string {
			// That the stored octets are those sent is checked in every row; that a
			// client gets them too is checked here.
			e, ok := r.smtp.first("BODY")
			if !ok || e.last().code/100 != 2 {
				return "" // Refused: the codes say whether that is right.
			}
			found := false
			bad := r.every(func(s shown) string {
				found = found || bytes.HasSuffix(s.octets, e.data)
				return ""
			})
			if bad == "" && !found {
				bad = "what IMAP shows differs"
			}
			return bad
		}},
		{`imap_fetch_(?:bodystructure|envelope|body|all)_ok|bodystructure_(?:ok|is_legal)`, false, func(r *run, _ []string) string {
			return r.every(func(shown) string { return "" })
		}},
		{`subject_text_available`, false, func(r *run, _ []string) string {
			return r.every(func(s shown) string {
				// A character that its author has cut in two may show as U+FFFD.
				if head, _ := mail.SplitHead(s.octets); s.envelope.Subject == "" && mail.ParseHeader(head).Text("Subject") != "" {
					return "there is none"
				}
				return ""
			})
		}},
		{`no_path_separator_in_shown_name`, false, func(r *run, _ []string) string {
			return r.every(func(s shown) string {
				for _, n := range s.names() {
					if strings.ContainsAny(n, `/\`) {
						return fmt.Sprintf("%q", n)
					}
				}
				return ""
			})
		}},
		{`no_bidi_in_shown_name`, false, func(r *run, _ []string) string {
			return r.every(func(s shown) string {
				for _, n := range s.names() {
					if strings.ContainsFunc(n, func(c rune) bool { return unicode.Is(unicode.Bidi_Control, c) }) {
						return fmt.Sprintf("%q", n)
					}
				}
				return ""
			})
		}},
		{`shown_name_has_no:(.*)`, false, func(r *run, m []string) string {
			return r.every(func(s shown) string {
				for _, n := range s.names() {
					if strings.Contains(n, m[1]) {
						return fmt.Sprintf("%q", n)
					}
				}
				return ""
			})
		}},
		{`(?:stored|header)_has_no:(.*)`, false, func(r *run, m []string) string {
			for _, head := range r.w.texts(`SELECT head FROM message WHERE origin = 'received'`) {
				if strings.Contains(strings.ToLower(head), strings.ToLower(m[1])) {
					return "it has"
				}
			}
			return ""
		}},
		{`(?:stored|header)_has:(.*)`, false, func(r *run, m []string) string {
			for _, head := range r.w.texts(`SELECT head FROM message WHERE origin = 'received'`) {
				if strings.Contains(strings.ToLower(head), strings.ToLower(m[1])) {
					return ""
				}
			}
			return "none has"
		}},
		{`no_control_in_shown_name`, false, func(r *run, _ []string) string {
			return r.every(func(s shown) string {
				for _, n := range s.names() {
					if hasControl(n) {
						return fmt.Sprintf("%q", n)
					}
				}
				return ""
			})
		}},
		{`shown_name_is_stable`, false, func(r *run, _ []string) string {
			var seen []string
			for range 2 {
				if bad := r.every(func(s shown) string { seen = append(seen, strings.Join(s.names(), "|")); return "" }); bad != "" {
					return bad
				}
			}
			if len(seen)%2 != 0 || strings.Join(seen[:len(seen)/2], "\n") != strings.Join(seen[len(seen)/2:], "\n") {
				return fmt.Sprintf("%q", seen)
			}
			if strings.Contains(seen[0], "|") && !strings.Contains(seen[0], "*") {
				return fmt.Sprintf("two names: %q", seen[0])
			}
			return ""
		}},
		{`depth_parsed<=(\d+)`, false, func(r *run, m []string) string {
			if r.queued() == 0 {
				return "" // Refused.
			}
			worst := 0
			bad := r.every(func(s shown) string { worst = max(worst, s.depth()); return "" })
			if bad != "" {
				return bad
			}
			return compare(float64(worst), "<=", m[1])
		}},
		{`thread_walk_ends`, false, func(r *run, _ []string) string {
			if n := r.w.count(`SELECT count(*) FROM message WHERE origin = 'received' AND thread_id IS NULL`); n != 0 {
				return fmt.Sprintf("%d messages are in no thread", n)
			}
			return r.every(func(shown) string { return "" })
		}},
		{`both_stored`, false, func(r *run, _ []string) string {
			p, err := r.c.play(r.w, whole())
			if err != nil {
				return err.Error()
			}
			p.wire.close()
			if n := len(r.w.received()); n != 2 {
				return fmt.Sprintf("%d are", n)
			}
			return ""
		}},
		{`received_line_quotes_helo`, false, func(r *run, _ []string) string {
			for _, head := range r.w.texts(`SELECT head FROM message WHERE origin = 'received'`) {
				for line := range strings.Lines(head) {
					if strings.HasPrefix(line, "Received: from ") && strings.Contains(line, " by evil") {
						return fmt.Sprintf("%q", line)
					}
				}
			}
			return ""
		}},
	}
}

// mailboxInvariants are about alice's folders.
func mailboxInvariants() []invariant {
	const alice = `(SELECT person_id FROM address WHERE address = 'alice@` + domain + `')`
	inbox := func(r *run) int {
		return r.w.count(`SELECT count(*) FROM entry e JOIN mailbox b ON b.id = e.mailbox_id JOIN message m ON m.id = e.message_id
			WHERE b.kind = 'inbox' AND m.origin <> 'composed' AND b.person_id = ` + alice) // notes of ours say why something was refused
	}
	return []invariant{
		{`no_control_in_listed_name`, false, func(r *run, _ []string) string {
			for _, name := range r.w.texts(`SELECT name FROM mailbox`) {
				if hasControl(name) || !utf8.ValidString(name) {
					return fmt.Sprintf("%q", name)
				}
			}
			return ""
		}},
		{`no_file_outside_data_dir`, false, func(r *run, _ []string) string {
			return strings.Join(r.outsideFiles(), ", ")
		}},
		{`inbox_exists`, false, func(r *run, _ []string) string {
			if r.w.count(`SELECT count(*) FROM mailbox WHERE kind = 'inbox' AND upper(name) = 'INBOX' AND person_id = `+alice) != 1 {
				return "it does not"
			}
			return ""
		}},
		{`control_folders_exist`, false, func(r *run, _ []string) string {
			for _, name := range []string{"Scheduled", "Scheduled/Send now"} {
				if r.w.count(`SELECT count(*) FROM mailbox WHERE name = ? AND kind <> 'user' AND person_id = `+alice, name) != 1 {
					return name + " does not"
				}
			}
			return ""
		}},
		{`messages_unchanged|mailbox_unchanged|inbox_unchanged`, false, func(r *run, _ []string) string { return compare(float64(inbox(r)), "==", "3") }},
		{`messages` + cmp + `(\d+)`, false, func(r *run, m []string) string { return compare(float64(inbox(r)), m[1], m[2]) }},
		{`mailboxes_unchanged`, false, func(r *run, _ []string) string {
			return compare(float64(r.w.count(`SELECT count(*) FROM mailbox WHERE kind = 'user'`)), "==", "0")
		}},
		{`flags_unchanged`, false, func(r *run, _ []string) string {
			return compare(float64(r.w.count(`SELECT count(*) FROM entry WHERE flags <> 0 OR keywords <> ''`)), "==", "0")
		}},
		{`uid(?:validity)?_(?:never_reused|unchanged|changes?d?)`, false, (*run).ascending},
		{`messages<=(\d+)x`, false, func(r *run, m []string) string {
			n := 3 * (int(m[1][0]) - '0')
			return compare(float64(inbox(r)), "<=", fmt.Sprint(n))
		}},
		{`nothing_(?:released|submitted)`, false, func(r *run, _ []string) string {
			if n := len(r.w.submitted()) + len(r.host.Transactions()); n > 0 {
				return fmt.Sprintf("%d letters were", n)
			}
			return ""
		}},
		{`keywords_stored<=(\d+)`, false, func(r *run, m []string) string {
			words := map[string]bool{}
			for _, list := range r.w.texts(`SELECT keywords FROM entry`) {
				for _, w := range strings.Fields(list) {
					words[w] = true
				}
			}
			return compare(float64(len(words)), "<=", m[1])
		}},
		{`flags_have_no:(.*)`, false, func(r *run, m []string) string {
			for _, list := range r.w.texts(`SELECT keywords FROM entry`) {
				if strings.Contains(strings.ToLower(list), strings.ToLower(m[1])) {
					return "they have"
				}
			}
			return ""
		}},
		{`no_sql_error`, false, func(r *run, _ []string) string {
			b, _ := r.p.wire.said()
			low := strings.ToLower(string(b))
			for _, w := range []string{"sqlite", "sql logic", "fts5", `": syntax error`, "serverbug", "no such column", "no such table", "unterminated string"} {
				if strings.Contains(low, w) {
					return r.tail()
				}
			}
			return ""
		}},
	}
}
