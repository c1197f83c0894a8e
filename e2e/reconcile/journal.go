package reconcile

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Journal is what the generator writes down: each line is on the disk before the
// next step. It is safe for concurrent use.
type Journal struct {
	mu sync.Mutex
	f  *os.File
}

// OpenJournal makes or continues the file at path, which must not lie on a disk that a
// fault is injected into.
func OpenJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|os.O_SYNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &Journal{f: f}, nil
}

// Sent writes that s is about to be sent.
func (j *Journal) Sent(s Sent) error {
	goals := make([]string, len(s.To))
	for i, g := range s.To {
		goals[i] = strings.Join([]string{g.Address, string(g.Way), g.NotBefore.UTC().Format(time.RFC3339Nano)}, "|")
	}
	return j.write(s.At, "sent", s.ID, s.Hash, strings.Join(goals, ","))
}

// Acked writes that id got its 250.
func (j *Journal) Acked(id string, at time.Time) error { return j.write(at, "acked", id) }

// Recalled writes that the author of id is about to take it back.
func (j *Journal) Recalled(id string, at time.Time) error { return j.write(at, "recalled", id) }

// Returned writes that the author of id was told that it is taken back.
func (j *Journal) Returned(id string, at time.Time) error { return j.write(at, "returned", id) }

func (j *Journal) write(at time.Time, fields ...string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := fmt.Fprintln(j.f, at.UTC().Format(time.RFC3339Nano)+"\t"+strings.Join(fields, "\t")); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.f.Close() }

// ReadJournal reads what a Journal has written.
func ReadJournal(r io.Reader) ([]Sent, error) {
	var out []Sent
	index := map[string]int{}
	err := lines(r, func(at time.Time, f []string) error {
		switch {
		case len(f) == 4 && f[0] == "sent":
			s := Sent{ID: f[1], Hash: f[2], At: at}
			for goal := range strings.SplitSeq(f[3], ",") {
				g, err := readGoal(goal)
				if err != nil {
					return err
				}
				s.To = append(s.To, g)
			}
			index[s.ID] = len(out)
			out = append(out, s)
		case len(f) == 2:
			i, ok := index[f[1]]
			if !ok {
				return fmt.Errorf("%s %s, but was never sent", f[1], f[0])
			}
			return out[i].note(f[0], at)
		default:
			return fmt.Errorf("%q is no line of a journal", f)
		}
		return nil
	})
	return out, err
}

// note keeps what happened to s after it was sent.
func (s *Sent) note(event string, at time.Time) error {
	switch event {
	case "acked":
		s.Acked = at
	case "recalled":
		s.Recalled = at
	case "returned":
		s.Returned = at
	default:
		return fmt.Errorf("%q is no event", event)
	}
	return nil
}

func readGoal(s string) (Goal, error) {
	f := strings.Split(s, "|")
	if len(f) != 3 {
		return Goal{}, fmt.Errorf("%q is no recipient", s)
	}
	at, err := time.Parse(time.RFC3339Nano, f[2])
	return Goal{Address: f[0], Way: Way(f[1]), NotBefore: at}, err
}

// ReadHandovers reads the log of the fake next server: a line when an end mark was
// seen and one when its reply was written.
func ReadHandovers(r io.Reader) ([]Handover, error) {
	var out []Handover
	err := lines(r, func(at time.Time, f []string) error {
		if len(f) != 5 {
			return fmt.Errorf("%q is no line of an upstream log", f)
		}
		code, err := strconv.Atoi(f[1])
		if err != nil {
			return err
		}
		h := Handover{ID: strings.Trim(f[2], "<>"), To: strings.Split(f[3], ","), Hash: f[4], Seen: at, Code: code}
		switch f[0] {
		case "seen":
			out = append(out, h)
			return nil
		case "replied":
			return reply(out, h)
		}
		return fmt.Errorf("%q is no event", f[0])
	})
	return out, err
}

// reply finds the oldest end mark of h that has no reply yet.
func reply(seen []Handover, h Handover) error {
	for i := range seen {
		if s := &seen[i]; s.ID == h.ID && s.Code == 0 && s.Hash == h.Hash && strings.Join(s.To, ",") == strings.Join(h.To, ",") {
			s.Code = h.Code
			return nil
		}
	}
	return fmt.Errorf("a reply to %s, which was not seen", h.ID)
}

// lines splits lines of tab-separated fields, the first of which is a time.
func lines(r io.Reader, do func(at time.Time, fields []string) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		f := strings.Split(sc.Text(), "\t")
		at, err := time.Parse(time.RFC3339Nano, f[0])
		if err == nil {
			err = do(at, f[1:])
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return sc.Err()
}

// Hash is the sum of a body as Sent, Copy and Handover carry it.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
