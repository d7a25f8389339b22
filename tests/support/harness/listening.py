"""The two sockets of a server in this process, each with a thread that serves it."""
import socket
import threading

from .contents import LOOPBACK


def listen(port, serve_udp, accept):
    """UDP and TCP on one loopback port; each function is given its socket. Returns both."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for sock in (udp, tcp):
        sock.bind((LOOPBACK, port))
    tcp.listen(100)
    for serve, sock in ((serve_udp, udp), (accept, tcp)):
        threading.Thread(target=serve, args=(sock,), daemon=True).start()
    return [udp, tcp]


def close(sockets):
    """Wakes up who waits in them, too."""
    for sock in sockets:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        sock.close()
