"""What a secondary bears from primaries and strangers beside wrong transfers: NOTIFY that lies, floods or
comes at the wrong time, SOA answers that are none, primaries that never end, never begin or all lag.
`tests/conformance.md` says which requirement each test is for."""
import os
import re
import socket
import struct
import threading
import time

import dns.zone
import pytest
from harness import contents, wire
from harness.certificates import Authority
from harness.keys import Key
from harness.ports import free_port
from harness.programs import Secondary, run_program
from harness.rogue_faults import sign
from harness.scripted import Pause, Raw, ScriptedPrimary
from harness.waiting import wait_for
from harness.web import Web

ZONE = "example.test."
POLLED = {"refresh": {"min": "1s", "max": "1s"}, "retry": {"min": "1s", "max": "1s"}}
NOTIFIED = {"refresh": {"min": "1h"}, "retry": {"min": "1s", "max": "1s"}}


def lines(serial, count=20):
    return ([f"h{n}.{ZONE} 60 A 192.0.2.{n % 250}" for n in range(count)]
            + [f"v.{ZONE} 60 TXT \"{serial}\""])


@pytest.fixture
def primary(running):
    return running(ScriptedPrimary(ZONE).start().publish(1, lines(1)))


def follow(tmp_path, running, *primaries, name="ns2", limits=None, **settings):
    secondary = Secondary(tmp_path / name)
    for number, primary in enumerate(primaries):
        secondary.use_remote(f"p{number}", getattr(primary, "port", primary),
                             getattr(primary, "key", None))
    secondary.follow(ZONE, [f"p{n}" for n in range(len(primaries))], **settings)
    running(secondary.use_limits(**(limits or {}))).start()
    return secondary


def notify_message(zone=ZONE, questions=1, rdclass=wire.IN, rdtype=wire.SOA, number=7):
    return wire.message(number, 0x2400, [wire.question(zone, rdtype, rdclass)] * questions)


def sent(secondary, octets, tcp=False, source="127.0.0.1", limit=2):
    """The answer; None where there is none."""
    if tcp:
        with socket.create_connection((contents.LOOPBACK, secondary.port), limit,
                                      (source, 0)) as stream:
            contents.send_message(stream, octets)
            return contents.read_message(stream)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.settimeout(limit)
        sock.sendto(octets, (contents.LOOPBACK, secondary.port))
        try:
            return sock.recv(4096)
        except OSError:
            return None


def rcode_of(octets):
    return octets and octets[3] & 15


# ---- NOTIFY

def test_r60_a_notify_out_of_order_does_no_work(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    primary.publish(2, lines(2))
    asked = len(primary.asked)
    rows = [notify_message(questions=0), notify_message(questions=2), notify_message(questions=3),
            notify_message(rdclass=wire.CH), notify_message(rdclass=wire.ANY),
            notify_message(rdclass=254), notify_message(rdtype=1), notify_message(rdtype=wire.AXFR),
            wire.message(7, 0x2400, [wire.question(ZONE, wire.SOA)], counts=[1, 65535, 0, 0]),
            notify_message()[:-3]]
    for octets in rows:
        for tcp in (False, True):
            assert rcode_of(sent(secondary, octets, tcp)) not in (None, 0), octets
    for tcp in (False, True):  # a stranger, also over TCP
        assert rcode_of(sent(secondary, notify_message(), tcp, "127.0.0.60")) == 5
    assert len(primary.asked) == asked and secondary.serial(ZONE) == 1
    assert rcode_of(sent(secondary, notify_message(), tcp=True)) == 0
    secondary.wait_until_current(ZONE, 2)


def test_r60_a_flood_of_notifies_becomes_few_questions(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, limits={"notify_rate": 100}, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    asked = len(primary.asked)
    octets = notify_message()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((contents.LOOPBACK, secondary.port))
        for _ in range(20_000):
            sock.send(octets)
    primary.publish(2, lines(2))
    wait_for("a NOTIFY is heard again", lambda: primary.notify(secondary.port), limit=20)
    secondary.wait_until_current(ZONE, 2)
    assert len(primary.asked) - asked < 200
    assert secondary.process.log_text().count("NOTIFY") < 2000


def test_r61_a_notify_of_an_unknown_zone_is_notauth_and_no_work(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    asked = len(primary.asked)
    for zone in ("unknown.test.", "sub." + ZONE, "test.", ".", "x" * 63 + ".test."):
        for tcp in (False, True):
            assert rcode_of(sent(secondary, notify_message(zone), tcp)) == 9, zone
    assert len(primary.asked) == asked
    assert [zone["zone"] for zone in secondary.status()["zones"]] == [ZONE]


def test_r31_a_serial_that_is_announced_and_not_there_is_forgotten(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    asked = len(primary.asked)
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port, serial=99))
    secondary.process.wait_for_log("announced serial not found, forgotten")
    assert len(primary.asked) - asked <= 4
    assert "AXFR" not in primary.kinds(asked)
    primary.publish(2, lines(2))
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
    secondary.wait_until_current(ZONE, 2)


def test_r31_content_that_fails_is_tried_ever_more_seldom(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary,
                       **{**POLLED, "retry": {"min": "1s", "max": "1h"}, "refresh": {"min": "1h"}})
    secondary.wait_until_current(ZONE, 1)
    primary.publish(2, lines(2))
    for kind in ("IXFR", "AXFR"):
        primary.spoil(kind, lambda ask: [ask.message([ask.soa(), *ask.records(), ask.soa(9)])])
    asked = len(primary.asked)
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
    wait_for("it was tried three times", lambda: primary.transfers(asked).count("AXFR") >= 3, 30)
    moments = [ask.when for ask in primary.asked[asked:] if ask.kind == "AXFR"]
    pauses = [later - earlier for earlier, later in zip(moments, moments[1:])]
    assert min(pauses) > 0.9 and pauses[1] > 1.5 * pauses[0], pauses
    assert secondary.zone_status(ZONE)["next_refresh_in_seconds"] > 0


def test_r35_a_notify_during_a_transfer_is_not_lost(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    primary.publish(2, lines(2))
    gate, honest = threading.Event(), primary.answers["IXFR"]

    def slowly(ask):
        answer = list(honest(ask))  # of serial 2
        yield Pause(gate)
        yield from answer
    primary.spoil("IXFR", slowly)
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
    wait_for("the transfer runs", lambda: "IXFR" in primary.kinds())
    primary.publish(3, lines(3))
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
    gate.set()
    secondary.wait_until_current(ZONE, 3)  # though refresh is in an hour


def test_r40_there_is_one_transfer_of_a_zone_at_a_time(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    primary.publish(2, lines(2))
    gate, at_work, most = threading.Event(), [], []

    def slowly(ask):
        at_work.append(ask)
        most.append(len(at_work))
        yield Pause(gate, 10)
        yield from ask.axfr()
        at_work.remove(ask)
    primary.spoil("IXFR", slowly).spoil("AXFR", slowly)
    for _ in range(20):
        primary.notify(secondary.port)
    orders = [threading.Thread(target=secondary.tool, args=(verb, ZONE))
              for verb in ("refresh", "retransfer", "refresh")]
    for order in orders:
        order.start()
    wait_for("a transfer runs", lambda: at_work)
    gate.set()
    for order in orders:
        order.join(30)
    secondary.wait_until_current(ZONE, 2)
    assert max(most) == 1


# ---- rounds over primaries

def test_r36_records_of_a_primary_that_failed_are_in_nobodys_zone(tmp_path, running):
    """The first primary breaks off after its records; the second has others."""
    bad = running(ScriptedPrimary(ZONE).start().publish(7, [f"bad{n}.{ZONE} 60 A 192.0.2.1"
                                                            for n in range(200)]))
    good = running(ScriptedPrimary(ZONE).start().publish(7, lines(7)))
    bad.spoil("AXFR", lambda ask: ask.messages([ask.soa(), *ask.records(), ask.soa(3)]))
    secondary = follow(tmp_path, running, bad, good, **NOTIFIED)
    secondary.wait_until_current(ZONE, 7)
    assert contents.difference(good.content(), secondary.records(ZONE)) == ""
    assert bad.transfers()


def test_r37_when_all_primaries_lag_each_is_asked_once_and_then_there_is_a_pause(tmp_path, running):
    primaries = [running(ScriptedPrimary(ZONE).start().publish(9, lines(9))) for _ in range(3)]
    secondary = follow(tmp_path, running, *primaries, **POLLED)
    secondary.wait_until_current(ZONE, 9)
    for primary in primaries:
        primary.publish(3, lines(3))
    marks = [len(primary.asked) for primary in primaries]
    began = time.monotonic()
    wait_for("several rounds", lambda: len(primaries[0].asked) - marks[0] >= 4, limit=30)
    took = time.monotonic() - began
    for primary, mark in zip(primaries, marks):
        assert len(primary.asked) - mark <= took / 0.8 + 2
        assert primary.transfers(mark) == []
    assert "serial 3, older than ours 9" in secondary.zone_status(ZONE)["reason"]


def test_r34_differences_are_asked_for_from_what_is_held_after_a_crash(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    for serial in range(2, 8):
        primary.publish(serial, lines(serial))
        primary.notify(secondary.port)
        if serial % 2:  # before, while or after it is taken
            secondary.kill()
            secondary.restart()
        secondary.wait_until_current(ZONE, serial)
    asked = [ask.serial for ask in primary.asked if ask.kind == "IXFR"]
    assert asked == sorted(asked) and primary.transfers().count("AXFR") == 1
    assert contents.difference(primary.content(), secondary.records(ZONE)) == ""


def test_r29_versions_in_quick_succession_are_all_right(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    for serial in range(2, 120):
        primary.publish(serial, lines(serial, 20 + serial % 7))
        primary.notify(secondary.port)
    wait_for("the last NOTIFY is heard", lambda: primary.notify(secondary.port))
    secondary.wait_until_current(ZONE, 119)
    assert contents.difference(primary.content(), secondary.records(ZONE)) == ""
    assert primary.transfers().count("AXFR") == 1
    assert len({kind for kind, _, _ in secondary.transfers()[1:]}) == 1


# ---- SOA answers

KEY = Key()
SOA_FAULTS = {
    "r16_unsigned": (KEY, lambda ask: [Raw(ask.message([ask.soa()]))], r"TSIG|sign"),
    "r19_signed_with_another_secret": (
        KEY, lambda ask: [Raw(sign(ask.message([ask.soa()]), Key(KEY.name, Key.random("x.").secret),
                                   ask.query)[0])], r"signature|MAC|BADSIG"),
    "r19_signed_an_hour_ago": (
        KEY, lambda ask: [Raw(sign(ask.message([ask.soa()]), KEY, ask.query, seconds_off=-3600)[0])],
        r"our clock"),
    "r16_truncated_and_unsigned": (
        KEY, lambda ask: [Raw(ask.message([], flags=wire.QR | wire.TC))], r"TSIG|sign"),
    "r28_four_octets": (None, lambda ask: [b"\0\0\0\0"], r"no answer|closed|octets|cut"),
    "r28_a_soa_of_another_owner": (
        None, lambda ask: [ask.message([ask.soa(owner="sub." + ZONE)])], "without a SOA record"),
    "r28_a_short_soa": (
        None, lambda ask: [ask.message([wire.raw_record(ZONE, wire.SOA, b"\0\0\0\0\0\1")])],
        r"SOA|rdata|record"),
    "r28_no_soa": (None, lambda ask: [ask.message([])], "without a SOA record"),
    "r03_too_many_records_counted": (
        None, lambda ask: [wire.message(ask.query.id, wire.QR | wire.AA, [ask.question()],
                                        [ask.soa()], counts=[1, 65535, 0, 0])], "do not fit"),
    "r38_another_id": (None, lambda ask: [ask.message([ask.soa()], number=ask.query.id ^ 1)],
                       "no answer"),
    "r38_another_question": (
        None, lambda ask: [wire.message(ask.query.id, wire.QR | wire.AA, [wire.question(ZONE, 1)],
                                        [ask.soa()])], "no answer"),
    "r61_refused": (None, lambda ask: [ask.message([], rcode=5)], "REFUSED"),
}


@pytest.fixture(scope="module")
def asked_for_soa(tmp_path_factory):
    """A secondary of one zone each, whose primaries answer every SOA check wrongly since serial 1."""
    secondary = Secondary(tmp_path_factory.mktemp("soa") / "ns2")
    primaries = {}
    for name, (key, fault, _) in SOA_FAULTS.items():
        primaries[name] = ScriptedPrimary(ZONE, key).start().publish(1, lines(1))
    # One zone name would do for one secondary only: each primary has its own.
    for number, (name, primary) in enumerate(primaries.items()):
        primary.zone = f"s{number}.{ZONE}"
        primary.publish(1, [f"a.{primary.zone} 60 A 192.0.2.1"])
        secondary.use_remote(name, primary.port, primary.key)
        secondary.follow(primary.zone, [name], **POLLED)
    secondary.start()
    for primary in primaries.values():
        secondary.wait_for_serial(primary.zone, 1)
    for name, primary in primaries.items():
        fault = SOA_FAULTS[name][1]
        primary.spoil("SOA", fault)
        primary.publish(2, [f"a.{primary.zone} 60 A 192.0.2.2"])
        primary.asked.clear()
    yield secondary, primaries
    secondary.stop()
    for primary in primaries.values():
        primary.stop()


@pytest.mark.parametrize("name", SOA_FAULTS)
def test_a_wrong_soa_answer_is_no_answer(asked_for_soa, name):
    secondary, primaries = asked_for_soa
    primary = primaries[name]
    secondary.wait_for_reason(primary.zone, SOA_FAULTS[name][2], limit=30)
    assert secondary.serial(primary.zone) == 1
    primary.mend()
    secondary.wait_for_serial(primary.zone, 2)


# ---- from TLS nothing falls back, names of primaries

def test_r22_a_primary_by_tls_is_never_asked_in_the_clear(tmp_path, running):
    heard = []
    listening = socket.create_server((contents.LOOPBACK, free_port()))

    def listen():
        while True:
            try:
                stream, _ = listening.accept()
            except OSError:
                return
            with stream:
                heard.append(stream.recv(4096))
    threading.Thread(target=listen, daemon=True).start()
    port = listening.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((contents.LOOPBACK, port))
        udp.setblocking(False)
        secondary = Secondary(tmp_path / "ns2")
        secondary.use_tls("ns1", ca=Authority(tmp_path).ca, server_name="ns1.test")
        secondary.use_remote("ns1", port, tls="ns1").follow(ZONE, ["ns1"], **POLLED)
        running(secondary).start()
        wait_for("it came three times", lambda: len(heard) >= 3, limit=30)
        with pytest.raises(BlockingIOError):
            udp.recv(100)
    assert all(octets[:1] == b"\x16" for octets in heard if octets), "something else than a hello"
    assert b"example" not in b"".join(heard)
    listening.close()


@pytest.mark.parametrize("address", ["ns1.example.net", "ns1.example.net@53", "localhost", "127.0.0.1.",
                                     "0x7f.1", ""])
def test_r25_a_primary_is_an_address_and_no_name(tmp_path, address):
    done = run_program("secondary", "check", "--store", tmp_path / "store", "--zone", ZONE,
                       "--listen", "127.0.0.1@5300", "--primary", address)
    assert done.returncode == 2 and "address" in done.stderr


# ---- content

def test_r42_what_came_by_ixfr_is_what_comes_by_axfr_to_the_octet(tmp_path, running, primary):
    one = follow(tmp_path, running, primary, name="ixfr", output=True, **NOTIFIED)
    one.wait_until_current(ZONE, 1)
    for serial in range(2, 9):
        nested = [f"a.b.c{serial}.{ZONE} 60 A 192.0.2.1", f"*.w{serial % 3}.{ZONE} 60 TXT \"x\""]
        primary.publish(serial, lines(serial, 10 + serial % 4) + nested)
        wait_for("the NOTIFY is answered", lambda: primary.notify(one.port))
        one.wait_until_current(ZONE, serial)
    other = follow(tmp_path, running, primary, name="axfr", output=True, **NOTIFIED)
    other.wait_until_current(ZONE, 8)
    assert {kind for kind, _, _ in one.transfers()} == {"AXFR", "IXFR"}
    assert [kind for kind, _, _ in other.transfers()] == ["AXFR"]
    assert one.zone_status(ZONE)["digest"] == other.zone_status(ZONE)["digest"]
    texts = []
    for server in (one, other):
        wait_for("the file is there", lambda s=server: os.path.exists(s.output_file(ZONE)))
        wait_for("it is the last version", lambda s=server: "\"8\"" in read(s.output_file(ZONE)))
        texts.append(read(server.output_file(ZONE)))
    assert texts[0] == texts[1]


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def test_r43_a_change_of_case_in_rdata_is_a_change(tmp_path, running, primary):
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    secondary.wait_until_current(ZONE, 1)
    for serial, text in ((2, "Mixed Case"), (3, "mixed case"), (4, "MIXED CASE")):
        primary.publish(serial, lines(1) + [f"t.{ZONE} 60 TXT \"{text}\""])
        wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
        secondary.wait_until_current(ZONE, serial)
        assert f"\"{text}\"" in secondary.tool("export", ZONE).stdout
        assert contents.difference(primary.content(), secondary.records(ZONE)) == ""
    assert primary.transfers() == ["AXFR", "IXFR", "IXFR", "IXFR"]


def test_r02_huge_rrsets_and_many_types_cost_in_proportion(tmp_path, running, primary):
    """60,000 addresses at one name, 60,000 types at another: loaded whole and changed by one record."""
    def version(serial):
        huge = [wire.raw_record(f"huge.{ZONE}", 1, struct.pack(">I", n)) for n in range(60_000)]
        types = [wire.raw_record(f"types.{ZONE}", 1000 + n, b"x") for n in range(60_000)
                 if 1000 + n != 32769]
        return huge + types + [wire.record(f"v.{ZONE} 60 TXT \"{serial}\"")]
    primary.spoil("AXFR", lambda ask: ask.messages(
        [ask.soa(), *ask.records(1)[:2], *version(ask.primary.serial), ask.soa()], 500))
    secondary = follow(tmp_path, running, primary, **NOTIFIED)
    began = time.monotonic()
    secondary.wait_until_current(ZONE, 1, limit=60)
    assert time.monotonic() - began < 45
    primary.publish(2, lines(2))
    primary.spoil("IXFR", lambda ask: [ask.message([
        ask.soa(), ask.soa(1), wire.raw_record(f"huge.{ZONE}", 1, struct.pack(">I", 30_000)),
        ask.soa(), wire.record(f"types.{ZONE} 60 A 192.0.2.1"), ask.soa()])])
    began = time.monotonic()
    wait_for("the NOTIFY is answered", lambda: primary.notify(secondary.port))
    secondary.wait_until_current(ZONE, 2)
    assert time.monotonic() - began < 10
    assert secondary.transfers()[-1] == ("IXFR", 1, 2)


@pytest.mark.parametrize("zone", [r"a\;b\"c.test.", r"\$x.test.", r"\@.test.", r"a\/b.test.",
                                  r"\.\.\/up.test.", "UPPER.test.", "x" * 63 + ".test.",
                                  r"\000\255.test."])
def test_r50_names_of_zones_stay_within_their_file(tmp_path, running, zone):
    primary = running(ScriptedPrimary(zone).start().publish(1, [f"a.{zone} 60 A 192.0.2.1"]))
    secondary = Secondary(tmp_path / "ns2").use_remote("a", primary.port)
    running(secondary.follow(zone, ["a"], output=True, **NOTIFIED)).start()
    wait_for("it is loaded", lambda: secondary.status()["zones"][0]["serial"] == 1)
    out = secondary.path("out")
    files = wait_for("its file is written", lambda: [f for f in os.listdir(out)
                                                     if f.endswith(".zone")])
    assert len(files) == 1 and re.fullmatch(r"[A-Za-z0-9_.%-]+\.zone", files[0])
    assert not files[0].startswith(".")
    text = read(os.path.join(out, files[0]))
    parsed = dns.zone.from_text(text, zone, relativize=False)
    assert len(list(parsed.iterate_rdatas())) == 4


# Conformance: R65
def test_r51_unknown_types_load_and_a_stale_zone_is_an_alarm_by_itself(tmp_path, running, primary):
    primary.timers = (1, 1, 3600, 300)
    primary.publish(1, lines(1) + [f"{ZONE} 60 TYPE63 \\# 54 00000001 0101 {'ab' * 48}",
                                   f"u.{ZONE} 60 TYPE65300 \\# 3 010203"])
    secondary = Secondary(tmp_path / "ns2").use_remote("a", primary.port)
    secondary.follow(ZONE, ["a"], **POLLED)
    web = Web(secondary)
    running(secondary).start()
    secondary.wait_until_current(ZONE, 1)
    assert web.ask("/readyz")[0] == 200
    last = web.metrics().value("twinzone_zone_last_success_timestamp_seconds", zone=ZONE)
    primary.stop()
    secondary.wait_for_state(ZONE, "stale", limit=30)
    wait_for("it is not ready", lambda: web.ask("/readyz")[0] == 503)
    assert ZONE in web.ask("/readyz")[2]
    assert web.metrics().value("twinzone_zones", state="stale") == 1
    wait_for("time goes on", lambda: time.time() - web.metrics().value(
        "twinzone_zone_last_success_timestamp_seconds", zone=ZONE) >= 3, limit=20)
    assert web.metrics().value("twinzone_zone_last_success_timestamp_seconds", zone=ZONE) >= last
    assert secondary.serial(ZONE) == 1
