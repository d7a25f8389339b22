#!/bin/bash
# run.sh MINUTES [NAME]: runs each fuzzer, or the one named, for so long. Builds them first.
# New inputs stay in .build/fuzz/found/NAME; a crash leaves its input there as crash-*.
set -euo pipefail
cd "$(dirname "$0")/../.."
minutes=${1:?usage: run.sh MINUTES [NAME]}
names=${2:-$(ls tests/fuzz/corpus)}
cmake --preset fuzz > /dev/null
for name in $names; do
    ninja -C .build/fuzz "fuzz_$name" > /dev/null
done
status=0
for name in $names; do
    found=.build/fuzz/found/$name
    mkdir -p "$found"
    echo "== $name, $minutes min"
    options=(-max_total_time=$((minutes * 60)) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1)
    [ "$name" = zone_file ] && options+=(-dict=tests/fuzz/zone_file.dict)
    ".build/fuzz/tests/fuzz/fuzz_$name" "${options[@]}" -artifact_prefix="$found/" \
        "$found" "tests/fuzz/corpus/$name" 2>&1 | tail -n 40 || status=1
done
exit $status
