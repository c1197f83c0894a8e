package queue

import (
	"fmt"
	"strings"

	"tidepost/reports"
	"tidepost/store"
)

// wordReport asks for one's own figures, and evReport says that somebody did.
const (
	wordReport = "report"
	evReported = "reported"
)

// actOnReport answers the word "report" with the figures of whoever asks: submitted with
// a login, it is nobody else.
func (q *Queue) actOnReport(tx *store.Tx, in *intake, a *ask) (said string, err error) {
	if a.word != wordReport && a.word != wordReport+" me" {
		return "", nil
	}
	f, err := reports.Of(tx, in.author, in.now.Add(-reports.Span), in.now)
	if err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	if err := tx.AddEvent(store.Event{At: in.now, Kind: evReported, PersonID: in.author.ID, Detail: detail{"by": "mail"}}); err != nil {
		return "", err
	}
	return "What Tidepost did for you, for your eyes only. Nothing of this is kept.\n\n" + strings.TrimRight(f.Text(in.author.Zone()), "\n"), nil
}
