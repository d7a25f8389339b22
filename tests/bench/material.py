"""What is measured with: programs built from shared/bench, generated zones, changed versions of
them. Everything is kept in a work folder and made once."""
import os
import pathlib
import shutil
import subprocess

from harness.programs import ROOT

SHARED = pathlib.Path(os.environ.get("TWINZONE_SHARED", f"{ROOT}/../shared")) / "bench"
TOOLS = ("zonegen", "axfrpull", "floor")
ZONE = "xtld."


class Missing(Exception):
    """Something the bench stands on is not on this machine; the text says what."""


class Material:
    def __init__(self, work):
        self.work = pathlib.Path(work)
        self.work.mkdir(parents=True, exist_ok=True)

    # ---- programs

    def tool(self, name):
        path = self.work / "bin" / name
        if not path.exists():
            self._build(name, path)
        return str(path)

    def _build(self, name, path):
        source = SHARED / f"{name}.cpp"
        if not source.exists():
            raise Missing(f"no {source}: the folder shared/bench with the zone generator and its "
                          "tools belongs beside the clone, or where TWINZONE_SHARED says")
        path.parent.mkdir(exist_ok=True)
        subprocess.run(["g++", "-O2", "-std=c++17", "-w", source, "-o", f"{path}.new", "-lcrypto",
                        "-lpthread"], check=True)
        os.rename(f"{path}.new", path)

    # ---- one large zone

    def tld(self, records, changes=0, version=0, serial=1):
        """A top-level domain of so many records; `changes` of them are another in `version`. The
        same content under another serial differs in its first line alone."""
        content = self.work / "zones" / f"tld{records}-{changes}-{version if changes else 0}.zone"
        if not content.exists():
            content.parent.mkdir(exist_ok=True)
            with open(f"{content}.new", "wb") as out:
                subprocess.run([self.tool("zonegen"), "tld", "--records", str(records),
                                "--changes", str(changes), "--ver", str(version)],
                               stdout=out, stderr=subprocess.DEVNULL, check=True)
            os.rename(f"{content}.new", content)
        return content if serial == 1 else self._with_serial(content, serial)

    def _with_serial(self, content, serial):
        path = content.with_suffix(f".{serial}")
        if not path.exists():
            copy_with_serial(content, f"{path}.new", serial)
            os.rename(f"{path}.new", path)
        return path

    # ---- many small zones

    def small_zones(self, count):
        """A folder with a file of ten records for each zone, and the zones' names in order."""
        folder, names = self.work / f"small{count}", [small_name(n) for n in range(count)]
        if not folder.exists():
            making = pathlib.Path(f"{folder}.new")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            for number, name in enumerate(names):
                (making / f"{name}zone").write_text(small_zone(number, 1), "ascii")
            making.rename(folder)
        return folder, names


def copy_with_serial(source, target, serial, refresh=None):
    """The first line of a generated zone is its SOA, with the serial after the two names."""
    with open(source, "rb") as old, open(target, "wb") as new:
        fields = old.readline().split(b" ")
        fields[6] = str(serial).encode()
        fields[7] = fields[7] if refresh is None else str(refresh).encode()
        new.write(b" ".join(fields))
        shutil.copyfileobj(old, new, 1 << 20)


def small_name(number):
    return f"zone-{number * 7919 % 1000003}.bench.test."


def small_zone(number, serial):
    a, b, c = number & 255, number >> 8 & 255, number >> 16 & 255
    return (f"$ORIGIN {small_name(number)}\n$TTL 3600\n"
            f"@ IN SOA ns1.dns.example. hostmaster.dns.example. {serial} 3600 900 604800 300\n"
            "@ IN NS ns1.dns.example.\n@ IN NS ns2.dns.example.\n@ IN MX 10 mail\n"
            f"@ IN TXT \"v=spf1 mx -all\"\n@ IN A 198.51.{b}.{a}\n"
            f"mail IN A 203.0.{b}.{a}\nmail IN AAAA 2001:db8:{c:x}:{b:x}::{a:x}\n"
            f"www IN A 198.51.{b}.{a}\nchanges IN A 10.{serial >> 16 & 255}.{serial >> 8 & 255}."
            f"{serial & 255}\n")


def thousand_records(serial):
    """A zone of 1,000 records, of which one tells the serial."""
    hosts = "".join(f"host{n} IN A 10.1.{n >> 8}.{n & 255}\n" for n in range(996))
    return (f"$ORIGIN small.test.\n$TTL 3600\n@ IN SOA ns1.dns.example. h.dns.example. {serial} "
            "3600 900 604800 300\n@ IN NS ns1.dns.example.\n@ IN NS ns2.dns.example.\n"
            f"changes IN A 10.{serial >> 16 & 255}.{serial >> 8 & 255}.{serial & 255}\n{hosts}")
