"""ZONEMD (RFC 8976): checked before a version is published, however it came, and made."""
import subprocess

import dns.rdatatype
import dns.zone
import pytest
from harness import contents, zone_texts
from harness.keys import Key
from harness.knot import Knot
from harness.programs import Primary, Secondary, pair
from harness.rogue import RoguePrimary
from harness.rogue_faults import FAULTS
from harness.waiting import wait_for

ZONE = "example.test."


def plain(serial, *hosts):
    """A zone that is checked each second."""
    return zone_texts.small(serial, [f"{host}.{ZONE} 60 IN A 192.0.2.7" for host in hosts],
                            refresh=1, retry=1)


def right(serial, *hosts, **how):
    return zone_texts.with_zonemd(plain(serial, *hosts), **how)


def wrong(serial, *hosts):
    return right(serial, *hosts, spoil=True)


def followed(tmp_path, running, key, text, mode, **settings):
    primary, secondary = pair(tmp_path, ZONE, text, key)
    secondary.configuration["templates"][0].update(zonemd=mode, **settings)
    running(primary).start()
    running(secondary).start()
    return primary, secondary


@pytest.mark.parametrize("algorithm", [1, 2])
def test_what_matches_is_published_by_axfr_and_ixfr(tmp_path, running, key, algorithm):
    primary, secondary = followed(tmp_path, running, key, right(1, "a", algorithm=algorithm),
                                  "require")
    secondary.wait_for_serial(ZONE, 1)
    primary.put(right(2, "a", "b", algorithm=algorithm))
    secondary.wait_until_current(ZONE, 2)
    assert [kind for kind, _, _ in secondary.transfers()] == ["AXFR", "IXFR"]
    why = secondary.tool("why", ZONE).stdout
    assert "the digest that the zone carries of itself (ZONEMD) is that of its content" in why
    assert contents.difference(primary.records(ZONE), secondary.records(ZONE)) == ""


def test_what_does_not_match_is_never_published(tmp_path, running, key):
    primary, secondary = followed(tmp_path, running, key, right(1, "a"), "verify")
    secondary.wait_for_serial(ZONE, 1)
    before = secondary.records(ZONE)
    primary.put(wrong(2, "a", "b"))
    status = secondary.wait_for_reason(ZONE, r"ZONEMD \(SHA-384\) says [0-9a-f]{16}.*the content")
    assert (status["state"], status["serial"]) == ("stale", 1)
    assert contents.difference(before, secondary.records(ZONE)) == ""
    why = secondary.tool("why", ZONE).stdout
    assert "the content is not what the zone's own ZONEMD or signatures say" in why
    # The differences first, then the whole zone: both are judged.
    log = secondary.process.log_text()
    assert "] IXFR, incoming" in log and "] AXFR, incoming" in log
    assert log.count("failed: ZONEMD (SHA-384) says") >= 2
    primary.put(right(3, "a", "b"))
    secondary.wait_until_current(ZONE, 3)


def test_a_first_version_that_does_not_match_is_not_published(tmp_path, running, key):
    primary, secondary = followed(tmp_path, running, key, wrong(1, "a"), "verify")
    status = secondary.wait_for_reason(ZONE, "ZONEMD")
    assert status["serial"] is None
    primary.put(right(2, "a"))
    secondary.wait_until_current(ZONE, 2)


def test_a_digest_of_another_serial_does_not_match(tmp_path, running, key):
    text = right(1, "a").replace("ZONEMD 1 ", "ZONEMD 2 ")
    _, secondary = followed(tmp_path, running, key, text, "verify")
    secondary.wait_for_reason(ZONE, "ZONEMD is of serial 2, the SOA has 1")


def test_without_a_zonemd_verify_lets_pass_and_require_does_not(tmp_path, running, key):
    primary, secondary = followed(tmp_path, running, key, plain(1, "a"), "verify")
    secondary.wait_until_current(ZONE, 1)
    secondary.configuration["templates"][0]["zonemd"] = "require"
    secondary.write_configuration()
    done = secondary.tool("reload")
    assert (done.returncode, done.stderr) == (0, "")
    primary.put(plain(2, "a", "b"))
    status = secondary.wait_for_reason(ZONE, "there is no ZONEMD, which is required")
    assert status["serial"] == 1
    primary.put(right(3, "a", "b"))
    secondary.wait_until_current(ZONE, 3)


@pytest.mark.parametrize("how", [{"algorithm": 240}, {"scheme": 240}])
def test_what_cannot_be_checked_passes_with_a_notice(tmp_path, running, key, how):
    primary, secondary = followed(tmp_path, running, key, right(1, "a", **how), "verify")
    secondary.wait_until_current(ZONE, 1)
    assert "ZONEMD, not checked, scheme or hash is not known here" in secondary.process.log_text()
    secondary.configuration["templates"][0]["zonemd"] = "require"
    secondary.write_configuration()
    assert secondary.tool("reload").returncode == 0
    primary.put(right(2, "b", **how))
    secondary.wait_for_reason(ZONE, "no ZONEMD is of a scheme and hash that is known here")


def leave_one_out(answer):
    """An IXFR that is well-formed and leads elsewhere: a record of the new version is missing."""
    if answer.query.question[0].rdtype != dns.rdatatype.IXFR:
        return
    rogue = answer.server
    old = answer.query.authority[0][0].serial
    zonemd = [rrset for rrset in answer.rrsets if rrset.rdtype == dns.rdatatype.ZONEMD]
    answer.rrsets = [rogue.soa(), rogue.soa(old), *rogue.was, rogue.soa(), *zonemd, rogue.soa()]


def rogue_lines(serial, *hosts):
    """The ZONEMD and hosts of what RoguePrimary serves, as it takes them."""
    lines = [f"{host}.{ZONE} 60 A 192.0.2.7" for host in hosts]
    body = [f"{ZONE} 3600 NS ns1.{ZONE}", f"ns1.{ZONE} 3600 A 192.0.2.1", *lines]
    soa = f"{ZONE} 3600 SOA ns1.{ZONE} hostmaster.{ZONE} {serial} 1 1 3600 300"
    text = zone_texts.with_zonemd("".join(f"{line}\n" for line in [soa, *body]))
    return [*lines, text.splitlines()[-1].replace(" IN ", " ")]


def test_an_ixfr_that_leads_elsewhere_is_mended_by_axfr(tmp_path, running, key):
    FAULTS["IXFR leaves one out"] = leave_one_out
    rogue = running(RoguePrimary(ZONE, key).start())
    rogue.publish(1, rogue_lines(1, "a"))
    secondary = Secondary(tmp_path / "ns2").use_remote("ns1", rogue.port, key)
    running(secondary.follow(ZONE, ["ns1"], zonemd="require")).start()
    secondary.wait_for_serial(ZONE, 1)
    rogue.was = [rrset for rrset in rogue._body() if rrset.rdtype == dns.rdatatype.ZONEMD]
    rogue.publish(2, rogue_lines(2, "a", "b"), fault="IXFR leaves one out")
    secondary.wait_until_current(ZONE, 2)
    assert rogue.transfers == ["AXFR", "IXFR", "AXFR"]
    log = secondary.process.log_text()
    assert "failed: ZONEMD (SHA-384) says" in log
    assert secondary.published() == [1, 2]


def test_a_relay_passes_nothing_on_that_does_not_match(tmp_path, running):
    upstream, relay = Primary(tmp_path / "up"), Primary(tmp_path / "relay")
    upstream.serve_file(ZONE, right(1, "a"))
    relay.use_remote("up", upstream.port)
    relay.relay(ZONE, ["up"], zonemd="verify", refresh={"min": "1s"}, retry={"min": "1s"})
    running(upstream).start()
    running(relay).start()
    relay.wait_for_serial(ZONE, 1)
    upstream.put(wrong(2, "a"))
    relay.wait_for_reason(ZONE, "ZONEMD")
    assert relay.serial(ZONE) == 1


def test_a_zone_file_that_does_not_match_is_refused(tmp_path, running):
    primary = Primary(tmp_path / "ns1")
    primary.serve_file(ZONE, right(1, "a"), zonemd="verify")
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    primary.put(wrong(2, "a"))
    status = primary.wait_for_reason(ZONE, r"zone.db: ZONEMD \(SHA-384\) says")
    assert (status["state"], status["serial"]) == ("failed", 1)
    mark = primary.process.log_mark()
    primary.put(right(2, "a", "b"))
    primary.wait_until_current(ZONE, 2)
    assert "published, serial 1 -> 2" in primary.process.log_text(mark)


def test_the_guard_comes_behind_the_check(tmp_path, running, key):
    hosts = [f"h{i}" for i in range(40)]
    primary, secondary = followed(tmp_path, running, key, right(1, *hosts), "require",
                                  guard={"max-delete": "50%", "min-records": 10})
    secondary.wait_for_serial(ZONE, 1)
    primary.put(right(2, "h1"))
    secondary.wait_for_state(ZONE, "held")
    assert secondary.tool("approve", ZONE).returncode == 0
    secondary.wait_until_current(ZONE, 2)


def test_a_large_zone_is_judged_too(tmp_path, running, key):
    """More than a bounded transaction takes."""
    hosts = [f"host-with-a-rather-long-name-{i:06}" for i in range(120_000)]
    primary, secondary = pair(tmp_path, ZONE, plain(1, *hosts), key, zonemd="generate")
    secondary.configuration["templates"][0]["zonemd"] = "require"
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1, limit=60)
    primary.configuration["templates"][0]["zonemd"] = "off"
    primary.write_configuration()
    assert primary.tool("reload").returncode == 0
    primary.put(plain(2, *hosts[1:]) + f"{ZONE} 3600 IN ZONEMD 2 1 1 {'ab' * 48}\n")
    secondary.wait_for_reason(ZONE, "ZONEMD", limit=60)
    assert secondary.serial(ZONE) == 1


# ---- generate


def judge(server, tmp_path):
    """What ldns, Knot DNS and dnspython say of what is served."""
    file = tmp_path / "judged.zone"
    done = server.tool("export", ZONE, "-o", str(file))
    assert done.returncode == 0, done.stderr
    for command in (["ldns-verify-zone", "-Z", file], ["kzonecheck", "-o", ZONE, file]):
        checked = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, check=False)
        assert checked.returncode == 0, f"{command[0]}: {checked.stdout}"
    dns.zone.from_file(str(file), ZONE, relativize=False).verify_digest()
    return file.read_text()


def generating(tmp_path, running, text, **settings):
    primary = Primary(tmp_path / "ns1")
    primary.use_key(Key())
    primary.serve_file(ZONE, text, zonemd="generate", **settings)
    running(primary).start()
    return primary


def test_one_is_made_for_each_version(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, plain(1, "a"), key, zonemd="generate")
    secondary.configuration["templates"][0]["zonemd"] = "require"
    running(primary).start()
    running(secondary).start()
    for serial in (1, 2, 3):
        if serial > 1:
            primary.put(plain(serial, *"abcdef"[:serial]))
        secondary.wait_until_current(ZONE, serial)
        for server in (primary, secondary):
            assert f"ZONEMD {serial} 1 1 " in " ".join(judge(server, tmp_path).split())
    assert [kind for kind, _, _ in secondary.transfers()] == ["AXFR", "IXFR", "IXFR"]
    assert "a ZONEMD was made for the new version" in primary.tool("why", ZONE).stdout


def test_knot_dns_verifies_what_was_made(tmp_path, running, key):
    """Knot DNS with zonemd-verify follows by AXFR and IXFR; it takes nothing that is wrong."""
    primary = generating(tmp_path, running, plain(1, "a"))
    knot = running(Knot(tmp_path / "knot"))
    knot.as_secondary(ZONE, primary.port, key, "    zonemd-verify: on\n")
    knot.wait_for_serial(ZONE, 1)
    primary.put(plain(2, "a", "b"))
    primary.wait_until_current(ZONE, 2)
    knot.wait_for_serial(ZONE, 2)
    assert contents.difference(primary.records(ZONE), knot.records(ZONE)) == ""


def test_one_in_the_file_is_replaced(tmp_path, running):
    primary = generating(tmp_path, running, wrong(1, "a"))
    primary.wait_until_current(ZONE, 1)
    assert judge(primary, tmp_path).count("ZONEMD") == 1


def test_what_has_not_changed_is_no_new_version(tmp_path, running):
    primary = generating(tmp_path, running, plain(1, "a"), serial_policy="increment")
    primary.wait_until_current(ZONE, 1)
    mark = primary.process.log_mark()
    primary.put(plain(1, "a") + "; a comment\n")
    wait_for("it was read", lambda: "read, nothing new" in primary.process.log_text(mark))
    primary.process.stop()
    primary.run(primary.process.command)
    primary.wait_until_up()
    primary.put(wrong(1, "a"))
    wait_for("it was read", lambda: primary.process.log_text(mark).count("read, nothing new") > 1)
    assert primary.serial(ZONE) == 1
    primary.put(plain(1, "a", "b"))
    primary.wait_until_current(ZONE, 2)
    judge(primary, tmp_path)


def test_it_has_the_serial_that_the_policy_chose(tmp_path, running):
    primary = generating(tmp_path, running, plain(1, "a"), serial_policy="unixtime")
    wait_for("it is served", lambda: (primary.serial(ZONE) or 0) > 1)
    assert f"ZONEMD {primary.serial(ZONE)} 1 1" in " ".join(judge(primary, tmp_path).split())


def test_a_folder_has_them_too(tmp_path, running):
    folder = tmp_path / "zones"
    folder.mkdir()
    primary = Primary(tmp_path / "ns1").serve_folder(str(folder))
    primary.configuration["templates"][0]["zonemd"] = "generate"
    (folder / "example.test.zone").write_text(plain(1, "a"))
    running(primary).start()
    primary.wait_until_current(ZONE, 1)
    judge(primary, tmp_path)


def test_a_signed_zone_is_refused(tmp_path, running):
    key = f"{ZONE} 3600 IN DNSKEY 257 3 13 {'A' * 86}==\n"
    primary = generating(tmp_path, running, plain(1, "a") + key)
    status = primary.wait_for_reason(ZONE, "the zone is signed: a ZONEMD that 'zonemd: generate'")
    assert status["state"] == "failed"


def test_a_held_version_with_one_is_approved(tmp_path, running):
    hosts = [f"h{i}" for i in range(40)]
    primary = generating(tmp_path, running, plain(1, *hosts),
                         guard={"max-delete": "50%", "min-records": 10})
    primary.wait_until_current(ZONE, 1)
    primary.put(plain(2, "h1"))
    primary.wait_for_state(ZONE, "held")
    mark = primary.process.log_mark()
    primary.put(plain(2, "h1") + "; the same\n")
    wait_for("it was read", lambda: "held already" in primary.process.log_text(mark))
    assert primary.tool("approve", ZONE).returncode == 0
    primary.wait_until_current(ZONE, 2)
    judge(primary, tmp_path)


def test_the_same_serial_with_one_is_new_content(tmp_path, running):
    """Where serials are kept by hand, `generate` needs a new one."""
    primary = Primary(tmp_path / "ns1")
    primary.serve_file(ZONE, plain(1, "a"))
    running(primary).start()
    primary.wait_until_current(ZONE, 1)
    primary.configuration["templates"][0]["zonemd"] = "generate"
    primary.write_configuration()
    assert primary.tool("reload").returncode == 0
    primary.wait_for_reason(ZONE, "serial is still 1")
    primary.put(plain(2, "a"))
    primary.wait_until_current(ZONE, 2)
    judge(primary, tmp_path)
