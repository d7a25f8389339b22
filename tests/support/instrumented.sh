#!/bin/bash
# instrumented.sh address|thread [FILE…]: unit tests, seeds of the simulator and the interop tests, or
# only these files of them (test_relay.py …), with both programs built so that faults of memory and
# undefined behaviour, or races between threads, are told.
# instrumented.sh valgrind [FILE…]: the quickstart and test_wait.py, or these files, with both programs
# under valgrind.
# Ends with every report, and with 0 when there is none and every test passed. An hour on two cores.
#   SEEDS=N    of each scenario of the simulator (100)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
kind=${1:?usage: instrumented.sh address|thread|valgrind [FILE…]}
shift
root=$PWD
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
failed=0
# They measure memory or time, replace what the sanitizers replace too, or look at how the programs
# were linked; the others hold programs that are ten times slower.
left_out='abuse|disk_faults|debian_packages|hardening|install|quickstart|kubernetes|examples|readme|soak'

build() {  # PRESET TARGET…
    local preset=$1
    shift
    cmake --preset "$preset" -DTWINZONE_TESTS=ON >/dev/null && cmake --build --preset "$preset" --target "$@" >/dev/null
}

interop() {  # FILE…
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I@ /usr/bin/python3 -m pytest -q -rs --tb=short \
        -p no:cacheprovider tests/interop/@ || failed=1
}

sanitized() {  # PRESET FILE…
    local preset=$1
    shift
    build "$preset" twinzone-primary twinzone-secondary web_samples || exit 1
    export TWINZONE_BUILD=$root/.build/$preset
    local common="exitcode=66 log_path=$reports/report"
    export ASAN_OPTIONS="detect_leaks=1 strict_string_checks=1 detect_stack_use_after_return=1 $common"
    export UBSAN_OPTIONS="print_stacktrace=1 $common" TSAN_OPTIONS="suppressions=$root/tests/support/threads.supp $common"
    if [ $# -eq 0 ]; then
        build "$preset" sim tests/unit/all || exit 1
        ctest --test-dir "$TWINZONE_BUILD" -L unit --no-tests=error --output-on-failure -j "$(nproc)" || failed=1
        for scenario in "" --shared; do
            "$TWINZONE_BUILD/tests/sim/sim" $scenario --seeds "1..${SEEDS:-100}" | tail -n 1 || failed=1
        done
        cd tests/interop && set -- test_*.py && cd "$root" || exit 1
        mapfile -t files < <(printf '%s\n' "$@" | grep -vE "^test_($left_out)\.py$")
        set -- "${files[@]}"
    fi
    interop "$@"
}

under_valgrind() {  # FILE…
    build release twinzone-primary twinzone-secondary || exit 1
    local role
    for role in primary secondary; do
        mkdir -p "$reports/bin/$role"
        cat >"$reports/bin/$role/twinzone-$role" <<END
#!/bin/bash
exec valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=66 \\
    --log-file="$reports/report.%p" "$root/.build/release/$role/twinzone-$role" "\$@"
END
        chmod +x "$reports/bin/$role/twinzone-$role"
    done
    export TWINZONE_BUILD=$reports/bin
    if [ $# -eq 0 ]; then
        examples/quickstart/run.sh || failed=1
        set -- test_wait.py
    fi
    interop "$@"
}

case $kind in
address) sanitized asan "$@" ;;
thread) sanitized tsan "$@" ;;
valgrind) under_valgrind "$@" ;;
*) echo "instrumented.sh: address, thread or valgrind, not $kind" >&2 && exit 2 ;;
esac
find "$reports" -name 'report*' -size +0 -exec cat {} +
echo "$kind: $(find "$reports" -name 'report*' -size +0 | wc -l) reports, tests $([ $failed = 0 ] && echo passed || echo failed)"
[ $failed = 0 ] && [ -z "$(find "$reports" -name 'report*' -size +0)" ]
