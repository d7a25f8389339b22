"""What the README says is there, is there."""
import os
import re

import pytest
from harness.programs import ROOT, run_program


@pytest.fixture(scope="module")
def readme():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        return file.read()


def test_the_configuration_of_the_readme_is_a_good_one(readme, tmp_path, key):
    text = re.search(r"```yaml\n(.*?)```", readme, re.S).group(1)
    secret = tmp_path / "k1.key"
    secret.write_text(key.secret + "\n", encoding="ascii")
    secret.chmod(0o600)
    for place, here in [("/etc/twinzone/keys.d/k1.key", secret), ("/var/lib", tmp_path),
                        ("/run/twinzone", tmp_path), ("192.0.2.2", "127.0.0.1@5301")]:
        assert place in text
        text = text.replace(place, str(here))
    os.makedirs(tmp_path / "nsd" / "zones")
    config = tmp_path / "secondary.yaml"
    config.write_text(text, encoding="utf-8")
    done = run_program("secondary", "check", "-c", config)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_relay_of_the_readme_is_a_good_one(readme, tmp_path, key):
    text = re.search(r"```yaml\n(# /etc/twinzone/primary.yaml .*?)```", readme, re.S).group(1)
    for name in ("k1", "sidecar"):
        secret = tmp_path / f"{name}.key"
        secret.write_text(key.secret + "\n", encoding="ascii")
        secret.chmod(0o600)
    for place, here in [("/etc/twinzone/keys.d", tmp_path), ("/var/lib", tmp_path),
                        ("192.0.2.1@5300", "127.0.0.2@5300")]:
        assert place in text
        text = text.replace(place, str(here))
    config = tmp_path / "primary.yaml"
    config.write_text(text, encoding="utf-8")
    done = run_program("primary", "check", "-c", config)
    assert (done.returncode, done.stderr) == (0, "")


def test_files_the_readme_points_to_exist(readme):
    for path in ["examples/quickstart/run.sh", "tests/run.sh", "tests/support/packages.txt",
                 "CHANGELOG.md", "tests/README.md", "tests/bench", "LICENSE"]:
        assert path in readme or path == "LICENSE"
        assert os.path.exists(os.path.join(ROOT, path))


def proofs(text):
    """The tests that the README links to: (path, name)."""
    return re.findall(r'\]\((tests/[^ )]+) "([^"]+)"\)', text)


def test_each_feature_leads_to_a_test_that_is_there(readme):
    assert len(proofs(readme)) > 30
    for path, name in proofs(readme):
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        wanted = f"def {name}(" if path.endswith(".py") else f'"{name}"'
        assert wanted in text, f"{path} has no {name}"


def test_each_row_of_the_features_has_its_proof(readme):
    section = re.search(r"## Beside other servers\n(.*?)\n### How fast", readme, re.S).group(1)
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0].strip()]
    assert len(rows) > 30
    for row in rows:
        assert len(row) in (2, 8) and proofs(row[1]), row[0]
