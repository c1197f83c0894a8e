package intent

import (
	"testing"
	"time"
)

// wednesday is the reference of the tests of due times.
var wednesday = time.Date(2026, 3, 11, 10, 0, 0, 0, time.UTC)

func TestDueTimes(t *testing.T) {
	for text, want := range map[string]string{ // month-day hour:minute in UTC, "" none, "?" words only
		"Send it by Friday.":                                          "03-13 17:30",
		"Send it by Friday noon.":                                     "03-13 12:00",
		"Send it by tomorrow lunchtime.":                              "03-12 12:00",
		"Send it by EOD.":                                             "03-11 17:30",
		"Send it by COB Thursday.":                                    "03-12 17:30",
		"Send it by close of business on Monday.":                     "03-16 17:30",
		"Send it by close of play tomorrow.":                          "03-12 17:30",
		"Send it by EOW.":                                             "03-13 17:30",
		"Send it by the end of the week.":                             "03-13 17:30",
		"Send it by the end of next week.":                            "03-20 17:30",
		"Send it by the end of the month.":                            "03-31 17:30",
		"Send it by the end of May.":                                  "05-29 17:30",
		"Send it by 5pm.":                                             "03-11 17:00",
		"Send it by 5.":                                               "03-11 17:00",
		"Send it by 14 March.":                                        "03-14 17:30",
		"Send it by March 14th.":                                      "03-14 17:30",
		"Send it by 2026-03-20.":                                      "03-20 17:30",
		"Send it by the 20th.":                                        "03-20 17:30",
		"Send it by the 2nd.":                                         "04-02 17:30",
		"Send it by Thursday 19th.":                                   "03-19 17:30",
		"Send it by next Friday.":                                     "03-20 17:30",
		"Send it by Wednesday.":                                       "03-18 17:30",
		"Send it by tomorrow 9:30 CET.":                               "03-12 08:30",
		"Send it by Friday 5 PM ET.":                                  "03-13 21:00",
		"Send it by Thursday noon Lisbon time.":                       "03-12 12:00",
		"Send it by Thursday noon your time.":                         "?",
		"Send it before Friday.":                                      "03-12 17:30",
		"Send it before Monday.":                                      "03-13 17:30",
		"Send it before Friday noon.":                                 "03-13 12:00",
		"Send it before noon.":                                        "03-11 12:00",
		"Send it before Thursday's refinement.":                       "03-11 17:30",
		"Send it before the release on Tuesday.":                      "03-16 17:30",
		"Send it before the call on the 16th.":                        "03-13 17:30",
		"Send it before the call.":                                    "?",
		"Send it in the next 48h.":                                    "03-13 10:00",
		"Send it within the hour.":                                    "03-11 11:00",
		"Send it in 10 min.":                                          "03-11 10:10",
		"Send it in 2 business days.":                                 "03-13 17:30",
		"Send it no later than 18 March.":                             "03-18 17:30",
		"Send it today.":                                              "03-11 17:30",
		"Send it tonight.":                                            "03-11 20:00",
		"Send it first thing tomorrow.":                               "03-12 09:00",
		"Send it tomorrow morning.":                                   "03-12 12:00",
		"Send it tomorrow afternoon.":                                 "03-12 17:30",
		"Send it this week.":                                          "03-13 17:30",
		"Send it over the weekend.":                                   "03-15 17:30",
		"Send it next week.":                                          "03-20 17:30",
		"Please send it asap.":                                        "?",
		"Please send it as soon as possible.":                         "?",
		"Send it right away.":                                         "?",
		"Send it when you have a minute.":                             "?",
		"Send it, no rush.":                                           "?",
		"Please answer until Friday 12:00.":                           "03-13 12:00",
		"Send it by Friday at the latest.":                            "03-13 17:30",
		"Send it by the end of the quarter.":                          "03-31 17:30",
		"Send it by the end of the year.":                             "12-31 17:30",
		"Send it by COB on Friday.":                                   "03-13 17:30",
		"Send it by the 14.":                                          "03-14 17:30",
		"Send it before it expires.":                                  "?",
		"Send it ahead of the demo on Friday.":                        "03-12 17:30",
		"The deadline for your comments is Friday, please send them.": "03-13 17:30",
		"Send it by Friday evening.":                                  "03-13 20:00",
		"Move the call to Friday, please.":                            "",
		"Please send it same day.":                                    "?",
		"I need it this afternoon, please.":                           "03-11 17:30",
		"Tomorrow, please send me the list.":                          "03-12 17:30",
		"Please join tomorrow's round.":                               "03-12 17:30",
		"Send it now.":                                                "?",
		"Send me the photos of the visit on Friday":                   "",
		"Send me what has come in since Monday.":                      "",
		"Send me the list from 2 March.":                              "",
		"Please note it: I'm out until Tuesday.":                      "",
		"Tell me what happened last Friday.":                          "",
		"Can we meet on Monday at 14:00?":                             "03-16 14:00",
		"Can you join us tomorrow at 10?":                             "03-12 10:00",
	} {
		f := Read(Input{Text: text, From: ana, To: readers(), Date: wednesday})
		got := ""
		if len(f.Asks) > 0 && f.Asks[0].Due != nil {
			if got = "?"; f.Asks[0].Due.OK {
				got = f.Asks[0].Due.At.UTC().Format("01-02 15:04")
			}
		}
		if got != want {
			t.Errorf("%q: due %q, want %q", text, got, want)
		}
	}
}

func TestForeignDueTimes(t *testing.T) {
	for text, want := range map[string]string{
		"Kannst du mir das bitte bis Freitag schicken?":                "03-13 17:30",
		"Kannst du mir das bitte bis Freitag 12 Uhr schicken?":         "03-13 12:00",
		"Bitte schick mir das bis zum 20. März, wenn es geht.":         "03-20 17:30",
		"Bitte schick mir das noch vor Montag.":                        "03-13 17:30",
		"Bitte schick mir das bis morgen Mittag.":                      "03-12 12:00",
		"Bitte schick mir das bis Ende der Woche.":                     "03-13 17:30",
		"Bitte schick mir das spätestens am Donnerstag.":               "03-12 17:30",
		"Pourriez-vous me répondre d'ici vendredi midi ?":              "03-13 12:00",
		"Pourriez-vous me répondre avant lundi, s'il vous plaît ?":     "03-13 17:30",
		"Merci de me répondre au plus tard le 20 mars.":                "03-20 17:30",
		"Pourriez-vous me répondre pour mercredi prochain ?":           "03-18 17:30",
		"Merci de me répondre d'ici la fin du mois.":                   "03-31 17:30",
		"¿Puedes enviarme el informe antes del lunes, por favor?":      "03-13 17:30",
		"¿Puedes enviarme el informe para el viernes?":                 "03-13 17:30",
		"Necesito que me lo envíes mañana a las 10.":                   "03-12 10:00",
		"Podes enviar-me o relatório até sexta-feira, por favor?":      "03-13 17:30",
		"Podes enviar-me o relatório até amanhã de manhã?":             "03-12 12:00",
		"Kun je mij de cijfers vóór vrijdag sturen?":                   "03-12 17:30",
		"Kun je mij de cijfers uiterlijk donderdag sturen?":            "03-12 17:30",
		"Kunt u mij de cijfers voor het einde van de maand toesturen?": "03-31 17:30",
	} {
		f := Read(Input{Text: text, From: ana, To: readers(), Date: wednesday})
		got := ""
		if len(f.Asks) > 0 && f.Asks[0].Due != nil && f.Asks[0].Due.OK {
			got = f.Asks[0].Due.At.UTC().Format("01-02 15:04")
		}
		if got != want {
			t.Errorf("%q: due %q, want %q (%s)", text, got, want, f.Language)
		}
	}
}

func TestDueFromElsewhere(t *testing.T) {
	for text, want := range map[string]string{
		"Is the mast free for us? Please let me know by Friday.":                                        "03-13 17:30",
		"Is that fine with you? The landlord would like to know before Monday.":                         "03-13 17:30",
		"Mei, please check the lock. Then sign the list, same deadline: Friday. I need both by Friday.": "03-13 17:30",
		"Could you look at the draft? Ideally today.":                                                   "03-11 17:30",
		"Could you look at the draft? I am in Lisbon until Friday.":                                     "",
		"Do you have room for two more? I have the list with me and bring it on Friday night.":          "",
	} {
		f := Read(Input{Text: text, From: ana, To: readers(), Date: wednesday})
		got := ""
		if len(f.Asks) > 0 && f.Asks[0].Due != nil && f.Asks[0].Due.OK {
			got = f.Asks[0].Due.At.UTC().Format("01-02 15:04")
		}
		if got != want {
			t.Errorf("%q: due %q, want %q", text, got, want)
		}
	}
}

func TestDeadlines(t *testing.T) {
	for text, want := range map[string]string{
		"I'll give you the draft by Tuesday, promised.": "by Tuesday",
		"We want to close this before the audit.":       "before the audit",
		"Do it asap":                           "asap",
		"I am away until Tuesday.":             "",
		"We moved in on Friday.":               "",
		"The bridge was closed by the police.": "",
		"I will be back by Friday.":            "",
		"Pay within 30 days, please.":          "within 30 days",
	} {
		got := ""
		for _, d := range Deadlines(text, wednesday, English) {
			got = d.Text
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
