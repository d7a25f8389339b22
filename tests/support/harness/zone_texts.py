"""Zone files for the tests: small ones made here, and the real history of the root zone."""
import glob
import os
import tarfile

import dns.zone

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def small(serial, records=(), zone="example.test.", refresh=3600, retry=600, expire=1209600):
    """A zone with its SOA, two name servers and the records given (as absolute lines)."""
    lines = [
        f"{zone} 3600 IN SOA ns1.{zone} hostmaster.{zone} {serial} {refresh} {retry} {expire} 300",
        f"{zone} 3600 IN NS ns1.{zone}",
        f"{zone} 3600 IN NS ns2.{zone}",
        f"ns1.{zone} 3600 IN A 192.0.2.1",
        f"ns2.{zone} 3600 IN A 192.0.2.2",
        *records,
    ]
    return "\n".join(lines) + "\n"


def with_zonemd(text, zone="example.test.", algorithm=1, scheme=1, spoil=False):
    """The zone file with the ZONEMD that dnspython computes for it (or one octet off)."""
    made = dns.zone.from_text(text + f"{zone} 3600 IN ZONEMD 0 1 1 {'00' * 48}\n", zone,
                              relativize=False)
    digest = made.compute_digest(min(algorithm, 2)).digest.hex()
    if spoil:
        digest = f"{int(digest[:2], 16) ^ 1:02x}{digest[2:]}"
    serial = made.get_soa().serial
    return text + f"{zone} 3600 IN ZONEMD {serial} {scheme} {algorithm} {digest}\n"


def root_archive():
    """The path of the root zone's history, or None: a user's clone does not have it."""
    shared = os.environ.get("TWINZONE_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
    path = os.path.join(shared, "data", "rootzone-2018.tar.xz")
    return path if os.path.exists(path) else None


def unpack_root_history(folder):
    """All versions in order, as paths."""
    with tarfile.open(root_archive()) as archive:
        archive.extractall(folder)
    return sorted(glob.glob(os.path.join(folder, "**", "root.*.zone"), recursive=True))


def read_once(path):
    """A file's text with each line once: the archive's files end with their SOA again, which NSD
    and PowerDNS do not take."""
    with open(path, encoding="ascii") as file:
        return "".join(dict.fromkeys(file))
