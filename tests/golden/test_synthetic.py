#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Replays every synthetic capture and holds the records against what was put in: flows with their
packets and bytes by direction, valid records, the same bytes again, and from pieces.

usage: test_synthetic.py BRIDGEHEAD
"""
import contextlib
import io
import os
import sys
import tempfile

import golden
import make_captures
import topics
import validate

# A fragment whose datagram's first one was not seen counts in a flow without ports.
ORPHANS = {"frag4_reordered", "frag4_tiny_tcp"}
# Packets in GRE count in the flow of their tunnel, which is not looked into.
OUTER = {"gre", "gre_key"}
# Broken packets count where their ends can be told, as in the library's own reader.
BROKEN = {"malformed"}


def name_of(r):
    names = {v: k for k, v in topics.NAMES.items()}
    proto = {v: k for k, v in names.items()}.get(r["proto"], str(r["proto"]))
    form = "%s [%s]:%d → [%s]:%d" if ":" in r["src"] else "%s %s:%d → %s:%d"
    return form % (proto, r["src"], r.get("sport", 0), r["dst"], r.get("dport", 0))


def totals(records):
    return [sum(r[a] for r in records if r["ev"] == "end") for a in ("op", "ob", "rp", "rb", "dp", "db")]


def check_flows(tap, t, records):
    want = make_captures.flows_of(t.packets)
    if t.name in BROKEN:
        return
    ends = [r for r in records if r["ev"] == "end"]
    sums = [sum(v[i] for v in want.values()) for i in range(4)]
    got = totals(records)
    if t.name in OUTER:
        sums = [len(t.packets), sum(p.ip_bytes for p in t.packets), 0, 0]
    # What a verdict stopped is in no direction's count.
    tap.check(got[0] + got[2] + got[4] == sums[0] + sums[2] and
              got[1] + got[3] + got[5] == sums[1] + sums[3],
              "%s: packets and bytes add up" % t.name, "want %s, got %s" % (sums, got))
    if t.name in OUTER | ORPHANS or got[4]:
        return
    have = sorted((r["op"], r["ob"], r["rp"], r["rb"]) for r in ends)
    tap.check(have == sorted(tuple(v) for v in want.values()),
              "%s: each flow's packets and bytes" % t.name,
              "want %s\ngot  %s" % (want, [(name_of(r), r["op"], r["ob"], r["rp"], r["rb"])
                                           for r in ends]))


def pieces(tap, program, folder, path, whole):
    """The same packets in two files one after the other: the same records."""
    linktype, packets = golden.read_pcap(path)
    if len(packets) < 2:
        return
    parts = []
    for i, part in enumerate((packets[:len(packets) // 2], packets[len(packets) // 2:])):
        parts.append(os.path.join(folder, "part%d.pcap" % i))
        golden.write_pcap(parts[-1], part, linktype)
    _, out, _ = golden.replay(program, parts, "--inside", golden.INSIDE, "--local-flows", "--records", "-", again=True)
    tap.check(out == whole, "%s: the same records from two files" % os.path.basename(path))


def main():
    program, tap = sys.argv[1], golden.Tap()
    with tempfile.TemporaryDirectory() as folder:
        for t in topics.all_topics():
            path = os.path.join(folder, t.name + ".pcap")
            make_captures.write_pcap(path, t.linktype, t.packets)
            args = ("--inside", golden.INSIDE, "--local-flows", "--records", "-")
            status, out, err = golden.replay(program, [path], *args)
            if not tap.check(status == 0, "%s: replays" % t.name, err.decode(errors="replace")):
                continue
            records = golden.records(out)
            check_flows(tap, t, records)
            lines = os.path.join(folder, "records.jsonl")
            with open(lines, "wb") as f:
                f.write(out)
            with contextlib.redirect_stdout(io.StringIO()):
                valid = validate.main([lines]) == 0
            tap.check(valid, "%s: the records are valid" % t.name)
            tap.check(golden.replay(program, [path], *args, again=True)[1] == out, "%s: the same again" % t.name)
            pieces(tap, program, folder, path, out)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
