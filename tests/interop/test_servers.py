"""Each server that people run, as secondary of our primary and as primary of our secondary: TSIG on
everything between the two, a full transfer and twenty steps of the real root zone."""
import re

import dns.rdatatype
import pytest
from harness import contents, steps, zone_texts
from harness.bind import Bind
from harness.knot import Knot
from harness.nsd import Nsd
from harness.powerdns import PowerDns
from harness.programs import Primary, Secondary

STEPS = 20
SKIP = 5  # the archive's first versions are in another format, with another TTL
SERVERS = [Bind, Nsd, Knot, PowerDns]


@pytest.fixture
def versions(root_history):
    return [zone_texts.read_once(path) for path in root_history[SKIP:SKIP + STEPS + 1]]


@pytest.fixture
def expected(root_history):
    return [contents.of_plain_file(path) for path in root_history[SKIP:SKIP + STEPS + 1]]


def signed_ixfrs(primary):
    """How many differences left our primary signed."""
    return len(re.findall(r"\] IXFR, outgoing, .* key transfer\.test\., finished, serial \d+ -> ",
                          primary.process.log_text()))


def lead(other, primary, running, key, versions, expected):
    """Our primary leads, the other server follows."""
    primary.use_remote("other", other.port, key)
    primary.serve_file(".", versions[0], notify=["other"])
    running(primary).start()
    primary.wait_until_answering(".")
    running(other.as_secondary(".", primary.port, key))
    steps.follow(primary.put, [primary, other], ".", versions, expected)


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_a_secondary_follows_our_primary(kind, tmp_path, running, key, versions, expected):
    primary = Primary(tmp_path / "ns1")
    lead(kind(tmp_path / "other"), primary, running, key, versions, expected)
    if kind is not PowerDns:  # it asks for AXFR where a zone is signed
        assert signed_ixfrs(primary) == STEPS


def test_powerdns_follows_an_unsigned_zone_by_ixfr(tmp_path, running, key, versions, expected):
    dnssec = {dns.rdatatype.from_text(name) for name in ("RRSIG", "NSEC", "DNSKEY", "DS")}
    bare = [frozenset(r for r in records if r[2] not in dnssec) for records in expected]
    texts = ["".join(contents.show(r, whole=True) + "\n" for r in records) for records in bare]
    primary = Primary(tmp_path / "ns1")
    lead(PowerDns(tmp_path / "other"), primary, running, key, texts, bare)
    assert signed_ixfrs(primary) == STEPS


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_our_secondary_follows_a_primary(kind, tmp_path, running, key, versions, expected):
    secondary = Secondary(tmp_path / "ns2")
    other = running(kind(tmp_path / "other").as_primary(".", versions[0], secondary.port, key))
    other.wait_until_answering(".")
    secondary.use_remote("other", other.port, key).follow(".", ["other"], refresh={"min": "1h"})
    running(secondary).start()
    steps.follow(other.load, [other, secondary], ".", versions, expected)

    came = [kind for kind, _, _ in secondary.transfers()]
    assert len(came) == STEPS + 1
    assert came[0] == "AXFR"
    if kind is not PowerDns:  # it serves no IXFR
        assert came[1:] == ["IXFR"] * STEPS
