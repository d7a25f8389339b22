"""`notify: [ns-set]`: who is named by the zone itself is told of its changes (RFC 1996 §2)."""
import os
import random
import socket
import threading

import dns.flags
import dns.message
import dns.opcode
import dns.rrset
import pytest
from harness import listening, zone_texts
from harness.programs import Primary, Secondary, run_program
from harness.waiting import wait_for

ZONE = "example.test."
# Port 53 of addresses of loopback that nobody else has.
NET = f"127.{random.Random(os.getpid()).randrange(80, 250)}.{os.getpid() % 250}"


class NameServer:
    """Listens on port 53 of its address: takes NOTIFYs, and answers the serial of the last one."""

    def __init__(self, address):
        self.told, self.serial = [], 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((address, 53))
        except OSError as error:
            self.socket.close()
            pytest.skip(f"port 53 of {address}: {error}")
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        listening.close([self.socket])

    def _serve(self):
        while True:
            try:
                wire, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            if not wire:
                return
            query = dns.message.from_wire(wire)
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.AA
            if query.opcode() == dns.opcode.NOTIFY:
                self.serial = query.answer[0][0].serial
                self.told.append(self.serial)
            else:
                answer.answer.append(dns.rrset.from_text(
                    ZONE, 60, "IN", "SOA", f"ns1.{ZONE} h.{ZONE} {self.serial} 1 1 3600 300"))
            self.socket.sendto(answer.to_wire(), peer)


def version(serial, *servers):
    """`servers`: (name, address or None) beside ns1, the SOA's MNAME; many names around them."""
    lines = [f"{ZONE} 3600 IN SOA ns1.{ZONE} h.{ZONE} {serial} 3600 600 1209600 300",
             f"{ZONE} 3600 IN NS ns1.{ZONE}", f"ns1.{ZONE} 3600 IN A {NET}.1"]
    for name, address in servers:
        lines.append(f"{ZONE} 3600 IN NS {name}")
        if address:
            lines.append(f"{name} 3600 IN A {address}")
    lines += [f"h{n:04}.{ZONE} 300 IN TXT \"{'x' * 50} {n}\"" for n in range(2000)]
    return "\n".join(lines) + "\n"


def server(running, last):
    return running(NameServer(f"{NET}.{last}"))


def test_who_is_named_by_the_zone_is_told_of_each_version(tmp_path, running):
    mname, ns2, ns3, ns4 = (server(running, last) for last in (1, 2, 3, 4))
    two, three = (f"ns2.{ZONE}", f"{NET}.2"), (f"h1000.ns.{ZONE}", f"{NET}.3")
    primary = Primary(tmp_path / "ns1")
    primary.serve_file(ZONE, version(1, two, three), notify=["ns-set"])
    running(primary).start()
    wait_for("both are told", lambda: ns2.told == [1] and ns3.told == [1])

    def peers():
        return {(p["remote"], p["serial"]) for p in primary.zone_status(ZONE)["peers"]}
    wait_for("they are peers like others", lambda: peers() == {(f"ns:{two[0]}", 1),
                                                               (f"ns:{three[0]}", 1)})
    primary.put(version(2, two, three))
    wait_for("both are told", lambda: (ns2.told, ns3.told) == ([1, 2], [1, 2]))
    primary.put(version(3, two, (f"ns4.{ZONE}", f"{NET}.4")))
    wait_for("the new one is told", lambda: (ns2.told, ns4.told) == ([1, 2, 3], [3]))
    primary.put(version(4, two, (f"ns4.{ZONE}", f"{NET}.4")))
    wait_for("all are told", lambda: (ns2.told, ns4.told) == ([1, 2, 3, 4], [3, 4]))
    assert 4 not in ns3.told, "it is a name server no more"
    assert mname.told == [], "the MNAME is where changes come from"
    assert "acknowledged" in primary.tool("notify", ZONE, "--to", f"ns:{two[0]}").stdout
    assert primary.tool("wait", ZONE, "--serial", "4", "--all-peers").returncode == 0


def test_who_is_configured_is_told_once_and_as_configured(tmp_path, running, key):
    ns2, ns3 = server(running, 2), server(running, 3)
    two, three = (f"ns2.{ZONE}", f"{NET}.2"), (f"ns3.{ZONE}", f"{NET}.3")
    primary = Primary(tmp_path / "ns1")
    primary.configuration["remotes"].append({"name": "two", "addresses": [f"{NET}.2@53"]})
    primary.serve_file(ZONE, version(1, two, three), notify=["two", "ns-set"])
    running(primary).start()
    wait_for("both are told", lambda: (ns2.told, ns3.told) == ([1], [1]))
    primary.put(version(2, two, three))
    wait_for("both are told", lambda: (ns2.told, ns3.told) == ([1, 2], [1, 2]))
    assert {p["remote"] for p in primary.zone_status(ZONE)["peers"]} == {"two", f"ns:ns3.{ZONE}"}


def test_a_secondary_tells_on_and_a_restart_tells_anew(tmp_path, running):
    ns3 = server(running, 3)
    three = (f"ns3.{ZONE}", f"{NET}.3")
    primary, secondary = Primary(tmp_path / "ns1"), Secondary(tmp_path / "ns2")
    primary.use_remote("ns2", secondary.port).serve_file(ZONE, version(1, three), notify=["ns2"])
    secondary.use_remote("ns1", primary.port).follow(ZONE, ["ns1"], notify=["ns-set"])
    running(primary).start()
    running(secondary).start()
    wait_for("it is told", lambda: ns3.told == [1])
    primary.put(version(2, three))
    wait_for("it is told", lambda: ns3.told == [1, 2])
    secondary.stop()
    secondary.restart()
    wait_for("it is told anew", lambda: ns3.told == [1, 2, 2])


def test_other_names_are_asked_of_the_system(tmp_path, running):
    here = running(NameServer("127.0.0.1"))
    primary = Primary(tmp_path / "ns1")
    primary.serve_file(ZONE, version(1, ("localhost.", None), ("nowhere.invalid.", None)),
                       notify=["ns-set"])
    running(primary).start()
    wait_for("it is told", lambda: here.told == [1])
    why = primary.tool("why", ZONE).stdout
    assert "no address of nowhere.invalid." in why, why


def test_reload_ends_it(tmp_path, running):
    ns2 = server(running, 2)
    two = (f"ns2.{ZONE}", f"{NET}.2")
    primary = Primary(tmp_path / "ns1")
    primary.serve_file(ZONE, version(1, two), notify=["ns-set"])
    running(primary).start()
    wait_for("it is told", lambda: ns2.told == [1])
    del primary.configuration["templates"][0]["notify"]
    primary.write_configuration()
    assert primary.tool("reload").returncode == 0
    primary.put(version(2, two))
    primary.wait_for_serial(ZONE, 2)
    assert primary.zone_status(ZONE)["peers"] == []
    assert ns2.told == [1]


def test_no_remote_is_called_so(tmp_path):
    primary = Primary(tmp_path / "ns1").use_remote("ns-set", 5300)
    primary.serve_file(ZONE, zone_texts.small(1), notify=["ns-set"])
    path = primary.write_configuration()
    done = run_program("primary", "check", "-c", path)
    assert done.returncode == 2
    assert "no remote can be called so" in done.stderr
