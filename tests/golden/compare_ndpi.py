#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Holds `bridgehead replay` against `ndpiReader -t` on the same captures.

For every flow that ndpiReader prints, replay must have a flow between the same ends, with the same
application and master; packets must add up. Prints one line per difference and, last, the totals;
exit 1 where a flow is missing, fewer than 99 % of the labels agree, or packets do not add up.

usage: compare_ndpi.py BRIDGEHEAD POLICY COUNTRY_DB CAPTURE...
"""
import collections
import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile

LINE = re.compile(
    r"^\s*\d+\s+(\S+) (\S+):(\d+) (?:<->|->) (\S+):(\d+) (?:\[VLAN: \d+\])?\s*(?:\[[^\]]*\])*?\[proto: [^/]*/([^\]]+)\]"
    r".*?\[(\d+) pkts/(\d+) bytes (?:<->|->) (\d+) pkts/(\d+) bytes\]")
# ndpiReader reads frames as IP whatever their EtherType says (FabricPath in the first, flipped bits in the
# others); a gateway does not: flows that it has more than replay.
NOT_IP = {"ajp.pcap": 2, "fuzz-2006-09-29-28586.pcap": 1, "fuzz-2020-02-16-11740.pcap": 3}
NAMES = {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMPV6": 58, "SCTP": 132, "ESP": 50, "GRE": 47, "IGMP": 2,
         "AH": 51, "PIM": 103, "OSPF": 89, "IP in IP": 4, "VRRP": 112, "EGP": 8}


def address(text):
    text = text.strip("[]")
    try:
        return ipaddress.ip_address(text)
    except ValueError:  # ndpiReader writes some IPv6 addresses with two "::": 302e::3d00::8001
        head, _, tail = text.partition("::")
        return ipaddress.ip_address(head + "::" + tail.replace("::", ":0:"))


def key(proto, a, ap, b, bp):
    if proto not in (6, 17):
        ap = bp = 0  # ndpiReader has no ports for them
    return (proto,) + tuple(sorted([(str(a), ap), (str(b), bp)]))


def reader_flows(path):
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "out")
        subprocess.run(["ndpiReader", "-q", "-t", "-v", "2", "-i", path, "-w", out], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        text = open(out, errors="replace").read() if os.path.exists(out) else ""
    flows = []
    for line in text.splitlines():
        m = LINE.match(line)
        if not m:
            if re.match(r"^\s*\d+\s+\S+ \S+:\d+ ", line):
                print(f"{path}: line not understood: {line[:120]}")
            continue
        proto, a, ap, b, bp, label, p1, _, p2, _ = m.groups()
        number = NAMES.get(proto, int(proto) if proto.isdigit() else -1)
        flows.append((key(number, address(a), int(ap), address(b), int(bp)), label,
                      int(p1) + int(p2)))
    return flows


def replay_flows(program, policy, db, path):
    run = subprocess.run([program, "replay", "--policy", policy, "--country-db", db, "--local-flows",
                          "--records", "-", path], capture_output=True, check=False)
    torn = b"the packets before it were read" in run.stderr  # a capture that ends in mid-packet
    if run.returncode != 0 and not torn:
        print(f"{path}: replay: exit {run.returncode}: {run.stderr.decode(errors='replace')[-300:]}")
    flows = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        r = json.loads(line)
        if r["ev"] != "end":
            continue
        label = r.get("app", "Unknown")
        if "master" in r:
            label = r["master"] + "." + label
        flows[key(r["proto"], address(r["src"]), r.get("sport", 0), address(r["dst"]),
                  r.get("dport", 0))].append(
            (label, r["op"] + r["rp"] + r["dp"]))
    return flows, 0 if torn else run.returncode


def main():
    program, policy, db = sys.argv[1:4]
    seen = missing = known = agree = packets_r = packets_b = failed = 0
    for path in sys.argv[4:]:
        reader = reader_flows(path)
        ours, status = replay_flows(program, policy, db, path)
        failed += status != 0
        name = os.path.basename(path)
        theirs = 0
        known += NOT_IP.get(name, 0)
        for k, label, packets in reader:
            seen += 1
            theirs += packets
            if k not in ours:
                missing += 1
                print(f"{name}: missing: {k} {label} {packets} packets")
            elif any(have == label for have, _ in ours[k]):
                agree += 1
            else:
                print(f"{name}: label: {k} ndpiReader {label}, replay {ours[k]}")
        mine = sum(p for flows in ours.values() for _, p in flows)
        packets_r += theirs
        packets_b += mine
        if theirs != mine:
            print(f"{name}: packets: ndpiReader {theirs}, replay {mine}")
    share = 100.0 * agree / seen if seen else 0.0
    print(f"{len(sys.argv) - 4} captures, {seen} flows, {missing} missing ({known} known: not IP), {agree} labels agree"
          f" ({share:.2f} %), packets {packets_r} and {packets_b}, {failed} replays failed")
    return 1 if missing > known or failed or share < 99.0 else 0


if __name__ == "__main__":
    sys.exit(main())
