"""Real zones over mutual TLS, signed as well, with BIND and NSD: a full transfer, then differences, and
nothing in the clear. (Knot DNS 3.2, PowerDNS 4.7 and CoreDNS speak no zone transfers over TLS.)"""
import re

import pytest
from harness import contents, steps, zone_texts
from harness.bind import Bind
from harness.certificates import Authority
from harness.nsd import Nsd
from harness.programs import Primary, Secondary

STEPS = 6
SKIP = 5  # the archive's first versions are in another format, with another TTL


@pytest.fixture
def versions(root_history):
    return [zone_texts.read_once(path) for path in root_history[SKIP:SKIP + STEPS + 1]]


@pytest.fixture
def expected(root_history):
    return [contents.of_plain_file(path) for path in root_history[SKIP:SKIP + STEPS + 1]]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.mark.parametrize("kind", [Bind, Nsd], ids=lambda kind: kind.name)
def test_a_server_follows_us(kind, tmp_path, authority, running, key, versions, expected):
    own, primary, other = authority.issue("ns1.test"), Primary(tmp_path / "ns1"), kind(tmp_path / "x")
    primary.use_tls("own", cert=own.cert, key=own.key).listen_tls("own")
    primary.use_tls("ns2", ca=authority.ca, client_name="ns2.test")
    primary.use_remote("other", other.port, key)  # the NOTIFY goes to its port for questions
    primary.serve_file(".", versions[0], notify=["other"],
                       allow_transfer=[{"key": key.name, "tls": "ns2"}])
    running(primary).start()
    primary.wait_until_answering(".")
    running(other.as_tls_secondary(".", primary.tls_port, authority, "ns1.test",
                                   authority.issue("ns2.test"), key))
    steps.follow(primary.put, [other], ".", versions, expected)
    log = primary.process.log_text()
    given = re.findall(rf"\] (AXFR|IXFR), outgoing, remote \S+ tls, key {key.name}, finished, serial",
                       log)
    assert given == ["AXFR", *["IXFR"] * STEPS]
    assert not re.search(r"XFR, outgoing, remote \S+, .*finished", log)


def test_we_follow_bind(tmp_path, authority, running, key, versions, expected):
    own, secondary = authority.issue("ns2.test"), Secondary(tmp_path / "ns2")
    bind = Bind(tmp_path / "bind")
    running(bind.as_tls_primary(".", versions[0], authority.issue("ns1.test"), authority, key,
                                secondary.port))
    bind.wait_until_answering(".")
    secondary.use_tls("ns1", ca=authority.ca, server_name="ns1.test", cert=own.cert, key=own.key)
    secondary.use_remote("ns1", bind.tls_port, key, tls="ns1")
    secondary.follow(".", ["ns1"], refresh={"min": "1h"},
                     allow_notify=[{"key": key.name}])  # its NOTIFY comes over UDP
    running(secondary).start()
    steps.follow(bind.load, [secondary], ".", versions, expected)
    assert [kind for kind, _, _ in secondary.transfers()] == ["AXFR", *["IXFR"] * STEPS]
    came = re.findall(r"\] [AI]XFR, incoming, remote (\S+ ?\S*), key", secondary.process.log_text())
    assert came and all(remote.endswith(" tls") for remote in came)
