"""TSIG keys, and how each server wants them written."""
import base64
import dataclasses
import os

import dns.name
import dns.tsig


@dataclasses.dataclass(frozen=True)
class Key:
    name: str = "transfer.test."
    secret: str = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    algorithm: str = "hmac-sha256"

    @staticmethod
    def random(name, algorithm="hmac-sha256"):
        return Key(name, base64.b64encode(os.urandom(32)).decode(), algorithm)

    def for_dnspython(self):
        return dns.tsig.Key(dns.name.from_text(self.name), self.secret, self.algorithm + ".")

    def bind_text(self):
        return (f'key "{self.name}" {{ algorithm {self.algorithm}; '
                f'secret "{self.secret}"; }};\n')

    def nsd_text(self):
        return (f'key:\n  name: "{self.name}"\n  algorithm: {self.algorithm}\n'
                f'  secret: "{self.secret}"\n')

    def knot_text(self):
        return (f"key:\n  - id: {self.name}\n    algorithm: {self.algorithm}\n"
                f"    secret: {self.secret}\n")
