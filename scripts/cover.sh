#!/bin/sh
# Merged coverage: unit tests and the built binary, as one figure per package.
set -eu
out=cover
tags=sqlite_fts5
rm -rf $out
mkdir -p $out/unit $out/binary $out/bin
# The end-to-end tests count by what the binary runs, not by their own lines.
go test -tags $tags -cover -coverpkg=./... -timeout 15m $(go list -tags $tags ./... | grep -v '/e2e$') \
	-args -test.gocoverdir="$PWD/$out/unit" >$out/unit.log 2>&1 || {
	cat $out/unit.log
	exit 1
}
go build -tags $tags -cover -coverpkg=./... -o $out/bin/tidepost ./cmd/tidepost
TIDEPOST_BINARY="$PWD/$out/bin/tidepost" GOCOVERDIR="$PWD/$out/binary" \
	go test -tags $tags -count 1 -timeout 15m ./e2e/... >$out/e2e.log 2>&1 || {
	cat $out/e2e.log
	exit 1
}
[ -n "$(ls $out/binary)" ] || {
	echo "The built binary has left no coverage: were all end-to-end tests skipped?" >&2
	exit 1
}
dirs=$out/unit,$out/binary
go tool covdata percent -i=$dirs | sort
go tool covdata textfmt -i=$dirs -o $out/merged.txt
# Test programs do not count: they are there to run other code.
grep -vE '^tidepost/(e2e|intent/train|internal/(badinput|faults|testkit))/' $out/merged.txt >$out/product.txt
go tool cover -func=$out/product.txt | tail -1
