"""Rows 19 and 20: what grows with the zone, and with the number of zones; ours alone."""
import statistics

import gauges
import rows.changing_front as changing_front
from material import ZONE
from results import OURS
from rows.many_zones import a_thousand, wait_until_quiet

FIGURES = ("growth-records", "growth-memory", "growth-start")


def cost_of_a_change(bench, records, changes=50):
    """(milliseconds from NOTIFY to served, CPU milliseconds of the secondary): medians of changes
    of one record by IXFR in a zone of so many."""
    file = bench.material.tld(records)
    primary = bench.server(OURS).configure([(ZONE, file)])
    primary.begin()
    gauges.wait_for_serial(primary, ZONE, 1, 600)
    front = changing_front.ChangingFront(ZONE, 1, primary.port)
    secondary = bench.server(OURS).configure([(ZONE, file)], follows=front.port)
    secondary.begin()
    gauges.wait_for_serial(secondary, ZONE, 1, 600)
    wait_until_quiet(secondary)
    times, before = [], gauges.cpu_seconds(secondary.process.pid)
    for _ in range(changes):
        began, serial = front.change(secondary.port)
        times.append(gauges.wait_for_serial(secondary, ZONE, serial, 30, step=0.0003) - began)
    cpu = (gauges.cpu_seconds(secondary.process.pid) - before) / changes
    assert front.full_transfers == 1, "a change came by full transfer"
    front.stop()
    bench.drop(primary, secondary)
    return statistics.median(times) * 1000, cpu * 1000


def measure_records(bench):
    costs = {}
    for records in bench.form.growth_records:
        costs[records] = cost_of_a_change(bench, records)
        bench.say(f"one change in {records:,} records: {costs[records][0]:.2f} ms, CPU "
                  f"{costs[records][1]:.2f} ms")
    (least, small), *_, (most, large) = sorted(costs.items())
    note = ", ".join(f"{records:,}: {time:.2f} ms (CPU {cpu:.2f})"
                     for records, (time, cpu) in costs.items())
    bench.put("growth-records", f"{least:,} to {most:,} records", {OURS: [large[1] / small[1]]},
              "each new serial; by IXFR alone", note)


def resident_and_start(bench, count):
    """(anonymous bytes, seconds from start to all served) of a primary with them in its store."""
    folder, names = bench.material.small_zones(count)
    server = bench.server(OURS).configure([(name, f"{folder}/{name}zone") for name in names])
    server.begin()
    gauges.wait_until_all_served(server, names, 1, 900)
    server.end()
    began = server.begin()
    served = gauges.wait_until_all_served(server, a_thousand(names), 1, 60)
    wait_until_quiet(server)
    assert not gauges.not_served(server.port, names, 1)
    found = gauges.anonymous_bytes(server.process.pid), served - began
    bench.say(f"{count:,} zones: {found[0] / 1e6:.1f} MB, start {found[1]:.2f} s")
    bench.drop(server)
    return found


def measure(bench):
    measure_records(bench)
    least, most = bench.form.growth_zones
    small, large = resident_and_start(bench, least), resident_and_start(bench, most)
    size, checked = f"{least:,} to {most:,} zones", "the SOA of all"
    bench.put("growth-memory", size, {OURS: [(large[0] - small[0]) / (most - least)]}, checked)
    bench.put("growth-start", f"{most:,} zones", {OURS: [large[1]]}, checked)
