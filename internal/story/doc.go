// Package story plays stories: what happens to a team's mail, told in plain sentences
// (scenarios/README.md has the language), with people, calendars, mails, replies, and
// what must then stand in which folder at what time.
//
// A story is played by a whole gateway as it ships: its own SMTP and IMAP doors over
// pipes, its database, its one timer loop. Only the outside is made up (a smarthost
// that records), and time is virtual (testing/synctest): a week takes a moment.
//
// File by file: text.go parts a file into statements; moment.go and place.go read
// times; form.go finds the form of a statement, forms_*.go say what each form does;
// world.go and server.go are the gateway and what surrounds it; smtp.go and imap.go
// are the clients; look_*.go compare what is with what was expected.
//
// process.go has the same played by the program that ships, in a bubble of processes
// (make week).
//
// It is for tests only; nothing that ships imports it.
package story
