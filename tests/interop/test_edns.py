"""EDNS on the wire: extended errors, EXPIRE, NSID, ZONEVERSION, cookies, and signatures with DO."""
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
from harness.bind import Bind
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
    assert "EDE: 20 (Not Authoritative)" in dig(servers[0], "elsewhere.test", "SOA")


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


# ---- who we are, which version, and cookies

NSID, COOKIE, ZONEVERSION = 3, 10, 19


def option_of(answer, number):
    found = [option for option in answer.options if option.otype == number]
    return getattr(found[0], "data", None) if found else None


def asking_for(number, value=b"", **settings):
    return query(options=[dns.edns.GenericOption(number, value)], **settings)


def test_the_zone_s_version_is_answered_where_it_is_asked(servers):
    """RFC 9660: two labels, type SOA-SERIAL, serial."""
    for server in servers:
        answer = udp(server, asking_for(ZONEVERSION))
        assert option_of(answer, ZONEVERSION) == b"\2\0" + (1).to_bytes(4, "big")
    assert option_of(udp(servers[0], query()), ZONEVERSION) is None
    assert option_of(udp(servers[0], asking_for(ZONEVERSION, name="elsewhere.test.")),
                     ZONEVERSION) is None


def test_our_name_is_told_where_it_is_configured_and_asked(tmp_path, running):
    primary = Primary(tmp_path).serve_file(ZONE, zone_texts.small(1))
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    assert option_of(udp(primary, asking_for(NSID)), NSID) is None
    primary.configuration["server"]["nsid"] = "ns1 at example"
    primary.write_configuration()
    assert primary.tool("reload").returncode == 0
    for ask, message in [(udp, asking_for(NSID)), (tcp, asking_for(NSID, rdtype="AXFR")),
                         (udp, asking_for(NSID, name="elsewhere.test."))]:
        assert option_of(ask(primary, message), NSID) == b"ns1 at example"
    assert option_of(udp(primary, query()), NSID) is None
    done = dig(primary, "+nsid", ZONE, "SOA")
    assert '("ns1 at example")' in done


def dig(server, *words):
    return subprocess.run(["dig", "@127.0.0.1", "-p", str(server.port), *words],
                          stdout=subprocess.PIPE, text=True, timeout=20, check=True).stdout


def test_cookies_are_given_and_hold(servers):
    """dig says what it thinks of ours; the cookie that it got is taken back, a forged one is not."""
    assert "(good)" in dig(servers[0], "+cookie", ZONE, "SOA")
    first = option_of(udp(servers[0], asking_for(COOKIE, b"c" * 8)), COOKIE)
    assert first[:8] == b"c" * 8 and len(first) == 24 and first[8:12] == b"\1\0\0\0"
    assert option_of(udp(servers[0], asking_for(COOKIE, first)), COOKIE) == first
    forged = first[:-1] + bytes([first[-1] ^ 1])
    answer = udp(servers[0], asking_for(COOKIE, forged))
    assert answer.rcode() == dns.rcode.NOERROR
    assert option_of(answer, COOKIE) not in (forged, None)
    assert option_of(udp(servers[0], query()), COOKIE) is None


@pytest.mark.parametrize("size", [0, 7, 9, 15, 41])
def test_what_is_no_cookie_is_a_format_error(servers, size):
    assert udp(servers[0], asking_for(COOKIE, b"c" * size)).rcode() == dns.rcode.FORMERR


def test_a_bind_that_wants_cookies_is_followed(tmp_path, running):
    """BADCOOKIE leads to TCP, and from then on the cookie that was learnt goes along."""
    bind, secondary = Bind(tmp_path / "bind"), Secondary(tmp_path / "ns2")
    running(bind).as_strict_primary(ZONE, zone_texts.small(1), secondary.port)
    secondary.use_remote("bind", bind.port).follow(
        ZONE, ["bind"], refresh={"min": "1s", "max": "1s"})
    running(secondary).start()
    secondary.wait_until_current(ZONE, 1)
    wait_for("a check of the current version",
             lambda: "the primary has the serial" in secondary.tool("why", ZONE).stdout)
    bind.load(zone_texts.small(2))
    secondary.wait_until_current(ZONE, 2)


# ---- signatures with the SOA

@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A zone that BIND's tools signed."""
    folder = tmp_path_factory.mktemp("signed")
    for flags in ([], ["-f", "KSK"]):
        subprocess.run(["dnssec-keygen", "-K", folder, "-a", "RSASHA256", "-b", "4096", *flags, ZONE],
                       check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    (folder / "plain.db").write_text(zone_texts.small(7))
    subprocess.run(["dnssec-signzone", "-S", "-K", folder, "-o", ZONE, "-f", folder / "signed.db",
                    "-O", "full", folder / "plain.db"], check=True, cwd=folder,
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    primary = Primary(folder / "ns1").serve_file(ZONE, (folder / "signed.db").read_text())
    primary.start()
    primary.wait_for_serial(ZONE, 7)
    yield primary
    primary.stop()


def types_of(answer):
    return sorted(dns.rdatatype.to_text(rrset.rdtype) for rrset in answer.answer)


def test_the_soa_has_its_signature_where_dnssec_is_wanted(signed):
    for ask in (udp, tcp):
        with_do = ask(signed, query(want_dnssec=True))
        assert types_of(with_do) == ["RRSIG", "SOA"]
        assert with_do.answer[1][0].covers() == dns.rdatatype.SOA
        assert with_do.ednsflags & dns.flags.DO
        without = ask(signed, query())
        assert types_of(without) == ["SOA"] and not without.ednsflags & dns.flags.DO


def test_a_signature_that_does_not_fit_sends_the_client_to_tcp(signed):
    small = dns.message.make_query(ZONE, "SOA", want_dnssec=True)
    small.use_edns(0, payload=512, ednsflags=dns.flags.DO,
                   options=[dns.edns.GenericOption(COOKIE, b"c" * 8)])
    answer = udp(signed, small)
    assert answer.flags & dns.flags.TC and not answer.answer
    assert types_of(tcp(signed, small)) == ["RRSIG", "SOA"]
