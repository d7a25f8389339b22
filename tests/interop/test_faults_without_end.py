"""Primaries that send without end, drip, fall silent or only accept connections: limits of records,
octets and time, no descriptors lost, an end within seconds. `tests/conformance.md` says which
requirement each test is for."""
import os
import socket
import threading
import time

import pytest
from harness import contents, wire
from harness.ports import free_port
from harness.programs import Secondary
from harness.scripted import Pause, Raw, ScriptedPrimary
from harness.waiting import wait_for
from harness.web import Web

ZONE = "example.test."
POLLED = {"refresh": {"min": "1s", "max": "1s"}, "retry": {"min": "1s", "max": "1s"}}
NOTIFIED = {"refresh": {"min": "1h"}, "retry": {"min": "1s", "max": "1s"}}


def lines(serial):
    return [f"h{n}.{ZONE} 60 A 192.0.2.{n}" for n in range(20)] + [f"v.{ZONE} 60 TXT \"{serial}\""]


@pytest.fixture
def primary(running):
    return running(ScriptedPrimary(ZONE).start().publish(1, lines(1)))


def follow(tmp_path, running, primary, limits, **settings):
    secondary = Secondary(tmp_path / "ns2").use_remote("p", primary.port).use_limits(**limits)
    return running(secondary.follow(ZONE, ["p"], **settings)).start()


def endless(ask, make):
    yield ask.message([ask.soa()])
    for number in range(10**9):
        yield ask.message(make(ask, number), question=False)


def many_records(ask, number):
    return [wire.record(f"e{number}x{n}.{ZONE} 60 TXT \"{'x' * 200}\"") for n in range(200)]


def differences_without_end(ask):
    yield ask.message([ask.soa(2**31 - 1)])
    for serial in range(1, 2**30):
        yield ask.message([ask.soa(serial), ask.soa(serial + 1),
                           wire.record(f"e{serial}.{ZONE} 60 TXT \"{'x' * 200}\"")], question=False)


@pytest.mark.parametrize("kind, answer, limits, reason", [
    ("AXFR", lambda ask: endless(ask, many_records), {"zone_bytes": "4M"}, "limit zone-bytes"),
    ("AXFR", lambda ask: endless(ask, many_records), {"zone_records": "5K"}, "limit zone-records"),
    ("IXFR", differences_without_end, {"zone_bytes": "1M"}, "limit zone-bytes"),
    ("IXFR", differences_without_end, {"zone_records": "5K"}, "limit zone-records"),
], ids=["axfr-bytes", "axfr-records", "ixfr-bytes", "ixfr-records"])
def test_r01_a_transfer_without_end_meets_a_limit(tmp_path, running, primary, kind, answer, limits,
                                                 reason):
    secondary = follow(tmp_path, running, primary, limits=limits, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    memory = secondary.process.resident_bytes()
    primary.publish(2, lines(2))
    primary.spoil("IXFR", answer if kind == "IXFR" else lambda ask: [ask.message([], rcode=5)])
    primary.spoil("AXFR", answer if kind == "AXFR" else lambda ask: [ask.message([], rcode=5)])
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
    secondary.wait_for_reason(ZONE, reason + "|REFUSED", limit=30)
    assert reason in secondary.process.log_text()
    assert secondary.serial(ZONE) == 1
    assert secondary.process.resident_bytes() - memory < 100 << 20
    spooled = sum(os.path.getsize(os.path.join(folder, file))
                  for folder, _, files in os.walk(secondary.path("store")) for file in files
                  if not file.endswith(".mdb"))
    assert spooled < 50 << 20


def test_r07_a_transfer_that_drips_is_ended_by_its_time(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, limits={"transfer_time": "3s"}, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    primary.publish(2, lines(2))

    def dripping(ask):
        yield ask.message([ask.soa()])
        for number in range(10**6):
            yield Pause(threading.Event(), 0.2)
            yield ask.message(many_records(ask, number)[:1], question=False)
    primary.spoil("IXFR", dripping).spoil("AXFR", dripping)
    began = time.monotonic()
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
    secondary.wait_for_reason(ZONE, "transfer-time of 3 s", limit=20)
    assert time.monotonic() - began < 10
    assert secondary.serial(ZONE) == 1


def test_r08_silence_within_a_message_is_ended_by_its_time(tmp_path, running, primary):
    """Half a message, octet by octet: traffic alone keeps nothing alive."""
    secondary = follow(tmp_path, running, primary,
                       limits={"transfer_idle": "2s", "transfer_time": "4s"}, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    primary.publish(2, lines(2))

    def octet_by_octet(ask):
        octets = wire.framed(ask.message([ask.soa(), *ask.records(), ask.soa()]))
        for octet in octets:
            yield Raw(bytes([octet]))
            yield Pause(threading.Event(), 0.1)
    primary.spoil("IXFR", octet_by_octet).spoil("AXFR", octet_by_octet)
    began = time.monotonic()
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
    secondary.wait_for_reason(ZONE, "transfer-idle|transfer-time", limit=30)
    assert time.monotonic() - began < 20
    primary.mend()
    secondary.wait_until_current(ZONE, 2)


def test_r08_it_ends_in_time_whatever_it_waits_for(tmp_path, running, primary):
    forever = Pause(threading.Event(), 60)
    primary.spoil("AXFR", lambda ask: [ask.message([ask.soa()]), forever])
    listening = socket.create_server((contents.LOOPBACK, free_port()), backlog=1)
    secondary = Secondary(tmp_path / "ns2").use_remote("a", primary.port)
    secondary.use_remote("b", listening.getsockname()[1])
    secondary.follow(ZONE, ["a"], **POLLED).follow("other.test.", ["b"], **POLLED)
    web = Web(secondary)
    running(secondary).start()
    assert web.ask("/livez")[0] == 200
    wait_for("it transfers", lambda: primary.transfers())
    began = time.monotonic()
    assert secondary.process.stop(limit=20) == 0
    assert time.monotonic() - began < 5
    listening.close()


def test_r10_a_primary_that_accepts_and_says_nothing_costs_no_descriptors(tmp_path, running):
    listening = socket.create_server((contents.LOOPBACK, free_port()), backlog=50)
    secondary = Secondary(tmp_path / "ns2").use_limits(transfer_idle="1s")
    secondary.use_remote("mute", listening.getsockname()[1])
    for n in range(20):
        secondary.follow(f"z{n}.test.", ["mute"], **POLLED)
    running(secondary).start()
    secondary.wait_for_reason("z0.test.", "transfer-idle|no answer|nothing received", limit=30)
    failures = "nothing received for transfer-idle"
    # It is found dead, and only probed from then on.
    wait_for("many rounds", lambda: secondary.process.log_text().count(failures) >= 11, limit=60)
    assert secondary.process.open_files() < 80
    listening.close()
