"""Primaries with one history in PostgreSQL: whoever leads is lost, stopped or cut off, and no
version is lost, no serial used twice, no secondary in need of a whole transfer.

CHANGES=2000 makes the long run of the last test; without it, it is short."""
import os
import signal
import subprocess
import time

import pytest
from harness import contents, postgresql, zone_texts
from harness.postgresql import Postgresql, Relay
from harness.programs import Primary, Secondary
from harness.waiting import wait_for
from harness.web import Web

ZONE = "example.test."
CHANGES = int(os.environ.get("CHANGES", "60"))
TAKE_OVER = 3  # seconds

pytestmark = pytest.mark.skipif(postgresql.programs_folder() is None,
                                reason="no PostgreSQL here (packages.txt has it)")


@pytest.fixture
def database(running):
    return running(Postgresql()).start()


def version(serial, zone=ZONE):
    hosts = [f"h{i}.{zone} 300 IN A 192.0.2.{i}" for i in range(100, 150)]
    return zone_texts.small(serial, hosts + [f"v{serial % 7}.{zone} 60 IN TXT \"{serial}\""], zone)


class Sharing(Primary):
    """A primary that shares its history; through a relay that can be cut."""

    def __init__(self, folder, name, database, relayed=False, **settings):
        super().__init__(folder, name)
        self.relay_to = Relay(database.port) if relayed else None
        through = self.relay_to.port if relayed else None
        self.configuration["store"]["shared"] = {
            "postgresql": database.conninfo(through), "name": name,
            "take-over": f"{TAKE_OVER}s", **settings}

    def stop(self):
        code = super().stop()
        if self.relay_to:
            self.relay_to.stop()
        return code

    def sharing(self):
        return self.status()["shared"]

    def leads(self):
        return self.process.alive() and self.sharing()["role"] == "leading"

    def wait_to_lead(self, limit=30):
        wait_for(f"{self.name} leads", self.leads, limit)
        return self

    def history(self, zone=ZONE):
        done = self.tool("history", zone, "--json")
        assert done.returncode == 0, done.stderr
        return done.stdout


def two_primaries(tmp_path, running, database, secondaries=(), key=None, **options):
    primaries = []
    for name in ("ns1", "ns2"):
        primary = running(Sharing(tmp_path / name, name, database, **options))
        for secondary in secondaries:
            primary.use_remote(secondary.name, secondary.port, key)
        primary.serve_file(ZONE, version(1), notify=[each.name for each in secondaries])
        primaries.append(primary)
    return primaries


def put(primaries, text):
    for primary in primaries:
        primary.put(text)


def leader_of(primaries, limit=30):
    def leading():
        found = [each for each in primaries if each.process.alive() and each.leads()]
        return found[0] if found else None
    return wait_for("one of the primaries leads", leading, limit)


def all_in_step(servers, serial, limit=60):
    for server in servers:
        server.wait_for_serial(ZONE, serial, limit)
    digests = {server.zone_status(ZONE)["digest"] for server in servers}
    assert len(digests) == 1, digests


def test_one_leads_and_the_other_has_the_same_versions(tmp_path, running, database):
    ns1, ns2 = two_primaries(tmp_path, running, database)
    webs = Web(ns1), Web(ns2)
    ns1.start().wait_to_lead()
    ns2.start()
    for serial in range(1, 6):
        put((ns1, ns2), version(serial))
        all_in_step((ns1, ns2), serial)
    assert ns2.sharing()["role"] == "following"
    assert "shared history: ns1 leads; this is ns2, following" in ns2.tool("status").stdout
    assert (ns2.sharing()["leader"], ns1.sharing()["leader"]) == ("ns1", "ns1")
    for web, role in zip(webs, ("leading", "following")):
        metrics = web.metrics()
        assert metrics.value("twinzone_shared_role", role=role) == 1
        assert metrics.total("twinzone_shared_role") == 1
        assert metrics.value("twinzone_shared_leader_info", leader="ns1") == 1
        assert metrics.value("twinzone_shared_connected") == 1
        assert metrics.value("twinzone_shared_zones_behind") == 0
        wait_for("all is known", lambda of=web: of.metrics().value("twinzone_shared_sequence") == 5)
        assert abs(metrics.value("twinzone_shared_last_contact_timestamp_seconds")
                   - time.time()) < 30
    assert "Shared history: ns1 leads; this is ns2, following" in webs[1].text("/")
    assert ns1.tool("diff", ZONE, "--from", "1", "--to", "5").stdout == \
        ns2.tool("diff", ZONE, "--from", "1", "--to", "5").stdout
    rows = database.ask("SELECT number, from_serial, to_serial FROM twinzone.version ORDER BY 1")
    assert rows == [[str(n), str(n - 1) if n > 1 else "", str(n)] for n in range(1, 6)]


def test_a_standby_publishes_nothing_of_its_own(tmp_path, running, database):
    ns1, ns2 = two_primaries(tmp_path, running, database)
    ns1.start().wait_to_lead()
    ns2.start()
    all_in_step((ns1, ns2), 1)
    ns2.put(version(2))
    ns1.put(version(3))
    all_in_step((ns1, ns2), 3)
    assert database.ask_one("SELECT count(*) FROM twinzone.version") == "2"


def test_another_leads_once_the_leader_stops_and_compares_its_files(tmp_path, running, database):
    ns1, ns2 = two_primaries(tmp_path, running, database)
    ns1.start().wait_to_lead()
    ns2.start()
    all_in_step((ns1, ns2), 1)
    ns2.put(version(2))
    ns1.stop()
    ns2.wait_for_serial(ZONE, 2)
    ns1.put(version(2))
    ns1.start()
    all_in_step((ns1, ns2), 2)
    assert ns1.sharing()["role"] == "following"


def test_a_history_begins_with_what_was_there_before_it_was_shared(tmp_path, running, database):
    ns1, ns2 = two_primaries(tmp_path, running, database)
    shared = ns1.configuration["store"].pop("shared")
    ns1.start().wait_for_serial(ZONE, 1)
    ns1.put(version(2))
    ns1.wait_for_serial(ZONE, 2)
    ns1.stop()
    ns1.configuration["store"]["shared"] = shared
    ns1.start().wait_to_lead()
    ns2.put(version(2))
    ns2.start()
    all_in_step((ns1, ns2), 2)
    put((ns1, ns2), version(3))
    all_in_step((ns1, ns2), 3)


def test_a_store_from_another_history_takes_the_whole_content(tmp_path, running, database):
    ns1, ns2 = two_primaries(tmp_path, running, database)
    shared = ns2.configuration["store"].pop("shared")
    ns2.put(version(7))
    ns2.start().wait_for_serial(ZONE, 7)
    ns2.stop()
    ns1.start().wait_to_lead().wait_for_serial(ZONE, 1)
    ns2.configuration["store"]["shared"] = shared
    ns2.start()
    all_in_step((ns1, ns2), 1)
    ns2.process.wait_for_log("whole content is taken")


def test_served_while_postgresql_is_away_and_nothing_new_is_made(tmp_path, running, database):
    ns1, ns2 = two_primaries(tmp_path, running, database)
    ns1.start().wait_to_lead()
    ns2.start()
    all_in_step((ns1, ns2), 1)
    database.stop()
    put((ns1, ns2), version(2))
    for server in (ns1, ns2):
        wait_for(f"{server.name} says so", lambda s=server: not s.sharing()["connected"], 20)
        assert server.serial(ZONE) == 1
        assert server.sharing()["problem"]
        assert postgresql.PASSWORD not in server.process.log_text()
    database.restart()
    all_in_step((ns1, ns2), 2)


def test_a_leader_that_was_stopped_for_long_writes_nothing_more(tmp_path, running, database):
    ns1, ns2 = two_primaries(tmp_path, running, database)
    ns1.start().wait_to_lead()
    ns2.start()
    all_in_step((ns1, ns2), 1)
    ns1.process.send(signal.SIGSTOP)
    ns1.put(version(9))
    ns2.put(version(2))
    ns2.wait_for_serial(ZONE, 2)
    ns1.process.send(signal.SIGCONT)
    all_in_step((ns1, ns2), 2)
    assert database.ask("SELECT to_serial FROM twinzone.version ORDER BY number") == [["1"], ["2"]]


def test_a_large_zone_comes_whole_and_goes_on_by_differences(tmp_path, running, database):
    hosts = [f"h{i}.{ZONE} 300 IN TXT \"{'x' * 200} {i}\"" for i in range(30_000)]
    ns1, ns2 = two_primaries(tmp_path, running, database)
    put((ns1, ns2), zone_texts.small(1, hosts))
    ns1.start().wait_to_lead()
    ns2.start()
    all_in_step((ns1, ns2), 1)
    put((ns1, ns2), zone_texts.small(2, hosts[1:]))
    all_in_step((ns1, ns2), 2)
    rows = database.ask("SELECT is_whole, pages > 100 FROM twinzone.version ORDER BY number")
    assert rows == [["t", "t"], ["f", "f"]]


def test_old_versions_go_and_who_was_away_takes_the_snapshot(tmp_path, running, database):
    ns1, ns2 = two_primaries(tmp_path, running, database)
    for each in (ns1, ns2):
        each.configuration["store"]["shared"]["max-versions"] = "4"
    ns1.start().wait_to_lead()
    ns2.start()
    all_in_step((ns1, ns2), 1)
    ns2.stop()
    for serial in range(2, 20):
        ns1.put(version(serial))
        ns1.wait_for_serial(ZONE, serial)
    wait_for("old versions are gone", lambda: int(database.ask_one(
        "SELECT count(*) FROM twinzone.version")) <= 4, 90)
    ns2.put(version(19))
    ns2.start()
    all_in_step((ns1, ns2), 19)
    ns1.put(version(20))
    all_in_step((ns1, ns2), 20)


class Course:
    """Changes one after the other, each waited for until a primary serves it: acknowledged."""

    def __init__(self, primaries):
        self.primaries = primaries
        self.serial = 1
        self.acknowledged = {}

    def change(self, limit=60):
        self.serial += 1
        put(self.primaries, version(self.serial))
        wait_for(f"a primary serves {self.serial}", self._served, limit, step=0.01)

    def _served(self):
        for primary in self.primaries:
            if primary.process.alive() and contents.serial_on(primary.port, ZONE) == self.serial:
                self.acknowledged[self.serial] = primary.name
                return True
        return False


def resumed(primary):
    """Brings back whoever was lost, stopped or cut off."""
    if not primary.process.alive():
        primary.restart()
    primary.process.send(signal.SIGCONT)
    primary.relay_to.resume()


def disturbances(primaries, database):
    def killed():
        leader = leader_of(primaries)
        leader.kill()
        return lambda: resumed(leader)

    def paused():
        leader = leader_of(primaries)
        leader.process.send(signal.SIGSTOP)
        return lambda: resumed(leader)

    def cut():
        leader = leader_of(primaries)
        leader.relay_to.silence()
        return lambda: resumed(leader)

    def restarted():
        database.stop()
        database.restart()
        return lambda: None

    def crashed():
        database.kill()
        database.restart()
        return lambda: None
    return [killed, paused, cut, restarted, crashed]


def test_no_version_is_lost_and_no_serial_used_twice(tmp_path, running, database, key):
    secondaries = [running(Secondary(tmp_path / f"s{i}", f"s{i}")) for i in range(3)]
    primaries = two_primaries(tmp_path, running, database, secondaries, key, relayed=True)
    for primary in primaries:
        primary.start()
    for secondary in secondaries:
        for primary in primaries:
            secondary.use_remote(primary.name, primary.port, key)
        secondary.follow(ZONE, ["ns1", "ns2"])
        secondary.start()
    all_in_step([*primaries, *secondaries], 1)
    first = {each.name: len(each.transfers()) for each in secondaries}
    course = Course(primaries)
    ways = disturbances(primaries, database)
    every = max(CHANGES // (2 * len(ways)), 4)
    undo = None
    for turn in range(CHANGES):
        if turn % every == every // 2:
            undo = ways[(turn // every) % len(ways)]()
        course.change()
        if undo and turn % every == every - 1:
            undo()
            undo = None
    if undo:
        undo()
    all_in_step([*primaries, *secondaries], course.serial)
    check_history(database, course)
    for secondary in secondaries:
        later = secondary.transfers()[first[secondary.name]:]
        assert {kind for kind, _, _ in later} == {"IXFR"}, later


def check_history(database, course):
    rows = database.ask("SELECT number, from_serial, to_serial, from_digest, to_digest, token "
                        "FROM twinzone.version ORDER BY number")
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    serials = [int(row[2]) for row in rows]
    assert len(set(serials)) == len(serials)
    assert set(course.acknowledged) <= set(serials)
    for before, after in zip(rows, rows[1:]):
        assert (before[2], before[4]) == (after[1], after[3])
        assert int(before[5]) <= int(after[5])


def test_a_password_is_never_shown(tmp_path, running, database):
    ns1 = running(Sharing(tmp_path / "ns1", "ns1", database))
    ns1.serve_file(ZONE, version(1))
    shared = ns1.configuration["store"]["shared"]
    shared["postgresql"] = shared["postgresql"].replace("user=twinzone", "user=nobody-here")
    ns1.start()
    wait_for("it says why", lambda: ns1.sharing()["problem"], 20)
    assert postgresql.PASSWORD not in ns1.process.log_text() + str(ns1.sharing())
    explained = ns1.tool("check", "--explain", "-c", ns1.path("twinzone.yaml"))
    assert postgresql.PASSWORD not in explained.stdout + explained.stderr
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(ns1.process.pid)],
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    assert postgresql.PASSWORD not in shown
