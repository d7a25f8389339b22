"""Zone transfers over TLS (RFC 9103): with ourselves, BIND, dig and kdig; what is refused, and that
nothing ever goes on in the clear."""
import re
import socket
import ssl
import subprocess

import pytest
from harness import contents, listening, zone_texts
from harness.bind import Bind
from harness.certificates import Authority, Certificate
from harness.ports import free_port
from harness.programs import Primary, Secondary
from harness.waiting import wait_for

ZONE = "example.test."


def version(serial):
    many = [f"v{i}.{ZONE} 60 IN TXT \"{i}\"" for i in range(200)]
    many.append(f"v.{ZONE} 60 IN TXT \"{serial}\"")
    return zone_texts.small(serial, many, refresh=1, retry=1)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def primary(tmp_path, authority, running):
    """Serves the zone over TLS alone, to whoever shows a certificate for ns2.test."""
    own = authority.issue("ns1.test")
    server = Primary(tmp_path / "ns1")
    server.use_tls("own", cert=own.cert, key=own.key)
    server.use_tls("ns2", ca=authority.ca, client_name="ns2.test")
    server.use_tls("any", ca=authority.ca)
    server.listen_tls("own")
    server.serve_file(ZONE, version(1), allow_transfer=[{"tls": "ns2"}])
    server.path_of_open = server.write("open.zone", zone_texts.small(1, zone="open.test."))
    server.use_zone("open.test.", source={"file": server.path_of_open},
                    allow_transfer=[{"tls": "any"}])
    running(server).start()
    server.wait_until_answering(ZONE)
    return server


def follow(tmp_path, running, primary, own=None, **trust):
    """Our secondary, asking over TLS with what is believed by `trust`."""
    secondary = Secondary(tmp_path / "ns2")
    if own:
        trust.update(cert=own.cert, key=own.key)
    secondary.use_tls("ns1", **trust)
    secondary.use_remote("ns1", primary.tls_port, tls="ns1").follow(ZONE, ["ns1"])
    return running(secondary).start()


def in_step(primary, secondary, text, serial):
    secondary.wait_for_serial(ZONE, serial)
    with open(primary.file, encoding="ascii") as file:
        assert file.read() == text
    assert contents.difference(contents.of_plain_file(primary.file), secondary.records(ZONE)) == ""


def test_ours_over_mutual_tls_by_axfr_and_ixfr(tmp_path, authority, primary, running):
    secondary = follow(tmp_path, running, primary, authority.issue("ns2.test"), ca=authority.ca,
                       server_name="ns1.test")
    in_step(primary, secondary, version(1), 1)
    for serial in (2, 3):
        primary.put(version(serial))
        primary.wait_for_serial(ZONE, serial)
        secondary.wait_for_serial(ZONE, serial)
        in_step(primary, secondary, version(serial), serial)
    assert [kind for kind, _, _ in secondary.transfers()] == ["AXFR", "IXFR", "IXFR"]
    log = primary.process.log_text()
    assert re.search(r"AXFR, outgoing, remote 127\.0\.0\.1@\d+ tls, .*finished", log), log[-2000:]
    assert not re.search(r"XFR, outgoing, remote 127\.0\.0\.1@\d+, .*finished", log)


def test_ours_by_pin_alone(tmp_path, authority, primary, running):
    pin = authority.issue("other.test")  # its key is wrong
    secondary = follow(tmp_path, running, primary, authority.issue("ns2.test"), pin=[pin.pin()])
    secondary.wait_for_reason(ZONE, "not a pinned one")
    secondary.stop()
    own = primary.configuration["tls"][0]
    secondary.configuration["tls"][0]["pin"] = [Certificate(own["cert"], own["key"]).pin()]
    secondary.start()
    in_step(primary, secondary, version(1), 1)


def test_a_server_that_is_not_believed_gives_nothing(tmp_path, authority, primary, running):
    other = Authority(tmp_path, "others")
    rows = [({"ca": authority.ca, "server_name": "ns9.test"}, "hostname mismatch"),
            ({"ca": other.ca, "server_name": "ns1.test"}, "unable to get local issuer")]
    for number, (trust, reason) in enumerate(rows):
        secondary = follow(tmp_path / str(number), running, primary, authority.issue("ns2.test"),
                           **trust)
        secondary.wait_for_reason(ZONE, reason)
        assert secondary.serial(ZONE) is None
        assert secondary.transfers() == []
        secondary.stop()


def test_an_expired_certificate_is_not_believed(tmp_path, authority, running):
    old = authority.issue("ns1.test", days=-1)
    server = Primary(tmp_path / "ns1")
    server.use_tls("own", cert=old.cert, key=old.key).listen_tls("own")
    server.serve_file(ZONE, version(1))
    running(server).start()
    secondary = follow(tmp_path, running, server, ca=authority.ca, server_name="ns1.test")
    secondary.wait_for_reason(ZONE, "expired")
    assert secondary.serial(ZONE) is None


# Conformance: R22
def test_a_client_is_let_in_only_by_its_certificate(tmp_path, authority, primary, running):
    other = Authority(tmp_path, "others")
    trust = {"ca": authority.ca, "server_name": "ns1.test"}
    for number, own in enumerate([None, authority.issue("ns3.test"), other.issue("ns2.test")]):
        secondary = follow(tmp_path / str(number), running, primary, own, **trust)
        secondary.wait_for_reason(ZONE, "REFUSED")
        assert secondary.serial(ZONE) is None
        secondary.stop()
    assert "certificate: ns2:" in primary.process.log_text()


# Conformance: R22
def test_a_zone_for_tls_is_not_given_over_plain_tcp(primary):
    with pytest.raises(AssertionError):
        contents.of_server(primary.port, ZONE)
    with pytest.raises(AssertionError):
        contents.of_server(primary.port, "open.test.")
    wait_for("the refusal is in the log",
             lambda: "not allowed by allow-transfer" in primary.process.log_text())


def handshake(primary, authority, alpn):
    context = ssl.create_default_context(cafile=authority.ca)
    if alpn:
        context.set_alpn_protocols(alpn)
    raw = socket.create_connection(("127.0.0.1", primary.tls_port), 10)
    return context.wrap_socket(raw, server_hostname="ns1.test")


@pytest.mark.parametrize("alpn", [None, ["h2"], ["h2", "http/1.1"]], ids=str)
def test_without_the_protocol_dot_there_is_no_answer(primary, authority, alpn):
    query = b"\0\x1d" + b"\0\x07\0\0\0\1\0\0\0\0\0\0\x07example\x04test\0\0\6\0\1"
    try:
        with handshake(primary, authority, alpn) as stream:
            stream.sendall(query)
            assert stream.recv(100) == b""
    except (ssl.SSLError, ConnectionError):
        pass
    with handshake(primary, authority, ["dot"]) as stream:
        stream.sendall(query)
        assert stream.recv(100) != b""


class WithoutDot:
    """Takes TLS with a right certificate and knows no protocol in it; keeps what it is told."""

    def __init__(self, own):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(own.cert, own.key)
        self.tls_port, self.heard = free_port(), []
        self.udp, self.tcp = listening.listen(self.tls_port, self._datagrams, self._accept)

    def stop(self):
        listening.close([self.udp, self.tcp])

    def _datagrams(self, sock):
        self.heard.append(sock.recv(4096))

    def _accept(self, listener):
        while True:
            try:
                with self.context.wrap_socket(listener.accept()[0], server_side=True) as stream:
                    self.heard.append(stream.recv(4096))
            except ssl.SSLError:
                continue
            except OSError:
                return


def test_a_server_without_the_protocol_dot_is_asked_nothing(tmp_path, authority, running):
    server = running(WithoutDot(authority.issue("ns1.test")))
    secondary = follow(tmp_path, running, server, ca=authority.ca, server_name="ns1.test")
    secondary.wait_for_reason(ZONE, "dot")
    assert [octets for octets in server.heard if octets] == []


def test_older_tls_is_not_spoken(primary, authority):
    context = ssl.create_default_context(cafile=authority.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["dot"])
    with pytest.raises(ssl.SSLError), \
            socket.create_connection(("127.0.0.1", primary.tls_port), 10) as raw:
        context.wrap_socket(raw, server_hostname="ns1.test")


# Conformance: R24
def test_a_client_that_closes_at_any_byte_does_no_harm(primary, authority):
    context = ssl.create_default_context(cafile=authority.ca)
    context.set_alpn_protocols(["dot"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname="ns1.test")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    hello = outgoing.read()
    for size in range(0, len(hello), 3):
        with socket.create_connection(("127.0.0.1", primary.tls_port), 10) as stream:
            stream.sendall(hello[:size])
    def served():
        try:
            with handshake(primary, authority, ["dot"]) as stream:
                return stream.version()
        except (ConnectionError, ssl.SSLError):  # those before still count against per-remote for a moment
            return None
    assert wait_for("a new client is served", served) == "TLSv1.3"


@pytest.mark.parametrize("tool", ["dig", "kdig"])
def test_dig_takes_the_zone(tool, primary, authority):
    options = {"dig": [f"+tls-ca={authority.ca}", "+tls-hostname=ns1.test"],
               "kdig": [f"+tls-ca={authority.ca}", "+tls-hostname=ns1.test"]}[tool]
    done = subprocess.run([tool, "@127.0.0.1", "-p", str(primary.tls_port), "+tls", *options,
                           "open.test", "AXFR"], stdout=subprocess.PIPE, text=True, timeout=30,
                          check=False)
    assert done.stdout.count("SOA") == 2, done.stdout
    assert "ns2.open.test" in done.stdout


def test_bind_follows_over_mutual_tls(tmp_path, authority, primary, running):
    bind = Bind(tmp_path / "bind")
    primary.configuration["remotes"].append(
        {"name": "bind", "addresses": [f"127.0.0.1@{bind.port}"], "tls": "ns2"})
    primary.configuration["templates"][0]["notify"] = ["bind"]
    primary.stop()
    primary.start()
    running(bind.as_tls_secondary(ZONE, primary.tls_port, authority, "ns1.test",
                                  authority.issue("ns2.test")))
    bind.wait_for_serial(ZONE, 1)
    primary.put(version(2))
    bind.wait_for_serial(ZONE, 2)
    assert contents.difference(contents.of_plain_file(primary.file), bind.records(ZONE)) == ""
    assert re.search(r"IXFR, outgoing, remote 127\.0\.0\.1@\d+ tls, .*serial 1 -> 2",
                     primary.process.log_text())


@pytest.mark.parametrize("mutual", [False, True], ids=["server alone", "mutual"])
def test_we_follow_bind_over_tls(tmp_path, authority, running, mutual):
    bind = Bind(tmp_path / "bind")
    running(bind.as_tls_primary(ZONE, version(1), authority.issue("ns1.test"),
                                authority if mutual else None))
    bind.wait_until_answering(ZONE)
    secondary = follow(tmp_path, running, bind, authority.issue("ns2.test") if mutual else None,
                       ca=authority.ca, server_name="ns1.test")
    secondary.wait_for_serial(ZONE, 1)
    bind.load(version(2))
    secondary.wait_for_serial(ZONE, 2)
    assert [kind for kind, _, _ in secondary.transfers()] == ["AXFR", "IXFR"]
    if mutual:
        stranger = follow(tmp_path / "stranger", running, bind, None, ca=authority.ca,
                          server_name="ns1.test")
        stranger.wait_for_reason(ZONE, "TLS|closed|cut")
        assert stranger.serial(ZONE) is None


def test_notify_goes_over_tls_where_the_remote_has_it(tmp_path, authority, running):
    own1, own2 = authority.issue("ns1.test"), authority.issue("ns2.test")
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    for server, own, peer in ((primary, own1, "ns2"), (secondary, own2, "ns1")):
        server.use_tls("own", cert=own.cert, key=own.key).listen_tls("own")
        server.use_tls(peer, cert=own.cert, key=own.key, ca=authority.ca,
                       server_name=f"{peer}.test", client_name=f"{peer}.test")
    primary.use_remote("ns2", secondary.tls_port, tls="ns2")
    primary.serve_file(ZONE, version(1), notify=["ns2"], allow_transfer=["ns2"])
    secondary.use_remote("ns1", primary.tls_port, tls="ns1")
    secondary.follow(ZONE, ["ns1"], refresh={"min": "1h"})
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    primary.put(version(2))
    secondary.wait_for_serial(ZONE, 2)
    assert re.search(r"NOTIFY, incoming", secondary.process.log_text())
