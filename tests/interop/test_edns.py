"""EDNS on the wire: extended errors, EXPIRE, and who gets them."""
import subprocess

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from harness import contents, zone_texts
from harness.keys import Key
from harness.ports import free_port
from harness.programs import Primary, Secondary, pair
from harness.waiting import wait_for

ZONE = "example.test."
EXPIRE, EDE = 9, 15
KEY = Key.random("edns.key.")


def query(name=ZONE, rdtype="SOA", edns=True, options=(), serial=None, **settings):
    message = dns.message.make_query(name, rdtype, **settings)
    if edns:
        message.use_edns(0, payload=1232, options=list(options),
                         ednsflags=dns.flags.DO if settings.get("want_dnssec") else 0)
    if serial is not None:
        message.authority.append(dns.rrset.from_text(name, 0, "IN", "SOA",
                                                     f". . {serial} 0 0 0 0"))
    return message


def udp(server, message, where=contents.LOOPBACK):
    return dns.query.udp(message, where, port=server.port, timeout=5, one_rr_per_rrset=True)


def tcp(server, message):
    return dns.query.tcp(message, contents.LOOPBACK, port=server.port, timeout=5,
                         one_rr_per_rrset=True)


def errors_of(answer):
    return [int(option.code) for option in answer.options if option.otype == EDE]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A primary; a secondary with a zone that it follows, and one that it cannot get."""
    folder = tmp_path_factory.mktemp("edns")
    primary, secondary = pair(folder, ZONE, zone_texts.small(1), KEY)
    primary.use_zone("closed.test.", source={"file": primary.write(
        "closed.zone", zone_texts.small(1, zone="closed.test."))}, allow_transfer=[{"key": KEY.name}])
    secondary.use_remote("nobody", free_port()).follow("empty.test.", ["nobody"])
    primary.start()
    secondary.start()
    secondary.wait_until_current(ZONE, 1)
    secondary.wait_for_reason("empty.test.", "refused|unreachable|connect")
    yield primary, secondary
    secondary.stop()
    primary.stop()


@pytest.mark.parametrize("name, rdtype, ask, codes", [
    ("elsewhere.test.", "SOA", udp, [20]),
    ("elsewhere.test.", "AXFR", tcp, [20]),
    ("www.elsewhere.test.", "A", udp, [20]),
    ("www." + ZONE, "A", udp, [21]),
    ("closed.test.", "AXFR", tcp, [18]),
    (ZONE, "SOA", udp, []),
])
def test_a_refusal_says_why(servers, name, rdtype, ask, codes):
    assert errors_of(ask(servers[0], query(name, rdtype))) == codes


@pytest.mark.parametrize("name, rdtype", [("elsewhere.test.", "SOA"), ("closed.test.", "AXFR")])
def test_who_speaks_no_edns_gets_none(servers, name, rdtype):
    answer = tcp(servers[0], query(name, rdtype, edns=False))
    assert answer.rcode() in (dns.rcode.REFUSED, dns.rcode.NOTAUTH)
    assert answer.edns == -1


def test_a_zone_without_a_version_is_not_ready_and_has_no_reachable_primary(servers):
    for message, ask in [(query("empty.test."), udp), (query("empty.test.", "AXFR"), tcp)]:
        answer = ask(servers[1], message)
        assert answer.rcode() == dns.rcode.SERVFAIL
        assert errors_of(answer) == [14, 22]


def test_an_update_is_not_supported(servers):
    update = query()
    update.flags = dns.opcode.to_flags(dns.opcode.UPDATE)
    update.use_edns(0)
    done = udp(servers[0], update)
    assert done.rcode() == dns.rcode.NOTIMP and errors_of(done) == [21]


@pytest.mark.parametrize("zone, code", [("elsewhere.test.", 20), (ZONE, 18)])
def test_a_notify_that_is_refused_says_why(servers, zone, code):
    """The one for our zone lacks its primary's key."""
    notify = query(zone)
    notify.flags = dns.opcode.to_flags(dns.opcode.NOTIFY) | dns.flags.AA
    notify.use_edns(0)
    answer = udp(servers[1], notify)
    assert errors_of(answer) == [code]


def test_a_refusal_that_is_signed_says_why_under_the_signature(servers):
    message = query("elsewhere.test.")
    message.use_tsig(KEY.for_dnspython())
    answer = udp(servers[0], message)
    assert answer.had_tsig and errors_of(answer) == [20]


def test_dig_shows_it(servers):
    done = subprocess.run(["dig", "@127.0.0.1", "-p", str(servers[0].port), "elsewhere.test", "SOA"],
                          stdout=subprocess.PIPE, text=True, timeout=20, check=True)
    assert "EDE: 20 (Not Authoritative)" in done.stdout


def test_an_expired_zone_says_so(tmp_path, running):
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1, expire=3))
    secondary.configuration["templates"][0].update(
        {"expire": {"min": "1s"}, "refresh": {"min": "1s", "max": "1s"},
         "retry": {"min": "1s", "max": "1s"}})
    running(primary).start()
    running(secondary).start()
    secondary.wait_until_current(ZONE, 1)
    primary.stop()
    secondary.wait_for_state(ZONE, "expired")
    answer = udp(secondary, query())
    assert answer.rcode() == dns.rcode.SERVFAIL and errors_of(answer)[0] == 24
    wait_for("ns2 has asked in vain", lambda: errors_of(udp(secondary, query())) == [24, 22])


def test_what_a_primary_says_of_its_refusal_is_told(tmp_path, running):
    primary = Primary(tmp_path / "ns1").use_key(KEY)
    primary.serve_file(ZONE, zone_texts.small(1), allow_transfer=[{"key": KEY.name}])
    secondary = Secondary(tmp_path / "ns2").use_remote("ns1", primary.port).follow(ZONE, ["ns1"])
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    running(secondary).start()
    secondary.wait_for_reason(ZONE, r"REFUSED \(Prohibited: not allowed by allow-transfer\)")
    assert "(Prohibited: not allowed" in secondary.tool("why", ZONE).stdout
    assert "(Prohibited: not allowed" in secondary.process.log_text()


# ---- EXPIRE (RFC 7314)

def expire_of(answer):
    found = [option.data for option in answer.options if option.otype == EXPIRE]
    return int.from_bytes(found[0], "big") if found else None


@pytest.mark.parametrize("rdtype, serial", [("SOA", None), ("AXFR", None), ("IXFR", 1), ("IXFR", 0)])
def test_expire_is_answered_where_it_is_asked(servers, rdtype, serial):
    asks = query(rdtype=rdtype, serial=serial, options=[dns.edns.GenericOption(EXPIRE, b"")])
    asks.use_tsig(KEY.for_dnspython())
    plain = query(rdtype=rdtype, serial=serial)
    plain.use_tsig(KEY.for_dnspython())
    assert expire_of(tcp(servers[0], asks)) == 1209600
    assert 0 < expire_of(tcp(servers[1], asks)) <= 1209600
    assert expire_of(tcp(servers[0], plain)) is None


def test_a_chain_of_secondaries_does_not_extend_the_expiry(tmp_path, running):
    """ns3 loads from ns2, which lost ns1 a while ago: its first transfer brings what is left."""
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1, expire=3600))
    running(primary).start()
    running(secondary).start()
    secondary.wait_until_current(ZONE, 1)
    primary.stop()
    left = wait_for("ns2 has lost some of its time", lambda: (
        lambda seconds: seconds if seconds <= 3596 else None)(
            secondary.zone_status(ZONE)["expires_in_seconds"]))
    third = Secondary(tmp_path / "ns3").use_remote("ns2", secondary.port).follow(ZONE, ["ns2"])
    running(third).start()
    third.wait_until_current(ZONE, 1)
    assert third.zone_status(ZONE)["expires_in_seconds"] <= left
