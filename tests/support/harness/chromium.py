"""A headless Chromium as an object: pages opened, looked at, measured. Speaks the DevTools protocol
over a pipe, so nothing but Python is needed."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time

PROGRAM = shutil.which("chromium")


class Chromium:
    """Use with `with`. Nothing it opens leaves this machine."""

    def __init__(self, folder):
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        command = [
            PROGRAM, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-extensions",
            # Its renderers are not to be nice to others: a busy machine would starve them.
            "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
            "--disable-background-timer-throttling",
            "--disable-sync", f"--user-data-dir={folder}", "about:blank"]
        with open(os.path.join(folder, "chromium.log"), "ab") as log:
            # The browser reads descriptor 3 and writes descriptor 4.
            self.popen = subprocess.Popen(
                ["bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "bash", *command],
                pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self._left, self._events, self._last_id = b"", [], 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait(10)
        os.close(self._out)
        os.close(self._in)

    def _read_message(self, deadline):
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            got = os.read(self._in, 1 << 20)
            assert got, "the browser has ended"
            self._left += got
        message, _, self._left = self._left.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, limit=60, **parameters):
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + limit
        while True:
            answer = self._read_message(deadline)
            if answer.get("id") == self._last_id:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._events.append(answer)

    def wait_for_event(self, method, session, limit=60):
        deadline = time.monotonic() + limit
        while True:
            for event in self._events:
                if event.get("method") == method and event.get("sessionId") == session:
                    self._events.remove(event)
                    return event["params"]
            self._events.append(self._read_message(deadline))

    def events(self, session):
        return [event for event in self._events if event.get("sessionId") == session]

    def open(self, url, width=1280, height=900, dark=False, scripts=True):
        return Page(self, url, (width, height), dark, scripts)


class Page:
    def __init__(self, browser, url, size, dark, scripts):
        self.browser, self.url = browser, url
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target,
                                    flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.show(*size, dark)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url=url)
        browser.wait_for_event("Page.loadEventFired", self.session)

    def show(self, width, height, dark=False):
        """In a window of this size, in one of the two schemes of colours."""
        self.size = width, height
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def evaluate(self, expression):
        """The expression's value; a promise is waited for."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                         awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def complaints(self):
        """What the browser found wrong, in words: console, network, content policy."""
        self.evaluate("1")  # what was under way has arrived
        wrong = []
        for event in self.browser.events(self.session):
            parameters = event.get("params", {})
            if event["method"] == "Log.entryAdded":
                wrong.append(parameters["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                wrong.append(str(parameters["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled":
                wrong.append(str(parameters["args"]))
            elif event["method"] == "Network.loadingFailed":
                wrong.append(parameters["errorText"])
        return wrong

    def screenshot(self, path, whole=False):
        """A picture of the window, or of the whole page up to 4,000 pixels down."""
        width, height = self.size
        if whole:
            height = min(int(self.evaluate("document.documentElement.scrollHeight")), 4000)
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                            clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
