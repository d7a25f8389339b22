#!/usr/bin/python3
"""unit_costs.py: what one zone, one change and one secondary cost, on the built programs, and what
that makes of a fleet.

    tests/bench/unit_costs.py --short                  # 1,000 zones, one run: two minutes
    tests/bench/unit_costs.py --out DIR                # 10,000 zones, three runs: a quarter of an hour
    tests/bench/unit_costs.py --plan DIR/unit_costs.json --zones 1000000 --secondaries 100 --changes 1000

A primary reads its zones from a folder; one secondary, then several, follow it, with a TSIG key. It
runs in a network namespace of its own (root), whose loopback counts octets with their headers. CPU
and memory are those of each process (/proc), syncs what strace counts. Medians of the runs."""
import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

import gauges  # noqa: E402  (the path comes first)
import unit_plan  # noqa: E402
from harness import contents  # noqa: E402
from harness.keys import Key  # noqa: E402
from harness.programs import Primary, Secondary  # noqa: E402

INSIDE = "UNIT_COSTS_INSIDE"
KEY = Key.random("unit.test.")
LIMIT = 600
REST = 10.0  # seconds of looking at what does nothing
MANY = 8     # secondaries, beside one
HOT = 1000   # zones that change
AT_ONCE = 1e9  # changes a second
KEEPALIVE = 35  # seconds until idle connections are gone


def zone_name(number):
    return f"z{number:07d}.test."


def zone_text(number, serial):
    zone = zone_name(number)
    return (f"{zone} 3600 IN SOA ns1.{zone} h.{zone} {serial} 3600 600 1209600 300\n"
            f"{zone} 3600 IN NS ns1.{zone}\n{zone} 3600 IN NS ns2.{zone}\n"
            f"ns1.{zone} 3600 IN A 192.0.2.1\nns2.{zone} 3600 IN A 192.0.2.2\n"
            f"www.{zone} 3600 IN A 192.0.2.3\n{zone} 300 IN TXT \"{serial:010d}\"\n")


class Wire:
    """Octets and packets over loopback since it was made."""

    def __init__(self):
        self.octets, self.packets = self._read()

    @staticmethod
    def _read():
        with open("/proc/net/dev", encoding="ascii") as file:
            numbers = re.search(r"^\s*lo:(.*)$", file.read(), re.M).group(1).split()
        return int(numbers[0]), int(numbers[1])

    def since(self):
        octets, packets = self._read()
        return octets - self.octets, packets - self.packets


class Syncs:
    """Calls of fdatasync by a process while the block runs; each is a transaction of the store."""

    def __init__(self, pid, out):
        self.pid, self.out, self.calls = pid, out, 0

    def __enter__(self):
        self.process = subprocess.Popen(["strace", "-f", "-c", "-e", "trace=fdatasync,fsync",
                                         "-o", self.out, "-p", str(self.pid)],
                                        stderr=subprocess.DEVNULL)
        time.sleep(1)  # it says nothing once attached
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        with open(self.out, encoding="ascii") as file:
            rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?f(?:data)?sync",
                              file.read(), re.M)
        self.calls = sum(map(int, rows))


def wait_until_served(server, names, serial):
    """Asks for few zones until they are there, then for all: questions are work, too."""
    few = random.Random(5).sample(names, min(20, len(names)))
    deadline = time.monotonic() + LIMIT
    for asked in (few, names):
        while gauges.not_served(server.port, asked, serial):
            gauges.check_alive(server)
            assert time.monotonic() < deadline, f"{server.name} lacks zones at {serial}"
            time.sleep(0.1)


class Fleet:
    """A primary with its zones in a folder, and secondaries that follow it; they all run."""

    def __init__(self, folder, zones, secondaries):
        self.zones, self.serials = zones, [1] * zones
        self.hot, self.last = min(zones, HOT), 0
        self.primary = Primary(os.path.join(folder, "ns1"), "ns1")
        self.files = self.primary.path("zones")
        os.makedirs(self.files)
        for number in range(zones):
            self.write(number)
        self.secondaries = [Secondary(os.path.join(folder, f"s{n}"), f"s{n}")
                            for n in range(secondaries)]
        for server in self.everyone():
            server.configuration["log"]["level"] = "warning"
            server.configuration["limits"] = {"soa-rate": 1_000_000}
            server.use_key(KEY)
        self.primary.configuration["limits"]["per-remote"] = 500  # all have one address here
        for each in self.secondaries:
            self.primary.use_remote(each.name, each.port, KEY)
            self.configure(each)
        self.primary.configuration["templates"] = [
            {"name": "default", "source": {"directory": self.files},
             "notify": [each.name for each in self.secondaries],
             "allow-transfer": [{"key": KEY.name}]}]

    def configure(self, secondary):
        contents.put_file(secondary.path("zones.list"),
                          "".join(zone_name(number) + "\n" for number in range(self.zones)))
        secondary.use_remote("ns1", self.primary.port, KEY)
        secondary.configuration["zones-file"] = secondary.path("zones.list")
        secondary.configuration["templates"] = [
            {"name": "default", "primaries": ["ns1"], "allow-transfer": [{"key": KEY.name}]}]

    def everyone(self):
        return [self.primary, *self.secondaries]

    def write(self, number):
        file = os.path.join(self.files, f"{zone_name(number)}zone")
        contents.put_file(file, zone_text(number, self.serials[number]))

    def wait(self, server):
        wait_until_served(server, [zone_name(number) for number in range(self.zones)], None)

    def wait_for_last(self):
        """Until every secondary serves the last change."""
        for each in self.secondaries:
            gauges.wait_for_serial(each, zone_name(self.last), self.serials[self.last], LIMIT, 0.05)

    def wait_for_serials(self):
        """Until every secondary serves each zone's last one."""
        for serial in sorted(set(self.serials) - {1}):
            names = [zone_name(n) for n in range(self.zones) if self.serials[n] == serial]
            for each in self.secondaries:
                wait_until_served(each, names, serial)

    def cpu(self):
        return [gauges.cpu_seconds(server.process.pid) for server in self.everyone()]

    def spent(self, before):
        return [now - then for now, then in zip(self.cpu(), before)]

    def loops(self):
        """CPU seconds of the threads that have the sockets and decide."""
        return [loop_seconds(server.process.pid) for server in self.everyone()]

    def change(self, count, rate, pick):
        """Files of the zones that change are replaced at a steady rate, each once in a round."""
        began, order = time.monotonic(), []
        for number in range(count):
            order = order or pick.sample(range(self.hot), self.hot)
            zone = order.pop()
            self.serials[zone] += 1
            self.last = zone
            self.write(zone)
            ahead = began + (number + 1) / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)

    def stop(self):
        for server in self.everyone():
            server.stop()


def settle(fleet):
    """Until nobody works."""
    quiet, before = 0, sum(fleet.cpu())
    while quiet < 4:
        time.sleep(0.5)
        now = sum(fleet.cpu())
        quiet = quiet + 1 if now - before < 0.02 * len(fleet.everyone()) else 0
        before = now


def loop_seconds(pid):
    with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def anonymous(server):
    return gauges.anonymous_bytes(server.process.pid)


def memory_after_restart(fleet):
    """Of the primary, for each zone: without what queues of the first load left."""
    fleet.primary.stop()
    fleet.primary.restart(LIMIT)
    fleet.wait(fleet.primary)
    settle(fleet)
    return anonymous(fleet.primary) / fleet.zones


def store_octets(server):
    return gauges.disk_bytes(server.path("store"))


def established():
    """Connections between the programs now."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        return sum(line.split()[3] == "01" for line in file.readlines()[1:]) // 2


def measure_first_sync(fleet, out):
    fleet.primary.start(LIMIT)
    fleet.wait(fleet.primary)
    time.sleep(2)  # what it does after a start
    before, wire, began = gauges.cpu_seconds(fleet.primary.process.pid), Wire(), time.monotonic()
    for each in fleet.secondaries:
        each.start(LIMIT)
    fleet.wait(fleet.secondaries[0])
    took = time.monotonic() - began
    settle(fleet)
    if len(fleet.secondaries) == 1:
        zones = fleet.zones
        out["sync_seconds"] = took / zones
        out["sync_cpu_primary"] = (gauges.cpu_seconds(fleet.primary.process.pid) - before) / zones
        out["sync_cpu_secondary"] = gauges.cpu_seconds(fleet.secondaries[0].process.pid) / zones
        out["sync_octets"] = wire.since()[0] / zones


def measure_rest(fleet, out):
    """Nothing is due for half an hour."""
    time.sleep(KEEPALIVE)
    before, wire = fleet.cpu(), Wire()
    time.sleep(REST)
    primary, *secondaries = fleet.spent(before)
    out["rest_cpu_primary"] = primary / REST
    out["rest_cpu_secondary"] = statistics.median(secondaries) / REST
    out["rest_octets"] = wire.since()[0] / REST
    out["rest_connections"] = established()


def measure_checks(fleet, out):
    """Every zone is checked again and again by one secondary."""
    one = fleet.secondaries[0]
    zones = [{"name": "default", **one.configuration["templates"][0],
              "refresh": {"min": "1s", "max": "5s"}}]
    one.configuration["templates"] = zones
    one.write_configuration()
    assert one.tool("reload", limit=120).returncode == 0
    time.sleep(6)
    before, wire = fleet.cpu(), Wire()
    time.sleep(REST)
    primary, secondary = fleet.spent(before)[:2]
    octets, packets = wire.since()
    checks = packets / 2  # one datagram each way
    out["check_rate"] = checks / REST
    out["check_cpu_primary"] = (primary - out["rest_cpu_primary"] * REST) / checks
    out["check_cpu_secondary"] = (secondary - out["rest_cpu_secondary"] * REST) / checks
    out["check_octets"] = octets / checks
    zones[0].pop("refresh")
    one.write_configuration()
    assert one.tool("reload", limit=120).returncode == 0


def measure_changes(fleet, count, rate, pick):
    """Of one change: CPU of the primary and of a secondary, octets, packets, connections."""
    settle(fleet)
    before, loops, wire, began = fleet.cpu(), fleet.loops(), Wire(), time.monotonic()
    fleet.change(count, rate, pick)
    connections = established()
    fleet.wait_for_last()
    took = time.monotonic() - began
    settle(fleet)
    primary, *secondaries = fleet.spent(before)
    loops = [now - then for now, then in zip(fleet.loops(), loops)]
    octets, packets = wire.since()
    fleet.wait_for_serials()
    return {"loop_primary": loops[0] / count, "loop_secondary": statistics.median(loops[1:]) / count,
            "cpu_primary": primary / count, "cpu_secondary": statistics.median(secondaries) / count,
            "octets": octets / count, "packets": packets / count, "rate": count / took,
            "connections": connections}


def changes_of(fleet, wanted, pick, number):
    """Paced and at once; `number` of secondaries."""
    fleet.change(fleet.hot, wanted.rate, pick)  # a zone's first difference goes over TCP
    fleet.wait_for_serials()
    paced = measure_changes(fleet, wanted.count, wanted.rate, pick)
    burst = measure_changes(fleet, fleet.hot, AT_ONCE, pick)
    print(f"{number} secondaries: {paced}, at once: {burst}", file=sys.stderr, flush=True)
    return paced, burst


def measure_syncs(fleet, count, rate, pick, folder):
    with Syncs(fleet.primary.process.pid, os.path.join(folder, "p.strace")) as primary, \
         Syncs(fleet.secondaries[0].process.pid, os.path.join(folder, "s.strace")) as secondary:
        fleet.change(count, rate, pick)
        fleet.wait_for_serials()
    return primary.calls / count, secondary.calls / count


def with_one(folder, wanted, pick, out):
    fleet = Fleet(os.path.join(folder, "one"), wanted.zones, 1)
    try:
        measure_first_sync(fleet, out)
        stores = [store_octets(server) for server in fleet.everyone()]
        for name, server, store in zip(("primary", "secondary"), fleet.everyone(), stores):
            out[f"memory_{name}"] = anonymous(server) / wanted.zones
            out[f"store_{name}"] = store / wanted.zones
        measure_rest(fleet, out)
        paced, burst = changes_of(fleet, wanted, pick, 1)
        changes = fleet.hot * 2 + wanted.count
        out["store_change"] = (store_octets(fleet.secondaries[0]) - stores[1]) / changes
        out["syncs_primary_slow"], out["syncs_secondary_slow"] = measure_syncs(
            fleet, 100, 20, pick, folder)
        out["syncs_primary"], out["syncs_secondary"] = measure_syncs(
            fleet, fleet.hot, AT_ONCE, pick, folder)
        measure_checks(fleet, out)
        out["memory_restarted"] = memory_after_restart(fleet)
        return paced, burst
    finally:
        fleet.stop()


def with_many(folder, wanted, pick, out):
    fleet = Fleet(os.path.join(folder, "many"), wanted.zones, MANY)
    try:
        measure_first_sync(fleet, out)
        for each in fleet.secondaries:
            fleet.wait(each)
        settle(fleet)
        out["memory_edge"] = ((anonymous(fleet.primary) / wanted.zones - out["memory_primary"]) /
                              (MANY - 1))
        found = changes_of(fleet, wanted, pick, MANY)
        out["memory_edge_restarted"] = ((memory_after_restart(fleet) - out["memory_restarted"]) /
                                        (MANY - 1))
        return found
    finally:
        fleet.stop()


def one_run(folder, wanted, seed):
    out, pick = {}, random.Random(seed)
    one, many = with_one(folder, wanted, pick, out), with_many(folder, wanted, pick, out)
    for title, first, second in zip(("paced", "burst"), one, many):
        for name, value in first.items():
            out[f"{title}_{name}"] = value
        for name in ("cpu_primary", "loop_primary", "octets", "packets"):
            out[f"{title}_edge_{name}"] = (second[name] - first[name]) / (MANY - 1)
        for kind in ("cpu", "loop"):
            out[f"{title}_own_{kind}"] = (first[f"{kind}_primary"] -
                                          out[f"{title}_edge_{kind}_primary"])
    return out


def measure(wanted):
    runs = []
    for number in range(wanted.runs):
        folder = tempfile.mkdtemp(prefix="twinzone-unit-", dir=wanted.tmp)
        try:
            runs.append(one_run(folder, wanted, number))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    units = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    units.update(zones=wanted.zones, count=wanted.count, runs=wanted.runs)
    return units


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--zones", type=int)
    parser.add_argument("--count", type=int, help="changes of a run")
    parser.add_argument("--rate", type=float, default=200, help="of them, a second")
    parser.add_argument("--out", help="keeps the figures as unit_costs.json there")
    parser.add_argument("--tmp", help="where the stores are, by default in /tmp")
    parser.add_argument("--plan", help="figures of an earlier run: what they make of a fleet")
    parser.add_argument("--secondaries", type=int, default=100)
    parser.add_argument("--changes", type=float, default=1000, help="a second, of the plan")
    wanted = parser.parse_args()
    if wanted.plan:
        with open(wanted.plan, encoding="ascii") as file:
            units = json.load(file)
        print(unit_plan.table(units, wanted.zones or 1_000_000, wanted.secondaries,
                              wanted.changes))
        return
    if INSIDE not in os.environ:  # from here on in a namespace
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv],
                   {**os.environ, INSIDE: "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    wanted.zones = wanted.zones or (1000 if wanted.short else 10_000)
    wanted.count = wanted.count or (1000 if wanted.short else 2000)
    wanted.runs = wanted.runs or (1 if wanted.short else 3)
    units = measure(wanted)
    print(unit_plan.units_table(units))
    if wanted.out:
        os.makedirs(wanted.out, exist_ok=True)
        contents.put_file(os.path.join(wanted.out, "unit_costs.json"), json.dumps(units))


if __name__ == "__main__":
    main()
