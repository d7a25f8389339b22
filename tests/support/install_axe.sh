#!/bin/sh
# install_axe.sh: puts axe-core, which judges the accessibility of web pages, into .build/axe, from
# npm's registry. Where there is no npm, or the registry is not reached, the one test that wants it
# is skipped and says so: this is never an error.
set -eu

cd "$(dirname "$0")/../.."
version=4.10.3
folder=.build/axe

say() { echo "install_axe: $*" >&2; }

[ ! -f "$folder/node_modules/axe-core/axe.min.js" ] || exit 0
command -v npm >/dev/null || { say "no npm: the check of accessibility will be skipped"; exit 0; }
mkdir -p "$folder"
npm install --prefix "$folder" --no-audit --no-fund --no-save --ignore-scripts --loglevel=error \
    "axe-core@$version" >&2 || say "not fetched: the check of accessibility will be skipped"
