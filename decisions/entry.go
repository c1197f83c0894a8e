package decisions

import (
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// An Entry is a decision as it is shown: in the folders, by the command line, in
// digests. Withdrawn is true of one whose words are gone.
type Entry struct {
	ID         int64     `json:"-"`
	Number     int       `json:"number"`
	Sentence   string    `json:"sentence"` // "" if withdrawn
	Author     string    `json:"author"`
	People     []string  `json:"people"` // who took part, the author first; nobody of Bcc
	MID        string    `json:"message_id"`
	Made       string    `json:"made"` // line, word, folder, silence
	Filed      time.Time `json:"filed"`
	Ends       time.Time `json:"silence_until,omitzero"`
	Away       []string  `json:"away_not_asked,omitempty"`
	Public     bool      `json:"public"`
	Supersedes []int     `json:"supersedes,omitempty"`
	By         []int     `json:"superseded_by,omitempty"`
	Withdrawn  bool      `json:"withdrawn,omitempty"`
	Settled    time.Time `json:"withdrawn_at,omitzero"`

	address mail.Address // of the author
	zone    *time.Location
}

// Name is "D-12".
func (e Entry) Name() string { return fmt.Sprintf("D-%d", e.Number) }

// read collects what is shown of a decision.
func (k *Keeper) read(tx *store.Tx, d store.Decision) (Entry, error) {
	e := Entry{ID: d.ID, Number: d.Number, Sentence: d.Sentence, MID: d.MID, Made: string(d.Made), Filed: d.Filed, Public: d.Public,
		Withdrawn: d.State == store.DecisionWithdrawn, Settled: d.Settled, zone: time.UTC}
	if d.Made == store.MadeBySilence {
		e.Ends, e.Away = d.Ends, d.Away
	}
	if p, ok := k.dir.ByID(d.AuthorID); ok {
		e.Author, e.address, e.zone = p.Name, p.Address, p.Zone()
		if e.Author == "" {
			e.Author = p.Address.String()
		}
	}
	if e.Withdrawn {
		e.MID, e.Ends, e.Away = "", time.Time{}, nil
		return e, nil
	}
	parts, err := tx.DecisionParts(d.ID)
	if err != nil {
		return e, err
	}
	e.People = namesOf(parts)
	older, newer, err := tx.DecisionLinks(d.ID)
	if err != nil {
		return e, err
	}
	e.Supersedes, e.By = numbers(older), numbers(newer)
	return e, nil
}

func numbers(list []store.Decision) []int {
	var out []int
	for _, d := range list {
		if d.State == store.DecisionFiled {
			out = append(out, d.Number)
		}
	}
	return out
}

// namesOf are those whom others may know of.
func namesOf(parts []store.DecisionPart) []string {
	var out []string
	for _, p := range parts {
		switch {
		case p.Hidden:
		case p.Name == "":
			out = append(out, p.Address)
		case p.PersonID == 0:
			out = append(out, p.Name+" <"+p.Address+">")
		default:
			out = append(out, p.Name)
		}
	}
	return out
}

// List names decisions: "D-5, D-6".
func List(numbers []int) string {
	var out []string
	for _, n := range numbers {
		out = append(out, fmt.Sprintf("D-%d", n))
	}
	return strings.Join(out, ", ")
}

// facts are the lines below the sentence: name and value.
func (e Entry) facts() [][2]string {
	at := func(t time.Time) string {
		return t.In(e.zone).Format("Mon 2 Jan 2006 15:04") + " " + people.CityAt(e.zone, t)
	}
	if e.Withdrawn {
		return [][2]string{{"Withdrawn", at(e.Settled) + ", by " + e.Author}}
	}
	out := [][2]string{{"Decided", at(e.Filed) + ", by " + e.Author}, {"Took part", strings.Join(e.People, ", ")}}
	if e.Made == string(store.MadeBySilence) {
		out = append(out, [2]string{"How", "nobody objected until " + at(e.Ends)})
	}
	if len(e.Away) > 0 {
		out = append(out, [2]string{"Away, not asked", strings.Join(e.Away, ", ")})
	}
	if len(e.Supersedes) > 0 {
		out = append(out, [2]string{"Takes the place of", List(e.Supersedes)})
	}
	if len(e.By) > 0 {
		out = append(out, [2]string{"Superseded by", List(e.By)})
	}
	seen := "those who took part"
	if e.Public {
		seen = "everybody in the team"
	}
	return append(out, [2]string{"Seen by", seen}, [2]string{"Mail", "mid:" + e.MID})
}

// title is one line: "D-12 We go with Nimbus."
func (e Entry) title() string {
	switch {
	case e.Withdrawn:
		return e.Name() + " (withdrawn)"
	case len(e.By) > 0:
		return e.Name() + " (superseded by " + List(e.By) + ") " + e.Sentence
	}
	return e.Name() + " " + e.Sentence
}

// Text is the decision as plain text.
func (e Entry) Text() string {
	var b strings.Builder
	b.WriteString(e.Name())
	if e.Withdrawn {
		b.WriteString("  This decision was withdrawn by its author. Its number stays.\n\n")
	} else {
		b.WriteString("  " + e.Sentence + "\n\n")
	}
	for _, f := range e.facts() {
		fmt.Fprintf(&b, "%-19s %s\n", f[0], f[1])
	}
	return b.String()
}

// Markdown is the decision as a file of its own.
func (e Entry) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", e.Name())
	if e.Withdrawn {
		b.WriteString("This decision was withdrawn by its author. Its number stays.\n\n")
	} else {
		b.WriteString(markdownText(e.Sentence) + "\n\n")
	}
	for _, f := range e.facts() {
		value := markdownText(f[1])
		if f[0] == "Mail" {
			value = "<" + midURL(e.MID) + ">"
		}
		fmt.Fprintf(&b, "- %s: %s\n", f[0], value)
	}
	return b.String()
}

// FileName is where Markdown belongs: the same for ever, in the order of the numbers.
func (e Entry) FileName() string { return fmt.Sprintf("D-%04d.md", e.Number) }

// markdownText makes what somebody wrote stand in Markdown as it was written.
func markdownText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>#|~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// midURL is a Message-ID as a URL (RFC 2392).
func midURL(mid string) string {
	var b strings.Builder
	for i := range len(mid) {
		c := mid[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("@.-_~!$'()*+,;=", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return "mid:" + b.String()
}

// letter is the message that stands for a decision in the folders. It comes from
// Tidepost, in the name of who decided, and is threaded on the mail.
func (k *Keeper) letter(e Entry) mail.Letter {
	l := mail.Letter{
		From:    mail.Mailbox{Name: fold(e.Author) + " (decision)", Address: k.own()},
		Subject: e.title(), Date: e.Filed.In(e.zone), Text: e.Text(),
		Extra: []mail.Extra{
			{Name: "Auto-Submitted", Value: "auto-generated", Raw: true}, // RFC 3834 §5
			{Name: "X-Auto-Response-Suppress", Value: "All", Raw: true},
			{Name: loopField, Value: k.o.Domain, Raw: true},
		},
	}
	l.To = []mail.Mailbox{{Name: "Decisions", Address: k.own()}}
	if e.MID != "" {
		l.InReplyTo, l.References = e.MID, []string{e.MID}
	}
	return l
}

func (k *Keeper) own() mail.Address { return mail.Address{Local: "tidepost", Domain: k.o.Domain} }

// loopField marks every letter of Tidepost's: digest.LoopField, which is above here.
const loopField = "X-Tidepost-Loop"
