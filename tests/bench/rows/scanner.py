"""Row 6: our scanner over a zone file, nothing else, beside libzscanner of Knot DNS; each in a
small program that counts records (CMake targets bench_scan and bench_zscanner)."""
import json
import os
import subprocess

import content
from harness.programs import BUILD
from material import ZONE, Missing
from results import LIBRARY, OURS

FIGURES = ("scan",)
PROGRAMS = {OURS: "bench_scan", LIBRARY: "bench_zscanner"}


def measure(bench):
    file = bench.material.tld(bench.form.large)
    programs = {who: os.path.join(BUILD, "tests", "bench", "loops", name)
                for who, name in PROGRAMS.items()}
    if not os.path.exists(programs[OURS]):
        raise Missing(f"no {programs[OURS]}: build the target {PROGRAMS[OURS]} (CMake option "
                      "TWINZONE_BENCH)")
    contenders = [who for who, path in programs.items() if os.path.exists(path)]
    counts = {}

    def rate(who):
        done = subprocess.run([programs[who], str(file), ZONE], stdout=subprocess.PIPE, check=True,
                              timeout=120)
        found = json.loads(done.stdout)
        counts[who] = found["records"]
        return os.path.getsize(file) / found["seconds"] / 1e6

    values = bench.collect(contenders, rate, warm_up=1)
    records = content.of_file(file)[1]
    assert set(counts.values()) == {records}, f"{counts} of {records} records were read"
    bench.put("scan", f"{records:,} records", values, "equal numbers of records")
