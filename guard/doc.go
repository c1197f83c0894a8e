// Package guard is the net.Conn that stands between a socket and the protocol
// libraries go-smtp and go-imap's imapserver.
//
// The libraries were written for well-meaning peers. The guard lets them see
// only whole, well-formed, bounded commands, and lets the peer see only replies
// that are true. Invariants:
//
//   - One command at a time: the library is handed the next command only when it
//     asks for it, that is, after it has answered the one before. So everything
//     it wrote in between is the answer, and no goroutine is needed.
//   - No octet of a message is ever handed over as a command, and no octet sent
//     in clear is acted upon after TLS began.
//   - The first read error, deadline or breach is final: the peer gets one last
//     421 or BYE, the socket is closed, and every later Read gives that error.
//   - Memory per connection is bounded by the limits in the options; message
//     bodies stream.
//
// The guard owns TLS and all deadlines: the libraries run without TLSConfig, with
// their insecure-auth switch on and no time-outs (see SMTPOptions.Configure), and
// deadlines they set are ignored. Sessions ask the guard, not the library,
// whether the connection is secure.
//
// It knows nothing of people, mailboxes or messages. The mechanism is the same
// for both protocols (wire.go); what differs is in smtp*.go and imap*.go.
package guard
