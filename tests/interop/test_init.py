"""`init SERVER`: both halves as they are printed, run by the real servers; only addresses and paths
are given, by options. `key new` in each server's syntax. `completion` in bash."""
import base64
import os
import re
import subprocess

import pytest
from harness import bind, knot, nsd, powerdns, zone_texts
from harness.programs import Primary, Secondary, program, run_program
from harness.waiting import wait_for

ZONE = "example.test."
version = zone_texts.small  # nobody polls it in time: only a NOTIFY brings the next one
SERVERS = ["bind", "nsd", "knot", "pdns"]


def files_of(text):
    """path -> text, as the marks part them"""
    parts = re.split(r"^# ---- (.*)\n", text, flags=re.M)
    assert parts[0] == ""
    return dict(zip(parts[1::2], parts[2::2]))


class BesideBind(bind.Bind):
    def start_with(self, half):
        own = self.write("named.conf.twinzone", half["/etc/bind/named.conf.twinzone"])
        main = bind.OPTIONS.format(key="", more="", folder=self.folder, port=self.port)
        self.write("named.conf", main.replace("allow-transfer { any; };", "") +
                   f'include "{own}";\n')
        return self.run(["/usr/sbin/named", "-g", "-c", self.path("named.conf"), "-n", "1"])


class BesideNsd(nsd.Nsd):
    def start_with(self, half):
        own = self.write("twinzone.conf", half["/etc/nsd/nsd.conf.d/twinzone.conf"])
        main = nsd.SERVER.split("{key}")[0].format(port=self.port, folder=self.folder, options="")
        self.conf = self.write("nsd.conf", f'{main}include: "{own}"\n')
        self.zone = ZONE
        return self.run(["/usr/sbin/nsd", "-d", "-c", self.conf])


class BesideKnot(knot.Knot):
    def start_with(self, half):
        os.makedirs(self.path("db"), exist_ok=True)
        own = self.write("twinzone.conf", half["/etc/knot/twinzone.conf"])
        main = knot.CONF.split("{key}")[0].replace("automatic-acl: on", "automatic-acl: off")
        main = main.format(port=self.port, folder=self.folder, workers=1)
        self.write("knot.conf", f"{main}include: {own}\n")
        self.zone = ZONE
        return self.run(["/usr/sbin/knotd", "-c", self.path("knot.conf")])


class BesidePowerDns(powerdns.PowerDns):
    def start_with(self, half):
        os.makedirs(self.path("pdns.d"))
        self._make_store(self.folder, f"include-dir={self.path('pdns.d')}\n")
        self.write("pdns.d/twinzone.conf", half["/etc/powerdns/pdns.d/twinzone.conf"])
        script = self.write("setup.sh", half["/etc/powerdns/twinzone-setup.sh"])
        subprocess.run(["/bin/sh", script], check=True, timeout=60, stdout=subprocess.DEVNULL,
                       env={**os.environ, "PDNS_CONFIG_DIR": self.folder})
        return self._start()


BESIDE = {"bind": BesideBind, "nsd": BesideNsd, "knot": BesideKnot, "pdns": BesidePowerDns}


def init(role, server, beside, ours, *words):
    """Prints both halves; writes ours where its program looks. Gives the server's."""
    done = run_program(role, "init", server, "--zone", words[0], "--listen",
                       f"127.0.0.1@{ours.port}", "--server", f"127.0.0.1@{beside.port}", "--store",
                       ours.path("store"), "--control", ours.control_socket, *words[1:])
    assert (done.returncode, done.stderr) == (0, "")
    files = files_of(done.stdout)
    ours.printed = files.pop(f"/etc/twinzone/{role}.yaml")
    return files


class Printed:
    """Starts with what `init` has printed."""

    def write_configuration(self):
        self.write("twinzone.yaml", self.printed)
        os.chmod(self.path("twinzone.yaml"), 0o600)
        return self.path("twinzone.yaml")


class PrintedPrimary(Printed, Primary):
    pass


class PrintedSecondary(Printed, Secondary):
    pass


@pytest.mark.parametrize("server", SERVERS)
def test_on_a_primary_the_server_beside_is_followed(tmp_path, running, server, key):
    """server -> twinzone-primary -> ns2, each by NOTIFY and transfer."""
    beside, ours = BESIDE[server](tmp_path / server), PrintedPrimary(tmp_path / "ns1")
    ns2 = Secondary(tmp_path / "ns2").use_remote("ns1", ours.port, key)
    ns2.follow(ZONE, ["ns1"], refresh={"min": "1h"}, retry={"min": "1s"})
    zone_file = beside.write("zone.db", version(1))
    key_file = ours.write("ns1-ns2.key", key.bind_text())
    os.chmod(key_file, 0o600)
    half = init("primary", server, beside, ours, f"example.test={zone_file}", "--notify",
                f"127.0.0.1@{ns2.port}", "--key-file", key_file)
    running(beside).start_with(half)
    beside.wait_for_serial(ZONE, 1)
    running(ours).start()
    running(ns2).start()
    ours.wait_for_serial(ZONE, 1)
    ns2.wait_for_serial(ZONE, 1)
    for serial in [2, 3]:
        if server == "pdns":
            beside.tool("load-zone", ZONE, beside.write("zone.db", version(serial)))
        else:
            beside.load(version(serial))
        ns2.wait_for_serial(ZONE, serial)
    wait_for("both are the same", lambda: ours.zone_status(ZONE)["digest"] ==
             ns2.zone_status(ZONE)["digest"])


@pytest.mark.parametrize("server", SERVERS)
def test_on_a_secondary_the_server_beside_is_fed(tmp_path, running, server):
    """ns1 -> twinzone-secondary -> server, each by NOTIFY and transfer."""
    beside, ours = BESIDE[server](tmp_path / server), PrintedSecondary(tmp_path / "ns2")
    ns1 = Primary(tmp_path / "ns1").use_remote("ns2", ours.port)
    ns1.serve_file(ZONE, version(1), notify=["ns2"])
    running(ns1).start()
    ns1.wait_for_serial(ZONE, 1)
    half = init("secondary", server, beside, ours, "example.test", "--primary",
                f"127.0.0.1@{ns1.port}", "--server-dir", beside.folder)
    running(ours).start()
    ours.wait_for_serial(ZONE, 1)
    running(beside).start_with(half)
    beside.wait_for_serial(ZONE, 1)
    for serial in [2, 3]:
        ns1.put(version(serial))
        beside.wait_for_serial(ZONE, serial)
    ours.wait_for_state(ZONE, "current")


def test_coredns_gets_no_key_and_is_known_by_its_address():
    for role in ["primary", "secondary"]:
        done = run_program(role, "init", "coredns", "--listen", "127.0.0.1@5300")
        files = files_of(done.stdout)
        assert set(files) == {f"/etc/twinzone/{role}.yaml", "/etc/coredns/twinzone"}
        assert "secret" not in files[f"/etc/twinzone/{role}.yaml"].split("version: 1")[1]
        assert "127.0.0.1:5300" in files["/etc/coredns/twinzone"]


@pytest.mark.parametrize("role", ["primary", "secondary"])
@pytest.mark.parametrize("server", SERVERS + ["coredns"])
def test_what_is_printed_by_default_is_a_good_configuration(tmp_path, role, server):
    done = run_program(role, "init", server)
    path = tmp_path / "printed.yaml"
    path.write_text(files_of(done.stdout)[f"/etc/twinzone/{role}.yaml"], encoding="utf-8")
    path.chmod(0o600)
    checked = run_program(role, "check", "-c", path)
    assert "printed.yaml:" not in checked.stderr, checked.stderr
    assert "example.test" in done.stdout


def test_o_writes_the_files_and_never_over_one(tmp_path):
    done = run_program("primary", "init", "pdns", "-o", tmp_path / "out")
    assert done.returncode == 0
    modes = {name: os.stat(tmp_path / "out" / name).st_mode & 0o777
             for name in os.listdir(tmp_path / "out")}
    assert modes == {"primary.yaml": 0o640, "pdns-twinzone.conf": 0o640,
                     "pdns-twinzone-setup.sh": 0o750}
    for name in modes:
        assert name in done.stdout
    before = (tmp_path / "out" / "primary.yaml").read_text()
    again = run_program("primary", "init", "pdns", "-o", tmp_path / "out")
    assert again.returncode == 1 and "primary.yaml" in again.stderr
    assert (tmp_path / "out" / "primary.yaml").read_text() == before


@pytest.mark.parametrize("words, expected", [
    (["init", "bnid"], "did you mean 'bind'"),
    (["init", "bind", "--zone", "a..b"], "a..b"),
    (["init", "bind", "--listen", "nowhere"], "nowhere"),
    (["init", "bind", "--key-file", "/nowhere.key"], "/nowhere.key"),
    (["key", "old", "k1"], "'new'"),
    (["key", "new", "k1", "--algorithm", "hmac-sha265"], "did you mean 'hmac-sha256'"),
    (["key", "new", "k1", "--format", "yaml"], "twinzone, bind, nsd, knot or pdns"),
    (["key", "new", "k 1"], "k 1"),
    (["completion", "tcsh"], "bash, zsh or fish"),
])
def test_wrong_words_are_2_with_a_proposal(words, expected):
    done = run_program("primary", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr


# ---- keys

OCTETS = {"hmac-sha1": 20, "hmac-sha224": 28, "hmac-sha256": 32, "hmac-sha384": 48,
          "hmac-sha512": 64}


@pytest.mark.parametrize("algorithm", OCTETS)
def test_a_key_is_fresh_and_as_long_as_its_algorithm(algorithm):
    secrets = set()
    for _ in range(3):
        done = run_program("primary", "key", "new", "k1.", "--algorithm", algorithm)
        assert (done.returncode, done.stderr) == (0, "")
        assert algorithm in done.stdout
        secret = re.search(r'secret "([^"]+)"', done.stdout).group(1)
        assert len(base64.b64decode(secret, validate=True)) == OCTETS[algorithm]
        secrets.add(secret)
    assert len(secrets) == 3


def test_each_format_is_read_by_its_server(tmp_path):
    def new(form, *words):
        done = run_program("secondary", "key", "new", "k1.", "--format", form, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def checked(*command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    named = tmp_path / "named.conf"
    named.write_text(new("bind"), encoding="ascii")
    checked("/usr/bin/named-checkconf", named)
    conf = tmp_path / "nsd.conf"
    conf.write_text(new("nsd") + "server:\n  username: \"\"\n  zonesdir: \"/\"\n", encoding="ascii")
    checked("/usr/sbin/nsd-checkconf", conf)
    conf = tmp_path / "knot.conf"
    conf.write_text(new("knot") + "remote:\n  - id: a\n    address: ::1\n    key: k1.\n",
                    encoding="ascii")
    checked("/usr/sbin/knotc", "-c", conf, "conf-check")
    database = BesidePowerDns(tmp_path / "pdns")
    database._make_store(database.folder)
    script = new("pdns").replace("pdnsutil ", f"pdnsutil --config-dir={database.folder} ")
    checked("/bin/sh", "-c", script)
    listed = subprocess.run(["pdnsutil", f"--config-dir={database.folder}", "list-tsig-keys"],
                            capture_output=True, text=True, timeout=30, check=False)
    assert "k1. hmac-sha256." in listed.stdout


def test_our_own_format_signs_a_transfer(tmp_path, running):
    path = tmp_path / "k1.key"
    assert run_program("primary", "key", "new", "k1.", "-o", path).returncode == 0
    assert run_program("primary", "key", "new", "k1.", "-o", path).returncode == 1, "never over it"
    keys = [{"name": "k1.", "secret-file": str(path)}]
    ns1 = Primary(tmp_path / "ns1").serve_file(ZONE, version(1))
    ns1.configuration["keys"] = keys
    ns1.configuration["templates"][0]["allow-transfer"] = [{"key": "k1."}]
    ns2 = Secondary(tmp_path / "ns2").use_remote("ns1", ns1.port).follow(ZONE, ["ns1"])
    ns2.configuration["keys"] = keys
    ns2.configuration["remotes"][0]["key"] = "k1."
    running(ns1).start()
    running(ns2).start()
    ns2.wait_for_serial(ZONE, 1)


# ---- completion

BASH = r"""
source {script}
COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}
read -ra COMP_WORDS <<< "$COMP_LINE"
[[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
$(complete -p twinzone-{role} | sed 's/.*-F \([^ ]*\).*/\1/')
printf '%s\n' "${{COMPREPLY[@]}}"
"""


def completed(folder, role, line):
    """What bash offers at the end of `line`, the program being found as a shell finds it."""
    script = folder / "completion.bash"
    script.write_text(run_program(role, "completion", "bash").stdout, encoding="utf-8")
    text = BASH.format(script=script, line=line, role=role)
    path = f"{os.path.dirname(program(role))}:{os.environ['PATH']}"
    done = subprocess.run(["/bin/bash", "-c", text], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "PATH": path}, cwd=folder, check=False)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def test_bash_completes_verbs_options_zones_and_files(tmp_path, running):
    ns1 = Primary(tmp_path / "ns1").serve_file(ZONE, version(1))
    running(ns1).start()
    ns1.wait_for_serial(ZONE, 1)

    def offered(line, role="primary"):
        return completed(tmp_path, role, f"twinzone-{role} {line}")
    assert offered("sta") == ["status"]
    assert {"serve", "check", "key", "init"} <= set(offered(""))
    assert "sync" not in offered("") and "sync" in offered("", "secondary")
    assert offered("status --sta") == ["--stale"]
    assert set(offered("sync --t", "secondary")) == {"--timeout", "--textfile"}
    assert offered("key new k1 --format b") == ["bind"]
    assert offered("init k") == ["knot"]
    assert offered("completion z") == ["zsh"]
    assert offered(f"why --control {ns1.control_socket} ") == ["example.test"]
    assert offered(f"--control {ns1.control_socket} status exa") == ["example.test"]
    assert offered(f"status --control {ns1.control_socket} nothing") == [""]
    assert offered(f"status --control {tmp_path}/nobody.sock exa") == [""], "no daemon, no noise"
    assert offered("check -c compl") == ["completion.bash"]


FISH = 'source {script}; complete -C "twinzone-primary {line}"'

# What zsh's own functions would be given.
ZSH = r"""
compdef() {{ : }}
_describe() {{ print -l -- "${{(@P)2}}" }}
_files() {{ print files }}
source {script}
words=(twinzone-primary ${{(z):-"{line}"}})
[[ "{line}" == *' ' ]] && words+=('')
CURRENT=${{#words}}
_twinzone_primary
"""


@pytest.mark.parametrize("shell, text", [("fish", FISH), ("zsh", ZSH)])
def test_zsh_and_fish_offer_the_same(tmp_path, shell, text):
    script = tmp_path / "script"
    script.write_text(run_program("primary", "completion", shell).stdout, encoding="utf-8")

    def offered(line):
        done = subprocess.run([shell, "-c", text.format(script=script, line=line)],
                              capture_output=True, text=True, timeout=30, cwd=tmp_path, check=False,
                              env={**os.environ, "HOME": str(tmp_path), "PATH":
                                   f"{os.path.dirname(program('primary'))}:{os.environ['PATH']}"})
        assert done.stderr == ""
        return [re.split("[\t:]", line)[0] for line in done.stdout.splitlines()]
    assert offered("sta") == ["status"]
    assert offered("status --sta") == ["--stale"]
    assert sorted(offered("init ")) == ["bind", "coredns", "knot", "nsd", "pdns"]
    assert offered("check -c scr") == (["script"] if shell == "fish" else ["files"])
