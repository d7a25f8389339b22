"""Load and abuse at once: slow readers, idle connections and forged NOTIFYs around an authorised
transfer; a dead primary with many zones beside a live one; names that do not compress; wrong
signatures that tell nothing. Behaviour and bounds of memory are asserted, no timings.

ABUSE=10 makes it ten times as many: 500 slow readers, 500 idle connections, 10,000 dead zones."""
import contextlib
import os
import random
import socket
import threading
import time

import dns.message
from harness import contents, zone_texts
from harness.keys import Key
from harness.many_zones import ManyPrimary
from harness.ports import free_port
from harness.programs import Primary, Secondary, pair
from harness.waiting import wait_for

ZONE = "example.test."
KEY = Key.random("transfer.test.")
TIMES = int(os.environ.get("ABUSE", "1"))
MIB = 1 << 20
MANY = 40_000  # names of a zone that no socket's buffers take whole


def large(serial, count=10_000):
    many = [f"n{i}.{ZONE} 60 IN TXT \"{'y' * 180}\"" for i in range(count)]
    return zone_texts.small(serial, many + [f"v.{ZONE} 60 IN TXT \"{serial}\""])


def connect(server, number):
    """From an address of its own: limits count by address."""
    source = f"127.0.{1 + number // 200}.{1 + number % 200}"
    return socket.create_connection((contents.LOOPBACK, server.port), 10, (source, 0))


@contextlib.contextmanager
def forged_notifies(server, rate):
    """NOTIFYs that nobody of ours sent, so many a second."""
    message = dns.message.make_query(ZONE, "SOA")
    message.set_opcode(4)
    octets, over = message.to_wire(), threading.Event()

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.66", 0))
            while not over.wait(0.01):
                for _ in range(rate // 100):
                    sock.sendto(octets, (contents.LOOPBACK, server.port))
    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_nobody_keeps_an_authorised_transfer_out(tmp_path, running):
    primary, secondary = pair(tmp_path, ZONE, large(1, MANY), KEY)
    rules = [{"address": ["127.0.0.0/8"]}]
    secondary.configuration["templates"][0]["allow-transfer"] = rules
    if TIMES == 1:  # as full as the usual limits are with ten times as many
        secondary.use_limits(tcp_clients=100, transfers_out=16)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    before, files = secondary.process.resident_bytes(), secondary.process.open_files()
    crowd = []
    for number in range(50 * TIMES):
        slow = connect(secondary, number)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        contents.send_message(slow, dns.message.make_query(ZONE, "AXFR").to_wire())
        crowd += [slow, connect(secondary, 1000 + number)]
    most = 0
    with forged_notifies(secondary, 100 * TIMES):
        def whole():
            nonlocal most
            most = max(most, secondary.process.resident_bytes())
            try:
                return len(secondary.records(ZONE)) > MANY
            except (AssertionError, OSError, EOFError):
                return False  # every place is taken; who takes nothing soon loses it
        began = time.monotonic()
        # Long before any of the crowd has been idle for the limits' 30 and 60 seconds.
        wait_for("an authorised transfer is whole", whole, limit=20)
        took = time.monotonic() - began
        primary.put(large(2, MANY))
        secondary.wait_for_serial(ZONE, 2, limit=60)
        most = max(most, secondary.process.resident_bytes())
    print(f"transfer after {took:.1f} s; {(most - before) / MIB:.1f} MiB more for {len(crowd)} "
          f"connections")
    assert most - before < 64 * MIB + len(crowd) * 256 * 1024
    for stream in crowd:
        stream.close()
    wait_for("all are forgotten", lambda: secondary.process.open_files() <= files + 5, limit=60)


def test_a_dead_primary_with_many_zones_holds_up_no_live_one(tmp_path, running):
    live = ManyPrimary(["live.test."]).start()
    secondary = Secondary(tmp_path / "ns2")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dead, socket.socket() as deaf:
        port = free_port()
        dead.bind((contents.LOOPBACK, port))  # takes questions and never answers
        deaf.bind((contents.LOOPBACK, port))  # and takes no connections
        secondary.use_remote("dead", port).use_remote("live", live.port)
        secondary.follow("live.test.", ["live"])
        secondary.configuration["templates"].append({"name": "dead", "primaries": ["dead"]})
        names = secondary.write("zones.list", "".join(f"d{n}.test. dead\n"
                                                      for n in range(1000 * TIMES)))
        secondary.configuration["zones-file"] = names
        try:
            running(secondary).start(limit=60)
            secondary.wait_for_serial("live.test.", 1, limit=60)
            before = secondary.process.resident_bytes()
            for serial in range(2, 6):
                live.serial = serial
                secondary.wait_for_serial("live.test.", serial, limit=60)
            grown = secondary.process.resident_bytes() - before
            print(f"{1000 * TIMES} zones of a dead primary, {grown / MIB:.1f} MiB more")
            assert grown < 32 * MIB + 4096 * 1000 * TIMES
            assert secondary.process.open_files() < 200
        finally:
            secondary.stop()
            live.stop()


def test_names_that_do_not_compress_cost_their_size(tmp_path, running, key):
    rng = random.Random(7)

    def label():
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(60))
    lines = [f"{label()}.{label()}.{label()}.{ZONE} 60 IN A 192.0.2.1" for _ in range(10_000)]
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1, lines), key)
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1, limit=60)
    expected = contents.of_file(primary.file, ZONE)
    assert contents.difference(expected, secondary.records(ZONE)) == ""
    for server in (primary, secondary):
        assert server.process.resident_bytes() < 256 * MIB, server.name


def without_time(answer):
    """The octets of a signed answer but the time it was signed at (RFC 8945 §4.2)."""
    algorithm = KEY.for_dnspython().algorithm.to_wire()
    at = answer.rindex(algorithm) + len(algorithm)
    return answer[:at] + answer[at + 6:]


def test_a_wrong_signature_tells_nothing_of_the_right_one(tmp_path, running):
    """Whichever octet of it is wrong, and however many: the same answer."""
    server = Primary(tmp_path / "ns1").use_key(KEY)
    running(server.serve_file(ZONE, zone_texts.small(1), allow_transfer=[{"key": KEY.name}])).start()
    server.wait_for_serial(ZONE, 1)
    query = dns.message.make_query(ZONE, "AXFR", id=1)
    query.use_tsig(KEY.for_dnspython())
    signed = query.to_wire()
    mac = signed.index(query.mac)
    answers = set()
    for flipped in [*([at] for at in range(len(query.mac))), range(len(query.mac))]:
        octets = bytearray(signed)
        for at in flipped:
            octets[mac + at] ^= 0x55
        with socket.create_connection((contents.LOOPBACK, server.port), 10) as stream:
            contents.send_message(stream, bytes(octets))
            answers.add(without_time(contents.read_message(stream)))
    assert len(answers) == 1, "an answer depends on where the signature is wrong"
    with socket.create_connection((contents.LOOPBACK, server.port), 10) as stream:
        contents.send_message(stream, signed)
        assert without_time(contents.read_message(stream)) not in answers
