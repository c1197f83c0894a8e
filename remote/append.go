package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A Letter is a message to be put into a folder.
type Letter struct {
	Flags     []string  // flags and keywords; those the server does not keep are lost there
	Date      time.Time // INTERNALDATE; zero: the server's now
	MessageID string    // of the text, with or without brackets; "" if it has none
	Size      int64     // octets of the text
	Text      io.Reader // lines end in CRLF
}

// Append puts a message into a folder, and returns its UID; 0 if the server does not tell
// and the message has no Message-ID to be found by. Errors: ErrGone, ErrFull, ErrTooLarge;
// with ErrLost the message may stand there, see Find. A Text that fails or has another
// size than Size ends the session, and nothing is appended (RFC 9051 §6.3.12).
func (s *Session) Append(ctx context.Context, mailbox string, m Letter) (UID, error) {
	uid, err := s.append1(ctx, mailbox, m)
	if err != nil {
		return 0, fmt.Errorf("append to folder %s: %w", clean(mailbox), err)
	}
	return uid, nil
}

func (s *Session) append1(ctx context.Context, mailbox string, m Letter) (UID, error) {
	line, err := s.appendLine(mailbox, m)
	if err != nil {
		return 0, err
	}
	var before Status
	known := s.caps.UIDPlus || m.MessageID == ""
	if !known {
		if before, err = s.Status(ctx, mailbox); err != nil {
			return 0, err
		}
	}
	var uid UID
	sent := false
	// The literal waits for the server's consent (RFC 9051 §4.3), so that a full account
	// costs no transfer.
	err = s.exchange(ctx, exchange{line: line, octets: m.Size, final: func(r *response) { uid = appendUID(r.code) }, send: func() error {
		if sent {
			return fmt.Errorf("%w: it wants the message twice", errSyntax)
		}
		sent = true
		n, err := io.Copy(s.conn, io.LimitReader(m.Text, m.Size))
		if err == nil && n < m.Size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		return s.write("\r\n")
	}})
	if err != nil || uid != 0 || m.MessageID == "" {
		return uid, s.missing(ctx, mailbox, err)
	}
	return s.appended(ctx, mailbox, m, before)
}

// appended finds a message on a server that does not tell UIDs.
func (s *Session) appended(ctx context.Context, mailbox string, m Letter, before Status) (UID, error) {
	after := UID(0)
	if before.UIDNext > 0 {
		after = before.UIDNext - 1
	}
	found, err := s.Find(ctx, mailbox, m.MessageID, after)
	if err != nil {
		return 0, err
	}
	// The last one of the same size is ours; a server that stores line ends its own way
	// counts otherwise.
	for i := len(found) - 1; i >= 0; i-- {
		if found[i].Size == m.Size {
			return found[i].UID, nil
		}
	}
	if len(found) > 0 {
		return found[len(found)-1].UID, nil
	}
	return 0, nil
}

// appendLine writes the command up to the literal.
func (s *Session) appendLine(mailbox string, m Letter) (string, error) {
	box, err := s.mailbox(mailbox)
	if err != nil {
		return "", err
	}
	for _, f := range m.Flags {
		if !isFlag(f) {
			return "", fmt.Errorf("%w: flag %q", ErrName, clean(f))
		}
	}
	if m.Size <= 0 || m.Text == nil {
		return "", errors.New("no text")
	}
	line := "APPEND " + box
	if len(m.Flags) > 0 {
		line += " (" + strings.Join(m.Flags, " ") + ")"
	}
	if !m.Date.IsZero() {
		line += ` "` + m.Date.UTC().Format("_2-Jan-2006 15:04:05 -0700") + `"`
	}
	return line + " {" + strconv.FormatInt(m.Size, 10) + "}", nil
}

// appendUID reads APPENDUID (RFC 4315 §3).
func appendUID(code string) UID {
	f := strings.Fields(code)
	if len(f) != 3 || !strings.EqualFold(f[0], "APPENDUID") {
		return 0
	}
	n, err := strconv.ParseUint(f[2], 10, 32)
	if err != nil {
		return 0
	}
	return UID(n)
}
