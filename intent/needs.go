package intent

// gist is what the coach wants to know of a mail, counted once.
type gist struct {
	from, to int // its own words, without salutation and closing
	words    int
	concrete int // names, numbers and links that tell what it is about
	content  int // other words that say something, each once
	group    bool
	crowd    int // people in To
}

const longGist = 150 // tokens

// gist counts the words of a mail and what they can be told by.
func (r *reader) gist() gist {
	g := gist{to: len(r.toks)}
	g.from, g.to = r.ownWords()
	for _, m := range r.in.To {
		if isRole(m) {
			g.group = true
		} else {
			g.crowd++
		}
	}
	if g.to-g.from > longGist { // too much is said to be vague
		g.words, g.concrete = g.to-g.from, longGist
		return g
	}
	seen := make(map[string]bool)
	for _, s := range r.sents {
		for i := max(s.from, g.from); i < min(s.to, g.to); i++ {
			t := &r.toks[i]
			switch {
			case t.kind == kindLink:
				g.concrete += 2
			case t.kind == kindNumber:
				if !r.ofTime(i) && !(i == s.from && isBullet(r.toks, i)) {
					g.concrete++
				}
			case t.kind == kindWord:
				g.words++
				if r.nameLike(i, s) {
					g.concrete++
				}
				if r.tells(t) && !seen[t.low] {
					seen[t.low] = true
					g.content++
				}
			}
		}
	}
	if r.in.Attached {
		g.concrete += 2
	}
	g.concrete += r.concreteSubject()
	return g
}

// ownWords bounds the tokens between salutation and closing.
func (r *reader) ownWords() (from, to int) {
	to = len(r.toks)
	if len(r.sents) == 0 {
		return 0, to
	}
	if s := r.sents[0]; s.to-s.from <= 5 && len(r.sents) > 1 && (r.toks[s.from].is(salutations...) || r.toks[s.to-1].mark(',') || r.isName(s.from)) {
		from = s.to
	}
	for n := len(r.sents) - 1; n > 0; n-- {
		s := r.sents[n]
		if s.from <= from || s.to-s.from > 8 || s.question || !r.closing(s) {
			break
		}
		to = s.from
	}
	return from, to
}

var salutations = fields("hi hello hey dear morning good guys team folks all hallo guten liebe lieber moin sehr bonjour salut bonsoir chère cher hola buenas buenos estimado estimada olá oi bom boa caro cara beste goedemorgen goedemiddag dag hoi")

// closing reports whether a sentence is the end of a mail: a courtesy or a name.
func (r *reader) closing(s sentence) bool {
	for i := s.from; i < s.to; i++ {
		t := &r.toks[i]
		if t.is("thanks", "thank", "thx", "cheers", "best", "regards", "kind", "warm", "sincerely", "gruß", "grüße", "grüßen", "mfg", "lg", "vg", "danke", "cordialement", "merci", "bien", "saludos", "gracias", "abrazo", "cumprimentos", "obrigado", "obrigada", "groet", "groeten", "gr", "bedankt", "sent", "gesendet", "envoyé", "enviado", "verzonden", "br", "rgds") {
			return true
		}
	}
	return s.to-s.from <= 2 && r.toks[s.from].kind == kindWord && (r.toks[s.from].upper || len(r.toks[s.from].low) <= 2)
}

// isName reports whether a recipient or the author is called like token i.
func (r *reader) isName(i int) bool {
	t := &r.toks[i]
	if t.kind != kindWord || t.word.langs != 0 {
		return false
	}
	low := t.low
	if !isASCII(low) {
		low = foldName(low)
	} else if r.people.seen&(1<<(t.hash&63)) == 0 && t.hash != r.people.authorHash {
		return false
	}
	return low == r.people.author || len(r.people.byName[low]) > 0
}

// nameLike reports whether a word within a sentence is a name of something.
func (r *reader) nameLike(i int, s sentence) bool {
	t := &r.toks[i]
	if !t.upper || len(t.low) < 2 || t.word.langs != 0 || t.word.timeStarts() || len(t.word.time) > 0 || r.isName(i) {
		return false
	}
	if r.lang == German && !t.caps {
		return false
	}
	if i == s.from || r.toks[i-1].kind == kindMark && !r.toks[i-1].mark('(') && !r.toks[i-1].mark('"') && !r.toks[i-1].mark(',') && !r.toks[i-1].mark('-') {
		return t.caps && len(t.low) <= 5 && !shoutWords[t.low] && !t.is("fyi", "asap", "hi", "ok", "pls", "re", "fw", "fwd", "thx", "eod", "cob", "tbh", "btw", "pfb", "all")
	}
	return !t.is("i", "i'm", "i'll", "i'd", "i've", "fyi", "asap", "ok", "pls", "thx", "eod", "cob", "btw", "am", "pm", "cet", "cest", "ct", "pt", "et", "gmt", "utc", "team", "pst", "est")
}

// ofTime reports whether a number is a part of a day or an hour.
func (r *reader) ofTime(i int) bool {
	for k := max(0, i-4); k <= i; k++ {
		if t, ok := r.times.at(k, min(k+8, len(r.toks))); ok && t.last > i {
			return true
		}
	}
	return i+1 < len(r.toks) && r.toks[i+1].is("min", "mins", "minutes", "minute", "minuten", "minutos", "h", "hours", "am", "pm", "ct", "pt", "weeks", "days")
}

// tells reports whether a word says something by itself: not a small word, not a
// time, not one of those that stand for anything.
func (r *reader) tells(t *token) bool {
	return len(t.low) >= 4 && t.word.langs == 0 && len(t.word.time) == 0 && !t.word.timeStarts() && !t.in(inHollow) && !r.people.known(t)
}

// hollow are words that could be about anything.
var hollow = wordSet(`about again also another anything around asked asking back been before being call came chat check client come coming could customer customers data deal details does doing done dont down each else even ever everything feedback file files find fine first from fyi get getting give given going good great guys happened have having hear heard hello help here hope idea ideas info input into issue issues just keep kindly know last late later latest left let like list little long look looking made make many matter maybe meeting mention might mind minute minutes moment more morning move much need needed needs news next nice nobody note nothing numbers option other over part people person please point possible problem project question questions quick quickly read ready really regarding reply report right said same say second see seems send sent should small some somebody someone something soon sorry sort sorted speak spoke status still stuff sure take talk talked team tell thank thanks that them then there thing things think this those thought thoughts time today together told tomorrow took topic touch understand until update updates urgent urgently version very view wait waiting want wanted wants week well went were what when where whether which while will wish with without wondering work working would write wrong wrote yesterday your
bitte danke etwas frage fragen geht gerne ging haben hallo hätte heute hier info jemand kann können kunde kurz mail mal melden müsste nochmal problem prüfen sache sagen schauen thema wegen wieder wissen würde zeit
avis besoin chose comme dossier merci parler point projet question quelque regarder sujet toujours voir
algo asunto cosa favor gracias hablar momento proyecto tema tienes
assunto coisa falar favor obrigado projeto tema
bedankt ding even gaat graag iets kijken klant misschien project vraag weer`)

// concreteSubject counts what the subject tells.
func (r *reader) concreteSubject() int {
	n := 0
	for i := range r.title {
		t := &r.title[i]
		switch {
		case t.kind == kindNumber, t.kind == kindLink:
			n++
		case t.kind == kindWord && r.tells(t) && !t.is("fwd"):
			n++
		}
	}
	return min(n, 2)
}

// statementAt is the first sentence of the mail's own words with a sign of an act.
func (r *reader) statementAt(act act, g gist) *Statement {
	for _, h := range r.hits {
		if h.act == act && h.from >= g.from && h.from < g.to {
			return r.statementOf(h)
		}
	}
	return nil
}

// statementOf is the sentence of a hit.
func (r *reader) statementOf(h hit) *Statement {
	for _, s := range r.sents {
		if h.from >= s.from && h.from < s.to {
			st := Statement{Span: r.spanOf(s.from, s.to), Because: r.because(h)}
			st.Text = r.fold(st.Span)
			return &st
		}
	}
	return nil
}

// textOf is the sentence of a hit, white space folded.
func (r *reader) textOf(h hit) string {
	if st := r.statementOf(h); st != nil {
		return st.Text
	}
	return ""
}
