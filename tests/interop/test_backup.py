"""The whole store in a folder and back: while changes go on, to another machine, by whoever may."""
import json
import os
import shutil
import stat
import threading
import time

import pytest
from harness import contents, zone_texts
from harness.programs import Primary, Secondary, pair, run_program

ZONE = "example.test."
CHANGES = int(os.environ.get("CHANGES", "300"))


def version(serial, zone=ZONE):
    hosts = [f"h{i}.{zone} 300 IN A 192.0.2.{i}" for i in range(100, 150)]
    return zone_texts.small(serial, hosts + [f"v.{zone} 60 IN TXT \"{serial}\""], zone)


@pytest.fixture
def two(tmp_path, running, key):
    ns1, ns2 = pair(tmp_path, ZONE, version(1), key)
    running(ns1).start()
    running(ns2).start().wait_for_serial(ZONE, 1)
    return ns1, ns2


def backup(server, folder, *words):
    done = run_program(server.role, "backup", folder, "-c", server.path("twinzone.yaml"), *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def restore(server, folder, *words):
    return run_program(server.role, "restore", folder, "-c", server.path("twinzone.yaml"), *words)


class Fleet:
    """Ten zones on a pair, changed in turn: a hundred changes a second."""

    def __init__(self, folder, key):
        self.ns1, self.ns2 = Primary(folder / "ns1"), Secondary(folder / "ns2")
        self.ns1.use_remote("ns2", self.ns2.port, key)
        self.ns2.use_remote("ns1", self.ns1.port, key)
        self.serials = {f"z{i}.test.": 0 for i in range(10)}
        for zone in self.serials:
            self.change(zone)
            self.ns1.use_zone(zone, source={"file": self.file(zone)}, notify=["ns2"])
            self.ns2.follow(zone, ["ns1"])

    def file(self, zone):
        return self.ns1.path(f"{zone}zone")

    def change(self, zone):
        self.serials[zone] += 1
        contents.put_file(self.file(zone), version(self.serials[zone], zone))

    def change_many(self, count):
        zones, due = list(self.serials), time.monotonic()
        for i in range(count):
            self.change(zones[i % len(zones)])
            due += 0.01
            time.sleep(max(0, due - time.monotonic()))

    def wait_until_same(self):
        for zone, serial in self.serials.items():
            self.ns2.wait_for_serial(zone, serial)
            assert contents.difference(self.ns1.records(zone), self.ns2.records(zone)) == ""


def test_a_backup_under_load_is_restored_elsewhere_and_ixfr_goes_on(tmp_path, running, key):
    fleet = Fleet(tmp_path, key)
    ns1, ns2 = fleet.ns1, fleet.ns2
    running(ns1).start()
    running(ns2).start()
    fleet.wait_until_same()
    folder = tmp_path / "backups"
    taken, done = [], threading.Event()

    def take():
        while not done.is_set():
            backup(ns2, folder)
            taken.append(json.loads(backup(ns2, folder, "--json")))
    taker = threading.Thread(target=take)
    taker.start()
    mark, began = ns2.process.log_mark(), time.monotonic()
    try:
        fleet.change_many(CHANGES)
    finally:
        done.set()
        taker.join(60)
    took = time.monotonic() - began
    fleet.wait_until_same()
    kinds = [kind for kind, _, _ in ns2.transfers(mark)]
    assert set(kinds) == {"IXFR"}, kinds
    print(f"{CHANGES / took:.0f} changes and {len(kinds) / took:.0f} IXFRs a second, "
          f"{len(taken)} times two backups")
    assert taken and all(facts["zones"] == len(fleet.serials) for facts in taken)
    assert stat.S_IMODE(os.stat(folder / "data.mdb").st_mode) == 0o600
    assert os.listdir(folder) == ["data.mdb"]

    # ns2's machine is lost: another one in its place.
    ns2.kill()
    shutil.rmtree(ns2.path("store"))
    fleet.change_many(len(fleet.serials))
    restored = restore(ns2, folder)
    assert (restored.returncode, restored.stdout, restored.stderr) == (0, "", "")
    mark = ns2.process.log_mark()
    ns2.restart()
    fleet.wait_until_same()
    after = ns2.transfers(mark)
    assert len(after) >= len(fleet.serials) and {kind for kind, _, _ in after} == {"IXFR"}, after


def test_a_restored_primary_goes_on_where_the_backup_was_made(two, tmp_path):
    ns1, ns2 = two
    for serial in (2, 3):
        ns1.put(version(serial))
        ns2.wait_for_serial(ZONE, serial)
    backup(ns1, tmp_path / "backups")
    ns1.kill()
    shutil.rmtree(ns1.path("store"))
    assert restore(ns1, tmp_path / "backups").returncode == 0
    ns1.restart()
    mark = ns2.process.log_mark()
    ns1.put(version(4))
    ns2.wait_for_serial(ZONE, 4)
    assert ns2.transfers(mark) == [("IXFR", 3, 4)]
    history = json.loads(ns1.tool("history", ZONE, "--json").stdout)
    assert [step["serial"] for step in history["versions"]][:4] == [4, 3, 2, 1]


def test_a_store_that_is_there_is_not_lost(two, tmp_path):
    ns1, ns2 = two
    backup(ns2, tmp_path / "backups")
    used = restore(ns2, tmp_path / "backups", "--replace")
    assert used.returncode == 75 and "twinzone-secondary" in used.stderr
    ns1.put(version(2))
    ns2.wait_for_serial(ZONE, 2)
    ns2.stop()
    kept = restore(ns2, tmp_path / "backups")
    assert kept.returncode == 2 and "--replace" in kept.stderr
    replaced = restore(ns2, tmp_path / "backups", "--replace", "--json")
    assert json.loads(replaced.stdout)["zones"] == 1
    assert [name for name in os.listdir(ns2.path("store")) if ".replaced-" in name]


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_what_cannot_be_done_says_why(role, tmp_path):
    nothing = run_program(role, "backup", "--store", tmp_path / "none", tmp_path / "out")
    assert nothing.returncode == 1 and "no store" in nothing.stderr
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "data.mdb").write_bytes(b"no store " * 1000)
    bad = run_program(role, "restore", "--store", tmp_path / "none", tmp_path / "bad")
    assert bad.returncode == 1 and bad.stderr
    assert not (tmp_path / "none" / "data.mdb").exists()
    usage = run_program(role, "backup", "--store", tmp_path / "none")
    assert usage.returncode == 2


def test_a_backup_may_not_be_a_store(two):
    ns1, ns2 = two
    for server in (ns1, ns2):
        done = run_program(server.role, "backup", ns1.path("store"), "-c", server.path("twinzone.yaml"))
        assert done.returncode == 2 and "is a store" in done.stderr
