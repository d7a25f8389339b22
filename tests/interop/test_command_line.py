"""status, check, --help and --version of both programs."""
import itertools
import json
import os
import re
import subprocess

import pytest
from harness import contents, ports, zone_texts
from harness.programs import Primary, Secondary, pair, program, run_program
from harness.waiting import wait_for
from harness.web import Web

ZONE = "example.test."
ROLES = ["primary", "secondary"]
ZONE_FIELDS = {"zone", "serial", "digest", "records", "wire_bytes", "state", "reason", "source",
               "lag_seconds", "last_success", "expires_in_seconds", "next_refresh_in_seconds",
               "peers"}


@pytest.fixture
def both(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


@pytest.mark.parametrize("role", ROLES)
def test_help_names_every_verb_and_shows_examples(role):
    done = run_program(role, "--help")
    assert done.returncode == 0 and done.stderr == ""
    verbs = ["serve", "check", "status"] + (["sync"] if role == "secondary" else [])
    for word in [*verbs, "Examples", "--control", "--json", "Exit codes"]:
        assert word in done.stdout


@pytest.mark.parametrize("role", ROLES)
def test_version_is_one_line(role):
    done = run_program(role, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith(f"twinzone-{role} ") and done.stdout.count("\n") == 1


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("words", [[], ["fly"], ["serve", "--wings"], ["status", "a", "b", "c"]])
def test_wrong_usage_is_2(role, words):
    done = run_program(role, *words)
    assert done.returncode == 2
    assert done.stderr and not done.stdout


def test_status_json_has_the_agreed_fields(both):
    for server in both:
        status = server.status()
        assert status["role"] == server.role
        assert status["version"] and status["uptime_seconds"] >= 0
        zone = status["zones"][0]
        assert ZONE_FIELDS <= set(zone)
        assert (zone["zone"], zone["serial"], zone["state"]) == (ZONE, 1, "current")
        assert zone["records"] == 5
        assert len(zone["digest"]) == 32 and zone["wire_bytes"] > 0


def test_serial_and_digest_agree_and_the_primary_knows_its_peer(both):
    primary, secondary = both
    assert primary.zone_status(ZONE)["digest"] == secondary.zone_status(ZONE)["digest"]
    peer = wait_for("the primary has heard of ns2's serial", lambda: [
        p for p in primary.zone_status(ZONE)["peers"] if p["remote"] == "ns2" and p["serial"] == 1])
    assert peer[0]["last_contact"]


def test_status_table_and_its_exit_codes(both):
    primary, secondary = both
    for server in both:
        done = server.tool("status")
        assert done.returncode == 0
        assert "example.test" in done.stdout and "current" in done.stdout
        assert "\033[" not in done.stdout, "no colour without a terminal"
        assert server.tool("status", "--check").returncode == 0
        assert server.tool("status", "--stale").returncode == 0
        assert "\033[" in server.tool("status", "--color", "always").stdout
    primary.put("broken")
    primary.wait_for_state(ZONE, "failed")
    assert primary.tool("status", "--check").returncode == 1
    assert "failed" in primary.tool("status", "--stale").stdout
    assert secondary.tool("status", "--check").returncode == 0


def test_status_of_one_zone(both):
    primary, _ = both
    assert json.loads(primary.tool("status", "example.test", "--json").stdout)["zones"]
    assert primary.tool("status", "other.test").returncode not in (0, 3)


@pytest.mark.parametrize("role", ROLES)
def test_a_daemon_that_is_not_there_is_3(role, tmp_path):
    done = run_program(role, "status", "--control", tmp_path / "nobody.sock")
    assert done.returncode == 3
    assert str(tmp_path / "nobody.sock") in done.stderr


def test_a_second_daemon_on_one_store_is_75(both):
    primary, _ = both
    other = Primary(primary.folder + "-other").use_zone(ZONE, source={"file": primary.file})
    other.configuration["store"]["path"] = primary.path("store")
    done = run_program("primary", "serve", "-c", other.write_configuration())
    assert done.returncode == 75
    assert str(primary.process.pid) in done.stderr


# ---- check

def checked(role, text, folder):
    path = folder / "checked.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return run_program(role, "check", "-c", path)


def test_check_is_silent_about_a_good_configuration(tmp_path):
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, zone_texts.small(1))
    done = run_program("primary", "check", "-c", primary.write_configuration())
    assert (done.returncode, done.stderr) == (0, "")
    secondary = Secondary(tmp_path / "ns2").use_remote("ns1", 5300).follow(ZONE, ["ns1"])
    done = run_program("secondary", "check", "-c", secondary.write_configuration())
    assert (done.returncode, done.stderr) == (0, "")


def test_check_tells_all_errors_at_once_with_place_and_proposal(tmp_path):
    done = checked("primary", "version: 1\n"
                              "server: { lisen: [127.0.0.1@5300] }\n"
                              "store: { path: /tmp/x }\n"
                              "remotes: [ { name: ns2, addresses: [nowhere] } ]\n"
                              "zones: [ { zone: a..b } ]\n", tmp_path)
    assert done.returncode == 2
    for word in ["checked.yaml:2:", "listen", "^", "checked.yaml:4:", "checked.yaml:5:"]:
        assert word in done.stderr + done.stdout


@pytest.mark.parametrize("text, word", [
    ("version: 2\n", "version"),
    ("version: 1\nversion: 1\n", "version"),
    ("version: 1\ncatalogs: [ { frobnicate: 1 } ]\n", "frobnicate"),
    ("version: 1\nstore: { path: [a] }\n", "path"),
    ("version: 1\nlimits: { transfer-idle: 5 parsecs }\n", "transfer-idle"),
    ("\tversion: 1\n", "checked.yaml:1:"),
])
def test_check_refuses_what_it_does_not_know(tmp_path, text, word):
    done = checked("secondary", text, tmp_path)
    assert done.returncode == 2
    assert word in done.stderr + done.stdout


def test_check_finds_a_broken_zone_file(tmp_path):
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, "nothing good\n")
    done = run_program("primary", "check", "-c", primary.write_configuration())
    assert done.returncode in (1, 2)
    assert "zone.db:1:" in done.stderr + done.stdout


def test_no_secret_is_ever_shown(tmp_path, key, running):
    text = (f"version: 1\nkeys: [ {{ name: k., algorithm: hmac-sha257, secret: {key.secret} }} ]\n"
            f"remotes: [ {{ name: x, addresses: [\"{key.secret}\"] }} ]\n")
    done = checked("secondary", text, tmp_path)
    assert done.returncode == 2
    assert key.secret not in done.stderr + done.stdout
    primary = Primary(tmp_path / "ns1").use_key(key).serve_file(ZONE, zone_texts.small(1))
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    assert key.secret not in primary.process.log_text() + json.dumps(primary.status())


# ---- life

def test_programs_end_at_once_when_asked(both):
    for server in both:
        assert server.stop() == 0
        assert not os.path.exists(server.control_socket)


def test_flags_stand_for_a_configuration(tmp_path, running):
    """The form of the help text's examples, two programs and no file."""
    from harness.server import Server

    class Flags(Server):
        def serve(self, role, *words):
            from harness.programs import program
            return self.run([program(role), "serve", "--listen", f"127.0.0.1@{self.port}",
                             "--store", self.path("store"), "--control", self.path("sock"), *words])

    first, second = Flags(tmp_path / "ns1"), Flags(tmp_path / "ns2")
    path = first.write("zone.db", zone_texts.small(1))
    running(first).serve("primary", "--zone", f"example.test={path}", "--notify",
                         f"127.0.0.1@{second.port}", "--allow-transfer", "127.0.0.0/8")
    running(second).serve("secondary", "--zone", "example.test", "--primary",
                          f"127.0.0.1@{first.port}", "--output-dir", second.path("out"))
    second.wait_for_serial(ZONE, 1)
    first.write("zone.db", zone_texts.small(2))
    second.wait_for_serial(ZONE, 2)
    wait_for("the file is written",
             lambda: os.path.exists(second.path("out", "example.test.zone")))


def test_a_folder_and_a_web_page_by_flags(tmp_path, running):
    """Each file of the folder is a zone; the long forms of options do as the short ones."""
    web, folder = Web(Primary(tmp_path / "unused")), tmp_path / "zones"
    folder.mkdir()
    (folder / f"{ZONE}zone").write_text(zone_texts.small(7), encoding="ascii")
    server = running(Primary(tmp_path / "ns1"))
    server.run([program("primary"), "serve", "--zones-dir", str(folder), "--store", server.path("store"),
                "--listen", f"127.0.0.1@{server.port}", "--control", server.control_socket,
                "--web", f"127.0.0.1@{web.port}", "--allow-transfer", "127.0.0.0/8"])
    server.wait_for_serial(ZONE, 7)
    assert web.metrics().value("twinzone_zone_serial", zone=ZONE) == 7
    exported = server.path("exported.zone")
    assert server.tool("export", ZONE, "--output", exported).returncode == 0
    assert contents.difference(contents.of_file(exported, ZONE), server.records(ZONE)) == ""


def test_configuration_and_outputs_by_their_long_names(tmp_path):
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, zone_texts.small(1))
    done = run_program("primary", "check", "--config", primary.write_configuration())
    assert (done.returncode, done.stderr) == (0, "")
    for words, made in [(("key", "new", "k1."), "k1.key"), (("init", "bind"), "init")]:
        done = run_program("secondary", *words, "--output", tmp_path / made, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / made).exists()


def test_status_is_shown_again_while_it_is_watched(both):
    primary, _ = both
    watching = subprocess.Popen(
        [program("primary"), "status", "--watch", "--control", primary.control_socket],
        stdout=subprocess.PIPE, text=True)
    try:
        for serial in (1, 2):
            primary.put(zone_texts.small(serial))
            lines = itertools.islice(iter(watching.stdout.readline, ""), 100)
            assert any(re.fullmatch(rf"serial +{serial}\n", line) for line in lines)
    finally:
        watching.terminate()
        watching.communicate(timeout=10)


def test_a_port_that_is_taken_is_told_with_its_number(both, tmp_path):
    primary, _ = both
    other = Primary(tmp_path / "other").serve_file(ZONE, zone_texts.small(1))
    other.configuration["server"]["listen"] = [f"127.0.0.1@{primary.port}"]
    done = run_program("primary", "serve", "-c", other.write_configuration())
    assert done.returncode not in (0, 75)
    assert str(primary.port) in done.stderr
    assert ports.free_port() != primary.port
