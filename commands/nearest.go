package commands

import (
	"slices"
	"strings"
)

// hints are the words by which a kind is recognised in a sentence that was not
// understood, the surest first.
func hints() []struct {
	kind  Kind
	words string
} {
	return []struct {
		kind  Kind
		words string
	}{
		{Password, "password passwort kennwort"},
		{Away, "away leave vacation holiday sick absent absence outofoffice ooo urlaub abwesend krank pto"},
		{Pause, "pause paused pausing"},
		{Resume, "resume unpause resumes resumed"},
		{Release, "release released releasing"},
		{Deliveries, "deliveries delivery deliver delivered tides tide zustellung"},
		{Digests, "digests digest unsubscribe"},
		{Focus, "focus focused fokus"},
		{Office, "officehours sprechstunde"},
		{Coach, "coach coaching advice"},
		{Hold, "hold holding holds held"},
		{Batch, "batch batching batched batches"},
		{Never, "never silence mute"},
		{Advise, "advise"},
		{Always, "always immer"},
		{Cover, "cover covers covering standin vertretung"},
		{Hours, "hours arbeitszeit"},
		{Holidays, "holidays feiertage"},
		{Stay, "travel travelling traveling trip timezone staying working"},
		{Phone, "phone telephone telefon mobile"},
		{Name, "name"},
		{Report, "report figures statistics many often"},
		{Settings, "settings preferences einstellungen"},
		{Why, "why warum"},
		{Undo, "undo revert"},
		{Help, "help hilfe commands"},
		{Away, "off out back"},
		{Attachments, "attachment attachments tone subject proposal length remarks reminders warnings hints hinweise"},
		{Always, "through immediately instantly"},
		{Hold, "dryrun"},
		{Batch, "dryrun"},
		{Coach, "dryrun"},
		{Release, "send waiting waits"},
		{Away, "office"},
		{Zone, "zone"},
	}
}

// Attachments is no kind of its own: it hints at never.
const Attachments = Never

// hinted reports whether a sentence has a word of a command.
func hinted(text string, s sentence) bool { return len(hintsIn(text, s)) > 0 }

func hintsIn(text string, s sentence) []Kind {
	if len(text) > 1000 {
		return nil
	}
	words := map[string]bool{}
	for _, t := range s.toks {
		words[t.low] = true
		words[spelled(t)] = true
	}
	r := reader{toks: s.toks}
	place := false
	for i, t := range s.toks {
		if i+1 < len(s.toks) && (t.low == "in" || t.low == "from") {
			r.pos = i + 1
			if _, ok := r.place(); ok {
				place = true
			}
			if r.peek(1).low == "until" || r.peek(2).low == "until" {
				place = place || t.low == "in"
			}
		}
	}
	var out []Kind
	if vacationWord.MatchString(text) {
		out = append(out, Vacation)
	}
	if place {
		out = append(out, Stay)
	}
	for _, h := range hints() {
		for w := range strings.FieldsSeq(h.words) {
			if words[w] && !slices.Contains(out, h.kind) {
				out = append(out, h.kind)
			}
		}
	}
	timed := slices.ContainsFunc(s.toks, func(t token) bool { return t.num > 0 && t.num < 25 || t.low == "noon" })
	if timed && (words["mail"] || words["mails"] || words["messages"]) && !slices.Contains(out, Deliveries) {
		out = append(out, Deliveries)
	}
	return out
}

// nearest lists the three commands that a sentence is nearest to. sure is the kind that
// its words began with, if one did.
func (in *Input) nearest(text string, sure Kind, s sentence) []Kind {
	var out []Kind
	add := func(kinds ...Kind) {
		for _, k := range kinds {
			if k != "" && len(out) < 3 && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	add(sure)
	add(hintsIn(text, s)...)
	for _, k := range slices.Clone(out) {
		add(related(k)...)
	}
	add(Settings, Help, Away, Pause)
	return out
}

// related are the commands that are mistaken for each other.
func related(k Kind) []Kind {
	switch k {
	case Away:
		return []Kind{Cover, Stay}
	case Vacation:
		return []Kind{Away, Settings}
	case Cover:
		return []Kind{Away}
	case Stay, Zone:
		return []Kind{Away, Zone}
	case Pause, Resume:
		return []Kind{Resume, Release, Pause}
	case Release:
		return []Kind{Pause, Hold}
	case Hold:
		return []Kind{Pause, Release}
	case Batch, Deliveries, Digests:
		return []Kind{Deliveries, Batch, Digests}
	case Always:
		return []Kind{Deliveries, Never}
	case Never, Advise, Coach:
		return []Kind{Never, Coach, Always}
	case Focus, Office, Hours:
		return []Kind{Hours, Focus, Office}
	}
	return nil
}
