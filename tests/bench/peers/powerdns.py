"""PowerDNS 4.7: primary of zone files by its BIND backend; secondary with its LMDB backend."""
import glob
import subprocess

from .peer import Peer

COMMON = """
setuid=
setgid=
local-address=127.0.0.1
local-port={port}
socket-dir={folder}
guardian=no
daemon=no
allow-axfr-ips=127.0.0.0/8
allow-notify-from=127.0.0.0/8
receiver-threads=1
retrieval-threads=8
max-tcp-connections=1000
max-tcp-connections-per-client=0
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
xfr-max-received-mbytes=0
xfr-cycle-interval=1
security-poll-suffix=
loglevel=3
only-notify=
"""


class PowerDns(Peer):
    """Without a database for DNSSEC its BIND backend leaves RRSIG, NSEC3 and NSEC3PARAM out and has
    no TSIG keys: what it sends is less than what the others do."""

    name = "powerdns"
    knows_tsig = False
    gives_differences = False
    programs = ("/usr/sbin/pdns_server", "/usr/bin/pdnsutil", "/usr/bin/pdns_control")

    @classmethod
    def needs(cls):
        return (*cls.programs, *(glob.glob("/usr/lib/*/pdns/libbindbackend.so")
                                 or ["pdns-backend-bind"]))

    def configure(self, zones, follows=None, tells=None, differences=False):
        text = COMMON.format(port=self.port, folder=self.folder)
        self.primary_port, self.zones = follows, zones
        if follows is None:
            self.write("named.conf", "".join(f'zone "{zone}" {{ type master; file "{file}"; }};\n'
                                             for zone, file in zones))
            text += f"launch=bind\nbind-config={self.folder}/named.conf\nbind-check-interval=0\n"
            text += f"primary=yes\nalso-notify=127.0.0.1:{tells}\n" if tells else ""
        else:
            text += (f"launch=lmdb\nlmdb-filename={self.folder}/zones.lmdb\nlmdb-shards=2\n"
                     "secondary=yes\n")
        self.write("pdns.conf", text)
        if follows is not None:
            for zone, _ in zones:
                self.tool("create-secondary-zone", zone, f"127.0.0.1:{follows}")
        return self

    def tool(self, *words):
        subprocess.run(["/usr/bin/pdnsutil", f"--config-dir={self.folder}", *words], check=True,
                       timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def command(self):
        return ["/usr/sbin/pdns_server", f"--config-dir={self.folder}"]

    def take_file(self, zone):
        subprocess.run(["/usr/bin/pdns_control", f"--config-dir={self.folder}", "bind-reload-now",
                        zone], check=True, timeout=120, stdout=subprocess.DEVNULL)

    @staticmethod
    def keeps_transfers():
        return bool(glob.glob("/usr/lib/*/pdns/liblmdbbackend.so"))
