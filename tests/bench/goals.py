"""What is measured, and what must be reached: one Figure for each line of the table."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Goal:
    """`kind`: times (as good as the best peer, so many times), floor (a share of what the bare
    system calls reach), most, least."""

    kind: str
    bound: float

    def words(self, unit):
        bound = f"{self.bound:,.4g}"
        return {"times": f"{bound} x", "floor": f"{self.bound:.0%} of the floor",
                "most": f"at most {bound} {unit}", "least": f"at least {bound} {unit}"}[self.kind]


def times(bound):
    return Goal("times", bound)


def of_floor(bound):
    return Goal("floor", bound)


def at_most(bound):
    return Goal("most", bound)


def at_least(bound):
    return Goal("least", bound)


@dataclasses.dataclass(frozen=True)
class Figure:
    row: str  # its number in the table
    name: str
    title: str
    unit: str
    must: tuple = ()  # Goals
    aim: tuple = ()
    more_is_better: bool = False


def _figure(row, name, title, unit, must=(), aim=(), more_is_better=False):
    def as_tuple(goals):
        return goals if isinstance(goals, tuple) else (goals,)
    return Figure(row, name, title, unit, as_tuple(must), as_tuple(aim), more_is_better)


# The zones' sizes stand with the results: the short form has smaller ones.
FIGURES = [
    _figure("1", "axfr-1", "AXFR out, 1 client", "million records/s", times(5), of_floor(0.85),
            True),
    _figure("2", "axfr-8", "AXFR out, 8 clients", "million records/s", times(4), of_floor(0.85),
            True),
    _figure("3", "axfr-tsig", "AXFR out, TSIG hmac-sha256, 1 client", "million records/s", times(3),
            of_floor(0.85), True),
    _figure("4", "axfr-cpu", "server CPU for one AXFR", "ms", times(5)),
    _figure("5", "load", "zone file to served and durable, empty store", "s", times(3), times(6)),
    _figure("6", "scan", "scanner alone (beside libzscanner)", "MB/s", times(2), at_least(1000),
            True),
    _figure("7", "restart", "restart, large zone in the store, to the first SOA", "ms",
            at_most(50), at_most(10)),
    _figure("8", "memory-load", "anonymous memory after load", "MB", at_most(64), at_most(16)),
    _figure("8", "memory-axfr", "anonymous memory after 8 AXFR", "MB", at_most(64), at_most(16)),
    _figure("9", "disk", "store on disk for each record", "bytes", at_most(75), at_most(60)),
    _figure("10", "axfr-in-1m", "AXFR in: NOTIFY to durable and served", "s", times(3), times(5)),
    _figure("10", "axfr-in-5m", "AXFR in, large: NOTIFY to durable and served", "s", times(3),
            times(5)),
    _figure("10", "axfr-in-1m-memory", "AXFR in: most anonymous memory", "MB", at_most(100),
            at_most(32)),
    _figure("10", "axfr-in-5m-memory", "AXFR in, large: most anonymous memory", "MB",
            at_most(100), at_most(32)),
    _figure("11", "change-1", "file with 1 changed record to the secondary serving", "s",
            times(6), (times(12), at_most(0.15))),
    _figure("12", "change-10000", "file with 10,000 changed records to the secondary serving",
            "s", times(3), times(6)),
    _figure("12", "change-100000", "file with 100,000 changed records to the secondary serving",
            "s", times(3), times(6)),
    _figure("13", "commit-p50", "primary's commit to the secondary serving, p50", "ms",
            at_most(1.5)),
    _figure("13", "commit-p99", "primary's commit to the secondary serving, p99", "ms",
            at_most(4)),
    _figure("14", "many-sync", "first sync of a new secondary", "s", at_most(7)),
    _figure("15", "many-restart-primary", "restart of the primary to all zones served", "s",
            at_most(0.5)),
    _figure("15", "many-restart-secondary", "restart of the secondary to all zones served", "s",
            at_most(0.5)),
    _figure("16", "many-recheck", "all zones checked again after that restart", "s", at_most(2)),
    _figure("17", "many-memory-primary", "anonymous memory for each zone, primary", "kB",
            at_most(0.5)),
    _figure("17", "many-memory-secondary", "anonymous memory for each zone, secondary", "kB",
            at_most(0.5)),
    _figure("18", "many-change-idle", "a zone's change to the secondary, idle, p99", "ms",
            at_most(5)),
    _figure("18", "many-change-busy", "a zone's change to the secondary, during first sync, p99",
            "ms", at_most(50)),
    _figure("19", "growth-records", "CPU of a change by IXFR, in the largest zone to the smallest",
            "times", at_most(2)),
    _figure("20", "growth-memory", "resident bytes for each further idle zone", "bytes",
            at_most(200)),
    _figure("20", "growth-start", "start with the most zones to all served", "s", at_most(2)),
]

BY_NAME = {figure.name: figure for figure in FIGURES}
