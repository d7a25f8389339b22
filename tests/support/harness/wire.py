"""DNS messages put together octet by octet: what a library would refuse to write."""
import functools
import struct

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

QR, AA, TC = 0x8000, 0x0400, 0x0200
IN, CH, ANY = 1, 3, 255
SOA, AXFR, IXFR = 6, 252, 251


@functools.lru_cache(maxsize=50_000)
def name(text):
    """Uncompressed, case kept."""
    return dns.name.from_text(text).to_wire()


@functools.lru_cache(maxsize=50_000)
def record(line):
    """A record of a line "owner ttl type rdata"."""
    owner, ttl, rdtype, text = line.split(None, 3)
    rdata = dns.rdata.from_text("IN", rdtype, text, dns.name.root, relativize=False)
    return raw_record(owner, int(rdata.rdtype), rdata.to_wire(), int(ttl))


def raw_record(owner, rdtype, rdata, ttl=60, rdclass=IN, length=None):
    """`owner`: text, or octets as they are to stand; `length`: a lie about the rdata's."""
    owner = owner if isinstance(owner, bytes) else name(owner)
    size = len(rdata) if length is None else length
    return owner + struct.pack(">HHIH", rdtype, rdclass, ttl, size) + rdata


def soa(zone, serial, owner=None, timers=(1, 1, 3600, 300), **fields):
    rdata = (name("ns1." + zone) + name("hostmaster." + zone)
             + struct.pack(">IIIII", serial, *timers))
    return raw_record(owner or zone, SOA, rdata, 3600, **fields)


def question(zone, rdtype, rdclass=IN):
    return name(zone) + struct.pack(">HH", rdtype, rdclass)


def message(number, flags, questions=(), answer=(), authority=(), additional=(), counts=None):
    """`counts`: the four of the header, where they are to be lies."""
    sections = [questions, answer, authority, additional]
    counts = counts or [len(section) for section in sections]
    return (struct.pack(">HHHHHH", number, flags, *counts)
            + b"".join(b"".join(section) for section in sections))


def framed(wire):
    return struct.pack(">H", len(wire)) + wire
