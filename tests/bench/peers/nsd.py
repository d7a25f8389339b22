"""NSD 4.6."""
import subprocess

from .peer import KEY, Peer

SERVER = """
server:
  ip-address: 127.0.0.1@{port}
  server-count: 2
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  pidfile: "{folder}/pid"
  tcp-count: 1000
  tcp-timeout: 60
  zonefiles-write: {write}
  zonefiles-check: no
  xfrd-reload-timeout: 0
  xfrd-tcp-max: 256
  xfrd-tcp-pipeline: 100
  statistics: 0
  rrl-ratelimit: 0
remote-control:
  control-enable: yes
  control-interface: {folder}/control
{key}
pattern:
  name: all
  provide-xfr: 127.0.0.1 NOKEY
  provide-xfr: 127.0.0.1 {key_name}
"""


class Nsd(Peer):
    name = "nsd"
    programs = ("/usr/sbin/nsd", "/usr/sbin/nsd-control")

    def configure(self, zones, follows=None, tells=None, differences=False):
        # One large zone is written as soon as it has changed, to be there after a crash; of many
        # zones each hour.
        text = SERVER.format(port=self.port, folder=self.folder, key=KEY.nsd_text(),
                             key_name=KEY.name, write=1 if len(zones) == 1 else 3600)
        if follows is not None:
            text += (f"  request-xfr: 127.0.0.1@{follows} NOKEY\n"
                     "  allow-notify: 127.0.0.1 NOKEY\n")
        elif tells:
            text += f"  notify: 127.0.0.1@{tells} NOKEY\n"
        if differences:
            text += "  create-ixfr: yes\n  store-ixfr: yes\n  ixfr-number: 10\n  ixfr-size: 0\n"
        files = [file if follows is None else f"zone{index}"
                 for index, (_, file) in enumerate(zones)]
        lines = [f'zone:\n  name: "{zone}"\n  zonefile: "{file}"\n  include-pattern: all\n'
                 for (zone, _), file in zip(zones, files)]
        self.write("nsd.conf", text + "".join(lines))
        self.is_secondary = follows is not None
        return self

    def command(self):
        return ["/usr/sbin/nsd", "-d", "-c", self.path("nsd.conf")]

    def take_file(self, zone):
        self.control("reload", zone)

    def control(self, *words):
        subprocess.run(["/usr/sbin/nsd-control", "-c", self.path("nsd.conf"), *words], check=True,
                       timeout=120, stdout=subprocess.DEVNULL)

    def written_after_served(self):
        return self.is_secondary
