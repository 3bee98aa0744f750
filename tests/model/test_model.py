#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The model itself: the design's own examples, and whether the random cases would see a mistake.

    test_model.py DRIVER EXAMPLE_POLICY
"""
import json
import random
import sys
import unittest

import policy_model
from driver import Driver
from generate import Maker
from lint_check import constructed, dead_rules
from policy_model import FALSE, PENDING, TRUE, Policy, all_of
from random_cases import Checks, same

DRIVER, EXAMPLE = sys.argv[1:3]
PLAIN = {"now": policy_model.seconds("2026-11-25T12:00:00Z"), "vlan": 0, "vni": None, "proto": 6,
         "sport": 40000, "dport": 443, "initiator": "inside", "cc": "XX", "asn": 0,
         "final": True, "conf": "dpi", "app": 0, "master": 0, "cat": 0, "risks": [], "host": None, "remote": "198.51.100.7"}


class Example(unittest.TestCase):
    """The checks that the design names for the park's policy."""

    @classmethod
    def setUpClass(cls):
        with open(EXAMPLE, encoding="utf-8") as f:
            document = json.load(f)
        groups = document["apps"].values()
        cls.names = {"risks": {}}
        for kind in ("apps", "categories"):
            listed = sorted({name for group in groups for name in group.get(kind, [])})
            cls.names[kind] = {name: i + 1 for i, name in enumerate(listed)}
        cls.policy = Policy(document, cls.names)

    def verdict(self, inside, cc, **facts):
        if "cat" in facts:
            facts["cat"] = self.names["categories"][facts["cat"]]
        if isinstance(facts.get("app"), str):
            facts["app"] = self.names["apps"][facts["app"]]
        return self.policy.evaluate(dict(PLAIN, inside=inside, cc=cc, **facts))

    def expect(self, verdict, state, action, reason, shadow=None):
        got = (verdict["state"], verdict["action"], verdict["reason"], verdict["shadow"])
        self.assertEqual(got, (state, action, reason, shadow))

    def test_checks_of_the_design(self):
        web = {"app": 900, "cat": "Web"}
        self.expect(self.verdict("10.20.9.7", "US", host="diag.oem.example", **web),
                    "decided", "allow", "GENERAL_DATA_LIST")
        self.expect(self.verdict("10.20.9.7", "US", host="other.example", **web),
                    "decided", "flag", "NO_RULE", "trial-gdpr")
        # The zone's data may not leave whatever it is: settled at the first packet.
        early = self.verdict("10.20.200.5", "JP", final=False, conf=None)
        self.expect(early, "decided", "block", "IMPORTANT_DATA_ZONE")
        self.expect(self.verdict("10.20.200.5", "US", remote="203.0.113.70"),
                    "decided", "allow", "ASSESSED_TRANSFER")
        self.expect(self.verdict("10.20.24.9", "JP", **web), "decided", "allow", "PARTNER_PRESET")
        self.expect(self.verdict("10.20.17.1", "CN", final=False, conf=None), "decided", "allow", "DOMESTIC")
        self.expect(self.verdict("10.99.0.1", "DE", app="SSH"), "decided", "flag", "BULK_TOOL")
        self.expect(self.verdict("10.99.0.1", "XX", app=900), "decided", "flag", "COUNTRY_UNKNOWN")

    def test_pending(self):
        # P2P would block, the rest passes: not known before the label.
        early = self.verdict("10.20.9.7", "US", final=False, conf=None)
        self.assertEqual((early["state"], early["action"], early["rule"]), ("undecided", "allow", None))
        self.assertEqual(early["limits"], [])

    def test_limits(self):
        quota = self.verdict("10.99.0.1", "DE", app="SSH")
        self.assertEqual((quota["tenant"], quota["limits"]), ("_unlisted", ["flow-1g", "unlisted-day"]))

    def test_logic(self):
        self.assertEqual(all_of([]), TRUE)
        self.assertEqual(all_of([TRUE, PENDING]), PENDING)
        self.assertEqual(all_of([PENDING, FALSE]), FALSE)


class Lint(unittest.TestCase):
    """Rules that are dead by construction are found, and their neighbours are not."""

    def test_constructed(self):
        driver = self.enterContext(Driver(DRIVER))
        document = Maker(random.Random(1), driver.names).policy(1)
        document["meta"]["expires"] = "2036-01-01T00:00:00Z"
        for policy, last, words in constructed(dict(document, home=["CN"])):
            with self.subTest(rules=policy["rules"]):
                dead = dead_rules(driver.lint(policy, PLAIN["now"] - 300 * 86400))
                if words:
                    self.assertIn(words, dead[last])
                else:
                    self.assertNotIn(last, dead)


def change(name, replacement):
    """A model with one method done otherwise."""
    return type("Changed", (Policy,), {name: replacement})


def confident(self, facts):
    return facts["app"], facts["master"], facts["cat"]


def hosts_wait(self, patterns, facts):
    return Policy.hosts(self, patterns, facts) if facts["final"] else PENDING


def risks_final(self, names, facts):
    return Policy.risks(self, names, dict(facts, final=True))


def apps_at_once(self, groups, facts):
    return Policy.apps(self, groups, dict(facts, final=True))


def shadow_waits(self, facts, where):
    rule, candidates, _ = Policy.walk(self, facts, where)
    return rule, candidates, None


def no_candidates(self, facts, where):
    rule, _, shadow = Policy.walk(self, facts, where)
    return rule, [], shadow


def exclusive_end(rule, now):
    return Policy.active(rule, now) and ("valid_to" not in rule
                                         or now < policy_model.seconds(rule["valid_to"]))


def first_override(self, remote, database):
    for override in self.document["geo"]["overrides"]:
        if policy_model.ipaddress.ip_address(remote) in self.network(override["prefix"]):
            return override["country"]
    return database


def unknown_is_cross(self, cc):
    return "cross" if cc == "XX" else Policy.border(self, cc)


def tags_only(self, inside, vlan, vni):
    return Policy.tenant(self, inside, 0, vni)


def no_expiry(self, facts, where):
    return self.decide(facts, where)


def late_change(self, now):
    change_at = Policy.next_change(self, now)
    return None if change_at is None else change_at - 1


def held_pending(self, facts, where, rule):
    return Policy.limits(self, dict(facts, final=True), where, rule)


MISTAKES = [
    ("label", confident), ("hosts", hosts_wait), ("risks", risks_final), ("apps", apps_at_once),
    ("walk", shadow_waits), ("walk", no_candidates), ("active", staticmethod(exclusive_end)),
    ("country", first_override), ("border", unknown_is_cross), ("tenant", tags_only),
    ("decide_expired", no_expiry), ("next_change", late_change), ("limits", held_pending),
]


def ignores_enabled(rule, now):
    return Policy.active(dict(rule, enabled=True), now)


def never_shadow(self, facts, where):
    changed = type(self)(dict(self.document, rules=[dict(r, shadow=False) for r in self.rules]), self.names)
    return Policy.walk(changed, facts, where)


class Engine:
    """Answers as an engine would that has the model's mistake."""

    def __init__(self, names, model):
        self.names = names
        self.model = model

    def ask(self, document, facts):
        model = self.model(document, self.names)
        return [model.evaluate(f) for f in facts]


class Sensitivity(unittest.TestCase):
    """Mistakes must show within few policies."""

    def setUp(self):
        self.driver = self.enterContext(Driver(DRIVER))

    def cases(self, policies):
        for number in range(policies):
            maker = Maker(random.Random(f"mistakes/{number}"), self.driver.names)
            document = maker.policy()
            yield document, [maker.flow(document) for _ in range(30)]

    def test_mistakes_show(self):
        unseen = list(MISTAKES)
        for document, flows in self.cases(60):
            facts = [f for flow in flows for f in flow]
            answers = self.driver.ask(document, facts)
            unseen = [(name, how) for name, how in unseen
                      if all(same(answer, change(name, how)(document, self.driver.names).evaluate(f))
                             for f, answer in zip(facts, answers))]
            if not unseen:
                return
        self.fail(f"not seen: {unseen}")

    def test_explanations(self):
        """The model's mistakes show in what it says of conditions, too."""
        for name, mistake in (("label", confident), ("hosts", hosts_wait), ("risks", risks_final),
                              ("apps", apps_at_once), ("border", unknown_is_cross), ("tenant", tags_only),
                              ("active", staticmethod(exclusive_end)), ("country", first_override)):
            with self.subTest(mistake=name):
                checks = Checks(self.driver, change(name, mistake))
                self.assertTrue(any(checks.explained(document, flows[:8], None)
                                    for document, flows in self.cases(60)))

    def found(self, check, model):
        check = getattr(Checks(Engine(self.driver.names, model)), check)
        return any(check(document, flows, random.Random(1)) for document, flows in self.cases(30))

    def test_engine_against_itself(self):
        for check, name, mistake in (("monotone", "walk", no_candidates), ("monotone", "apps", apps_at_once),
                                     ("waits", "active", staticmethod(exclusive_end)),
                                     ("inserted", "active", staticmethod(ignores_enabled)),
                                     ("inserted", "walk", never_shadow)):
            with self.subTest(check=check, mistake=mistake):
                self.assertFalse(self.found(check, Policy))
                self.assertTrue(self.found(check, change(name, mistake)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
