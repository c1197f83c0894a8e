package intent

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A wordInfo is what is known of a word by itself.
type wordInfo struct {
	groups    groupMark
	forms     formMark
	classes   classMark // of time
	begins    beginMark
	flags     wordFlag
	starts    languageMark // languages in which an expression of time may begin with it
	needsMore bool         // but not by it alone: two, next, in
	langs     languageMark // languages of which it is a small word
	verb      verbKind
	limitWord bool // it is one of limitWords
	time      []timeWord
	cues      cueList     // patterns that begin with it
	vague     [][]cuePart // vaguePhrases that begin with it
}

// unknownWord is shared by all words that are not known. It is read only.
var unknownWord wordInfo

// A timeWord is a meaning of a word in an expression of time.
type timeWord struct {
	langs languageMark
	class timeClass
	val   int
}

type timeClass uint8

const (
	noTime   timeClass = iota
	tWeekday           // 1 Monday … 7 Sunday
	tMonth             // 1…12
	tRelDay            // days from today
	tUnit              // a unit: see below
	tNumber            // 1…
	tOrdinal           // 1…31, -1 last
	tPart              // a part of the day: see below
	tNext              // the following one
	tThis              // the running one
	tLast              // the one before
	tZone              // minutes east of Greenwich, plus zoneBase
	tClockAt           // noon, midnight: minutes
	tEnd               // "end"
	tShort             // EOD, EOW, EOM, EOQ, EOY: the unit
	tIn                // "in" with a span
	tAgo               // "ago", behind a span
	tHence             // "from now", "later", behind a span
	tLink              // small words inside of an expression: at, on, of, the
	tHalf              // "half"
	tQuarter           // "quarter"
	tPast              // "past" in a time of day
	tBefore            // "to" in a time of day
	tHour              // "uhr", "h", "o'clock"
	tNow               // now, asap: no instant
)

// Units.
const (
	uSecond = iota + 1
	uMinute
	uHour
	uDay
	uWeek
	uMonth
	uQuarter
	uYear
	uWorkday
	uWeekend
	uFortnight
)

// Parts of the day.
const (
	partMorning = iota + 1
	partNoon
	partAfternoon
	partEvening
	partNight
	partFirstThing
)

// zoneBase keeps offsets of zones positive in the table.
const zoneBase = 1000

var allLanguages = languageMark(1<<len(readLanguages) - 1)

func languageBit(l Language) languageMark {
	for i, r := range readLanguages {
		if r == l {
			return 1 << i
		}
	}
	return 0
}

// timeTable lists words as "languages class word=value word=value …".
var timeTable = []struct {
	langs string
	class timeClass
	words string
}{
	{"en", tWeekday, "monday=1 mon=1 mondays=1 tuesday=2 tue=2 tues=2 tuesdays=2 wednesday=3 wed=3 weds=3 wednesdays=3 thursday=4 thu=4 thur=4 thurs=4 thursdays=4 friday=5 fri=5 fridays=5 saturday=6 sat=6 saturdays=6 sunday=7 sun=7 sundays=7"},
	{"de", tWeekday, "montag=1 mo=1 dienstag=2 di=2 mittwoch=3 mi=3 donnerstag=4 freitag=5 fr=5 samstag=6 sonnabend=6 sonntag=7 mittwochs=3"},
	{"fr", tWeekday, "lundi=1 mardi=2 mercredi=3 jeudi=4 vendredi=5 samedi=6 dimanche=7"},
	{"es", tWeekday, "lunes=1 martes=2 miércoles=3 miercoles=3 jueves=4 viernes=5 sábado=6 sabado=6 domingo=7"},
	{"pt", tWeekday, "segunda=1 terça=2 quarta=3 quinta=4 sexta=5 sábado=6 sabado=6 domingo=7"},
	{"nl", tWeekday, "maandag=1 dinsdag=2 woensdag=3 donderdag=4 vrijdag=5 zaterdag=6 zondag=7"},
	{"en", tMonth, "january=1 jan=1 february=2 feb=2 march=3 mar=3 april=4 apr=4 may=5 june=6 jun=6 july=7 jul=7 august=8 aug=8 september=9 sep=9 sept=9 october=10 oct=10 november=11 nov=11 december=12 dec=12"},
	{"de", tMonth, "januar=1 jänner=1 februar=2 märz=3 april=4 mai=5 juni=6 juli=7 august=8 september=9 oktober=10 okt=10 november=11 dezember=12 dez=12 sept=9"},
	{"fr", tMonth, "janvier=1 février=2 fevrier=2 mars=3 avril=4 mai=5 juin=6 juillet=7 août=8 aout=8 septembre=9 octobre=10 d'avril=4 d'août=8 d'octobre=10 novembre=11 décembre=12 decembre=12"},
	{"es", tMonth, "enero=1 febrero=2 marzo=3 abril=4 mayo=5 junio=6 julio=7 agosto=8 septiembre=9 setiembre=9 octubre=10 noviembre=11 diciembre=12"},
	{"pt", tMonth, "janeiro=1 fevereiro=2 março=3 abril=4 maio=5 junho=6 julho=7 agosto=8 setembro=9 outubro=10 novembro=11 dezembro=12"},
	{"nl", tMonth, "januari=1 februari=2 maart=3 april=4 mei=5 juni=6 juli=7 augustus=8 september=9 oktober=10 november=11 december=12"},
	{"en", tRelDay, "today=0 tonight=0 tomorrow=1 tomorrows=1 tmrw=1 tmr=1 tomorow=1 yesterday=-1"},
	{"de", tRelDay, "heute=0 morgen=1 übermorgen=2 gestern=-1 vorgestern=-2"},
	{"fr", tRelDay, "aujourd'hui=0 demain=1 après-demain=2 hier=-1"},
	{"es", tRelDay, "hoy=0 mañana=1 ayer=-1"},
	{"pt", tRelDay, "hoje=0 amanhã=1 amanha=1 ontem=-1"},
	{"nl", tRelDay, "vandaag=0 vanavond=0 vanmiddag=0 morgen=1 overmorgen=2 gisteren=-1"},
	{"en", tUnit, "second=1 seconds=1 sec=1 secs=1 minute=2 minutes=2 min=2 mins=2 hour=3 hours=3 hr=3 hrs=3 h=3 day=4 days=4 week=5 weeks=5 wk=5 wks=5 month=6 months=6 quarter=7 quarters=7 qtr=7 qtrs=7 year=8 years=8 yr=8 yrs=8 weekend=10 fortnight=11 fortnights=11 workday=9 workdays=9 weekday=9"},
	{"de", tUnit, "sekunde=1 sekunden=1 minute=2 minuten=2 min=2 stunde=3 stunden=3 std=3 tag=4 tage=4 tagen=4 tages=4 woche=5 wochen=5 monat=6 monate=6 monaten=6 monats=6 quartal=7 quartals=7 jahr=8 jahre=8 jahren=8 jahres=8 wochenende=10 werktag=9 werktage=9 werktagen=9 arbeitstag=9 arbeitstage=9 arbeitstagen=9"},
	{"fr", tUnit, "seconde=1 secondes=1 minute=2 minutes=2 heure=3 heures=3 jour=4 jours=4 journée=4 semaine=5 semaines=5 mois=6 trimestre=7 an=8 ans=8 année=8 l'année=8 l'an=8 l'heure=3 week-end=10 weekend=10"},
	{"es", tUnit, "segundo=1 segundos=1 minuto=2 minutos=2 hora=3 horas=3 día=4 días=4 dia=4 dias=4 jornada=4 semana=5 semanas=5 mes=6 meses=6 trimestre=7 año=8 años=8"},
	{"pt", tUnit, "segundo=1 segundos=1 minuto=2 minutos=2 hora=3 horas=3 dia=4 dias=4 expediente=4 semana=5 semanas=5 mês=6 meses=6 trimestre=7 ano=8 anos=8"},
	{"nl", tUnit, "seconde=1 seconden=1 minuut=2 minuten=2 uren=3 dag=4 dagen=4 week=5 weken=5 maand=6 maanden=6 uur=3 kwartaal=7 jaar=8 jaren=8 weekend=10 weekeinde=10 werkdag=9 werkdagen=9"},
	{"en", tNumber, "one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90"},
	{"de", tNumber, "ein=1 eine=1 einem=1 einer=1 einen=1 zwei=2 drei=3 vier=4 fünf=5 sechs=6 sieben=7 acht=8 neun=9 zehn=10 elf=11 zwölf=12 zwanzig=20 dreißig=30"},
	{"fr", tNumber, "un=1 une=1 deux=2 trois=3 quatre=4 cinq=5 six=6 sept=7 huit=8 neuf=9 dix=10 onze=11 douze=12 quinze=15 vingt=20 trente=30"},
	{"es", tNumber, "un=1 una=1 dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9 diez=10 doce=12 quince=15 veinte=20 treinta=30"},
	{"pt", tNumber, "um=1 uma=1 dois=2 duas=2 três=3 quatro=4 cinco=5 seis=6 sete=7 oito=8 nove=9 dez=10 doze=12 quinze=15 vinte=20 trinta=30"},
	{"nl", tNumber, "een=1 één=1 twee=2 drie=3 vier=4 vijf=5 zes=6 zeven=7 acht=8 negen=9 tien=10 twaalf=12 veertien=14 twintig=20 dertig=30"},
	{"en", tOrdinal, "first=1 second=2 third=3 fourth=4 fifth=5 sixth=6 seventh=7 eighth=8 ninth=9 tenth=10 eleventh=11 twelfth=12 thirteenth=13 fourteenth=14 fifteenth=15 sixteenth=16 seventeenth=17 eighteenth=18 nineteenth=19 twentieth=20 thirtieth=30"},
	{"de", tOrdinal, "ersten=1 zweiten=2 dritten=3 vierten=4"},
	{"fr", tOrdinal, "premier=1 première=1"},
	{"en", tPart, "morning=1 mornings=1 noonish=2 lunchtime=2 lunch=2 afternoon=3 evening=4 night=5"},
	{"de", tPart, "morgens=1 vormittag=1 vormittags=1 früh=1 mittag=2 mittags=2 nachmittag=3 nachmittags=3 abend=4 abends=4 nacht=5 nachts=5"},
	{"fr", tPart, "matin=1 matinée=1 midi=2 après-midi=3 soir=4 soirée=4 nuit=5"},
	{"es", tPart, "mediodía=2 mediodia=2 tarde=3 noche=4"},
	{"pt", tPart, "manhã=1 manha=1 meio-dia=2 tarde=3 noite=4"},
	{"nl", tPart, "ochtend=1 ochtends=1 middag=3 middags=3 avond=4 avonds=4"},
	{"en", tNext, "next=1 coming=2 upcoming=2 following=1"},
	{"de", tNext, "nächste=1 nächsten=1 nächster=1 nächstes=1 kommende=2 kommenden=2 kommender=2"},
	{"fr", tNext, "prochain=1 prochaine=1 prochains=1 prochaines=1"},
	{"es", tNext, "próximo=1 próxima=1 proximo=1 proxima=1 próximos=1 próximas=1"},
	{"pt", tNext, "próximo=1 próxima=1 próximos=1 próximas=1"},
	{"nl", tNext, "volgende=1 komende=2 aanstaande=2"},
	{"en", tThis, "this=1 current=1 same=1"},
	{"de", tThis, "diese=1 diesen=1 dieser=1 dieses=1 diesem=1 laufenden=1"},
	{"fr", tThis, "ce=1 cet=1 cette=1"},
	{"es", tThis, "este=1 esta=1"},
	{"pt", tThis, "este=1 esta=1 neste=1 nesta=1 deste=1 desta=1"},
	{"nl", tThis, "deze=1 dit=1"},
	{"en", tLast, "last=1 previous=1 past=1 prior=1"},
	{"de", tLast, "letzte=1 letzten=1 letzter=1 vergangenen=1 vorigen=1"},
	{"fr", tLast, "dernier=1 dernière=1"},
	{"es", tLast, "pasado=1 pasada=1 último=1"},
	{"pt", tLast, "passado=1 passada=1 último=1"},
	{"nl", tLast, "vorige=1 afgelopen=1 laatste=1"},
	{"all", tZone, "utc=1000 gmt=1000 wet=1000 bst=1060 west=1060 cet=1060 cest=1120 mez=1060 mesz=1120 eet=1120 eest=1180 trt=1180 msk=1180 ist=1330 jst=1540 aest=1600 aedt=1660 est=700 edt=760 cst=640 cdt=700 mst=580 mdt=640 pst=520 pdt=580 brt=820 sast=1120 sgt=1480"},
	{"en", tClockAt, "noon=720 midday=720 midnight=1440"},
	{"de", tClockAt, "mitternacht=1440"},
	{"fr", tClockAt, "minuit=1440"},
	{"nl", tClockAt, "middernacht=1440"},
	{"en", tEnd, "end=1"},
	{"de", tEnd, "ende=1"},
	{"fr", tEnd, "fin=1"},
	{"es", tEnd, "fin=1 final=1 finales=1 acabe=1 termine=1 finalice=1 acabar=1 terminar=1 finalizar=1"},
	{"pt", tEnd, "fim=1 final=1"},
	{"nl", tEnd, "eind=1 einde=1"},
	{"de", tShort, "ultimo=6 monatsende=6 quartalsende=7 jahresende=8 dienstschluss=4 feierabend=4 geschäftsschluss=4 büroschluss=4 arbeitsende=4 tagesende=4 eod=4 eow=5"},
	{"es", tShort, "cierre=4"},
	{"nl", tShort, "maandeinde=6 jaareinde=8 kwartaaleinde=7 eod=4"},
	{"en", tShort, "eod=4 cob=4 eow=5 eom=6 eoq=7 eoy=8 cop=4"},
	{"en", tIn, "in=1 within=1"},
	{"de", tIn, "in=1 binnen=1 innerhalb=1"},
	{"fr", tIn, "dans=1 sous=1 d'ici=1"},
	{"es", tIn, "en=1 dentro=1"},
	{"pt", tIn, "em=1 dentro=1 nas=1 nos=1 no=1"},
	{"nl", tIn, "over=1 binnen=1"},
	{"en", tAgo, "ago=1 back=1 earlier=1"},
	{"en", tHence, "hence=1 later=1"},
	{"en", tLink, "at=1 on=1 of=1 the=1 around=1 about=1 approximately=1 in=1 for=1"},
	{"de", tLink, "um=1 am=1 den=1 der=1 des=1 dem=1 im=1 gegen=1"},
	{"fr", tLink, "à=1 le=1 la=1 du=1 de=1 au=1 vers=1"},
	{"es", tLink, "a=1 al=1 las=1 la=1 el=1 de=1 del=1 por=1"},
	{"pt", tLink, "às=1 as=1 a=1 o=1 ao=1 de=1 do=1 da=1 das=1 dia=1 feira=1 à=1"},
	{"nl", tLink, "om=1 op=1 de=1 van=1"},
	{"en", tHalf, "half=1"},
	{"en", tPast, "past=1 after=1"},
	{"en", tBefore, "to=1 til=1 till=1"},
	{"en", tHour, "o'clock=1 oclock=1"},
	{"de", tHour, "uhr=1"},
	{"fr", tHour, "heures=1 heure=1 h=1"},
	{"es", tHour, "h=1 hs=1 horas=1"},
	{"pt", tHour, "h=1 hs=1 horas=1"},
	{"nl", tHour, "uur=1 u=1"},
}

// nowWords begin the ways to say "now".
var nowWords = wordSet("now atm right just at mid middle midweek mitte mediados meados milieu halverwege q laufe course medio midden ides close kw cw wk primera primeira première logo largo longo durante during early beginning start anfang beginn début principios comienzos início começo begin mi après week meio courant transcurso decorrer loop")

// lexicon holds all words that the package knows. It is read only.
var lexicon = sync.OnceValue(buildLexicon)

// A wordTable finds words by their hash: an open table, at most half full.
type wordTable struct {
	slots []wordSlot
	mask  uint32
}

type wordSlot struct {
	hash uint32
	word string
	info *wordInfo
}

func newWordTable(words int) *wordTable {
	size := 1
	for size < 2*words {
		size *= 2
	}
	return &wordTable{slots: make([]wordSlot, size), mask: uint32(size - 1)}
}

func (w *wordTable) add(word string, info *wordInfo) {
	hash := textHash(word)
	i := hash & w.mask
	for w.slots[i].info != nil {
		i = (i + 1) & w.mask
	}
	w.slots[i] = wordSlot{hash, word, info}
}

// find returns nil for a word that is not known.
func (w *wordTable) find(hash uint32, word string) *wordInfo {
	for i := hash & w.mask; w.slots[i].info != nil; i = (i + 1) & w.mask {
		if s := &w.slots[i]; s.hash == hash && s.word == word {
			return s.info
		}
	}
	return nil
}

func buildLexicon() *wordTable {
	words := buildWords()
	known := append(fields("new good"), slices.Sorted(maps.Keys(nowWords))...)
	for w := range holidays {
		known = append(known, w)
	}
	for w := range feasts {
		known = append(known, w)
	}
	for w := range beginIndex {
		known = append(known, w)
	}
	for w := range limitWords {
		known = append(known, w)
	}
	vague := compileVague(vaguePhrases)
	for w := range vague {
		known = append(known, w)
	}
	for _, w := range known {
		if _, ok := words[w]; !ok {
			words[w] = wordInfo{}
		}
	}
	for w, info := range words {
		info.needsMore = len(info.time) > 0
		for _, t := range info.time {
			switch t.class {
			case tNumber, tOrdinal, tNext, tThis, tLast, tIn, tEnd, tHalf, tQuarter, tLink, tBefore, tPast, tHour, tAgo, tHence:
			default:
				info.needsMore = false
			}
			switch t.class {
			case tLink, tBefore, tPast, tHour, tAgo, tHence:
			default:
				info.starts |= t.langs
			}
		}
		_, feast := feasts[w]
		if _, named := holidays[w]; named || feast || w == "new" || w == "good" || nowWords[w] {
			info.starts |= allLanguages
		}
		info.classes, info.begins = classesOf(info.time), begins(w, info.time)
		info.limitWord, info.vague = limitWords[w], vague[w]
		words[w] = info
	}
	addGroups(words)
	out := newWordTable(2 * len(words))
	for w, info := range words {
		out.add(w, &info)
		if _, own := words[w+"'s"]; !own && len(w) > 1 {
			out.add(w+"'s", &wordInfo{starts: info.starts, langs: info.langs, time: info.time, flags: info.flags, classes: info.classes, begins: begins(w+"'s", info.time), groups: groupIndex[w+"'s"]})
		}
	}
	return out
}

func buildWords() map[string]wordInfo {
	out := make(map[string]wordInfo, 4096)
	for w, mark := range buildLanguageIndex() {
		info := out[w]
		info.langs = mark
		out[w] = info
	}
	for _, row := range timeTable {
		mark := allLanguages
		if row.langs != "all" {
			mark = languageBit(Language(row.langs))
		}
		for _, pair := range fields(row.words) {
			word, value, _ := strings.Cut(pair, "=")
			n, err := strconv.Atoi(value)
			if err != nil {
				panic("intent: bad time word " + pair)
			}
			info := out[word]
			info.time = append(info.time, timeWord{mark, row.class, n})
			out[word] = info
		}
	}
	addCompounds(out)
	addVerbs(out)
	addFlags(out)
	addForms(out)
	addCues(out)
	return out
}

// compounds are days that German and Dutch write in one word with a part of them.
var compounds = []struct {
	lang  Language
	days  string
	parts string
}{
	{German, "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag", "morgen=1 früh=1 vormittag=1 mittag=2 nachmittag=3 abend=4 nacht=5"},
	{Dutch, "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag morgen", "morgen=1 ochtend=1 voormiddag=1 middag=3 namiddag=3 avond=4 nacht=5"},
}

func addCompounds(out map[string]wordInfo) {
	for _, c := range compounds {
		mark := languageBit(c.lang)
		for _, day := range fields(c.days) {
			for _, pair := range fields(c.parts) {
				part, value, _ := strings.Cut(pair, "=")
				info := wordInfo{time: []timeWord{{mark, tPart, int(value[0] - '0')}}}
				for _, t := range out[day].time {
					if t.langs&mark != 0 && (t.class == tWeekday || t.class == tRelDay) {
						info.time = append(info.time, t)
					}
				}
				out[day+part] = info
			}
		}
	}
}

func fields(s string) []string { return strings.Fields(s) }

// look fills in what is known of each word. A possessive is known without its
// ending.
func look(toks []token) {
	known := lexicon()
	for i := range toks {
		if t := &toks[i]; t.kind == kindWord {
			if info := known.find(t.hash, t.low); info != nil {
				t.word = info
			}
		}
	}
}
