"""`twinzone-secondary sync`: one truthful resync for cron. Silent when well, exit codes as agreed."""
import os

import pytest
from harness import contents, ports, zone_texts
from harness.programs import Primary, Secondary, run_program
from harness.rogue import RoguePrimary

ZONE = "example.test."


def version(serial):
    return zone_texts.small(serial, [f"v.{ZONE} 60 IN TXT \"{serial}\""])


@pytest.fixture
def primary(tmp_path, running, key):
    server = Primary(tmp_path / "ns1").use_key(key).serve_file(ZONE, version(1))
    running(server).start()
    server.wait_for_serial(ZONE, 1)
    return server


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
        return run_program("secondary", *self.words, *more)

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
