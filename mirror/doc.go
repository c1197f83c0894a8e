// Package mirror keeps the store and a person's account at a provider in agreement, so
// that everything Tidepost does with folders happens in the mailbox that the person has,
// in whatever program they read it with.
//
// The store stays the truth about what waits, what is asked and what is due; the account
// is where the person looks and moves. A tender, one goroutine an account, compares both
// with what they agreed on last (links) and does what follows (Merge, which is pure).
//
// Invariants:
//   - Mail of the provider is never deleted: it is moved. Only what Tidepost wrote there
//     itself (Link.Own) is removed, when its entry has gone.
//   - Mail that came before the account was set up is not read, moved or flagged.
//   - New mail is filed in the store in the transaction that links it, so it is filed
//     once. What a crash or a lost connection interrupts at the provider is recognised by
//     Message-ID and size, not repeated.
//   - What the person moves is carried out by package controls, the same that serves a
//     mail client connected to Tidepost.
//   - Mail in the person's Sent that Tidepost did not see leave is only read: it is counted
//     once as gone past, and answers what it replies to.
//   - It fails open: what cannot be decided goes to INBOX or stays there.
//   - Trouble with an account is told once, to the person and to the admin.
//
// It is not responsible for speaking IMAP (remote), for logins (accounts), or for what a
// move means (controls).
package mirror
