"""PowerDNS for one zone: with its SQLite backend, which keeps DNSSEC records and TSIG keys, or with
its BIND backend, which reads a zone file."""
import os
import shutil
import subprocess

from . import contents
from .process import without_root_rights
from .server import Server

SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

CONF = """
setuid=
setgid=
local-address=127.0.0.1
local-port={port}
socket-dir={folder}
guardian=no
daemon=no
launch=gsqlite3
gsqlite3-database={folder}/zones.sqlite
gsqlite3-pragma-synchronous=0
gsqlite3-dnssec=yes
allow-axfr-ips=127.0.0.0/8
allow-notify-from=127.0.0.0/8
only-notify=
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
xfr-cycle-interval=1
receiver-threads=1
distributor-threads=1
retrieval-threads=1
security-poll-suffix=
loglevel=6
"""


FROM_FILE = """
launch=bind
bind-config={folder}/named.conf
bind-check-interval=0
"""


class PowerDns(Server):
    """Serves no IXFR; as a secondary it asks for IXFR (metadata IXFR)."""

    name = "powerdns"

    def _prepare(self, zone, key, more):
        self.zone = zone
        self._make_store(self.folder, more)
        self.tool("import-tsig-key", key.name, key.algorithm, key.secret)

    def _make_store(self, folder, more=""):
        os.makedirs(folder, exist_ok=True)
        contents.put_file(os.path.join(folder, "pdns.conf"),
                          CONF.format(port=self.port, folder=folder) + more)
        with open(SCHEMA, encoding="ascii") as schema:
            sqlite(folder, schema.read())

    def _start(self):
        return self.run(["/usr/sbin/pdns_server", f"--config-dir={self.folder}"])

    def as_secondary(self, zone, primary_port, key):
        self._prepare(zone, key, "secondary=yes\n")
        self.tool("create-secondary-zone", zone, f"127.0.0.1:{primary_port}")
        self.tool("activate-tsig-key", zone, key.name, "secondary")
        self.tool("set-meta", zone, "IXFR", "1")
        return self._start()

    def as_primary(self, zone, text, secondary_port, key):
        self._prepare(zone, key, f"primary=yes\nalso-notify=127.0.0.1:{secondary_port}\n")
        self.tool("create-zone", zone)
        self.tool("set-kind", zone, "primary")
        self.tool("activate-tsig-key", zone, key.name, "primary")
        if "RRSIG" in text:
            self.tool("set-presigned", zone)
        self._load(text)
        return self._start()

    def from_file(self, zone, path):
        """Primary of a zone that somebody else writes to `path`, controlled by pdns_control."""
        self.reload = {"reload": "pdns",
                       "command": ["/usr/bin/pdns_control", f"--config-dir={self.folder}"]}
        self.write("named.conf", f'zone "{zone}" {{ type master; file "{path}"; }};\n')
        common = "".join(line + "\n" for line in CONF.format(port=self.port, folder=self.folder)
                         .splitlines() if "sqlite3" not in line)
        self.write("pdns.conf", common + FROM_FILE.format(folder=self.folder))
        return self.run(without_root_rights(["/usr/sbin/pdns_server",
                                             f"--config-dir={self.folder}"]))

    def _load(self, text):
        """Into a store beside the served one, and from there in one transaction: pdnsutil changes a
        zone in several, and a transfer must not see what is between them."""
        beside = self.path("beside")
        self._make_store(beside)
        # It makes the NSEC records of an outgoing AXFR itself, so stored ones would be sent twice;
        # for that it must know which names are glue (rectify, which a presigned zone refuses).
        lines = [line for line in text.splitlines(True) if line.split()[3:4] != ["NSEC"]]
        self.tool("load-zone", self.zone, self.write("zone.db", "".join(lines)), folder=beside)
        self.tool("rectify-zone", self.zone, folder=beside)
        sqlite(self.folder, f"""
            ATTACH '{beside}/zones.sqlite' AS beside;
            BEGIN IMMEDIATE;
            DELETE FROM records;
            INSERT INTO records SELECT * FROM beside.records;
            COMMIT;""")
        shutil.rmtree(beside)

    def load(self, text):
        """The next version of the zone it is primary of."""
        self._load(text)
        self.control("notify", self.zone)

    def tool(self, *words, folder=None):
        subprocess.run(["/usr/bin/pdnsutil", f"--config-dir={folder or self.folder}", *words],
                       check=True, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def control(self, *words):
        subprocess.run(["/usr/bin/pdns_control", f"--config-dir={self.folder}", *words],
                       check=True, timeout=30, stdout=subprocess.DEVNULL)


def sqlite(folder, statements):
    subprocess.run(["sqlite3", "-bail", os.path.join(folder, "zones.sqlite")], check=True,
                   timeout=60, input=".timeout 20000\n" + statements, text=True)
