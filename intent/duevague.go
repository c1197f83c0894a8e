package intent

import "strings"

// vaguePhrases are words of urgency, of leisure or of a habit: they say by when,
// but name no instant.
const vaguePhrases = `
asap ; immediately ; urgently ; promptly ; soon ; right now|away ; straight away ; at once ; without delay|further
in due course ; in good time ; as soon|quickly|fast|early as possible|you|practical ; as soon as ; at the earliest
when|whenever you can|could|like|want ; when|whenever it suits ; when|whenever convenient
when|whenever you have|get|find a|one|some|the|your minute|moment|chance|sec|second|time|opportunity|hour|gap ; when|whenever you have|get|find time
at your earliest|own|leisure|convenience ; no rush|hurry ; in no rush|hurry ; take your time ; same day ; the same day|afternoon|evening|morning ; the sooner the better
in|within the next few days|weeks|hours|minutes ; in|within a few days|hours|minutes|weeks ; in the coming days|weeks|hours ; right after
every|each monday|tuesday|wednesday|thursday|friday|saturday|sunday|day|week|month|morning|evening|hour|time ; weekly ; daily ; hourly ; monthly
unverzüglich ; immédiatement ; inmediatamente ; imediatamente ; onmiddellijk ; de inmediato ; de imediato ; en cuanto puedas|pueda ; com urgência ; con urgencia ; urgente ; de komende dagen|weken ; vor ihrem|deinem|eurem urlaub
schnellstmöglich ; baldmöglichst ; umgehend ; sofort ; zeitnah ; möglichst bald|schnell|rasch ; so schnell|bald|rasch wie|als möglich ; bei gelegenheit
in den nächsten|kommenden tagen|wochen ; eilt nicht ; keine eile ; wenn du zeit ; wenn sie zeit ; jeden montag|dienstag|mittwoch|donnerstag|freitag|tag
dès que possible ; dès que vous|tu ; au plus vite ; au plus tôt ; sans tarder|attendre|délai ; dans les plus|meilleurs ; quand tu|vous peux|pouvez|as|avez ; rien ne presse ; pas d'urgence ; urgemment ; dans les prochains jours ; chaque lundi|mardi|mercredi|jeudi|vendredi|jour|semaine
lo antes posible ; cuanto antes ; sin prisa ; cuando puedas|pueda|tengas|tenga ; en breve ; en los próximos días ; cada lunes|martes|miércoles|jueves|viernes|día|semana
o mais|quanto rápido|antes|breve|cedo ; assim que possível|puder|puderes ; quando puder|puderes|tiver|tiveres ; sem pressa ; nos próximos dias ; cada segunda|terça|quarta|quinta|sexta|dia|semana
zo snel|spoedig mogelijk ; zodra je|u ; geen haast ; per direct ; op korte termijn ; als je tijd ; in de komende dagen ; elke maandag|dinsdag|woensdag|donderdag|vrijdag|dag|week
`

// habitWords begin those that tell how often.
var habitWords = wordSet("every each weekly daily hourly monthly jeden chaque cada elke")

// compileVague returns phrases by their first words.
func compileVague(text string) map[string][][]cuePart {
	out := make(map[string][][]cuePart)
	for _, phrase := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
		if strings.TrimSpace(phrase) == "" {
			continue
		}
		parts := compileCue(phrase)
		for _, first := range parts[0].words {
			out[first] = append(out[first], parts)
		}
	}
	return out
}

// vagueDue returns the length of words of urgency without an instant.
func (r *reader) vagueDue(i, to int) int {
	t := &r.toks[i]
	if t.low == "now" && (i+1 >= to || r.toks[i+1].kind == kindMark || t.caps) {
		return 1
	}
	for _, parts := range t.word.vague {
		if end := matchCue(r.toks[:to], i, parts); end > 0 {
			return end - i
		}
	}
	return 0
}
