package main

import (
	"fmt"
	"io"
	"time"

	"tidepost/internal/gateway"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
)

// whenCmd estimates.
type whenCmd struct {
	From string   `arg:"" help:"Who would send it: an address of the team."`
	To   []string `arg:"" help:"Who would get it."`
	At   string   `placeholder:"TIME" help:"Sent then instead of now: 2026-12-24T23:47:00 or \"Fri 9pm\" on the author's clock, or RFC 3339."`
	Tag  string   `placeholder:"TAG" help:"Override: now, urgent, or a time such as \"Fri 9am\"."`
}

// An estimate is one line of the answer.
type estimate struct {
	Address    string    `json:"address"`
	Leaves     time.Time `json:"leaves"`
	LeavesText string    `json:"leaves_text"`
	HeldBy     string    `json:"held_because,omitempty"`
	Arrives    time.Time `json:"arrives"`
	ArriveText string    `json:"arrives_text"`
	WaitsFor   string    `json:"arrives_because,omitempty"`
	Note       string    `json:"note,omitempty"`
	Outside    bool      `json:"outside,omitempty"`
	Via        string    `json:"via,omitempty"` // the group or role
}

// Run implements the command.
func (c *whenCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		author, err := person(d, c.From)
		if err != nil {
			return err
		}
		at, err := c.sent(a.now, author)
		if err != nil {
			return fmt.Errorf("--at: %w", err)
		}
		var list []estimate
		for _, s := range c.To {
			to, err := mail.ParsePath(s, true)
			if err != nil {
				return fmt.Errorf("%q is not an address", s)
			}
			all, err := d.WhenAll(author, to, c.Tag, at)
			if err != nil {
				return err
			}
			for _, e := range all {
				list = append(list, newEstimate(e, author, at))
			}
		}
		return a.show(map[string]any{"from": author.Address.String(), "sent": at.UTC(), "to": list}, func(w io.Writer) {
			fmt.Fprintf(w, "Mail from %s sent %s (%s)\n\n", author.FirstName(), people.Moment(at, author.Zone(), a.now), people.CityAt(author.Zone(), at))
			printEstimates(w, list)
		})
	})
}

// sent is when the mail would be sent.
func (c *whenCmd) sent(now time.Time, author *people.Person) (time.Time, error) {
	if c.At == "" {
		return now.Truncate(time.Second), nil
	}
	if t, err := time.Parse(time.RFC3339, c.At); err == nil {
		return t, nil
	}
	if wall, err := scheduler.ParseWall(c.At); err == nil {
		return wall.Instant(author.Zone()).At, nil
	}
	w, err := scheduler.ParseWhen(c.At, now, author.Zone(), nil)
	return w.At, err
}

func newEstimate(e gateway.Estimate, author *people.Person, sent time.Time) estimate {
	zone := author.Zone()
	if e.Reader != nil {
		zone = e.Reader.Zone()
	}
	text := func(t time.Time) string {
		if t.Equal(sent) {
			return "at once"
		}
		return people.Both(t, zone, author.Zone(), sent)
	}
	out := estimate{Address: e.Address.String(), Leaves: e.Leaves, LeavesText: text(e.Leaves), HeldBy: e.Hold,
		Arrives: e.Arrives, ArriveText: text(e.Arrives), WaitsFor: e.Tide, Outside: e.Reader == nil, Via: e.Via}
	switch {
	case e.Gap:
		out.Note = "the clocks skip that time; it is the first moment after"
	case e.Overlap:
		out.Note = "the clocks show that time twice; it is the first"
	}
	return out
}

func printEstimates(w io.Writer, list []estimate) {
	rows := [][]string{{"TO", "LEAVES", "BECAUSE", "APPEARS", "BECAUSE"}}
	for _, e := range list {
		hold, tide, arrives := e.HeldBy, e.WaitsFor, e.ArriveText
		if hold == "" {
			hold = "nothing holds it"
		}
		if e.Outside {
			arrives, tide = "", "outside the team"
		}
		if e.Note != "" {
			hold += " (" + e.Note + ")"
		}
		rows = append(rows, []string{by(e.Address, e.Via), e.LeavesText, hold, arrives, tide})
	}
	table(w, rows)
}

// by is an address with the group or role that brings mail there.
func by(address, via string) string {
	if via == "" {
		return address
	}
	return address + " (" + via + ")"
}
