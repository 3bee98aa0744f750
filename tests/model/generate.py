# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Random policies that load, and flows that hit their rules.

Everything is drawn from small pools, so that values of flows and of rules meet often, and prefixes
nest. A flow is a chain of facts: what is known of it grows until classification has ended.
"""
import datetime
import ipaddress

from policy_model import CONFIDENCE, PROTOS, seconds

COUNTRIES = ["CN", "HK", "US", "DE", "JP", "SG", "BR", "AD", "ZW"]
HOSTS = ["a.example", "b.example", "x.a.example", "y.x.a.example", "za.example", "c.test", "d.c.test",
         "example", "long-name-0123456789.of.a.c.test"]
ASNS = [1, 2, 64496, 64511, 65551, 4200000000, 4294967295]
PORTS = [0, 1, 22, 53, 80, 443, 444, 1023, 1024, 8080, 8443, 32767, 32768, 65534, 65535]
VLANS = [1, 2, 100, 4094]
VNIS = [0, 5, 70000, 16777215]
REASONS = ["R_A", "R_B", "R_C", "DOMESTIC"]
SEVERITIES = ["info", "low", "medium", "high", "critical"]
BEGIN = seconds("2026-01-01T00:00:00Z")
DAY = 86400


def some(rng, pool, most=3):
    """One to most different values."""
    return rng.sample(pool, min(len(pool), rng.randint(1, most)))


def moment(rng, t):
    """Text of a time, in one of several offsets."""
    hours, minutes = rng.choice([(0, 0), (8, 0), (-5, 0), (5, 45), (-3, -30)])
    zone = datetime.timezone(datetime.timedelta(hours=hours, minutes=minutes))
    text = datetime.datetime.fromtimestamp(t, zone).isoformat()
    return text.replace("+00:00", "Z") if rng.random() < 0.5 else text


class Maker:
    """Makes one policy and its flows."""

    def __init__(self, rng, names):
        self.rng = rng
        self.names = names
        self.inside = self.prefix_pool("10.0.0.0/8", "2001:db8:a::/48")
        self.remote = self.prefix_pool("192.0.0.0/4", "2001:db8:b::/48")
        self.moments = sorted(BEGIN + rng.randrange(100 * DAY) for _ in range(6))

    # ---- prefixes

    def prefix_pool(self, v4, v6):
        """Prefixes that often hold one another: each new one starts from one that is there."""
        pool = [ipaddress.ip_network(v4), ipaddress.ip_network(v6)]
        for _ in range(self.rng.randint(4, 12)):
            parent = self.rng.choice(pool)
            length = min(parent.max_prefixlen, parent.prefixlen + self.rng.choice([1, 2, 8, 13, 32, 96]))
            pool.append(ipaddress.ip_network((self.address_in(parent), length), strict=False))
        if self.rng.random() < 0.2:
            pool.append(ipaddress.ip_network(self.rng.choice(["0.0.0.0/0", "::/0"])))
        return sorted(set(pool), key=str)

    def address_in(self, network):
        """Often at an edge, where off-by-one mistakes live."""
        last = network.num_addresses - 1
        return network[self.rng.choice([0, last, self.rng.randint(0, last), min(1, last)])]

    def prefixes(self, pool, most=3):
        """Prefixes of which none holds another: a list where one does is refused or warned of."""
        out = []
        for net in some(self.rng, pool, most):
            if not any(net.version == o.version and net.overlaps(o) for o in out):
                out.append(net)
        return [str(net) for net in out]

    # ---- parts of a policy

    def tenants(self):
        rng, out, left = self.rng, {}, list(self.inside)
        rng.shuffle(left)
        vlans, vnis = list(VLANS), list(VNIS)
        for i in range(rng.randint(1, 8)):
            tenant = {}
            if vlans and rng.random() < 0.25:
                tenant["vlans"] = [vlans.pop() for _ in range(min(len(vlans), rng.randint(1, 2)))]
            if vnis and rng.random() < 0.2:
                tenant["vnis"] = [vnis.pop() for _ in range(min(len(vnis), rng.randint(1, 2)))]
            if tenant and rng.random() < 0.5:
                # Tagged tenants may have the addresses of others.
                tenant["prefixes"] = self.prefixes(self.inside)
            if not tenant:
                mine = self.prefixes(left)
                if not mine:
                    break
                left = [net for net in left if str(net) not in mine]
                tenant["prefixes"] = mine
            out[f"t{i}"] = tenant
        return out or {"t0": {"prefixes": ["10.0.0.0/8"]}}

    def groups(self):
        rng, out = self.rng, {}
        for i in range(rng.randint(1, 5)):
            group = {}
            if rng.random() < 0.8:
                group["apps"] = some(rng, sorted(self.names["apps"]))
            if not group or rng.random() < 0.4:
                group["categories"] = some(rng, sorted(self.names["categories"]), 2)
            out[f"g{i}"] = group
        return out

    def jurisdiction(self):
        countries = some(self.rng, COUNTRIES, 4)
        group = {"as_of": "2026-01-01", "countries": countries}
        if self.rng.random() < 0.3:
            group["partial"] = some(self.rng, countries)  # a remark, which changes nothing
        return group

    def ports(self):
        rng, out = self.rng, []
        for _ in range(rng.randint(1, 3)):
            low, high = sorted(rng.choices(PORTS, k=2))
            text = rng.choice([str(low), f"{low}-{high}", f"{high}-{high}"])
            if text not in out:
                out.append(text)
        return out

    def hosts(self):
        rng, out = self.rng, []
        for host in some(rng, HOSTS):
            if rng.random() < 0.4:
                host = "*." + host
            out.append(rng.choice([host, host, host.title()]))
        return out

    def match(self, document, fields):
        rng = self.rng
        draw = {
            "tenants": lambda: some(rng, list(document["tenants"]) + ["_unlisted"]),
            "initiator": lambda: rng.choice(["inside", "outside"]),
            "border": lambda: some(rng, ["home", "cross", "unknown"], 2),
            "countries": lambda: some(rng, COUNTRIES + ["XX"]),
            "jurisdictions": lambda: some(rng, list(document["jurisdictions"]), 2),
            "src": lambda: self.prefixes(self.inside),
            "dst": lambda: self.prefixes(self.remote),
            "protos": lambda: some(rng, list(PROTOS)),
            "sports": self.ports,
            "dports": self.ports,
            "apps": lambda: some(rng, list(document["apps"]), 2),
            "hosts": self.hosts,
            "risks": lambda: some(rng, sorted(self.names["risks"])),
            "asns": lambda: some(rng, ASNS),
        }
        chosen = rng.sample(sorted(draw), fields)
        if rng.random() < 0.3:
            chosen.append(rng.choice(["apps", "hosts", "risks"]))
        match = {field: draw[field]() for field in dict.fromkeys(chosen)}
        for field in ("src", "dst", "protos", "sports", "dports", "border"):
            if field in match and rng.random() < 0.02:
                match[field] = []  # the schema allows it: no value can hold
        return match

    def rule(self, document, i, fields):
        rng = self.rng
        rule = {"id": f"r{i}", "match": self.match(document, rng.choice(fields)),
                "action": rng.choice(["allow", "allow", "flag", "block"]), "reason": rng.choice(REASONS)}
        if rng.random() < 0.5:
            rule["severity"] = rng.choice(SEVERITIES)
        if rng.random() < 0.12:
            rule["shadow"] = True
        if rng.random() < 0.08:
            rule["enabled"] = rng.random() < 0.2
        begin, end = sorted(rng.sample(self.moments, 2))
        if rng.random() < 0.12:
            rule["valid_from"] = moment(rng, begin)
        if rng.random() < 0.12:
            rule["valid_to"] = moment(rng, end)
        return rule

    def limit(self, document, i):
        rng = self.rng
        match = self.match(document, rng.randint(0 if document["rules"] else 1, 2))
        if document["rules"] and (not match or rng.random() < 0.5):
            match["rules"] = some(rng, [r["id"] for r in document["rules"]])
        limit = {"id": f"l{i}", "match": match, "reason": "LIMIT", "then": rng.choice(["flag", "block"]),
                 "per": rng.choice(["flow", "tenant", "country", "tenant+country"]),
                 rng.choice(["bytes_out", "flows", "seconds"]): rng.randint(1, 10**6)}
        if limit["per"] != "flow":
            limit["window"] = rng.choice(["hour", "day", "month"])
        elif "flows" in limit:
            limit["bytes_out"] = limit.pop("flows")
        return limit

    def policy(self, rules=None):
        """With so many rules; None: some number."""
        rng = self.rng
        document = {
            "schema": "egress-policy/1",
            "meta": {"id": "random", "version": rng.randint(1, 4294967295), "issuer": "generate.py",
                     "not_before": moment(rng, BEGIN - 1), "timezone": rng.choice(sorted(self.names["zones"])),
                     "expires": moment(rng, rng.choice(self.moments[3:] + 4 * [BEGIN + 200 * DAY]))},
            "home": some(rng, COUNTRIES, 2),
            "jurisdictions": {f"j{i}": self.jurisdiction() for i in range(rng.randint(1, 4))},
            "geo": {"overrides": [{"prefix": str(net), "country": rng.choice(COUNTRIES + ["XX"]), "note": "n"}
                                  for net in self.remote if rng.random() < 0.3]},
            "tenants": self.tenants(),
            "apps": self.groups(),
            "defaults": {
                "action": rng.choice(["allow", "flag", "block"]), "reason": "NO_RULE",
                "min_confidence": rng.choice(CONFIDENCE[1:]),
                "pending": {"action": rng.choice(["pass", "block"]), "max_packets": {"tcp": 80, "udp": 24},
                            "max_bytes_out": 16384, "max_ms": 3000},
                "on_expiry": rng.choice(["keep_and_flag", "default_only", "block"]),
                "boot_without_policy": "block"},
        }
        if rng.random() < 0.5:
            document["defaults"]["severity"] = rng.choice(SEVERITIES)
        # Past 64 and 128 rules an engine that works by machine words has more than one.
        count = rules or rng.choice([0, 1, 2, 3, 5, 8, 12, 16, 24, 24, 40, 63, 64, 65, 66, 130])
        # Many wide rules would all be decided by the first few.
        fields = [4, 5, 6] if count > 1000 else [1, 2, 2, 3, 3, 4]
        document["rules"] = [self.rule(document, i, fields) for i in range(count)]
        document["limits"] = [self.limit(document, i) for i in range(rng.choice([0, 0, 1, 3, 65, 256]))]
        return document

    # ---- flows

    def facts(self, document):
        """A flow's first facts: values of one rule where it has them, of the pools where not."""
        rng = self.rng
        match = rng.choice(document["rules"])["match"] if document["rules"] and rng.random() < 0.9 else {}
        match = {field: values for field, values in match.items() if values and rng.random() < 0.95}
        facts = {"now": rng.choice(self.moments) + rng.choice([-1, 0, 0, 1, 2, DAY]),
                 "vlan": rng.choice([0, 0] + VLANS), "vni": rng.choice([None, None] + VNIS),
                 "proto": self.protocol(match),
                 "initiator": match.get("initiator", rng.choice(["inside", "outside"])),
                 "asn": rng.choice(match.get("asns", [0] + ASNS)),
                 "cc": self.country(document, match)}
        for key, field in (("sport", "sports"), ("dport", "dports")):
            facts[key] = self.port(match.get(field))
        inside = match.get("src")
        tenants = [document["tenants"][t] for t in match.get("tenants", []) if t != "_unlisted"]
        if tenants:
            tenant = rng.choice(tenants)
            inside = inside or tenant.get("prefixes")
            facts["vlan"] = rng.choice(tenant.get("vlans", [0]))
            facts["vni"] = rng.choice(tenant.get("vnis", [None]))
        facts["inside"] = str(self.address(inside, self.inside))
        facts["remote"] = str(self.address(match.get("dst"), self.remote))
        facts.update(final=False, conf=None, app=0, master=0, cat=0, risks=[], host=None)
        return facts, match

    def country(self, document, match):
        rng = self.rng
        if "countries" in match:
            return rng.choice(match["countries"])
        if "jurisdictions" in match:
            return rng.choice(document["jurisdictions"][rng.choice(match["jurisdictions"])]["countries"])
        if "border" in match:
            return {"home": document["home"][0], "unknown": "XX", "cross": "US"}[rng.choice(match["border"])]
        return rng.choice(COUNTRIES + ["XX"])

    def protocol(self, match):
        rng = self.rng
        if "protos" in match:
            return PROTOS[rng.choice(match["protos"])]
        if "sports" in match or "dports" in match:
            return rng.choice([6, 6, 17, 132, 1])
        return rng.choice([6, 6, 6, 17, 17, 132, 1, 58, 50, 47, 0, 33, 136, 255])

    def address(self, prefixes, pool):
        if prefixes:
            return self.address_in(ipaddress.ip_network(self.rng.choice(prefixes)))
        address = self.address_in(self.rng.choice(pool))
        if self.rng.random() < 0.1 and 0 < int(address) < 2 ** address.max_prefixlen - 1:
            address += self.rng.choice([-1, 1])
        return address

    def port(self, ranges):
        if not ranges:
            return self.rng.choice(PORTS)
        low, _, high = self.rng.choice(ranges).partition("-")
        port = self.rng.choice([int(low), int(high or low), int(low) - 1, int(high or low) + 1])
        return min(max(port, 0), 65535)

    def host(self, match):
        rng = self.rng
        host = rng.choice(match.get("hosts", HOSTS))
        if host.startswith("*"):
            host = rng.choice(["", "w", "v.w"]) + host[1:]
            host = host.lstrip(".") if rng.random() < 0.5 else host
        return rng.choice([host, host, host.upper(), host + ".", "q" + host])

    def label(self, document, match, facts):
        rng, apps, cats = self.rng, self.names["apps"], self.names["categories"]
        group = document["apps"][rng.choice(match["apps"])] if "apps" in match else {}
        facts["app"] = apps[rng.choice(group.get("apps", sorted(apps)))]
        facts["master"] = rng.choice([0, 0, 5, 91, 700])
        if rng.random() < 0.2:
            facts["app"], facts["master"] = rng.choice([0, 5, 91]), facts["app"]
        facts["cat"] = cats[rng.choice(group.get("categories", sorted(cats)))]
        facts["conf"] = rng.choice(CONFIDENCE + ["dpi", "dpi"])

    def learn(self, document, match, facts):
        """What is known one step later."""
        rng, more = self.rng, dict(facts)
        if more["host"] is None and rng.random() < 0.5:
            more["host"] = self.host(match)
        if rng.random() < 0.4:
            names = match.get("risks", sorted(self.names["risks"]))
            more["risks"] = sorted(set(more["risks"]) | {self.names["risks"][rng.choice(names)]})
        if rng.random() < 0.5:
            self.label(document, match, more)
        return more

    def flow(self, document):
        """A chain of facts about one flow, the last of them final."""
        facts, match = self.facts(document)
        chain = [facts]
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            chain.append(self.learn(document, match, chain[-1]))
        last = self.learn(document, match, chain[-1])
        if self.rng.random() < 0.8:
            self.label(document, match, last)
        last["final"] = True
        return chain + [last]
