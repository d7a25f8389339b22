"""Row 13: a zone of 1,000 records, one record changed: from the primary's commit to the
secondary's."""
import gauges
import material
from results import OURS
from rows import latency

FIGURES = ("commit-p50", "commit-p99")
ZONE = "small.test."


def measure(bench):
    whole, notes = {}, []

    def one_pair(who):
        primary, secondary = bench.server(who), bench.server(who)
        file = primary.path("small.zone")
        latency.replace_file(file, material.thousand_records(1))
        zones = [(ZONE, file)]
        primary.configure(zones, tells=secondary.port).begin()
        gauges.wait_for_serial(primary, ZONE, 1, 30)
        secondary.configure(zones, follows=primary.port).begin()
        gauges.wait_for_serial(secondary, ZONE, 1, 30)
        count = bench.form.changes if who != "knot" else min(bench.form.changes, 40)
        found, from_change = latency.measure_changes(primary, secondary, (
            (ZONE, file, material.thousand_records(serial), serial)
            for serial in range(2, 2 + count)))
        if who == OURS:
            notes.append(f"from the file's rename p50 {gauges.percentile(from_change, 0.5):.2f}, "
                         f"p99 {gauges.percentile(from_change, 0.99):.2f} ms; "
                         f"{latency.disk_words(primary.folder)}")
        whole.setdefault(who, []).append(found)
        bench.drop(primary, secondary)

    contenders = [OURS, *(name for name in bench.peers if name in ("bind", "nsd", "knot"))]
    bench.collect(contenders, one_pair)
    for figure, share in (("commit-p50", 0.5), ("commit-p99", 0.99)):
        bench.put(figure, "1,000 records", {who: [gauges.percentile(run, share) for run in runs]
                                            for who, runs in whole.items()},
                  "each new serial at both", notes[-1])
