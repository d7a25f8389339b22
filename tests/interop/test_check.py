"""`check`: all errors at once, `--explain` and `--network`."""
import json
import socket

import pytest
from harness import ports, zone_texts
from harness.keys import Key
from harness.programs import Primary, Secondary, pair, run_program

ZONE = "example.test."


def checked(server, *words):
    return run_program(server.role, "check", "-c", server.write_configuration(), *words)


@pytest.fixture
def two(tmp_path, key):
    return pair(tmp_path, ZONE, zone_texts.small(1), key, output=True)


@pytest.fixture
def taken():
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


# ---- explain

def test_explain_tells_what_will_happen_on_the_primary(two, key):
    primary, secondary = two
    done = checked(primary, "--explain")
    assert done.returncode == 0, done.stderr
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines()
                if line.startswith("  "))
    assert done.stdout.startswith("example.test.\n")
    assert primary.file in told["source"]
    assert "rise" in told["serial"]
    assert told["told"].startswith(f"ns2 (127.0.0.1@{secondary.port}, signed with key {key.name}")
    assert told["transfer"] == "allowed to 127.0.0.1"
    assert "1000" in told["history"]


def test_explain_tells_what_will_happen_on_the_secondary(two, key):
    primary, secondary = two
    told = json.loads(checked(secondary, "--explain", "--json").stdout)["zones"]
    assert [zone["zone"] for zone in told] == [ZONE]
    assert told[0]["source"] == (
        f"AXFR and IXFR from ns1 (127.0.0.1@{primary.port}, signed with key {key.name})")
    assert secondary.output_file(ZONE) in told[0]["output"]
    assert "NOTIFY from 127.0.0.1" in told[0]["checks"]
    assert told[0]["told"] == "nobody" and told[0]["hooks"] == []


def test_explain_has_the_zones_of_folders(tmp_path):
    primary = Primary(tmp_path / "ns1")
    folder = tmp_path / "ns1" / "zones"
    folder.mkdir()
    for name in ("a.test", "b.test"):
        (folder / f"{name}.zone").write_text(zone_texts.small(1, zone=f"{name}."))
    done = checked(primary.serve_folder(str(folder)), "--explain")
    assert done.returncode == 0, done.stderr
    assert "a.test.\n" in done.stdout and "b.test.\n" in done.stdout


# ---- network

def test_network_asks_every_remote_with_its_key(two, running, key):
    primary, secondary = two
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    done = checked(secondary, "--network")
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert done.stdout.splitlines()[0] == (
        f"works  {ZONE} ns1 127.0.0.1@{primary.port}, key {key.name}: "
        "UDP: serial 1, TCP: serial 1")
    done = checked(primary, "--network", "--json")
    assert done.returncode == 0, (done.stdout, done.stderr)
    network = json.loads(done.stdout)["network"]
    assert [(p["remote"], p["transport"], p["works"], p["serial"]) for p in network] == [
        ("ns2", "UDP", True, 1), ("ns2", "TCP", True, 1)]


def test_network_tells_in_one_run_what_does_not_work(tmp_path, running, key):
    good = running(Primary(tmp_path / "good").use_key(key).serve_file(ZONE, zone_texts.small(1)))
    good.start()
    good.wait_for_serial(ZONE, 1)
    secondary = Secondary(tmp_path / "ns2")
    secondary.use_remote("good", good.port, key)
    secondary.use_remote("stranger", good.port, Key(name="other."))
    secondary.use_remote("away", ports.free_port())
    secondary.follow(ZONE, ["good", "stranger", "away"])
    secondary.follow("missing.test.", ["good"])
    done = checked(secondary, "--network")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(f"works  {ZONE} good ")
    assert lines[1].startswith(f"fails  {ZONE} stranger ") and "BADKEY" in lines[1].upper()
    assert lines[2].startswith(f"fails  {ZONE} away ")
    assert lines[3].startswith("fails  missing.test. good ") and "REFUSED" in lines[3]
    assert "6 of 8 questions" in done.stderr


def test_network_lets_a_secondary_not_have_the_zone_yet(tmp_path, running):
    other = running(Primary(tmp_path / "other").serve_file("other.test.",
                                                           zone_texts.small(1, zone="other.test.")))
    other.start()
    primary = Primary(tmp_path / "ns1").use_remote("ns2", other.port)
    done = checked(primary.serve_file(ZONE, zone_texts.small(1), notify=["ns2"]), "--network")
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "REFUSED" in done.stdout


# ---- this machine

def test_a_port_of_somebody_else_is_a_problem_and_one_of_our_daemon_is_none(two, running, taken):
    primary, _ = two
    running(primary).start()
    assert checked(primary).returncode == 0
    primary.stop()
    primary.configuration["server"]["listen"].append(f"127.0.0.1@{taken}")
    done = checked(primary)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1@{taken}: Address already in use" in done.stderr


def test_an_address_of_another_machine_is_a_remark(two):
    primary, _ = two
    primary.configuration["server"]["listen"].append("192.0.2.1@5300")
    done = checked(primary)
    assert done.returncode == 0
    assert "remark: cannot listen on 192.0.2.1@5300: " in done.stdout


def test_everything_that_is_wrong_is_told_in_one_run(two, taken):
    primary, secondary = two
    primary.configuration["server"]["listen"].append(f"127.0.0.1@{taken}")
    primary.configuration["control"]["group"] = "nobody-knows-it"
    primary.put("broken")
    done = checked(primary, "--explain", "--network", "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert not answer["ok"]
    for words in ("zone.db:1", f"127.0.0.1@{taken}", "there is no group 'nobody-knows-it'"):
        assert any(words in problem for problem in answer["problems"]), words
    assert answer["zones"] and not answer["network"][0]["works"]
    assert answer["network"][0]["address"] == f"127.0.0.1@{secondary.port}"
