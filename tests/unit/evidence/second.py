# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""scripts/verify-log and verify-proof for tests that ask them hundreds of times."""
import importlib.util
import os
import sys
import unittest

import forked

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts")
VERIFY_LOG, VERIFY_PROOF = os.path.join(SCRIPTS, "verify-log"), os.path.join(SCRIPTS, "verify-proof")
_loaded = {}
# bhlog is started as often, and looking for leaks takes AddressSanitizer as long as the answer: other tests look.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


def available():
    """Whether this Python has what they need."""
    return importlib.util.find_spec("cryptography") is not None


def _run(path, args):
    if path not in _loaded:
        _loaded[path] = forked.load(os.path.basename(path).replace("-", "_"), path)
    return forked.run(_loaded[path].main, [path, *args])


def verify_log(*args):
    """As subprocess.run([VERIFY_LOG, *args], capture_output=True, text=True)."""
    return _run(VERIFY_LOG, args)


def verify_proof(*args):
    """The same of VERIFY_PROOF."""
    return _run(VERIFY_PROOF, args)


def main(where):
    """Runs the tests of the program that calls this; `where`, a module, gets the programs of its arguments."""
    where.BHLOG, where.BHCTL, where.WRITE_LOG = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    if not available():
        print("skipped: needs python3-cryptography")
        sys.exit(77)
    unittest.main()
