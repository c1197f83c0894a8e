// Package testkit holds what the tests of several packages share: a scripted
// upstream server, connections for bubbles of testing/synctest, a certificate
// authority in memory, a runner of written dialogues and a few realistic mails.
// It is for tests only; nothing that ships imports it.
package testkit
