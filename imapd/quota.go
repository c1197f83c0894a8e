package imapd

import (
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tidepost/guard"
	"tidepost/people"
)

// Caps are the capabilities of commands that the session answers beside the library.
func Caps() []string { return []string{"QUOTA", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE"} }

// handle takes over the commands that the library does not know.
func (s *Session) handle() {
	s.conn.Handle("GETQUOTA", s.getQuota)
	s.conn.Handle("GETQUOTAROOT", s.getQuotaRoot)
	s.conn.Handle("SETQUOTA", func(guard.Command, io.Writer) string {
		return "NO [NOPERM] How much may be kept is the administrator's to say"
	})
}

// getQuota implements GETQUOTA (RFC 9208 §4.1.1): everybody has one quota root, "".
func (s *Session) getQuota(cmd guard.Command, w io.Writer) string {
	root := strings.TrimSpace(cmd.Args)
	if root == "" {
		return "BAD Which quota root?"
	}
	if root != `""` {
		return "NO [NONEXISTENT] There is no such quota root"
	}
	return s.quotaStatus(cmd, w, "")
}

// getQuotaRoot implements GETQUOTAROOT (RFC 9208 §4.1.2). A folder that does not exist
// yet would have the same root.
func (s *Session) getQuotaRoot(cmd guard.Command, w io.Writer) string {
	name := strings.TrimSpace(cmd.Args)
	if name == "" || strings.ContainsAny(name, "\r\n") {
		return "BAD Which mailbox?"
	}
	return s.quotaStatus(cmd, w, fmt.Sprintf("* QUOTAROOT %s \"\"\r\n", name))
}

func (s *Session) quotaStatus(cmd guard.Command, w io.Writer, before string) string {
	err := s.command(cmd.Name, func() error {
		u, err := s.inbox().Usage(s.ctx, s.person, s.now())
		if err != nil {
			return err
		}
		resources := "()" // No limit (RFC 9208 §5.1): what is not limited is not named.
		if u.Limit > 0 {
			resources = fmt.Sprintf("(STORAGE %d %d)", kibibytes(u.Octets), kibibytes(u.Limit))
		}
		_, err = fmt.Fprintf(w, "%s* QUOTA \"\" %s\r\n", before, resources)
		return err
	})
	if err != nil {
		return statusOf(err)
	}
	return "OK " + cmd.Name + " completed"
}

// kibibytes are the unit of STORAGE (RFC 9208 §5.1), begun ones counted.
func kibibytes(octets int64) int64 { return (octets + 1023) / 1024 }

// statusOf is the tagged response of an error of command.
func statusOf(err error) string {
	known, ok := err.(*imap.Error) //nolint:errorlint // command returns nothing else
	if !ok {
		return "NO [SERVERBUG] Internal error"
	}
	code := ""
	if known.Code != "" {
		code = "[" + string(known.Code) + "] "
	}
	return string(known.Type) + " " + code + known.Text
}

// fits refuses what is more than the person may keep.
func (s *Session) fits(p *people.Person, size int64) error {
	room, err := s.inbox().Room(s.ctx, p, size, s.now())
	if err == nil && !room {
		return no("OVERQUOTA", "The mailbox is full: delete something, Trash too")
	}
	return err
}
