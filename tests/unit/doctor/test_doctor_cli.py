#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""`bridgehead doctor` on the host that runs the test: options, exit status, what it prints.

usage: test_doctor_cli.py BRIDGEHEAD CONFIG
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from terminal import on_terminal

FINDINGS = {"warn", "fail", "unknown"}
LEVELS = FINDINGS | {"ok", "note"}


def run(*args, env=None):
    return subprocess.run([sys.argv[1], "doctor", *args], capture_output=True, text=True,
                          timeout=60, env=env)


def check_json(*args):
    r = run("--json", *args)
    found = json.loads(r.stdout)
    assert found and r.stderr == "", r.stderr
    for f in found:
        assert list(f) == ["check", "level", "saw", "why", "mend"], f
        assert all(isinstance(v, str) for v in f.values()), f
        assert f["level"] in LEVELS and f["saw"], f
        if f["level"] in ("warn", "fail"):
            assert f["why"] and f["mend"], f
    bad = any(f["level"] in FINDINGS for f in found)
    assert r.returncode == (1 if bad else 0), (r.returncode, bad)
    return {f["check"] for f in found}


def main():
    config = sys.argv[2]
    r = run("--help")
    assert r.returncode == 0 and r.stdout.startswith("usage: bridgehead doctor"), r
    for args in (["--nonsense"], ["stray"], ["--config"], ["--config", "/nonexistent/gw.json"]):
        r = run(*args)
        assert r.returncode == 2 and r.stderr and not r.stdout, (args, r)
    with tempfile.NamedTemporaryFile(suffix=".json") as f:
        f.write(b'{"schema": "gateway/1", ')
        f.flush()
        r = run("--json", "--config", f.name)
        assert r.returncode == 2 and f.name in r.stderr and not r.stdout, r

    checks = check_json()
    for name in ("hugepages", "memory", "cpu_features", "clocksource", "governor",
                 "isolated_cores", "iommu", "vfio", "clock_sync", "ndpi", "dpdk", "country_db",
                 "rights", "memlock", "nofile"):
        assert name in checks, (name, checks)
    checks = check_json("--config", config)
    for name in ("lcores", "port net_af_packet0", "port net_af_packet1", "policy", "log_dir",
                 "log_space", "state_dir", "control_socket"):
        assert name in checks, (name, checks)

    assert "\033" not in run().stdout
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    assert b"\033[" in on_terminal([sys.argv[1], "doctor"], env)
    assert b"\033[" not in on_terminal([sys.argv[1], "doctor"], dict(env, NO_COLOR="1"))
    r = subprocess.run([sys.argv[1], "doctor"], stdout=open("/dev/full", "w"),
                       stderr=subprocess.PIPE, text=True, timeout=60)
    assert r.returncode == 2 and "standard output" in r.stderr, r


main()
