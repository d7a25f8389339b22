#!/bin/sh
# sanitizer.sh BUILD: the unit tests of a sanitizer build; 77 (skipped) where there is none.
set -eu
[ -f "$1/CTestTestfile.cmake" ] || { echo "no sanitizer build in $1: tests/run.sh makes it"; exit 77; }
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
exec ctest --test-dir "$1" -L unit --no-tests=error --output-on-failure
