package fakehost

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tidepost/mail"
	"tidepost/remote"
	"tidepost/sieve"
)

// SetKeywords says which keywords the server keeps; nil: any.
func (h *Host) SetKeywords(only []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keywords = only
}

// kept are the flags that the server keeps of those that a client wants to set.
func (h *Host) kept(flags []string) []string {
	if h.keywords == nil {
		return slices.Clone(flags)
	}
	return slices.DeleteFunc(slices.Clone(flags), func(f string) bool {
		return !strings.HasPrefix(f, `\`) && !slices.ContainsFunc(h.keywords, func(k string) bool { return strings.EqualFold(k, f) })
	})
}

// Put files a message, as a mail program does with APPEND.
func (h *Host) Put(folder string, text []byte, flags ...string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[folder]
	if b == nil {
		return fmt.Errorf("folder %s: %w", folder, errNone)
	}
	h.put(b, &message{date: h.now(), text: text, mid: midOf(text), flags: h.kept(flags)})
	return nil
}

// ExpungeMarked removes what is marked \Deleted in a folder; only UID uid, unless it is 0.
func (h *Host) ExpungeMarked(folder string, uid uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[folder]
	if b == nil {
		return
	}
	b.msgs = slices.DeleteFunc(b.msgs, func(m *message) bool {
		return (uid == 0 || m.uid == uid) && slices.Contains(m.flags, `\Deleted`)
	})
	h.touch(b)
}

// Arrive is Deliver for mail that passes the script of the account, if there is one that
// still counts. It returns the folder.
func (h *Host) Arrive(text []byte, from string) string {
	h.mu.Lock()
	folder := "INBOX"
	if r := h.script; r != nil && h.now().Format("2006-01-02T15") < r.Until.UTC().Format("2006-01-02T15") && h.boxes[r.Folder] != nil && !passes(*r, headOf(text), from) {
		folder = r.Folder
	}
	h.mu.Unlock()
	h.Deliver(folder, text)
	return folder
}

// passes does what the tests of a script by package sieve do.
func passes(r sieve.Rules, head []byte, from string) bool {
	h := mail.ParseHeader(head)
	subject, author := strings.ToLower(h.Text("Subject")), ""
	if list := h.Addresses("From"); len(list) > 0 {
		author = strings.ToLower(list[0].Address.String())
	}
	local, domain, _ := strings.Cut(author, "@")
	within := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(subject, strings.ToLower(w)) })
	}
	auto := strings.ToLower(h.Get("Auto-Submitted"))
	switch {
	case strings.Contains(strings.ToLower(h.Get("Content-Type")), "text/calendar"), from == "":
	case auto != "" && !strings.HasPrefix(auto, "no"):
	case within("verification code", "security code", "sign-in code", "login code", "one-time code", "passcode", "reset your password", "password reset", "verify your", "confirm your email"):
	case slices.Contains([]string{"no-reply", "noreply", "no_reply", "do-not-reply", "donotreply", "mailer-daemon"}, local):
	case strings.HasSuffix(local, "-noreply"), strings.HasPrefix(local, "noreply-"):
	case slices.ContainsFunc(r.Senders, func(s string) bool { return strings.EqualFold(s, author) }):
	case slices.ContainsFunc(r.Domains, func(d string) bool { return domain == d || strings.HasSuffix(domain, "."+d) }):
	case within(r.Words...):
	default:
		return false
	}
	return true
}

// Scripts logs in to the ManageSieve server of the account.
func (h *Host) Scripts(context.Context) (*Scripts, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return nil, fmt.Errorf("log in: %w", h.refuse)
	}
	return &Scripts{h}, nil
}

// Scripts is a session there.
type Scripts struct{ h *Host }

// Install has new mail filed as the rules say, if a script can be made of them.
func (s *Scripts) Install(_ context.Context, r sieve.Rules) error {
	r.Extensions = []string{"fileinto", "date", "relational", "mailbox", "envelope", "body", "variables"}
	if _, err := sieve.Write(r); err != nil {
		return err
	}
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	s.h.script = &r
	return nil
}

// Remove takes the script away.
func (s *Scripts) Remove(context.Context) error {
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	s.h.script = nil
	return nil
}

// Close ends the session.
func (s *Scripts) Close() error { return nil }

// HasScript reports whether there is a script of Tidepost's.
func (h *Host) HasScript() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.script != nil
}

// SetDown has the provider's servers not answer; mail still arrives in the account.
func (h *Host) SetDown(down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse, h.cut = nil, nil
	if down {
		h.refuse = fmt.Errorf("connection refused: %w", remote.ErrLost)
		h.cut = func(string) Cut { return Before }
	}
	close(h.changed) // Whoever waits notices.
	h.changed = make(chan struct{})
}
