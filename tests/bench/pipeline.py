# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The tables of one worker in process (bench_pipeline), and of what memory alone costs (bench_lines)."""
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
GEO = ("/usr/share/tor/geoip", "/usr/share/tor/geoip6")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Pipeline:
    """The tables made by bench_pipeline."""

    def __init__(self, args, work):
        self.program = os.path.join(args.build, "tests/bench/bench_pipeline")
        self.quick, self.work, self.cores = args.quick, work, args.cores
        self.logs = 0
        self.policies = {}

    def policy(self, rules, prefixes, block=""):
        which = rules, prefixes, block
        if which not in self.policies:
            path = os.path.join(self.work, f"policy-{len(self.policies)}.json")
            with open(path, "w", encoding="utf-8") as f:
                subprocess.run([sys.executable, os.path.join(HERE, "make_policy.py"), "--rules", str(rules),
                                "--prefixes", str(prefixes), "--block", block], stdout=f, check=True)
            self.policies[which] = path
        return self.policies[which]

    def run(self, *options, log=False, rules=13, prefixes=8, block=""):
        rounds, bursts = ("3", "1024") if self.quick else ("9", "8192")
        argv = [self.program, "--rounds", rounds, "--bursts", bursts]
        if rules is not None:
            argv += ["--policy", self.policy(rules, prefixes, block)]
            for db in GEO:
                argv += ["--country-db", db]
        if log:
            self.logs += 1
            argv += ["--log", os.path.join(self.work, f"log{self.logs}")]
        argv += [str(o) for o in options]
        argv += ["--", "-l", self.cores, "--in-memory", "--no-pci", "--no-telemetry"]
        say(" ".join(str(o) for o in options))
        r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           check=False)
        if r.returncode != 0:
            say(f"left out: {r.stderr.strip()[-300:]}")
            return None
        return json.loads(r.stdout)

    def row(self, label, x):
        if x is None:
            return None
        return (f"| {label} | {x['floor']:.1f} | {x['gross']:.0f} | **{x['net']:.0f}** "
                f"({x['net_min']:.0f} to {x['net_max']:.0f}) | {x['mpps']:.1f} | "
                f"{x['burst_p50']:.0f} | {x['burst_p99']:.0f} | {x['burst_p999']:.0f} |")

    HEAD = ("| {} | floor | gross | net (spread) | Mpps | burst p50 | p99 | p99.9 |\n"
            "|---|---|---|---|---|---|---|---|")

    def table(self, title, first, rows):
        rows = [r for r in rows if r is not None]
        return [f"### {title}", "", self.HEAD.format(first)] + rows + [""]

    def flows(self, ip):
        if self.quick:
            return [1000, 10000, 64000, 1000000]
        return [1000, 10000, 64000, 100000, 256000, 1000000, 4000000] + ([10000000] if ip == 4 else [])

    def tables(self):
        out = ["## One worker, in process", "",
               "Cycles of the time stamp counter a packet; bursts in cycles. Net is what the worker",
               "adds to the floor: parsing, flow table, counters, verdict, sending. The core's clock is not",
               "the counter's, and what neighbours leave of a shared one changes within minutes: the floor",
               "tells in which of them a row was measured. Figures of two processors do not compare.", ""]
        for ip in (4, 6):
            for order in ((), ("--zipf",)):
                rows = [self.row(f"{n:,}", self.run("--flows", n, "--ip", ip, *order))
                        for n in self.flows(ip)]
                word = "Zipf 1.0" if order else "uniform"
                out += self.table(f"Flows, IPv{ip}, {word}, UDP, 60 bytes (IPv6: 62)", "flows", rows)
        out += self.table("Frame sizes, 10,000 flows", "size", [
            self.row(s, self.run("--flows", 10000, "--size", s)) for s in (60, "imix", 1514)])
        out += self.table("Protocols, 10,000 flows", "protocols", [
            self.row(label, self.run("--flows", 10000, *options)) for label, options in (
                ("IPv4, UDP", ()),
                ("IPv4, TCP", ("--tcp",)),
                ("IPv4, TCP and UDP flows 2:1", ("--mixed",)),
                ("IPv4 and IPv6 flows 3:1, UDP", ("--ip", 46)),
                ("IPv4 and IPv6 flows 3:1, TCP and UDP 2:1", ("--ip", 46, "--mixed")),
                ("IPv4, ESP", ("--esp",)),
                ("IPv4, UDP, VLAN tag", ("--tagged",)),
                ("IPv6, UDP, VLAN tag", ("--tagged", "--ip", 6)),
                ("IPv4 and IPv6 flows 3:1, UDP, VLAN tag", ("--tagged", "--ip", 46)))])
        out += self.table("Blocked flows among 10,000", "blocked", [
            self.row(label, self.run("--flows", 10000, block=block))
            for label, block in (("none", ""), ("10 %", "10.0.0.0/22"), ("all", "10.0.0.0/8"))])
        out += self.table("Flow log on and off, 100,000 flows", "log", [
            self.row("off", self.run("--flows", 100000)),
            self.row("on", self.run("--flows", 100000, log=True))])
        out += self.table("Burst size, 100,000 flows", "burst", [
            self.row(b, self.run("--flows", 100000, "--burst", b)) for b in (16, 32, 64, 128, 256)])
        out += self.table("Rules, 10,000 flows (established flows never see them)", "rules", [
            self.row(n, self.run("--flows", 10000, rules=n)) for n in (10, 64, 512, 4096)])
        return out + self.new_flows() + self.versions() + self.insertion()

    def new_flows(self):
        rows = []
        for permille in (0, 1, 10, 50, 100):
            x = self.run("--flows", 100000, "--new", permille)
            row = self.row("", x)
            if row is not None:
                rate = x["mpps"] * 1e3 * permille
                rows.append(f"| {permille / 10:.1f} % ({rate:,.0f}) {row[3:]}")
        return self.table("New flows among 100,000 live ones (share of packets, new flows a second)",
                          "new flows", rows)

    def versions(self):
        """Both in turn, since rows that are minutes apart were not measured on the same machine."""
        out = ["### IPv6 over IPv4, uniform, in turn", "",
               "Net; the ratio round by round. What a third line costs alone: \"What memory alone costs\".", "",
               "| flows | IPv4 (least) | IPv6 (least) | ratio (spread) |", "|---|---|---|---|"]
        for flows in self.flows(6):
            net = {4: [], 6: []}
            for _ in range(1 if self.quick else 7):
                pair = {ip: self.run("--flows", flows, "--ip", ip, "--rounds", 5, "--bursts", 2048)
                        for ip in net}
                if None not in pair.values():
                    for ip, x in pair.items():
                        net[ip].append(x["net"])
            if net[4]:
                ratios = sorted(b / a for a, b in zip(net[4], net[6]))
                cells = " | ".join(f"{statistics.median(v):.0f} ({min(v):.0f})" for v in net.values())
                out.append(f"| {flows:,} | {cells} | **{statistics.median(ratios):.2f}** "
                           f"({ratios[0]:.2f} to {ratios[-1]:.2f}) |")
        return out + [""]

    def insertion(self):
        out = ["### New flows and their expiry, without DPI", "",
               "First under a policy without rules and without a country database, then with the country of",
               "each, its tenant, and so many rules, of which the last one holds.", "",
               "| flows | IP | log | rules | prefixes | insert | expire | sum (spread) | table bytes"
               " a flow |", "|---|---|---|---|---|---|---|---|---|"]
        n = 100000 if self.quick else 1000000
        cases = [(4, False, None, 0), (6, False, None, 0), (4, False, 13, 8), (4, True, 13, 8),
                 (6, False, 13, 8), (4, False, 64, 8), (4, False, 512, 8), (4, False, 4096, 8),
                 (4, False, 13, 65536)]
        for ip, log, rules, prefixes in cases:
            x = self.run("--insert", "--flows", n, "--ip", ip, "--rounds", 1 if self.quick else 5,
                         log=log, rules=rules, prefixes=prefixes)
            if x is not None:
                out.append(f"| {n:,} | {ip} | {'on' if log else 'off'} | "
                           f"{'-' if rules is None else rules} | {prefixes or '-'} | "
                           f"{x['insert']:.0f} | {x['expire']:.0f} | **{x['sum']:.0f}** "
                           f"({x['sum_min']:.0f} to {x['sum_max']:.0f}) | "
                           f"{x['bytes_per_flow']:.0f} |")
        return out + [""]


def lines(args):
    """What a table of flows cannot go below, whoever writes it."""
    out = ["## What memory alone costs", "",
           "Cycles a packet for nothing but the lines of its flow, random, in the stride of the pipeline: of a bucket;",
           "and of the flow, written (IPv4 needs these two); and with the addresses (IPv6). Over those of a loop",
           "that finds all in a few lines. It is what a packet of so many flows costs more than one of few.", "",
           "| flows | bucket | and flow (spread) | and addresses (spread) | the last alone |", "|---|---|---|---|---|"]
    rounds, bursts = ("3", "512") if args.quick else ("15", "4096")
    for flows in (1000, 10000, 64000, 100000, 256000, 1000000, 4000000, 10000000):
        say(f"lines {flows}")
        r = subprocess.run(["taskset", "-c", args.cores.split(",")[1],
                            os.path.join(args.build, "tests/bench/bench_lines"), str(flows), rounds, bursts],
                           stdout=subprocess.PIPE, text=True, check=False)
        if r.returncode != 0:
            continue
        x = json.loads(r.stdout)
        more = [{k: x[f"lines{n}{k}"] - x["lines0"] for k in ("", "_min", "_max")} for n in (1, 2, 3)]
        cells = " | ".join(f"**{m['']:.0f}** ({m['_min']:.0f} to {m['_max']:.0f})" for m in more[1:])
        out.append(f"| {flows:,} | {more[0]['']:.0f} | {cells} | {more[2][''] - more[1]['']:.0f} |")
    return out + [""]
