// Package badinput puts catalogues of hostile input through a real gateway.
//
// A catalogue (testdata/badinput) is one JSON object a line: what is sent to which
// door, what class of answer is right, and what must hold afterwards. The format is
// told in its README.md. Each row gets a gateway of its own: a child process with a
// fresh copy of a small team's data, so that memory, CPU time, log and database are
// the row's alone, and a panic is seen from outside.
//
//	case.go, steps.go   the row, and its steps as octets
//	world.go, child.go  the team, the gateway process, its probes
//	wire.go             one connection: what was sent and said, when
//	smtp.go, imap.go    the dialogue read off a connection
//	doors.go            rows that are octets at a door; sweep.go cuts them anywhere
//	letters.go          rows that are a letter: HTML, calendars
//	smarthost.go        rows in which we are the client
//	schedule.go         rows about time
//	expect.go           classes and codes; invariants.go what holds afterwards
//	run.go              the whole catalogue, in parallel, and its report
//
// What cannot be observed is reported as not checked, never as passed in silence.
package badinput
