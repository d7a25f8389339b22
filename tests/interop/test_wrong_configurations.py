"""Wrong configurations as an operator meets them: `check` and `serve` tell all errors of a file in
one run, each with its place, the line, a caret, and what was probably meant."""
import re

import pytest
from harness.programs import run_program

SECRET = "c2VjcmV0IHNlY3JldA=="

# What is wrong in the line, and what is said about it; the caret stands under the marked word.
SECONDARY = """\
version: 1
server:   { «lisen»: [127.0.0.1@5300], listen: [127.0.0.1@5300] }
store:    { path: /tmp/x, max-size: «64X» }
control:  { «sockt»: /tmp/x/sock }
web:      { listen: «localhost» }
log:      { level: «inf», format: text }
keys:     [ { name: k1., algorithm: «hmac-sha265», secret: c2VjcmV0IHNlY3JldA== } ]
remotes:
  - { name: ns1, addresses: [«192.0.2.300»] }
  - { name: ns2, addresses: [192.0.2.2], key: «k2.» }
  - { name: nsd, addresses: [127.0.0.1@54] }
limits:   { transfer-idle: «5 min» }
templates:
  - name: loopback
    primaries: [«ns3»]
    output: { mode: loopback, verify: «nds» }
  - name: file
    primaries: [ns2]
    output: { mode: «fil», path: /tmp/x/%s.zone }
    guard: { max-delete: «50» }
  - name: hooked
    primaries: [ns2]
    guard: { «max-delet»: 50% }
    hooks: [ { on: [«comitted»], exec: [/bin/true] }, { on: [held], exec: [«mail»] } ]
    verify-interval: «daily»
  - name: reload
    primaries: [ns2]
    output: { mode: file, path: /tmp/x/%s.zone, reload: «bnid» }
zones:
  - { zone: a.test, template: «lopback» }
  - { zone: «b..test», template: file }
  - { zone: c.test, template: hooked, «serial-policy»: date }
"""

SAID = [
    "unknown key 'lisen' in 'server'; did you mean 'listen'?",
    "'64X' is no size; write octets or 64K",
    "unknown key 'sockt' in 'control'; did you mean 'socket'?",
    "'localhost' is no address; write ADDRESS@PORT",
    "level cannot be 'inf'; did you mean 'info'?",
    "did you mean 'hmac-sha256'?",
    "'192.0.2.300' is no address",
    "no key is named 'k2.'; did you mean 'k1.'?",
    "'5 min' is no duration; write 30s, 5m, 2h or 1d",
    "no remote is named 'ns3'; did you mean 'ns",
    "no remote is named 'nds'; did you mean 'nsd'?",
    "mode cannot be 'fil'; did you mean 'file'?",
    "'50' is no percentage; write 50%",
    "unknown key 'max-delet' in 'guard'; did you mean 'max-delete'?",
    "no event is called 'comitted'; did you mean 'committed'?",
    "'mail' is no absolute path",
    "'daily' is no duration; write 30s, 5m, 2h or 1d",
    "reload cannot be 'bnid'; did you mean 'bind'?",
    "no template is named 'lopback'; did you mean 'loopback'?",
    "'b..test' is no domain name",
    "'serial-policy' is for the primary",
]


def places_of(marked):
    """Without the marks, and (line, column, the line) of each."""
    places = []
    for number, line in enumerate(marked.splitlines(), 1):
        clean = re.sub("[«»]", "", line)
        done = 0
        for mark in re.finditer("«", line):
            places.append((number, mark.start() - 2 * done + 1, clean))
            done += 1
    return re.sub("[«»]", "", marked), places


@pytest.fixture
def wrong(tmp_path):
    def write(text):
        path = tmp_path / "twinzone.yaml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path
    return write


def test_twenty_errors_in_one_run_each_at_its_place(wrong):
    text, places = places_of(SECONDARY)
    assert len(places) == len(SAID) >= 20
    path = wrong(text)
    for verb in ["check", "serve", "sync"]:
        done = run_program("secondary", verb, "-c", path)
        assert (done.returncode, done.stdout) == (2, "")
        for (line, column, source), said in zip(places, SAID):
            block = re.search(rf"^(?:.*: )?{re.escape(str(path))}:{line}:{column}: (.*)\n(.*)\n(.*)\n",
                              done.stderr, re.M)
            assert block, f"nothing at {line}:{column} ({said}) in:\n{done.stderr}"
            assert said in block[1]
            assert block[2] == "  " + source.replace(SECRET, "*" * len(SECRET))
            assert block[3] == " " * (column + 1) + "^"
        assert done.stderr.endswith(f"{len(SAID)} errors\n"), "each is told once, and nothing else"
        assert SECRET not in done.stderr


PRIMARY = """\
version: 1
server: { listen: [127.0.0.1@5300] }
remotes: [ { name: bind, addresses: [127.0.0.1@53] } ]
templates:
  - name: relay
    source: { transfer: [«bnid»] }
  - name: nobody
    source: { transfer: «[]» }
  - name: «relay»
    source: { file: a }
zones:
  - { zone: a.test, template: nobody, «primaries»: [bind] }
  - { zone: b.test, source: { file: x, «directry»: y } }
  - { zone: c.test, source: { file: x }, «output»: { mode: none } }
"""


def test_a_relay_with_slips(wrong):
    text, places = places_of(PRIMARY)
    path = wrong(text)
    done = run_program("primary", "check", "-c", path)
    assert (done.returncode, done.stdout) == (2, "")
    for line, column, _ in places:
        assert f"{path}:{line}:{column}: " in done.stderr, done.stderr
    assert f"{len(places)} errors" in done.stderr


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "version: 1\n  x: [\n", "\x00\n",
                                  "version: &a 1\n", "version: !!int 1\n", "version: 1\n---\n"])
def test_what_is_no_configuration_at_all_is_2_with_its_place(wrong, text):
    path = wrong(text)
    done = run_program("primary", "check", "-c", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert str(path) in done.stderr
    assert "terminate" not in done.stderr
