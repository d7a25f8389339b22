"""A primary whose every answer a test may write itself; what the test leaves alone is honest.

    primary = ScriptedPrimary("example.test.", key).start().publish(1, lines)
    primary.publish(2, more)                         # honest IXFR from any version before
    primary.spoil("IXFR", lambda ask: [ask.answer(ask.soa(9))])

An answer is a sequence of messages (octets), made as they are sent; they are signed where the query
was. Among them may stand CLOSE, Raw(octets) (sent as they are, without length or signature) and
Pause (something to wait for).
"""
import dataclasses
import socket
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rdatatype
import dns.rrset

from . import contents, listening, ports, wire
from .rogue_faults import sign

CLOSE = object()
UDP_OCTETS = 1000


@dataclasses.dataclass
class Raw:
    octets: bytes


@dataclasses.dataclass
class Pause:
    """Waits for the event, for so many seconds at most."""
    event: threading.Event
    limit: float = 60


@dataclasses.dataclass
class Ask:
    """A query as it came, and what an answer to it is made of."""
    primary: "ScriptedPrimary"
    query: dns.message.Message
    udp: bool
    when: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def kind(self):
        return dns.rdatatype.to_text(self.query.question[0].rdtype)

    @property
    def serial(self):
        """Of an IXFR query: the version to start from."""
        return self.query.authority[0][0].serial if self.query.authority else None

    def question(self):
        return wire.question(self.primary.zone, int(self.query.question[0].rdtype))

    def message(self, records, question=True, rcode=0, flags=wire.QR | wire.AA, number=None):
        """One message with these records; `number`: another ID than the query's."""
        return wire.message(self.query.id if number is None else number, flags | rcode,
                            [self.question()] if question else [], records)

    def soa(self, serial=None, **fields):
        return self.primary.soa(serial, **fields)

    def records(self, serial=None):
        return self.primary.records(serial)

    def messages(self, records, size=50):
        """The records in as many messages as it takes."""
        for at in range(0, len(records), size):
            yield self.message(records[at:at + size], question=at == 0)

    def axfr(self, serial=None):
        serial = self.primary.serial if serial is None else serial  # one version, also if it changes
        yield from self.messages([self.soa(serial), *self.records(serial), self.soa(serial)])

    def ixfr(self):
        """A difference for each version since, or the whole zone."""
        served = self.primary.serial
        if self.serial == served:
            yield self.message([self.soa(served)])
            return
        if self.serial not in self.primary.versions:
            yield from self.axfr(served) if not self.udp else [self.message([self.soa(served)])]
            return
        records = [self.soa(served), *self.chain(self.serial, served), self.soa(served)]
        if not self.udp:
            yield from self.messages(records)
            return
        whole = self.message(records)  # RFC 1995 §2: all of it in one datagram, or only the SOA
        yield whole if len(whole) <= UDP_OCTETS else self.message([self.soa(served)])

    def chain(self, first, last=None):
        """The differences from this version to the last, or to the one served."""
        last = self.primary.serial if last is None else last
        serials = list(self.primary.versions)
        steps = serials[serials.index(first):serials.index(last) + 1]
        out = []
        for old, new in zip(steps, steps[1:]):
            out += self.step(old, new)
        return out

    def step(self, old, new):
        before, after = self.records(old), self.records(new)
        return [self.soa(old), *[r for r in before if r not in set(after)],
                self.soa(new), *[r for r in after if r not in set(before)]]


class ScriptedPrimary:
    def __init__(self, zone, key=None, timers=(1, 1, 3600, 300)):
        self.zone, self.key, self.timers = zone, key, timers
        self.port = ports.free_port()
        self.serial, self.versions = None, {}
        self.asked = []       # every Ask, in order
        self.streams = set()  # connections open now
        self.most_streams = 0
        self.answers = {"SOA": lambda ask: [ask.message([ask.soa()])], "AXFR": Ask.axfr,
                        "IXFR": Ask.ixfr}
        self._honest = dict(self.answers)
        self._sockets = []

    # ---- what it holds

    def publish(self, serial, lines=()):
        """From now on this version: "owner ttl type rdata" lines beside SOA and name server."""
        self.versions[serial] = [f"{self.zone} 3600 NS ns1.{self.zone}",
                                 f"ns1.{self.zone} 3600 A 192.0.2.1", *lines]
        self.serial = serial
        return self

    def soa(self, serial=None, **fields):
        fields.setdefault("timers", self.timers)
        return wire.soa(self.zone, self.serial if serial is None else serial, **fields)

    def records(self, serial=None):
        return [wire.record(line) for line in self.versions[self.serial if serial is None else serial]]

    def content(self, serial=None):
        """As contents.of_server() reads it."""
        serial = self.serial if serial is None else serial
        message = wire.message(0, wire.QR, [], [self.soa(serial), *self.records(serial)])
        parsed = dns.message.from_wire(message, one_rr_per_rrset=True)
        return frozenset(contents.record(r.name, r.ttl, r[0]) for r in parsed.answer)

    def spoil(self, kind, answer):
        """From now on queries of this type are answered by `answer(ask)`."""
        self.answers[kind] = answer
        return self

    def mend(self):
        self.answers = dict(self._honest)
        return self

    # ---- what it was asked

    def kinds(self, since=0):
        return [ask.kind for ask in self.asked[since:]]

    def transfers(self, since=0):
        return [kind for kind in self.kinds(since) if kind != "SOA"]

    # ---- life

    def start(self):
        self._sockets = listening.listen(self.port, self._serve_udp, self._accept)
        return self

    def stop(self):
        """It may be started again."""
        listening.close([*self._sockets, *self.streams])
        self._sockets = []

    def notify(self, port, serial=None):
        """Tells a secondary, as an honest primary would. True: it answered."""
        message = dns.message.make_query(self.zone, "SOA")
        message.set_opcode(dns.opcode.NOTIFY)
        message.flags |= dns.flags.AA
        message.answer.append(dns.rrset.from_text(
            self.zone, 3600, "IN", "SOA", f"ns1.{self.zone} hostmaster.{self.zone} "
            f"{self.serial if serial is None else serial} 1 1 3600 300"))
        if self.key:
            message.use_tsig(self.key.for_dnspython())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(2)
            sock.sendto(message.to_wire(), (contents.LOOPBACK, port))
            try:
                return bool(sock.recv(4096))
            except OSError:
                return False

    # ---- answering

    def _ask(self, octets, udp):
        keyring = self.key.for_dnspython() if self.key else None
        ask = Ask(self, dns.message.from_wire(octets, keyring=keyring), udp)
        self.asked.append(ask)
        return ask

    def _parts(self, ask):
        """What is sent, signed."""
        context = None
        for part in self.answers[ask.kind](ask):
            if isinstance(part, bytes) and self.key and ask.query.had_tsig:
                part, context = sign(part, self.key, ask.query, context, not ask.udp)
            yield part

    def _serve_udp(self, sock):
        while sock.fileno() >= 0:
            try:
                octets, peer = sock.recvfrom(4096)
                if not octets:
                    return
                for part in self._parts(self._ask(octets, True)):
                    if isinstance(part, Pause):
                        part.event.wait(part.limit)
                    elif part is not CLOSE:
                        sock.sendto(part.octets if isinstance(part, Raw) else part, peer)
            except dns.exception.DNSException:
                continue
            except OSError:
                return

    def _accept(self, listener):
        while listener.fileno() >= 0:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            self.streams.add(stream)
            self.most_streams = max(self.most_streams, len(self.streams))
            threading.Thread(target=self._serve_stream, args=(stream,), daemon=True).start()

    def _serve_stream(self, stream):
        try:
            with stream:
                stream.settimeout(60)
                while self._answer_one(stream):
                    pass
        except (OSError, EOFError, dns.exception.DNSException):
            pass
        finally:
            self.streams.discard(stream)

    def _answer_one(self, stream):
        for part in self._parts(self._ask(contents.read_message(stream), False)):
            if part is CLOSE:
                return False
            if isinstance(part, Pause):
                part.event.wait(part.limit)
            else:
                stream.sendall(part.octets if isinstance(part, Raw) else wire.framed(part))
        return True
