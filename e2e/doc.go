// Package e2e tests the built binary as a stranger uses it: each server is a process
// of its own below a temporary directory, on loopback ports, and real mail clients and
// servers speak to it. There is only test code here.
//
//	TIDEPOST_BINARY=FILE   test this program instead of building one
//	TIDEPOST_E2E=require   a client that is not installed is a failure, not a skip
//	TIDEPOST_KILLS=N       how often TestKill kills the server (default 5)
//	GOCOVERDIR=DIR         is passed on to the program, for merged coverage
package e2e
