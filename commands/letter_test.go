package commands

import (
	"strings"
	"testing"
)

// read reads a whole letter of Ana Silva's, written on Monday 2 March 2026.
func read(t *testing.T, subject, text string) (done, back string) {
	t.Helper()
	r := Read(Input{Subject: subject, Text: text, Letter: text, Now: written(t), Policies: policyNames, Author: "Ana Silva"})
	var did, came []string
	for _, c := range r.Commands {
		did = append(did, c.String())
	}
	for _, b := range r.Back {
		came = append(came, string(b.Nearest[0]))
	}
	return strings.Join(did, " + "), strings.Join(came, " + ")
}

// What a letter says besides its commands neither acts nor comes back: names, closings,
// what a signature holds without a mark above it.
func TestASignatureSaysNothing(t *testing.T) {
	for text, want := range map[string]string{
		"settings\n\nAna Silva\nOffice hours: Mon-Fri 9-17\nAway on Fridays": "settings",
		"settings\nAna\nhold off":                                                          "settings",
		"settings\n\nAna Silva | Product\nfocus Tue 9-12":                                  "settings",
		"settings\n\nMany thanks in advance and kind regards,\nAna S.\nhours mon-fri 8-12": "settings",
		"settings\n\nMit freundlichen Grüßen\nA. Silva\nhours mon-fri 8-12":                "settings",
		"Thanks,\npause until 15:00":                                                       "pause 2026-03-02T15:00",
		"cover Tom\n\nSent from my iPhone\nhold off":                                       "cover Tom",
		"Ana\n\nsettings": "settings",
		"1) away 16-20 March, cover Tom 2) deliveries 10 15":                                                   "away 2026-03-16..2026-03-20 cover=Tom + deliveries 10:00 15:00",
		"I shall be on leave from 4 May up to and including 15 May. My colleague Mei Chen has agreed to cover": "away 2026-05-04..2026-05-15 cover=Mei Chen",
	} {
		if got, back := read(t, "", text); got != want {
			t.Errorf("%q: %q (back %q), want %q", text, got, back, want)
		}
	}
}

// The subject may be the topic of the text; if it says otherwise, nothing is done.
func TestSubjectAndText(t *testing.T) {
	for _, c := range []struct{ subject, text, want, back string }{
		{"away tomorrow", "away Thursday", "", "away + away"},
		{"pause until 15:00", "pause until 16:00", "", "pause + pause"},
		{"resume", "pause until 16:00", "pause 2026-03-02T16:00", ""}, // a bare word is the topic
		{"away next week", "away 9-11 March, cover Tom", "away 2026-03-09..2026-03-11 cover=Tom", ""},
		{"away 9-11 March", "away 9-11 March", "away 2026-03-09..2026-03-11", ""},
		{"always Henrik", "always Mei", "always Henrik + always Mei", ""},
		{"always Henrik", "not always Henrik", "", "always + always"},
		{"never tone", "advise tone", "", "never + advise"},
		{"vacation", "March 23rd through the 27th. Cover: mei@team.example", "away 2026-03-23..2026-03-27 cover=mei@team.example", ""},
		{"absence", "2026-07-20 to 2026-07-31, Tom covers", "away 2026-07-20..2026-07-31 cover=Tom", ""},
		{"Focus", "Tue 9-12", "focus tue 09:00-12:00", ""},
		{"Focus", "Something quiet would be nice", "", "focus"},
		{"?", "", "help", ""},
		{"Lunch", "Shall we meet at noon?", "", "settings"},
	} {
		if got, back := read(t, c.subject, c.text); got != c.want || back != c.back {
			t.Errorf("%q, %q: %q, back %q; want %q, back %q", c.subject, c.text, got, back, c.want, c.back)
		}
	}
}

// Two commands of one mail that cannot both be meant: neither is done. Hours of different
// weekdays belong together.
func TestCommandsOfOneMail(t *testing.T) {
	for text, want := range map[string]string{
		"deliveries 9 13\ndeliveries 10":                        "",
		"coach off\ncoach on\nsettings":                         "settings",
		"pause until 15:00\nresume":                             "",
		"cover Tom\ncover Mei":                                  "",
		"in Berlin 9-13 March\nin Tokyo 12-14 March":            "",
		"in Berlin 9-13 March\nin Tokyo 14-16 March":            "stay Europe/Berlin 2026-03-09..2026-03-13 + stay Asia/Tokyo 2026-03-14..2026-03-16",
		"away 3-5 August\naway 10-12 August":                    "away 2026-08-03..2026-08-05 + away 2026-08-10..2026-08-12",
		"focus Tue 9-12\nfocus Thu 9-12":                        "focus tue 09:00-12:00; thu 09:00-12:00",
		"focus mon-wed 9-12\nfocus Tue 10-11":                   "",
		"office hours fri-mon 14-15\noffice hours Wed 10-11":    "office fri-mon 14:00-15:00; wed 10:00-11:00",
		"always Henrik and Mei":                                 "always Henrik + always Mei",
		"never tone. Never attachment.":                         "never tone + never attachment",
		"hours mon-thu 9-17\nhours fri 9-13":                    "hours mon-thu 09:00-17:00; fri 09:00-13:00",
		"phone +44 20 7946 0018\nphone +44 20 7946 0019":        "",
		"no focus\nfocus Tue 9-12":                              "",
		"away tomorrow, cover Tom. I am back. pause until 5pm.": "pause 2026-03-02T17:00",
	} {
		if got, back := read(t, "", text); got != want {
			t.Errorf("%q: %q (back %q), want %q", text, got, back, want)
		}
	}
}

// Forms of dates, times and words that people use.
func TestFormsOfSaying(t *testing.T) {
	for text, want := range map[string]string{
		"gonna be off thurs + fri this week":                                   "away 2026-03-05..2026-03-06",
		"I'm out from Monday until Wednesday next week, Tom will step in.":     "away 2026-03-09..2026-03-11 cover=Tom",
		"I won't be around this Friday (6 March), back on Monday.":             "away 2026-03-06..2026-03-08",
		"I'm going on parental leave from June 1 until the end of August.":     "away 2026-06-01..2026-08-31",
		"away until the end of the month":                                      "away 2026-03-02..2026-03-31",
		"From Wednesday I'm away until Friday, Mei fills in":                   "away 2026-03-04..2026-03-06 cover=Mei",
		"from tomorrow I'll be working from Singapore until the 20th of March": "stay Asia/Singapore 2026-03-03..2026-03-20",
		"would you be so kind as to note that I am on leave on 4 May?":         "away 2026-05-04..2026-05-04",
		"im on holidy from 6 april til 17 april, gao covers for me":            "away 2026-04-06..2026-04-17 cover=gao",
		"away on Thrusday":      "away 2026-03-05..2026-03-05",
		"away 5 Febuary 2027":   "away 2027-02-05..2027-02-05",
		"cancel my vaction pls": "away off",
		"pause till 1530":       "pause 2026-03-02T15:30",
		"deliveries 0900 1300":  "deliveries 09:00 13:00",
		"I'd like my mail at half past eight, noon and 5 in the afternoon":         "deliveries 08:30 12:00 17:00",
		"Please bring my mail only once a day, at 11.":                             "deliveries 11:00",
		"let everything from Mei through immediately":                              "always Mei",
		"never hold mail from henrik@shop.example":                                 "always henrik@shop.example",
		"no more remarks about my tone please":                                     "never tone",
		"turn the attachment check back on":                                        "advise attachment",
		"switch the tone warnings off":                                             "never tone",
		"carry on as usual":                                                        "resume",
		"My colleague Mei Chen has agreed to look after my mail during this time.": "cover Mei Chen",
		"I would appreciate it if you could pause until 3pm":                       "pause 2026-03-02T15:00",
		"away from Thursday to Tuesday this week":                                  "", // it runs over its end
		"away on Sunday this week":                                                 "away 2026-03-08..2026-03-08",
		"let everything from Mei through":                                          "",              // now, or for ever?
		"always Holidy":                                                            "always Holidy", // a name
		"in Munday until Friday":                                                   "",
		"pause until 2575":                                                         "",
		"I don't need any hints on lunch":                                          "",
		"I won't be around":                                                        "",
		"extend my leave until Thursday":                                           "",
		"do not hold mail":                                                         "hold off",
		"no more remarks":                                                          "",
		"cover Frieda":                                                             "cover Frieda",
		"deliver at one":                                                           "",
		"until the end of Febuary 2027 I am away":                                  "away 2026-03-02..2027-02-28",
		"I'd like my mail at quarter to nine and quarter past 4 in the afternoon":  "deliveries 08:45 16:15",
		"Could you please be so kind as to set me away from 16 to 20 March, Gao is my backup?": "away 2026-03-16..2026-03-20 cover=Gao",
	} {
		if got, back := read(t, "", text); got != want {
			t.Errorf("%q: %q (back %q), want %q", text, got, back, want)
		}
	}
}
