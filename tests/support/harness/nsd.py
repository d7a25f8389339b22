"""NSD as primary or secondary of one zone."""
import subprocess

from .keys import Key
from .server import Server

SERVER = """
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
  zonefiles-write: 0
  xfrd-reload-timeout: 0
  tcp-timeout: 60
  rrl-ratelimit: 0
  verbosity: 2
{options}remote-control:
  control-enable: yes
  control-interface: {folder}/control
{key}
zone:
  name: "{zone}"
  zonefile: "{file}"
  provide-xfr: 127.0.0.1 NOKEY
  provide-xfr: 127.0.0.1 {key_name}
"""


class Nsd(Server):
    name = "nsd"
    cuts_off = True  # at a reload its processes end with their connections
    ixfr = "  create-ixfr: yes\n  store-ixfr: yes\n  ixfr-number: 50\n  ixfr-size: 100000000\n"

    def _start(self, zone, key, more, file=None, options="", clauses=""):
        conf = SERVER.format(port=self.port, folder=self.folder, key=key.nsd_text() + clauses,
                             zone=zone, key_name=key.name, file=file or self.path("zone.db"),
                             options=options)
        self.conf = self.write("nsd.conf", conf + more)
        self.zone = zone
        return self.run(["/usr/sbin/nsd", "-d", "-c", self.conf])

    def as_secondary(self, zone, primary_port, key):
        return self._start(zone, key,
                           f"  request-xfr: 127.0.0.1@{primary_port} {key.name}\n"
                           f"  allow-notify: 127.0.0.1 {key.name}\n"
                           "  min-refresh-time: 1\n  min-retry-time: 1\n")

    def as_tls_secondary(self, zone, tls_port, authority, host, own, key):
        """Follows over TLS, signed, and shows its certificate."""
        return self._start(zone, key,
                           f"  request-xfr: 127.0.0.1@{tls_port} {key.name} upstream\n"
                           f"  allow-notify: 127.0.0.1 {key.name}\n"
                           "  min-refresh-time: 1\n  min-retry-time: 1\n",
                           options=f'  tls-cert-bundle: "{authority.ca}"\n',
                           clauses=f'tls-auth:\n  name: upstream\n  auth-domain-name: "{host}"\n'
                                   f'  client-cert: "{own.cert}"\n  client-key: "{own.key}"\n')

    def as_primary(self, zone, text, secondary_port, key):
        self.write("zone.db", text)
        return self._start(zone, key,
                           f"  notify: 127.0.0.1@{secondary_port} {key.name}\n" + self.ixfr)

    def from_file(self, zone, path):
        """Primary of a zone that somebody else writes to `path`, controlled by nsd-control."""
        self.reload = {"reload": "nsd",
                       "command": ["/usr/sbin/nsd-control", "-c", self.path("nsd.conf")]}
        return self._start(zone, Key.random("unused."), "", path)

    def load(self, text):
        """The next version of the zone it is primary of."""
        self.write("zone.db", text)
        self.control("reload", self.zone)

    def control(self, *words):
        subprocess.run(["/usr/sbin/nsd-control", "-c", self.conf, *words], check=True, timeout=30,
                       stdout=subprocess.DEVNULL)
