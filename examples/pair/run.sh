#!/bin/bash
# run.sh: ns1 with BIND and ns2 with NSD, kept in step by Twinzone: the configuration in ns1/ and ns2/,
# unchanged, on two machines inside this one. Ends with 0 when all came out as it should. Needs root.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=examples/machines.sh
. "$here/../machines.sh"
begin
two_machines k1

step "ns1: BIND, and twinzone-primary beside it"
on ns1 install -d -o bind -g bind /run/named
serve ns1 named named -f -u bind
serve_as ns1 _twinzone twinzone twinzone-primary serve
wait_until 30 "BIND answers" serves ns1 1

step "ns2: NSD, and twinzone-secondary beside it"
on ns2 install -d -o _twinzone -g nsd -m 2750 /var/lib/nsd/twinzone
on ns2 install -d -o nsd -g nsd /run/nsd
on ns2 usermod -aG nsd _twinzone
serve ns2 nsd nsd -d -P ""
wait_until 30 "NSD can be controlled" as ns2 _twinzone nsd-control status
serve_as ns2 _twinzone twinzone twinzone-secondary serve
wait_until 30 "NSD answers serial 1" serves ns2 1
say "both answer serial 1"

step "An edit on ns1, as always: the file, the serial, rndc reload"
edited=$(milliseconds)
on ns1 sed -i -e 's/( 1 /( 2 /' -e '$ a mail IN A 192.0.2.25' /etc/bind/db.example.test
on ns1 rndc reload example.test >/dev/null
wait_until 30 "NSD answers serial 2" serves ns2 2
say "NSD answers it $(($(milliseconds) - edited)) ms later"
wait_until 10 "BIND answers serial 2" serves ns1 2
answers ns2 mail.example.test A 192.0.2.25 || fail "the new record is not there"

step "What Twinzone says"
wait_until 30 "ns2 is current" as ns2 _twinzone twinzone-secondary status --check
as ns1 _twinzone twinzone-primary status
as ns2 _twinzone twinzone-secondary status
printf '\nBIND on ns1 and NSD on ns2 are in step.\n'
