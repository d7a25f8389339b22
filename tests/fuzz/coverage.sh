#!/bin/bash
# coverage.sh: how many lines of what reads foreign octets are reached, for each folder, and for each
# file below 90 %: by the fuzzers' inputs alone (the corpora and what runs found), and together with
# unit tests. Builds into .build/coverage with clang.
#   coverage.sh --lines FILE    that file, line by line, with counts of both
set -euo pipefail
cd "$(dirname "$0")/../.."
build=.build/coverage
folders=(dns transfer text store)
tests=("${folders[@]}" service secondary)  # the last two are the store's users
read -ra names <<< "$(ls tests/fuzz/corpus | tr '\n' ' ')"

cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=clang++-14 \
    "-DCMAKE_CXX_FLAGS=-fprofile-instr-generate -fcoverage-mapping" > /dev/null
ninja -C $build --quiet "${names[@]/#/fuzz_}" "${tests[@]/#/unit_}"

run() { LLVM_PROFILE_FILE=$build/$1.profraw "$build/tests/$2" "${@:3}" > /dev/null; }
programs=()
for name in "${names[@]}"; do
    inputs=("tests/fuzz/corpus/$name")
    [ -d ".build/fuzz/found/$name" ] && inputs+=(".build/fuzz/found/$name")
    run "fuzz-$name" "fuzz/fuzz_$name" "${inputs[@]}"
    programs+=(-object "$build/tests/fuzz/fuzz_$name")
done
for folder in "${tests[@]}"; do
    run "unit-$folder" "unit/$folder/unit_$folder"
    programs+=(-object "$build/tests/unit/$folder/unit_$folder")
done
llvm-profdata-14 merge -o $build/fuzz.profdata $build/fuzz-*.profraw
llvm-profdata-14 merge -o $build/both.profdata $build/fuzz-*.profraw $build/unit-*.profraw
coverage() { llvm-cov-14 "$1" "${programs[@]:1}" -instr-profile="$build/$2.profdata" "${@:3}"; }

if [ "${1:-}" = --lines ]; then
    coverage show both "$PWD/$build/../../$2"  # the name that the compiler was given
    exit
fi
for inputs in fuzz both; do
    coverage export $inputs -summary-only > $build/$inputs.json
done
/usr/bin/python3 tests/fuzz/coverage_table.py $build/fuzz.json $build/both.json "${folders[@]}"
