"""Results in a file of JSON lines, one for each figure and run; the newest of a figure counts. And
what they say: medians, paired ratios, goals reached."""
import dataclasses
import json
import os
import statistics

OURS = "twinzone"
FLOOR = "floor"  # what bare system calls reach
LIBRARY = "libzscanner"
PEERS = ("bind", "nsd", "knot", "powerdns", "ixfrdist", LIBRARY)


@dataclasses.dataclass
class Result:
    figure: str
    size: str     # of what was measured, in words: "1,000,006 records"
    values: dict  # who -> the value of each run, in turn: equal places belong together
    checked: str  # how content was checked
    form: str = ""
    when: str = ""
    machine: str = ""
    commit: str = ""
    note: str = ""
    load: float = 0.0  # processes that wanted a core, averaged over the minute before

    def median(self, who):
        return statistics.median(self.values[who])

    def peers(self):
        return [who for who in PEERS if self.values.get(who)]

    def best_peer(self, figure):
        """None where none was measured."""
        best = max if figure.more_is_better else min
        return best(self.peers(), key=self.median, default=None)


def write(path, result):
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(dataclasses.asdict(result)) + "\n")


def read(path):
    """The newest result of each figure, by its name."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        found = [Result(**json.loads(line)) for line in file if line.strip()]
    return {result.figure: result for result in found}


def advantage(figure, ours, theirs):
    """So many times as good is `ours`."""
    if figure.more_is_better:
        return ours / theirs if theirs else float("inf")
    return theirs / ours if ours else float("inf")


def paired(figure, result, other):
    """The median of the ratios within each turn; None where `other` was not measured."""
    if not result.values.get(other) or not result.values.get(OURS):
        return None
    return statistics.median(advantage(figure, ours, theirs) for ours, theirs
                             in zip(result.values[OURS], result.values[other]))


def reached(figure, result, goal):
    """Whether a goal is; None where what it compares with was not measured."""
    if not result.values.get(OURS):
        return None
    if goal.kind in ("times", "floor"):
        other = FLOOR if goal.kind == "floor" else result.best_peer(figure)
        ratio = paired(figure, result, other) if other else None
        return None if ratio is None else ratio >= goal.bound
    ours = result.median(OURS)
    return ours <= goal.bound if goal.kind == "most" else ours >= goal.bound


def all_reached(figure, result, goals):
    said = [reached(figure, result, goal) for goal in goals]
    if not said or None in said:
        return None
    return all(said)
