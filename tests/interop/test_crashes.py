"""kill -9 of either program at random points during 200 updates: no committed version is lost, no
start fails, and the pair goes on by IXFR. CRASHES=2000 is the long form: so many kills."""
import os
import random
import time

from harness import contents, zone_texts
from harness.programs import pair

ZONE = "example.test."
STRIKES = 0.3  # of the updates
CRASHES = int(os.environ.get("CRASHES", "60"))
UPDATES = round(CRASHES / STRIKES)
LIMIT_SECONDS = UPDATES * 1.2


def version(serial):
    """Some 300 records of which every version changes a few, in different pages."""
    rng = random.Random(serial)
    steady = [f"host{n}.{ZONE} 60 IN TXT \"{'x' * 100}\"" for n in range(300)]
    moving = [f"m{rng.randrange(1000)}.{ZONE} 60 IN A 192.0.2.{n}" for n in range(5)]
    return zone_texts.small(serial, steady + moving, refresh=1, retry=1)


class Victims:
    """The two programs, and who is down."""

    def __init__(self, primary, secondary, rng):
        self.both, self.rng = (primary, secondary), rng
        self.starts = 0

    def strike(self):
        victim = self.rng.choice(self.both)
        served = victim.serial(ZONE)
        time.sleep(self.rng.uniform(0, 0.06))  # anywhere between the file's change and the hand-on
        victim.kill()
        victim.restart()
        self.starts += 1
        after = victim.serial(ZONE)
        assert after is not None, f"{victim.name} came back without its zone"
        assert served is None or after >= served, f"{victim.name} lost {served}, has {after}"


# Conformance: R34, R54
def test_no_committed_version_is_lost(tmp_path, running, key):
    seed = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
    print(f"CRASH_SEED={seed}")
    rng = random.Random(seed)
    primary, secondary = pair(tmp_path, ZONE, version(1), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    victims = Victims(primary, secondary, rng)
    began = time.monotonic()
    for serial in range(2, UPDATES + 2):
        primary.put(version(serial))
        if rng.random() < STRIKES:
            victims.strike()
        if rng.random() < 0.2 or serial == UPDATES + 1:
            for server in (primary, secondary):
                server.wait_for_serial(ZONE, serial, limit=30)
            expected = contents.of_file(primary.file, ZONE)
            for server in (primary, secondary):
                assert contents.difference(expected, server.records(ZONE)) == "", server.name
        assert time.monotonic() - began < LIMIT_SECONDS, f"slow: {serial} updates"
    status = [server.zone_status(ZONE) for server in (primary, secondary)]
    assert status[0]["digest"] == status[1]["digest"]
    kinds = [kind for kind, _, _ in secondary.transfers()]
    assert kinds.count("AXFR") == 1, "the journal was to survive: only the first is full"
    print(f"{victims.starts} kills, {len(kinds)} transfers")
