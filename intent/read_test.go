package intent

import (
	"strings"
	"testing"

	"tidepost/mail"
)

func TestInputOf(t *testing.T) {
	raw := "From: Ana Sousa <ana@x.test>\r\nTo: Mei Lindqvist <mei@x.test>, dev@x.test\r\nSubject: Re: The plan\r\nDate: Mon, 09 Mar 2026 10:00:00 +0000\r\n" +
		"Importance: high\r\nIn-Reply-To: <1@x.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nMei, the plan is attached. Could you check it by Friday?\r\n\r\n" +
		"Ana Sousa\r\nHead of Plans\r\nPlease consider the planet.\r\n\r\nOn Sun, 8 Mar 2026 Mei wrote:\r\n> Could you call Tom?\r\n--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n"
	head, body := mail.SplitHead([]byte(raw))
	content := mail.Scan(head, body)
	in := InputOf(mail.FactsOf(mail.ParseHeader(head), content, ana.Address), content, nil)
	if !in.Attached || !in.Important || !in.Reply || in.From.Address != ana.Address || len(in.To) != 2 || in.Bulk || in.Automatic || in.Invite {
		t.Errorf("got %+v", in)
	}
	f := Read(in)
	if len(f.Asks) != 1 || f.Asks[0].Owners[0].Address != mei.Address || f.Attachment.Value != AttachmentPresent || f.Urgent.Value != "yes" {
		t.Errorf("got %+v", f)
	}
	checkFindings(t, in, f)
	if got := InputOf(mail.Facts{}, nil, nil); got.From != (mail.Mailbox{}) || Read(got).Kind != KindInform {
		t.Errorf("nothing is %+v", got)
	}
}

func TestOwnPart(t *testing.T) {
	for text, want := range map[string]string{
		"Hello\n\nAna Sousa\nHead of Plans\nplease print less": "Hello\n\n",
		"Hello\n\nAna Sousa | Plans\nPlease call me":           "Hello\n\n",
		"Hello\n\nAna Sousa, Plans\nPlease call me":            "Hello\n\n",
		"Ana Sousa is ill, could you call her?\nThanks":        "Ana Sousa is ill, could you call her?\nThanks",
		"Hello": "Hello",
	} {
		if got := ownPart(text, "Ana Sousa"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := ownPart("a\nAna", "Ana"); got != "a\nAna" {
		t.Errorf("a first name alone cut %q", got)
	}
}

func TestLanguages(t *testing.T) {
	for text, want := range map[string]Language{
		"":   English,
		"ok": English,
		"The boat is in the harbour and we are on board.":                      English,
		"Das Boot ist im Hafen und wir sind an Bord.":                          German,
		"Le bateau est dans le port et nous sommes à bord.":                    French,
		"El barco está en el puerto y nosotros estamos a bordo.":               Spanish,
		"O barco está no porto e nós já estamos todos a bordo, não é":          Portuguese,
		"De boot is in de haven en wij zijn nog niet aan boord.":               Dutch,
		"Båten är i hamnen och vi är inte ombord, det är kallt.":               Unknown,
		"La barca è nel porto e noi siamo a bordo, il mare non è di qua, ciao": Unknown,
	} {
		if f := readTo(text); f.Language != want {
			t.Errorf("%q is %q, want %q", text, f.Language, want)
		}
	}
	f := Read(Input{Text: "12 km", Subject: "Wann kommt ihr, und mit wem kommt ihr an?", Date: monday})
	if f.Language != German {
		t.Errorf("the subject is not heard: %q", f.Language)
	}
}

func TestSentences(t *testing.T) {
	for text, want := range map[string]string{
		"Hi Tom,\nit rains. Dr. Bell (e.g. he) is in! Really?! Yes! :) Ok": "Hi Tom,|it rains.|Dr. Bell (e.g. he) is in!|Really?!|Yes! :)|Ok",
		"- one\n- two\nthree":  "- one|- two\nthree",
		"1. one\n2) two":       "1. one|2) two",
		"Options:\n\n* a\n* b": "Options:|* a|* b",
		"a long line that has been wrapped by the program of its\nauthor goes on here": "a long line that has been wrapped by the program of its\nauthor goes on here",
		"It takes 10 min. Then it ends at 5 p.m. Good.":                                "It takes 10 min.|Then it ends at 5 p.m.|Good.",
		"Am 5.10. um 9. Das passt.":                                                    "Am 5.10. um 9.|Das passt.",
		"He said \"go.\" And went.":                                                    "He said \"go.\"|And went.",
		"One… two":                                                                     "One…|two",
	} {
		toks := tokenize(text)
		look(toks)
		var got []string
		for _, s := range sentences(toks) {
			got = append(got, text[toks[s.from].span().Start:toks[s.to-1].span().End])
		}
		if g := strings.Join(got, "|"); g != want {
			t.Errorf("%q\n got %q\nwant %q", text, g, want)
		}
	}
}

func TestRequestOf(t *testing.T) {
	for text, want := range map[string]bool{
		"Could you send me the draft by Monday?": true,
		"Please call me when you are back.":      true,
		"Let's meet for lunch on Tuesday.":       true,
		"I will be in the office all week.":      false,
		"The report was mailed to the state.":    false,
	} {
		q := RequestOf(text)
		if q.Rules != want || q.Likely() != want {
			t.Errorf("%q: %+v, want %v", text, q, want)
		}
		if want == (q.Because == "") {
			t.Errorf("%q: because %q", text, q.Because)
		}
	}
	for _, text := range []string{"We should discuss this.", "How about lunch?", "Call me.", "I need to talk to you.", "Feel free to join us.", "I'd like to invite you to the fair.", "Look into it.", "If you are interested, write."} {
		if q := RequestOf(text); !q.Rules {
			t.Errorf("%q: %+v", text, q)
		}
	}
	if n := len(Features("")); n > 3 {
		t.Errorf("nothing has %d features", n)
	}
}

func TestModelForm(t *testing.T) {
	var heads [Heads]Head
	for h := range heads {
		heads[h].Weights = make([]float64, FeatureSpace)
	}
	heads[HeadAsk].Bias = 0.25
	heads[HeadAsk].Weights[7], heads[HeadAsk].Weights[9] = 1.27, -0.5
	data := EncodeModel(heads)
	m := loadModel(data)
	for _, c := range []struct {
		features []uint32
		want     float64
	}{{nil, 0.5622}, {[]uint32{7}, 0.7591}, {[]uint32{9}, 0.4742}, {[]uint32{7, 9}, 0.6673}} {
		if got := m[HeadAsk].evenScore(c.features); got < c.want-0.001 || got > c.want+0.001 {
			t.Errorf("%v: %.4f, want %.4f", c.features, got, c.want)
		}
	}
	if got := m[HeadRequest].evenScore([]uint32{7}); got != 0.5 {
		t.Errorf("the other head says %v", got)
	}
	broken := loadModel(data[1:])
	if got := broken[HeadAsk].score([]uint32{7}); got != 0.5 {
		t.Errorf("a broken model says %v", got)
	}
	if trained[HeadAsk].weights == nil || len(modelData) > 1<<20 {
		t.Errorf("the embedded model has %d octets", len(modelData))
	}
}

func TestPeople(t *testing.T) {
	p := peopleOf(Input{From: ana, To: []mail.Mailbox{box("Lindqvist, Mei", "m.l"), box("", "tom.okafor"), box("Engineering", "eng")}, Cc: []mail.Mailbox{box("Siobhán Kelly", "sk")}})
	for name, want := range map[string]string{"mei": "m.l", "tom": "tom.okafor", "siobhan": "sk"} {
		if got := p.byName[name]; len(got) != 1 || got[0].Address.Local != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if len(p.byName) != 3 {
		t.Errorf("got %v", p.byName)
	}
}
