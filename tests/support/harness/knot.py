"""Knot DNS as primary or secondary of one zone."""
import os
import subprocess

from .keys import Key
from .ports import free_port
from .server import Server

CONF = """
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    automatic-acl: on
    udp-workers: 1
    tcp-workers: {workers}
    background-workers: 1
    tcp-io-timeout: 20000
    tcp-remote-io-timeout: 20000
log:
  - target: stderr
    any: info
control:
    listen: {folder}/control
database:
    storage: {folder}/db
{key}
remote:
  - id: other
    address: 127.0.0.1@{other_port}
    key: {key_name}
acl:
  - id: anyone
    address: 127.0.0.1
    action: transfer
zone:
  - domain: "{zone}"
    storage: {folder}
    file: {file}
    acl: anyone
    zonefile-sync: -1
"""


class Knot(Server):
    name = "knot"
    workers = 1  # for TCP

    def _start(self, zone, other_port, key, more, file="zone.db"):
        os.makedirs(self.path("db"), exist_ok=True)
        conf = CONF.format(port=self.port, folder=self.folder, key=key.knot_text(),
                           other_port=other_port, key_name=key.name, zone=zone,
                           workers=self.workers, file=file)
        self.write("knot.conf", conf + more)
        self.zone = zone
        return self.run(["/usr/sbin/knotd", "-c", self.path("knot.conf")])

    def as_secondary(self, zone, primary_port, key, more=""):
        return self._start(zone, primary_port, key,
                           "    master: other\n    refresh-min-interval: 2\n"
                           "    retry-min-interval: 2\n    zonefile-load: none\n"
                           "    journal-content: all\n" + more)

    def as_primary(self, zone, text, secondary_port, key):
        self.write("zone.db", text)
        return self._start(zone, secondary_port, key,
                           "    notify: other\n    zonefile-load: difference\n"
                           "    journal-content: changes\n")

    def from_file(self, zone, path):
        """Primary of a zone that somebody else writes to `path`, controlled by knotc."""
        self.reload = {"reload": "knot", "command": ["/usr/sbin/knotc", "-s", self.path("control")]}
        return self._start(zone, free_port(), Key.random("unused."),
                           "    zonefile-load: whole\n    journal-content: none\n", path)

    def load(self, text):
        """The next version of the zone it is primary of."""
        self.write("zone.db", text)
        self.control("zone-reload", self.zone)

    def control(self, *words):
        subprocess.run(["/usr/sbin/knotc", "-b", "-s", self.path("control"), *words], check=True,
                       timeout=60, stdout=subprocess.DEVNULL)
