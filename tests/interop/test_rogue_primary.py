"""A primary that breaks the rules: its transfer is refused whole with the reason in `status`, the
version in service stays, and the next honest transfer is taken without a restart."""
import pytest
from harness import contents
from harness.programs import Secondary
from harness.rogue import RoguePrimary
from harness.waiting import wait_for

ZONE = "example.test."
RECORDS = [f"a{n}.{ZONE} 60 A 192.0.2.{n}" for n in range(120)]

# What `status` must speak of.
REASONS = {
    "TSIG of another key": r"key|BADKEY",
    "TSIG with a wrong secret": r"signature|MAC|BADSIG",
    "TSIG from an hour ago": r"signed at .* our clock",
    "TSIG with another algorithm": r"algorithm|key|BADKEY",
    "no TSIG": r"TSIG|sign",
    "no TSIG on the last message": r"TSIG|sign",
    "100 messages without TSIG between": r"TSIG|sign",
    "closing SOA missing": r"closed|cut|end|SOA",
    "closing SOA of another serial": r"SOA|serial",
    "SOA in the middle": r"SOA",
    "SOA of another owner": r"SOA",
    "records after the closing SOA": r"after|end|SOA",
    "record of another class": r"class",
    "no opening SOA": r"SOA",
    "an error code": r"SERVFAIL",
    "wrong ID in the first message": r"\bID\b",
    "wrong ID in a later message": r"\bID\b",
    "a query for an answer": r"answer|response|QR",
    "cut after 1 %": r"closed|cut|end",
    "cut after 10 %": r"closed|cut|end",
    "cut after 50 %": r"closed|cut|end",
    "cut after 90 %": r"closed|cut|end",
    "cut after 99 %": r"closed|cut|end",
    "without end": r"more than the limit zone-bytes of \d+ octets",
    "silence in the middle": r"idle|time|nothing",
}


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """One rogue and one secondary for all faults: what one leaves behind meets the next."""
    from harness.keys import Key
    key = Key()
    rogue = RoguePrimary(ZONE, key).start().publish(1, RECORDS)
    secondary = Secondary(tmp_path_factory.mktemp("rogue") / "ns2")
    secondary.use_remote("rogue", rogue.port, key).use_limits(
        zone_bytes="1M", transfer_idle="2s")
    secondary.follow(ZONE, ["rogue"], retry={"min": "1s", "max": "2s"}, refresh={"min": "1h"})
    secondary.start()
    secondary.wait_for_serial(ZONE, 1)
    yield rogue, secondary
    secondary.stop()
    rogue.stop()


def test_every_fault_has_its_reason():
    from harness.rogue_faults import FAULTS, HARMLESS
    assert set(FAULTS) == set(REASONS) | HARMLESS


def offer(rogue, secondary, serial, fault=None):
    rogue.transfers.clear()
    rogue.publish(serial, RECORDS + [f"v.{ZONE} 60 TXT {serial}"], fault)
    wait_for("the NOTIFY is answered", lambda: rogue.notify(secondary.port))


def take_an_honest_version(rogue, secondary):
    serial = secondary.serial(ZONE) + 10
    offer(rogue, secondary, serial)
    secondary.wait_for_serial(ZONE, serial)
    secondary.wait_for_state(ZONE, "current")
    return serial


# Conformance: R1, R19, R26
@pytest.mark.parametrize("fault", REASONS)
def test_a_faulty_transfer_changes_nothing(followed, fault):
    rogue, secondary = followed
    serial = take_an_honest_version(rogue, secondary)
    before = secondary.records(ZONE)
    open_files = secondary.process.open_files()

    offer(rogue, secondary, serial + 1, fault)
    status = secondary.wait_for_reason(ZONE, REASONS[fault])
    assert status["serial"] == serial
    assert rogue.transfers, "the transfer was never asked for"
    assert contents.difference(before, secondary.records(ZONE)) == ""

    take_an_honest_version(rogue, secondary)
    assert not secondary.zone_status(ZONE)["reason"]
    # A connection or two may still be on its way out.
    wait_for("no descriptor is lost",
             lambda: secondary.process.open_files() <= open_files + 3, limit=10)


# Conformance: R28
def test_records_outside_the_zone_are_left_out_and_counted(followed):
    rogue, secondary = followed
    serial = take_an_honest_version(rogue, secondary) + 1
    mark = secondary.process.log_mark()
    offer(rogue, secondary, serial, "records outside the zone")
    secondary.wait_for_serial(ZONE, serial)
    secondary.process.wait_for_log("3 records outside the zone were left out", mark)
    assert not [r for r in secondary.records(ZONE) if "elsewhere" in r[0]]


# Conformance: R26
def test_a_fault_at_the_first_load_leaves_no_half_zone(tmp_path, running, key):
    rogue = running(RoguePrimary(ZONE, key).start()).publish(5, RECORDS, "cut after 90 %")
    secondary = Secondary(tmp_path / "ns2").use_remote("rogue", rogue.port, key)
    secondary.follow(ZONE, ["rogue"], retry={"min": "1s", "max": "1s"})
    running(secondary).start()
    secondary.wait_for_reason(ZONE, REASONS["cut after 90 %"])
    assert secondary.serial(ZONE) is None
    rogue.publish(5, RECORDS)
    secondary.wait_for_serial(ZONE, 5)  # by its own retry


# Conformance: R36
def test_the_next_primary_is_tried_where_one_is_faulty(tmp_path, running, key):
    bad = running(RoguePrimary(ZONE, key).start()).publish(7, RECORDS, "SOA in the middle")
    good = running(RoguePrimary(ZONE, key).start()).publish(7, RECORDS)
    secondary = Secondary(tmp_path / "ns2")
    secondary.use_remote("bad", bad.port, key).use_remote("good", good.port, key)
    secondary.follow(ZONE, ["bad", "good"])
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 7)
    assert bad.transfers and good.transfers


def test_a_notify_that_nobody_signed_is_refused(followed):
    rogue, secondary = followed
    serial = take_an_honest_version(rogue, secondary)
    stranger = RoguePrimary(ZONE)  # not started: it only sends
    stranger.publish(serial + 100)
    rogue.transfers.clear()
    mark = secondary.process.log_mark()
    stranger.notify(secondary.port)
    secondary.process.wait_for_log("refused: sender may not notify", mark)
    assert not rogue.transfers
    assert secondary.serial(ZONE) == serial
