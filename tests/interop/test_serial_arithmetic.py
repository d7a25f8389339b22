"""Serials live on a circle (RFC 1982): steps across its seam, and steps that are none."""
import pytest
from harness import contents, zone_texts
from harness.programs import pair
from harness.waiting import wait_for

ZONE = "example.test."
WALK = [0, 1, 2**31, 2**32 - 1, 3]


def version(serial):
    return zone_texts.small(serial, [f"v.{ZONE} 60 IN TXT \"{serial}\""])


@pytest.fixture
def walked(tmp_path, running, key):
    """Both programs, after the whole walk."""
    primary, secondary = pair(tmp_path, ZONE, version(WALK[0]), key)
    running(primary).start()
    running(secondary).start()
    for serial in WALK:
        primary.put(version(serial))
        for server in (primary, secondary):
            server.wait_for_serial(ZONE, serial)
    return primary, secondary


# Conformance: R53
def test_every_valid_step_is_taken_by_ixfr(walked):
    _, secondary = walked
    steps = [("IXFR", old, new) for old, new in zip(WALK, WALK[1:])]
    assert secondary.transfers() == [("AXFR", None, 0)] + steps


@pytest.mark.parametrize("serial", [2, 2**32 - 1, (3 + 2**31) % 2**32, (4 + 2**31) % 2**32])
def test_an_invalid_step_is_refused_with_its_reason(walked, serial):
    primary, secondary = walked
    primary.put(version(serial))
    status = primary.wait_for_reason(ZONE, rf"serial.*\b{serial}\b")
    assert status["state"] == "failed"
    assert status["serial"] == 3
    for server in (primary, secondary):
        assert server.serial(ZONE) == 3

    primary.put(version(4))
    for server in (primary, secondary):
        server.wait_for_serial(ZONE, 4)
    assert primary.zone_status(ZONE)["state"] == "current"


def test_changed_content_under_one_serial_is_refused_with_the_way_out(walked):
    primary, secondary = walked
    primary.put(version(3).replace('"3"', '"changed"'))
    status = primary.wait_for_reason(ZONE, "serial")
    assert status["state"] == "failed"
    assert "TXT" not in status["reason"]
    for server in (primary, secondary):
        assert contents.difference(primary.records(ZONE), server.records(ZONE)) == ""
        assert server.serial(ZONE) == 3
    # The way out, as the reason says: raise the serial.
    primary.put(version(4))
    secondary.wait_for_serial(ZONE, 4)


@pytest.mark.parametrize("policy", ["increment", "unixtime", "date"])
def test_a_serial_policy_takes_changed_content_by_itself(tmp_path, running, key, policy):
    primary, secondary = pair(tmp_path, ZONE, version(7), key, serial_policy=policy)
    running(primary).start()
    running(secondary).start()
    primary.wait_until_answering(ZONE)
    first = primary.serial(ZONE)
    secondary.wait_for_serial(ZONE, first)
    primary.put(version(7).replace('"7"', '"changed"'))
    second = wait_for("a serial is made", lambda: {primary.serial(ZONE)} - {first, None}).pop()
    assert 0 < (second - first) % 2**32 < 2**31
    secondary.wait_for_serial(ZONE, second)
    assert contents.difference(primary.records(ZONE), secondary.records(ZONE)) == ""
