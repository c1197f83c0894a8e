package intent

import (
	"strings"
	"unicode/utf8"

	"tidepost/mail"
)

// An Owner is somebody an ask is put to. Address is empty for a name that
// belongs to none of the recipients.
type Owner struct {
	Name    string
	Address mail.Address
}

// people knows the recipients by their first names.
type people struct {
	byName map[string][]Owner
	seen   uint64 // a bit for the hash of each name, to look up few words only
	author string
	to     []mail.Mailbox

	authorHash uint32
}

func peopleOf(in Input) people {
	p := people{byName: make(map[string][]Owner, len(in.To)+len(in.Cc)), to: in.To}
	const most = 100
	for _, list := range [][]mail.Mailbox{in.To, in.Cc} {
		for _, m := range list[:min(len(list), most)] {
			if isRole(m) {
				continue
			}
			first := firstName(m)
			if first != "" {
				p.byName[first] = append(p.byName[first], Owner{m.Name, m.Address})
				p.seen |= 1 << (textHash(first) & 63)
			}
		}
	}
	p.author = firstName(in.From)
	p.authorHash = textHash(p.author)
	return p
}

// known reports whether a recipient is called like a word.
func (p *people) known(t *token) bool {
	return (p.seen&(1<<(t.hash&63)) != 0 || !isASCII(t.low)) && len(p.byName[foldName(t.low)]) > 0
}

// firstName is the folded first name of a mailbox, from the display name or else
// from the address.
func firstName(m mail.Mailbox) string {
	words := strings.Fields(m.Name)
	if len(words) > 0 {
		if strings.HasSuffix(words[0], ",") && len(words) > 1 { // Lindqvist, Mei
			return foldName(words[1])
		}
		return foldName(words[0])
	}
	local, _, _ := strings.Cut(m.Address.Local, ".")
	return foldName(local)
}

// roles are the local parts of addresses behind which there are several people.
var roles = wordSet("all team everyone staff engineering eng dev developers devs product sales support finance legal hr people marketing ops operations oncall leads leadership board field office hamburg london dublin lisbon berlin paris qa security it info admin billing accounts ap helpdesk service contact office management managers founders company crew group list announce hello ar jobs careers press partners purchasing logistics warehouse research science design")

// isRole reports whether a mailbox is one of a team or a role.
func isRole(m mail.Mailbox) bool {
	local := strings.ToLower(m.Address.Local)
	head, _, _ := strings.Cut(local, "-")
	return roles[local] || roles[head] || strings.Contains(local, "team")
}

// foldName is a name in lower case without accents.
func foldName(s string) string {
	s = strings.ToLower(strings.Trim(s, " ,.\"'()"))
	var b strings.Builder
	for _, r := range s {
		if plain, ok := plainLetters[r]; ok {
			b.WriteString(plain)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var plainLetters = map[rune]string{
	'á': "a", 'à': "a", 'â': "a", 'ä': "a", 'ã': "a", 'å': "a", 'é': "e", 'è': "e", 'ê': "e", 'ë': "e", 'í': "i", 'ì': "i", 'î': "i", 'ï': "i",
	'ó': "o", 'ò': "o", 'ô': "o", 'ö': "o", 'õ': "o", 'ø': "o", 'ú': "u", 'ù': "u", 'û': "u", 'ü': "u", 'ç': "c", 'ñ': "n", 'ß': "ss", 'ł': "l", 'ý': "y", 'ž': "z", 'š': "s", 'č': "c",
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// nameAt returns whom the word at token i names among the recipients.
func (r *reader) nameAt(i int) ([]Owner, bool) {
	t := &r.toks[i]
	if t.kind != kindWord || len(r.people.byName) == 0 {
		return nil, false
	}
	low := t.low
	if !isASCII(low) {
		low = foldName(low)
	} else if r.people.seen&(1<<(t.hash&63)) == 0 {
		return nil, false
	}
	o, ok := r.people.byName[low]
	return o, ok
}

// vocative reads whom a clause addresses, from token i: "Mei,", "@Tom", "Tom and
// Ana –", "Ruth or Ana, please". next is the token behind it.
func (r *reader) vocative(i, to int) (owners []Owner, next int) {
	start := i
	at := false
	for i < to {
		if r.toks[i].mark('@') {
			at = true
			i++
			continue
		}
		o, ok := r.nameAt(i)
		if !ok && (at || r.upperName(i, to)) && r.toks[i].kind == kindWord {
			o, ok = []Owner{{Name: r.text[r.toks[i].span().Start:r.toks[i].span().End]}}, true
		}
		if !ok {
			break
		}
		owners = append(owners, o...)
		i++
		if i < to && r.toks[i].upper && !r.toks[i].mark(',') && r.familyName(i) {
			i++
		}
		joined := i
		for joined < to && (r.toks[joined].is("and", "or", "und", "oder", "et", "ou", "y", "o", "e", "en", "of", "with") || r.toks[joined].mark(',') || r.toks[joined].mark('/') || r.toks[joined].mark('&') || r.toks[joined].mark('+')) {
			joined++
		}
		if joined > i && joined < to {
			if _, more := r.nameAt(joined); more || r.toks[joined].mark('@') {
				i = joined
				continue
			}
		}
		break
	}
	if len(owners) == 0 {
		return nil, start
	}
	end := i
	for i < to && (r.toks[i].mark(',') || r.toks[i].mark(':') || r.toks[i].mark('-') || r.toks[i].low == "\u2013" || r.toks[i].low == "\u2014" || r.toks[i].mark('!')) {
		i++
	}
	if i == end && !at && !r.asksAfterName(end, to) {
		return nil, start // a subject, not somebody spoken to
	}
	return owners, i
}

// familyName reports whether token i is the second name of a recipient.
func (r *reader) familyName(i int) bool {
	for _, list := range [][]mail.Mailbox{r.in.To, r.in.Cc} {
		for _, m := range list[:min(len(list), 20)] {
			if words := strings.Fields(m.Name); len(words) > 1 && foldName(words[len(words)-1]) == foldName(r.toks[i].low) {
				return true
			}
		}
	}
	return false
}

// upperName reports whether token i looks like the name of a person that is set
// apart, where the mail goes to a team: "Dan – split it".
func (r *reader) upperName(i, to int) bool {
	t := &r.toks[i]
	if strings.HasSuffix(t.low, "ly") || !t.upper || t.caps || t.word.langs != 0 || t.word.verb != verbNone || !t.word.cues.empty() || len(t.word.time) > 0 || len(t.low) < 2 || i+1 >= to || t.in(inEvents) || t.in(inNotNames) {
		return false
	}
	if !r.toGroup() {
		return false
	}
	n := &r.toks[i+1]
	return n.mark(',') || n.mark(':') || n.low == "\u2013" || n.low == "\u2014" || n.mark('-') && n.space
}

var notNames = wordSet("hi hello hey dear folks guys team thanks thank regards cheers best note notes update status proposal decision question summary subject context background reminder deadline agenda action actions options option result results changes problem next hallo bonjour hola moin buenas everyone ladies gentlemen morning afternoon evening all both yes no ok okay sorry please well also however finally first second third meanwhile today tomorrow currently basically unfortunately fyi ps nb rollout plan cost risk impact cause fix")

// toGroup reports whether the mail goes to a team or to a list.
func (r *reader) toGroup() bool {
	for _, m := range r.in.To[:min(len(r.in.To), 20)] {
		if isRole(m) {
			return true
		}
	}
	return false
}

// asksAfterName reports whether what follows a name without a comma speaks to
// that person: "Tom can you", "Tom please".
func (r *reader) asksAfterName(i, to int) bool {
	return i < to && r.toks[i].is("please", "pls", "can", "could", "would", "will", "kindly", "bitte", "kannst", "könntest", "peux", "pourrais", "puedes", "podrías", "podes", "kun", "zou", "do", "are", "have") &&
		(r.toks[i].is("please", "pls", "kindly", "bitte") || i+1 < to && r.toks[i+1].is("you", "u", "du", "tu", "je", "please"))
}

// greeting reads whom the first line greets: names, nobody.
func (r *reader) greeting() []Owner {
	i := 0
	n := len(r.toks)
	for i < n && i < 4 && r.toks[i].is("hi", "hello", "hey", "dear", "hallo", "hola", "bonjour", "moin", "good", "morning", "afternoon", "olá", "oi", "beste", "lieber", "liebe", "querido", "querida", "caro", "cara", "cher", "chère", "hei", "ciao", "hej", "buenas") {
		i++
	}
	var out []Owner
	for i < n && len(out) < 10 {
		o, ok := r.nameAt(i)
		if !ok {
			break
		}
		out = append(out, o...)
		i++
		for i < n && (r.toks[i].is("and", "und", "et", "y", "e", "en") || r.toks[i].mark(',') || r.toks[i].mark('&')) && r.toks[i].breaks == 0 {
			i++
		}
	}
	if len(out) > 0 && (i >= n || r.toks[i].breaks > 0 || r.toks[i-1].mark(',')) {
		return out
	}
	return nil
}
