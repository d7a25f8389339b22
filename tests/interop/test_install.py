"""`cmake --install`: what lies where, and that systemd takes the units and thinks them safe."""
import os
import re
import subprocess

import pytest
from harness.programs import BUILD, ROOT

UNITS = ["twinzone-primary.service", "twinzone-primary@.service", "twinzone-secondary.service",
         "twinzone-secondary@.service", "twinzone-sync.service", "twinzone-sync.timer"]
EXPOSURE = 2.0  # of 10; named has 9.6


def run(*words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, check=False, **more)


def install(destination, prefix):
    done = run("cmake", "--install", BUILD, "--prefix", prefix,
               env={**os.environ, "DESTDIR": str(destination)})
    assert done.returncode == 0, done.stdout
    return os.path.join(destination, prefix.lstrip("/"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root folder with Twinzone below /usr."""
    destination = tmp_path_factory.mktemp("root")
    install(destination, "/usr")
    return str(destination)


def unit_text(prefix, name):
    with open(os.path.join(prefix, "lib/systemd/system", name), encoding="utf-8") as file:
        return file.read()


def directives(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_everything_is_below_the_prefix(root):
    assert os.listdir(root) == ["usr"]
    for path in ["bin/twinzone-primary", "bin/twinzone-secondary",
                 "share/man/man8/twinzone-primary.8.gz", "share/man/man8/twinzone-secondary.8.gz",
                 "share/man/man5/twinzone.yaml.5.gz",
                 "share/bash-completion/completions/twinzone-primary",
                 "share/zsh/vendor-completions/_twinzone-secondary",
                 "share/fish/vendor_completions.d/twinzone-secondary.fish", "lib/sysusers.d/twinzone.conf",
                 "lib/tmpfiles.d/twinzone.conf", "share/doc/twinzone-common/README.md",
                 "share/doc/twinzone-common/CHANGELOG.md",
                 "share/doc/twinzone-common/examples/configuration/primary.yaml",
                 "share/doc/twinzone-common/examples/monitoring/alerts.yaml",
                 *(f"lib/systemd/system/{unit}" for unit in UNITS)]:
        assert os.path.isfile(os.path.join(root, "usr", path)), path


@pytest.mark.parametrize("prefix", ["/usr", "/opt/twinzone"])
def test_units_start_the_programs_that_were_installed(tmp_path, prefix):
    here = install(tmp_path, prefix)
    for unit in UNITS[:-1]:
        programs = re.findall(r"^Exec(?:Start|StartPre)=-?(\S+)", unit_text(here, unit), re.M)
        assert programs
        for program in programs:
            assert os.access(str(tmp_path) + program, os.X_OK), (unit, program)


def test_systemd_takes_the_units(root):
    # Beside the units, systemd looks for the program that ExecReload= names.
    os.makedirs(os.path.join(root, "bin"))
    os.symlink("/usr/bin/twinzone-primary", os.path.join(root, "bin", "kill"))
    names = [unit.replace("@.", "@east.") for unit in UNITS]
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
               f"--root={root}", *names)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.endswith(".service")])
def test_units_are_well_shut_in(root, unit):
    path = os.path.join(root, "usr/lib/systemd/system", unit)
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager",
               f"--threshold={int(EXPOSURE * 10)}", path)
    assert done.returncode == 0, done.stdout
    level = re.search(r"Overall exposure level for .*: ([0-9.]+)", done.stdout)
    assert level and float(level.group(1)) <= EXPOSURE, done.stdout


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_an_instance_differs_only_in_its_configuration(root, role):
    one = directives(unit_text(os.path.join(root, "usr"), f"twinzone-{role}.service"))
    instance = directives(unit_text(os.path.join(root, "usr"), f"twinzone-{role}@.service"))
    assert [line.replace(" (%i)", "").replace(" -c /etc/twinzone/%i.yaml", "")
            for line in instance] == one
    assert sum("%i" in line for line in instance) == 3


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_the_daemons_units_say_what_operators_rely_on(root, role):
    lines = directives(unit_text(os.path.join(root, "usr"), f"twinzone-{role}.service"))
    for line in ["Type=notify", "WatchdogSec=30s", "User=_twinzone",
                 "Before=named.service nsd.service knot.service pdns.service",
                 f"ExecStartPre=-/usr/bin/twinzone-{role} check",
                 f"ExecStart=/usr/bin/twinzone-{role} serve", "ExecReload=/bin/kill -HUP $MAINPID"]:
        assert line in lines


def test_user_and_folders(root):
    sysusers = run("systemd-sysusers", "--dry-run", f"--root={root}", "twinzone.conf")
    assert sysusers.returncode == 0 and "_twinzone" in sysusers.stdout, sysusers.stdout


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_the_packaged_configuration_is_good_as_it_stands(role):
    program = os.path.join(BUILD, role, f"twinzone-{role}")
    done = run(program, "check", "-c", os.path.join(ROOT, "examples/configuration", f"{role}.yaml"))
    assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stdout
