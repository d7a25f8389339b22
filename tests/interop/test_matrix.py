"""The whole way, with every real server at both ends: a change at ns1's server goes through our relay
and our secondary to the server beside ns2 and is answered there. BIND, Knot, NSD and PowerDNS at ns1;
BIND, NSD, Knot and PowerDNS at ns2, each by loopback and by zone file; TSIG on every hop."""
import os
import re

import pytest
from harness import contents, zone_texts
from harness.bind import Bind
from harness.keys import Key
from harness.knot import Knot
from harness.nsd import Nsd
from harness.powerdns import PowerDns
from harness.programs import Primary, Secondary
from harness.waiting import wait_for

ZONE = "example.test."
BESIDE = Key.random("beside.test.", "hmac-sha512")  # between ns1's server and our relay
LOCAL = Key.random("local.test.")                   # between our secondary and ns2's server
NOTIFIED = {"refresh": {"min": "1h"}}  # whatever comes soon came by NOTIFY
CHANGES = (2, 3, 4)


def version(serial):
    hosts = [f"h{i}.{ZONE} 300 IN A 192.0.2.{i}" for i in range(100, 150)]
    return zone_texts.small(serial, hosts + [f"v{serial}.{ZONE} 60 IN TXT \"{serial}\"",
                                             f"a.{ZONE} 60 IN A 192.0.2.{serial}"])


class Ns2:
    """Our secondary and the server beside it."""

    def __init__(self, folder, kind, mode):
        self.name, self.mode = f"{kind.name} by {mode}", mode
        self.local, self.secondary = kind(folder / "local"), Secondary(folder / "ns2", "ns2")
        os.makedirs(folder / "zones")
        self.file = str(folder / "zones" / "example.test.zone")

    def start(self, running, relay_port, key):
        self.secondary.use_remote("relay", relay_port, key)
        if self.mode == "loopback":
            self.secondary.use_remote("local", self.local.port, LOCAL)
            settings = {"allow_transfer": ["local"],
                        "output": {"mode": "loopback", "verify": "local"}}
        else:
            contents.put_file(self.file, version(0))  # the operator's own, until ours comes
            os.chmod(self.file, 0o644)
            running(self.local.from_file(ZONE, self.file)).wait_until_answering(ZONE)
            settings = {"output": {"mode": "file", "path": self.file, **self.local.reload,
                                   "verify": f"127.0.0.1@{self.local.port}"}}
        self.secondary.follow(ZONE, ["relay"], **NOTIFIED, **settings)
        running(self.secondary).start()
        if self.mode == "loopback":
            running(self.local.as_secondary(ZONE, self.secondary.port, LOCAL))

    def wait_until_in_step(self, serial, wanted):
        status = self.secondary.wait_until_current(ZONE, serial, limit=60)
        assert self.local.serial(ZONE) == serial, f"{self.name}: current, but not answered"
        assert (status["served"]["serial"], status["served"]["error"]) == (serial, ""), self.name
        assert status["lag_seconds"] == 0, self.name
        self.local.wait_for_content(ZONE, wanted)
        return status


@pytest.fixture
def fleet(tmp_path, running, key):
    """ns1's server, our relay beside it and all eight kinds of ns2, running and in step at serial 1."""
    def make(kind):
        server, relay = kind(tmp_path / "ns1"), Primary(tmp_path / "relay", "relay")
        pairs = [Ns2(tmp_path / f"{local.name}-{mode}", local, mode)
                 for local in (Bind, Nsd, Knot, PowerDns) for mode in ("loopback", "file")]
        relay.use_remote("beside", server.port, BESIDE)
        names = []
        for pair in pairs:
            names.append(pair.name.replace(" ", "-"))
            relay.use_remote(names[-1], pair.secondary.port, key)
        relay.relay(ZONE, ["beside"], notify=names, **NOTIFIED)
        running(server.as_primary(ZONE, version(1), relay.port, BESIDE)).wait_until_answering(ZONE)
        running(relay).start()
        relay.wait_for_serial(ZONE, 1)
        for pair in pairs:
            pair.start(running, relay.port, key)
        return server, relay, pairs
    return make


def in_step(relay, count):
    """Says the relay so of itself and of everyone behind it?"""
    status = relay.zone_status(ZONE)
    lags = [status["lag_seconds"]] + [peer["lag_seconds"] for peer in status["peers"]]
    return status if status["state"] == "current" and lags == [0] * (count + 1) else None


def unsigned_transfers(log):
    return [line for line in re.findall(r".*XFR, (?:incoming|outgoing), .*, finished.*", log)
            if ", key " not in line]


@pytest.mark.parametrize("kind", [Bind, Knot, Nsd, PowerDns], ids=lambda kind: kind.name)
def test_a_change_at_ns1_is_answered_by_every_server_beside_ns2(kind, fleet, key):
    server, relay, pairs = fleet(kind)
    for serial in (1, *CHANGES):
        if serial > 1:
            server.load(version(serial))
        wanted = contents.of_file(server.write(f"expected.{serial}", version(serial)), ZONE)
        digests = {pair.wait_until_in_step(serial, wanted)["digest"] for pair in pairs}
        status = wait_for("the relay says lag 0 of all", lambda: in_step(relay, len(pairs)), 30)
        assert {peer["serial"] for peer in status["peers"]} == {serial}
        assert digests == {status["digest"]}
    for pair in pairs:
        steps = [("IXFR", serial - 1, serial) for serial in CHANGES]
        assert pair.secondary.transfers() == [("AXFR", None, 1), *steps], pair.name
    for program in (relay, *(pair.secondary for pair in pairs)):
        log = program.process.log_text()
        assert f"key {key.name}, finished" in log
        assert unsigned_transfers(log) == []
    assert f"incoming, remote 127.0.0.1@{server.port}, key {BESIDE.name}" in relay.process.log_text()
    for pair in (each for each in pairs if each.mode == "loopback"):
        assert f"key {LOCAL.name}, finished" in pair.secondary.process.log_text(), pair.name
