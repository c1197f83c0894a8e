package badinput

import (
	"bytes"
)

// Octets returns what a row sends, in one piece, for whoever only wants to throw it at
// another server: at which door ("inbound", "submissions", "lmtp" or "imaps"; the ones
// with s speak TLS from the start), with names and login of the catalogue put into those
// of there. ok is false for rows that are not octets at a door.
func (c *Case) Octets(who Names) (door string, b []byte, ok bool) {
	doors := map[string]string{"smtp": "inbound", "submission": "submissions", "lmtp": "lmtp", "imap": "imaps"}
	door, ok = doors[c.Protocol]
	if !ok {
		return "", nil, false
	}
	for _, s := range c.Steps {
		switch s.kind {
		case octets, paced:
			b = append(b, s.data...)
		case fill:
			b = append(b, fillTo(b, maxSize)...)
		}
	}
	for _, r := range []struct{ old, now string }{
		{"{TLS}", ""},
		{"{AUTH}", "EHLO client.test\r\nAUTH PLAIN " + alicePlain + "\r\n"},
		{alicePlain, who.Plain},
		{"LOGIN alice pw-alice", "LOGIN " + who.Login},
		{"alice@" + domain, who.Alice},
		{"bob@" + domain, who.Bob},
	} {
		b = bytes.ReplaceAll(b, []byte(r.old), []byte(r.now))
	}
	return door, b, len(b) > 0
}

// Names are who stands for alice and bob elsewhere.
type Names struct {
	Alice, Bob string // addresses
	Login      string // arguments of IMAP's LOGIN as alice
	Plain      string // initial response of AUTH PLAIN as alice
}
