#!/bin/sh
# Accounts at a provider: what COUNT idle ones cost, with Tidepost built and a real Dovecot
# beside it (processor time from /proc, PSS, connections, over MEASURE seconds), and one that holds
# MESSAGES: first pass, rest, restart, everything numbered anew, nothing lost or doubled.
# One line a figure. It needs the packages of `make deps`.
#   COUNT=200 MEASURE=120 MESSAGES=50000 sh bench/provider.sh
set -eu
cd "$(dirname "$0")/.."
export TIDEPOST_E2E=require TIDEPOST_BINARY="${TIDEPOST_BINARY:-$PWD/bin/tidepost}"
export TIDEPOST_ACCOUNTS="${COUNT:-200}" TIDEPOST_SECONDS="${MEASURE:-120}" TIDEPOST_MESSAGES="${MESSAGES:-50000}"
${GO:-go} test -tags sqlite_fts5 -count 1 -timeout 60m -v -run '^(TestIdleAccounts|TestLargeAccount)$' ./e2e |
	sed -n 's/^ *[a-z]*_test.go:[0-9]*: //p; /^--- /p; /^FAIL/p'
