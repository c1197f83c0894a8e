package commands

import "testing"

// A text for people outside is taken as it stands; what is no text comes back.
func TestVacationText(t *testing.T) {
	for _, c := range []struct{ subject, text, want, back string }{
		{"", "vacation text: I am away until {back}.", "vacation I am away until {back}.", ""},
		{"", "Vacation reply:\nThank you for your mail.\n\nI am back on {back}; {cover} can help.\n\nKind regards\nAna", "vacation Thank you for your mail.\n\nI am back on {back}; {cover} can help.\n\nKind regards\nAna", ""},
		{"Vacation text", "Thank you for your mail.\nNever attachment is my motto.\n-- \nAna", "vacation Thank you for your mail.\nNever attachment is my motto.", ""},
		{"out of office message: I am walking in the hills.", "", "vacation I am walking in the hills.", ""},
		{"", "Please change my out of office reply to: \"We are closed until Monday.\"", "vacation We are closed until Monday.", ""},
		{"", "Abwesenheitsnotiz: Ich bin bis {back} nicht da.", "vacation Ich bin bis {back} nicht da.", ""},
		{"", "auto-reply: I read mail on Fridays only.\n\naway 3-14 Aug, cover Tom", "vacation I read mail on Fridays only. + away 2026-08-03..2026-08-14 cover=Tom", ""},
		{"", "pause until 15:00\n\nvacation text:\nI am away until {back}.\nSent from my iPhone", "vacation I am away until {back}. + pause 2026-03-02T15:00", ""},
		{"", "vacation text:\nI am away.\n\nhold off", "vacation I am away.\n\nhold off", ""}, // all that stands below
		{"", "vacation text: off", "vacation off", ""},
		{"", "vacation text: default", "vacation default", ""},
		{"", "no vacation reply", "vacation off", ""},
		{"", "Please don't send a vacation reply", "vacation off", ""},
		{"", "turn off my automatic replies", "vacation off", ""},
		{"", "clear my vacation text", "vacation default", ""},
		{"", "vacation reply default", "vacation default", ""},
		{"", "what is my vacation text?", "vacation", ""},
		{"", "show me my out of office message", "vacation", ""},
		{"vacation text", "", "vacation", ""},
		{"", "vacation text", "vacation", ""},

		{"", "out of office message: 3-14 Aug", "away 2026-08-03..2026-08-14", ""},
		{"", "vacation message from 3 Aug to 14 Aug", "away 2026-08-03..2026-08-14", ""},
		{"", "vacation text: please don't send one", "", "vacation"},
		{"", "vacation text: no text please", "", "vacation"},
		{"", "vacation reply: can you show it to me?", "", "vacation"},
		{"", "vacation text: back soon", "", "vacation"},
		{"", "Is the vacation reply sent to everybody?", "", "vacation"},
		{"", "My vacation reply was sent twice", "", "vacation"},
		{"", "> vacation text: I am away until {back}.\n\nsettings", "settings", ""},
		{"Re: vacation text", "I like it, thanks", "", "settings"},
		{"", "On Mon 2 Mar 2026, Tidepost wrote:\nvacation text: I am away until {back}.", "", ""},
	} {
		if got, back := read(t, c.subject, c.text); got != c.want || back != c.back {
			t.Errorf("%q, %q: %q, back %q; want %q, back %q", c.subject, c.text, got, back, c.want, c.back)
		}
	}
}
