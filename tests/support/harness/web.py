"""The web side of our programs: pages, probes and metrics, asked for over HTTP."""
import http.client
import re

from . import ports
from .contents import LOOPBACK

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Web:
    """Of one program; made before it starts."""

    def __init__(self, program):
        self.port = ports.free_port()
        program.configuration["web"] = {"listen": f"{LOOPBACK}@{self.port}"}

    @property
    def base(self):
        return f"http://{LOOPBACK}:{self.port}"

    def ask(self, path, method="GET", limit=60):
        """Status, headers with lower-case names, text."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=limit)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read().decode()
        finally:
            connection.close()

    def text(self, path):
        status, _, text = self.ask(path)
        assert status == 200, f"{path}: {status}\n{text}"
        return text

    def metrics(self):
        return Metrics(self.text("/metrics"))


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                key = (name, frozenset(LABEL.findall(labels or "")))
                assert key not in self.samples, f"twice: {line}"
                self.samples[key] = float(value)

    def value(self, name, **labels):
        """None where there is no such series."""
        return self.samples.get((name, frozenset(labels.items())))

    def total(self, name, **labels):
        """The sum over all series that have these labels."""
        wanted = set(labels.items())
        return sum(value for (found, having), value in self.samples.items()
                   if found == name and wanted <= having)
