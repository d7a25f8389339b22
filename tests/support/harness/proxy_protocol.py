"""The PROXY protocol, version 2, as a proxy speaks it; and dnsdist, which does."""
import ipaddress
import struct

from .server import Server

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def header(client=None, server=("127.0.0.1", 53), udp=False, tlvs=b""):
    """For `client` (address, port); None: the proxy speaks for itself (LOCAL)."""
    if client is None:
        return SIGNATURE + b"\x20\0" + struct.pack(">H", len(tlvs)) + tlvs
    source, target = (ipaddress.ip_address(end[0]) for end in (client, server))
    if source.version != target.version:
        target = ipaddress.ip_address("::1" if source.version == 6 else "127.0.0.1")
    body = source.packed + target.packed + struct.pack(">HH", client[1], server[1]) + tlvs
    family = (0x20 if source.version == 6 else 0x10) | (2 if udp else 1)
    return SIGNATURE + bytes([0x21, family]) + struct.pack(">H", len(body)) + body


class Dnsdist(Server):
    """Hands all that comes to the server at `port` and tells it for whom."""

    name = "dnsdist"

    def in_front_of(self, port):
        conf = self.write("dnsdist.conf", f"""
setLocal("127.0.0.1:{self.port}")
setACL({{"127.0.0.0/8"}})
newServer({{address="127.0.0.1:{port}", useProxyProtocol=true}}):setUp()
""")
        return self.run(["/usr/bin/dnsdist", "--supervised", "--disable-syslog", "-C", conf])
