"""What one connection carries: pipelined questions, keepalive, padding, ends anywhere; and TLS with
certificates that are renewed while we run."""
import hashlib
import shutil
import socket
import ssl
import struct
import subprocess

import dns.edns
import dns.message
import pytest
from harness import contents, zone_texts
from harness.certificates import Authority
from harness.many_zones import CountingRelay, names, zone_text
from harness.programs import Primary, Secondary
from harness.waiting import wait_for

ZONE = "example.test."
KEEPALIVE, PADDING = 11, 12


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def primary(tmp_path, authority, running):
    """One zone in the clear and over TLS; its certificate lies in files of its own."""
    server = Primary(tmp_path / "ns1").use_limits(tcp_idle="2s", per_remote=100)
    issued = authority.issue("ns1.test")
    server.cert, server.key = server.path("own.pem"), server.path("own.key")
    show(server, issued)
    server.use_tls("own", cert=server.cert, key=server.key).listen_tls("own")
    server.serve_file(ZONE, zone_texts.small(1))
    running(server).start()
    server.wait_for_serial(ZONE, 1)
    return server


def show(server, issued):
    """The server's certificate is another from now on, by renaming as ACME clients do."""
    for source, target in ((issued.cert, server.cert), (issued.key, server.key)):
        shutil.copy(source, f"{target}.new")
        shutil.move(f"{target}.new", target)


def query(zone=ZONE, rdtype="SOA", options=()):
    return dns.message.make_query(zone, rdtype, use_edns=0, options=list(options))


def framed(message):
    wire = message.to_wire()
    return struct.pack(">H", len(wire)) + wire


def over_tls(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["dot"])
    plain = socket.create_connection((contents.LOOPBACK, server.tls_port), 5)
    return context.wrap_socket(plain)


def shown(server):
    with over_tls(server) as stream:
        return hashlib.sha256(stream.getpeercert(binary_form=True)).hexdigest()


def test_questions_in_one_write_are_answered_all_and_told_of_the_idle_time(primary):
    questions = [query(options=[dns.edns.GenericOption(KEEPALIVE, b"")]) for _ in range(50)]
    with socket.create_connection((contents.LOOPBACK, primary.port), 5) as stream:
        stream.sendall(b"".join(map(framed, questions)))
        answers = [dns.message.from_wire(contents.read_message(stream)) for _ in questions]
        assert [a.id for a in answers] == [q.id for q in questions]
        for answer in answers:
            told = [o.data for o in answer.options if o.otype == KEEPALIVE]
            assert told == [struct.pack(">H", 20)]  # tcp-idle of 2 s
        stream.settimeout(10)
        assert stream.recv(1) == b""  # and held to


def test_transfers_and_questions_share_a_connection_in_order(primary):
    asked = [query(), query(rdtype="AXFR"), query(), query(rdtype="AXFR"), query("no.test.")]
    for connect in (lambda: socket.create_connection((contents.LOOPBACK, primary.port), 5),
                    lambda: over_tls(primary)):
        with connect() as stream:
            stream.sendall(b"".join(map(framed, asked)))
            got = [dns.message.from_wire(contents.read_message(stream), one_rr_per_rrset=True).id
                   for _ in asked]
            assert got == [q.id for q in asked]


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
def test_a_client_that_ends_at_any_octet_harms_nobody(primary, tls):
    octets = framed(query()) + framed(query(rdtype="AXFR"))
    for length in range(0, len(octets), 1 if not tls else 7):
        with over_tls(primary) if tls else socket.create_connection(
                (contents.LOOPBACK, primary.port), 5) as stream:
            stream.sendall(octets[:length])
    assert primary.serial(ZONE) == 1
    wait_for("no descriptor is lost", lambda: primary.process.open_files() < 60, 10)


def test_padded_questions_over_tls_get_padded_answers(primary):
    padded = [dns.edns.GenericOption(PADDING, b"\0" * 30)]
    with over_tls(primary) as stream:
        for message in (query(options=padded), query(rdtype="AXFR", options=padded),
                        query("no.test.", options=padded)):
            stream.sendall(framed(message))
            assert len(contents.read_message(stream)) % 468 == 0
        stream.sendall(framed(query()))
        assert len(contents.read_message(stream)) < 200
    with socket.create_connection((contents.LOOPBACK, primary.port), 5) as stream:
        stream.sendall(framed(query(options=padded)))
        assert len(contents.read_message(stream)) < 200  # in the clear it hides nothing


def test_an_idle_connection_gives_way_to_another_of_its_address(tmp_path, running):
    server = Primary(tmp_path / "ns1").use_limits(per_remote=2)
    running(server.serve_file(ZONE, zone_texts.small(1))).start()
    server.wait_for_serial(ZONE, 1)

    def asked():
        stream = socket.create_connection((contents.LOOPBACK, server.port), 5)
        stream.sendall(framed(query()))
        assert dns.message.from_wire(contents.read_message(stream)).answer
        return stream
    streams = [asked() for _ in range(3)]
    assert streams[0].recv(1) == b""
    for stream in streams[1:]:
        stream.sendall(framed(query()))
        assert dns.message.from_wire(contents.read_message(stream)).answer
    for stream in streams:
        stream.close()


def test_a_renewed_certificate_is_shown_without_a_word(primary, authority):
    before = shown(primary)
    with over_tls(primary) as standing:
        show(primary, authority.issue("ns1.test"))
        wait_for("the new certificate is shown", lambda: shown(primary) != before, 20, step=0.2)
        standing.sendall(framed(query()))
        assert dns.message.from_wire(contents.read_message(standing)).answer
    primary.process.wait_for_log("certificates and keys have changed and are in use")


def test_a_broken_certificate_is_told_and_the_old_one_stays(primary, authority):
    before = shown(primary)
    mark = primary.process.log_mark()
    primary.write("own.pem", "nothing of use\n")
    primary.process.wait_for_log("those before stay in use", mark)
    assert shown(primary) == before
    show(primary, authority.issue("ns1.test"))
    wait_for("the next good one is shown", lambda: shown(primary) != before, 20, step=0.2)


def test_reload_takes_certificates_too(primary, authority):
    before = shown(primary)
    show(primary, authority.issue("ns1.test"))
    assert primary.tool("reload").returncode == 0
    assert shown(primary) != before


def test_many_zones_come_over_few_tls_connections(tmp_path, authority, running):
    zones = names(50)
    own = authority.issue("ns1.test")
    server = running(Primary(tmp_path / "ns1"))
    server.use_tls("own", cert=own.cert, key=own.key).listen_tls("own")
    for zone in zones:
        server.write(f"{zone}zone", zone_text(zone, 1))
    server.serve_folder(server.folder).start()
    server.wait_until_answering(zones[-1])
    relay = running(CountingRelay(server.tls_port)).start()
    secondary = running(Secondary(tmp_path / "ns2"))
    secondary.use_tls("ns1", ca=authority.ca, server_name="ns1.test")
    secondary.use_remote("ns1", relay.port, tls="ns1")
    for zone in zones:
        secondary.follow(zone, ["ns1"], refresh={"min": "2s", "max": "2s"})
    secondary.start()
    wait_for("all zones are here",
             lambda: {z["serial"] for z in secondary.status()["zones"]} == {1}, 60)
    for zone in zones[:10]:
        server.write(f"{zone}zone", zone_text(zone, 2))
    wait_for("what changed came too", lambda: sorted(
        z["serial"] for z in secondary.status()["zones"]) == [1] * 40 + [2] * 10, 60)
    assert relay.most_at_once <= 8
    assert ", failed, " not in secondary.process.log_text()
    assert "IXFR, incoming" in secondary.process.log_text()


def test_a_flood_leaves_descriptors_to_operators_and_primaries(tmp_path, running):
    primary = running(Primary(tmp_path / "ns1").serve_file(ZONE, zone_texts.small(1))).start()
    secondary = Secondary(tmp_path / "ns2").use_limits(per_remote=1000, tcp_idle="30s")
    secondary.use_remote("ns1", primary.port).follow(ZONE, ["ns1"])
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    subprocess.run(["prlimit", f"--pid={secondary.process.pid}", "--nofile=80:80"], check=True)
    flood = [socket.create_connection((contents.LOOPBACK, secondary.port), 10) for _ in range(200)]
    secondary.process.wait_for_log("the limit tcp-clients is reached")
    assert secondary.status()["zones"][0]["serial"] == 1  # by the control socket
    primary.put(zone_texts.small(2))
    primary.wait_for_serial(ZONE, 2)
    assert secondary.tool("refresh", ZONE).returncode == 0  # by sockets of its own
    secondary.wait_until_current(ZONE, 2)
    for stream in flood:
        stream.close()
