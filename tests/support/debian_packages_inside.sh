#!/bin/bash
# debian_packages_inside.sh: run by debian_packages.sh as a service of a booted Debian 12, as root.
# Leaves /proof/passed behind when every step came out as it should.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

step() { printf '== %s (%d s)\n' "$*" "$SECONDS"; }
fail() {
    printf 'FAILED: %s\n' "$*"
    systemctl --no-pager --full status 'twinzone-*' | head -n 60 || true
    journalctl --no-pager -n 60 -u 'twinzone-*' || true
    exit 1
}
expect() { "$@" || fail "expected: $*"; }
refute() { ! "$@" || fail "did not expect: $*"; }
wait_until() {  # SECONDS COMMAND...
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "gave up waiting: $*"
        sleep 0.2
    done
}
install_packages() { apt-get install -y -q --no-install-recommends "$@" >/proof/apt.log 2>&1 || { cat /proof/apt.log; fail "apt-get install"; }; }
main_pid() { systemctl show -P MainPID "$1"; }
status_text() { systemctl show -P StatusText "$1"; }
is_current() { twinzone-secondary status example.test --check >/dev/null; }
has_mode() { [ "$(stat -c '%A %U %G' "$2")" = "$1" ] || { stat "$2"; return 1; }; }
serial() { dig +short +time=2 +tries=1 -p "$1" @127.0.0.1 example.test SOA | awk '{ print $3 }'; }
serves() { [ "$(serial "$1")" = "$2" ]; }
restarted() { [ "$(main_pid "$1")" != "$2" ] && systemctl -q is-active "$1"; }
says() { status_text "$1" | grep -qF "$2"; }

put_zone() {  # SERIAL
    cat >/etc/twinzone/example.test.zone.new <<END
\$ORIGIN example.test.
\$TTL 300
@ SOA ns1 host $1 3600 600 1209600 300
@ NS ns1
ns1 A 192.0.2.1
END
    mv /etc/twinzone/example.test.zone.new /etc/twinzone/example.test.zone
}

step "install"
install_packages /proof/twinzone-*.deb
for role in primary secondary; do
    expect systemctl -q is-active twinzone-$role
    expect systemctl -q is-enabled twinzone-$role
    expect [ "$(status_text twinzone-$role)" = "0/0 zones current, worst lag 0 s" ]
    expect twinzone-$role status
    expect [ "$(stat -c %U "/proc/$(main_pid twinzone-$role)")" = _twinzone ]
    expect has_mode "drwx------ _twinzone _twinzone" /var/lib/twinzone/$role
done
refute systemctl -q is-enabled twinzone-sync.timer
expect has_mode "drwxr-x--- root _twinzone" /etc/twinzone/keys.d
expect has_mode "drwxr-xr-x _twinzone _twinzone" /var/lib/twinzone
expect has_mode "drwxr-xr-x _twinzone _twinzone" /run/twinzone
expect [ -s /usr/share/man/man8/twinzone-primary.8.gz ]

step "a zone, a key for root alone, and files for NSD"
(umask 077; printf 'key "k1." { algorithm hmac-sha256; secret "%s"; };\n' \
    "$(head -c 32 /dev/urandom | base64)" >/etc/twinzone/keys.d/k1.key)
put_zone 1
install -d -o _twinzone -g nsd -m 2750 /var/lib/nsd/twinzone
for role in primary secondary; do
    cat >/etc/twinzone/$role.yaml <<END
version: 1
server:  { listen: [127.0.0.1@$([ $role = primary ] && echo 5300 || echo 5301)] }
store:   { path: /var/lib/twinzone/$role }
control: { socket: /run/twinzone/$role.sock }
keys:    [ { name: k1., algorithm: hmac-sha256,
             secret-file: /run/credentials/twinzone-$role.service/tsig_k1.key } ]
END
done
cat >>/etc/twinzone/primary.yaml <<'END'
remotes: [ { name: ns2, addresses: [127.0.0.1@5301], key: k1. } ]
templates: [ { name: default, source: { file: /etc/twinzone/%s.zone }, notify: [ns2], allow-transfer: [ns2] } ]
zones: [ { zone: example.test } ]
END
cat >>/etc/twinzone/secondary.yaml <<'END'
remotes: [ { name: ns1, addresses: [127.0.0.1@5300], key: k1. } ]
templates:
  - { name: default, primaries: [ns1], output: { mode: file, path: /var/lib/nsd/twinzone/%s.zone } }
zones: [ { zone: example.test } ]
END
expect systemctl restart twinzone-primary twinzone-secondary
wait_until 30 serves 5301 1
wait_until 30 is_current
wait_until 30 says twinzone-secondary "1/1 zones current"
wait_until 10 test -s /var/lib/nsd/twinzone/example.test.zone
expect [ "$(stat -c %G /var/lib/nsd/twinzone/example.test.zone)" = nsd ]
put_zone 2
wait_until 30 serves 5301 2

step "reload"
pid=$(main_pid twinzone-secondary)
expect systemctl reload twinzone-primary twinzone-secondary
wait_until 10 systemctl -q is-active twinzone-secondary
expect [ "$(main_pid twinzone-secondary)" = "$pid" ]

step "kill -9, then a loop that stands"
kill -KILL "$pid"
wait_until 30 restarted twinzone-secondary "$pid"
wait_until 30 serves 5301 2
pid=$(main_pid twinzone-primary)
kill -STOP "$pid"
wait_until 90 restarted twinzone-primary "$pid"
expect [ "$(journalctl -u twinzone-primary --no-pager | grep -c 'Watchdog timeout')" -ge 1 ]

step "a wrong configuration is told and not tried for ever"
cp -p /etc/twinzone/secondary.yaml /proof/
echo 'zonse: []' >>/etc/twinzone/secondary.yaml
systemctl restart twinzone-secondary || true
wait_until 20 systemctl -q is-failed twinzone-secondary
expect [ "$(systemctl show -P ExecMainStatus twinzone-secondary)" = 2 ]
expect [ "$(journalctl -u twinzone-secondary --no-pager | grep -c 'secondary.yaml:.*zonse')" -ge 1 ]
cp -p /proof/secondary.yaml /etc/twinzone/

step "an instance, and the timer's resync, while the daemon is down"
sed -e 's/secondary/east/g; s/5301/5302/; s/twinzone-east/twinzone-secondary@east/; s#/var/lib/nsd/#/var/lib/twinzone/#' \
    -e 's/, output: {[^}]*}//' /etc/twinzone/secondary.yaml >/etc/twinzone/east.yaml
sed -i 's/allow-transfer: \[ns2\]/allow-transfer: [ns2, { key: k1. }]/' /etc/twinzone/primary.yaml
expect systemctl restart twinzone-primary
expect systemctl start twinzone-secondary@east
wait_until 30 serves 5302 2
sed -i 's#credentials/twinzone-secondary#credentials/twinzone-sync#' /etc/twinzone/secondary.yaml
put_zone 3
wait_until 30 serves 5300 3
expect systemctl start twinzone-sync.service
expect grep -q ' 3 3600' <(tr -s ' \t' ' ' </var/lib/nsd/twinzone/example.test.zone)
expect systemctl enable -q --now twinzone-sync.timer
cp -p /proof/secondary.yaml /etc/twinzone/
expect systemctl start twinzone-secondary
wait_until 30 serves 5301 3

step "upgrade: restarted, configuration and zones kept"
before=$(md5sum /etc/twinzone/*.yaml)
pid=$(main_pid twinzone-secondary) east=$(main_pid twinzone-secondary@east)
install_packages /proof/next/twinzone-*.deb
expect [ "$(dpkg-query -W -f '${Version}' twinzone-secondary | tail -c 2)" = -2 ]
wait_until 20 restarted twinzone-secondary "$pid"
wait_until 20 restarted twinzone-secondary@east "$east"
expect [ "$(md5sum /etc/twinzone/*.yaml)" = "$before" ]
wait_until 10 serves 5301 3
refute grep -q 'AXFR, incoming' <(journalctl --no-pager _PID="$(main_pid twinzone-secondary)")

step "remove keeps configuration and store; install again"
apt-get remove -y -q twinzone-secondary >/proof/apt.log 2>&1 || fail "apt-get remove"
refute systemctl -q is-active twinzone-secondary
refute systemctl -q is-active twinzone-secondary@east
expect systemctl -q is-active twinzone-primary
expect [ -e /etc/twinzone/secondary.yaml -a -d /var/lib/twinzone/secondary ]
install_packages /proof/next/twinzone-secondary_*.deb
expect systemctl -q is-active twinzone-secondary
expect systemctl -q is-enabled twinzone-secondary
expect systemctl -q is-enabled twinzone-sync.timer
wait_until 10 serves 5301 3

step "purge"
apt-get purge -y -q twinzone-primary twinzone-secondary twinzone-common >/proof/apt.log 2>&1 ||
    { cat /proof/apt.log; fail "apt-get purge"; }
refute systemctl -q is-active twinzone-primary
refute [ -e /var/lib/twinzone/primary -o -e /var/lib/twinzone/secondary ]
refute [ -e /etc/twinzone/primary.yaml -o -e /etc/twinzone/secondary.yaml ]
expect [ -s /etc/twinzone/keys.d/k1.key ]                   # the operator's
expect [ -s /var/lib/nsd/twinzone/example.test.zone ]       # NSD's now
left=$(find /etc /lib /usr /var/lib /run -xdev -iname '*twinzone*' \
    ! -path '/etc/twinzone*' ! -path '/var/lib/twinzone*' ! -path '/var/lib/nsd/*' \
    ! -path '/run/credentials/*' ! -path '/run/systemd/*' | sort)
[ -z "$left" ] || fail "left behind: $left"

step "purge of packages that were never configured leaves nothing at all"
rm -rf /etc/twinzone /var/lib/twinzone /var/lib/nsd/twinzone
install_packages /proof/twinzone-*.deb
apt-get purge -y -q 'twinzone-*' >/proof/apt.log 2>&1 || { cat /proof/apt.log; fail "apt-get purge"; }
refute [ -e /etc/twinzone -o -e /var/lib/twinzone ]

step "all as it should be"
touch /proof/passed
