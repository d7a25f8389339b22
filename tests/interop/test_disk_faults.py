"""Each call on the disk fails once, with ENOSPC, EIO and EDQUOT: the programs say so and go on, or
end with words; the store opens afterwards, and has every version that was acknowledged.

TWINZONE_LONG=1 tries every call with every error; the short form takes each call with one of them,
and of the daemons' every fifth."""
import errno
import os
import shutil
import subprocess

import pytest
from harness import zone_texts
from harness.programs import BUILD, Primary, Secondary, program
from harness.waiting import wait_for

ZONE = "example.test."
SHIM = os.path.join(BUILD, "tests", "disk", "libdisk_shim.so")
ERRORS = [errno.ENOSPC, errno.EIO, errno.EDQUOT]
LONG = bool(os.environ.get("TWINZONE_LONG"))


def text(serial):
    names = [f"h{n}.{ZONE} 60 IN TXT \"{serial} {'x' * 100}\"" for n in range(200)]
    return zone_texts.small(serial, names)


def watched(folder, **settings):
    """The environment of a process whose disk is watched."""
    env = {"LD_PRELOAD": SHIM, "TWINZONE_DISK_FOLDER": str(folder)}
    env.update({f"TWINZONE_DISK_{name.upper()}": str(value) for name, value in settings.items()})
    return env


def calls_in(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def faults(calls, step=1):
    """(number, what, error) of the calls that are to fail, one at a time."""
    chosen = []
    for number, call in enumerate(calls, 1):
        errors = ERRORS if LONG else [ERRORS[number % len(ERRORS)]]
        if LONG or number % step == 0:
            chosen += [(number, call, error) for error in errors]
    return chosen


def run_sync(secondary, *words, env=None):
    return subprocess.run(
        [program("secondary"), "sync", "-c", secondary.path("twinzone.yaml"), *words],
        env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=60, check=False)


@pytest.fixture
def synced(tmp_path, running, key):
    """A primary at version 2, and the folder of a secondary that has synced version 1."""
    primary = Primary(tmp_path / "ns1").use_key(key)
    primary.serve_file(ZONE, text(1))
    running(primary).start()
    secondary = Secondary(tmp_path / "ns2")
    secondary.use_remote("ns1", primary.port, key).follow(ZONE, ["ns1"], output=True)
    secondary.configuration["server"] = {"listen": []}
    secondary.write_configuration()
    done = run_sync(secondary)
    assert (done.returncode, done.stderr) == (0, ""), done
    primary.put(text(2))
    primary.wait_for_serial(ZONE, 2)
    shutil.copytree(secondary.folder, tmp_path / "before")
    return tmp_path, secondary


def put_back(tmp_path, secondary):
    shutil.rmtree(secondary.folder)
    shutil.copytree(tmp_path / "before", secondary.folder)


def test_every_call_of_sync_may_fail(synced):
    tmp_path, secondary = synced
    done = run_sync(secondary, env=watched(secondary.folder, calls=tmp_path / "calls"))
    assert done.returncode == 0, done
    calls = calls_in(tmp_path / "calls")
    kinds = {call.split()[0] for call in calls}
    assert {"open", "write", "sync", "rename", "mmap"} <= kinds, kinds
    outcomes = {}
    for number, call, error in faults(calls):
        put_back(tmp_path, secondary)
        where = f"call {number}, {call}: {errno.errorcode[error]}"
        done = run_sync(secondary, env=watched(secondary.folder, fail=f"{number}:{error}"))
        assert done.returncode in (0, 1, 2), (where, done)
        assert done.returncode == 0 or done.stderr.strip(), f"{where}: it failed without a word"
        # What it said it has, it has; what it has not, the next run brings.
        if done.returncode == 0:
            again = run_sync(secondary, "--dry-run", "--detailed-exitcode")
            assert again.returncode == 0, (where, again)
        again = run_sync(secondary)
        assert (again.returncode, again.stderr) == (0, ""), (where, again)
        with open(secondary.output_file(ZONE), encoding="utf-8") as file:
            assert "\"2 xxx" in file.read(), where
        assert not [name for name in os.listdir(secondary.path("store")) if "damaged" in name], where
        outcomes[done.returncode] = outcomes.get(done.returncode, 0) + 1
    print(f"{len(calls)} calls, {sum(outcomes.values())} faults, exit codes {outcomes}")


def start_under_fault(server, env):
    """Starts it; True where it serves, False where it ended by itself, with words."""
    mark = server.process.log_mark() if server.process else 0
    server.run([program(server.role), "serve", "-c", server.path("twinzone.yaml")], env=env)

    def settled():
        if not server.process.alive():
            return "ended"
        return server.tool("status", "--json").returncode == 0 and "serves"
    outcome = wait_for("it serves or ends", settled, 30, step=0.02)
    if outcome == "ended":
        assert server.process.popen.returncode in (1, 2), server.process.popen.returncode
        assert server.process.log_text(mark).strip(), "it ended without a word"
    return outcome == "serves"


def test_every_call_of_a_primary_may_fail(tmp_path, running):
    primary = Primary(tmp_path / "ns1")
    primary.serve_file(ZONE, text(1))
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    primary.stop()
    primary.put(text(2))
    shutil.copytree(primary.path("store"), tmp_path / "before")
    # The zone file is the operator's: its folder is watched, too.
    primary.run([program("primary"), "serve", "-c", primary.path("twinzone.yaml")],
                env=watched(primary.folder, calls=tmp_path / "calls"))
    primary.wait_until_up()
    primary.wait_for_serial(ZONE, 2)
    primary.stop()
    calls = calls_in(tmp_path / "calls")
    served = ended = 0
    for number, call, error in faults(calls, step=5):
        where = f"call {number}, {call}: {errno.errorcode[error]}"
        shutil.rmtree(primary.path("store"))
        shutil.copytree(tmp_path / "before", primary.path("store"))
        if start_under_fault(primary, watched(primary.folder, fail=f"{number}:{error}")):
            # It goes on: what the disk refused once is tried again.
            try:
                wait_for("the new version", lambda: primary.serial(ZONE) == 2, 20)
            except AssertionError as failed:
                failed.args = (f"{where}: {failed}\n{primary.process.log_text()[-2000:]}",)
                raise
            served += 1
        else:
            ended += 1
        primary.stop()
        primary.process = None
        primary.start()
        primary.wait_for_serial(ZONE, 2)
        primary.stop()
    assert served > 0
    print(f"{len(calls)} calls: with one failing it served {served} times, ended {ended} times")


def test_a_disk_that_stays_full_keeps_what_is_in_service(tmp_path, running, key):
    """From some call on nothing can be written any more: the version in service is served on, and
    status says why there is no other."""
    primary = Primary(tmp_path / "ns1").use_key(key)
    primary.serve_file(ZONE, text(1))
    running(primary).start()
    secondary = Secondary(tmp_path / "ns2")
    secondary.use_remote("ns1", primary.port, key).follow(ZONE, ["ns1"])
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    secondary.stop()
    secondary.process = None
    secondary.run([program("secondary"), "serve", "-c", secondary.path("twinzone.yaml")],
                  env=watched(secondary.folder, calls=tmp_path / "calls"))
    secondary.wait_until_up()
    secondary.stop()
    opening = len(calls_in(tmp_path / "calls"))
    primary.put(text(2))
    primary.wait_for_serial(ZONE, 2)
    secondary.process = None
    secondary.run([program("secondary"), "serve", "-c", secondary.path("twinzone.yaml")],
                  env=watched(secondary.folder, fail=f"{opening}+:{errno.ENOSPC}"))
    if secondary.process.alive():
        secondary.wait_until_up()
        assert secondary.serial(ZONE) == 1
        assert secondary.zone_status(ZONE)["serial"] == 1
        secondary.wait_for_reason(ZONE, "space|disk|full")
    secondary.kill()
    secondary.process = None
    secondary.start()
    secondary.wait_for_serial(ZONE, 2)


# Conformance: R57
def test_an_error_while_a_version_is_committed_is_got_over(tmp_path, running, key):
    """ns2 meets EIO at each call of a commit in turn; the version comes into service all the same,
    and ns3, which hears of it by NOTIFY alone, gets it."""
    primary, middle = Primary(tmp_path / "ns1").use_key(key), Secondary(tmp_path / "ns2")
    last = Secondary(tmp_path / "ns3")
    primary.use_remote("ns2", middle.port, key).serve_file(ZONE, text(1), notify=["ns2"])
    middle.use_remote("ns1", primary.port, key).use_remote("ns3", last.port, key)
    middle.follow(ZONE, ["ns1"], notify=["ns3"])
    last.use_remote("ns2", middle.port, key)
    last.follow(ZONE, ["ns2"], refresh={"min": "1h"}, retry={"min": "1h"})
    middle.write_configuration()
    serve = [program("secondary"), "serve", "-c", middle.path("twinzone.yaml")]
    running(primary).start()
    middle.run(serve, env=watched(middle.folder, calls=tmp_path / "calls"))
    running(middle).wait_until_up()
    middle.wait_for_serial(ZONE, 1)
    running(last).start()
    last.wait_for_serial(ZONE, 1)
    serial, step = 1, 0
    while step < (6 if LONG else 3):
        step, serial = step + 1, serial + 1
        middle.stop()
        os.remove(tmp_path / "calls")
        middle.run(serve, env=watched(middle.folder, calls=tmp_path / "calls"))
        middle.wait_until_up()
        opening = len(calls_in(tmp_path / "calls"))
        middle.stop()
        middle.run(serve, env=watched(middle.folder, fail=f"{opening + step}:{errno.EIO}"))
        middle.wait_until_up()
        primary.put(text(serial))
        for server in (primary, middle, last):
            server.wait_for_serial(ZONE, serial, limit=40)
    assert "Input/output error" in middle.process.log_text()


def test_power_loss_of_a_secondary(tmp_path, running, key):
    """The record of a daemon's disk, cut at any moment: see tests/disk."""
    primary = Primary(tmp_path / "ns1").use_key(key)
    secondary = Secondary(tmp_path / "ns2")
    primary.use_remote("ns2", secondary.port, key)
    primary.serve_file(ZONE, text(1), notify=["ns2"])
    running(primary).start()
    secondary.use_remote("ns1", primary.port, key).follow(ZONE, ["ns1"], output=True)
    secondary.write_configuration()
    record = tmp_path / "record"
    running(secondary)
    secondary.run([program("secondary"), "serve", "-c", secondary.path("twinzone.yaml")],
                  env=watched(secondary.folder, record=record))
    secondary.wait_until_up()
    for serial in range(2, 30):
        primary.put(text(serial))
        secondary.wait_for_serial(ZONE, serial)
    secondary.kill()
    states = "5000" if LONG else "300"
    done = subprocess.run([os.path.join(BUILD, "tests", "disk", "power_loss"), "--check", record,
                           states, "1"], stdout=subprocess.PIPE, text=True, timeout=300, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:]
