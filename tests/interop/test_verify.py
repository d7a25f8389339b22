"""`verify`: the whole content against every primary and the server beside; and in the background."""
import json
import shutil

import pytest
from harness import contents, zone_texts
from harness.programs import Primary, Secondary, pair
from harness.waiting import wait_for

ZONE = "example.test."
HOST = "host.example.test. 300 IN A 192.0.2.7"


def in_step(tmp_path, running, key=None):
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1, [HOST]), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


@pytest.fixture
def both(tmp_path, running):
    """Without a key: with one, the digest that ns1 tells in its SOA answers would have a difference
    mended before anybody looks (test_healing)."""
    return in_step(tmp_path, running)


def said(server, *words, code=0):
    done = server.tool("verify", *words, limit=90)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


def forget_and_put(primary, text):
    """The primary comes back with another content under the serial that all know."""
    primary.stop()
    shutil.rmtree(primary.path("store"))
    primary.put(text)
    primary.start()
    primary.wait_for_serial(ZONE, 1)


@pytest.mark.parametrize("is_signed", [True, False])
def test_equal_contents_are_said_to_be_the_same(tmp_path, running, key, is_signed):
    primary, secondary = in_step(tmp_path, running, key if is_signed else None)
    line = f"example.test. 1: same as ns1 (127.0.0.1@{primary.port})\n"
    assert said(secondary) == line
    assert said(secondary, ZONE) == line
    answer = json.loads(said(secondary, "--json"))
    assert answer["ok"]
    assert answer["zones"] == [{
        "zone": ZONE, "serial": 1, "ok": True,
        "servers": [{"server": f"ns1 (127.0.0.1@{primary.port})", "role": "primary",
                     "result": "same", "serial": 1, "only_here": 0, "only_there": 0,
                     "differences": [], "why": ""}]}]


@pytest.mark.parametrize("other, lines", [
    ([], ["- host.example.test. 192.0.2.7"]),
    ([HOST, "more.example.test. 300 IN A 192.0.2.8"], ["+ more.example.test. 192.0.2.8"]),
    ([HOST.replace("300", "301")], ["- host.example.test. 192.0.2.7",
                                    "+ host.example.test. 192.0.2.7"]),
])
def test_a_difference_under_one_serial_is_shown(both, other, lines):
    primary, secondary = both
    forget_and_put(primary, zone_texts.small(1, other))
    shown = said(secondary, code=1).splitlines()
    assert f"differs from ns1 (127.0.0.1@{primary.port})" in shown[0]
    assert [f"{line.split()[0][0]} {line.split()[0][1:]} {line.split()[-1]}"
            for line in shown[1:]] == lines
    answer = json.loads(said(secondary, "--json", code=1))
    assert not answer["ok"] and answer["zones"][0]["servers"][0]["result"] == "differs"
    assert len(answer["zones"][0]["servers"][0]["differences"]) == len(lines)


def test_the_soa_counts_too(both):
    primary, secondary = both
    forget_and_put(primary, zone_texts.small(1, [HOST], retry=601))
    assert "differs from" in said(secondary, code=1)


def test_many_differences_are_shown_shortly(both):
    primary, secondary = both
    many = [f"h{i}.example.test. 300 IN A 192.0.2.1" for i in range(200)]
    forget_and_put(primary, zone_texts.small(1, [HOST] + many))
    shown = said(secondary, code=1).splitlines()
    assert "0 records only here, 200 records only there" in shown[0]
    assert len(shown) == 12 and shown[-1].strip() == "…"


def test_a_version_that_is_new_at_the_primary_is_fetched_first(tmp_path, running):
    """Nobody tells the secondary of it: a comparison right away would be of two versions."""
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    primary.serve_file(ZONE, zone_texts.small(1))
    secondary.use_remote("ns1", primary.port).follow(ZONE, ["ns1"], refresh={"min": "1h"})
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    primary.put(zone_texts.small(2, [HOST]))
    primary.wait_for_serial(ZONE, 2)
    assert said(secondary).startswith("example.test. 2: same as")
    assert contents.of_server(secondary.port, ZONE) == contents.of_server(primary.port, ZONE)


def test_a_primary_that_lags_and_one_that_is_away_are_told_apart(tmp_path, running):
    lagging, away = Primary(tmp_path / "lagging"), Primary(tmp_path / "away")
    leading = Primary(tmp_path / "leading").serve_file(ZONE, zone_texts.small(2, [HOST]))
    running(lagging.serve_file(ZONE, zone_texts.small(1))).start()
    running(leading).start()
    secondary = Secondary(tmp_path / "ns2")
    for name, primary in (("leading", leading), ("lagging", lagging), ("away", away)):
        secondary.use_remote(name, primary.port)
    running(secondary.follow(ZONE, ["leading", "lagging", "away"])).start()
    secondary.wait_for_serial(ZONE, 2)
    shown = said(secondary, code=1).splitlines()
    assert len(shown) == 3
    assert shown[0].startswith("example.test. 2: same as leading")
    assert shown[1].startswith("example.test. 2: lagging ") and shown[1].endswith("has serial 1")
    assert shown[2].startswith("example.test. 2: no answer from away")


@pytest.fixture
def beside(tmp_path, running):
    """verified(text, **settings): a secondary whose server beside it has `text`."""
    def make(text, **settings):
        primary = running(Primary(tmp_path / "ns1").serve_file(ZONE, zone_texts.small(1, [HOST])))
        server = running(Primary(tmp_path / "beside").serve_file(ZONE, text, **settings))
        primary.start()
        server.start()
        secondary = Secondary(tmp_path / "ns2").use_remote("ns1", primary.port)
        (tmp_path / "ns2" / "out").mkdir(exist_ok=True)
        secondary.follow(ZONE, ["ns1"], output={
            "mode": "file", "path": secondary.path("out", "%s.zone"),
            "verify": f"127.0.0.1@{server.port}"})
        running(secondary).start()
        secondary.wait_for_serial(ZONE, 1)
        return secondary, server
    return make


def test_the_server_beside_is_compared_as_well(beside):
    secondary, server = beside(zone_texts.small(1, [HOST]))
    shown = said(secondary).splitlines()
    assert shown[1] == f"example.test. 1: same as 127.0.0.1@{server.port}"


def test_a_server_beside_that_has_something_else_is_found(beside):
    secondary, server = beside(zone_texts.small(1, []))
    shown = said(secondary, code=1).splitlines()
    assert f"differs from 127.0.0.1@{server.port}: 1 record only here" in shown[1]


def test_a_server_beside_that_allows_no_axfr_is_no_failure(beside):
    secondary, server = beside(zone_texts.small(1, []), allow_transfer=[])
    shown = said(secondary).splitlines()
    assert shown[1] == (f"example.test. 1: 127.0.0.1@{server.port} allows no AXFR: "
                        "not compared")


def test_several_zones_are_told_one_by_one(tmp_path, running):
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    secondary.use_remote("ns1", primary.port)
    names = [f"z{i}.test." for i in range(30)]
    for name in names:
        file = primary.write(f"{name}db", zone_texts.small(1, zone=name))
        primary.use_zone(name, source={"file": file})
        secondary.follow(name, ["ns1"])
    running(primary).start()
    running(secondary).start()
    for name in names:
        secondary.wait_for_serial(name, 1)
    assert sorted(line.split()[0] for line in said(secondary).splitlines()) == sorted(names)
    assert len(json.loads(said(secondary, "--json"))["zones"]) == 30
    assert len(said(secondary, "z3.test", "z5.test").splitlines()) == 2
    primary.stop()
    done = secondary.tool("verify", "z3.test", "z5.test")
    assert done.returncode == 1
    assert "2 of 2 zones are not known to be the same" in done.stderr


def test_what_cannot_be_verified_is_said(both):
    done = both[1].tool("verify", "other.test")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no zone other.test. here" in done.stderr


def test_a_difference_under_one_serial_is_mended_in_the_background(tmp_path, running):
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    primary.serve_file(ZONE, zone_texts.small(1, [HOST]))
    secondary.use_remote("ns1", primary.port)
    secondary.follow(ZONE, ["ns1"], verify_interval="2s")
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    wait_for("a comparison in the background", lambda: "] verify, ns1 " in
             secondary.process.log_text())
    forget_and_put(primary, zone_texts.small(1, ["other.example.test. 300 IN A 192.0.2.9"]))
    wait_for("the secondary has what its primary has", lambda: (
        contents.of_server(secondary.port, ZONE) == contents.of_server(primary.port, ZONE)))
    log = secondary.process.log_text()
    assert "differs, serial 1, 1 records only here, 1 only there" in log
    assert log.count("mending by AXFR") == 1
    assert said(secondary).startswith("example.test. 1: same as")


def test_a_relay_is_mended_too(tmp_path, running):
    upstream, relay = Primary(tmp_path / "up"), Primary(tmp_path / "relay")
    upstream.serve_file(ZONE, zone_texts.small(1, [HOST]))
    relay.use_remote("up", upstream.port)
    relay.relay(ZONE, ["up"], verify_interval="1s")
    running(upstream).start()
    running(relay).start()
    relay.wait_for_serial(ZONE, 1)
    forget_and_put(upstream, zone_texts.small(1))
    wait_for("the relay has what is upstream", lambda: (
        contents.of_server(relay.port, ZONE) == contents.of_server(upstream.port, ZONE)))
    done = relay.tool("verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{ZONE} 1: same as ")
    assert upstream.tool("verify", ZONE).returncode == 1, "a file's zone has nobody to be compared with"
