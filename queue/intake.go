package queue

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/clocks"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

const (
	// maxHops is when mail is taken to go in a circle (RFC 5321 §6.3: at least 100).
	maxHops = 100
	// policyTime is how long the policies may look at one mail (RELIABILITY P9).
	policyTime = 2 * time.Second
	// ownName is the local part of Tidepost's own address.
	ownName = "tidepost"
)

// An intake is a message on its way through Submit.
type intake struct {
	author   *people.Person
	device   bool
	with     int64 // the app password it came with, 0: none
	folder   bool  // composed in a folder: filed in Sent at release
	again    bool  // on request: repeats are sent
	handed   bool  // by the provider
	away     bool  // the mailboxes of colleagues are at the provider
	env      mail.Envelope
	peer     Peer
	priority int
	now      time.Time

	viaOf func(orcpt string) *people.Group

	staged  *store.Staged // or
	source  store.Message // a stored message whose body is shared
	head    []byte
	size    int64
	sum     []byte // of the body
	content *mail.Content
	facts   mail.Facts
	words   func() string // what is new in it, computed when somebody asks
	derived func() (store.EncodedDerived, error)
	thread  int64

	control  bool // addressed to Tidepost itself
	why      bool // of why@
	blocked  bool // and to blocked@
	readers  []*people.Person
	found    []policies.Finding
	verdicts []policies.Verdict
	failed   bool // the policies panicked or took too long
	plans    []Plan

	read     func() intent.Findings // what it says, read once; nil: nobody looks
	findings intent.Findings        // of read, for the clocks
	asking   bool                   // it asks for something that is followed up
	mute     bool                   // it asks nothing, whatever it says
	decides  bool                   // it decides something, or lets silence decide
	settles  []clocks.Settle        // exactly these asks are answered by it

	confirmed bool              // its author is told in other words when it leaves
	asIs      bool              // was looked at before: no advice, and it replaces nothing
	storm     *storm            // what this reply to all comes on top of; nil: nothing
	back      *handback         // what the coach says of it; nil: nothing
	replaced  *store.Submission // whose place it took, inside the transaction
}

// read looks at a submission and checks what has to be refused before anything
// else: whose it is, where it goes, whether it goes in a circle.
func (q *Queue) read(s Submission) (*intake, error) {
	in := &intake{
		author: s.Author, device: s.Device, with: s.Credential, handed: s.Connector, away: s.Back, env: s.Envelope, peer: s.Peer, priority: s.Priority, now: s.Now.UTC(),
		staged: s.Staged, head: s.Staged.Head, size: s.Staged.Size(), sum: s.Staged.Sum[:], content: s.Staged.Content,
	}
	if err := q.inspect(in); err != nil {
		return nil, err
	}
	in.blocked = in.blocked && !in.device // A device steers nothing.
	return in, nil
}

// inspect fills what follows from head and content.
func (q *Queue) inspect(in *intake) error {
	in.viaOf = q.viaOf
	h := mail.ParseHeader(in.head)
	in.facts = mail.FactsOf(h, in.content, in.env.From)
	in.readLater()
	if err := q.checkIdentity(in, h); err != nil {
		return err
	}
	if in.facts.Received > maxHops {
		return refuse(554, [3]int{5, 4, 6}, "This mail goes in a circle")
	}
	if in.env.HoldUntil.After(in.now.Add(q.o.MaxExplicit)) {
		return refuse(501, [3]int{5, 5, 4}, "That time is too far ahead") // RFC 4865 §4
	}
	return q.address(in)
}

// readLater gives what follows from the text of a mail, read once and only if somebody
// asks: most mail to elsewhere leaves at once, and nobody does.
func (in *intake) readLater() {
	head, c := in.head, in.content
	words := sync.OnceValue(func() string { return mail.NewWords(c) })
	in.words = words
	in.derived = sync.OnceValues(func() (store.EncodedDerived, error) {
		return store.Derived{Envelope: envelopeOf(head), Root: c.Root, Preview: mail.PreviewOf(c, words()), NewWords: words()}.Encode()
	})
}

// toTeam reports whether a colleague is among the recipients.
func (in *intake) toTeam() bool {
	return slices.ContainsFunc(in.readers, func(p *people.Person) bool { return p != nil })
}

// zone is the author's, from the compiled calendar: Person.Zone reads the zone data.
func (in *intake) zone() *time.Location { return in.author.Schedule(in.now).Zone() }

// atOnce reports whether nothing keeps any recipient.
func (in *intake) atOnce() bool {
	return !slices.ContainsFunc(in.plans, func(p Plan) bool { return !p.atOnce(in.now) })
}

// checkIdentity: exactly one From, and it is the login's (RFC 6409 §6.1).
func (q *Queue) checkIdentity(in *intake, h mail.Header) error {
	if h.Count("From") != 1 || len(in.facts.From) != 1 || len(h.Addresses("From")) != 1 {
		return refuse(550, [3]int{5, 7, 1}, "Write exactly one address in From")
	}
	if !q.people.MaySendAs(in.author, in.facts.From[0].Address) {
		return refuse(550, [3]int{5, 7, 1}, "The address in From is not one of yours")
	}
	if !in.env.From.IsNull() && !q.people.MaySendAs(in.author, in.env.From) {
		return refuse(550, [3]int{5, 7, 1}, "The sender's address is not one of yours")
	}
	return nil
}

// address finds the people behind the recipients, takes out Tidepost itself and
// whoever is named twice.
func (q *Queue) address(in *intake) error {
	if err := q.expand(in); err != nil {
		return err
	}
	var kept []mail.Recipient
	seen := map[string]bool{}
	for _, r := range in.env.Recipients {
		if q.isOwn(r.Address) {
			in.control = true
			continue
		}
		if q.isWhy(r.Address) {
			in.control, in.why = true, true
			continue
		}
		if q.isBlocked(r.Address) {
			in.blocked = true
			continue
		}
		p, _, ok := q.people.ByAddress(r.Address)
		if !ok && !in.handed && q.people.IsLocalDomain(r.Address.Domain) {
			return refuse(550, [3]int{5, 1, 1}, fmt.Sprintf("There is nobody here called %s", r.Address))
		}
		key := r.Address.Key()
		if ok {
			key = fmt.Sprint("person ", p.ID)
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		kept = append(kept, r)
		in.readers = append(in.readers, p)
	}
	in.control = in.control || in.blocked && len(kept) == 0
	if len(kept) == 0 && !in.control {
		return refuse(554, [3]int{5, 5, 1}, "There is no recipient")
	}
	in.env.Recipients = kept
	return nil
}

// isOwn reports whether a is Tidepost's own address.
func (q *Queue) isOwn(a mail.Address) bool {
	base, _ := a.Tag()
	return strings.EqualFold(base.Local, ownName) && (q.people.IsLocalDomain(a.Domain) || slices.Contains(q.o.Domains, a.Domain))
}

// examine runs the policies and decides the plans. view gives a transaction to look
// up what is known of the thread and of the author's habits; most mail begins a
// thread and needs none.
func (q *Queue) examine(in *intake, view func(func(*store.Tx) error) error) error {
	input := policies.Input{
		Facts: in.facts, From: in.env.From, Submitted: true, Device: in.device,
		Zone: in.zone(), Schedule: in.author.Schedule(in.now), Priority: in.priority,
		Team: q.o.Pass, Person: policies.Lists{Senders: in.author.Profile.Pass, UrgentFrom: in.author.Profile.UrgentFrom},
	}
	for i, r := range in.env.Recipients {
		input.Recipients = append(input.Recipients, policies.Recipient{Address: r.Address, Team: in.readers[i] != nil})
	}
	if in.toTeam() {
		input.NewWords = in.words()
	}
	if err := q.readForCoach(in, &input, view); err != nil {
		return err
	}
	if len(parents(in.facts)) > 0 || policies.AsksUrgent(input) {
		if err := view(func(tx *store.Tx) error { return q.recall(tx, in, &input) }); err != nil {
			return err
		}
	}
	if err := q.recallDecisions(in, &input, view); err != nil {
		return err
	}
	in.found, in.verdicts, in.failed = q.judge(input, in.now)
	if err := checkSigned(in); err != nil {
		return err
	}
	in.plans = q.plans(in)
	in.dropStormAdvice()
	q.readAsks(in)
	q.readDecisions(in)
	if err := q.consider(in, input, view); err != nil {
		return err
	}
	return nil
}

// recall fills in what is known of the thread and of the author's habits.
func (q *Queue) recall(tx *store.Tx, in *intake, input *policies.Input) (err error) {
	if in.thread, err = threadOf(tx, in.facts); err != nil {
		return err
	}
	if in.thread != 0 {
		t, err := tx.Thread(in.thread)
		if err != nil {
			return err
		}
		input.UrgentThread = t.Urgent
	}
	if input.ParentSubject, err = parentSubject(tx, in.facts); err != nil {
		return err
	}
	if err := q.recallThread(tx, in, input); err != nil {
		return err
	}
	input.HeaderUses, err = tx.UrgentUses(in.author.ID, string(policies.ByHeader), in.now.AddDate(0, 0, -7))
	return err
}

// within is a view that is open already.
func within(tx *store.Tx) func(func(*store.Tx) error) error {
	return func(fn func(*store.Tx) error) error { return fn(tx) }
}

// judge runs the policies with a net below: whatever they do, the mail is safe.
func (q *Queue) judge(input policies.Input, now time.Time) (found []policies.Finding, verdicts []policies.Verdict, failed bool) {
	type answer struct {
		found    []policies.Finding
		verdicts []policies.Verdict
		err      error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
			}
			done <- a
		}()
		a.found = q.evaluate(input, now)
		a.verdicts = policies.Judge(input, a.found)
	}()
	a, ok := inTime(done)
	if !ok {
		a.err = errors.New("the policies took too long")
	}
	if a.err == nil {
		return a.found, a.verdicts, false
	}
	q.o.Log.Error("policies", "mid", input.Facts.MessageID, "err", a.err)
	q.alarm("policies", "a mail could not be examined and is held")
	return nil, policies.Judge(input, nil), true
}

// inTime waits for done as long as the policies may take. If the process was stopped
// in between, which shows in a timer that fires far too late, they get that time once
// more.
func inTime[T any](done <-chan T) (answer T, ok bool) {
	for range 2 {
		begun := time.Now()
		timer := time.NewTimer(policyTime)
		select {
		case answer = <-done:
			timer.Stop()
			return answer, true
		case <-timer.C:
		}
		if time.Since(begun) < policyTime*5/4 {
			break
		}
	}
	return answer, false
}

// threadOf finds the thread that the message names, 0 if it begins one.
func threadOf(tx *store.Tx, f mail.Facts) (int64, error) {
	for _, mid := range parents(f) {
		id, err := tx.ThreadOf(mid)
		if err != nil || id != 0 {
			return id, err
		}
	}
	return 0, nil
}

// parents are the ids that the message answers, the nearest first.
func parents(f mail.Facts) []string {
	out := slices.Clone(f.InReplyTo)
	for _, mid := range slices.Backward(f.References) {
		if !slices.Contains(out, mid) {
			out = append(out, mid)
		}
	}
	return out
}

// parentSubject is the subject of the mail that is answered, the one with an
// override tag if there are several versions of it.
func parentSubject(tx *store.Tx, f mail.Facts) (string, error) {
	ids := parents(f)
	if len(ids) == 0 {
		return "", nil
	}
	list, err := tx.MessagesByMID(ids[0])
	if err != nil {
		return "", err
	}
	subject := ""
	for _, m := range list[max(0, len(list)-maxVersions):] {
		s := mail.ParseHeader(m.Head).Text("Subject")
		if _, _, ok := mail.SubjectTag(s); ok || subject == "" {
			subject = s
		}
	}
	return subject, nil
}

// maxVersions bounds how many messages of one Message-ID are looked at.
const maxVersions = 10

// party says who the time of recipient i depends on.
func (in *intake) party(i int) party {
	return party{author: in.author, reader: in.readers[i], domain: in.env.Recipients[i].Address.Domain}
}

// via is the group or role that brought recipient i; nil if none did.
func (in *intake) via(i int) *people.Group {
	if in.viaOf == nil {
		return nil
	}
	return in.viaOf(in.env.Recipients[i].ORcpt)
}

// inTo reports whether recipient i stands in the To field.
func (in *intake) inTo(i int) bool {
	for _, m := range in.facts.To {
		if in.readers[i] != nil && in.readers[i].HasAddress(m.Address) {
			return true
		}
		if g := in.via(i); g != nil && g.Address.Key() == m.Address.Key() {
			return true
		}
	}
	return false
}

// digest tells the same mail again: of Message-ID and body.
func (in *intake) digest() []byte {
	sum := sha256.New()
	sum.Write([]byte(in.facts.MessageID))
	sum.Write([]byte{0})
	sum.Write(in.sum)
	return sum.Sum(nil)
}

func refuse(code int, enhanced [3]int, text string) error {
	return &mail.Reply{Code: code, Enhanced: enhanced, Text: text}
}

// view runs fn on a snapshot, for what Submit needs to know beforehand.
func (q *Queue) view(ctx context.Context, fn func(*store.Tx) error) error {
	return q.db.View(ctx, fn)
}
