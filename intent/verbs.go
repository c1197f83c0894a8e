package intent

// A verbKind tells how much a bare verb at the start of a clause asks.
type verbKind uint8

const (
	verbNone   verbKind = iota
	verbAfter           // asks behind "please" or "can you"
	verbStrong          // asks by itself: "Send me the file"
)

// strongVerbs ask by themselves in English; softVerbs need a please or a name.
const (
	strongVerbs = "send tell forward fix answer write ring review approve confirm redo instruct pick shout submit provide sign forward resend reply respond email ping finalise finalize " +
		"update remove delete upload download schedule book prepare complete finish verify validate investigate escalate notify inform advise explain clarify describe " +
		"correct replace restart reboot rename merge revert deploy test measure compare translate proofread summarise summarize document draft collect fill register enter " +
		"attach return print scan order invite remind split list add set assign cancel postpone reschedule rotate revoke reset install connect disconnect restore rerun choose decide vote"
	softVerbs = "check look read call give get do make let find put ask bring take share use keep hold move join come talk speak think have be go see try note help handle wait stop start " +
		"change show follow drop cover order meet attend visit stay watch listen consider discuss open close click copy pass pay buy plan turn run work arrange rsvp dial contact consult refer " +
		"ensure discard disregard ignore log chase sort organise organize coordinate double propose suggest present request support sit stand step free block raise report"
	foreignVerbs = "schick schicke schicken schickt sende senden gib geben gebt sag sagen sagt melde melden meldet prüf prüfe prüfen prüft schau schauen schaut ruf rufen ruft mach machen macht nenn nennen bring bringen trag tragen tragt lies lesen lest antworte antworten bestätige bestätigen " +
		"envoie envoyez envoyer dites dis répondez réponds répondre confirmez confirme confirmer appelez appelle vérifiez vérifie regardez regarde faites fais transmettez transmettre indiquer indiquez " +
		"envía envíame envíeme enviar manda mándame dime dígame díganos confirma confirme confirmar revisa revise revisar llama llámame llámeme responde responder avisa avísame arréglelo arregla " +
		"envia enviar enviem diz diga digam confirma confirmem confirmar liga ligue verifica verifique responde responda vê veja avisa avise corrija trata " +
		"stuur sturen geef geven laat bel bellen kijk kijken check bevestig bevestigen vul meld antwoord"
)

func addVerbs(lexicon map[string]wordInfo) {
	for kind, words := range map[verbKind]string{verbStrong: strongVerbs, verbAfter: softVerbs} {
		for _, w := range fields(words) {
			info := lexicon[w]
			info.verb = max(info.verb, kind)
			lexicon[w] = info
		}
	}
	for _, w := range fields(foreignVerbs) {
		info := lexicon[w]
		info.flags |= flagForeignVerb
		lexicon[w] = info
	}
}

// A wordFlag marks words of grammar.
type wordFlag uint8

const (
	flagForeignVerb wordFlag = 1 << iota
	flagQuestion             // who, what, when
	flagJoin                 // and, but
	flagSubject              // I, we, he: no imperative behind it
	flagDeterminer           // the, my, this
	flagPlan                 // a plan may begin with it: see plan
	flagIf                   // if, when: a clause with a main clause behind it
)

func addFlags(lexicon map[string]wordInfo) {
	for flag, words := range map[wordFlag]string{
		flagQuestion:   "who what when where why which how whose wer was wann wo warum welche welcher welches wie qui que quand où pourquoi quel quelle quels comment combien quién qué cuándo dónde cuál cómo cuánto quem quando onde qual como quanto wie wat wanneer waar waarom welke hoe",
		flagJoin:       "and but so then or und aber et mais y pero e mas en maar also und dann puis ensuite",
		flagSubject:    "i we he she they it you there that this who which",
		flagDeterminer: "the a an my your our his her their its this that these those all every each any some me us him them it",
		flagPlan:       "please pls plz kindly let's lets discuss let need have want like love able plan got should could must shall can we i they you feel how what call email contact join if invite inviting invited look",
		flagIf:         "if when unless once whenever should wenn falls sobald si quand lorsque dès cuando se quando caso als wanneer zodra for before after as to in on at since because",
	} {
		for _, w := range fields(words) {
			info := lexicon[w]
			info.flags |= flag
			lexicon[w] = info
		}
	}
}
