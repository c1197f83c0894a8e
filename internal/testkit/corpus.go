package testkit

import (
	"encoding/base64"
	"strings"
)

// A Sample is one mail of the corpus, CRLF line ends, and its envelope.
type Sample struct {
	Name string
	From string // "" is the null reverse-path
	To   []string
	Text string
}

// Samples returns the whole corpus: letters between ana@team.example and
// mei@team.example, and what comes from outside. Names are unique.
func Samples() []Sample {
	ana, mei := "ana@team.example", []string{"mei@team.example"}
	return []Sample{
		{"question", ana, mei, Question()},
		{"answer", "mei@team.example", []string{ana}, Answer()},
		{"urgent", ana, mei, Urgent()},
		{"thanks", "mei@team.example", []string{ana}, Thanks()},
		{"together", ana, []string{"mei@team.example", "tom@client.example"}, ToSeveral()},
		{"invite", ana, mei, Invite()},
		{"code", "no-reply@bank.example", mei, Code()},
		{"list", "golang-owner@lists.example", mei, List()},
		{"html", "shop@store.example", mei, HTML()},
		{"attachment", ana, mei, Attachment()},
		{"utf8", ana, mei, UTF8()},
		{"signed", ana, mei, Signed()},
		{"vacation", "tom@client.example", []string{ana}, Vacation()},
		{"bounce", "", []string{ana}, Bounce()},
		{"dots", ana, mei, Dots()},
	}
}

// Letter builds a plain mail; body may have LF line ends. extra are whole
// fields, "Name: value".
func Letter(from, to, subject, id, body string, extra ...string) string {
	fields := append([]string{
		"From: " + from,
		"To: " + to,
		"Subject: " + subject,
		"Date: Mon, 23 Nov 2026 21:30:00 +0000",
		"Message-ID: <" + id + ">",
	}, extra...)
	return strings.Join(fields, "\r\n") + "\r\n\r\n" + crlf(body)
}

func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

const (
	fromAna = "Ana Lima <ana@team.example>"
	fromMei = "Mei Chen <mei@team.example>"
)

// Question asks Mei one thing with a due time.
func Question() string {
	return Letter(fromAna, fromMei, "Budget 2027", "q1@team.example",
		"Hi Mei,\n\nthe draft is in the shared folder. I propose option B.\nCould you send me the travel figures by Friday?\n\nThanks, Ana\n-- \nAna Lima\nTeam Example\n")
}

// Answer replies to Question with its text quoted.
func Answer() string {
	return Letter(fromMei, fromAna, "Re: Budget 2027", "a1@team.example",
		"On Mon, 23 Nov 2026 at 21:30, Ana Lima wrote:\n> Could you send me the travel figures by Friday?\n\nYes: 41,200 in all, 12,000 of it for Lisbon.\n\nMei\n",
		"In-Reply-To: <q1@team.example>", "References: <q1@team.example>")
}

// Urgent carries the override tag.
func Urgent() string {
	return Letter(fromAna, fromMei, "[urgent] Site is down", "u1@team.example", "The shop answers 500 since 21:10. Can you restart the payment job?\n")
}

// Thanks is a short reply that asks nothing.
func Thanks() string {
	return Letter(fromMei, fromAna, "Re: Budget 2027", "t1@team.example", "Great, thanks!\n", "In-Reply-To: <a1@team.example>", "References: <q1@team.example> <a1@team.example>")
}

// ToSeveral goes to a colleague and a client.
func ToSeveral() string {
	return Letter(fromAna, fromMei+", Tom <tom@client.example>", "Kick-off agenda", "k1@team.example",
		"Dear both,\n\nhere is the agenda for the kick-off. Please add your points.\n\nAna\n", "Cc: Ana Lima <ana@team.example>")
}

// Invite is a meeting request (RFC 6047).
func Invite() string {
	return Letter(fromAna, fromMei, "Invitation: Planning", "i1@team.example", `--b1
Content-Type: text/plain; charset=utf-8

Planning, Tuesday 10:00.
--b1
Content-Type: text/calendar; charset=utf-8; method=REQUEST

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:e1@team.example
DTSTAMP:20261123T213000Z
DTSTART:20261124T100000Z
DTEND:20261124T103000Z
SUMMARY:Planning
ORGANIZER:mailto:ana@team.example
ATTENDEE;RSVP=TRUE:mailto:mei@team.example
END:VEVENT
END:VCALENDAR
--b1--
`, "MIME-Version: 1.0", `Content-Type: multipart/alternative; boundary="b1"`)
}

// Code is a sign-in code.
func Code() string {
	return Letter("Bank <no-reply@bank.example>", fromMei, "Your sign-in code", "c1@bank.example", "Your code is 481 205. It is valid for 10 minutes.\n", "Auto-Submitted: auto-generated")
}

// List is mail of a mailing list.
func List() string {
	return Letter("Rob <rob@golang.example>", "golang@lists.example", "[golang] Release notes", "l1@lists.example",
		"The notes of the next release are up for review.\n",
		"List-Id: Go talk <golang.lists.example>", "List-Unsubscribe: <mailto:golang-leave@lists.example>", "Precedence: list")
}

// HTML is a shop's mail in two forms, with what must never be shown.
func HTML() string {
	return Letter("Store <shop@store.example>", fromMei, "Your order 17 has shipped", "h1@store.example", `--b2
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Order 17 has shipped =E2=80=93 it arrives on Thursday.
--b2
Content-Type: text/html; charset=utf-8

<html><body><p>Order <b>17</b> has shipped.</p>
<img src="https://track.store.example/p.gif" width=1 height=1>
<script>alert(1)</script></body></html>
--b2--
`, "MIME-Version: 1.0", `Content-Type: multipart/alternative; boundary="b2"`)
}

// Attachment is a letter with a file.
func Attachment() string {
	data := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("travel;1200\n", 40)))
	var lines strings.Builder
	for len(data) > 76 {
		lines.WriteString(data[:76] + "\n")
		data = data[76:]
	}
	lines.WriteString(data + "\n")
	return Letter(fromAna, fromMei, "Figures", "f1@team.example", "--b3\nContent-Type: text/plain\n\nAttached.\n--b3\nContent-Type: text/csv; name=figures.csv\nContent-Disposition: attachment; filename=figures.csv\nContent-Transfer-Encoding: base64\n\n"+lines.String()+"--b3--\n",
		"MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary="b3"`)
}

// UTF8 has an encoded subject and an 8-bit body.
func UTF8() string {
	return Letter("=?utf-8?q?Ana_Lim=C3=A3?= <ana@team.example>", fromMei, "=?utf-8?b?5pel56iL44Gu5L+u5q2j?=", "n1@team.example",
		"Olá Mei, 日程を金曜までに確認してください。\n", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
}

// Signed is an OpenPGP-signed mail: no octet of its body may change (RFC 3156).
func Signed() string {
	return Letter(fromAna, fromMei, "Contract", "s1@team.example", "--b4\nContent-Type: text/plain\n\nI agree to the contract of 20 November.  \n--b4\nContent-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----\n\niHUEARYKAB0WIQTexample\n-----END PGP SIGNATURE-----\n--b4--\n",
		"MIME-Version: 1.0", `Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="b4"`)
}

// Vacation is an automatic answer (RFC 3834).
func Vacation() string {
	return Letter("Tom <tom@client.example>", fromAna, "Auto: Kick-off agenda", "v1@client.example", "I am away until 30 November.\n", "Auto-Submitted: auto-replied", "In-Reply-To: <k1@team.example>")
}

// Bounce is another server's report about ToSeveral (RFC 3464).
func Bounce() string {
	return Letter("Mail Delivery System <MAILER-DAEMON@mx.client.example>", "ana@team.example", "Undelivered Mail Returned to Sender", "d1@mx.client.example", `This is a MIME-encapsulated message.

--b5
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

<tom@client.example>: host in.client.example[192.0.2.7] said: 550 5.1.1 User unknown
--b5
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.client.example
X-Postfix-Queue-ID: 4A1B2C
Arrival-Date: Mon, 23 Nov 2026 21:30:05 +0000

Final-Recipient: rfc822; tom@client.example
Original-Recipient: rfc822;tom@client.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; in.client.example
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b5
Content-Type: text/rfc822-headers

From: Ana Lima <ana@team.example>
To: Mei Chen <mei@team.example>, Tom <tom@client.example>
Subject: Kick-off agenda
Message-ID: <k1@team.example>

--b5--
`, "Auto-Submitted: auto-replied", "MIME-Version: 1.0", `Content-Type: multipart/report; report-type=delivery-status; boundary="b5"`)
}

// Dots has lines that dot stuffing changes on the wire and nowhere else.
func Dots() string {
	return Letter(fromAna, fromMei, "Dots", "dots@team.example", ".\n..\n...three\nend .\n.hidden\n\n.\n")
}
