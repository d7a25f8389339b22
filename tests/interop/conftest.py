"""Fixtures of the interop tests. They are run by CTest, with Debian's python3:

    /usr/bin/python3 -m pytest tests/interop/test_protocol.py

TWINZONE_BUILD names the build to test (default .build/release).
"""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from harness import zone_texts  # noqa: E402  (the path comes first)
from harness.keys import Key  # noqa: E402

ZONE = "example.test."


@pytest.fixture
def key():
    return Key()


@pytest.fixture
def running():
    """running(server) ends the server when the test ends; returns it."""
    servers = []

    def add(server):
        servers.append(server)
        return server
    yield add
    for server in reversed(servers):
        server.stop()


@pytest.fixture(scope="session")
def root_history(tmp_path_factory):
    """Paths of 97 consecutive versions of the real root zone."""
    if zone_texts.root_archive() is None:
        pytest.skip("no shared/data/rootzone-2018.tar.xz beside this clone")
    return zone_texts.unpack_root_history(tmp_path_factory.mktemp("root"))


def pytest_runtest_logreport(report):
    """A failed test shows at once what it was, not only at the end of a long file."""
    if report.failed:
        print(f"\nFAILED: {report.nodeid}", flush=True)
