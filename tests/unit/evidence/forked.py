# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""A Python program of ours for tests that ask it hundreds of times: read once, then a fork for each question, because
starting Python and what it imports takes ten times as long as the answer."""
import importlib.machinery
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import warnings


def load(name, path):
    """The program as a module."""
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def _child(main, argv, out, err):
    os.dup2(out, 1)
    os.dup2(err, 2)
    warnings.simplefilter("ignore")  # unittest turned on what a program of its own would not show
    sys.argv = argv
    sys.stdout, sys.stderr = io.open(1, "w", closefd=False), io.open(2, "w", closefd=False)
    try:
        code = main()
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 70  # none of its own
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run(main, argv):
    """As subprocess.run(argv, capture_output=True, text=True) of the program whose main() this is."""
    argv = [str(a) for a in argv]
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            _child(main, argv, out.fileno(), err.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        texts = []
        for f in (out, err):
            f.seek(0)
            texts.append(f.read().decode())
    return subprocess.CompletedProcess(argv, code, *texts)
