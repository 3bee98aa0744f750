#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The records of every synthetic capture and of the demonstration's, line by line, against the stored ones
(records/*.jsonl): whatever changes a record shows here. A change that is meant is stored with --renew,
and read in the difference before it is committed.

The lines about flows are held; start, policy and stop name paths and versions. Labels are nDPI 4.2's.

usage: test_records.py BRIDGEHEAD [--renew]
"""
import difflib
import json
import os
import sys
import tempfile

import golden
import make_captures
import topics

STORED = os.path.join(golden.HERE, "records")


def flows(out):
    return [line for line in out.decode().splitlines()
            if json.loads(line)["ev"] in ("decision", "update", "end")]


def library(out):
    start = [r for r in golden.records(out) if r["ev"] == "start"]
    return start[0].get("dpi", "") if start else ""


def check(tap, program, path, name, renew):
    status, out, err = golden.replay(program, [path], "--inside", golden.INSIDE, "--local-flows",
                                     "--records", "-", again=name != "demo")  # test_synthetic.py has the others
    stored = os.path.join(STORED, name + ".jsonl")
    if status == 0 and not library(out).startswith("nDPI 4.2"):
        tap.skip(name, "the labels stored are nDPI 4.2's, this is %s" % library(out))
        return
    have = flows(out)
    if renew and status == 0:
        with open(stored, "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in have)
    want = []
    if os.path.exists(stored):
        with open(stored, encoding="utf-8") as f:
            want = f.read().splitlines()
    same = status == 0 and os.path.exists(stored) and have == want
    tap.check(same, name, err.decode() + "\n".join(difflib.unified_diff(want, have, "stored", "now",
                                                                       lineterm="", n=0)))


def main():
    tap, renew = golden.Tap(), sys.argv[2:] == ["--renew"]
    names = {"demo"}
    os.makedirs(STORED, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for t in topics.all_topics():
            path = os.path.join(folder, t.name + ".pcap")
            make_captures.write_pcap(path, t.linktype, t.packets)
            check(tap, sys.argv[1], path, t.name, renew)
            names.add(t.name)
    check(tap, sys.argv[1], os.path.join(golden.HERE, "demo.pcap"), "demo", renew)
    stale = sorted(n for n in os.listdir(STORED) if os.path.splitext(n)[0] not in names)
    tap.check(not stale, "no stored records without a capture", stale)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
