package intent

import "math/bits"

// A Language is one that Tidepost reads: "en", "de", "fr", "es", "pt" or "nl".
// "" is any other, of which nothing is said.
type Language string

// The languages.
const (
	English    Language = "en"
	German     Language = "de"
	French     Language = "fr"
	Spanish    Language = "es"
	Portuguese Language = "pt"
	Dutch      Language = "nl"
	Unknown    Language = ""
)

var readLanguages = []Language{English, German, French, Spanish, Portuguese, Dutch}

// Words that tell languages apart. The last line is of languages that are not
// read, so that they are not taken for a neighbour.
var languageWords = map[Language]string{
	English:    "the and of to is are was were you your i i'm i'll we we'll it it's this that for with have has had be been not don't can can't could would will please on at from by as if what when who how there they our my me he she them do does did just so but or an any some thanks thank hi hello let know need still about more out up yes no one after before all today tomorrow",
	German:     "der die das und ist sind war nicht ich du wir sie er es ein eine einen einem einer den dem des mit für auf von zu zum zur im am bis bitte wenn dass ob auch noch nur schon aber oder wie was wer wann kannst könnt können könnten hallo danke dir mir uns euch ihr ihre ihnen haben hat habe wird werden bei nach vor heute morgen siehe anbei alle moin so etwas nie wurde wurden sehr viele grüße mein meine dein deine unser unsere sein seine keine kein gegen über durch freitag montag woche schicke melde dich sobald mehr weißt schick sag gib mach prüf ruf denk vergiss würden würde könnte wäre geht gibt ihren ihrem diese dieser dieses jetzt dann weil hier damit zwischen dienstag mittwoch donnerstag samstag rückmeldung frage fragen antwort rechnung termin bräuchte brauche brauchen",
	French:     "le la les des du un une et est sont je tu nous vous il elle ils ne pas pour dans avec sur par que qui quoi ce cette ces mon ma mes votre vos notre nos au aux en de à bonjour merci si plus mais ou où être avoir peux pouvez pourriez veuillez demain c'est j'ai d'ici bien tous encore avons été fait faire nous-mêmes leur leurs même aussi très ici fermer bureau réunion semaine mois vendredi lundi chiffres moi toi dès possible dis dites envoie envoyez rappelle confirmez prière remplir tableau avant te serait voici cela jour jours mardi mercredi jeudi samedi facture devis client accord réponse toute toutes sans chez lors depuis besoin faut envoyer",
	Spanish:    "el la los las un una y es son está están yo tú nosotros usted ustedes no por para con en de del al que qué quién cuándo se su sus mi mis me nos te le lo ya pero o como más si hola gracias puedes podéis podría podrías favor mañana hoy antes esto esta este todo todos buenas muy hemos han ha fue ser sobre entre nuestro nuestra también cuando desde hasta cerrar oficina decidido enviar reunión informe viernes lunes unos aquí eso ese nada vez envíame lista cuanto puedas avísame dime mándame revisa confirma pedido factura fecha respuesta martes miércoles jueves sábado buenos días saludos adjunto nuestros necesito necesitamos tenemos puede pueden les esa donde",
	Portuguese: "o a os as um uma e é são está não por para com em de do da dos das no na nos nas que quem quando se seu sua meu minha me você vocês eu já mas ou como mais olá oi obrigado obrigada pode podes podem poderia favor amanhã hoje até antes isto isso esta este tudo todos bom muito ao temos foi ser sobre entre nosso nossa também desde fechar escritório decidimos enviar reunião relatório sexta segunda dados aqui nada vez avisa diz confirma fatura encomenda resposta terça quarta quinta sábado dia cumprimentos anexo precisamos preciso à às pelo pela mesmo nós lhe onde ainda envia assim puderes puder quando chegar obrigada isso",
	Dutch:      "de het een en is zijn was niet ik jij je we wij jullie u hij ze van voor met op in aan te om bij naar dat die dit deze er ook nog maar of als hoe wat wie wanneer kun kunt kunnen zou graag hallo bedankt dank mij me ons uw heb hebt hebben wordt morgen vandaag vóór tot alvast beste geen wel onze jouw mijn veel zeer week vrijdag maandag stuur cijfers over meer al kan dienst zaterdag zondag dinsdag woensdag donderdag laat weten geef offerte factuur klant overnemen moet moeten gaat komt doet hun daar waar toch even hier groet groeten bijlage vergadering nodig",
	"xx":       "och är att det som på för inte jag vi ni har med till av den kan vad men og ikke jeg vil hvad det som være ja on ei se että mutta kun olen minä sinä i w na się nie jest że do z jak co dla czy proszę je že na si ale pro jako il di che non è sono per una della gli questo con ciao grazie и в не на я что с как это bu bir ve için çok değil az és hogy nem egy",
}

// A languageMark tells of which languages a word is: one bit each.
type languageMark uint8

func buildLanguageIndex() map[string]languageMark {
	out := make(map[string]languageMark)
	for i, l := range append(readLanguages[:len(readLanguages):len(readLanguages)], "xx") {
		for _, w := range fields(languageWords[l]) {
			out[w] |= 1 << i
		}
	}
	return out
}

// detect tells the language of tokens from their small words, fallback if there
// are too few. A word of several languages counts less.
func detect(toks []token, fallback Language) Language {
	var score [7]int
	words := 0
	for i := range toks {
		t := &toks[i]
		if t.kind != kindWord {
			continue
		}
		words++
		mark := t.word.langs
		if mark == 0 {
			continue
		}
		weight := max(8-2*bits.OnesCount8(uint8(mark)), 1)
		for ; mark != 0; mark &= mark - 1 {
			score[bits.TrailingZeros8(uint8(mark))] += weight
		}
	}
	best := 0
	for l := range score {
		if score[l] > score[best] {
			best = l
		}
	}
	if score[best] < 6 || score[best] < words/3 {
		return fallback
	}
	if best == len(readLanguages) {
		return Unknown
	}
	return readLanguages[best]
}
