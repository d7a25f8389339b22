"""Catalog zones (RFC 9432) as a producer may write them: what our secondary makes of their members."""
import os
import random
import re
import time

import pytest
from harness import contents, zone_texts
from harness.catalogs import LOOPBACK, Consumer
from harness.programs import Primary
from harness.waiting import wait_for

CAT = "cat.test."
OTHER = "other-cat.test."


class HandMade(Primary):
    """Serves every zone of a folder; catalogs are among them, written by the test."""

    def __init__(self, folder, told):
        super().__init__(folder, "ns1")
        self.zones = self.path("zones")
        os.makedirs(self.zones)
        self.use_remote(told.name, told.port)
        self.configuration["templates"].append(
            {"name": "default", "source": {"directory": self.zones}, "notify": [told.name],
             "serial-policy": "increment", "allow-transfer": LOOPBACK})

    def put(self, zone, text):
        contents.put_file(os.path.join(self.zones, f"{zone}zone".replace("..", ".")), text)

    def zone(self, name, serial=1):
        self.put(name, zone_texts.small(serial, zone=name))

    def catalog(self, *lines, catalog=CAT, version=('TXT "2"',)):
        """`lines` are relative to the catalog's name."""
        head = [f"$ORIGIN {catalog}", "$TTL 0", "@ SOA invalid. invalid. 1 3600 600 2147483646 0",
                "@ NS invalid.", *(f"version {each}" for each in version)]
        self.put(catalog, "\n".join([*head, *lines]) + "\n")

    def members(self, *zones, catalog=CAT):
        self.catalog(*(f"{zone.rstrip('.').replace('.', '-')}.zones PTR {zone}" for zone in zones),
                     catalog=catalog)


@pytest.fixture
def make(tmp_path, running):
    """make(**settings of the catalog): ns1 with zones a. to d.test and a catalog of the first
    three, and ns2 with what follows from it."""
    def pair(before_start=lambda ns2: None, **settings):
        ns2 = Consumer(tmp_path / "ns2")
        ns1 = HandMade(tmp_path / "ns1", ns2)
        for name in "abcd":
            ns1.zone(f"{name}.test.")
        ns1.members("a.test.", "b.test.", "c.test.")
        ns2.consume(CAT, ns1, **settings)
        before_start(ns2)
        running(ns1).start()
        running(ns2).start()
        for name in "abc":
            ns2.wait_for_serial(f"{name}.test.", 1)
        return ns1, ns2
    return pair


BROKEN = {
    "no version": ([], ["x.zones PTR d.test."]),
    "unknown version": (['TXT "3"'], ["x.zones PTR d.test."]),
    "two versions": (['TXT "2"', 'TXT "1"'], ["x.zones PTR d.test."]),
    "version in two strings": (['TXT "2" "2"'], ["x.zones PTR d.test."]),
    "two names at one node": (['TXT "2"'], ["x.zones PTR d.test.", "x.zones PTR a.test."]),
    "a member twice": (['TXT "2"'], ["x.zones PTR d.test.", "y.zones PTR D.test."]),
    "two ways to go": (['TXT "2"'], ["x.zones PTR d.test.", "coo.x.zones PTR one.test.",
                                     "coo.x.zones PTR two.test."]),
    "two keys": (['TXT "2"'], ["x.zones PTR d.test.", "primaries.ext A 127.0.0.1",
                               'primaries.ext TXT "k1."', 'primaries.ext TXT "k2."']),
}


# Conformance: R62
def test_a_broken_catalog_changes_nothing(make):
    ns1, ns2 = make()
    for name, (version, lines) in BROKEN.items():
        ns1.catalog(*lines, version=version)
        status = ns2.wait_for_state(CAT, "failed")
        assert "broken" in status["reason"], name
        assert ns2.members() == {"a.test.", "b.test.", "c.test."}, name
        assert ns2.serial("a.test.") == 1
        assert "RFC 9432" in ns2.tool("why", CAT).stdout
        # What is whole again is taken; and breaks again with the next.
        ns1.members("a.test.", "b.test.", "c.test.")
        ns2.wait_for_state(CAT, "current")


# Conformance: R62
def test_a_broken_catalog_changes_nothing_after_a_restart_either(make):
    ns1, ns2 = make()
    ns1.catalog("x.zones PTR d.test.", version=[])
    ns2.wait_for_state(CAT, "failed")
    ns1.kill()
    ns2.kill()
    ns2.restart()
    assert ns2.members() == {"a.test.", "b.test.", "c.test."}
    assert ns2.serial("a.test.") == 1
    assert ns2.zone_status(CAT)["state"] == "failed"


# Conformance: R63
def test_too_many_removals_wait_for_an_operator(make):
    ns1, ns2 = make(max_removals="40%")
    ns1.members("c.test.", "d.test.")
    status = ns2.wait_for_state(CAT, "held")
    assert "2 of 3 members" in status["reason"]
    assert ns2.members() == {"a.test.", "b.test.", "c.test."}
    assert "max-removals" in ns2.tool("why", CAT).stdout
    ns2.kill()
    ns2.restart()
    assert ns2.zone_status(CAT)["state"] == "held"
    assert ns2.members() == {"a.test.", "b.test.", "c.test."}
    done = ns2.tool("approve", CAT)
    assert done.returncode == 0, done
    ns2.wait_for_members("c.test.", "d.test.")
    assert ns2.zone_status(CAT)["state"] == "current"
    assert ns2.tool("approve", CAT).returncode == 1


def test_a_version_that_was_rejected_stays_so(make):
    ns1, ns2 = make(max_removals=1)
    ns1.members("d.test.")
    ns2.wait_for_state(CAT, "held")
    assert ns2.tool("reject", CAT).returncode == 0
    assert ns2.zone_status(CAT)["state"] == "stale"
    wait_for("it is kept", lambda: "rejected" in saved_members(ns2))
    ns2.kill()
    ns2.restart()
    assert ns2.zone_status(CAT)["state"] == "stale"
    assert ns2.members() == {"a.test.", "b.test.", "c.test."}
    ns1.members("a.test.", "b.test.", "d.test.")  # takes one away
    ns2.wait_for_members("a.test.", "b.test.", "d.test.")


# Conformance: R63
def test_a_removed_member_is_served_until_its_grace_is_over(make):
    ns1, ns2 = make(grace="4s")
    os.remove(os.path.join(ns1.zones, "a.test.zone"))
    ns1.members("b.test.", "c.test.")
    assert ns1.tool("reload").returncode == 0
    ns2.tool("refresh", "a.test.")  # in vain: ns1 has it no more
    status = ns2.wait_for_reason("a.test.", "lists it no more; served for another")
    assert status["catalog"] == CAT and 0 <= status["leaves_in_seconds"] <= 4
    assert status["state"] == "current"
    assert ns2.serial("a.test.") == 1
    ns2.wait_for_members("b.test.", "c.test.")
    assert ns2.serial("a.test.") is None
    assert "removed" in ns2.process.log_text()


def test_grace_outlives_a_restart_and_is_over_when_the_zone_comes_back(make):
    ns1, ns2 = make(grace="1h")
    ns1.members("b.test.")
    for zone in ["a.test.", "c.test."]:
        ns2.wait_for_reason(zone, "lists it no more")
    ns2.kill()
    ns2.restart()
    assert "leaves_in_seconds" in ns2.zone_status("a.test.")
    assert ns2.serial("a.test.") == 1
    ns1.members("a.test.", "b.test.")
    wait_for("it stays", lambda: "leaves_in_seconds" not in ns2.zone_status("a.test."))
    assert "leaves_in_seconds" in ns2.zone_status("c.test.")


def test_another_id_resets_a_member(make):
    ns1, ns2 = make()
    ns1.zone("a.test.", 2)
    ns2.wait_for_serial("a.test.", 2)
    assert '"previous":1' in ns2.tool("history", "a.test.", "--json").stdout
    ns1.catalog("another.zones PTR a.test.", "b-test.zones PTR b.test.", "c-test.zones PTR c.test.")
    wait_for("it is fetched anew", lambda: ns2.transfers()[-1] == ("AXFR", None, 2) and
             ns2.serial("a.test.") == 2)
    assert "reset" in ns2.process.log_text()
    assert '"previous":1' not in ns2.tool("history", "a.test.", "--json").stdout
    assert ns2.transfers().count(("AXFR", None, 1)) == 4  # the catalog, a, b and c, once each


def test_coo_hands_a_member_over(make, tmp_path):
    def both(ns2):
        ns2.configuration["catalogs"].append(
            {"zone": OTHER, "role": "consumer", "primaries": ["ns1"]})
    ns1, ns2 = make(before_start=both)
    ns1.members("a.test.", catalog=OTHER)
    # Without coo it stays where it is, and that is said.
    ns2.wait_for_reason(OTHER, "ours already.*a.test.")
    assert ns2.zone_status("a.test.")["catalog"] == CAT
    ns1.catalog("a-test.zones PTR a.test.", f"coo.a-test.zones PTR {OTHER}",
                "b-test.zones PTR b.test.")
    wait_for("it has moved", lambda: ns2.zone_status("a.test.")["catalog"] == OTHER)
    ns1.members("b.test.")
    ns2.wait_for_serial(CAT, 3)
    ns2.wait_for_members("a.test.", "b.test.")
    assert ns2.serial("a.test.") == 1
    assert "reset" not in ns2.process.log_text()


# Conformance: R63
def test_configured_zones_win(make):
    def configured(ns2):
        ns2.configuration["zones"].append({"zone": "d.test.", "primaries": ["ns1"]})
    ns1, ns2 = make(before_start=configured)
    ns2.wait_for_serial("d.test.", 1)
    ns1.members("a.test.", "d.test.")
    ns2.wait_for_members("a.test.")
    assert "d.test." in ns2.zone_status(CAT)["reason"]
    ns1.members("a.test.")
    wait_for("no clash", lambda: ns2.zone_status(CAT)["reason"] == "")
    assert ns2.serial("d.test.") == 1


def test_groups_and_primaries_of_members(make):
    def reverse(ns2):
        ns2.configuration["templates"].append(
            {"name": "reverse", "primaries": ["ns1"], "allow-transfer": [],
             "refresh": {"min": "1s"}})
    ns1, ns2 = make(before_start=reverse)
    assert contents.of_server(ns2.port, "a.test.")
    ns1.catalog("a-test.zones PTR a.test.", 'group.a-test.zones TXT "reverse"',
                "d-test.zones PTR d.test.", "primaries.ext.d-test.zones A 127.0.7.7",
                "b-test.zones PTR b.test.", "ns1.primaries.ext.b-test.zones A 127.0.7.8",
                'ns1.primaries.ext.b-test.zones TXT "not-here."')
    ns2.wait_for_members("a.test.", "b.test.", "d.test.")
    wait_for("its template denies it", lambda: is_refused(ns2, "a.test."))
    wait_for("its own primary is asked", lambda: "127.0.7.7@53" in ns2.tool("why", "d.test.").stdout)
    ns1.zone("b.test.", 5)
    ns2.wait_for_serial("b.test.", 5)
    assert "127.0.7.8@53 with key not-here., which is not among 'keys'" in ns2.process.log_text()


def saved_members(server):
    with open(server.path("store", "members"), encoding="ascii") as file:
        return file.read()


def is_refused(server, zone):
    try:
        contents.of_server(server.port, zone)
    except Exception:
        return True
    return False


def test_ten_thousand_members_come_and_go(make):
    count = 10_000
    ns1, ns2 = make(grace="0s")
    zones = [f"m{i}.test." for i in range(count)]
    began = time.monotonic()
    ns1.members("a.test.", *zones)  # there is nobody who has them: only that they come is timed
    wait_for("they are here", lambda: ns2.zone_status(CAT).get("members") == count + 1, limit=60,
             step=0.2)
    wait_for("all are zones", lambda: len(ns2.status()["zones"]) == count + 2, limit=60, step=0.2)
    came = time.monotonic() - began
    began = time.monotonic()
    ns1.members("a.test.")
    wait_for("they are gone", lambda: len(ns2.status()["zones"]) == 2, limit=60, step=0.2)
    went = time.monotonic() - began
    print(f"{count} members came in {came:.1f} s and went in {went:.1f} s")
    assert ns2.serial("a.test.") == 1
    assert came < 30 and went < 30


def test_hooks_tell_of_catalogs(make):
    def hooked(ns2):
        ns2.template["hooks"] = [
            {"on": [event], "exec": ["/bin/sh", "-c", f"echo $TWINZONE_ZONE $TWINZONE_REASON >> "
                                                      f"{ns2.path(event)}"]}
            for event in ["held", "failed"]]
    ns1, ns2 = make(before_start=hooked, max_removals=0)

    def told(event):
        return os.path.exists(ns2.path(event)) and open(ns2.path(event), encoding="utf-8").read()
    ns1.members("a.test.")
    assert CAT in wait_for("a hook tells of the hold", lambda: told("held"))
    ns1.catalog(version=[])
    assert "broken" in wait_for("a hook tells of the fault", lambda: told("failed"))
    assert "it takes away 2 of 3 members" in told("held")


def test_kill_9_at_any_moment_loses_and_leaves_nothing(make):
    ns1, ns2 = make()
    seed = int(os.environ.get("CRASH_SEED", random.randrange(1 << 32)))
    print(f"CRASH_SEED={seed}")
    dice = random.Random(seed)
    zones = [f"{name}.test." for name in "abcd"]
    for _ in range(12):
        listed = {zone: dice.randrange(3) for zone in dice.sample(zones, dice.randrange(1, 5))}
        ns1.catalog(*(f"{zone[0]}{number}.zones PTR {zone}" for zone, number in listed.items()))
        time.sleep(dice.random() * 0.4)  # the moment is what is tried
        ns2.kill()
        ns2.restart()
    ns1.catalog(*(f"last-{zone[0]}.zones PTR {zone}" for zone in zones))
    wait_for("the last version is taken", lambda: saved_members(ns2).count(" last-") == 4)
    ns2.wait_for_members(*zones)
    for zone in zones:
        ns2.wait_for_serial(zone, 1)
        assert contents.difference(ns1.records(zone), ns2.records(zone)) == ""
    ns1.catalog()
    ns2.wait_for_members()
    wait_for("that is saved", lambda: "member " not in saved_members(ns2))
    ns2.kill()
    ns2.restart()
    # Nothing is left in the store but the catalog.
    assert re.findall(r"opened, (\d+) zones", ns2.process.log_text())[-1] == "1"
