#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""`bhctl policy lint`: each kind of finding, where it stands, and the exit status.

usage: test_lint.py BHCTL EXAMPLE_POLICY
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from terminal import on_terminal

BHCTL, EXAMPLE = sys.argv[1:3]
AT = "2026-11-26T12:00:00+08:00"


def run(*args):
    return subprocess.run([BHCTL, "policy", "lint", *args], capture_output=True, text=True, timeout=60, check=False)


def rule(name, **match):
    return {"id": name, "match": match, "action": "flag", "reason": "R"}


# What is changed in the example, and the findings that come of it: (pointer, level, words).
def odd(document):
    document["meta"]["basis"]["NOBODY-1"] = "not named"
    document["jurisdictions"]["old"] = {"as_of": "2026-05-29", "countries": ["US"]}
    document["jurisdictions"]["fresh"] = {"as_of": "2026-05-30", "countries": ["US"]}
    document["jurisdictions"]["later"] = {"as_of": "2026-12-01", "countries": ["US"]}
    document["apps"]["unused"] = {"apps": ["SSH"]}
    document["tenants"]["inner"] = {"prefixes": ["192.0.2.0/24", "10.20.9.0/24"]}
    document["tenants"]["tagged"] = {"prefixes": ["10.20.24.0/24"], "vlans": [7]}
    document["tenants"]["lost"] = {"prefixes": ["10.20.20.0/23"]}
    document["tenants"]["half"] = {"prefixes": ["10.20.20.0/24"]}
    document["tenants"]["other-half"] = {"prefixes": ["10.20.21.0/24"]}
    rules = [
        rule("used", jurisdictions=["old", "fresh", "later"], protos=["udp"], sports=["7"]),
        dict(rule("off", protos=["tcp"]), enabled=False),
        dict(rule("past", protos=["tcp"]), valid_to="2026-11-26T11:59:59+08:00"),
        dict(rule("past-soon", protos=["tcp"], initiator="inside"), valid_to=AT),
        rule("empty", dst=[]),
        rule("mapped", dst=["::ffff:203.0.113.0/120"], protos=["sctp"], tenants=["auto-oem"]),
        rule("nowhere", border=["home"], countries=["US"]),
        rule("portless", protos=["icmp"], dports=["53"]),
        rule("loser", tenants=["lost"]),
        rule("elsewhere", tenants=["inner"], src=["10.20.8.0/24"]),
        rule("overridden", dst=["203.0.113.0/25"], countries=["JP"]),
        dict(rule("sni", tenants=["auto-oem"], hosts=["*.oem.example"], border=["cross"]), action="allow"),
        dict(rule("sni-home", hosts=["*.oem.example"], border=["home"]), action="allow"),
        dict(rule("sni-pinned", tenants=["auto-oem"], hosts=["*.cloud.example"], dst=["203.0.113.0/25"]), action="allow"),
        rule("shadowed", tenants=["important-zone"], border=["unknown"], protos=["tcp"]),
        rule("shared-out", protos=["gre"]),
        rule("versions", src=["2001:db8:20:8::/64"], dst=["203.0.113.0/25"]),
        rule("tenant-version", tenants=["cro-lab", "fund-desk"], dst=["2001:db8::/32"]),
        rule("both-versions", tenants=["auto-oem"], dst=["2001:db8::/32"], protos=["sctp"]),
        rule("v4-any", dst=["0.0.0.0/0"], src=["0.0.0.0/1", "128.0.0.0/1", "::/0"], protos=["esp"]),
        rule("any", dst=["0.0.0.0/0", "::/0"], src=["0.0.0.0/1", "128.0.0.0/1", "::/0"], protos=["esp"]),
        rule("below-any", protos=["esp"], tenants=["_unlisted"]),
    ]
    # Behind what is there: important-rest decides what "shadowed" asks for.
    document["rules"] += [rule("gre-abroad", protos=["gre"], border=["cross"])] + rules
    document["limits"].append({"id": "idle", "match": {"rules": ["off", "trial-gdpr"]}, "per": "flow",
                               "bytes_out": 1, "then": "flag", "reason": "R"})
    index = {r["id"]: i for i, r in enumerate(document["rules"])}
    dead = {"off": ("note", "it is disabled"), "past": ("warning", "it ended at 2026-11-26T03:59:59Z"),
            "empty": ("warning", '"dst" lists nothing'),
            "nowhere": ("warning", 'no country is in "border" and "countries" together'),
            "portless": ("warning", "no protocol that it names has any"),
            "loser": ("warning", "longer prefixes"), "elsewhere": ("warning", "no address of"),
            "overridden": ("warning", "/geo/overrides"), "sni-home": ("warning", 'rule "domestic" above'),
            "shadowed": ("warning", 'rule "important-rest" above (entry 2) matches all that it matches'),
            "versions": ("warning", '"src" and "dst" are of different versions of IP'),
            "tenant-version": ("warning", 'the prefixes of its tenants and "dst" are of different versions'),
            "below-any": ("warning", '"unknown-country", "any", match together'),
            "shared-out": ("warning", 'the rules above, "domestic", "unknown-country", "gre-abroad", match together')}
    for name, (level, words) in dead.items():
        yield f"/rules/{index[name]}", level, f'rule "{name}" can never match: ', words
    yield f"/rules/{index['mapped']}/match/dst/0", "warning", '"::ffff:203.0.113.0/120" is IPv4 written as IPv6'
    yield f"/rules/{index['sni']}/match/hosts", "warning", '"hosts" alone'
    yield f"/limits/{len(document['limits']) - 1}", "warning", 'limit "idle" can never hold'
    yield "/meta/basis/NOBODY-1", "note", "no rule names"
    yield "/jurisdictions/global_cbpr", "note", "no rule or limit uses the country group"
    yield "/jurisdictions/old/as_of", "warning", "181 days old, more than 180"
    yield "/jurisdictions/later/as_of", "warning", "has not come"
    yield "/apps/unused", "note", "no rule or limit uses the application group"
    yield "/tenants/inner/prefixes/1", "note", "10.20.9.0/24 of tenant \"inner\" lies in 10.20.8.0/22 of tenant \"auto-oem\""
    yield "/tenants/tagged/prefixes/0", "note", "both have 10.20.24.0/24"
    yield "/tenants/lost", "warning", "has no address"
    yield "/tenants/half/prefixes/0", "note", "lies in"
    yield "/tenants/other-half/prefixes/0", "note", "lies in"


def check_findings(folder):
    with open(EXAMPLE, encoding="utf-8") as f:
        document = json.load(f)
    wanted = {pointer: (level, words) for pointer, level, *words in odd(document)}
    path = os.path.join(folder, "odd.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f, indent=1)
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    r, text = run("--at", AT, "--json", path), run("--at", AT, path)
    assert (r.returncode, text.returncode, r.stderr, text.stderr) == (1, 1, "", ""), (r, text)
    answer = json.loads(r.stdout)
    assert len(answer) == 1 and answer[0]["valid"] and answer[0]["file"] == path, answer
    found = {f["pointer"]: f for f in answer[0]["findings"]}
    assert len(found) == len(answer[0]["findings"]), "one place twice"
    assert sorted(found) == sorted(wanted), set(found) ^ set(wanted)
    printed = text.stdout.splitlines()
    assert "\033" not in text.stdout and len(printed) == len(found) + 1, text.stdout
    for (pointer, f), line in zip(found.items(), printed):
        level, words = wanted[pointer]
        assert f["level"] == level and all(w in f["what"] for w in words), (f, words)
        place = f"{path}:{f['line']}:{f['column']}: {pointer}: {level}: {f['what']}"
        assert line == place + (f"; {f['hint']}" if f["hint"] else ""), (line, place)
        # The place is that of the value in the text.
        assert f["column"] > 0 and lines[f["line"] - 1][f["column"] - 1:].strip(), f
    assert [f["line"] for f in found.values()] == sorted(f["line"] for f in found.values())
    warnings = sum(level == "warning" for level, _ in wanted.values())
    assert printed[-1].startswith(f"{path}: {warnings} warnings, {len(found) - warnings} notes: "), printed[-1]
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    argv = [BHCTL, "policy", "lint", path]
    assert b"\033[33m" in on_terminal(argv, env)
    assert b"\033" not in on_terminal(argv, dict(env, NO_COLOR="1"))


def check_good(folder):
    with open(EXAMPLE, encoding="utf-8") as f:
        document = json.load(f)
    del document["jurisdictions"]["global_cbpr"]
    path = os.path.join(folder, "good.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f)
    r = run("--at", AT, path)
    assert r.returncode == 0 and "nothing found" in r.stdout and r.stderr == "", r
    # Presets get old, policies expire; one of two files with a finding is a finding.
    r = run("--at", "2027-06-01", path, EXAMPLE)
    assert r.returncode == 1 and r.stdout.count("189 days old") == 7, r.stdout
    document["defaults"]["on_expiry"] = "block"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f)
    r = run("--at", "2036-01-01", path)
    assert r.returncode == 1 and "/meta/expires: warning: the policy has expired" in r.stdout, r.stdout
    assert "can never match" in r.stdout and r.stdout.count("can never match") == 1, r.stdout  # important-assessed
    return document


def check_bad(folder, document):
    document["apps"]["bulk"]["apps"] = ["SHS"]
    path = os.path.join(folder, "bad.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f)
    r = run(path)
    assert r.returncode == 2 and "/apps/bulk/apps/0" in r.stdout and 'did you mean "SSH"?' in r.stdout, r
    for args in ([], ["--nonsense", path], ["--at", "yesterday", path], [os.path.join(folder, "none.json")]):
        r = run(*args)
        assert r.returncode == 2 and r.stderr + r.stdout, (args, r)


def main():
    with tempfile.TemporaryDirectory(prefix="bh-lint-") as folder:
        check_findings(folder)
        check_bad(folder, check_good(folder))


main()
