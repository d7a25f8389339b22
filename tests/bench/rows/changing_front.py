"""A primary whose zone changes by one record at a time, at no cost of its own: full transfers it
hands on from the server behind it, IXFR and SOA it answers itself."""
import socket
import struct
import threading
import time

import dns.message
import dns.rdatatype
import dns.rrset

from harness import contents, listening, ports
from rows.axfr_in import notify


class ChangingFront:
    def __init__(self, zone, serial, behind):
        self.zone, self.serial, self.first, self.behind = zone, serial, serial, behind
        self.full_transfers = 0
        self.port = ports.free_port()
        self._running = True
        self._sockets = listening.listen(self.port, self._serve_udp, self._accept)

    def stop(self):
        self._running = False
        listening.close(self._sockets)

    def change(self, secondary_port):
        """The next version, announced; returns (the moment of it, its serial)."""
        self.serial += 1
        began = time.monotonic()
        notify(secondary_port, self.zone)
        return began, self.serial

    # ---- answers

    def _soa(self, serial):
        return dns.rrset.from_text(self.zone, 900, "IN", "SOA", f"ns1.{self.zone} "
                                   f"hostmaster.{self.zone} {serial} 1800 900 604800 900")

    def _record(self, serial):
        return dns.rrset.from_text(f"changing.{self.zone}", 900, "IN", "TXT", f'"{serial}"')

    def _answer(self, query):
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        answer.answer = [self._soa(self.serial)]
        if query.question[0].rdtype == dns.rdatatype.IXFR:
            theirs = query.authority[0][0].serial
            if theirs != self.serial:
                removed = [self._record(theirs)] if theirs != self.first else []
                answer.answer += [self._soa(theirs), *removed, self._soa(self.serial),
                                  self._record(self.serial), self._soa(self.serial)]
        return answer.to_wire()

    def _serve_udp(self, sock):
        while self._running:
            try:
                wire, peer = sock.recvfrom(4096)
                sock.sendto(self._answer(dns.message.from_wire(wire)), peer)
            except (OSError, EOFError, dns.exception.DNSException):
                continue

    def _accept(self, listener):
        while self._running:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(stream,), daemon=True).start()

    def _serve_stream(self, stream):
        with stream:
            try:
                while self._running:
                    wire = contents.read_message(stream)
                    query = dns.message.from_wire(wire)
                    if query.question[0].rdtype == dns.rdatatype.AXFR or (
                            query.question[0].rdtype == dns.rdatatype.IXFR and not query.authority):
                        self._hand_on(wire, stream)
                    else:
                        contents.send_message(stream, self._answer(query))
            except (OSError, EOFError):
                return

    def _hand_on(self, question, stream):
        """Until the last message, which is the one with the closing SOA alone or at its end: the
        server behind then sends nothing more for a while."""
        self.full_transfers += 1
        with socket.create_connection(("127.0.0.1", self.behind), 60) as source:
            source.sendall(struct.pack(">H", len(question)) + question)
            source.settimeout(1)
            try:
                while octets := source.recv(1 << 20):
                    stream.sendall(octets)
            except socket.timeout:
                pass
