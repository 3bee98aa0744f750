#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""`bhctl policy diff` and `simulate` as an operator meets them: over policies, captures and a log.

usage: test_policy_cli.py BHCTL BRIDGEHEAD SOURCE_ROOT
"""
import copy
import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import terminal  # noqa: E402

BHCTL, BRIDGEHEAD, ROOT = map(os.path.abspath, sys.argv[1:4])
GOLDEN = os.path.join(ROOT, "tests", "golden")
EXAMPLE = os.path.join(ROOT, "policy", "policy.example.json")
DEMO = os.path.join(GOLDEN, "demo-policy.json")
CAPTURE = os.path.join(GOLDEN, "demo.pcap")
COUNTRIES = ",".join(os.path.join(GOLDEN, n) for n in ("demo-countries.txt", "demo-countries6.txt"))


def policy(*args, status=0, env=None):
    p = subprocess.run([BHCTL, "policy", *args], capture_output=True, text=True, timeout=120, env=env)
    assert p.returncode == status, (args, p.returncode, p.stdout[-2000:], p.stderr)
    return p.stdout if status != 2 else p.stderr


def on_terminal(args, **variables):
    """What is printed where standard output is a terminal."""
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    return terminal.on_terminal([BHCTL, "policy", *args], dict(env, **variables))


def write(folder, name, document):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f)
    return path


def read(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def check_diff(folder):
    old = read(EXAMPLE)
    same = write(folder, "same.json", json.loads(json.dumps(old, sort_keys=True)))
    assert "same, to the byte" in policy("diff", EXAMPLE, EXAMPLE)
    assert "mean the same; the bytes differ" in policy("diff", EXAMPLE, same)
    new = copy.deepcopy(old)
    new["rules"][4]["action"] = "block"
    new["rules"].insert(8, new["rules"].pop(3))
    new["home"].append("HK")
    new = write(folder, "new.json", new)
    text = policy("diff", EXAMPLE, new, status=1)
    assert "flows that it decides were flagged and are now blocked" in text, text
    assert "\033" not in text and "3 differences: 0 added, 0 removed, 1 moved, 2 changed" in text, text
    answer = json.loads(policy("diff", "--json", EXAMPLE, new, status=1))
    assert answer["differ"] and [(c["what"], c["in"], c.get("id")) for c in answer["changes"]] == [
        ("changed", "home", None), ("changed", "rules", "tunnel-flag"), ("moved", "rules", "p2p-block")], answer
    assert json.loads(policy("diff", "--json", EXAMPLE, same))["changes"] == []
    assert b"\033[" in on_terminal(["diff", EXAMPLE, new])
    assert b"\033[" not in on_terminal(["diff", EXAMPLE, new], NO_COLOR="1")
    bad = write(folder, "bad.json", dict(old, home=[]))
    assert "bad.json:1:" in policy("diff", EXAMPLE, bad, status=2)
    policy("diff", EXAMPLE, status=2)
    policy("diff", EXAMPLE, os.path.join(folder, "missing.json"), status=2)


def simulate(*args, status=0):
    return json.loads(policy("simulate", "--json", *args, status=status))


def verdicts(answer):
    return {(v.get("from"), v["to"]): v["flows"] for v in answer["verdicts"]}


def by_flow(answer):
    keys = ("src", "sport", "dst", "dport", "proto", "t0", "act", "rule", "new_act", "new_rule", "new_reason")
    return sorted(tuple(str(f.get(k)) for k in keys) for f in answer["changed_flows"])


def ends_of(flow):
    """What is absent, as ports of ESP, is absent here."""
    return {k: flow[k] for k in ("src", "sport", "dst", "dport", "proto") if k in flow}


def check_ends(folder, paths):
    """A flow in an answer has the addresses, ports and protocol that its record has."""
    document, unknown = read(EXAMPLE), 0
    document.update(rules=[], limits=[])
    document["defaults"]["action"] = "block"
    new = write(folder, "other.json", document)
    for path in paths:
        with open(path, encoding="utf-8") as f:
            records = {r["fid"]: r for r in map(json.loads, f) if r["ev"] == "end"}
        p = subprocess.run([BHCTL, "policy", "simulate", "--json", "--policy", new, "--all", path],
                           capture_output=True, text=True, timeout=120)
        for f in json.loads(p.stdout)["changed_flows"]:
            assert ends_of(f) == ends_of(records[f["fid"]]), (path, f, records[f["fid"]])
            unknown += "sport" not in f
    assert unknown > 1, unknown


def check_simulate(folder):
    log = os.path.join(folder, "log")
    subprocess.run([BRIDGEHEAD, "replay", "--policy", DEMO, "--country-db", COUNTRIES, "--log-dir", log,
                    CAPTURE], check=True, timeout=120)
    records = os.path.join(folder, "records.jsonl")
    subprocess.run([BRIDGEHEAD, "replay", "--policy", DEMO, "--country-db", COUNTRIES, "--records", records,
                    CAPTURE], check=True, timeout=120)
    with open(records, encoding="utf-8") as f:
        ends = [r for r in map(json.loads, f) if r["ev"] == "end"]
    # The policy that decided changes nothing, over its log and over its capture.
    answer = simulate("--policy", DEMO, log)
    assert answer["changed"] == answer["same_by_another_rule"] == 0 and answer["flows"] == len(ends) > 10, answer
    assert {v["name"]: v["bytes_out"] for v in answer["tenants"]} == {
        t: sum(r["ob"] for r in ends if r["tn"] == t) for t in {r["tn"] for r in ends}}
    assert simulate("--policy", DEMO, records)["verdicts"] == answer["verdicts"]
    captured = simulate("--policy", DEMO, "--against", DEMO, "--country-db", COUNTRIES, CAPTURE)
    assert captured["changed"] == 0 and captured["verdicts"] == answer["verdicts"], captured
    alone = simulate("--policy", DEMO, "--country-db", COUNTRIES, CAPTURE)
    assert alone["against"] is None and {to: n for (_, to), n in verdicts(alone).items()} == {
        to: n for (_, to), n in verdicts(answer).items()}
    # Nor does it over what was recorded of every other capture: tunnels, tags, fragments and the like.
    kept = sorted(glob.glob(os.path.join(GOLDEN, "records", "*.jsonl")))
    golden = simulate("--policy", EXAMPLE, *(p for p in kept if not p.endswith("demo.jsonl")))
    assert golden["changed"] == golden["same_by_another_rule"] == 0 and golden["flows"] > 50, golden
    check_ends(folder, kept)
    # Another policy: the log and the capture say the same, flow by flow.
    new = read(DEMO)
    new["meta"]["version"] += 1
    new["defaults"]["action"] = "block"
    next(r for r in new["rules"] if r["id"] == "gdl-auto")["match"]["countries"] = ["JP"]
    new["rules"] = [r for r in new["rules"] if r["id"] != "important-rest"]
    new = write(folder, "demo-new.json", new)
    answer = simulate("--policy", new, "--all", log, status=1)
    captured = simulate("--policy", new, "--against", DEMO, "--country-db", COUNTRIES, "--all", CAPTURE, status=1)
    assert answer["changed"] == len(answer["changed_flows"]) > 3, answer
    assert by_flow(answer) == by_flow(captured), (by_flow(answer), by_flow(captured))
    assert verdicts(answer) == verdicts(captured)
    assert simulate("--policy", new, "--against", DEMO, log, status=1)["verdicts"] == answer["verdicts"]
    # What the new policy decides when it is in force is what the simulation said.
    after = os.path.join(folder, "after.jsonl")
    subprocess.run([BRIDGEHEAD, "replay", "--policy", new, "--country-db", COUNTRIES, "--records", after,
                    CAPTURE], check=True, timeout=120)
    assert simulate("--policy", new, after)["changed"] == 0
    text = policy("simulate", "--policy", new, "--limit", "1", log, status=1)
    assert f"{answer['changed'] - 1} more are not shown" in text and "What this does not say" in text, text
    assert "\033" not in text
    assert b"\033[1m" in on_terminal(["simulate", "--policy", new, log])
    assert b"\033[1m" not in on_terminal(["simulate", "--policy", new, log], NO_COLOR="1")
    check_cut(folder, records, new)
    check_errors(folder, log, new)


def check_cut(folder, records, new):
    """A log that ends in the middle: flows without an end, without a verdict, and a line that is none."""
    cut = os.path.join(folder, "cut.jsonl")
    with open(records, encoding="utf-8") as f:
        lines = f.readlines()
    decisions = [x for x in lines if json.loads(x)["ev"] == "decision"]
    undecided = json.loads(decisions[0])
    undecided.update(fid="f" * 16, act="allow")
    for key in ("rule", "reason", "sev", "basis", "limit", "sh", "dpkt"):
        undecided.pop(key, None)
    with open(cut, "w", encoding="utf-8") as f:
        f.writelines(decisions + [json.dumps(undecided) + "\n", "no record\n", '{"v":1,"ev":"gap"}\n'])
    answer = simulate("--policy", DEMO, cut)
    fids = {json.loads(x)["fid"] for x in decisions}
    said = {n["note"]: n.get("flows") for n in answer["notes"]}
    assert answer["flows"] == len(fids), (answer["flows"], len(fids))
    assert said["have no final label in the log and are left out"] == 1, said
    assert said["have no end in the log: judged by their last record"] == len(fids), said
    assert any("gaps" in n for n in said) and any("no records" in n for n in said), said
    assert simulate("--policy", new, cut, status=1)["changed"] > 0
    # A name that is no UTF-8 any more: the flow counts all the same.
    with open(cut, "ab") as f:
        f.write(decisions[0].encode().replace(b'"app":"', b'"app":"\xff'))
    answer = simulate("--policy", DEMO, cut)
    assert sum(a["flows"] for a in answer["apps"]) == answer["flows"] == len(fids), answer["apps"]


def simulate_input(lines, path):
    """Over standard input."""
    p = subprocess.run([BHCTL, "policy", "simulate", "--json", "--policy", path, "-"], text=True, check=True,
                       input="".join(json.dumps(x) + "\n" for x in lines), capture_output=True, timeout=60)
    return json.loads(p.stdout)


def check_windows(folder):
    """Limits per tenant and country, counted over the flows of a log."""
    document = read(EXAMPLE)
    document["rules"] = [{"id": "all", "match": {"border": ["home", "cross", "unknown"]}, "action": "allow",
                          "reason": "ALL"}]
    document["limits"] = [
        {"id": "hour", "match": {"countries": ["US"]}, "per": "tenant+country", "window": "hour",
         "bytes_out": 1000, "then": "block", "reason": "HOUR"},
        {"id": "flows", "match": {"countries": ["DE"]}, "per": "tenant", "window": "day", "flows": 2,
         "then": "flag", "reason": "FLOWS"},
        {"id": "seconds", "match": {"countries": ["JP"]}, "per": "country", "window": "day", "seconds": 100,
         "then": "flag", "reason": "SECONDS"}]
    limits = write(folder, "limits.json", document)
    hour = 1767225600  # 2026-01-01T00:00:00Z
    lines, n = [], 0

    def flow(at, cc, out, life=0, tenant=8, parts=(), **more):
        nonlocal n
        n += 1
        common = {"v": 1, "gw": "a", "seq": n, "fid": f"{n:016x}", "t0": at * 10**6}
        rest = {"src": f"10.20.{tenant}.9", "sport": 1, "dst": "198.51.100.1", "dport": 443, "proto": 6,
                "init": "inside", "app": "TLS", "conf": "dpi", "cc": cc, "ccs": "db", "border": "cross",
                "act": "allow", "rule": "all", "reason": "ALL", **more}
        for when, delta in parts:
            lines.append({**common, "ev": "update", "t1": when * 10**6, **rest, "ob": delta, "dpkt": 1})
        lines.append({**common, "ev": "end", "t1": (at + life) * 10**6, **rest, "ob": out, "end": "fin"})
        return f"{n:016x}"

    def raised(*args):
        path = os.path.join(folder, "limits.jsonl")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(json.dumps(x) + "\n" for x in lines)
        p = subprocess.run([BHCTL, "policy", "simulate", "--json", "--policy", limits, *args, path],
                           capture_output=True, text=True, check=False, timeout=60)
        assert p.returncode in (0, 1), p.stderr
        return {f["fid"]: (f["new_act"], f["new_limit"], f["new_reason"])
                for f in json.loads(p.stdout)["changed_flows"]}

    over = {}
    flow(hour + 1, "US", 600)
    flow(hour + 2, "US", 400)  # 1,000 are not more than 1,000
    over[flow(hour + 3, "US", 1)] = ("block", "hour", "HOUR")
    over[flow(hour + 4, "US", 0)] = ("block", "hour", "HOUR")
    flow(hour + 2, "US", 0)  # was over before that, and is told of later
    flow(hour + 4, "US", 600, tenant=16)  # another tenant, then another country, then another hour
    flow(hour + 4, "CN", 600)
    flow(hour + 3600, "US", 999)
    # Over three hours: what it sends in each counts there.
    flow(hour + 2 * 3600, "US", 900, life=2 * 3600, tenant=24,
         parts=[(hour + 3 * 3600 - 1, 500), (hour + 4 * 3600 - 1, 400)])
    flow(hour + 3 * 3600, "US", 500, tenant=24)  # with 500 of the first hour it would be over
    flow(hour + 5, "DE", 1)
    flow(hour + 6, "DE", 1, life=50, parts=[(hour + 30, 1)])  # its records are of one flow
    over[flow(hour + 60, "DE", 1)] = ("flag", "flows", "FLOWS")
    flow(hour + 7, "JP", 1, life=100)
    over[flow(hour + 200, "JP", 1, life=1, tenant=16)] = ("flag", "seconds", "SECONDS")
    assert raised() == over, (raised(), over)
    # The log begins in the middle of a window, of which the record knows: it was passed.
    lines.clear()
    assert simulate_input(lines, limits)["flows"] == 0
    over = {flow(hour, "US", 1, limit="hour"): ("block", "hour", "HOUR")}
    assert raised() == over, raised()
    # The very policy was in force: nothing passed but what the log says.
    with open(limits, "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    lines[:] = [{"v": 1, "ev": "policy", "gw": "a", "outcome": "published", "sha256": sha}]
    flow(hour + 1, "US", 5000, pol=412)
    assert raised() == {}, raised()
    over = {flow(hour + 1, "US", 1, pol=411): ("block", "hour", "HOUR")}  # decided by the one before
    assert raised() == over, raised()


def check_own(folder):
    """What the gateway raised by itself holds against any policy; what it never asked a policy is left out."""
    flow = {"v": 1, "ev": "end", "gw": "a", "seq": 1, "fid": "0" * 15 + "1", "t0": 1767225600000000,
            "t1": 1767225600000000, "src": "10.20.8.9", "sport": 1, "dst": "198.51.100.1", "dport": 443,
            "proto": 6, "init": "inside", "cc": "CN", "ccs": "db", "border": "home", "act": "flag",
            "rule": "domestic", "reason": "DPI_CONTEXTS_FULL", "pol": 412, "ob": 1, "end": "fin"}
    lines = [flow, {k: v for k, v in dict(flow, ev="decision", fid="0" * 15 + "2", act="block",
                                          reason="FLOW_TABLE_FULL").items() if k not in ("rule", "end")}]
    answer = simulate_input(lines, EXAMPLE)
    assert verdicts(answer) == {("flag", "flag"): 1}, answer
    assert [n["flows"] for n in answer["notes"] if "taken by the gateway itself" in n["note"]] == [1], answer
    # A stricter rule goes before what the gateway raised.
    document = read(EXAMPLE)
    next(r for r in document["rules"] if r["id"] == "domestic")["action"] = "block"
    path = write(folder, "own.json", document)
    with open(os.path.join(folder, "own.jsonl"), "w", encoding="utf-8") as f:
        f.write(json.dumps(flow) + "\n")
    answer = simulate("--policy", path, f.name, status=1)
    assert verdicts(answer) == {("flag", "block"): 1}, answer
    assert answer["changed_flows"][0]["new_reason"] == "DOMESTIC", answer
    # The country of an override that the policy does not have is kept, unless it can be looked up.
    with open(f.name, "w", encoding="utf-8") as log:
        log.write(json.dumps(dict(flow, dst="198.51.100.10", cc="SG", ccs="override")) + "\n")
    kept = simulate("--policy", EXAMPLE, f.name)
    found = simulate("--policy", EXAMPLE, "--country-db", COUNTRIES, f.name)
    assert [c["name"] for c in kept["countries"] + found["countries"]] == ["SG", "US"], (kept, found)
    said = ["from an override" in n["note"] for a in (kept, found) for n in a["notes"]]
    assert sum(said) == 1 and any("from an override" in n["note"] for n in kept["notes"]), (kept, found)


def check_errors(folder, log, new):
    assert "country-db" in policy("simulate", "--policy", new, CAPTURE, status=2)
    assert "together" in policy("simulate", "--policy", new, "--country-db", COUNTRIES, log, CAPTURE, status=2)
    assert "--inside" in policy("simulate", "--policy", new, "--inside", "10.0.0.0/8", log, status=2)
    assert "limit" in policy("simulate", "--policy", new, "--limit", "many", log, status=2)
    assert "no flow log" in policy("simulate", "--policy", new, folder, status=2)
    assert "flow log?" in policy("simulate", "--policy", new, COUNTRIES.split(",", maxsplit=1)[0], status=2)
    policy("simulate", "--policy", new, os.path.join(folder, "missing"), status=2)
    policy("simulate", log, status=2)
    policy("simulate", "--policy", os.path.join(folder, "bad.json"), log, status=2)
    policy("simulate", "--policy", new, "--against", os.path.join(folder, "bad.json"), log, status=2)
    broken = os.path.join(folder, "broken.pcap")
    with open(CAPTURE, "rb") as f, open(broken, "wb") as g:
        g.write(f.read()[:1000])
    policy("simulate", "--policy", new, "--country-db", COUNTRIES, broken, status=2)


with tempfile.TemporaryDirectory(prefix="policy-cli-") as where:
    check_diff(where)
    check_simulate(where)
    check_windows(where)
    check_own(where)
