#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""`bhctl policy explain` on the park's example: the verdicts that the design names, word by word.

usage: test_explain.py BHCTL EXAMPLE_POLICY [--write]

The words are in explained.txt beside this file; --write writes it anew.
"""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from terminal import on_terminal

BHCTL, POLICY = sys.argv[1:3]
TESTS = os.path.dirname(os.path.dirname(HERE))
GOLDEN = os.path.join(HERE, "explained.txt")
PLAIN = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
AT = ["--at", "2026-11-26T12:00:00+08:00"]

# What is asked, and action, reason, rule, shadow rule, state of the answer.
CASES = [
    ("10.20.9.7 198.51.100.7 443 --country US --app TLS --host diag.oem.example",
     ("allow", "GENERAL_DATA_LIST", "gdl-auto", None, "decided")),
    ("10.20.9.7 198.51.100.7 443 --country US --app TLS --host www.oem.example",
     ("flag", "NO_RULE", "_default", "trial-gdpr", "decided")),
    ("10.20.9.7 198.51.100.7 443 --country US", ("allow", None, None, None, "undecided")),
    ("10.20.200.5 198.51.100.7 25 --country JP", ("block", "IMPORTANT_DATA_ZONE", "important-rest", None, "decided")),
    ("10.20.200.5 203.0.113.70 443 --country US", ("allow", "ASSESSED_TRANSFER", "important-assessed", None, "decided")),
    ("10.20.24.9 198.51.100.7 443 --country JP --app TLS",
     ("allow", "PARTNER_PRESET", "cptpp-business", None, "decided")),
    ("10.20.17.1 198.51.100.7 443 --country CN", ("allow", "DOMESTIC", "domestic", None, "decided")),
    ("10.99.0.1 198.51.100.7 22 --country DE --app SSH", ("flag", "BULK_TOOL", "bulk-flag", None, "decided")),
    ("10.99.0.1 198.51.100.7 53 --country XX --proto udp --app DNS",
     ("flag", "COUNTRY_UNKNOWN", "unknown-country", None, "decided")),
]

BAD = [ # more of them: test_explain_args.c
    ("--dst example.org --dport 443", "--host"),
    ("--dst 198.51.100.7 --dport 443 --country-db /nonexistent/db", "/nonexistent/db"),
    ("--dst 198.51.100.7 --dport 443 --nonsense", "no such option"),
]


def arguments(asked):
    src, dst, dport, *rest = asked.split()
    return ["--src", src, "--dst", dst, "--dport", dport, *rest, *AT]


def run(args, **kw):
    return subprocess.run([BHCTL, "policy", "explain", *args], capture_output=True, text=True, timeout=60, **kw)


def ask(case):
    """As text, and every other one for machines too."""
    args = arguments(case[0])
    return run([*args, POLICY]), run([*args, "--json", POLICY]) if CASES.index(case) % 2 else None


def check_text(asked, wanted, text):
    assert text.returncode == 0 and text.stderr == "" and "\033" not in text.stdout, text
    action, reason = wanted[:2]
    words = f"verdict   {action} {reason}" if reason else "verdict   undecided: passes for now"
    assert f"\n{words}" in text.stdout, (asked, text.stdout)
    return f"$ bhctl policy explain {' '.join(arguments(asked))}\n{text.stdout}\n"


def check_json(asked, wanted, text, answer):
    o = json.loads(answer.stdout)
    v = o["verdict"]
    got = tuple(v[key] for key in ("action", "reason", "rule", "shadow", "state"))
    assert got == wanted, (asked, got)
    # A table for people has the same as the answer for machines.
    last = [r["part"] for r in o["rules"]].index("holds") if v["holds"] != "_default" else len(o["rules"])
    for rule in o["rules"][:last + 1]:
        assert f"  {rule['id']} " in text.stdout, (asked, rule["id"])
        for c in rule["conditions"]:
            assert f"{c['field']:14}{c['is']:9}{c['why']}\n" in text.stdout, (asked, c)
    assert ("at_cap" in o) != o["label"]["final"], asked


def check_undecided():
    """An undecided flow: who may still decide, and what is decided at a cap."""
    o = json.loads(run([*arguments(CASES[2][0]), "--json", POLICY]).stdout)
    assert o["verdict"]["candidates"] == ["p2p-block", "tunnel-flag", "gdl-auto", "bulk-flag"], o["verdict"]
    assert o["verdict"]["pending"]["max_packets_tcp"] == 80, o["verdict"]
    assert not any(limit["counts"] for limit in o["limits"])
    assert o["at_cap"]["verdict"]["reason"] == "NO_RULE", o["at_cap"]
    assert [limit["id"] for limit in o["at_cap"]["limits"] if limit["counts"]] == ["flow-1g"]
    # An application that is not final settles nothing.
    o = json.loads(run([*arguments(CASES[2][0]), "--app", "SSH", "--pending", "--json", POLICY]).stdout)
    assert o["verdict"]["state"] == "undecided" and o["label"]["app"] == "SSH", o
    # A label that is less sure than the policy wants counts as Unknown.
    o = json.loads(run([*arguments(CASES[7][0]), "--confidence", "port", "--json", POLICY]).stdout)
    assert o["verdict"]["reason"] == "NO_RULE", o["verdict"]


def check_time():
    """Rules end at their second, policies expire."""
    asked = arguments(CASES[4][0])[:-2]
    for at, reason in (("2035-12-31T23:59:59+08:00", "ASSESSED_TRANSFER"),
                       ("2036-01-01T00:00:00+08:00", "IMPORTANT_DATA_ZONE")):
        o = json.loads(run([*asked, "--at", at, "--json", POLICY]).stdout)
        assert o["verdict"]["reason"] == reason, (at, o["verdict"])
    early = run([*asked, "--at", "2025-12-31", POLICY])
    assert early.returncode == 0 and "not valid before" in early.stderr, early


def check_databases():
    """Countries from files, from a gateway's configuration, and from nowhere."""
    db = os.path.join(TESTS, "golden", "demo-countries.txt")
    with open(os.path.join(TESTS, "configs", "good", "minimal.json"), encoding="utf-8") as f:
        config = dict(json.load(f), country_db=[db])
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(config, f)
        f.flush()
        for source, remote, cc, border, why in (
                (["--country-db", db], "198.51.100.7", "US", "cross", "as the country database says"),
                (["--country-db", db], "203.0.113.200", "SG", "cross", "override"),
                (["--config", f.name], "198.51.100.200", "DE", "cross", "as the country database says"),
                (["--config", f.name], "198.19.0.1", "XX", "unknown", "has none for it")):
            asked = ["--src", "10.20.9.7", "--dst", remote, "--dport", "443", *source, "--json", POLICY]
            country = json.loads(run(asked).stdout)["country"]
            assert (country["code"], country["border"]) == (cc, border) and why in country["why"], (asked, country)


def check_bad(case):
    args, wanted = case
    r = run(["--src", "10.20.9.7", *args.split(), POLICY])
    assert r.returncode == 2 and r.stdout == "", (args, r)
    assert wanted in r.stderr and len(r.stderr.splitlines()) == 1, (args, r.stderr)


def check_terminal():
    argv = [BHCTL, "policy", "explain", *arguments(CASES[0][0]), POLICY]
    coloured, plain = on_terminal(argv, PLAIN), on_terminal(argv, dict(PLAIN, NO_COLOR="1"))
    assert b"\033[32mallow\033[0m" in coloured, coloured
    assert b"\033" not in plain and b"GENERAL_DATA_LIST" in plain, plain


def check_output():
    with open("/dev/full", "w", encoding="utf-8") as full:
        r = subprocess.run([BHCTL, "policy", "explain", *arguments(CASES[0][0]), POLICY], stdout=full,
                           stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert r.returncode == 2 and "standard output" in r.stderr, r


def check_policy():
    with tempfile.NamedTemporaryFile(suffix=".json") as f:
        f.write(b'{"schema": "egress-policy/1", ')
        f.flush()
        r = run([*arguments(CASES[0][0]), f.name])
    assert r.returncode == 2 and f.name in r.stderr and not r.stdout, r
    r = run(arguments(CASES[0][0]))
    assert r.returncode == 2 and r.stderr.startswith("bhctl: POLICY is missing\nusage:"), r


def main():
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        answers = list(pool.map(ask, CASES))
        list(pool.map(check_bad, BAD))
    text = "".join(check_text(*case, answer[0]) for case, answer in zip(CASES, answers))
    for case, answer in zip(CASES, answers):
        if answer[1] is not None:
            check_json(*case, answer[0], answer[1])
    if "--write" in sys.argv:
        with open(GOLDEN, "w", encoding="utf-8") as f:
            f.write(text)
    with open(GOLDEN, encoding="utf-8") as f:
        golden = f.read()
    for number, (got, wanted) in enumerate(zip(text.splitlines(), golden.splitlines()), 1):
        assert got == wanted, f"{GOLDEN}:{number}\nwanted {wanted}\ngot    {got}"
    assert text == golden
    for check in (check_undecided, check_time, check_databases, check_terminal, check_output, check_policy):
        check()


main()
