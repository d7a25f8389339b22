"""A zone's content as a set of records, read from a server or a file; the measure of 'in step'.

A record is (owner, TTL, type, rdata) with the owner in lower case and the rdata in canonical form, as
dnspython reads them. Both readers remember what they have parsed: versions of a zone share most of
their lines, and our own servers send a page that did not change byte for byte again.
"""
import contextlib
import functools
import os
import queue
import socket
import struct
import threading

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.zone

LOOPBACK = "127.0.0.1"


def record(owner, ttl, rdata):
    return (owner.to_text().lower(), ttl, int(rdata.rdtype), rdata.to_digestable())


# ---- from files

@functools.lru_cache(maxsize=200_000)
def _record_of_line(line):
    owner, ttl, rdclass, rdtype, text = line.split(None, 4)
    assert rdclass == "IN" and owner.endswith(".")
    rdata = dns.rdata.from_text(rdclass, rdtype, text, dns.name.root, relativize=False)
    return record(dns.name.from_text(owner), int(ttl), rdata)


def of_plain_file(path):
    """A file with one record a line, everything absolute; ValueError where it is not."""
    with open(path, encoding="ascii") as file:
        return frozenset(_record_of_line(line) for line in file if line.strip())


def of_file(path, origin):
    try:
        return of_plain_file(path)
    except Exception:  # dnspython raises many kinds; any means: not the plain form
        zone = dns.zone.from_file(path, origin, relativize=False, check_origin=False)
        return frozenset(record(*item) for item in zone.iterate_rdatas())


def serial_of(records):
    soa = [r for r in records if r[2] == dns.rdatatype.SOA]
    assert len(soa) == 1, f"{len(soa)} SOA records"
    return struct.unpack(">I", soa[0][3][-20:-16])[0]


# ---- from servers

@functools.lru_cache(maxsize=3000)
def _records_of_message(body):
    message = dns.message.from_wire(b"\0\0" + body, xfr=True, one_rr_per_rrset=True)
    assert message.rcode() == dns.rcode.NOERROR, dns.rcode.to_text(message.rcode())
    return [record(rrset.name, rrset.ttl, rrset[0]) for rrset in message.answer]


def _read_exactly(stream, count):
    read = b""
    while len(read) < count:
        more = stream.recv(count - len(read))
        if not more:
            raise EOFError("the server closed the connection")
        read += more
    return read


def read_message(stream):
    return _read_exactly(stream, struct.unpack(">H", _read_exactly(stream, 2))[0])


def send_message(stream, wire):
    stream.sendall(struct.pack(">H", len(wire)) + wire)


def _receive_into(received, stream):
    try:
        while True:
            received.put(read_message(stream))
    except (OSError, EOFError) as error:
        received.put(error)


class CutOff(AssertionError):
    pass


def of_server(port, zone, limit=60):
    """The zone by an unsigned AXFR. Checks the opening and the closing SOA and every message's ID.
    A thread empties the connection while we parse: servers cut off a client that reads slowly."""
    query = dns.message.make_query(zone, "AXFR")
    records, received = [], queue.SimpleQueue()
    with socket.create_connection((LOOPBACK, port), limit) as stream:
        send_message(stream, query.to_wire())
        threading.Thread(target=_receive_into, args=(received, stream), daemon=True).start()
        try:
            while not (len(records) > 1 and records[-1][2] == dns.rdatatype.SOA):
                wire = received.get(timeout=limit)
                if isinstance(wire, Exception):
                    raise CutOff(
                        f"AXFR from port {port} ends after {len(records)} records: {wire!r}")
                assert wire[:2] == struct.pack(">H", query.id), "another message's ID"
                records += _records_of_message(wire[2:])
        finally:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)  # wakes the thread, or nothing is closed
    assert records[0] == records[-1], "the closing SOA is not the opening one"
    body = frozenset(records)
    assert len(body) == len(records) - 1, "a record was sent twice"
    return body


def serial_on(port, zone, limit=1.0):
    """The serial the server answers over UDP; None where it answers nothing or an error."""
    query = dns.message.make_query(zone, "SOA")
    try:
        answer = dns.query.udp(query, LOOPBACK, timeout=limit, port=port)
    except (OSError, dns.exception.DNSException):
        return None
    if answer.rcode() != dns.rcode.NOERROR or not answer.answer:
        return None
    return answer.answer[0][0].serial


def difference(expected, found, most=10):
    """Why two contents differ, in lines; empty where they do not."""
    if expected == found:
        return ""
    lines = [f"- {show(r)}" for r in sorted(expected - found)[:most]]
    lines += [f"+ {show(r)}" for r in sorted(found - expected)[:most]]
    return (f"{len(expected - found)} records missing, {len(found - expected)} too many:\n"
            + "\n".join(lines))


def show(item, whole=False):
    """A record as a line of a zone file; shortened unless it is to be read again."""
    owner, ttl, rdtype, wire = item
    rdata = dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire, 0, len(wire))
    line = f"{owner} {ttl} IN {dns.rdatatype.to_text(rdtype)} {rdata.to_text()}"
    return line if whole else line[:200]


def put_file(path, text):
    """Replaces a file in one go, as careful editors and zone generators do."""
    temporary = f"{path}.new"
    with open(temporary, "w" if isinstance(text, str) else "wb") as file:
        file.write(text)
    os.replace(temporary, path)
