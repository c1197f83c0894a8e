package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// startedClocks are the states of a clock that has reached its owner and is open.
func startedClocks() []string { return []string{"running", "promised", "paused", "at-risk", "overdue"} }

// ClockFollows reports whether a clock may go from one state to another with one line of
// the ledger. A test compares it with the table of package threading.
func ClockFollows(from, to string) bool {
	started := startedClocks()
	isOpen := from == "waiting" || slices.Contains(started, from)
	switch {
	case slices.Contains(started, from) && slices.Contains(started, to):
		return true
	case isOpen && (to == "waiting" || to == "answered" || to == "withdrawn" || to == "waived"):
		return true
	case from == "waiting":
		return to == "running" || to == "paused" || to == "promised"
	case from == "waived", from == "withdrawn":
		return to == "waiting"
	}
	return false
}

// An askStep is a line of the ledger about an ask, with how the ask is now.
type askStep struct {
	ask              int64
	kind, state      string
	detail           json.RawMessage
	clock            string // its state, "" without one
	isOpen, isClosed bool
}

// checkAsks proves, or refutes, that every ask has a ledger which begins with the ask,
// whose steps follow each other and which ends in the state the ask is in; and that the
// folders show exactly what is open.
func (tx *Tx) checkAsks(rep *LedgerReport) error {
	steps, err := all(tx, func(s *askStep) []any {
		return []any{&s.ask, &s.kind, &s.state, (*rawText)(&s.detail), &s.clock, &s.isOpen, &s.isClosed}
	}, `SELECT e.ask_id, e.kind, e.state, e.detail, coalesce(c.state, ''), coalesce(a.open, 0), coalesce(1 - a.open, 0)
		FROM event e LEFT JOIN ask a ON a.id = e.ask_id LEFT JOIN clock c ON c.ask_id = e.ask_id
		WHERE e.ask_id IS NOT NULL ORDER BY e.ask_id, e.id`)
	if err != nil {
		return fmt.Errorf("read ledger of asks: %w", err)
	}
	for len(steps) > 0 {
		n := slices.IndexFunc(steps, func(s askStep) bool { return s.ask != steps[0].ask })
		if n < 0 {
			n = len(steps)
		}
		rep.checkAsk(steps[:n])
		steps = steps[n:]
	}
	found, err := all(tx, func(f *Finding) []any { return []any{&f.AskID, &f.What} }, askPlaces)
	if err != nil {
		return fmt.Errorf("read asks: %w", err)
	}
	rep.Findings = append(rep.Findings, found...)
	return nil
}

// checkAsk walks the lines of one ask.
func (rep *LedgerReport) checkAsk(steps []askStep) {
	wrong := func(format string, args ...any) {
		rep.Findings = append(rep.Findings, Finding{AskID: steps[0].ask, What: fmt.Sprintf(format, args...)})
	}
	if !steps[0].isOpen && !steps[0].isClosed {
		if steps[len(steps)-1].kind == EventSalvaged {
			return // It was lost.
		}
		wrong("the ledger names an ask that does not exist")
		return
	}
	state, isOpen, first := "", true, len(rep.Findings)
	for n, s := range steps {
		if s.kind == EventSalvaged { // Lines before it may be lost: the proof begins here.
			rep.Findings = rep.Findings[:first]
			state, isOpen = s.state, s.isOpen
			continue
		}
		if s.kind == "ask-passed" && n > 0 { // Another asker, and nothing else.
			continue
		}
		clock, isClock := strings.CutPrefix(s.kind, "clock-")
		switch {
		case (n == 0) != (s.kind == "ask-put"):
			wrong("its ledger does not begin with the ask, but has %q as line %d", s.kind, n+1)
		case n == 0 && s.state != "" && s.state != "waiting":
			wrong("it began as %q", s.state)
		case isClock:
			var d struct {
				From string `json:"from"`
			}
			if json.Unmarshal(s.detail, &d) != nil || d.From != state || !ClockFollows(d.From, s.state) {
				wrong("%q cannot follow %q by %q", s.state, state, clock)
			}
			isOpen = s.state == "waiting" || slices.Contains(startedClocks(), s.state)
		case n > 0:
			isOpen = s.kind == "ask-restored" || s.kind == "ask-given-back"
		}
		state = s.state
	}
	if last := steps[0]; last.clock != state {
		wrong("the ledger ends in %q, its clock is %q", state, last.clock)
	} else if last.isOpen != isOpen {
		wrong("the ledger says open: %t, the ask %t", isOpen, last.isOpen)
	}
}

// roleAskShown finds an ask of a role that nobody has taken and that entry e shows in a
// folder b.
const roleAskShown = `SELECT 1 FROM ask_member w JOIN ask a ON a.id = w.ask_id
			WHERE w.person_id = b.person_id AND w.shown_id = e.message_id AND w.aside = 0 AND a.open = 1 AND a.owner_id IS NULL`

// askPlaces finds asks without ledger, and folders that do not show what is open.
const askPlaces = `SELECT id, 'no line of the ledger says that it was asked' FROM ask a
	WHERE NOT EXISTS (SELECT 1 FROM event WHERE ask_id = a.id)
	UNION ALL
	SELECT a.id, 'is open, but does not show in Needs reply' FROM ask a WHERE a.open = 1 AND a.owner_id IS NOT NULL
	AND a.shown_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entry e JOIN mailbox b ON b.id = e.mailbox_id
		WHERE e.message_id = a.shown_id AND b.person_id = a.owner_id AND b.kind = 'needs-reply')
	UNION ALL
	SELECT a.id, 'is open, but does not show in Needs reply of person ' || w.person_id FROM ask a JOIN ask_member w ON w.ask_id = a.id
	WHERE a.open = 1 AND a.owner_id IS NULL AND w.shown_id IS NOT NULL AND w.aside = 0 AND NOT EXISTS (SELECT 1 FROM entry e
		JOIN mailbox b ON b.id = e.mailbox_id WHERE e.message_id = w.shown_id AND b.person_id = w.person_id AND b.kind = 'needs-reply')
	UNION ALL
	SELECT a.id, 'is open, but does not show in Waiting for others' FROM ask a WHERE a.open = 1 AND a.asker_id IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM entry e JOIN mailbox b ON b.id = e.mailbox_id
		WHERE e.message_id = a.message_id AND b.person_id = a.asker_id AND b.kind = 'waiting-for-others')
	UNION ALL
	SELECT 0, 'Needs reply of person ' || b.person_id || ' shows message ' || e.message_id || ', which asks nothing'
	FROM mailbox b JOIN entry e ON e.mailbox_id = b.id WHERE b.kind = 'needs-reply' AND NOT EXISTS
		(SELECT 1 FROM ask WHERE open = 1 AND owner_id = b.person_id AND shown_id = e.message_id) AND NOT EXISTS
		(` + roleAskShown + `)
	UNION ALL
	SELECT 0, 'Waiting for others of person ' || b.person_id || ' shows message ' || e.message_id || ', which asks nothing'
	FROM mailbox b JOIN entry e ON e.mailbox_id = b.id WHERE b.kind = 'waiting-for-others' AND NOT EXISTS
		(SELECT 1 FROM ask WHERE open = 1 AND asker_id = b.person_id AND message_id = e.message_id)
	UNION ALL
	SELECT 0, b.name || ' of person ' || b.person_id || ' shows message ' || e.message_id || ' ' || count(*) || ' times'
	FROM mailbox b JOIN entry e ON e.mailbox_id = b.id WHERE b.kind IN ('needs-reply', 'waiting-for-others')
	GROUP BY b.id, e.message_id HAVING count(*) > 1`
