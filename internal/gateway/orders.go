package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tidepost/queue"
	"tidepost/store"
)

// An orderLine is one line of the answer to an order on the control socket, a JSON
// value a line: how far it is, and at last what came of it.
type orderLine struct {
	Done    int            `json:"done,omitempty"`
	Total   int            `json:"total,omitempty"`
	Outcome *queue.Outcome `json:"outcome,omitempty"`
	Error   string         `json:"error,omitempty"`
	Kind    string         `json:"kind,omitempty"` // of Error: what the caller can tell apart
}

// The kinds of errors that a caller can tell apart on the other side of the socket.
const (
	kindNotFound = "not-found"
	kindNothing  = "nothing-waits"
)

// orderLook is how often the caller of a long order hears of it, and maxOrder bounds
// the words of one.
const (
	orderLook = 200 * time.Millisecond
	maxOrder  = 1 << 20
)

// serveOrder carries out an order for a command line. Who hangs up has it broken off.
func (g *Gateway) serveOrder(w http.ResponseWriter, r *http.Request) {
	var o Order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder)).Decode(&o); err != nil {
		http.Error(w, "read order: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc, flush := json.NewEncoder(w), http.NewResponseController(w)
	told := time.Now()
	out, err := operate(r.Context(), g, o, time.Now().UTC().Round(0), func(done, total int) {
		if now := time.Now(); now.Sub(told) >= orderLook {
			told = now
			// Whoever does not listen any more is found out by the next batch.
			_ = errors.Join(enc.Encode(orderLine{Done: done, Total: total}), flush.Flush())
		}
	})
	last := orderLine{Outcome: &out}
	if err != nil {
		last.Error, last.Kind = err.Error(), kindOf(err)
	}
	if err := enc.Encode(last); err != nil {
		g.log.Warn("answer an order", "do", o.Do, "err", err)
	}
}

func kindOf(err error) string {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return kindNotFound
	case errors.Is(err, queue.ErrNothingWaits):
		return kindNothing
	}
	return ""
}

// A toldError is an error of the server, as its caller sees it.
type toldError struct {
	text string
	is   error // what it can be told by; nil: nothing
}

// Error implements error.
func (e *toldError) Error() string { return e.text }

// Unwrap returns what the error can be told by.
func (e *toldError) Unwrap() error { return e.is }

// ask hands an order to the running server. ErrNotRunning: there is none, or one of an
// older version that knows no orders.
func ask(ctx context.Context, dir string, o Order, progress Progress) (out queue.Outcome, err error) {
	body, err := json.Marshal(o)
	if err != nil {
		return out, fmt.Errorf("write order: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/order", bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	resp, err := controlClient(dir, 0).Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		return out, fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return out, ErrNotRunning
	default:
		return out, fmt.Errorf("%s: the server says %s", o.Do, resp.Status)
	}
	for lines := json.NewDecoder(resp.Body); ; {
		var line orderLine
		if err := lines.Decode(&line); err != nil {
			return out, fmt.Errorf("%s: the server broke off; what was done stands: %w", o.Do, err)
		}
		if line.Outcome == nil {
			if progress != nil {
				progress(line.Done, line.Total)
			}
			continue
		}
		out = *line.Outcome
		if line.Error == "" {
			return out, nil
		}
		return out, &toldError{line.Error, map[string]error{kindNotFound: store.ErrNotFound, kindNothing: queue.ErrNothingWaits}[line.Kind]}
	}
}
