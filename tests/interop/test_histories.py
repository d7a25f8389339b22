"""Several primaries of one zone that do not agree: equal serials with other content, one that flaps,
one that is dead, one that lags. The secondary converges, serves nothing but whole versions that some
primary has, never goes back and never goes in circles; `why` tells its decisions."""
import json
import threading

import pytest
from harness import contents
from harness.ports import free_port
from harness.programs import Secondary
from harness.scripted import ScriptedPrimary
from harness.waiting import wait_for

ZONE = "example.test."
POLLED = {"refresh": {"min": "1s", "max": "1s"}, "retry": {"min": "1s", "max": "1s"}}
NOTIFIED = {"refresh": {"min": "1h"}}


def lines(who, serial):
    """Most of it is common, some is the primary's own, and a version's record comes and goes."""
    return ([f"h{n}.{ZONE} 60 A 192.0.2.{n}" for n in range(100)]
            + [f"{who}.{ZONE} 60 TXT \"{who}\"", f"who.{ZONE} 60 TXT \"{who}\"",
               f"v{serial}.{ZONE} 60 TXT \"{who} {serial}\""])


class Watch:
    """Looks at what a server serves, over and over: only whole versions, never an older one."""

    def __init__(self, server, primaries):
        self.server, self.primaries = server, primaries
        self.seen, self.problems, self._stop = [], [], threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)
        assert self.problems == []
        assert self.seen == sorted(self.seen), f"it went back: {self.seen}"

    def _run(self):
        while not self._stop.wait(0.1):
            try:
                found = contents.of_server(self.server.port, ZONE)
            except (OSError, AssertionError):
                continue  # not loaded, or restarting
            serial = contents.serial_of(found)
            whole = [p.content(serial) for p in self.primaries if serial in p.versions]
            if found not in whole:
                self.problems.append(f"{serial} is a mixture")
            if not self.seen or self.seen[-1] != serial:
                self.seen.append(serial)


def reasons(server):
    return [entry["reason"] for entry in decisions(server)]


def decisions(server):
    return json.loads(server.tool("why", ZONE, "--json").stdout)["decisions"]


def publish(primary, who, serial, secondary=None):
    primary.publish(serial, lines(who, serial))
    if secondary:
        wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
        secondary.wait_until_current(ZONE, serial)
        assert contents.difference(primary.content(), secondary.records(ZONE)) == ""


@pytest.fixture
def two(tmp_path, running):
    """a and b, both with serial 1 and the same SOA, each with its own content; not followed yet."""
    a, b = (running(ScriptedPrimary(ZONE).start()) for _ in "ab")
    publish(a, "a", 1)
    publish(b, "b", 1)
    secondary = Secondary(tmp_path / "ns2").use_remote("a", a.port).use_remote("b", b.port)
    return a, b, secondary


def test_differences_are_believed_only_from_the_primary_whose_version_is_held(two, running, tmp_path):
    a, b, secondary = two
    running(secondary.follow(ZONE, ["a", "b"], **NOTIFIED)).start()
    secondary.wait_until_current(ZONE, 1)
    behind = Secondary(tmp_path / "ns3").use_remote("ns2", secondary.port)
    running(behind.follow(ZONE, ["ns2"], **POLLED)).start()
    behind.wait_until_current(ZONE, 1)
    assert contents.difference(a.content(1), secondary.records(ZONE)) == ""

    with Watch(secondary, [a, b]):
        publish(b, "b", 2, secondary)
        assert b.transfers() == ["AXFR"], "what b adds to its own serial 1 is not for a's"
        assert "axfr_foreign" in reasons(secondary)
        publish(a, "a", 3, secondary)
        publish(b, "b", 4, secondary)
        publish(a, "a", 5, secondary)
        assert (b.asked[-1].kind, b.asked[-1].serial) == ("IXFR", 2), "from b's own version"
        assert (a.asked[-1].kind, a.asked[-1].serial) == ("IXFR", 3), "from a's own version"
        assert "from the newest version that came from this one" in secondary.tool("why", ZONE).stdout
        secondary.kill()
        secondary.restart()
        secondary.wait_until_current(ZONE, 5)
        publish(b, "b", 6, secondary)
        assert (b.asked[-1].kind, b.asked[-1].serial) == ("IXFR", 4), "known over a restart"
        publish(b, "b", 7, secondary)
        assert (b.asked[-1].kind, b.asked[-1].serial) == ("IXFR", 6)

    # Who follows us notices nothing of it: one history, by differences.
    behind.wait_until_current(ZONE, 7)
    assert contents.difference(b.content(), behind.records(ZONE)) == ""
    assert {kind for kind, _, _ in behind.transfers()[1:]} == {"IXFR"}


def test_what_a_primary_has_that_is_behind_changes_nothing(two, running):
    """Asked for differences from its own version, b tells of one that is newer than that and older
    than ours."""
    a, b, secondary = two
    running(secondary.follow(ZONE, ["a", "b"], **NOTIFIED)).start()
    secondary.wait_until_current(ZONE, 1)
    publish(b, "b", 2, secondary)
    publish(a, "a", 10, secondary)
    with Watch(secondary, [a, b]):
        for serial in (3, 10):
            b.publish(serial, lines("b", serial))
            asked = len(b.asked)
            wait_for("the NOTIFY is answered", lambda: b.notify(secondary.port, 20))
            wait_for("b is asked", lambda n=asked: len(b.asked) > n)
            secondary.wait_until_current(ZONE, 10, limit=40)
    assert contents.difference(a.content(10), secondary.records(ZONE)) == ""
    publish(a, "a", 11, secondary)


def test_equal_serials_with_other_content_lead_to_no_transfer(two, running):
    a, b, secondary = two
    running(secondary.follow(ZONE, ["a", "b"], **POLLED)).start()
    secondary.wait_until_current(ZONE, 1)
    with Watch(secondary, [a, b]):
        wait_for("both are asked many times", lambda: min(
            p.kinds().count("SOA") for p in (a, b)) >= 4, limit=30)
    assert (a.transfers(), b.transfers()) == (["AXFR"], [])
    assert contents.difference(a.content(), secondary.records(ZONE)) == ""
    done = secondary.tool("verify", ZONE)
    assert done.returncode == 1 and f"127.0.0.1@{b.port}" in done.stdout


def test_a_serial_that_goes_up_and_down_makes_no_circle(tmp_path, running):
    primary = running(ScriptedPrimary(ZONE).start())
    publish(primary, "a", 7)
    secondary = Secondary(tmp_path / "ns2").use_remote("a", primary.port)
    running(secondary.follow(ZONE, ["a"], **POLLED)).start()
    secondary.wait_until_current(ZONE, 7)
    with Watch(secondary, [primary]):
        for _ in range(3):
            publish(primary, "a", 5)
            secondary.wait_for_reason(ZONE, "serial 5, older than ours 7")
            publish(primary, "a", 7)
            secondary.wait_until_current(ZONE, 7)
    assert primary.transfers() == ["AXFR"]
    assert "soa_lower" in reasons(secondary)


def test_one_flaps_one_is_dead_one_lags_and_the_zone_converges(two, running):
    """a goes away and comes back, b has other content under the same serials, `slow` is always two
    versions behind a, `dead` never answers."""
    a, b, secondary = two
    slow = running(ScriptedPrimary(ZONE).start())
    publish(slow, "a", 1)
    secondary.use_remote("dead", free_port()).use_remote("slow", slow.port)
    running(secondary.follow(ZONE, ["dead", "slow", "b", "a"], **POLLED)).start()
    secondary.wait_for_serial(ZONE, 1)
    primaries, told = [a, b, slow], set()
    with Watch(secondary, primaries):
        for serial in range(2, 9):
            told |= set(reasons(secondary))  # it keeps the last ones only
            for primary, who in ((a, "a"), (b, "b")):
                publish(primary, who, serial)
                primary.notify(secondary.port)
            if serial > 3:
                publish(slow, "a", serial - 2)
            if serial % 3 == 0:
                a.stop()
            secondary.wait_for_serial(ZONE, serial)
            if serial % 3 == 0:
                a.start()
        secondary.wait_until_current(ZONE, 8)
        asked = [len(p.transfers()) for p in primaries]
        rounds = slow.kinds().count("SOA")
        wait_for("more rounds", lambda: slow.kinds().count("SOA") >= rounds + 3, limit=30)
        assert [len(p.transfers()) for p in primaries] == asked, "in step, it transfers no more"
    assert sum(asked) <= 3 * 8
    found = secondary.records(ZONE)
    assert found in (a.content(8), b.content(8))
    told |= set(reasons(secondary))
    assert "soa_lower" in told, told                       # slow
    assert {"soa_failed", "transfer_unreachable"} & told   # dead, and a while it is away
