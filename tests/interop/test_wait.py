"""wait, notify, refresh, retransfer: each returns when it is true, and says how it went."""
import json
import signal
import subprocess
import time

import pytest
from harness import zone_texts
from harness.fake_peer import FakePeer
from harness.programs import Primary, Secondary, pair, program
from harness.rogue import RoguePrimary
from harness.waiting import wait_for

ZONE = "example.test."


def version(serial):
    return zone_texts.small(serial, [f"v.{ZONE} 60 IN TXT \"{serial}\""])


class Waiting:
    """A tool that runs beside the test."""

    def __init__(self, server, *words):
        self.began = time.monotonic()
        self.popen = subprocess.Popen(
            [program(server.role), *map(str, words), "--control", server.control_socket],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def runs(self):
        return self.popen.poll() is None

    def end(self, limit=30):
        out, err = self.popen.communicate(timeout=limit)
        return self.popen.returncode, out, err


@pytest.fixture
def both(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, version(1), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


def test_wait_returns_when_it_is_served_here(both):
    primary, secondary = both
    assert primary.tool("wait", ZONE, "--serial", 1).returncode == 0
    assert primary.tool("wait", ZONE, "--serial", 2**32 - 5).returncode == 0, "older by RFC 1982"
    waiting = [Waiting(server, "wait", ZONE, "--serial", 2) for server in both]
    time.sleep(0.5)
    assert all(each.runs() for each in waiting)
    primary.put(version(2))
    for each in waiting:
        code, out, err = each.end()
        assert code == 0, err
        assert "serial 2 is served" in out


def test_wait_for_all_peers_ends_only_when_they_serve_it(both):
    primary, secondary = both
    secondary.process.send(signal.SIGSTOP)
    try:
        primary.put(version(2))
        primary.wait_for_serial(ZONE, 2)
        waiting = Waiting(primary, "wait", ZONE, "--serial", 2, "--all-peers", "--timeout", "60s")
        done = primary.tool("wait", ZONE, "--serial", 2, "--all-peers", "--timeout", "2s")
        assert done.returncode == 1
        assert "ns2" in done.stderr and "2 s" in done.stderr
        assert waiting.runs()
    finally:
        secondary.process.send(signal.SIGCONT)
    code, out, err = waiting.end()
    assert code == 0, err
    assert "every peer" in out
    assert secondary.serial(ZONE) == 2


def test_wait_for_a_peer_that_acknowledges_and_does_not_serve(tmp_path, running):
    fake = running(FakePeer(ZONE, 7))
    primary = Primary(tmp_path / "ns1").use_remote("ns2", fake.port)
    primary.serve_file(ZONE, version(8), notify=["ns2"])
    running(primary).start()
    waiting = Waiting(primary, "wait", ZONE, "--serial", 8, "--all-peers", "--json")
    wait_for("it asks", lambda: len(fake.questions) >= 3)
    assert waiting.runs()
    done = primary.tool("wait", ZONE, "--serial", 8, "--all-peers", "--timeout", "1s", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["missing"] == [{"remote": "ns2", "why": "answers serial 7"}]
    fake.serial = 8
    code, out, _ = waiting.end()
    assert code == 0 and json.loads(out)["served"] is True


def test_wait_does_not_believe_what_was_true_once(both):
    primary, secondary = both
    assert primary.tool("wait", ZONE, "--serial", 1, "--all-peers").returncode == 0
    secondary.process.kill()
    time.sleep(1.1)  # another second
    done = primary.tool("wait", ZONE, "--serial", 1, "--all-peers", "--timeout", "2s")
    assert done.returncode == 1 and "ns2" in done.stderr


def test_wait_for_nonsense(both):
    primary, _ = both
    assert primary.tool("wait", "elsewhere.test.", "--serial", 1).returncode == 1
    assert primary.tool("wait", ZONE, "--serial", "many").returncode == 2
    done = primary.tool("wait", ZONE, "--serial", 9, "--timeout", "1s")
    assert done.returncode == 1 and "serial 1" in done.stderr


def test_notify_says_who_acknowledged(both):
    primary, secondary = both
    done = primary.tool("notify", ZONE)
    assert done.returncode == 0, done.stderr
    assert "ns2: acknowledged" in done.stdout
    assert primary.tool("notify", ZONE, "--to", "ns2").returncode == 0
    assert primary.tool("notify", ZONE, "--to", f"127.0.0.1@{secondary.port}").returncode == 0
    assert primary.tool("notify", ZONE, "--to", "ns9").returncode == 1
    done = secondary.tool("notify", ZONE)
    assert done.returncode == 1 and "no remotes" in done.stderr
    secondary.process.send(signal.SIGSTOP)
    try:
        done = primary.tool("notify", ZONE, "--json")
    finally:
        secondary.process.send(signal.SIGCONT)
    assert done.returncode == 1
    assert json.loads(done.stdout)["peers"] == [{"remote": "ns2", "answer": "no answer"}]


def test_refresh_replies_when_the_round_is_over(tmp_path, running):
    primary = RoguePrimary(ZONE)
    running(primary.start()).publish(11)
    secondary = Secondary(tmp_path / "ns2").use_remote("ns1", primary.port)
    secondary.follow(ZONE, ["ns1"], refresh={"min": "1h"}, retry={"min": "1h"})
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 11)
    done = secondary.tool("refresh", ZONE)
    assert done.returncode == 0 and "serial 11 is current" in done.stdout
    primary.publish(12, [f"a.{ZONE} 60 A 192.0.2.1"])
    done = secondary.tool("refresh", ZONE)
    assert done.returncode == 0 and "serial 11 -> serial 12" in done.stdout, done
    assert secondary.serial(ZONE) == 12
    primary.publish(13, [f"b.{ZONE} 60 A 192.0.2.1"], "SOA in the middle")
    done = secondary.tool("refresh", ZONE, "--json", limit=90)
    told = json.loads(done.stdout)
    assert done.returncode == 1 and told["result"] == "failed" and told["serial"] == 12
    assert "not refreshed" in done.stderr
    primary.stop()
    done = secondary.tool("refresh", ZONE, limit=90)
    assert done.returncode == 1 and "checked again in" in done.stderr


def test_refresh_of_a_zone_from_a_file_says_so(both):
    primary, _ = both
    done = primary.tool("refresh", ZONE)
    assert done.returncode == 1 and primary.file in done.stderr


def addresses(server):
    """Of a.example.test."""
    return [".".join(map(str, r[3])) for r in server.records(ZONE) if r[0] == f"a.{ZONE}"]


def test_retransfer_replaces_content_under_one_serial(tmp_path, running):
    primary = RoguePrimary(ZONE)
    running(primary.start()).publish(5, [f"a.{ZONE} 60 A 192.0.2.1"])
    secondary = Secondary(tmp_path / "ns2").use_remote("ns1", primary.port)
    secondary.follow(ZONE, ["ns1"], refresh={"min": "1h"}, retry={"min": "1h"})
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 5)
    primary.publish(5, [f"a.{ZONE} 60 A 192.0.2.2"])
    assert secondary.tool("refresh", ZONE).returncode == 0
    assert addresses(secondary) == ["192.0.2.1"]
    done = secondary.tool("retransfer", ZONE)
    assert done.returncode == 0, done.stderr
    assert "AXFR, incoming" in done.stdout
    assert addresses(secondary) == ["192.0.2.2"]
    assert primary.transfers[-1] == "AXFR"
    primary.publish(4, [f"a.{ZONE} 60 A 192.0.2.4"])  # lower: the operator wants it all the same
    assert secondary.tool("retransfer", ZONE).returncode == 0
    assert secondary.serial(ZONE) == 4
