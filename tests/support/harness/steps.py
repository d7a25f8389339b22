"""Versions of a zone put in one after the other, and what must come of each."""
from . import contents


def follow(put, servers, zone, versions, expected):
    """Puts each version in but the first, which is there; the servers must come to hold exactly it."""
    for number, (text, records) in enumerate(zip(versions, expected)):
        if number > 0:
            put(text)
        for server in servers:
            server.wait_for_serial(zone, contents.serial_of(records), limit=60)
            server.wait_for_content(zone, records)
