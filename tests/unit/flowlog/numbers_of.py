# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The numbers of a log's records, read without the log's own programs."""
import json
import os
import re
import subprocess

SEQ = re.compile(rb'"seq":(\d+)')  # what comes before it in a line are a number and names


def log(directory):
    """How many records are there, how many gap records tell of, and the last number. Raises AssertionError where a
    number does not rise."""
    segments = sorted((s for s in os.listdir(directory) if s.endswith(".zst")), key=lambda s: s[22:])
    lines = subprocess.run(["zstd", "-dcq", *(os.path.join(directory, s) for s in segments)], capture_output=True,
                           check=True).stdout
    seen = told = last = 0
    for line in lines.splitlines():
        seq = int(SEQ.search(line)[1])
        assert seq > last, (last, line)
        last = seq
        seen += 1
        if b'"ev":"gap"' in line:
            told += json.loads(line)["lost"]
    return seen, told, last
