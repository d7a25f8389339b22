#!/usr/bin/python3
"""run.py [--short] [--rows NAME,…] [--runs N] [--peers NAME,…] [--out DIR] [--into FILE]
run.py --table [--out DIR] [--into FILE]

Measures Twinzone beside other name servers on this machine, taken in turns, and prints the table
with ratios and goals. What a row finds is appended to DIR/results.jsonl as soon as it is known, so
that rows may be run one by one; the table is of the newest result of each figure. Needs a release
build.
"""
import argparse
import os
import pathlib
import signal
import sys
import time
import traceback

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)),
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

import context  # noqa: E402
import peers  # noqa: E402
import plot  # noqa: E402
import results  # noqa: E402
import table  # noqa: E402
from material import SHARED, Material, Missing  # noqa: E402
from rows import ROWS  # noqa: E402

WORK = os.path.join(os.environ.get("TMPDIR", "/tmp"), "twinzone-bench")


def names(text, known, what):
    found = [name for name in text.split(",") if name]
    unknown = [name for name in found if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"no {what} {unknown[0]!r}: {', '.join(known)}")
    return found


def parser():
    made = argparse.ArgumentParser(description=__doc__.split("\n\n")[1],
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--short", action="store_true", help="smaller zones, fewer servers, one run: "
                      "about three minutes")
    made.add_argument("--rows", type=lambda text: names(text, ROWS, "row"), default=list(ROWS),
                      metavar="NAME,…", help=", ".join(ROWS))
    made.add_argument("--runs", type=int, metavar="N", help="of each measurement")
    made.add_argument("--peers", metavar="NAME,…", help="other servers; may be empty",
                      type=lambda text: names(text, [name for name in peers.KINDS
                                                     if name != results.OURS], "server"))
    made.add_argument("--out", type=pathlib.Path, metavar="DIR",
                      help="for results.jsonl, table.md, plot.svg (the work folder)")
    made.add_argument("--work", default=WORK, metavar="DIR",
                      help=f"zones and programs, kept ({WORK})")
    made.add_argument("--table", action="store_true", help="measures nothing, prints the table")
    made.add_argument("--into", type=pathlib.Path, metavar="FILE",
                      help="puts the table between the two marks of this file (README.md has them)")
    return made


def show(out, into=None):
    """Writes table and plot of all that was ever found, and prints the table."""
    found = results.read(out / "results.jsonl")
    text = table.markdown(found)
    (out / "table.md").write_text(text, "utf-8")
    (out / "plot.svg").write_text(plot.svg(found), "utf-8")
    if into:
        into.write_text(table.replaced(into.read_text("utf-8"), text), "utf-8")
    print(text)


def run_row(bench, name):
    """Whether it went well; a row that fails leaves the others alone."""
    began = time.monotonic()
    try:
        ROWS[name].measure(bench)
    except Missing as missing:
        bench.say(f"row {name} is left out: {missing}")
        return False
    except Exception:
        bench.say(f"row {name} failed:\n{traceback.format_exc()}")
        return False
    finally:
        bench.drop_all()
        bench.say(f"row {name} took {time.monotonic() - began:.0f} s")
    return True


def main(words):
    options = parser().parse_args(words)
    out = options.out or pathlib.Path(options.work)
    out.mkdir(parents=True, exist_ok=True)
    if options.table:
        show(out, options.into)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers are ended on the way out
    form = context.SHORT if options.short else context.LONG
    if not SHARED.exists():
        print(f"no {SHARED}: rows with a large zone need its generator; say where it is with "
              "TWINZONE_SHARED", flush=True)
    lacking = peers.missing(results.OURS)
    if lacking:
        print(f"no {lacking}: build it, or say where it is with TWINZONE_BUILD")
        return 2
    wanted = form.peers if options.peers is None else options.peers
    bench = context.Bench(form, options.runs or form.runs, wanted, Material(options.work), out)
    good = [run_row(bench, name) for name in options.rows]
    show(out, options.into)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
