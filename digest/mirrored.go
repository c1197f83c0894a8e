package digest

import (
	"fmt"

	"tidepost/mail"
)

// AccountTrouble tells a person, once, that their mailbox at a provider cannot be tended,
// why, and what follows: mail simply flows.
func (w Writer) AccountTrouble(to Reader, why, help string) mail.Letter {
	return w.note(to, About{}, "Your mailbox is not tended",
		fmt.Sprintf("Tidepost cannot tend your mailbox at the moment: %s.", line(why, maxReply)),
		"Until it can, new mail arrives when it comes, and what you move between the folders below `Tidepost` is done later. Nothing is lost.",
		line(help, maxReply))
}

// AccountFull tells a person, once, that their mailbox at a provider takes no more.
func (w Writer) AccountFull(to Reader) mail.Letter {
	return w.note(to, About{}, "Your mailbox is full",
		"Your mailbox at your provider takes no more: digests and mail of colleagues wait here until there is room.",
		"Delete what you do not need there, and empty Trash. Nothing is lost.")
}

// AccountDenies tells a person of one mail that is not in their mailbox at a provider,
// because the provider would not have it. why stands behind "your provider".
func (w Writer) AccountDenies(to Reader, about About, from, why string) mail.Letter {
	what, who := subjectLine(about.Subject), line(from, maxName)
	if who == "" {
		who = "somebody"
	}
	return w.note(to, about, "Not in your mailbox: "+what,
		fmt.Sprintf("%s, from %s, is not in your mailbox: your provider %s.", what, who, line(why, maxReply)),
		fmt.Sprintf("Tidepost keeps it. Ask %s to send it another way, or your administrator to hand it to you.", who))
}

// AccountMark is the letter that lies in the account while it is tended: it says who does,
// so that no other Tidepost does.
func (w Writer) AccountMark(to Reader, host string) mail.Letter {
	return w.note(to, About{}, "This mailbox is tended by Tidepost",
		fmt.Sprintf("Tidepost at %s tends this mailbox: the folders below `Tidepost` are its own, and moving mail between them does what their names say.", line(host, maxName)),
		"This letter keeps a second Tidepost from doing the same. If the first one is gone for good, delete it.")
}
