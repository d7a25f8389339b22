"""Our secondary, BIND, Knot DNS and PowerDNS with a catalog zone (RFC 9432): as consumer of one, or as
producer."""
import os
import signal
import subprocess

from .bind import OPTIONS, Bind
from .knot import Knot
from .nsd import Nsd
from .powerdns import PowerDns
from .programs import Secondary
from .waiting import wait_for

CATALOG = "catalog.test."
LOOPBACK = [{"address": ["127.0.0.1"]}]
QUICK = {"refresh": {"min": "1s"}, "retry": {"min": "1s", "max": "1s"}}


class Consumer(Secondary):
    """Has no zones but those of catalogs."""

    def __init__(self, folder, name="ns2"):
        super().__init__(folder, name)
        self.template = {"name": "default", "allow-transfer": LOOPBACK, **QUICK}
        self.configuration["templates"].append(self.template)
        self.configuration["catalogs"] = []

    def consume(self, catalog, server, **settings):
        if all(known["name"] != server.name for known in self.configuration["remotes"]):
            self.use_remote(server.name, server.port)
        entry = {"zone": catalog, "role": "consumer", "primaries": [server.name]}
        entry.update({key.replace("_", "-"): value for key, value in settings.items()})
        self.configuration["catalogs"].append(entry)
        return self

    def members(self):
        return {zone["zone"] for zone in self.status()["zones"] if zone.get("catalog")}

    def wait_for_members(self, *zones, limit=20):
        wanted = set(zones)
        try:
            wait_for(f"{self.name} has the members {wanted}", lambda: self.members() == wanted,
                     limit)
        except AssertionError as error:
            error.args = (f"{error}: it has {self.members()}; its log ends:\n"
                          f"{self.process.log_text()[-3000:]}",)
            raise


class CatalogBind(Bind):
    """It makes no catalogs itself: as a producer it serves the one that we write."""

    consumes_groups = False

    def consume(self, port):
        os.makedirs(self.path("members"), exist_ok=True)
        primaries = f"{{ 127.0.0.1 port {port}; }}"
        return self._start(
            f'zone "{CATALOG}" {{ type secondary; file "catalog.db"; masterfile-format text;\n'
            f"  notify no; primaries {primaries}; }};\n", None,
            f'catalog-zones {{ zone "{CATALOG}" default-primaries {primaries}\n'
            f'  zone-directory "members" in-memory no min-update-interval 1; }};')

    def produce(self, port):
        self.members, self.version, self.told = {}, 0, port
        self._write()
        return self.run(["/usr/sbin/named", "-g", "-c", self.path("named.conf"), "-n", "1"])

    def add(self, zone, text, group=None):
        self.write(f"{zone}db", text)
        self.members[zone] = group
        self._reload()

    def remove(self, zone):
        del self.members[zone]
        self._reload()

    def _reload(self):
        self._write()
        self.process.send(signal.SIGHUP)

    def _write(self):
        self.version += 1
        lines = [f"{CATALOG} 0 SOA invalid. invalid. {self.version} 3600 600 2147483646 0",
                 f"{CATALOG} 0 NS invalid.", f'version.{CATALOG} 0 TXT "2"']
        conf = OPTIONS.format(key="", folder=self.folder, port=self.port, more="")
        for zone in [CATALOG, *self.members]:
            conf += (f'zone "{zone}" {{ type primary; file "{zone}db"; notify explicit;\n'
                     f"  also-notify {{ 127.0.0.1 port {self.told}; }}; }};\n")
        for zone, group in self.members.items():
            node = f"{zone.replace('.', '-')}id.zones.{CATALOG}"
            lines.append(f"{node} 0 PTR {zone}")
            if group:
                lines.append(f'group.{node} 0 TXT "{group}"')
        self.write(f"{CATALOG}db", "\n".join(lines) + "\n")
        self.write("named.conf", conf)


KNOT = """
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    automatic-acl: on
    udp-workers: 1
    tcp-workers: 1
    background-workers: 2
log:
  - target: stderr
    any: info
control:
    listen: {folder}/control
database:
    storage: {folder}/db
remote:
  - id: other
    address: 127.0.0.1@{other_port}
acl:
  - id: anyone
    address: 127.0.0.1
    action: transfer
"""
KNOT_MEMBERS = """
template:
  - id: member
    storage: {folder}
    master: other
    acl: anyone
    zonefile-sync: -1
    zonefile-load: none
    journal-content: all
    refresh-min-interval: 2
    retry-min-interval: 2
  - id: reverse
    storage: {folder}
    master: other
    acl: anyone
    zonefile-sync: -1
    zonefile-load: none
    journal-content: all
    refresh-max-interval: 17
zone:
  - domain: {catalog}
    storage: {folder}
    master: other
    acl: anyone
    zonefile-sync: -1
    zonefile-load: none
    journal-content: all
    catalog-role: interpret
    catalog-template: [member, reverse]
"""


class CatalogKnot(Knot):
    consumes_groups = True

    def _run(self, other_port, more):
        os.makedirs(self.path("db"), exist_ok=True)
        self.other_port = other_port
        self._write(more)
        return self.run(["/usr/sbin/knotd", "-c", self.path("knot.conf")])

    def _write(self, more):
        self.write("knot.conf", KNOT.format(port=self.port, folder=self.folder,
                                            other_port=self.other_port) + more)

    def consume(self, port):
        return self._run(port, KNOT_MEMBERS.format(folder=self.folder, catalog=CATALOG))

    def produce(self, port):
        self.members = {}
        self._run(port, self._zones())
        wait_for("knotd takes commands", lambda: os.path.exists(self.path("control")))
        return self

    def add(self, zone, text, group=None):
        self.write(f"{zone}db", text)
        self.members[zone] = group
        self._write(self._zones())
        self.control("reload")

    def remove(self, zone):
        del self.members[zone]
        self._write(self._zones())
        self.control("reload")

    def _zones(self):
        text = (f"zone:\n  - domain: {CATALOG}\n    storage: {self.folder}\n    notify: other\n"
                f"    acl: anyone\n    catalog-role: generate\n    zonefile-sync: -1\n")
        for zone, group in self.members.items():
            text += (f"  - domain: {zone}\n    storage: {self.folder}\n    file: {zone}db\n"
                     f"    notify: other\n    acl: anyone\n    zonefile-sync: -1\n"
                     f"    catalog-role: member\n    catalog-zone: {CATALOG}\n")
            text += f"    catalog-group: {group}\n" if group else ""
        return text


class CatalogPowerDns(PowerDns):
    consumes_groups = False

    def consume(self, port):
        self._make_store(self.folder, "secondary=yes\n")
        self.tool("create-secondary-zone", CATALOG, f"127.0.0.1:{port}")
        self.tool("set-kind", CATALOG, "consumer")
        return self._start()

    def produce(self, port):
        self._make_store(self.folder, f"primary=yes\nalso-notify=127.0.0.1:{port}\n")
        self.tool("create-zone", CATALOG)
        self.tool("set-kind", CATALOG, "producer")
        return self._start()

    def add(self, zone, text, group=None):
        self.tool("load-zone", zone, self.write("zone.db", text))
        self.tool("set-kind", zone, "primary")
        if group:
            self.tool("set-option", zone, "producer", "group", group)
        self.tool("set-catalog", zone, CATALOG)
        # What the tool writes is found by the next round of checks.
        self.control("notify", zone)

    def remove(self, zone):
        self.tool("delete-zone", zone)


NSD = """
server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  pidfile: "{folder}/pid"
  xfrd-reload-timeout: 0
  verbosity: 2
remote-control:
  control-enable: yes
  control-interface: {folder}/control
pattern:
  name: "twinzone"
  request-xfr: 127.0.0.1@{other_port} NOKEY
  allow-notify: 127.0.0.1 NOKEY
  provide-xfr: 127.0.0.1 NOKEY
"""


class CatalogNsd(Nsd):
    """It knows no catalogs: commands give it the members."""

    def consume(self, port):
        self.conf = self.write("nsd.conf", NSD.format(port=self.port, folder=self.folder,
                                                      other_port=port))
        self.run(["/usr/sbin/nsd", "-d", "-c", self.conf])
        wait_for("NSD takes commands", lambda: os.path.exists(self.path("control")))
        return self

    def shell(self, commands):
        """As an operator would: COMMANDS | sh."""
        function = f'nsd-control() {{ /usr/sbin/nsd-control -c {self.conf} "$@"; }}\n'
        subprocess.run(["/bin/bash", "-e"], input=function + commands, text=True, check=True,
                       timeout=30, stdout=subprocess.DEVNULL)
