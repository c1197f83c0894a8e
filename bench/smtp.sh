#!/bin/sh
# Tidepost beside Postfix in one run. BENCH is the folder of the shared harness
# (default: ../shared/bench beside the checkout).
#   ROUNDS=3 MATRIX="10:2000:4096" sh bench/smtp.sh [OUT.tsv]
# MATRIX is words of sessions:messages:octets.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
: "${BENCH:=$root/../shared/bench}"
[ -f "$BENCH/smtp-all.sh" ] || { echo "The load harness is not at $BENCH: set BENCH" >&2; exit 1; }
out=${1:-$(mktemp)}
export BENCH PEERS="$root/bench/peers" BENCH_BIN="${BENCH_BIN:-$root/bin/bench}" ROUNDS="${ROUNDS:-3}"
export MATRIX="${MATRIX:-1:500:4096 10:2000:4096 50:2000:4096 10:500:102400}"
bash "$BENCH/smtp-all.sh" "$out" postfix:stock tidepost
echo "Medians (lowest-highest) of $ROUNDS rounds; every line is in $out"
bash "$BENCH/median.sh" "$out" smtp "name s l" "accept_per_s deliver_per_s lat_p50_ms lat_p99_ms cpu_s_per_1000 peak_pss_mb fails dups"
