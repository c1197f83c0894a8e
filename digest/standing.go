package digest

import (
	"fmt"
	"strings"

	"tidepost/mail"
)

// A Question is one line about an ask in a letter that is no digest.
type Question struct {
	Asker   Author
	Owner   Author // zero: nobody in particular
	Text    string // the sentence; "" if it is not for the reader
	Subject string
	MID     string // of the mail that asks, if the reader has it
	When    string // "wanted by Tue 09:00", or ""
	Remark  string // one sentence more, or ""
}

// block is a question as a paragraph. You is what the reader is in it: nothing is told
// twice.
func (q Question) block(you Reader) string {
	who := q.Asker.full()
	if q.Asker.Address == you.Address.String() {
		who = "You"
	}
	verb, whom := "asks", ""
	if who == "You" {
		verb = "asked"
	}
	switch {
	case q.Owner.Address == "":
	case q.Owner.Address == you.Address.String():
		whom = " you"
	default:
		whom = " " + q.Owner.show()
	}
	s := "- " + who + " " + verb + whom
	if q.Text != "" {
		s += ": “" + sentence(q.Text) + "”"
	}
	if q.Subject != "" {
		s += " (" + subjectLine(q.Subject) + ")"
	}
	if w := line(q.When, maxSubject); w != "" {
		s += ", " + w
	}
	if s = strings.TrimSuffix(s, ".") + "."; q.Remark != "" {
		s += " " + line(q.Remark, maxReply)
	}
	if l := link(q.MID); l != "" {
		s += "\n  " + l
	}
	return s
}

// maxQuestions is how many lines a part of such a letter has.
const maxQuestions = 50

// part is a heading with questions, "" if there are none.
func part(you Reader, title string, list []Question) string {
	if len(list) == 0 {
		return ""
	}
	lines := []string{title}
	for _, q := range list[:min(len(list), maxQuestions)] {
		lines = append(lines, q.block(you))
	}
	if n := len(list) - maxQuestions; n > 0 {
		lines = append(lines, fmt.Sprintf("- and %d more.", n))
	}
	return strings.Join(lines, "\n")
}

func decisionPart(title string, list []DecisionLine) string {
	if len(list) == 0 {
		return ""
	}
	lines := []string{title}
	for _, d := range list[:min(len(list), maxQuestions)] {
		s := "- " + strings.TrimSpace(line(d.Label, maxName)+" "+sentence(d.Text))
		if l := link(d.MID); l != "" {
			s += "\n  " + l
		}
		lines = append(lines, s)
	}
	return strings.Join(lines, "\n")
}

// StandIn tells the cover of somebody what is overdue there: one note for all of it.
func (w Writer) StandIn(to Reader, list []Question) mail.Letter {
	subject := "Overdue, and you stand in: " + count(len(list), "question", "questions")
	about := About{}
	if len(list) == 1 {
		about.MID = list[0].MID
	}
	return w.note(to, about, subject,
		"You stand in for who was asked. An answer of yours in the conversation is the answer; it need not be more than a word.",
		part(to, "Overdue:", list),
		"You are told of each question once.")
}

// UrgentLate tells the asker of an urgent question that its time is over, and who could
// help now.
func (w Writer) UrgentLate(to Reader, q Question, awake []string) mail.Letter {
	help := ""
	if len(awake) > 0 {
		help = "At work, or next at work: " + names(awake) + "."
	}
	return w.note(to, About{Subject: q.Subject, MID: q.MID}, "Overdue: "+subjectLine(q.Subject),
		part(to, "No answer yet:", []Question{q}), help)
}

// A Return is what happened while somebody was on leave.
type Return struct {
	From    string         // "Mon 21 Dec"
	Mail    int            // messages in While away
	Decided []DecisionLine // in conversations of the reader
	Open    []Question     // to the reader: most costly first
	Settled []Question     // asked of the reader, settled by others
}

// Empty reports whether there is nothing to tell.
func (r Return) Empty() bool {
	return r.Mail == 0 && len(r.Decided) == 0 && len(r.Open) == 0 && len(r.Settled) == 0
}

// Back is the letter after leave.
func (w Writer) Back(to Reader, r Return) mail.Letter {
	head := "Welcome back."
	if from := line(r.From, maxName); from != "" {
		head += " This is what happened since " + from + "."
	}
	tail := ""
	if r.Mail > 0 {
		tail = count(r.Mail, "message lies", "messages lie") + " in `While away`. Nothing in it that is not above waits for you."
	}
	return w.note(to, About{}, "While you were away",
		head,
		decisionPart("Decided:", r.Decided),
		part(to, "Still open, what has cost most first:", r.Open),
		part(to, "Settled by others; nothing to do:", r.Settled),
		tail)
}

// A HandOver is what somebody takes over from who leaves.
type HandOver struct {
	Name      string         // who leaves
	Asked     []Question     // of the leaver: now of the reader
	Own       []Question     // of the leaver: the answers come to the reader
	Promises  []Question     // among Asked: what the leaver promised
	Decisions []DecisionLine // of conversations of the leaver
	Threads   []string       // conversations in which something is open: "Budget, last mail Tue 24 Nov"
}

// TakeOver is the hand-over letter.
func (w Writer) TakeOver(to Reader, h HandOver) mail.Letter {
	name := line(h.Name, maxName)
	threads := ""
	if len(h.Threads) > 0 {
		lines := []string{"Conversations in which something is open:"}
		for _, t := range h.Threads[:min(len(h.Threads), maxQuestions)] {
			lines = append(lines, "- "+line(t, maxReply))
		}
		threads = strings.Join(lines, "\n")
	}
	return w.note(to, About{}, "Hand-over from "+name,
		name+" has left the team. Mail to "+name+" comes to you from now on, and what stands here is yours. What was marked private is not in it.",
		part(to, "Asked of "+name+", now of you:", h.Asked),
		part(to, "What "+name+" promised:", h.Promises),
		part(to, "What "+name+" asked; the answers come to you:", h.Own),
		threads,
		decisionPart("Decided with "+name+":", h.Decisions))
}

// Departed tells who asked something of a colleague who has left.
func (w Writer) Departed(to Reader, name, successor string, passed, private []Question) mail.Letter {
	name, successor = line(name, maxName), line(successor, maxName)
	who := "Nobody has taken over."
	if successor != "" {
		who = successor + " answers now."
	}
	return w.note(to, About{}, name+" has left the team",
		name+" has left the team. "+who,
		part(to, "Your open questions:", passed),
		part(to, "These were private and have passed to nobody. They are closed; ask somebody else:", private))
}

// A ThreadState is how a conversation stands, for one who is in it.
type ThreadState struct {
	Word     string // one sentence: "Waits for Mei since Mon 09:00."
	Messages int
	Last     string // "Tue 24 Nov 09:00"
	Parties  []Author
	Open     []Question
	Settled  int // questions that are closed
	Decided  []DecisionLine
}

// State answers the word *state*.
func (w Writer) State(to Reader, about About, s ThreadState) mail.Letter {
	var who []string
	for _, a := range s.Parties {
		who = append(who, a.full())
	}
	settled := ""
	if s.Settled > 0 {
		settled = count(s.Settled, "question is", "questions are") + " settled."
	}
	return w.note(to, about, "State: "+subjectLine(about.Subject),
		line(s.Word, maxReply),
		part(to, "Open:", s.Open),
		settled,
		decisionPart("Decided:", s.Decided),
		count(s.Messages, "message", "messages")+", the last on "+line(s.Last, maxName)+".",
		"In it: "+names(who)+".")
}
