"""Knot DNS 3.2."""
import os
import subprocess

from .peer import KEY, Peer

SERVER = """
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 2
    background-workers: 2
    tcp-max-clients: 1000
    tcp-io-timeout: 20000
    tcp-remote-io-timeout: 20000
log:
  - target: stderr
    any: error
control:
    listen: {folder}/control
    timeout: 600
database:
    storage: {folder}/db
    journal-db-max-size: 40G
    journal-db-mode: robust
{key}
remote:
  - id: other
    address: 127.0.0.1@{other}
acl:
  - id: anyone
    address: 127.0.0.1
    action: [transfer, notify, update]
  - id: signed
    key: {key_name}
    action: transfer
template:
  - id: default
    storage: {folder}
    acl: [anyone, signed]
    zonefile-sync: -1
    journal-max-usage: 10G
    {role}
zone:
"""


class Knot(Peer):
    name = "knot"
    programs = ("/usr/sbin/knotd", "/usr/sbin/knotc")

    def configure(self, zones, follows=None, tells=None, differences=False):
        if follows is not None:
            role = ["master: other", "zonefile-load: none", "journal-content: all"]
        else:
            role = ["notify: other"] if tells else []
            role += ["zonefile-load: difference", "journal-content: changes"] if differences else [
                "zonefile-load: whole", "journal-content: none"]
        os.makedirs(self.path("db"), exist_ok=True)
        text = SERVER.format(port=self.port, folder=self.folder, key=KEY.knot_text(),
                             key_name=KEY.name, other=follows or tells or 9,
                             role="\n    ".join(role))
        lines = [f"  - domain: {zone}\n    file: {file if follows is None else f'zone{index}'}\n"
                 for index, (zone, file) in enumerate(zones)]
        self.write("knot.conf", text + "".join(lines))
        return self

    def command(self):
        return ["/usr/sbin/knotd", "-c", self.path("knot.conf")]

    def take_file(self, zone):
        self.control("zone-reload", zone)

    def control(self, *words):
        subprocess.run(["/usr/sbin/knotc", "-s", self.path("control"), *words], check=True,
                       timeout=120, stdout=subprocess.DEVNULL)
