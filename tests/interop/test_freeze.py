"""freeze and thaw: a frozen zone keeps its version, whatever its source says, over restarts too; a
thawed one catches up at once."""
import pytest
from harness import zone_texts
from harness.programs import pair
from harness.waiting import wait_for

ZONE = "example.test."


def text(serial):
    return zone_texts.small(serial, [f"www.{ZONE} 60 IN A 192.0.2.{serial}"])


@pytest.fixture
def served(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, text(1), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


def do(server, verb):
    done = server.tool(verb, ZONE)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_a_frozen_secondary_transfers_nothing_until_it_is_thawed(served):
    primary, secondary = served
    do(secondary, "freeze")
    status = secondary.zone_status(ZONE)
    assert status["state"] == "frozen"
    assert "since 20" in status["reason"]
    fetched = len(secondary.transfers())
    mark = secondary.process.log_mark()
    primary.put(text(2))
    primary.wait_for_serial(ZONE, 2)
    # It is told, it looks, and it takes nothing.
    secondary.process.wait_for_log("NOTIFY, incoming", mark)
    wait_for("a check", lambda: "serial 2" in secondary.process.log_text(mark))
    secondary.wait_for_reason(ZONE, "frozen since .*serial 2 of the primary waits")
    assert len(secondary.transfers()) == fetched
    assert secondary.serial(ZONE) == 1
    do(secondary, "thaw")
    secondary.wait_for_serial(ZONE, 2, limit=5)
    secondary.wait_for_state(ZONE, "current")


def test_a_freeze_outlives_the_process(served):
    primary, secondary = served
    do(secondary, "freeze")
    secondary.process.kill()
    primary.put(text(2))
    primary.wait_for_serial(ZONE, 2)
    secondary.run(secondary.process.command)
    secondary.wait_until_up()
    secondary.wait_for_reason(ZONE, "serial 2 of the primary waits")
    assert secondary.zone_status(ZONE)["state"] == "frozen"
    assert secondary.serial(ZONE) == 1
    do(secondary, "thaw")
    secondary.wait_for_serial(ZONE, 2)


def test_the_file_of_a_frozen_primary_waits(served):
    primary, secondary = served
    do(primary, "freeze")
    primary.put(text(2))
    status = primary.wait_for_reason(ZONE, "the file has changed and waits")
    assert (status["state"], status["serial"]) == ("frozen", 1)
    primary.process.stop()
    primary.restart()
    assert primary.zone_status(ZONE)["state"] == "frozen"
    assert primary.serial(ZONE) == 1
    do(primary, "thaw")
    for server in (primary, secondary):
        server.wait_for_serial(ZONE, 2)
        server.wait_for_state(ZONE, "current")


def test_freezing_twice_and_thawing_twice_is_well(served):
    primary, _ = served
    for verb in ("freeze", "freeze", "thaw", "thaw"):
        do(primary, verb)
    assert primary.zone_status(ZONE)["state"] == "current"
    assert primary.tool("freeze", "other.test.").returncode == 1


def test_a_file_edited_back_during_a_freeze_changes_nothing(served):
    primary, _ = served
    do(primary, "freeze")
    primary.put(text(2))
    primary.wait_for_reason(ZONE, "waits")
    primary.put(text(1))
    do(primary, "thaw")
    primary.wait_for_state(ZONE, "current")
    assert primary.serial(ZONE) == 1
