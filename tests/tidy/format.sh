#!/bin/sh
# format.sh ROOT: every C++ file is as clang-format would write it.
set -eu
cd "$1"
find common primary secondary tests examples \( -name '*.h' -o -name '*.cpp' \) -print0 |
    xargs -0 -n 20 -P 2 clang-format-14 --dry-run -Werror
