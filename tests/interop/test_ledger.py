"""The ledger of peers: what each holds and serves, since when it lacks something, and by what sign."""
import signal
import time

import dns.message
import dns.query
import dns.rrset
from harness import contents, zone_texts
from harness.fake_peer import FakePeer
from harness.programs import Primary, Secondary, pair
from harness.waiting import wait_for

ZONE = "example.test."


def version(serial):
    return zone_texts.small(serial, [f"v.{ZONE} 60 IN TXT \"{serial}\""])


def peer(server, name="ns2"):
    found = [p for p in server.zone_status(ZONE)["peers"] if p["remote"] == name]
    assert len(found) == 1, server.zone_status(ZONE)["peers"]
    return found[0]


def wait_for_peer(server, what, holds, name="ns2", limit=20):
    try:
        return wait_for(f"{name} {what}",
                        lambda: (lambda p: p if holds(p) else None)(peer(server, name)), limit)
    except AssertionError as error:
        error.args = (f"{error}: {peer(server, name)}",)
        raise


def in_step(serial):
    return lambda p: p["serial"] == p["served_serial"] == serial and p["lag_seconds"] == 0


def test_a_peer_in_step_falls_behind_and_comes_back(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, version(1), key)
    running(primary).start()
    assert peer(primary)["serial"] is None and peer(primary)["lag_seconds"] is not None
    running(secondary).start()
    found = wait_for_peer(primary, "is in step", in_step(1))
    assert found["key"] == key.name and found["configured"]
    assert found["address"] == f"127.0.0.1@{secondary.port}"
    assert found["last_contact"] and found["last_transfer"]

    secondary.process.send(signal.SIGSTOP)
    try:
        primary.put(version(2))
        primary.wait_for_serial(ZONE, 2)
        time.sleep(1.5)  # the age of the change is what is looked at
        primary.put(version(3))
        primary.wait_for_serial(ZONE, 3)
        behind = wait_for_peer(primary, "lags", lambda p: (p["lag_seconds"] or 0) >= 3)
        assert behind["serial"] == 1
        assert "ns2" in primary.tool("status").stdout
        assert "behind" in primary.tool("status", ZONE).stdout
    finally:
        secondary.process.send(signal.SIGCONT)
    wait_for_peer(primary, "is in step again", in_step(3))
    told = wait_for_peer(primary, "acknowledged", lambda p: p["notified_serial"] == 3)
    assert told["last_notify_acknowledged"]


def test_peers_at_one_address_are_told_apart_by_what_they_answer(tmp_path, running):
    primary = Primary(tmp_path / "ns1")
    secondaries = [Secondary(tmp_path / name) for name in ("a", "b")]
    for name, secondary in zip("ab", secondaries):
        primary.use_remote(name, secondary.port)
        secondary.use_remote("ns1", primary.port).follow(ZONE, ["ns1"])
    primary.serve_file(ZONE, version(1), notify=["a", "b"])
    running(primary).start()
    for secondary in secondaries:
        running(secondary).start()
    for name in "ab":
        wait_for_peer(primary, "is in step", in_step(1), name)
    secondaries[1].process.send(signal.SIGSTOP)
    try:
        primary.put(version(2))
        wait_for_peer(primary, "is in step", in_step(2), "a")
        behind = wait_for_peer(primary, "lags", lambda p: (p["lag_seconds"] or 0) >= 2, "b")
        assert behind["serial"] == 1
    finally:
        secondaries[1].process.send(signal.SIGCONT)
    wait_for_peer(primary, "is in step", in_step(2), "b")


def test_a_peer_that_never_comes_is_asked(tmp_path, running):
    fake = running(FakePeer(ZONE, 7))
    primary = Primary(tmp_path / "ns1").use_remote("ns2", fake.port)
    primary.serve_file(ZONE, version(8), notify=["ns2"])
    running(primary).start()
    behind = wait_for_peer(primary, "answers 7", lambda p: p["served_serial"] == 7)
    assert behind["serial"] == 7 and behind["lag_seconds"] >= 1
    assert behind["last_soa_asked"] is None and behind["last_transfer"] is None
    fake.serial = 8
    wait_for_peer(primary, "is in step", in_step(8), limit=30)
    asked = len(fake.questions)
    primary.put(version(8) + "; nothing new\n")
    primary.process.wait_for_log("nothing new")
    time.sleep(2)  # nothing is to happen
    assert len(fake.questions) == asked, "a peer in step is left alone"


def test_a_silent_peer_is_asked_ever_more_seldom(tmp_path, running):
    fake = running(FakePeer(ZONE, None))
    primary = Primary(tmp_path / "ns1").use_remote("ns2", fake.port)
    primary.serve_file(ZONE, version(1), notify=["ns2"])
    running(primary).start()
    wait_for_peer(primary, "says nothing", lambda p: "no answer" in p["problem"])
    wait_for("four questions", lambda: len(fake.questions) >= 4, 60)
    pauses = [b - a for a, b in zip(fake.questions, fake.questions[1:])]
    assert pauses[0] < pauses[1] < pauses[2], pauses


def test_restart_knows_who_is_in_step_by_asking(tmp_path, running):
    primary, secondary = pair(tmp_path, ZONE, version(1))
    running(primary).start()
    running(secondary).start()
    wait_for_peer(primary, "is in step", in_step(1))
    primary.stop()
    primary.restart()
    wait_for_peer(primary, "is in step", in_step(1), limit=30)


def test_who_comes_for_differences_unasked_is_a_peer(tmp_path, running, key):
    primary = Primary(tmp_path / "ns1").use_key(key)
    primary.serve_file(ZONE, version(5), allow_transfer=[{"key": key.name}])
    running(primary).start()
    primary.wait_for_serial(ZONE, 5)
    assert primary.zone_status(ZONE)["peers"] == []
    query = dns.message.make_query(ZONE, "IXFR")
    query.authority.append(dns.rrset.from_text(ZONE, 0, "IN", "SOA", ". . 5 0 0 0 0"))
    query.use_tsig(key.for_dnspython())
    dns.query.tcp(query, contents.LOOPBACK, port=primary.port, timeout=5)
    visitor = peer(primary, "127.0.0.1")
    assert visitor["serial"] == 5 and visitor["lag_seconds"] == 0 and not visitor["configured"]
    assert visitor["key"] == key.name
    primary.put(version(6))
    primary.wait_for_serial(ZONE, 6)
    assert peer(primary, "127.0.0.1")["lag_seconds"] >= 1
