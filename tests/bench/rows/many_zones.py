"""Rows 14 to 18: very many small zones on a primary and a secondary, with the TCP settings this
machine has."""
import datetime
import json
import os
import random
import shutil
import time

import gauges
import material
from harness import contents
from results import OURS
from rows import latency

FIGURES = ("many-sync", "many-restart-primary", "many-restart-secondary", "many-recheck",
           "many-memory-primary", "many-memory-secondary", "many-change-idle", "many-change-busy")
LIMIT = 400  # seconds for any step


def wait_until_quiet(*servers, hold=1.5, limit=40, step=0.25):
    """Until none of them has worked for a while; returns the moment of the last work. A primary
    looks at some of its files each second: over a quarter of a second that is not work."""
    def used():
        return sum(gauges.cpu_seconds(server.process.pid) for server in servers)
    last, before, deadline = time.monotonic(), used(), time.monotonic() + limit
    while time.monotonic() - last < hold and time.monotonic() < deadline:
        time.sleep(step)
        now = used()
        if now - before > step / 8:
            last = time.monotonic()
        before = now
    return last


def a_thousand(names):
    """Stand for all where all come at once: a sweep over all takes longer than what is measured."""
    return random.Random(2).sample(names, min(1000, len(names)))


class Many:
    """A pair with its zones."""

    def __init__(self, bench, who):
        self.bench, self.who = bench, who
        source, self.names = bench.material.small_zones(bench.form.many)
        self.primary, self.secondary = bench.server(who), bench.server(who)
        self.files = self.primary.path("zones")
        shutil.copytree(source, self.files, copy_function=os.link)
        self.zones = [(name, os.path.join(self.files, f"{name}zone")) for name in self.names]
        self.serials = {}
        self.primary.configure(self.zones, tells=self.secondary.port)
        self.secondary.configure(self.zones, follows=self.primary.port)

    def begin(self, server):
        """Seconds until it serves every zone."""
        serial = 1 if not self.serials else None
        began = server.begin()
        return gauges.wait_until_all_served(server, self.names, serial, LIMIT) - began

    def change(self, numbers):
        """One change of each, as latency.measure_changes() wants them."""
        for number in numbers:
            zone, file = self.zones[number]
            serial = self.serials.get(zone, 1) + 1
            self.serials[zone] = serial
            yield zone, file, material.small_zone(number, serial), serial

    def memory_of_each(self, server):
        return gauges.anonymous_bytes(server.process.pid) / len(self.zones) / 1000

    def check(self, sample=100):
        """A sample of the secondary's zones, with all their records."""
        for number in random.Random(7).sample(range(len(self.zones)), sample):
            zone, _ = self.zones[number]
            text = material.small_zone(number, self.serials.get(zone, 1))
            file = self.primary.write("expected.zone", text)
            expected = contents.of_file(file, zone)
            found = contents.of_server(self.secondary.port, zone)
            assert found == expected, contents.difference(expected, found)
        return f"the SOA of all; all records of {sample} zones by AXFR from the secondary"


def restart_and_recheck(many, found):
    began = time.monotonic()
    many.secondary.end()
    many.bench.say(f"{many.who}: the secondary ended in {time.monotonic() - began:.2f} s")
    wall = f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    began = many.secondary.begin()
    served = gauges.wait_until_all_served(many.secondary, a_thousand(many.names), None, LIMIT)
    found["many-restart-secondary"] = served - began
    checked = wait_until_quiet(many.secondary, step=0.02)
    found["many-recheck"] = checked - began
    if many.who == OURS:  # it says itself what it has checked
        status = json.loads(many.secondary.tool("status", "--json").stdout)["zones"]
        unchecked = [zone["zone"] for zone in status if zone["last_success"] < wall]
        assert len(status) == len(many.zones) and not unchecked, f"{len(unchecked)} not checked"
    missing = gauges.not_served(many.secondary.port, many.names, None)
    assert not missing, f"{len(missing)} zones are gone after the restart"


def restart_primary(many, found):
    many.primary.end()
    began = many.primary.begin()
    served = gauges.wait_until_all_served(many.primary, a_thousand(many.names), None, LIMIT)
    found["many-restart-primary"] = served - began
    assert not gauges.not_served(many.primary.port, many.names, None)


def p99_of_changes(many, numbers, when):
    from_commit, from_change = latency.measure_changes(many.primary, many.secondary,
                                                       many.change(numbers))
    worst = gauges.percentile(from_commit, 0.99)
    many.bench.say(f"{many.who}: {len(from_commit)} changes, {when}: p50 "
                   f"{gauges.percentile(from_commit, 0.5):.2f}, p99 {worst:.2f} ms; from the "
                   f"change itself p50 {gauges.percentile(from_change, 0.5):.2f}, p99 "
                   f"{gauges.percentile(from_change, 0.99):.2f} ms")
    return worst


def already_served(many, count):
    """Numbers of zones that a secondary in its first sync serves, as they come."""
    pick, probe = random.Random(5), gauges.Probe(many.secondary.port)
    deadline = time.monotonic() + LIMIT
    with probe:
        while count and time.monotonic() < deadline:
            number = pick.randrange(len(many.zones))
            if number and many.zones[number][0] not in many.serials and probe.serial(
                    gauges.soa_question(many.zones[number][0]), 0.2) is not None:
                count -= 1
                yield number


def changes_while_syncing(many, found):
    """The secondary begins anew with an empty store."""
    many.secondary.end()
    shutil.rmtree(many.secondary.path("store"))
    many.secondary.begin()
    probe_zone = many.names[0]
    gauges.wait_for_serial(many.secondary, probe_zone, None, LIMIT)
    still_syncing = []

    def until_synced():
        for number in already_served(many, many.bench.form.changes):
            rest = gauges.served(many.secondary.port, random.sample(many.names, 50), None)
            if len(rest) == 50:
                return
            still_syncing.append(number)
            yield number
    found["many-change-busy"] = p99_of_changes(many, until_synced(), "during first sync")
    gauges.wait_until_all_served(many.secondary, many.names, None, LIMIT)


def one_pair(bench, who):
    many, found = Many(bench, who), {}
    up = many.begin(many.primary)
    wait_until_quiet(many.primary)
    found["many-memory-primary"] = many.memory_of_each(many.primary)
    cpu = gauges.cpu_seconds(many.primary.process.pid)
    bench.say(f"{who}: primary up with {len(many.zones)} zones in {up:.1f} s, CPU {cpu:.1f} s")
    found["many-sync"] = many.begin(many.secondary)
    bench.say(f"{who}: first sync {found['many-sync']:.1f} s, CPU of the primary "
              f"{gauges.cpu_seconds(many.primary.process.pid) - cpu:.1f} s, of the secondary "
              f"{gauges.cpu_seconds(many.secondary.process.pid):.1f} s")
    wait_until_quiet(many.primary, many.secondary)
    found["many-memory-secondary"] = many.memory_of_each(many.secondary)
    numbers = random.Random(11).sample(range(1, len(many.zones)), bench.form.changes)
    found["many-change-idle"] = p99_of_changes(many, numbers, "idle")
    found["note"] = latency.disk_words(many.primary.folder)
    restart_and_recheck(many, found)
    restart_primary(many, found)
    if who == OURS:
        changes_while_syncing(many, found)
        found["checked"] = many.check()
    bench.drop(many.primary, many.secondary)
    return found


def measure(bench):
    contenders = [OURS, *(name for name in bench.peers if name in ("bind", "nsd", "knot"))]
    runs = bench.collect(contenders, lambda who: one_pair(bench, who))
    checked = runs[OURS][-1]["checked"]
    for figure in FIGURES:
        values = {who: [run[figure] for run in found if figure in run]
                  for who, found in runs.items()}
        bench.put(figure, f"{bench.form.many:,} zones", values, checked,
                  runs[OURS][-1]["note"] if "change" in figure else "")
