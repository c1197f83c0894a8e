#!/bin/sh
# Every fuzz target for a while: scripts/fuzz.sh TIME [PACKAGE...]. One build a
# package; a crash leaves its input in testdata/fuzz of the package and fails.
set -eu
time=$1
shift
[ $# -gt 0 ] || set -- $(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for dir in "$@"; do
	targets=$(grep -h '^func Fuzz' "$dir"/*_test.go | sed 's/func \(Fuzz[A-Za-z0-9_]*\).*/\1/')
	(cd "$dir" && go test -tags sqlite_fts5 -c -fuzz=. -o "$work/fuzz.test" .)
	for t in $targets; do
		echo "$dir $t"
		(cd "$dir" && "$work/fuzz.test" -test.run '^$' -test.fuzz "^$t\$" -test.fuzztime "$time" -test.fuzzcachedir "$work/cache") >"$work/log" 2>&1 || {
			cat "$work/log"
			exit 1
		}
	done
done
