"""The servers of the bench, all behind one small set of words: Peer in peer.py."""
import os
import shutil

from . import bind, ixfrdist, knot, nsd, powerdns, twinzone

KINDS = {"twinzone": twinzone.Ours, "bind": bind.Bind, "nsd": nsd.Nsd, "knot": knot.Knot,
         "powerdns": powerdns.PowerDns, "ixfrdist": ixfrdist.Ixfrdist}


def missing(name):
    """What has to be there for this server and is not, in words; empty where nothing is missing."""
    return ", ".join(path for path in KINDS[name].needs()
                     if not (os.path.exists(path) or shutil.which(path)))
