"""A PostgreSQL server of a test's own: a cluster in a temporary folder, reached by a socket in it."""
import glob
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from . import ports
from .process import Process
from .waiting import wait_for

USER = "twinzone"
PASSWORD = "s3cret-of-the-test"
CERTIFIED = "template1"  # the database that wants a client's certificate


def programs_folder():
    """Where Debian has the newest server's programs; None where there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"),
                   key=lambda path: int(path.split("/")[4]))
    return os.path.dirname(found[-1]) if found else None


def _unprivileged(command):
    """PostgreSQL runs as anybody but root."""
    if os.geteuid() != 0:
        return command
    return ["/usr/bin/setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


class Postgresql:
    """Made by start(); ended by stop() or kill(). Restarts keep all that was committed."""

    name = "postgresql"

    def __init__(self):
        # Its own folder: others on the way to pytest's must not be entered by another user.
        self._temporary = tempfile.TemporaryDirectory(prefix="tz-postgresql-",
                                                      ignore_cleanup_errors=True)
        self.folder = self._temporary.name
        self.port = ports.free_port()
        self.process = None
        self._settings = []
        self._give(self.folder)
        os.chmod(self.folder, 0o755)
        with open(os.path.join(self.folder, "password"), "w", encoding="ascii") as file:
            file.write(PASSWORD)
        os.chmod(file.name, 0o644)
        self._run("initdb", "-D", self.cluster, "-U", USER, "-A", "scram-sha-256",
                  "--pwfile", file.name, "-E", "UTF8", "--no-sync")

    def _give(self, path):
        """To whom the server runs as."""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(path, nobody.pw_uid, nobody.pw_gid)

    def use_tls(self, certificate, clients):
        """Over TCP only with TLS, from the next start on; `clients`: the authority of the
        certificates that clients may show in the place of a password."""
        for source, name in ((certificate.cert, "server.crt"), (certificate.key, "server.key"),
                             (clients.ca, "clients.crt")):
            path = os.path.join(self.cluster, name)
            shutil.copyfile(source, path)
            os.chmod(path, 0o600)
            self._give(path)
        self._settings = ["-c", "ssl=on", "-c", "ssl_ca_file=clients.crt",
                          "-c", "ssl_min_protocol_version=TLSv1.3"]
        with open(os.path.join(self.cluster, "pg_hba.conf"), "w", encoding="ascii") as file:
            file.write(f"local all all scram-sha-256\n"
                       f"hostssl {CERTIFIED} all 127.0.0.1/32 cert\n"
                       f"hostssl all all 127.0.0.1/32 scram-sha-256\n")
        return self

    @property
    def cluster(self):
        return os.path.join(self.folder, "cluster")

    def conninfo(self, through=None):
        """`through`: a port on loopback in front of it; else its socket."""
        where = f"host=127.0.0.1 port={through}" if through else \
            f"host={self.folder} port={self.port}"
        return f"{where} dbname=postgres user={USER} password={PASSWORD}"

    def _run(self, program, *words):
        done = subprocess.run(_unprivileged([os.path.join(programs_folder(), program), *words]),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
                              cwd=self.folder)
        assert done.returncode == 0, f"{program}: {done.stdout}"

    def start(self):
        self.process = Process(self.name, _unprivileged(
            [os.path.join(programs_folder(), "postgres"), "-D", self.cluster, "-k", self.folder,
             "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
             "-c", "log_min_messages=warning", *self._settings]),
            os.path.join(self.folder, "log"), cwd=self.folder)
        self.process.start()
        return self.wait_until_up()

    def wait_until_up(self, limit=60):
        wait_for("PostgreSQL answers", lambda: self._psql("SELECT 1").returncode == 0, limit)
        return self

    def restart(self):
        self.process.start()
        return self.wait_until_up()

    def stop(self):
        """Ends it at once, but in order; clients are cut off."""
        self._end(signal.SIGINT)

    def kill(self):
        """As after a crash: the next start recovers from its log."""
        self._end(signal.SIGQUIT)

    def _end(self, number):
        if self.process and self.process.alive():
            self.process.send(number)
            self.process.popen.wait(60)

    def _psql(self, text):
        return subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo(), "-c", text],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=60, check=False)

    def ask(self, text):
        """Rows as lists of texts."""
        done = self._psql(text)
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]

    def ask_one(self, text):
        return self.ask(text)[0][0]


class Relay:
    """A port on loopback before another. While silent() holds, what is connected stays so, but
    nothing passes, and who connects hears nothing: a network that is cut."""

    def __init__(self, to_port):
        self.to_port = to_port
        self.port = ports.free_port()
        self._silent = threading.Event()
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self):
        self._silent.set()

    def resume(self):
        self._silent.clear()

    def stop(self):
        self._ended.set()
        self._listener.close()

    def _accept(self):
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client):
        with client:
            while self._silent.is_set():
                if self._ended.wait(0.05):
                    return
            try:
                server = socket.create_connection(("127.0.0.1", self.to_port), 5)
            except OSError:
                return
            with server:
                self._copy(client, server)

    def _copy(self, client, server):
        other = {client: server, server: client}
        while not self._ended.is_set():
            if self._silent.is_set():
                self._ended.wait(0.05)
                continue
            for ready in select.select([client, server], [], [], 0.1)[0]:
                try:
                    octets = ready.recv(65536)
                    other[ready].sendall(octets)
                except OSError:
                    return
                if not octets:
                    return
