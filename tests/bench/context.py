"""What a row is given: servers in fresh folders, zones, runs; and where results go."""
import dataclasses
import datetime
import os
import pathlib
import re
import shutil
import subprocess

import peers
import results
from harness.programs import ROOT
from results import OURS


@dataclasses.dataclass(frozen=True)
class Form:
    name: str
    large: int    # records of "a large zone" (tld1m in the long form)
    huge: int     # and of a very large one (tld5m)
    many: int     # zones
    changes: int  # for percentiles
    growth_records: tuple
    growth_zones: tuple
    runs: int
    peers: tuple


SHORT = Form("short", 100_000, 200_000, 5_000, 100, (10_000, 200_000), (1_000, 10_000), 1,
             ("knot", "nsd"))
LONG = Form("long", 1_000_000, 5_000_000, 100_000, 400, (10_000, 100_000, 1_000_000, 10_000_000),
            (1_000, 200_000), 5, ("bind", "nsd", "knot", "powerdns", "ixfrdist"))


class Bench:
    def __init__(self, form, runs, wanted_peers, material, out):
        self.form, self.runs, self.material = form, runs, material
        self.out = pathlib.Path(out)
        self.folder = material.work / f"run{os.getpid()}"
        self.peers = [name for name in wanted_peers if self._is_here(name)]
        self._servers = []

    @staticmethod
    def _is_here(name):
        lacking = peers.missing(name)
        if lacking:
            print(f"{name} is left out: no {lacking}", flush=True)
        return not lacking

    # ---- servers

    def server(self, name):
        server = peers.KINDS[name](self.folder / f"{len(self._servers)}-{name}")
        self._servers.append(server)
        return server

    def pair(self, name, zones, differences=False):
        """Primary and secondary of the same kind, that follow and notify each other; not begun."""
        primary, secondary = self.server(name), self.server(name)
        primary.configure(zones, tells=secondary.port, differences=differences)
        secondary.configure(zones, follows=primary.port)
        return primary, secondary

    def drop(self, *servers):
        """They have done their duty."""
        for server in servers:
            if server.process is not None:
                server.process.kill()
            shutil.rmtree(server.folder, ignore_errors=True)

    def drop_all(self):
        self.drop(*self._servers)
        self._servers.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def turns(self, contenders, warm_up=0):
        """(run, who) in turn: who is first changes from run to run. Runs below 0 only warm up."""
        for run in range(-warm_up, self.runs):
            shift = run % len(contenders)
            for who in contenders[shift:] + contenders[:shift]:
                yield run, who

    def collect(self, contenders, measure, warm_up=0):
        """The values of `measure(who)` by contender. A peer that fails is left out from then on."""
        values = {who: [] for who in contenders}
        failed = set()
        for run, who in self.turns(list(contenders), warm_up):
            if who in failed:
                continue
            try:
                value = measure(who)
            except Exception as error:  # of another server: said, and the others go on
                if who == OURS:
                    raise
                self.say(f"{who} failed: {error}")
                failed.add(who)
                continue
            if run >= 0:
                values[who].append(value)
        return {who: found for who, found in values.items() if who not in failed}

    # ---- results

    @staticmethod
    def say(words):
        print(f"{datetime.datetime.now():%H:%M:%S} {words}", flush=True)

    def put(self, figure, size, values, checked, note=""):
        values = {who: found for who, found in values.items() if found}
        result = results.Result(figure, size, values, checked, self.form.name, now(), machine(),
                                commit(), note, os.getloadavg()[0])
        results.write(self.out / "results.jsonl", result)
        shown = "; ".join(f"{who} {result.median(who):.4g}" for who in values)
        self.say(f"{figure} ({size}): {shown}{' - ' + note if note else ''}")


def now():
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = re.findall(r"model name\s*: (.*)", file.read())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = models[0].strip() if models else "processor"
    return f"{os.cpu_count()} cores {name}, {memory:.0f} GiB, loopback"


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() or "unknown"
