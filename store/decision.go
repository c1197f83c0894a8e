package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A DecisionState says how far a decision is (CHECK decision_state_valid).
type DecisionState string

// The states there are; package decisions says what leads from one to the other.
const (
	DecisionCandidate DecisionState = "candidate" // a sentence that may be one; its author has not confirmed it
	DecisionOpen      DecisionState = "open"      // silence will decide
	DecisionPending   DecisionState = "pending"   // decided in a mail that nobody has yet
	DecisionFiled     DecisionState = "filed"     // numbered
	DecisionWithdrawn DecisionState = "withdrawn" // the number stays, the text went
	DecisionDropped   DecisionState = "dropped"   // it never became one
)

// A DecisionMade says what made a decision (CHECK decision_made_valid).
type DecisionMade string

// The ways there are.
const (
	MadeByLine    DecisionMade = "line"    // a line "Decision: ..."
	MadeByWord    DecisionMade = "word"    // its author confirmed what was detected
	MadeByFolder  DecisionMade = "folder"  // its author put the mail into Decisions
	MadeBySilence DecisionMade = "silence" // nobody objected
)

// A DecisionNote is what the author of a decision is still to be told.
type DecisionNote string

// The notes there are; "" is none.
const (
	NoteDecisionFiled DecisionNote = "filed"     // it has a number; publish, withdraw
	NoteTimerRuns     DecisionNote = "timer"     // when silence decides
	NoteObjection     DecisionNote = "objection" // silence decides nothing
)

// A Decision is one decision, or what may become one.
type Decision struct {
	ID           int64
	Number       int // of D-n; 0: not filed
	State        DecisionState
	Made         DecisionMade
	AuthorID     int64
	SubmissionID int64
	MID          string // Message-ID of the mail that decides, without <>
	Sentence     string // "" once withdrawn or dropped
	Public       bool
	Stated       time.Time // of a silence: when it decides at the earliest; zero: the mail says no time
	Ends         time.Time // of a silence: when it decides; zero while somebody has not got the mail
	Away         []string  // of a silence: names of those who were not asked
	MessageID    int64     // as it stands in the folders; 0: nowhere
	Note         DecisionNote
	Why          string    // of a dropped one; of a candidate "asked" once its author was
	Objector     string    // name of who objected
	Wake         time.Time // when the timer loop looks again; zero: never
	Created      time.Time // when its mail was accepted, or it was made
	Filed        time.Time
	Published    time.Time
	Settled      time.Time
}

// A DecisionPart is somebody who took part: the author, or one whom the mail went to.
type DecisionPart struct {
	Address  string // lower-case
	Name     string
	PersonID int64 // 0: outside
	Hidden   bool  // Bcc: others are not told
}

const decisionColumns = `d.id, d.number, d.state, d.made, d.author_id, d.submission_id, d.mid, d.sentence, d.public, d.stated, d.ends, d.away,
	d.message_id, d.note, d.why, d.objector, d.wake, d.created, d.filed, d.published, d.settled`

// A nameList is a column of JSON.
type nameList []string

// Scan implements sql.Scanner.
func (l *nameList) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("read names: unexpected %T", src)
	}
	*l = nil
	return json.Unmarshal([]byte(s), (*[]string)(l))
}

func (l nameList) text() (string, error) {
	if len(l) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal([]string(l))
	return string(b), err
}

// A nullNumber is a number that may be absent; 0 is NULL.
type nullNumber int

// Scan implements sql.Scanner.
func (n *nullNumber) Scan(src any) error {
	var id nullID
	err := id.Scan(src)
	*n = nullNumber(id)
	return err
}

func scanDecision(d *Decision) []any {
	return []any{&d.ID, (*nullNumber)(&d.Number), (*string)(&d.State), (*string)(&d.Made), &d.AuthorID, &d.SubmissionID, &d.MID, &d.Sentence, &d.Public,
		(*stamp)(&d.Stated), (*stamp)(&d.Ends), (*nameList)(&d.Away), (*nullID)(&d.MessageID), (*string)(&d.Note), &d.Why, &d.Objector, (*stamp)(&d.Wake),
		(*stamp)(&d.Created), (*stamp)(&d.Filed), (*stamp)(&d.Published), (*stamp)(&d.Settled)}
}

// InsertDecision adds d with those who took part, writes the line of the ledger and sets
// d.ID.
func (tx *Tx) InsertDecision(d *Decision, parts []DecisionPart, ev Event) error {
	away, err := nameList(d.Away).text()
	if err != nil {
		return fmt.Errorf("insert decision: %w", err)
	}
	d.ID, err = tx.insert(`INSERT INTO decision (number, state, made, author_id, submission_id, mid, sentence, public, stated, ends, away,
		message_id, note, why, objector, wake, created, filed, published, settled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		nullID(d.Number), string(d.State), string(d.Made), d.AuthorID, d.SubmissionID, d.MID, d.Sentence, d.Public, stamp(d.Stated), stamp(d.Ends), away,
		nullID(d.MessageID), string(d.Note), d.Why, d.Objector, stamp(d.Wake), stamp(d.Created), stamp(d.Filed), stamp(d.Published), stamp(d.Settled))
	if err != nil {
		return fmt.Errorf("insert decision: %w", err)
	}
	for _, p := range parts {
		_, err := tx.exec(`INSERT OR IGNORE INTO decision_part (decision_id, address, name, person_id, hidden) VALUES (?, ?, ?, ?, ?)`,
			d.ID, p.Address, p.Name, nullID(p.PersonID), p.Hidden)
		if err != nil {
			return fmt.Errorf("insert decision %d: %w", d.ID, err)
		}
	}
	return tx.decisionEvent(*d, ev)
}

// MoveDecision writes d if its row is still in state from, and the line of the ledger.
// ErrConflict: somebody was faster.
func (tx *Tx) MoveDecision(d Decision, from DecisionState, ev Event) error {
	if err := tx.writeDecision(d, from); err != nil {
		return err
	}
	return tx.decisionEvent(d, ev)
}

// UpdateDecision writes what may change of a decision within its state. ErrConflict: it
// is in another one.
func (tx *Tx) UpdateDecision(d Decision) error { return tx.writeDecision(d, d.State) }

func (tx *Tx) writeDecision(d Decision, from DecisionState) error {
	away, err := nameList(d.Away).text()
	if err != nil {
		return fmt.Errorf("write decision %d: %w", d.ID, err)
	}
	n, err := tx.exec(`UPDATE decision SET number = ?, state = ?, sentence = ?, public = ?, ends = ?, away = ?, message_id = ?, note = ?, why = ?,
		objector = ?, wake = ?, filed = ?, published = ?, settled = ? WHERE id = ? AND state = ?`,
		nullID(d.Number), string(d.State), d.Sentence, d.Public, stamp(d.Ends), away, nullID(d.MessageID), string(d.Note), d.Why,
		d.Objector, stamp(d.Wake), stamp(d.Filed), stamp(d.Published), stamp(d.Settled), d.ID, string(from))
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("write decision %d: %w", d.ID, err)
	}
	return nil
}

// A decisionDetail is what the ledger says of a decision: never its words.
type decisionDetail struct {
	Decision int64        `json:"decision"`
	Number   int          `json:"number,omitempty"`
	Made     DecisionMade `json:"made"`
	Why      string       `json:"why,omitempty"`
	Ends     time.Time    `json:"ends,omitzero"`
}

// decisionEvent writes the line of the ledger. State stays empty: the ledger check reads
// states of mail there.
func (tx *Tx) decisionEvent(d Decision, ev Event) error {
	ev.SubmissionID = d.SubmissionID
	if ev.PersonID == 0 {
		ev.PersonID = d.AuthorID
	}
	if ev.Detail == nil {
		ev.Detail = decisionDetail{d.ID, d.Number, d.Made, d.Why, d.Ends}
	}
	return tx.AddEvent(ev)
}

// Decision returns one decision. ErrNotFound.
func (tx *Tx) Decision(id int64) (Decision, error) {
	return tx.oneDecision(`d.id = ?`, id)
}

// DecisionByNumber returns D-n. ErrNotFound.
func (tx *Tx) DecisionByNumber(n int) (Decision, error) {
	return tx.oneDecision(`d.number = ?`, n)
}

func (tx *Tx) oneDecision(where string, arg any) (Decision, error) {
	var d Decision
	err := tx.row(scanDecision(&d), `SELECT `+decisionColumns+` FROM decision d WHERE `+where, arg)
	if err != nil {
		return d, fmt.Errorf("decision %v: %w", arg, err)
	}
	return d, nil
}

// NextDecisionNumber returns the number that the next decision gets: one more than the
// last, so that there are no gaps.
func (tx *Tx) NextDecisionNumber() (n int, err error) {
	err = tx.row([]any{&n}, `SELECT coalesce(max(number), 0) + 1 FROM decision`)
	return n, err
}

// DecisionsOf returns what was made of a submission, oldest first.
func (tx *Tx) DecisionsOf(submission int64) ([]Decision, error) {
	return all(tx, scanDecision, `SELECT `+decisionColumns+` FROM decision d WHERE d.submission_id = ? ORDER BY d.id`, submission)
}

// OpenProposals returns what silence will decide in a thread, or by a mail of these
// Message-IDs.
func (tx *Tx) OpenProposals(thread int64, mids []string) ([]Decision, error) {
	raw, err := json.Marshal(append([]string{}, mids...))
	if err != nil {
		return nil, fmt.Errorf("open proposals: %w", err)
	}
	return all(tx, scanDecision, `SELECT `+decisionColumns+` FROM decision d JOIN submission s ON s.id = d.submission_id
		JOIN message m ON m.id = s.message_id WHERE d.state = 'open' AND
		(m.thread_id = ?1 OR d.mid IN (SELECT value FROM json_each(?2))) ORDER BY d.id`, nullID(thread), string(raw))
}

// DecisionsDue returns the ids of decisions to look at again at now, the first ones
// first.
func (tx *Tx) DecisionsDue(now time.Time, limit int) ([]int64, error) {
	return all(tx, func(id *int64) []any { return []any{id} },
		`SELECT id FROM decision WHERE wake <= ? ORDER BY wake, id LIMIT ?`, stamp(now), limit)
}

// NextDecisionWake returns when the next decision is to be looked at.
func (tx *Tx) NextDecisionWake() (at time.Time, ok bool, err error) {
	return tx.next(`SELECT wake FROM decision WHERE wake IS NOT NULL ORDER BY wake LIMIT 1`)
}

// DecisionParts returns who took part, hidden ones too, the author first.
func (tx *Tx) DecisionParts(id int64) ([]DecisionPart, error) {
	return all(tx, func(p *DecisionPart) []any {
		return []any{&p.Address, &p.Name, (*nullID)(&p.PersonID), &p.Hidden}
	}, `SELECT p.address, p.name, p.person_id, p.hidden FROM decision_part p JOIN decision d ON d.id = p.decision_id
		WHERE p.decision_id = ? ORDER BY (p.person_id IS d.author_id) DESC, p.name = '', p.name, p.address`, id)
}

// An Arrival is how far a mail is on its way to one recipient.
type Arrival struct {
	Address   string
	PersonID  int64     // 0: outside
	Left      bool      // it cannot be taken back any more
	Failed    bool      // it will not come: cancelled, bounced, expired, or deleted before its tide
	Got       time.Time // when it reached its reader; zero: not yet
	Next      time.Time // while it has not: when something happens next; zero: not known
	Cancelled bool      // of Failed: its author took it back
}

// Arrivals returns how far a submission is on its way.
func (tx *Tx) Arrivals(submission int64) ([]Arrival, error) {
	type row struct {
		address         string
		person          int64
		state, delivery string
		due, settled    time.Time
		tide, published time.Time
	}
	rows, err := all(tx, func(r *row) []any {
		return []any{&r.address, (*nullID)(&r.person), &r.state, (*stamp)(&r.due), (*stamp)(&r.settled), &r.delivery, (*stamp)(&r.tide), (*stamp)(&r.published)}
	}, `SELECT r.address, r.person_id, r.state, r.due, r.settled, coalesce(x.state, ''), x.due, x.published
		FROM recipient r LEFT JOIN delivery x ON x.recipient_id = r.id WHERE r.submission_id = ? ORDER BY r.id`, submission)
	if err != nil {
		return nil, fmt.Errorf("arrivals of %d: %w", submission, err)
	}
	out := make([]Arrival, 0, len(rows))
	for _, r := range rows {
		a := Arrival{Address: r.address, PersonID: r.person, Next: r.due}
		switch State(r.state) {
		case Delivered:
			a.Left = true
			switch DeliveryState(r.delivery) {
			case Waiting:
				a.Next = r.tide
			case Published:
				a.Got = r.published
			case Withdrawn:
				a.Failed = true
			default:
				a.Got = r.settled // to elsewhere
			}
		case Cancelled:
			a.Failed, a.Cancelled = true, true
		case Bounced, Expired:
			a.Left, a.Failed = true, true
		case Sending, Deferred:
			a.Left = true
		}
		out = append(out, a)
	}
	return out, nil
}

// LinkDecisions says that one decision takes the place of an older one.
func (tx *Tx) LinkDecisions(newer, older int64) error {
	_, err := tx.exec(`INSERT OR IGNORE INTO decision_link (newer, older) VALUES (?, ?)`, newer, older)
	if err != nil {
		return fmt.Errorf("link decisions: %w", err)
	}
	return nil
}

// DecisionLinks returns the decisions whose place one takes, and those that take its
// own. A withdrawn one takes no place.
func (tx *Tx) DecisionLinks(id int64) (older, newer []Decision, err error) {
	if older, err = all(tx, scanDecision, `SELECT `+decisionColumns+` FROM decision_link l JOIN decision d ON d.id = l.older
		WHERE l.newer = ? ORDER BY d.number`, id); err != nil {
		return nil, nil, err
	}
	newer, err = all(tx, scanDecision, `SELECT `+decisionColumns+` FROM decision_link l JOIN decision d ON d.id = l.newer
		WHERE l.older = ? AND d.state = 'filed' ORDER BY d.number`, id)
	return older, newer, err
}

// A Superseded is a decision whose place another one has taken.
type Superseded struct {
	Number   int
	By       int
	Sentence string
	Readers  []int64 // who may see it
}

// Superseded returns the decisions whose place others have taken, the newest first.
func (tx *Tx) Superseded(limit int) ([]Superseded, error) {
	return all(tx, func(s *Superseded) []any { return []any{&s.Number, &s.By, &s.Sentence, (*idList)(&s.Readers)} },
		`SELECT o.number, max(n.number), o.sentence, (SELECT json_group_array(r.person_id) FROM decision_reader r WHERE r.decision_id = o.id)
		FROM decision_link l JOIN decision o ON o.id = l.older AND o.state = 'filed' JOIN decision n ON n.id = l.newer AND n.state = 'filed'
		GROUP BY o.id ORDER BY o.number DESC LIMIT ?`, limit)
}

// An idList is a column of JSON.
type idList []int64

// Scan implements sql.Scanner.
func (l *idList) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("read ids: unexpected %T", src)
	}
	return json.Unmarshal([]byte(s), (*[]int64)(l))
}

// Unasked reports whether a person has left the last so many questions of "is this a
// decision?" without an answer, all put since an instant: another one would be a nuisance.
func (tx *Tx) Unasked(author int64, since time.Time, many int) (bool, error) {
	why, err := all(tx, func(s *string) []any { return []any{s} },
		`SELECT why FROM decision WHERE author_id = ? AND made = 'word' AND created >= ?
		AND (state IN ('pending', 'filed', 'withdrawn') OR why IN ('asked', 'unanswered')) ORDER BY id DESC LIMIT ?`, author, stamp(since), many)
	return err == nil && len(why) == many && !slices.Contains(why, ""), err
}

// NextCandidate returns the newest sentence that its author was not asked about yet and
// whose mail has left. ErrNotFound.
func (tx *Tx) NextCandidate(author int64) (Decision, error) {
	var d Decision
	err := tx.row(scanDecision(&d), `SELECT `+decisionColumns+` FROM decision d WHERE d.author_id = ? AND d.made = 'word' AND d.state = 'candidate' AND d.why = ''
		AND EXISTS (SELECT 1 FROM recipient r WHERE r.submission_id = d.submission_id AND r.state NOT IN ('held', 'cancelled')) ORDER BY d.id DESC LIMIT 1`, author)
	return d, err
}
