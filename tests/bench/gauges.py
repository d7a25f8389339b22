"""What a server takes and answers: CPU seconds, memory, disk, SOA serials. Reads /proc and asks
over UDP; changes nothing."""
import os
import random
import socket
import struct
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")
LOOPBACK = "127.0.0.1"


# ---- processes of a group, which every server of the bench has to itself

def group(leader):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.getpgid(int(entry)) == leader:
                    found.append(int(entry))
            except OSError:
                pass
    return found


def _read(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _cpu_of_process(pid):
    stat = _read(f"/proc/{pid}/stat")
    if not stat:
        return 0.0
    fields = stat[stat.rindex(")") + 2:].split()
    ticks = sum(int(field) for field in fields[11:15]) / TICK  # with children that have ended
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        tasks = []
    exact = sum(int((_read(f"/proc/{pid}/task/{task}/schedstat") or "0").split()[0])
                for task in tasks) / 1e9
    return max(ticks, exact)  # threads that ended are only in the first, fractions in the second


def cpu_seconds(leader):
    return sum(_cpu_of_process(pid) for pid in group(leader))


def _rollup(leader, field):
    total = 0
    for pid in group(leader):
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(field + ":"):
                total += int(line.split()[1]) * 1024
    return total


def anonymous_bytes(leader):
    """Memory that is no file's; pages shared by processes of the group are counted once."""
    return _rollup(leader, "Pss_Anon")


class PeakMemory:
    """The most anonymous memory while the `with` block runs, sampled."""

    def __init__(self, leader, step=0.03):
        self.leader, self.step, self.bytes = leader, step, 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._end.wait(self.step):
            self.bytes = max(self.bytes, anonymous_bytes(self.leader))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        self.bytes = max(self.bytes, anonymous_bytes(self.leader))


def disk_bytes(folder):
    """What the files below occupy."""
    return sum(stat.st_blocks * 512 for _, stat in _files(folder))


def last_write(folder, but=("log", "pid", "control", "lock.mdb")):
    """When a file below was last written, in Unix time; logs and the like do not count."""
    times = [stat.st_mtime for path, stat in _files(folder) if os.path.basename(path) not in but]
    return max(times, default=0.0)


def _files(folder):
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            try:
                yield path, os.stat(path)
            except OSError:
                pass


def sync_milliseconds(folder, times=200):
    """How long an append of 4 KiB takes to be on this disk right now: (p50, p99)."""
    path, taken = os.path.join(folder, "sync"), []
    with open(path, "wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    os.unlink(path)
    return percentile(taken, 0.5), percentile(taken, 0.99)


# ---- questions

def soa_question(zone):
    """Without its first two bytes, the ID."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in zone.split(".") if label)
    return b"\0\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\6\0\1"


def serial_in(answer):
    """Of an answer whose first record is the SOA that was asked for; else None."""
    def after_name(at):
        while answer[at] and answer[at] < 192:
            at += 1 + answer[at]
        return at + (2 if answer[at] else 1)
    try:
        at = after_name(after_name(12) + 4)
        if answer[3] & 15 or answer[6:8] == b"\0\0" or answer[at:at + 2] != b"\0\6":
            return None
        at = after_name(after_name(at + 10))
        return struct.unpack(">I", answer[at:at + 4])[0]
    except (IndexError, struct.error):
        return None


class Probe:
    """Asks one server over one socket, one question at a time."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((LOOPBACK, port))
        self.number = random.randrange(60000)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def serial(self, question, limit=0.5):
        """`question`: of soa_question(). None where nothing, or no SOA, is answered in time."""
        self.number = (self.number + 1) & 0xffff
        head = struct.pack(">H", self.number)
        self.socket.settimeout(limit)
        try:
            self.socket.send(head + question)
            while True:
                answer = self.socket.recv(4096)
                if answer[:2] == head:
                    return serial_in(answer)
        except OSError:
            return None


class NotServed(Exception):
    pass


def check_alive(server):
    if not server.process.alive():
        raise NotServed(f"{server.name} ended: {server.process.log_text()[-800:]}")


def wait_for_serial(server, zone, serial, limit, step=0.001):
    """Until it answers `serial` (None: any); returns that moment of time.monotonic()."""
    question, deadline = soa_question(zone), time.monotonic() + limit
    with Probe(server.port) as probe:
        while time.monotonic() < deadline:
            found = probe.serial(question, 0.3)
            if found is not None and serial in (None, found):
                return time.monotonic()
            check_alive(server)
            time.sleep(step)
    raise NotServed(f"{server.name} does not serve {zone} {serial} after {limit} s: "
                    f"{server.process.log_text()[-800:]}")


def served(port, zones, serial, window=100, patience=0.3):
    """Those of `zones` (at most 65,536) for which the server answers `serial` (None: any)."""
    good, sent, answered = set(), 0, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.connect((LOOPBACK, port))
        sock.settimeout(patience)
        while answered < len(zones):
            try:
                while sent < len(zones) and sent - answered < window:
                    sock.send(struct.pack(">H", sent) + soa_question(zones[sent]))
                    sent += 1
                answer = sock.recv(4096)
            except OSError:  # lost, or nobody there
                if sent == len(zones):
                    break
                answered = sent
                continue
            answered += 1
            place = struct.unpack(">H", answer[:2])[0]
            found = serial_in(answer)
            if place < len(zones) and found is not None and serial in (None, found):
                good.add(zones[place])
    return good


def not_served(port, zones, serial):
    missing = []
    for first in range(0, len(zones), 50_000):
        part = zones[first:first + 50_000]
        good = served(port, part, serial)
        missing += [zone for zone in part if zone not in good]
    return missing


def wait_until_all_served(server, zones, serial, limit, sample=1000):
    """Until every zone is served; returns that moment of time.monotonic().

    Asks for little meanwhile: a random sample, until all of it is there; that moment counts where a
    sweep over all then finds none missing, else the moment when the last missing one is served."""
    pick, deadline = random.Random(3), time.monotonic() + limit
    while True:
        asked = pick.sample(zones, min(sample, len(zones)))
        if served(server.port, asked[:20], serial) == set(asked[:20]):
            if served(server.port, asked, serial) == set(asked):
                break
        check_alive(server)
        if time.monotonic() > deadline:
            raise NotServed(f"{server.name} does not serve all zones after {limit} s")
        time.sleep(0.02)
    moment = time.monotonic()
    missing = not_served(server.port, zones, serial)
    while missing:
        if time.monotonic() > deadline:
            raise NotServed(f"{server.name} lacks {len(missing)} zones, {missing[:3]}…")
        time.sleep(0.02)
        missing = not_served(server.port, missing, serial)
        moment = time.monotonic()
    return moment


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
