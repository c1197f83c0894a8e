#!/bin/sh
# How the digest looks: every case of its tests as HTML in light and dark, wide and on
# a phone, and as text in neomutt. scripts/digest-pictures.sh DIR [CASE...]. Needs
# chromium; neomutt, xterm, xvfb and imagemagick for the text.
set -eu
out=$1
shift
mkdir -p "$out/mail"
out=$(cd "$out" && pwd)
go test -tags sqlite_fts5 -count 1 -run 'TestDigest$' ./digest -eml "$out/mail" >/dev/null
[ $# -gt 0 ] || set -- $(basename -s .html digest/testdata/*.html)

# draw FILE WIDTH [OPTION]: the page of the case as the engine of a mail program draws it.
draw() {
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="$2,${tall:-1700}" ${3:+"$3"} \
		--screenshot="$1" "file://$PWD/digest/testdata/$case.html" >/dev/null 2>&1
}

# text FILE: the mail in neomutt, in a terminal of 80 columns.
text() {
	rm -rf "$out/box" && mkdir -p "$out/box/cur" "$out/box/new" "$out/box/tmp"
	cp "$out/mail/$case.eml" "$out/box/cur/1:2,S"
	printf '%s\n' "set folder=$out spoolfile=$out/box mbox_type=Maildir header_cache='' nohelp" 'alternative_order text/plain' 'ignore *' 'unignore from subject date' >"$out/muttrc"
	LC_ALL=C.UTF-8 xvfb-run -s '-screen 0 800x1500x24' sh -c "
		xterm -fa 'DejaVu Sans Mono' -fs 11 -geometry 80x75+0+0 -e neomutt -F '$out/muttrc' -e 'push <display-message>' & term=\$!
		sleep 4; import -window root '$1'; kill \$term"
}

for case; do
	draw "$out/$case-light.png" 680
	draw "$out/$case-dark.png" 680 --blink-settings=preferredColorScheme=0
	draw "$out/$case-phone.png" 500
	if command -v neomutt xterm xvfb-run import >/dev/null; then
		text "$out/$case-text.png"
	fi
	echo "$out/$case-*.png"
done
rm -rf "$out/box" "$out/muttrc"
