"""ixfrdist 4.7: takes zones by transfer alone, from a primary that it asks; no NOTIFY, no keys."""
import os

import json

from .peer import Peer


class Ixfrdist(Peer):
    name = "ixfrdist"
    knows_tsig = False
    takes_notify = False
    programs = ("/usr/bin/ixfrdist",)

    def configure(self, zones, follows=None, tells=None, differences=False):
        assert follows, "ixfrdist reads no zone files"
        os.makedirs(self.path("work"), exist_ok=True)
        self.write("ixfrdist.yml", json.dumps({  # which YAML includes
            "listen": [f"127.0.0.1:{self.port}"], "acl": ["127.0.0.0/8"], "axfr-timeout": 600,
            "axfr-max-records": 0, "failed-soa-retry": 1, "compress": True, "tcp-in-threads": 8,
            "work-dir": self.path("work"), "keep": 5,
            "domains": [{"domain": zone.rstrip("."), "master": f"127.0.0.1:{follows}"}
                        for zone, _ in zones]}))
        return self

    def command(self):
        return ["/usr/bin/ixfrdist", "--config", self.path("ixfrdist.yml")]
