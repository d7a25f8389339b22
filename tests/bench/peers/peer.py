"""What every server of the bench can do. An instance is one server with its files in one folder."""
import time

from harness.keys import Key
from harness.server import Server

KEY = Key("bench.test.")  # transfers may be signed with it


class Peer(Server):
    """Life: configure(), begin(), end(), begin() again."""

    knows_tsig = True
    takes_notify = True
    gives_differences = True
    programs = ()

    @classmethod
    def needs(cls):
        return cls.programs

    def configure(self, zones, follows=None, tells=None, differences=False):
        """`zones`: (name, file) each. Primary of these files; or a secondary of the server at the
        port `follows`, with files of its own. `tells`: port of who is notified. `differences`: the
        primary keeps what changes in a file for IXFR."""
        raise NotImplementedError

    def begin(self):
        """Starts it; returns that moment of time.monotonic()."""
        moment = time.monotonic()
        if self.process is None:
            self.run(self.command())
        else:
            self.process.start()
        return moment

    def end(self):
        """Asks it to end and waits; big servers take their time."""
        if self.process is not None:
            self.process.stop(limit=120)

    def command(self):
        raise NotImplementedError

    def take_file(self, zone):
        """A file of the primary was replaced: makes it look. Returns before it is loaded."""
        raise NotImplementedError

    def written_after_served(self):
        """Whether what a secondary serves may be on disk only later."""
        return False
