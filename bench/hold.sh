#!/bin/sh
# Held mail: Postfix's hold queue and Tidepost, one after the other in one run: enqueue in
# four quarters, list, release one, release all and deliver. BENCH is the folder of the
# shared harness (default: ../shared/bench beside the checkout).
#   COUNT=100000 sh bench/hold.sh [OUT.tsv]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
: "${BENCH:=$root/../shared/bench}"
[ -f "$BENCH/hold.sh" ] || { echo "The load harness is not at $BENCH: set BENCH" >&2; exit 1; }
out=${1:-$(mktemp)}
export BENCH PEERS="$root/bench/peers" BENCH_BIN="${BENCH_BIN:-$root/bin/bench}"
for peer in ${PEERS_ONLY:-postfix tidepost}; do
	PEER=$peer bash "$BENCH/hold.sh" "${COUNT:-10000}" "$out"
done
echo "Every line is in $out"
