package mail

import (
	"strings"
	"time"
)

// structure sets the facts that the parts of a message tell. Embedded messages
// are somebody else's and are not entered.
func (f *Facts) structure(c *Content) {
	if c == nil || c.Root == nil {
		return
	}
	f.ownParts(c.Root)
	if f.Calendar.Present {
		f.Calendar.read(c.CalendarText())
	}
	if c.texts == nil || !c.texts.sealed {
		return
	}
	// Inline PGP, RFC 9580 §6.2.
	switch {
	case strings.Contains(c.Plain(), beginPGP+"MESSAGE-----"):
		f.IsEncrypted = true
	case strings.Contains(c.Plain(), beginPGP+"SIGNED MESSAGE-----"):
		f.IsSigned = true
	}
}

func (f *Facts) ownParts(p *Part) {
	f.part(p)
	for _, child := range p.Children {
		f.ownParts(child)
	}
}

func (f *Facts) part(p *Part) {
	name := p.FileName()
	low := strings.ToLower(name)
	switch p.MediaType() {
	case "text/calendar", "application/ics":
		f.HasICS = true
		if m := p.Params["method"]; m != "" {
			f.Calendar.Method = strings.ToUpper(m)
			f.Calendar.Present = true // RFC 6047 §2.4
		} else if p.Subtype == "calendar" {
			f.Calendar.Present = true
		}
	case "application/ms-tnef", "application/vnd.ms-tnef":
		f.HasTNEF = true
	case "multipart/signed", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature":
		f.IsSigned = true
	case "multipart/encrypted":
		f.IsEncrypted = true
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		// RFC 8551 §3.2.2.
		switch strings.ToLower(p.Params["smime-type"]) {
		case "signed-data":
			f.IsSigned = true
		case "certs-only":
		default:
			f.IsEncrypted = true
		}
	case "message/rfc822", "message/global":
		f.IsForward = f.IsForward || p.Message != nil
	}
	f.HasICS = f.HasICS || strings.HasSuffix(low, ".ics")
	f.HasTNEF = f.HasTNEF || low == "winmail.dat"
	if p.IsAttachment() {
		f.Attachments = append(f.Attachments, name)
	}
}

// read takes METHOD and the start of the first event from a calendar.
func (c *Calendar) read(text string) {
	depth := 0 // inside VEVENT
	for line := range strings.Lines(unfoldCalendar(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		name, params, _ := strings.Cut(name, ";")
		switch strings.ToUpper(name) {
		case "METHOD":
			if c.Method == "" {
				c.Method = strings.ToUpper(capText(strings.TrimSpace(value), 32))
			}
		case "BEGIN":
			if strings.EqualFold(value, "VEVENT") {
				depth++
			}
		case "DTSTART":
			if depth > 0 {
				c.Start, c.AllDay, c.StartOK = calendarTime(params, value)
				return
			}
		}
	}
}

// unfoldCalendar joins folded lines (RFC 5545 §3.1).
func unfoldCalendar(s string) string {
	return strings.NewReplacer("\n ", "", "\n\t", "").Replace(s)
}

// calendarTime reads a DTSTART. ok is false for local times without a zone or in
// a zone that is defined in the calendar alone: they are no instant.
func calendarTime(params, value string) (t time.Time, allDay, ok bool) {
	value = strings.TrimSpace(value)
	if t, err := time.Parse("20060102", value); err == nil {
		return t, true, true
	}
	if t, err := time.Parse("20060102T150405Z", value); err == nil {
		return t, false, true
	}
	for p := range strings.SplitSeq(params, ";") {
		name, zone, _ := strings.Cut(p, "=")
		if !strings.EqualFold(name, "TZID") {
			continue
		}
		zone = strings.Trim(zone, `"`)
		if zone == "" || strings.EqualFold(zone, "local") {
			return time.Time{}, false, false
		}
		loc, err := time.LoadLocation(zone)
		if err != nil {
			return time.Time{}, false, false
		}
		t, err := time.ParseInLocation("20060102T150405", value, loc)
		return t, false, err == nil
	}
	return time.Time{}, false, false
}

// isBounce recognises a delivery report (RFC 3464) and its older kin.
func isBounce(h Header, f Facts, c *Content, from Address) bool {
	daemon := false
	for _, m := range f.From {
		local := strings.ToLower(m.Address.Local)
		daemon = daemon || local == "mailer-daemon" || local == "mailerdaemon"
	}
	if daemon {
		return true
	}
	if !from.IsNull() {
		return false
	}
	if h.Has("X-Failed-Recipients") {
		return true
	}
	if c == nil || c.Root == nil {
		return false
	}
	root := c.Root
	return root.MediaType() == "multipart/report" && strings.EqualFold(root.Params["report-type"], "delivery-status")
}

// The domains that social networks send from, and whether people of the company
// write from them too: then only mail of machines counts.
var socialDomains = map[string]struct {
	network string
	people  bool
}{
	"linkedin.com": {"linkedin", true}, "e.linkedin.com": {"linkedin", false}, "bounce.linkedin.com": {"linkedin", false},
	"facebookmail.com": {"facebook", false}, "facebook.com": {"facebook", true}, "mail.instagram.com": {"instagram", false},
	"instagram.com": {"instagram", true}, "twitter.com": {"x", true}, "x.com": {"x", true}, "postmaster.twitter.com": {"x", false},
	"pinterest.com": {"pinterest", true}, "xing.com": {"xing", true}, "tiktok.com": {"tiktok", true},
	"redditmail.com": {"reddit", false}, "reddit.com": {"reddit", true}, "youtube.com": {"youtube", false},
	"snapchat.com": {"snapchat", true}, "tumblr.com": {"tumblr", true}, "quora.com": {"quora", true},
	"nextdoor.com": {"nextdoor", true}, "discord.com": {"discord", true}, "discordapp.com": {"discord", true},
	"vk.com": {"vk", true}, "bsky.app": {"bluesky", true}, "bsky.social": {"bluesky", true}, "threads.net": {"threads", true},
	"meetup.com": {"meetup", true}, "mastodon.social": {"mastodon", false}, "viadeo.com": {"viadeo", true},
	"medium.com": {"medium", true}, "goodreads.com": {"goodreads", true}, "strava.com": {"strava", true},
}

// social names the network a mail comes from, by its sender or list.
func social(f Facts) string {
	machine := f.IsAuto || f.IsBulk || f.IsList
	hosts := make([]string, 0, len(f.From)+1)
	for _, m := range f.From {
		hosts = append(hosts, m.Address.Domain)
	}
	if f.ListID != "" {
		hosts = append(hosts, f.ListID)
	}
	for _, host := range hosts[:min(len(hosts), 4)] {
		for host != "" {
			if d, ok := socialDomains[host]; ok && (machine || !d.people) {
				return d.network
			}
			_, host, _ = strings.Cut(host, ".")
		}
	}
	return ""
}
