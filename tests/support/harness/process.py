"""A server process in a session of its own: started, watched, and ended by its id."""
import os
import signal
import subprocess

from .waiting import TookTooLong, wait_for


def without_root_rights(command):
    """Run as root, the program may still not read a file that its mode keeps from it."""
    if os.geteuid() != 0:
        return command
    lost = "-dac_override,-dac_read_search"
    return ["/usr/bin/setpriv", "--bounding-set", lost, "--inh-caps", lost, *command]


class Process:
    """Output goes to `log`, which restarts append to. The process group is the process's own."""

    def __init__(self, name, command, log, env=None, cwd=None):
        self.name, self.command, self.log = name, [str(c) for c in command], log
        self.env, self.cwd = env, cwd
        self.popen = None

    def start(self):
        assert not self.alive(), f"{self.name} runs already"
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.cwd,
                env={**os.environ, **(self.env or {})}, start_new_session=True)

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def send(self, number):
        self.popen.send_signal(number)

    def stop(self, limit=20):
        """Asks it to end; returns its exit code. Whatever it leaves behind in its group is killed."""
        if self.popen is None:
            return None
        if self.alive():
            self.send(signal.SIGTERM)
            try:
                self.popen.wait(limit)
            except subprocess.TimeoutExpired:
                self.kill()
                raise TookTooLong(f"{self.name} did not end within {limit} s of SIGTERM") from None
        self._kill_group()
        return self.popen.returncode

    def kill(self):
        """kill -9, at once and with all children."""
        self._kill_group()
        self.popen.wait(10)

    def _kill_group(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def log_text(self, since=0):
        with open(self.log, "rb") as file:
            file.seek(since)
            return file.read().decode(errors="replace")

    def log_mark(self):
        return os.path.getsize(self.log) if os.path.exists(self.log) else 0

    def wait_for_log(self, text, since=0, limit=20):
        wait_for(f"{self.name} logs {text!r}", lambda: text in self.log_text(since), limit)

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
