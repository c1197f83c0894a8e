package intent

import (
	"strings"
	"testing"
	"time"

	"tidepost/mail"
)

// monday is when all mails of the tests were written.
var monday = time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)

func box(name, local string) mail.Mailbox {
	return mail.Mailbox{Name: name, Address: mail.Address{Local: local, Domain: "x.test"}}
}

var (
	ana = box("Ana Sousa", "ana")
	mei = box("Mei Lindqvist", "mei")
	tom = box("Tom Okafor", "tom")
)

func readers() []mail.Mailbox { return []mail.Mailbox{mei} }

// readTo reads a text as a mail from Ana.
func readTo(text string, to ...mail.Mailbox) Findings {
	if len(to) == 0 {
		to = []mail.Mailbox{mei}
	}
	return Read(Input{Text: text, From: ana, To: to, Date: monday})
}

func TestWhatAsks(t *testing.T) {
	for _, text := range []string{
		"Could you send me the figures?",
		"Can you both have a look at the draft?",
		"Please update the pricing page before the launch.",
		"Send me the invoice when you get it.",
		"I need the signed contract by Friday.",
		"I'd appreciate it if you could call the landlord.",
		"It would be great if somebody could water the plants.",
		"Would it be possible to move the review to Tuesday?",
		"Do you have the keys for the storage room?",
		"Which of the two dates suits you better?",
		"Any news from the supplier?",
		"Let me know whether the room is free.",
		"Let me know if that works for you.",
		"Would you mind checking the totals once more?",
		"I was wondering if you could join us on Thursday.",
		"You need to renew your certificate by 20 March.",
		"Everyone needs to reset their password this week.",
		"Get back to me with a number, will you?",
		"Thoughts on the second draft?",
		"Is the backup running again?",
		"We are waiting for your approval.",
		"Tell Karin that the visitors come at nine.",
		"If you find the cable, leave it on my desk please.",
		"Two chairs for the meeting room by noon, please.",
		"Could we meet for half an hour tomorrow?",
		"Please contact Zoe about the badge.",
		"Mind having a quick look at the attached sheet?",
		"Make sure that the gate is locked tonight.",
		"Review the notes and add what is missing.",
		"Who can take the shift on Saturday?",
		"When do you expect the parts?",
		"Your decision is needed by Wednesday.",
		"I look forward to your answer and need it by Friday.",
		"Kindly do the needful.",
		"I must ask you to return the key.",
		"Remind me, which port did we agree on?",
		"Appreciate your feedback on the draft by Thursday.",
		"Please advise.",
		"Can someone pick up the parcel?",
		"Shall I book the tickets?",
		"What's the status of the migration?",
		"How about lunch on Friday?",
		"Check with Pete whether the pallets are gone.",
		"Drop me a line when you are back.",
		"We would like to have your comments by noon.",
		"You should have received the form; fill it in by Thursday.",
		"Ask Ruth for the slides.",
		"Give me a ring this afternoon.",
		"Keep me in the loop and tell me when it is done.",
		"Would Tuesday at 3 work for you?",
		"Does that make sense to you?",
		"Feel free to comment, but sign it by Friday please.",
		"May I ask you for a short statement?",
		"The form has to be back on my desk by Friday, so please sign it.",
		"Mei, the totals on page 3 look off to me, can you check?",
		"I'm missing your timesheet for February.",
		"Hoping you can send the logs today.",
		"Grateful for a quick yes or no.",
		"Over to you for the final check.",
		"Try again with the new key and tell me what happens.",
	} {
		if f := readTo(text); len(f.Asks) == 0 {
			t.Errorf("no ask in %q", text)
		} else if f.Asks[0].Because == "" {
			t.Errorf("no reason for %q", text)
		}
	}
}

func TestWhatDoesNotAsk(t *testing.T) {
	for _, text := range []string{
		"Please find attached the minutes of yesterday.",
		"Let me know if you need anything else.",
		"Thanks for your help with the move!",
		"Feel free to use the small room.",
		"Don't hesitate to contact me.",
		"I will send you the figures tomorrow.",
		"We could use the old mast, I think.",
		"Users can disregard the message.",
		"The build is green again.",
		"Have a nice weekend!",
		"See you on Thursday.",
		"I asked Tom whether he could come, and he said yes.",
		"You're right, that was my mistake.",
		"Please note that the office is closed on Friday.",
		"Nothing to do for you here.",
		"The meeting on Friday went well.",
		"Here are the notes of the review.",
		"Congratulations, you have earned it.",
		"We need more stations in the north, that is clear.",
		"If you have any questions, I am in the office until five.",
		"Please don't forward this mail.",
		"Olga checked the report and found no error.",
		"He wants to know everything, as always.",
		"The customer called to say thank you.",
		"I'm out until Tuesday.",
		"What a week!",
		"Who would have thought?",
		"Let's see how it goes.",
	} {
		if f := readTo(text); len(f.Asks) > 0 {
			t.Errorf("%q asks %q because of %q", text, f.Asks[0].Text, f.Asks[0].Because)
		}
	}
}

func TestForeignAsks(t *testing.T) {
	for _, text := range []string{
		"Kannst du mir bitte bis Freitag die Zahlen schicken?",
		"Hallo Mei, bitte prüf den Vertrag und gib mir kurz Bescheid.",
		"Könnten Sie uns das Angebot noch heute senden?",
		"Ich brauche von dir noch die Freigabe für den Druck.",
		"Wann kommt die Lieferung an, und wer nimmt sie an?",
		"Wir wären dankbar, wenn Sie uns den Termin bestätigen könnten.",
		"Pourriez-vous me confirmer la date de la livraison ?",
		"Merci de me renvoyer le contrat signé avant vendredi.",
		"Bonjour, peux-tu regarder le devis et me dire ce que tu en penses ?",
		"Nous vous demandons de vérifier les chiffres de la page trois.",
		"¿Puedes enviarme el informe antes del viernes?",
		"Necesito que me confirmes la hora de la reunión.",
		"Por favor, revisa los datos de la factura y dime si están bien.",
		"Podes enviar-me o relatório até sexta-feira?",
		"Agradeço que confirme a data da reunião com o cliente.",
		"Kun je mij de cijfers van vorige maand sturen?",
		"Graag hoor ik van je of de datum schikt voor jullie.",
		"Zou u ons de factuur opnieuw willen sturen?",
	} {
		if f := readTo(text); len(f.Asks) == 0 {
			t.Errorf("no ask in %q (%s)", text, f.Language)
		}
	}
	for _, text := range []string{
		"Anbei die Rechnung, bei Fragen melde dich gerne.",
		"Veuillez trouver ci-joint le compte rendu de la réunion.",
		"Gracias por la información, todo está muy claro.",
		"Obrigado pela ajuda com o relatório, ficou muito bom.",
		"Bedankt voor de snelle reactie, het is zo duidelijk.",
		"Kan ni skicka mig siffrorna innan fredag, det är bråttom för oss?",
	} {
		if f := readTo(text); len(f.Asks) > 0 {
			t.Errorf("%q asks because of %q", text, f.Asks[0].Because)
		}
	}
}

func TestOwners(t *testing.T) {
	team := box("Engineering", "eng")
	for _, c := range []struct {
		text string
		to   []mail.Mailbox
		want string // names; * all, ? somebody
	}{
		{"Could you check the log?", []mail.Mailbox{mei}, "Mei"},
		{"Mei, could you check the log?", []mail.Mailbox{mei, tom}, "Mei"},
		{"@Tom please restart the node.", []mail.Mailbox{mei, tom}, "Tom"},
		{"Tom and Mei, please read the draft.", []mail.Mailbox{mei, tom}, "Tom Mei"},
		{"Could you both read the draft?", []mail.Mailbox{mei, tom}, "*"},
		{"Could somebody read the draft?", []mail.Mailbox{mei, tom}, "?"},
		{"Please read the draft.", []mail.Mailbox{mei, tom}, "*"},
		{"Hi Tom,\n\nplease read the draft.", []mail.Mailbox{mei, tom}, "Tom"},
		{"Please read the draft.", []mail.Mailbox{team}, "Engineering*"},
		{"Dan – split the table in two by Friday.", []mail.Mailbox{team}, "Dan"},
		{"Can you check it, Mei?", []mail.Mailbox{mei, tom}, "Mei"},
		{"Tom needs to sign the form by Friday.", []mail.Mailbox{mei, tom}, "Tom"},
		{"Tom Okafor, please sign the form.", []mail.Mailbox{mei, tom}, "Tom"},
	} {
		f := readTo(c.text, c.to...)
		if len(f.Asks) != 1 {
			t.Errorf("%q: %d asks", c.text, len(f.Asks))
			continue
		}
		var got []string
		for _, o := range f.Asks[0].Owners {
			got = append(got, strings.Fields(o.Name)[0])
		}
		text := strings.Join(got, " ")
		if f.Asks[0].All {
			text += "*"
		}
		if f.Asks[0].Someone {
			text += "?"
		}
		if text != c.want {
			t.Errorf("%q is put to %q, want %q", c.text, text, c.want)
		}
	}
}

func TestTwoAsksInOneSentence(t *testing.T) {
	f := readTo("Mei, please sign the form and Tom can you file it by Friday?", mei, tom)
	if len(f.Asks) != 2 || f.Asks[0].Owners[0].Address != mei.Address || f.Asks[1].Owners[0].Address != tom.Address {
		t.Fatalf("got %+v", f.Asks)
	}
	if f.Asks[1].Due == nil || f.Asks[1].Due.At != time.Date(2026, 3, 13, 17, 30, 0, 0, time.UTC) {
		t.Errorf("due %+v", f.Asks[1].Due)
	}
}

func TestSpansAreVerbatim(t *testing.T) {
	const text = "Hi Mei,\n\nthe disk is full. Could you add\na second one by Thursday noon? Thanks!"
	f := readTo(text)
	if len(f.Asks) != 1 {
		t.Fatalf("asks %+v", f.Asks)
	}
	a := f.Asks[0]
	if got := text[a.Start:a.End]; got != "Could you add\na second one by Thursday noon?" || a.Text != strings.ReplaceAll(got, "\n", " ") {
		t.Errorf("span %q, text %q", got, a.Text)
	}
	if a.Due == nil || text[a.Due.Start:a.Due.End] != "by Thursday noon" || a.Because != "Could you add" {
		t.Errorf("due %+v because %q", a.Due, a.Because)
	}
}

func TestAskKinds(t *testing.T) {
	for text, want := range map[string]string{
		"Please approve the budget.":            AskDecide,
		"Could you review the draft?":           AskReview,
		"Can you join the call on Friday?":      AskAttend,
		"Let me know what the customer said.":   AskAnswer,
		"Please restart the server.":            AskDo,
		"Is the server up again?":               AskAnswer,
		"Please book two rooms for the summit.": AskDo,
	} {
		if f := readTo(text); len(f.Asks) != 1 || f.Asks[0].Kind != want {
			t.Errorf("%q: %+v, want %s", text, f.Asks, want)
		}
	}
}

func TestBulkAndMachinesAskNothing(t *testing.T) {
	in := Input{Text: "Please renew your subscription now!", From: ana, To: []mail.Mailbox{mei}, Date: monday}
	for _, set := range []func(*Input){func(i *Input) { i.Bulk = true }, func(i *Input) { i.Automatic = true }} {
		bulk := in
		set(&bulk)
		if f := Read(bulk); len(f.Asks)+len(f.Promises)+len(f.Decisions) > 0 {
			t.Errorf("%+v", f)
		}
	}
}

func TestAskInTheSubject(t *testing.T) {
	f := Read(Input{Subject: "Please sign the lease by Friday", Text: "Mei", From: ana, To: []mail.Mailbox{mei}, Date: monday})
	if len(f.Asks) != 1 || !f.Asks[0].InSubject || f.Asks[0].Due == nil {
		t.Errorf("%+v", f.Asks)
	}
}
