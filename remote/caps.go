package remote

import "strings"

// Caps is what a server can do, as it said after the login.
type Caps struct {
	IMAP4rev1, IMAP4rev2 bool

	Move       bool // RFC 6851: one command, no moment with two copies
	UIDPlus    bool // RFC 4315: new UIDs are told, single messages expunged
	Idle       bool // RFC 2177
	CondStore  bool // RFC 7162: what changed since
	QResync    bool // RFC 7162: what vanished since
	ObjectID   bool // RFC 8474: EMAILID survives a move
	SpecialUse bool // RFC 6154
	Namespace  bool // RFC 2342
	Quota      bool // RFC 9208
	LiteralAny bool // LITERAL+ or LITERAL-, RFC 7888
	Notify     bool // RFC 5465: changes of folders that are not selected are told
	ListStatus bool // RFC 5819: one command for the state of all folders
	ESearch    bool // RFC 4731: UIDs as ranges
	SaslIR     bool // RFC 4959
	Enable     bool // RFC 5161
	ID         bool // RFC 2971
	UTF8       bool // UTF8=ACCEPT, RFC 6855; not used unless the server insists
	UTF8Only   bool // UTF8=ONLY
	StartTLS   bool
	NoLogin    bool // LOGINDISABLED

	Auth []string // SASL mechanisms, in capitals
	All  []string // every word, in capitals, as doctor shows them
}

// maxCaps bounds the words that are kept.
const maxCaps = 200

// readCaps reads the words of a CAPABILITY response.
func readCaps(words []string) Caps {
	var c Caps
	if len(words) > maxCaps {
		words = words[:maxCaps]
	}
	flags := map[string][]*bool{
		"IMAP4REV1": {&c.IMAP4rev1},
		// RFC 9051 appendix E: what became part of the protocol.
		"IMAP4REV2":   {&c.IMAP4rev2, &c.Move, &c.UIDPlus, &c.Idle, &c.Namespace, &c.ESearch, &c.SaslIR, &c.Enable, &c.ListStatus},
		"MOVE":        {&c.Move},
		"UIDPLUS":     {&c.UIDPlus},
		"IDLE":        {&c.Idle},
		"CONDSTORE":   {&c.CondStore},
		"QRESYNC":     {&c.QResync, &c.CondStore},
		"OBJECTID":    {&c.ObjectID},
		"SPECIAL-USE": {&c.SpecialUse},
		"NAMESPACE":   {&c.Namespace},
		"QUOTA":       {&c.Quota},
		"LITERAL+":    {&c.LiteralAny},
		"LITERAL-":    {&c.LiteralAny},
		"NOTIFY":      {&c.Notify},
		"LIST-STATUS": {&c.ListStatus},
		"ESEARCH":     {&c.ESearch},
		"SASL-IR":     {&c.SaslIR},
		"ENABLE":      {&c.Enable},
		"ID":          {&c.ID},
		"UTF8=ACCEPT": {&c.UTF8},
		"UTF8=ONLY":   {&c.UTF8, &c.UTF8Only},
		"STARTTLS":    {&c.StartTLS},

		"LOGINDISABLED": {&c.NoLogin},
	}
	for _, w := range words {
		w = strings.ToUpper(clean(w))
		c.All = append(c.All, w)
		if mech, ok := strings.CutPrefix(w, "AUTH="); ok {
			c.Auth = append(c.Auth, mech)
		}
		if strings.HasPrefix(w, "QUOTA=") {
			c.Quota = true
		}
		for _, b := range flags[w] {
			*b = true
		}
	}
	return c
}
