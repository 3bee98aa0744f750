#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Damaged captures: replay ends, says what is wrong with a file where something is, loses no packet from
its counters, writes valid records and the same ones again. In a build with sanitizers this is the search for
reads past the end.

Takes the synthetic captures, the demonstration's, and where BRIDGEHEAD_CAPTURES names a folder with
pcap/, those (BRIDGEHEAD_SEEDS times each; 1 where not set).

usage: test_damaged.py BRIDGEHEAD
"""
import contextlib
import io
import os
import sys
import tempfile

import golden
import make_captures
import mutate
import topics
import validate


def sources(folder):
    for t in topics.all_topics():
        path = os.path.join(folder, t.name + ".pcap")
        make_captures.write_pcap(path, t.linktype, t.packets)
        yield path
    yield os.path.join(golden.HERE, "demo.pcap")
    pcaps = os.path.join(os.environ.get("BRIDGEHEAD_CAPTURES", "/nowhere"), "pcap")
    if os.path.isdir(pcaps):
        yield from sorted(os.path.join(pcaps, n) for n in os.listdir(pcaps))


def judge(program, folder, path, data):
    """What is wrong, or an empty text."""
    bad, lines = os.path.join(folder, "bad"), os.path.join(folder, "lines")
    with open(bad, "wb") as f:
        f.write(data)
    args = ("--inside", golden.INSIDE, "--local-flows", "--records", "-")
    status, out, err = golden.replay(program, [bad], *args)
    if status not in (0, 2):
        return "exit %d: %s" % (status, err.decode(errors="replace")[-2000:])
    if status == 2 and (bad.encode() not in err or len(err.splitlines()) != 1):
        return "exit 2 without one line that names the file: %s" % err
    read = mutate.read_packets(data)
    if read is not None and status != 0:
        return "a whole pcap file was refused: %s" % err
    if out == b"" and status == 2 and read is None:
        return ""  # refused when it was opened
    with open(lines, "wb") as f:
        f.write(out)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        if validate.main([lines]) != 0:
            return said.getvalue()
    records = golden.records(out)
    inside = sum(r["op"] + r["rp"] + r["dp"] for r in records if r["ev"] == "end")
    stop = [r["pkts"] for r in records if r["ev"] == "stop"]
    if len(stop) != 1 or inside > stop[0] or (read is not None and stop[0] != len(read[1])):
        return "%d packets in flows, counted %s, in the file %s" % (inside, stop, read and len(read[1]))
    if golden.replay(program, [bad], *args, again=True)[1] != out:
        return "not the same records again"
    return ""


def main():
    tap, seeds = golden.Tap(), int(os.environ.get("BRIDGEHEAD_SEEDS", "1"))
    with tempfile.TemporaryDirectory() as folder:
        for path in sources(folder):
            name = os.path.basename(path)
            with open(path, "rb") as f:
                data = f.read()
            wrong = []
            for seed in range(seeds):
                text = judge(sys.argv[1], folder, path, mutate.mutate(data, seed, name))
                if text:
                    wrong.append("seed %d: %s" % (seed, text))
            tap.check(not wrong, "%s, damaged" % name, "\n".join(wrong))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
