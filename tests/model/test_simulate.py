#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""`bhctl policy simulate` over logs of random flows, against the model.

usage: test_simulate.py BHCTL [POLICIES [FLOWS [SEED]]]

For each pair of random policies: flows that hit their rules, written as the log's end records with the
verdict that the model gives under the old one. What bhctl says of the new one must be what the model
says, flow by flow: against the records, and against the old policy.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import zoneinfo

from generate import Maker
from policy_model import ACTIONS, Policy
from windows import window

# nDPI's names with ids of our own: only names stand in records. 5, 91 and 700 are the masters of Maker.
NAMES = {
    "apps": {"Unknown": 0, "DNS": 5, "TLS": 91, "QUIC": 700, "HTTP": 7, "SSH": 92, "BitTorrent": 37,
             "Tor": 163, "Dropbox": 121, "SMBv23": 41, "NTP": 9, "IMAP": 4},
    "categories": {"Unspecified": 0, "Media": 1, "VPN": 2, "Email": 3, "Web": 5, "Network": 14, "Cloud": 13},
    "risks": {"XSS Attack": 1, "SQL Injection": 2, "Self-signed Certificate": 6, "Known Protocol on Non Standard Port": 5,
              "Unsafe Protocol": 20, "Clear-Text Credentials": 36},
    "zones": {"UTC": "", "Asia/Shanghai": "", "Europe/Berlin": ""},
}
NAME_OF = {kind: {i: name for name, i in NAMES[kind].items()} for kind in ("apps", "categories", "risks")}
PORTS = (1, 6, 17, 33, 58, 132, 136)


def run(program, *args):
    p = subprocess.run([program, "policy", "simulate", *args], capture_output=True, text=True, timeout=120)
    assert p.returncode in (0, 1), (args, p.stderr)
    answer = json.loads(p.stdout)
    assert p.returncode == (1 if answer["changed"] else 0), (p.returncode, answer["changed"])
    return answer


class Windows:
    """What limits over flows have counted: by limit, whose and window, and since when it is too much."""

    def __init__(self, document):
        self.zone = zoneinfo.ZoneInfo(document["meta"]["timezone"])
        self.used, self.since, self.known = {}, {}, {}

    def begin(self, kind, t):
        """Windows are found by walking; the hour of t is remembered, as no window is shorter."""
        key = kind, t // 900
        if key not in self.known:
            self.known[key] = window(self.zone, kind, t)[0]
        return self.known[key]

    def passed(self, limit, verdict, flow, t):
        """Counts the flow."""
        per = limit["per"]
        key = (limit["id"], verdict["tenant"] if "tenant" in per else None,
               verdict["cc"] if "country" in per else None, self.begin(limit["window"], t))
        used = self.used.setdefault(key, {"bytes_out": 0, "flows": 0, "seconds": 0})
        used["bytes_out"] += flow["ob"]
        used["flows"] += 1
        used["seconds"] += flow["life"]
        if any(used[what] > limit[what] for what in used if what in limit):
            self.since.setdefault(key, t)
        return key in self.since and t >= self.since[key]


def raised(document, verdict, flow, windows, t):
    """The verdict after limits: action, rule, reason."""
    rules = {r["id"]: r for r in document["rules"]}
    limits = {x["id"]: x for x in document["limits"]}
    passed = []
    for name in verdict["limits"]:
        limit = limits[name]
        if limit["per"] != "flow":
            too_much = windows.passed(limit, verdict, flow, t)
        else:
            too_much = (flow["ob"] > limit.get("bytes_out", flow["ob"]) or
                        flow["life"] > limit.get("seconds", flow["life"]))
        if too_much:
            passed.append(limit)
    action, reason = verdict["action"], verdict["reason"]
    if passed:
        strictest = max(passed, key=lambda x: ACTIONS.index(x["then"]))  # the first of them
        if ACTIONS.index(strictest["then"]) >= ACTIONS.index(action):
            # The reason is the limit's where it is stricter than what the rule itself says.
            said = (rules.get(verdict["rule"]) or document["defaults"])["action"]
            if not verdict["expired"] and ACTIONS.index(strictest["then"]) > ACTIONS.index(said):
                reason = strictest["reason"]
            action = strictest["then"]
    return action, verdict["rule"], reason


def line(number, facts, cc, source, verdict, flow):
    """The end record of a flow on which this was decided."""
    inside = facts["initiator"] == "inside"
    o = {"v": 1, "ev": "end", "gw": "model", "seq": number, "fid": f"{number:016x}",
         "t0": (facts["now"] - flow["life"]) * 1000000, "t1": facts["now"] * 1000000,
         "src": facts["inside" if inside else "remote"]}
    ports = facts["proto"] in PORTS or facts["sport"] or facts["dport"]
    if ports:
        o["sport"] = facts["sport"]
    o["dst"] = facts["remote" if inside else "inside"]
    if ports:
        o["dport"] = facts["dport"]
    o["proto"] = facts["proto"]
    if facts["vlan"]:
        o["vlan"] = [facts["vlan"], 7]
    if facts["vni"] is not None:
        o["tun"] = ["mpls:3", f"vxlan:{facts['vni']}"]
    o["init"] = facts["initiator"]
    o["app"] = NAME_OF["apps"][facts["app"]]
    if facts["master"]:
        o["master"] = NAME_OF["apps"][facts["master"]]
    o["cat"] = NAME_OF["categories"][facts["cat"]]
    if facts["conf"]:
        o["conf"] = facts["conf"]
    if facts["host"] is not None:
        o.update(host=facts["host"], hsrc="sni")
    if facts["risks"]:
        o["risk"] = [NAME_OF["risks"][i] for i in facts["risks"]]
    if facts["asn"]:
        o["asn"] = facts["asn"]
    action, rule, reason = verdict
    o.update(cc=cc, ccs=source, border="cross", act=action)
    if rule is not None:
        o["rule"] = rule
    o.update(reason=reason, pol=1, ob=flow["ob"], rb=1, op=1, rp=1, db=0, dp=0, pb=0, pp=0, end="fin")
    return json.dumps(o, separators=(",", ":")) + "\n"


def compare(answer, wanted, what):
    """wanted: fid -> (verdict before, verdict after)."""
    counts, changed = {}, {}
    for fid, (before, after) in wanted.items():
        counts[before[0], after[0]] = counts.get((before[0], after[0]), 0) + 1
        if before[0] != after[0]:
            changed[fid] = (*before, *after)
    got = {(v["from"], v["to"]): v["flows"] for v in answer["verdicts"]}
    keys = ("act", "rule", "reason", "new_act", "new_rule", "new_reason")
    flows = {f["fid"]: tuple(f.get(k) for k in keys) for f in answer["changed_flows"]}
    for fid in sorted(set(changed) | set(flows)):
        assert flows.get(fid) == changed.get(fid), (what, fid, flows.get(fid), changed.get(fid))
    assert got == counts, (what, got, counts)
    assert answer["flows"] == len(wanted), (what, answer["flows"], len(wanted))
    return len(changed)


def one(program, folder, rng, n):
    maker = Maker(rng, NAMES)
    documents, models, paths = [], [], []
    for name in ("old", "new"):
        documents.append(maker.policy(rng.choice([3, 8, 16, 65])))
        models.append(Policy(documents[-1], NAMES))
        paths.append(os.path.join(folder, name + ".json"))
        with open(paths[-1], "w", encoding="utf-8") as f:
            json.dump(documents[-1], f)
    log = os.path.join(folder, "log.jsonl")
    windows = [Windows(d) for d in documents]
    wanted = {}
    with open(log, "w", encoding="utf-8") as f:
        for i in range(n):
            facts = maker.flow(rng.choice(documents))[-1]
            flow = {"ob": rng.choice([0, 100, 10**5, 10**6, 10**7]), "life": rng.choice([0, 5, 10**5])}
            where = models[0].where(facts)
            overridden = models[0].country(facts["remote"], None) is not None
            then = dict(facts, cc=where["cc"])  # what the record says, for want of a database
            before = raised(documents[0], models[0].evaluate(facts), flow, windows[0], facts["now"])
            after = raised(documents[1], models[1].evaluate(then), flow, windows[1], facts["now"])
            f.write(line(i, facts, where["cc"], "override" if overridden else "db", before, flow))
            wanted[f"{i:016x}"] = (before, after)
    changed = compare(run(program, "--policy", paths[1], "--all", "--json", log), wanted, "records")
    compare(run(program, "--policy", paths[1], "--against", paths[0], "--all", "--json", log), wanted, "against")
    assert run(program, "--policy", paths[0], "--json", log)["changed"] == 0, "the policy that decided them"
    return changed


def main(args):
    program = args[0]
    policies, flows, seed = (int(x) for x in (args[1:] + ["6", "500", "1"][len(args) - 1:]))
    changed = 0
    with tempfile.TemporaryDirectory(prefix="simulate-") as folder:
        for i in range(policies):
            try:
                changed += one(program, folder, random.Random(f"{seed}/{i}"), flows)
            except AssertionError:
                print(f"policies {seed}/{i}")
                raise
    assert changed > policies * flows // 10, changed  # otherwise nothing was tested
    print(f"{policies} pairs of policies, {policies * flows} flows, {changed} with another verdict")


if __name__ == "__main__":
    main(sys.argv[1:])
