"""Many small zones at one primary: a primary of ours in Python with bad manners on request, and a
relay that counts connections on the way to a real one."""
import socket
import struct
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from . import contents, listening, ports


def names(count):
    return [f"z{n}.test." for n in range(count)]


def zone_records(zone, serial):
    texts = [("SOA", f"ns1.{zone} h.{zone} {serial} 1 1 3600 300"), ("NS", f"ns1.{zone}"),
             ("TXT", f'"{serial}"')]
    return [dns.rrset.from_text(zone, 300, "IN", kind, text) for kind, text in texts] + [
        dns.rrset.from_text(f"ns1.{zone}", 300, "IN", "A", "192.0.2.1")]


def zone_text(zone, serial):
    return "".join(rrset.to_text() + "\n" for rrset in zone_records(zone, serial))


class ManyPrimary:
    """Serves every name in `zones` at `serial`. `manners`, for TCP:

    good; one answer (then it closes); two answers; two at a time, out of order; another ID (every
    fifth answer); another name (every fifth); stalls (after the third answer); cut (every fifth
    answer, in its middle); chatters (a second answer to every fifth question)."""

    def __init__(self, zones, manners="good"):
        self.zones, self.serial, self.manners = set(zones), 1, manners
        self.cut_short = set()  # zones whose transfers are cut in the middle
        self.port = ports.free_port()
        self.connections = self.questions = 0
        self.sources = set()  # of UDP questions
        self.udp_questions = 0
        self._lock = threading.Lock()
        self._running, self._sockets = True, []

    def start(self):
        self._sockets += listening.listen(self.port, self._serve_udp, self._accept)
        return self

    def stop(self):
        self._running = False
        listening.close(self._sockets)

    def _answer(self, wire):
        query = dns.message.from_wire(wire)
        answer = dns.message.make_response(query)
        zone = query.question[0].name.to_text().lower()
        if zone not in self.zones:
            answer.set_rcode(dns.rcode.REFUSED)
            return answer
        answer.flags |= dns.flags.AA
        records = zone_records(zone, self.serial)
        is_soa = query.question[0].rdtype == dns.rdatatype.SOA
        answer.answer = records[:1] if is_soa else [*records, records[0]]
        return answer

    def _serve_udp(self, sock):
        while self._running:
            try:
                wire, peer = sock.recvfrom(4096)
            except OSError:
                return
            if not wire:
                return
            self.sources.add(peer)
            self.udp_questions += 1
            sock.sendto(self._answer(wire).to_wire(), peer)

    def _accept(self, listener):
        while self._running:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            self._sockets.append(stream)
            with self._lock:
                self.connections += 1
            threading.Thread(target=self._serve_stream, args=(stream,), daemon=True).start()

    def _serve_stream(self, stream):
        with stream:
            stream.settimeout(30)
            try:
                answered = 0
                while self._running:
                    if not self._serve_one(stream, answered):
                        return
                    answered += 1
            except (OSError, EOFError):
                return

    # One question; False: nothing more on this connection.
    def _serve_one(self, stream, answered):
        answer = self._answer(contents.read_message(stream))
        name = answer.question[0].name.to_text().lower()
        is_transfer = answer.question[0].rdtype != dns.rdatatype.SOA
        with self._lock:
            self.questions += 1
            fifth = self.questions % 5 == 0
        manners = self.manners
        if manners == "stalls" and answered == 3:
            time.sleep(60)
            return False
        if manners == "another ID" and fifth:
            answer.id = (answer.id + 1) % 65536
        if manners == "another name" and fifth:
            answer.question[0].name = answer.question[0].name.parent()
        if manners == "out of order" and answered % 2 == 0:
            second = self._next_soon(stream)
            if second is not None:
                self._send(stream, self._answer(second))
        wire = self._send(stream, answer, cut=manners == "cut" and fifth
                          or is_transfer and name in self.cut_short)
        if manners == "chatters" and fifth:
            self._send(stream, answer)
        if wire is None:
            return False
        return manners != "one answer" and not (manners == "two answers" and answered == 1)

    @staticmethod
    def _send(stream, answer, cut=False):
        wire = answer.to_wire()
        framed = struct.pack(">H", len(wire)) + wire
        stream.sendall(framed[:len(framed) // 2] if cut else framed)
        return None if cut else wire

    # The question after this one, where it comes at once.
    @staticmethod
    def _next_soon(stream):
        stream.settimeout(0.05)
        try:
            return contents.read_message(stream)
        except socket.timeout:
            return None
        finally:
            stream.settimeout(30)


class CountingRelay:
    """Hands connections and datagrams on to a port of loopback, and counts them."""

    def __init__(self, to):
        self.to, self.port = to, ports.free_port()
        self.connections = self.most_at_once = self._open = 0
        self._lock = threading.Lock()
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind((contents.LOOPBACK, self.port))
        self._tcp.listen(100)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((contents.LOOPBACK, self.port))

    def start(self):
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._relay_datagrams, daemon=True).start()
        return self

    def stop(self):
        for sock in (self._tcp, self._udp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._tcp.accept()
                server = socket.create_connection((contents.LOOPBACK, self.to))
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open += 1
                self.most_at_once = max(self.most_at_once, self._open)
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()

    def _pump(self, source, sink, counts):
        try:
            while octets := source.recv(65536):
                sink.sendall(octets)
        except OSError:
            pass
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if counts:
            with self._lock:
                self._open -= 1

    def _relay_datagrams(self):
        while True:
            try:
                wire, peer = self._udp.recvfrom(65536)
            except OSError:
                return
            if not wire:
                return
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
                onward.settimeout(2)
                onward.sendto(wire, (contents.LOOPBACK, self.to))
                try:
                    self._udp.sendto(onward.recv(65536), peer)
                except OSError:
                    pass


