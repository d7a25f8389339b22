"""What all servers of the tests have in common, ours and others."""
import os

from . import contents, ports
from .process import Process
from .waiting import TookTooLong, wait_for


class Server:
    """A DNS server on a free loopback port with its files in `folder`. Ended by stop() or kill()."""

    name = "server"
    cuts_off = False  # whether it may reset a running AXFR when its content changes

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.port = ports.free_port()
        self.process = None

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        contents.put_file(self.path(name), text)
        return self.path(name)

    def run(self, command, env=None):
        self.process = Process(self.name, command, self.path("log"), env, cwd=self.folder)
        self.process.start()
        return self

    def stop(self):
        return self.process.stop() if self.process else None

    def kill(self):
        self.process.kill()

    def restart(self):
        self.process.start()

    # ---- what it serves

    def serial(self, zone):
        return contents.serial_on(self.port, zone)

    def records(self, zone):
        try:
            return contents.of_server(self.port, zone)
        except AssertionError as error:
            error.args = (f"{self.name}: {error}; its log ends:\n"
                          f"{self.process.log_text()[-3000:]}",)
            raise

    def wait_for_content(self, zone, expected, limit=20):
        """Until an AXFR gives exactly `expected`: for a moment after the new serial it may be of the
        version before where a server's processes change over one by one."""
        difference = None

        def same():
            nonlocal difference
            try:
                difference = contents.difference(expected, self.records(zone))
            except contents.CutOff as error:
                if not self.cuts_off:
                    raise
                difference = str(error)
            return difference == ""
        try:
            wait_for(f"{self.name} has the content of {zone}", same, limit, step=0.05)
        except TookTooLong as error:
            raise TookTooLong(f"{error}: {difference}") from None

    def wait_for_serial(self, zone, serial, limit=30):
        def served():
            assert self.process.alive(), f"{self.name} ended:\n{self.process.log_text()[-2000:]}"
            return self.serial(zone) == serial
        try:
            wait_for(f"{self.name} serves {zone} {serial}", served, limit)
        except AssertionError as error:
            error.args = (f"{error} (it serves {self.serial(zone)}); its log ends:\n"
                          f"{self.process.log_text()[-3000:]}",)
            raise

    def wait_until_answering(self, zone, limit=30):
        """Until it serves the zone in any version; returns the serial."""
        return wait_for(f"{self.name} serves {zone}", lambda: self.serial(zone) is not None, limit)
