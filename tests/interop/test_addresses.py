"""Which addresses are spoken from and whose are believed: `via`, listening on all of a host's, IPv6,
and clients behind a proxy (PROXY protocol, version 2)."""
import re
import socket
import ssl
import subprocess

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest
from harness import contents, zone_texts
from harness.certificates import Authority
from harness.programs import Primary, Secondary
from harness.proxy_protocol import Dnsdist, header
from harness.waiting import wait_for

ZONE = "example.test."


def soa_query(name=ZONE, rdtype="SOA"):
    return dns.message.make_query(name, rdtype, use_edns=0)


# ---- via

def pair_by_address(folder, of_secondary, of_primary, host="127.0.0.1"):
    """Each lets the other in only from the address given."""
    primary, secondary = Primary(folder / "ns1"), Secondary(folder / "ns2")
    for server in (primary, secondary):
        server.configuration["server"]["listen"] = [f"{host}@{server.port}"]
    primary.configuration["remotes"].append(
        {"name": "ns2", "addresses": [f"{host}@{secondary.port}"], "via": of_primary})
    primary.serve_file(ZONE, zone_texts.small(1), notify=["ns2"],
                       allow_transfer=[{"address": [of_secondary]}])
    secondary.configuration["remotes"].append(
        {"name": "ns1", "addresses": [f"{host}@{primary.port}"], "via": of_secondary})
    secondary.follow(ZONE, ["ns1"], allow_notify=[{"address": [of_primary]}])
    return primary, secondary


@pytest.mark.parametrize("host, of_secondary, of_primary", [
    ("127.0.0.1", "127.0.0.2", "127.0.0.3"), ("::1", "::1", "::1")])
def test_all_that_is_sent_to_a_remote_comes_from_via(tmp_path, running, host, of_secondary,
                                                     of_primary):
    primary, secondary = pair_by_address(tmp_path, of_secondary, of_primary, host)
    running(primary).start()
    running(secondary).start()
    secondary.wait_until_current(ZONE, 1)
    primary.put(zone_texts.small(2))
    secondary.wait_until_current(ZONE, 2)
    told = re.search(r"NOTIFY, incoming, remote ([0-9a-f.:]+)@\d+", secondary.process.log_text())
    assert told and told.group(1) == of_primary
    given = re.findall(r"XFR, outgoing, remote ([0-9a-f.:]+)@\d+", primary.process.log_text())
    assert given and set(given) == {of_secondary}
    checked = secondary.tool("check", "--network", "-c", secondary.path("twinzone.yaml"))
    assert "serial 2" in checked.stdout, checked.stdout + checked.stderr


def test_via_holds_over_tls_too(tmp_path, running):
    authority = Authority(tmp_path)
    own = authority.issue("ns1.test")
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    primary.use_tls("own", cert=own.cert, key=own.key).listen_tls("own")
    primary.serve_file(ZONE, zone_texts.small(1), allow_transfer=[{"address": ["127.0.0.2"]}])
    secondary.use_tls("ns1", ca=authority.ca, server_name="ns1.test")
    secondary.use_remote("ns1", primary.tls_port, tls="ns1").follow(ZONE, ["ns1"])
    secondary.configuration["remotes"][0]["via"] = "127.0.0.2"
    running(primary).start()
    running(secondary).start()
    secondary.wait_until_current(ZONE, 1)


def test_an_address_that_is_not_ours_is_told(tmp_path, running):
    secondary = Secondary(tmp_path).use_remote("ns1", 9).follow(ZONE, ["ns1"])
    secondary.configuration["remotes"][0]["via"] = "203.0.113.77"
    running(secondary).start()
    secondary.wait_for_reason(ZONE, "address not available")
    checked = secondary.tool("check", "-c", secondary.path("twinzone.yaml"))
    assert "remote ns1: cannot send from 203.0.113.77" in checked.stdout + checked.stderr


def test_reload_takes_another_via(tmp_path, running):
    primary, secondary = pair_by_address(tmp_path, "127.0.0.2", "127.0.0.1")
    secondary.configuration["remotes"][0]["via"] = "127.0.0.4"
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    running(secondary).start()
    secondary.wait_for_reason(ZONE, "REFUSED")
    secondary.configuration["remotes"][0]["via"] = "127.0.0.2"
    secondary.write_configuration()
    assert secondary.tool("reload").returncode == 0
    secondary.wait_until_current(ZONE, 1)


# ---- all addresses of the host

@pytest.mark.parametrize("listen, asked", [("0.0.0.0", "127.0.0.1"), ("0.0.0.0", "127.0.0.2"),
                                           ("0.0.0.0", "127.200.1.9"), ("::", "::1")])
def test_an_answer_comes_from_the_address_that_was_asked(tmp_path, running, listen, asked):
    """dnspython takes no answer from another one; nor does a connected socket."""
    primary = Primary(tmp_path)
    primary.configuration["server"]["listen"] = [f"{listen}@{primary.port}"]
    primary.serve_file(ZONE, zone_texts.small(1))
    running(primary).start()

    def answered():
        try:
            answer = dns.query.udp(soa_query(), asked, port=primary.port, timeout=2)
        except dns.exception.Timeout:
            return False
        return answer.rcode() == dns.rcode.NOERROR
    wait_for("the SOA", answered)


# ---- behind a proxy

@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """A primary behind proxies at 127.0.0.1; the zone is for 192.0.2.9 and 2001:db8::9 alone."""
    folder = tmp_path_factory.mktemp("proxied")
    authority = Authority(folder)
    own = authority.issue("ns1.test")
    primary = Primary(folder / "ns1")
    primary.configuration["server"]["listen"] = [f"0.0.0.0@{primary.port}"]
    primary.configuration["server"]["proxy-from"] = ["127.0.0.1/32"]
    primary.use_tls("own", cert=own.cert, key=own.key).listen_tls("own")
    primary.use_limits(per_remote=3)
    primary.serve_file(ZONE, zone_texts.small(1),
                       allow_transfer=[{"address": ["192.0.2.9", "2001:db8::9"]}])
    primary.start()
    wait_for("the zone", lambda: primary.zone_status(ZONE)["serial"] == 1)
    yield primary
    primary.stop()


def connect(port, host="127.0.0.1"):
    return socket.create_connection((host, port), 10)


def over_tls(stream):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["dot"])
    return context.wrap_socket(stream)


def rcode_of_axfr(stream):
    contents.send_message(stream, soa_query(rdtype="AXFR").to_wire())
    return dns.message.from_wire(contents.read_message(stream), xfr=True).rcode()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("client, allowed", [
    (("192.0.2.9", 4000), True), (("192.0.2.8", 4000), False), (("2001:db8::9", 4000), True),
    (("2001:db8::8", 4000), False), (None, False)])
def test_rules_look_at_who_is_behind_the_proxy(proxied, client, allowed, tls):
    with connect(proxied.tls_port if tls else proxied.port) as plain:
        plain.sendall(header(client, tlvs=b"\x04\0\2xy"))
        with over_tls(plain) if tls else plain as stream:
            assert rcode_of_axfr(stream) == (dns.rcode.NOERROR if allowed else dns.rcode.REFUSED)


def test_the_log_has_the_client(proxied):
    with connect(proxied.port) as stream:
        stream.sendall(header(("192.0.2.9", 4321)))
        assert rcode_of_axfr(stream) == dns.rcode.NOERROR
    wait_for("the log", lambda: "AXFR, outgoing, remote 192.0.2.9@4321" in
             proxied.process.log_text())


def test_a_header_may_come_in_pieces_with_a_question_behind_it(proxied):
    wire = soa_query().to_wire()
    octets = header(("192.0.2.9", 4000)) + len(wire).to_bytes(2, "big") + wire
    with connect(proxied.port) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in octets:
            stream.sendall(bytes([octet]))
        assert dns.message.from_wire(contents.read_message(stream)).answer


def is_closed(stream):
    try:
        return stream.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("start", [
    b"PROXY TCP4 192.0.2.9 127.0.0.1 4000 53\r\n", b"\0\x1d" + soa_query().to_wire(),
    header()[:12] + b"\x31\x11\0\0", header()[:12] + b"\x21\0\0\0", header()[:12] + b"\x21\x11\xff\xff"])
@pytest.mark.parametrize("tls", [False, True])
def test_a_proxy_without_a_right_header_is_cut_off(proxied, start, tls):
    with connect(proxied.tls_port if tls else proxied.port) as stream:
        stream.settimeout(5)
        stream.sendall(start)
        assert is_closed(stream)


def test_a_header_from_anywhere_else_is_not_believed(proxied):
    """Over TCP the connection ends, over UDP there is no answer; without a header there is."""
    with socket.socket() as stream:
        stream.bind(("127.0.0.2", 0))
        stream.connect(("127.0.0.1", proxied.port))
        stream.settimeout(5)
        stream.sendall(header(("192.0.2.9", 4000)))
        assert is_closed(stream)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.2", 0))
        sock.connect(("127.0.0.1", proxied.port))
        sock.settimeout(5)
        forged = dns.message.make_query(ZONE, "SOA", id=1)
        sock.send(header(("192.0.2.9", 4000), udp=True) + forged.to_wire())
        sock.send(dns.message.make_query(ZONE, "SOA", id=2).to_wire())
        assert dns.message.from_wire(sock.recv(4096)).id == 2


def udp_behind(primary, client, message):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect(("127.0.0.1", primary.port))
        sock.send(header(client, udp=True) + message.to_wire())
        return dns.message.from_wire(sock.recv(4096), one_rr_per_rrset=True)


def ixfr_query(serial):
    query = dns.message.make_query(ZONE, "IXFR")
    query.authority.append(dns.rrset.from_text(ZONE, 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    return query


def test_datagrams_have_a_header_too(proxied):
    assert udp_behind(proxied, None, soa_query()).rcode() == dns.rcode.NOERROR
    allowed = udp_behind(proxied, ("192.0.2.9", 4000), ixfr_query(1))
    assert allowed.rcode() == dns.rcode.NOERROR
    assert udp_behind(proxied, ("192.0.2.8", 4000), ixfr_query(1)).rcode() == dns.rcode.REFUSED
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect(("127.0.0.1", proxied.port))
        sock.send(dns.message.make_query(ZONE, "SOA", id=1).to_wire())  # none: dropped
        sock.send(header(udp=True) + dns.message.make_query(ZONE, "SOA", id=2).to_wire())
        assert dns.message.from_wire(sock.recv(4096)).id == 2


def test_it_is_the_client_whose_connections_are_counted(proxied):
    """per-remote is 3: one client behind the proxy takes no place of another."""
    streams = []
    try:
        for number in range(3):
            streams.append(connect(proxied.port))
            streams[-1].sendall(header(("192.0.2.9", 4000 + number)))
            contents.send_message(streams[-1], soa_query().to_wire())
            contents.read_message(streams[-1])
            streams[-1].sendall(b"\0")  # in the middle of a question: not idle
        with connect(proxied.port) as fourth:
            fourth.settimeout(5)
            fourth.sendall(header(("192.0.2.9", 5000)))
            assert is_closed(fourth)
        with connect(proxied.port) as other:
            other.sendall(header(("192.0.2.7", 4000)))
            contents.send_message(other, soa_query().to_wire())
            assert dns.message.from_wire(contents.read_message(other)).answer
    finally:
        for stream in streams:
            stream.close()


@pytest.mark.parametrize("words", [["+tcp", "AXFR"], ["+notcp", "SOA"]])
def test_kdig_speaks_for_somebody(proxied, words):
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(proxied.port),
                           "+proxy=192.0.2.9#4000-127.0.0.1#53", ZONE, *words],
                          stdout=subprocess.PIPE, text=True, timeout=20, check=False)
    assert f"hostmaster.{ZONE} 1 " in done.stdout, done.stdout


def test_dnsdist_speaks_for_its_clients(tmp_path, running):
    """The zone is for 127.0.0.5, which asks dnsdist at 127.0.0.1."""
    primary = Primary(tmp_path / "ns1")
    primary.configuration["server"]["proxy-from"] = ["127.0.0.1"]
    primary.serve_file(ZONE, zone_texts.small(1), allow_transfer=[{"address": ["127.0.0.5"]}])
    running(primary).start()
    front = running(Dnsdist(tmp_path / "dnsdist")).in_front_of(primary.port)

    def served():
        try:
            return dns.query.udp(soa_query(), "127.0.0.1", port=front.port, timeout=1).answer
        except dns.exception.DNSException:
            return None
    wait_for("dnsdist hands on", served)
    for source, allowed in [("127.0.0.5", True), ("127.0.0.6", False)]:
        with socket.socket() as stream:
            stream.bind((source, 0))
            stream.settimeout(10)
            stream.connect(("127.0.0.1", front.port))
            assert (rcode_of_axfr(stream) == dns.rcode.NOERROR) == allowed


def test_reload_takes_other_proxies(tmp_path, running):
    primary = Primary(tmp_path).serve_file(ZONE, zone_texts.small(1))
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    primary.configuration["server"]["proxy-from"] = ["127.0.0.1"]
    primary.write_configuration()
    assert primary.tool("reload").returncode == 0
    assert primary.serial(ZONE) is None
    assert udp_behind(primary, ("192.0.2.1", 1), soa_query()).answer
