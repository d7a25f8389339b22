"""coverage_table.py EXPORT EXPORT FOLDER…: shares of lines reached by folder, and of each file below 90 %.
Each export is what `llvm-cov export -summary-only` prints: of the fuzzers, and of the unit tests
too."""
import collections
import json
import sys

ENOUGH = 90.0


def files_of(path, wanted):
    """{file: [lines reached, lines]} of these folders of common."""
    with open(path, encoding="ascii") as file:
        found = json.load(file)["data"][0]["files"]
    counts = {"common/" + each["filename"].rpartition("/common/")[2]: each["summary"]["lines"]
              for each in found}
    return {path: [lines["covered"], lines["count"]] for path, lines in counts.items()
            if lines["count"] and path.split("/")[1] in wanted}


def folders_of(files):
    folders = collections.defaultdict(lambda: [0, 0])
    for path, (reached, lines) in files.items():
        total = folders[path.rsplit("/", 1)[0]]
        total[0] += reached
        total[1] += lines
    return folders


def share(counts):
    return 100.0 * counts[0] / counts[1]


def main():
    exports = [files_of(path, sys.argv[3:]) for path in sys.argv[1:3]]
    print(f"{'lines reached':44} {'fuzzers':>8} {'and unit tests':>16}")
    for rows, limit in ((map(folders_of, exports), 101.0), (exports, ENOUGH)):
        fuzz, both = rows
        for path in sorted(both):
            if share(both[path]) < limit:
                print(f"{path:44} {share(fuzz[path]):6.1f} % {share(both[path]):14.1f} %"
                      f"  of {both[path][1]}")


if __name__ == "__main__":
    main()
