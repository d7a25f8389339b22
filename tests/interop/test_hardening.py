"""What the programs may do once they run: the user they become, what of root's rights is left, what
a core dump would have of them; and what the compiler and the linker were told."""
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile

import pytest
from harness import zone_texts
from harness.certificates import Authority
from harness.programs import Primary, Secondary, program, run_program

ZONE = "example.test."
USER = "nobody"
CAP_NET_BIND_SERVICE = 10

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def open_folder():
    """A folder that any user can come to."""
    folder = tempfile.mkdtemp(prefix="twinzone.")
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


def low_port():
    """A free one that only root, or who has that right, may bind."""
    for port in range(700, 1024):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    return pytest.skip("no port below 1024 is free")


def facts_of(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)


def owner(*parts):
    return pwd.getpwuid(os.lstat(os.path.join(*parts)).st_uid).pw_name


def primary_in(folder):
    primary = Primary(os.path.join(folder, "ns1"))
    primary.port = low_port()
    primary.configuration["server"] = {"listen": [f"127.0.0.1@{primary.port}"], "user": USER}
    primary.configuration["control"]["socket"] = primary.path("run", "control.sock")
    primary.control_socket = primary.path("run", "control.sock")
    primary.serve_file(ZONE, zone_texts.small(1, []))
    return primary


@as_root
def test_it_becomes_the_user_and_keeps_one_right(open_folder, running):
    primary = running(primary_in(open_folder)).start()
    user = pwd.getpwnam(USER)
    facts = facts_of(primary.process)
    assert facts["Uid"].split() == [str(user.pw_uid)] * 4
    assert facts["Gid"].split() == [str(user.pw_gid)] * 4
    assert set(facts["Groups"].split()) <= {str(user.pw_gid)}
    for kind in ("CapEff", "CapPrm"):
        assert int(facts[kind], 16) == 1 << CAP_NET_BIND_SERVICE, kind
    assert int(facts["CapInh"], 16) == int(facts["CapAmb"], 16) == 0
    for path in ("store", "store/data.mdb", "store/twinzone.lock", "run", "run/control.sock"):
        assert owner(primary.folder, path) == USER, path
    primary.wait_for_serial(ZONE, 1)
    assert "notice: runs as nobody" in primary.process.log_text()


@as_root
def test_it_binds_low_ports_and_commits_after_a_reload_and_a_restart(open_folder, running):
    primary = running(primary_in(open_folder)).start()
    os.chown(primary.path("twinzone.yaml"), pwd.getpwnam(USER).pw_uid, -1)
    more = low_port()
    primary.configuration["server"]["listen"].append(f"127.0.0.1@{more}")
    primary.configuration["server"]["user"] = "root"
    primary.write_configuration()
    os.chown(primary.path("twinzone.yaml"), pwd.getpwnam(USER).pw_uid, -1)
    done = primary.tool("reload")
    assert done.returncode == 0, done.stderr
    assert "server.user takes effect with the next start" in done.stdout + done.stderr
    with socket.create_connection(("127.0.0.1", more), 5):
        pass
    primary.put(zone_texts.small(2, []))
    primary.wait_for_serial(ZONE, 2)
    primary.configuration["server"]["user"] = USER
    primary.write_configuration()
    primary.kill()
    primary.restart()
    assert primary.serial(ZONE) == 2
    assert owner(primary.folder, "store/data.mdb") == USER


@as_root
def test_a_store_of_root_is_given_to_the_user(open_folder, running):
    primary = primary_in(open_folder)
    del primary.configuration["server"]["user"]
    running(primary).start()
    assert owner(primary.folder, "store/data.mdb") == "root"
    primary.stop()
    shutil.rmtree(primary.path("run"))
    primary.configuration["server"]["user"] = USER
    primary.start()
    assert owner(primary.folder, "store/data.mdb") == USER
    assert primary.serial(ZONE) == 1


@as_root
def test_sync_becomes_the_user_as_well(open_folder, running):
    primary = running(primary_in(open_folder)).start()
    secondary = Secondary(os.path.join(open_folder, "ns2"))
    secondary.configuration["server"]["user"] = USER
    secondary.use_remote("ns1", primary.port).follow(ZONE, ["ns1"])
    done = run_program("secondary", "sync", "-c", secondary.write_configuration())
    assert (done.returncode, done.stderr) == (0, ""), done
    assert owner(secondary.folder, "store/data.mdb") == USER


@as_root
def test_who_is_not_root_stays_who_it_is_and_says_so(open_folder, running):
    primary = primary_in(open_folder)
    primary.port = 0
    primary.configuration["server"] = {"listen": ["127.0.0.1@0"], "user": "daemon"}
    primary.write_configuration()
    uid = pwd.getpwnam(USER).pw_uid
    for folder, _, files in os.walk(primary.folder):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(path, uid, -1)
    running(primary)
    primary.run(["/usr/bin/setpriv", f"--reuid={uid}", "--clear-groups", "--inh-caps=-all",
                 program("primary"), "serve", "-c", primary.path("twinzone.yaml")])
    primary.process.wait_for_log("not started as root: server.user daemon is left aside")


def test_a_user_that_does_not_exist_is_an_error(tmp_path):
    primary = Primary(tmp_path)
    primary.serve_file(ZONE, zone_texts.small(1, []))
    primary.configuration["server"]["user"] = "nobody-has-this-name"
    path = primary.write_configuration()
    for verb, code in (("serve", 2), ("check", 1)):  # of `check` it is a finding about the machine
        done = run_program("primary", verb, "-c", path)
        assert done.returncode == code, (verb, done)
        assert "there is no user 'nobody-has-this-name'" in done.stdout + done.stderr, (verb, done)


def test_a_private_key_that_others_may_read_is_told(tmp_path, running):
    authority = Authority(tmp_path)
    certificate = authority.issue("ns1.example.test")
    primary = Primary(tmp_path / "ns1")
    primary.use_tls("t1", cert=certificate.cert, key=certificate.key).listen_tls("t1")
    primary.serve_file(ZONE, zone_texts.small(1, []))
    for mode, told in ((0o644, True), (0o640, False)):
        os.chmod(certificate.key, mode)
        mark = primary.process.log_mark() if primary.process else 0
        running(primary).start()
        primary.wait_for_serial(ZONE, 1)
        assert ("can be read by others" in primary.process.log_text(mark)) == told
        done = primary.tool("check", "-c", primary.path("twinzone.yaml"))
        assert ("can be read by others" in done.stdout + done.stderr) == told, done
        primary.stop()


def test_core_dumps_have_no_memory(tmp_path, running):
    primary = Primary(tmp_path)
    primary.serve_file(ZONE, zone_texts.small(1, []))
    running(primary).start()
    with open(f"/proc/{primary.process.pid}/coredump_filter", encoding="ascii") as file:
        assert int(file.read(), 16) == 0


def readelf(path, *options):
    return subprocess.run(["/usr/bin/readelf", "-W", *options, path], stdout=subprocess.PIPE,
                          text=True, check=True).stdout


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_the_programs_are_built_hardened(role):
    path = program(role)
    headers, segments = readelf(path, "-h"), readelf(path, "-l")
    dynamic, symbols = readelf(path, "-d"), readelf(path, "--dyn-syms")
    assert re.search(r"Type:\s+DYN", headers), "no position-independent program"
    assert "GNU_RELRO" in segments
    assert re.search(r"FLAGS.*(BIND_NOW|NOW)", dynamic), "symbols are not bound at the start"
    stack = re.search(r"GNU_STACK(?:\s+\S+){5}\s+(\S+)", segments)
    assert stack.group(1) == "RW", "the stack can be executed"
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__(mem\w+|str\w+|v?sn?printf|read|pread)_chk", symbols), "not fortified"
    if re.search(r"Machine:.*X86-64", headers):
        # The C library's own start files have no CET in Debian 12, so the file as a whole has not;
        # every function of ours begins with endbr64.
        with open(path, "rb") as file:
            assert file.read().count(b"\xf3\x0f\x1e\xfa") > 1000


def test_a_store_takes_the_address_space_that_there_is(tmp_path, running):
    primary = running(Primary(tmp_path / "ns1").serve_file(ZONE, zone_texts.small(1)))
    configuration = primary.write_configuration()
    primary.run(["prlimit", f"--as={8 << 30}", program("primary"), "serve", "-c", configuration])
    primary.wait_until_up()
    primary.wait_for_serial(ZONE, 1)
    assert re.search(rf"store.max-size is {4 << 30} octets instead of {1 << 40}",
                     primary.process.log_text())
