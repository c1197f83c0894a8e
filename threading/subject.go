package threading

import (
	"slices"
	"strings"
)

// Answerable reports whether an answer that does not say to what may belong to m. Of
// such mail a Graph has to remember all that Alike returns.
func (m Message) Answerable() bool {
	return m.ID != "" && m.Subject != "" && !m.IsAutomatic && !m.Doubtful
}

// Bare reports whether m is an answer that does not say to what. A Graph may return it
// as a reply without references, and any other message as no reply.
func (m Message) Bare() bool {
	return m.IsReply && len(m.References) == 0 && m.Answerable() && len(lineage(m)) == 0
}

// answers reports whether m, which is Bare, may be an answer to n by its subject:
// n is the older, by no more than SubjectWindow; the author of m and somebody m is
// written to took part in n.
func (m Message) answers(n Message) bool {
	in := func(list []string) bool {
		return slices.ContainsFunc(list, func(a string) bool {
			return slices.Contains(n.From, a) || slices.Contains(n.To, a)
		})
	}
	return n.Subject == m.Subject && n.ID != "" && n.ID != m.ID && !n.IsAutomatic && !n.Doubtful &&
		n.before(m) && !n.At.Before(m.At.Add(-SubjectWindow)) && in(m.From) && in(m.To)
}

// before orders messages by time, and those of one instant by id.
func (m Message) before(n Message) bool {
	if !m.At.Equal(n.At) {
		return m.At.Before(n.At)
	}
	return strings.Compare(m.ID, n.ID) < 0
}

// answered finds the youngest message that m, which is Bare, answers. others are
// messages that the graph does not know yet.
func (w *work) answered(m Message, others ...Message) (string, error) {
	list, err := w.g.Alike(m.Subject, m.At.Add(-SubjectWindow), m.At)
	if err != nil {
		return "", err
	}
	var best Message
	for _, n := range append(list, others...) {
		if m.answers(n) && (best.ID == "" || best.before(n)) {
			best = n
		}
	}
	if best.ID == "" {
		return "", nil
	}
	return best.ID, w.fetch([]string{best.ID})
}

// adopt hangs bare answers that came before m below it, if it is the mail they
// answer.
func (w *work) adopt(m Message) error {
	if !m.Answerable() {
		return nil
	}
	later, err := w.g.Alike(m.Subject, m.At, m.At.Add(SubjectWindow))
	if err != nil {
		return err
	}
	for _, r := range later {
		if !r.Bare() || !r.answers(m) {
			continue
		}
		best, err := w.answered(r, m)
		if err != nil {
			return err
		}
		if best != m.ID {
			continue
		}
		if err := w.fetch([]string{r.ID}); err != nil {
			return err
		}
		if err := w.hang(w.node(r.ID), m.ID, rankSubject); err != nil {
			return err
		}
	}
	return nil
}
