"""examples/providers: what it says is configuration that holds, and a provider gets the zone as it asks."""
import os
import subprocess

import dns.query
import dns.xfr
import dns.zone
import pytest
import yaml
from harness import contents, zone_texts
from harness.keys import Key
from harness.programs import ROOT, Primary, pair, run_program

ZONE = "example.test."
FOLDER = os.path.join(ROOT, "examples", "providers")
CLOUDFLARE = Key.random("cloudflare.example.", "hmac-sha512")
NS1 = Key.random("ns1-provider.example.")
PROVIDER, ELSEWHERE = "127.0.0.2", "127.0.0.3"


def example(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


class Published(Primary):
    """The primary of the example, on addresses of this machine."""

    def write_configuration(self):
        for key, name in ((CLOUDFLARE, "cloudflare"), (NS1, "ns1-provider")):
            path = self.write(f"{name}.key", key.bind_text())
            os.chmod(path, 0o600)
        self.write("db.example.test", zone_texts.small(1))
        text = example("primary.yaml")
        for there, here in (("192.0.2.1@53", f"127.0.0.1@{self.port}"),
                            ("/var/lib/twinzone/primary", self.path("store")),
                            ("/run/twinzone/primary.sock", self.control_socket),
                            ("/etc/twinzone/keys.d", self.folder), ("/etc/bind", self.folder),
                            ("198.51.100.0/28", f"{PROVIDER}/32")):
            assert there in text
            text = text.replace(there, here)
        os.chmod(self.write("twinzone.yaml", text), 0o600)


def axfr(port, source, key):
    keyring = {key.for_dnspython().name: key.for_dnspython()} if key else None
    zone = dns.zone.Zone(ZONE, relativize=False)
    query, _ = dns.xfr.make_query(zone, serial=None, keyring=keyring)
    dns.query.inbound_xfr(contents.LOOPBACK, zone, query, port=port, source=source, timeout=10)
    return zone


def test_a_provider_gets_the_zone_with_its_key_from_its_address(tmp_path, running):
    primary = Published(tmp_path)
    primary.write_configuration()
    checked = run_program("primary", "check", "-c", primary.path("twinzone.yaml"))
    assert checked.returncode == 0, checked.stderr
    running(primary).start().wait_for_state(ZONE, "current")
    assert axfr(primary.port, PROVIDER, CLOUDFLARE).get_soa().serial == 1
    for source, key in ((ELSEWHERE, CLOUDFLARE), (PROVIDER, None), (PROVIDER, NS1)):
        with pytest.raises(dns.xfr.TransferError):
            axfr(primary.port, source, key)


def test_octodns_reads_the_zone_from_the_secondary(tmp_path, running):
    source = yaml.safe_load(example("octodns.yaml"))["providers"]["twinzone"]
    assert source["class"] == "octodns_bind.AxfrSource"
    assert {source["key_name"], source["key_secret"]} == {"env/AXFR_KEY_NAME", "env/AXFR_KEY_SECRET"}
    key = Key.random("octodns.test.", source["key_algorithm"])
    ns1, ns2 = pair(tmp_path, ZONE, zone_texts.small(5))
    ns2.use_key(key)
    ns2.configuration["templates"][0]["allow-transfer"] = [{"key": key.name}]
    running(ns1).start()
    running(ns2).start().wait_for_serial(ZONE, 5)
    assert axfr(ns2.port, contents.LOOPBACK, key).get_soa().serial == 5


def test_the_hook_hands_the_zone_to_octodns(tmp_path):
    (tmp_path / "octodns.env").write_text("AXFR_KEY_NAME=k.\nAXFR_KEY_SECRET=s\nAWS_ACCESS_KEY_ID=a\n"
                                          "AWS_SECRET_ACCESS_KEY=b\n", encoding="ascii")
    octodns = tmp_path / "octodns-sync"
    octodns.write_text('#!/bin/sh\necho "$AXFR_KEY_NAME" "$@"\n', encoding="ascii")
    octodns.chmod(0o755)
    script = tmp_path / "on-commit.sh"
    script.write_text(example("on-commit.sh").replace("/etc/twinzone", str(tmp_path)),
                      encoding="utf-8")
    done = subprocess.run(["sh", script], env={"PATH": f"{tmp_path}:/bin", "TWINZONE_ZONE": ZONE},
                          capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == f"k. --config-file={tmp_path}/octodns.yaml --doit {ZONE}\n"
