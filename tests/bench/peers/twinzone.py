"""Our own programs, as the bench runs them."""
import os

from harness import programs

from .peer import KEY, Peer


class Ours(Peer):
    name = "twinzone"

    @classmethod
    def needs(cls):
        return (programs.program("primary"), programs.program("secondary"))

    def configure(self, zones, follows=None, tells=None, differences=False):
        self.role = "primary" if follows is None else "secondary"
        self.control_socket = self.path("control.sock")
        template = {"name": "default", "allow-transfer": [{"address": ["127.0.0.1"]},
                                                          {"key": KEY.name}]}
        remotes = []
        if follows is None:
            remotes += [{"name": "other", "addresses": [f"127.0.0.1@{tells}"]}] if tells else []
            template["notify"] = ["other"] if tells else []
        else:
            remotes.append({"name": "other", "addresses": [f"127.0.0.1@{follows}"]})
            template["primaries"] = ["other"]
        configuration = {
            "version": 1,
            "server": {"listen": [f"127.0.0.1@{self.port}"]},
            "store": {"path": self.path("store")},
            "control": {"socket": self.control_socket},
            "log": {"level": "warning"},
            "keys": [{"name": KEY.name, "algorithm": KEY.algorithm, "secret": KEY.secret}],
            "remotes": remotes,
            # The default asks a remote a thousand SOA a second: of the check of very many zones
            # that would be all that is measured.
            "limits": {"soa-rate": 1_000_000},
            "templates": [template],
        }
        self._put_zones(configuration, template, zones, follows is None)
        kept = {key: value for key, value in configuration.items() if value != []}
        template.update({key: value for key, value in template.items() if value != []})
        self.write("twinzone.yaml", programs.yaml(kept).lstrip("\n") + "\n")
        os.chmod(self.path("twinzone.yaml"), 0o600)
        return self

    # One by one, or from a folder, or from a list, as operators of so many zones would have them.
    def _put_zones(self, configuration, template, zones, is_primary):
        if len(zones) > 10 and is_primary:
            template["source"] = {"directory": os.path.dirname(zones[0][1])}
        elif len(zones) > 10:
            self.write("zones.list", "".join(f"{zone}\n" for zone, _ in zones))
            configuration["zones-file"] = self.path("zones.list")
        else:
            configuration["zones"] = [
                {"zone": zone, **({"source": {"file": str(file)}} if is_primary else {})}
                for zone, file in zones]

    def command(self):
        return [programs.program(self.role), "serve", "-c", self.path("twinzone.yaml")]

    def take_file(self, zone):
        pass  # it watches

    def tool(self, verb, *words, limit=60):
        return programs.run_program(self.role, verb, *words, "--control", self.control_socket,
                                    limit=limit)
