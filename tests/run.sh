#!/bin/bash
# run.sh [CTEST-OPTIONS]: installs what is missing, builds, and runs every test there is, clang-tidy
# among them. On a fresh Debian 12 nothing needs to be prepared. Ends with CTest's summary and its
# exit code.
#   ./tests/run.sh -L lint      clang-tidy over every source
#   ./tests/run.sh -L unit      one label: unit, sim, interop, tidy, fuzz, sanitizer, bench
#   ./tests/run.sh -R tsig      tests by name
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CTEST_OUTPUT_ON_FAILURE=1
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}

began=$SECONDS
lap() { printf -- '-- %s: %d s\n' "$1" $((SECONDS - began)) && began=$SECONDS; }

./tests/support/install_packages.sh build quickstart servers test
./tests/support/install_axe.sh
lap "packages"

cmake --preset release -DTWINZONE_TESTS=ON
cmake --build --preset release
lap "release build"

# The unit tests once more with the address and undefined-behaviour sanitizers, in a build of their
# own. The release tree runs them as the tests labelled `sanitizer`.
cmake --preset asan
cmake --build --preset asan --target tests/unit/all
lap "sanitizer build"

exec ctest --preset release "$@"
