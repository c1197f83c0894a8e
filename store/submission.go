package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Submission is the envelope of an outgoing message; what becomes of it stands in
// its recipients.
type Submission struct {
	ID          int64
	MessageID   int64 // as submitted
	AuthorID    int64 // 0: Tidepost's own mail
	ReversePath string
	EnvID       string
	Ret         string
	UTF8        bool
	MID         string // Message-ID without <>
	InReplyTo   string
	Digest      []byte // of Message-ID and body: tells a repeat
	Subject     string
	Plan        json.RawMessage // the queue's: tags, explicit times, together
	Urgent      bool
	Frozen      bool // \Deleted in Scheduled: nothing leaves
	FileSent    bool // file a copy in Sent at the first release
	Stopped     Stop // nothing of it leaves, whatever its recipients' times are
	Accepted    time.Time
}

// InsertSubmission adds s and sets s.ID.
func (tx *Tx) InsertSubmission(s *Submission) error {
	id, err := tx.insert(`INSERT INTO submission (message_id, author_id, reverse_path, env_id, ret, utf8, mid,
		in_reply_to, digest, subject, plan, urgent, frozen, file_sent, accepted)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.MessageID, nullID(s.AuthorID), s.ReversePath, s.EnvID, s.Ret, s.UTF8, s.MID, s.InReplyTo, s.Digest,
		s.Subject, jsonText(s.Plan), s.Urgent, s.Frozen, s.FileSent, stamp(s.Accepted))
	if err != nil {
		return fmt.Errorf("insert submission %s: %w", s.MID, err)
	}
	s.ID = id
	return nil
}

func jsonText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	return string(raw)
}

const submissionColumns = `id, message_id, author_id, reverse_path, env_id, ret, utf8, mid, in_reply_to, digest,
	subject, plan, urgent, frozen, file_sent, accepted, stopped`

func scanSubmission(s *Submission) []any {
	return []any{&s.ID, &s.MessageID, (*nullID)(&s.AuthorID), &s.ReversePath, &s.EnvID, &s.Ret, &s.UTF8, &s.MID,
		&s.InReplyTo, &s.Digest, &s.Subject, (*[]byte)(&s.Plan), &s.Urgent, &s.Frozen, &s.FileSent, (*stamp)(&s.Accepted), &s.Stopped}
}

// Submission returns one submission. ErrNotFound.
func (tx *Tx) Submission(id int64) (Submission, error) {
	var s Submission
	err := tx.row(scanSubmission(&s), `SELECT `+submissionColumns+` FROM submission WHERE id = ?`, id)
	if err != nil {
		return s, fmt.Errorf("submission %d: %w", id, err)
	}
	return s, nil
}

// SubmissionsByMID returns the submissions with a Message-ID, oldest first.
//
// Here as elsewhere "mid <> ”" repeats the condition of the partial index: SQLite
// cannot see that a bound parameter is not empty, and would read the whole table.
func (tx *Tx) SubmissionsByMID(mid string) ([]Submission, error) {
	if mid == "" {
		return nil, nil
	}
	return all(tx, scanSubmission, `SELECT `+submissionColumns+` FROM submission WHERE mid = ? AND mid <> '' ORDER BY id`, mid)
}

// Waiting returns the author's submissions with a held recipient, the next to leave
// first, at most limit; author 0 means everybody's.
func (tx *Tx) Waiting(author int64, limit int) ([]Submission, error) {
	return all(tx, scanSubmission, `SELECT `+submissionColumns+` FROM submission s JOIN (
			SELECT submission_id, min(due) AS first FROM recipient WHERE state = 'held' GROUP BY submission_id
		) h ON h.submission_id = s.id
		WHERE ?1 = 0 OR s.author_id = ?1 ORDER BY h.first, s.id LIMIT ?2`, author, limit)
}

// WaitingIn returns the submissions with a held recipient that have an entry in a
// mailbox, the next to leave first, at most limit, and how many there are. It reads
// the entries of that mailbox, not everybody's queue.
func (tx *Tx) WaitingIn(mailbox int64, limit int) (list []Submission, total int, err error) {
	const from = ` FROM entry e JOIN submission s ON s.id = e.submission_id
		JOIN recipient r ON r.submission_id = s.id AND r.state = 'held' WHERE e.mailbox_id = ?1`
	if err = tx.row([]any{&total}, `SELECT count(DISTINCT s.id)`+from, mailbox); err != nil {
		return nil, 0, err
	}
	list, err = all(tx, scanSubmission, `SELECT s.id, s.message_id, s.author_id, s.reverse_path, s.env_id, s.ret, s.utf8, s.mid,
		s.in_reply_to, s.digest, s.subject, s.plan, s.urgent, s.frozen, s.file_sent, s.accepted, s.stopped`+from+`
		GROUP BY s.id ORDER BY min(r.due), s.id LIMIT ?2`, mailbox, limit)
	return list, total, err
}

// Unsettled returns the submissions with a recipient that is held, deferred or being
// sent, the oldest first, at most limit; author 0 means everybody's.
func (tx *Tx) Unsettled(author int64, limit int) ([]Submission, error) {
	return all(tx, scanSubmission, `SELECT `+submissionColumns+` FROM submission s WHERE (?1 = 0 OR s.author_id = ?1)
		AND s.id IN (SELECT submission_id FROM recipient WHERE state IN ('held', 'deferred')
			UNION SELECT submission_id FROM recipient WHERE state = 'sending')
		ORDER BY s.id LIMIT ?2`, author, limit)
}

// UpdateSubmission writes what may change: Plan, Urgent, Frozen, FileSent.
func (tx *Tx) UpdateSubmission(s Submission) error {
	_, err := tx.exec(`UPDATE submission SET plan = ?, urgent = ?, frozen = ?, file_sent = ? WHERE id = ?`,
		jsonText(s.Plan), s.Urgent, s.Frozen, s.FileSent, s.ID)
	if err != nil {
		return fmt.Errorf("update submission %d: %w", s.ID, err)
	}
	return nil
}

// AddUrgentUse counts an urgent mail of the person; source is tag, address or header.
func (tx *Tx) AddUrgentUse(person, submission int64, source string, at time.Time) error {
	_, err := tx.exec(`INSERT INTO urgent_use (person_id, submission_id, source, at) VALUES (?, ?, ?, ?)`,
		person, submission, source, stamp(at))
	return err
}

// UrgentUses counts the person's urgent mail since an instant; source "" counts all.
func (tx *Tx) UrgentUses(person int64, source string, since time.Time) (int, error) {
	var n int
	err := tx.row([]any{&n}, `SELECT count(*) FROM urgent_use WHERE person_id = ?1 AND at >= ?2 AND (?3 = '' OR source = ?3)`,
		person, stamp(since), source)
	return n, err
}

// A Note is a letter of Tidepost's that may be answered with a word.
type Note struct {
	MID          string
	PersonID     int64
	Kind         string
	SubmissionID int64
	Detail       json.RawMessage
	Created      time.Time
}

// AddNote remembers a letter.
func (tx *Tx) AddNote(n Note) error {
	_, err := tx.exec(`INSERT INTO note (mid, person_id, kind, submission_id, detail, created) VALUES (?, ?, ?, ?, ?, ?)`,
		n.MID, n.PersonID, n.Kind, nullID(n.SubmissionID), jsonText(n.Detail), stamp(n.Created))
	if err != nil {
		return fmt.Errorf("note %s: %w", n.MID, err)
	}
	return nil
}

// Note returns a letter by its Message-ID. ErrNotFound.
func (tx *Tx) Note(mid string) (Note, error) {
	var n Note
	err := tx.row([]any{&n.MID, &n.PersonID, &n.Kind, (*nullID)(&n.SubmissionID), (*[]byte)(&n.Detail), (*stamp)(&n.Created)},
		`SELECT mid, person_id, kind, submission_id, detail, created FROM note WHERE mid = ?`, mid)
	return n, err
}

// NotesSince returns the letters of a kind that the person got since an instant, the
// newest first.
func (tx *Tx) NotesSince(person int64, kind string, since time.Time) ([]Note, error) {
	return all(tx, func(n *Note) []any {
		return []any{&n.MID, &n.PersonID, &n.Kind, (*nullID)(&n.SubmissionID), (*[]byte)(&n.Detail), (*stamp)(&n.Created)}
	}, `SELECT mid, person_id, kind, submission_id, detail, created FROM note
		WHERE person_id = ? AND kind = ? AND created >= ? ORDER BY created DESC`, person, kind, stamp(since))
}

// A Source is a submission with the message it was made from.
type Source struct {
	Submission Submission
	Message    Message
	Body       []byte // of a message of at most SmallMessage octets; nil: to be read with OpenBody
}

// SmallMessage is how large a message may be for its body to come with a Source.
const SmallMessage = 64 << 10

// Sources returns some submissions with their messages, in any order, in one question.
func (tx *Tx) Sources(ids []int64) ([]Source, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("read submissions: %w", err)
	}
	out, err := all(tx, func(s *Source) []any {
		return append(append(scanSubmission(&s.Submission), scanMessage(&s.Message)...), &s.Body)
	}, `SELECT `+prefixed("s.", submissionColumns)+`, `+prefixed("m.", messageColumns)+`, CASE WHEN m.size <= ? THEN c.data END
		FROM json_each(?) j CROSS JOIN submission s ON s.id = j.value CROSS JOIN message m ON m.id = s.message_id
		LEFT JOIN chunk c ON c.id = m.body_id << 16`, SmallMessage, string(list))
	if err != nil {
		return nil, fmt.Errorf("read submissions: %w", err)
	}
	for i := range out {
		s := &out[i]
		switch size := s.Message.Size - int64(len(s.Message.Head)); {
		case size == 0:
			s.Body = []byte{}
		case int64(len(s.Body)) != size: // Damaged, perhaps: OpenBody says so.
			s.Body = nil
		}
	}
	return out, nil
}

// prefixed puts the name of a table before each of some columns.
func prefixed(table, columns string) string {
	list := strings.Split(columns, ",")
	for i, c := range list {
		list[i] = table + strings.TrimSpace(c)
	}
	return strings.Join(list, ", ")
}
