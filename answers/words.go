package answers

import (
	"strings"
	"unicode"
)

// words are the words and numbers of a text in lower case, without marks.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' })
}

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range words(s) {
		out[w] = true
	}
	return out
}

func set(list string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		out[w] = true
	}
	return out
}

// phrases is set for a list whose entries are parted by bars and line ends.
func phrases(list string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(list) {
		for w := range strings.SplitSeq(strings.TrimSpace(line), "|") {
			out[w] = true
		}
	}
	return out
}

// clockUnits follow a number that is a time; other units one that counts something.
// Months follow a day.
var (
	clockUnits = set(`am pm a.m p.m a.m. p.m. o'clock oclock o’clock uhr uur heures h hrs hours' noon midnight utc gmt cet cest est edt pst pdt`)
	units      = set(`people persons person folks men women guests seats days day weeks week months month years year hours hour minutes minute mins min
seconds times time x percent per % € $ £ ¥ eur euro euros usd dollars gbp pounds pound chf francs km m cm mm kg g mb gb tb kb kwh pieces piece pcs copies copy items
pages page boxes of more less other others half halves quarter quarters third thirds thing things points point questions question options option ways way parts part steps step
out new different separate big small additional extra last first nights night rooms room licences licenses tickets lines files mails emails meetings orders units hundred thousand
million k percentage degrees stars votes persons' bugs cases users customers orders invoices changes tests
leute personen person tage tagen tag wochen woche monate monat monaten jahre jahr jahren stunden stunde minuten minute mal prozent stück seiten seite teile weitere mehr von
plätze gäste kollegen punkte fragen zimmer nächte
personnes personne jours jour semaines semaine mois ans année années heure minutes fois pour-cent pages points de places chaises
personas persona días día semanas semana meses mes años año horas hora minutos veces páginas puntos por-ciento
pessoas pessoa dias dia semanas semana meses mês anos ano horas hora minutos vezes páginas pontos
mensen personen dagen dag weken week maanden maand jaar jaren uren minuten keer procent stuks stoelen`)
	months = set(`january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
januar februar märz mai juni juli oktober dezember jänner mrz okt dez
janvier février mars avril juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
januari februari maart mei augustus`)
)

// answerWords begin an answer rather than go on with a sentence that a number stands
// in.
var answerWords = set(`yes yep yeah yup no nope nah ok okay okey sure certainly absolutely definitely done finished fixed fine works agreed agree approved approve accepted
accept correct right true false not never none nothing nobody by before until till on tomorrow today tonight next this that these it its it's is won't will can cannot can't could
i i'll i'd i'm i've we we'll we're we've he she they you you're please thanks thank great good perfect go let let's ask forward hand give pass ignore skip sorry maybe perhaps probably possibly
later soon both either neither same see attached sent already still waiting depends unfortunately mine there here done. n/a tbd tbc asap eod cob
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun morning afternoon
ja jo nein nee klar erledigt gemacht fertig passt einverstanden genehmigt abgelehnt nicht nie kein keine nichts bis vor morgen heute übermorgen ich wir er sie es das bitte danke gern gerne leider vielleicht
montag dienstag mittwoch donnerstag freitag samstag sonntag gut frag frage an für
oui non d'accord fait terminé pas jamais rien avant demain aujourd'hui je j'ai nous il elle c'est ce merci bien volontiers désolé désolée peut-être lundi mardi mercredi jeudi vendredi demande à pour
sí si claro hecho listo nunca nada antes mañana hoy yo lo ella nosotros gracias bien bueno quizás lunes martes miércoles jueves viernes vale pregunta a para
sim não feito pronto nunca nada antes amanhã hoje eu ele ela nós obrigado obrigada bem bom talvez segunda terça quarta quinta sexta concordo pergunta
akkoord gedaan klaar niet nooit niets voor morgen vandaag ik wij hij zij dank bedankt goed graag helaas misschien maandag dinsdag woensdag donderdag vrijdag vraag aan`)

// closedAnswers are answers of one word, complete.
var closedAnswers = set(`yes yep yeah no nope ok okay sure done fine agreed approved ja nein nee oui non sí si sim não fait hecho feito gedaan erledigt y n`)

// answerNames are words of a line above a list of answers.
var answerNames = set(`answer answers reply replies response responses question questions comment comments digest antwort antworten frage fragen rückmeldung rückmeldungen réponse réponses
question questions respuesta respuestas pregunta preguntas resposta respostas pergunta perguntas antwoord antwoorden vraag vragen below inline unten ci-dessous abajo abaixo hieronder`)

// before are the words that may stand before the number of a question.
var before = set(`no nr num number item question q a re ad to for on point answer ans regarding as zu frage punkt antwort nummer question réponse point pregunta punto respuesta pergunta resposta ponto vraag punt antwoord vr`)

// ands join the numbers of a list.
var ands = set(`and und et y e en & + plus as-well-as sowie`)

// tos join the ends of a range.
var tos = set(`to bis à a hasta até tot through thru`)

// all and rest name all questions, or those that nothing else answers.
var (
	allWords  = set(`all alle alles both beide everything tous toutes todos todas`)
	restWords = set(`rest others remaining übrigen restlichen other reste autres demás outros overige`)
)

// greetings begin a line that greets; pleasantries are whole lines.
var (
	greetings = set(`hi hello hey dear morning moin hallo liebe lieber liebes guten servus grüezi bonjour salut bonsoir hola buenos buenas estimado estimada olá ola oi bom boa
caro cara beste dag hoi goedemorgen goedemiddag goeie greetings good`)
	pleasantries = phrases(`thanks|thank you|many thanks|thanks a lot|thank you very much|cheers|best|best regards|regards|kind regards|danke|vielen dank|viele grüße|lg|vg|merci|merci beaucoup
gracias|muchas gracias|obrigado|obrigada|bedankt|dank je|groeten|saludos|cordialement|see below|see inline|inline|answers inline|answers below|my answers below|my answers inline|replies inline
replies below|comments inline|comments below|see my answers below|see my answers inline|please see my answers below|please see below|please see inline|my answers|answers|here are my answers|here my answers
here you go|here we go|hi|hello|hey|hallo|bonjour|hola|olá|antworten unten|siehe unten|meine antworten|antworten|hier meine antworten|hier die antworten|anbei meine antworten|mes réponses
voir ci-dessous|réponses ci-dessous|mis respuestas|respuestas|respuestas abajo|as respostas|respostas|respostas abaixo|mijn antwoorden|zie onder|zie hieronder|antwoorden|antwoorden hieronder
good morning|guten morgen|buenos días|bom dia|goedemorgen|have a nice day|have a good day|have a great day|have a nice weekend|have a good weekend|schönen tag|schönes wochenende|bonne journée
bon week-end|bonne soirée|buen día|buen fin de semana|bom fim de semana|fijne dag|fijn weekend|fijne avond|that's all|that's it|hope that helps|hope this helps|in short|quick answers|quick replies`)
)
