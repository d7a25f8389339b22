#!/bin/bash
# run.sh: ns1 with BIND; ns2 with NSD, kept in step by a line in /etc/cron.d and no daemon: the
# configuration in ns1/ and ns2/, unchanged, on two machines inside this one. Ends with 0 when all came
# out as it should. Needs root.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=examples/machines.sh
. "$here/../machines.sh"

# cron: what crond would run on ns2 now, as its user and in its bare environment; what it prints would
# be mailed.
cron() {
    local line user command
    line=$(grep -E '^[^#A-Z]' "$here/ns2/etc/cron.d/twinzone")
    read -r _ _ _ _ _ user command <<<"$line"
    as ns2 "$user" env -i SHELL=/bin/sh HOME=/ PATH=/usr/bin:/bin LOGNAME="$user" \
        /bin/sh -c "$command" >"$work/mail" 2>&1
}
silent() { [ ! -s "$work/mail" ]; }

begin
two_machines k1

step "ns1: BIND; ns2: NSD, which has no zone yet"
on ns1 usermod -aG _twinzone bind   # to read the key
on ns1 install -d -o bind -g bind /run/named
serve ns1 named named -f -u bind
on ns2 install -d -o _twinzone -g nsd -m 2750 /var/lib/nsd/twinzone
on ns2 install -d -o nsd -g nsd /run/nsd
on ns2 usermod -aG nsd _twinzone
serve ns2 nsd nsd -d -P ""
wait_until 30 "BIND answers" serves ns1 1
wait_until 30 "NSD can be controlled" as ns2 _twinzone nsd-control status

step "cron, for the first time"
cron || fail "sync ended with $?: $(cat "$work/mail")"
silent || fail "it was not silent: $(cat "$work/mail")"
serves ns2 1 || fail "NSD does not answer serial 1"
say "NSD answers serial 1; no mail"

step "An edit on ns1, and cron ten minutes later"
on ns1 sed -i -e 's/( 1 /( 2 /' -e '$ a mail IN A 192.0.2.25' /etc/bind/db.example.test
on ns1 rndc reload example.test >/dev/null
wait_until 10 "BIND answers serial 2" serves ns1 2
cron || fail "sync ended with $?: $(cat "$work/mail")"
silent || fail "it was not silent: $(cat "$work/mail")"
serves ns2 2 || fail "NSD does not answer serial 2"
answers ns2 mail.example.test A 192.0.2.25 || fail "the new record is not there"
say "NSD answers serial 2; no mail"

step "ns1 is down: within an hour of the last success that is no mail"
stop ns1 named
cron || fail "sync ended with $?: $(cat "$work/mail")"
silent || fail "it was not silent: $(cat "$work/mail")"
serves ns2 2 || fail "NSD does not answer serial 2"

step "and this is what a mail says when it is one"
as ns2 _twinzone twinzone-secondary sync >"$work/mail" 2>&1 &&
    fail "a sync without a primary was said to be good"
sed 's/^/   /' "$work/mail"
printf '\nBIND on ns1 and NSD on ns2 are in step, without a daemon.\n'
