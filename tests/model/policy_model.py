# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What an egress-policy/1 document means: slow, obvious, and written from the design alone.

A second opinion on the policy engine. It shares no code and no data structure with it: every rule is
held against every flow, one condition after another, as a person would do it with a pencil. It expects
a document that is valid; telling what is not is not its business.

    policy = Policy(document, names)
    verdict = policy.evaluate(facts)

names: {"apps": {name: id}, "categories": {name: id}, "risks": {name: id}}.

facts: what is known of a flow, a dict
    now                seconds since 1970 UTC
    inside, remote     addresses as text
    vlan, vni          0 and None: none
    proto, sport, dport, initiator ("inside" or "outside": which end opened the flow)
    cc                 the country database's answer, "XX" where it has none
    asn                0: unknown
    final              classification has ended
    conf               None, "port", "ip", "cache", "dpi"
    app, master, cat   the classifier's ids, 0: unknown
    risks              list of ids
    host               name seen, or None

A verdict has: tenant, covered (whether a prefix of any tenant has the inside end), cc, border, state
(decided, agreed, undecided), action, severity, rule, reason, shadow, expired, next (the next second at
which it may change, None: never), limits (ids of those that hold).
"""
import datetime
import functools
import ipaddress

TRUE, FALSE, PENDING = "true", "false", "pending"
CONFIDENCE = [None, "port", "ip", "cache", "dpi"]  # in rising trust
ACTIONS = ["allow", "flag", "block"]  # in rising order
PORTS_OF = [6, 17, 132]  # protocols that have ports; ICMP's type and code are none
PROTOS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "icmp6": 58, "sctp": 132}


@functools.cache
def seconds(text):
    """Seconds since 1970 UTC of a date and time with its offset (RFC 3339)."""
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


@functools.lru_cache(10000)
def address_of(text):
    return ipaddress.ip_address(text)


def truth(yes):
    return TRUE if yes else FALSE


def all_of(values):
    """AND of three-valued logic; those behind the first that is false are not asked for."""
    all_known = True
    for value in values:
        if value == FALSE:
            return FALSE
        all_known = all_known and value == TRUE
    return TRUE if all_known else PENDING


def any_prefix(prefixes, address):
    return any(address in prefix for prefix in prefixes)


def any_port(ranges, port):
    for text in ranges:
        low, _, high = text.partition("-")
        if int(low) <= port <= int(high or low):
            return True
    return False


def plain_host(name):
    """Names of hosts compare without case; a dot at the end only says that the name is whole."""
    name = name.lower()
    return name[:-1] if name.endswith(".") else name


def any_host(patterns, host):
    host = plain_host(host)
    for pattern in patterns:
        pattern = plain_host(pattern)
        if pattern.startswith("*."):
            # A name below the suffix, at any depth; not the suffix itself.
            if host.endswith(pattern[1:]):
                return True
        elif host == pattern:
            return True
    return False


class Policy:
    def __init__(self, document, names):
        self.document = document
        self.names = names
        self.defaults = document["defaults"]
        self.rules = document["rules"]
        self.expires = seconds(document["meta"]["expires"])
        self.networks = {}  # text of a prefix: network, so that each is read once

    def network(self, text):
        if text not in self.networks:
            self.networks[text] = ipaddress.ip_network(text)
        return self.networks[text]

    # ---- where a flow belongs

    def tenant(self, inside, vlan, vni):
        """Of the tenants whose VLANs or VNIs hold, that of the longest prefix. Where two have it, one
        that names the VLAN goes before one that names the VNI, and both before one without tags."""
        address = address_of(inside)
        best, best_rank = "_unlisted", (-2, 0)
        for name, tenant in self.document["tenants"].items():
            if vlan in tenant.get("vlans", []):
                tag = 2
            elif vni in tenant.get("vnis", []):
                tag = 1
            elif "vlans" in tenant or "vnis" in tenant:
                continue
            else:
                tag = 0
            # Without prefixes the tag alone makes the tenant, after any that has a prefix.
            lengths = [] if "prefixes" in tenant else [-1]
            for text in tenant.get("prefixes", []):
                if address in self.network(text):
                    lengths.append(self.network(text).prefixlen)
            if lengths and (max(lengths), tag) > best_rank:
                best, best_rank = name, (max(lengths), tag)
        return best

    def covered(self, inside):
        """Whether any tenant's prefix has the address, whatever its tags."""
        address = address_of(inside)
        return any(address in self.network(text) for tenant in self.document["tenants"].values()
                   for text in tenant.get("prefixes", []))

    def country(self, remote, database):
        """The override of the longest prefix, else the database's answer."""
        address = address_of(remote)
        best, best_length = database, -1
        for override in self.document.get("geo", {}).get("overrides", []):
            network = self.network(override["prefix"])
            if address in network and network.prefixlen > best_length:
                best, best_length = override["country"], network.prefixlen
        return best

    def border(self, cc):
        if cc == "XX":
            return "unknown"
        return "home" if cc in self.document["home"] else "cross"

    # ---- conditions, each true, false or pending

    def label(self, facts):
        """Application, master and category; below the confidence asked for they are Unknown."""
        asked = CONFIDENCE.index(self.defaults["min_confidence"])
        if CONFIDENCE.index(facts["conf"]) < asked:
            return 0, 0, 0
        return facts["app"], facts["master"], facts["cat"]

    def apps(self, groups, facts):
        if not facts["final"]:
            return PENDING
        app, master, category = self.label(facts)
        for name in groups:
            group = self.document["apps"][name]
            wanted = [self.names["apps"][a] for a in group.get("apps", [])]
            # No master protocol is the absence of one, not the application "Unknown".
            if app in wanted or (master != 0 and master in wanted):
                return TRUE
            if category in [self.names["categories"][c] for c in group.get("categories", [])]:
                return TRUE
        return FALSE

    def hosts(self, patterns, facts):
        if facts["host"] is None:
            return FALSE if facts["final"] else PENDING
        return truth(any_host(patterns, facts["host"]))

    def risks(self, names, facts):
        if any(self.names["risks"][name] in facts["risks"] for name in names):
            return TRUE
        return FALSE if facts["final"] else PENDING

    def condition(self, field, values, facts, where):
        inside, remote = where["inside"], where["remote"]
        if field == "tenants":
            return truth(where["tenant"] in values)
        if field == "initiator":
            return truth(facts["initiator"] == values)
        if field == "border":
            return truth(where["border"] in values)
        if field == "countries":
            return truth(where["cc"] in values)
        if field == "jurisdictions":
            groups = self.document.get("jurisdictions", {})
            return truth(where["cc"] != "XX" and
                         any(where["cc"] in groups[name]["countries"] for name in values))
        if field == "src":
            return truth(any_prefix(map(self.network, values), inside))
        if field == "dst":
            return truth(any_prefix(map(self.network, values), remote))
        if field == "protos":
            return truth(facts["proto"] in [PROTOS[name] for name in values])
        if field == "sports":
            return truth(facts["proto"] in PORTS_OF and any_port(values, facts["sport"]))
        if field == "dports":
            return truth(facts["proto"] in PORTS_OF and any_port(values, facts["dport"]))
        if field == "asns":
            return truth(facts["asn"] in values)
        if field == "apps":
            return self.apps(values, facts)
        if field == "hosts":
            return self.hosts(values, facts)
        if field == "risks":
            return self.risks(values, facts)
        if field == "rules":  # limits only
            return PENDING if where["rule"] == PENDING else truth(where["rule"] in values)
        raise KeyError(field)

    def conditions(self, match, facts, where):
        """Each field of a match and what it comes to."""
        return {field: self.condition(field, values, facts, where) for field, values in match.items()}

    def holds(self, match, facts, where):
        return all_of(self.condition(field, values, facts, where) for field, values in match.items())

    def where(self, facts):
        """What follows from the addresses and the tags."""
        cc = self.country(facts["remote"], facts["cc"])
        return {"tenant": self.tenant(facts["inside"], facts["vlan"], facts["vni"]),
                "cc": cc, "border": self.border(cc),
                "inside": address_of(facts["inside"]),
                "remote": address_of(facts["remote"])}

    # ---- rules

    @staticmethod
    def active(rule, now):
        if not rule.get("enabled", True):
            return False
        if "valid_from" in rule and now < seconds(rule["valid_from"]):
            return False
        return "valid_to" not in rule or now <= seconds(rule["valid_to"])

    def default_rule(self):
        return {"id": "_default", **{key: self.defaults[key] for key in ("action", "reason", "severity")
                                     if key in self.defaults}}

    def walk(self, facts, where):
        """Down to the first true rule: it, the pending ones above, the first true shadow rule above."""
        candidates, shadow = [], None
        for rule in self.rules:
            if not self.active(rule, facts["now"]):
                continue
            value = self.holds(rule["match"], facts, where)
            if rule.get("shadow", False):
                if value == TRUE and shadow is None:
                    shadow = rule["id"]
            elif value == TRUE:
                return rule, candidates, shadow
            elif value == PENDING:
                candidates.append(rule)
        return self.default_rule(), candidates, shadow

    def decide(self, facts, where):
        """The verdict while the policy is in its time."""
        rule, candidates, shadow = self.walk(facts, where)
        blocks = {r["action"] == "block" for r in candidates + [rule]}
        if len(blocks) == 2:
            pending = {"pass": "allow", "block": "block"}[self.defaults["pending"]["action"]]
            return {"state": "undecided", "action": pending, "severity": None, "rule": None,
                    "reason": None, "shadow": shadow, "expired": False}
        return {"state": "agreed" if candidates else "decided", "action": rule["action"],
                "severity": rule.get("severity"), "rule": rule["id"], "reason": rule["reason"],
                "shadow": shadow, "expired": False}

    def decide_expired(self, facts, where):
        on_expiry = self.defaults["on_expiry"]
        if on_expiry == "block":
            return {"state": "decided", "action": "block", "severity": None, "rule": None,
                    "reason": "POLICY_EXPIRED", "shadow": None, "expired": True}
        if on_expiry == "default_only":
            rule = self.default_rule()
            return {"state": "decided", "action": rule["action"], "severity": rule.get("severity"),
                    "rule": "_default", "reason": "POLICY_EXPIRED", "shadow": None, "expired": True}
        # keep_and_flag: the rules go on, but nothing passes without a flag.
        verdict = self.decide(facts, where)
        if verdict["state"] != "undecided" and verdict["action"] == "allow":
            verdict.update(action="flag", reason="POLICY_EXPIRED", expired=True)
        return verdict

    def limits(self, facts, where, rule):
        """Limits that hold for a flow on which this rule decided."""
        where = dict(where, rule=rule)
        return [limit["id"] for limit in self.document.get("limits", [])
                if self.holds(limit["match"], facts, where) == TRUE]

    def explain(self, facts):
        """Every rule and limit, condition by condition, and which part each rule has in the verdict."""
        where, verdict = self.where(facts), self.evaluate(facts)
        gone = facts["now"] >= self.expires and self.defaults["on_expiry"] != "keep_and_flag"
        rules, reached = [], True
        for rule in self.rules:
            conditions = self.conditions(rule["match"], facts, where)
            value = all_of(conditions.values())
            if gone or not self.active(rule, facts["now"]):
                part = "off"
            elif not reached:
                part = "not reached"
            elif value == FALSE:
                part = "no"
            elif rule.get("shadow", False):
                part = "shadow hit" if value == TRUE else "shadow pending"
            else:
                part = "holds" if value == TRUE else "candidate"
                reached = value != TRUE
            rules.append({"is": value, "conditions": conditions, "part": part})
        where["rule"] = PENDING if verdict["state"] == "undecided" else verdict["rule"]
        limits = []
        for limit in self.document.get("limits", []):
            conditions = self.conditions(limit["match"], facts, where)
            limits.append({"is": all_of(conditions.values()), "conditions": conditions, "part": None})
        return {"tenant": where["tenant"], "border": where["border"], "rule": verdict["rule"], "rules": rules,
                "limits": limits, "held": verdict["limits"], "differs": None}

    def next_change(self, now):
        """The next second at which a rule starts, has ended, or the policy has expired."""
        moments = [self.expires]
        for rule in self.rules:
            if rule.get("enabled", True):
                if "valid_from" in rule:
                    moments.append(seconds(rule["valid_from"]))
                if "valid_to" in rule:
                    moments.append(seconds(rule["valid_to"]) + 1)
        return min((m for m in moments if m > now), default=None)

    def evaluate(self, facts):
        where = self.where(facts)
        if facts["now"] >= self.expires:
            verdict = self.decide_expired(facts, where)
        else:
            verdict = self.decide(facts, where)
        verdict.update(tenant=where["tenant"], covered=self.covered(facts["inside"]),
                       cc=where["cc"], border=where["border"],
                       next=self.next_change(facts["now"]), limits=[])
        if verdict["rule"] is not None:
            verdict["limits"] = self.limits(facts, where, verdict["rule"])
        return verdict
