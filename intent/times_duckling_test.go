package intent

import (
	"testing"
	"time"
)

// TestTimesOfTuesday reads expressions as people type them into a search box, on
// Tuesday 12 February 2013, 04:30 in a zone two hours behind Greenwich.
func TestTimesOfTuesday(t *testing.T) {
	ref := time.Date(2013, 2, 12, 4, 30, 0, 0, time.FixedZone("", -2*3600))
	for text, want := range map[string]string{
		"in 2014": "2014-01-01T00:00", "2/2013": "2013-02-01T00:00", "tomorrows": "2013-02-13T00:00", "Monday, Feb 18": "2013-02-18T00:00", "mon.": "2013-02-18T00:00",
		"Tuesday the 19th": "2013-02-19T00:00", "Thu 15th": "2013-08-15T00:00", "the 1st of march": "2013-03-01T00:00", "first of march": "2013-03-01T00:00", "march first": "2013-03-01T00:00",
		"the ides of march": "2013-03-15T00:00", "march third 2015": "2015-03-03T00:00", "3/3/15": "2015-03-03T00:00", "2015-3-3": "2015-03-03T00:00", "on the 15th": "2013-02-15T00:00",
		"15 of february": "2013-02-15T00:00", "february the 15th": "2013-02-15T00:00", "on 2/15": "2013-02-15T00:00", "2 - 15": "2013-02-15T00:00", "Aug 8": "2013-08-08T00:00",
		"October 2014": "2014-10-01T00:00", "2014/10": "2014-10-01T00:00", "10-31-74": "1974-10-31T00:00", "10.31.1974": "1974-10-31T00:00", "31/Oct/1974": "1974-10-31T00:00",
		"31-Oct-74": "1974-10-31T00:00", "31st Oct 1974": "1974-10-31T00:00", "10 31 1974": "1974-10-31T00:00", "14april 2015": "2015-04-14T00:00",
		"next tuesday": "2013-02-19T00:00", "around next tuesday": "2013-02-19T00:00", "friday after next": "2013-02-22T00:00", "next March": "2013-03-01T00:00", "March after next": "2014-03-01T00:00",
		"Sunday, Feb 10": "2013-02-10T00:00", "Wed, Feb13": "2013-02-13T00:00", "this week": "2013-02-11T00:00", "past week": "2013-02-04T00:00", "the following week": "2013-02-18T00:00",
		"coming week": "2013-02-18T00:00", "last month": "2013-01-01T00:00", "20 of next month": "2013-03-20T00:00", "20th day of next month": "2013-03-20T00:00", "20th of the current month": "2013-02-20T00:00",
		"20th of the previous month": "2013-01-20T00:00", "this qtr": "2013-01-01T00:00", "next quarter": "2013-04-01T00:00", "3rd qtr": "2013-07-01T00:00", "the 4th qtr of 2018": "2018-10-01T00:00",
		"2018Q4": "2018-10-01T00:00", "last yr": "2012-01-01T00:00", "current year": "2013-01-01T00:00",
		"last week's sunday": "2013-02-10T00:00", "sunday from last week": "2013-02-10T00:00", "last tuesday": "2013-02-05T00:00", "wednesday of next week": "2013-02-20T00:00",
		"wednesday after next": "2013-02-20T00:00", "monday of this week": "2013-02-11T00:00", "day after tomorrow 5pm": "2013-02-14T17:00", "day before yesterday 8am": "2013-02-10T08:00", "last Monday of March": "2013-03-25T00:00",
		"last Sunday of March 2014": "2014-03-30T00:00", "third day of october": "2013-10-03T00:00", "first week of october 2014": "2014-10-06T00:00", "third week of october 2014": "2014-10-20T00:00", "last day in october 2015": "2015-10-31T00:00",
		"last week of september 2014": "2014-09-22T00:00", "second last week of October 2018": "2018-10-15T00:00", "third last week of 2018": "2018-12-10T00:00", "first tuesday in october": "2013-10-01T00:00", "second wednesday of october 2014": "2014-10-08T00:00",
		"3 in the AM": "2013-02-13T03:00", "3 oclock am": "2013-02-13T03:00", "at three am": "2013-02-13T03:00", "3h18": "2013-02-13T03:18", "3:18a": "2013-02-13T03:18",
		"@ 3pm": "2013-02-12T15:00", "3 oclock pm": "2013-02-12T15:00", "3ish pm": "2013-02-12T15:00", "3pm approximately": "2013-02-12T15:00",
		"at about 3pm": "2013-02-12T15:00", "15h": "2013-02-12T15:00", "at 15 past 3pm": "2013-02-12T15:15", "for a quarter past 3pm": "2013-02-12T15:15", "3:15 in the afternoon": "2013-02-12T15:15",
		"twenty after 3pm": "2013-02-12T15:20", "at three twenty": "2013-02-12T15:20", "at half past three pm": "2013-02-12T15:30", "half past 3 pm": "2013-02-12T15:30", "3:30 p m": "2013-02-12T15:30",
		"a quarter to noon": "2013-02-12T11:45", "15 to noon": "2013-02-12T11:45", "8 tonight": "2013-02-12T20:00", "eight tonight": "2013-02-12T20:00", "tonight at 8 o'clock": "2013-02-12T20:00",
		"8 this evening": "2013-02-12T20:00", "at 8 in the evening": "2013-02-12T20:00", "in the evening at eight": "2013-02-12T20:00", "at 7:30 PM on Fri, Sep 20": "2013-09-20T19:30", "at 19h30 on Fri, Sep 20": "2013-09-20T19:30",
		"Saturday morning at 9": "2013-02-16T09:00", "on Saturday for 9am": "2013-02-16T09:00", "Fri, Jul 18, 2014, 07:00 PM": "2014-07-18T19:00", "in a sec": "2013-02-12T04:30", "in 1'": "2013-02-12T04:31",
		"in 2 more minutes": "2013-02-12T04:32", "in a pair of minutes": "2013-02-12T04:32", "in a few minutes": "2013-02-12T04:33", "in a quarter of an hour": "2013-02-12T04:45", "in 1/4h": "2013-02-12T04:45",
		"in 1/4 hour": "2013-02-12T04:45", "in half an hour": "2013-02-12T05:00", "in 1/2 h": "2013-02-12T05:00", "in three-quarters of an hour": "2013-02-12T05:15", "in 3/4h": "2013-02-12T05:15",
		"in 2.5 hours": "2013-02-12T07:00", "in 2 and an half hours": "2013-02-12T07:00", "in few hours": "2013-02-12T07:30", "in a couple hours": "2013-02-12T06:30", "in about half an hour": "2013-02-12T05:00",
		"3 fridays from now": "2013-03-01T00:00", "three fridays from now": "2013-03-01T00:00", "2 sundays from now": "2013-02-24T00:00", "4 tuesdays from now": "2013-03-12T00:00", "in 7 days at 5pm": "2013-02-19T17:00",
		"7 days ago": "2013-02-05T04:30", "a fortnight ago": "2013-01-29T04:30", "2 thursdays back": "2013-01-31T00:00", "three months ago": "2012-11-12T04:30", "the first Monday of this month": "2013-02-04T00:00",
		"14 days hence": "2013-02-26T04:30", "a fortnight hence": "2013-02-26T04:30", "4/25 at 4:00pm": "2013-04-25T16:00", "4/25 at 16h": "2013-04-25T16:00", "3pm tomorrow": "2013-02-13T15:00",
		"this afternoon at 12": "2013-02-12T12:00", "this evening at 12": "2013-02-13T00:00", "tomorrow afternoon at 5": "2013-02-13T17:00", "at 5 tomorrow afternoon": "2013-02-13T17:00", "tomorrow evening at 5": "2013-02-13T17:00",
		"on the first": "2013-03-01T00:00", "the 1st": "2013-03-01T00:00", "at 1030": "2013-02-12T10:30", "ten thirty am": "2013-02-12T10:30", "at 730 in the evening": "2013-02-12T19:30",
		"seven thirty p.m.": "2013-02-12T19:30", "tonight at 11": "2013-02-12T23:00", "this night at 11": "2013-02-12T23:00", "four twenty-three a m": "2013-02-13T04:23", "today in one hour": "2013-02-12T05:30",
		"the week of october 6th": "2013-10-07T00:00", "the week of october 7th": "2013-10-07T00:00", "20 minutes to 2pm tomorrow": "2013-02-13T13:40", "March in a year": "2014-03-01T00:00", "a day from right now": "2013-02-13T04:30",
		"1974": "1974-01-01T00:00", "the 24": "2013-02-24T00:00", "7": "2013-02-12T07:00", "October 5th": "2013-10-05T00:00", "Sept 18th": "2013-09-18T00:00", "5 days from tomorrow": "2013-02-18T00:00", "midnight": "2013-02-13T00:00",
		"half past noon": "2013-02-12T12:30", "ten to eight": "2013-02-12T07:50", "5 minutes to midnight": "2013-02-12T23:55",
		"noon tomorrow": "2013-02-13T12:00", "tomorrow at noon": "2013-02-13T12:00", "twenty fourth of april": "2013-04-24T00:00", "nineteenth of june 2014": "2014-06-19T00:00",
		"the thirty first of december": "2013-12-31T00:00", "april twenty second": "2013-04-22T00:00", "Thursday 8:00 GMT": "2013-02-14T06:00", "today at 2pm": "2013-02-12T14:00", "Friday 20:00 CET": "2013-02-15T17:00",
	} {
		got := ""
		for i, found := range Times(text, ref, TimeOptions{Language: English}) {
			if i > 0 {
				got += " "
			}
			got += found.At.In(ref.Location()).Format("2006-01-02T15:04")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"4a.", "6 or 7", "in one of them", "laughing out loud", "1 adult", "we are separated", "25", "this is the one", "in 61", "12 and a half", "the second", "some of them"} {
		if found := Times(text, ref, TimeOptions{Language: English}); len(found) > 0 {
			t.Errorf("%q: %v", text, found[0].At)
		}
	}
}
