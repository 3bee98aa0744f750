# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Chromium without a window, asked through its DevTools protocol over a pair of pipes."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ARGUMENTS = ["--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
             # A host that is not localhost: over plain HTTP a browser trusts it less.
             "--host-resolver-rules=MAP elsewhere.example 127.0.0.1"]
# Chromium reads from descriptor 3 and writes to 4.
PIPES = ("import os, sys; r, w = (os.dup(int(a)) for a in sys.argv[1:3]); os.dup2(r, 3); os.dup2(w, 4); "
         "os.set_inheritable(3, True); os.set_inheritable(4, True); "
         "os.execvp(sys.argv[3], sys.argv[3:])")


def is_there():
    return shutil.which("chromium") is not None


class Gone(Exception):
    """The page that was asked is another one by now."""


class Chromium:
    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        r, self.out = os.pipe()
        self.back, w = os.pipe()
        args = [*ARGUMENTS, "--user-data-dir=" + self.profile.name]
        if os.geteuid() == 0:
            args.append("--no-sandbox")  # as root Chromium has none
        self.process = subprocess.Popen(
            [sys.executable, "-c", PIPES, str(r), str(w), "chromium", *args, "about:blank"], pass_fds=(r, w),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(r)
        os.close(w)
        self.buffer, self.number, self.session = b"", 0, None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next()
            if answer.get("id") == self.number:
                if "navigated" in answer.get("error", {}).get("message", ""):
                    raise Gone(answer)
                assert "error" not in answer, answer
                return answer["result"]

    def next(self):
        while b"\0" not in self.buffer:
            data = os.read(self.back, 1 << 16)
            assert data, "Chromium ended"
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def evaluate(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, expression):
        """Its value, as soon as that is true."""
        for _ in range(200):
            try:
                value = self.evaluate(expression)
            except Gone:  # the next page is on its way
                value = None
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError("never true: " + expression)

    def go(self, url):
        self.evaluate("globalThis.old = true")
        self.ask("Page.navigate", url=url)
        self.loaded()

    def loaded(self):
        """Until there is another page than the one that was marked, and all of it."""
        self.wait_for("globalThis.old === undefined && document.readyState === 'complete'")

    def size(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def media(self, **features):
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": n.replace("_", "-"), "value": v} for n, v in features.items()])

    def mouse(self, kind, x, y):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name, code, shift=False):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code,
                     modifiers=8 if shift else 0)

    def close(self):
        self.session = None
        try:
            self.ask("Browser.close")
        except AssertionError:
            pass  # it was gone before it answered
        self.process.wait(30)
        os.close(self.out)
        os.close(self.back)
        self.profile.cleanup()
