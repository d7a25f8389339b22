"""The rows of the table: each module measures some figures (FIGURES) with measure(bench)."""
from . import (axfr_in, axfr_out, commit, file_change, growth, large_zone, load, many_zones,
               scanner)

ROWS = {"axfr-out": axfr_out, "load": load, "scan": scanner, "large-zone": large_zone,
        "axfr-in": axfr_in, "file-change": file_change, "commit": commit, "many-zones": many_zones,
        "growth": growth}
