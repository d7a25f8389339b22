"""BIND 9 as primary or secondary of one zone."""
import signal

from .keys import Key
from .ports import free_port
from .server import Server

OPTIONS = """
{key}
options {{
  directory "{folder}"; pid-file none; session-keyfile none; lock-file none;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; {more}
  recursion no; dnssec-validation no; empty-zones-enable no; check-integrity no;
  allow-query {{ any; }}; allow-transfer {{ any; }};
  notify-delay 0; min-refresh-time 1; min-retry-time 1; max-journal-size unlimited;
  check-names primary ignore; check-names secondary ignore; max-ixfr-ratio unlimited;
}};
controls {{ }};
logging {{ channel all {{ stderr; severity debug 1; }}; category default {{ all; }}; }};
"""


class Bind(Server):
    name = "bind"

    def _start(self, zone_text, key, options=""):
        conf = OPTIONS.format(key=key.bind_text() if key else "", folder=self.folder,
                              port=self.port, more=options)
        conf = self.write("named.conf", conf + zone_text)
        return self.run(["/usr/sbin/named", "-g", "-c", conf, "-n", "1"])

    def as_secondary(self, zone, primary_port, key):
        return self._start(
            f'zone "{zone}" {{ type secondary; file "zone.db"; masterfile-format text; notify no;\n'
            f'  primaries {{ 127.0.0.1 port {primary_port} key "{key.name}"; }};\n'
            f'  allow-notify {{ key "{key.name}"; }}; }};\n', key)

    def as_primary(self, zone, text, secondary_port, key):
        self.write("zone.db", text)
        return self._start(
            f'zone "{zone}" {{ type primary; file "zone.db"; ixfr-from-differences yes;\n'
            f'  notify explicit; also-notify {{ 127.0.0.1 port {secondary_port} '
            f'key "{key.name}"; }}; }};\n', key)

    def as_strict_primary(self, zone, text, secondary_port):
        """Answers over UDP only those who have a cookie of its own."""
        self.write("zone.db", text)
        return self._start(
            f'zone "{zone}" {{ type primary; file "zone.db"; ixfr-from-differences yes;\n'
            f'  notify explicit; also-notify {{ 127.0.0.1 port {secondary_port}; }}; }};\n',
            None, "require-server-cookie yes; answer-cookie yes;")

    def as_tls_secondary(self, zone, tls_port, authority, host, own=None, key=None):
        """Follows over TLS; shows its certificate `own` where it has one."""
        by = f'key "{key.name}" ' if key else ""
        heard = f'allow-notify {{ key "{key.name}"; }};' if key else ""
        certificate = f'cert-file "{own.cert}"; key-file "{own.key}"; ' if own else ""
        return self._start(
            f'tls t {{ ca-file "{authority.ca}"; remote-hostname "{host}"; {certificate}}};\n'
            f'zone "{zone}" {{ type secondary; file "zone.db"; masterfile-format text; notify no;\n'
            f'  primaries {{ 127.0.0.1 port {tls_port} {by}tls t; }}; {heard} }};\n', key)

    def as_tls_primary(self, zone, text, own, clients=None, key=None, secondary_port=None):
        """Serves transfers over TLS alone; `clients`: the authority of certificates it wants. With a
        key only to who signs, and it tells the secondary of changes."""
        to = f'key "{key.name}"' if key else "any"
        told = (f'notify explicit; also-notify {{ 127.0.0.1 port {secondary_port} '
                f'key "{key.name}"; }};' if key else "notify no;")
        self.write("zone.db", text)
        self.tls_port = free_port()
        wanted = f'ca-file "{clients.ca}"; ' if clients else ""
        return self._start(
            f'zone "{zone}" {{ type primary; file "zone.db"; ixfr-from-differences yes;\n'
            f'  {told} allow-transfer port {self.tls_port} transport tls {{ {to}; }}; }};\n'
            f'tls own {{ cert-file "{own.cert}"; key-file "{own.key}"; {wanted}}};\n',
            key, f"listen-on port {self.tls_port} tls own {{ 127.0.0.1; }};")

    def from_file(self, zone, path):
        """Primary of a zone that somebody else writes to `path`, controlled by rndc."""
        key, port = Key.random("rndc-key"), free_port()
        self.write("rndc.key", key.bind_text())
        self.reload = {"reload": "bind", "command": ["/usr/sbin/rndc", "-s", "127.0.0.1", "-p",
                                                     str(port), "-k", self.path("rndc.key")]}
        return self._start(
            f'zone "{zone}" {{ type primary; file "{path}"; notify no; check-names fail; }};\n'
            f'controls {{ inet 127.0.0.1 port {port} allow {{ any; }} keys {{ "{key.name}"; }}; }};',
            key)

    def load(self, text):
        """The next version of the zone it is primary of."""
        self.write("zone.db", text)
        self.process.send(signal.SIGHUP)
