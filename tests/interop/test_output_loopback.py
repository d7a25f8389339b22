"""`output: { mode: loopback }`: the server beside ns2 follows our secondary, and our secondary knows
what it answers. BIND, NSD, Knot and PowerDNS, TSIG on every hop."""
import re

import pytest
from harness import contents, ports, zone_texts
from harness.bind import Bind
from harness.knot import Knot
from harness.keys import Key
from harness.nsd import Nsd
from harness.powerdns import PowerDns
from harness.programs import Primary, Secondary, run_program
from harness.waiting import wait_for

ZONE = "example.test."
SERVERS = [Bind, Nsd, Knot, PowerDns]
LOCAL_KEY = Key.random("local.test.")


def version(serial):
    return zone_texts.small(serial, [f"v{serial}.{ZONE} 60 IN TXT \"{serial}\"",
                                     f"a.{ZONE} 60 IN A 192.0.2.{serial % 250}"])


class Chain:
    """ns1 (ours) -> ns2 (ours) -> the server beside it on loopback. Nothing is started yet."""

    def __init__(self, folder, kind, key, timeout="10s"):
        self.local = kind(folder / "local")
        self.primary, self.secondary = Primary(folder / "ns1"), Secondary(folder / "ns2")
        self.primary.use_remote("ns2", self.secondary.port, key)
        self.primary.serve_file(ZONE, version(1), notify=["ns2"], allow_transfer=["ns2"])
        self.secondary.use_remote("ns1", self.primary.port, key)
        self.secondary.use_remote("local", self.local.port, LOCAL_KEY)
        self.secondary.follow(ZONE, ["ns1"], allow_transfer=["local"], refresh={"min": "1s"},
                              output={"mode": "loopback", "verify": "local", "timeout": timeout})

    def start(self, running):
        running(self.primary).start()
        self.primary.wait_for_serial(ZONE, 1)
        running(self.secondary).start()
        return self

    def start_local(self, running):
        running(self.local.as_secondary(ZONE, self.secondary.port, LOCAL_KEY))

    def put(self, serial):
        self.primary.put(version(serial))


@pytest.fixture
def chain(tmp_path, key, running):
    return lambda kind, **more: Chain(tmp_path, kind, key, **more).start(running)


def in_step(chain, serial, limit=30):
    status = chain.secondary.wait_until_current(ZONE, serial, limit)
    assert chain.local.serial(ZONE) == serial, "current is said when the server answers it"
    assert status["lag_seconds"] == 0
    assert status["served"]["server"] == f"127.0.0.1@{chain.local.port}"
    assert status["served"]["serial"] == serial
    assert status["served"]["error"] == ""
    return status


def same_content(chain):
    chain.local.wait_for_content(ZONE, contents.of_file(chain.primary.file, ZONE))


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_a_change_at_ns1_is_answered_by_the_server_beside_ns2(kind, chain, running):
    chain = chain(kind)
    chain.start_local(running)
    for serial in range(1, 6):
        if serial > 1:
            chain.put(serial)
        in_step(chain, serial)
        same_content(chain)
    log = chain.secondary.process.log_text()
    assert re.search(r"XFR, outgoing, remote 127\.0\.0\.1@\d+, key local\.test\.", log), log
    assert not re.search(r"XFR, outgoing, remote 127\.0\.0\.1@\d+, finished", log), "unsigned"
    assert re.search(rf"\[example\.test\.\] hand-over, outgoing, remote 127\.0\.0\.1@"
                     rf"{chain.local.port}, key local\.test\., finished, serial 4 -> 5, ", log), log


# Conformance: R2
def test_r02_what_the_server_beside_refuses_for_its_size_is_told(chain, running):
    """BIND takes 100 records of a type at a name, unless it is told otherwise."""
    chain = chain(Bind, timeout="3s")
    chain.start_local(running)
    in_step(chain, 1)
    many = [f"many.{ZONE} 60 IN A 10.0.0.{n}" for n in range(150)]
    chain.primary.put(zone_texts.small(2, many))
    status = chain.secondary.wait_for_state(ZONE, "failed")
    assert "does not serve serial 2" in status["reason"], status["reason"]
    assert (chain.secondary.serial(ZONE), chain.local.serial(ZONE)) == (2, 1)
    chain.put(3)
    in_step(chain, 3)
    same_content(chain)


def test_a_server_that_is_not_there_is_told_in_words_and_comes_back_by_itself(chain, running):
    chain = chain(Nsd, timeout="2s")
    status = chain.secondary.wait_for_state(ZONE, "failed")
    assert re.search(rf"127\.0\.0\.1@{chain.local.port} does not serve serial 1 after \d+ s: .*"
                     r"refused", status["reason"]), status["reason"]
    assert status["serial"] == 1, "ours is in the store and served by us all the same"
    assert status["served"]["serial"] is None
    assert status["served"]["error"] == status["reason"]
    assert chain.secondary.tool("status", "--check").returncode == 1

    chain.start_local(running)
    in_step(chain, 1, limit=40)
    assert chain.secondary.tool("status", "--check").returncode == 0


def test_a_server_that_falls_behind_is_noticed_and_lag_counts(chain, running):
    chain = chain(Knot, timeout="2s")
    chain.start_local(running)
    in_step(chain, 1)
    chain.local.kill()
    chain.put(2)
    status = chain.secondary.wait_for_state(ZONE, "failed")
    assert status["serial"] == 2
    assert "does not serve serial 2" in status["reason"]
    wait_for("lag grows", lambda: chain.secondary.zone_status(ZONE)["lag_seconds"] >= 3)
    text = chain.secondary.tool("status", ZONE).stdout
    assert "failed" in text and "does not serve serial 2" in text and "served" in text
    chain.local.restart()
    in_step(chain, 2, limit=40)


def test_newer_versions_overtake_each_other(chain, running):
    chain = chain(Bind)
    chain.start_local(running)
    in_step(chain, 1)
    for serial in range(2, 40):
        chain.put(serial)
        chain.secondary.wait_for_serial(ZONE, serial)
    in_step(chain, 39)
    same_content(chain)


def test_a_restart_asks_again_and_says_nothing_it_does_not_know(chain, running):
    chain = chain(Nsd, timeout="2s")
    chain.start_local(running)
    in_step(chain, 1)
    chain.local.stop()
    chain.secondary.stop()
    chain.secondary.restart()
    status = chain.secondary.zone_status(ZONE)
    assert status["state"] != "current", status
    chain.secondary.wait_for_state(ZONE, "failed")
    chain.local.restart()
    in_step(chain, 1, limit=40)


def test_sync_waits_for_the_server_and_fails_where_it_does_not_take_it(tmp_path, key, running):
    chain = Chain(tmp_path, Nsd, key, timeout="3s")
    running(chain.primary).start()
    chain.primary.wait_for_serial(ZONE, 1)
    config = chain.secondary.write_configuration()
    done = run_program("secondary", "sync", "-c", config)
    assert done.returncode == 1
    assert "does not serve serial 1" in done.stderr

    chain.start_local(running)
    done = run_program("secondary", "sync", "-c", config)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert chain.local.serial(ZONE) == 1
    chain.put(2)
    chain.primary.wait_for_serial(ZONE, 2)
    done = run_program("secondary", "sync", "-c", config)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert chain.local.serial(ZONE) == 2


def test_check_finds_a_server_that_may_not_transfer(tmp_path, key):
    chain = Chain(tmp_path, Bind, key)
    assert run_program("secondary", "check", "-c",
                       chain.secondary.write_configuration()).returncode == 0
    chain.secondary.configuration["templates"][-1]["allow-transfer"] = ["ns1"]
    chain.secondary.configuration["remotes"][0]["addresses"] = ["192.0.2.1"]
    done = run_program("secondary", "check", "-c", chain.secondary.write_configuration())
    assert done.returncode == 1
    assert f"127.0.0.1@{chain.local.port}" in done.stderr and "allow-transfer" in done.stderr


def verify_by_address(chain):
    output = chain.secondary.configuration["templates"][-1]["output"]
    output["verify"] = f"127.0.0.1@{chain.local.port}"
    return chain


def test_an_address_is_enough_where_the_server_listens_to_it(tmp_path, key, running):
    chain = verify_by_address(Chain(tmp_path, Bind, key)).start(running)
    chain.start_local(running)
    in_step(chain, 1)
    chain.put(2)
    in_step(chain, 2)


def test_a_notify_that_the_server_refuses_is_in_the_reason(tmp_path, key, running):
    chain = verify_by_address(Chain(tmp_path, Nsd, key, timeout="3s"))
    running(chain.local.as_secondary(ZONE, ports.free_port(), LOCAL_KEY))  # wants it signed
    chain.start(running)
    status = chain.secondary.wait_for_reason(ZONE, "does not serve serial 1")
    assert status["state"] == "failed"
    assert "NOTIFY answered with" in status["reason"], status["reason"]
