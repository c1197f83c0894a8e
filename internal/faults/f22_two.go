package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tidepost/internal/provider"
)

// twoAtOnce runs two Tideposts on the same account: of two installations, and of one whose
// data directory was copied.
func twoAtOnce(t *T) {
	var says []string
	for _, k := range kinds() {
		a := besideProvider(t, k, provider.Options{}, nil)
		a.tellBoss()
		a.start()
		a.tended()
		a.some()
		a.another()
		if !t.Failed() {
			a.copied()
		}
		if t.Failed() {
			return
		}
		a.verdict(false)
		says = append(says, fmt.Sprintf("%s: %d mails", k.name, a.taken()))
	}
	t.say("another installation and a copy of the data directory stand back, the copy sends nothing while it does, and takes over when the first has gone: %s; 0 lost, 0 doubled, the admin told once", strings.Join(says, "; "))
}

// another is a second installation with the same account.
func (a *account) another() {
	b := &account{site: install(a.T, setup{}), p: a.p, addr: a.addr}
	b.smarthost, b.upstream = a.smarthost, a.upstream
	b.tellBoss()
	for _, f := range []string{"password", "provider-password"} {
		copyFile(a.T, filepath.Join(a.dir, f), filepath.Join(b.dir, f))
	}
	b.cli("people", "add", pia, "--no-welcome", "--password-file", filepath.Join(b.dir, "password"), "--name", "Pia", "--zone", "UTC",
		"--hours", "daily 00:00-24:00", "--tides", time.Now().UTC().Add(11*time.Hour).Format("15:04"))
	b.cli("account", "set", pia, "--imap", b.addr, "--imap-security", "none", "--password-file", filepath.Join(b.dir, "provider-password"))
	b.cli("people", "set", pia, "--inbox", "imap")
	b.start()
	a.stoodBack(1)
	b.stop()
}

// stoodBack waits until the admin has heard that somebody stands back, letters in all, and
// looks whether that did any harm.
func (a *account) stoodBack(letters int) {
	a.until(3*time.Minute, func() error {
		if n := a.bossHeard("another Tidepost tends it"); n < letters {
			return errors.New("the admin has not heard of the second")
		}
		return nil
	})
	a.some()
	if n := a.bossHeard("another Tidepost tends it"); n != letters {
		a.Errorf("the admin got %d letters about the second, want %d", n, letters)
	}
}

// copied copies the data directory, with mail in it that is due soon, and runs both.
func (a *account) copied() {
	due := time.Now().UTC().Add(90 * time.Second).Truncate(time.Minute).Add(time.Minute)
	f := a.next(outsideOut)
	if err := a.submit(pia, "friend@outside.example", letter(pia, "friend@outside.example", due.Format("[send 15:04] ")+f.subject, f.mid, "Here is the budget: "+f.text)); err != nil {
		a.Fatalf("submit: %v", err)
	}
	a.stop()
	twin := &account{site: install(a.T, setup{}), p: a.p, addr: a.addr}
	twin.smarthost, twin.upstream = a.smarthost, a.upstream
	twin.tellBoss()
	copyFile(a.T, filepath.Join(a.dir, "provider-password"), filepath.Join(twin.dir, "provider-password"))
	if err := os.RemoveAll(twin.data); err != nil {
		a.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", a.data, twin.data).CombinedOutput(); err != nil {
		a.Fatalf("copy: %v\n%s", err, out)
	}
	a.start()
	twin.start()
	time.Sleep(time.Until(due.Add(5 * time.Second)))
	f.came = due
	a.done(f)
	a.stoodBack(2)
	if n := a.handovers()[f.mid]; n != 1 {
		a.Errorf("<%s> was sent %d times while both ran", f.mid, n)
	}
	a.takeBack()
	f.again = true // Whoever takes over cannot know what has left since it was copied.
	a.kill()       // For good, as it seems; the second finds out when it asks again.
	twin.nudge()
	if err := a.arrives(plainMail); err != nil {
		a.Fatalf("deliver: %v", err)
	}
	box := a.login()
	defer box.Close()
	a.until(3*time.Minute, func() error { // It is the only one who files it there.
		if wrong := a.count(box.all(box.folders()), (*fate).home); len(wrong) > 0 {
			return wrong[0]
		}
		return nil
	})
	twin.stop()
	a.start() // It does not know the one that ran meanwhile, and asks.
	a.until(3*time.Minute, func() error {
		about := box.read("Tidepost/About")
		if len(about) != 1 || !strings.Contains(about[0].Text, "holds") {
			return errQuiet
		}
		return nil
	})
}

// takeBack moves all that waits to Drafts, and what was taken into INBOX to Projects: of mail
// that came or was sent since the copy was made the copy knows nothing. It would put what it
// finds in Scheduled into INBOX, and let what it finds in INBOX wait.
func (a *account) takeBack() {
	box := a.login()
	defer box.Close()
	for _, f := range a.fates {
		from, to := "Tidepost/Scheduled", "Drafts"
		if f.folder == "INBOX" && f.sort != codeMail {
			from, to = "INBOX", "Projects"
		} else if f.sort != held || f.folder != "" {
			continue
		}
		if box.open(from) && box.move(f.mid, to) {
			f.folder = to
			f.tell("moved from %s to %s", from, to)
		}
	}
	a.calm()
	a.out(false)
}

func copyFile(t *T, from, to string) {
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
