package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

const (
	// patience is how long a thing that should happen at once may take, and patienceThere
	// the same in an account at a provider, where folders are looked at now and then.
	patience      = 15 * time.Second
	patienceThere = 45 * time.Second
	// soon is what "at once" means on a busy machine; a hold would take hours.
	soon = 10 * time.Second
	// glance is how often a mail client looks again.
	glance = 50 * time.Millisecond
)

// A guide tells the story. What two scenes share is in it.
type guide struct {
	*screen
	ended    <-chan struct{} // closed when the tour must stop
	world    *world
	ana, mei *reader // their mail clients
	phone    *reader // Mei's, in IDLE on INBOX
	checks   int
	patience time.Duration // how long a thing that should happen at once may take
	seen     int           // rings of the phone that have been accounted for
	stock    uint32        // messages that the phone shows then

	left    imap.UID // of a mail in Scheduled that the morning takes
	budget  draft    // the mail that the story is about
	visit   draft    // that mail
	water   draft    // the urgent one
	invoice draft    // Olga's, which waits
	photo   draft    // Olga's, which Mei took out
	waiting []string // Message-IDs of what comes with the morning
	digest  letter   // of that morning
}

// A scene is one step of the story. Its title is what a person would say of it.
type scene struct {
	title string
	play  func(*guide)
}

// scenes are the story, in order, with mailboxes here or elsewhere.
func scenes(elsewhere bool) []scene {
	list := []scene{
		{"Ana writes to Mei. Mei's working day is over.", (*guide).held},
		{"On second thought: Ana drags the mail to Drafts.", (*guide).takenBack},
		{"She edits the draft and drags it to Scheduled.", (*guide).sentAgain},
		{"\"Can we chat about the project?\" Mei would have to ask back.", (*guide).advised},
		{"Something is urgent.", (*guide).urgent},
		{"A sign-in code and an invitation come from outside.", (*guide).passing},
		{"Ana writes to a customer, with a blind copy.", (*guide).toTheOutside},
		{"The customer writes to Mei, twice. Mei takes a look.", (*guide).nextDelivery},
		{"One more from Ana. Then Mei's day begins.", (*guide).morning},
		{"The tide: three mails in one step, the digest on top.", (*guide).tide},
		{"Mei replies to the digest, once: two answers and a promise.", (*guide).answers},
		{"Something is decided.", (*guide).decided},
		{"Mei drags: no answer needed, and not today.", (*guide).draggedAway},
		{"Ana has set a time, and drags: now after all, and not at all.", (*guide).draggedOut},
		{"Ana wants back what has left.", (*guide).tooLate},
	}
	if elsewhere {
		list = append(list, scene{"The accounts are given back.", (*guide).goodbye})
	}
	return list
}

// A stop unwinds a scene at the first check that does not hold, so that scenes read
// as a story. It is thrown and caught in this file.
type stop struct{ err error }

var errStopped = errors.New("stopped")

// tour tells the story and returns an error if something in it is not true.
func tour(ctx context.Context, w *world, show *screen) (err error) {
	began := time.Now()
	g := &guide{screen: show, ended: ctx.Done(), world: w, patience: patience}
	if w.elsewhere != nil {
		g.patience = patienceThere
	}
	defer g.hangUp()
	list := scenes(w.elsewhere != nil)
	if err := g.play((*guide).meet); err != nil {
		return fmt.Errorf("begin the tour: %w", err)
	}
	for i, s := range list {
		show.heading("%d  %s", i+1, s.title)
		if err := g.play(s.play); err != nil {
			show.line("   FAIL  %v", err)
			return fmt.Errorf("step %d of %d: %w", i+1, len(list), err)
		}
	}
	show.heading("All of it held: %d steps, %d checks over SMTP and IMAP, %.0f seconds.", len(list), g.checks, time.Since(began).Seconds())
	return nil
}

// play runs one scene to its end or its first failure.
func (g *guide) play(scene func(*guide)) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stop:
			err = r.err
		default:
			panic(r)
		}
	}()
	scene(g)
	return nil
}

// meet introduces the people and opens their mail clients.
func (g *guide) meet() {
	now, w := time.Now(), g.world
	g.heading("Tidepost: two people, one of whom is always asleep.")
	w.introduce(g.screen, now)
	g.line("")
	g.line("   A real gateway runs on this machine. All that follows is SMTP and IMAP over TLS.")
	var err error
	if w.elsewhere != nil {
		g.settleIn()
	}
	g.ana, err = w.client(&w.ana, false)
	g.must(err)
	g.mei, err = w.client(&w.mei, true)
	g.must(err)
	g.phone, err = w.client(&w.mei, true)
	g.must(err)
	g.stock, err = g.phone.watch("INBOX")
	g.must(err)
}

func (g *guide) hangUp() {
	for _, r := range []*reader{g.ana, g.mei, g.phone} {
		if r != nil {
			r.close()
		}
	}
}

// must ends the scene on an error.
func (g *guide) must(err error) {
	if err != nil {
		panic(stop{err})
	}
}

// check prints what holds, or ends the scene.
func (g *guide) check(ok bool, what string, args ...any) {
	text := fmt.Sprintf(what, args...)
	if !ok {
		panic(stop{fmt.Errorf("not true: %s", text)})
	}
	g.checks++
	g.line("   ok  %s", text)
}

// sleep waits for a moment, with a clock on a terminal.
func (g *guide) sleep(until time.Time) {
	for left := time.Until(until); left > 0; left = time.Until(until) {
		g.status("   ... %s in Sydney", time.Now().In(g.world.mei.zone).Format("15:04:05"))
		select {
		case <-g.ended:
			panic(stop{errStopped})
		case <-time.After(min(left, time.Second)):
		}
	}
	g.status("")
}

// await looks again and again until it sees something.
func (g *guide) await(what string, until time.Time, see func() bool) {
	for !see() {
		if time.Now().After(until) {
			panic(stop{fmt.Errorf("waited in vain for %s", what)})
		}
		select {
		case <-g.ended:
			panic(stop{errStopped})
		case <-time.After(glance):
		}
	}
}

// letters reads a folder.
func (g *guide) letters(r *reader, folder string) []letter {
	list, err := r.letters(folder)
	g.must(err)
	return list
}

// arrives waits for a letter in a folder.
func (g *guide) arrives(r *reader, folder, what string, is func(letter) bool) (found letter) {
	g.await(what+" in "+folder, time.Now().Add(g.patience), func() bool {
		for _, l := range g.letters(r, folder) {
			if is(l) {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

// absent reports whether no letter of a folder has this Message-ID.
func (g *guide) absent(r *reader, folder, id string) bool {
	for _, l := range g.letters(r, folder) {
		if l.id() == id {
			return false
		}
	}
	return true
}

// byID recognises a letter by its Message-ID.
func byID(id string) func(letter) bool { return func(l letter) bool { return l.id() == id } }

// note recognises a letter of Tidepost's by the begin of its subject.
func note(subject string) func(letter) bool {
	return func(l letter) bool { return l.ours() && strings.HasPrefix(l.subject(), subject) }
}

// kept waits for a letter in a folder that has, or has not, a flag.
func (g *guide) kept(r *reader, folder, what, id string, flag imap.Flag, want bool) letter {
	return g.arrives(r, folder, what, func(l letter) bool { return l.id() == id && l.has(flag) == want })
}

// leaves waits until a letter is in a folder no more.
func (g *guide) leaves(r *reader, folder, what, id string) bool {
	g.await(what+" to leave "+folder, time.Now().Add(g.patience), func() bool { return g.absent(r, folder, id) })
	return true
}

// rings are those of the phone that have not been accounted for.
func (g *guide) rings() []ring { return g.phone.bell.heard()[g.seen:] }

// quiet reports that nothing has rung. Where the provider cannot file mail before INBOX
// sees it, what comes from outside has rung before Tidepost was told.
func (g *guide) quiet() bool { return len(g.rings()) == 0 || !g.world.filed }

// hush forgets what has rung, where that says nothing.
func (g *guide) hush() {
	if !g.world.filed {
		g.seen = len(g.phone.bell.heard())
	}
}
