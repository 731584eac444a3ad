"""Looks at pages with a headless Chromium, and says what it saw; the standard library alone.

Reads one JSON object from standard input:
    {"browser": PATH, "steps": [{"url": URL, "name": NAME, "width": 390, "dark": false, "script": true, "until": JS,
     "wait": SECONDS, "then": JS, "picture": FILE}]}
and prints one JSON object: for each step what the console said, the violations of the page's policy, exceptions, failed
loads, how wide the page is beside its window, and what `then` came to. Steps share one browser, so that a cookie of the
first is sent by the next.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time


class Browser:
    """A Chromium that is spoken to over two pipes, its descriptors 3 and 4."""

    def __init__(self, program):
        self.home = tempfile.mkdtemp(prefix="lapwing-browser-")
        (child_in, self.output) = os.pipe()
        (self.input, child_out) = os.pipe()

        def connect():
            # Above 10 first, so that neither overwrites the other.
            os.dup2(child_in, 13)
            os.dup2(child_out, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                "--remote-debugging-pipe", "--user-data-dir=" + self.home, "about:blank",
            ],
            preexec_fn=connect, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(child_in)
        os.close(child_out)
        self.buffer = b""
        self.number = 0
        self.events = []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(t for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.page(domain + ".enable")

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            if time.monotonic() > deadline:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self.input, 1 << 20)
            if not piece:
                raise EOFError("the browser has ended")
            self.buffer += piece
        (message, self.buffer) = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.output, data):]
        deadline = time.monotonic() + 60
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def page(self, method, **parameters):
        return self.call(method, self.session, **parameters)

    def evaluate(self, script):
        try:
            return self.page("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")
        except RuntimeError:
            # The page is on its way to another.
            return None

    def until(self, what, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.evaluate(what):
                return True
            time.sleep(0.05)
        return False

    def stop(self):
        try:
            self.call("Browser.close")
        except (OSError, EOFError, TimeoutError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def look(browser, step):
    width = step.get("width", 1280)
    is_dark = step.get("dark", False)
    browser.page(
        "Emulation.setDeviceMetricsOverride", width=width, height=step.get("height", 844 if width < 700 else 900),
        deviceScaleFactor=step.get("scale", 1), mobile=width < 700,
    )
    scheme = "dark" if is_dark else "light"
    browser.page("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"},
    ])
    browser.page("Emulation.setScriptExecutionDisabled", value=not step.get("script", True))
    browser.events.clear()
    browser.page("Page.navigate", url=step["url"])
    loaded = browser.until("document.readyState === 'complete' && location.href !== 'about:blank'", 30)
    reached = browser.until(step["until"], step.get("wait", 20)) if "until" in step else loaded
    # What loads late is seen as well.
    time.sleep(0.2)
    result = {
        "name": step.get("name", step["url"]), "loaded": loaded, "reached": reached,
        "location": browser.evaluate("location.href"), "title": browser.evaluate("document.title"),
        "width": browser.evaluate("document.documentElement.scrollWidth"),
        "window": browser.evaluate("document.documentElement.clientWidth"),
        "then": browser.evaluate(step["then"]) if "then" in step else None,
        "console": [], "exceptions": [], "log": [], "failed": [],
    }
    for event in browser.events:
        parameters = event.get("params", {})
        method = event.get("method")
        if method == "Runtime.consoleAPICalled":
            result["console"].append(str([a.get("value", a.get("description")) for a in parameters["args"]]))
        elif method == "Runtime.exceptionThrown":
            result["exceptions"].append(json.dumps(parameters["exceptionDetails"])[:500])
        elif method == "Log.entryAdded":
            result["log"].append(parameters["entry"]["text"][:500])
        elif method == "Network.loadingFailed" and not parameters.get("canceled"):
            result["failed"].append(parameters.get("errorText", "") + parameters.get("blockedReason", ""))
    if "picture" in step:
        size = browser.page("Page.getLayoutMetrics")["cssContentSize"]
        shot = browser.page(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": width, "height": min(size["height"], 6000), "scale": 1},
        )
        os.makedirs(os.path.dirname(step["picture"]), exist_ok=True)
        with open(step["picture"], "wb") as file:
            file.write(base64.b64decode(shot["data"]))
    return result


def main():
    work = json.load(sys.stdin)
    browser = Browser(work["browser"])
    try:
        print(json.dumps({"steps": [look(browser, step) for step in work["steps"]]}))
    finally:
        browser.stop()


main()
