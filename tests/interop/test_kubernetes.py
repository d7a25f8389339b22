"""examples/kubernetes: every reference in the manifests leads somewhere, pods are shut in, and the pod
of secondary.yaml works with the configuration that is in it."""
import dataclasses
import os
import re
import subprocess
import urllib.request

import pytest
import yaml
from harness import ports, zone_texts
from harness.programs import ROOT, Primary, program
from harness.server import Server

FOLDER = os.path.join(ROOT, "examples", "kubernetes")
ROLES = ["primary", "secondary"]
ZONE = "example.test"


def manifests(role):
    with open(os.path.join(FOLDER, f"{role}.yaml"), encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def of_kind(role, kind):
    return [found for found in manifests(role) if found["kind"] == kind]


def configuration_text(role):
    return next(found["data"][f"{role}.yaml"] for found in of_kind(role, "ConfigMap")
                if f"{role}.yaml" in found["data"])


def pod(role):
    return of_kind(role, "StatefulSet")[0]["spec"]["template"]


def containers(role):
    spec = pod(role)["spec"]
    return spec.get("initContainers", []) + spec["containers"]


@pytest.mark.parametrize("role", ROLES)
def test_selectors_ports_and_volumes_lead_somewhere(role):
    labels = pod(role)["metadata"]["labels"]
    stateful = of_kind(role, "StatefulSet")[0]["spec"]
    assert stateful["selector"]["matchLabels"] == labels
    named = {port["name"]: port for one in containers(role) for port in one.get("ports", [])}
    for service in of_kind(role, "Service"):
        assert service["spec"]["selector"] == labels
        for port in service["spec"]["ports"]:
            assert named[port["targetPort"]].get("protocol", "TCP") == port["protocol"]
    for policy in of_kind(role, "NetworkPolicy"):
        assert policy["spec"]["podSelector"]["matchLabels"] == labels
        for rule in policy["spec"]["ingress"]:
            assert all(port["port"] in named for port in rule["ports"])
    maps = {found["metadata"]["name"]: found["data"] for found in of_kind(role, "ConfigMap")}
    volumes = {volume["name"]: volume for volume in pod(role)["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"]: claim for claim in stateful["volumeClaimTemplates"]}
    for one in containers(role):
        for mount in one["volumeMounts"]:
            volume = volumes[mount["name"]]
            if "configMap" in volume:
                data = maps[volume["configMap"]["name"]]
                assert mount.get("subPath", next(iter(data))) in data


@pytest.mark.parametrize("role", ROLES)
def test_pods_are_shut_in_and_probed(role):
    spec = pod(role)["spec"]
    assert spec["securityContext"]["runAsNonRoot"] and spec["automountServiceAccountToken"] is False
    assert [volume["secret"]["defaultMode"] for volume in spec["volumes"]
            if "secret" in volume] == [0o440]
    for one in containers(role):
        context = one["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
    ours = containers(role)[0]
    web = yaml.safe_load(configuration_text(role))["web"]["listen"].split("@")[1]
    assert next(port["containerPort"] for port in ours["ports"] if port["name"] == "web") == int(web)
    assert ours["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "web"}
    assert ours["args"] == ["serve"] and f"twinzone-{role}:" in ours["image"]
    # Every folder that it writes is a volume.
    mounted = {mount["mountPath"] for mount in ours["volumeMounts"]}
    assert {"/var/lib/twinzone", "/run/twinzone", "/tmp"} <= mounted


def test_the_sidecar_starts_before_knot_and_only_when_ready():
    spec = pod("secondary")["spec"]
    sidecar = spec["initContainers"][0]
    assert sidecar["restartPolicy"] == "Always"
    assert sidecar["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert [one["name"] for one in spec["containers"]] == ["knot"]


class PodServer(Server):
    """A program started with a configuration that is already written."""

    def __init__(self, folder, name, command):
        super().__init__(folder)
        self.name, self.command = name, command

    def start(self):
        return self.run(self.command)


@pytest.fixture
def moved(tmp_path, key):
    """moved(text): the configuration with its places and ports moved to this test's."""
    secret = tmp_path / "k1.key"
    secret.write_text(key.secret + "\n", encoding="ascii")
    secret.chmod(0o600)
    for folder in ("storage", "rundir"):
        os.makedirs(tmp_path / folder)
    taken = {}

    def port(match):
        at = taken.setdefault(match.group(1), ports.free_port())
        return f"127.0.0.1@{at}"

    def move(text, ns1_port):
        text = re.sub(r"192\.0\.2\.1\b(?!@)", f"127.0.0.1@ns1{ns1_port}", text)
        text = re.sub(r"(?:0\.0\.0\.0|127\.0\.0\.1|192\.0\.2\.\d)@(\d+)", port, text)
        text = text.replace("@ns1", "@")
        for place, here in [("/etc/twinzone/keys.d", ""), ("/var/lib/twinzone", "/store"),
                            ("/run/twinzone", ""), ("/run/knot", "/rundir"),
                            ("/storage", "/storage"), ("directory: /zones", None)]:
            if here is not None:
                text = text.replace(place, f"{tmp_path}{here}")
        return text
    move.ports = taken
    return move


def test_the_pod_of_the_secondary_works(tmp_path, running, key, moved):
    key = dataclasses.replace(key, name="k1.")
    ns1 = Primary(tmp_path / "ns1")
    maps = of_kind("secondary", "ConfigMap")[0]["data"]
    text = moved(maps["secondary.yaml"], ns1.port)
    knot_text = moved(maps["knot.conf"], ns1.port)
    ns1.use_key(key).use_remote("ns2", moved.ports["5301"], key)
    ns1.serve_file(ZONE, zone_texts.small(1), notify=["ns2"], allow_transfer=["ns2"])
    running(ns1).start()

    path = tmp_path / "secondary.yaml"
    path.write_text(text, encoding="utf-8")
    sidecar = running(PodServer(tmp_path / "sidecar", "sidecar",
                                [program("secondary"), "serve", "-c", path]))
    sidecar.port = moved.ports["5300"]
    sidecar.start().wait_for_serial(ZONE, 1)
    probe = f"http://127.0.0.1:{moved.ports['10353']}/readyz"
    with urllib.request.urlopen(probe, timeout=10) as ready:
        assert ready.status == 200

    conf = tmp_path / "knot.conf"
    conf.write_text(knot_text, encoding="utf-8")
    knot = running(PodServer(tmp_path / "knot", "knot", ["/usr/sbin/knotd", "-c", conf]))
    knot.port = moved.ports["5353"]
    knot.start().wait_for_serial(ZONE, 1)
    ns1.put(zone_texts.small(2))
    knot.wait_for_serial(ZONE, 2)
    assert knot.process.alive() and sidecar.process.alive()


def test_the_configuration_of_the_primary_is_good(tmp_path, moved):
    zones = next(found["data"] for found in of_kind("primary", "ConfigMap")
                 if "example.test.zone" in found["data"])
    for name, text in zones.items():
        (tmp_path / "storage" / name).write_text(text, encoding="ascii")
    text = moved(configuration_text("primary"), 53)
    text = text.replace("directory: /zones", f"directory: {tmp_path}/storage")
    path = tmp_path / "primary.yaml"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([program("primary"), "check", "-c", path], capture_output=True, text=True,
                          timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")

