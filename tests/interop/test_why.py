"""`why ZONE`: the last decisions about a zone, from a closed set of reasons, in words and as JSON."""
import json
import os
import socket

import dns.message
import dns.query
import pytest
from harness import contents, zone_texts
from harness.programs import Primary, Secondary, pair
from harness.rogue import RoguePrimary
from harness.waiting import wait_for

ZONE = "example.test."


def version(serial, broken=False):
    return zone_texts.small(serial, [f"v.{ZONE} 60 IN TXT \"{serial}\"",
                                     *(["oops IN A 300.1.2.3"] if broken else [])])


def decisions(server, zone=ZONE):
    done = server.tool("why", zone, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["zone"] == zone
    return told["decisions"]


def reasons(server):
    return [each["reason"] for each in decisions(server)]


def wait_for_reason(server, *wanted, limit=20):
    """Until these reasons were given, in this order; the last of them is returned with its facts."""
    def given():
        rest = list(wanted)
        for each in decisions(server):
            if rest and each["reason"] == rest[0]:
                rest.pop(0)
                found = each
        return None if rest else found
    try:
        return wait_for(f"{server.name} decides {wanted}", given, limit)
    except AssertionError as error:
        error.args = (f"{error}; it decided {reasons(server)}",)
        raise


@pytest.fixture
def both(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, version(1), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


def test_a_change_is_told_from_the_file_to_the_peer(both):
    primary, secondary = both
    wait_for_reason(secondary, "axfr_first", "transfer_finished", "committed")
    primary.put(version(2))
    secondary.wait_for_serial(ZONE, 2)
    published = wait_for_reason(primary, "published_from_file", "peer_told", "peer_acknowledged",
                                "given", "peer_in_step")
    assert published["remote_name"] == "ns2" and published["serial"] == 2
    heard = wait_for_reason(secondary, "notify_heard", "ixfr_chosen", "transfer_finished",
                            "committed")
    assert heard["serial_from"] == 1 and heard["serial"] == 2
    taken = [each for each in decisions(secondary) if each["reason"] == "transfer_finished"][-1]
    assert taken["transfer"] == "IXFR" and taken["key"] == "transfer.test."
    assert (taken["added"], taken["removed"]) == (1, 1)
    assert taken["remote"] == f"127.0.0.1@{primary.port}"


def test_words_are_sentences_with_facts(both):
    primary, secondary = both
    done = secondary.tool("why", ZONE)
    assert done.returncode == 0
    assert "no version is held yet, so the whole zone is asked for" in done.stdout
    assert f"AXFR, remote 127.0.0.1@{primary.port}" in done.stdout
    done = primary.tool("why", "elsewhere.test")
    assert done.returncode == 1 and "elsewhere.test." in done.stderr


def test_the_log_says_what_why_says(both):
    primary, secondary = both
    log = secondary.process.log_text()
    for each in decisions(secondary):
        if each["reason"] == "transfer_finished":
            assert f"serial {each['serial']}, +{each['added']} -{each['removed']} records" in log
    assert "published" in primary.process.log_text()


def test_files_that_are_refused_unchanged_unfinished_or_gone(tmp_path, running):
    primary = running(Primary(tmp_path / "ns1").serve_file(ZONE, version(1))).start()
    primary.wait_for_serial(ZONE, 1)
    primary.put(version(2, broken=True))
    refused = wait_for_reason(primary, "published_from_file", "file_refused")
    assert refused["file"] == primary.file and "300.1.2.3" in refused["detail"]
    primary.put(version(1))
    wait_for_reason(primary, "file_refused", "file_unchanged")
    primary.put("; the same, put otherwise\n" + version(1).rstrip("\n"))
    wait_for_reason(primary, "file_unfinished")
    os.rename(primary.file, primary.file + ".away")
    gone = wait_for_reason(primary, "file_unreadable")
    assert primary.file in gone["detail"]
    primary.put(version(1))
    with open(primary.file, "a", encoding="ascii") as file:  # grows in place
        file.write(f"more.{ZONE} 60 IN A 192.0.2.9\n")
    wait_for_reason(primary, "file_refused")  # changed content under one serial


def test_a_faulty_primary_and_the_way_out(tmp_path, running):
    rogue = running(RoguePrimary(ZONE).start()).publish(15, [f"a.{ZONE} 60 A 192.0.2.1"])
    secondary = Secondary(tmp_path / "ns2").use_remote("rogue", rogue.port)
    secondary.follow(ZONE, ["rogue"], retry={"min": "1s", "max": "1s"})
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 15)
    rogue.publish(16, [f"a.{ZONE} 60 A 192.0.2.2"], "SOA in the middle")
    rogue.notify(secondary.port)
    failed = wait_for_reason(secondary, "notify_heard", "ixfr_chosen", limit=30)
    failed = wait_for_reason(secondary, "axfr_after_ixfr", "retry_scheduled", limit=60)
    assert failed["detail"] and failed["next_in_seconds"] >= 0
    rogue.publish(14, [f"a.{ZONE} 60 A 192.0.2.2"])
    lower = wait_for_reason(secondary, "soa_lower", limit=30)
    assert (lower["serial_from"], lower["serial"]) == (15, 14)
    rogue.publish(15 + 2**31, [])
    wait_for_reason(secondary, "soa_incomparable")
    rogue.publish(15, [])
    wait_for_reason(secondary, "soa_current")
    rogue.stop()
    wait_for_reason(secondary, "soa_failed", "retry_scheduled", limit=30)


def test_what_clients_may_not_is_told_and_cut(tmp_path, running, key):
    primary = Primary(tmp_path / "ns1").use_key(key)
    primary.serve_file(ZONE, version(1), allow_transfer=[{"key": key.name}])
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    for _ in range(30):
        query = dns.message.make_query(ZONE, "AXFR")
        dns.query.tcp(query, contents.LOOPBACK, port=primary.port, timeout=5)
    denied = wait_for_reason(primary, "denied")
    assert denied["remote"].startswith("127.0.0.1@") and denied["transfer"] == "AXFR"
    assert "allow-transfer" in denied["detail"]
    assert 1 < denied["times"] <= 30
    assert reasons(primary).count("denied") == 1


def test_a_notify_from_a_stranger(both):
    _, secondary = both
    stranger = RoguePrimary(ZONE)  # not started: it only sends
    stranger.publish(100)
    stranger.notify(secondary.port)
    refused = wait_for_reason(secondary, "notify_refused")
    assert refused["detail"] == "sender may not notify"


def test_a_peer_that_does_not_answer(tmp_path, running):
    primary, _ = pair(tmp_path, ZONE, version(1))  # the secondary is never started
    running(primary).start()
    told = wait_for_reason(primary, "peer_told", "peer_not_answering")
    assert told["remote_name"] == "ns2"


def test_a_connection_beyond_per_remote_is_told(tmp_path, running):
    primary = Primary(tmp_path / "ns1").use_limits(per_remote=2)
    running(primary.serve_file(ZONE, version(1))).start()
    primary.wait_for_serial(ZONE, 1)
    streams = [socket.create_connection((contents.LOOPBACK, primary.port)) for _ in range(40)]
    primary.process.wait_for_log("connection closed: the limit per-remote is reached")
    told = primary.process.log_text().count("the limit per-remote is reached")
    for stream in streams:
        stream.close()
    assert told <= 12, "lines that clients cause are few"


def test_lines_of_json_have_facts_as_members(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, version(1), key)
    secondary.configuration["log"] = {"level": "debug", "format": "json"}
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    primary.put(version(2))
    secondary.wait_for_serial(ZONE, 2)
    lines = [json.loads(line) for line in secondary.process.log_text().splitlines()]
    finished = [line for line in lines if line.get("event") == "transfer_finished"][-1]
    assert finished["message"].startswith(f"IXFR, incoming, remote 127.0.0.1@{primary.port}, key ")
    assert finished["zone"] == ZONE and finished["level"] == "info"
    assert finished["transfer"] == "IXFR" and finished["key"] == key.name
    assert (finished["serial_from"], finished["serial"]) == (1, 2)
    assert (finished["added"], finished["removed"]) == (1, 1)
    assert finished["messages"] >= 1 and finished["bytes"] > 0 and finished["seconds"] >= 0
