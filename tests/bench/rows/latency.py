"""One change at a time: from the moment when the primary serves it (for ours: has committed it) to
the moment when the secondary does. Both are asked without pause."""
import os
import socket
import subprocess
import time

import dns.update

import gauges


class Lost(Exception):
    pass


def seconds_between(primary, secondary, zone, serial, limit=20):
    """Call right after the change was made. Returns the moments of time.monotonic() of both."""
    question, moments = gauges.soa_question(zone), []
    for server in (primary, secondary):
        deadline = time.monotonic() + limit
        with gauges.Probe(server.port) as probe:
            while probe.serial(question, 0.2) != serial:
                if time.monotonic() > deadline:
                    raise Lost(f"{server.name} does not serve {zone} {serial} after {limit} s")
        moments.append(time.monotonic())
    return moments


def disk_words(folder):
    return "a bare fdatasync of 4 KiB took p50 {:.2f}, p99 {:.2f} ms then".format(
        *gauges.sync_milliseconds(folder))


def replace_file(file, text):
    with open(f"{file}.new", "w", encoding="ascii") as out:
        out.write(text)
    os.rename(f"{file}.new", file)


def change(primary, zone, file, text, serial):
    """The next version at the primary: ours watches its file, NSD is told of it, BIND and Knot DNS
    take one UPDATE of the record `changes`, which raises the serial by itself. Does not wait."""
    if primary.name in ("bind", "knot"):
        update = dns.update.UpdateMessage(zone)
        update.replace("changes", 3600, "A", f"10.{serial >> 16 & 255}.{serial >> 8 & 255}."
                                             f"{serial & 255}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(update.to_wire(), (gauges.LOOPBACK, primary.port))
        return
    replace_file(file, text)
    if primary.name == "nsd":
        subprocess.Popen(["/usr/sbin/nsd-control", "-c", primary.path("nsd.conf"), "reload", zone],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure_changes(primary, secondary, changes, lost=2):
    """`changes` yields (zone, file, text, serial). Returns milliseconds: of each from the primary's
    serving to the secondary's, and from the change itself."""
    from_commit, from_change = [], []
    for zone, file, text, serial in changes:
        began = time.monotonic()
        change(primary, zone, file, text, serial)
        try:
            at_primary, at_secondary = seconds_between(primary, secondary, zone, serial)
        except Lost as error:
            print(error, flush=True)
            lost -= 1
            if lost < 0:
                raise
            continue
        from_commit.append((at_secondary - at_primary) * 1000)
        from_change.append((at_secondary - began) * 1000)
    return from_commit, from_change
