"""Content as a number: the sum of a hash of each record in text, whatever their order. Read by
kdig, which is nobody's server here, so that ours is not judged by itself."""
import hashlib
import shutil
import socket
import subprocess

from material import Missing

_SUM = 1 << 128
# Rdata of these types has names or hexadecimal digits, of which the case says nothing; elsewhere it
# may (base64, text).
_CASELESS = {b"NS", b"SOA", b"DS", b"NSEC3", b"MX"}


def _normal(fields):
    owner, ttl, rdclass, rdtype, *rdata = fields
    rdata = b" ".join(rdata)
    if rdtype == b"AAAA":  # written in more than one way
        rdata = socket.inet_pton(socket.AF_INET6, rdata.decode())
    return b" ".join([owner.lower(), ttl, rdclass, rdtype,
                      rdata.lower() if rdtype in _CASELESS else rdata])


def of_lines(lines):
    """(sum, records) of lines with one record each, all of it written out."""
    total = count = 0
    for line in lines:
        if line[:1] in b";\n":
            continue
        record = _normal(line.split())
        total += int.from_bytes(hashlib.blake2b(record, digest_size=16).digest(), "little")
        count += 1
    return total % _SUM, count


def of_file(path):
    with open(path, "rb") as file:
        return of_lines(file)


def of_server(port, zone):
    """By AXFR, whose closing SOA is left out."""
    if not shutil.which("kdig"):
        raise Missing("no kdig (package knot-dnsutils): content is read with it")
    with subprocess.Popen(["kdig", "@127.0.0.1", "-p", str(port), zone, "AXFR", "+time=120",
                           "+noall", "+answer"], stdout=subprocess.PIPE) as reading:
        lines = [line for line in reading.stdout if line[:1] not in b";\n"]
    if len(lines) < 2 or lines[0] != lines[-1]:
        raise AssertionError(f"AXFR of {zone} from port {port}: {len(lines)} records")
    return of_lines(lines[:-1])


def must_be(port, zone, path, who=""):
    """The server has the file's content; returns the words for a result."""
    want, found = of_file(path), of_server(port, zone)
    if want != found:
        raise AssertionError(f"{who} has another content of {zone} than {path}: {found} for {want}")
    return f"{want[1]} records by AXFR, equal to the zone file"
