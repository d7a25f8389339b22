"""The README's first command, as a user runs it."""
import os
import re
import shutil
import subprocess

from harness import zone_texts
from harness.programs import BUILD, ROOT

RUN = os.path.join(ROOT, "examples", "quickstart", "run.sh")


def quickstart(folder, *words):
    """Builds nothing anew: the script finds the build of this very tree by itself."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    environment.pop("TWINZONE_BUILD", None)
    return subprocess.run([RUN, *map(str, words)], stdin=subprocess.DEVNULL, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
                          check=False)


def check(done, folder):
    assert done.returncode == 0, done.stdout[-5000:]
    rows = re.findall(r"^ +(ns[12]) +(\d+) +([0-9a-f]{32})$", done.stdout, re.M)
    assert [row[0] for row in rows] == ["ns1", "ns2"], done.stdout[-2000:]
    assert rows[0][1:] == rows[1][1:]
    assert os.listdir(folder) == [], "it was to clean up"


def test_the_shipped_zone(tmp_path):
    assert BUILD.endswith("release")
    check(quickstart(tmp_path), tmp_path)


def test_a_zone_of_ones_own(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    run = tmp_path / "run"
    run.mkdir()
    path = own / "db.mine"
    path.write_text("$TTL 1h\n@ IN SOA ns hostmaster ( 4294967295\n 1h 10m 2w 5m )\n"
                    "  IN NS ns\nns IN A 192.0.2.1\n$INCLUDE more.inc\n", encoding="ascii")
    (own / "more.inc").write_text("www IN A 192.0.2.2\n", encoding="ascii")
    before = path.read_text(encoding="ascii")
    check(quickstart(run, path, "mine.test"), run)
    assert path.read_text(encoding="ascii") == before


def test_the_real_root_zone(tmp_path, root_history):
    run = tmp_path / "run"
    run.mkdir()
    zone = shutil.copy(root_history[-1], tmp_path / "root.zone")
    check(quickstart(run, zone), run)


def test_a_file_without_a_name_is_told_so(tmp_path):
    own = tmp_path / "own.zone"
    own.write_text(zone_texts.small(1).replace("example.test. 3600 IN SOA", "@ 3600 IN SOA"),
                   encoding="ascii")
    run = tmp_path / "run"
    run.mkdir()
    done = quickstart(run, own)
    assert done.returncode == 1
    assert "ORIGIN" in done.stdout
