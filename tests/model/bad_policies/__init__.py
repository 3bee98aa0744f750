# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Bad policies and what must be said of each.

A case is (name, change, findings...). change turns the good policy below into a bad one: a dict of JSON
pointers and new values (GONE takes one away), or a function from the good policy's bytes to others, for
what only a text can get wrong. A finding is (pointer, words) or (pointer, words, "warning"): the words
must all be in what is said there, in any order, whatever their case; and nothing else may be found.
"""
import copy
import json

GONE = object()

NOW = 1795608000  # 2026-11-25T12:00:00Z

GOOD = {
    "schema": "egress-policy/1",
    "meta": {"id": "park", "version": 7, "issuer": "office", "title": "A park's egress",
             "not_before": "2026-01-01T00:00:00+08:00", "expires": "2036-01-01T00:00:00+08:00",
             "timezone": "Asia/Shanghai", "basis": {"LAW-1": "An act", "PERMIT-2": "A permit"}},
    "home": ["CN"],
    "jurisdictions": {"near": {"as_of": "2026-11-24", "countries": ["JP", "SG"], "partial": ["SG"]},
                      "far": {"as_of": "2026-11-24", "countries": ["BR", "US"]}},
    "geo": {"overrides": [{"prefix": "203.0.113.0/24", "country": "SG", "note": "contract"},
                          {"prefix": "2001:db8:77::/48", "country": "XX", "note": "anycast"}]},
    "tenants": {"oem": {"prefixes": ["10.20.8.0/22", "2001:db8:20:8::/62"]},
                "lab": {"prefixes": ["10.20.16.0/23"], "note": "ground floor"},
                "tagged": {"vlans": [100, 101], "prefixes": ["10.20.16.0/23"]}},
    "apps": {"trees": {"apps": ["Alder", "Birch"], "categories": ["Archive"]},
             "carriers": {"apps": ["Cart"]}},
    "defaults": {"action": "flag", "reason": "NO_RULE", "severity": "medium", "min_confidence": "cache",
                 "block_with": "reset",
                 "pending": {"action": "pass", "max_packets": {"tcp": 80, "udp": 24},
                             "max_bytes_out": 16384, "max_ms": 3000},
                 "on_expiry": "keep_and_flag", "boot_without_policy": "block"},
    "rules": [
        {"id": "core", "match": {"tenants": ["lab"], "border": ["cross", "unknown"]}, "action": "block",
         "reason": "CORE_DATA", "severity": "critical", "basis": ["LAW-1"]},
        {"id": "woods", "match": {"apps": ["trees"], "jurisdictions": ["near"], "dports": ["443", "8000-8100"],
                                  "dst": ["198.51.100.0/24"], "protos": ["tcp"]},
         "action": "allow", "reason": "WOODS", "valid_to": "2035-12-31T23:59:59+08:00"},
        {"id": "hosts", "match": {"hosts": ["*.example.org", "example.net"], "countries": ["DE", "US"]},
         "action": "allow", "reason": "KNOWN_HOST", "basis": ["PERMIT-2"]},
        {"id": "risky", "match": {"risks": ["Rogue Wave"], "asns": [64496], "initiator": "inside"},
         "action": "flag", "reason": "RISK", "capture": {"packets": 20}},
        {"id": "trial", "shadow": True, "match": {"apps": ["carriers"], "src": ["10.20.8.0/24"],
                                                  "sports": ["1024-65535"], "jurisdictions": ["far"]},
         "action": "allow", "reason": "TRIAL"},
        {"id": "home", "match": {"border": ["home"]}, "action": "allow", "reason": "DOMESTIC"}],
    "limits": [
        {"id": "large", "match": {"border": ["cross"]}, "per": "flow", "bytes_out": 1000000, "then": "flag",
         "reason": "LARGE"},
        {"id": "daily", "match": {"rules": ["woods", "hosts"]}, "per": "tenant+country", "window": "day",
         "bytes_out": 1000000000, "then": "block", "reason": "QUOTA", "severity": "high"}],
}


def text(document):
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def edited(edits):
    """The good policy with values put in or taken away at JSON pointers."""
    document = copy.deepcopy(GOOD)
    for pointer, value in edits.items():
        place = document
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        for key in way:
            place = place[int(key) if isinstance(place, list) else key]
        if isinstance(place, list):
            last = len(place) if last == "-" else int(last)
            if last == len(place):
                place.append(None)
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return document


def content(change):
    """The bad policy's bytes."""
    return text(edited(change)) if isinstance(change, dict) else change(text(GOOD))


def swap(old, new):
    """A change of text: one piece for another, at its first place."""
    def change(good):
        assert old in good
        return good.replace(old, new, 1)
    return change


def whole(new):
    """A change of text: something else altogether."""
    return lambda good: new
