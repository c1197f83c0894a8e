package story

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/internal/testkit"
	"tidepost/people"
	"tidepost/store"
)

// worldForms change people, the server and the outside.
func worldForms() []*form {
	fields := `(name|aliases|addresses|zone|hours|working hours|holidays|leave|tides|deliveries|focus|office hours|phone|hold|batch|coach|coach mode|coach policies|style|urgent budget|urgent from|pass|cover)`
	return []*form{
		{example: `Mei's hours become mon-fri 08:00-16:00`, pattern: `WHOSE ` + fields + ` (?:becomes?|changes? to|is now|are now|is set to|are set to) REST`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.change(m[1], map[string]string{m[2]: m[3]})
		}},
		{example: `Mei goes on leave 2026-08-03..2026-08-14, cover Tom`, pattern: `WHO (?:goes on|takes|is on) leave(?: from| on)? (\S+(?: to \S+)?)(?:,? (?:with )?cover(?:ed by)? (\S+))?`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			fields := map[string]string{"leave": strings.TrimRight(m[2], ",")}
			if m[3] != "" {
				fields["cover"] = m[3]
			}
			return b.change(m[1], fields)
		}},
		{example: `Mei now works mon-fri 08:00-16:00`, pattern: `WHO (?:now )?works REST`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.change(m[1], map[string]string{"hours": m[2]})
		}},
		{example: `Mei is now in Europe/London`, pattern: `WHO (?:is now in|travels to|moves to|flies to) ([A-Z][A-Za-z_/ +-]*)`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			if _, ok := zoneNamed(m[2]); !ok {
				return nil, b.st.wrong("%q is not a zone", m[2])
			}
			return b.change(m[1], map[string]string{"zone": m[2]})
		}},
		{example: `Mei comes back from leave`, pattern: `WHO (?:comes|is) back(?: from leave)?`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.change(m[1], map[string]string{"leave": "none"})
		}},
		{example: `Mei leaves the team on 2026-03-31, Tom takes over`, pattern: `WHO leaves(?: the team)? on (\S+?),?(?: (?:and )?(?:(?:hands|handing) over to )?WHO(?: takes over)?)?`, act: true, make: makeLeaver},
		{example: `the server restarts`, pattern: `the server (restarts|stops|starts|crashes)(?: again| and restarts| and starts again)?`, act: true, make: makeServer},
		{example: `the server is down until Tue 11:00`, pattern: `the server is down until REST`, act: true, make: makeDown},
		{example: `the outside refuses mail to Otto with "550 5.1.1 No such user"`, pattern: `the outside (refuses|defers|answers)(?: mail)? (?:to|for) (\S+)(?: with TEXT)?( once)?`, act: true, make: makeRefuse},
		{example: `the outside takes everything again`, pattern: `the outside (?:takes everything|takes mail|accepts everything)(?: again)?`, act: true, make: func(*builder, []string) (func(*world) error, error) {
			return func(w *world) error { w.hostOff.Store(false); w.host.Reset(); return nil }, nil
		}},
		{example: `the outside is down`, pattern: `the outside is (down|up)(?: again)?`, act: true, make: func(_ *builder, m []string) (func(*world) error, error) {
			return func(w *world) error { w.hostOff.Store(strings.EqualFold(m[1], "down")); return nil }, nil
		}},
		{example: `the DNS has _dmarc.elsewhere.example TXT "v=DMARC1; p=reject"`, pattern: `the DNS (?:has|says)(?: of| for| that)? (\S+) (?:TXT|has TXT|is TXT) TEXT`, act: true, make: func(_ *builder, m []string) (func(*world) error, error) {
			return func(w *world) error { w.dns.say(m[1], m[2]); return nil }, nil
		}},
		{example: `wait 20 minutes`, pattern: `(?:(?:the team|everybody|everyone|we) )?waits?(?: (?:for )?(.+))?`, act: true, make: makeWait},
	}
}

// change edits a person, as the command line does beside the running server.
func (b *builder) change(who string, fields map[string]string) (func(*world) error, error) {
	p, err := b.colleague(who)
	if err != nil {
		return nil, err
	}
	b.actor = p
	return func(w *world) error {
		edit := map[people.Field]string{}
		for k, v := range fields {
			k = strings.ReplaceAll(strings.ToLower(k), " ", "_")
			switch k {
			case "working_hours":
				k = "hours"
			case "addresses":
				k = "aliases"
			case "deliveries":
				k = "tides"
			}
			edit[people.Field(k)] = w.fieldValue(k, v)
		}
		if z, ok := edit["zone"]; ok {
			p.zone, _ = zoneNamed(z)
		}
		return w.edit(p, edit)
	}, nil
}

func (w *world) edit(p *member, fields map[people.Field]string) error {
	if w.outside != nil {
		return w.outside.set(p.address, fields)
	}
	db, err := store.Open(w.dataDir())
	if err != nil {
		return err
	}
	_, err = people.NewEditor(db, []string{teamDomain}, rand.Reader).Set(context.Background(), p.address, people.Request{Fields: fields}, time.Now())
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if w.server != nil {
		return w.server.reload()
	}
	return nil
}

// makeWait lets time pass: a duration, or until a moment.
func makeWait(b *builder, m []string) (func(*world) error, error) {
	if until, ok := strings.CutPrefix(m[1], "until "); ok {
		at, zone, err := b.momentOf(until, nil)
		return func(w *world) error {
			next, err := at.next(time.Now(), zone)
			if err == nil {
				w.sleepUntil(next)
			}
			return err
		}, err
	}
	d, rest, ok := duration(m[1])
	if !ok || rest != "" {
		return nil, b.st.wrong("%q is not a duration such as 3h or 20 minutes, nor until a time", m[1])
	}
	return func(w *world) error { w.sleepUntil(time.Now().Add(d)); return nil }, nil
}

func makeServer(_ *builder, m []string) (func(*world) error, error) {
	what := strings.ToLower(m[1])
	return func(w *world) error {
		switch what {
		case "stops":
			return w.stopServer()
		case "starts":
			return w.startServer()
		case "crashes":
			if err := w.crash(); err != nil {
				return err
			}
			return w.startServer()
		}
		if err := w.stopServer(); err != nil {
			return err
		}
		return w.startServer()
	}, nil
}

func makeDown(b *builder, m []string) (func(*world) error, error) {
	at, zone, err := b.momentOf(m[1], nil)
	if err != nil {
		return nil, err
	}
	return func(w *world) error {
		until, err := at.next(time.Now(), zone)
		if err != nil {
			return err
		}
		if err := w.stopServer(); err != nil {
			return err
		}
		w.sleepUntil(until)
		return w.startServer()
	}, nil
}

func makeRefuse(b *builder, m []string) (func(*world) error, error) {
	address := strings.Trim(m[2], `"`)
	if p, ok := b.who(address); ok {
		address = p.address
	}
	reply := m[3]
	if reply == "" {
		reply = map[string]string{"refuses": "550 5.1.1 No such user"}[strings.ToLower(m[1])]
		if reply == "" {
			reply = "451 4.7.1 Try again later"
		}
	}
	if len(reply) < 3 || strings.Trim(reply[:3], "0123456789") != "" {
		return nil, b.st.wrong("%q does not begin with a reply code such as 550", reply)
	}
	times := 0
	if m[4] != "" {
		times = 1
	}
	return func(w *world) error {
		if w.host == nil {
			return fmt.Errorf("there is no outside")
		}
		w.host.Script(testkit.Rule{Verb: "RCPT", Match: address, Reply: reply, Times: times})
		return nil
	}, nil
}
