"""The pages as operators see them, in a headless Chromium: made-up zones in every state, and the
daemons themselves. Pictures stay in the folder that TWINZONE_PICTURES names, for people to look at."""
import functools
import http.server
import os
import subprocess
import threading

import pytest
from conftest import ZONE
from harness import chromium, zone_texts
from harness.programs import BUILD, ROOT, Primary, pair
from harness.waiting import wait_for
from harness.web import Web

AXE = os.path.join(ROOT, ".build", "axe", "node_modules", "axe-core", "axe.min.js")
POLICY = ("default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
          "base-uri 'none'; frame-ancestors 'none'")

PAGES = ["none", "one", "fifty", "fifty-problems", "many", "many-held", "many-page", "many-nothing",
         "wide", "zone-current", "zone-stale", "zone-held", "zone-expired", "zone-failed",
         "zone-loading", "not-found"]
# Looked at for accessibility at every size; what others have in common with them is not twice.
EVERY_SIZE = ["one", "fifty-problems", "zone-expired"]
SIZES = [(1280, 900, False), (1280, 900, True), (390, 844, False)]

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason="no chromium")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.Chromium(str(tmp_path_factory.mktemp("chromium"))) as started:
        yield started


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """The base of a server that gives the sample pages as a daemon would."""
    folder = tmp_path_factory.mktemp("pages")
    program = os.path.join(BUILD, "tests", "support", "web_samples")
    subprocess.run([program, str(folder)], check=True)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self):
            self.send_header("Content-Security-Policy", POLICY)
            super().end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def axe():
    if not os.path.exists(AXE):
        pytest.skip("no axe-core: tests/support/install_axe.sh fetches it where there is npm")
    with open(AXE, encoding="utf-8") as file:
        return file.read()


def picture(page, name):
    folder = os.environ.get("TWINZONE_PICTURES")
    if folder:
        os.makedirs(folder, exist_ok=True)
        page.screenshot(os.path.join(folder, f"{name}.png"), whole=True)


def violations(page):
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', "
        "'best-practice']}).then(r => r.violations.map(v => v.id + ': ' + "
        "v.nodes.slice(0, 3).map(n => n.html + ' ' + n.failureSummary).join(' | ')))")
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_at_every_size(browser, samples, name):
    page = browser.open(f"{samples}/{name}.html", scripts=False)
    for width, height, dark in SIZES:
        page.show(width, height, dark)
        assert page.complaints() == []
        # Nothing sticks out: the window never scrolls sideways.
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(20, 24, 28)" if dark else "rgb(246, 247, 248)"), "the style sheet is not used"
        assert page.evaluate("document.querySelectorAll('script,[style],[onclick]').length") == 0
        picture(page, f"{name}-{width}{'-dark' if dark else ''}")
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible(browser, samples, axe, name):
    page = browser.open(f"{samples}/{name}.html")
    page.evaluate(axe + "; 0")
    for width, height, dark in SIZES if name in EVERY_SIZE else SIZES[:1]:
        page.show(width, height, dark)
        found = violations(page)
        if name == "many-held":  # it was asked to load itself anew, by a link
            found = [each for each in found if not each.startswith("meta-refresh")]
        assert found == [], f"{name} {width} {dark}"
    page.close()


def test_rows_have_their_columns_where_the_window_is_narrow(browser, samples):
    page = browser.open(f"{samples}/fifty-problems.html", 390, 844)
    label = page.evaluate("getComputedStyle(document.querySelector('td[data-label=ns2]'), "
                          "'::before').content")
    assert "ns2" in label or "data-label" in label
    assert page.evaluate("getComputedStyle(document.querySelector('tbody tr')).display") == "grid"
    page.close()


def test_every_state_has_a_word_and_a_sign(browser, samples):
    page = browser.open(f"{samples}/fifty-problems.html")
    chips = page.evaluate(
        "[...document.querySelectorAll('tbody .state')].map(e => [e.textContent, "
        "getComputedStyle(e, '::before').content])")
    words = {word for word, _ in chips}
    assert {"expired", "failed", "held", "stale", "frozen", "loading", "transferring",
            "current"} == words
    assert all(sign not in ("none", "normal", '""') for _, sign in chips)
    page.close()


def test_the_filter_works_without_scripts(browser, running, tmp_path):
    primary = Primary(tmp_path / "ns1")
    folder = tmp_path / "zones"
    folder.mkdir()
    for number in range(230):
        zone = f"z{number:03}.test."
        (folder / f"{zone[:-1]}.zone").write_text(zone_texts.small(1, zone=zone))
    (folder / "broken.test.zone").write_text("broken.test. 60 IN SOA gibberish\n")
    primary.serve_folder(str(folder))
    web = Web(primary)
    running(primary).start()
    wait_for("all zones are there", lambda: web.metrics().value(
        "twinzone_zones", state="current") == 230, limit=60)

    page = browser.open(web.base + "/", scripts=False)

    def names():
        return page.evaluate("[...document.querySelectorAll('tbody th a')].map(a => a.textContent)")

    def go(what):
        page.evaluate(what)
        browser.wait_for_event("Page.loadEventFired", page.session)

    assert names()[:2] == ["broken.test.", "z000.test."] and len(names()) == 100
    go("document.querySelector('nav a').click()")
    assert names()[0] == "z099.test."
    go("document.querySelector('input').value = 'Z22'; "
       "document.querySelector('form').requestSubmit()")
    assert names() == [f"z22{n}.test." for n in range(10)]
    go("document.querySelector('input').value = ''; document.querySelector('select').value = "
       "'problems'; document.querySelector('form').requestSubmit()")
    assert names() == ["broken.test."]
    go("document.querySelector('tbody th a').click()")
    assert page.evaluate("document.querySelector('h1').textContent").startswith("broken.test.")
    assert "SOA" in page.evaluate("document.querySelector('.reason').textContent")
    assert page.complaints() == []
    page.close()


def test_daemons_show_their_peers(browser, running, tmp_path, key):
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1), key)
    webs = {"primary": Web(primary), "secondary": Web(secondary)}
    running(primary).start()
    running(secondary).start()
    secondary.wait_for_serial(ZONE, 1)
    wait_for("the peer is in step", lambda: webs["primary"].metrics().value(
        "twinzone_zone_lag_seconds", zone=ZONE, peer="ns2") == 0)
    for role, web in webs.items():
        for path in ("/", f"/zone/{ZONE}", f"/zone/{ZONE[:-1].upper()}"):
            page = browser.open(web.base + path)
            text = page.evaluate("document.body.textContent")
            assert ZONE in text and "current" in text and f"Twinzone {role}" in text
            assert page.complaints() == []
            picture(page, f"daemon-{role}-{'zone' if 'zone' in path else 'all'}")
            page.close()
    assert "ns2" in webs["primary"].text("/") and "in step" in webs["primary"].text("/")


def test_five_thousand_zones_keep_nobody_waiting(running, tmp_path):
    primary = Primary(tmp_path / "ns1")
    folder = tmp_path / "zones"
    folder.mkdir()
    for number in range(5000):
        zone = f"z{number:04}.test."
        (folder / f"{zone[:-1]}.zone").write_text(zone_texts.small(1, zone=zone))
    primary.serve_folder(str(folder))
    web = Web(primary)
    running(primary).start()
    wait_for("all zones are there", lambda: web.metrics().value(
        "twinzone_zones", state="current") == 5000, limit=120, step=0.5)
    text = web.text("/")
    assert "All 5,000 zones are in step" in text and "Page 1 of 50" in text
    assert "z4999.test." in web.text("/?q=z4999")
    assert len(web.text("/?page=50").split("<tr ")) - 2 == 100
    metrics = web.metrics()
    assert sum(1 for name, _ in metrics.samples if name == "twinzone_zone_serial") == 5000
    assert web.ask("/readyz")[0] == 200
