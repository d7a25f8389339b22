"""Catalog zones (RFC 9432) with the servers that people run: BIND, Knot DNS and PowerDNS as consumers
of the catalog that our primary makes, and as producers of one that our secondary follows."""
import os

import pytest
from harness import contents, zone_texts
from harness.catalogs import CATALOG, CatalogBind, CatalogKnot, CatalogPowerDns
from harness.programs import Primary, Secondary
from harness.waiting import wait_for

SERVERS = [CatalogBind, CatalogKnot, CatalogPowerDns]
LOOPBACK = [{"address": ["127.0.0.1"]}]


def text_of(zone, serial=1):
    return zone_texts.small(serial, [f"www.{zone} 60 IN A 192.0.2.7"], zone=zone, refresh=2,
                            retry=1)


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_a_consumer_serves_what_lies_in_our_folder(kind, tmp_path, running):
    other = kind(tmp_path / kind.name)
    ns1 = Primary(tmp_path / "ns1", "ns1").use_remote("other", other.port)
    for folder in ["zones", "reverse"]:
        os.makedirs(ns1.path(folder))
        ns1.configuration["templates"].append(
            {"name": "default" if folder == "zones" else folder, "notify": ["other"],
             "source": {"directory": ns1.path(folder)}, "allow-transfer": LOOPBACK})
    ns1.configuration["catalogs"] = [{"zone": CATALOG, "role": "producer"}]

    def put(zone, folder="zones", serial=1):
        contents.put_file(ns1.path(folder, f"{zone}zone"), text_of(zone, serial))

    put("one.test.")
    put("2.0.192.in-addr.arpa.", "reverse")
    running(ns1).start()
    ns1.wait_until_answering(CATALOG)
    running(other.consume(ns1.port))
    other.wait_for_serial("one.test.", 1)
    other.wait_for_serial("2.0.192.in-addr.arpa.", 1)
    put("three.test.")
    other.wait_for_serial("three.test.", 1)
    put("three.test.", serial=2)
    other.wait_for_serial("three.test.", 2)
    assert contents.difference(ns1.records("three.test."), other.records("three.test.")) == ""
    os.remove(ns1.path("zones", "one.test.zone"))
    assert ns1.tool("reload").returncode == 0
    wait_for("the zone is gone", lambda: other.serial("one.test.") is None, limit=20)
    assert other.serial("three.test.") == 2
    if kind.consumes_groups:
        conf = ns1.records(CATALOG)
        assert any("group." in str(record) for record in conf)


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_our_secondary_serves_what_a_producer_lists(kind, tmp_path, running):
    other, ns2 = kind(tmp_path / kind.name), Secondary(tmp_path / "ns2", "ns2")
    quick = {"refresh": {"min": "1s", "max": "2s"}, "retry": {"min": "1s", "max": "1s"},
             "allow-transfer": LOOPBACK}
    ns2.use_remote("other", other.port)
    ns2.configuration["templates"] += [
        {"name": "default", "primaries": ["other"], **quick},
        {"name": "reverse", "primaries": ["other"], "journal": {"max-versions": 3}, **quick}]
    ns2.configuration["catalogs"] = [
        {"zone": CATALOG, "role": "consumer", "primaries": ["other"]}]
    running(other.produce(ns2.port))
    running(ns2).start()
    other.add("one.test.", text_of("one.test."))
    ns2.wait_for_serial("one.test.", 1)
    other.add("2.0.192.in-addr.arpa.", text_of("2.0.192.in-addr.arpa."), "reverse")
    ns2.wait_for_serial("2.0.192.in-addr.arpa.", 1)
    assert contents.difference(other.records("one.test."), ns2.records("one.test.")) == ""
    assert ns2.zone_status("one.test.")["catalog"] == CATALOG
    assert ns2.zone_status(CATALOG)["state"] == "current"
    other.remove("one.test.")
    wait_for("ns2 has it no more", lambda: ns2.serial("one.test.") is None, limit=20)
    assert ns2.serial("2.0.192.in-addr.arpa.") == 1
