"""The change guard: a version that takes too much away, or the apex's NS, is held until an operator
decides; on a secondary and on a primary, over restarts and kill -9."""
import pytest
from harness import contents, zone_texts
from harness.programs import Primary, Secondary, pair, run_program
from harness.rogue import RoguePrimary
from harness.waiting import wait_for

ZONE = "example.test."
GUARD = {"max-delete": "50%", "min-records": 10}
HELD_EXIT = 4


def hosts(count):
    return [f"h{i}.{ZONE} 60 A 192.0.2.{i + 1}" for i in range(count)]


def text(serial, count):
    return zone_texts.small(serial, [line.replace(" A ", " IN A ") for line in hosts(count)],
                            refresh=1, retry=1)


@pytest.fixture
def followed(tmp_path, running, key):
    """A primary without a guard and a secondary with one, in step at serial 1 with 45 records."""
    primary, secondary = pair(tmp_path, ZONE, text(1, 40), key)
    secondary.configuration["templates"][0]["guard"] = GUARD
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


def hold(primary, secondary, serial=2, count=3):
    before = secondary.records(ZONE)
    primary.put(text(serial, count))
    status = secondary.wait_for_state(ZONE, "held")
    assert f"serial {serial} is held" in status["reason"]
    assert contents.difference(before, secondary.records(ZONE)) == ""
    return status


# Conformance: R58
def test_too_large_a_deletion_is_held_and_approved(followed):
    primary, secondary = followed
    status = hold(primary, secondary)
    assert status["serial"] == 1
    assert "37 of 45 records" in status["reason"]
    assert secondary.tool("status", "--check").returncode != 0
    done = secondary.tool("approve", ZONE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 -> 2" in done.stdout
    assert secondary.serial(ZONE) == 2  # when the verb says so, it is served
    assert contents.difference(primary.records(ZONE), secondary.records(ZONE)) == ""
    secondary.wait_for_state(ZONE, "current")
    assert secondary.tool("approve", ZONE).returncode == 1


def test_a_small_change_passes(followed):
    primary, secondary = followed
    primary.put(text(2, 20))
    secondary.wait_for_serial(ZONE, 2)
    secondary.wait_for_state(ZONE, "current")


def test_what_is_changed_in_place_is_no_deletion(followed):
    primary, secondary = followed
    primary.put(text(2, 40).replace("192.0.2.", "198.51.100.").replace(" 60 IN", " 90 IN"))
    secondary.wait_for_serial(ZONE, 2)


def test_a_rejected_version_is_not_fetched_again(followed):
    primary, secondary = followed
    hold(primary, secondary)
    done = secondary.tool("reject", ZONE)
    assert (done.returncode, done.stderr) == (0, "")
    status = secondary.wait_for_reason(ZONE, "serial 2 was rejected")
    assert status["state"] == "stale"
    fetched = len(secondary.transfers())
    mark = secondary.process.log_mark()
    wait_for("three checks more", lambda: secondary.process.log_text(mark).count("SOA check") >= 3)
    assert len(secondary.transfers()) == fetched
    assert secondary.serial(ZONE) == 1
    primary.put(text(3, 39))
    secondary.wait_for_serial(ZONE, 3)
    secondary.wait_for_state(ZONE, "current")


def test_a_held_version_is_fetched_once(followed):
    primary, secondary = followed
    hold(primary, secondary)
    fetched = len(secondary.transfers())
    mark = secondary.process.log_mark()
    wait_for("three checks more", lambda: secondary.process.log_text(mark).count("SOA check") >= 3)
    assert len(secondary.transfers()) == fetched


def test_a_newer_version_is_judged_anew(followed):
    primary, secondary = followed
    hold(primary, secondary, serial=2, count=3)
    primary.put(text(3, 2))
    status = secondary.wait_for_reason(ZONE, "serial 3 is held")
    assert status["serial"] == 1
    primary.put(text(4, 38))
    secondary.wait_for_serial(ZONE, 4)
    secondary.wait_for_state(ZONE, "current")


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_a_held_version_outlives_the_process(followed, how):
    primary, secondary = followed
    hold(primary, secondary)
    if how == "kill":
        secondary.process.kill()
    else:
        secondary.process.stop()
    secondary.run(secondary.process.command)
    secondary.wait_until_up()
    status = secondary.zone_status(ZONE)
    assert (status["state"], status["serial"]) == ("held", 1)
    primary.process.stop()  # it is kept whole: nobody need be asked for it
    assert secondary.tool("approve", ZONE).returncode == 0
    assert secondary.serial(ZONE) == 2
    assert len(secondary.records(ZONE)) == 8


def test_a_version_without_apex_ns_is_held(tmp_path, running):
    rogue = RoguePrimary(ZONE).start()
    body = rogue._body
    rogue.publish(1, hosts(5))
    secondary = Secondary(tmp_path / "ns2").use_remote("ns1", rogue.port)
    secondary.follow(ZONE, ["ns1"], guard=GUARD)
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    rogue._body = lambda: [rrset for rrset in body() if rrset.rdtype != 2]
    rogue.publish(2, hosts(5))
    status = secondary.wait_for_state(ZONE, "held")
    assert "NS" in status["reason"]
    assert secondary.serial(ZONE) == 1
    rogue.stop()


def test_without_a_guard_nothing_is_held(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, text(1, 40), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    primary.put(text(2, 0))
    secondary.wait_for_serial(ZONE, 2)


def test_small_zones_pass(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, text(1, 4), key)
    secondary.configuration["templates"][0]["guard"] = {"max-delete": "10%", "min-records": 20}
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    primary.put(text(2, 0))
    secondary.wait_for_serial(ZONE, 2)


# ---- on a primary: an edited file

@pytest.fixture
def guarded_primary(tmp_path, running):
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, text(1, 40), guard=GUARD)
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    return primary


def test_a_file_that_lost_too_much_is_held_and_approved(guarded_primary):
    primary = guarded_primary
    primary.put(text(2, 3))
    status = primary.wait_for_state(ZONE, "held")
    assert "serial 2 is held" in status["reason"]
    assert primary.serial(ZONE) == 1
    primary.process.stop()
    primary.restart()
    assert primary.wait_for_state(ZONE, "held")["serial"] == 1
    assert primary.tool("approve", ZONE).returncode == 0
    assert primary.serial(ZONE) == 2
    primary.wait_for_state(ZONE, "current")


def test_a_file_that_is_put_back_ends_the_hold(guarded_primary):
    primary = guarded_primary
    primary.put(text(2, 3))
    primary.wait_for_state(ZONE, "held")
    primary.put(text(1, 40))
    primary.wait_for_state(ZONE, "current")
    assert primary.tool("approve", ZONE).returncode == 1
    primary.put(text(2, 39))
    primary.wait_for_serial(ZONE, 2)


def test_a_rejected_file_is_told_until_it_is_edited(guarded_primary):
    primary = guarded_primary
    primary.put(text(2, 3))
    primary.wait_for_state(ZONE, "held")
    assert primary.tool("reject", ZONE).returncode == 0
    status = primary.wait_for_reason(ZONE, "rejected")
    assert (status["state"], status["serial"]) == ("stale", 1)
    primary.process.stop()
    primary.restart()
    primary.wait_for_reason(ZONE, "rejected")
    primary.put(text(3, 39))
    primary.wait_for_serial(ZONE, 3)
    primary.wait_for_state(ZONE, "current")


def test_a_large_zone_is_held_whole(guarded_primary):
    primary = guarded_primary
    primary.put(text(2, 40) + "".join(f"x{i}.{ZONE} 60 IN TXT \"{'t' * 200}\"\n"
                                      for i in range(40_000)))
    primary.wait_for_serial(ZONE, 2, limit=60)
    primary.put(text(3, 40) + "".join(f"y{i}.{ZONE} 60 IN TXT \"{'t' * 200}\"\n"
                                      for i in range(40_000)))
    primary.wait_for_state(ZONE, "held", limit=60)
    assert primary.tool("approve", ZONE).returncode == 0
    assert primary.serial(ZONE) == 3


# ---- the one-shot

def test_sync_ends_with_its_own_exit_code(tmp_path, running):
    rogue = RoguePrimary(ZONE).start()
    rogue.publish(1, hosts(40))
    secondary = Secondary(tmp_path / "ns2").use_remote("ns1", rogue.port)
    secondary.follow(ZONE, ["ns1"], guard=GUARD)
    file = secondary.write_configuration()
    assert run_program("secondary", "sync", "-c", file).returncode == 0
    rogue.publish(2, hosts(3))
    for _ in range(2):  # held already is no better
        done = run_program("secondary", "sync", "-c", file)
        assert done.returncode == HELD_EXIT, done.stderr
        assert "serial 2 is held" in done.stderr
    rogue.stop()


def test_verbs_for_what_is_not_there(followed):
    _, secondary = followed
    for verb in ("approve", "reject"):
        done = secondary.tool(verb, ZONE)
        assert done.returncode == 1 and "no version" in done.stderr
        done = secondary.tool(verb, "other.test.")
        assert done.returncode == 1 and "no zone" in done.stderr
