"""Catalog zones (RFC 9432) between our own programs: zones that appear on ns1 appear on ns2."""
import os

import pytest
from harness import contents, zone_texts
from harness.catalogs import CATALOG, LOOPBACK, Consumer
from harness.programs import Primary
from harness.waiting import wait_for


def text_of(zone, serial=1):
    return zone_texts.small(serial, zone=zone)


class Ns1(Primary):
    """Makes a catalog of a folder's zones."""

    def __init__(self, folder, *told):
        super().__init__(folder, "ns1")
        self.zones = self.path("zones")
        os.makedirs(self.zones)
        for server in told:
            self.use_remote(server.name, server.port)
        self.template = {"name": "default", "source": {"directory": self.zones},
                         "allow-transfer": LOOPBACK,
                         "notify": [server.name for server in told]}
        self.configuration["templates"].append(self.template)
        self.configuration["catalogs"] = [{"zone": CATALOG, "role": "producer"}]

    def drop(self, zone, serial=1):
        contents.put_file(os.path.join(self.zones, f"{zone.rstrip('.')}.zone"),
                          text_of(zone, serial))

    def take_away(self, zone):
        os.remove(os.path.join(self.zones, f"{zone.rstrip('.')}.zone"))


@pytest.fixture
def pair(tmp_path, running):
    """ns1 with two zones, and ns2, which knows the catalog alone."""
    ns2 = Consumer(tmp_path / "ns2")
    ns1 = Ns1(tmp_path / "ns1", ns2)
    ns1.drop("one.test.")
    ns1.drop("two.test.")
    ns2.consume(CATALOG, ns1)
    running(ns1).start()
    running(ns2).start()
    return ns1, ns2


def test_a_file_that_is_dropped_into_a_folder_becomes_a_zone_of_ns2(pair):
    ns1, ns2 = pair
    ns2.wait_for_members("one.test.", "two.test.")
    ns2.wait_for_serial("one.test.", 1)
    ns2.wait_for_serial("two.test.", 1)
    assert ns2.records("one.test.") == ns1.records("one.test.")
    ns1.drop("three.test.", 7)
    ns2.wait_for_serial("three.test.", 7, limit=10)
    ns1.drop("three.test.", 8)
    ns2.wait_for_serial("three.test.", 8, limit=10)
    status = ns2.zone_status("three.test.")
    assert status["catalog"] == CATALOG
    assert status["state"] == "current"
    assert ns2.zone_status(CATALOG)["members"] == 3
    why = ns2.tool("why", "three.test.").stdout
    assert "a catalog lists the zone" in why and f"catalog {CATALOG}" in why
    assert "the members that the catalog lists" in ns2.tool("why", CATALOG).stdout


def test_a_zone_that_ns1_has_no_more_goes_from_ns2(pair):
    ns1, ns2 = pair
    ns2.wait_for_serial("one.test.", 1)
    ns1.take_away("one.test.")
    assert ns1.tool("reload").returncode == 0
    ns2.wait_for_members("two.test.")
    wait_for("ns2 refuses the zone", lambda: ns2.serial("one.test.") is None)
    # It comes back from nothing: what was held is gone.
    ns1.drop("one.test.", 1)
    ns2.wait_for_serial("one.test.", 1)
    assert ns2.transfers()[-1] == ("AXFR", None, 1)


def test_members_outlive_a_restart_without_the_primary(pair):
    ns1, ns2 = pair
    ns2.wait_for_serial("one.test.", 1)
    ns2.wait_for_serial("two.test.", 1)
    wait_for("the members are saved", lambda: os.path.exists(ns2.path("store", "members")))
    ns1.kill()
    ns2.kill()
    ns2.restart()
    assert ns2.members() == {"one.test.", "two.test."}
    assert ns2.serial("one.test.") == 1
    # The catalog in the store says it, too.
    ns2.kill()
    os.remove(ns2.path("store", "members"))
    ns2.restart()
    assert ns2.members() == {"one.test.", "two.test."}
    assert ns2.serial("two.test.") == 1
