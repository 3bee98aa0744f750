# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Programs as they behave on a terminal."""
import os
import pty
import subprocess


def on_terminal(argv, env):
    """What is printed where standard output is a terminal."""
    parent, child = pty.openpty()
    p = subprocess.Popen(argv, stdout=child, stderr=subprocess.DEVNULL, env=env)
    os.close(child)
    out = b""
    while True:
        try:
            got = os.read(parent, 65536)
        except OSError:  # the other side is closed
            break
        if not got:
            break
        out += got
    os.close(parent)
    p.wait(timeout=60)
    return out
