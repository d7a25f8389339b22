"""A peer that never comes by itself: it answers NOTIFY, and SOA with a serial of the test's choice."""
import socket
import threading
import time

import dns.flags
import dns.message
import dns.opcode
import dns.rrset

from . import contents, ports


class FakePeer:
    """`serial` None: it does not answer SOA. `questions`: when it was asked for it."""

    def __init__(self, zone, serial=None):
        self.zone, self.serial, self.port = zone, serial, ports.free_port()
        self.questions = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((contents.LOOPBACK, self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                wire, source = self._socket.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(wire)
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.AA
            if query.opcode() == dns.opcode.QUERY:
                self.questions.append(time.monotonic())
                if self.serial is None:
                    continue
                answer.answer.append(dns.rrset.from_text(
                    self.zone, 60, "IN", "SOA",
                    f"ns1.{self.zone} h.{self.zone} {self.serial} 1 1 3600 300"))
            self._socket.sendto(answer.to_wire(), source)
