"""Rows 1 to 4: one zone out, to one client and to eight, plain and signed; the CPU that takes."""
import json
import socket
import subprocess

import content
import gauges
from material import ZONE
from peers.peer import KEY
from harness.ports import free_port
from harness.process import Process
from harness.waiting import wait_for
from results import FLOOR, OURS

FIGURES = ("axfr-1", "axfr-8", "axfr-tsig", "axfr-cpu")


def pull(bench, port, clients=1, signed=False, record=None):
    command = [bench.material.tool("axfrpull"), "--server", gauges.LOOPBACK, "--port", str(port),
               "--zone", ZONE, "--n", str(clients), "--timeout", "120"]
    command += ["--tsig", f"{KEY.name}:{KEY.secret}"] if signed else []
    command += ["--record", str(record)] if record else []
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=200)
    found = json.loads(done.stdout.splitlines()[0])
    assert found["ok"] == clients, f"AXFR from port {port}: {found}"
    return found


def rate(found):
    """Million records a second."""
    return found["rrs"] / found["total_s"] / 1e6


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex((gauges.LOOPBACK, port)) == 0


class Floor:
    """The same bytes from a file, by writev, with nothing around it; `tsig`: and a MAC over all."""

    def __init__(self, bench, stream, mode):
        self.port = free_port()
        self.process = Process(f"floor {mode}", [
            bench.material.tool("floor"), "--file", stream, "--ip", gauges.LOOPBACK, "--port",
            self.port, "--mode", mode, "--seconds", 3600], bench.folder / f"floor-{mode}.log")
        self.process.start()
        wait_for("the floor listens", lambda: listens(self.port), limit=20)


def start_all(bench, zones):
    """Every server with the zone; who takes it by transfer alone, from ours."""
    servers = {}
    for name in [OURS, *bench.peers]:
        server = bench.server(name)
        if name == "ixfrdist":
            server.configure(zones, follows=servers[OURS].port)
        else:
            server.configure(zones)
        server.begin()
        gauges.wait_for_serial(server, ZONE, 1, 300)
        servers[name] = server
    return servers


def measure(bench):
    file = bench.material.tld(bench.form.large)
    servers = start_all(bench, [(ZONE, file)])
    checked = content.must_be(servers[OURS].port, ZONE, file, "ours")
    size = f"{content.of_file(file)[1]:,} records"
    stream = bench.folder / "stream"
    pull(bench, servers[OURS].port, record=stream)
    floors = {mode: Floor(bench, stream, mode) for mode in ("writev", "tsig")}
    ports = {name: server.port for name, server in servers.items()}
    try:
        _rates(bench, {**ports, FLOOR: floors["writev"].port}, size, checked)
        signing = {name: port for name, port in ports.items() if servers[name].knows_tsig}
        signed = bench.collect([*signing, FLOOR], lambda who: rate(pull(
            bench, {**signing, FLOOR: floors["tsig"].port}[who], 1, who != FLOOR)), warm_up=1)
        bench.put("axfr-tsig", size, signed, checked)
        bench.put("axfr-cpu", size, bench.collect(
            list(ports), lambda who: cpu_of_pulls(bench, servers[who])), checked)
    finally:
        for floor in floors.values():
            floor.process.kill()
        bench.drop(*servers.values())


def _rates(bench, ports, size, checked):
    for figure, clients in (("axfr-1", 1), ("axfr-8", 8)):
        wanted = [who for who in ports if clients == 1 or who != "powerdns"]  # half a minute there
        bench.put(figure, size, bench.collect(
            wanted, lambda who, n=clients: rate(pull(bench, ports[who], n)), warm_up=1), checked,
            "PowerDNS leaves RRSIG and NSEC3 out" if "powerdns" in wanted else "")


def cpu_of_pulls(bench, server, pulls=3):
    before = gauges.cpu_seconds(server.process.pid)
    for _ in range(pulls):
        pull(bench, server.port)
    return (gauges.cpu_seconds(server.process.pid) - before) / pulls * 1000
