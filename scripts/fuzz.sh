#!/bin/sh
# Every fuzz target for a while: scripts/fuzz.sh TIME [PACKAGE...]. One build a
# package; a crash leaves its input in testdata/fuzz of the package and fails.
set -eu
time=$1
shift
[ $# -gt 0 ] || set -- $(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run fuzzes target $2 of the package in folder $1.
run() {
	(cd "$1" && "$work/fuzz.test" -test.run '^$' -test.fuzz "^$2\$" -test.fuzztime "$time" -test.fuzzcachedir "$work/cache") >"$work/log" 2>&1
}

# late tells whether nothing was found but that a worker was not ready when the time was
# over, which the fuzzing engine calls a failure on a busy machine.
late() {
	grep -q 'context deadline exceeded' "$work/log" && ! grep -q 'Failing input written' "$work/log"
}

for dir in "$@"; do
	targets=$(grep -h '^func Fuzz' "$dir"/*_test.go | sed 's/func \(Fuzz[A-Za-z0-9_]*\).*/\1/')
	(cd "$dir" && go test -tags sqlite_fts5 -c -fuzz=. -o "$work/fuzz.test" .)
	for t in $targets; do
		echo "$dir $t"
		run "$dir" "$t" || { late && run "$dir" "$t"; } || {
			cat "$work/log"
			exit 1
		}
	done
done
