package remote

import (
	"context"
	"fmt"
	"strings"

	"tidepost/internal/utf7"
)

// A space is where the person's own folders are, and how the server writes their names.
type space struct {
	prefix string // of the personal namespace: "", "INBOX.", "INBOX/"
	delim  string // between levels, "" if there are none
	// known says what the server called the folders it listed. Names that cannot be
	// computed are found here.
	known map[string]string
}

// divisor stands for a slash inside a level, where levels are divided by something else.
const divisor = "\u2215"

// Delimiter returns what the server puts between levels and Prefix the name its personal
// namespace begins with: a Sieve script has to write both. Callers of this package never
// do: they write "Tidepost/Next delivery".
func (s *Session) Delimiter() string { return s.space.delim }

// Prefix returns the beginning of the names of the person's folders, often "".
func (s *Session) Prefix() string { return s.space.prefix }

// ServerName returns the name by which the server knows a folder, in UTF-8: what a Sieve
// script has to write.
func (s *Session) ServerName(name string) (string, error) { return s.space.full(name) }

// findSpace asks for the personal namespace (RFC 2342, RFC 9051 §6.3.10).
func (s *Session) findSpace(ctx context.Context) error {
	s.space = space{known: map[string]string{}}
	if s.caps.Namespace {
		err := s.run(ctx, "NAMESPACE", func(r *response) {
			if r.kind != "NAMESPACE" || len(r.args) == 0 || len(r.args[0].list) == 0 {
				return
			}
			own := r.args[0].list[0].list
			if len(own) >= 2 && len(own[1].text) <= 1 {
				s.space.prefix, s.space.delim = s.decode(own[0].text), own[1].text
			}
		})
		if err != nil || s.space.delim != "" {
			return err
		}
	}
	// RFC 9051 §6.3.9: an empty name asks for the delimiter.
	return s.run(ctx, `LIST "" ""`, func(r *response) {
		if r.kind == "LIST" && len(r.args) >= 2 && len(r.args[1].text) <= 1 {
			s.space.delim = r.args[1].text
		}
	})
}

// utf8 says whether names go over the line as they are.
func (s *Session) utf8() bool {
	return s.caps.UTF8Only || s.caps.IMAP4rev2 && !s.caps.IMAP4rev1
}

// decode reads a name. One that is not modified UTF-7 though it should be is taken as it
// stands: such servers exist.
func (s *Session) decode(name string) string {
	if s.utf8() {
		return name
	}
	if text, err := utf7.Decode(name); err == nil {
		return text
	}
	return name
}

// full puts a name into the server's hierarchy.
func (sp *space) full(name string) (string, error) {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX", nil
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("%w: %q", ErrName, clean(name))
	}
	levels := strings.Split(name, "/")
	for i, level := range levels {
		if level == "" || sp.delim != "/" && sp.delim != "" && strings.Contains(level, sp.delim) {
			return "", fmt.Errorf("%w: %q", ErrName, clean(name))
		}
		if sp.delim != "/" {
			levels[i] = strings.ReplaceAll(level, divisor, "/")
		}
	}
	if len(levels) > 1 && sp.delim == "" {
		return "", fmt.Errorf("%w: %q: it knows no levels", ErrName, clean(name))
	}
	if strings.EqualFold(levels[0], "INBOX") {
		return strings.Join(levels, sp.delim), nil
	}
	return sp.prefix + strings.Join(levels, sp.delim), nil
}

// plain takes a server's name out of its hierarchy; ok is false for folders that are not
// the person's own.
func (sp *space) plain(full, delim string) (name string, ok bool) {
	if strings.EqualFold(full, "INBOX") {
		return "INBOX", true
	}
	rest, mine := strings.CutPrefix(full, sp.prefix)
	if !mine || rest == "" {
		if len(full) < len(sp.prefix) || !strings.EqualFold(full[:len(sp.prefix)], sp.prefix) || len(full) == len(sp.prefix) {
			return "", false
		}
		rest = full[len(sp.prefix):]
	}
	if delim == "" || delim == "/" {
		return rest, true
	}
	return strings.ReplaceAll(strings.ReplaceAll(rest, "/", divisor), delim, "/"), true
}

// mailbox writes a folder's name into a command.
func (s *Session) mailbox(name string) (string, error) {
	full, ok := s.space.known[name]
	if !ok {
		var err error
		if full, err = s.space.full(name); err != nil {
			return "", err
		}
		if !s.utf8() {
			full = utf7.Encode(full)
		}
	}
	return quote(full)
}
