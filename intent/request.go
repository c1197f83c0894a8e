package intent

import "time"

// A Request is what is known of one sentence by itself, without the mail around
// it: whether it carries a request or a proposal.
type Request struct {
	Rules   bool    // by the rules alone
	Because string  // the words that made the rules say so
	Score   float64 // of the trained model, 0…1
}

// Likely reports whether model and rules together take it for a request.
func (q Request) Likely() bool { return q.Score >= RequestThreshold }

// RequestOf reads one English sentence or a few.
func RequestOf(text string) Request {
	r := sentenceReader(text)
	var q Request
	q.Rules, q.Because = r.proposes()
	q.Score = trained[HeadRequest].evenScore(r.allFeatures())
	return q
}

// Features returns what the model sees of a sentence, as indexes below
// FeatureSpace. The trainer uses it.
func Features(text string) []uint32 {
	return sentenceReader(text).allFeatures()
}

func (r *reader) allFeatures() featureSet {
	var marks []askMark
	for _, s := range r.sents {
		marks = append(marks, r.ruleMarks(s)...)
	}
	return r.features(r.sents, marks, nil)
}

// A SentenceFeatures is a sentence of a mail as the model sees it.
type SentenceFeatures struct {
	Text     string
	Features []uint32 // below FeatureSpace
	Rules    bool     // the rules take it for an ask
}

// MailFeatures returns what the model sees of the sentences of a mail. The
// trainer uses it.
func MailFeatures(in Input) []SentenceFeatures {
	in.RulesOnly = true
	r, f := prepare(in)
	if r.lang == Unknown || in.Bulk || in.Automatic {
		return nil
	}
	r.readTone(&f)
	weigh := r.count(actWeigh) > 0
	var out []SentenceFeatures
	for n, s := range r.sents {
		marks := r.askMarks(s, weigh)
		features := r.features([]sentence{s}, marks, nil)
		r.mailFeatures(&features, s, n)
		out = append(out, SentenceFeatures{r.fold(r.spanOf(s.from, s.to)), features, len(marks) > 0})
	}
	return out
}

func sentenceReader(text string) *reader {
	r := newReader(text, time.Time{}, English)
	r.setHits(findCues(r.toks, r.mask))
	return r
}

// proposes reports whether the rules find a request or a proposal: an ask, an
// invitation, a plan to meet or talk.
func (r *reader) proposes() (bool, string) {
	for _, s := range r.sents {
		if marks := r.ruleMarks(s); len(marks) > 0 {
			m := marks[0]
			return true, r.fold(r.spanOf(m.at, max(m.at+1, min(m.end, s.to))))
		}
		if at, end, ok := r.plan(s); ok {
			return true, r.fold(r.spanOf(at, end))
		}
	}
	return false, ""
}

// plan finds words of meeting and talking, and what the author would have the
// reader do without asking.
func (r *reader) plan(s sentence) (at, end int, ok bool) {
	for i := s.from; i < s.to; i++ {
		t := &r.toks[i]
		if t.word.flags&flagPlan == 0 {
			continue
		}
		if t.is("please", "pls", "plz", "kindly", "let's", "lets", "discuss") {
			return i, i + 1, true
		}
		if i+1 >= s.to {
			continue
		}
		n := &r.toks[i+1]
		switch {
		case t.is("let") && n.is("us", "me", "know"), t.is("need", "have", "want", "like", "love", "able", "plan", "got") && n.is("to") && r.meetingSoon(i+2, s),
			t.is("should", "could", "must", "shall", "can") && r.meetingSoon(i+1, s), t.is("we", "i", "they", "you") && n.is("should", "need"), t.is("feel") && n.is("free"), t.is("how", "what") && n.is("about"),
			t.is("call", "email", "contact", "e-mail", "join") && n.is("me", "us", "him", "her", "our", "the"), t.is("if") && n.is("you") && r.meetingSoon(i+2, s), t.is("invite", "inviting", "invited") && n.is("you", "to"), t.is("look") && n.is("into", "at"):
			return i, i + 2, true
		}
	}
	return 0, 0, false
}

var meetingWords = wordSet("meet meeting talk discuss call lunch dinner chat visit coffee together sit speak touch conference schedule attend join interested available")

func (r *reader) meetingSoon(i int, s sentence) bool {
	for k := i; k < s.to && k < i+5; k++ {
		if r.toks[k].in(inMeeting) {
			return true
		}
	}
	return false
}
