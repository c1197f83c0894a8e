package intent

import (
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{ // of Wednesday 11 March 2026, 10:00 UTC; all found, by spaces
		"See you on 14 March 2026 at 15:30.": "2026-03-14T15:30",
		"See you on March 14th, 3pm.":        "2026-03-14T15:00",
		"See you on 2026-03-14 at 9.":        "2026-03-14T09:00",
		"The 14th of March, half past three": "2026-03-14T15:30",
		"3/14/26":                            "2026-03-14T00:00",
		"14.03.2026":                         "2026-03-14T00:00",
		"20260314":                           "2026-03-14T00:00",
		"2026/Mar/14":                        "2026-03-14T00:00",
		"2026 03 14":                         "2026-03-14T00:00",
		"14-Mar-2026":                        "2026-03-14T00:00",
		"2026-04":                            "2026-04-01T00:00",
		"04/2026":                            "2026-04-01T00:00",
		"on Fri, 13 March":                   "2026-03-13T00:00",
		"Friday the 13th":                    "2026-03-13T00:00",
		"15 March, Sunday":                   "2026-03-15T00:00",
		"29 February":                        "2028-02-29T00:00",
		"the day after tomorrow at noon":     "2026-03-13T12:00",
		"the day before yesterday":           "2026-03-09T00:00",
		"tomorrow at twenty past nine":       "2026-03-12T09:20",
		"tomorrow at a quarter to ten":       "2026-03-12T09:45",
		"tomorrow 8 a.m.":                    "2026-03-12T08:00",
		"at 11.15 pm today":                  "2026-03-11T23:15",
		"at 1030":                            "2026-03-11T10:30",
		"9 tomorrow morning":                 "2026-03-12T09:00",
		"Friday evening at 8":                "2026-03-13T20:00",
		"this afternoon":                     "2026-03-11T15:00",
		"at midnight":                        "2026-03-12T00:00",
		"in 3 days":                          "2026-03-14T10:00",
		"in two and 5":                       "",
		"in 2.5 hours":                       "2026-03-11T12:30",
		"half an hour from now":              "2026-03-11T10:30",
		"two weeks ago":                      "2026-02-25T10:00",
		"three months from 1 April":          "2026-07-01T00:00",
		"2 weeks before 15 May":              "2026-05-01T00:00",
		"2 Fridays from now":                 "2026-03-20T00:00",
		"two Mondays ago":                    "2026-03-02T00:00",
		"a couple of minutes later":          "2026-03-11T10:02",
		"in a fortnight":                     "2026-03-25T10:00",
		"in one quarter":                     "2026-06-11T10:00",
		"in 3 years":                         "2029-03-11T10:00",
		"in 2 working days":                  "2026-03-13T10:00",
		"30 seconds from now":                "2026-03-11T10:00",
		"next week":                          "2026-03-16T00:00",
		"last day of the year":               "2026-12-31T00:00", "first day of next year": "2027-01-01T00:00", "5th April of next year": "2027-04-05T00:00", "Oct 30th of last year": "2025-10-30T00:00",
		"the 2nd next month": "2026-04-02T00:00", "mid-day tomorrow": "2026-03-12T12:00", "at 7 pm sharp tomorrow": "2026-03-12T19:00", "1400 hours tomorrow": "2026-03-12T14:00", "in 2000 hours": "2026-06-02T18:00",
		"next week on Tuesday":                    "2026-03-17T00:00",
		"Tuesday of last week":                    "2026-03-03T00:00",
		"last Friday":                             "2026-03-06T00:00",
		"previous Friday":                         "2026-03-06T00:00",
		"this Friday":                             "2026-03-13T00:00",
		"this coming Friday":                      "2026-03-13T00:00",
		"Friday after next":                       "2026-03-20T00:00",
		"this weekend":                            "2026-03-14T00:00",
		"next month":                              "2026-04-01T00:00",
		"last quarter":                            "2025-10-01T00:00",
		"this year":                               "2026-01-01T00:00",
		"2 upcoming weeks":                        "2026-03-23T00:00",
		"the week of 6 April":                     "2026-04-06T00:00",
		"the week of the 20th":                    "2026-03-16T00:00",
		"the first Monday of April":               "2026-04-06T00:00",
		"last Friday of the month":                "2026-03-27T00:00",
		"last day of October 2026":                "2026-10-31T00:00",
		"third last week of 2026":                 "2026-12-07T00:00",
		"third quarter 2026":                      "2026-07-01T00:00",
		"the 20th of next month":                  "2026-04-20T00:00",
		"the 20th":                                "2026-03-20T00:00",
		"end of August":                           "2026-08-01T00:00",
		"EOM":                                     "2026-03-01T00:00",
		"Christmas Eve":                           "2026-12-24T00:00",
		"Good Friday 2026":                        "2026-04-03T00:00",
		"next Easter":                             "2026-04-05T00:00",
		"Easter Monday":                           "2026-04-06T00:00",
		"last Christmas":                          "2025-12-25T00:00",
		"New Year's Eve":                          "2026-12-31T00:00",
		"new year's day":                          "2027-01-01T00:00",
		"January twenty five nineteen eighty six": "1986-01-25T00:00",
		"twenty-second of April":                  "2026-04-22T00:00",
		"Let's meet at 9.30 on Friday.":           "2026-03-13T09:30",
		"Friday at 9.30 am":                       "2026-03-13T09:30",
		"Friday at 9.30 h":                        "2026-03-13T09:30",
		"at 3 p m":                                "2026-03-11T15:00",
		"at 3p. Then":                             "2026-03-11T15:00",
		"12am":                                    "2026-03-12T00:00",
		"12:30 am on Friday":                      "2026-03-13T00:30",
		"10:15:30":                                "2026-03-11T10:15",
		"10:15:99":                                "",
		"10:75":                                   "",
		"3ish pm":                                 "2026-03-11T15:00",
		"3 o'clock":                               "2026-03-11T15:00",
		"3 o'clock in the afternoon":              "2026-03-11T15:00",
		"three o'clock":                           "2026-03-11T15:00",
		"at three":                                "2026-03-11T15:00",
		"ten thirty":                              "2026-03-11T10:30",
		"twelve oh three":                         "2026-03-11T12:03",
		"nine fifty nine a m":                     "2026-03-12T09:59",
		"mid day":                                 "2026-03-11T12:00",
		"10 to noon":                              "2026-03-11T11:50",
		"half past 15h":                           "2026-03-11T15:30",
		"at 3 in the morning":                     "2026-03-12T03:00",
		"11 at night":                             "2026-03-11T23:00",
		"at 24:00 on Friday":                      "2026-03-14T00:00",
		"at 730 in the evening":                   "2026-03-11T19:30",
		"tomorrow night at 8":                     "2026-03-12T20:00",
		"next morning 7:30":                       "2026-03-12T07:30",
		"Friday am":                               "2026-03-13T06:00",
		"Friday pm":                               "2026-03-13T15:00",
		"first thing Friday":                      "2026-03-13T09:00",
		"next year at 6pm":                        "2027-01-01T18:00",
		"by lunchtime":                            "2026-03-11T12:00",
		"in the next two hours":                   "2026-03-11T12:00",
		"31/10/26":                                "2026-10-31T00:00",
		"in the 1st week":                         "",
		"the first floor":                         "",
		"in half a minute":                        "2026-03-11T10:00",
		"two and a half":                          "",
		"one week hence":                          "2026-03-18T10:00",
		"end of play":                             "2026-03-11T00:00",
		"the end of the road":                     "",
		"5 o'clock tomorrow":                      "2026-03-12T17:00",
		"Thursday 9 am (CET)":                     "2026-03-12T08:00",
		"Monday 10:00 your time":                  "2026-03-16T10:00",
		"right now":                               "2026-03-11T10:00",
		"at the moment":                           "2026-03-11T10:00",
		"Thursday 8:00 GMT":                       "2026-03-12T08:00",
		"Thursday 8:00 UTC+2":                     "2026-03-12T06:00",
		"Thursday 8:00 UTC-03:30":                 "2026-03-12T11:30",
		"Thursday 9 am Pacific":                   "2026-03-12T16:00",
		"Thursday 9 am Tokyo time":                "2026-03-12T00:00",
		"Friday 17:00 ET":                         "2026-03-13T21:00",
		"We'll meet from Monday to Tuesday.":      "2026-03-16T00:00 2026-03-17T00:00",
		"Call 555-1234 or 10.0.0.1, version 1.2.3, room 12, 45 %.":  "",
		"32 August. 30 February 2026. 25:61":                        "",
		"We may march on; the sun sat down, wed to the second sec.": "",
		"Have a great day, a 1:1 and a 4:3 picture.":                "",
		"A second look": "",
	} {
		got := ""
		for i, found := range Times(text, wednesday, TimeOptions{Language: English}) {
			if i > 0 {
				got += " "
			}
			got += found.At.UTC().Format("2006-01-02T15:04")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTimesElsewhere(t *testing.T) {
	for _, c := range []struct {
		lang       Language
		text, want string
	}{
		{German, "am Montag um 14 Uhr 30", "2026-03-16T14:30"},
		{German, "am 5.10. um 9 Uhr", "2026-10-05T09:00"},
		{German, "übermorgen früh", "2026-03-13T06:00"},
		{German, "nächsten Freitag", "2026-03-20T00:00"},
		{German, "Ende nächster Woche", "2026-03-16T00:00"},
		{German, "morgen Abend", "2026-03-12T18:00"},
		{French, "mercredi prochain à 15h30", "2026-03-18T15:30"},
		{French, "le 1er mai", "2026-05-01T00:00"},
		{French, "demain après-midi", "2026-03-12T15:00"},
		{French, "la semaine prochaine", "2026-03-16T00:00"},
		{Spanish, "el próximo lunes a las 9", "2026-03-16T09:00"},
		{Spanish, "pasado mañana", "2026-03-13T00:00"},
		{Spanish, "la semana que viene", "2026-03-16T00:00"},
		{Spanish, "mañana por la mañana", "2026-03-12T06:00"},
		{Portuguese, "sexta-feira às 10h", "2026-03-13T10:00"},
		{Portuguese, "depois de amanhã", "2026-03-13T00:00"},
		{Portuguese, "dia 20 de abril", "2026-04-20T00:00"},
		{Dutch, "volgende week donderdag om 10 uur", "2026-03-19T10:00"},
		{Dutch, "overmorgen", "2026-03-13T00:00"},
		{Dutch, "vanmiddag", "2026-03-11T15:00"},
		{German, "3/4/2026", "2026-04-03T00:00"},
	} {
		got := ""
		for _, found := range Times(c.text, wednesday, TimeOptions{Language: c.lang}) {
			got += found.At.UTC().Format("2006-01-02T15:04")
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
	if found := Times("3/4", wednesday, TimeOptions{Language: English, MonthLast: true}); len(found) != 1 || found[0].At.Month() != time.April {
		t.Errorf("got %v", found)
	}
}

func TestEaster(t *testing.T) {
	for year, want := range map[int]string{2000: "04-23", 2024: "03-31", 2026: "04-05", 2038: "04-25"} {
		if got := easter(year, time.UTC).Format("01-02"); got != want {
			t.Errorf("%d: %s, want %s", year, got, want)
		}
	}
}
