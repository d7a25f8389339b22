#!/bin/bash
# run.sh [ZONEFILE [ORIGIN]]: ns1 and ns2 on this machine, kept in step by Twinzone. Installs what is
# missing, builds, and shows one zone going from ns1 to ns2: whole, then by its changes, through a
# crash of ns2 and the loss of ns1. Ends by itself; 0 when everything came out as it should.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
zone_file=$(realpath -- "${1:-$here/example.test.zone}")
build=${TWINZONE_BUILD:-$root/.build/release}  # TWINZONE_BUILD: where the programs are already
work=$(mktemp -d "${TMPDIR:-/tmp}/twinzone-quickstart.XXXXXX")
ns1_pid='' ns2_pid='' ns1_port='' ns2_port='' ns2_start=0

# ---- small things ---------------------------------------------------------------------------------

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }

fail() {
    printf '\nquickstart: %s\n' "$*" >&2
    for log in "$work"/*.log; do
        [ -s "$log" ] && printf -- '-- end of %s\n' "$log" >&2 && tail -n 15 "$log" >&2
    done
    exit 1
}

# stop PID [SIGNAL]: ends a process of ours and waits for its end, at most ten seconds.
stop() {
    [ -n "$1" ] || return 0
    kill "-${2:-TERM}" "$1" 2>/dev/null || return 0
    for _ in $(seq 100); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
}

clean_up() {
    stop "$ns1_pid"
    stop "$ns2_pid"
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# wait_until SECONDS WHAT COMMAND...: repeats the command until it succeeds.
wait_until() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "gave up waiting until $what"
        for pid in $ns1_pid $ns2_pid; do
            kill -0 "$pid" 2>/dev/null || fail "a program ended while waiting until $what"
        done
        sleep 0.02
    done
}

# A port from 20000 on that nobody on this machine has, for UDP or TCP.
free_port() {
    local port
    for _ in $(seq 1000); do
        port=$((20000 + RANDOM % 10000))
        [ "$port" != "$ns1_port" ] || continue
        grep -qi ":$(printf '%04X' "$port") " /proc/net/{tcp,tcp6,udp,udp6} 2>/dev/null && continue
        echo "$port"
        return
    done
    fail "no free port found"
}

milliseconds() { date +%s%3N; }

# ---- what the two servers say ---------------------------------------------------------------------

ask() {  # PORT QUESTION...: over DNS, with the key
    local port=$1
    shift
    dig @127.0.0.1 -p "$port" -k "$work/quickstart.key" +time=2 +tries=1 "$@" 2>/dev/null
}

serial() { ask "$1" +short "$zone" SOA | awk '$3 ~ /^[0-9]+$/ { print $3; exit }'; }
serves() { [ -n "$(serial "$1")" ]; }
serves_serial() { [ "$(serial "$1")" = "$2" ]; }
serves_newer_than() {
    local now
    now=$(serial "$1")
    [ -n "$now" ] && [ "$now" != "$2" ]
}

# Serial and digest as the program itself reports them.
status_row() {  # ROLE CONTROL-SOCKET
    local json field
    json=$("$build/$1/twinzone-$1" status "$zone" --json --control "$2" | tr -d '\n')
    json=${json#*\"zones\":}  # a zone's own come before those of its peers
    for field in serial digest; do
        grep -oE "\"$field\": *\"?[^\",}]*" <<<"$json" | head -n 1 | sed -E 's/.*[": ]//'
    done | paste -sd ' '
}

# ---- the story ------------------------------------------------------------------------------------

start_ns1() {
    cat >"$work/ns1.yaml" <<END
version: 1
server:  { listen: [127.0.0.1@$ns1_port] }
store:   { path: $work/ns1 }
control: { socket: $work/ns1.sock }
keys:    [ { name: quickstart., algorithm: hmac-sha256, secret-file: $work/quickstart.key } ]
remotes: [ { name: ns2, addresses: [127.0.0.1@$ns2_port], key: quickstart. } ]
templates:
  - name: default
    source: { file: $work/zone }
    serial-policy: increment
    notify: [ns2]
    allow-transfer: [ns2]
zones:   [ { zone: "$zone" } ]
END
    "$build/primary/twinzone-primary" serve -c "$work/ns1.yaml" 2>"$work/ns1.log" &
    ns1_pid=$!
    disown  # its end, also by -9, is part of the story and no news for the shell
}

start_ns2() {
    ns2_start=$((ns2_start + 1))
    "$build/secondary/twinzone-secondary" serve --listen "127.0.0.1@$ns2_port" --store "$work/ns2" \
        --control "$work/ns2.sock" --zone "$zone" --primary "127.0.0.1@$ns1_port" \
        --key-file "$work/quickstart.key" --allow-transfer 127.0.0.0/8 \
        --output-dir "$work/out" 2>"$work/ns2-$ns2_start.log" &
    ns2_pid=$!
    disown
}

# A record more in ns1's file, which is replaced in one go, as good editors do.
add_record() {
    { cat "$work/zone"; printf 'quickstart.%s 60 IN TXT "%s"\n' "${zone#.}" "$1"; } >"$work/zone.new"
    mv "$work/zone.new" "$work/zone"
}

# ns2's log must say that this serial came as a difference, and never that the whole zone came.
came_by_ixfr() {
    local log=$work/ns2-$ns2_start.log line
    line=$(grep -E '\] IXFR, incoming.*finished' "$log" | grep -F -e "-> $1" | tail -n 1) ||
        fail "ns2 did not get serial $1 by IXFR"
    say "ns2: $line"
}

install_and_build() {
    step "Packages and build"
    "$root/tests/support/install_packages.sh" build quickstart
    cd "$root"
    if [ ! -f "$build/build.ninja" ]; then
        cmake --preset release -DTWINZONE_TESTS=OFF >"$work/configure.log" 2>&1 || fail "cmake failed"
    fi
    cmake --build --preset release --target twinzone-primary twinzone-secondary
    cd "$OLDPWD"
}
[ -n "${TWINZONE_BUILD:-}" ] || install_and_build

zone=${2:-$(awk -f "$here/origin.awk" "$zone_file")}
[ -n "$zone" ] || fail "$zone_file does not say its origin; say it: run.sh $1 ORIGIN"
zone=${zone%.}.
umask 077
printf 'key "quickstart." { algorithm hmac-sha256; secret "%s"; };\n' \
    "$(head -c 32 /dev/urandom | base64)" >"$work/quickstart.key"
mkdir "$work/out"
# The user's file stays as it is: ns1 reads a file that includes it, and edits go into that one.
# shellcheck disable=SC2016  # $ORIGIN and $INCLUDE are the zone file's
printf '$ORIGIN %s\n$INCLUDE "%s"\n' "$zone" "$zone_file" >"$work/zone"
ns1_port=$(free_port)
ns2_port=$(free_port)

step "ns1 (port $ns1_port) serves $zone; ns2 (port $ns2_port) fetches it"
start_ns1
wait_until 300 "ns1 serves $zone" serves "$ns1_port"
start_ns2
wait_until 300 "ns2 serves $zone" serves "$ns2_port"
before=$(serial "$ns2_port")
say "both serve serial $before"

step "A record is added on ns1"
edited=$(milliseconds)
add_record "added while both run"
wait_until 30 "ns2 serves the new version" serves_newer_than "$ns2_port" "$before"
took=$(($(milliseconds) - edited))
after=$(serial "$ns2_port")
say "ns2 serves serial $after, $took ms after the edit"
came_by_ixfr "$after"
ask "$ns2_port" +noall +answer "$zone" "IXFR=$before" | grep -F quickstart | sed 's/^/   ns2: /' ||
    fail "ns2's difference since $before does not have the new record"
# A zone of one's own may be large, and the machine small; the zone that comes along has no excuse.
[ "$took" -le 1000 ] || [ $# -gt 0 ] || fail "that was longer than a second"

step "ns2 is killed with -9; the zone changes meanwhile; ns2 comes back"
stop "$ns2_pid" KILL
ns2_pid=
before=$after
add_record "added while ns2 was down"
wait_until 30 "ns1 has the new version" serves_newer_than "$ns1_port" "$before"
after=$(serial "$ns1_port")
start_ns2
wait_until 30 "ns2 has caught up" serves_serial "$ns2_port" "$after"
came_by_ixfr "$after"
if grep 'AXFR.*, incoming' "$work/ns2-$ns2_start.log"; then
    fail "ns2 fetched the whole zone again"
fi
wait_until 30 "ns2 has written its zone file" grep -rqF "added while ns2 was down" "$work/out"
say "the zone file for the server beside ns2 has it too: out/$(ls "$work/out")"

step "ns1 is stopped; ns2 goes on serving"
ns1_row=$(status_row primary "$work/ns1.sock")
stop "$ns1_pid"
ns1_pid=
serves_serial "$ns2_port" "$after" || fail "ns2 stopped serving $zone"
ns2_row=$(status_row secondary "$work/ns2.sock")

printf '\n   %-4s %-10s  %s\n' '' serial digest
printf '   %-4s %-10s  %s\n' ns1 "${ns1_row% *}" "${ns1_row#* }" ns2 "${ns2_row% *}" "${ns2_row#* }"
[ "$ns1_row" = "$ns2_row" ] || fail "the two differ"
printf '\nns1 and ns2 have the same zone.\n'
