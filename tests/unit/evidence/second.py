# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""scripts/verify-log for tests that ask it hundreds of times: read once, then a fork for each question, because
starting Python and its cryptography takes ten times as long as the answer."""
import importlib.machinery
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import warnings

VERIFY_LOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts/verify-log")
_module = None
# bhlog is started as often, and looking for leaks takes AddressSanitizer as long as the answer: other tests look.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


def available():
    """Whether this Python has what verify-log needs."""
    return importlib.util.find_spec("cryptography") is not None


def _load():
    global _module
    if not _module:
        loader = importlib.machinery.SourceFileLoader("verify_log", VERIFY_LOG)
        _module = importlib.util.module_from_spec(importlib.util.spec_from_loader("verify_log", loader))
        loader.exec_module(_module)
    return _module


def _child(args, out, err):
    os.dup2(out, 1)
    os.dup2(err, 2)
    warnings.simplefilter("ignore")  # unittest turned on what a program of its own would not show
    sys.argv = [VERIFY_LOG, *args]
    sys.stdout, sys.stderr = io.open(1, "w", closefd=False), io.open(2, "w", closefd=False)
    try:
        code = _load().main()
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 70  # none of its own
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def verify_log(*args):
    """As subprocess.run([VERIFY_LOG, *args], capture_output=True, text=True)."""
    _load()
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            _child([str(a) for a in args], out.fileno(), err.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        texts = []
        for f in (out, err):
            f.seek(0)
            texts.append(f.read().decode())
        return subprocess.CompletedProcess([VERIFY_LOG, *args], code, *texts)
