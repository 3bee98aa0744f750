#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What a new flow costs, against ndpiReader on the same packets: processor time of `bridgehead replay` (the
whole pipeline: parsing, flow table, nDPI, country, policy, records off) and of `ndpiReader -q`, in turn.

    dpi_cost.py BRIDGEHEAD CAPTURES [--rounds N] [--copies N]

CAPTURES is a folder of captures. Their IPv4 packets on Ethernet are taken COPIES times with other addresses, so
that each copy's flows are new ones, the first 12 packets of each flow: more would measure flows that are known.
What either takes for an empty capture is taken off. One line of JSON.
"""
import argparse
import json
import os
import re
import resource
import statistics
import struct
import subprocess
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOLDEN = os.path.join(TESTS, "golden")
FIRST = 12


def merged(folder, work):
    """The Ethernet frames of the folder's captures, one capture after another: [(frame, length on the wire)]."""
    paths = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        r = subprocess.run(["capinfos", "-T", "-r", "-E", path], capture_output=True, text=True, check=False)
        if r.stdout.rstrip().endswith("\tether"):
            paths.append(path)
    one = os.path.join(work, "one.pcap")
    subprocess.run(["mergecap", "-a", "-F", "pcap", "-w", one, *paths], check=True, capture_output=True)
    with open(one, "rb") as f:
        data = f.read()
    at, frames = 24, []
    while at + 16 <= len(data):
        _, _, kept, length = struct.unpack_from("<IIII", data, at)
        frames.append((data[at + 16:at + 16 + kept], length))
        at += 16 + kept
    return frames


def opening(frames):
    """IPv4 over TCP or UDP, not in fragments, the first packets of each pair of ends."""
    seen = {}
    for frame, length in frames:
        if len(frame) < 38 or frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17) or \
                struct.unpack_from(">H", frame, 20)[0] & 0x3fff:
            continue
        ports = 14 + (frame[14] & 15) * 4
        ends = sorted((frame[26:30] + frame[ports:ports + 2], frame[30:34] + frame[ports + 2:ports + 4]))
        key = (frame[23], *ends)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= FIRST:
            yield frame, length


def write(path, packets, copies):
    """Frames 100 us apart; each copy has two bytes of either address changed. The number of packets."""
    packets, n = list(packets), 0
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for copy in range(copies):
            for frame, length in packets:
                t = 1700000000 * 10**6 + n * 100
                b = bytearray(frame)
                for at in (28, 32):
                    b[at] ^= copy & 255
                    b[at - 1] ^= copy >> 8
                f.write(struct.pack("<IIII", t // 10**6, t % 10**6, len(b), length) + b)
                n += 1
    return n


def seconds(argv):
    """Processor time of a program, and what it wrote."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("bridgehead")
    a.add_argument("captures")
    a.add_argument("--rounds", type=int, default=9)
    a.add_argument("--copies", type=int, default=8)
    args = a.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-dpi-") as work:
        many, none = os.path.join(work, "many.pcap"), os.path.join(work, "none.pcap")
        packets = write(many, opening(merged(args.captures, work)), args.copies)
        write(none, [], 0)
        countries = ",".join(os.path.join(GOLDEN, n) for n in ("demo-countries.txt", "demo-countries6.txt"))
        ours = [args.bridgehead, "replay", "--policy", os.path.join(os.path.dirname(TESTS), "policy",
                                                                   "policy.example.json"),
                "--country-db", countries, "--inside", "0.0.0.0/1", "--local-flows", "--tunnels", "none",
                "--summary"]
        theirs = ["ndpiReader", "-q", "-i"]
        rounds = {"ours": [], "theirs": []}
        for _ in range(args.rounds):
            for name, argv in (("ours", ours), ("theirs", theirs)):
                rounds[name].append(seconds([*argv, many])[0] - seconds([*argv, none])[0])
        flows = int(re.search(r"^in flows: .* (\d+) flows$", seconds([*ours, many])[1], re.MULTILINE).group(1))
    ratios = sorted(x / y for x, y in zip(rounds["ours"], rounds["theirs"]))
    print(json.dumps({"packets": packets, "flows": flows,
                      **{f"{k}_us": statistics.median(v) / flows * 1e6 for k, v in rounds.items()},
                      "ratio": statistics.median(ratios), "ratio_min": ratios[0], "ratio_max": ratios[-1]}))


if __name__ == "__main__":
    main()
