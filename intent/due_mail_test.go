package intent

import (
	"strings"
	"testing"
	"time"
)

// dueSentences are asks as colleagues write them, with the due time of the first.
var dueSentences = []struct{ text, want string }{
	{"Please send the AWB before my 9am ct monday.", "03-16 14:00"},
	{"Could you check this before we open on Monday?", "03-13 17:30"},
	{"Please reset the gauge before the auditors come on the 24th.", "03-23 17:30"},
	{"Please sign it before the ship leaves on Friday at 06:00.", "03-13 06:00"},
	{"Can you send me the slides 30 minutes before the call?", "?"},
	{"Kindly revert by tomorrow, 12 noon.", "03-12 12:00"},
	{"Kindly revert by 12th March EOD.", "03-12 17:30"},
	{"Please do the needful by EOD today.", "03-11 17:30"},
	{"pls send me the invoice b4 lunch", "03-11 12:00"},
	{"need this by cob thurs pls", "03-12 17:30"},
	{"Please approve by Fri COB latest.", "03-13 17:30"},
	{"Please confirm today, 16:00 at the latest.", "03-11 16:00"},
	{"Please confirm till Monday next week.", "03-16 17:30"},
	{"Please let me know until end of this week.", "03-13 17:30"},
	{"Please let me know not later than Friday noon.", "03-13 12:00"},
	{"At the very latest I need your OK on Friday.", "03-13 17:30"},
	{"Please send me your timesheet by Sunday night.", "03-15 20:00"},
	{"I need an answer from you by 18:00 tonight.", "03-11 18:00"},
	{"Can you get back to me by, say, Friday?", "03-13 17:30"},
	{"Could you, by Friday, send me the list of buoys?", "03-13 17:30"},
	{"By Friday, could you send me the list of buoys?", "03-13 17:30"},
	{"By Friday 13 March 12:00 CET please return the signed copy.", "03-13 11:00"},
	{"Before Friday please return the signed copy.", "03-12 17:30"},
	{"Please return the signed copy (deadline: Friday).", "03-13 17:30"},
	{"Please return the signed copy (by Friday, ideally Thursday).", "03-13 17:30"},
	{"Please return the signed copy - Friday noon at the latest.", "03-13 12:00"},
	{"Please return the signed copy. Deadline is Friday.", "03-13 17:30"},
	{"Please return the signed copy. The deadline is Friday, 13 March.", "03-13 17:30"},
	{"Please return the signed copy. We need it by Friday.", "03-13 17:30"},
	{"Please return the signed copy. I need it on my desk by Friday noon.", "03-13 12:00"},
	{"Please return the signed copy. Friday at the latest.", "03-13 17:30"},
	{"Please return the signed copy. By Friday, please.", "03-13 17:30"},
	{"Please return the signed copy. Friday is fine.", "03-13 17:30"},
	{"Please return the signed copy. Friday would be great.", "03-13 17:30"},
	{"Please return the signed copy. Ideally by Friday.", "03-13 17:30"},
	{"Please return the signed copy. If possible by Friday.", "03-13 17:30"},
	{"Please return the signed copy. It has to be with them by Friday.", "03-13 17:30"},
	{"Please return the signed copy. It is due on Friday.", "03-13 17:30"},
	{"Please return the signed copy. It's due Friday.", "03-13 17:30"},
	{"Please return the signed copy.\n\nDeadline: Friday 13 March, noon.", "03-13 12:00"},
	{"The deadline for the form is Friday. Please fill it in.", "03-13 17:30"},
	{"Deadline: Friday\n\nPlease fill in the form.", "03-13 17:30"},
	{"For Friday I need the following:\n- the list of buoys\n- please send the map too", "03-13 17:30"},
	{"Please send me by Friday:\n- the list of buoys\n- the map", "03-13 17:30"},
	{"What I need by Friday:\n1. Please send the list of buoys.\n2. Please check the map.", "03-13 17:30"},
	{"Two things, both by Friday: please send the list, and please check the map.", "03-13 17:30"},
	{"Please send the list.\nPlease check the map.\nAll of it by Friday, please.", "03-13 17:30"},
	{"Please send the list. Please check the map. I need both by Friday.", "03-13 17:30"},
	{"Could you look over the draft? I'd like to send it out on Friday morning, so comments by Thursday please.", "03-12 17:30"},
	{"Do you agree? The landlord wants to hear by Friday.", "03-13 17:30"},
	{"Which of the two do you prefer? I have to order by Friday.", "03-13 17:30"},
	{"Would you swap shifts with me? Please tell me by Friday.", "03-13 17:30"},
	{"Can you make it? RSVP by Friday.", "03-13 17:30"},
	{"Can you join the call tomorrow at 15:00 CET?", "03-12 14:00"},
	{"Can you join us on Friday at 3pm?", "03-13 15:00"},
	{"Please join the review on Friday 13 March at 10:00 London time.", "03-13 10:00"},
	{"Please come to room 4 at 14:00 today.", "03-11 14:00"},
	{"Please dial in at 3 pm UTC on Friday.", "03-13 15:00"},
	{"Can we talk tomorrow at 9?", "03-12 09:00"},
	{"Could you call me at 4pm?", "03-11 16:00"},
	{"Call me in 10 minutes please.", "03-11 10:10"},
	{"Ring me tonight.", "03-11 20:00"},
	{"Please call the client back within the hour.", "03-11 11:00"},
	{"Please have the report ready for Friday.", "03-13 17:30"},
	{"Please have the report on my desk Friday morning.", "03-13 12:00"},
	{"Please have the slides in the folder by Thursday night.", "03-12 20:00"},
	{"We need your signature no later than the 20th of this month.", "03-20 17:30"},
	{"Can you give me your remarks until Friday lunch?", "03-13 12:00"},
	{"Please answer until tomorrow 17:00 Tokyo time.", "03-12 08:00"},
	{"Please submit your hours for February by the 13th.", "03-13 17:30"},
	{"Please submit your February hours by Friday the 13th at noon.", "03-13 12:00"},
	{"Please file your Q1 expenses by 31 March.", "03-31 17:30"},
	{"Please review PR 4312 by tomorrow noon.", "03-12 12:00"},
	{"Please review section 3.14 by Friday.", "03-13 17:30"},
	{"Please update to version 5.4.1 by Friday.", "03-13 17:30"},
	{"Please pay invoice 2026-0311 of 2 March by 20 March.", "03-20 17:30"},
	{"Please pay invoice 4711 dated 02/03/2026 by Friday.", "03-13 17:30"},
	{"The outage was at 03:12 on Monday. Please send me the log by Friday.", "03-13 17:30"},
	{"Since Monday the pump has failed twice; please look at it by Friday.", "03-13 17:30"},
	{"I am out from Thursday to Monday, so please send it by tomorrow.", "03-12 17:30"},
	{"I'm on leave from Friday, so I need your comments before that.", ""},
	{"On Friday we shipped 40 units; please confirm the count by tomorrow.", "03-12 17:30"},
	{"The office is open from 9:00 to 17:00. Please pick up your badge by Friday.", "03-13 17:30"},
	{"Please send me the minutes of Monday's meeting by Friday.", "03-13 17:30"},
	{"Please send me the slides for Friday's meeting by tomorrow.", "03-12 17:30"},
	{"Please send me the slides for the meeting on Friday.", ""},
	{"Please tell me what happened on Monday.", ""},
	{"Could you tell me when the crane is free next week?", ""},
	{"Could you let me know if you can come on Friday?", ""},
	{"Can you confirm by Thursday who is coming on Friday?", "03-12 17:30"},
	{"Please let me know today if the order is fine.", "03-11 17:30"},
	{"Kannst du mir bis Freitag sagen, wann der Kran nächste Woche frei ist?", "03-13 17:30"},
	{"Please look at the log of 3 March.", ""},
	{"Please look at the incident of Monday 14:20.", ""},
	{"Please check the figures from last week.", ""},
	{"Please note that the office is closed until Monday.", ""},
	{"Can you tell me whether the ferry of 06:00 ran on Monday?", ""},
	{"Please book a table for Friday at 19:00.", ""},
	{"Could you order lunch for the workshop on the 24th?", ""},
	{"Could you take over my shift on Friday?", ""},
	{"Please reply to Ana's mail from Thursday.", ""},
	{"Please keep the gate shut until Friday.", ""},
	{"Please do not merge before Friday.", ""},
	{"We need a decision from you this week: A or B?", "03-13 17:30"},
	{"Please decide between A and B by next Wednesday, 18 March.", "03-18 17:30"},
	{"Can I have your go/no-go by 2pm tomorrow?", "03-12 14:00"},
	{"I'd appreciate your feedback by early next week.", "03-17 17:30"},
	{"Would Friday work for you to send the draft?", ""},
	{"Could you let me have the numbers first thing on Monday?", "03-16 09:00"},
	{"Could you send it over on Monday morning?", "03-16 12:00"},
	{"Could you get the numbers to me in time for Friday's board?", "03-12 17:30"},
	{"Please finish the test in the next two business days.", "03-13 17:30"},
	{"Please send the draft within 24 hours of this mail.", "03-12 10:00"},
	{"Please confirm receipt within 2 hrs.", "03-11 12:00"},
	{"Please reboot the gateway in the next 5 minutes.", "03-11 10:05"},
	{"Reboot the gateway NOW please.", "?"},
	{"Please answer me today before you leave.", "03-11 17:30"},
	{"Please answer me by end of your day.", "?"},
	{"Please answer me by 3pm your time today.", "?"},
	{"Please answer by 3pm my time.", "03-11 15:00"},
	{"Please answer by 3pm PST.", "03-11 23:00"},
	{"Please answer by Fri 11:59pm ET.", "03-14 03:59"},
	{"Please answer by 23:59 on Friday.", "03-13 23:59"},
	{"Please answer by midnight.", "03-12 00:00"},
	{"Please answer by Friday midnight.", "03-14 00:00"},
	{"Please answer by Friday 13th of March 2026 at 5:00 PM GMT.", "03-13 17:00"},
	{"Please answer by 2026-03-13 17:00 UTC.", "03-13 17:00"},
	{"Please answer by 13 March 2026, 17:00 (UTC).", "03-13 17:00"},
	{"Please answer by 17:00 (CET) on Friday.", "03-13 16:00"},
	{"Please answer by Friday 17:00 Hamburg time (16:00 London).", "03-13 16:00"},
	{"The call is on Friday at 10:00. Please read the draft before the call.", "03-13 10:00"},
	{"Please read the draft before the call. The call is on Friday at 10:00.", "03-13 10:00"},
	{"The board meets on Friday. Please send me the figures before the board.", "03-12 17:30"},
	{"The review is on Friday 13 March, 14:00. Please read the paper beforehand.", "03-13 14:00"},
	{"The audit begins on Friday. Please have the folders sorted by then.", "03-13 17:30"},
	{"I leave on Friday. Please send me your comments before then.", "03-12 17:30"},
	{"Please read the draft before the call. We moved on Friday.", "?"},
	{"I need the slides for tomorrow morning, please.", "03-12 12:00"},
	{"Please prepare the slides for Friday.", "03-13 17:30"},
	{"Please send it not after Friday.", "03-13 17:30"},
	{"Please send me the form. Friday is the deadline.", "03-13 17:30"},
	{"Please send me the form, the 20th at the latest.", "03-20 17:30"},
	{"Please send me the form, Friday or earlier.", "03-13 17:30"},
	{"The offer ends before 1 April, so please sign by Friday.", "03-13 17:30"},
	{"The old contract must be cancelled by 31 March; please tell me by Friday which one you want.", "03-13 17:30"},
	{"Envie-me a lista até amanhã às 15h, horário de Brasília, por favor.", "03-12 18:00"},
	{"Merci de m'envoyer la liste avant vendredi 15h, heure de Paris.", "03-13 14:00"},
	{"Bitte schick mir die Liste bis Freitag 15 Uhr Berliner Zeit.", "03-13 14:00"},
	{"Bitte schick mir die Liste bis Freitag 15 Uhr deiner Zeit.", "?"},
	{"Mei, can you update the wiki by Friday and Tom, can you check it by Monday?", "03-13 17:30"},
}

func TestDueSentences(t *testing.T) {
	for _, c := range dueSentences {
		f := Read(Input{Text: c.text, From: ana, To: readers(), Date: wednesday, RulesOnly: true})
		got := ""
		if len(f.Asks) > 0 {
			if d := f.Asks[0].Due; d != nil {
				if got = "?"; d.OK {
					got = d.At.UTC().Format("01-02 15:04")
				}
			}
		}
		if got != c.want {
			t.Errorf("%q: due %q, want %q", c.text, got, c.want)
		}
	}
}

// TestDuesElsewhere asks for the due times of the asks of whole mails.
func TestDuesElsewhere(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	boston, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   Input
		want string // of the first asks
	}{
		{Input{Subject: "Numbers by Friday", Text: "Please send me your budget numbers."}, "03-13 17:30"},
		{Input{Subject: "Re: Numbers by Friday", Text: "Please send me your budget numbers.", Reply: true}, "-"},
		{Input{Subject: "Action needed by 13 March: access list", Text: "Please go through the list and tell me who has left."}, "03-13 17:30"},
		{Input{Subject: "Meeting on Friday", Text: "Please send me your budget numbers."}, "-"},
		{Input{Subject: "Budget (deadline Friday noon)", Text: "Please fill in the sheet."}, "03-13 12:00"},
		{Input{Text: "Please send me the list by Friday.\n\nPlease also check the map."}, "03-13 17:30 -"},
		{Input{Text: "Please send me the list by Friday. And please check the map by Monday."}, "03-13 17:30 03-16 17:30"},
		{Input{Text: "Please send the list. Please check the map. Both by Friday."}, "03-13 17:30 03-13 17:30"},
		{Input{Text: "Please send the list.\n\nPlease check the map.\n\nI need everything by Friday noon."}, "03-13 12:00 03-13 12:00 03-13 12:00"},
		{Input{Text: "By Friday:\n- please send the list\n- please check the map"}, "03-13 17:30 03-13 17:30"},
		{Input{Text: "Bis Freitag bitte:\n- schick mir die Liste\n- bitte prüf die Karte"}, "03-13 17:30 03-13 17:30"},
		{Input{Text: "Kannst du mir bitte die Liste schicken? Ich brauche sie bis Freitag."}, "03-13 17:30"},
		{Input{Text: "Kannst du bitte die Karte prüfen? Spätestens Freitag, danke."}, "03-13 17:30"},
		{Input{Text: "Passt euch der Termin? Bitte gebt mir bis Freitag Bescheid."}, "03-13 17:30 03-13 17:30"},
		{Input{Text: "Pourriez-vous relire le contrat ? J'ai besoin de votre retour d'ici vendredi."}, "03-13 17:30 03-13 17:30"},
		{Input{Text: "Könnten Sie bitte den Vertrag prüfen? Frist ist Freitag, der 13. März."}, "03-13 17:30"},
		{Input{Text: "Please answer by 3/4.", Zone: berlin}, "04-03 15:30"},
		{Input{Text: "Please answer by 3/14.", Zone: berlin}, "03-14 16:30"},
		{Input{Text: "Please answer by 4/3.", Zone: boston}, "04-03 21:30"},
		{Input{Text: "Please answer by noon.", Zone: boston}, "03-11 16:00"},
		{Input{Text: "Please answer by Friday COB PT.", Zone: berlin}, "03-14 00:30"},
		{Input{Text: "Please answer by Friday 17:00.", Zone: berlin}, "03-13 16:00"},
	} {
		c.in.From, c.in.To, c.in.Date, c.in.RulesOnly = ana, readers(), wednesday, true
		var got []string
		for _, a := range Read(c.in).Asks {
			if a.Due == nil || !a.Due.OK {
				got = append(got, "-")
			} else {
				got = append(got, a.Due.At.UTC().Format("01-02 15:04"))
			}
		}
		if text := strings.Join(got, " "); !strings.HasPrefix(text, c.want) {
			t.Errorf("%q %q: %q, want %q", c.in.Subject, c.in.Text, text, c.want)
		}
	}
}

// TestNoDeadlines holds sentences whose dates limit nothing.
func TestNoDeadlines(t *testing.T) {
	for _, text := range []string{
		"I am out until Tuesday.", "She is in Lisbon until Thursday.", "The office is closed until Monday.", "We moved in on Friday.",
		"The offer is valid until 31 March.", "The shop is open until 18:00.", "I waited until 3am.", "He stays until Friday.",
		"We postponed the launch until Monday.", "The sale runs until Sunday.", "Ana drops by on Monday.", "Stop by tomorrow if you like.",
		"It has been broken since Monday.", "The meeting is on Friday at 10.", "The invoice is dated 2 March 2026.", "Version 3.14 is out.",
		"The outage began at 03:12 on Monday.", "It rained from Monday to Wednesday.", "I will be on leave from 16 to 20 March.", "Every Friday there is cake.",
		"The form is available by Friday.", "The bridge was closed by the police.", "It was written by Ana in March.", "The room is 12 by 14 metres.",
		"I will be back by Friday.", "I didn't sleep until 3am.", "The ferry leaves at 06:00.", "Lunch is at noon.", "We met last Friday.",
		"Is the report due today or tomorrow?", "Bis Montag bin ich im Urlaub.", "Das Büro ist bis Montag geschlossen.", "Wir haben am Freitag geliefert.",
		"Je suis absente jusqu'à lundi.", "Le bureau est fermé jusqu'à lundi.", "La oficina está cerrada hasta el lunes.", "Estou de férias até segunda-feira.",
		"Ik ben tot maandag afwezig.", "The temperature rose by 3 degrees on Friday.", "Sales grew by 14 percent.", "It fell by 5.",
	} {
		lang := detect(lookedUp(text), English)
		for _, d := range Deadlines(text, wednesday, lang) {
			t.Errorf("%q: %q (%s)", text, d.Text, lang)
		}
	}
}

func lookedUp(text string) []token {
	toks := tokenize(text)
	look(toks)
	return toks
}
