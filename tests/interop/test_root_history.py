"""The real history of the root zone through both programs, version by version."""
import random
import subprocess

from harness import contents
from harness.programs import pair
from harness.waiting import wait_for


def reformatted(text, seed):
    """The same records in another order, with other white space, comments and letter case."""
    lines = text.splitlines()
    head, body = lines[:1], lines[1:]
    random.Random(seed).shuffle(body)
    spaced = ["  ".join(line.split(None, 4)).replace("  IN  ", " in ") + " ; as before"
              for line in head + body]
    return "\n\n".join(spaced) + "\n"


# Conformance: R42, R53
def test_every_version_reaches_the_secondary_as_it_is_in_the_file(
        root_history, tmp_path, running, key):
    with open(root_history[0], encoding="ascii") as file:
        first = file.read()
    primary, secondary = pair(tmp_path, ".", first, key, output=True)
    running(primary).start()
    running(secondary).start()
    steps, before = [], frozenset()
    for path in root_history:
        expected = contents.of_file(path, ".")
        serial = contents.serial_of(expected)
        steps.append((serial, len(before ^ expected) / len(expected)))
        before = expected
        with open(path, encoding="ascii") as file:
            primary.put(file.read())
        for server in (primary, secondary):
            server.wait_for_serial(".", serial)
            assert contents.difference(expected, server.records(".")) == "", server.name
    check_transfers(secondary.transfers(), steps)
    check_formatting_changes_nothing(primary, secondary, root_history[-1], serial)
    check_written_file(secondary.output_file("."), root_history[-1], serial)


def check_transfers(transfers, steps):
    """The first whole, then one difference a step; where all signatures change, or go, the
    difference is larger than the zone and the zone is sent instead."""
    serials = [serial for serial, _ in steps]
    assert [new for _, _, new in transfers] == serials
    assert [old for _, old, _ in transfers] == [None] + serials[:-1]
    for (kind, _, new), (_, changed_share) in list(zip(transfers, steps))[1:]:
        assert kind == "IXFR" or (kind == "AXFR-style IXFR" and changed_share > 0.1), new
    kinds = [kind for kind, _, _ in transfers]
    assert kinds[0] == "AXFR" and kinds.count("IXFR") >= 90


def check_formatting_changes_nothing(primary, secondary, path, serial):
    before = primary.zone_status(".")
    transfers = secondary.transfers()
    mark = primary.process.log_mark()
    with open(path, encoding="ascii") as file:
        primary.put(reformatted(file.read(), seed=1))
    primary.process.wait_for_log("read, nothing new", mark)
    after = primary.zone_status(".")
    assert (after["serial"], after["digest"]) == (serial, before["digest"])
    assert after["state"] == "current"
    assert secondary.zone_status(".")["digest"] == before["digest"]
    assert secondary.transfers() == transfers


def check_written_file(written, original, serial):
    wait_for(f"the written file has serial {serial}",
             lambda: f" {serial} " in contents_head(written), limit=20)
    assert contents.difference(contents.of_file(original, "."), contents.of_file(written, ".")) == ""
    for command in (["ldns-compare-zones", "-a", original, written],
                    ["named-checkzone", "-q", "-i", "local", ".", written],
                    ["nsd-checkzone", ".", written],
                    ["kzonecheck", "-o", ".", written]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}"


def contents_head(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read(2000).replace("\t", " ")
    except FileNotFoundError:
        return ""
