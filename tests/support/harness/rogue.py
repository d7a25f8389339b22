"""A primary that follows the standards, or breaks exactly one of them on request.

    rogue = RoguePrimary("example.test.", key).start()
    rogue.publish(1, records)            # honest
    rogue.publish(2, records, fault="closing SOA missing")

FAULTS maps each fault's name to what it does to the answer of a transfer. Queries and answers are
handled in threads of this process; the port is its own for UDP and TCP.
"""
import socket
import threading

import dns.flags
import dns.message
import dns.opcode
import dns.rdatatype
import dns.rrset

from . import contents, listening, ports
from .rogue_faults import FAULTS, Answer


class RoguePrimary:
    def __init__(self, zone, key=None):
        self.zone, self.key = zone, key
        self.port = ports.free_port()
        self.serial, self.records, self.fault = None, [], None
        self.transfers = []  # types asked for, in order
        self._sockets = []
        self._running = True

    def start(self):
        self._sockets += listening.listen(self.port, self._serve_udp, self._accept)
        return self

    def stop(self):
        self._running = False
        listening.close(self._sockets)

    def publish(self, serial, records=(), fault=None):
        """From now on this version, spoiled by the fault. `records`: "owner ttl type rdata" lines."""
        assert fault is None or fault in FAULTS, fault
        self.serial, self.records, self.fault = serial, list(records), fault
        return self

    def notify(self, port):
        """Tells a secondary, as an honest primary would. True: it answered."""
        message = dns.message.make_query(self.zone, "SOA")
        message.set_opcode(dns.opcode.NOTIFY)
        message.flags |= dns.flags.AA
        message.answer.append(self.soa())
        if self.key:
            message.use_tsig(self.key.for_dnspython())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(2)
            sock.sendto(message.to_wire(), (contents.LOOPBACK, port))
            try:
                sock.recv(4096)
                return True
            except OSError:
                return False

    # ---- what it holds

    def soa(self, serial=None, owner=None):
        return dns.rrset.from_text(owner or self.zone, 3600, "IN", "SOA",
                                   f"ns1.{self.zone} hostmaster.{self.zone} "
                                   f"{self.serial if serial is None else serial} 1 1 3600 300")

    def _body(self):
        lines = [f"{self.zone} 3600 NS ns1.{self.zone}", f"ns1.{self.zone} 3600 A 192.0.2.1",
                 *self.records]
        rrsets = []
        for line in lines:
            owner, ttl, rdtype, text = line.split(None, 3)
            rrsets.append(dns.rrset.from_text(owner, int(ttl), "IN", rdtype, text))
        return rrsets

    # ---- answering

    def _serve_udp(self, sock):
        while self._running:
            try:
                wire, peer = sock.recvfrom(4096)
            except OSError:
                return
            if not self._running:  # a socket that was shut down reads as an empty message
                return
            sock.sendto(next(self._respond(wire).messages()), peer)

    def _accept(self, listener):
        while self._running:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(stream,), daemon=True).start()

    def _serve_stream(self, stream):
        with stream:
            stream.settimeout(20)
            try:
                while self._running:
                    answer = self._respond(contents.read_message(stream))
                    if not answer.send(stream):
                        return
            except (OSError, EOFError):
                return

    def _respond(self, wire):
        keyring = self.key.for_dnspython() if self.key else None
        query = dns.message.from_wire(wire, keyring=keyring)
        rdtype = query.question[0].rdtype
        is_transfer = rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
        answer = Answer(self, query)
        if is_transfer:
            self.transfers.append(dns.rdatatype.to_text(rdtype))
            answer.rrsets = [self.soa(), *self._body(), self.soa()]
            if self.fault:
                FAULTS[self.fault](answer)
        else:
            answer.rrsets = [self.soa()]
        return answer
