package intent

import (
	"strings"
	"testing"
)

// dueTable lists "month-day hour:minute" in UTC, or "?" for words without an
// instant, with expressions that mean it on Wednesday 11 March 2026, 10:00 UTC.
type dueTable []struct{ want, expressions string }

// check asks for the due time of an ask in every carrier with every expression.
func (table dueTable) check(t *testing.T, lang Language, carriers ...string) {
	t.Helper()
	n := 0
	for _, row := range table {
		for expr := range strings.SplitSeq(row.expressions, ";") {
			expr = strings.TrimSpace(expr)
			n++
			for _, carrier := range carriers {
				text := strings.Replace(strings.Replace(carrier, "%", expr, 1), "..", ".", 1)
				f := Read(Input{Text: text, From: ana, To: readers(), Date: wednesday})
				got := "no ask"
				if len(f.Asks) > 0 {
					got = "none"
					if d := f.Asks[0].Due; d != nil {
						if got = "?"; d.OK {
							got = d.At.UTC().Format("01-02 15:04")
						}
					}
				}
				if got != row.want {
					t.Errorf("%q: due %q, want %q (%s)", text, got, row.want, f.Language)
					break
				}
			}
		}
	}
	t.Logf("%s: %d expressions", lang, n)
}

var englishDues = dueTable{
	{"03-13 17:30", "by Friday; until Friday; till Friday; til Friday; no later than Friday; not later than Friday; latest Friday; by Friday latest; by Friday at the latest; at the latest by Friday; at the latest on Friday; Friday latest; on or before Friday; on Friday; by Friday please; by fri; by FRIDAY; by this Friday; by this coming Friday; by Friday 13 March; by Friday, 13 March; by Friday, March 13; by Friday, March 13th; by Friday the 13th; by Friday 13th; by Fri 13 Mar; by Fri, Mar 13; by Fri 13/3; by 13/3; by 3/13; by the 13th; by the 13th of March; by March 13, 2026; by 2026-03-13; by 13.03.2026; by 13 March at the latest; no later than Friday, March 13; by the end of Friday; by end of Friday; by end of day Friday; by end of day on Friday; by the end of the day on Friday; by EOD Friday; by EOD Friday UTC; by COB Friday GMT; by Friday EOD; by Friday, EOD; by COB Friday; by Friday COB; by Friday close of business; by close of business on Friday; by close of business Friday; before close of business on Friday; by close of play Friday; by end of play on Friday; by end of business Friday; no later than close of business on Friday, March 13; by Friday afternoon; Friday afternoon; until Friday evening 17:30; by end of week; by the end of the week; by EOW; by end of this week; by the end of this week; before the end of the week; before the weekend; this week; sometime this week; later this week; by the end of the working week; the day after tomorrow; in two days; in 2 days; in two days' time; within two days; within 2 business days; within two working days; in the next two days"},
	{"03-13 12:00", "by Friday noon; until Friday noon; by Friday lunch; until Friday lunch; by Friday lunchtime; by Friday midday; by Friday at noon; by noon Friday; by noon on Friday; by midday on Friday; by lunchtime on Friday; by Friday morning; Friday morning; on Friday morning; Friday before noon; Friday by noon; by 12:00 on Friday; by Friday 12:00; before noon on Friday; before Friday noon; before Friday 12:00; by lunch on Friday"},
	{"03-13 09:00", "first thing Friday; by first thing Friday; first thing on Friday; Friday first thing; first thing Friday morning; first thing in the morning on Friday; by 9 on Friday; by 9am Friday; by Friday 9am"},
	{"03-13 15:00", "by Friday 3pm; by 3pm Friday; by 3pm on Friday; by 3 pm this Friday; by Friday, 3 p.m.; by Friday 15:00; by Friday at 15:00; by Friday at 3; before 3pm on Friday; before Friday 3pm; no later than 3pm on Friday; by Friday, March 13, 3:00 PM; by Friday 13 March, 15:00; by 15:00 on 13 March; by Fri 13 Mar 3pm; by 3 pm on Friday, March 13; on Friday by 3pm; Friday 3pm latest; by 4pm CET on Friday; by Friday 4pm CET; by Friday, 11am ET; by Friday 8 am Pacific; before the 3pm call on Friday; ahead of Friday's 3pm call; by Friday, 16:00 CET; by Friday 8am PDT"},
	{"03-13 20:00", "by Friday evening; by Friday night; Friday evening; Friday night; by 8pm on Friday; by Friday 20:00"},
	{"03-11 17:30", "today; by today; by end of today; by the end of today; by the end of the day; by end of day; by EOD; by EOD today; EOD; by close of business; by COB; by COB today; before EOD; before the end of the day; by close of play; by end of play today; later today; this afternoon; by this afternoon; by 5:30pm; by 17:30; by 1730; before tomorrow; still today; before close of business; today if you can; today if possible; if possible today; by end of business today; before Thursday; before tomorrow's call; ahead of tomorrow's call; ahead of Thursday's board meeting; before the review on Thursday; before the Thursday call"},
	{"03-11 12:00", "by noon; before noon; by midday; by lunch; before lunch; by lunchtime; by 12:00; by noon today; before noon today; today before noon; this morning; by 1pm CET; by 8am ET; by noon UTC; in the next two hours; within 2 hours; within two hours; in 2 hours; within the next 2 hours; in 120 minutes"},
	{"03-11 17:00", "by 5pm; by 5; by 5 today; by 5pm today; today by 5; by 5 pm; by 5 p.m.; before 5pm; by 17:00; by 17h; until 5pm; until 17:00; no later than 5pm; by 5pm latest; by 5 o'clock; by five o'clock; by 17:00 UTC; by 6pm CET; by 5pm my time; by 17:00 GMT; by 5pm London time; by 5 p.m. London time; by 1 PM Eastern; by 1pm US Eastern; by 1pm ET; by 10am Pacific; by 10 am Pacific time; by 6pm Berlin time; by 6 pm Paris time; by noon Chicago time; by 1pm New York time; in time for the 5pm; in time for the 5pm call; before the 5pm call; before my 5pm; before today's 5pm call"},
	{"03-11 20:00", "tonight; by tonight; this evening; by this evening; by 8pm; by 8 tonight; before 8pm tonight"},
	{"03-11 11:00", "within the hour; within an hour; in an hour; within the next hour; in the next hour; in one hour; within 60 minutes; in the next 60 mins"},
	{"03-11 10:30", "in half an hour; in 30 minutes; in the next 30 min; within half an hour; within the next half hour; in thirty minutes"},
	{"03-11 10:15", "in 15 min; within 15 minutes; in the next 15 minutes; in next 15 minutes; in fifteen minutes"},
	{"03-13 10:00", "in the next 48h; within 48 hours; in 48 hours; within the next 48 hours; within 48h; in the next 48 hrs"},
	{"03-12 10:00", "in the next 24 hours; within 24h; within 24 hours; by tomorrow 10:00; tomorrow at 10; tomorrow by 10; by 10 tomorrow; by 10am tomorrow; before 10 tomorrow; tomorrow before 10; tomorrow 10am; by 10 tomorrow morning; by 11am CET tomorrow; tomorrow at 11:00 CET; before tomorrow's 10am call; before the 10am tomorrow"},
	{"03-12 17:30", "tomorrow; by tomorrow; by tomorrow EOD; by EOD tomorrow; by COB tomorrow; by end of day tomorrow; by close of business tomorrow; tomorrow afternoon; by tomorrow afternoon; by the end of tomorrow; tomorrow at the latest; by Thursday; by Thu; by Thurs; before Friday; before Friday's call; before the call on Friday; before the Friday call; before the Friday morning call; before Friday's board meeting; ahead of Friday; ahead of Friday's board meeting; ahead of the board meeting on Friday; prior to Friday; prior to the meeting on Friday; before the 13th; before 13 March; before March 13; before the call on the 13th; ahead of the call on 13 March; in time for Friday's review; in time for the board on Friday; before we meet on Friday; before our meeting on Friday; before this Friday; before the workshop on Friday, 13 March; by 12 March; by 3/12; by 2026-03-12"},
	{"03-12 12:00", "tomorrow morning; by tomorrow morning; tomorrow noon; tomorrow at noon; by tomorrow noon; by noon tomorrow; tomorrow by noon; by tomorrow lunchtime; by lunchtime tomorrow; tomorrow before noon; tomorrow before 12:00; before noon tomorrow; before tomorrow noon; by lunch tomorrow"},
	{"03-12 09:00", "first thing tomorrow; tomorrow first thing; first thing tomorrow morning; by 9 tomorrow; by tomorrow 9am; tomorrow at 9"},
	{"03-12 20:00", "tomorrow evening; by tomorrow evening; tomorrow night; by tomorrow night"},
	{"03-16 17:30", "by Monday; by 16 March; by Monday 16 March; by Mon 16 Mar; before Tuesday; before the release on Tuesday; before Tuesday's release; before 17 March; before the 17th; well before the 17th; by Monday next week; on Monday; by Mon, 16/3"},
	{"03-17 17:30", "by Tuesday; by Tuesday next week; by next Tuesday; by Tuesday of next week; by 17/03; by 17/3; by 17 Mar; by Tues; by Tue"},
	{"03-18 17:30", "a week from today; by mid next week; by the middle of next week; mid next week; midweek next week; by Wednesday; by Wednesday 18th; by Wed 18/3; by Wednesday next week; by next Wednesday; in a week; within a week; within one week; within 7 days; in seven days; in the next 7 days; in a week's time; within 5 working days; within five business days"},
	{"03-20 17:30", "by next Friday; by Friday next week; by Friday of next week; by next week Friday; next week; by next week; sometime next week; by the end of next week; by end of next week; at the end of next week; by Friday week; by a week on Friday; a week from Friday; by Friday 20 March; by Friday the 20th; by the 20th; by the 20th of March; by 20 March; by March 20; by March 20th; by 20th March; by March 20th, 2026; by 20 Mar 2026; by 20-Mar-2026; by 20.3.2026; by 20/03/2026; by 03/20/2026; by 20/3/26; on the 20th; until the 20th; no later than the 20th; before the end of next week; by late next week; due on 20 March; before the 21st"},
	{"03-24 17:30", "by Tuesday week; a week from Tuesday; a week on Tuesday; by the 24th; by 24 March; by Tuesday 24 March; in 13 days"},
	{"03-25 17:30", "in two weeks; within two weeks; in the next two weeks; in a fortnight; within a fortnight; within the next fortnight; two weeks from today; within 14 days; in 14 days"},
	{"03-31 17:30", "by the end of the month; by end of month; by EOM; by month end; by month-end; before the end of the month; by the end of March; by end of March; by end March; this month; by the end of the quarter; by EOQ; by end of quarter; by quarter end; by the end of Q1; before April; by the 31st; by the end of this month; by the end of this quarter; before 1 April; before the 1st of April"},
	{"04-30 17:30", "by the end of April; by end of April; end of April; in April; next month; by the end of next month; by 30 April; by April 30"},
	{"04-15 17:30", "by mid-April; by mid April; by the middle of April; mid-April; by 15 April; by April 15; by 15/4"},
	{"06-30 17:30", "by the end of Q2; by end of Q2; by the end of next quarter; by end of June; by 30 June"},
	{"12-31 17:30", "by the end of the year; by end of year; by EOY; by year end; by year-end; before the end of the year; by 31 December; this year"},
	{"03-15 17:30", "over the weekend; this weekend; at the weekend; on Sunday; by Sunday; during the weekend; by Sunday 15 March"},
	{"12-24 17:30", "before Christmas; by Christmas Eve; by 24 December"},
	{"?", "asap; ASAP; as soon as possible; as soon as you can; immediately; right away; right now; straight away; urgently; soon; whenever you can; when you have a minute; when you get a chance; at your earliest convenience; no rush; at your convenience; before the call; before the meeting; ahead of the board meeting; before you leave; before your holiday; by Friday noon your time; by 4 pm your time; by end of day your time; by Wednesday your morning; by end of day your time; same day; before it expires; every Friday; each Friday; weekly; within the next few days; in the next few days; in a few days; in the coming days; in due course; promptly; without delay; right after the call; in good time; as early as possible; the sooner the better"},
}

// englishRareDues are said less often.
var englishRareDues = dueTable{
	{"03-13 17:30", "by Friday 17.30; by 17.30 on Friday; before 17.30 on Friday; by Friday, 5.30pm; by Friday 5.30 p.m.; by Friday at 5:30; by half past five on Friday; by close of business this Friday; by the close of Friday; by Friday's close of business; by Friday's close; by Friday (13 March); by Friday (13/3); by Friday - 13 March; by Friday, the 13th of March; by Friday, 13th; by this Friday, March 13; before close of play on Friday; Friday, close of play; Friday EOB; by EOB Friday; no later than EOD Friday; not later than 13 March; until and including Friday; by or before Friday; by Friday at the very latest; by Friday if you can; by Friday if possible; by Friday or earlier; by Friday or sooner; preferably by Friday; ideally by Friday; hopefully by Friday; definitely by Friday; say by Friday; around Friday; by the 13th at the latest; in the course of Friday; within the course of this week; by week's end; by the end of the wk; by the close of this week; Friday at the latest; Friday latest please; on Friday, at the latest; sometime Friday; some time on Friday; two days from now; 2 days from today; within the next two days; within 2 days from now; in the next couple of days"},
	{"03-13 12:00", "by Friday 12 noon; by 12 noon on Friday; by 12 noon Friday; by noon this Friday; by midday Friday; Friday by lunchtime; by lunchtime this Friday; before Friday lunch; before lunch on Friday; before Friday lunchtime; by Friday a.m.; by 12pm on Friday; by 12:00 pm Friday; by 12.00 on Friday; Friday at noon at the latest; by high noon on Friday; Friday before lunch"},
	{"03-12 17:30", "the day before Friday; a day before Friday's call; the day before the call on Friday; one day before the meeting on Friday; by the day before Friday; by tomorrow at the end of the day; by the end of the day tomorrow; tomorrow by close of business; tomorrow by end of day; tomorrow EOB; in the course of tomorrow; in the course of Thursday; sometime tomorrow; by tomorrow 17.30; tomorrow late afternoon; late tomorrow afternoon; in the afternoon tomorrow; ahead of the Friday board; in advance of Friday; in advance of Friday's workshop; before we speak on Friday; before I leave on Friday; before you fly out on Friday; before the train leaves on Friday"},
	{"03-16 12:00", "by Monday lunch; Monday morning; by Monday morning; on Monday morning; by Monday, noon; by lunch Monday"},
	{"03-16 09:00", "first thing Monday; first thing on Monday morning; Monday first thing; by 9 on Monday; by 9:00 Monday; by 9 o'clock on Monday; before 9 on Monday; before 9am on Monday; by 09:00 on Monday; by 9h on Monday; by 9.00 on Monday"},
	{"03-17 17:30", "by early next week; early next week; by Tuesday next week at the latest; a week from yesterday; before the Wednesday review; before next Wednesday; within four working days; in 6 days; by 17 March, 17:30"},
	{"03-16 17:30", "by the beginning of next week; at the start of next week; by the start of next week; at the beginning of next week; by Monday of next week; within 3 working days; in 3 business days; within three business days"},
	{"03-20 17:30", "late next week; by Friday of the coming week; in the course of next week; over the course of next week; during next week; any time next week; by the end of the following week; the end of next week; end of next week; by the 20th of this month; by the 20th inst 17:30; 20 March at the latest; by the third Friday of March; by Friday, 20 March 2026, close of business; within seven working days"},
	{"03-31 17:30", "by the last day of the month; by the last day of March; by the last day of this month; at the end of the month; end of the month; by the close of the month; within this month; during March; by the end of the current month; by the end of the first quarter; by the last working day of March; 31 March latest; before the quarter ends; before the month is out; before the end of March"},
	{"04-01 17:30", "by April 1st; by 1 April; by the 1st of April; by the first of April; by the start of April; by the beginning of April; at the beginning of next month; by the 1st; in three weeks"},
	{"04-06 17:30", "by the first Monday of April; on the first Monday in April; by Monday, 6 April"},
	{"03-27 17:30", "by the last Friday of the month; by the last Friday of March; by Friday in two weeks 27 March; by Friday 27th; two weeks from Friday"},
	{"04-10 17:30", "by 10 April; before 13 April; by Fri 10 Apr"},
	{"04-11 17:30", "in a month; within a month; in one month; a month from now; in a month's time"},
	{"03-11 14:00", "by 2 this afternoon; at 2 this afternoon; by 2pm this afternoon; in the next four hours; within four hours; within the next 4 hrs; by 3pm Hamburg time; by 9 am in Chicago; in 4 hours' time; by 10am EDT; by 10 am in New York"},
	{"03-11 20:00", "by 8 this evening; at 8 tonight; before 8 tonight; by 8pm tonight; by tonight 8pm; by 9pm CET; by 20:00 GMT; this evening by 8; by eight tonight"},
	{"03-11 10:45", "in 45 minutes; within 45 min; in the next 45 minutes; by 10:45; by 10.45; by quarter to eleven; by a quarter to eleven; 45 minutes from now"},
	{"03-12 00:00", "by midnight; before midnight; by midnight tonight; by midnight today; by 24:00; by 12 midnight"},
}

// englishDates write dates in many ways.
var englishDates = dueTable{
	{"04-10 17:30", "by Apr. 10; by Apr 10; by Apr 10th; by 10 Apr.; by 10-Apr; by 10APR; by 10 Apr 26; by 10 Apr '26; by April the 10th; by April the tenth; by the tenth of April; by the 10th Apr; by the 10th of next month; by Fri., Apr. 10; by Fri. 10 Apr.; by Friday the 10th of Apr; by 2026/04/10; by 2026.04.10; by 10-04-2026; by 10.04.26; by 20260410; by April 10 2026; by April 10, '26; by Friday, April 10th, 2026; by 10 of April; by Fri 10th Apr; by 10th April; by April 10 (Friday); by Friday (April 10); by 10 April (Friday); by Friday, the tenth of April; on or before April 10; by 10 April COB; by COB 10 April; by COB on April 10; by 10 April, EOD; by EOD Friday, April 10; no later than COB Friday, 10 April 2026; April 10 latest; by the end of 10 April"},
	{"04-10 15:00", "by Apr. 10, 3 p.m.; by 10 Apr 15:00; by 10 Apr, 15:00; by 10 Apr at 15:00; by 2026-04-10 15:00; by 2026-04-10T15:00; by 3pm on Apr. 10; by 3pm, April 10; by 15:00 on the 10th of April; by Friday, April 10, at 3:00 PM; by 10 April 3pm; by April 10 at 3; by 3 PM on Friday, April 10, 2026; before 15:00 on 10 April; by 10 April (15:00); by 10th April 15.00; by 10 April, 3.00pm; by 10 April 1500; by 15:00, 10 April; by April 10th @ 3pm; by 10 April 17:00 CEST; by 10 April 5pm CEST; by 10 April 11am ET; by 10 April 8am Pacific"},
	{"04-09 17:30", "before April 10; before the 10th of April; before Fri 10 April; before the meeting on 10 April; before the 10 April meeting; before our April 10 call; ahead of the launch on April 10; in time for the launch on 10 April"},
	{"03-20 17:30", "by week 12; by the end of week 12; in week 12; by CW 12; in CW12; by the end of CW 12"},
	{"04-15 17:30", "by the middle of next month; in the first half of April; by the first half of April"},
}

func TestEnglishDates(t *testing.T) {
	englishDates.check(t, English, "Please send me the list %.")
}

func TestEnglishDues(t *testing.T) {
	englishRareDues.check(t, English, "Please send me the list %.")
	englishDues.check(t, English, "Please send me the list %.", "Can you send me your remarks %?", "I need your numbers for the report %, thanks.")
}

// TestDueBesideAnotherDay: the day that something is for does not say by when it is due.
func TestDueBesideAnotherDay(t *testing.T) {
	dueTable{
		{"03-13 17:30", "the room for the 20th by Friday; the room by Friday for the 20th; the room for 20 March by Friday; the room for the 20th until Friday"},
		{"03-13 12:00", "the room for the 20th by Friday noon"},
		{"03-20 17:30", "the room for Friday by the 20th"},
	}.check(t, English, "Ana, could you book %?")
}
