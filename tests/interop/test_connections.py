"""Questions about many zones go over few connections and ports (RFC 7766, RFC 9210), whatever the
primary thinks of that."""
import pytest
from harness.bind import Bind
from harness.knot import Knot
from harness.many_zones import CountingRelay, ManyPrimary, names, zone_text
from harness.nsd import Nsd
from harness.powerdns import PowerDns
from harness.programs import Primary, Secondary
from harness.waiting import wait_for

COUNT = 60


def follow_all(folder, port, zones, **settings):
    secondary = Secondary(folder)
    secondary.use_remote("ns1", port)
    settings = {"refresh": {"min": "1h"}, "retry": {"min": "1s", "max": "2s"}, **settings}
    for zone in zones:
        secondary.follow(zone, ["ns1"], **settings)
    return secondary


def serials(server):
    return {zone["serial"] for zone in server.status()["zones"]}


def failures(server):
    return [line for line in server.process.log_text().splitlines() if ", failed, " in line]


@pytest.mark.parametrize("manners", ["good", "one answer", "two answers", "out of order",
                                     "another ID", "another name", "stalls", "cut", "chatters"])
def test_every_zone_comes_in_whatever_the_manners(tmp_path, running, manners):
    zones = names(COUNT)
    primary = running(ManyPrimary(zones, manners)).start()
    secondary = running(follow_all(tmp_path / "ns2", primary.port, zones))
    secondary.use_limits(transfer_idle="8s").start()
    wait_for("all zones are here", lambda: serials(secondary) == {1}, 60)
    if manners in ("good", "out of order"):
        assert primary.connections <= 8
    if manners in ("good", "out of order", "one answer", "two answers", "stalls"):
        assert failures(secondary) == []


def test_transfers_that_are_cut_keep_no_other_zone_waiting(tmp_path, running):
    zones = names(COUNT)
    primary = ManyPrimary(zones)
    primary.cut_short = set(zones[:COUNT // 2])
    running(primary).start()
    secondary = running(follow_all(tmp_path / "ns2", primary.port, zones)).start()
    whole = zones[COUNT // 2:]
    wait_for("those that are sent whole are here",
             lambda: {secondary.serial(zone) for zone in whole} == {1}, 15)
    primary.serial = 2
    for zone in whole:
        done = secondary.tool("refresh", zone)
        assert done.returncode == 0, done.stdout + done.stderr
    assert {secondary.serial(zone) for zone in whole} == {2}
    assert {secondary.serial(zone) for zone in primary.cut_short} == {None}
    assert "in the middle of the transfer" in secondary.tool("why", zones[0]).stdout
    primary.cut_short = set()
    wait_for("all zones are here", lambda: serials(secondary) == {2}, 60)


def test_a_poll_of_many_zones_uses_few_ports_and_not_always_the_same(tmp_path, running):
    zones = names(COUNT)
    primary = running(ManyPrimary(zones)).start()
    secondary = follow_all(tmp_path / "ns2", primary.port, zones,
                           refresh={"min": "2s", "max": "2s"})
    running(secondary).start()
    wait_for("all zones are here", lambda: serials(secondary) == {1}, 60)
    before, asked = len(primary.sources), primary.udp_questions
    wait_for("each was polled again", lambda: primary.udp_questions >= asked + 5 * COUNT, 60)
    ports = len(primary.sources) - before
    assert 2 <= ports < 3 * COUNT


class BindWithMany(Bind):
    def serve(self, zones):
        for zone in zones:
            self.write(f"{zone}db", zone_text(zone, 1))
        return self._start("".join(f'zone "{zone}" {{ type primary; file "{zone}db"; '
                                   f"notify no; }};\n" for zone in zones), None)


class NsdWithMany(Nsd):
    def serve(self, zones, key):
        for zone in zones:
            self.write(f"{zone}db", zone_text(zone, 1))
        more = "".join(f'zone:\n  name: "{zone}"\n  zonefile: "{zone}db"\n'
                       f"  provide-xfr: 127.0.0.1 NOKEY\n" for zone in zones[1:])
        return self._start(zones[0], key, more, f"{zones[0]}db")


class KnotWithMany(Knot):
    def serve(self, zones, key):
        for zone in zones:
            self.write(f"{zone}db", zone_text(zone, 1))
        more = "".join(f'  - domain: "{zone}"\n    storage: {self.folder}\n    file: {zone}db\n'
                       f"    acl: anyone\n" for zone in zones[1:])
        return self._start(zones[0], 1, key, more, f"{zones[0]}db")


class PowerDnsWithMany(PowerDns):
    def serve(self, zones, key):
        self._prepare(zones[0], key, "primary=yes\n")
        for zone in zones:
            self.tool("load-zone", zone, self.write("zone.db", zone_text(zone, 1)))
        return self._start()


class OursWithMany(Primary):
    def serve(self, zones):
        for zone in zones:
            self.write(f"{zone}zone", zone_text(zone, 1))
        return self.serve_folder(self.folder).start()


@pytest.mark.parametrize("kind", [BindWithMany, NsdWithMany, KnotWithMany, PowerDnsWithMany,
                                  OursWithMany])
def test_many_zones_of_every_server_over_few_connections(tmp_path, running, key, kind):
    zones = names(20 if kind is PowerDnsWithMany else COUNT)
    server = running(kind(tmp_path / "ns1"))
    server.serve(zones, key) if kind in (NsdWithMany, KnotWithMany, PowerDnsWithMany) else (
        server.serve(zones))
    server.wait_until_answering(zones[-1])
    relay = running(CountingRelay(server.port)).start()
    secondary = running(follow_all(tmp_path / "ns2", relay.port, zones)).start()
    wait_for("all zones are here", lambda: serials(secondary) == {1}, 60)
    assert failures(secondary) == []
    assert relay.connections <= 8
    assert relay.most_at_once <= 8
