#!/bin/bash
# run.sh: ns1 with Knot DNS and ns2 with PowerDNS, each with a Twinzone as neighbour that it talks to
# over loopback only: the configuration in ns1/ and ns2/, unchanged, on two machines inside this one.
# Ends with 0 when all came out as it should. Needs root.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=examples/machines.sh
. "$here/../machines.sh"
begin
two_machines k1 sidecar

step "ns1: Knot with the zone, and twinzone-primary as its secondary"
on ns1 tee /etc/knot/sidecar.conf >/dev/null <<END
key:
  - id: sidecar.
    algorithm: hmac-sha256
    secret: $(secret_of sidecar)
END
on ns1 install -d -o knot -g knot /run/knot
on ns1 tee /var/lib/knot/example.test.zone >/dev/null <<'END'
@    3600 SOA ns1.example.test. hostmaster.example.test. 1 3600 600 1209600 300
@    3600 NS  ns1.example.test.
@    3600 NS  ns2.example.test.
ns1  3600 A   192.0.2.1
ns2  3600 A   192.0.2.2
END
on ns1 chown knot:knot /var/lib/knot/example.test.zone
serve ns1 knotd knotd
wait_until 30 "Knot answers" serves ns1 1
serve_as ns1 _twinzone twinzone twinzone-primary serve

step "ns2: PowerDNS as the secondary of twinzone-secondary"
as ns2 pdns sqlite3 /var/lib/powerdns/pdns.sqlite3 \
    '.read /usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql'
pdnsutil() { on ns2 pdnsutil "$@" >/dev/null; }
pdnsutil create-secondary-zone example.test 127.0.0.1:5300
pdnsutil import-tsig-key sidecar. hmac-sha256 "$(secret_of sidecar)"
pdnsutil activate-tsig-key example.test sidecar. secondary
on ns2 install -d -o pdns -g pdns /run/pdns
serve ns2 pdns pdns_server --guardian=no --daemon=no --disable-syslog
serve_as ns2 _twinzone twinzone twinzone-secondary serve
wait_until 60 "PowerDNS answers serial 1" serves ns2 1
say "both answer serial 1"

step "A change in Knot"
edited=$(milliseconds)
for words in 'zone-begin example.test' 'zone-set example.test mail 3600 A 192.0.2.25' \
    'zone-commit example.test'; do
    # shellcheck disable=SC2086  # words on purpose
    on ns1 knotc -b $words >/dev/null
done
wait_until 30 "PowerDNS has it" answers ns2 mail.example.test A 192.0.2.25
say "PowerDNS answers it $(($(milliseconds) - edited)) ms later"
wait_until 10 "serials are equal" serves ns2 "$(serial ns1)"

step "ns1's Knot is gone; ns2's neighbour comes back from its store alone"
stop ns1 knotd
stop ns2 twinzone-secondary KILL
serve_as ns2 _twinzone twinzone twinzone-secondary serve
wait_until 30 "twinzone-secondary is current again" as ns2 _twinzone twinzone-secondary status --check
answers ns2 mail.example.test A 192.0.2.25 || fail "ns2 lost the record"

step "What Twinzone says"
as ns1 _twinzone twinzone-primary status
as ns2 _twinzone twinzone-secondary status
printf '\nKnot on ns1 and PowerDNS on ns2 are in step.\n'
