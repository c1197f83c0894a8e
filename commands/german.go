package commands

import (
	"slices"
	"strings"
	"sync"
)

// German is read by way of English: phrase by phrase, whatever has no phrase here stays,
// and then the sentence is not understood. What denies ("nicht", "kein") has phrases only
// where the whole of it is a command, so a denial never becomes its contrary.

// germanPhrases are German words, and what they are in English; the longest that fits wins.
// One line is "german words|more of the same = english words".
var germanPhrases = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for line := range strings.SplitSeq(germanTable, "\n") {
		from, to, ok := strings.Cut(line, " = ")
		if !ok {
			continue
		}
		for phrase := range strings.SplitSeq(from, "|") {
			out[strings.Join(strings.Fields(phrase), " ")] = strings.Fields(to)
		}
	}
	return out
})

// longestPhrase bounds the phrases of germanTable, in words.
const longestPhrase = 7

const germanTable = `
guten tag|guten morgen|guten abend|liebe grüße|hallo|servus|moin|liebes tidepost|lieber tidepost =
ich wäre dankbar , wenn du|ich wäre dankbar , wenn sie|es wäre schön , wenn du|es wäre nett , wenn du|könntest du|könnten sie|kannst du|können sie|würdest du|würden sie|bitte|mal|doch bitte|mir|für mich|ab jetzt|ab sofort|von jetzt an|von nun an|wieder = 
ich bin|bin|wir sind|ich werde|ich habe|habe|ich nehme|bin ich|habe ich = i am
nicht da|nicht im büro|nicht erreichbar|nicht verfügbar|außer haus|im urlaub|in urlaub|im jahresurlaub|auf urlaub|abwesend|weg|unterwegs|frei|krank|krankgeschrieben|in elternzeit|auf dienstreise|abwesenheit|urlaub|fehle = away
sein|setz mich auf|setze mich auf|stell mich auf|trag mich als|trage mich als|ein|eintragen = 
wieder da|wieder zurück|wieder im büro|wieder gesund|wieder im dienst|zurück aus dem urlaub|zurück = back
urlaub streichen|urlaub löschen|urlaub absagen|abwesenheit löschen|meinen urlaub streichen|meinen urlaub löschen|meinen urlaub absagen|streiche meinen urlaub|lösche meinen urlaub|meine abwesenheit löschen|lösche meine abwesenheit|urlaub beenden|abwesenheit beenden|nicht mehr im urlaub|nicht mehr abwesend|nicht mehr krank = cancel my leave
vertritt mich|vertritt mich dann|übernimmt|springt ein|ist meine vertretung|ist mein vertreter|ist meine vertreterin|macht meine vertretung|übernimmt meine vertretung|vertritt = covers
vertretung|meine vertretung|vertreter|mein vertreter|vertreterin = cover
ist = is
keine vertretung|keine vertretung mehr|niemand vertritt mich = no cover
bis einschließlich|bis zum|bis zur|bis = until
vom|von|seit|ab dem|ab = from
am|an|den|dem|der|die|das|zum|im = 
und zwar = ,
nächste woche|nächster woche|die nächste woche|in der nächsten woche|kommende woche|nächste woche über = next week
diese woche|dieser woche|den rest der woche = this week
nächsten = next
kommenden|diesen = this
heute = today
morgen = tomorrow
morgen früh = tomorrow morning
übermorgen = day after tomorrow
mo = mon
di = tue
mi = wed
do = thu
fr = fri
sa = sat
so = sun
montags|montag = monday
dienstags|dienstag = tuesday
mittwochs|mittwoch = wednesday
donnerstags|donnerstag = thursday
freitags|freitag = friday
samstags|samstag|sonnabend = saturday
sonntags|sonntag = sunday
werktags|wochentags|an werktagen = weekdays
täglich|jeden tag = daily
jeden|jede|immer am = every
und|sowie = and
auch|außerdem|dann = also
in = in
aus = from
nach = to
ich arbeite in|ich arbeite aus|arbeite in = i am in
wieder zu hause|wieder daheim|zurück zu hause|wieder zuhause = back home
meine zeitzone|zeitzone|meine zeitzone ist = timezone
ich bin umgezogen nach|ich bin nach|umgezogen nach|ich wohne jetzt in|ich lebe jetzt in = i have moved to
mailand = milan
wien = vienna
rom = rome
kopenhagen = copenhagen
lissabon = lisbon
athen = athens
warschau = warsaw
prag = prague
brüssel = brussels
moskau = moscow
tokio = tokyo
singapur = singapore
pausieren|pausiere|pause machen|mach pause|mach eine pause|mache eine pause|pausiere alles|alles pausieren|pause|halte an = pause
pause beenden|die pause beenden|beende die pause|pause aufheben|pause aus|keine pause mehr|keine pause|weitermachen|weiter|mach weiter = resume
für eine stunde|eine stunde = for an hour
für = for
stunden|stunde = hours
minuten|minute = minutes
tage|tag = days
wochen = weeks
zwei = two
drei = three
mittag|mittags = noon
uhr = o'clock
freigeben|alles freigeben|gib alles frei|alles senden was wartet|sende alles was wartet|sende alles , was wartet|schick alles raus was wartet|schicke alles was wartet|lass alles raus|alles rauslassen|freigabe = release
immer = always
immer sofort durchlassen|immer gleich durchlassen|immer durchlassen|immer sofort zustellen|immer sofort|sofort durchlassen|soll immer sofort kommen|soll immer sofort ankommen|sollen immer sofort kommen|sollen immer sofort ankommen|immer sofort ankommen = always
post von|mails von|mail von|e-mails von|alle mails von|alles von|nachrichten von = mail from
immer von = always from
nicht mehr immer|nicht immer|nicht länger immer = not always
keine hinweise mehr zu|keine hinweise mehr auf|keine hinweise zu|keine hinweise auf|keine warnungen mehr zu|keine warnung mehr zu|keine ratschläge mehr zu|keine tipps mehr zu|nie mehr hinweise zu|nie wieder hinweise zu|hör auf mit hinweisen zu|nie|niemals = never
hinweise zu|hinweise auf|wieder hinweise zu|warne mich wieder bei|erinnere mich wieder an|erinnere mich an|rate mir wieder zu = advise
anhängen|anhang|anhänge|fehlenden anhängen|fehlende anhänge|vergessenen anhängen = attachment
ton|tonfall|meinem ton|zum ton = tone
länge|langen mails = length
betreff|betreffzeilen = subject
kontext = context
vorschlägen|vorschlag = proposal
zustellungen|zustellung|zustellen|liefern|meine zustellungen|zustellzeiten|meine zustellzeiten|postzeiten = deliveries
zustellen um|post um|meine post um|mails um|meine mails um|stell zu um|stelle zu um|stell meine post um|liefere um = deliveries at
keine zustellungen mehr|keine zustellungen|keine zustellung mehr|alles sofort zustellen = no deliveries
zustellungen wie üblich|übliche zustellungen|zustellungen standard|zustellung standard = deliveries default
um = at
weniger digests|nur ein digest am tag|ein digest am tag|nur eine übersicht am tag|eine übersicht am tag|weniger übersichten = fewer digests
mehr digests|mehr übersichten|digest bei jeder zustellung = more digests
keine digests mehr|keine digests|keine übersichten mehr|keine übersichten|digests abbestellen = no digests
fokuszeit|fokus|ruhezeit|konzentrationszeit|meine fokuszeit = focus
keine fokuszeit mehr|keine fokuszeit|kein fokus|kein fokus mehr = no focus
sprechstunde|sprechstunden|sprechzeiten|sprechzeit|meine sprechstunde|meine sprechzeiten = officehours
keine sprechstunde mehr|keine sprechstunde|keine sprechzeiten|keine sprechzeiten mehr = no officehours
arbeitszeit|arbeitszeiten|meine arbeitszeit|meine arbeitszeiten|ich arbeite = hours
feiertage|meine feiertage|feiertage in = holidays
nicht zurückhalten|nichts zurückhalten|halte nichts zurück|meine mails nicht zurückhalten|halte meine mails nicht zurück|zurückhalten aus|zurückhalten ausschalten|zurückhalten abschalten = hold off
zurückhalten an|zurückhalten einschalten|halte meine mails zurück|halte meine mails wieder zurück = hold on
zurückhalten = hold
bündeln aus|nicht bündeln|nichts bündeln|bündeln ausschalten|bündeln abschalten|bündelung aus|nicht sammeln|sammeln aus = batch off
bündeln an|wieder bündeln|bündeln einschalten|bündelung an|sammeln an = batch on
bündeln|bündelung|sammeln = batch
keine ratschläge|keine ratschläge mehr|keine hinweise|keine hinweise mehr|ratschläge aus|ratschläge ausschalten|hinweise aus|hinweise ausschalten|coach ausschalten|coach aus|coach abschalten = coach off
ratschläge an|hinweise an|ratschläge einschalten|hinweise einschalten|coach einschalten|coach an = coach on
ratschläge|hinweise = coach
probelauf|trockenlauf = dryrun
telefon|telefonnummer|meine telefonnummer|handynummer|meine handynummer|meine nummer = phone
kein telefon|keine telefonnummer|telefonnummer löschen|lösche meine telefonnummer = no phone
mein name = my name
einstellungen|meine einstellungen|zeige meine einstellungen|zeig meine einstellungen|was ist eingestellt|was habe ich eingestellt|zeig mir meine einstellungen = settings
bericht|mein bericht|meinen bericht|schick mir meinen bericht|schicke mir meinen bericht|bericht schicken|auswertung = report
warum = why
warum wartet|wieso wartet|weshalb wartet = why is
warum ist|wieso ist|weshalb ist = why is
wieso|weshalb = why
noch nicht angekommen|nicht angekommen|noch nicht da|noch nicht raus|noch nicht weg = not arrived yet
noch = still
nummer|nr. = number
frage = question
diese mail|diese nachricht|diese = this mail
mail|nachricht = mail
rückgängig|rückgängig machen|mach das rückgängig|mache das rückgängig|das rückgängig machen|zurücknehmen|nimm das zurück = undo
hilfe|hilf|was kann ich schreiben|was kannst du|was geht|befehle|was kann ich dir schreiben = help
passwort|kennwort|neues passwort|passwort vergessen|passwort ändern = password
keine abwesenheitsnotiz mehr|keine abwesenheitsnotiz|keine urlaubsantwort|abwesenheitsnotiz aus|urlaubsantwort aus = no vacation reply
lösche meine abwesenheitsnotiz|abwesenheitsnotiz löschen|meine abwesenheitsnotiz löschen|abwesenheitsnotiz standard = clear my vacation text
zeig meine abwesenheitsnotiz|zeige meine abwesenheitsnotiz|was ist meine abwesenheitsnotiz|wie lautet meine abwesenheitsnotiz|meine abwesenheitsnotiz|abwesenheitsnotiz|zeig mir meine abwesenheitsnotiz = show my vacation text
`

// fromGerman writes a sentence in the words of the English commands; ok is false if
// nothing in it is German.
func fromGerman(toks []token) (out []token, ok bool) {
	table := germanPhrases()
	for i := 0; i < len(toks); {
		n, words := 0, []string(nil)
		var b strings.Builder
		for k := 0; k < longestPhrase && i+k < len(toks); k++ {
			if k > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(toks[i+k].low)
			if w, found := table[b.String()]; found {
				n, words = k+1, w
			}
		}
		if n == 0 {
			out = append(out, toks[i])
			i++
			continue
		}
		for j, w := range words {
			out = append(out, token{low: w, raw: w, num: -1, glue: j == 0 && toks[i].glue})
		}
		ok = ok || len(words) != n || !slices.EqualFunc(words, toks[i:i+n], func(w string, t token) bool { return w == t.low })
		i += n
	}
	if !ok {
		return nil, false
	}
	s := sentence{toks: out}
	s.trimMarks()
	return verbFirst(s.toks), len(s.toks) > 0
}

// verbFirst brings a verb that stands last in German to where English has it: "Henrik
// immer sofort durchlassen", "um 9 und 13 Uhr zustellen".
func verbFirst(toks []token) []token {
	last := len(toks) - 1
	if last < 1 {
		return toks
	}
	r := reader{toks: toks}
	switch toks[last].low {
	case "always":
		if r.phrase("mail from") {
			return append(slices.Clone(toks), token{low: "at", raw: "at", num: -1}, token{low: "once", raw: "once", num: -1})
		}
	case "pause":
	case "deliveries":
		if toks[0].low == "no" {
			return toks
		}
	default:
		return toks
	}
	return append([]token{toks[last]}, toks[:last]...)
}
