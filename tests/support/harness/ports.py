"""Loopback ports that nobody has, for UDP and TCP alike."""
import random
import socket

_given = set()


def _ports():
    """Below those that the kernel gives to who asks for any: it may give one away at any moment."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first_of_kernel = int(file.read().split()[0])
    return range(min(10_000, first_of_kernel // 2), first_of_kernel)


def free_port():
    """A port free for both transports right now, and never given twice by this process."""
    while True:
        port = random.choice(_ports())
        if port in _given:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
