"""The Debian packages that cpack makes of this build: contents, and lintian. How they install is
shown by tests/support/debian_packages.sh."""
import os
import subprocess

import pytest
from harness.programs import BUILD

PACKAGES = ["twinzone-common", "twinzone-postgresql", "twinzone-primary", "twinzone-secondary"]


def run(*words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=170, check=False, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """Package name -> path."""
    folder = tmp_path_factory.mktemp("packages")
    run("cpack", "-G", "DEB", "-B", str(folder), cwd=BUILD)
    return {name.split("_")[0]: str(folder / name)
            for name in os.listdir(folder) if name.endswith(".deb")}


def field(package, name):
    return run("dpkg-deb", "-f", package, name).strip()


def files(package):
    return {line.split()[5].lstrip("."): line.split()[0]
            for line in run("dpkg-deb", "-c", package).splitlines()
            if not line.startswith("d")}


def test_four_packages_and_lintian_is_content(packages):
    assert sorted(packages) == PACKAGES
    # The one thing it may say is about packages that are uploaded to Debian's own archive.
    assert run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags",
               "initial-upload-closes-no-bugs", *packages.values()).strip() == ""


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_a_daemons_package(packages, role):
    package = packages[f"twinzone-{role}"]
    held = files(package)
    for path, mode in [(f"/usr/bin/twinzone-{role}", "-rwxr-xr-x"),
                       (f"/etc/twinzone/{role}.yaml", "-rw-r--r--"),
                       (f"/usr/lib/systemd/system/twinzone-{role}.service", "-rw-r--r--"),
                       (f"/usr/lib/systemd/system/twinzone-{role}@.service", "-rw-r--r--"),
                       (f"/usr/share/man/man8/twinzone-{role}.8.gz", "-rw-r--r--"),
                       (f"/usr/share/doc/twinzone-{role}/copyright", "-rw-r--r--")]:
        assert held.get(path) == mode, path
    depends = field(package, "Depends")
    assert f"twinzone-common (= {field(package, 'Version')})" in depends
    for library in ["libuv1", "libldns3", "libfmt9", "liblmdb0", "libssl3", "libsystemd0"]:
        assert library in depends
    assert run("dpkg-deb", "-I", package, "conffiles").split() == [f"/etc/twinzone/{role}.yaml"]


def test_libpq_comes_with_a_package_of_its_own(packages):
    package = packages["twinzone-postgresql"]
    depends = field(package, "Depends")
    assert f"twinzone-primary (>= {field(package, 'Version')})" in depends and "libpq5" in depends
    for other in ("twinzone-common", "twinzone-primary", "twinzone-secondary"):
        assert "libpq" not in field(packages[other], "Depends")


def test_no_file_is_in_two_packages(packages):
    held = [path for package in packages.values() for path in files(package)]
    assert len(held) == len(set(held))


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "twinzone-postgresql"])
def test_scripts_are_sound_shell(packages, tmp_path, name):
    run("dpkg-deb", "-e", packages[name], str(tmp_path / "control"))
    scripts = [script for script in os.listdir(tmp_path / "control")
               if script in ("preinst", "postinst", "prerm", "postrm")]
    assert {"postinst", "postrm"} <= set(scripts)
    for script in scripts:
        path = str(tmp_path / "control" / script)
        assert os.access(path, os.X_OK)
        run("sh", "-n", path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert text.startswith("#!/bin/sh\n") and "\nset -e\n" in text and "@" not in text.replace(
            "@*.service", "")
