"""A pair of programs for long: 1,000 zones, ten changes a second, one program killed each minute, a
primary that breaks the rules a tenth of the time. What is served never goes back, the pair always
finds together again, and neither memory nor descriptors nor the stores grow with time.

SOAK=4h is the long form (s, m, h). SOAK_OUT=DIR keeps samples.csv and soak.svg there."""
import csv
import json
import os
import random
import statistics
import time

from harness import contents, line_plot, many_zones
from harness.programs import Primary, Secondary
from harness.rogue import RoguePrimary
from harness.rogue_faults import FAULTS, HARMLESS
from harness.waiting import wait_for

ZONES = 1000
CHANGES_A_SECOND = 10
MINUTE = 60
ROGUE_SHARE = 0.1
LATEST = 45  # seconds for a change to arrive, a kill and a restart included
MIB = 2**20


def seconds(text):
    return float(text.rstrip("smh")) * {"m": 60, "h": 3600}.get(text[-1], 1)


SOAK = seconds(os.environ.get("SOAK", "3m"))


def anonymous(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon"))


def on_disk(server):
    return sum(entry.stat().st_blocks * 512 for entry in os.scandir(server.path("store")))


class Pair:
    """The programs with their zones, what was published last and what has not arrived yet."""

    def __init__(self, folder, running, key, rng):
        self.rng, self.rogue, self.key = rng, None, key
        self.names = many_zones.names(ZONES)
        self.serials = dict.fromkeys(self.names, 1)
        self.served = dict.fromkeys(self.names, 0)
        self.awaited = {}  # zone -> (serial, since)
        self.zones = folder / "zones"
        self.zones.mkdir()
        for name in self.names:
            self.write(name)
        self.rogue_port = RoguePrimary(self.names[0], key).port
        self.ns1, self.ns2 = Primary(folder / "ns1"), Secondary(folder / "ns2")
        self.ns1.use_remote("ns2", self.ns2.port, key).serve_folder(str(self.zones))
        self.ns1.configuration["templates"][0].update(
            {"notify": ["ns2"], "allow-transfer": ["ns2", {"address": ["127.0.0.1"]}]})
        self.ns2.use_remote("ns1", self.ns1.port, key).use_remote("rogue", self.rogue_port, key)
        often = {"refresh": {"min": "5s", "max": "20s"}, "retry": {"min": "1s", "max": "5s"},
                 "allow-transfer": [{"address": ["127.0.0.1"]}]}
        self.ns2.configuration["templates"] += [
            {"name": "default", "primaries": ["ns1"], **often},
            {"name": "two", "primaries": ["ns1", "rogue"], **often}]
        listed = [f"{name} {'two' if at < ZONES // 10 else ''}".strip()
                  for at, name in enumerate(self.names)]
        self.ns2.configuration["zones-file"] = self.ns2.write("zones.list", "\n".join(listed) + "\n")
        running(self.ns1).start()
        running(self.ns2).start()
        wait_for("every zone is on ns2", lambda: all(
            zone["serial"] == 1 for zone in self.ns2.status()["zones"]), 60, step=0.5)

    def write(self, name):
        contents.put_file(str(self.zones / f"{name.rstrip('.')}.zone"),
                          many_zones.zone_text(name, self.serials[name]))

    def change(self, now):
        name = self.rng.choice(self.names)
        self.serials[name] += 1
        self.write(name)
        self.awaited.setdefault(name, (self.serials[name], now))

    def look(self, now):
        """Asks ns2 for what is on its way; returns the age of the oldest, in seconds."""
        for name, (serial, _) in list(self.awaited.items()):
            found = contents.serial_on(self.ns2.port, name, limit=0.2)
            if found is None:
                continue
            assert self.served[name] <= found <= self.serials[name], f"{name} {found}"
            self.served[name] = found
            if found >= serial:
                del self.awaited[name]
                if found < self.serials[name]:
                    self.awaited[name] = (self.serials[name], now)
        oldest = max((now - since for _, since in self.awaited.values()), default=0.0)
        assert oldest < LATEST, f"not there after {oldest:.0f} s: {sorted(self.awaited)[:5]}"
        return oldest

    def set_rogue(self, wanted):
        if self.rogue and not wanted:
            self.rogue.stop()
            self.rogue = None
        elif wanted and not self.rogue:
            zone = self.rng.choice(self.names[:ZONES // 10])
            self.rogue = RoguePrimary(zone, self.key)
            self.rogue.port = self.rogue_port
            lines = [f"a{n}.{zone} 60 A 192.0.2.{n}" for n in range(120)]  # of several messages
            self.rogue.publish(self.serials[zone] + 1000, lines,
                               fault=self.rng.choice(sorted(set(FAULTS) - HARMLESS)))
            self.rogue.start()
        if self.rogue:
            self.rogue.notify(self.ns2.port)

    def kill_one(self):
        victim = self.rng.choice([self.ns1, self.ns2])
        victim.kill()
        victim.restart()

    def sample(self, since_start, lag):
        row = {"time": round(since_start, 1), "lag": round(lag, 3)}
        for server in (self.ns1, self.ns2):
            row[f"{server.role} memory"] = anonymous(server)
            row[f"{server.role} descriptors"] = server.process.open_files()
            row[f"{server.role} store"] = on_disk(server)
        return row


def soak(pair):
    began = time.monotonic()
    samples, kills, changes, next_kill, next_sample = [], 0, 0, MINUTE / 2, 0.0
    while (now := time.monotonic() - began) < SOAK:
        while changes < now * CHANGES_A_SECOND:
            pair.change(now)
            changes += 1
        lag = pair.look(now)
        if now >= next_sample:
            pair.set_rogue(now % MINUTE < MINUTE * ROGUE_SHARE)
            samples.append(pair.sample(now, lag))
            next_sample = now + 1
        if now >= next_kill:
            pair.kill_one()
            kills += 1
            next_kill += MINUTE
        time.sleep(0.02)
    pair.set_rogue(False)
    print(f"{changes} changes, {kills} kills, {len(samples)} samples")
    return samples


def keep(samples, folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "samples.csv"), "w", encoding="ascii", newline="") as file:
        writer = csv.DictWriter(file, samples[0].keys())
        writer.writeheader()
        writer.writerows(samples)

    def both(what, unit=1):
        return {role: [row[f"{role} {what}"] / unit for row in samples]
                for role in ("primary", "secondary")}
    panels = [("anonymous memory, MiB", both("memory", MIB)), ("descriptors", both("descriptors")),
              ("store, MiB", both("store", MIB)),
              ("oldest change not yet on ns2, s", {"lag": [row["lag"] for row in samples]})]
    contents.put_file(os.path.join(folder, "soak.svg"), line_plot.svg(
        f"{ZONES} zones, {CHANGES_A_SECOND} changes a second", [row["time"] for row in samples],
        panels))


def grows(samples, what, allowance):
    """Whether the last quarter lies above the second one, by more than a fifth and the allowance."""
    quarter = len(samples) // 4
    early = statistics.median(row[what] for row in samples[quarter:2 * quarter])
    late = statistics.median(row[what] for row in samples[-quarter:])
    print(f"{what}: {early:,.0f} -> {late:,.0f}")
    return late > early * 1.2 + allowance


def test_a_pair_under_change_kills_and_lies(tmp_path, running, key):
    seed = int(os.environ.get("SOAK_SEED", random.randrange(2**32)))
    print(f"SOAK_SEED={seed}")
    pair = Pair(tmp_path, running, key, random.Random(seed))
    samples = soak(pair)
    keep(samples, os.environ.get("SOAK_OUT", str(tmp_path / "out")))

    def in_step():
        states = [{zone["zone"]: (zone["serial"], zone["digest"]) for zone in
                   server.status()["zones"]} for server in (pair.ns1, pair.ns2)]
        wanted = {name: serial for name, serial in pair.serials.items()}
        return states[0] == states[1] and {
            zone: serial for zone, (serial, _) in states[1].items()} == wanted
    wait_for("both have every zone at its last version", in_step, 60, step=0.5)
    for name in pair.rng.sample(pair.names, 20):
        expected = contents.of_file(str(pair.zones / f"{name.rstrip('.')}.zone"), name)
        assert contents.difference(expected, pair.ns2.records(name)) == ""
    for role in ("primary", "secondary"):
        assert not grows(samples, f"{role} memory", 16 * MIB)
        assert not grows(samples, f"{role} descriptors", 32)
        assert not grows(samples, f"{role} store", 64 * MIB)
    print(json.dumps(samples[-1]))
