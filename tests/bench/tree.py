#!/usr/bin/python3
"""tree.py: one primary, relays, leaves behind them, all zones by catalog, on this machine. How long a
change takes to the last leaf, what each tier spends, and what happens when a relay dies.

    tests/bench/tree.py --relays 5 --leaves 50 --zones 1000 --changes 200 --out DIR

Each leaf follows its relay and, after it, the next one, and is told by both. Prints a table in
Markdown; --out keeps it with every latency and a plot."""
import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

import gauges  # noqa: E402  (the path comes first)
from harness import contents, line_plot, many_zones  # noqa: E402
from harness.catalogs import CATALOG, LOOPBACK, Consumer  # noqa: E402
from harness.programs import Primary  # noqa: E402


class Root(Primary):
    """The zones of a folder and their catalog."""

    def __init__(self, folder, zones):
        super().__init__(folder, "ns1")
        self.zones = {name: 1 for name in many_zones.names(zones)}
        os.makedirs(self.path("zones"))
        for name in self.zones:
            self.write_zone(name)
        self.serve_folder(self.path("zones"))
        self.configuration["catalogs"] = [{"zone": CATALOG, "role": "producer"}]

    def write_zone(self, name):
        contents.put_file(self.path("zones", f"{name.rstrip('.')}.zone"),
                          many_zones.zone_text(name, self.zones[name]))

    def tells(self, servers):
        for server in servers:
            self.use_remote(server.name, server.port)
        self.configuration["templates"][0]["notify"] = [server.name for server in servers]
        return self


class Tree:
    def __init__(self, folder, wanted):
        self.root = Root(os.path.join(folder, "ns1"), wanted.zones)
        self.relays = [Consumer(os.path.join(folder, f"r{n}"), f"r{n}")
                       for n in range(wanted.relays)]
        self.leaves = [Consumer(os.path.join(folder, f"l{n}"), f"l{n}")
                       for n in range(wanted.leaves)]
        self.root.tells(self.relays)
        for server in self.everyone():
            # Leaves that elsewhere have addresses of their own share one here.
            server.configuration["limits"] = {"per-remote": 8 * (wanted.relays + wanted.leaves)}
        for server in [*self.relays, *self.leaves]:
            server.configuration["log"]["level"] = "notice"
            server.template.update({"refresh": {"min": "1m"}, "retry": {"min": "1s", "max": "5s"}})
        for relay in self.relays:
            relay.consume(CATALOG, self.root)
            relay.template["notify"] = []
        for number, leaf in enumerate(self.leaves):
            upstream = [self.relays[(number + step) % len(self.relays)]
                        for step in range(min(2, len(self.relays)))]
            leaf.consume(CATALOG, upstream[0])
            for relay in upstream[1:]:
                leaf.use_remote(relay.name, relay.port)
            leaf.configuration["catalogs"][0]["primaries"] = [r.name for r in upstream]
            for relay in upstream:
                relay.use_remote(leaf.name, leaf.port)
                relay.template["notify"].append(leaf.name)

    def everyone(self):
        return [self.root, *self.relays, *self.leaves]

    def start(self):
        began = time.monotonic()
        for server in self.everyone():
            server.start()
        last = list(self.root.zones)[-1]
        for name in (last, *random.Random(1).sample(list(self.root.zones), 20)):
            self.wait_for(name, 1, limit=300)
        return time.monotonic() - began

    def wait_for(self, name, serial, limit=60):
        """Seconds until each of the leaves answers the serial, in the order they do."""
        began, waiting, took = time.monotonic(), list(self.leaves), []
        while waiting:
            still = []
            for leaf in waiting:
                if contents.serial_on(leaf.port, name, limit=0.5) == serial:
                    took.append(time.monotonic() - began)
                else:
                    still.append(leaf)
            waiting = still
            assert time.monotonic() - began < limit, (
                f"{name} {serial} is not on {[leaf.name for leaf in waiting][:5]}")
        return took

    def change(self, rng):
        name = rng.choice(list(self.root.zones))
        self.root.zones[name] += 1
        self.root.write_zone(name)
        return self.wait_for(name, self.root.zones[name])

    def tiers(self):
        return {"primary": [self.root], "relays": self.relays, "leaves": self.leaves}

    def cpu(self):
        return {tier: sum(gauges.cpu_seconds(server.process.pid) for server in servers
                          if server.process.alive()) for tier, servers in self.tiers().items()}

    def stop(self):
        for server in self.everyone():
            server.stop()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(tree, changes, rng):
    before = tree.cpu()
    rounds = [tree.change(rng) for _ in range(changes)]
    spent = {tier: (after - before[tier]) / changes for tier, after in tree.cpu().items()}
    last = [max(took) for took in rounds]
    return {"first_p50": statistics.median(min(took) for took in rounds),
            "last_p50": statistics.median(last), "last_p99": percentile(last, 0.99),
            "cpu": spent, "last": last}


def table(found, wanted):
    lines = [f"{wanted.zones} zones, {wanted.relays} relays, {wanted.leaves} leaves, first content "
             f"on all of them after {found['start']:.1f} s.", "",
             "| changes | first leaf p50 | last leaf p50 | last leaf p99 | CPU a change: primary | "
             "all relays | all leaves |", "|---|---|---|---|---|---|---|"]
    for title, key in (("one by one", "whole"), ("after a relay died", "without")):
        row = found[key]
        cpu = " | ".join(f"{row['cpu'][tier] * 1000:.2f} ms" for tier in
                         ("primary", "relays", "leaves"))
        lines.append(f"| {wanted.changes} {title} | {row['first_p50'] * 1000:.1f} ms | "
                     f"{row['last_p50'] * 1000:.1f} ms | {row['last_p99'] * 1000:.1f} ms | {cpu} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("relays", 5), ("leaves", 50), ("zones", 1000), ("changes", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--out")
    wanted = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="twinzone-tree-")
    tree, rng = Tree(folder, wanted), random.Random(1)
    try:
        found = {"start": tree.start(), "whole": measure(tree, wanted.changes, rng)}
        tree.relays[0].kill()
        found["without"] = measure(tree, wanted.changes, rng)
        for leaf in tree.leaves:
            name = rng.choice(list(tree.root.zones))
            assert leaf.zone_status(name)["digest"] == tree.root.zone_status(name)["digest"]
    finally:
        tree.stop()
        shutil.rmtree(folder, ignore_errors=True)
    text = table(found, wanted)
    print(text)
    if wanted.out:
        os.makedirs(wanted.out, exist_ok=True)
        contents.put_file(os.path.join(wanted.out, "tree.md"), text)
        contents.put_file(os.path.join(wanted.out, "tree.json"), json.dumps(found))
        last = found["whole"]["last"] + found["without"]["last"]
        contents.put_file(os.path.join(wanted.out, "tree.svg"), line_plot.svg(
            text.splitlines()[0], list(range(len(last))),
            [("from the change to the last leaf, ms (a relay dies in the middle)",
              {"last leaf": [1000 * value for value in last]})]))


if __name__ == "__main__":
    main()
