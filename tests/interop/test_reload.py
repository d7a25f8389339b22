"""reload and SIGHUP: a new configuration is taken whole or not at all, and transfers are not cut."""
import os
import signal
import socket
import struct

import dns.message
import pytest
from harness import contents, ports, zone_texts
from harness.keys import Key
from harness.programs import Primary, Secondary, pair, program
from harness.waiting import wait_for

ZONE = "example.test."
OTHER = "other.test."


def text(serial, zone=ZONE):
    return zone_texts.small(serial, [f"www.{zone} 60 IN A 192.0.2.{serial}"], zone=zone,
                            refresh=1, retry=1)


def file_of(server, zone, serial=1):
    path = server.path(f"{zone}db")
    contents.put_file(path, text(serial, zone))
    return path


def reload(server, exit_code=0):
    server.write_configuration()
    done = server.tool("reload")
    assert done.returncode == exit_code, (done, server.process.log_text()[-2000:])
    return done


@pytest.fixture
def served(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, text(1), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    return primary, secondary


@pytest.mark.parametrize("how", ["verb", "signal"])
def test_zones_come_and_go(served, how):
    primary, secondary = served
    primary.use_zone(OTHER, source={"file": file_of(primary, OTHER)})
    secondary.follow(OTHER, ["ns1"])
    for server in served:
        if how == "verb":
            assert "1 new" in reload(server).stdout
        else:
            server.write_configuration()
            server.process.send(signal.SIGHUP)
    for server in served:
        server.wait_for_serial(OTHER, 1)
        assert server.serial(ZONE) == 1
    for server in served:
        del server.configuration["zones"][0]
        assert "1 gone" in reload(server).stdout
        assert server.serial(ZONE) is None
        assert [z["zone"] for z in server.status()["zones"]] == [OTHER]
    # What it held is there again with it.
    primary.configuration["zones"].insert(0, {"zone": ZONE, "template": "t0"})
    reload(primary)
    primary.wait_for_serial(ZONE, 1)


def test_a_wrong_configuration_changes_nothing(served):
    primary, _ = served
    before = dict(primary.configuration)
    primary.use_zone(OTHER, source={"file": file_of(primary, OTHER)})
    primary.configuration["lissten"] = 1
    primary.configuration["limits"] = {"transfers-in": "many"}
    done = reload(primary, exit_code=2)
    assert "lissten" in done.stderr and "transfers-in" in done.stderr and "yaml:" in done.stderr
    assert primary.serial(OTHER) is None
    mark = primary.process.log_mark()
    primary.process.send(signal.SIGHUP)
    primary.process.wait_for_log("nothing has changed", mark)
    primary.process.wait_for_log("lissten", mark)
    assert primary.serial(ZONE) == 1
    assert [z["zone"] for z in primary.status()["zones"]] == [ZONE]
    primary.configuration = before
    primary.configuration["limits"] = {}
    reload(primary)


def test_a_busy_address_changes_nothing(served):
    primary, _ = served
    primary.use_zone(OTHER, source={"file": file_of(primary, OTHER)})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        primary.configuration["server"]["listen"].append(f"127.0.0.1@{taken.getsockname()[1]}")
        done = reload(primary, exit_code=2)
    assert "in use" in done.stderr
    assert primary.serial(ZONE) == 1
    assert primary.serial(OTHER) is None


def test_a_transfer_that_runs_is_not_cut(tmp_path, running):
    primary = Primary(tmp_path / "ns1")
    many = "".join(f"t{i}.{ZONE} 60 IN TXT \"{'x' * 250}\"\n" for i in range(40_000))
    primary.serve_file(ZONE, text(1) + many)
    running(primary).start()
    primary.wait_for_serial(ZONE, 1, limit=60)
    query = dns.message.make_query(ZONE, "AXFR").to_wire()
    with socket.socket() as stream:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)  # more than loopback's MSS
        stream.settimeout(30)
        stream.connect(("127.0.0.1", primary.port))
        stream.sendall(struct.pack(">H", len(query)) + query)
        first = contents.read_message(stream)
        primary.configuration["server"]["listen"].append(f"127.0.0.1@{ports.free_port()}")
        primary.configuration["zones"].clear()
        primary.configuration["templates"].clear()
        primary.use_zone(OTHER, source={"file": file_of(primary, OTHER)})
        reload(primary)
        assert primary.serial(ZONE) is None
        records, soas = 0, 0
        message = first
        while soas < 2:
            answer = dns.message.from_wire(message, one_rr_per_rrset=True)
            records += len(answer.answer)
            soas += sum(rrset.rdtype == 6 for rrset in answer.answer)
            message = contents.read_message(stream) if soas < 2 else None
    assert records == 40_000 + 7


def test_addresses_move(served):
    primary, _ = served
    new = ports.free_port()
    old, primary.port = primary.port, new
    primary.configuration["server"]["listen"] = [f"127.0.0.1@{new}"]
    reload(primary)
    assert primary.serial(ZONE) == 1
    assert contents.serial_on(old, ZONE) is None


def test_one_address_gives_way_to_all(served):
    primary, _ = served
    primary.configuration["server"]["listen"] = [f"0.0.0.0@{primary.port}"]
    reload(primary)
    assert primary.serial(ZONE) == 1


def test_a_changed_key_takes_effect(served, key):
    primary, secondary = served
    new = Key.random(key.name)
    primary.configuration["keys"][0]["secret"] = new.secret
    reload(primary)
    primary.put(text(2))
    primary.wait_for_serial(ZONE, 2)
    secondary.wait_for_reason(ZONE, "BADSIG|signature|TSIG")
    assert secondary.serial(ZONE) == 1
    secondary.configuration["keys"][0]["secret"] = new.secret
    reload(secondary)
    secondary.wait_for_serial(ZONE, 2)
    secondary.wait_for_state(ZONE, "current")


def test_changed_rules_and_primaries_take_effect(tmp_path, running, served):
    primary, secondary = served
    del primary.configuration["templates"][0]["allow-transfer"]
    reload(primary)
    with pytest.raises(AssertionError):
        primary.records(ZONE)
    other = Primary(tmp_path / "ns1b").serve_file(ZONE, text(5))
    running(other).start()
    other.wait_for_serial(ZONE, 5)
    secondary.use_remote("ns1b", other.port)
    secondary.configuration["templates"][0]["primaries"] = ["ns1b"]
    reload(secondary)
    secondary.wait_for_serial(ZONE, 5)


def test_a_new_secondary_is_told(tmp_path, running, served):
    primary, _ = served
    third = Secondary(tmp_path / "ns3").use_remote("ns1", primary.port)
    third.follow(ZONE, ["ns1"], refresh={"min": "1h"})
    running(third).start()
    third.wait_for_serial(ZONE, 1)
    primary.use_remote("ns3", third.port)
    primary.configuration["templates"][0]["notify"] = ["ns2", "ns3"]
    mark = third.process.log_mark()
    reload(primary)
    third.process.wait_for_log("NOTIFY, incoming", mark)
    primary.put(text(2))
    third.wait_for_serial(ZONE, 2)


def test_output_guard_and_limits_take_effect(served):
    _, secondary = served
    os.makedirs(secondary.path("out"))
    template = secondary.configuration["templates"][0]
    template["output"] = {"mode": "file", "path": secondary.path("out", "%s.zone")}
    secondary.use_limits(transfers_in=3)
    reload(secondary)
    wait_for("the zone file", lambda: os.path.exists(secondary.output_file(ZONE)))
    del template["output"]
    template["guard"] = {"max-delete": "0%", "min-records": 1}
    reload(secondary)
    primary = served[0]
    primary.put(zone_texts.small(2, refresh=1, retry=1))
    secondary.wait_for_state(ZONE, "held")


def test_what_takes_a_restart_is_told(served):
    primary, _ = served
    primary.configuration["store"] = {"path": primary.path("elsewhere")}
    done = reload(primary)
    assert "store.path takes effect with the next start" in done.stdout
    assert primary.serial(ZONE) == 1
    assert not os.path.exists(primary.path("elsewhere"))


def test_the_control_socket_moves(served):
    primary, _ = served
    old = primary.control_socket
    primary.configuration["control"]["socket"] = primary.path("new.sock")
    primary.write_configuration()
    assert primary.tool("reload").returncode == 0
    primary.control_socket = primary.path("new.sock")
    assert primary.zone_status(ZONE)["serial"] == 1
    wait_for("the old socket is gone", lambda: not os.path.exists(old))


def test_the_log_moves(served):
    primary, _ = served
    primary.configuration["log"] = {"target": primary.path("new.log"), "level": "debug"}
    reload(primary)
    primary.put(text(2))
    primary.wait_for_serial(ZONE, 2)
    wait_for("a line", lambda: "serial 2" in open(primary.path("new.log"), encoding="utf8").read())


def test_a_folder_follows_its_files_at_a_reload(tmp_path, running):
    zones = tmp_path / "zones"
    zones.mkdir()
    contents.put_file(zones / "a.test.zone", text(1, "a.test."))
    contents.put_file(zones / "b.test.zone", text(1, "b.test."))
    primary = Primary(tmp_path / "ns1").serve_folder(str(zones))
    running(primary).start()
    for zone in ("a.test.", "b.test."):
        primary.wait_for_serial(zone, 1)
    os.unlink(zones / "b.test.zone")
    primary.wait_for_state("b.test.", "failed")
    assert primary.serial("b.test.") == 1
    reload(primary)
    assert primary.serial("b.test.") is None
    assert primary.serial("a.test.") == 1


def test_without_a_file_zone_files_are_looked_at(tmp_path, running):
    primary = Primary(tmp_path / "ns1")
    file = file_of(primary, ZONE)
    primary.control_socket = primary.path("store", "control.sock")
    running(primary).run([program("primary"), "serve", "--listen", f"127.0.0.1@{primary.port}",
                          "--store", primary.path("store"), "--zone", f"{ZONE}={file}",
                          "--allow-transfer", "127.0.0.0/8"])
    primary.wait_until_up()
    primary.wait_for_serial(ZONE, 1)
    assert primary.tool("reload").returncode == 0
    mark = primary.process.log_mark()
    primary.process.send(signal.SIGHUP)
    primary.process.wait_for_log("zone files looked at", mark)
    contents.put_file(file, text(2))
    primary.wait_for_serial(ZONE, 2)


def test_an_included_file_is_watched(tmp_path, running):
    primary = Primary(tmp_path / "ns1")
    part = primary.path("part.db")
    contents.put_file(part, "a 60 IN A 192.0.2.1\n")
    primary.serve_file(ZONE, text(1) + f"$INCLUDE {part} {ZONE}\n", serial_policy="increment")
    running(primary).start()
    primary.wait_for_serial(ZONE, 1)
    contents.put_file(part, "a 60 IN A 192.0.2.2\n")
    primary.wait_for_serial(ZONE, 2)
    contents.put_file(part, "a 60 IN A 192.0.2.2\nbroken\n")
    primary.wait_for_reason(ZONE, r"part\.db:2")
    os.unlink(part)
    primary.wait_for_reason(ZONE, r"part\.db")
    assert primary.serial(ZONE) == 2
    contents.put_file(part, "b 60 IN A 192.0.2.3\n")
    primary.wait_for_serial(ZONE, 3)
    primary.wait_for_state(ZONE, "current")


def test_many_reloads_under_load_lose_nothing(served):
    primary, secondary = served
    for serial in range(2, 22):
        primary.put(text(serial))
        for server in served:
            server.process.send(signal.SIGHUP)
        secondary.wait_for_serial(ZONE, serial)
    for server in served:
        assert server.tool("reload").returncode == 0
        server.wait_for_state(ZONE, "current")
