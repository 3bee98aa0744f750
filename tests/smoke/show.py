# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""How the demonstration looks: at most 100 columns, colours only on a terminal."""
import json
import sys
import time

WIDTH = 98
COLOURS = {"allow": "32", "flag": "33", "block": "31"}


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


def title(text, more=""):
    print(f"\n{paint(text, '1')}{'  ' + more if more else ''}\n{'-' * WIDTH}", flush=True)


def note(text):
    print(f"  {text}", flush=True)


def step(words, tenant, country, result):
    print(f"  {words:<34}{tenant + ' -> ' + country:<24}{result}"[:WIDTH], flush=True)


def size(n):
    for unit in ("B", "kB", "MB", "GB"):
        if n < 10_000 or unit == "GB":
            return f"{n:.0f} {unit}"
        n /= 1000
    return ""


def packets(n):
    return "1 packet" if n == 1 else f"{n} packets"


def endpoint(record):
    """The remote end; the port is the server's."""
    remote = record["dst"] if record["init"] == "inside" else record["src"]
    if record["proto"] not in (6, 17):
        return remote
    port = record["dport"]
    return f"[{remote}]:{port}" if ":" in remote else f"{remote}:{port}"


def clock(record):
    return time.strftime("%H:%M:%S", time.localtime(record["t0"] / 1e6))


def label(record):
    app, master = record.get("app", "Unknown"), record.get("master")
    return f"{master}.{app}" if master and master != app else app


def flow(record):
    print(f"  {clock(record)}  {record['tn']:<15} {endpoint(record):<23} {record['cc']:<3} {label(record)[:14]:<15}"
          f"{record.get('host', '')[:30]}")
    verdict = record["act"]
    why = f"{record.get('rule', '')}: {record.get('reason', '')}"
    stopped = f", {packets(record['dp'])} stopped" if record["dp"] else ""
    moved = f"{size(record['ob'])} out, {size(record['rb'])} in{stopped}"
    print(f"            {paint(verdict.upper().ljust(7), COLOURS[verdict])} {why:<39} {moved}"[:WIDTH + 12])


def totals(records):
    """Flows and bytes by verdict, country and application, side by side."""
    columns = []
    for name, key in (("VERDICT", lambda r: r["act"]), ("COUNTRY", lambda r: r["cc"]), ("APPLICATION", label)):
        sums = {}
        for r in records:
            n, out = sums.get(key(r), (0, 0))
            sums[key(r)] = (n + 1, out + r["ob"])
        rows = sorted(sums.items(), key=lambda i: (-i[1][0], i[0]))
        columns.append([f"{name:<13}{'FLOWS':>6}{'OUT':>10}"] +
                       [f"{k[:13]:<13}{n:>6}{size(out):>10}" for k, (n, out) in rows])
    for i in range(max(map(len, columns))):
        print("  " + "   ".join(f"{c[i] if i < len(c) else '':<29}" for c in columns).rstrip())


def blocked(records):
    for r in records:
        if r["act"] != "block":
            continue
        what = f"{r['tn']} -> {endpoint(r)} ({r['cc']}){' ' + r['host'] if 'host' in r else ''}"
        left = f"{packets(r['pp'])} had left" if r["pp"] else "nothing had left"
        print(f"  {what:<58}{r['rule']}, {r['reason']}"[:WIDTH])
        print(f"      severity {r.get('sev', '-')}; {left} before the verdict; {packets(r['dp'])} stopped")


def ending(places, commands):
    """places: name -> path; commands: (what for, command)."""
    title("Where to go on")
    for name, path in places.items():
        note(f"{name:<8} {path}")
    for i, (what, command) in enumerate(commands, 1):
        print(f"\n  {i}. {what}:\n     {command}")
    print()


def report(lines):
    """lines: the end records of the log."""
    records = [json.loads(line) for line in lines.splitlines()]
    link = [r for r in records if r["proto"] not in (6, 17)]
    flows = sorted((r for r in records if r["proto"] in (6, 17)), key=lambda r: r["t0"])
    title("Flows", "as the log has them: time, tenant, remote end and its country, application, host; verdict")
    print(f"  {'TIME':<9} {'TENANT':<15} {'REMOTE END':<23} {'CC':<3} {'APPLICATION':<15}HOST")
    print(f"            {'VERDICT':<7} {'RULE: REASON':<39} BYTES")
    for r in flows:
        flow(r)
    if link:
        note(f"({len(link)} more flows are ICMP, most of it IPv6 neighbour discovery)")
    title("Totals")
    totals(flows)
    title("Blocked, and why")
    blocked(flows)
