# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What lint says of rules, held against flows: whom it calls dead no flow may hit."""
import copy
import re

RULE = re.compile(r"/rules/(\d+)$")


def dead_rules(findings):
    """Indexes of the rules that lint calls dead, and why."""
    found = {}
    for finding in findings:
        place = RULE.match(finding["pointer"] or "")
        if place:
            assert "can never match: " in finding["text"], finding
            found[int(place[1])] = finding["text"]
    return found


def hit(findings, document, flow, answers, since):
    """The first facts of the flow that a dead rule decides, or that are a dead shadow rule's hit."""
    dead = {document["rules"][i]["id"]: why for i, why in dead_rules(findings).items()}
    for facts, answer in zip(flow, answers):
        if since is not None and facts["now"] < since:
            continue
        if (":" in facts["inside"]) != (":" in facts["remote"]):
            continue  # the engine would take it, but no packet is of two versions
        for key in ("rule", "shadow"):
            if answer[key] in dead:
                return facts, dead[answer[key]]
    return None


def narrower(maker, document, rule):
    """A copy of the rule that matches no more, or hardly more: lint must tell which."""
    rng, out = maker.rng, copy.deepcopy(rule)
    match = out["match"]
    kind = rng.choice(["same", "fewer", "more fields", "other", "gone"])
    if rng.random() < 0.3:
        out.pop("valid_from", None)
        out.pop("valid_to", None)
    field = rng.choice(sorted(match)) if match else None
    if kind == "fewer" and isinstance(match.get(field), list) and match[field]:
        match[field] = rng.sample(match[field], rng.randint(1, len(match[field])))
    elif kind == "more fields":
        for key, value in maker.match(document, 2).items():
            match.setdefault(key, value)
    elif kind == "other" and field:
        match.update((key, value) for key, value in maker.match(document, 14).items() if key == field)
    elif kind == "gone" and len(match) > 1:
        del match[field]
    return out


def with_copies(maker, document):
    """The policy with narrowed copies of rules below them, and a few that cannot match."""
    rng, out = maker.rng, copy.deepcopy(document)
    rules = out["rules"]
    for i in range(min(20, 2 + len(rules))):
        if rules and rng.random() < 0.8:
            at = rng.randrange(len(rules))
            rule = narrower(maker, document, rules[at])
        else:
            at, rule = -1, maker.rule(document, 0, [2, 3])
            home = [c for c in ("US", "DE", "BR") if c not in document["home"]]
            rule["match"].update(border=["home"], countries=home)
        rule["id"] = f"copy{i}"
        rules.insert(rng.randint(at + 1, len(rules)), rule)
    return out


def constructed(document):
    """(policy, index of its last rule, words of why that is dead; None: it is not)."""
    whole = {"id": "whole", "action": "allow", "reason": "R", "match": {"protos": ["tcp", "udp"]}}
    dead = {"id": "dead", "action": "block", "reason": "R"}
    low, high = {"border": ["home", "unknown"]}, {"border": ["cross"]}
    cases = [
        ([whole, dict(dead, match={"protos": ["udp"], "dports": ["53"]})], "matches all"),
        ([whole, dict(dead, match={"protos": ["tcp", "udp"]}, shadow=True)], "matches all"),
        ([dict(whole, match={"dports": ["0-99", "100-65535"]}), dict(dead, match={"sports": ["7"]})], "matches all"),
        ([dict(whole, match={"dports": ["0-99", "101-65535"]}), dict(dead, match={"sports": ["7"]})], None),
        ([dict(whole, match={"dports": ["0-99", "100-65535"]}), dict(dead, match={"dports": ["90-110"]})],
         "matches all"),
        ([dict(whole, match=low), dict(whole, id="other", match=high), dict(dead, match={"initiator": "inside"})],
         "together"),
        ([dict(whole, match={"hosts": ["*.example"]}), dict(dead, match={"hosts": ["a.example", "*.b.example"]})],
         "matches all"),
        ([dict(whole, match={"hosts": ["*.example"]}), dict(dead, match={"hosts": ["example"]})], None),
        ([dict(whole, match={"src": ["10.0.0.0/9", "10.128.0.0/9"]}), dict(dead, match={"src": ["10.0.0.0/8"]})],
         "matches all"),
        ([dict(whole, match={"src": ["10.0.0.0/9", "10.129.0.0/16"]}), dict(dead, match={"src": ["10.0.0.0/8"]})],
         None),
        ([dict(whole, shadow=True), dict(dead, match={"protos": ["udp"]})], None),
        ([dict(whole, enabled=False), dict(dead, match={"protos": ["udp"]})], None),
        ([dict(whole, valid_to="2026-06-01T00:00:00Z"), dict(dead, match={"protos": ["udp"]})], None),
        ([dict(dead, match={"dst": []})], "lists nothing"),
        ([dict(dead, match={"protos": ["icmp"], "dports": ["1"]})], "has any"),
        ([dict(dead, match={"border": ["unknown"], "countries": ["US"]})], "no country"),
        ([dict(dead, match={"initiator": "inside"}, enabled=False)], "disabled"),
        ([dict(dead, match={"initiator": "inside"}, valid_to="2020-01-01T00:00:00Z")], "ended at"),
        ([dict(dead, match={"tenants": ["inner"], "src": ["10.9.0.0/16"]})], "no address"),
        ([dict(dead, match={"tenants": ["outer"], "src": ["10.1.0.0/24"]})], "no address"),
        ([dict(dead, match={"tenants": ["outer"], "src": ["10.0.0.0/15"]})], None),
        ([dict(dead, match={"tenants": ["lost"]})], "longer prefixes"),
        ([dict(dead, match={"dst": ["192.0.2.0/25"], "countries": ["US"]})], "overrides"),
        ([dict(dead, match={"dst": ["192.0.2.0/23"], "countries": ["US"]})], None),
    ]
    places = {"tenants": {"outer": {"prefixes": ["10.0.0.0/8"]}, "inner": {"prefixes": ["10.1.0.0/16"]},
                          "lost": {"prefixes": ["10.2.0.0/16"]}, "low": {"prefixes": ["10.2.0.0/17"]},
                          "high": {"prefixes": ["10.2.128.0/17"]}},
              "geo": {"overrides": [{"prefix": "192.0.2.0/24", "country": "SG", "note": "n"}]}}
    for rules, words in cases:
        yield dict(document, rules=rules, limits=[], **places), len(rules) - 1, words
