"""Primaries that answer a transfer wrongly, one rule at a time and all at once: each has a zone of its
own at one secondary, which starts from serial 1 and is told of serial 10.

- a wrong IXFR is refused whole, for its reason, and one AXFR from the same primary follows at once;
- a wrong AXFR leaves serial 1 in service and its reason in `status`; once the primary is honest again,
  the zone comes into step by its own retry;
- an unusual but right answer is taken as it is.

`tests/conformance.md` says which requirement is shown by which of them.
"""
import dataclasses
import re
import struct
import typing

import pytest
from harness import contents, wire
from harness.keys import Key
from harness.programs import Secondary
from harness.rogue_faults import sign
from harness.scripted import CLOSE, Raw, ScriptedPrimary
from harness.waiting import wait_for

FIRST, NEXT = 1, 10
HOSTS = 120
CASES = {}


@dataclasses.dataclass
class Case:
    kind: str  # "IXFR", "AXFR": what is answered wrongly; "taken": what is right
    answer: typing.Callable
    reason: str
    signed: bool = True
    zone: str = ""
    taken_as: str = "IXFR"  # of "taken"


def case(name, kind, reason="", **options):
    def add(function):
        zone = f"z{len(CASES)}.faults.test."
        CASES[name] = Case(kind, function, reason, zone=zone, **options)
        return function
    return add


def both(name, reason, **options):
    """The same fault in the answer to IXFR, which is then the whole zone, and in that to AXFR."""
    def add(function):
        case(f"{name}_in_ixfr", "IXFR", reason, **options)(function)
        case(f"{name}_in_axfr", "AXFR", reason, **options)(function)
        return function
    return add


def lines(zone, serial):
    return ([f"h{n}.{zone} 60 A 192.0.2.{n}" for n in range(HOSTS)]
            + [f"v.{zone} 60 TXT \"{serial}\""])


def whole(ask):
    return [ask.soa(), *ask.records(), ask.soa()]


def chain(ask, *between):
    """A difference sequence from 1 to 10 with this in the place of its body."""
    return list(ask.messages([ask.soa(), *between, ask.soa()]))


def removed(ask):
    return wire.record(f"v.{ask.primary.zone} 60 TXT \"{FIRST}\"")


def added(ask, text=NEXT):
    return wire.record(f"v.{ask.primary.zone} 60 TXT \"{text}\"")


# ---- chains of differences

case("r06_differences_from_another_serial", "IXFR", "start at serial 7")(
    lambda ask: chain(ask, ask.soa(7), removed(ask), ask.soa(), added(ask)))
case("r06_differences_from_another_soa_of_our_serial", "IXFR", "SOA of serial 1 is not ours")(
    lambda ask: chain(ask, ask.soa(1, timers=(1, 1, 3601, 300)), removed(ask), ask.soa(), added(ask)))
case("r06_a_gap_between_differences", "IXFR", "gap between differences")(
    lambda ask: chain(ask, ask.soa(1), removed(ask), ask.soa(5), added(ask, 5),
                      ask.soa(6), added(ask, 5), ask.soa(), added(ask)))
case("r06_removal_of_a_record_that_is_not_there", "IXFR", "which is not here")(
    lambda ask: chain(ask, ask.soa(1), removed(ask), added(ask, "never"), ask.soa(), added(ask)))
case("r06_records_after_the_closing_soa", "IXFR", "after the closing SOA")(
    lambda ask: [ask.message([*ask_ixfr(ask), added(ask, "trailing")])])
case("r27_soa_of_another_owner_opens_the_additions", "IXFR", "SOA of another owner")(
    lambda ask: chain(ask, ask.soa(1), removed(ask), ask.soa(owner="sub." + ask.primary.zone),
                      added(ask)))
case("r27_removal_of_a_soa_below_the_apex", "IXFR", "SOA of another owner")(
    lambda ask: chain(ask, ask.soa(1), ask.soa(1, owner="sub." + ask.primary.zone), ask.soa()))
case("r28_the_same_serial_twice", "IXFR", "difference from serial 1 to 1")(
    lambda ask: chain(ask, ask.soa(1), removed(ask), ask.soa(1), added(ask)))
case("r46_a_difference_that_leads_nowhere", "IXFR", "difference from serial 1 to 1")(
    lambda ask: chain(ask, ask.soa(1), ask.soa(1), ask.soa(1), removed(ask), ask.soa(), added(ask)))
case("r53_differences_in_a_circle", "IXFR", "difference from serial 5 to 1")(
    lambda ask: chain(ask, ask.soa(1), removed(ask), ask.soa(5), added(ask, 5),
                      ask.soa(5), added(ask, 5), ask.soa(1), removed(ask)))
case("r53_differences_past_the_target", "IXFR", "passes the target")(
    lambda ask: chain(ask, ask.soa(1), removed(ask), ask.soa(20), added(ask)))


def ask_ixfr(ask):
    return [ask.soa(), ask.soa(1), removed(ask), ask.soa(), added(ask), ask.soa()]


@case("r39_servfail_after_the_first_difference", "IXFR", "SERVFAIL")
def _(ask):
    yield ask.message([ask.soa(), ask.soa(1), removed(ask), ask.soa(5), added(ask, 5)])
    yield ask.message([], rcode=2)


@case("r39_a_cut_after_the_first_of_two_differences", "IXFR", "closed|cut")
def _(ask):
    yield ask.message([ask.soa(), ask.soa(1), removed(ask), ask.soa(5), added(ask, 5), ask.soa(5)])
    yield CLOSE


# ---- what keeps an IXFR from beginning

for _name, _rcode in (("FORMERR", 1), ("SERVFAIL", 2), ("NOTIMP", 4), ("REFUSED", 5), ("NOTAUTH", 9)):
    case(f"r32_ixfr_answered_with_{_name.lower()}", "IXFR", _name)(
        lambda ask, rcode=_rcode: [ask.message([], rcode=rcode)])
case("r32_ixfr_closes_the_connection", "IXFR", "closed|cut")(lambda ask: [CLOSE])
case("r32_ixfr_answered_with_a_newer_soa_and_silence", "IXFR", "newer SOA and nothing more")(
    lambda ask: [ask.message([ask.soa()])])
case("r28_four_octets", "IXFR", "octets|short|header|malformed", signed=False)(
    lambda ask: [Raw(wire.framed(b"\0\0\0\0"))])


# ---- messages

@both("r38_another_id_in_the_second_message", r"\bID\b|not asked")
def _(ask):
    records = whole(ask)
    yield ask.message(records[:50])
    yield ask.message(records[50:], question=False, number=ask.query.id ^ 1)


@both("r38_another_name_in_the_second_question", "answers another question|not asked")
def _(ask):
    records = whole(ask)
    yield ask.message(records[:50])
    yield wire.message(ask.query.id, wire.QR | wire.AA,
                       [wire.question("other.test.", wire.AXFR)], records[50:])


@both("r38_another_type_in_the_question", "answers another question|not asked")
def _(ask):
    yield wire.message(ask.query.id, wire.QR | wire.AA, [wire.question(ask.primary.zone, 1)],
                       whole(ask))


@both("r28_a_question_of_another_class", "answers another question|class|not asked")
def _(ask):
    yield wire.message(ask.query.id, wire.QR | wire.AA,
                       [wire.question(ask.primary.zone, wire.AXFR, wire.CH)], whole(ask))


both("r16_truncated_over_tcp", "truncated")(
    lambda ask: [ask.message(whole(ask), flags=wire.QR | wire.AA | wire.TC)])
both("r45_a_message_without_records", "without records")(
    lambda ask: [ask.message([ask.soa(), *ask.records()]), ask.message([])])
both("r03_more_records_counted_than_there_are", "do not fit", signed=False)(
    lambda ask: [wire.message(ask.query.id, wire.QR | wire.AA, [ask.question()], whole(ask),
                              counts=[1, 65535, 0, 0])])
both("r03_fewer_records_counted_than_there_are", "octets", signed=False)(
    lambda ask: [wire.message(ask.query.id, wire.QR | wire.AA, [ask.question()], whole(ask),
                              counts=[1, HOSTS, 0, 0])])
both("r03_two_questions", "question")(
    lambda ask: [wire.message(ask.query.id, wire.QR | wire.AA, [ask.question()] * 2, whole(ask))])


# ---- names and rdata

def with_record(raw):
    def answer(ask):
        records = whole(ask)
        return [ask.message([*records[:2], raw(ask), *records[2:]])]
    return answer


def a_record(owner):
    return wire.raw_record(owner, 1, b"\xc0\0\2\1")


both("r47_a_name_that_points_to_itself", "name|pointer")(
    lambda ask: [ask.message([ask.soa(), looping(ask)])])


def looping(ask):
    at = 12 + len(ask.question()) + len(ask.soa())
    return a_record(struct.pack(">H", 0xC000 | at))


both("r47_a_name_that_points_forward", "name|pointer")(with_record(lambda ask: a_record(b"\xf0\0")))
both("r47_a_name_of_more_than_255_octets", "name|255|long")(
    with_record(lambda ask: a_record((b"\x3f" + b"x" * 63) * 4 + b"\0")))
both("r47_a_label_of_an_unknown_kind", "cut off|label")(with_record(lambda ask: a_record(b"\x41x\0")))
both("r47_rdata_that_ends_behind_the_message", "cut off")(
    with_record(lambda ask: wire.raw_record(ask.primary.zone, 16, b"\1x", length=60000)))
both("r47_a_name_that_ends_behind_its_rdata", "cut off")(
    with_record(lambda ask: wire.raw_record(ask.primary.zone, 2, b"\3ns1", length=4)
                + b"\4test\0"))
both("r48_an_address_of_three_octets", "rdata|A")(
    with_record(lambda ask: wire.raw_record("x." + ask.primary.zone, 1, b"\1\2\3")))
both("r28_a_soa_with_short_rdata", "SOA|rdata")(
    with_record(lambda ask: wire.raw_record(ask.primary.zone, wire.SOA, b"\0\0" + b"\0" * 8)))
both("r28_a_record_of_class_ch", "class")(
    with_record(lambda ask: wire.raw_record("x." + ask.primary.zone, 16, b"\1x", rdclass=wire.CH)))
for _rdtype in (41, 249, 250, 251, 252, 255):
    both(f"r28_a_record_of_type_{_rdtype}_which_no_zone_has", "type|OPT|TSIG")(
        with_record(lambda ask, rdtype=_rdtype: wire.raw_record(ask.primary.zone, rdtype, b"")))


# ---- the frame of a whole zone

both("r28_a_soa_in_the_middle", "SOA")(with_record(lambda ask: ask.soa(7)))
both("r27_a_soa_of_another_owner", "SOA of another owner")(
    with_record(lambda ask: ask.soa(owner="sub." + ask.primary.zone)))
both("r26_a_closing_soa_with_another_timer", "unlike the opening one")(
    lambda ask: [ask.message([ask.soa(), *ask.records(), ask.soa(timers=(1, 1, 3601, 300))])])
both("r41_a_closing_soa_that_is_newer", "zone changed during transfer")(
    lambda ask: [ask.message([ask.soa(), *ask.records(), ask.soa(NEXT + 1)])])
both("r26_no_opening_soa", "instead of the SOA")(lambda ask: [ask.message(whole(ask)[1:])])
both("r28_records_after_the_end", "after the closing SOA")(
    lambda ask: [ask.message([*whole(ask), added(ask, "trailing")])])


def cut(share):
    def answer(ask):
        octets = b"".join(wire.framed(m) for m in ask.messages(whole(ask), 10))
        yield Raw(octets[:int(len(octets) * share)])
        yield CLOSE
    return answer


for _percent in (0, 1, 50, 99):
    both(f"r26_cut_after_{_percent}_percent", "closed|cut", signed=False)(cut(_percent / 100))


@both("r26_the_end_of_the_stream_before_the_closing_soa", "closed|cut")
def _(ask):
    yield from ask.messages([ask.soa(), *ask.records()])
    yield CLOSE


# ---- right, if unusual

case("r45_one_record_a_message", "taken")(lambda ask: ask.messages(ask_ixfr(ask), 1))
case("r45_one_record_a_message_of_a_whole_zone", "taken", taken_as="AXFR-style IXFR")(
    lambda ask: ask.messages(whole(ask), 1))
case("r45_no_question_anywhere", "taken")(
    lambda ask: [ask.message(ask_ixfr(ask), question=False)])
case("r45_the_question_in_every_message", "taken", taken_as="AXFR-style IXFR")(
    lambda ask: [ask.message([r]) for r in whole(ask)])
case("r45_without_authority", "taken")(lambda ask: [ask.message(ask_ixfr(ask), flags=wire.QR)])


@case("r12_a_message_of_65535_octets", "taken", taken_as="AXFR-style IXFR", signed=False)
def _(ask):
    records = whole(ask)
    empty = wire.raw_record("big." + ask.primary.zone, 65400, b"")
    room = 65535 - len(ask.message(records)) - len(empty)
    yield ask.message([*records[:-1], wire.raw_record("big." + ask.primary.zone, 65400, b"x" * room),
                       records[-1]])


@case("r18_99_unsigned_messages_between_two_signed_ones", "taken", taken_as="AXFR-style IXFR")
def _(ask):
    fill = [wire.record(f"f{n}.{ask.primary.zone} 60 A 192.0.2.9") for n in range(300)]
    messages = list(ask.messages([*whole(ask)[:-1], *fill, ask.soa()], 1))
    assert len(messages) > 400
    context = None
    for number, octets in enumerate(messages):
        if number % 100 == 0 or number == len(messages) - 1:
            octets, context = sign(octets, ask.primary.key, ask.query, context, True)
        else:
            context.update(octets)
        yield Raw(wire.framed(octets))


@case("r48_unknown_types_and_odd_rdata", "taken", taken_as="AXFR-style IXFR")
def _(ask):
    zone, records = ask.primary.zone, whole(ask)
    odd = [wire.raw_record("odd." + zone, rdtype, rdata) for rdtype, rdata in (
        (64, b"\0\1\0\xff\xff\xff\xf5"), (65, b"\0\0\0"), (42, b"\0\1\x80\xff"), (65280, b""),
        (65280, b"\xff" * 300), (63, b"\0\0\0\1"), (29, b"\xff" * 3), (257, b"\0\xff"))]
    yield ask.message([*records[:-1], *odd, records[-1]])


# ---- the run

@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Every case's primary, and the secondary that has their first version and was told of the next."""
    key = Key()
    secondary = Secondary(tmp_path_factory.mktemp("faults") / "ns2")
    primaries = {}
    for name, row in CASES.items():
        primary = ScriptedPrimary(row.zone, key if row.signed else None)
        primaries[name] = primary.start().publish(FIRST, lines(row.zone, FIRST))
        secondary.use_remote(name, primary.port, primary.key)
        secondary.follow(row.zone, [name], retry={"min": "1s", "max": "1s"}, refresh={"min": "1h"})
    secondary.start()
    for row in CASES.values():
        secondary.wait_for_serial(row.zone, FIRST)
    secondary.before = {name: secondary.records(row.zone) for name, row in CASES.items()}
    for name, row in CASES.items():
        primary = primaries[name]
        primary.asked.clear()
        if row.kind == "AXFR":
            primary.spoil("IXFR", lambda ask: [ask.message([], rcode=5)])
            primary.spoil("AXFR", row.answer)
        else:
            primary.spoil("IXFR", row.answer)
        primary.publish(NEXT, lines(row.zone, NEXT))
        wait_for("the NOTIFY is answered", lambda p=primary: p.notify(secondary.port))
    yield secondary, primaries
    secondary.stop()
    for primary in primaries.values():
        primary.stop()


def of_kind(kind):
    return pytest.mark.parametrize("name", [n for n, row in CASES.items() if row.kind == kind])


def failures(secondary, zone):
    """What the log says of transfers that failed."""
    return re.findall(rf"\[{re.escape(zone)}\] (.*, failed.*)", secondary.process.log_text())


# Conformance: R32
@of_kind("IXFR")
def test_a_wrong_ixfr_is_followed_by_one_axfr(followed, name):
    secondary, primaries = followed
    row, primary = CASES[name], primaries[name]
    secondary.wait_until_current(row.zone, NEXT)
    assert contents.difference(primary.content(), secondary.records(row.zone)) == ""
    # Where a connection in use ends or carries what was not asked for, a new one is tried first.
    assert primary.transfers() in (["IXFR", "AXFR"], ["IXFR", "IXFR", "AXFR"])
    failed = failures(secondary, row.zone)
    assert len(failed) == 1 and re.search(row.reason, failed[0]), failed
    told = secondary.tool("why", row.zone).stdout
    assert re.search(row.reason, told) and "the same primary is asked for the whole zone" in told


# Conformance: R30
@of_kind("AXFR")
def test_a_wrong_axfr_changes_nothing_and_is_tried_again(followed, name):
    secondary, primaries = followed
    row, primary = CASES[name], primaries[name]
    status = secondary.wait_for_reason(row.zone, row.reason)
    assert status["serial"] == FIRST
    assert contents.difference(secondary.before[name], secondary.records(row.zone)) == ""
    primary.mend()  # nobody tells the secondary: R30
    secondary.wait_until_current(row.zone, NEXT)
    assert contents.difference(primary.content(), secondary.records(row.zone)) == ""
    assert not secondary.zone_status(row.zone)["reason"]


@of_kind("taken")
def test_an_unusual_answer_is_taken(followed, name):
    secondary, primaries = followed
    row, primary = CASES[name], primaries[name]
    secondary.wait_until_current(row.zone, NEXT)
    assert failures(secondary, row.zone) == []
    assert primary.transfers() == ["IXFR"]
    assert f"[{row.zone}] {row.taken_as}, incoming" in secondary.process.log_text()
    if not name.startswith(("r12", "r18", "r48")):
        assert contents.difference(primary.content(), secondary.records(row.zone)) == ""


def test_r10_no_connection_or_descriptor_is_left_behind(followed):
    secondary, primaries = followed
    for row in CASES.values():
        secondary.wait_until_current(row.zone, NEXT)
    mine = sum(len(primary.streams) for primary in primaries.values())
    wait_for("connections are closed", lambda: sum(
        len(primary.streams) for primary in primaries.values()) <= 5, limit=20)
    assert mine < len(CASES)
    assert secondary.process.open_files() < 60
