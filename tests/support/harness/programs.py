"""twinzone-primary and twinzone-secondary as objects: configuration, life, and what they report."""
import json
import os
import re
import subprocess

from . import contents
from .ports import free_port
from .server import Server
from .waiting import wait_for

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUILD = os.environ.get("TWINZONE_BUILD", os.path.join(ROOT, ".build", "release"))


def program(role):
    return os.path.join(BUILD, role, f"twinzone-{role}")


def yaml(value, indent=0):
    """Mappings and lists in block form, everything else as it prints; strings in double quotes."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        return "".join(f"\n{pad}{key}:{yaml(item, indent + 2)}" for key, item in value.items())
    if isinstance(value, list) and value:
        return "".join(f"\n{pad}-{yaml(item, indent + 2)}" for item in value)
    return " " + json.dumps(value)


class Twinzone(Server):
    """One of our programs with one zone, unless `configuration` is changed before start()."""

    role = None

    def __init__(self, folder, name=None):
        super().__init__(folder)
        self.name = name or f"twinzone-{self.role}"
        self.control_socket = self.path("control.sock")
        self.configuration = {
            "version": 1,
            "server": {"listen": [f"127.0.0.1@{self.port}"]},
            "store": {"path": self.path("store")},
            "control": {"socket": self.control_socket},
            "log": {"level": "debug"},
            "keys": [],
            "remotes": [],
            "limits": {},
            "templates": [],
            "zones": [],
        }

    # ---- configuration

    def use_key(self, key):
        if all(known["name"] != key.name for known in self.configuration["keys"]):
            self.configuration["keys"].append(
                {"name": key.name, "algorithm": key.algorithm, "secret": key.secret})
        return self

    def use_remote(self, name, port, key=None, tls=None):
        remote = {"name": name, "addresses": [f"127.0.0.1@{port}"]}
        if tls:
            remote["tls"] = tls
        if key:
            self.use_key(key)
            remote["key"] = key.name
        self.configuration["remotes"].append(remote)
        return self

    def use_tls(self, name, **settings):
        """An entry of `tls`; paths may be given as such."""
        entry = {"name": name}
        entry.update({key.replace("_", "-"): value if isinstance(value, list) else str(value)
                      for key, value in settings.items()})
        self.configuration.setdefault("tls", []).append(entry)
        return self

    def listen_tls(self, name):
        """Takes TLS at a port of its own, with the certificate of this entry."""
        self.tls_port = free_port()
        self.configuration["server"].update(
            {"listen-tls": [f"127.0.0.1@{self.tls_port}"], "tls": name})
        return self

    def use_limits(self, **limits):
        self.configuration["limits"].update(
            {name.replace("_", "-"): value for name, value in limits.items()})
        return self

    def use_zone(self, zone, **settings):
        """A zone with a template of its own; loopback may fetch it, for the tests to look at."""
        name = f"t{len(self.configuration['templates'])}"
        template = {"name": name, "allow-transfer": [{"address": ["127.0.0.1"]}]}
        template.update({key.replace("_", "-"): value for key, value in settings.items()})
        self.configuration["templates"].append(template)
        self.configuration["zones"].append({"zone": zone, "template": name})
        return self

    # ---- life

    def start(self, limit=30):
        self.write_configuration()
        self.run([program(self.role), "serve", "-c", self.path("twinzone.yaml")])
        return self.wait_until_up(limit)

    def write_configuration(self):
        kept = {key: value for key, value in self.configuration.items() if value not in ([], {})}
        self.write("twinzone.yaml", yaml(kept).lstrip("\n") + "\n")
        os.chmod(self.path("twinzone.yaml"), 0o600)
        return self.path("twinzone.yaml")

    def restart(self, limit=30):
        super().restart()
        return self.wait_until_up(limit)

    def wait_until_up(self, limit=30):
        def up():
            assert self.process.alive(), (f"{self.name} ended with {self.process.popen.returncode}:"
                                          f"\n{self.process.log_text()[-3000:]}")
            return self.tool("status", "--json").returncode == 0
        wait_for(f"{self.name} answers on its control socket", up, limit, step=0.05)
        return self

    # ---- what it reports

    def tool(self, verb, *words, limit=30):
        """Runs the program as its own control tool."""
        return run_program(self.role, verb, *words, "--control", self.control_socket, limit=limit)

    def status(self, zone=None):
        done = self.tool("status", "--json", *([zone] if zone else []))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def zone_status(self, zone):
        absolute = zone if zone.endswith(".") else zone + "."
        found = [z for z in self.status()["zones"] if z["zone"].lower() == absolute.lower()]
        assert len(found) == 1, f"{zone} is {len(found)} times in status"
        return found[0]

    def wait_for_reason(self, zone, pattern, limit=20):
        """Until status gives a reason that matches; returns the zone's status."""
        def told():
            status = self.zone_status(zone)
            return status if re.search(pattern, status["reason"] or "", re.I) else None
        try:
            return wait_for(f"{self.name} says why: /{pattern}/", told, limit)
        except AssertionError as error:
            error.args = (f"{error}; status: {self.zone_status(zone)}; its log ends:\n"
                          f"{self.process.log_text()[-3000:]}",)
            raise

    def wait_for_state(self, zone, state, limit=20):
        def is_so():
            status = self.zone_status(zone)
            return status if status["state"] == state else None
        return wait_for(f"{zone} is {state} on {self.name}", is_so, limit)

    def published(self):
        """The serials put into service by transfer, in order."""
        return [int(new) for new in re.findall(r"\] published, serial (?:\d+ -> )?(\d+)",
                                               self.process.log_text())]

    def wait_until_current(self, zone, serial, limit=30):
        """Until it holds the serial and says that all is well with it; returns the zone's status."""
        def is_so():
            status = self.zone_status(zone)
            return status if (status["serial"], status["state"]) == (serial, "current") else None
        try:
            return wait_for(f"{zone} {serial} is current on {self.name}", is_so, limit)
        except AssertionError as error:
            error.args = (f"{error}; status: {self.zone_status(zone)}; its log ends:\n"
                          f"{self.process.log_text()[-3000:]}",)
            raise

    def transfers(self, since=0):
        """What came in, in order: (type, from serial or None, to serial)."""
        found = re.findall(r"\] (AXFR-style IXFR|AXFR|IXFR), incoming, .*, finished, "
                           r"serial (?:(\d+) -> )?(\d+)", self.process.log_text(since))
        return [(kind, int(old) if old else None, int(new)) for kind, old, new in found]


class Primary(Twinzone):
    role = "primary"

    def serve_file(self, zone, text, notify=(), **settings):
        """The zone from a file of its own, which put() replaces; `notify`: names of remotes."""
        self.file = self.path("zone.db")
        self.put(text)
        if notify:
            settings["notify"] = list(notify)
        return self.use_zone(zone, source={"file": self.file}, **settings)

    def relay(self, zone, upstreams, notify=(), **settings):
        """The zone by transfer from servers beside it; `upstreams`, `notify`: names of remotes."""
        if notify:
            settings["notify"] = list(notify)
        return self.use_zone(zone, source={"transfer": list(upstreams)}, **settings)

    def serve_folder(self, folder):
        """Every NAME.zone in it."""
        self.configuration["templates"].append(
            {"name": "default", "source": {"directory": folder},
             "allow-transfer": [{"address": ["127.0.0.1"]}]})
        return self

    def put(self, text):
        contents.put_file(self.file, text)


class Secondary(Twinzone):
    role = "secondary"

    def follow(self, zone, primaries, output=False, **settings):
        """`output`: True for plain files in out/, or the setting itself."""
        if isinstance(output, dict):
            settings["output"] = output
        elif output:
            os.makedirs(self.path("out"), exist_ok=True)
            settings["output"] = {"mode": "file", "path": self.path("out", "%s.zone")}
        settings.setdefault("refresh", {"min": "1s"})
        settings.setdefault("retry", {"min": "1s"})
        return self.use_zone(zone, primaries=list(primaries), **settings)

    def output_file(self, zone):
        name = "@" if zone == "." else zone.rstrip(".")
        return self.path("out", f"{name}.zone")


def run_program(role, *words, limit=60, cwd=None):
    return subprocess.run([program(role), *map(str, words)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=limit,
                          cwd=cwd, check=False)


def pair(folder, zone, text, key=None, output=False, **settings):
    """A primary with the zone and a secondary that follows it; not yet started."""
    primary, secondary = Primary(folder / "ns1"), Secondary(folder / "ns2")
    primary.use_remote("ns2", secondary.port, key)
    primary.serve_file(zone, text, notify=["ns2"], **settings)
    secondary.use_remote("ns1", primary.port, key).follow(zone, ["ns1"], output=output)
    return primary, secondary

