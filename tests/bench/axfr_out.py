#!/usr/bin/python3
"""axfr_out.py [--pulls N] [--work FOLDER] [--check]: full transfers out of twinzone-primary and Knot DNS.

Both serve the same generated zone of a million records on this machine at once; pulls alternate
between them, so that what else the machine does hits both. Prints medians, their ratio, and how long
after a restart on its store the primary answers the SOA. With --check it fails unless plain
transfers go out three times as fast as Knot's and the SOA is there within 100 ms. Needs ../shared/bench (zonegen, axfrpull)
beside the clone, and a release build.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from harness import contents  # noqa: E402
from harness.keys import Key  # noqa: E402
from harness.knot import Knot  # noqa: E402
from harness.programs import ROOT, Primary  # noqa: E402
from harness.waiting import wait_for  # noqa: E402

ZONE = "xtld."
KEY = Key()
SHARED = pathlib.Path(os.environ.get("TWINZONE_SHARED", os.path.join(ROOT, "..", "shared"))) / "bench"


def build_tools(work):
    for tool in ("zonegen", "axfrpull"):
        if not (work / tool).exists():
            subprocess.run(["g++", "-O2", "-std=c++17", "-w", SHARED / f"{tool}.cpp", "-o",
                            work / tool, "-lcrypto"], check=True)


def make_zone(work):
    path = work / "tld1m.zone"
    if not path.exists():
        with open(f"{path}.new", "wb") as out:
            subprocess.run([work / "zonegen", "tld", "--records", "1000000", "--serial", "1"],
                           stdout=out, check=True)
        os.rename(f"{path}.new", path)
    return path


def pull(work, server, clients, signed):
    command = [work / "axfrpull", "--server", contents.LOOPBACK, "--port", server.port, "--zone",
               ZONE, "--n", clients, "--timeout", 300]
    if signed:
        command += ["--tsig", f"{KEY.name}:{KEY.secret}"]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, check=True,
                          timeout=400)
    result = json.loads(done.stdout.splitlines()[0])
    assert result["ok"] == clients, result
    return result


def rates(work, servers, clients, signed, pulls):
    """Megabytes a second by server, the servers taking turns; the first round only warms up."""
    found = {server.name: [] for server in servers}
    for turn in range(pulls + 1):
        for server in servers:
            result = pull(work, server, clients, signed)
            if turn > 0:
                found[server.name].append(result["MBps"])
    return found


def spread(values):
    return f"{statistics.median(values):7.0f} ({min(values):.0f}-{max(values):.0f})"


def seconds_to_soa(server):
    started = time.monotonic()
    server.process.start()
    wait_for("the SOA is answered", lambda: contents.serial_on(server.port, ZONE, 0.05) == 1,
             limit=60, step=0.001)
    return time.monotonic() - started


def start(server, configure, text):
    began = time.monotonic()
    configure(text)
    wait_for(f"{server.name} serves the zone",
             lambda: contents.serial_on(server.port, ZONE, 0.2) == 1, limit=300)
    loaded = time.monotonic() - began
    print(f"{server.name}: loaded in {loaded:.2f} s, {server.process.resident_bytes() >> 20} MB "
          f"resident", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pulls", type=int, default=5)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if not SHARED.exists():
        print(f"no {SHARED}: the generator of the zone is not in this clone")
        return 2
    with tempfile.TemporaryDirectory(prefix="twinzone-bench.") as temporary:
        work = options.work or pathlib.Path(temporary)
        work.mkdir(exist_ok=True)
        build_tools(work)
        return measure(work, pathlib.Path(temporary), make_zone(work).read_text("ascii"), options)


def measure(work, folder, text, options):
    ours, knot = Primary(folder / "ns1"), Knot(folder / "knot")
    knot.workers = 2
    plain_ratio = 0
    ours.use_key(KEY)
    ours.configuration["log"]["level"] = "warning"
    try:
        start(ours, lambda t: ours.serve_file(ZONE, t).start(limit=300), text)
        start(knot, lambda t: knot.as_primary(ZONE, t, ours.port, KEY), text)
        for clients in (1, 8):
            for signed in (False, True):
                found = rates(work, [ours, knot], clients, signed, options.pulls)
                ratio = statistics.median(found[ours.name]) / statistics.median(found[knot.name])
                plain_ratio = ratio if (clients, signed) == (1, False) else plain_ratio
                print(f"AXFR, {clients} client{'s' * (clients > 1)}{', TSIG' * signed}: "
                      f"twinzone {spread(found[ours.name])} MB/s, knot {spread(found[knot.name])} "
                      f"MB/s, ratio {ratio:.1f}", flush=True)
        restarts = []
        for _ in range(options.pulls):
            ours.kill()
            restarts.append(seconds_to_soa(ours) * 1000)
        print(f"restart after kill -9 to the first SOA: {spread(restarts)} ms")
    finally:
        ours.stop()
        knot.stop()
    good = plain_ratio >= 3 and statistics.median(restarts) <= 100
    return 0 if good or not options.check else 1


if __name__ == "__main__":
    sys.exit(main())
