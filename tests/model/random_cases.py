#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Random policies and flows: the engine and the model must agree, and the engine with itself.

    random_cases.py --driver PROGRAM [--seed N] [--cases N] [--only POLICY]
    random_cases.py --driver PROGRAM --replay FILE

--only does one policy of a seed again; --replay a case that a failure wrote. Checks:
    agree     engine and model give the same verdict
    monotone  what is decided stays decided by the same rule, what is agreed goes on blocking or passing,
              however classification goes on
    waits     the verdict does not change before the second that policy_next_change() names
    inserted  a disabled rule changes nothing, a shadow rule nothing but the shadow hit
    explained bhctl's explanation says of each condition of each rule and limit what the model says
    dead      whom lint calls dead decides no flow, now or later
    windows   hours, days and months of limits are those of the policy's timezone
Exit status: 0 good, 1 a difference (made small, printed and kept in a file), 2 cannot run.
"""
import argparse
import collections
import io
import json
import os
import random
import sys
import tempfile
import time
import zoneinfo

from driver import Driver, Refused
from generate import Maker
from lint_check import dead_rules, hit, with_copies
from policy_model import Policy
from shrink import shrink
from windows import window

FLOWS = 75  # per policy; each has two to four facts
# Of the made-up zones, in 2026.
CLOCK_CHANGES = [1774746000, 1792890000, 1772953200, 1793512800, 1775314800, 1791041400, 1772946000,
                 1793509200, 1774148400, 1791086400]


def same(engine, model):
    """next may come early (a look that was not needed), never late."""
    if any(engine[key] != model[key] for key in model if key != "next"):
        return False
    return model["next"] is None or (engine["next"] is not None and engine["next"] <= model["next"])


def difference(engine, model):
    """What is not the same in two explanations."""
    out = []
    for key, wanted in model.items():
        if key not in ("rules", "limits"):
            pairs = [(key, engine[key], wanted)]
        else:
            pairs = [(f"{key} {i}", a, b) for i, (a, b) in enumerate(zip(engine[key], wanted))]
        out += [f"{where}\nengine: {json.dumps(a)}\nmodel:  {json.dumps(b)}" for where, a, b in pairs if a != b]
    return "\n".join(out) or "another number of rules or limits"


class Checks:
    """Each check takes a policy and flows and returns the first flow that fails, and why."""

    def __init__(self, driver, model=Policy):
        self.driver = driver
        self.model = model
        self.stats = Stats()
        self.asked = (None, None, None)  # policy, flows and answers of the last question
        self.zones = {name: zoneinfo.ZoneInfo.from_file(io.BytesIO(bytes.fromhex(data)), name)
                      for name, data in driver.names["zones"].items()}

    def ask(self, document, flows):
        """The engine's answers, flow by flow. Several checks begin with the same question."""
        if self.asked[0] is not document or self.asked[1] is not flows:
            answers = iter(self.driver.ask(document, [facts for flow in flows for facts in flow]))
            self.asked = document, flows, [[next(answers) for _ in flow] for flow in flows]
        return self.asked[2]

    def agree(self, document, flows, _):
        model = Policy(document, self.driver.names)
        for flow, answers in zip(flows, self.ask(document, flows)):
            for facts, answer in zip(flow, answers):
                expected = model.evaluate(facts)
                self.stats.count(document, facts, expected)
                if not same(answer, expected):
                    return [facts], f"engine: {json.dumps(answer)}\nmodel:  {json.dumps(expected)}"
        return None

    def monotone(self, document, flows, _):
        for flow, answers in zip(flows, self.ask(document, flows)):
            for i, early in enumerate(answers):
                for j in range(i + 1, len(flow)):
                    late = answers[j]
                    wrong = ((early["state"] != "undecided" and
                              (late["state"] == "undecided" or
                               (early["action"] == "block") != (late["action"] == "block")))
                             or (early["state"] == "decided" and early["rule"] != late["rule"])
                             or (flow[j]["final"] and late["state"] != "decided"))
                    if wrong:
                        return [flow[i], flow[j]], f"early: {json.dumps(early)}\nlate:  {json.dumps(late)}"
        return None

    def waits(self, document, flows, _):
        def verdict(answer):
            return {key: value for key, value in answer.items() if key != "next"}

        for flow, answers in zip(flows, self.ask(document, flows)):
            facts, answer = flow[0], answers[0]
            now, change = facts["now"], answer["next"]
            if change is not None and change <= now:
                return [facts], f"next change {change} is not after {now}"
            end = now + 10**9 if change is None else change
            times = sorted({now, now + 1, (now + end) // 2, end - 1} - {end})
            later = self.ask(document, [[dict(facts, now=t) for t in times]])[0]
            for t, other in zip(times, later):
                if verdict(other) != verdict(answer) or other["next"] != change:
                    return [facts], (f"at {now}: {json.dumps(answer)}\n"
                                     f"at {t}: {json.dumps(other)}, before the next change")
        return None

    def inserted(self, document, flows, rng):
        before = self.ask(document, flows)
        for kind in ({"enabled": False}, {"shadow": True}):
            rule = {"id": "inserted", "action": rng.choice(["allow", "block"]), "reason": "INSERTED",
                    "match": {"border": ["home", "cross", "unknown"]}, **kind}
            rules = list(document["rules"])
            rules.insert(rng.randint(0, len(rules)), rule)
            after = self.ask(dict(document, rules=rules), flows)
            for flow, old, new in zip(flows, before, after):
                for facts, a, b in zip(flow, old, new):
                    if b["shadow"] == "inserted" and "shadow" in kind:
                        b = dict(b, shadow=a["shadow"])
                    if a != b:
                        return [facts], f"with {kind}\nbefore: {json.dumps(a)}\nafter:  {json.dumps(b)}"
        return None

    def explained(self, document, flows, _):
        model = self.model(document, self.driver.names)
        asked = [[dict(facts, explain=True) for facts in flow] for flow in flows]
        for flow, answers in zip(flows, self.ask(document, asked)):
            for facts, answer in zip(flow, answers):
                expected = model.explain(facts)
                self.stats.seen["explained"] += 1
                if answer != expected:
                    return [facts], difference(answer, expected)
        return None

    def dead(self, document, flows, _):
        times = [None, sorted(flow[0]["now"] for flow in flows)[len(flows) // 2]]
        answers = self.ask(document, flows)
        for since in times:
            findings = self.driver.lint(document, since)
            self.stats.seen["rules held to be dead"] += len(dead_rules(findings))
            self.stats.seen["rules that lint saw"] += len(document["rules"])
            for flow, answer in zip(flows, answers):
                found = hit(findings, document, flow, answer, since)
                if found:
                    return [found[0]], found[1]
        return None

    def windows(self, document, flows, _):
        """Here a flow's facts are only times."""
        zone = self.zones[document["meta"]["timezone"]]
        for flow, answers in zip(flows, self.ask(document, flows)):
            for facts, answer in zip(flow, answers):
                for kind in ("hour", "day", "month"):
                    expected = window(zone, kind, facts["now"])
                    if answer[kind] != expected:
                        return [facts], f"{kind}: engine {answer[kind]}, model {expected}"
        return None


class Stats:
    def __init__(self):
        self.cases = 0
        self.seen = collections.Counter()
        self.positions = collections.Counter()

    def count(self, document, facts, verdict):
        self.cases += 1
        self.seen["state " + verdict["state"]] += 1
        self.seen["final" if facts["final"] else "not final"] += 1
        self.seen["expired"] += verdict["expired"]
        self.seen["shadow hit"] += verdict["shadow"] is not None
        self.seen["limit held"] += bool(verdict["limits"])
        self.seen["unlisted"] += verdict["tenant"] == "_unlisted"
        if verdict["rule"] == "_default":
            self.seen["defaults decided"] += 1
        elif verdict["rule"]:
            self.seen["a rule decided"] += 1
            rule = next(r for r in document["rules"] if r["id"] == verdict["rule"])
            self.positions[document["rules"].index(rule)] += 1
            for field in rule["match"]:
                self.seen["decided with " + field] += 1

    def print(self):
        for what, n in sorted(self.seen.items()):
            print(f"  {what:28}{n:8} {100 * n / self.cases:5.1f} %")
        deep = sum(n for i, n in self.positions.items() if i >= 10)
        print(f"  rules at {len(self.positions)} positions decided; {deep} times beyond the tenth, "
              f"furthest {max(self.positions)}")

    def narrow(self):
        """What was hit too seldom for the run to say much."""
        least = {key: 0.005 for key in self.seen if key.startswith("decided with ")}
        least.update({"state decided": 0.2, "state agreed": 0.05, "state undecided": 0.05, "expired": 0.01,
                      "shadow hit": 0.02, "limit held": 0.05, "defaults decided": 0.1, "unlisted": 0.05,
                      "explained": 0.01, "rules held to be dead": 0.01,
                      "a rule decided": 0.3})
        rare = [key for key, share in least.items() if self.seen[key] < share * self.cases]
        fields = sum(key.startswith("decided with ") for key in self.seen)
        if fields != 14:
            rare.append(f"only {fields} of 14 match fields decided")
        if len(self.positions) < 40:
            rare.append(f"rules at only {len(self.positions)} positions decided")
        return rare


def fails(check, document, flow, seed):
    """For shrinking: bad documents (a name gone that is still used) do not count."""
    try:
        return check(document, [flow], random.Random(seed)) is not None
    except (Refused, RuntimeError, KeyError, IndexError, TypeError, ValueError, AttributeError):
        return False


def report(check, document, flow, seed, arguments, number):
    document, flow = shrink(document, flow, lambda d, f: fails(check, d, f, seed))
    found = check(document, [flow], random.Random(seed))
    # Where a check draws, a small policy may pass it alone; then the whole case is told.
    why = found[1] if found else "only with the policy's other flows; see --only"
    fd, path = tempfile.mkstemp(prefix=f"policy-case-{check.__name__}-", suffix=".json")
    with os.fdopen(fd, "w", encoding="utf-8") as f:
        json.dump({"check": check.__name__, "seed": seed, "policy": document, "flow": flow}, f, indent=1)
    print(f"check {check.__name__} fails\npolicy: {json.dumps(document, indent=1)}")
    for facts in flow:
        print(f"facts:  {json.dumps(facts)}")
    print(why)
    again = f"{sys.executable} {os.path.abspath(__file__)} --driver {os.path.abspath(arguments.driver)}"
    print(f"again:  {again} --replay {path}")
    if number is not None:
        print(f"        {again} --seed {arguments.seed} --only {number}")


def one_policy(checks, seed, number):
    """Makes a policy and does the checks on it. The failing check, policy, flow, or None."""
    rng = random.Random(f"{seed}/{number}")
    maker = Maker(rng, checks.driver.names)
    # Now and then as many rules as there may be (one more is inserted), with few flows, as the model is slow.
    large = number % 100 == 50
    document = maker.policy(4095 if large else None)
    flows = [maker.flow(document) for _ in range(10 if large else FLOWS)]
    inner = f"{seed}/{number}/check"
    copies = with_copies(maker, document) if number % 4 == 2 and not large else None
    aimed = [maker.flow(copies) for _ in range(60)] if copies else []
    times = [rng.choice(CLOCK_CHANGES) + rng.randrange(-7200, 7200) for _ in range(6)]
    times += [rng.randrange(10**9, 3 * 10**9) for _ in range(4)]
    # The slower checks get fewer flows.
    if aimed:
        found = checks.dead(copies, aimed, None)
        if found:
            return checks.dead, copies, found[0], inner
    for check, part in ((checks.agree, flows), (checks.monotone, flows), (checks.waits, flows[:2]),
                        (checks.inserted, flows[:5]),
                        (checks.explained, flows[:8] if number % 4 == 0 else []),
                        (checks.windows, [[{"now": t}] for t in times] if number % 4 == 0 else [])):
        if not part:
            continue
        found = check(document, part, random.Random(inner))
        if found:
            return check, document, found[0], inner
    return None


def replay(checks, arguments):
    with open(arguments.replay, encoding="utf-8") as f:
        case = json.load(f)
    found = getattr(checks, case["check"])(case["policy"], [case["flow"]], random.Random(case["seed"]))
    print(found[1] if found else "good")
    return 1 if found else 0


def run(driver, arguments):
    checks = Checks(driver)
    if arguments.replay:
        return replay(checks, arguments)
    start = time.monotonic()
    number = arguments.only or 0
    while checks.stats.cases < arguments.cases:
        failed = one_policy(checks, arguments.seed, number)
        if failed:
            report(*failed, arguments, number)
            return 1
        if arguments.only is not None:
            print("good")
            return 0
        number += 1
    print(f"{checks.stats.cases} cases of {number} policies agree, seed {arguments.seed}, "
          f"{time.monotonic() - start:.0f} s")
    checks.stats.print()
    narrow = checks.stats.narrow()
    for what in narrow:
        print(f"too seldom: {what}")
    return 1 if narrow else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=100000)
    parser.add_argument("--only", type=int)
    parser.add_argument("--replay")
    arguments = parser.parse_args()
    try:
        with Driver(arguments.driver) as driver:
            return run(driver, arguments)
    except (Refused, RuntimeError, OSError) as e:
        print(e, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
