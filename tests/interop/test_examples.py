"""examples/pair, sidecar and cron: their configuration, as it stands, with the real servers on two
machines made of namespaces. And examples/container: what it copies and installs is what is needed."""
import os
import re
import subprocess

import pytest
import yaml
from harness.programs import BUILD, ROOT, program, run_program

EXAMPLES = os.path.join(ROOT, "examples")


def read(*path):
    with open(os.path.join(EXAMPLES, *path), encoding="utf-8") as file:
        return file.read()


def run(*words, limit=170, **more):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=limit, check=False, **more)


@pytest.mark.parametrize("name", ["pair", "sidecar", "cron"])
def test_an_example_runs_and_leaves_nothing(tmp_path, name):
    assert BUILD.endswith("release")
    before = {path: os.path.exists(path) for path in
              ("/etc/twinzone", "/var/lib/twinzone", "/run/twinzone", "/usr/bin/twinzone-primary")}
    done = run(os.path.join(EXAMPLES, name, "run.sh"),
               env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout[-6000:]
    assert "are in step" in done.stdout.splitlines()[-1]
    assert os.listdir(tmp_path) == []
    assert before == {path: os.path.exists(path) for path in before}


# ---- container

def stages():
    """Name -> instructions, each as one line."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", read("container", "Containerfile"), flags=re.M))
    found, current = {}, None
    for line in text.splitlines():
        start = re.match(r"FROM (\S+) AS (\S+)", line)
        if start:
            current = found.setdefault(start.group(2), [line])
        elif current is not None and line.strip():
            current.append(line)
    return found


def test_the_image_installs_just_the_libraries_that_the_programs_need(tmp_path):
    (tmp_path / "debian").mkdir()
    (tmp_path / "debian" / "control").write_text("Source: x\n\nPackage: x\nArchitecture: any\n",
                                                 encoding="ascii")
    done = subprocess.run(["dpkg-shlibdeps", "-O", *(f"-e{program(role)}" for role in
                                                     ("primary", "secondary"))],
                          cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    needed = set(re.findall(r"(?:=|, )([a-z0-9.+-]+)", done.stdout))
    installed = re.search(r"apt-get install .*?--no-install-recommends (.*?)&&",
                          " ".join(stages()["runtime"]))
    listed = set(installed.group(1).split())
    assert listed - {"ca-certificates"} == needed - {"libc6", "libgcc-s1", "libstdc++6"}


def test_the_image_is_not_roots_and_stops_as_it_should():
    found = stages()
    assert list(found) == ["build", "runtime", "primary", "secondary"]
    assert "USER 65532:65532" in found["runtime"] and "VOLUME /var/lib/twinzone" in found["runtime"]
    for role in ("primary", "secondary"):
        assert found[role][0] == f"FROM runtime AS {role}"
        assert f'ENTRYPOINT ["twinzone-{role}"]' in found[role]
        assert any(line.startswith("HEALTHCHECK") and "--check" in line for line in found[role])
    for line in found["build"]:
        copied = re.match(r"COPY (.*) \S+$", line)
        for path in copied.group(1).split() if copied else []:
            assert os.path.exists(os.path.join(ROOT, path)), line


def check_configuration(role, text, folder, key):
    """`check` on a configuration of an example, its places moved into `folder`."""
    (folder / "k1.key").write_text(key.secret + "\n", encoding="ascii")
    (folder / "k1.key").chmod(0o600)
    os.makedirs(folder / "zones", exist_ok=True)
    for place in ("/run/secrets", "/etc/twinzone/keys.d", "/var/lib", "/run/twinzone"):
        text = text.replace(place, str(folder))
    text = text.replace("directory: /zones", f"directory: {folder}/zones")
    path = folder / f"{role}.yaml"
    path.write_text(text, encoding="utf-8")
    done = run_program(role, "check", "-c", path)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return yaml.safe_load(text)


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_compose_goes_with_its_configuration(tmp_path, key, role):
    service = yaml.safe_load(read("container", "compose.yaml"))["services"][role]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["user"] == "65532:65532"
    assert service["build"]["target"] == role
    assert os.path.samefile(os.path.join(EXAMPLES, "container", service["build"]["context"]), ROOT)
    assert f"./{role}.yaml:/etc/twinzone/{role}.yaml:ro" in service["volumes"]
    configuration = check_configuration(role, read("container", f"{role}.yaml"), tmp_path, key)
    ports = {port.split(":")[-1].split("/")[0] for port in service["ports"]}
    assert ports == {configuration["server"]["listen"][0].split("@")[1],
                     configuration["web"]["listen"].split("@")[1]}
