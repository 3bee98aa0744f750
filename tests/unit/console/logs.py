# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""A made-up flow log, and what a report on it must say.

Flows live by themselves: their true counters grow, and records are written of them as a gateway
does (update: since the update before; decision: so far; end: whole life). What is expected comes from
the true counters at the moments of the records, not from the records' numbers.
"""
import json
import random
from collections import defaultdict

T = 1795510800000000  # 2026-11-24T09:00:00Z
HOUR = 3600 * 1000000
COUNTRIES = ["US", "DE", "JP", "SG", "CN", "XX", "HK", "TW", "BR", "FR", "GB", "AU"]
TENANTS = ["auto-oem", "cro-lab", "fund-desk", "important-zone", "_unlisted"]
APPS = ["TLS", "QUIC", "SSH", "DNS", "HTTP", "BitTorrent", "GitHub", "Zoom"]
RULES = {
    "allow": [("gdl-auto", "GENERAL_DATA_LIST", None, ["GDL-AUTO-AFTERSALES"]),
              ("domestic", "DOMESTIC", None, None)],
    "flag": [("bulk-flag", "BULK_TOOL", "high", None), ("_default", "NO_RULE", "medium", None)],
    "block": [("core-no-export", "CORE_DATA_ZONE", "critical", None),
              ("p2p-block", "PROHIBITED_APP", "high", ["ASSESS-EXAMPLE-7", "CPTPP-14.11"])],
}
ORDER = ["v", "ev", "gw", "seq", "fid", "t0", "t1", "src", "sport", "dst", "dport", "proto", "init", "tn",
         "app", "cat", "conf", "host", "hsrc", "cc", "ccs", "border", "act", "rule", "reason", "sev",
         "basis", "limit", "pol", "ob", "rb", "op", "rp", "db", "dp", "pb", "pp", "dpkt", "end"]
COUNTERS = ["ob", "rb", "db", "pb"]


def line(record):
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"


def ordered(r):
    return {k: r[k] for k in ORDER if r.get(k) is not None}


class Flow:
    def __init__(self, rng, number, act):
        rule, reason, sev, basis = rng.choice(RULES[act])
        cc = rng.choice(COUNTRIES)
        self.who = {"fid": f"{number:016x}", "t0": T + rng.randrange(24 * HOUR), "src": f"10.20.8.{number % 250 + 1}",
                    "sport": 1024 + number % 60000, "dst": f"198.51.100.{number % 250 + 1}", "dport": 443,
                    "proto": 6, "init": "inside", "tn": rng.choice(TENANTS), "app": rng.choice(APPS),
                    "cat": "Web", "conf": "dpi", "host": f"h{number}.example", "hsrc": "sni", "cc": cc,
                    "ccs": "none" if cc == "XX" else "db",
                    "border": {"CN": "home", "XX": "unknown"}.get(cc, "cross"), "pol": 7}
        self.verdict(act, rule, reason, sev, basis)
        self.true = dict.fromkeys(COUNTERS, 0)
        self.updated = dict.fromkeys(COUNTERS, 0)
        self.seen = dict.fromkeys(COUNTERS, 0)

    def verdict(self, act, rule, reason, sev, basis):
        self.who.update(act=act, rule=rule, reason=reason, sev=sev, basis=basis)

    def grow(self, rng, scale):
        self.true["ob"] += rng.randrange(scale)
        self.true["rb"] += rng.randrange(scale * 3)
        if self.who["act"] == "block":
            self.true["db"] += rng.randrange(scale)

    def record(self, ev, t1, end=None):
        counts = dict(self.true)
        if ev == "update":
            counts = {k: self.true[k] - self.updated[k] for k in COUNTERS}
            self.updated = dict(self.true)
        return ordered({"v": 1, "ev": ev, "gw": "gw-a1", "seq": 0, **self.who, "t1": t1, **counts, "op": 1,
                        "rp": 1, "dp": 1 if counts["db"] else 0, "pp": 1 if counts["pb"] else 0, "end": end})


class Log:
    """records in the order of their moments; events: (t1, flow, act before, bytes since, record)."""

    def __init__(self, seed, flows):
        self.rng, self.events = random.Random(seed), []
        for number in range(1, flows + 1):
            self.live(number)
        self.events.sort(key=lambda e: e[0])

    def put(self, flow, ev, t1, end=None, act=None):
        since = {k: flow.true[k] - flow.seen[k] for k in COUNTERS}
        flow.seen = dict(flow.true)
        self.events.append((t1, flow, act or flow.who["act"], since, flow.record(ev, t1, end)))

    def live(self, number):
        rng = self.rng
        flow = Flow(rng, number, rng.choices(["allow", "flag", "block"], [8, 3, 1])[0])
        t, scale = flow.who["t0"], 10 ** rng.randrange(3, 8)
        flow.true["ob"] = flow.true["pb"] = rng.choice([0, 0, 1500])
        if flow.who["act"] != "allow":
            self.put(flow, "decision", t)
        for _ in range(rng.choice([0, 0, 0, 1, 5, 40])):
            t += 60 * 1000000
            flow.grow(rng, scale)
            if rng.random() < 0.1:
                before = flow.who["act"]
                act = rng.choice(["allow", "flag", "block"])
                flow.verdict(act, *rng.choice(RULES[act]))
                self.put(flow, "decision", t - 1000000, act=before)
                flow.grow(rng, scale)
            self.put(flow, "update", t)
        if rng.random() < 0.95:  # the others are still running
            flow.grow(rng, scale)
            self.put(flow, "end", t + 1000000, end="fin")

    def lines(self):
        out = [{"v": 1, "ev": "start", "gw": "gw-a1", "seq": 1, "t0": T, "t1": T, "ver": "0.1.0", "mode": "inline",
                "dpi": "nDPI 4.2.0", "dbs": ["/usr/share/tor/geoip sha256:00 built:1795507200", "/usr/share/tor/geoip6 sha256:11 built:1795507200"]},
               {"v": 1, "ev": "policy", "gw": "gw-a1", "seq": 2, "t0": T, "t1": T, "how": "boot",
                "outcome": "published", "id": "demo-park-egress", "pol": 7, "epoch": 1, "sha256": "00" * 32},
               {"v": 1, "ev": "policy", "gw": "gw-a1", "seq": 3, "t0": T + HOUR, "t1": T + HOUR, "how": "push",
                "who": "uid:1000", "outcome": "refused", "sha256": "11" * 32,
                "detail": "policy.json:3:1: /rules: <b>unknown</b> key"},
               {"v": 1, "ev": "gap", "gw": "gw-a1", "seq": 7, "t0": T + HOUR, "t1": T + HOUR, "cause": "ring_full",
                "lost": 3, "from": 4, "to": 6}]
        seq = 7
        for event in self.events:
            seq += 1
            event[4]["seq"] = seq
            out.append(event[4])
        return "".join(map(line, out))

    def expected(self, since=None, until=None):
        """What a report of [since, until) must say: sums by kind and key, and flows."""
        sums = defaultdict(lambda: defaultdict(int))
        last, known = {}, set()
        for t1, flow, act, bytes_since, record in self.events:
            if (since is not None and t1 < since) or (until is not None and t1 >= until):
                known.add(flow)
                continue
            # Nobody can know what the verdict was before a flow's first record.
            act = act if flow in known else record["act"]
            known.add(flow)
            for kind, key in (("all", ""), ("cc", record["cc"]), ("tn", record["tn"]), ("app", record["app"])):
                s = sums[kind, key]
                s["out"] += bytes_since["ob"]
                s["out_" + act] += bytes_since["ob"]
                s["in"] += bytes_since["rb"]
                s["stopped"] += bytes_since["db"]
                s["before"] += bytes_since["pb"]
            last[flow] = record["act"]
        for flow, act in last.items():
            for kind, key in (("all", ""), ("cc", flow.who["cc"]), ("tn", flow.who["tn"]), ("app", flow.who["app"])):
                sums[kind, key]["flows"] += 1
                sums[kind, key]["flows_" + act] += 1
        return sums
