"""`twinzone-secondary sync`: one truthful resync for cron. Silent when well, exit codes as agreed."""
import fcntl
import os
import random
import shlex
import signal
import socket
import subprocess
import time

import pytest
from harness import contents, ports, zone_texts
from harness.programs import Primary, Secondary, program, run_program
from harness.rogue import RoguePrimary
from harness.waiting import wait_for

ZONE = "example.test."


def version(serial):
    return zone_texts.small(serial, [f"v.{ZONE} 60 IN TXT \"{serial}\""])


@pytest.fixture
def primary(tmp_path, running, key):
    server = Primary(tmp_path / "ns1").use_key(key).serve_file(ZONE, version(1))
    running(server).start()
    server.wait_for_serial(ZONE, 1)
    return server


def crontab(*words, limit=60):
    """A line as cron runs it: by sh, with next to no environment, no terminal, elsewhere."""
    line = " ".join(shlex.quote(str(word)) for word in [program("secondary"), *words])
    return subprocess.run(["/bin/sh", "-c", line], stdin=subprocess.DEVNULL, cwd="/",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={},
                          start_new_session=True, timeout=limit, check=False)


class Cron:
    """Runs sync without a configuration file, as a crontab line would."""

    def __init__(self, folder, port, key=None, zone=ZONE):
        self.folder, self.zone = folder, zone
        self.out = folder / "out"
        os.makedirs(self.out, exist_ok=True)
        self.words = ["sync", "--store", folder / "store", "--zone", zone, "--primary",
                      f"127.0.0.1@{port}", "--output-dir", self.out]
        if key:
            path = folder / "cron.key"
            path.write_text(key.bind_text(), encoding="ascii")
            path.chmod(0o600)
            self.words += ["--key-file", path]

    def run(self, *more):
        return crontab(*self.words, *more)

    def files(self):
        """Path -> (time, content) of all that a sync may touch."""
        found = {}
        for folder in [self.folder / "store", self.out]:
            for path in folder.iterdir():
                found[path] = (path.stat().st_mtime_ns, path.read_bytes())
        return found

    def records(self):
        return contents.of_file(self.out / f"{self.zone.rstrip('.')}.zone", self.zone)


def silent(done):
    return done.returncode == 0 and done.stdout == "" and done.stderr == ""


@pytest.mark.parametrize("signed", [False, True])
def test_sync_fetches_writes_and_is_silent(tmp_path, primary, key, signed):
    cron = Cron(tmp_path, primary.port, key if signed else None)
    assert silent(cron.run())
    assert contents.difference(contents.of_file(primary.file, ZONE), cron.records()) == ""
    assert silent(cron.run()), "nothing is new"

    primary.put(version(2))
    primary.wait_for_serial(ZONE, 2)
    assert silent(cron.run())
    assert contents.difference(contents.of_file(primary.file, ZONE), cron.records()) == ""


def test_detailed_exitcode_says_what_changed(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    assert cron.run("--detailed-exitcode").returncode == 10
    assert cron.run("--detailed-exitcode").returncode == 0


def test_sync_goes_by_ixfr_and_says_so_when_asked(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    assert silent(cron.run())
    primary.put(version(2))
    primary.wait_for_serial(ZONE, 2)
    done = cron.run("-v")
    assert done.returncode == 0
    assert "] IXFR, incoming" in done.stderr


def test_a_lost_output_file_is_written_again(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    assert silent(cron.run())
    os.unlink(cron.out / "example.test.zone")
    assert silent(cron.run())
    assert cron.records()


def test_no_primary_is_1_with_the_reason(tmp_path):
    done = Cron(tmp_path, ports.free_port()).run()
    assert done.returncode == 1
    assert "example.test" in done.stderr
    assert "Traceback" not in done.stderr and "terminate" not in done.stderr


def test_many_zones_of_no_primary_are_each_told(tmp_path):
    names = [f"z{n}.test." for n in range(40)]
    done = Cron(tmp_path, ports.free_port()).run(*(word for name in names
                                                   for word in ("--zone", name)))
    assert done.returncode == 1
    assert [name for name in names if name not in done.stderr] == []
    assert "no primary answers" in done.stderr
    assert done.stderr.count("refused") < 40, "asked for each zone, though nobody is there"


def test_one_failed_zone_of_two_is_1_and_the_other_is_done(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    done = cron.run("--zone", "missing.test.")
    assert done.returncode == 1
    assert "missing.test" in done.stderr
    assert contents.difference(contents.of_file(primary.file, ZONE), cron.records()) == ""


def test_a_bad_transfer_is_1_and_keeps_what_is_there(tmp_path, running, key):
    rogue = running(RoguePrimary(ZONE, key).start()).publish(1)
    cron = Cron(tmp_path, rogue.port, key)
    assert silent(cron.run())
    before = cron.records()
    rogue.publish(2, fault="TSIG with a wrong secret")
    done = cron.run()
    assert done.returncode == 1
    assert key.secret not in done.stderr
    assert cron.records() == before
    rogue.publish(2)
    assert silent(cron.run())


def test_usage_errors_are_2(tmp_path):
    for words in (["sync", "--no-such-option"], ["sync", "--store", tmp_path / "s", "--zone", "a..b",
                                                 "--primary", "127.0.0.1"],
                  ["sync", "--store", tmp_path / "s", "--zone", "x.test", "--primary", "nowhere"],
                  ["sync", "-c", tmp_path / "missing.yaml"], ["nonsense"]):
        done = run_program("secondary", *words)
        assert done.returncode == 2, words
        assert done.stderr


def test_a_store_that_is_in_use_is_75(tmp_path, primary, running):
    daemon = Secondary(tmp_path / "daemon").use_remote("ns1", primary.port).follow(ZONE, ["ns1"])
    running(daemon).start()
    daemon.wait_for_serial(ZONE, 1)
    done = run_program("secondary", "sync", "--store", daemon.path("store"), "--zone", ZONE,
                       "--primary", f"127.0.0.1@{primary.port}")
    assert done.returncode == 75
    assert str(daemon.process.pid) in done.stderr, "it says who has the lock"
    assert daemon.serial(ZONE) == 1


def test_sync_with_a_configuration_file_shares_the_daemons_store(tmp_path, primary):
    daemon = Secondary(tmp_path / "daemon").use_remote("ns1", primary.port)
    daemon.follow(ZONE, ["ns1"], output=True)
    config = daemon.write_configuration()
    assert silent(run_program("secondary", "sync", "-c", config))
    assert silent(run_program("secondary", "sync", ZONE, "-c", config))
    assert run_program("secondary", "sync", "other.test", "-c", config).returncode == 2
    assert os.path.exists(daemon.output_file(ZONE))
    primary.stop()
    daemon.start()
    try:
        daemon.wait_for_serial(ZONE, 1)
        assert daemon.transfers() == []
    finally:
        daemon.stop()


# ---- what is said when it goes wrong

def test_a_failure_is_one_mail_that_says_all(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    assert silent(cron.run())
    primary.stop()
    done = cron.run()
    assert (done.returncode, done.stdout) == (1, "")
    for word in [os.uname().nodename, "1 of 1 zones", ZONE, "not in step", "since", "ago",
                 f"127.0.0.1@{primary.port}", "in service", "serial 1", "expires in", "to do",
                 f"dig @127.0.0.1 -p {primary.port} {ZONE} SOA"]:
        assert word in done.stderr, f"{word!r} is not in:\n{done.stderr}"
    assert done.stderr.count("\n") < 20


def test_a_wrong_key_says_what_to_compare_and_shows_no_secret(tmp_path, running, key):
    rogue = running(RoguePrimary(ZONE, key).start()).publish(1, fault="TSIG with a wrong secret")
    done = Cron(tmp_path, rogue.port, key).run()
    assert done.returncode == 1
    assert "compare the key on both sides" in done.stderr
    assert key.secret not in done.stderr


# ---- options

def test_a_dry_run_says_what_would_change_and_changes_nothing(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    done = cron.run("--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "example.test. would change: serial 1, new here" in done.stdout
    assert not os.path.exists(cron.folder / "store"), "not even the store's folder"
    assert cron.run("--dry-run", "--detailed-exitcode").returncode == 10

    assert silent(cron.run())
    before = cron.files()
    assert silent(cron.run("--dry-run", "--detailed-exitcode")), "nothing would change"
    assert "would stay as it is: serial 1" in cron.run("--dry-run", "-v").stdout
    primary.put(version(2))
    primary.wait_for_serial(ZONE, 2)
    done = cron.run("--dry-run", "--detailed-exitcode", "--textfile", tmp_path / "x.prom")
    assert done.returncode == 10
    assert "example.test. would change: serial 1 -> 2, from 127.0.0.1@" in done.stdout
    assert cron.files() == before
    primary.stop()
    done = cron.run("--dry-run")
    assert (done.returncode, done.stdout) == (1, "")
    assert "example.test. not in step" in done.stderr
    assert cron.files() == before


def test_a_dry_run_sees_a_lower_serial_as_a_sync_does(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    primary.put(version(5))
    primary.wait_for_serial(ZONE, 5)
    assert silent(cron.run())
    other = Primary(tmp_path / "other").serve_file(ZONE, version(4))
    other.start()
    try:
        other.wait_for_serial(ZONE, 4)
        for words in [["--dry-run"], []]:
            done = Cron(tmp_path, other.port).run(*words)
            assert done.returncode == 1
            assert "on-lower-serial" in done.stderr
    finally:
        other.stop()


def test_splay_waits_up_to_its_time(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    began = time.monotonic()
    assert silent(cron.run("--splay", "2s"))
    assert time.monotonic() - began < 15
    waits = []
    for _ in range(5):
        began = time.monotonic()
        assert silent(cron.run("--splay", "1s"))
        waits.append(time.monotonic() - began)
    assert max(waits) - min(waits) > 0.02, f"five times the same wait: {waits}"


def test_timeout_ends_it_with_the_reason(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf, socket.socket() as mute:
        port = ports.free_port()
        deaf.bind(("127.0.0.1", port))
        mute.bind(("127.0.0.1", port))
        mute.listen()
        cron = Cron(tmp_path, port)
        for words in [[], ["--dry-run"]]:
            began = time.monotonic()
            done = cron.run("--timeout", "1s", *words)
            assert 0.9 < time.monotonic() - began < 10
            assert done.returncode == 1
            assert "example.test. not in step: not done within 1 s" in done.stderr
            assert f"127.0.0.1@{port}" in done.stderr


def test_timeout_bounds_a_stalling_transfer(tmp_path, running, key):
    rogue = running(RoguePrimary(ZONE, key).start()).publish(1, fault="silence in the middle")
    began = time.monotonic()
    done = Cron(tmp_path, rogue.port, key).run("--timeout", "2s")
    assert 1.5 < time.monotonic() - began < 15
    assert done.returncode == 1
    assert "not done within 2 s" in done.stderr


def test_max_age_forgives_what_may_pass_until_it_is_old(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    assert silent(cron.run("--max-age", "1h"))
    primary.stop()
    assert silent(cron.run("--max-age", "1h")), "it was confirmed a moment ago"
    assert cron.run().returncode == 1, "without the option any failure is one"
    wait_for("a second passed", lambda: cron.run("--max-age", "1s").returncode == 1)
    done = cron.run("--max-age", "1s")
    assert "ago, when a primary last confirmed it" in done.stderr


def test_max_age_does_not_forgive_a_zone_that_never_came(tmp_path):
    done = Cron(tmp_path, ports.free_port()).run("--max-age", "1d")
    assert done.returncode == 1
    assert "no primary has ever confirmed it" in done.stderr


def test_max_age_does_not_forgive_a_file_that_cannot_be_written(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    os.rmdir(cron.out)
    cron.out.write_text("a file where the folder should be", encoding="ascii")
    done = cron.run("--max-age", "1d")
    assert done.returncode == 1
    assert str(cron.out) in done.stderr


def metrics(path):
    """name{labels} -> value"""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def test_textfile_has_the_facts_after_success_and_failure(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    path = tmp_path / "twinzone.prom"
    assert silent(cron.run("--textfile", path))
    label = f'{{zone="{ZONE}"}}'
    seen = metrics(path)
    assert seen["twinzone_zone_serial" + label] == 1
    assert seen["twinzone_sync_success" + label] == 1
    assert seen["twinzone_sync_changed" + label] == 1
    assert 0 < seen["twinzone_sync_duration_seconds" + label] < 60
    confirmed = seen["twinzone_zone_last_success_timestamp_seconds" + label]
    assert abs(confirmed - time.time()) < 60
    assert seen["twinzone_zone_expire_timestamp_seconds" + label] > time.time()
    assert abs(seen["twinzone_sync_last_run_timestamp_seconds"] - time.time()) < 60
    assert os.stat(path).st_mode & 0o777 == 0o644
    text = path.read_text(encoding="utf-8")
    for name in {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[0] != "#"}:
        assert f"# TYPE {name} gauge" in text and f"# HELP {name} " in text

    primary.stop()
    assert cron.run("--textfile", path).returncode == 1
    seen = metrics(path)
    assert seen["twinzone_sync_success" + label] == 0
    assert seen["twinzone_zone_serial" + label] == 1
    assert seen["twinzone_zone_last_success_timestamp_seconds" + label] == confirmed
    assert os.listdir(tmp_path).count("twinzone.prom.new") == 0


def test_a_textfile_that_cannot_be_written_is_1(tmp_path, primary):
    done = Cron(tmp_path, primary.port).run("--textfile", tmp_path / "nowhere" / "x.prom")
    assert done.returncode == 1
    assert "nowhere/x.prom" in done.stderr


# ---- one at a time, and what is cut short

def test_a_held_lock_is_75_and_one_line(tmp_path, primary):
    cron = Cron(tmp_path, primary.port)
    assert silent(cron.run())
    with open(cron.folder / "store" / "twinzone.lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in [[], ["--dry-run"]]:
            done = cron.run(*words)
            assert (done.returncode, done.stdout) == (75, "")
            assert done.stderr.count("\n") == 1 and "in use" in done.stderr
    assert silent(cron.run())


def test_two_at_once_are_one_and_75(tmp_path, running, key):
    rogue = running(RoguePrimary(ZONE, key).start()).publish(1, fault="silence in the middle")
    cron = Cron(tmp_path, rogue.port, key)
    first = subprocess.Popen([program("secondary"), *map(str, cron.words), "--timeout", "20s"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for("the first has the lock",
                 lambda: os.path.exists(cron.folder / "store" / "data.mdb"))
        done = cron.run()
        assert done.returncode == 75
        assert str(first.pid) in done.stderr, "it says who has the lock"
    finally:
        first.kill()
        first.communicate()


def test_it_is_correct_after_kill_9_half_way(tmp_path, primary):
    """Killed at any moment, the next line of the crontab mends it."""
    seed = int(os.environ.get("CRASH_SEED", "0")) or random.randrange(1, 10**6)
    print(f"CRASH_SEED={seed}")
    moments = random.Random(seed)
    cron = Cron(tmp_path, primary.port)
    killed = 0
    for serial in range(2, 32):
        primary.put(version(serial))
        primary.wait_for_serial(ZONE, serial)
        sync = subprocess.Popen([program("secondary"), *map(str, cron.words)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            sync.wait(moments.uniform(0.001, 0.06))
        except subprocess.TimeoutExpired:
            sync.send_signal(signal.SIGKILL)
            sync.wait()
            killed += 1
        if serial % 5 == 0:
            assert silent(cron.run()), "after a kill"
            assert contents.difference(contents.of_file(primary.file, ZONE), cron.records()) == ""
            assert os.listdir(cron.out) == ["example.test.zone"], "nothing is left behind"
    assert killed > 0


def test_what_a_guard_holds_is_4_however_young(tmp_path, primary, running):
    many = [f"n{i}.{ZONE} 60 IN A 192.0.2.1" for i in range(20)]
    primary.put(zone_texts.small(2, many))
    primary.wait_for_serial(ZONE, 2)
    guarded = Secondary(tmp_path / "ns2").use_remote("ns1", primary.port)
    guarded.follow(ZONE, ["ns1"], output=True, guard={})
    config = guarded.write_configuration()
    assert silent(crontab("sync", "-c", config))
    primary.put(zone_texts.small(3))
    primary.wait_for_serial(ZONE, 3)
    for more in [[], ["--max-age", "1d"]]:
        done = crontab("sync", "-c", config, *more)
        assert (done.returncode, done.stdout) == (4, "")
        for word in ["serial 3 is held", "in service  serial 2", "approve example.test."]:
            assert word in done.stderr
    primary.put(zone_texts.small(4, many))
    primary.wait_for_serial(ZONE, 4)
    assert silent(crontab("sync", "-c", config)), "mended on the primary"


# ---- beside a running daemon

@pytest.fixture
def daemon(tmp_path, primary, running):
    """It would not ask by itself during a test."""
    server = Secondary(tmp_path / "daemon").use_remote("ns1", primary.port)
    server.follow(ZONE, ["ns1"], output=True, refresh={"min": "1h"})
    running(server).start()
    server.wait_for_serial(ZONE, 1)
    return server


def beside(daemon, *words):
    return crontab("sync", "-c", daemon.path("twinzone.yaml"), *words)


def test_beside_a_daemon_the_daemon_does_it(tmp_path, primary, daemon):
    assert silent(beside(daemon, "--detailed-exitcode"))
    primary.put(version(2))
    primary.wait_for_serial(ZONE, 2)
    done = beside(daemon, "--dry-run", "--detailed-exitcode")
    assert done.returncode == 10 and "serial 1 -> 2" in done.stdout
    assert daemon.serial(ZONE) == 1
    path = tmp_path / "x.prom"
    done = beside(daemon, ZONE, "--detailed-exitcode", "--textfile", path)
    assert (done.returncode, done.stdout, done.stderr) == (10, "", "")
    assert daemon.serial(ZONE) == 2, "it waited until the version is served"
    assert metrics(path)[f'twinzone_zone_serial{{zone="{ZONE}"}}'] == 2


def test_beside_a_daemon_failures_are_told_as_ever(primary, daemon):
    primary.stop()
    done = beside(daemon)
    assert (done.returncode, done.stdout) == (1, "")
    for word in [ZONE, "not in step", "in service", "serial 1"]:
        assert word in done.stderr
    assert silent(beside(daemon, "--max-age", "1h"))
