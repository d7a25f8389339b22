"""Equal serial, different content: found at the next SOA check by the digest that our two programs
tell each other, and mended by one AXFR."""
import os
import shutil

import dns.edns
import dns.message
import dns.query
import pytest
from harness import contents, zone_texts
from harness.certificates import Authority
from harness.keys import Key
from harness.programs import Primary, Secondary
from harness.waiting import wait_for

ZONE = "example.test."
OPTION = 65313


def text(serial, *hosts):
    return zone_texts.small(serial, [f"{host}.{ZONE} 60 IN A 192.0.2.7" for host in hosts],
                            refresh=1, retry=1)


def forget_and_put(primary, content):
    """The primary with other content under its serial: it lost its store, and its file was edited."""
    primary.process.stop()
    shutil.rmtree(primary.path("store"))
    primary.put(content)
    primary.run(primary.process.command)
    primary.wait_until_up()


def serve(primary, content, key=None, **settings):
    if key:
        primary.use_key(key)
    rules = {"allow_transfer": [{"key": key.name}, {"address": ["127.0.0.1"]}]} if key else {}
    return primary.serve_file(ZONE, content, **rules, **settings)


def same_content(primary, secondary):
    return contents.of_server(secondary.port, ZONE) == contents.of_server(primary.port, ZONE)


def settled(secondary, checks=3):
    """So many SOA checks later."""
    mark = secondary.process.log_mark()
    wait_for("some SOA checks more",
             lambda: secondary.process.log_text(mark).count("SOA check, remote") >= checks)
    return secondary.process.log_text(mark)


@pytest.fixture
def both(tmp_path, running, key):
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    serve(primary, text(1, "a", "b"), key)
    secondary.use_remote("ns1", primary.port, key)
    secondary.follow(ZONE, ["ns1"])
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


def test_a_difference_under_one_serial_is_mended_by_one_axfr(both):
    primary, secondary = both
    forget_and_put(primary, text(1, "a", "c"))
    wait_for("the secondary has what its primary has", lambda: same_content(primary, secondary))
    log = secondary.process.log_text()
    assert log.count("SOA check, remote") and log.count("other content under the same serial") == 1
    assert [kind for kind, _, _ in secondary.transfers()] == ["AXFR", "AXFR"]
    why = secondary.tool("why", ZONE).stdout
    assert "the primary has other content under the serial that is held here" in why
    settled(secondary)
    assert len(secondary.transfers()) == 2
    assert secondary.zone_status(ZONE)["state"] == "current"
    assert secondary.zone_status(ZONE)["digest"] == primary.zone_status(ZONE)["digest"]


def test_it_is_mended_through_a_chain(tmp_path, running, key):
    """ns3 follows ns2: what ns2 mended, ns3 finds as well."""
    primary, middle, last = (Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2"),
                             Secondary(tmp_path / "ns3"))
    serve(primary, text(1, "a"), key)
    middle.use_remote("ns1", primary.port, key)
    middle.follow(ZONE, ["ns1"],
                  allow_transfer=[{"key": key.name}, {"address": ["127.0.0.1"]}])
    last.use_remote("ns2", middle.port, key).follow(ZONE, ["ns2"])
    for server in (primary, middle, last):
        running(server).start()
        server.wait_for_serial(ZONE, 1)
    forget_and_put(primary, text(1, "z"))
    wait_for("ns3 has what ns1 has", lambda: same_content(primary, last))


def test_it_is_found_over_tls_without_a_key(tmp_path, running):
    authority = Authority(tmp_path)
    own = authority.issue("ns1.test")
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    primary.use_tls("own", cert=own.cert, key=own.key).listen_tls("own")
    serve(primary, text(1, "a"))
    secondary.use_tls("ns1", ca=authority.ca, server_name="ns1.test")
    secondary.use_remote("ns1", primary.tls_port, tls="ns1").follow(ZONE, ["ns1"])
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    forget_and_put(primary, text(1, "b"))
    wait_for("the secondary has what its primary has", lambda: same_content(primary, secondary))


def test_without_a_key_nothing_is_asked_and_nothing_told(tmp_path, running):
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    serve(primary, text(1, "a"))
    secondary.use_remote("ns1", primary.port).follow(ZONE, ["ns1"])
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    forget_and_put(primary, text(1, "b"))
    settled(secondary)
    assert not same_content(primary, secondary)


def ask_digest(port, key=None):
    query = dns.message.make_query(ZONE, "SOA", use_edns=0,
                                   options=[dns.edns.GenericOption(OPTION, b"\x01")])
    if key:
        query.use_tsig(key.for_dnspython())
    answer = dns.query.udp(query, "127.0.0.1", port=port, timeout=5)
    return [option.data for option in answer.options if option.otype == OPTION]


def test_the_digest_is_told_to_those_who_may_have_the_zone(tmp_path, running, key):
    other = Key("other.")
    primary = Primary(tmp_path / "ns1")
    primary.use_key(other)
    serve(primary, text(1, "a"), key)
    primary.configuration["templates"][0]["allow-transfer"] = [{"key": key.name}]
    running(primary).start()
    primary.wait_until_current(ZONE, 1)
    digest = bytes.fromhex(primary.zone_status(ZONE)["digest"])
    assert ask_digest(primary.port, key) == [b"\x01" + digest]
    assert ask_digest(primary.port) == []
    assert ask_digest(primary.port, other) == []


def two_primaries(tmp_path, running, key, first, second):
    ns1, ns1b, ns2 = (Primary(tmp_path / "ns1"), Primary(tmp_path / "ns1b"),
                      Secondary(tmp_path / "ns2"))
    serve(ns1, first, key)
    serve(ns1b, second, key)
    ns2.use_remote("ns1", ns1.port, key).use_remote("ns1b", ns1b.port, key)
    ns2.follow(ZONE, ["ns1", "ns1b"])
    return running(ns1), running(ns1b), running(ns2)


def test_of_two_that_disagree_the_first_is_believed(tmp_path, running, key):
    ns1, ns1b, ns2 = two_primaries(tmp_path, running, key, text(1, "a"), text(1, "b"))
    for server in (ns1, ns1b, ns2):
        server.start()
    ns2.wait_for_serial(ZONE, 1)
    status = ns2.wait_for_reason(ZONE, "has other content under serial 1; ours is kept")
    assert status["state"] == "current"
    assert f"127.0.0.1@{ns1b.port}" in status["reason"]
    settled(ns2, 6)
    assert len(ns2.transfers()) == 1
    assert same_content(ns1, ns2)
    why = ns2.tool("why", ZONE).stdout
    assert "ours is kept" in why and f"127.0.0.1@{ns1.port} comes before it" in why


def test_who_comes_first_is_believed_when_it_is_back(tmp_path, running, key):
    ns1, ns1b, ns2 = two_primaries(tmp_path, running, key, text(1, "a"), text(1, "b"))
    ns1b.start()
    ns2.start()
    ns2.wait_for_serial(ZONE, 1)
    assert same_content(ns1b, ns2)
    ns1.start()
    wait_for("ns2 has what ns1 has", lambda: same_content(ns1, ns2), 60)
    settled(ns2, 6)
    assert same_content(ns1, ns2)
    assert len(ns2.transfers()) <= 3


def test_a_secondary_whose_own_store_went_astray_is_healed(both):
    """A secondary whose own content went astray: another zone's store put in its place."""
    primary, secondary = both
    secondary.process.stop()
    other = Primary(os.path.join(os.path.dirname(secondary.path("x")), "other"))
    other.serve_file(ZONE, text(1, "q"))
    other.start()
    other.wait_until_current(ZONE, 1)
    other.stop()
    shutil.rmtree(secondary.path("store"))
    shutil.copytree(other.path("store"), secondary.path("store"))
    secondary.run(secondary.process.command)
    secondary.wait_until_up()
    wait_for("the secondary has what its primary has", lambda: same_content(primary, secondary))
    assert "other content under the same serial" in secondary.process.log_text()
