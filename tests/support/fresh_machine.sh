#!/bin/bash
# fresh_machine.sh [COMMAND...]: a clean clone of HEAD on a fresh minimal Debian 12 (debootstrap, in a
# folder that is removed afterwards), and in it, as root, the README's first command or the one given.
# Ends with its exit code. Nothing is installed there before: what is missing, the command installs.
#   tests/support/fresh_machine.sh                             examples/quickstart/run.sh
#   tests/support/fresh_machine.sh ./tests/run.sh -L unit      the tests
# CCACHE_DIR (or the user's own) is used inside as well, so that a second run need not compile anew;
# CCACHE_DIR= with nothing behind it compiles everything.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/bookworm.sh
. "$here/bookworm.sh"
[ $# -gt 0 ] || set -- ./examples/quickstart/run.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/twinzone-fresh.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
bookworm_make "$work/root"
git clone -q --no-local "$here/../.." "$work/root/root/twinzone"

cache=${CCACHE_DIR-$HOME/.cache/ccache}
[ -z "$cache" ] || mkdir -p "$cache"
export BOOKWORM_BIND=$cache
began=$SECONDS
code=0
# shellcheck disable=SC2016  # for the shell inside
bookworm_run "$work/root" ${cache:+"CCACHE_DIR=$cache"} \
    bash -c 'cd /root/twinzone && exec "$@"' bash "$@" || code=$?
echo "-- on a fresh Debian 12: $* ended with $code after $((SECONDS - began)) s"
exit "$code"
