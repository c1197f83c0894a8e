#!/bin/bash
# Tidepost as a loopback relay for the shared load harness: submission with a login,
# hold, batch and coach on, undo 0; everything goes on to a sink.
# tidepost.sh start WORK PORT SINKPORT [IMAPPORT TLSPORT] | stop WORK
# TIDEPOST: the binary (default: bin/tidepost beside this folder, else in PATH)
# VARIANT=hold: the load asks for a day's wait (FUTURERELEASE).
. "$BENCH/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TIDEPOST=${TIDEPOST:-$here/../../bin/tidepost}
[ -x "$TIDEPOST" ] || TIDEPOST=tidepost
act=$1 W=$2
if [ "$act" = stop ]; then
	. "$W/env"
	stop_all "$CG" "$PID"
	exit 0
fi
PORT=$3 SINK=$4 IMAP=${5:-1143} TLS=${6:-$((${5:-1143} + 1000))}
mkdir -p "$W/data"
chmod 700 "$W/data"
[ -f "$W/key.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=tidepost.test \
	-addext subjectAltName=DNS:tidepost.test,IP:127.0.0.1 -keyout "$W/key.pem" -out "$W/cert.pem" 2>/dev/null
chmod 600 "$W/key.pem"
cat >"$W/tidepost.toml" <<EOF
[server]
hostname = "tidepost.test"
domains = ["bench.test"]
data = "$W/data"
[listen]
submission = "127.0.0.1:$PORT"
submissions = ""
inbound = ""
imap = "127.0.0.1:$IMAP"
imaps = "127.0.0.1:$TLS"
allow_cleartext_login = true
[tls]
cert = "$W/cert.pem"
key = "$W/key.pem"
[relay]
host = "127.0.0.1"
port = $SINK
tls = "none"
connections = ${CONNECTIONS:-20}
[hold]
undo = "0s"
spread = "0s"
[coach]
mode = "on"
[limits]
inside_networks = ["127.0.0.0/8"]
[log]
level = "error"
EOF
echo benchbench1-tide >"$W/password"
chmod 600 "$W/password"
[ -f "$W/haspass" ] || "$TIDEPOST" --config "$W/tidepost.toml" people add u@bench.test --no-welcome --name Bench --zone Europe/London \
	--password-file "$W/password" >"$W/log.people" 2>&1 || { cat "$W/log.people"; exit 1; }
touch "$W/haspass"
CG=$(cg_new tidepost)
run_in "$CG" "$W/log" "$TIDEPOST" --config "$W/tidepost.toml" serve
PID=$RUN_PID
printf 'CG=%s\nPID=%s\nTARGET=127.0.0.1:%s\nIMAP=127.0.0.1:%s\nIMAPS=127.0.0.1:%s\nIUSER=u@bench.test\nIPASS=benchbench1-tide\nOPTS="-user u@bench.test -pass benchbench1-tide -from u@bench.test -spread"\n' \
	"$CG" "$PID" "$PORT" "$IMAP" "$TLS" >"$W/env"
if [ "${VARIANT:-}" = hold ]; then
	# shellcheck disable=SC2016 # expanded by the harness
	{
		printf 'OPTS="$OPTS -mailargs HOLDFOR=86400"\nTP="%s --config %s/tidepost.toml"\n' "$TIDEPOST" "$W"
		cat <<-'EOF'
			HOLD_LIST='$TP queue list'
			HOLD_RELEASE_ONE='$TP queue release 1'
			HOLD_RELEASE_ALL='$TP queue release --all --yes'
		EOF
	} >>"$W/env"
fi
wait_port 127.0.0.1 "$PORT" 20 || { cat "$W/log"; exit 1; }
