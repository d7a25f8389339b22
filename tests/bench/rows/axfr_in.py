"""Row 10: a secondary that has a version is told of the next, which its primary (Knot DNS without
history, the same for all) gives as a full transfer: until it is served and on disk, and the memory
that takes. 10,000 records differ."""
import os
import shutil
import socket
import struct
import time

import content
import gauges
import peers
from material import ZONE, Missing, copy_with_serial
from results import OURS

FIGURES = ("axfr-in-1m", "axfr-in-5m", "axfr-in-1m-memory", "axfr-in-5m-memory")
QUIET = 2.0  # seconds without a write: it has written all it will


def notify(port, zone):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in zone.split(".") if label)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        head = struct.pack(">HHHHHH", 99, 4 << 11 | 0x400, 1, 0, 0, 0)
        sock.sendto(head + labels + b"\0\0\6\0\1", (gauges.LOOPBACK, port))
        sock.recv(512)


class Feed:
    """The primary: each version is a full transfer."""

    def __init__(self, bench, records):
        if peers.missing("knot"):
            raise Missing(f"no {peers.missing('knot')}: Knot DNS feeds the secondaries of this row")
        self.contents = [bench.material.tld(records),
                         bench.material.tld(records, changes=10_000, version=2)]
        self.serial = 1
        self.server = bench.server("knot")
        self.file = self.server.path("feed.zone")
        shutil.copyfile(self.contents[0], self.file)
        self.server.configure([(ZONE, self.file)]).begin()
        gauges.wait_for_serial(self.server, ZONE, 1, 300)

    def next_version(self):
        self.serial += 1
        copy_with_serial(self.contents[(self.serial + 1) % 2], self.file + ".new", self.serial)
        os.rename(self.file + ".new", self.file)
        self.server.take_file(ZONE)
        gauges.wait_for_serial(self.server, ZONE, self.serial, 300)


def wait_until_written(server):
    """The Unix time of the last write, when there was none for a while."""
    last = gauges.last_write(server.folder)
    while time.time() - last < QUIET:
        time.sleep(0.2)
        last = gauges.last_write(server.folder)
    return last


def one_transfer(bench, feed, who):
    """(seconds, most memory in MB, words of the check)"""
    server = bench.server(who).configure([(ZONE, "")], follows=feed.server.port)
    server.begin()
    if who == "powerdns":
        gauges.wait_for_serial(feed.server, ZONE, None, 5)
        time.sleep(1)
        notify(server.port, ZONE)
    gauges.wait_for_serial(server, ZONE, feed.serial, 300)
    wait_until_written(server)
    feed.next_version()
    with gauges.PeakMemory(server.process.pid) as memory:
        wall, began = time.time(), time.monotonic()
        notify(server.port, ZONE)
        taken = gauges.wait_for_serial(server, ZONE, feed.serial, 300) - began
    if server.written_after_served():
        taken = max(taken, wait_until_written(server) - wall)
    checked = content.must_be(server.port, ZONE, feed.file, who) if who == OURS else ""
    bench.drop(server)
    return taken, memory.bytes / 1e6, checked


def measure_size(bench, records, figure):
    feed = Feed(bench, records)
    size = f"{content.of_file(feed.file)[1]:,} records"
    contenders = [OURS, *(name for name in bench.peers if name in ("bind", "nsd", "knot"))]
    if "powerdns" in bench.peers and records <= 1_000_000:
        if bench.server("powerdns").keeps_transfers():
            contenders.append("powerdns")
        else:
            bench.say("powerdns is left out: no LMDB backend (package pdns-backend-lmdb)")
    found = bench.collect(contenders, lambda who: one_transfer(bench, feed, who))
    checked = found[OURS][-1][2]
    bench.put(figure, size, {who: [run[0] for run in runs] for who, runs in found.items()}, checked)
    bench.put(f"{figure}-memory", size,
              {who: [run[1] for run in runs] for who, runs in found.items()}, checked)
    bench.drop(feed.server)


def measure(bench):
    measure_size(bench, bench.form.large, "axfr-in-1m")
    measure_size(bench, bench.form.huge, "axfr-in-5m")
