package digest

import (
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
)

// A RoleNews is what a digest says of a question to a role of the reader's that somebody
// else has.
type RoleNews string

// The news there are.
const (
	RoleAnswered RoleNews = "answered" // by Who
	RolePromised RoleNews = "promised" // Who said by when
	RoleTaken    RoleNews = "taken"    // Who has it: on duty, or took it over
)

// A RoleLine is one question to a role of the reader's that needs nothing of the reader.
type RoleLine struct {
	Ask     int64     `json:"ask"`
	Thread  int64     `json:"thread,omitempty"`
	Role    string    `json:"role"` // address
	What    RoleNews  `json:"what"`
	Who     Author    `json:"who"`
	Asker   Author    `json:"asker"`
	Text    string    `json:"text,omitempty"` // the sentence
	At      time.Time `json:"at"`             // when it was answered
	Due     time.Time `json:"due,omitzero"`
	Subject string    `json:"subject,omitempty"`
	MID     string    `json:"mid,omitempty"`
}

// rolesSection tells what others of a role do.
func (c Content) rolesSection(zone *time.Location) section {
	s := section{Title: "Your roles", More: more(c.MoreRoles, "INBOX")}
	for _, r := range c.Roles {
		it := item{Head: sentence(r.Text), Where: subjectLine(r.Subject), MID: r.MID}
		who := r.Who.full()
		switch r.What {
		case RoleAnswered:
			it.Facts = append(it.Facts, who+" answered, "+longMoment(r.At, zone, c.Tide))
		case RolePromised:
			it.Facts = append(it.Facts, who+" said: by "+dueWords(r.Due, "", zone, c.Tide))
		default:
			it.Facts = append(it.Facts, who+" has it")
		}
		it.Facts = append(it.Facts, "from "+r.Asker.inFull()+", to "+line(r.Role, maxName))
		s.Items = append(s.Items, it)
	}
	return s
}

// AnsweredBefore tells one of a role, kindly, that somebody else was faster. when is a time
// of day, or a day with it.
func (w Writer) AnsweredBefore(to Reader, about About, who, when, sentenceAsked string, waits bool) mail.Letter {
	who = line(who, maxName)
	text := fmt.Sprintf("%s answered at %s: %s", who, when, sentence(sentenceAsked))
	also := fmt.Sprintf("Your answer goes to %s too.", names(about.To))
	if waits {
		also += " As long as it lies in `Scheduled` you can take it back: drag it to `Drafts`."
	}
	return w.note(to, about, who+" answered before you: "+strings.TrimSpace(subjectLine(about.Subject)), text, also)
}
