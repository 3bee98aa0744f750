#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""On captures of nDPI's own suite: replay sees the flows that ndpiReader sees, with its labels.

usage: test_agreement.py BRIDGEHEAD      (BRIDGEHEAD_CAPTURES: folder with pcap/)
"""
import os
import shutil
import subprocess
import sys

import golden


def main():
    tap, folder = golden.Tap(), os.environ.get("BRIDGEHEAD_CAPTURES", "")
    pcaps = os.path.join(folder, "pcap")
    name = "replay and ndpiReader agree on captures of nDPI's suite"
    if not folder or not os.path.isdir(pcaps):
        tap.skip(name, "BRIDGEHEAD_CAPTURES does not name a folder with pcap/")
    elif shutil.which("ndpiReader") is None:
        tap.skip(name, "ndpiReader (package libndpi-bin) is not installed")
    else:
        captures = sorted(os.path.join(pcaps, n) for n in os.listdir(pcaps))
        run = subprocess.run([sys.executable, os.path.join(golden.HERE, "compare_ndpi.py"), sys.argv[1],
                              golden.POLICY, golden.COUNTRIES, *captures], capture_output=True,
                             text=True, check=False, timeout=600)
        print("# " + run.stdout.strip().splitlines()[-1])
        tap.check(run.returncode == 0 and len(captures) > 0, name, run.stdout)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
