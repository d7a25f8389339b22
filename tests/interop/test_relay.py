"""Our primary as a relay: its zones come by transfer from the server beside it, whichever that is,
and go on from there with a history of its own."""
import os
import re

import dns.message
import dns.query
import dns.rcode
import pytest
from harness import contents, zone_texts
from harness.bind import Bind
from harness.keys import Key
from harness.knot import Knot
from harness.nsd import Nsd
from harness.powerdns import PowerDns
from harness.ports import free_port
from harness.programs import Primary, Secondary
from harness.waiting import wait_for

ZONE = "example.test."
BESIDE = Key.random("beside.test.", "hmac-sha512")  # between the server of ns1 and our relay
POLLED = {"refresh": {"min": "1s", "max": "1s"}, "retry": {"min": "1s", "max": "1s"}}
NOTIFIED = {"refresh": {"min": "1h"}}


class NsdWithoutIxfr(Nsd):
    name = "nsd-axfr"
    ixfr = ""


def version(serial, **timers):
    hosts = [f"h{i}.{ZONE} 300 IN A 192.0.2.{i}" for i in range(100, 200)]
    return zone_texts.small(serial, hosts + [f"v.{ZONE} 60 IN TXT \"{serial}\""], **timers)


def short_lived(serial):
    """It expires 6 s after nobody confirms it any more."""
    return version(serial, refresh=1, retry=1).replace(" 1209600 ", " 6 ")


def expected(server, serial):
    """The content of `version(serial)`."""
    path = server.write(f"expected.{serial}", version(serial))
    return contents.of_file(path, ZONE)


def wait_until_in_step(serial, *servers):
    for server in servers:
        server.wait_for_serial(ZONE, serial)
    wanted = expected(servers[0], serial)
    for server in servers:
        server.wait_for_content(ZONE, wanted)


def wait_for_lag_0(server):
    """Until the zone and all its peers are in step; returns its status."""
    def in_step():
        status = server.zone_status(ZONE)
        lags = [status["lag_seconds"]] + [peer["lag_seconds"] for peer in status["peers"]]
        return status if status["state"] == "current" and set(lags) == {0} else None
    return wait_for(f"{server.name} says lag 0", in_step, limit=20)


def chain(tmp_path, upstreams, key, **settings):
    """A relay that follows `upstreams` ((name, port, key)…) and a secondary behind it that only a
    NOTIFY wakes up; not started."""
    relay, secondary = Primary(tmp_path / "relay", "relay"), Secondary(tmp_path / "ns2", "ns2")
    for upstream in upstreams:
        relay.use_remote(*upstream)
    relay.use_remote("ns2", secondary.port, key)
    relay.relay(ZONE, [name for name, *_ in upstreams], notify=["ns2"], **settings)
    secondary.use_remote("relay", relay.port, key).follow(ZONE, ["relay"], **NOTIFIED)
    return relay, secondary


def soa_rcode(server):
    query = dns.message.make_query(ZONE, "SOA")
    return dns.query.udp(query, contents.LOOPBACK, port=server.port, timeout=5).rcode()


def axfr_rcode(server):
    query = dns.message.make_query(ZONE, "AXFR")
    return dns.query.tcp(query, contents.LOOPBACK, port=server.port, timeout=5).rcode()


@pytest.mark.parametrize("kind", [Bind, Knot, Nsd, NsdWithoutIxfr, PowerDns],
                         ids=lambda kind: kind.name)
def test_a_change_at_any_server_reaches_the_secondary_as_a_difference(kind, tmp_path, running, key):
    beside = kind(tmp_path / "beside")
    relay, secondary = chain(tmp_path, [("beside", beside.port, BESIDE)], key, **NOTIFIED)
    running(beside.as_primary(ZONE, version(1), relay.port, BESIDE)).wait_until_answering(ZONE)
    running(relay).start()
    running(secondary).start()
    wait_until_in_step(1, beside, relay, secondary)
    for serial in (2, 3, 4):
        beside.load(version(serial))
        wait_until_in_step(serial, beside, relay, secondary)

    status = wait_for_lag_0(relay)
    assert status["source"] == f"127.0.0.1@{beside.port}"
    assert [(peer["remote"], peer["serial"]) for peer in status["peers"]] == [("ns2", 4)]
    assert status["expires_in_seconds"] > 0
    assert wait_for_lag_0(secondary)["digest"] == status["digest"]

    steps = [(1, 2), (2, 3), (3, 4)]
    assert secondary.transfers() == [("AXFR", None, 1)] + [("IXFR", *step) for step in steps]
    came = relay.transfers()
    assert [(old, new) for _, old, new in came] == [(None, 1)] + steps
    if kind in (Bind, Knot, Nsd):
        assert [kind for kind, _, _ in came] == ["AXFR"] + ["IXFR"] * 3
    else:
        assert all("AXFR" in kind for kind, _, _ in came)
    log = relay.process.log_text()
    for direction, key_name in (("incoming", BESIDE.name), ("outgoing", key.name)):
        signed = re.findall(rf"XFR, {direction}, .* key {re.escape(key_name)}, finished", log)
        assert len(signed) == 4, f"{direction}: {signed}"


def test_a_change_that_no_notify_tells_of_is_found_and_told_to_all(tmp_path, running, key):
    beside = Knot(tmp_path / "beside")
    relay, secondary = chain(tmp_path, [("beside", beside.port, BESIDE)], key, **POLLED)
    nobody = free_port()
    running(beside.as_primary(ZONE, version(1), nobody, BESIDE)).wait_until_answering(ZONE)
    running(relay).start()
    running(secondary).start()
    wait_until_in_step(1, relay, secondary)
    beside.load(version(2))
    wait_until_in_step(2, beside, relay, secondary)
    assert secondary.transfers() == [("AXFR", None, 1), ("IXFR", 1, 2)]


def test_of_several_upstreams_the_newest_counts_and_nothing_goes_back(tmp_path, running, key):
    lagging, newest = Primary(tmp_path / "lagging", "lagging"), Bind(tmp_path / "newest")
    upstreams = [("dead", free_port(), BESIDE), ("lagging", lagging.port, BESIDE),
                 ("newest", newest.port, BESIDE)]
    relay, secondary = chain(tmp_path, upstreams, key, **POLLED)
    lagging.use_key(BESIDE).serve_file(ZONE, version(1))
    running(lagging).start().wait_for_serial(ZONE, 1)
    running(newest.as_primary(ZONE, version(2), free_port(), BESIDE)).wait_until_answering(ZONE)
    running(relay).start()
    running(secondary).start()
    wait_until_in_step(2, relay, secondary)
    newest.load(version(3))
    wait_until_in_step(3, relay, secondary)
    wait_for_lag_0(relay)

    newest.kill()
    relay.wait_for_reason(ZONE, "serial 1, older than ours 3")
    assert relay.serial(ZONE) == secondary.serial(ZONE) == 3
    lagging.put(version(4))
    wait_until_in_step(4, relay, secondary)
    wait_for_lag_0(relay)
    came = relay.published()
    assert came == sorted(came) and came[-3:] == [2, 3, 4]
    assert secondary.published() == sorted(secondary.published())


def test_history_outlives_the_relay(tmp_path, running, key):
    beside = PowerDns(tmp_path / "beside")
    relay, secondary = chain(tmp_path, [("beside", beside.port, BESIDE)], key, **POLLED)
    running(beside.as_primary(ZONE, version(1), relay.port, BESIDE)).wait_until_answering(ZONE)
    running(relay).start()
    running(secondary).start()
    wait_until_in_step(1, relay, secondary)
    secondary.stop()
    for serial in (2, 3):
        beside.load(version(serial))
        relay.wait_for_serial(ZONE, serial)
        relay.kill()
        relay.restart()
    beside.stop()
    relay.kill()
    relay.restart()
    mark = secondary.process.log_mark()
    secondary.restart()
    secondary.wait_for_serial(ZONE, 3)
    assert secondary.transfers(mark) == [("IXFR", 1, 3)]
    assert contents.difference(expected(relay, 3), secondary.records(ZONE)) == ""


# Conformance: R33
def test_a_zone_that_no_upstream_confirms_expires_here_and_behind(tmp_path, running, key):
    beside = Bind(tmp_path / "beside")
    bounds = {"refresh": {"min": "1s"}, "retry": {"min": "1s", "max": "1s"}, "expire": {"min": "1s"}}
    relay, secondary = chain(tmp_path, [("beside", beside.port, BESIDE)], key, **bounds)
    secondary.configuration["templates"][0].update(bounds)
    running(beside.as_primary(ZONE, short_lived(7), relay.port, BESIDE)).wait_until_answering(ZONE)
    running(relay).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 7)
    assert 0 < relay.zone_status(ZONE)["expires_in_seconds"] <= 6

    beside.kill()
    for server in (relay, secondary):
        server.wait_for_state(ZONE, "expired", limit=30)
        assert soa_rcode(server) == dns.rcode.SERVFAIL
        assert axfr_rcode(server) == dns.rcode.SERVFAIL
    relay.kill()
    relay.restart()
    assert soa_rcode(relay) == dns.rcode.SERVFAIL

    # What expired may be replaced by anything, also by a lower serial.
    beside.write("zone.db", short_lived(5))
    if os.path.exists(beside.path("zone.db.jnl")):
        os.remove(beside.path("zone.db.jnl"))
    beside.restart()
    for server in (relay, secondary):
        server.wait_for_serial(ZONE, 5)
        server.wait_for_state(ZONE, "current")


# Conformance: R61
def test_zones_from_files_and_by_transfer_live_side_by_side(tmp_path, running, key):
    beside = Knot(tmp_path / "beside")
    relay, secondary = chain(tmp_path, [("beside", beside.port, BESIDE)], key, **NOTIFIED)
    file = relay.write("own.zone", zone_texts.small(1, zone="own.test."))
    relay.use_zone("own.test.", source={"file": file}, notify=["ns2"])
    secondary.follow("own.test.", ["relay"], **NOTIFIED)
    running(beside.as_primary(ZONE, version(1), relay.port, BESIDE)).wait_until_answering(ZONE)
    running(relay).start()
    running(secondary).start()
    for zone in (ZONE, "own.test."):
        secondary.wait_for_serial(zone, 1)
    contents.put_file(file, zone_texts.small(2, zone="own.test."))
    beside.load(version(2))
    for zone in (ZONE, "own.test."):
        secondary.wait_for_serial(zone, 2)
        assert contents.difference(relay.records(zone), secondary.records(zone)) == ""
    own = relay.zone_status("own.test.")
    assert (own["state"], own["source"], own["expires_in_seconds"]) == ("current", file, None)

    # The zone of the file hears no NOTIFY; the other one only with the key of the server beside.
    def notify(zone, signed):
        message = dns.message.make_query(zone, "SOA")
        message.set_opcode(dns.opcode.NOTIFY)
        if signed:
            message.use_tsig(BESIDE.for_dnspython())
        return dns.query.udp(message, contents.LOOPBACK, port=relay.port, timeout=5).rcode()
    assert notify("own.test.", signed=True) == dns.rcode.NOTAUTH
    assert notify(ZONE, signed=False) == dns.rcode.REFUSED
    assert notify(ZONE, signed=True) == dns.rcode.NOERROR


def test_a_zone_changes_between_file_and_transfer_with_its_history(tmp_path, running, key):
    beside = Bind(tmp_path / "beside")
    relay, secondary = chain(tmp_path, [("beside", beside.port, BESIDE)], key, **NOTIFIED)
    running(relay).start()
    running(secondary).start()
    running(beside.as_primary(ZONE, version(1), relay.port, BESIDE))
    wait_until_in_step(1, relay, secondary)
    template = relay.configuration["templates"][0]
    by_transfer = template["source"]
    for serial, source in ((2, {"file": relay.write("own.zone", version(2))}), (3, by_transfer)):
        template["source"] = source
        relay.stop()
        beside.load(version(serial))
        relay.start()
        wait_until_in_step(serial, relay, secondary)
        wait_for_lag_0(secondary)
    assert relay.zone_status(ZONE)["source"] == f"127.0.0.1@{beside.port}"
    assert secondary.transfers() == [("AXFR", None, 1), ("IXFR", 1, 2), ("IXFR", 2, 3)]


def test_relays_in_a_circle_neither_storm_nor_keep_a_zone_alive(tmp_path, running, key):
    origin = Bind(tmp_path / "origin")
    bounds = {"refresh": {"min": "1s"}, "retry": {"min": "1s", "max": "1s"}, "expire": {"min": "1s"}}
    relays = [Primary(tmp_path / name, name) for name in ("a", "b", "c")]
    a, b, c = relays
    for relay, before, after in ((a, c, b), (b, a, c), (c, b, a)):
        relay.use_remote(before.name, before.port, key).use_remote(after.name, after.port, key)
    a.use_remote("origin", origin.port, BESIDE)
    a.relay(ZONE, ["c", "origin"], notify=["b"], **bounds)
    b.relay(ZONE, ["a"], notify=["c"], **bounds)
    c.relay(ZONE, ["b"], notify=["a"], **bounds)
    running(origin.as_primary(ZONE, short_lived(1), a.port, BESIDE)).wait_until_answering(ZONE)
    for relay in relays:
        running(relay).start()
    for serial in (2, 3, 4):
        for relay in relays:
            relay.wait_for_serial(ZONE, serial - 1)
        origin.load(short_lived(serial))
    for relay in relays:
        relay.wait_for_serial(ZONE, 4)
        assert relay.published() == [1, 2, 3, 4]
        # One to tell, once a version: what comes round the circle is no news.
        told = re.findall(r"NOTIFY, outgoing, .* answered", relay.process.log_text())
        assert len(told) <= 4
    origin.kill()
    for relay in relays:  # each confirms the next, but not for longer than it has left itself
        relay.wait_for_state(ZONE, "expired", limit=30)
