package intent

import (
	"os"
	"strings"
	"testing"
)

// TestBeginsRefuseNothing reads every kind of part at every word of the mails of
// testdata, in what may have been read before it: where begins refuses a kind, there
// is none.
func TestBeginsRefuseNothing(t *testing.T) {
	before := []timeExpr{
		{}, {hasDay: true, grain: GrainDay, day: dayOf(monday), count: 1}, {weekday: 5, count: 1},
		{hasClock: true, sec: 36000, count: 1}, {part: partFirstThing, count: 1}, {hasDay: true, grain: GrainMonth, day: dayOf(monday), count: 1},
	}
	read := 0
	for _, text := range beginTexts(t) {
		toks := tokenize(text)
		look(toks)
		for _, lang := range readLanguages {
			for _, due := range []bool{false, true} {
				p := timeParser{text: text, toks: toks, ref: monday, today: dayOf(monday), opts: TimeOptions{Language: lang}, lang: languageBit(lang) | 1, due: due, now: !due}
				for i := range toks {
					read += checkBegins(t, &p, i, before)
				}
			}
		}
	}
	if read < 1000 {
		t.Errorf("only %d parts were read", read)
	}
}

func beginTexts(t *testing.T) []string {
	t.Helper()
	out := []string{
		"Mid next week, half past three, 4th of July, Valentine's day, new year's eve, the ides of March, day after tomorrow, first thing, in the am, 3 p.m.",
		"à la mi-mars, après-demain, dans l'après-midi, primera hora, logo cedo, pasado mañana, meio-dia, im Laufe der Woche, KW 12, Q3, close of business",
	}
	for _, file := range []string{"ask-mails.txt", "promises.txt", "decisions.txt", "mails.txt"} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Split(string(data), "\n\n")...)
	}
	return out
}

// checkBegins returns how many parts were read at token i.
func checkBegins(t *testing.T, p *timeParser, i int, before []timeExpr) (read int) {
	t.Helper()
	if k := p.toks[i].kind; k == kindMark || k == kindLink {
		return 0
	}
	for _, e := range before {
		for kind := range partZone + 1 {
			probe := e
			_, ok := p.partOf(kind, &probe, i)
			if !ok {
				continue
			}
			read++
			if p.toks[i].begins()&(1<<kind) == 0 {
				t.Errorf("%q begins a part of kind %d", p.toks[i].low, kind)
			}
		}
	}
	return read
}
