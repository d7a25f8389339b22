#!/bin/bash
# run.sh SEEDS [FIRST]: the long form of the simulator, on every core: so many seeds of each of its
# two scenarios. Ends with what was found and how often each kind of fault happened.
set -euo pipefail
cd "$(dirname "$0")/../.."
seeds=${1:?usage: run.sh SEEDS [FIRST]}
first=${2:-1}
build=${TWINZONE_BUILD:-.build/release}
ninja -C "$build" sim > /dev/null
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
step=$(((seeds + $(nproc) - 1) / $(nproc)))
status=0
for scenario in "" --shared; do
    for ((at = first; at < first + seeds; at += step)); do
        last=$((at + step - 1 < first + seeds - 1 ? at + step - 1 : first + seeds - 1))
        "$build/tests/sim/sim" $scenario --seeds "$at..$last" > "$out/$at$scenario" &
    done
    for job in $(jobs -p); do
        wait "$job" || status=1
    done
done
awk '/violation: |replay:/ { print; next }
     / seeds, / { seeds += $1; failed += $3; next }
     { n = $1; $1 = ""; count[$0] += n }
     END { for (kind in count) printf "%14d %s\n", count[kind], kind | "sort -k2"
           close("sort -k2"); printf "%d seeds, %d with a violation\n", seeds, failed }' "$out"/*
exit $status
