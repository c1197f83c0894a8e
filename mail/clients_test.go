package mail

import (
	"fmt"
	"strings"
	"testing"
)

// TestHeaderBlocksOfClients cuts what Outlook and its kin put above the mail they
// answer, in the languages they speak.
func TestHeaderBlocksOfClients(t *testing.T) {
	for lang, names := range map[string][]string{
		"en": {"From", "Sent", "To", "Subject"}, "en date": {"From", "Date", "To", "Subject"}, "de": {"Von", "Gesendet", "An", "Betreff"}, "de date": {"Von", "Datum", "An", "Betreff"},
		"fr": {"De", "Envoyé", "À", "Objet"}, "fr date": {"De", "Date", "À", "Objet"}, "es": {"De", "Enviado", "Para", "Asunto"}, "es el": {"De", "Enviado el", "Para", "Asunto"}, "es fecha": {"De", "Fecha", "Para", "Asunto"},
		"pt": {"De", "Enviado", "Para", "Assunto"}, "pt em": {"De", "Enviada em", "Para", "Assunto"}, "pt data": {"De", "Data", "Para", "Assunto"}, "it": {"Da", "Inviato", "A", "Oggetto"}, "it data": {"Da", "Data", "A", "Oggetto"},
		"nl": {"Van", "Verzonden", "Aan", "Onderwerp"}, "nl datum": {"Van", "Datum", "Aan", "Onderwerp"}, "sv": {"Från", "Skickat", "Till", "Ämne"}, "sv datum": {"Från", "Datum", "Till", "Ämne"},
		"da": {"Fra", "Sendt", "Til", "Emne"}, "da dato": {"Fra", "Dato", "Til", "Emne"}, "fi": {"Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"}, "pl": {"Od", "Wysłano", "Do", "Temat"}, "cs": {"Od", "Odesláno", "Komu", "Předmět"},
	} {
		for _, style := range []string{"%s: %s\n", "*%s:* %s\n", "%s : %s\n", "**%s:** %s\n", "  %s: %s\n"} {
			block := ""
			for i, value := range []string{"Ana Sousa <ana@x.test>", "Montag, 9. März 2026 10:14", "Mei Chen; Tom Okafor", "Re: Buoys"} {
				block += fmt.Sprintf(style, names[i], value)
			}
			text := "Yes, that works.\n\n" + block + "\nCan you bring the buoys?\n"
			if got := StripQuotes(text); got != "Yes, that works." {
				t.Errorf("%s %q: %q", lang, style, got)
			}
		}
	}
}

// TestAttributionsOfClients cuts the line above a quote, also where the quote is
// not marked or the line is wrapped.
func TestAttributionsOfClients(t *testing.T) {
	for _, line := range []string{
		"On Mon, Mar 9, 2026 at 10:14 AM Ana Sousa <ana@x.test> wrote:", "On 9 Mar 2026, at 10:14, Ana Sousa <ana@x.test> wrote:", "On 09/03/2026 10:14, Ana Sousa wrote:",
		"Am 09.03.2026 um 10:14 schrieb Ana Sousa:", "Am Mo., 9. März 2026 um 10:14 Uhr schrieb Ana Sousa <ana@x.test>:", "Am 09.03.26 um 10:14 schrieb ana@x.test:",
		"Le lun. 9 mars 2026 à 10:14, Ana Sousa <ana@x.test> a écrit :", "Le 09/03/2026 à 10:14, Ana Sousa a écrit :", "Le 9 mars 2026 à 10:14, Ana Sousa <ana@x.test> a écrit :",
		"El lun, 9 mar 2026 a las 10:14, Ana Sousa (<ana@x.test>) escribió:", "El 9/3/26 a las 10:14, Ana Sousa escribió:",
		"Em seg., 9 de mar. de 2026 às 10:14, Ana Sousa <ana@x.test> escreveu:", "Em 09/03/2026 10:14, Ana Sousa escreveu:", "A segunda, 9/03/2026, 10:14, Ana Sousa <ana@x.test> escreveu:",
		"Il giorno lun 9 mar 2026 alle ore 10:14 Ana Sousa <ana@x.test> ha scritto:", "Il 09/03/2026 10:14, Ana Sousa ha scritto:",
		"Op ma 9 mrt 2026 om 10:14 schreef Ana Sousa <ana@x.test>:", "Op 9 mrt. 2026 om 10:14 heeft Ana Sousa <ana@x.test> het volgende geschreven:",
		"Den mån 9 mars 2026 kl 10:14 skrev Ana Sousa <ana@x.test>:", "Den 2026-03-09 kl. 10:14, skrev Ana Sousa:", "Den man. 9. mar. 2026 kl. 10.14 skrev Ana Sousa <ana@x.test>:",
		"man. 9. mar. 2026 kl. 10:14 skrev Ana Sousa <ana@x.test>:", "ma 9. maalisk. 2026 klo 10.14 Ana Sousa (ana@x.test) kirjoitti:",
		"pon., 9 mar 2026 o 10:14 Ana Sousa <ana@x.test> napisał(a):", "W dniu 9.03.2026 o 10:14, Ana Sousa pisze:", "po 9. 3. 2026 v 10:14 odesílatel Ana Sousa <ana@x.test> napsal:",
		"2026-03-09 10:14 GMT+01:00 Ana Sousa <ana@x.test>:", "Ana Sousa <ana@x.test> schrieb am Mo., 9. März 2026, 10:14:", "Ana Sousa <ana@x.test> escreveu no dia segunda, 9/03/2026 à(s) 10:14:",
		"--- On Mon, 3/9/26, Ana Sousa <ana@x.test> wrote:", "On Mon, 9 Mar 2026 10:14:00 +0100\nAna Sousa <ana@x.test> wrote:", "On Monday, March 9th, 2026 at 10:14, Ana Sousa\n<ana@x.test> wrote:",
		"Am Mo., 9. März 2026 um 10:14 Uhr schrieb Ana Sousa <\nana@x.test>:", "Le lun. 9 mars 2026 à 10:14, Ana Sousa\n<ana@x.test> a écrit :", "------- Original Message -------\nOn Monday, March 9th, 2026 at 10:14, Ana <ana@x.test> wrote:",
	} {
		for _, quote := range []string{"> Can you bring the buoys?\n> Ana\n", "\n> Can you bring the buoys?\n", "\nCan you bring the buoys?\n"} {
			if got := StripQuotes("Yes, that works.\n\n" + line + "\n" + quote); got != "Yes, that works." {
				t.Errorf("%q %q: %q", line, quote, got)
			}
		}
	}
}

// TestSeparatorsOfClients cuts below the lines that begin an answered or forwarded
// mail.
func TestSeparatorsOfClients(t *testing.T) {
	for _, line := range []string{
		"-----Original Message-----", "----- Original Message -----", "-------- Original message --------", "-----Ursprüngliche Nachricht-----", "-------- Ursprüngliche Nachricht --------", "-------- Originalnachricht --------",
		"-----Message d'origine-----", "-------- Message d’origine --------", "-----Mensaje original-----", "-------- Mensaje original --------", "-----Mensagem original-----", "-------- Mensagem original --------",
		"-----Messaggio originale-----", "-------- Messaggio originale --------", "-----Oorspronkelijk bericht-----", "-------- Oorspronkelijk bericht --------", "-----Ursprungligt meddelande-----", "-------- Originalmeddelande --------",
		"-----Oprindelig meddelelse-----", "-----Opprinnelig melding-----", "-----Alkuperäinen viesti-----", "---------- Forwarded message ---------", "---------- Weitergeleitete Nachricht ---------", "---------- Message transféré ----------",
		"-------- Forwarded Message --------", "-------- Weitergeleitete Nachricht --------", "Begin forwarded message:", "Anfang der weitergeleiteten Nachricht:", "Début du message réexpédié :", "Début du message transféré :", "Inicio del mensaje reenviado:", "Início da mensagem reencaminhada:",
		"Inizio messaggio inoltrato:", "Begin doorgestuurd bericht:", "Vidarebefordrat brev:", "________________________________", "_____________________________________________", "---------- Videresendt meddelelse ----------", "---------- Vidarebefordrat meddelande ----------",
		"---------- Doorgestuurd bericht ----------", "---------- Mensagem encaminhada ---------", "---------- Mensaje reenviado ---------", "---------- Messaggio inoltrato ----------", "-----Původní zpráva-----", "-------- Wiadomość oryginalna --------",
	} {
		if got := StripQuotes("Yes, that works.\n\n" + line + "\nFrom: Ana <ana@x.test>\nCan you bring the buoys?\n"); got != "Yes, that works." {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// TestPhoneLines drops the line that a telephone or a program adds.
func TestPhoneLines(t *testing.T) {
	for _, line := range []string{
		"Sent from my iPhone", "Sent from my iPad", "Sent from my Samsung Galaxy smartphone.", "Sent from my mobile device", "Sent from Outlook for iOS", "Get Outlook for Android", "Get Outlook for iOS<https://aka.ms/o0ukef>", "Sent from Yahoo Mail on Android",
		"Sent from Proton Mail for iOS", "Sent with Proton Mail secure email.", "Sent via BlackBerry", "Sent from Mail for Windows", "Sent from my Huawei phone", "Sent from Gmail Mobile", "Sent from Spark", "Von meinem iPhone gesendet", "Gesendet von meinem iPhone", "Gesendet mit der GMX Mail App",
		"Von meinem Samsung Galaxy Smartphone gesendet.", "Gesendet von Outlook für iOS", "Envoyé de mon iPhone", "Envoyé depuis mon téléphone Android", "Envoyé à partir de Outlook pour iOS", "Télécharger Outlook pour Android", "Enviado desde mi iPhone", "Enviado do meu iPhone", "Obter o Outlook para Android",
		"Obtener Outlook para iOS", "Inviato da iPhone", "Inviato dal mio iPhone", "Inviato dal mio smartphone Samsung Galaxy.", "Verstuurd vanaf mijn iPhone", "Verzonden vanaf mijn Samsung-apparaat", "Outlook voor Android downloaden", "Skickat från min iPhone", "Sendt fra min iPhone", "Lähetetty iPhonesta", "Wysłane z iPhone'a",
		"Sendt fra Outlook til iOS", "Skickat från Outlook för Android", "Hämta Outlook för iOS", "Hent Outlook til iOS", "Scarica Outlook per Android", "Holen Sie sich Outlook für Android", "Envoyé avec la messagerie sécurisée Proton Mail.", "Enviado con Proton Mail", "Sent from my phone, please excuse typos",
	} {
		if got := StripQuotes("Yes, that works.\n\n" + line + "\n"); got != "Yes, that works." {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// TestOwnWordsStay keeps what only looks like a quote, a signature or a notice.
func TestOwnWordsStay(t *testing.T) {
	for _, text := range []string{
		"On Monday we met at 10.\nAna wrote: bring the buoys.", "From: here on we sail by night.\nIt is safer.", "To: do\n- buoys\n- lights", "Date: Friday\nPlace: the office\nPlease come.", "I sent it from my phone yesterday.",
		"Sent from my desk to yours: the new map is out, have a look and tell me what you think of the colours.", "Best wishes to your team, and regards from Tom.\nCould you still send the list?", "He wrote:\nwe will be late.", "We need\n--\nnothing more than a list of what is there, because the auditors ask for it and we have to give it to them by Friday, all of it.",
		"Subject: buoys, From: the harbour, all in one line.", "Regards the buoys: two are missing.\nCould you look?", "The options are\n\n____\n\nA or B, and I would take B because it is cheaper and because it needs no further permit from the harbour office at all.",
		"This email is about confidence.\nPlease read it.", "Am Montag um 10 Uhr schrieb Tom das Protokoll.\nEs ist fertig.", "Le lundi 9 mars, Ana a écrit le rapport.\nIl est prêt.",
	} {
		if got := StripQuotes(text); got != text {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestInlineRepliesStay keeps answers between quotes, and what stands below a
// formula where it is no signature.
func TestInlineRepliesStay(t *testing.T) {
	for text, want := range map[string]string{
		"On Mon, Mar 9, 2026 Ana <ana@x.test> wrote:\n> Who brings the buoys?\nTom does.\n> And when?\nOn Friday.\n":         "Tom does.\nOn Friday.",
		"See below.\n\nSent from my iPhone\n\n> Who brings the buoys?\nTom does.\n> And when?\nOn Friday.\n":                 "See below.\n\nTom does.\nOn Friday.",
		"Am 09.03.2026 um 10:14 schrieb Ana:\n> Wer bringt die Bojen?\n\nTom.\n\n> Wann?\n\nFreitag.\n\n-- \nMei Chen\nTide": "Tom.\n\nFreitag.",
		"Yes.\n\nBest regards,\nTom\n\nPS: please bring the lights too.":                                                     "Yes.\n\nPS: please bring the lights too.",
		"Yes.\n\nViele Grüße\nTom\n\nP.S. Bitte bring die Lampen mit.":                                                       "Yes.\n\nP.S. Bitte bring die Lampen mit.",
		"Yes, I will.\n\nThanks,\nTom":                                   "Yes, I will.",
		"Yes, I will.\n\nThank you!\n\nTom Okafor":                       "Yes, I will.",
		"Yes, I will.\n\nMerci,\nAna":                                    "Yes, I will.",
		"Yes, I will.\n\nDanke und Gruß\nTom":                            "Yes, I will.",
		"Thanks,\nTom":                                                   "Thanks,\nTom",
		"Yes.\n\nThanks,\nthe list is in the folder":                     "Yes.\n\nThanks,\nthe list is in the folder",
		"Yes.\n\nGina Moreno\nHead of Buoys\ngina@x.test\n+49 40 123456": "Yes.",
		"Here is who can tell you more, the contact of the yard.\n\nGina Moreno\n+49 40 123456":                         "Here is who can tell you more, the contact of the yard.\n\nGina Moreno\n+49 40 123456",
		"Please call:\n\nGina Moreno\ngina@x.test\n+49 40 123456":                                                       "Please call:\n\nGina Moreno\ngina@x.test\n+49 40 123456",
		"Yes.\n\nGina Moreno | Head of Buoys\nTideworks GmbH\nT +49 40 123456 | www.tide.test":                          "Yes.",
		"Yes.\n\n====\n\nMessage du : 12/12/2026 13:20\nDe : Ana <ana@x.test>\nA : tom@x.test\nSujet : Bouées\n\nQui ?": "Yes.",
		"Yes.\n\n-----\nFrom: Ana <ana@x.test>\nSent: Monday\nTo: Tom\nSubject: Buoys\n\nWho?":                          "Yes.",
		"Yes.\n\nKind regards,\n\nAna Sousa\nProject Lead\nTideworks\nRua do Mar 1, Lisboa\nana@x.test":                 "Yes.",
		"Yes.\n-- \nAna":                              "Yes.",
		"Yes.\n--\nAna\nTide":                         "Yes.",
		"Yes.\n\n—\nAna\nTide":                        "Yes.",
		"Yes.\n\n__\nlist@x.test\nhttp://x.test/list": "Yes.",
		"Yes.\n\nCONFIDENTIALITY NOTICE: The contents of this message may be privileged. If you received it in error, delete it.":       "Yes.",
		"Ja.\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, vernichten Sie diese Mail.": "Ja.",
		"Oui.\n\nCe message est confidentiel. Toute diffusion est interdite si vous n'êtes pas le destinataire.":                        "Oui.",
		"Yes.\n\nPlease consider the environment before printing this email.":                                                           "Yes.",
	} {
		if got := StripQuotes(text); got != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
}

// TestHTMLOfClients reads what the programs write.
func TestHTMLOfClients(t *testing.T) {
	for name, html := range map[string]string{
		"gmail":           `<div dir="ltr">Yes, that works.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Mar 9, 2026 at 10:14 AM Ana &lt;<a href="mailto:ana@x.test">ana@x.test</a>&gt; wrote:<br></div><blockquote class="gmail_quote">Can you?</blockquote></div>`,
		"gmail container": `<div dir="ltr">Yes, that works.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">Am Mo., 9. März 2026 schrieb Ana:<br></div><blockquote>Can you?</blockquote></div>`,
		"apple":           `<body>Yes, that works.<br><div><br><blockquote type="cite"><div>On 9 Mar 2026, at 10:14, Ana &lt;ana@x.test&gt; wrote:</div><div>Can you?</div></blockquote></div></body>`,
		"apple plain":     `<body>Yes, that works.<div><br><div>On 9 Mar 2026, at 10:14, Ana &lt;ana@x.test&gt; wrote:</div><br><blockquote type="cite">Can you?</blockquote></div></body>`,
		"apple phone":     `<body><div dir="ltr">Yes, that works.</div><br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">On 9 Mar 2026, at 10:14, Ana wrote:<br><br>Can you?</blockquote></div></body>`,
		"outlook desktop": `<div class=WordSection1><p class=MsoNormal>Yes, that works.<o:p></o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>From:</b> Ana &lt;ana@x.test&gt;<br><b>Sent:</b> Monday, 9 March 2026 10:14<br><b>To:</b> Tom<br><b>Subject:</b> Buoys</p></div></div><p class=MsoNormal>Can you?</p></div>`,
		"outlook web":     `<div>Yes, that works.</div><div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr"><font><b>Von:</b> Ana &lt;ana@x.test&gt;<br><b>Gesendet:</b> Montag, 9. März 2026 10:14<br><b>An:</b> Tom<br><b>Betreff:</b> Bojen</font></div><div>Can you?</div>`,
		"outlook x_":      `<div>Yes, that works.</div><div id="x_divRplyFwdMsg" dir="ltr"><b>De:</b> Ana &lt;ana@x.test&gt;<br><b>Envoyé:</b> lundi 9 mars 2026<br></div><div>Can you?</div>`,
		"outlook phone":   `<div>Yes, that works.</div><div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><hr><div id="divRplyFwdMsg"><b>From:</b> Ana<br><b>Sent:</b> Monday<br><b>To:</b> Tom<br></div><div>Can you?</div>`,
		"outlook mac":     `<div>Yes, that works.</div><div id="mail-editor-reference-message-container"><div><b>From: </b>Ana<br><b>Date: </b>Monday<br></div>Can you?</div>`,
		"yahoo":           `<div class="ydp1">Yes, that works.</div><div id="ydpquoted" class="yahoo_quoted"><div>On Monday, 9 March 2026, Ana wrote:</div><div>Can you?</div></div>`,
		"proton":          `<div>Yes, that works.</div><div class="protonmail_signature_block"><div>Sent with Proton Mail</div></div><div class="protonmail_quote">On Monday, Ana wrote:<blockquote class="protonmail_quote" type="cite">Can you?</blockquote></div>`,
		"thunderbird":     `<body>Yes, that works.<br><div class="moz-cite-prefix">Am 09.03.26 um 10:14 schrieb Ana:<br></div><blockquote type="cite" cite="mid:1">Can you?</blockquote><div class="moz-signature">-- <br>Tom</div></body>`,
		"thunderbird fwd": `<body>Yes, that works.<br><div class="moz-forward-container"><br>-------- Forwarded Message --------<table><tr><th>Subject:</th><td>Buoys</td></tr></table>Can you?</div></body>`,
		"zimbra":          `<div>Yes, that works.</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>"Ana"<br><b>To: </b>"Tom"<br><b>Sent: </b>Monday<br><b>Subject: </b>Buoys<br></div><div>Can you?</div>`,
		"gmx":             `<div>Yes, that works.</div><div name="quote" style="margin:10px 5px 5px 10px;padding: 10px 0 10px 10px;border-left:2px solid #C3D9E5;"><div><b>Gesendet:</b> Montag, 09. März 2026<br><b>Von:</b> Ana<br><b>An:</b> Tom<br><b>Betreff:</b> Bojen</div>Can you?</div>`,
		"fastmail":        `<div>Yes, that works.</div><div>On Mon, 9 Mar 2026, at 10:14 AM, Ana wrote:<br></div><blockquote type="cite" id="qt">Can you?</blockquote>`,
		"tutanota":        `<div>Yes, that works.</div><div>9. März 2026, 10:14 von ana@x.test:<br></div><blockquote class="tutanota_quote">Can you?</blockquote>`,
		"spark":           `<div name="messageBodySection">Yes, that works.</div><div name="messageReplySection">On 9 Mar 2026, 10:14 +0100, Ana &lt;ana@x.test&gt;, wrote:<br><blockquote type="cite">Can you?</blockquote></div>`,
		"signature":       `<div>Yes, that works.</div><div class="gmail_signature">Tom<br>Tideworks</div>`,
		"hidden preview":  `<style>p{}</style><div style="display:none">Preview of it</div><p>Yes, that works.</p><img src="x.gif" width=1 height=1>`,
	} {
		if got := NewWords(ContentOf("", html)); got != "Yes, that works." {
			t.Errorf("%s: %q", name, got)
		}
	}
	inline := `<div>See my answers.</div><blockquote type="cite"><div>Who?</div></blockquote><div>Tom.</div><blockquote type="cite"><div>When?</div></blockquote><div>On Friday.</div>`
	if got := NewWords(ContentOf("", inline)); strings.Join(strings.Fields(got), " ") != "See my answers. Tom. On Friday." {
		t.Errorf("inline: %q", got)
	}
}
