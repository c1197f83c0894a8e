#!/bin/sh
# Merged coverage: unit tests and the built binary, as one figure per package.
set -eu
out=cover
rm -rf $out
mkdir -p $out/unit $out/binary $out/bin
go build -tags sqlite_fts5 -cover -coverpkg=./... -o $out/bin/tidepost ./cmd/tidepost
go test -tags sqlite_fts5 -cover -coverpkg=./... -timeout 15m ./... -args -test.gocoverdir="$PWD/$out/unit" >$out/unit.log 2>&1 || {
	cat $out/unit.log
	exit 1
}
TIDEPOST_BINARY="$PWD/$out/bin/tidepost" GOCOVERDIR="$PWD/$out/binary" \
	go test -tags sqlite_fts5 -count 1 -timeout 15m ./e2e/... >$out/e2e.log 2>&1 || {
	cat $out/e2e.log
	exit 1
}
dirs=$out/unit
[ -n "$(ls $out/binary)" ] && dirs=$dirs,$out/binary
go tool covdata percent -i=$dirs | sort
go tool covdata textfmt -i=$dirs -o $out/merged.txt
go tool cover -func=$out/merged.txt | tail -1
