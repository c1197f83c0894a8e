package faults

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tidepost/e2e/reconcile"
)

// The folders that show mail which stands elsewhere, too.
func shows(folder string) bool {
	return folder == "Tidepost/Needs reply" || folder == "Tidepost/Waiting for others"
}

// home is where a mail belongs.
func (f *fate) home() string {
	switch {
	case f.folder == "Tidepost/Scheduled/Send now":
		return "Sent"
	case f.folder != "":
		return f.folder
	}
	return map[sort]string{plainMail: "Tidepost/Next delivery", codeMail: "INBOX", listMail: "Tidepost/Lists",
		colleague: "Tidepost/Next delivery", held: "Tidepost/Scheduled", outsideOut: "Sent"}[f.sort]
}

// after is where it belongs when the account was given back.
func (f *fate) after() string {
	switch home := f.home(); {
	case home == "Tidepost/Scheduled":
		return "Drafts"
	case strings.HasPrefix(home, "Tidepost/"):
		return "INBOX"
	default:
		return home
	}
}

// slack is by how much the clocks of what is compared may differ.
const slack = 3 * time.Second

// count compares what is in the account with what should be: every mail once, in its
// folder, with its words, its flags and its date.
func (a *account) count(all []message, home func(*fate) string) (wrong []error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := map[string][]message{}
	for _, m := range all {
		found[m.MID] = append(found[m.MID], m)
	}
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	for _, f := range a.fates {
		var at []message
		shown := map[string]int{}
		for _, m := range found[f.mid] {
			if shows(m.Folder) {
				shown[m.Folder]++
				continue
			}
			at = append(at, m)
		}
		delete(found, f.mid)
		for folder, n := range shown {
			if n > 1 {
				complain("<%s> is shown %d times in %s", f.mid, n, folder)
			}
		}
		switch want := home(f); {
		case len(at) == 0 && !f.acked:
		case len(at) != 1:
			complain("<%s> should be in %s, and is %d times there: %v", f.mid, want, len(at), at)
		case at[0].Folder != want:
			complain("<%s> should be in %s, and is in %s", f.mid, want, at[0].Folder)
		default:
			wrong = append(wrong, a.kept(f, at[0])...)
		}
	}
	return append(wrong, a.letters(found)...)
}

// kept compares what must not change.
func (a *account) kept(f *fate, m message) (wrong []error) {
	if !strings.Contains(m.Text, f.text) {
		wrong = append(wrong, fmt.Errorf("<%s> has other words", f.mid))
	}
	if last := f.came.Add(patience); m.Date.Before(f.came.Add(-slack)) || m.Date.After(last) {
		wrong = append(wrong, fmt.Errorf("<%s> came at %s and is of %s now", f.mid, f.came.Format(time.TimeOnly), m.Date.Format(time.TimeOnly)))
	}
	if f.flagged && f.home() != "Sent" && !(slices.Contains(m.Flags, `\Flagged`) && slices.Contains(m.Flags, keyword)) {
		wrong = append(wrong, fmt.Errorf("<%s> was flagged, and has %v now", f.mid, m.Flags))
	}
	return wrong
}

// letters judges what Tidepost wrote itself: each once, one note for each move that could
// not be, and nothing of what is from before has changed.
func (a *account) letters(rest map[string][]message) (wrong []error) {
	notes := map[string]int{}
	for _, m := range a.oldMail {
		now := rest[m.MID]
		delete(rest, m.MID)
		if len(now) != 1 || now[0].Folder != m.Folder || now[0].UID != m.UID || !now[0].Date.Equal(m.Date) || !slices.Equal(now[0].Flags, m.Flags) {
			wrong = append(wrong, fmt.Errorf("%v was there before, and is %v now", m, now))
		}
	}
	for _, at := range rest {
		if len(at) > 1 && at[0].Folder != "Tidepost/About" {
			wrong = append(wrong, fmt.Errorf("a letter is there %d times: %v", len(at), at))
		}
		notes[at[0].Subject]++
	}
	for _, f := range a.fates {
		if n := notes["Not done: "+f.subject]; f.sort != codeMail && n != f.refused {
			wrong = append(wrong, fmt.Errorf("%d moves of <%s> were refused, and %d notes say so", f.refused, f.mid, n))
		}
	}
	for _, once := range []string{"This mailbox is tended by Tidepost", "Your mailbox is not tended", "Your mailbox is full"} {
		if notes[once] > 1 {
			wrong = append(wrong, fmt.Errorf("%d letters say %q", notes[once], once))
		}
	}
	return wrong
}

// settled waits until the account is as it should be, and says what is wrong if it does
// not come to that.
func (a *account) settled(within time.Duration, home func(*fate) string) []message {
	box := a.login()
	defer box.Close()
	var all []message
	var wrong []error
	deadline := time.Now().Add(within)
	for {
		all = box.all(box.folders())
		if wrong = a.count(all, home); len(wrong) == 0 || time.Now().After(deadline) {
			break
		}
		if a.running() {
			a.kick() // It may wait for a while after the last fault.
		}
		time.Sleep(3 * time.Second)
	}
	for _, w := range wrong {
		a.Error(w)
	}
	if len(wrong) > 0 && within > 0 {
		a.tell(wrong)
	}
	return all
}

// manyStories is how many mails of a failure are followed through the logs.
const manyStories = 6

// tell follows mails that are not where they should be through everybody's log.
func (a *account) tell(wrong []error) {
	log, err := os.ReadFile(a.log)
	if err != nil {
		log = []byte(err.Error())
	}
	told := 0
	for _, f := range a.fates {
		if told == manyStories || f.folder == "" || !strings.Contains(fmt.Sprint(wrong), "<"+f.mid+">") {
			continue
		}
		told++
		a.Logf("<%s>:\n    %s", f.mid, strings.Join(f.story, "\n    "))
		for line := range strings.Lines(string(log) + a.p.Log()) {
			if strings.Contains(line, f.mid) {
				a.Logf("  %s", strings.TrimSpace(line))
			}
		}
	}
}

// verdict counts, stops Tidepost, counts again, gives the account back, and counts again.
// repeats says whether a mail to the outside may have been sent again.
func (a *account) verdict(repeats bool) {
	a.settled(90*time.Second, (*fate).home)
	a.out(repeats)
	a.stop()
	a.sound()
	a.settled(0, (*fate).home)
	if a.Failed() {
		return
	}
	a.start()
	a.cli("account", "rollback", pia)
	a.returned()
}

// returned: the account is as it was, with what came meanwhile.
func (a *account) returned() {
	a.settled(0, (*fate).after)
	box := a.login()
	defer box.Close()
	if now := box.folders(); !slices.Equal(now, a.old) {
		a.Errorf("the folders were %q, and are %q after going back", a.old, now)
	}
}

// handovers counts what the next server took, by Message-ID.
func (a *account) handovers() map[string]int {
	file, err := os.Open(a.upstream)
	if err != nil {
		a.Fatal(err)
	}
	defer file.Close()
	taken, err := reconcile.ReadHandovers(bufio.NewReader(file))
	if err != nil {
		a.Fatal(err)
	}
	times := map[string]int{}
	for _, h := range taken {
		if h.Code == 250 {
			times[h.ID]++
		}
	}
	return times
}

// out compares Pia's own mail with what the queue and the next server say. What she moved
// a moment ago stands where it should and is not known yet.
func (a *account) out(repeats bool) {
	wrong := a.outWrong(repeats)
	for deadline := time.Now().Add(patience); len(wrong) > 0 && time.Now().Before(deadline); wrong = a.outWrong(repeats) {
		a.kick()
		time.Sleep(time.Second)
	}
	for _, w := range wrong {
		a.Error(w)
	}
}

func (a *account) outWrong(repeats bool) (wrong []error) {
	times := a.handovers()
	for _, f := range a.fates {
		most := 1
		if f.again {
			most = 2
		}
		switch {
		case f.sort == outsideOut && (f.acked && times[f.mid] == 0 || times[f.mid] > most && !repeats):
			wrong = append(wrong, fmt.Errorf("<%s> was sent %d times", f.mid, times[f.mid]))
		case f.sort == held && f.acked:
			want := map[string]string{"": "held", "Drafts": "cancelled", "Trash": "cancelled", "Tidepost/Scheduled/Send now": "delivered"}[f.folder]
			if n := a.site.count(`SELECT count(*) FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE s.mid = ? AND r.state = ?`, f.mid, want); n != 1 {
				wrong = append(wrong, fmt.Errorf("<%s> is not %s", f.mid, want))
			}
			if n := a.site.count(`SELECT count(*) FROM delivery d JOIN message m ON m.id = d.message_id WHERE m.mid = ?`, f.mid); n > 1 || n == 1 && want == "cancelled" {
				wrong = append(wrong, fmt.Errorf("<%s> is %s, and was delivered %d times", f.mid, want, n))
			}
		}
	}
	return wrong
}

// errQuiet asks for patience.
var errQuiet = errors.New("the account is not tended yet")

// tended waits until Tidepost has begun with the account.
func (a *account) tended() {
	box := a.login()
	defer box.Close()
	a.until(patience, func() error {
		if len(box.read("Tidepost/About")) == 0 {
			return errQuiet
		}
		return nil
	})
}

// taken counts the mails that are there for sure.
func (a *account) taken() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.fates {
		if f.acked {
			n++
		}
	}
	return n
}
