"""Rows 7 to 9: a very large zone in the store: restart, memory, disk."""
import content
import gauges
from material import ZONE
from results import OURS
from rows.axfr_out import pull

FIGURES = ("restart", "memory-load", "memory-axfr", "disk")


def measure(bench):
    file = bench.material.tld(bench.form.huge)
    records = content.of_file(file)[1]
    size = f"{records:,} records"
    memory = {"memory-load": {}, "memory-axfr": {}}
    for name in [OURS, *(name for name in bench.peers if name in ("bind", "nsd", "knot"))]:
        server = bench.server(name).configure([(ZONE, file)])
        server.begin()
        gauges.wait_for_serial(server, ZONE, 1, 600)
        memory["memory-load"][name] = [gauges.anonymous_bytes(server.process.pid) / 1e6]
        pull(bench, server.port, clients=8)
        memory["memory-axfr"][name] = [gauges.anonymous_bytes(server.process.pid) / 1e6]
        if name == OURS:
            checked = content.must_be(server.port, ZONE, file, "ours")
            disk = gauges.disk_bytes(server.path("store")) / records
            restarts = [restart(server) for _ in range(max(bench.runs, 5))]
        bench.drop(server)
    for figure, values in memory.items():
        bench.put(figure, size, values, checked)
    bench.put("disk", size, {OURS: [disk]}, checked)
    bench.put("restart", size, {OURS: restarts}, checked, "after kill -9")


def restart(server):
    server.kill()
    began = server.begin()
    return (gauges.wait_for_serial(server, ZONE, 1, 60, step=0.0005) - began) * 1000
