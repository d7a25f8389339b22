"""A small signed change comes by one datagram each way (RFC 1995 §2), where the primary gives it so;
elsewhere nothing is asked in vain twice."""
import re

import pytest
from harness import contents, zone_texts
from harness.bind import Bind
from harness.knot import Knot
from harness.many_zones import CountingRelay
from harness.nsd import Nsd
from harness.powerdns import PowerDns
from harness.programs import Primary, Secondary
from harness.scripted import ScriptedPrimary
from harness.waiting import wait_for

ZONE = "example.test."
NOTIFIED = {"refresh": {"min": "1h"}}
STEPS = range(2, 9)


def version(serial, large=0):
    hosts = [f"h{n}.{ZONE} 300 IN A 10.0.{n // 250}.{n % 250}" for n in range(1000)]
    hosts += [f"l{n}.{ZONE} 300 IN TXT \"{serial} {'x' * 100}\"" for n in range(large)]
    return zone_texts.small(serial, [*hosts, f"v.{ZONE} 60 IN TXT \"{serial}\""])


def asked_by_datagram(secondary):
    return len(re.findall(r"asked for differences, .*over UDP", secondary.process.log_text()))


def follow(other, secondary, running, key, **options):
    secondary.use_remote("ns1", other.port, key).follow(ZONE, ["ns1"], **NOTIFIED, **options)
    running(secondary).start()


def test_small_changes_need_no_connection(tmp_path, running, key):
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    relay = running(CountingRelay(primary.port).start())
    primary.use_remote("ns2", secondary.port, key).serve_file(ZONE, version(1), notify=["ns2"])
    running(primary).start()
    follow(relay, secondary, running, key)
    secondary.wait_for_serial(ZONE, 1)
    for serial in STEPS:
        primary.put(version(serial))
        secondary.wait_for_serial(ZONE, serial)
        connections = connections if serial > 2 else relay.connections
    assert relay.connections == connections, "the first differences came by TCP, no other"
    assert asked_by_datagram(secondary) == len(STEPS) - 1
    assert secondary.transfers() == [("AXFR", None, 1), *(("IXFR", n - 1, n) for n in STEPS)]
    assert contents.difference(contents.of_plain_file(primary.file), secondary.records(ZONE)) == ""
    given = re.findall(r"IXFR, outgoing, .*, finished, serial (\d+) -> .*over UDP",
                       primary.process.log_text())
    assert given == [str(n - 1) for n in STEPS][1:]

    def in_step():
        peers = primary.zone_status(ZONE)["peers"]
        return [(p["serial"], p["lag_seconds"]) for p in peers] == [(STEPS[-1], 0)]
    wait_for("the primary knows that its peer has it", in_step)


def test_a_change_that_does_not_fit_comes_by_tcp_and_is_no_failure(tmp_path, running, key):
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    primary.use_remote("ns2", secondary.port, key).serve_file(ZONE, version(1), notify=["ns2"])
    running(primary).start()
    follow(primary, secondary, running, key)
    secondary.wait_for_serial(ZONE, 1)
    for serial, large in ((2, 0), (3, 0), (4, 40), (5, 0), (6, 0), (7, 0)):
        primary.put(version(serial, large))
        secondary.wait_for_serial(ZONE, serial)
        assert contents.difference(contents.of_plain_file(primary.file),
                                   secondary.records(ZONE)) == ""
    assert [kind for kind, _, _ in secondary.transfers()] == ["AXFR", *["IXFR"] * 6]
    # 3, 4 (which does not fit: so 5 is not, which is as large, nor 6) and 7.
    assert asked_by_datagram(secondary) == 3
    assert not re.search(r"incoming, .*failed", secondary.process.log_text())


# How often differences are asked for over UDP, in seven small changes.
BY_DATAGRAM = {Bind: 1, Knot: 1, Nsd: len(STEPS) - 1, PowerDns: 0}


@pytest.mark.parametrize("kind", BY_DATAGRAM, ids=lambda kind: kind.name)
def test_a_primary_that_gives_none_is_not_asked_again(kind, tmp_path, running, key):
    secondary = Secondary(tmp_path / "ns2")
    other = running(kind(tmp_path / "other").as_primary(ZONE, version(1), secondary.port, key))
    other.wait_until_answering(ZONE)
    follow(other, secondary, running, key)
    secondary.wait_for_serial(ZONE, 1)
    for serial in STEPS:
        other.load(version(serial))
        secondary.wait_for_serial(ZONE, serial)
    expected = contents.of_file(other.write("expected", version(STEPS[-1])), ZONE)
    secondary.wait_for_content(ZONE, expected)
    asked = asked_by_datagram(secondary)
    assert asked == BY_DATAGRAM[kind] or kind is Nsd and asked > BY_DATAGRAM[kind]
    assert not re.search(r"incoming, .*failed", secondary.process.log_text())


def scripted(tmp_path, running, key):
    primary = running(ScriptedPrimary(ZONE, key).start().publish(1, [f"v.{ZONE} 60 TXT 1"]))
    secondary = Secondary(tmp_path / "ns2")
    follow(primary, secondary, running, key)
    secondary.wait_for_serial(ZONE, 1)

    def change(serial):
        asked = len(primary.asked)
        primary.publish(serial, [f"v.{ZONE} 60 TXT {serial}"])
        assert primary.notify(secondary.port)
        secondary.wait_for_serial(ZONE, serial)
        return [(ask.kind, "udp" if ask.udp else "tcp") for ask in primary.asked[asked:]]
    return primary, change


TRUNCATED = 0x0200


@pytest.mark.parametrize("answer", [lambda ask: [ask.message([ask.soa()])],
                                    lambda ask: [ask.message([], flags=0x8400 | TRUNCATED)],
                                    lambda ask: [ask.message([], rcode=4)],
                                    lambda ask: []],
                         ids=["one SOA", "TC", "NOTIMP", "silence"])
def test_in_vain_it_costs_one_question_and_is_remembered(answer, tmp_path, running, key):
    primary, change = scripted(tmp_path, running, key)
    primary.spoil("IXFR", lambda ask: answer(ask) if ask.udp else ask.ixfr())
    assert change(2) == [("IXFR", "tcp")]
    assert change(3) == [("IXFR", "udp"), ("IXFR", "tcp")]
    assert change(4) == [("IXFR", "tcp")]
    assert change(5) == [("IXFR", "tcp")]


def test_without_a_key_no_content_comes_by_datagram(tmp_path, running):
    _, change = scripted(tmp_path, running, None)
    assert [change(serial) for serial in (2, 3, 4)] == [[("IXFR", "tcp")]] * 3
