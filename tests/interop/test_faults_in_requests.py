"""Secondaries and strangers that ask wrongly, for what is not theirs, or never read: what our primary
gives, keeps back and bears. `tests/conformance.md` says which requirement each test is for."""
import concurrent.futures
import os
import socket
import struct
import subprocess
import time

import dns.message
import dns.query
import dns.rcode
import dns.rrset
import pytest
from harness import contents, wire, zone_texts
from harness.certificates import Authority
from harness.keys import Key
from harness.programs import Primary, program
from harness.rogue_faults import sign
from harness.waiting import wait_for
from harness.web import Web

ZONE, CLOSED = "example.test.", "closed.test."
KEY, OTHER = Key.random("transfer.test."), Key.random("other.test.")
NOTAUTH, BADSIG, BADKEY, BADTIME = 9, 16, 17, 18


def large(serial, count=20_000):
    many = [f"n{i}.{ZONE} 60 IN TXT \"{'y' * 180}\"" for i in range(count)]
    return zone_texts.small(serial, many + [f"v.{ZONE} 60 IN TXT \"{serial}\""])


@pytest.fixture(scope="module")
def primary(tmp_path_factory):
    """A zone of 4 MB for everybody on loopback, one for the holder of KEY alone, one for nobody."""
    server = Primary(tmp_path_factory.mktemp("requests") / "ns1")
    server.use_key(KEY).use_key(OTHER).use_limits(per_remote=50, transfer_idle="2s", tcp_idle="5s")
    server.serve_file(ZONE, large(1), allow_transfer=[{"address": ["127.0.0.0/8"]}])
    for zone, rules in ((CLOSED, [{"key": KEY.name}]), ("nobody.test.", [])):
        file = server.write(f"{zone}db", zone_texts.small(1, zone=zone))
        server.use_zone(zone, source={"file": file}, allow_transfer=rules)
    server.start()
    for zone in (ZONE, CLOSED, "nobody.test."):
        server.wait_for_serial(zone, 1)
    yield server
    server.stop()


def connection(server, source="127.0.0.1"):
    return socket.create_connection((contents.LOOPBACK, server.port), 10, (source, 0))


def over_udp(server, octets, limit=5):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(limit)
        sock.sendto(octets, (contents.LOOPBACK, server.port))
        return sock.recv(65535)


def over_tcp(server, octets):
    with connection(server) as stream:
        contents.send_message(stream, octets)
        return contents.read_message(stream)


def rcode_of(octets):
    return octets[3] & 15


def answers_of(octets):
    return struct.unpack(">H", octets[6:8])[0]


def ixfr_query(zone, serial):
    query = dns.message.make_query(zone, "IXFR")
    query.authority.append(dns.rrset.from_text(zone, 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    return query


def still_serves(server):
    assert server.process.alive()
    assert rcode_of(over_tcp(server, dns.message.make_query(ZONE, "SOA").to_wire())) == 0


# ---- size, time and quota

@pytest.mark.parametrize("ask", [over_udp, over_tcp])
def test_r03_counts_that_cannot_fit_are_refused_at_once(primary, ask):
    question = wire.question(ZONE, wire.SOA)
    for counts in ([65535] * 4, [1, 65535, 0, 0], [1, 0, 65535, 0], [1, 0, 0, 65535], [65535, 0, 0, 0],
                   [2, 0, 0, 0], [1, 1, 0, 0]):
        began = time.monotonic()
        answer = ask(primary, wire.message(7, 0, [question], counts=counts))
        assert (answer[:2], rcode_of(answer)) == (b"\0\7", dns.rcode.FORMERR)
        assert time.monotonic() - began < 1
    still_serves(primary)


def test_r03_a_message_full_of_tiny_records_costs_little(primary):
    """60,000 octets of root NULL records behind a question, fifty times."""
    padding = [wire.raw_record(b"\0", 10, b"")] * 5000
    octets = wire.message(7, 0, [wire.question(ZONE, wire.SOA)], additional=padding)
    began = os.times()
    with connection(primary) as stream:
        for _ in range(50):
            contents.send_message(stream, octets)
            contents.read_message(stream)
    assert os.times().elapsed - began.elapsed < 5
    still_serves(primary)


def test_r04_clients_that_never_read_cost_little_and_are_cut_off(primary):
    files, before = primary.process.open_files(), primary.process.resident_bytes()
    lazy = []
    for _ in range(30):
        stream = connection(primary, "127.0.0.4")
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(50):
            contents.send_message(stream, dns.message.make_query(ZONE, "AXFR").to_wire())
        lazy.append(stream)
    assert len(primary.records(ZONE)) > 20_000
    assert primary.process.resident_bytes() - before < 150 << 20
    wait_for("who takes nothing is cut off",
             lambda: primary.process.open_files() <= files + 5, limit=20)
    primary.process.wait_for_log("the client took nothing for transfer-idle")
    for stream in lazy:
        stream.close()


def test_r05_a_flood_of_connections_leaves_the_server_alive_and_answering(tmp_path, running):
    server = Primary(tmp_path / "ns1").use_limits(per_remote=1000, tcp_idle="2s")
    running(server.serve_file(ZONE, zone_texts.small(1))).start()
    server.wait_for_serial(ZONE, 1)
    subprocess.run(["prlimit", f"--pid={server.process.pid}", "--nofile=80:80"], check=True)
    flood = [socket.create_connection((contents.LOOPBACK, server.port), 10) for _ in range(300)]
    for _ in range(5):
        assert server.serial(ZONE) == 1  # over UDP
    server.put(zone_texts.small(2))      # files are read still, the store is written still
    server.wait_for_serial(ZONE, 2)
    assert server.process.alive()
    for stream in flood:
        stream.close()

    def served():
        try:
            return rcode_of(over_tcp(server, dns.message.make_query(ZONE, "SOA").to_wire())) == 0
        except (OSError, EOFError):
            return False
    wait_for("TCP is answered again", served, limit=20)


def test_r06_who_may_not_transfer_uses_up_no_place(tmp_path, running):
    server = Primary(tmp_path / "ns1").use_key(KEY).use_limits(transfers_out=1, per_remote=100)
    running(server.serve_file(ZONE, large(1, 2000), allow_transfer=[{"key": KEY.name}])).start()
    server.wait_for_serial(ZONE, 1)
    strangers = [connection(server) for _ in range(50)]
    for stream in strangers:
        contents.send_message(stream, dns.message.make_query(ZONE, "AXFR").to_wire())
    query = dns.message.make_query(ZONE, "AXFR")
    query.use_tsig(KEY.for_dnspython())
    zone = dns.zone.Zone(ZONE, relativize=False)
    dns.query.inbound_xfr(contents.LOOPBACK, zone, query, port=server.port, timeout=10)
    assert len(zone.nodes) > 2000
    for stream in strangers:
        assert rcode_of(contents.read_message(stream)) == dns.rcode.REFUSED
        stream.close()


def test_r08_it_ends_in_time_whatever_is_open(tmp_path, running):
    authority = Authority(tmp_path)
    own = authority.issue("ns1.test")
    server = Primary(tmp_path / "ns1")
    server.use_tls("own", cert=own.cert, key=own.key).listen_tls("own")
    web = Web(server)
    running(server.serve_file(ZONE, large(1))).start()
    server.wait_for_serial(ZONE, 1)
    held = []
    for port, octets in ((server.port, wire.framed(dns.message.make_query(ZONE, "AXFR").to_wire())),
                         (server.port, b"\1"), (server.tls_port, b"\x16\3\1\2\0"),
                         (web.port, b"GET / HTTP/1.1\r\nX: ")):
        stream = socket.create_connection((contents.LOOPBACK, port), 10)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.sendall(octets)
        held.append(stream)
    with subprocess.Popen([program("primary"), "wait", ZONE, "--serial", "99", "--timeout", "60s",
                           "--control", server.control_socket],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as waiting:
        assert held[0].recv(2, socket.MSG_PEEK)  # the transfer has begun
        began = time.monotonic()
        assert server.process.stop(limit=20) == 0
        assert time.monotonic() - began < 5
        assert waiting.wait(10) != 0
    for stream in held:
        stream.close()


def test_many_versions_of_one_record_are_told_as_one_difference(tmp_path, running):
    """RFC 1995 section 6: what came and went between is left out where it costs too much, and over
    UDP one difference fits where the versions do not."""
    server = Primary(tmp_path / "ns1")
    many = [f"n{i}.{ZONE} 60 IN A 192.0.2.1" for i in range(3000)]
    texts = [zone_texts.small(serial, many + [f"v.{ZONE} 60 IN TXT \"{serial}{'x' * 200}\""])
             for serial in range(1, 31)]
    running(server.serve_file(ZONE, texts[0])).start()
    for serial, text in enumerate(texts, 1):
        server.put(text)
        server.wait_for_serial(ZONE, serial)
    for ask in (over_udp, over_tcp):
        query = ixfr_query(ZONE, 1)
        query.use_edns(0, payload=1232)
        octets = ask(server, query.to_wire())
        answer = dns.message.from_wire(octets, one_rr_per_rrset=True)
        kinds = [rrset.rdtype for rrset in answer.answer]
        assert kinds == [wire.SOA, wire.SOA, 16, wire.SOA, 16, wire.SOA]
        serials = [rrset[0].serial for rrset in answer.answer if rrset.rdtype == wire.SOA]
        assert serials == [30, 1, 30, 30]
    # Few versions are told one by one: who takes them can pass them on.
    octets = over_tcp(server, ixfr_query(ZONE, 26).to_wire())
    answer = dns.message.from_wire(octets, one_rr_per_rrset=True)
    assert len([rrset for rrset in answer.answer if rrset.rdtype == wire.SOA]) == 10


# ---- signatures

def with_tsig(query, rdata, key=KEY):
    """The query with a TSIG record of this rdata."""
    octets = query.to_wire()
    count = struct.unpack(">H", octets[10:12])[0] + 1
    return (octets[:10] + struct.pack(">H", count) + octets[12:]
            + wire.raw_record(key.name, 250, rdata, 0, wire.ANY))


def tsig_rdata(query, mac, when=None, fudge=300, error=0, other=b"", algorithm="hmac-sha256."):
    when = int(time.time()) if when is None else when
    return (wire.name(algorithm) + struct.pack(">HIHH", when >> 32 & 0xffff, when & 0xffffffff, fudge,
                                               len(mac))
            + mac + struct.pack(">HHH", query.id, error, len(other)) + other)


def signed_with(query, key=KEY, **options):
    octets, _ = sign(query.to_wire(), key, query, **options)
    return octets


def tsig_error(octets):
    """The error of the TSIG at a message's end; None without one."""
    if struct.unpack(">H", octets[10:12])[0] == 0:
        return None
    end = len(octets) - 6  # original ID, error, length of other
    for size in (0, 6):
        at = end - size
        if struct.unpack(">H", octets[at + 4:at + 6])[0] == size:
            return struct.unpack(">H", octets[at + 2:at + 4])[0]
    return None


@pytest.mark.parametrize("size", [0, 1, 9, 10, 15, 31, 33, 64, 255])
@pytest.mark.parametrize("kind", ["AXFR", "IXFR", "SOA"])
def test_r13_the_name_of_a_key_opens_nothing(primary, kind, size):
    query = ixfr_query(CLOSED, 0) if kind == "IXFR" else dns.message.make_query(CLOSED, kind)
    answer = over_tcp(primary, with_tsig(query, tsig_rdata(query, b"\0" * size)))
    assert rcode_of(answer) in (NOTAUTH, dns.rcode.FORMERR) and answers_of(answer) == 0


def test_r13_a_key_of_another_zone_opens_nothing(primary):
    query = dns.message.make_query(CLOSED, "AXFR")
    answer = over_tcp(primary, signed_with(query, OTHER))
    assert rcode_of(answer) == dns.rcode.REFUSED and answers_of(answer) == 0
    answer = over_tcp(primary, signed_with(query))
    assert rcode_of(answer) == 0 and answers_of(answer) > 3


def test_r14_the_signature_is_checked_before_the_time(primary):
    query = dns.message.make_query(CLOSED, "AXFR")
    forged = signed_with(query, Key(KEY.name, OTHER.secret), seconds_off=-3600)
    assert tsig_error(over_tcp(primary, forged)) == BADSIG
    assert tsig_error(over_tcp(primary, signed_with(query, seconds_off=-3600))) == BADTIME


@pytest.mark.parametrize("off", [2**32, -2**30, 2**47 - 2**32, 301, -301])
def test_r14_no_time_wraps_into_the_window(primary, off):
    query = dns.message.make_query(CLOSED, "AXFR")
    answer = over_tcp(primary, signed_with(query, seconds_off=off))
    assert (rcode_of(answer), tsig_error(answer), answers_of(answer)) == (NOTAUTH, BADTIME, 0)


@pytest.mark.parametrize("error", [1, BADSIG, BADKEY, BADTIME, 22, 65535])
def test_r15_a_request_with_a_tsig_error_is_refused(primary, error):
    query = dns.message.make_query(CLOSED, "SOA")
    other = struct.pack(">HI", 0, int(time.time()))
    for ask in (over_udp, over_tcp):
        answer = ask(primary, with_tsig(query, tsig_rdata(query, b"\0" * 32, error=error, other=other)))
        assert rcode_of(answer) in (NOTAUTH, dns.rcode.FORMERR)
    still_serves(primary)


def test_r17_no_octet_of_a_tsig_record_breaks_or_opens_anything(primary):
    query = dns.message.make_query(CLOSED, "AXFR")
    good = signed_with(query)
    start = len(query.to_wire())
    opened = []
    with connection(primary, "127.0.0.17") as stream:
        for at in range(start, len(good)):
            for value in (0, 1, 0x7f, 0xc0, 0xff, good[at] ^ 1):
                if value == good[at]:
                    continue
                octets = good[:at] + bytes([value]) + good[at + 1:]
                contents.send_message(stream, octets)
                answer = contents.read_message(stream)
                if answers_of(answer):
                    opened.append(at)
    # The case of the names of key and algorithm is not signed; nor is the ID of the original.
    names = len(wire.name(KEY.name)) + 10 + len(wire.name("hmac-sha256."))
    assert all(at < start + names for at in opened), opened
    still_serves(primary)


def test_r17_a_tsig_record_cut_anywhere_is_survived(primary):
    query = dns.message.make_query(CLOSED, "AXFR")
    good = signed_with(query)
    for ask in (over_udp, over_tcp):
        for size in range(len(query.to_wire()), len(good), 3 if ask is over_udp else 7):
            assert answers_of(ask(primary, good[:size])) == 0
    still_serves(primary)


def test_r17_a_long_answer_leaves_room_for_its_signature(primary):
    """Each message of a signed transfer ends with a TSIG and stays a message."""
    query = dns.message.make_query(ZONE, "AXFR")
    query.use_tsig(KEY.for_dnspython())
    zone = dns.zone.Zone(ZONE, relativize=False)
    dns.query.inbound_xfr(contents.LOOPBACK, zone, query, port=primary.port, timeout=20)
    assert len(zone.nodes) > 20_000


def test_r21_a_key_that_goes_does_not_cut_the_transfer_that_it_signs(tmp_path, running):
    server = Primary(tmp_path / "ns1").use_key(KEY).use_key(OTHER)
    running(server.serve_file(ZONE, large(1, 100_000),
                              allow_transfer=[{"key": KEY.name}, {"key": OTHER.name}])).start()
    server.wait_for_serial(ZONE, 1)
    query = dns.message.make_query(ZONE, "AXFR")
    octets, mac = sign(query.to_wire(), KEY, query)
    with socket.create_connection((contents.LOOPBACK, server.port), 10) as stream:
        contents.send_message(stream, octets)
        first = contents.read_message(stream)
        assert rcode_of(first) == 0
        server.configuration["keys"] = [k for k in server.configuration["keys"]
                                        if k["name"] != KEY.name]
        server.configuration["templates"][0]["allow-transfer"] = [{"key": OTHER.name}]
        server.write_configuration()
        assert server.tool("reload").returncode == 0
        count, last = 0, first
        while b"\0\6\0\1" not in last[-200:] or count == 0:
            last = contents.read_message(stream)
            count += 1
            assert struct.unpack(">H", last[10:12])[0] == 1, "a message without TSIG"
    assert count > 1000
    answer = over_tcp(server, signed_with(dns.message.make_query(ZONE, "AXFR")))
    assert (rcode_of(answer), tsig_error(answer)) == (NOTAUTH, BADKEY)
    assert rcode_of(over_tcp(server, signed_with(dns.message.make_query(ZONE, "AXFR"), OTHER))) == 0


# ---- access

@pytest.mark.parametrize("zone", [CLOSED, "nobody.test."])
@pytest.mark.parametrize("asked", ["AXFR", "IXFR of now", "IXFR from before", "IXFR from nowhere"])
@pytest.mark.parametrize("ask", [over_udp, over_tcp])
def test_r23_nothing_is_given_away_on_any_path(primary, zone, asked, ask):
    serial = {"IXFR of now": 1, "IXFR from before": 0, "IXFR from nowhere": 2**31}.get(asked)
    query = dns.message.make_query(zone, "AXFR") if serial is None else ixfr_query(zone, serial)
    answer = ask(primary, query.to_wire())
    assert rcode_of(answer) in (dns.rcode.REFUSED, dns.rcode.FORMERR) and answers_of(answer) == 0


def test_r44_an_unknown_zone_is_answered_and_the_connection_goes_on(primary):
    with connection(primary) as stream:
        for query, rcode in ((dns.message.make_query("unknown.test.", "AXFR"), NOTAUTH),
                             (ixfr_query("unknown.test.", 1), NOTAUTH),
                             (dns.message.make_query("unknown.test.", "SOA"), dns.rcode.REFUSED),
                             (dns.message.make_query(ZONE, "SOA"), 0)):
            contents.send_message(stream, query.to_wire())
            assert rcode_of(contents.read_message(stream)) == rcode


def test_a_client_that_ends_anywhere_in_a_transfer_is_forgotten(primary):
    """Closed and reset at many points, a hundred times at once."""
    files = primary.process.open_files()

    def part(octets):
        with connection(primary, "127.0.0.9") as stream:
            contents.send_message(stream, dns.message.make_query(ZONE, "AXFR").to_wire())
            taken = 0
            while taken < octets:
                taken += len(stream.recv(min(65536, octets - taken)) or b"x" * octets)
            if octets % 2:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(part, range(0, 3_000_000, 30_001)))
    wait_for("all are gone", lambda: primary.process.open_files() <= files + 3, limit=20)
    assert len(primary.records(ZONE)) > 20_000
