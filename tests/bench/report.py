#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Runs the benchmarks and writes their tables. Called by scripts/bench.

    report.py [quick] [TABLE...] [--build DIR] [--l3fwd PATH] [--out FILE]

Tables that are not asked for stay in the file as they are, each with the line that says when, where and of
which commit it was measured.
"""
import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

import search
from pipeline import GEO, HERE, Pipeline, lines, say


ATTACKS = {"syn": "SYN flood", "syn --ip6": "SYN flood, IPv6", "scan": "scan, UDP with noise",
           "fragment": "tiny fragments",
           "collide": "tuples aimed at one bucket in 4,096", "elephant": "elephant flow"}


def program(args, name, options, eal=()):
    """Runs one of the programs that print JSON lines; [] where it fails."""
    argv = [os.path.join(args.build, "tests/bench", name)] + list(options)
    argv += ["-l", args.cores, "--no-pci", "--no-telemetry"] + list(eal or ["--in-memory"])
    r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if r.returncode != 0:
        say(f"left out: {r.stderr.strip()[-300:]}")
        return []
    return [json.loads(line) for line in r.stdout.splitlines() if line.startswith("{")]


def attacked(args, policy, kind, permille, options):
    say(f"attack {kind} {permille} {' '.join(options)}")
    rounds, bursts = ("3", "1024") if args.quick else ("9", "2048")
    argv = ["--attack", *kind.split(), "--permille", str(permille), "--policy", policy, "--rounds", rounds,
            "--bursts", bursts] + list(options)
    for db in GEO:
        argv += ["--country-db", db]
    if args.no_huge:
        argv.append("--no-huge")
    return program(args, "bench_attack", argv + ["--"], args.eal)


def attack(args, policy):
    out = ["## Established flows under attack", "",
           "What is left of the rate of 10,000 established flows while a share of the packets is an",
           "attacker's, of the rate without; one worker that is always behind, classification on,",
           "rounds with and without in turn. Of the rate, the share itself is lost to any packets, as the",
           "elephant flow's established ones show, and with `on` 1 to 5 % to the new flows that",
           "flows.new_share lets in.",
           "`off`: flows.new_share 0; `on`: its default; `block`: and exceptions.overload block.",
           "Mpps: the attacker's packets, `on`.", "",
           "| attacker's packets | share (Mpps) | off (spread) | on (spread) | block (spread) | cycles each, off |"
           " on | block | memory (flows, contexts), off |", "|---|---|---|---|---|---|---|---|---|"]
    ways = (("--share", "0"), (), ("--overload-block",))
    for kind, name in ATTACKS.items():
        for permille in (500,) if kind == "elephant" else (10, 40, 100):
            x = [attacked(args, policy, kind, permille, way) for way in ways]
            if not all(x):
                continue
            x = [r[0] for r in x]
            left = " | ".join(f"**{r['left']:.2f}** ({r['left_min']:.2f} to {r['left_max']:.2f})"
                              for r in x)
            cost = " | ".join(f"{r['cost']:.0f}" for r in x)
            mpps = x[1]["quiet_mpps"] * x[1]["left"] * permille / (1000 - permille)
            out.append(f"| {name} | {permille / 10:.0f} % ({mpps:.1f}) | {left} | {cost} | "
                       f"{x[0]['live']:,} of {x[0]['max_flows']:,}, {x[0]['dpi_open']:,} of "
                       f"{x[0]['dpi_contexts']:,} |")
    out += ["", "At the limits of memory (table of 10,000 + 4,096 flows, 1,024 contexts), counters by"
            " name:", "", "```"]
    for kind in ("syn", "scan", "fragment"):
        for way in ways[:2]:
            for r in attacked(args, policy, kind, 100, ("--room", "4096", "--dpi", "1024") + way):
                counters = ", ".join(f"{k} {v}" for k, v in r["counters"].items() if v)
                out.append(f"{kind}, {'off' if way else 'on'}: left {r['left']:.2f}, flows "
                           f"{r['live']} of {r['max_flows']}, contexts {r['dpi_open']} of "
                           f"{r['dpi_contexts']}; {counters}")
    out += ["```", ""] + all_shares(args, policy)
    for way in ((), ("--seed-known",)):
        for r in attacked(args, policy, "collide", 100, ("--share", "0") + way):
            out.append(f"Aimed tuples, {'with the seed that nobody has' if way else 'seed unknown'}: "
                       f"{r['overflow_buckets']} overflow buckets used, {r['cost']:.0f} cycles each.")
    return out + [""]


def all_shares(args, policy):
    """What a worker takes, of whatever it is: no packet of anybody is lost before that is offered."""
    shares = (0, 40, 100, 250, 500, 750, 900, 990)
    out = ["Whatever the share, `on`: Mpps of all packets that one worker takes, the attacker's and the others'",
           "together. As long as less comes, no established flow loses anything.", "",
           "| attacker's packets | " + " | ".join(f"{s / 10:.0f} %" for s in shares) + " |", "|---|" + "---|" * len(shares)]
    for kind, name in ATTACKS.items():
        cells, quiet = [], []
        for permille in shares[1:]:
            for r in attacked(args, policy, kind, permille, ()):
                quiet.append(r["quiet_mpps"])
                cells.append(f"{r['quiet_mpps'] * r['left'] * 1000 / (1000 - permille):.1f}")
        if len(cells) == len(shares) - 1:
            out.append(f"| {name} | {statistics.median(quiet):.1f} | " + " | ".join(cells) + " |")
    return out + [""]


def dpi_lcore(args, policy):
    out = ["## DPI inline and on an lcore of its own", "",
           "The same attack on the same 10,000 established flows, where the worker does DPI itself and",
           "where another lcore does (workers.dpi_lcores), runs in turn, medians of them. Left: of the",
           "rate of established flows. Classified: of the attacker's flows that were begun, those that DPI",
           "got. `off`: flows.new_share 0; `on`: its default, which keeps new flows to their share of the",
           "worker's time either way: what an lcore adds is then how many of them get a label.", "",
           "| attacker's packets | share | new_share | left, inline | left, lcore | ratio (spread) |"
           " cycles each, inline | lcore | classified, inline | lcore | lane full |",
           "|---|---|---|---|---|---|---|---|---|---|---|"]
    for kind in ("scan",):  # of a SYN flood DPI sees nothing
        for permille in (10, 40):
            for way, share in (("off", ("--share", "0")), ("on", ())):
                pairs = [[attacked(args, policy, kind, permille, share + more) for more in ((), ("--dpi-lcore",))]
                         for _ in range(1 if args.quick else 3)]
                pairs = [(a[0], b[0]) for a, b in pairs if a and b]
                if pairs:
                    out.append(f"| {ATTACKS[kind]} | {permille / 10:.0f} % | {way} | {compared(pairs)} |")
    return out + [""]


def compared(pairs):
    ratios = sorted(b["left"] / a["left"] for a, b in pairs)

    def median(of):
        return [statistics.median(of(x[way]) for x in pairs) for way in (0, 1)]

    def classified(x):
        begun, c = x["flows_begun"] - 10000, x["counters"]
        return max(0, begun - sum(c[n] for n in ("classification_shed", "dpi_full", "lane_full")))

    left, cost, seen = median(lambda x: x["left"]), median(lambda x: x["cost"]), median(classified)
    full = median(lambda x: x["counters"]["lane_full"])[1]
    return (f"{left[0]:.2f} | {left[1]:.2f} | **{statistics.median(ratios):.2f}** ({ratios[0]:.2f} to "
            f"{ratios[-1]:.2f}) | {cost[0]:.0f} | {cost[1]:.0f} | {seen[0]:,.0f} | {seen[1]:,.0f} | {full:,.0f}")


def idle(args):
    say("idle")
    out = ["## A worker without packets (`workers.idle`)", "",
           "One packet after 3 ms of silence (10 ms for the last row), microseconds from one port to",
           "the other; share of a core that the worker took.", "",
           "| idle | idle_us | p50 | p90 | p99 | core |", "|---|---|---|---|---|---|"]
    for r in program(args, "bench_idle", (), args.eal):
        out.append(f"| {r['idle']} | {r['idle_us']} | {r['p50_us']:.1f} | {r['p90_us']:.1f} | "
                   f"{r['p99_us']:.1f} | {r['core']:.2f} |")
    return out + [""]


def side_by_side(args):
    argv = [sys.executable, os.path.join(HERE, "side_by_side.py"), "--gateway",
            os.path.join(args.build, "app/bridgehead"), "--cores", args.cores]
    if args.quick:
        argv += ["--rounds", "3", "--seconds", "1"]
    if args.l3fwd:
        argv += ["--l3fwd", args.l3fwd]
    say("side by side")
    r = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    out = ["## Side by side over `net_pcap infinite_rx`", "",
           "Mpps received by both ports together, 60-byte UDP, one core; the gateway with accounting,",
           "policy and flow log. Over the time that the thread had its core; share says how much of",
           "the wall clock's that was. Ratio: the gateway's rate over the other's, round by round.", "",
           "| flows | program | Mpps (spread) | sent | share | ratio (spread) |",
           "|---|---|---|---|---|---|"]
    for line in r.stdout.splitlines():
        result = json.loads(line)
        for name, p in result["programs"].items():
            ratio = f"**{p['ratio']:.2f}** ({p['ratio_min']:.2f} to {p['ratio_max']:.2f})" \
                if "ratio" in p else ""
            out.append(f"| {result['flows']:,} | {name} | {p['mpps']:.1f} ({p['min']:.1f} to "
                       f"{p['max']:.1f}) | {p['sent']:.1f} | {p['share']:.2f} | {ratio} |")
    return out + [""]


def scale(args, policy):
    say("scale")
    out = ["## Two workers", "",
           "Two workers in one process, each with its own ports, flow table and core, under one policy: cycles a",
           "packet of established flows (60-byte UDP, rings and all) while each works alone and while both do,",
           "means of the two. Ratio: each one's rate over its own alone, added up; 2 is no cost at all.", "",
           "| flows of each | alone, cycles | both, cycles | one, Mpps | both, Mpps | ratio (spread) |",
           "|---|---|---|---|---|---|"]
    for flows in (1000, 64000) if args.quick else (1000, 64000, 1000000):
        for x in program(args, "bench_scale", [str(flows), "7" if args.quick else "31", policy], args.eal):
            out.append(f"| {x['flows']:,} | {x['alone']:.0f} | {x['both']:.0f} | {x['alone_mpps']:.1f} | "
                       f"{x['both_mpps']:.1f} | **{x['ratio']:.2f}** ({x['ratio_min']:.2f} to {x['ratio_max']:.2f}) |")
    return out + [""]


def dpi_cost(args):
    say("a new flow against ndpiReader")
    out = ["## A new flow's whole cost, against ndpiReader", "",
           "Processor time of `bridgehead replay` (pipeline, nDPI, country, policy) and of `ndpiReader -q` on the",
           "same packets, in turn: the first 12 of each IPv4 flow of nDPI's captures (`BRIDGEHEAD_CAPTURES`), so",
           "many times over with other addresses; without what either takes for an empty capture.", "",
           "| flows | packets | replay, us a flow | ndpiReader, us a flow | ratio (spread) |", "|---|---|---|---|---|"]
    captures = os.path.join(os.environ.get("BRIDGEHEAD_CAPTURES", "/nowhere"), "pcap")
    if not os.path.isdir(captures):
        say("left out: BRIDGEHEAD_CAPTURES does not name a folder with pcap/")
        return out + [""]
    for copies in (1, 4, 16):
        r = subprocess.run([sys.executable, os.path.join(HERE, "dpi_cost.py"),
                            os.path.join(args.build, "app/bridgehead"), captures, "--copies", str(copies),
                            "--rounds", "3" if args.quick else "9"], stdout=subprocess.PIPE, text=True, check=False)
        if r.returncode == 0:
            x = json.loads(r.stdout)
            out.append(f"| {x['flows']:,} | {x['packets']:,} | {x['ours_us']:.1f} | {x['theirs_us']:.1f} | "
                       f"**{x['ratio']:.2f}** ({x['ratio_min']:.2f} to {x['ratio_max']:.2f}) |")
    return out + [""]


def flow_log(args, work):
    say("flow log")
    r = subprocess.run([os.path.join(args.build, "tests/unit/flowlog/bench_flowlog"),
                        os.path.join(work, "flowlog"), "300000" if args.quick else "3000000"],
                       stdout=subprocess.PIPE, text=True, check=False)
    return ["## Flow log: records to sealed segments", "", "```", r.stdout.rstrip(), "```", ""]


def output(*argv):
    try:
        r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                           check=False)
        return r.stdout.strip()
    except FileNotFoundError:
        return ""


def more_ranges(path):
    """Ranges beside those of the real databases, so that there are more than 700,000."""
    first = 198 << 24 | 18 << 16
    with open(path, "w", encoding="utf-8") as f:
        for i in range(0, 1 << 17, 3):
            f.write(f"{first + i},{first + min(i + 2, (1 << 17) - 1)},{'US' if i % 2 else 'DE'}\n")
    return path


def policy(args, work, make):
    say("policy")
    out = ["## Policy: load, memory, first packet", "",
           "65,536 tenant prefixes; 65,536 flows from and to random addresses, half of them classified; no rule",
           "but the last matches, so that all are asked. Load: read, checked and compiled. Peak: of the",
           "process, over what it had before. Nanoseconds a flow: its tenant, its country, its verdict.", "",
           "| rules | country ranges | load, ms | memory, MB | peak, MB | countries: load, ms; MB | tenant |"
           " country | verdict (spread) |", "|---|---|---|---|---|---|---|---|---|"]
    for rules in (64, 512, 4096):
        r = subprocess.run([os.path.join(args.build, "tests/bench/bench_policy"), "5" if args.quick else "31",
                            make(rules, 65536), *GEO, more_ranges(os.path.join(work, "ranges"))],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if r.returncode != 0:
            say(f"left out: {r.stderr.strip()[-300:]}")
            continue
        x = json.loads(r.stdout)
        out.append(f"| {x['rules']:,} | {x['ranges']:,} | {x['load_ms']:.0f} | {x['kept_mb']:.1f} | "
                   f"{x['peak_mb']:.1f} | {x['geo_ms']:.0f}; {x['geo_mb']:.1f} | {x['tenant_ns']:.0f} | "
                   f"{x['country_ns']:.0f} | **{x['eval_ns']:.0f}** ({x['eval_min_ns']:.0f} to "
                   f"{x['eval_max_ns']:.0f}) |")
    return out + [""]


def machine(args):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        fields = dict(re.findall(r"(.*?)\s*: (.*)", f.read().partition("\n\n")[0]))
    # A virtual machine may call processors of several generations by one name.
    cpu = (f"{fields.get('model name', platform.processor())}, family {fields.get('cpu family', '?')} model "
           f"{fields.get('model', '?')} stepping {fields.get('stepping', '?')}, {fields.get('cpu MHz', '?')} MHz")
    with open("/proc/meminfo", encoding="utf-8") as f:
        memory = int(re.search(r"MemTotal:\s*(\d+)", f.read()).group(1)) // 1048576
    load = "%.1f %.1f %.1f" % os.getloadavg()
    versions = [f"{p} {v}" for p, v in (
        (p, output("dpkg-query", "-W", "-f", "${Version}", p))
        for p in ("libdpdk-dev", "libndpi-dev", "openvswitch-switch-dpdk", "gcc")) if v]
    return ["", f"*{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, commit "
            f"{output('git', '-C', HERE, 'rev-parse', '--short', 'HEAD')}"
            f"{', quick' if args.quick else ''}; {cpu}, "
            f"{os.cpu_count()} cores, {memory} GiB, "
            f"{output('systemd-detect-virt') or 'virtualisation unknown'}, "
            f"Linux {platform.release()}, load before {load}; {', '.join(versions)}; cores {args.cores} "
            "(main, packets).*"]


HEAD = ["# Benchmark results", "",
        "Written by `scripts/bench [TABLE...]`; run it to make them again. They are measurements, not tests. Each",
        "table says when, where and of which commit it is.", ""]


def sections(path):
    """The tables of a file of results by their headings, in their order."""
    found = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            for part in ("\n" + f.read()).split("\n## ")[1:]:
                heading, _, body = part.partition("\n")
                found["## " + heading] = body.rstrip("\n").split("\n")
    return found


def measured(body):
    """False where there are tables, and none has a row."""
    text = "\n".join(body).split("\n") + [""]
    behind = [line for head, line in zip(text, text[1:]) if head.startswith("|---")]
    return not behind or any(line.startswith("|") for line in behind)


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("words", nargs="*", default=[])
    a.add_argument("--build", default="build", type=os.path.abspath)
    a.add_argument("--l3fwd", default="")
    a.add_argument("--no-huge", action="store_true", help="attack and idle without huge pages")
    a.add_argument("--cores", default="0,1")
    a.add_argument("--out", default=os.path.join(HERE, "RESULTS.md"))
    args = a.parse_args()
    args.quick = "quick" in args.words
    args.eal = ["--no-huge", "--no-shconf", "-m", "256"] if args.no_huge else []
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        make = Pipeline(args, work).policy
        tables = {"lines": lambda: lines(args),
                  "pipeline": lambda: Pipeline(args, work).tables(),
                  "attack": lambda: attack(args, make(13, 8)),
                  "dpi": lambda: dpi_lcore(args, make(13, 8)),
                  "idle": lambda: idle(args),
                  "scale": lambda: scale(args, make(13, 8)),
                  "side": lambda: side_by_side(args),
                  "policy": lambda: policy(args, work, make),
                  "flowcost": lambda: dpi_cost(args),
                  "flowlog": lambda: flow_log(args, work),
                  "search": lambda: search.section(args.build, args.quick, work)}
        unknown = set(args.words) - {"quick"} - set(tables)
        if unknown:
            a.error(f"unknown table {', '.join(unknown)}; there are: {', '.join(tables)}")
        results = sections(args.out)
        for name in [w for w in args.words if w != "quick"] or tables:
            taken = machine(args)
            heading, *body = tables[name]()
            if not measured(body):
                say(f"{name}: nothing was measured, the table stays as it was")
                continue
            results[heading] = taken + body
            with open(args.out, "w", encoding="utf-8") as f:
                f.write("\n".join(HEAD))
                for heading, body in results.items():
                    f.write("\n".join(["", heading] + body).rstrip() + "\n")
    say(f"results in {args.out}")


if __name__ == "__main__":
    main()
