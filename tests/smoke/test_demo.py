#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The demonstration of scripts/quickstart, between namespaces and as a replay of tests/golden/demo.pcap."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import check
from check import BHLOG, Skip
from gateway import records_fit
from lab import need_namespaces, need_programs, run
from peers import HERE, add_sbin
from demo import PROGRAMS

# tenant, remote end's port, country -> verdict and rule, in the order of the script.
FLOWS = [
    ("auto-oem", 443, "US", "diag.oem.example", "allow", "gdl-auto"),
    ("auto-oem", 443, "US", "diag.oem.example", "allow", "gdl-auto"),
    ("auto-oem", 443, "US", "shop.oem.example", "flag", "_default"),
    ("fund-desk", 443, "SG", "research.fund.example", "allow", "cptpp-business"),
    ("fund-desk", 80, "JP", "news.example", "allow", "cptpp-business"),
    ("cro-lab", 80, "DE", "trials.edc.example", "flag", "_default"),
    ("cro-lab", 53, "DE", "www.example", "flag", "_default"),
    ("_unlisted", 53, "XX", "www.example", "flag", "unknown-country"),
    ("_unlisted", 22, "SG", None, "flag", "bulk-flag"),
    ("cro-lab", 443, "US", "files.leak.example", "block", "host-block"),
    ("important-zone", 443, "SG", "db.partner.example", "allow", "important-assessed"),
    ("important-zone", 443, "JP", None, "block", "important-rest"),
    ("core-zone", 443, "US", None, "block", "core-no-export"),
    ("core-zone", 53, "US", "www.example", "block", "core-no-export"),
    ("core-zone", 443, "CN", "home.example", "allow", "domestic"),
]


def namespaces():
    return {l.split()[0] for l in run(["ip", "netns", "list"]).stdout.splitlines() if l.startswith("bh-demo-")}


def shown(t, name, folder, *args):
    """Runs the demonstration and holds what it shows and leaves against FLOWS."""
    log_dir = os.path.join(folder, name)
    done = subprocess.run([sys.executable, os.path.join(HERE, "demo.py"), "--log-dir", log_dir, *args], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          check=False)
    if not t.ok(done.returncode == 0, f"{name}: exit 0", done.stdout + done.stderr):
        return done.stdout
    lines = done.stdout.splitlines()
    t.ok(max(map(len, lines)) <= 100, f"{name}: at most 100 columns", max(lines, key=len))
    for title in ("Flows", "Totals", "Blocked, and why", "Where to go on"):
        t.ok(any(l.startswith(title) for l in lines), f"{name}: shows {title}", done.stdout)
    t.ok(log_dir in done.stdout and os.listdir(log_dir), f"{name}: leaves the log where it says")
    found = run([BHLOG, "search", log_dir, "--json", "--ev", "end"]).stdout
    flows = sorted((r for r in map(json.loads, found.splitlines()) if r["proto"] in (6, 17)), key=lambda r: r["t0"])
    got = [(r["tn"], r["dport"], r["cc"], r.get("host"), r["act"], r["rule"]) for r in flows]
    t.equal(got, FLOWS, f"{name}: verdicts by tenant, country and host")
    for tenant, country, act, rule in sorted({(f[0], f[2], f[4], f[5]) for f in FLOWS}):
        if not t.ok(any(l.strip().startswith(act.upper()) and rule in l for l in lines)
                    and any(tenant in l and f" {country} " in l for l in lines),
                    f"{name}: shows {tenant} to {country}: {act} by {rule}", done.stdout):
            break
    records_fit(t, log_dir, f"{name}: records fit the schema")
    return done.stdout


def live(t, folder):
    add_sbin()
    try:
        need_programs(*PROGRAMS)
        need_namespaces()
    except Skip as e:
        t.skip("live", str(e))
        return
    before = namespaces()
    text = shown(t, "live", folder, "--upload", "20000")
    t.equal(namespaces() - before, set(), "live: its namespaces are gone")
    for words in ("TLS from the core zone            core-zone -> US         refused",
                  "TLS to a host that is forbidden   cro-lab -> US           reset", "the namespaces are removed"):
        t.ok(words in text, f"live: tells {' '.join(words.split())}", text)


def test(t):
    folder = tempfile.mkdtemp(prefix="bh-demo-test-")
    try:
        text = shown(t, "replay", folder, "--replay")
        t.ok("demo.pcap runs through" in text, "replay: says that it is one", text)
        live(t, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    check.main(test)
