// Package imapd serves the mailboxes of the store over IMAP4rev2 and IMAP4rev1:
// sessions of go-imap's imapserver behind the guard.
//
// A session is one connection. Its methods run one after another in the goroutine
// of the connection, but for Idle, which has a goroutine of its own; both take the
// session's lock, so that everything below it has one owner at a time.
//
// What a client is told, and when:
//
//   - Sequence numbers have one owner, the view of the selected mailbox. It holds
//     the UIDs as this client knows them. Every command translates through it, and
//     only Poll and Idle change it, in the moment they tell the client.
//   - The view is brought up to date from the modseq log of the store. A
//     subscription is opened before the first read and again looked at before every
//     wait, so a change is either in what was read or signals: no wake-up is lost.
//   - New messages are told as one EXISTS, however many came. They enter the view
//     only then, so a command never touches a message that was not announced.
//   - EXPUNGE is told from the highest number down, never while FETCH, STORE or
//     SEARCH with sequence numbers runs (RFC 9051 §7.5.1). Until then the view keeps
//     the number; the content can still be read, but nothing can be done to it.
//   - The flags a client stored itself are told in the answer of STORE, or not at all
//     with .SILENT, unless the result is another than it must expect.
//   - No transaction is open while a peer is written to. What goes out is gathered
//     first; bodies are read chunk by chunk.
//   - A message that cannot be read costs its own answer, never the connection.
//
// What moving between folders means is in package controls, one line a pair.
//
// It is not responsible for what waits and why (queue, inbox), for framing, TLS and
// limits (guard), or for reading MIME (mail).
//
// # BUGS
//
// The protocol library decides some things that cannot be put right from here:
// SEARCH with SMALLER beside another size or date key may lose SMALLER; SEARCH
// RETURN (SAVE) answers ALL as well; a section that does not exist is answered with
// an empty string instead of NIL; a body's MD5 is never shown; LSUB does not show
// unsubscribed parents of a subscribed mailbox. A partial BINARY fetch is refused,
// since the answer would not say where it begins. BODY and TEXT look into what
// package mail keeps of a text, which is capped, not into attached files.
package imapd
