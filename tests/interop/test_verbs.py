"""The verbs that show what a zone holds and held, against the built programs."""
import json
import os

import pytest
from harness import contents, zone_texts
from harness.programs import Primary, pair, run_program
from harness.waiting import wait_for

ZONE = "example.test."
# What each version adds to the small zone.
VERSIONS = {
    1: ["a.example.test. 300 IN A 192.0.2.10", "old.example.test. 300 IN TXT \"here since 1\""],
    2: ["a.example.test. 300 IN A 192.0.2.10", "b.example.test. 300 IN A 192.0.2.20"],
    3: ["a.example.test. 600 IN A 192.0.2.10", "b.example.test. 300 IN A 192.0.2.21"],
    5: ["a.example.test. 600 IN A 192.0.2.10", "b.example.test. 300 IN A 192.0.2.20",
        "old.example.test. 300 IN TXT \"here since 1\""],
}


def text_of(serial):
    return zone_texts.small(serial, VERSIONS[serial])


@pytest.fixture
def both(tmp_path, running, key):
    """A pair that has walked through all the versions."""
    primary, secondary = pair(tmp_path, ZONE, text_of(1), key)
    running(primary).start()
    running(secondary).start()
    for serial in VERSIONS:
        primary.put(text_of(serial))
        primary.wait_for_serial(ZONE, serial)
        secondary.wait_for_serial(ZONE, serial)
    return primary, secondary


def said(server, *words, code=0):
    done = server.tool(*words)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def records_in(text, tmp_path):
    path = tmp_path / "records"
    path.write_text(text, encoding="ascii")
    return contents.of_file(str(path), ZONE)


def changes_between(older, newer, tmp_path):
    before, after = (records_in(text_of(serial), tmp_path) for serial in (older, newer))
    return before - after, after - before


def lines_of(diff, sign, tmp_path):
    return records_in("".join(line[1:] + "\n" for line in diff.splitlines()
                              if line.startswith(sign)), tmp_path)


# ---- history

def test_history_lists_the_versions_newest_first(both):
    for server in both:
        versions = json.loads(said(server, "history", ZONE, "--json"))["versions"]
        assert [v["serial"] for v in versions] == [5, 3, 2, 1]
        assert [v["previous"] for v in versions] == [3, 2, 1, None]
        assert [(v["added"], v["removed"]) for v in versions] == [(2, 1), (2, 2), (1, 1),
                                                                  (None, None)]
        assert versions[0]["committed"].endswith("Z")
        table = said(server, "history", "example.test").splitlines()
        assert len(table) == 5 and "SERIAL" in table[0]
        assert table[1].split()[0] == "5" and "+2" in table[1] and "-1" in table[1]
    primary, secondary = both
    assert primary.file in said(primary, "history", ZONE)
    assert f"127.0.0.1@{primary.port}" in said(secondary, "history", ZONE)


# ---- export

def test_every_version_is_exported_as_it_was(both, tmp_path):
    for server in both:
        for serial in VERSIONS:
            exported = said(server, "export", ZONE, "--serial", serial)
            assert records_in(exported, tmp_path) == records_in(text_of(serial), tmp_path)
        assert said(server, "export", ZONE) == said(server, "export", ZONE, "--serial", 5)
        assert said(server, "export", ZONE).splitlines()[0].split()[3] == "SOA"


def test_an_export_is_put_in_its_place_whole_or_not_at_all(both, tmp_path):
    primary, _ = both
    folder = tmp_path / "exports"
    folder.mkdir()
    path = folder / "example.zone"
    assert said(primary, "export", ZONE, "-o", path) == ""
    assert contents.of_file(str(path), ZONE) == records_in(text_of(5), tmp_path)
    assert "not in the journal" in said(primary, "export", ZONE, "--serial", 4, "-o", path, code=1)
    assert contents.of_file(str(path), ZONE) == records_in(text_of(5), tmp_path)
    assert os.listdir(folder) == ["example.zone"]
    assert "cannot be written" in said(primary, "export", ZONE, "-o", tmp_path / "no" / "x", code=1)


def test_export_as_json(both):
    exported = json.loads(said(both[0], "export", ZONE, "--serial", 2, "--json"))
    assert (exported["zone"], exported["serial"]) == (ZONE, 2)
    assert len(exported["records"]) == 7


# ---- diff

@pytest.mark.parametrize("words, older, newer", [
    ([], 3, 5),
    (["--from", 1, "--to", 2], 1, 2),
    (["--from", 1, "--to", 5], 1, 5),
    (["--from", 2], 2, 5),
    (["--to", 3], 2, 3),
    (["--from", 5, "--to", 2], 5, 2),
])
def test_diff_shows_what_changed_in_presentation_form(both, tmp_path, words, older, newer):
    removed, added = changes_between(older, newer, tmp_path)
    for server in both:
        diff = said(server, "diff", ZONE, *words)
        assert lines_of(diff, "-", tmp_path) == removed
        assert lines_of(diff, "+", tmp_path) == added
        assert all(line[0] in "-+" for line in diff.splitlines())
        first, second = diff.splitlines()[:2]
        assert first.startswith("-") and second.startswith("+")
        assert " SOA " in first.replace("\t", " ") and " SOA " in second.replace("\t", " ")


def test_diff_counts_and_speaks_json(both):
    primary, _ = both
    stat = said(primary, "diff", ZONE, "--from", 2, "--to", 3, "--stat").splitlines()
    assert stat[0] == "example.test. 2 -> 3: -2 +2 records"
    assert stat[1].split() == ["A", "-2", "+2"]
    diff = json.loads(said(primary, "diff", ZONE, "--json"))
    assert (diff["from"], diff["to"], diff["removed"], diff["added"]) == (3, 5, 1, 2)
    assert not diff["equal"]
    assert [c["op"] for c in diff["changes"]].count("-") == 2  # the SOA is among them
    stat = json.loads(said(primary, "diff", ZONE, "--stat", "--json"))
    assert stat["types"] == {"A": {"removed": 1, "added": 1}, "TXT": {"removed": 0, "added": 1}}


def test_diff_says_so_where_nothing_differs(both):
    for words in (["--from", 3, "--to", 3], ["--from", 5], ["--file", both[0].file],
                  ["--server", f"127.0.0.1@{both[1].port}"]):
        assert said(both[0], "diff", ZONE, *words).startswith("; example.test. no difference")
        assert json.loads(said(both[0], "diff", ZONE, *words, "--json"))["equal"]
    stat = said(both[0], "diff", ZONE, "--from", 5, "--stat")
    assert "no difference" in stat


def test_diff_with_a_file_is_what_the_file_would_change(both, tmp_path):
    primary, _ = both
    file = tmp_path / "next.zone"
    file.write_text(text_of(2), encoding="ascii")
    removed, added = changes_between(5, 2, tmp_path)
    diff = said(primary, "diff", ZONE, "--file", file)
    assert lines_of(diff, "-", tmp_path) == removed
    assert lines_of(diff, "+", tmp_path) == added
    file.write_text(text_of(2) + "x.example.test. 300 IN A nowhere\n", encoding="ascii")
    assert f"{file}:8:" in said(primary, "diff", ZONE, "--file", file, code=1)
    assert "No such file" in said(primary, "diff", ZONE, "--file", tmp_path / "none", code=1)


def test_diff_with_a_server_asks_it_by_axfr(both, running, tmp_path):
    primary, _ = both
    other = running(Primary(tmp_path / "other").serve_file(ZONE, text_of(3))).start()
    other.wait_for_serial(ZONE, 3)
    removed, added = changes_between(5, 3, tmp_path)
    diff = said(primary, "diff", ZONE, "--server", f"127.0.0.1@{other.port}")
    assert lines_of(diff, "-", tmp_path) == removed
    assert lines_of(diff, "+", tmp_path) == added
    other.stop()
    error = said(primary, "diff", ZONE, "--server", f"127.0.0.1@{other.port}", code=1)
    assert f"AXFR from 127.0.0.1@{other.port}" in error


def test_diff_with_a_server_uses_the_key_it_is_configured_with(running, tmp_path, key):
    other = Primary(tmp_path / "other").use_key(key)
    other.serve_file(ZONE, text_of(3), allow_transfer=[{"key": key.name}])
    running(other).start()
    other.wait_for_serial(ZONE, 3)
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, text_of(2))
    running(primary.use_remote("other", other.port, key)).start()
    primary.wait_for_serial(ZONE, 2)
    assert "-a.example.test." in said(primary, "diff", ZONE, "--server", f"127.0.0.1@{other.port}")


# ---- what is wrong

@pytest.mark.parametrize("verb", ["history", "export", "diff"])
def test_zones_that_are_not_there_are_an_error(both, verb):
    assert "no zone other.test. here" in said(both[0], verb, "other.test", code=1)


def test_serials_that_the_journal_has_not_are_an_error(both):
    for words in (["export", ZONE, "--serial", 4], ["diff", ZONE, "--from", 4],
                  ["diff", ZONE, "--to", 4]):
        error = said(both[0], *words, code=1)
        assert "serial 4 of example.test. is not in the journal: it goes from 1 to 5" in error
    assert "has no version before 1" in said(both[0], "diff", ZONE, "--to", 1, code=1)


def test_a_zone_without_a_version_says_so(running, tmp_path):
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, "broken")
    running(primary).start()
    primary.wait_for_state(ZONE, "failed")
    for verb in ("history", "export", "diff"):
        assert "has no version yet" in said(primary, verb, ZONE, code=1)


@pytest.mark.parametrize("role", ["primary", "secondary"])
@pytest.mark.parametrize("words", [
    ["why", ZONE], ["history", ZONE], ["diff", ZONE], ["export", ZONE], ["freeze", ZONE],
    ["diff", ZONE, "--file", "/dev/null"], ["wait", ZONE, "--serial", "1"], ["notify", ZONE],
    ["reload"], ["thaw", ZONE], ["approve", ZONE], ["reject", ZONE]])
def test_every_verb_tells_that_no_daemon_runs(role, words, tmp_path):
    done = run_program(role, *words, "--control", tmp_path / "nobody.sock")
    assert done.returncode == 3
    assert done.stderr == (f"twinzone-{role}: no daemon is running at "
                           f"{tmp_path / 'nobody.sock'}\n")


def test_a_large_zone_is_exported_while_it_changes(running, tmp_path):
    """The answer comes in parts and shows one version, whatever is committed meanwhile."""
    many = [f"h{i}.example.test. 300 IN A 10.{i // 65536}.{i // 256 % 256}.{i % 256}"
            for i in range(60_000)]
    primary = Primary(tmp_path / "ns1").serve_file(ZONE, zone_texts.small(1, many))
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    primary.put(zone_texts.small(2, many[1:] + ["new.example.test. 300 IN A 192.0.2.9"]))
    primary.wait_for_serial(ZONE, 2)
    old = said(primary, "export", ZONE, "--serial", 1)
    assert len(old.splitlines()) == 60_005
    assert "h0.example.test." in old and "new.example.test." not in old
    diff = said(primary, "diff", ZONE)
    assert len(diff.splitlines()) == 4
    primary.put(zone_texts.small(3))
    wait_for("the small version is served", lambda: primary.zone_status(ZONE)["serial"] == 3)
    assert len(said(primary, "export", ZONE).splitlines()) == 5
