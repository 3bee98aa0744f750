# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""scripts/verify-log for tests that ask it hundreds of times."""
import importlib.util
import os
import sys
import unittest

import forked

VERIFY_LOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts/verify-log")
_loaded = []
# bhlog is started as often, and looking for leaks takes AddressSanitizer as long as the answer: other tests look.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


def available():
    """Whether this Python has what verify-log needs."""
    return importlib.util.find_spec("cryptography") is not None


def verify_log(*args):
    """As subprocess.run([VERIFY_LOG, *args], capture_output=True, text=True)."""
    if not _loaded:
        _loaded.append(forked.load("verify_log", VERIFY_LOG))
    return forked.run(_loaded[0].main, [VERIFY_LOG, *args])


def main(where):
    """Runs the tests of the program that calls this; `where`, a module, gets the programs of its arguments."""
    where.BHLOG, where.BHCTL, where.WRITE_LOG = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    if not available():
        print("skipped: needs python3-cryptography")
        sys.exit(77)
    unittest.main()
