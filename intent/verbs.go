package intent

// A verbKind tells how much a bare verb at the start of a clause asks.
type verbKind uint8

const (
	verbNone  verbKind = iota
	verbNoun           // a noun as well: asks by itself with an object only
	verbClear          // asks by itself: "Send me the file"
)

// clearVerbs are hardly ever nouns in English. nounVerbs are nouns or adjectives
// as well, and ask with an object that no noun has behind it: "check the totals",
// "book a room".
const (
	clearVerbs = "share bring send tell forward fix answer write ring review approve confirm redo instruct pick shout submit provide sign resend reply respond email ping finalise finalize " +
		"update remove delete upload download schedule book prepare complete finish verify validate investigate escalate notify inform advise explain clarify describe " +
		"correct replace restart reboot rename merge revert deploy test measure compare translate proofread summarise summarize document draft collect fill register enter " +
		"attach return print scan order invite remind split list add set assign cancel postpone reschedule rotate revoke reset install connect disconnect restore rerun choose decide vote " +
		"acknowledge adapt adjust align allow amend analyse analyze announce apologise apologize append apply approach ascertain ask assist assess avoid bear begin bring build calculate calibrate carry categorise categorize catch certify choose circulate cite combine compile complain configure congratulate consolidate consult contribute convert convince convey coordinate countersign create crop cut debug dedupe define deliver demonstrate destroy detail determine develop diagnose dig disable discard disclose discontinue discuss dispose distribute divide double-check drive elaborate eliminate embed enable encourage enrol enroll ensure enquire erase establish evaluate examine exclude execute expand expedite explore export extend extract familiarise familiarize fetch file flesh freeze gather generate give go grab grant hand handle happen hide highlight identify implement improve include incorporate indicate inquire insert inspect integrate introduce invoice involve join keep kill lead learn leave let load lock locate loop mail maintain make migrate minimise minimize modify monitor move obtain omit open organise organize outline overwrite pack park pay perform phone pin populate prioritise prioritize prove publish purchase pursue push put raise reach read reassign rebase rebuild recalculate recall recheck reconcile reconfirm reconsider recover recruit refer refrain refuse reimburse reinstall reject relay relocate rely remember remove renew reopen reorder repair repeat rephrase report repost reproduce resolve respond retain retest rethink retrieve retry reuse reverse reword rewrite roll run save secure select sell serve settle ship shorten simplify solve sort specify speak stick stop store strip submit suggest supply suspend swap take talk talk tag tear count water mow terminate throw tidy transfer try tweak type uncheck undo uninstall unlock unplug unsubscribe upgrade use utilise utilize verify visit wait warn wipe withdraw work wrap inspire depart depict"
	nounVerbs = "check look call get do find hold come think see note help change show follow drop cover meet attend stay watch listen consider close click copy pass buy plan turn arrange rsvp dial contact disregard " +
		"ignore log chase double propose present request support sit stand step free block have be access act address alert answer archive audit back balance ban bill bind block board boost brief budget buy bypass cap cc chair challenge charge chat clear clock code comment complement compose compress contact contract control counter credit crosscheck date deal delegate delay demo detail dress drag drill drop dry-run dump ease edit end enclose estimate exchange exercise expect experiment face fax feed feel filter finance fit fix flag flip flush focus force form format frame fund group guess guide halt head help hire hit host hunt import increase index initial invest issue jot judge jump label land launch lay level lift light limit link list look mark match mention mind mirror model mount move mute name nominate note number object offer omit open outsource own pack page paint paste patch pause perfect permit pilot pitch place play plot plug point poll post pour practise practice press price process produce project promise promote protect pull quote rank rate rank rebuild recap receive record recycle reduce refund refresh refund release relax rent reroute rescue reserve reset rest restrict retire revise ring risk route sample scale search seat seek ship shut sketch skip sleep slow snooze space spare spend spot squeeze staff stage stamp star start state steer stop stress study subscribe sum surface survey switch sync take target teach time tick top touch trace track trade train travel treat trigger trim trust tune turn unblock update void walk want wash weigh weight welcome wire work worry yield zip squash sweep sign shoot lower clean separate debrief answer ring review shout email ping update schedule book test measure draft document return print scan order split set rerun register report visit finance mail invoice handle place advance correct complete open own secure approach purchase work let share have be "
)

// neverImperative are base forms that a clause without a subject begins with
// when its author speaks of himself, or only to be polite.
var neverImperative = wordSet("hope think guess wish love believe look miss thank wonder regret enjoy feel rest mind trust welcome excuse forgive pardon bless see note stay imagine suppose consider happen rely depart depict inspire worry want expect receive do be have let")

func addVerbs(lexicon map[string]wordInfo) {
	for _, w := range fields(clearVerbs) {
		info := lexicon[w]
		info.verb = verbClear
		lexicon[w] = info
	}
	for _, w := range fields(nounVerbs) {
		info := lexicon[w]
		info.verb = verbNoun
		lexicon[w] = info
	}
}

// A wordFlag marks words of grammar.
type wordFlag uint16

const (
	flagQuestion   wordFlag = 1 << iota // who, what, when
	flagJoin                            // and, but
	flagSubject                         // I, we, he: no imperative behind it
	flagDeterminer                      // the, my, this
	flagPlan                            // a plan may begin with it: see plan
	flagIf                              // if, when: a clause with a main clause behind it
	flagFinite                          // is, has, will: the clause has its verb
	flagParticle                        // a preposition or particle behind a verb
	flagMust                            // needs, must: something has to be
	flagOpener                          // then, also: a clause may begin before it
	flagClause                          // gives a clause a subject or a finite verb: it is no bare demand
)

func addFlags(lexicon map[string]wordInfo) {
	for flag, words := range map[wordFlag]string{
		flagQuestion:   "who what when where why which how whose wer was wann wo warum welche welcher welches wie qui que quand où pourquoi quel quelle quels comment combien quién qué cuándo dónde cuál cómo cuánto quem quando onde qual como quanto wie wat wanneer waar waarom welke hoe",
		flagJoin:       "and but so then or und aber et mais y pero e mas en maar also und dann puis ensuite",
		flagSubject:    "i we he she they it you there that this who which",
		flagDeterminer: "the a an my your our his her their its this that these those all every each any some me us him them it both",
		flagPlan:       "please pls plz kindly let's lets discuss let need have want like love able plan got should could must shall can we i they you feel how what call email contact join if invite inviting invited look",
		flagIf:         "if when unless once whenever should wenn falls sobald si quand lorsque dès cuando se quando caso als wanneer zodra for before after as to in on at since because until while where wherever without with whoever anyone those everyone during by",
		flagFinite:     "is are was were has had will would won't can could may might must should isn't aren't wasn't weren't hasn't doesn't does did didn't looks seems went came got says said needs works worked takes took starts ended ends opens closed",
		flagOpener:     "then also just now so simply first next both too kindly again instead therefore otherwise meanwhile finally lastly second secondly third additionally and all",
		flagClause:     "i we he she they it you is are was were will would can could has have had does did do be been am i'm we're it's that's he's she's they're i'll we'll won't isn't aren't goes went came comes gets got says said needs wants starts ends runs moved moves leaves left ich wir er sie es ist sind war wird werden hat haben kann können muss müssen soll sollen je nous il elle est sont sera ai avons ont peut peuvent doit doivent ya yo él ella es son está están será ha han puede pueden hay eu ele ela é são foi será tem têm pode podem ik wij we hij zij het is zijn was wordt heeft hebben kan kunnen moet moeten closed done fixed finished sent shipped released due happens happened expected back out opens closes expires available",
		flagMust:       "needs need must should has have shall are is",
		flagParticle:   "by back up out down with if whether what how why when for to on off into over away through along around at about in from ahead aside together here there directly again",
	} {
		for _, w := range fields(words) {
			info := lexicon[w]
			info.flags |= flag
			lexicon[w] = info
		}
	}
}
