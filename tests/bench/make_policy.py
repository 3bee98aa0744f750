#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Writes a policy of a given size for the benchmarks.

    make_policy.py --rules N --prefixes N [--block PREFIX] > policy.json

Every dimension is used: tenants, countries, ports, applications, host names, prefixes. The flows of
the benchmarks (10.0.0.0/8 inside, 198.18.0.0/15 or anywhere outside) match no rule but the last, so
that each first packet walks all of them. --block: flows from there are blocked by the first rule.
"""
import argparse
import json

COUNTRIES = ["DE", "FR", "NL", "JP", "KR", "SG", "AU", "CA", "CH", "GB", "US", "BR"]


def rule(i):
    """One of six shapes of rules, none of which the flows of the benchmarks match."""
    match = [
        {"tenants": [f"t{i % 8}"], "countries": [COUNTRIES[i % 12]], "dports": [str(20000 + i)]},
        {"apps": ["tunnels"], "countries": [COUNTRIES[(i + 5) % 12]], "tenants": [f"t{i % 8}"]},
        {"hosts": [f"*.h{i}.example"], "tenants": [f"t{(i + 3) % 8}"]},
        {"dst": [f"192.0.2.{i % 256}/32"], "protos": ["tcp"]},
        {"src": [f"10.250.{i // 256 % 256}.{i % 256}/32"], "border": ["cross", "unknown"]},
        {"sports": [f"{1 + i % 1000}-{1 + i % 1000}"], "countries": [COUNTRIES[i % 12]],
         "initiator": "outside"},
    ][i % 6]
    action = ["allow", "flag", "block"][i % 3]
    out = {"id": f"rule-{i}", "match": match, "action": action, "reason": f"REASON_{i % 50}"}
    return out


def tenants(n):
    """Eight tenants with n prefixes in all, besides those of the traffic."""
    out = {f"t{i}": {"prefixes": []} for i in range(8)}
    for i in range(max(n, 8)):
        out[f"t{i % 8}"]["prefixes"].append(f"172.{16 + i // 65536}.{i // 256 % 256}.{i % 256}/32")
    out["bench"] = {"prefixes": ["10.0.0.0/8", "2001:db8::/32"]}
    return out


def policy(n_rules, n_prefixes, block=""):
    rules = [rule(i) for i in range(n_rules - 1)]
    if block:
        rules.insert(0, {"id": "blocked", "match": {"src": [block]}, "action": "block", "reason": "BLOCKED"})
    rules.append({"id": "last", "match": {"tenants": ["bench"]}, "action": "allow",
                  "reason": "BENCH"})
    return {
        "schema": "egress-policy/1",
        "meta": {"id": "bench", "version": 1, "issuer": "bench",
                 "not_before": "2026-01-01T00:00:00+00:00",
                 "expires": "2036-01-01T00:00:00+00:00", "timezone": "UTC", "basis": {}},
        "home": ["CN"],
        "tenants": tenants(n_prefixes),
        "apps": {"tunnels": {"categories": ["VPN"], "apps": ["Tor"]}},
        "defaults": {"action": "flag", "reason": "NO_RULE", "severity": "medium",
                     "min_confidence": "cache", "block_with": "drop",
                     "pending": {"action": "pass", "max_packets": {"tcp": 80, "udp": 24},
                                 "max_bytes_out": 16384, "max_ms": 3000},
                     "on_expiry": "keep_and_flag", "boot_without_policy": "block"},
        "rules": rules,
    }


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--rules", type=int, default=13)
    args.add_argument("--prefixes", type=int, default=8)
    args.add_argument("--block", default="")
    a = args.parse_args()
    print(json.dumps(policy(a.rules, a.prefixes, a.block), indent=1))


if __name__ == "__main__":
    main()
