"""`dnssec: verify`: a signed version whose signatures do not hold is not published."""
import subprocess
import time

import pytest
from harness import contents, zone_texts
from harness.programs import Primary, pair
from harness.waiting import wait_for

ZONE = "example.test."
EXPIRE = 1209600  # of the zones made here


class Signer:
    """Keys in a folder, and zones signed with them by BIND's dnssec-signzone."""

    def __init__(self, folder, algorithm="ECDSAP256SHA256"):
        self.folder = folder
        folder.mkdir()
        for flags in ([], ["-f", "KSK"]):
            self.run("dnssec-keygen", "-a", algorithm, *flags, ZONE)

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}"
        return done.stdout

    def sign(self, text, begin=-3600, end=90 * 86400, options=()):
        """`begin`, `end`: seconds from now."""
        moments = [time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + at))
                   for at in (begin, end)]
        (self.folder / "plain.zone").write_text(text)
        self.run("dnssec-signzone", "-S", "-P", "-N", "keep", "-O", "full", "-s", moments[0],
                 "-e", moments[1], "-o", ZONE, "-f", "signed.zone", *options, "plain.zone")
        return (self.folder / "signed.zone").read_text()


def plain(serial, *hosts):
    lines = [f"{host}.{ZONE} 60 IN A 192.0.2.7" for host in hosts]
    cut = [f"child.{ZONE} 3600 IN NS ns.child.{ZONE}", f"ns.child.{ZONE} 60 IN A 192.0.2.8",
           f"signed.{ZONE} 3600 IN NS ns.child.{ZONE}",
           f"signed.{ZONE} 3600 IN DS 1 13 2 {'ab' * 32}",
           f"*.wild.{ZONE} 60 IN MX 10 Mail.Example.Test."]
    return zone_texts.small(serial, lines + cut, refresh=1, retry=1)


@pytest.fixture
def signer(tmp_path):
    return Signer(tmp_path / "signer")


def followed(tmp_path, running, key, text, **settings):
    primary, secondary = pair(tmp_path, ZONE, text, key)
    secondary.configuration["templates"][0].update(dnssec="verify", **settings)
    running(primary).start()
    running(secondary).start()
    return primary, secondary


@pytest.mark.parametrize("options", [(), ("-3", "aabbccdd"), ("-3", "-", "-A")])
def test_what_holds_is_published_by_axfr_and_ixfr(tmp_path, running, key, signer, options):
    primary, secondary = followed(tmp_path, running, key,
                                  signer.sign(plain(1, "a"), options=options))
    secondary.wait_until_current(ZONE, 1)
    primary.put(signer.sign(plain(2, "a", "b"), options=options))
    status = secondary.wait_until_current(ZONE, 2)
    assert not status["reason"]
    assert "every signature of the zone was verified" in secondary.tool("why", ZONE).stdout
    assert contents.difference(primary.records(ZONE), secondary.records(ZONE)) == ""


@pytest.mark.parametrize("algorithm", ["RSASHA256", "RSASHA512", "ECDSAP384SHA384", "ED25519"])
def test_algorithms(tmp_path, running, key, algorithm):
    signer = Signer(tmp_path / "signer", algorithm)
    _, secondary = followed(tmp_path, running, key, signer.sign(plain(1, "a")))
    secondary.wait_until_current(ZONE, 1)
    assert "DNSSEC, verified" in secondary.process.log_text()


def refused(tmp_path, running, key, signer, bad, pattern):
    """Version 2 is refused, and told why; version 3 is taken."""
    primary, secondary = followed(tmp_path, running, key, signer.sign(plain(1, "a")))
    secondary.wait_until_current(ZONE, 1)
    primary.put(bad)
    status = secondary.wait_for_reason(ZONE, pattern)
    assert (status["state"], status["serial"]) == ("stale", 1)
    assert secondary.serial(ZONE) == 1
    assert "ZONEMD or signatures" in secondary.tool("why", ZONE).stdout
    primary.put(signer.sign(plain(3, "a", "c")))
    secondary.wait_until_current(ZONE, 3)


def test_expired_signatures_are_refused(tmp_path, running, key, signer):
    bad = signer.sign(plain(2, "a"), begin=-7200, end=-3600)
    refused(tmp_path, running, key, signer, bad, "its signature expired at 20")


def test_signatures_of_the_future_are_refused(tmp_path, running, key, signer):
    bad = signer.sign(plain(2, "a"), begin=7200, end=86400)
    refused(tmp_path, running, key, signer, bad, "is not valid before 20")


def test_a_record_changed_after_signing_is_refused(tmp_path, running, key, signer):
    text = signer.sign(plain(2, "a"))
    assert "192.0.2.7" in text
    refused(tmp_path, running, key, signer, text.replace("192.0.2.7", "192.0.2.66"),
            "a.example.test. A: its signature does not hold")


def test_a_serial_raised_after_signing_is_refused(tmp_path, running, key, signer):
    text = signer.sign(plain(2, "a"))
    lines = text.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if " SOA\t" in line and "RRSIG" not in line)
    lines[at] = lines[at].replace(" 2 ", " 7 ")
    primary, secondary = followed(tmp_path, running, key, signer.sign(plain(1, "a")))
    secondary.wait_until_current(ZONE, 1)
    primary.put("".join(lines))
    secondary.wait_for_reason(ZONE, "example.test. SOA: its signature does not hold")


def test_a_record_that_is_not_signed_is_refused(tmp_path, running, key, signer):
    bad = signer.sign(plain(2, "a")) + f"a.{ZONE} 60 IN TXT \"forged\"\n"
    refused(tmp_path, running, key, signer, bad, "NSEC does not tell the types|no signature")


def test_a_name_that_is_not_in_the_chain_is_refused(tmp_path, running, key, signer):
    bad = signer.sign(plain(2, "a")) + f"forged.{ZONE} 60 IN A 192.0.2.9\n"
    refused(tmp_path, running, key, signer, bad, "no NSEC")


def test_keys_of_another_zone_are_refused(tmp_path, running, key, signer):
    other = Signer(tmp_path / "other")
    mine, theirs = signer.sign(plain(2, "a")), other.sign(plain(2, "a"))
    keys = [line for line in theirs.splitlines() if " DNSKEY\t" in line and "RRSIG" not in line]
    kept = [line for line in mine.splitlines() if " DNSKEY\t" not in line or "RRSIG" in line]
    refused(tmp_path, running, key, signer, "\n".join(kept + keys) + "\n",
            "which the zone has not|does not hold")


def test_a_zone_that_is_not_signed_passes(tmp_path, running, key):
    primary, secondary = followed(tmp_path, running, key, plain(1, "a"))
    secondary.wait_until_current(ZONE, 1)
    primary.put(plain(2, "a", "b"))
    secondary.wait_until_current(ZONE, 2)


def test_signatures_that_end_before_the_zone_would_are_told(tmp_path, running, key, signer):
    _, secondary = followed(tmp_path, running, key, signer.sign(plain(1, "a"), end=EXPIRE // 2))
    secondary.wait_until_current(ZONE, 1)
    status = secondary.wait_for_reason(ZONE, "the signature of .* ends at 20.*before the SOA's expire")
    assert status["state"] == "current"
    assert "signatures end soon" in secondary.process.log_text()


def test_a_zone_file_with_expired_signatures_is_refused(tmp_path, running, signer):
    primary = Primary(tmp_path / "ns1")
    primary.serve_file(ZONE, signer.sign(plain(1, "a")), dnssec="verify")
    running(primary).start()
    primary.wait_until_current(ZONE, 1)
    primary.put(signer.sign(plain(2, "a"), begin=-7200, end=-3600))
    status = primary.wait_for_reason(ZONE, "its signature expired at 20")
    assert (status["state"], status["serial"]) == ("failed", 1)
    mark = primary.process.log_mark()
    primary.put(signer.sign(plain(2, "a")))
    primary.wait_until_current(ZONE, 2)
    wait_for("it is told", lambda: "DNSSEC, verified" in primary.process.log_text(mark))


def test_with_a_signed_zonemd_both_are_judged(tmp_path, running, key, signer):
    """ldns-signzone makes a ZONEMD and signs it."""
    base = [path.stem for path in signer.folder.glob("K*.private")]
    (signer.folder / "plain.zone").write_text(plain(1, "a"))
    signer.run("ldns-signzone", "-z", "1:1", "-f", "signed.zone", "-o", ZONE, "plain.zone", *base)
    text = (signer.folder / "signed.zone").read_text()
    assert "ZONEMD" in text
    _, secondary = followed(tmp_path, running, key, text, zonemd="require")
    secondary.wait_until_current(ZONE, 1)
    log = secondary.process.log_text()
    assert "ZONEMD, right" in log and "DNSSEC, verified" in log
