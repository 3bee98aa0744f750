#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What a replay writes depends on its packets alone: a capture in three files gives the records of the
whole one; --pcap-out has every packet that was not stopped, in order, byte for byte, and nothing else.

On the demonstration's capture, and on those of the folder that BRIDGEHEAD_CAPTURES names.

usage: test_pieces.py BRIDGEHEAD
"""
import json
import os
import struct
import sys
import tempfile

import golden
import mutate

# Block some of nearly everything, so that there is something to leave out.
RULES = [
    {"id": "names", "match": {"apps": ["names"]}, "action": "block", "reason": "NAMES"},
    {"id": "web", "match": {"apps": ["web"], "protos": ["udp"]}, "action": "block", "reason": "QUIC"},
    {"id": "high", "match": {"protos": ["tcp"], "dports": ["8000-65535"]}, "action": "block",
     "reason": "HIGH"},
]


def write_policy(path):
    with open(golden.POLICY, encoding="utf-8") as f:
        policy = json.load(f)
    policy.pop("limits", None)
    policy["apps"] = {"names": {"apps": ["DNS", "MDNS"]}, "web": {"categories": ["Web"]}}
    policy["rules"] = RULES
    with open(path, "w", encoding="utf-8") as f:
        json.dump(policy, f)


def captures():
    yield os.path.join(golden.HERE, "demo.pcap")
    folder = os.path.join(os.environ.get("BRIDGEHEAD_CAPTURES", "/nowhere"), "pcap")
    if os.path.isdir(folder):
        yield from sorted(os.path.join(folder, n) for n in os.listdir(folder))


def write(path, header, packets, order):
    with open(path, "wb") as f:
        f.write(header)
        for sec, frac, wire, data in packets:
            f.write(struct.pack(order + "IIII", sec, frac, len(data), wire) + data)


def timed(packets, fine):
    """With one time in microseconds; a damaged fraction may be of any size, with its sign."""
    out = []
    for sec, frac, wire, data in packets:
        frac = (frac ^ 1 << 31) - (1 << 31)
        out.append((sec * 1000000 + (frac // 1000 if fine else frac), max(wire, len(data)), data))
    return out


def in_order(few, many):
    """Whether few are among many, in the same order."""
    left = iter(many)
    return all(any(a == b for b in left) for a in few)


def check(tap, program, folder, policy, path):
    name = os.path.basename(path)
    with open(path, "rb") as f:
        read = mutate.read_packets(f.read())
    if read is None or not read[1]:
        return 0
    header, packets, order = read
    whole, passed = os.path.join(folder, "whole.pcap"), os.path.join(folder, "passed.pcap")
    write(whole, header, packets, order)  # without what a torn file ends with
    args = ("--local-flows", "--records", "-")
    status, out, err = golden.replay(program, [whole], *args, "--pcap-out", passed, policy=policy)
    if not tap.check(status == 0, "%s: replays" % name, err):
        return 0
    with open(passed, "rb") as f:
        kept = mutate.read_packets(f.read())[1]
    fine = header[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")  # nanoseconds
    kept, sent = timed(kept, False), timed(packets, fine)
    stopped = sum(r["dp"] for r in golden.records(out) if r["ev"] == "end")
    tap.check(in_order(kept, sent) and len(kept) == len(sent) - stopped,
              "%s: what passed" % name, "%d of %d, %d stopped" % (len(kept), len(sent), stopped))
    cuts = (0, len(packets) // 3, len(packets) * 2 // 3, len(packets))
    parts = []
    for i in range(3):
        parts.append(os.path.join(folder, "part%d.pcap" % i))
        write(parts[i], header, packets[cuts[i]:cuts[i + 1]], order)
    again = golden.replay(program, parts, *args, policy=policy, again=True)[1]
    tap.check(again == out, "%s: the same records from three files" % name)
    return stopped


def main():
    tap, stopped = golden.Tap(), 0
    with tempfile.TemporaryDirectory() as folder:
        policy = os.path.join(folder, "policy.json")
        write_policy(policy)
        for path in captures():
            stopped += check(tap, sys.argv[1], folder, policy, path)
    tap.check(stopped > 0, "something was stopped")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
