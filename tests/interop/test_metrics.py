"""What /metrics, /livez and /readyz say, against what was done: a pair of our programs through
versions and an outage, and a primary that breaks rules."""
import base64
import http.client
import os
import re
import shutil
import subprocess
import time

import dns.message
import dns.query
import dns.tsig
import pytest
from conftest import ZONE
from harness import zone_texts
from harness.keys import Key
from harness.programs import Primary, Secondary, pair
from harness.rogue import RoguePrimary
from harness.waiting import wait_for
from harness.web import Web

NAMES = """twinzone_zone_serial twinzone_zone_lag_seconds twinzone_zone_records
    twinzone_zone_expire_timestamp_seconds twinzone_zone_last_success_timestamp_seconds
    twinzone_peer_serial twinzone_served_serial twinzone_transfers_total
    twinzone_transfer_bytes_total twinzone_transfer_duration_seconds twinzone_ixfr_fallbacks_total
    twinzone_notifies_total twinzone_soa_checks_total twinzone_tsig_errors_total
    twinzone_tls_errors_total twinzone_guard_holds_total twinzone_commit_seconds
    twinzone_loop_lag_seconds twinzone_store_bytes twinzone_build_info process_cpu_seconds_total
    process_resident_memory_bytes process_virtual_memory_bytes process_open_fds process_max_fds
    process_start_time_seconds""".split()


@pytest.fixture
def two(tmp_path, running, key):
    """A running pair that holds serial 1, and their web sides."""
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1), key)
    webs = Web(primary), Web(secondary)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary, *webs


def wait_for_value(web, expected, name, limit=20, **labels):
    wait_for(f"{name} {labels} is {expected}, not {web.metrics().value(name, **labels)}",
             lambda: web.metrics().value(name, **labels) == expected, limit)


def promtool(text):
    if not shutil.which("promtool"):
        pytest.skip("no promtool (Debian package prometheus)")
    return subprocess.run(["promtool", "check", "metrics"], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def test_every_metric_of_the_contract_is_there_and_promtool_is_content(two):
    for web in two[2:]:
        text = web.text("/metrics")
        for name in NAMES:
            assert re.search(rf"^# TYPE {name} (gauge|counter|histogram)$", text, re.M), name
        checked = promtool(text)
        assert checked.returncode == 0 and checked.stdout == "", checked.stdout


# Conformance: R65
def test_values_follow_versions_and_an_outage(two):
    primary, secondary, ns1, ns2 = two
    began = time.time()
    wait_for_value(ns1, 1, "twinzone_peer_serial", zone=ZONE, peer="ns2")
    primary.put(zone_texts.small(2, [f"www.{ZONE} 60 IN A 192.0.2.80"]))
    secondary.wait_for_serial(ZONE, 2)
    wait_for_value(ns1, 2, "twinzone_peer_serial", zone=ZONE, peer="ns2")
    wait_for_value(ns1, 0, "twinzone_zone_lag_seconds", zone=ZONE, peer="ns2")

    out, into = ns1.metrics(), ns2.metrics()
    for metrics in (out, into):
        assert metrics.value("twinzone_zone_serial", zone=ZONE) == 2
        assert metrics.value("twinzone_zone_records", zone=ZONE) == 6
        assert metrics.value("twinzone_build_info", version=primary.status()["version"]) == 1
        assert 0 < metrics.value("twinzone_store_bytes") <= 1 << 30
        assert 0 <= metrics.value("twinzone_loop_lag_seconds") < 10
        assert metrics.value("twinzone_zones", state="current") == 1
    for metrics, direction in ((out, "out"), (into, "in")):
        def count(result, kind, side=direction, of=metrics):
            return of.value("twinzone_transfers_total", direction=side, type=kind, result=result)
        assert count("finished", "ixfr") == 1
        assert count("finished", "axfr") == 1
        assert metrics.value("twinzone_transfer_duration_seconds_count") == 2
        assert metrics.value("twinzone_transfer_duration_seconds_bucket", le="+Inf") == 2
        for kind in ("axfr", "ixfr"):
            assert metrics.value("twinzone_transfer_bytes_total", direction=direction,
                                 type=kind) > 100
    # What one gave the other took.
    assert (out.value("twinzone_transfer_bytes_total", direction="out", type="ixfr")
            == into.value("twinzone_transfer_bytes_total", direction="in", type="ixfr"))
    assert out.value("twinzone_commit_seconds_count") >= 2
    assert into.value("twinzone_notifies_total", direction="in", result="accepted") >= 1
    assert out.value("twinzone_notifies_total", direction="out", result="answered") >= 1
    assert into.value("twinzone_zone_lag_seconds", zone=ZONE, peer="self") == 0
    assert began - 60 < into.value("twinzone_zone_last_success_timestamp_seconds",
                                   zone=ZONE) < time.time() + 5
    expires = into.value("twinzone_zone_expire_timestamp_seconds", zone=ZONE)
    assert abs(expires - time.time() - 1209600) < 120
    assert out.value("twinzone_zone_expire_timestamp_seconds", zone=ZONE) is None

    secondary.kill()
    primary.put(zone_texts.small(3))
    wait_for_value(ns1, 3, "twinzone_zone_serial", zone=ZONE)
    wait_for("the lag grows", lambda: ns1.metrics().value(
        "twinzone_zone_lag_seconds", zone=ZONE, peer="ns2") >= 2)
    assert ns1.metrics().value("twinzone_peer_serial", zone=ZONE, peer="ns2") == 2
    secondary.restart()
    wait_for_value(ns1, 0, "twinzone_zone_lag_seconds", zone=ZONE, peer="ns2", limit=40)
    assert ns1.metrics().value("twinzone_peer_serial", zone=ZONE, peer="ns2") == 3


def test_soa_checks_are_counted_by_what_they_found(tmp_path, running):
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1, refresh=1, retry=1))
    web = Web(secondary)
    running(primary).start()
    running(secondary).start()
    wait_for("checks find it current", lambda: web.metrics().value(
        "twinzone_soa_checks_total", result="current") >= 2)
    primary.kill()
    wait_for("checks fail", lambda: web.metrics().value(
        "twinzone_soa_checks_total", result="failed") >= 1)


def test_process_metrics_are_the_kernels(two):
    primary, _, ns1, _ = two
    metrics = ns1.metrics()
    pid = primary.process.pid
    assert abs(metrics.value("process_open_fds") - primary.process.open_files()) <= 5
    assert 0.2 < (metrics.value("process_resident_memory_bytes")
                  / primary.process.resident_bytes()) < 5
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    with open("/proc/stat", encoding="ascii") as file:
        boot = int(re.search(r"^btime (\d+)$", file.read(), re.M)[1])
    assert abs(metrics.value("process_start_time_seconds")
               - boot - ticks / os.sysconf("SC_CLK_TCK")) < 1
    assert metrics.value("process_cpu_seconds_total") > 0


def test_signatures_that_do_not_hold_are_counted(two, key):
    primary, _, ns1, _ = two
    query = dns.message.make_query(ZONE, "SOA")
    other = base64.b64encode(b"another secret, another secret..").decode()
    for secret, name, error in ((other, key.name, "badsig"),
                                (key.secret, "nobody.", "badkey")):
        query.use_tsig(dns.tsig.Key(name, secret, key.algorithm), keyname=name)
        try:
            dns.query.udp(query, "127.0.0.1", port=primary.port, timeout=5)
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.message.UnknownTSIGKey):
            pass
        wait_for_value(ns1, 1, "twinzone_tsig_errors_total", error=error)


def test_a_primary_that_breaks_rules_is_counted(tmp_path, running):
    key = Key()
    rogue = running(RoguePrimary(ZONE, key).start())
    rogue.publish(1, [f"a{n}.{ZONE} 60 A 192.0.2.{n}" for n in range(20)])
    secondary = Secondary(tmp_path / "ns2")
    secondary.use_remote("rogue", rogue.port, key)
    secondary.follow(ZONE, ["rogue"], retry={"min": "1s", "max": "2s"}, refresh={"min": "1h"})
    web = Web(secondary)
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    assert web.metrics().total("twinzone_transfers_total", result="failed") == 0

    rogue.publish(2, rogue.records, "SOA of another owner")
    wait_for("the NOTIFY is answered", lambda: rogue.notify(secondary.port))
    wait_for("the failures are counted", lambda: web.metrics().total(
        "twinzone_transfers_total", direction="in", result="failed") >= 2)
    metrics = web.metrics()
    assert metrics.total("twinzone_ixfr_fallbacks_total") >= 1
    assert metrics.value("twinzone_zone_serial", zone=ZONE) == 1

    rogue.publish(3, rogue.records, "TSIG with a wrong secret")
    wait_for("the signature is counted", lambda: web.metrics().value(
        "twinzone_tsig_errors_total", error="badsig") >= 1)
    rogue.publish(1, rogue.records)
    assert promtool(web.text("/metrics")).returncode == 0


# Conformance: R51, R65
def test_ready_is_who_has_every_zone(tmp_path, running):
    secondary = Secondary(tmp_path / "ns2")
    rogue = RoguePrimary(ZONE)  # does not listen yet
    secondary.use_remote("ns1", rogue.port).follow(ZONE, ["ns1"])
    web = Web(secondary)
    running(secondary).start()
    assert web.ask("/livez")[0] == 200
    status, headers, text = web.ask("/readyz")
    assert status == 503
    assert headers["content-type"].startswith("text/plain")
    assert [line.split(":")[0].split(" ")[0] for line in text.splitlines()] == [ZONE]
    wait_for("it says why", lambda: re.search(r"refused|unreachable|no answer|timeout",
                                              web.ask("/readyz")[2], re.I))
    running(rogue.start()).publish(1)
    wait_for("it is ready", lambda: web.ask("/readyz")[0] == 200)
    assert web.metrics().value("twinzone_zones", state="current") == 1


def test_a_version_that_the_guard_holds_is_counted(tmp_path, running):
    records = [f"a{n}.{ZONE} 60 IN A 192.0.2.{n}" for n in range(40)]
    primary = Primary(tmp_path / "ns1")
    primary.serve_file(ZONE, zone_texts.small(1, records), guard={"max-delete": "50%"})
    web = Web(primary)
    running(primary).start()
    wait_for("it is ready", lambda: web.ask("/readyz")[0] == 200)
    assert web.metrics().value("twinzone_guard_holds_total", reason="deletions") == 0
    primary.put(zone_texts.small(2))
    wait_for_value(web, 1, "twinzone_guard_holds_total", reason="deletions")
    metrics = web.metrics()
    assert metrics.value("twinzone_zones", state="held") == 1
    assert metrics.value("twinzone_zone_serial", zone=ZONE) == 1
    status, _, text = web.ask("/readyz")
    assert status == 503 and text.startswith(f"{ZONE} held: ")


# Conformance: R9
def test_http_is_strict(two):
    web = two[2]
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, _ = web.ask("/metrics", method)
        assert status == 405 and headers["allow"] == "GET, HEAD"
    status, headers, text = web.ask("/metrics", "HEAD")
    assert status == 200 and text == "" and int(headers["content-length"]) > 1000
    for path in ("/nothing", "/metrics/x", "/zone/", "/zone/not.here.", "/zone/%ff%01"):
        assert web.ask(path)[0] == 404, path
    assert web.ask("/%zz")[0] == 400
    for path in ("/", "/metrics", "/livez", "/readyz", "/nothing", "/style.css", "/status.json"):
        headers = web.ask(path)[1]
        assert headers["content-security-policy"].startswith("default-src 'none';"), path
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


# Conformance: R9
def test_clients_that_hold_on_do_not_stop_the_rest(two):
    web = two[2]
    held = [http.client.HTTPConnection("127.0.0.1", web.port, timeout=60) for _ in range(20)]
    for connection in held:
        connection.connect()
        connection.sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert web.ask("/livez", limit=10)[0] == 200
    wait_for("they are cut off", lambda: all(is_closed(c.sock) for c in held), 40, step=0.5)
    for connection in held:
        connection.close()


def is_closed(sock):
    """Sends one more octet; True once the other side has had enough."""
    sock.setblocking(False)
    try:
        sock.send(b"y")
        return sock.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
