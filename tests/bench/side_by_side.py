#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Compares the gateway with other programs over the same captures, on one core, in turns.

    side_by_side.py --gateway build/app/bridgehead [--l3fwd PATH] [--rounds 7] [--seconds 2]

All programs are started once; all but the one that is measured are stopped (SIGSTOP), so that rounds
alternate within seconds. Rates are packets of both ports, by DPDK's telemetry, over the time that
the thread which moves them had its core (on an idle machine: all of it). Results as JSON on standard
output.
"""
import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import programs


def frame(flow, outbound):
    """60 bytes of UDP between 10.0.0.0/8 and 198.18.0.0/15, the same flow in both directions."""
    inside = bytes([10, 0, flow >> 8 & 255, flow & 255])
    remote = bytes([198, 18 + (flow >> 15 & 1), flow * 7 >> 8 & 255, 1 + flow % 250])
    ports = (1024 + flow % 60000, 4433)
    src, dst = (inside, remote) if outbound else (remote, inside)
    sport, dport = ports if outbound else ports[::-1]
    ip = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 46, 0, 0, 63, 17, 0, src, dst))
    total = sum(struct.unpack("!10H", ip))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    ip[10:12] = struct.pack("!H", 0xffff - total)
    return (b"\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00" + bytes(ip) +
            struct.pack("!HHHH", sport, dport, 26, 0) + bytes(18))


def write_capture(path, flows, outbound):
    """Each flow once, in an order that is not theirs."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(flows):
            data = frame(i * 40503 % flows, outbound)
            f.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)


def measure(running, rounds, seconds):
    rates = {p.name: [] for p in running}
    for p in running:
        p.pause()
    for _ in range(rounds):
        for p in running:
            p.resume()
            time.sleep(min(1.0, seconds / 2))
            received, sent, share = p.rate(seconds)
            p.pause()
            rates[p.name].append({"rx": received / share, "tx": sent / share, "share": share})
    return rates


def table(rates):
    out = {}
    for name, values in rates.items():
        rx = sorted(v["rx"] / 1e6 for v in values)
        out[name] = {"mpps": statistics.median(rx), "min": rx[0], "max": rx[-1],
                     "sent": statistics.median(v["tx"] / 1e6 for v in values),
                     "share": statistics.median(v["share"] for v in values)}
    ours = [v["rx"] for v in rates.get("bridgehead", [])]
    for name, values in rates.items():
        ratios = sorted(a / v["rx"] for a, v in zip(ours, values) if v["rx"] > 0)
        if ratios:
            out[name].update(ratio=statistics.median(ratios), ratio_min=ratios[0],
                             ratio_max=ratios[-1])
    return out


def run(args, flows):
    mbufs = 400000 if flows > 8192 else 65535
    result = {"flows": flows, "rounds": args.rounds, "seconds": args.seconds}
    with tempfile.TemporaryDirectory(prefix="bench-side-") as work:
        captures = [os.path.join(work, f"{side}.pcap") for side in ("out", "in")]
        for path, outbound in zip(captures, (True, False)):
            write_capture(path, flows, outbound)
        programs.Gateway.path = args.gateway
        programs.L3fwd.path = args.l3fwd
        wanted = [programs.Gateway, programs.Testpmd, programs.OpenVSwitch]
        if args.l3fwd:
            wanted.append(programs.L3fwd)
        running = []
        try:
            for kind in wanted:
                if args.only and kind.name not in args.only:
                    continue
                p = kind(work, captures, args.cores, mbufs)
                running.append(p)
                try:
                    p.start()
                    time.sleep(args.warm)
                    p.pause()
                except (programs.Failed, FileNotFoundError) as e:
                    print(f"{kind.name}: left out: {e}", file=sys.stderr)
                    running.remove(p)
                    p.stop()
            result["programs"] = table(measure(running, args.rounds, args.seconds))
        finally:
            for p in running:
                p.stop()
    return result


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--gateway", required=True, type=os.path.abspath)
    a.add_argument("--l3fwd", default="", type=lambda s: s and os.path.abspath(s))
    a.add_argument("--rounds", type=int, default=7)
    a.add_argument("--seconds", type=float, default=2)
    a.add_argument("--warm", type=float, default=3)
    a.add_argument("--flows", default="1000,65536")
    a.add_argument("--cores", default="0,1", type=lambda s: [int(x) for x in s.split(",")])
    a.add_argument("--only", default="", type=lambda s: s.split(",") if s else [])
    args = a.parse_args()
    if os.geteuid() != 0:
        sys.exit("side_by_side.py: needs root, for huge pages")
    for flows in args.flows.split(","):
        print(json.dumps(run(args, int(flows))), flush=True)


if __name__ == "__main__":
    main()
