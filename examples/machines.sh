# shellcheck shell=bash
# machines.sh, to be sourced by the examples' run.sh: ns1 (192.0.2.1) and ns2 (192.0.2.2) as two
# machines inside this one. Each has a network of its own (they reach each other and nobody else), its
# own processes, and its own /etc, /usr, /var and /run, which start as copies of this machine's and
# vanish at the end: so that configuration runs just as it stands, and nothing is changed here. Needs
# root.
set -euo pipefail

# shellcheck disable=SC2154  # here: the folder of the example that sources this
examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$examples/../.build/release
declare -A init_of=()  # machine -> first process in it, as seen from here

# ---- small things ---------------------------------------------------------------------------------

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }

fail() {
    printf '\n%s: %s\n' "$(basename "$here")" "$*" >&2
    for log in "$work"/*.log; do
        [ -s "$log" ] && printf -- '-- end of %s\n' "$log" >&2 && tail -n 15 "$log" >&2
    done
    exit 1
}

# wait_until SECONDS WHAT COMMAND...: repeats the command until it succeeds.
wait_until() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "gave up waiting until $what"
        sleep 0.1
    done
}

milliseconds() { date +%s%3N; }

# ---- machines -------------------------------------------------------------------------------------

# machine NAME: a machine without network.
machine() {
    local ready=$work/$1.ready
    # shellcheck disable=SC2016  # for the shell inside
    unshare --net --mount --pid --uts --fork --kill-child -- bash -c '
        set -e
        hostname "$1"
        mount -t tmpfs tmpfs /mnt
        for folder in etc usr var run; do
            mkdir -p "/mnt/$folder" "/mnt/.$folder"
            mount -t overlay overlay \
                -o "lowerdir=/$folder,upperdir=/mnt/$folder,workdir=/mnt/.$folder" "/$folder"
        done
        mount -t proc proc /proc
        ip link set lo up
        # So that servers need not be root for port 53.
        echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
        touch "$2"
        exec sleep infinity
    ' bash "$1" "$ready" 2>"$work/$1.log" &
    local unshared=$!
    wait_until 20 "machine $1 is there" test -e "$ready"
    init_of[$1]=$(ps -o pid= --ppid "$unshared" | tr -d ' ')
}

# on MACHINE COMMAND...
on() {
    local name=$1
    shift
    nsenter -t "${init_of[$name]}" --net --mount --pid --uts -- "$@"
}

# as MACHINE USER COMMAND...
as() {
    local name=$1 user=$2
    shift 2
    on "$name" setpriv --reuid="$user" --regid="$(id_of_group "$name" "$user")" --init-groups "$@"
}
id_of_group() { on "$1" id -g "$2"; }

# serve MACHINE LABEL COMMAND...: in the background, its output in LABEL.log.
serve() {
    local name=$1 label=$2
    shift 2
    on "$name" setsid "$@" </dev/null >>"$work/$name-$label.log" 2>&1 &
}
serve_as() {  # MACHINE USER LABEL COMMAND...
    local name=$1 user=$2 label=$3
    shift 3
    as "$name" "$user" setsid "$@" </dev/null >>"$work/$name-$label.log" 2>&1 &
}

# stop MACHINE PROGRAM [SIGNAL]: ends it there and waits for its end.
stop() {
    local id
    id=$(on "$1" pidof "$2") || fail "$2 does not run on $1"
    on "$1" kill "-${3:-TERM}" "$id"
    wait_until 20 "$2 on $1 has ended" ended "$1" "$id"
}
ended() { ! on "$1" kill -0 "$2"; }

# Both machines, joined; on each what its folder in the example has, the programs, the user _twinzone
# and the keys named.
two_machines() {  # KEY...
    machine ns1
    machine ns2
    nsenter -t "${init_of[ns1]}" --net ip link add ns2 type veth peer name ns1 \
        netns "${init_of[ns2]}"
    on ns1 ip addr add 192.0.2.1/24 dev ns2
    on ns2 ip addr add 192.0.2.2/24 dev ns1
    on ns1 ip link set ns2 up
    on ns2 ip link set ns1 up

    local name key
    for key in "$@"; do
        (umask 077 && printf 'key "%s." { algorithm hmac-sha256; secret "%s"; };\n' "$key" \
            "$(head -c 32 /dev/urandom | base64)" >"$work/$key.key")
    done
    for name in ns1 ns2; do
        on "$name" useradd --system --no-create-home --home-dir /var/lib/twinzone _twinzone \
            2>/dev/null || on "$name" id -u _twinzone >/dev/null
        on "$name" install -d -o _twinzone -g _twinzone /var/lib/twinzone /run/twinzone
        on "$name" install -d -g _twinzone -m 750 /etc/twinzone/keys.d
        on "$name" install "$build/primary/twinzone-primary" \
            "$build/secondary/twinzone-secondary" /usr/bin/
        on "$name" cp -rT "$here/$name" /
        for key in "$@"; do
            on "$name" install -g _twinzone -m 640 "$work/$key.key" /etc/twinzone/keys.d/
        done
    done
}

secret_of() { sed -E 's/.*secret "([^"]*)".*/\1/' "$work/$1.key"; }

# ---- what they answer -----------------------------------------------------------------------------

serial() {  # MACHINE: of example.test, as the name server there answers it to anyone
    on "$1" dig @127.0.0.1 +short +time=2 +tries=1 example.test SOA | awk '$3 ~ /^[0-9]+$/ { print $3 }'
}
serves() { [ "$(serial "$1")" = "$2" ]; }
answers() {  # MACHINE NAME TYPE DATA
    [ "$(on "$1" dig @127.0.0.1 +short +time=2 +tries=1 "$2" "$3")" = "$4" ]
}

# ---- life -----------------------------------------------------------------------------------------

begin() {
    [ "$(id -u)" -eq 0 ] || { echo "this example makes two machines, which takes root" >&2; exit 1; }
    work=$(mktemp -d "${TMPDIR:-/tmp}/twinzone-example.XXXXXX")
    trap end EXIT
    trap 'exit 130' INT TERM
    step "Packages and build"
    "$examples/../tests/support/install_packages.sh" build quickstart servers
    cd "$examples/.."
    [ -f "$build/build.ninja" ] || cmake --preset release -DTWINZONE_TESTS=OFF >/dev/null
    cmake --build --preset release --target twinzone-primary twinzone-secondary
}

# A machine ends with its first process, and everything in it with that.
end() {
    for name in "${!init_of[@]}"; do
        kill -KILL "${init_of[$name]}" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    rm -rf "$work"
}
