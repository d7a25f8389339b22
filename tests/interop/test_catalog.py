"""Catalog zones (RFC 9432) between our own programs: zones that appear on ns1 appear on ns2."""
import os

import pytest
from harness import contents, zone_texts
from harness.catalogs import CATALOG, LOOPBACK, QUICK, CatalogNsd, Consumer
from harness.programs import Primary, run_program
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


def test_a_catalog_goes_on_through_a_relay(tmp_path, running):
    """ns1 -> ns2 (a secondary) -> relay (a primary) -> ns4: each knows the catalog alone."""
    ns4 = Consumer(tmp_path / "ns4", "ns4")
    relay, ns2 = Primary(tmp_path / "relay", "relay"), Consumer(tmp_path / "ns2")
    ns1 = Ns1(tmp_path / "ns1", ns2)
    ns2.consume(CATALOG, ns1).use_remote("relay", relay.port)
    ns2.template["notify"] = ["relay"]
    relay.use_remote("ns2", ns2.port).use_remote("ns4", ns4.port)
    relay.configuration["templates"].append(
        {"name": "default", "source": {"transfer": ["ns2"]}, "notify": ["ns4"],
         "allow-transfer": LOOPBACK, **QUICK})
    relay.configuration["catalogs"] = [{"zone": CATALOG, "role": "consumer"}]
    ns4.consume(CATALOG, relay)
    ns1.drop("one.test.")
    for server in [ns1, ns2, relay, ns4]:
        running(server).start()
    ns4.wait_for_serial("one.test.", 1)
    ns1.drop("two.test.", 5)
    ns4.wait_for_serial("two.test.", 5)
    assert ns4.records(CATALOG) == ns1.records(CATALOG)
    assert relay.zone_status("two.test.")["catalog"] == CATALOG
    ns1.take_away("one.test.")
    assert ns1.tool("reload").returncode == 0
    ns4.wait_for_members("two.test.")


def test_a_primary_lists_its_own_zones_and_not_those_of_another_catalog(tmp_path, running):
    ns2, ns1 = Consumer(tmp_path / "ns2"), Ns1(tmp_path / "ns1")
    middle = Ns1(tmp_path / "middle", ns2)
    middle.name = "middle"
    middle.use_remote("ns1", ns1.port)
    middle.configuration["catalogs"] = [
        {"zone": CATALOG, "role": "consumer", "primaries": ["ns1"]},
        {"zone": "second.test.", "role": "producer"}]
    ns2.consume(CATALOG, middle).consume("second.test.", middle)
    ns1.drop("one.test.")
    middle.drop("own.test.")
    for server in [ns1, middle, ns2]:
        running(server).start()
    ns2.wait_for_members("one.test.", "own.test.")
    assert ns2.zone_status("own.test.")["catalog"] == "second.test."
    assert ns2.zone_status("one.test.")["catalog"] == CATALOG
    assert ns2.zone_status("second.test.")["reason"] == ""


def test_a_file_takes_a_zone_over_from_a_catalog(tmp_path, running):
    ns1, relay = Ns1(tmp_path / "ns1"), Ns1(tmp_path / "relay")
    relay.name = "relay"
    relay.use_remote("ns1", ns1.port)
    relay.configuration["catalogs"] = [{"zone": CATALOG, "role": "consumer", "primaries": ["ns1"]}]
    ns1.drop("one.test.", 1)
    running(ns1).start()
    running(relay).start()
    relay.wait_for_serial("one.test.", 1)
    assert relay.zone_status("one.test.")["catalog"] == CATALOG
    relay.drop("one.test.", 9)
    relay.wait_for_serial("one.test.", 9)
    assert "catalog" not in relay.zone_status("one.test.")
    assert "one.test." in relay.wait_for_reason(CATALOG, "ours already")["reason"]
    relay.kill()
    relay.restart()
    assert relay.serial("one.test.") == 9
    assert "catalog" not in relay.zone_status("one.test.")


def test_reload_takes_catalogs_up_changes_them_and_lets_them_go(pair):
    ns1, ns2 = pair
    ns2.wait_for_serial("one.test.", 1)

    def reload(*catalogs):
        ns2.configuration["catalogs"] = list(catalogs)
        ns2.write_configuration()
        done = ns2.tool("reload")
        assert done.returncode == 0, done
        return done.stdout
    catalog = ns2.configuration["catalogs"][0]
    # Members take a template that changes.
    ns2.template["allow-transfer"] = []
    assert "3 changed" in reload(catalog)
    assert ns2.members() == {"one.test.", "two.test."}
    ns2.template["allow-transfer"] = LOOPBACK
    # A zone that is written down now is nobody's member; and is one again.
    ns2.configuration["zones"] = [{"zone": "one.test.", "primaries": ["ns1"]}]
    reload(catalog)
    assert ns2.members() == {"two.test."}
    assert ns2.serial("one.test.") == 1
    ns2.configuration["zones"] = [{"zone": "own.test.", "primaries": ["ns1"]}]
    reload(catalog)
    assert ns2.members() == {"one.test.", "two.test."}
    # Without the catalog nothing of it is served; what is held stays, and is served again.
    reload()
    assert ns2.serial("one.test.") is None and ns2.serial(CATALOG) is None
    fetched = ns2.transfers()
    reload(catalog)
    ns2.wait_for_members("one.test.", "two.test.")
    ns2.wait_for_serial("one.test.", 1)
    assert ns2.transfers() == fetched
    # ns1, too, takes its catalog up anew.
    ns1.configuration["catalogs"] = []
    ns1.write_configuration()
    assert ns1.tool("reload").returncode == 0
    assert ns1.serial(CATALOG) is None
    assert ns2.serial("one.test.") == 1


def test_sync_brings_members_and_takes_them_away(tmp_path, running):
    ns2 = Consumer(tmp_path / "ns2")
    ns1 = Ns1(tmp_path / "ns1", ns2)
    ns1.drop("one.test.")
    ns1.drop("two.test.")
    ns2.consume(CATALOG, ns1)
    os.makedirs(ns2.path("out"))
    ns2.template["output"] = {"mode": "file", "path": ns2.path("out", "%s.zone")}
    running(ns1).start()
    ns1.wait_until_answering(CATALOG)

    def sync(*words, exit_code=0):
        done = run_program("secondary", "sync", "-c", ns2.write_configuration(), *words)
        assert (done.returncode, done.stderr) == (exit_code, ""), done
        return done

    def held(zone):
        with open(ns2.path("out", f"{zone}zone"), encoding="ascii") as file:
            return zone_texts.small(1, zone=zone).split()[6] in file.read()
    sync("--detailed-exitcode", exit_code=10)
    assert held("one.test.") and held("two.test.")
    sync("--detailed-exitcode")
    ns1.drop("three.test.")
    ns1.wait_until_answering("three.test.")
    wait_for("it is listed", lambda: any("three" in str(each) for each in ns1.records(CATALOG)))
    sync()
    assert held("three.test.")
    ns1.drop("one.test.", 2)
    ns1.wait_for_serial("one.test.", 2)
    sync("one.test.", "--detailed-exitcode", exit_code=10)
    ns1.take_away("two.test.")
    assert ns1.tool("reload").returncode == 0
    wait_for("it is not", lambda: not any("two" in str(each).lower() for each in ns1.records(CATALOG)))
    sync()
    # And a daemon on the same store has the same members.
    running(ns2).start()
    assert ns2.members() == {"one.test.", "three.test."}
    assert ns2.serial("one.test.") == 2
    sync()  # beside it


def test_members_are_promoted_with_their_catalog(pair, tmp_path):
    ns1, ns2 = pair
    ns2.wait_for_serial("one.test.", 1)
    ns2.wait_for_serial("two.test.", 1)
    ns1.kill()
    done = ns2.tool("promote")
    assert done.returncode == 0, done
    assert ns2.zone_status("one.test.")["source"] == "promoted"
    with open(ns2.path("store", "promoted", "primary.yaml"), encoding="utf-8") as file:
        text = file.read()
    assert "one.test." in text and "two.test." in text and CATALOG in text
    assert "catalogs" not in text


def test_nsd_gets_members_by_commands(pair, tmp_path, running):
    ns1, ns2 = pair
    nsd = CatalogNsd(tmp_path / "nsd")
    running(nsd.consume(ns2.port))
    ns2.wait_for_serial("one.test.", 1)
    ns2.wait_for_serial("two.test.", 1)

    def commands(*words):
        done = ns2.tool("export", CATALOG, "--format", "nsd-control", *words)
        assert done.returncode == 0, done
        return done.stdout
    nsd.shell(commands())
    nsd.wait_for_serial("one.test.", 1)
    nsd.wait_for_serial("two.test.", 1)
    before = ns2.serial(CATALOG)
    ns1.drop("three.test.")
    ns2.wait_for_serial("three.test.", 1)
    ns1.take_away("one.test.")
    assert ns1.tool("reload").returncode == 0
    ns2.wait_for_members("two.test.", "three.test.")
    changes = commands("--from", before)
    assert changes == ("nsd-control delzone one.test\nnsd-control addzone three.test twinzone\n")
    nsd.shell(changes)
    nsd.wait_for_serial("three.test.", 1)
    wait_for("NSD has it no more", lambda: nsd.serial("one.test.") is None)
    assert ns2.tool("export", "two.test.", "--format", "nsd-control").returncode == 1
    assert ns2.tool("export", CATALOG, "--format", "bind").returncode == 2
    assert ns2.tool("export", CATALOG, "--from", before).returncode == 2


def test_check_says_what_catalogs_will_do(pair):
    ns1, ns2 = pair
    ns2.configuration["catalogs"][0].update({"grace": "1d", "max-removals": "10%"})
    done = run_program("secondary", "check", "--explain", "-c", ns2.write_configuration())
    assert done.returncode == 0, done
    for words in ["template 'default'", "10% of the members", "served for another"]:
        assert words in done.stdout
    done = run_program("primary", "check", "--explain", "-c", ns1.write_configuration())
    assert done.returncode == 0, done
    assert "made of the zones here" in done.stdout
