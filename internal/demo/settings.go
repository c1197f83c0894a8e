package demo

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// showSettings prints what a person needs to take part: who there is, what to type
// into a mail client, and commands to paste into a shell.
func showSettings(show *screen, w *world, now time.Time) {
	show.heading("Tidepost runs on this machine. Ctrl-C ends it.")
	w.introduce(show, now)
	d := w.doors
	show.heading("In a mail client (Thunderbird, Apple Mail, Outlook, a phone on this machine)")
	if w.elsewhere == nil {
		show.line("   reading   IMAP   localhost   port %d STARTTLS   or %d SSL/TLS", d.IMAP, d.IMAPS)
	} else {
		show.line("   reading   as you do: %s, accounts %s (Ana) and %s (Mei), folders below %s/", w.elsewhere.IMAP, w.elsewhere.Ana.User, w.elsewhere.Mei.User, below)
	}
	show.line("   sending   SMTP   localhost   port %d STARTTLS   or %d SSL/TLS", d.Submission, d.Submissions)
	for _, who := range []resident{w.ana, w.mei} {
		show.line("   %-7s   %s   password %s", who.first(), who.address, who.password)
	}
	show.line("   The certificate is the demo's own: accept it, or trust %s", filepath.Join(w.dir, "tidepost.crt"))

	show.heading("In a shell: Ana writes to Mei, sees it wait, and asks why")
	show.line("   %s", strings.Join(w.commands(), "\n\n   "))
	show.heading("Things to try")
	for _, s := range []string{
		"Write to Mei as Ana. Look into Scheduled: the letter on top says when it leaves, and why.",
		"Drag it to Drafts (not sent), to Scheduled/Send now, to Scheduled/When they start work.",
		"Begin a subject with [now], [urgent] or [send in 2 min].",
		"Write to Ana as Mei: Ana is awake, so it comes with the tide, every full minute, with a digest.",
		"Write to " + olga + ": it leaves in " + liveUndo.String() + ", she answers in " + answerAfter.String() + ".",
	} {
		show.line("   - %s", s)
	}
	show.heading("What happens")
}

// introduce prints who there is and what their clocks show.
func (w *world) introduce(show *screen, now time.Time) {
	for _, p := range []struct {
		who  resident
		open time.Time
		does string
	}{{w.ana, w.opening.Add(-shift), "at work"}, {w.mei, w.opening, "asleep"}} {
		show.line("   %-4s  %-7s  %s  %-8s  works %s", p.who.first(), p.who.city, p.who.clock(now), p.does,
			strings.TrimPrefix(hours(p.open, p.who.zone), "daily "))
	}
}

// commands are ready to be pasted: sending, reading, a terminal mail client, and the
// program's own view beside the running demo.
func (w *world) commands() []string {
	fill := strings.NewReplacer(
		"CRT", filepath.Join(w.dir, "tidepost.crt"), "TOML", filepath.Join(w.dir, "tidepost.toml"),
		"SUBMISSION", portText(w.doors.Submission), "SMTPS", portText(w.doors.Submissions), "IMAPS", portText(w.doors.IMAPS),
		"ANA", w.ana.address, "MEI", w.mei.address, "PASSWORD", w.ana.password,
	)
	list := []string{
		fill.Replace("swaks --server localhost:SUBMISSION --tls --auth-user ANA --auth-password PASSWORD \\\n" +
			"     --from ANA --to MEI --header 'Subject: Hello Mei' --body 'Is the harbour blue?'"),
		fill.Replace("curl --cacert CRT --user ANA:PASSWORD \\\n" +
			"     --url 'imaps://localhost:IMAPS/Scheduled;MAILINDEX=*'"),
		fill.Replace("neomutt -n -F /dev/null -e 'set ssl_force_tls certificate_file=CRT from=ANA' \\\n" +
			"     -e 'set imap_user=ANA imap_pass=PASSWORD folder=imaps://localhost:IMAPS/ spoolfile=+INBOX' \\\n" +
			"     -e 'set smtp_url=smtps://ANA@localhost:SMTPS/ smtp_pass=PASSWORD' -e 'mailboxes +INBOX +Scheduled +Drafts'"),
		fill.Replace(os.Args[0] + " -c TOML queue list"),
	}
	if w.elsewhere != nil { // What reads at Tidepost shows nothing of a mailbox elsewhere.
		return []string{list[0], list[len(list)-1]}
	}
	return list
}
