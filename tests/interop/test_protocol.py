"""What the primary answers on the wire, as dnspython sees it."""
import socket

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import dns.wire
import dns.xfr
import dns.zone
import pytest
from harness import contents, zone_texts
from harness.keys import Key
from harness.programs import Primary
from harness.rogue_faults import sign

ZONE = "example.test."
ALGORITHMS = ["hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]
KEYS = [Key.random(f"{algorithm}.key.", algorithm) for algorithm in ALGORITHMS]
LAST = 6


def version(serial):
    """From the first to the second is more than a small datagram holds."""
    many = [f"n{i}.{ZONE} 60 IN TXT \"{'y' * 180}\"" for i in range(5 if serial == 1 else 0, 1000)]
    return zone_texts.small(serial, many + [f"v.{ZONE} 60 IN TXT \"{serial}\""])


@pytest.fixture(scope="module")
def primary(tmp_path_factory):
    """Versions 1 to LAST of a zone that needs several messages; a second zone only for key holders."""
    server = Primary(tmp_path_factory.mktemp("protocol") / "ns1")
    for key in KEYS:
        server.use_key(key)
    closed = server.write("closed.zone", zone_texts.small(1, zone="closed.test."))
    server.serve_file(ZONE, version(1))
    server.use_zone("closed.test.", source={"file": closed},
                    allow_transfer=[{"key": key.name} for key in KEYS])
    server.start()
    for serial in range(1, LAST + 1):
        server.put(version(serial))
        server.wait_for_serial(ZONE, serial)
    server.wait_for_serial("closed.test.", 1)
    yield server
    server.stop()


def udp(primary, query, limit=5):
    return dns.query.udp(query, contents.LOOPBACK, port=primary.port, timeout=limit,
                         one_rr_per_rrset=True)


def tcp(primary, query, limit=5):
    return dns.query.tcp(query, contents.LOOPBACK, port=primary.port, timeout=limit,
                         one_rr_per_rrset=True)


def connection(primary):
    return socket.create_connection((contents.LOOPBACK, primary.port), 10)


def ixfr_query(serial, **options):
    query = dns.message.make_query(ZONE, "IXFR", **options)
    query.authority.append(dns.rrset.from_text(ZONE, 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    return query


def soas_of(answer):
    return [rrset[0].serial for rrset in answer.answer if rrset.rdtype == dns.rdatatype.SOA]


# ---- plain answers

@pytest.mark.parametrize("ask", [udp, tcp])
def test_the_soa_is_answered_with_authority(primary, ask):
    answer = ask(primary, dns.message.make_query(ZONE, "SOA"))
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.flags & dns.flags.AA
    assert soas_of(answer) == [LAST]


def test_case_of_the_question_is_kept(primary):
    wire = dns.message.make_query("eXaMpLe.TEST.", "SOA").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(wire, (contents.LOOPBACK, primary.port))
        assert b"\7eXaMpLe\4TEST" in sock.recv(4096)


@pytest.mark.parametrize("name, rdtype, allowed", [
    (ZONE, "ANY", {dns.rcode.REFUSED, dns.rcode.NOTIMP}),
    (ZONE, "A", {dns.rcode.REFUSED, dns.rcode.NOTIMP}),
    ("www." + ZONE, "A", {dns.rcode.REFUSED, dns.rcode.NOTIMP}),
    ("elsewhere.test.", "SOA", {dns.rcode.REFUSED}),
    ("elsewhere.test.", "AXFR", {dns.rcode.REFUSED, dns.rcode.NOTAUTH}),
    ("closed.test.", "AXFR", {dns.rcode.REFUSED}),
    ("closed.test.", "IXFR", {dns.rcode.REFUSED, dns.rcode.FORMERR}),
])
def test_what_is_not_for_us_is_refused(primary, name, rdtype, allowed):
    query = dns.message.make_query(name, rdtype)
    for ask in (udp, tcp):
        if rdtype != "AXFR" or ask is tcp:
            assert ask(primary, query).rcode() in allowed


@pytest.mark.parametrize("opcode", [dns.opcode.IQUERY, dns.opcode.STATUS, dns.opcode.UPDATE, 9])
def test_other_opcodes_are_not_implemented(primary, opcode):
    query = dns.message.make_query(ZONE, "SOA")
    query.flags = dns.opcode.to_flags(opcode)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(query.to_wire(), (contents.LOOPBACK, primary.port))
        assert sock.recv(4096)[3] & 15 == dns.rcode.NOTIMP


def test_another_class_is_refused(primary):
    query = dns.message.make_query(ZONE, "SOA", rdclass="CH")
    assert udp(primary, query).rcode() == dns.rcode.REFUSED


def test_axfr_over_udp_is_an_error(primary):
    assert udp(primary, dns.message.make_query(ZONE, "AXFR")).rcode() != dns.rcode.NOERROR


def test_an_unknown_edns_version_is_told(primary):
    query = dns.message.make_query(ZONE, "SOA")
    query.use_edns(1)
    answer = udp(primary, query)
    assert answer.rcode() == dns.rcode.BADVERS
    assert answer.edns == 0


def test_expire_is_answered_where_asked(primary):
    expire = dns.edns.GenericOption(9, b"")
    answer = udp(primary, dns.message.make_query(ZONE, "SOA", use_edns=0, options=[expire]))
    found = [option for option in answer.options if option.otype == 9]
    assert len(found) == 1
    assert int.from_bytes(found[0].data, "big") == 1209600


@pytest.mark.parametrize("wire", [b"", b"\0", b"\0" * 11, b"\xff" * 12, b"\0" * 12 + b"\xc0\x0c",
                                  b"\x12\x34\0\0\0\2" + b"\0" * 6, bytes(range(200))])
def test_garbage_is_survived(primary, wire):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(wire, (contents.LOOPBACK, primary.port))
    with connection(primary) as stream:
        contents.send_message(stream, wire)
    assert primary.serial(ZONE) == LAST


# ---- many queries on one connection

def test_many_queries_are_answered_on_one_connection(primary):
    queries = [dns.message.make_query(ZONE, "SOA") for _ in range(100)]
    with connection(primary) as stream:
        stream.sendall(b"".join(len(q.to_wire()).to_bytes(2, "big") + q.to_wire() for q in queries))
        answers = [dns.message.from_wire(contents.read_message(stream)) for _ in queries]
    assert {a.id for a in answers} == {q.id for q in queries}
    assert all(soas_of(a) == [LAST] for a in answers)


def test_queries_may_come_in_single_octets(primary):
    query = dns.message.make_query(ZONE, "SOA")
    wire = len(query.to_wire()).to_bytes(2, "big") + query.to_wire()
    with connection(primary) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in wire:
            stream.sendall(bytes([octet]))
        assert query.is_response(dns.message.from_wire(contents.read_message(stream)))


def test_transfers_and_questions_share_a_connection(primary):
    """RFC 7766 §7: answers may come in another order, told apart by their IDs."""
    queries = {q.id: q for q in [dns.message.make_query(ZONE, "AXFR"), ixfr_query(LAST - 2),
                                 dns.message.make_query(ZONE, "SOA"),
                                 dns.message.make_query(ZONE, "AXFR")]}
    soas = {number: [] for number in queries}
    wanted = {number: {"AXFR": 2, "SOA": 1, "IXFR": 6}[
        dns.rdatatype.to_text(q.question[0].rdtype)] for number, q in queries.items()}
    with connection(primary) as stream:
        for query in queries.values():
            contents.send_message(stream, query.to_wire())
        while any(len(soas[number]) < wanted[number] for number in queries):
            answer = dns.message.from_wire(contents.read_message(stream), xfr=True,
                                           one_rr_per_rrset=True)
            soas[answer.id] += soas_of(answer)
    assert sorted(map(len, soas.values())) == [1, 2, 2, 6]


# Conformance: R4
def test_a_client_that_reads_nothing_stops_nobody_else(primary):
    with connection(primary) as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(200):
            contents.send_message(lazy, dns.message.make_query(ZONE, "AXFR").to_wire())
        assert len(primary.records(ZONE)) > 1000


# ---- transfers

def test_axfr_is_the_file(primary):
    assert contents.difference(contents.of_plain_file(primary.file), primary.records(ZONE)) == ""


# Conformance: R46
def test_ixfr_of_the_current_version_is_one_soa(primary):
    for serial in (LAST, LAST + 1):
        answer = tcp(primary, ixfr_query(serial))
        assert soas_of(answer) == [LAST] and len(answer.answer) == 1


@pytest.mark.parametrize("serial", range(1, LAST))
def test_ixfr_tells_each_version_since(primary, serial):
    zone = dns.zone.from_text(version(serial), ZONE, relativize=False)
    query, _ = dns.xfr.make_query(zone)
    dns.query.inbound_xfr(contents.LOOPBACK, zone, query, port=primary.port, timeout=10)
    records = frozenset(contents.record(*item) for item in zone.iterate_rdatas())
    assert contents.difference(contents.of_plain_file(primary.file), records) == ""


def test_ixfr_from_an_unknown_version_is_the_whole_zone(primary):
    query = ixfr_query(4_000_000_000)
    first = []
    with connection(primary) as stream:
        contents.send_message(stream, query.to_wire())
        while len(first) < 2:  # the opening SOA may have a message of its own
            first += dns.message.from_wire(contents.read_message(stream), xfr=True,
                                           one_rr_per_rrset=True).answer
    assert first[0].rdtype == dns.rdatatype.SOA and first[0][0].serial == LAST
    assert first[1].rdtype != dns.rdatatype.SOA


def test_ixfr_over_udp_is_whole_or_one_difference_or_the_soa(primary):
    whole = udp(primary, ixfr_query(LAST - 1, use_edns=0, payload=1232))
    assert soas_of(whole) == [LAST, LAST - 1, LAST, LAST]
    condensed = small_udp(primary, ixfr_query(2))
    assert soas_of(condensed) == [LAST, 2, LAST, LAST]
    small = small_udp(primary, ixfr_query(1))
    assert soas_of(small) == [LAST] and len(small.answer) == 1


def small_udp(primary, query):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(query.to_wire(), (contents.LOOPBACK, primary.port))
        wire = sock.recv(4096)
    assert len(wire) <= 512
    return dns.message.from_wire(wire, one_rr_per_rrset=True)


def test_ixfr_without_a_soa_is_a_format_error(primary):
    answer = tcp(primary, dns.message.make_query(ZONE, "IXFR"))
    assert answer.rcode() == dns.rcode.FORMERR


# ---- signatures

@pytest.mark.parametrize("key", KEYS, ids=ALGORITHMS)
def test_a_signed_transfer_is_signed_throughout(primary, key):
    for name in (ZONE, "closed.test."):
        zone = dns.zone.Zone(name, relativize=False)
        query = dns.message.make_query(name, "AXFR")
        query.use_tsig(key.for_dnspython())
        dns.query.inbound_xfr(contents.LOOPBACK, zone, query, port=primary.port, timeout=10)
        assert zone.get_rdataset(name, "SOA")


def signed_answer(primary, wire):
    with connection(primary) as stream:
        contents.send_message(stream, wire)
        return contents.read_message(stream)


def tsig_of(wire):
    """The TSIG rdata at the end of a message, read without a key."""
    parser = dns.wire.Parser(wire)
    counts = [int.from_bytes(wire[at:at + 2], "big") for at in (4, 6, 8, 10)]
    parser.get_bytes(12)
    for _ in range(counts[0]):
        parser.get_name()
        parser.get_bytes(4)
    rdata = None
    for _ in range(sum(counts[1:])):
        parser.get_name()
        rdtype, rdclass, _ttl, size = parser.get_struct("!HHIH")
        with parser.restrict_to(size):
            rdata = dns.rdata.from_wire_parser(rdclass, rdtype, parser)
    assert rdata is not None and rdata.rdtype == dns.rdatatype.TSIG
    return rdata


def plain_axfr(name="closed.test."):
    return dns.message.make_query(name, "AXFR")


def sent_with(primary, key, seconds_off=0, name="closed.test."):
    query = plain_axfr(name)
    wire, _ = sign(query.to_wire(), key, query, seconds_off=seconds_off)
    return signed_answer(primary, wire)


def test_an_unknown_key_is_badkey_unsigned(primary):
    answer = sent_with(primary, Key.random("unknown.key."))
    assert answer[3] & 15 == dns.rcode.NOTAUTH
    tsig = tsig_of(answer)
    assert (tsig.error, len(tsig.mac)) == (dns.rcode.BADKEY, 0)


def test_a_known_key_with_another_algorithm_is_badkey(primary):
    key = Key(KEYS[2].name, KEYS[2].secret, "hmac-sha512")
    tsig = tsig_of(sent_with(primary, key))
    assert (tsig.error, len(tsig.mac)) == (dns.rcode.BADKEY, 0)


def test_a_wrong_secret_is_badsig_unsigned(primary):
    answer = sent_with(primary, Key(KEYS[2].name, Key.random("x.").secret))
    assert answer[3] & 15 == dns.rcode.NOTAUTH
    tsig = tsig_of(answer)
    assert (tsig.error, len(tsig.mac)) == (dns.rcode.BADSIG, 0)


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_wrong_time_is_badtime_signed_with_our_time(primary, seconds):
    answer = sent_with(primary, KEYS[2], seconds)
    assert answer[3] & 15 == dns.rcode.NOTAUTH
    tsig = tsig_of(answer)
    assert tsig.error == dns.rcode.BADTIME
    assert len(tsig.mac) == 32
    ours = int.from_bytes(tsig.other, "big")
    assert abs(ours - (tsig.time_signed - seconds)) < 60


def test_soa_answers_are_signed_as_asked(primary):
    for ask in (udp, tcp):
        query = dns.message.make_query(ZONE, "SOA")
        query.use_tsig(KEYS[2].for_dnspython())
        assert ask(primary, query).had_tsig
