"""clang_tidy.py ROOT BUILD FOLDER...: clang-tidy over every .cpp in these folders, one process a core.

Files of the same folder and flags are looked at together, as one unit that includes them: most of
the time goes into headers, and those are read once a batch. Files that cannot share a unit (both
have a kTries) go into different ones.

A file that came out clean is not looked at again while nothing it depends on has changed: its own
text, the project's headers it reaches, its compile command and .clang-tidy. What is known clean
stands in ~/.cache/twinzone-clang-tidy, beside ccache's; a machine without it checks everything.
"""
import concurrent.futures
import hashlib
import itertools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
KEEP_SECONDS = 30 * 86400
BATCH = 12


class Reader:
    """Files by path from the root, read once."""

    def __init__(self, root):
        self.root = root
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            file = self.root / path
            self.texts[path] = file.read_text() if file.is_file() else ""
        return self.texts[path]

    def reached_from(self, path):
        """The path and every header of the project that it includes, directly or not."""
        reached, waiting = set(), [path]
        while waiting:
            current = waiting.pop()
            if current not in reached:
                reached.add(current)
                waiting += INCLUDE.findall(self.text(current))
        return sorted(reached)

    def settings_of(self, path):
        folders = [pathlib.Path(path).parent, *pathlib.Path(path).parent.parents]
        return "".join(self.text(str(folder / ".clang-tidy")) for folder in folders)


class Batch:
    """Files with the same flags and settings, as one unit in their folder."""

    def __init__(self, root, flags, paths):
        self.flags = flags
        self.paths = paths
        self.unit = str(root / pathlib.Path(paths[0]).parent / "clang_tidy_batch.cpp")
        self.text = "".join(f'#include "{root / path}"\n' for path in paths)

    def shown_as_file(self, folder):
        """The option that makes the unit a file in its folder, though it is kept in another."""
        pathlib.Path(folder, "unit.cpp").write_text(self.text)
        overlay = pathlib.Path(folder, "overlay.json")
        overlay.write_text(json.dumps({"version": 0, "roots": [
            {"type": "file", "name": self.unit, "external-contents": f"{folder}/unit.cpp"}]}))
        return str(overlay)

    def colliding(self, root):
        """Those of the files that do not compile in one unit with the others."""
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder, "unit.cpp")
            unit.write_text(self.text)
            done = said_by(["clang-14", "-fsyntax-only", *self.flags, "-w", "-ferror-limit=0",
                            str(unit)])
        wrong = set(re.findall(r"^(\S+?):\d+:\d+: (?:fatal )?error:", done.stdout, re.MULTILINE))
        colliding = [path for path in self.paths[1:] if str(root / path) in wrong]
        return colliding or (self.paths[1:] if done.returncode else [])

    def look(self):
        """What clang-tidy says: whether all is clean, the text."""
        with tempfile.TemporaryDirectory() as folder:
            done = said_by(["clang-tidy-14", "-quiet", "-checks=-bugprone-suspicious-include",
                            f"-vfsoverlay={self.shown_as_file(folder)}", self.unit,
                            "--", *self.flags, "-Wno-unknown-warning-option"])  # GCC's
        return done.returncode == 0, done.stdout


def said_by(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)


def batch_that_compiles(root, flags, paths):
    """Of the first of the files and those that go with it."""
    while True:
        batch = Batch(root, flags, paths)
        apart = batch.colliding(root)
        if not apart:
            return batch
        paths = [path for path in paths if path not in apart]


def look(root, flags, paths):
    """All files, in as few units as it takes: for each its paths, whether clean, what was said."""
    looked_at = []
    while paths:
        batch = batch_that_compiles(root, flags, paths)
        looked_at.append((batch.paths, *batch.look()))
        paths = [path for path in paths if path not in batch.paths]
    return looked_at


class Source:
    def __init__(self, reader, entry):
        self.path = os.path.relpath(entry["file"], reader.root)
        words = shlex.split(entry["command"])[1:]
        self.flags = tuple(word for before, word in zip(["", *words], words)
                           if before not in ("-o", "-c") and word not in ("-o", "-c"))
        self.settings = reader.settings_of(self.path)
        parts = [*self.flags, self.settings]
        parts += [part for p in reader.reached_from(self.path) for part in (p, reader.text(p))]
        text = "\0".join(parts).replace(str(reader.root), "")
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()


def batches_of(sources):
    """Lists of at most BATCH sources with the same flags and settings."""
    for _, alike in itertools.groupby(sorted(sources, key=lambda s: (s.flags, s.settings, s.path)),
                                      key=lambda s: (s.flags, s.settings)):
        alike = list(alike)
        yield from (alike[i:i + BATCH] for i in range(0, len(alike), BATCH))


def forget_old(known):
    for mark in known.iterdir():
        if mark.stat().st_mtime < time.time() - KEEP_SECONDS:
            mark.unlink()


def known_clean():
    known = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    known /= "twinzone-clang-tidy"
    known.mkdir(parents=True, exist_ok=True)
    forget_old(known)
    return known


def main():
    root, build = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
    reader, known = Reader(root), known_clean()
    commands = json.loads((build / "compile_commands.json").read_text())
    sources = {s.path: s for s in (Source(reader, entry) for entry in commands)
               if pathlib.Path(s.path).parts[0] in sys.argv[3:]}
    stale = [s for s in sources.values() if not (known / s.fingerprint).exists()]
    started, failed = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        batches = [(root, batch[0].flags, [s.path for s in batch]) for batch in batches_of(stale)]
        for looked_at in pool.map(lambda batch: look(*batch), batches):
            for paths, is_clean, said in looked_at:
                print("clean:" if is_clean else "findings:", *paths, flush=True)
                if is_clean:
                    for path in paths:
                        (known / sources[path].fingerprint).touch()
                else:
                    failed += 1
                    print(said, flush=True)
    print(f"{len(sources)} files, {len(stale)} looked at in {time.monotonic() - started:.0f} s, "
          f"{failed} batches with findings")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
