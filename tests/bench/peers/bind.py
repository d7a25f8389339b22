"""BIND 9.18."""
import subprocess

from harness.keys import Key
from harness.ports import free_port

from .peer import KEY, Peer

OPTIONS = """
{key}{control_key}
options {{
  directory "{folder}"; pid-file none; session-keyfile none; lock-file none;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; empty-zones-enable no; minimal-responses yes;
  allow-query {{ any; }}; allow-transfer {{ any; }}; allow-notify {{ any; }};
  check-integrity no; check-sibling no; check-names primary ignore; check-names secondary ignore;
  notify-delay 0; notify-rate 20000; startup-notify-rate 20000; serial-query-rate 20000;
  transfers-in 200; transfers-per-ns 200; transfers-out 200; tcp-clients 1000;
  tcp-listen-queue 1000; transfer-message-size 65535; max-journal-size unlimited;
  max-ixfr-ratio unlimited; zone-statistics none;
}};
controls {{ inet 127.0.0.1 port {control_port} allow {{ 127.0.0.1; }}
            keys {{ "{control_key_name}"; }}; }};
logging {{ category default {{ default_stderr; }}; category notify {{ null; }};
           category xfer-out {{ null; }}; category xfer-in {{ null; }};
           category zoneload {{ null; }};
           category update {{ null; }}; category update-security {{ null; }};
           category security {{ null; }}; category client {{ null; }}; }};
"""


class Bind(Peer):
    name = "bind"
    programs = ("/usr/sbin/named", "/usr/sbin/rndc")

    def configure(self, zones, follows=None, tells=None, differences=False):
        self.control_port, key = free_port(), Key.random("rndc-key")
        self.write("rndc.key", key.bind_text())
        text = OPTIONS.format(key=KEY.bind_text(), control_key=key.bind_text(),
                              control_key_name=key.name, folder=self.folder, port=self.port,
                              control_port=self.control_port)
        lines = [self._zone(zone, file, follows, tells, differences, index)
                 for index, (zone, file) in enumerate(zones)]
        self.write("named.conf", text + "\n".join(lines) + "\n")
        self.follows = follows
        return self

    def _zone(self, zone, file, follows, tells, differences, index):
        if follows is not None:
            return (f'zone "{zone}" {{ type secondary; file "zone{index}"; masterfile-format raw; '
                    f'primaries {{ 127.0.0.1 port {follows}; }}; notify no; }};')
        told = "notify no;"
        if tells:
            told = f"notify explicit; also-notify {{ 127.0.0.1 port {tells}; }};"
        kept = "ixfr-from-differences yes;" if differences else "allow-update { 127.0.0.1; };"
        return f'zone "{zone}" {{ type primary; file "{file}"; {told} {kept} }};'

    def command(self):
        return ["/usr/sbin/named", "-f", "-c", self.path("named.conf"), "-n", "2"]

    def take_file(self, zone):
        subprocess.run(["/usr/sbin/rndc", "-s", "127.0.0.1", "-p", str(self.control_port), "-k",
                        self.path("rndc.key"), "reload", zone], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)

    def written_after_served(self):
        return True
