#!/bin/sh
# Unpacks Debian packages below a folder, for programs that tests use and that cannot be
# installed beside others (two IMAP servers are in conflict): unpack.sh DIR PACKAGE...
# Does nothing if the folder is there.
set -eu
dir=$1
shift
[ -d "$dir" ] && exit 0
if [ "$(id -u)" != 0 ]; then
	echo "Needs root: unpack $* to $dir" >&2
	exit 1
fi
debs=$(mktemp -d)
trap 'rm -rf "$debs"' EXIT
# apt fetches as a user of its own.
chown _apt "$debs" 2>/dev/null || true
(cd "$debs" && apt-get download -qq "$@")
mkdir -p "$dir.new"
for deb in "$debs"/*.deb; do
	dpkg -x "$deb" "$dir.new"
done
mv "$dir.new" "$dir"
