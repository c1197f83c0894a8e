package queue

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"tidepost/commands"
	"tidepost/mail"
	"tidepost/people"
)

// wholeWords are the new words of a mail with their closing formula, for texts that are
// taken as they stand.
func (in *intake) wholeWords() string {
	own, _ := mail.SplitMark(mail.WithoutQuotes(in.content))
	return own
}

// vacation sets, clears or shows what people outside are told while somebody is away.
func (d *doing) vacation(c commands.Command) error {
	p := d.profile
	if c.Value == "" {
		d.say("While you are away, people outside who write to you " + vacationSays(*p) + "\n\n" + vacationWays)
		return nil
	}
	before := p.Vacation
	if err := people.SetField(p, people.FieldVacation, c.Value); err != nil {
		var wrong *people.FieldError
		why := err.Error()
		if errors.As(err, &wrong) {
			why = wrong.Err.Error()
		}
		d.back = append(d.back, "Your text was not taken: it "+why+". What was there before stays.")
		return nil
	}
	d.changes(people.FieldVacation)
	s := "From now on, while you are away, people outside who write to you " + vacationSays(*p)
	if before == p.Vacation {
		s = "That is so already: while you are away, people outside who write to you " + vacationSays(*p)
	}
	if odd := oddPlaceholders(p.Vacation); len(odd) > 0 {
		s += fmt.Sprintf("\n\n%s is sent as it stands: only {back} and {cover} are filled in.", strings.Join(odd, " and "))
	}
	if strings.Contains(p.Vacation, "{cover}") && p.Cover == "" {
		s += "\n\nNobody stands in for you now, so nothing is put in the place of {cover}; *cover NAME* names somebody."
	}
	d.say(s)
	return nil
}

const vacationWays = "*vacation text:* and your own words below changes that, with {back} for the day you are back and {cover} for who stands in; *vacation text default* takes the standard words, *no vacation reply* ends it."

// vacationSays goes on after "people outside who write to you".
func vacationSays(p people.Profile) string {
	switch p.Vacation {
	case people.VacationOff:
		return "get no answer of mine. *vacation text default* brings it back."
	case "":
		return "are told in the standard words, once in four days, until when you are away. Machines and lists get nothing."
	}
	return "get this, once in four days, with {back} for the day you are back and {cover} for who stands in:\n\n" + quote(p.Vacation) +
		"\n\nMachines and lists get nothing. *vacation text default* takes the standard words instead, *no vacation reply* ends it."
}

// vacationShort is the same in a line of settings.
func vacationShort(p people.Profile) string {
	switch p.Vacation {
	case people.VacationOff:
		return "none"
	case "":
		return "the standard words"
	}
	text := strings.Join(strings.Fields(p.Vacation), " ")
	if r := []rune(text); len(r) > 60 {
		text = string(r[:60]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

var placeholder = regexp.MustCompile(`\{[A-Za-z_ ]{1,30}\}`)

// oddPlaceholders are those of a text that nobody fills in.
func oddPlaceholders(text string) []string {
	var out []string
	for _, s := range placeholder.FindAllString(text, 5) {
		if s != "{back}" && s != "{cover}" {
			out = append(out, s)
		}
	}
	return out
}

// nothingAsked answers what holds no word for Tidepost; "" if something in it may be one.
func nothingAsked(a *ask) string {
	if a.heard == nil || len(a.heard.reading.Commands)+len(a.heard.reading.Back) > 0 || a.known && a.note.Kind != noteAnswer && a.note.Kind != noteCommand {
		return ""
	}
	return "Nothing was changed: I found nothing in this mail that I could do. What is quoted, and what stands in a signature, is not read. *help* lists everything."
}
