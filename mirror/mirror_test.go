package mirror_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tidepost/internal/fakehost"
	"tidepost/mirror"
	"tidepost/remote"
)

func plainAuth(user string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
}

func TestNewMailWaitsAndComesWithTheTide(t *testing.T) {
	play(t, func(w *world) {
		w.host.Import("INBOX", []byte("From: x@y.example\r\nSubject: Old\r\nMessage-ID: <old@y>\r\n\r\nOld.\r\n"), time.Now().Add(-9*24*time.Hour))
		w.wait(time.Minute)
		w.arrives("INBOX", "Figures")
		w.wait(5 * time.Second)
		w.want("INBOX", "Old")
		w.want("Tidepost/Next delivery", "Figures")
		if w.host.Folder("Tidepost/Next delivery")[0].Unread() {
			t.Error("what waits is not read")
		}
		w.arrives("INBOX", "Your sign-in code is 123456", "Auto-Submitted: auto-generated")
		w.wait(5 * time.Second)
		w.want("INBOX", "Old", "Your sign-in code is 123456")
		w.arrives("Tidepost/Next delivery", "Filed by a script")
		w.arrives("Tidepost/Next delivery", "Your verification code is 654321", "Auto-Submitted: auto-generated")
		w.wait(20 * time.Second)
		w.want("Tidepost/Next delivery", "Figures", "Filed by a script")
		w.until(13, 1)
		got := w.subjects("INBOX")
		if len(got) != 6 || got[3] != "Figures" || got[4] != "Filed by a script" {
			t.Fatalf("INBOX: %q\n%s\n%s", got, w.host.Dump(), w.logs.String())
		}
		for _, v := range w.host.Folder("INBOX")[3:] {
			if !v.Unread() {
				t.Errorf("%s arrives read", v.Subject)
			}
		}
		w.want("Tidepost/Next delivery")
	})
}

func TestWaitingMailIsTakenBackByAMove(t *testing.T) {
	play(t, func(w *world) {
		w.until(20, 0)
		w.sends("ana", "mei@team.example", "Budget", "Here is the budget.")
		w.wait(20 * time.Second)
		if !w.has("Tidepost/Scheduled", "Budget") {
			w.must(errorf("Scheduled holds %q", w.subjects("Tidepost/Scheduled")))
		}
		if err := w.host.Move("Tidepost/Scheduled", "Budget", "Drafts"); err != nil {
			t.Fatal(err)
		}
		w.wait(time.Minute)
		w.want("Drafts", "Budget")
		if got := w.host.Folder("Drafts")[0].Flags; !slices.Contains(got, `\Draft`) {
			t.Errorf("the draft is marked %q: some programs do not let it be edited", got)
		}
		if w.has("Tidepost/Scheduled", "Budget") {
			t.Error("it still waits")
		}
		if !w.has("INBOX", "Not sent: Budget") {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
		w.must(w.host.Move("Drafts", "Budget", "Tidepost/Scheduled/Send now"))
		w.wait(time.Minute)
		w.want("Drafts")
		w.want("Tidepost/Scheduled/Send now")
		if w.has("Tidepost/Scheduled", "Budget") {
			t.Error("it was not sent")
		}
	})
}

func TestMovesMadeWhileTidepostWasDownAreCarriedOut(t *testing.T) {
	play(t, func(w *world) {
		w.until(20, 0)
		w.sends("ana", "mei@team.example", "Budget", "Here is the budget.")
		w.arrives("INBOX", "Figures")
		w.wait(time.Minute)
		w.stop()
		w.must(w.host.Move("Tidepost/Scheduled", "Budget", "Trash"))
		w.must(w.host.Move("Tidepost/Next delivery", "Figures", "INBOX"))
		w.start()
		w.wait(time.Minute)
		w.want("Trash", "Budget")
		if !w.has("INBOX", "Not sent: Budget") || !w.has("INBOX", "Figures") {
			w.must(errorf("INBOX: %q", w.subjects("INBOX")))
		}
		w.until(9, 5)
		if n := count(w.subjects("INBOX"), "Figures"); n != 1 {
			t.Errorf("Figures is %d times in INBOX", n)
		}
	})
}

func TestRefusedMoveIsPutBackWithOneNote(t *testing.T) {
	play(t, func(w *world) {
		w.arrives("INBOX", "Figures")
		w.wait(10 * time.Second)
		w.must(w.host.Move("Tidepost/Next delivery", "Figures", "Tidepost/Scheduled/Send now"))
		w.wait(2 * time.Minute)
		w.want("Tidepost/Next delivery", "Figures")
		w.want("Tidepost/Scheduled/Send now")
		if got := w.subjects("INBOX"); len(got) != 1 || !strings.HasPrefix(got[0], "Not done") {
			t.Errorf("INBOX: %q", got)
		}
	})
}

func TestDraftDroppedIntoSendNowIsSent(t *testing.T) {
	play(t, func(w *world) {
		w.host.Deliver("Drafts", []byte("From: ana@team.example\r\nTo: mei@team.example\r\nSubject: Lunch\r\nMessage-ID: <d1@client>\r\n\r\nLunch at one.\r\n"), `\Draft`)
		w.wait(20 * time.Second)
		w.must(w.host.Move("Drafts", "Lunch", "Tidepost/Scheduled/Send now"))
		w.wait(time.Minute)
		w.want("Drafts")
		w.want("Tidepost/Scheduled/Send now")
		w.want("Sent", "Lunch")
		// One without recipients is refused, and back in Drafts.
		w.host.Deliver("Drafts", []byte("From: ana@team.example\r\nSubject: Nobody\r\nMessage-ID: <d2@client>\r\n\r\nTo whom?\r\n"), `\Draft`)
		w.wait(20 * time.Second)
		w.must(w.host.Move("Drafts", "Nobody", "Tidepost/Scheduled/Send now"))
		w.wait(5 * time.Minute)
		w.want("Drafts", "Nobody")
		if n := len(w.subjects("INBOX")); n != 1 {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
	})
}

func TestMailOfColleaguesAppears(t *testing.T) {
	play(t, func(w *world) {
		w.sends("mei", "ana@team.example", "Question", "Ana, can you send me the contract by Friday?")
		w.wait(time.Minute)
		w.want("Tidepost/Next delivery", "Question")
		w.until(13, 1)
		if got := w.subjects("INBOX"); len(got) != 2 || got[0] != "Question" {
			w.must(errorf("INBOX: %q", got))
		}
		w.want("Tidepost/Next delivery")
		w.want("Tidepost/Needs reply", "Question")
		// Out of Needs reply: no answer needed.
		w.must(w.host.Move("Tidepost/Needs reply", "Question", "Archive"))
		w.wait(time.Minute)
		w.want("Tidepost/Needs reply")
		w.want("Archive", "Question")
		if n := count(w.subjects("INBOX"), "Question"); n != 1 {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
	})
}

func TestFoldersDeletedRenamedAndRenumbered(t *testing.T) {
	play(t, func(w *world) {
		w.until(20, 0)
		w.sends("ana", "mei@team.example", "Budget", "Here is the budget.")
		w.arrives("INBOX", "Figures")
		w.wait(time.Minute)
		w.host.DropFolder("Tidepost/Scheduled")
		w.wait(2 * time.Minute)
		if n := count(w.subjects("Tidepost/Scheduled"), "Budget"); n != 1 {
			w.must(errorf("Scheduled: %q", w.subjects("Tidepost/Scheduled")))
		}
		w.host.RenameFolder("Tidepost/Next delivery", "Later")
		w.wait(2 * time.Minute)
		w.want("Later", "Figures")
		for _, f := range []string{"INBOX", "Later", "Tidepost/Scheduled"} {
			w.host.Renumber(f)
		}
		w.wait(2 * time.Minute)
		w.want("Later", "Figures")
		if n := count(w.subjects("Tidepost/Scheduled"), "Budget"); n != 1 {
			w.must(errorf("Scheduled: %q", w.subjects("Tidepost/Scheduled")))
		}
		w.until(13, 1)
		if n := count(w.subjects("INBOX"), "Figures"); n != 1 {
			w.must(errorf("INBOX: %q", w.subjects("INBOX")))
		}
		w.want("Later")
	})
}

func count(list []string, what string) (n int) {
	for _, s := range list {
		if s == what {
			n++
		}
	}
	return n
}

func TestRollbackLeavesTheAccountAsItWas(t *testing.T) {
	play(t, func(w *world) {
		w.host.Import("INBOX", []byte("From: x@y.example\r\nSubject: Old\r\nMessage-ID: <old@y>\r\n\r\nOld.\r\n"), time.Now().Add(-9*24*time.Hour))
		w.until(20, 0)
		w.sends("ana", "mei@team.example", "Budget", "Here is the budget.")
		w.sends("mei", "ana@team.example", "Question", "Ana, can you send me the contract by Friday?")
		w.arrives("INBOX", "Figures")
		w.arrives("INBOX", "List mail", "List-Id: <all.example.org>", "Precedence: list")
		w.wait(time.Minute)
		w.setInbox("store")
		p, _ := w.g.People().ByID(w.ana)
		out, err := w.g.Mailboxes().Rollback(context.Background(), p, mirror.KeepWaiting)
		w.must(err)
		for _, f := range w.host.Folders() {
			if strings.HasPrefix(f, "Tidepost") {
				t.Errorf("folder %s is left (%+v)", f, out)
			}
		}
		w.want("Drafts", "Budget")
		for _, s := range []string{"Old", "Figures", "List mail"} {
			if n := count(w.subjects("INBOX"), s); n != 1 {
				t.Errorf("%s is %d times in INBOX: %q", s, n, w.subjects("INBOX"))
			}
		}
		w.arrives("INBOX", "Later mail")
		w.wait(time.Minute)
		if !w.has("INBOX", "Later mail") {
			t.Error("mail is still taken away")
		}
	})
}

func TestTroubleIsToldOnceAndNothingIsLost(t *testing.T) {
	play(t, func(w *world) {
		w.host.SetRefuse(remote.ErrAuth)
		w.host.SetCut(func(string) fakehost.Cut { return fakehost.Before })
		w.arrives("INBOX", "Figures")
		w.wait(5 * time.Minute)
		w.host.SetCut(nil)
		w.want("INBOX", "Figures")
		if got := w.g.Mailboxes().Troubles(); len(got) != 1 || !strings.Contains(got[0].What, "refuses the login") {
			t.Errorf("troubles: %v", got)
		}
		w.host.SetRefuse(nil)
		w.wait(40 * time.Minute)
		if got := w.g.Mailboxes().Troubles(); len(got) != 0 {
			t.Errorf("troubles: %v", got)
		}
		if n := count(w.subjects("INBOX"), "Your mailbox is not tended"); n != 1 {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
		w.host.SetRoom(100)
		w.sends("mei", "ana@team.example", "Question", "Ana, can you send me the contract by Friday?")
		w.until(13, 30)
		if w.has("INBOX", "Question") {
			t.Error("there was no room for it")
		}
		w.host.SetRoom(-1)
		w.wait(15 * time.Minute)
		if n := count(w.subjects("INBOX"), "Question"); n != 1 {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
		if n := count(w.subjects("INBOX"), "Your mailbox is full"); n != 1 {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
	})
}

func TestSecondTidepostStandsBack(t *testing.T) {
	play(t, func(w *world) {
		w.stop()
		for _, v := range w.host.Folder("Tidepost/About") {
			w.must(w.host.Delete("Tidepost/About", v.MID))
		}
		w.host.Deliver("Tidepost/About", []byte(fmt.Sprintf("Tidepost-Tends: somebodyelse %d\r\nMessage-ID: <l@x>\r\n\r\nMine.\r\n", time.Now().Unix())))
		w.start()
		w.arrives("INBOX", "Figures")
		w.wait(time.Minute)
		w.want("INBOX", "Figures")
		if got := w.g.Mailboxes().Troubles(); len(got) != 1 || !strings.Contains(got[0].What, "another Tidepost") {
			t.Errorf("troubles: %v", got)
		}
		w.wait(25 * time.Hour)
		w.arrives("INBOX", "Next day")
		w.wait(time.Minute)
		if w.has("INBOX", "Next day") {
			t.Error("a letter that is a day old still counts")
		}
	})
}
