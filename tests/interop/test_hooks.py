"""Hooks: programs that are told what happened to a zone, with the new version and the difference in
files; a few at a time, within a time limit, without our secrets."""
import json
import os
import stat
import textwrap

import pytest
from harness import contents, zone_texts
from harness.programs import Primary, Secondary, pair, run_program
from harness.waiting import wait_for

ZONE = "example.test."


def text(serial, count=40):
    return zone_texts.small(serial, [f"h{i}.{ZONE} 60 IN A 192.0.2.{i + 1}" for i in range(count)],
                            refresh=1, retry=1)


class Hook:
    """A program that writes down how it was called: one JSON object a run."""

    def __init__(self, folder, tail=""):
        self.path = str(folder / "hook")
        self.notes = str(folder / "notes")
        with open(self.path, "w", encoding="ascii") as file:
            file.write(textwrap.dedent(f"""\
                #!/usr/bin/python3
                import json, os, sys, time
                def read(name):
                    path = os.environ.get(name, "")
                    return open(path).read() if path else None
                def mode(name):
                    path = os.environ.get(name, "")
                    return os.stat(os.path.dirname(path)).st_mode & 0o777 if path else None
                note = dict(os.environ, began=time.time(), argv=sys.argv[1:],
                            zone_file=read("TWINZONE_ZONE_FILE"), cwd=os.getcwd(),
                            diff_file=read("TWINZONE_DIFF_FILE"), mode=mode("TWINZONE_ZONE_FILE"),
                            pid=os.getpid())
                with open({self.notes!r}, "a") as out:
                    out.write(json.dumps(note) + "\\n")
                """) + textwrap.dedent(tail))
        os.chmod(self.path, 0o755)

    def runs(self, event=None):
        if not os.path.exists(self.notes):
            return []
        with open(self.notes, encoding="utf8") as file:
            notes = [json.loads(line) for line in file if line.endswith("\n")]
        return [note for note in notes if event in (None, note["TWINZONE_EVENT"])]

    def wait_for(self, event, count=1, limit=20):
        wait_for(f"{count} runs for {event}", lambda: len(self.runs(event)) >= count, limit)
        return self.runs(event)

    def on(self, *events, **settings):
        return {"on": list(events), "exec": [self.path, "a word", "%s"], **settings}


@pytest.fixture
def hook(tmp_path):
    return Hook(tmp_path)


def followed(tmp_path, running, key, **settings):
    primary, secondary = pair(tmp_path, ZONE, text(1), key)
    for name, value in settings.items():
        secondary.configuration["templates"][0][name] = value
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


def test_a_commit_is_told_with_its_files(tmp_path, running, key, hook):
    primary, secondary = followed(tmp_path, running, key, hooks=[hook.on("committed")])
    first = hook.wait_for("committed")[0]
    assert (first["TWINZONE_OLD_SERIAL"], first["TWINZONE_NEW_SERIAL"]) == ("", "1")
    assert first["diff_file"] is None
    primary.put(text(2, 41))
    run = hook.wait_for("committed", 2)[1]
    assert run["TWINZONE_ZONE"] == ZONE
    assert (run["TWINZONE_OLD_SERIAL"], run["TWINZONE_NEW_SERIAL"]) == ("1", "2")
    assert run["argv"] == ["a word", "%s"]
    (tmp_path / "told").write_text(run["zone_file"])
    assert contents.difference(contents.of_file(str(tmp_path / "told"), ZONE),
                               secondary.records(ZONE)) == ""
    changed = [line for line in run["diff_file"].splitlines() if " SOA\t" not in line
               and "\tSOA" not in line]
    assert any(line.startswith("+") and "192.0.2.41" in line for line in changed), run["diff_file"]
    assert not any(line.startswith("-") and "SOA" not in line
                   for line in run["diff_file"].splitlines())
    # Private while it is there, and gone afterwards.
    assert run["mode"] == stat.S_IRWXU
    wait_for("the files go", lambda: not os.path.exists(run["TWINZONE_ZONE_FILE"]))


def test_the_environment_is_only_what_is_documented(tmp_path, running, key, hook):
    os.environ["TWINZONE_TEST_SECRET"] = "s3cret"
    try:
        followed(tmp_path, running, key, hooks=[hook.on("committed")])
    finally:
        del os.environ["TWINZONE_TEST_SECRET"]
    run = hook.wait_for("committed")[0]
    known = {"PATH", "TWINZONE_ZONE", "TWINZONE_EVENT", "TWINZONE_OLD_SERIAL",
             "TWINZONE_NEW_SERIAL", "TWINZONE_REASON", "TWINZONE_ZONE_FILE", "TWINZONE_DIFF_FILE"}
    noted = {"began", "argv", "zone_file", "diff_file", "mode", "pid", "cwd"}
    added_by_python = {"LC_CTYPE"}
    assert set(run) - noted - added_by_python == known
    assert key.secret not in json.dumps(run)


def test_a_held_version_is_told_with_what_it_would_change(tmp_path, running, key, hook):
    primary, secondary = followed(tmp_path, running, key, guard={},
                                  hooks=[hook.on("held"), hook.on("committed")])
    hook.wait_for("committed")
    primary.put(text(2, 3))
    run = hook.wait_for("held")[0]
    assert (run["TWINZONE_OLD_SERIAL"], run["TWINZONE_NEW_SERIAL"]) == ("1", "2")
    assert "takes away 37 of 45 records" in run["TWINZONE_REASON"]
    removed = [line for line in run["diff_file"].splitlines()
               if line.startswith("-") and "SOA" not in line]
    assert len(removed) == 37
    (tmp_path / "told").write_text(run["zone_file"])
    assert contents.difference(contents.of_file(str(tmp_path / "told"), ZONE),
                               primary.records(ZONE)) == ""
    assert secondary.tool("approve", ZONE).returncode == 0
    last = hook.wait_for("committed", 2)[1]
    assert last["TWINZONE_NEW_SERIAL"] == "2"
    assert len(hook.runs("held")) == 1


def test_failure_is_told_once_until_all_is_well_again(tmp_path, running, key, hook):
    primary, secondary = followed(tmp_path, running, key, hooks=[hook.on("failed")])
    for count in (1, 2):
        primary.process.stop()
        run = hook.wait_for("failed", count)[-1]
        assert run["TWINZONE_OLD_SERIAL"] == "1" and run["TWINZONE_REASON"]
        assert run["TWINZONE_ZONE_FILE"] == ""
        mark = secondary.process.log_mark()
        wait_for("two more failures", lambda mark=mark:
                 secondary.process.log_text(mark).count("not refreshed") >= 2)
        assert len(hook.runs("failed")) == count
        primary.restart()
        secondary.wait_for_state(ZONE, "current")


def test_a_bad_zone_file_is_told(tmp_path, running, hook):
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, text(1), hooks=[hook.on("failed")])
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    primary.put(text(2) + "broken line\n")
    run = hook.wait_for("failed")[0]
    assert "zone.db:46" in run["TWINZONE_REASON"]


def test_a_hook_that_lasts_too_long_is_killed_with_all_it_started(tmp_path, running, key):
    hook = Hook(tmp_path, """
        import subprocess
        child = subprocess.Popen(["/bin/sleep", "1000"])
        with open(__file__ + ".child", "w") as out:
            out.write(str(child.pid))
        time.sleep(1000)
        """)
    primary, secondary = followed(tmp_path, running, key,
                                  hooks=[hook.on("committed", timeout="1s")])
    secondary.process.wait_for_log("no end in time")
    child = int(open(hook.path + ".child", encoding="ascii").read())
    wait_for("the child is gone", lambda: not is_alive(child))
    primary.put(text(2))
    secondary.wait_for_serial(ZONE, 2)
    hook.wait_for("committed", 2)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_a_failing_hook_prints_is_logged_in_bounds(tmp_path, running, key):
    hook = Hook(tmp_path, """
        print("what went wrong \\x1b[31m" + "x" * 100_000)
        sys.exit(7)
        """)
    _, secondary = followed(tmp_path, running, key, hooks=[hook.on("committed")])
    secondary.process.wait_for_log("exit code 7: what went wrong")
    line = next(line for line in secondary.process.log_text().splitlines() if "exit code 7" in line)
    assert len(line) < 4000
    assert "\x1b" not in line


def test_a_hook_that_is_not_there_is_told(tmp_path, running, key):
    _, secondary = followed(tmp_path, running, key,
                            hooks=[{"on": ["committed"], "exec": ["/nowhere/hook"]}])
    secondary.process.wait_for_log("hook /nowhere/hook for committed: not run")
    assert secondary.zone_status(ZONE)["state"] == "current"


def test_what_happens_meanwhile_is_told_in_one_run(tmp_path, running, key):
    gate = tmp_path / "gate"
    hook = Hook(tmp_path, f"""
        while not os.path.exists({str(gate)!r}):
            time.sleep(0.05)
        """)
    primary, secondary = followed(tmp_path, running, key, hooks=[hook.on("committed")])
    hook.wait_for("committed")  # it waits at the gate
    for serial in range(2, 7):
        primary.put(text(serial))
        secondary.wait_for_serial(ZONE, serial)
    gate.touch()
    last = hook.wait_for("committed", 2)[1]
    assert (last["TWINZONE_OLD_SERIAL"], last["TWINZONE_NEW_SERIAL"]) == ("1", "6")
    secondary.process.stop()
    assert len(hook.runs()) == 2


def test_only_some_hooks_run_at_once(tmp_path, running):
    hook = Hook(tmp_path, f"""
        folder = {str(tmp_path / "at-work")!r}
        os.makedirs(folder, exist_ok=True)
        mine = os.path.join(folder, str(os.getpid()))
        open(mine, "w").close()
        time.sleep(0.3)
        with open({str(tmp_path / "most")!r}, "a") as out:
            out.write(str(len(os.listdir(folder))) + "\\n")
        os.unlink(mine)
        """)
    primary = Primary(tmp_path / "ns1")
    for number in range(20):
        zone = f"z{number}.test."
        file = primary.path(f"z{number}.db")
        contents.put_file(file, zone_texts.small(1, zone=zone))
        primary.use_zone(zone, source={"file": file}, hooks=[hook.on("committed")])
    running(primary).start()
    runs = hook.wait_for("committed", 20, limit=60)
    assert {run["TWINZONE_ZONE"] for run in runs} == {f"z{number}.test." for number in range(20)}
    wait_for("all have ended", lambda: (tmp_path / "most").exists()
             and len((tmp_path / "most").read_text().split()) == 20, 30)
    assert max(int(n) for n in (tmp_path / "most").read_text().split()) <= 4


def test_sync_waits_for_its_hooks(tmp_path, running, hook):
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, text(1))
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    secondary = Secondary(tmp_path / "ns2").use_remote("ns1", primary.port)
    secondary.follow(ZONE, ["ns1"], guard={}, hooks=[hook.on("committed", "held")])
    file = secondary.write_configuration()
    assert run_program("secondary", "sync", "-c", file).returncode == 0
    assert len(hook.runs("committed")) == 1
    primary.put(text(2, 2))
    primary.wait_for_serial(ZONE, 2)
    assert run_program("secondary", "sync", "-c", file).returncode == 4
    assert len(hook.runs("held")) == 1
    assert not os.path.exists(os.path.join(secondary.path("store"), "hooks")) or \
        os.listdir(os.path.join(secondary.path("store"), "hooks")) == []
