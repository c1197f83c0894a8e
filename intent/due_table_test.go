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

func TestEnglishDues(t *testing.T) {
	englishDues.check(t, English, "Please send me the list %.", "Can you send me your remarks %?", "I need your numbers for the report %, thanks.")
}
