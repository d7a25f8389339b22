"""`output: { mode: file, reload, verify }`: our secondary writes the zone file of the server beside ns2,
has it reloaded, and believes nothing but the serial that the server then answers. BIND, NSD, Knot and
PowerDNS, TSIG from ns1 to ns2 and in the questions to BIND."""
import os
import random
import re
import stat
import time

import pytest
from harness import contents, zone_texts
from harness.bind import Bind
from harness.knot import Knot
from harness.nsd import Nsd
from harness.powerdns import PowerDns
from harness.programs import Primary, Secondary, run_program
from harness.waiting import wait_for

ZONE = "example.test."
SERVERS = [Bind, Nsd, Knot, PowerDns]

# Content that our engine carries and that the server does not take.
BESIDE_CNAME = [f"c.{ZONE} 60 IN CNAME www.{ZONE}", f"c.{ZONE} 60 IN A 192.0.2.9"]
REFUSED = {"bind": [f"under_score.{ZONE} 60 IN A 192.0.2.9"],  # check-names
           "nsd": BESIDE_CNAME, "knot": BESIDE_CNAME}


def version(serial, more=()):
    return zone_texts.small(serial, [f"v{serial}.{ZONE} 60 IN TXT \"{serial}\"", *more])


class Chain:
    """ns1 (ours) -> ns2 (ours) -> zone file -> the server beside it. The server begins with version 0,
    an operator's own file."""

    def __init__(self, folder, kind, key, **output):
        self.local = kind(folder / "local")
        self.primary, self.secondary = Primary(folder / "ns1"), Secondary(folder / "ns2")
        os.makedirs(folder / "zones")
        self.file = str(folder / "zones" / "example.test.zone")
        self.put_by_hand(0)
        self.primary.use_remote("ns2", self.secondary.port, key)
        self.primary.serve_file(ZONE, version(1), notify=["ns2"], allow_transfer=["ns2"])
        self.secondary.use_remote("ns1", self.primary.port, key)
        self.output = {"mode": "file", "path": str(folder / "zones" / "%s.zone"),
                       "verify": f"127.0.0.1@{self.local.port}", "timeout": "10s"}
        self.output.update(output)
        self.secondary.follow(ZONE, ["ns1"], output=self.output, refresh={"min": "1s"})

    def start(self, running, local=True):
        if local:
            self.start_local(running)
        running(self.primary).start()
        self.primary.wait_for_serial(ZONE, 1)
        running(self.secondary).start()
        return self

    def start_local(self, running):
        running(self.local.from_file(ZONE, self.file))
        self.local.wait_until_answering(ZONE)
        if "reload" not in self.output:
            self.output.update(self.local.reload)

    def put(self, serial, more=()):
        self.primary.put(version(serial, more))

    def put_by_hand(self, serial):
        contents.put_file(self.file, version(serial))
        os.chmod(self.file, 0o644)


@pytest.fixture
def chain(tmp_path, key, running):
    return lambda kind, **output: Chain(tmp_path, kind, key, **output).start(running)


def in_step(chain, serial, limit=40):
    status = chain.secondary.wait_until_current(ZONE, serial, limit)
    assert chain.local.serial(ZONE) == serial, "current is said when the server answers it"
    assert status["lag_seconds"] == 0
    assert status["served"]["server"] == f"127.0.0.1@{chain.local.port}"
    assert status["served"]["serial"] == serial and status["served"]["error"] == ""
    wait_for("nothing but the file is left", lambda: os.listdir(os.path.dirname(chain.file)) == [
        "example.test.zone"], limit=5)
    return status


def same_content(chain, text):
    expected = contents.of_file(chain.primary.write("expected", text), ZONE)
    assert contents.difference(expected, contents.of_file(chain.file, ZONE)) == ""
    chain.local.wait_for_content(ZONE, expected)


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_a_change_at_ns1_is_answered_by_the_server_beside_ns2(kind, chain):
    chain = chain(kind)
    for serial in range(1, 6):
        if serial > 1:
            chain.put(serial)
        in_step(chain, serial)
        same_content(chain, version(serial))
    assert stat.S_IMODE(os.stat(chain.file).st_mode) == 0o644, "as the operator's was"
    log = chain.secondary.process.log_text()
    assert re.search(rf"\[example\.test\.\] hand-over, outgoing, remote 127\.0\.0\.1@"
                     rf"{chain.local.port}, file {re.escape(chain.file)}, finished, serial 4 -> 5, ", log), log
    assert not re.search(r"XFR, incoming, remote [0-9.@]+, finished", log), "unsigned"


@pytest.mark.parametrize("kind", [Bind, Nsd, Knot], ids=lambda kind: kind.name)
def test_what_the_server_refuses_is_taken_back_and_told(kind, chain):
    chain = chain(kind)
    chain.output["timeout"] = "4s"
    in_step(chain, 1)
    chain.put(2, REFUSED[kind.name])
    status = chain.secondary.wait_for_state(ZONE, "failed")
    assert status["serial"] == 2, "the version itself is good, and ours"
    assert "does not serve serial 2" in status["reason"], status["reason"]
    assert re.search("reload.* example.test`", status["reason"]), "what the command said"

    chain.local.wait_for_serial(ZONE, 1)
    status = chain.secondary.wait_for_reason(ZONE, "previous file is back in place")
    same_content(chain, version(1))
    wait_for("the served serial is known", lambda: chain.secondary.zone_status(ZONE)["served"][
        "serial"] == 1, limit=10)
    wait_for("lag counts", lambda: chain.secondary.zone_status(ZONE)["lag_seconds"] > 0)
    assert chain.secondary.tool("status", "--check").returncode == 1

    why = chain.secondary.tool("why", ZONE).stdout
    assert "does not serve the version" in why and "back in place" in why, why

    chain.put(3)
    in_step(chain, 3)
    same_content(chain, version(3))
    assert chain.secondary.tool("status", "--check").returncode == 0


def test_powerdns_keeps_what_it_has_where_it_may_not_read_and_takes_it_when_it_may(chain):
    chain = chain(PowerDns, timeout="3s")
    in_step(chain, 1)
    os.chmod(chain.file, 0)  # a new file has the mode of the old one
    chain.put(2)
    status = chain.secondary.wait_for_reason(ZONE, "previous file is back in place")
    assert status["state"] == "failed"
    assert "rejected" in status["reason"] and "ermission denied" in status["reason"], status["reason"]
    assert chain.local.serial(ZONE) == 1
    same = contents.difference(contents.of_file(chain.primary.write("x", version(1)), ZONE),
                               chain.local.records(ZONE))
    assert same == ""

    os.chmod(chain.file, 0o644)
    in_step(chain, 2)  # the same version, by itself
    same_content(chain, version(2))


@pytest.mark.parametrize("kind", [Bind, Knot], ids=lambda kind: kind.name)
def test_a_server_that_is_down_gets_the_version_when_it_is_back(kind, chain):
    chain = chain(kind, timeout="2s")
    in_step(chain, 1)
    chain.local.kill()
    chain.put(2)
    status = chain.secondary.wait_for_reason(ZONE, "does not serve serial 2")
    assert status["state"] == "failed"
    assert "exit code 1" in status["reason"], status["reason"]
    chain.local.restart()
    in_step(chain, 2)


def test_an_operators_refresh_tries_at_once_what_failed(chain):
    chain = chain(Knot, timeout="1s")
    in_step(chain, 1)
    chain.local.kill()
    chain.put(2)
    log = chain.secondary.process
    wait_for("two tries have failed", lambda: log.log_text().count(", failed: ") >= 2, limit=40)
    chain.local.restart()  # the third would come ten seconds after the second
    chain.local.wait_until_answering(ZONE)
    done = chain.secondary.tool("refresh", ZONE)
    assert done.returncode == 0, done.stderr
    chain.local.wait_for_serial(ZONE, 2, limit=5)
    in_step(chain, 2)


def test_a_server_that_loses_the_version_later_is_noticed_and_gets_it_again(chain):
    chain = chain(Nsd, timeout="3s")
    chain.secondary.stop()
    chain.secondary.configuration["templates"][-1]["refresh"] = {"min": "1s", "max": "2s"}
    chain.secondary.start()
    in_step(chain, 1)
    mark = chain.secondary.process.log_mark()
    chain.put_by_hand(0)
    chain.local.control("reload", ZONE)
    chain.secondary.process.wait_for_log("no longer served", since=mark)
    wait_for("NSD has it again", lambda: chain.local.serial(ZONE) == 1)


def test_the_command_of_an_operator_gets_zone_and_file_and_no_secrets(tmp_path, key, running,
                                                                     monkeypatch):
    monkeypatch.setenv("OPERATORS_SECRET", "hush")
    seen = tmp_path / "seen"
    chain = Chain(tmp_path, Knot, key, reload="command", command=["/bin/sh", str(tmp_path / "run"),
                                                                 "%s", "%f", "50%%", "$(id)"])
    chain.start_local(running)
    (tmp_path / "run").write_text(
        f"echo \"$*\" > {seen}; env >> {seen}; cat >> {seen}\n"
        + " ".join(chain.local.reload["command"]) + " -b zone-reload \"$1\"\n", encoding="ascii")
    chain.start(running, local=False)
    in_step(chain, 1)
    lines = seen.read_text(encoding="ascii").splitlines()
    assert lines[0] == f"example.test {chain.file} 50% $(id)"
    assert "hush" not in "".join(lines) and key.secret not in "".join(lines)


def test_a_command_that_hangs_is_killed_with_all_it_started(tmp_path, key, running):
    chain = Chain(tmp_path, Knot, key, timeout="2s", reload="command",
                  command=["/bin/sh", "-c", f"sleep 987 & echo $! > {tmp_path}/pid; wait"])
    chain.start(running)
    status = chain.secondary.wait_for_reason(ZONE, "no end in time")
    assert status["state"] == "failed"
    pid = int((tmp_path / "pid").read_text(encoding="ascii"))

    def gone():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return b"987" not in file.read()
        except OSError:
            return True
    wait_for("the sleep is gone", gone)


def test_without_a_server_to_ask_status_says_whose_word_it_is(tmp_path, key, running):
    chain = Chain(tmp_path, Nsd, key)
    del chain.output["verify"]
    chain.start(running)
    status = chain.secondary.wait_until_current(ZONE, 1)
    assert re.search(r"not verified.*`/usr/sbin/nsd-control .*reload example\.test`: exit code 0: ok",
                     status["reason"]), status["reason"]
    assert status["served"] is None
    chain.local.wait_for_serial(ZONE, 1)
    chain.local.stop()
    chain.put(2)
    status = chain.secondary.wait_for_state(ZONE, "failed")
    assert "exit code 1" in status["reason"]
    assert contents.serial_of(contents.of_file(chain.file, ZONE)) == 1


def test_a_reload_program_that_is_not_there_is_found_by_check_and_told(tmp_path, key, running):
    chain = Chain(tmp_path, Knot, key, timeout="2s", reload="command", command=["/no/such/program"])
    config = chain.secondary.write_configuration()
    done = run_program("secondary", "check", "-c", config)
    assert done.returncode != 0
    assert "/no/such/program" in done.stderr
    chain.start(running)
    status = chain.secondary.wait_for_reason(ZONE, "/no/such/program")
    assert status["state"] == "failed" and "no such file" in status["reason"]


def test_sync_waits_for_the_server_and_fails_where_it_does_not_take_it(tmp_path, key, running):
    chain = Chain(tmp_path, Nsd, key, timeout="4s")
    chain.start_local(running)
    running(chain.primary).start()
    chain.primary.wait_for_serial(ZONE, 1)
    config = chain.secondary.write_configuration()
    done = run_program("secondary", "sync", "-c", config)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert chain.local.serial(ZONE) == 1

    chain.put(2, BESIDE_CNAME)
    chain.primary.wait_for_serial(ZONE, 2)
    done = run_program("secondary", "sync", "-c", config)
    assert done.returncode == 1
    assert "does not serve serial 2" in done.stderr
    assert chain.local.serial(ZONE) == 1

    chain.put(3)
    chain.primary.wait_for_serial(ZONE, 3)
    done = run_program("secondary", "sync", "-c", config)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert chain.local.serial(ZONE) == 3


# Conformance: R58
def test_a_crash_at_any_point_leaves_a_whole_file_and_the_start_goes_on(chain):
    chain = chain(Knot)
    in_step(chain, 1)
    seed = int(os.environ.get("CRASH_SEED", random.randrange(1 << 30)))
    print(f"CRASH_SEED={seed}")
    pauses = random.Random(seed)
    more = [f"n{n}.{ZONE} 60 IN TXT \"{n}\"" for n in range(3000)]
    for serial in range(2, 14):
        chain.put(serial, more)
        chain.primary.wait_for_serial(ZONE, serial)
        time.sleep(pauses.uniform(0, 0.15))  # a moment to crash in, not a condition
        chain.secondary.kill()
        whole = contents.of_file(chain.file, ZONE)
        found = contents.serial_of(whole)
        text = version(found, more if found > 1 else ())
        expected = contents.of_file(chain.primary.write("expected", text), ZONE)
        assert contents.difference(expected, whole) == ""
        chain.secondary.restart()
    in_step(chain, 13)
    same_content(chain, version(13, more))
