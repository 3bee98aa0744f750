#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Write small captures for the golden tests: one file a topic, the same bytes every time.

    make_captures.py FOLDER [--table FILE | --check FILE]

--table writes what each file holds (captures.md); --check exits 1 where FILE says otherwise.
Addresses are documentation prefixes alone: inside are 198.19.192.0/18 and 2001:db8:20::/48, all
others are outside. Packets are 1 ms apart.
"""
import argparse
import os
import struct
import sys

import topics

BASE = 1767225600 * 1000000  # 2026-01-01 00:00:00 UTC, microseconds


def write_pcap(path, linktype, packets):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, linktype))
        for i, p in enumerate(packets):
            ts = BASE + i * 1000 + p.later
            f.write(struct.pack("<IIII", ts // 1000000, ts % 1000000, len(p.frame), len(p.frame)))
            f.write(p.frame)


def flows_of(packets):
    """name -> [packets out, bytes out, packets in, bytes in], in order of appearance"""
    flows = {}
    for p in packets:
        if p.flow is not None:
            count = flows.setdefault(p.flow, [0, 0, 0, 0])
            count[2 * p.back] += 1
            count[2 * p.back + 1] += p.flow_bytes
    return flows


INTRO = """<!-- SPDX-License-Identifier: BSD-3-Clause -->
<!-- Copyright (c) 2026, the Bridgehead authors -->
<!-- Written by make_captures.py --table: change that, not this. -->

# Synthetic captures

Made by `make_captures.py FOLDER`, byte for byte the same each time. Inside are `198.19.192.0/18` and
`2001:db8:20::/48`. The numbers come from what the script put in, not from a parser, so that they can be
held against the records.

- **packets**: in the file. **IP**: packets and bytes of the outermost IP header (IPv4 total length, IPv6 40 +
  payload length). Frames without IP and malformed ones are not in it.
- **flows**: name; packets and IP bytes out (inside to outside), then in. Of a packet in a tunnel the
  innermost IP header counts and names the flow; the tunnel stands behind it.
- Fragments count in their datagram's flow; one that comes before its datagram's first, or without it,
  counts in a flow without ports (the sum stays).

"""


def table_rows(made):
    yield "| file | link | packets | IP packets / bytes | what |\n|---|---|---|---|---|\n"
    for t in made:
        ip = [p for p in t.packets if p.ip_bytes]
        yield "| [`%s`](#%s) | %d %s | %d | %d / %d | %s |\n" % (
            t.name, t.name, t.linktype, t.link, len(t.packets), len(ip),
            sum(p.ip_bytes for p in ip), t.what)


def table_flows(made):
    for t in made:
        yield "\n## %s\n\n" % t.name
        flows = flows_of(t.packets)
        if flows:
            yield "| flow | out packets / bytes | in packets / bytes |\n|---|---|---|\n"
        for name, (op, ob, rp, rb) in flows.items():
            yield "| %s | %d / %d | %d / %d |\n" % (name, op, ob, rp, rb)
        notes = [(i, p.note) for i, p in enumerate(t.packets, 1) if p.note]
        if notes and flows:
            yield "\n"
        for i, note in notes:
            yield "- packet %d: %s\n" % (i, note)


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("folder")
    ap.add_argument("--table", metavar="FILE")
    ap.add_argument("--check", metavar="FILE")
    args = ap.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    made = topics.all_topics()
    for t in made:
        write_pcap(os.path.join(args.folder, t.name + ".pcap"), t.linktype, t.packets)
    table = INTRO + "".join(table_rows(made)) + "".join(table_flows(made))
    if args.table:
        with open(args.table, "w", encoding="utf-8") as f:
            f.write(table)
    if args.check:
        with open(args.check, encoding="utf-8") as f:
            if f.read() != table:
                sys.exit("%s is out of date: run with --table" % args.check)


if __name__ == "__main__":
    main()
