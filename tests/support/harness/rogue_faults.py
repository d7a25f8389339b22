"""The ways in which a primary can answer a transfer wrongly, and the answer they spoil."""
import struct
import time

import dns.flags
import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.rrset
import dns.tsig

from . import contents
from .keys import Key

RECORDS_A_MESSAGE = 50


class Answer:
    """The messages of one answer; a fault changes the fields before they are made."""

    def __init__(self, server, query):
        self.server, self.query = server, query
        self.rrsets = []
        self.key = server.key if query.had_tsig else None
        self.seconds_off = 0        # of the TSIG time
        self.sign_last = True
        self.unsigned_run = 0       # so many messages without TSIG between two with it
        self.id_of = lambda number: query.id
        self.qr = dns.flags.QR
        self.cut_at = None          # share of the stream's octets after which it is cut
        self.keep_open = False      # say nothing more, but do not close
        self.endless = None         # makes the n-th rrset of a stream without end
        self.rcode = 0

    def _message(self, number, rrsets):
        message = dns.message.Message(self.id_of(number))
        message.flags = self.qr | dns.flags.AA
        message.set_rcode(self.rcode)
        if number == 0:
            message.question = list(self.query.question)
        message.answer = list(rrsets)
        return message.to_wire(max_size=65535)

    def _bodies(self):
        for at in range(0, len(self.rrsets), RECORDS_A_MESSAGE):
            yield self.rrsets[at:at + RECORDS_A_MESSAGE]
        number = 0
        while self.endless:
            yield [self.endless(number + i) for i in range(RECORDS_A_MESSAGE)]
            number += RECORDS_A_MESSAGE
        if not self.rrsets:
            yield []

    def messages(self):
        bodies, ctx, unsigned = self._bodies(), None, 0
        body, number = next(bodies), 0
        while body is not None:
            following = next(bodies, None)
            wire = self._message(number, body)
            last = following is None
            if self.key and (last and self.sign_last or not last and unsigned >= self.unsigned_run
                             or number == 0):
                wire, ctx = sign(wire, self.key, self.query, ctx, True, self.seconds_off)
                unsigned = 0
            elif self.key:
                ctx.update(wire)
                unsigned += 1
            yield wire
            body, number = following, number + 1

    def send(self, stream):
        """False: the connection is to be closed."""
        if self.cut_at is None:
            for wire in self.messages():
                contents.send_message(stream, wire)
            if self.keep_open:
                time.sleep(20)
            return not self.keep_open
        whole = b"".join(struct.pack(">H", len(w)) + w for w in self.messages())
        stream.sendall(whole[:int(len(whole) * self.cut_at)])
        return False


def sign(wire, key, query, tsig_ctx=None, multi=False, seconds_off=0):
    """Adds a TSIG record to a message that has none. Returns (wire, context for the next)."""
    now = int(time.time()) + seconds_off
    tsig_key = key.for_dnspython()
    empty = dns.rdtypes.ANY.TSIG.TSIG(dns.rdataclass.ANY, dns.rdatatype.TSIG, tsig_key.algorithm,
                                      now, 300, b"", struct.unpack(">H", wire[:2])[0], 0, b"")
    rdata, ctx = dns.tsig.sign(wire, tsig_key, empty, now, query.mac, tsig_ctx, multi)
    body = rdata.to_wire()
    count = struct.unpack(">H", wire[10:12])[0] + 1
    owner = tsig_key.name.to_wire()
    return (wire[:10] + struct.pack(">H", count) + wire[12:] + owner
            + struct.pack(">HHIH", dns.rdatatype.TSIG, dns.rdataclass.ANY, 0, len(body)) + body), ctx


FAULTS = {}
HARMLESS = {"records outside the zone"}  # left out and counted: the version is taken


def fault(name):
    def add(function):
        FAULTS[name] = function
        return function
    return add


# ---- the signature

@fault("TSIG of another key")
def _(answer):
    answer.key = Key("other.test.")


@fault("TSIG with a wrong secret")
def _(answer):
    answer.key = Key(answer.server.key.name, Key.random("x.").secret)


@fault("TSIG from an hour ago")
def _(answer):
    answer.seconds_off = -3600


@fault("TSIG with another algorithm")
def _(answer):
    answer.key = Key(answer.server.key.name, answer.server.key.secret, "hmac-sha512")


@fault("no TSIG")
def _(answer):
    answer.key = None


@fault("no TSIG on the last message")
def _(answer):
    answer.sign_last = False


@fault("100 messages without TSIG between")
def _(answer):
    owner = answer.server.zone
    fill = [dns.rrset.from_text(f"f{n}.{owner}", 60, "IN", "A", "192.0.2.9")
            for n in range(RECORDS_A_MESSAGE * 105)]
    answer.rrsets[-1:-1] = fill
    answer.unsigned_run = 100


# ---- the records

@fault("closing SOA missing")
def _(answer):
    answer.rrsets.pop()
    answer.cut_at = 1


@fault("closing SOA of another serial")
def _(answer):
    answer.rrsets[-1] = answer.server.soa(answer.server.serial + 1)


@fault("SOA in the middle")
def _(answer):
    answer.rrsets.insert(len(answer.rrsets) // 2, answer.server.soa(answer.server.serial - 7))


@fault("SOA of another owner")
def _(answer):
    answer.rrsets.insert(2, answer.server.soa(owner="sub." + answer.server.zone))


@fault("records after the closing SOA")
def _(answer):
    answer.rrsets.append(answer.rrsets[1])


@fault("record of another class")
def _(answer):
    answer.rrsets.insert(2, dns.rrset.from_text("c." + answer.server.zone, 60, "CH", "TXT", "x"))


@fault("no opening SOA")
def _(answer):
    answer.rrsets.pop(0)


@fault("records outside the zone")
def _(answer):
    answer.rrsets[2:2] = [dns.rrset.from_text(f"www{n}.elsewhere.test.", 60, "IN", "A", "192.0.2.7")
                          for n in range(3)]


@fault("an error code")
def _(answer):
    answer.rcode = 2
    answer.rrsets = []


# ---- the messages

@fault("wrong ID in the first message")
def _(answer):
    answer.id_of = lambda number: answer.query.id ^ 0x55


@fault("wrong ID in a later message")
def _(answer):
    owner = answer.server.zone
    answer.rrsets[-1:-1] = [dns.rrset.from_text(f"f{n}.{owner}", 60, "IN", "A", "192.0.2.9")
                            for n in range(RECORDS_A_MESSAGE * 2)]
    answer.id_of = lambda number: answer.query.id ^ (0x55 if number else 0)


@fault("a query for an answer")
def _(answer):
    answer.qr = 0


def _cut(share):
    def spoil(answer):
        answer.cut_at = share
    return spoil


for _percent in (1, 10, 50, 90, 99):
    FAULTS[f"cut after {_percent} %"] = _cut(_percent / 100)


@fault("without end")
def _(answer):
    owner = answer.server.zone
    answer.rrsets.pop()
    answer.endless = lambda n: dns.rrset.from_text(f"e{n}.{owner}", 60, "IN", "TXT", "x" * 200)


@fault("silence in the middle")
def _(answer):
    answer.rrsets.pop()
    answer.keep_open = True
