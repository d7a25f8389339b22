"""Secondaries that feed each other: with a live source it is one of the usual set-ups and nothing to
speak of; without one the zone expires everywhere in time, and every one of them says why before."""
import json
import time

from harness import zone_texts
from harness.programs import Primary, Secondary
from harness.waiting import wait_for

ZONE = "example.test."
EXPIRE = 24  # seconds; a lost source is told after 8 refreshes of 1 s
SLACK = 15   # for a busy machine


def source_of(tmp_path):
    text = zone_texts.small(1, refresh=1, retry=1, expire=EXPIRE)
    return Primary(tmp_path / "ns1").serve_file(ZONE, text)


def feed_each_other(tmp_path, source, *rings):
    """Secondaries s0, s1, …; each follows those that its ring names, "source" or a number."""
    members = [Secondary(tmp_path / f"s{i}", f"s{i}") for i in range(len(rings))]
    ports = {"source": source.port, **{i: member.port for i, member in enumerate(members)}}
    for member, ring in zip(members, rings):
        for who in ring:
            member.use_remote(f"r-{who}", ports[who])
        member.follow(ZONE, [f"r-{who}" for who in ring], expire={"min": "1s"})
    return members


def reasons_of(server):
    done = server.tool("why", ZONE, "--json")
    assert done.returncode == 0, done.stderr
    return {each["reason"]: each.get("times", 1) for each in json.loads(done.stdout)["decisions"]}


def wait_until_checked(server, times):
    """Until SOA checks have found the serial so often."""
    wait_for(f"{server.name} has checked {times} times",
             lambda: reasons_of(server).get("soa_current", 0) >= times, 60)


def start_all(running, source, members):
    for server in [source, *members]:
        running(server).start()
    for member in members:
        member.wait_until_current(ZONE, 1)


def states(members):
    return [member.zone_status(ZONE) for member in members]


def expect_a_warning_and_expiry(members, since):
    """All say that the source is lost while the zone is in service, and all have expired in time."""
    for member in members:
        status = member.wait_for_reason(ZONE, "no primary is nearer to its source than we are",
                                        EXPIRE)
        assert status["state"] == "stale", status
        assert 0 < status["expires_in_seconds"] < EXPIRE, status
        assert "source_lost" in reasons_of(member)
        assert "the primaries feed each other" in member.tool("why", ZONE).stdout
    for member in members:
        member.wait_for_state(ZONE, "expired", EXPIRE + SLACK)
    assert time.monotonic() - since < EXPIRE + SLACK


def test_two_that_also_follow_each_other_say_nothing_while_the_source_lives(tmp_path, running):
    source = source_of(tmp_path)
    members = feed_each_other(tmp_path, source, ["source", 1], [0, "source"])
    start_all(running, source, members)
    for member in members:
        wait_until_checked(member, 24)  # two primaries in each of 12 s
        status = member.zone_status(ZONE)
        assert (status["state"], status["reason"]) == ("current", ""), status
        assert "source_lost" not in reasons_of(member)


def test_two_that_follow_each_other_expire_when_the_source_is_gone(tmp_path, running):
    """Also where one is killed and started again meanwhile."""
    source = source_of(tmp_path)
    members = feed_each_other(tmp_path, source, ["source", 1], [0, "source"])
    start_all(running, source, members)
    wait_until_checked(members[0], 4)
    source.kill()
    lost = time.monotonic()
    members[1].kill()
    members[1].restart()
    expect_a_warning_and_expiry(members, lost)


def test_a_ring_of_three_expires_when_the_source_is_gone(tmp_path, running):
    """The source comes back: all recover, whatever its serial."""
    source = source_of(tmp_path)
    members = feed_each_other(tmp_path, source, ["source", 2], [0], [1])
    start_all(running, source, members)
    assert all(status["reason"] == "" for status in states(members))
    source.kill()
    expect_a_warning_and_expiry(members, time.monotonic())
    source.restart()
    for member in members:
        member.wait_until_current(ZONE, 1, 60)
        assert member.zone_status(ZONE)["reason"] == ""
