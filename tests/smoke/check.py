# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What a smoke test says (TAP) and how it ends: 0 good, 1 a finding, 77 skipped."""
import os
import signal
import sys
import time
import traceback

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BRIDGEHEAD_BUILD", os.path.join(SOURCE, "build")))
BRIDGEHEAD = os.path.join(BUILD, "app", "bridgehead")
BHCTL = os.path.join(BUILD, "app", "bhctl")
BHLOG = os.path.join(BUILD, "app", "bhlog")
GOLDEN = os.path.join(SOURCE, "tests", "golden")
SECONDS = float(os.environ.get("SMOKE_SECONDS", "15"))  # of traffic, where a test has traffic


class Skip(Exception):
    """The host lacks something that the whole test needs."""


class Timeout(Exception):
    pass


def poll(what, condition, seconds=10.0, every=0.05):
    """Waits for condition() to be true and returns its value; Timeout with what's text if it never is."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout(f"{what}: not within {seconds:g} s")
        time.sleep(every)


class Checks:
    def __init__(self):
        self.n = self.failed = 0

    def ok(self, good, name, detail="", saw=""):
        """One check. detail is shown where it fails, saw in any case: names are the same in each run."""
        self.n += 1
        if not good:
            self.failed += 1
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}", flush=True)
        if saw:
            self.note(saw)
        if not good:
            for line in str(detail).splitlines()[:40]:
                print(f"#   {line}", flush=True)
        return bool(good)

    def equal(self, got, wanted, name, saw=""):
        return self.ok(got == wanted, name, f"wanted {wanted!r}\ngot    {got!r}", saw)

    def skip(self, name, reason):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {reason}", flush=True)

    def note(self, text):
        print(f"# {text}", flush=True)


def _on_signal(number, _frame):
    # Once: what is being cleaned up is not to be left half done.
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, signal.SIG_IGN)
    raise SystemExit(128 + number)


def catch_signals():
    """Ends by an exception, so that every finally is run."""
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, _on_signal)


def main(test):
    """Runs test(checks) as a program of its own."""
    checks = Checks()
    catch_signals()
    try:
        for path in (BRIDGEHEAD, BHCTL, BHLOG):
            if not os.access(path, os.X_OK):
                raise Skip(f"{path} is not built")
        test(checks)
    except Skip as e:
        print(f"1..0 # SKIP {e}", flush=True)
        sys.exit(77)
    except Exception:  # a broken test is a failed one
        checks.ok(False, "runs to its end", traceback.format_exc())
    print(f"1..{checks.n}", flush=True)
    sys.exit(1 if checks.failed or not checks.n else 0)
