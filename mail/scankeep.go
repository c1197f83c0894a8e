package mail

// keep counts what is kept of a part's header. Beyond maxKept in all parts
// together the strings of further parts are dropped: a body of headers only
// would otherwise become a structure of its own size.
func (s *Scanner) keep(p *Part) {
	n := len(p.ID) + len(p.Description) + len(p.MD5) + len(p.Location)
	for k, v := range p.Params {
		n += len(k) + len(v)
	}
	for k, v := range p.DispParams {
		n += len(k) + len(v)
	}
	if s.kept+n > maxKept {
		s.full = true
	}
	if s.full { // boundary takes care of Params
		p.ID, p.Description, p.MD5, p.Location, p.DispParams, p.Language = "", "", "", "", nil, nil
		return
	}
	s.kept += n
}

// keepEnvelope returns the ENVELOPE of an embedded message, empty beyond
// maxKept.
func (s *Scanner) keepEnvelope(h Header) *ImapEnvelope {
	size := 0
	for _, f := range h.Fields {
		size += len(f.Raw)
	}
	if s.full || s.kept+size > maxKept {
		return &ImapEnvelope{}
	}
	e := h.Envelope()
	s.kept += e.octets()
	return e
}

// capture says whether the text of p is kept: the first text parts that are no
// attachments, and the first calendar, of the message itself and not of one
// embedded in it.
func (s *Scanner) capture(p *Part) *capture {
	for i := range s.stack {
		if isMessage(s.stack[i].part) {
			return nil
		}
	}
	limit := MaxTextRaw
	switch {
	case isCalendar(p):
		limit = maxCalendar
		for _, c := range s.texts {
			if isCalendar(c.part) {
				return nil
			}
		}
	case p.Type != "text" || p.Subtype != "plain" && p.Subtype != "html" || p.Disposition == "attachment":
		return nil
	case len(s.texts) >= MaxTextParts:
		return nil
	}
	s.texts = append(s.texts, &capture{part: p, cap: limit})
	return s.texts[len(s.texts)-1]
}

func isCalendar(p *Part) bool {
	return p.Type == "text" && p.Subtype == "calendar" || p.Type == "application" && p.Subtype == "ics"
}
