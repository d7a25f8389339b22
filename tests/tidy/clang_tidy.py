"""clang_tidy.py ROOT BUILD FOLDER...: clang-tidy over every .cpp in these folders, one process a core.

A file that came out clean is not looked at again while nothing it depends on has changed: its own
text, the project's headers it reaches, its compile command and .clang-tidy. What is known clean
stands in ~/.cache/twinzone-clang-tidy, beside ccache's; a machine without it checks everything.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
KEEP_SECONDS = 30 * 86400


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


def fingerprint(reader, path, command):
    parts = [command, reader.settings_of(path)]
    parts += [part for p in reader.reached_from(path) for part in (p, reader.text(p))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def forget_old(known):
    for mark in known.iterdir():
        if mark.stat().st_mtime < time.time() - KEEP_SECONDS:
            mark.unlink()


def run(root, build, path):
    started = time.monotonic()
    done = subprocess.run(["clang-tidy-14", "-quiet", "-p", str(build), str(root / path),
                           "--extra-arg=-Wno-unknown-warning-option"],  # GCC's are not clang's
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return path, done.returncode, done.stdout, time.monotonic() - started


def main():
    root, build = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
    folders = sys.argv[3:]
    known = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    known /= "twinzone-clang-tidy"
    known.mkdir(parents=True, exist_ok=True)
    forget_old(known)
    reader = Reader(root)
    prints = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = os.path.relpath(entry["file"], root)
        if pathlib.Path(path).parts[0] not in folders:
            continue
        prints[path] = fingerprint(reader, path, entry["command"].replace(str(root), ""))
    stale = sorted(path for path, mark in prints.items() if not (known / mark).exists())
    started, failed = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, code, said, seconds in pool.map(lambda p: run(root, build, p), stale):
            print(f"{path}: {'clean' if code == 0 else 'findings'}, {seconds:.1f} s", flush=True)
            if code == 0:
                (known / prints[path]).touch()
            else:
                failed += 1
                print(said, flush=True)
    print(f"{len(prints)} files, {len(stale)} looked at in {time.monotonic() - started:.0f} s, "
          f"{failed} with findings")
    return 1 if failed or not prints else 0


if __name__ == "__main__":
    sys.exit(main())
