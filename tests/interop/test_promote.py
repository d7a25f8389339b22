"""ns1 is lost for good: ns2 becomes the origin of its zones with the store it has, and ns3 goes on
behind it."""
import json
import os
import shutil
import stat

import pytest
from harness import contents, zone_texts
from harness.bind import Bind
from harness.keys import Key
from harness.programs import Primary, Secondary, pair, run_program
from harness.waiting import wait_for

ZONE = "example.test."
OTHER = "other.test."
BEHIND = Key.random("behind.test.", "hmac-sha512")  # between ns2 and ns3


def version(serial, zone=ZONE, **timers):
    hosts = [f"h{i}.{zone} 300 IN A 192.0.2.{i}" for i in range(100, 150)]
    return zone_texts.small(serial, hosts + [f"v.{zone} 60 IN TXT \"{serial}\""], zone, **timers)


class Promoted(Primary):
    """twinzone-primary with the configuration that a promotion wrote, on ns2's addresses."""

    def __init__(self, folder, secondary):
        super().__init__(folder, "promoted")
        self.port, self.control_socket = secondary.port, secondary.control_socket
        self.promoted = secondary.path("store", "promoted")

    def write_configuration(self):
        shutil.copy(os.path.join(self.promoted, "primary.yaml"), self.path("twinzone.yaml"))

    def zone_file(self, zone=ZONE):
        return os.path.join(self.promoted, zone.rstrip(".") + ".zone")


@pytest.fixture
def three(tmp_path, running, key):
    """ns1 -> ns2 -> ns3 with three versions of the zone; ns3 only hears of news by NOTIFY."""
    ns1, ns2 = pair(tmp_path, ZONE, version(1), key)
    ns3 = Secondary(tmp_path / "ns3", "ns3")
    ns2.use_remote("ns3", ns3.port, BEHIND)
    ns2.configuration["templates"][0]["notify"] = ["ns3"]
    ns2.configuration["templates"][0]["allow-transfer"].append("ns3")
    ns3.use_remote("ns2", ns2.port, BEHIND).follow(ZONE, ["ns2"], refresh={"min": "1h"})
    for server in (ns1, ns2, ns3):
        running(server).start()
    for serial in (1, 2, 3):
        ns1.put(version(serial))
        ns3.wait_for_serial(ZONE, serial)
    return ns1, ns2, ns3


def lose(server):
    server.kill()
    shutil.rmtree(server.folder)


def promote(server, *words):
    done = server.tool("promote", *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def take_over(running, tmp_path, ns2):
    """Ends the secondary and starts the primary in its place, as the printed steps say."""
    ns2.stop()
    return running(Promoted(tmp_path / "promoted", ns2)).start()


def test_the_next_server_goes_on_by_ixfr_also_after_an_edit(three, tmp_path, running):
    ns1, ns2, ns3 = three
    late = running(Secondary(tmp_path / "ns4", "ns4"))
    late.use_remote("ns2", ns2.port, BEHIND).follow(ZONE, ["ns2"]).start()
    late.wait_for_serial(ZONE, 3)
    late.stop()
    before = ns2.zone_status(ZONE)
    lose(ns1)
    shown = promote(ns2)
    assert "example.test. promoted, serial 3" in shown
    for step in ("systemctl disable --now twinzone-secondary", "twinzone-primary serve -c",
                 "promote --undo"):
        assert step in shown

    after = ns2.zone_status(ZONE)
    assert (after["state"], after["source"]) == ("current", "promoted")
    assert (after["serial"], after["digest"]) == (3, before["digest"])
    assert after["expires_in_seconds"] is None and after["next_refresh_in_seconds"] is None
    assert "promoted at" in after["reason"]
    ns2.kill()
    ns2.restart()
    assert ns2.zone_status(ZONE)["source"] == "promoted"
    assert ns2.zone_status(ZONE)["next_refresh_in_seconds"] is None

    new = take_over(running, tmp_path, ns2)
    assert new.serial(ZONE) == 3
    new.wait_for_state(ZONE, "current")
    assert new.zone_status(ZONE)["digest"] == before["digest"]
    for serial in (4, 5):
        contents.put_file(new.zone_file(), version(serial))
        ns3.wait_for_serial(ZONE, serial)
    assert ns3.transfers() == [("AXFR", None, 1)] + [("IXFR", n, n + 1) for n in (1, 2, 3, 4)]
    mark = late.process.log_mark()
    late.restart()
    late.wait_for_serial(ZONE, 5)
    assert late.transfers(mark) == [("IXFR", 3, 5)]
    wanted = contents.of_file(new.zone_file(), ZONE)
    for server in (new, ns3, late):
        assert contents.difference(wanted, server.records(ZONE)) == ""


def test_what_is_written_is_the_zone_and_is_for_nobody_elses_eyes(three, tmp_path):
    ns1, ns2, _ = three
    lose(ns1)
    folder = tmp_path / "elsewhere" / "p"
    done = json.loads(promote(ns2, ZONE, "-o", folder, "--json"))
    assert done["configuration"] == str(folder / "primary.yaml")
    assert [(z["zone"], z["serial"], z["promoted"], z["problem"]) for z in done["zones"]] == [
        (ZONE, 3, True, "")]
    written = contents.of_file(done["zones"][0]["file"], ZONE)
    assert contents.difference(ns2.records(ZONE), written) == ""
    assert stat.S_IMODE(os.stat(folder / "primary.yaml").st_mode) == 0o600
    checked = run_program("primary", "check", "-c", folder / "primary.yaml")
    assert (checked.returncode, checked.stderr) == (0, "")

    # What is edited already is not overwritten by another promote.
    contents.put_file(folder / "example.test.zone", version(4))
    assert "was promoted before" in promote(ns2, "-o", folder)
    assert contents.serial_of(contents.of_file(folder / "example.test.zone", ZONE)) == 4


def test_without_a_daemon_the_store_is_taken_in_hand(three, tmp_path, running):
    ns1, ns2, ns3 = three
    lose(ns1)
    config = ns2.path("twinzone.yaml")
    locked = run_program("secondary", "promote", "-c", config, "--control", tmp_path / "no.sock")
    assert locked.returncode == 75, locked.stderr
    ns2.kill()
    done = run_program("secondary", "promote", "-c", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "example.test. promoted, serial 3" in done.stdout
    for running_daemon in (False, True):
        if running_daemon:
            ns2.restart()
        for option in ([], ["--dry-run"]):
            synced = run_program("secondary", "sync", *option, "-c", config)
            assert (synced.returncode, synced.stdout, synced.stderr) == (0, "", "")
    assert ns2.zone_status(ZONE)["source"] == "promoted"
    new = take_over(running, tmp_path, ns2)
    contents.put_file(new.zone_file(), version(4))
    ns3.wait_for_serial(ZONE, 4)
    assert ns3.transfers()[-1] == ("IXFR", 3, 4)


def test_a_promoted_zone_is_followed_again_when_that_is_undone(three):
    ns1, ns2, ns3 = three
    promote(ns2)
    ns1.put(version(4))
    ns1.wait_for_serial(ZONE, 4)
    ns2.process.wait_for_log("NOTIFY refused")
    assert ns2.serial(ZONE) == ns3.serial(ZONE) == 3

    assert "follows its primaries again" in promote(ns2, "--undo", ZONE)
    ns3.wait_for_serial(ZONE, 4)
    status = ns2.wait_for_state(ZONE, "current")
    assert status["source"] == f"127.0.0.1@{ns1.port}" and status["expires_in_seconds"] > 0
    assert ns2.transfers()[-1] == ("IXFR", 3, 4)
    assert "was not promoted" in promote(ns2, "--undo", ZONE)
    ns2.kill()
    ns2.restart()
    wait_for("ns2 follows ns1 again after a restart",
             lambda: ns2.zone_status(ZONE)["source"] == f"127.0.0.1@{ns1.port}")


def test_the_old_primary_does_not_take_an_edited_zone_back(three, tmp_path, running):
    ns1, ns2, ns3 = three
    ns1.stop()
    promote(ns2)
    new = take_over(running, tmp_path, ns2)
    contents.put_file(new.zone_file(), version(4))
    ns3.wait_for_serial(ZONE, 4)
    new.stop()
    ns1.restart()
    ns2.restart()
    assert ns2.zone_status(ZONE)["source"] == "promoted"  # an edit does not undo it
    promote(ns2, "--undo")
    ns2.wait_for_reason(ZONE, "serial 3, older than ours 4")
    assert ns2.serial(ZONE) == 4


def test_one_zone_is_promoted_and_the_other_goes_on_being_followed(tmp_path, running, key):
    ns1, ns2 = pair(tmp_path, ZONE, version(1), key)
    other = Bind(tmp_path / "other")
    ns2.use_remote("other", other.port, key).follow(OTHER, ["other"])
    running(ns1).start()
    running(other.as_primary(OTHER, version(1, OTHER), ns2.port, key))
    running(ns2).start()
    for zone in (ZONE, OTHER):
        ns2.wait_for_serial(zone, 1)
    lose(ns1)
    promote(ns2, ZONE)
    assert ns2.zone_status(ZONE)["source"] == "promoted"
    other.load(version(2, OTHER))
    ns2.wait_for_serial(OTHER, 2)

    new = take_over(running, tmp_path, ns2)
    other.load(version(3, OTHER))
    contents.put_file(new.zone_file(), version(2))
    new.wait_for_serial(OTHER, 3)
    new.wait_for_serial(ZONE, 2)
    assert new.zone_status(OTHER)["source"] == f"127.0.0.1@{other.port}"
    assert new.zone_status(ZONE)["source"] == new.zone_file()


def test_a_zone_that_expired_is_served_again(tmp_path, running, key):
    text = version(1, refresh=1, retry=1).replace(" 1209600 ", " 3 ")
    ns1, ns2 = pair(tmp_path, ZONE, text, key)
    ns2.configuration["templates"][0].update(
        {"retry": {"min": "1s", "max": "1s"}, "expire": {"min": "1s"}})
    running(ns1).start()
    running(ns2).start().wait_for_serial(ZONE, 1)
    lose(ns1)
    ns2.wait_for_state(ZONE, "expired", limit=30)
    assert ns2.serial(ZONE) is None
    promote(ns2)
    assert ns2.serial(ZONE) == 1
    assert ns2.zone_status(ZONE)["state"] == "current"


def test_what_cannot_be_promoted_is_told(tmp_path, running, key):
    ns1, ns2 = pair(tmp_path, ZONE, version(1), key)  # ns1 never runs
    running(ns2).start()
    unknown = ns2.tool("promote", "elsewhere.test")
    assert unknown.returncode == 2 and "elsewhere.test. is not configured" in unknown.stderr
    empty = ns2.tool("promote")
    assert empty.returncode == 1 and "there is no version of it" in empty.stdout
    assert ns2.zone_status(ZONE)["source"] != "promoted"
    running(ns1).start()
    ns2.wait_for_serial(ZONE, 1)  # it is still followed
    for options in ([], ["-c", tmp_path / "nowhere.yaml"]):
        done = run_program("secondary", "promote", *options, "--control", tmp_path / "no.sock")
        assert done.returncode == 2, done.stderr


def test_the_command_line_alone_is_enough(tmp_path, running, key):
    ns1, probe = Primary(tmp_path / "ns1"), Secondary(tmp_path / "probe")
    key_file = probe.write("k.key", key.bind_text())
    os.chmod(key_file, 0o600)
    ns1.use_key(key).serve_file(ZONE, version(1))
    running(ns1).start().wait_for_serial(ZONE, 1)
    store = probe.path("store")
    words = ["--store", store, "--zone", ZONE, "--primary", f"127.0.0.1@{ns1.port}",
             "--key-file", key_file, "--allow-transfer", "127.0.0.1"]
    assert run_program("secondary", "sync", *words).returncode == 0
    lose(ns1)
    done = run_program("secondary", "promote", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "listens on 127.0.0.1@5300 only" in done.stdout
    config = os.path.join(store, "promoted", "primary.yaml")
    checked = run_program("primary", "check", "-c", config)
    assert (checked.returncode, checked.stderr) == (0, "")
    with open(config, encoding="ascii") as file:
        assert key.secret not in file.read()  # it names the key file
