"""Rows 11 and 12: the zone file of a primary is replaced by one in which so many records changed:
until the secondary serves it. Pairs of one kind; Knot DNS also in front of ixfrdist."""
import os
import subprocess
import threading
import time

import content
import gauges
from material import ZONE, copy_with_serial
from results import OURS

FIGURES = ("change-1", "change-10000", "change-100000")
SIZES = (1, 10_000, 100_000)


class Pair:
    def __init__(self, bench, name):
        self.primary = bench.server("knot" if name == "ixfrdist" else name)
        self.secondary = bench.server(name)
        self.file = self.primary.path("changing.zone")
        self.serial, self.at_original = 1, True
        # Who is not told, asks each second.
        self.refresh = None if self.secondary.takes_notify else 1
        copy_with_serial(bench.material.tld(bench.form.large), self.file, 1, self.refresh)
        zones = [(ZONE, self.file)]
        told = self.secondary.port if self.secondary.takes_notify else None
        self.primary.configure(zones, tells=told, differences=True).begin()
        gauges.wait_for_serial(self.primary, ZONE, 1, 300)
        self.secondary.configure(zones, follows=self.primary.port).begin()
        gauges.wait_for_serial(self.secondary, ZONE, 1, 300)

    def change_to(self, source, limit=120):
        """Seconds until the secondary serves that content, under a new serial."""
        self.serial += 1
        copy_with_serial(source, self.file + ".new", self.serial, self.refresh)
        time.sleep(1.5)  # the last change has its say: writes, timestamps of whole seconds
        began = time.monotonic()
        os.rename(self.file + ".new", self.file)
        told = threading.Thread(target=self._take_file)
        told.start()
        taken = gauges.wait_for_serial(self.secondary, ZONE, self.serial, limit) - began
        told.join()
        return taken

    def _take_file(self):
        try:
            self.primary.take_file(ZONE)
        except subprocess.CalledProcessError as error:
            print(f"{self.primary.name}: {error}", flush=True)


def contenders(bench):
    pairs = [OURS, *(name for name in bench.peers if name in ("bind", "nsd", "knot"))]
    return pairs + ["ixfrdist"] * ("ixfrdist" in bench.peers and "knot" in bench.peers)


def measure(bench):
    original = bench.material.tld(bench.form.large)
    size = f"{content.of_file(original)[1]:,} records"
    pairs = {name: Pair(bench, name) for name in contenders(bench)}
    for changes in SIZES:
        if changes * 10 > bench.form.large:
            continue  # that would be another zone
        changed = bench.material.tld(bench.form.large, changes, 2)

        def seconds(name, changed=changed):
            pair = pairs[name]
            pair.at_original = not pair.at_original
            return pair.change_to(original if pair.at_original else changed)

        named = [name for name in pairs if name != "ixfrdist" or changes < 100_000]
        values = bench.collect(named, seconds)
        ours = pairs[OURS]
        checked = content.must_be(ours.secondary.port, ZONE, ours.file, "our secondary")
        bench.put(f"change-{changes}", size, values, checked)
        for pair in pairs.values():  # the next size starts from the original again
            if not pair.at_original:
                pair.at_original = True
                try:
                    pair.change_to(original)
                except gauges.NotServed as error:
                    bench.say(str(error)[:300])
    for pair in pairs.values():
        bench.drop(pair.primary, pair.secondary)
