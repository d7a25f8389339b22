"""What a service manager is told over NOTIFY_SOCKET: the life of `serve` as systemd sees it."""
import os
import select
import signal
import socket

import pytest
from harness import zone_texts
from harness.programs import Primary, Secondary, program
from harness.waiting import wait_for

ZONE = "example.test."


class NotifySocket:
    """The manager's end: what came, in order, as (NAME, value)."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.seen = []

    def read(self):
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                return self.seen
            self.seen.extend(tuple(line.split("=", 1)) for line in text.splitlines())

    def names(self):
        return [name for name, _ in self.read()]

    def is_silent(self, duration):
        """True if nothing comes in all that time."""
        return select.select([self.socket], [], [], duration)[0] == []

    def wait_for(self, name, value=None, after=0, limit=15):
        wait_for(f"{name}={value or '...'} is told",
                 lambda: any(n == name and value in (None, v) for n, v in self.read()[after:]), limit)


@pytest.fixture
def manager(tmp_path):
    listening = NotifySocket(tmp_path)
    yield listening
    listening.socket.close()


def start(server, manager, **more):
    """As start(), with the manager's variables in the environment."""
    server.write_configuration()
    server.run([program(server.role), "serve", "-c", server.path("twinzone.yaml")],
               env={"NOTIFY_SOCKET": manager.path, **more})
    return server


def primary(folder):
    return Primary(folder / "ns1").serve_file(ZONE, zone_texts.small(1))


def test_ready_when_it_serves_and_stopping_when_it_ends(tmp_path, running, manager):
    server = running(start(primary(tmp_path), manager))
    manager.wait_for("READY", "1")
    # Its sockets are open by then: no waiting here.
    assert server.tool("status", "--json").returncode == 0
    manager.wait_for("STATUS", "1/1 zones current, worst lag 0 s")
    server.process.send(signal.SIGTERM)
    server.process.popen.wait(10)
    assert server.process.popen.returncode == 0
    names = manager.names()
    assert names[0] == "READY" and names.count("READY") == 1
    assert "STOPPING" in names and "WATCHDOG" not in names


def test_not_ready_where_the_port_is_taken(tmp_path, running, manager):
    first = running(primary(tmp_path).start())
    second = Primary(tmp_path / "second").serve_file(ZONE, zone_texts.small(1))
    second.configuration["server"]["listen"] = [f"127.0.0.1@{first.port}"]
    start(second, manager)
    assert second.process.popen.wait(20) == 1
    assert manager.names() == []


def test_the_watchdog_is_fed_while_the_loop_turns_and_starves_when_it_does_not(
        tmp_path, running, manager):
    server = running(start(primary(tmp_path), manager, WATCHDOG_USEC="400000"))
    manager.wait_for("WATCHDOG")
    wait_for("signs of life go on", lambda: manager.names().count("WATCHDOG") >= 5, 15)
    server.process.send(signal.SIGSTOP)
    wait_for("it stands", lambda: is_stopped(server.process.pid), 10)
    fed = manager.names().count("WATCHDOG")
    assert manager.is_silent(1.0)
    server.process.send(signal.SIGCONT)
    wait_for("it goes on", lambda: manager.names().count("WATCHDOG") > fed, 10)


def is_stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


def test_a_reload_begins_and_ends(tmp_path, running, manager):
    server = running(start(primary(tmp_path), manager))
    manager.wait_for("READY", "1")
    before = len(manager.read())
    server.process.send(signal.SIGHUP)
    manager.wait_for("READY", "1", after=before)
    told = [name for name in manager.names()[before:] if name != "STATUS"]
    assert told == ["RELOADING", "MONOTONIC_USEC", "READY"]


def test_what_is_wrong_stands_in_the_status_line(tmp_path, running, manager):
    nobody = Primary(tmp_path / "nobody")  # never started: its port is closed
    server = Secondary(tmp_path / "ns2").use_remote("ns1", nobody.port)
    server.follow(ZONE, ["ns1"])
    running(start(server, manager))
    manager.wait_for("READY", "1")  # also with no zone loaded
    manager.wait_for("STATUS", "0/1 zones current, 1 failed, worst lag 0 s")
