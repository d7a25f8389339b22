"""Row 5: from the start of a server with an empty store and a zone file to its first SOA answer,
which for ours is after the sync of the store."""
import content
import gauges
from material import ZONE
from results import OURS

FIGURES = ("load",)


def measure(bench):
    file = bench.material.tld(bench.form.large)
    checked = ""

    def seconds(who):
        nonlocal checked
        server = bench.server(who).configure([(ZONE, file)])
        began = server.begin()
        taken = gauges.wait_for_serial(server, ZONE, 1, 300) - began
        if who == OURS and not checked:
            checked = content.must_be(server.port, ZONE, file, "ours")
        bench.drop(server)
        return taken

    contenders = [OURS, *(name for name in bench.peers if name != "ixfrdist")]
    values = bench.collect(contenders, seconds)
    bench.put("load", f"{content.of_file(file)[1]:,} records", values, checked)
