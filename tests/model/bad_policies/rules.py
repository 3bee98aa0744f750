# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What is wrong with rules and limits, their matches apart."""
from . import GOOD, GONE

RULE = GOOD["rules"][5]
MANY = [dict(RULE, id=f"r{i}") for i in range(4097)]
LIMIT = GOOD["limits"][0]

CASES = [
    ("a rule of nothing", {"/rules/5": {}}, ("/rules/5", "id missing"), ("/rules/5", "match missing"),
     ("/rules/5", "action missing"), ("/rules/5", "reason missing")),
    ("a rule that is an array", {"/rules/5": []}, ("/rules/5", "object")),
    ("a rule's id twice", {"/rules/5/id": "woods"}, ("/rules/5/id", "woods already")),
    ("a rule's id with a blank", {"/rules/5/id": "at home"}, ("/rules/5/id", "")),
    ("a rule's id that is taken", {"/rules/5/id": "_default"}, ("/rules/5/id", "defaults")),
    ("a rule's id that is a number", {"/rules/5/id": 5}, ("/rules/5/id", "string")),
    ("unknown key in a rule", {"/rules/5/enable": True}, ("/rules/5/enable", "unknown enabled")),
    ("enabled by a number", {"/rules/5/enabled": 1}, ("/rules/5/enabled", "true false")),
    ("shadow by a word", {"/rules/5/shadow": "yes"}, ("/rules/5/shadow", "true false")),
    ("a rule's action is a list", {"/rules/5/action": ["allow"]}, ("/rules/5/action", "string list")),
    ("a rule's reason has a hyphen", {"/rules/5/reason": "AT-HOME"}, ("/rules/5/reason", "")),
    ("a basis that meta lacks", {"/rules/0/basis/0": "LAW-2"}, ("/rules/0/basis/0", "LAW-2 LAW-1")),
    ("a basis in lower case", {"/rules/0/basis/0": "law-1"}, ("/rules/0/basis/0", "law-1")),
    ("a note too long", {"/rules/5/note": "x" * 513}, ("/rules/5/note", "512")),
    ("valid to an impossible day", {"/rules/5/valid_to": "2027-06-31T00:00:00Z"},
     ("/rules/5/valid_to", "2027-06-31")),
    ("valid to before from", {"/rules/5/valid_from": "2027-01-01T00:00:00Z", "/rules/5/valid_to":
                              "2026-12-31T23:59:59Z"}, ("/rules/5/valid_to", "before begins")),
    ("capture of no packets", {"/rules/3/capture/packets": 0}, ("/rules/3/capture/packets", "1")),
    ("capture of too many packets", {"/rules/3/capture/packets": 1001},
     ("/rules/3/capture/packets", "1000")),
    ("capture without packets", {"/rules/3/capture": {"snap": 128}},
     ("/rules/3/capture", "packets missing")),
    ("capture of too few bytes", {"/rules/3/capture/snap": 63}, ("/rules/3/capture/snap", "64")),
    ("capture by a shadow rule", {"/rules/4/capture": {"packets": 5}},
     ("/rules/4/capture", "shadow", "warning")),
    ("too many rules", {"/rules": MANY, "/limits": []}, ("/rules", "4096")),

    # ---- limits
    ("a limit of nothing", {"/limits/0": {}}, ("/limits/0", "id missing"), ("/limits/0", "match missing"),
     ("/limits/0", "per missing"), ("/limits/0", "then missing"), ("/limits/0", "reason missing"),
     ("/limits/0", "bytes_out flows seconds")),
    ("a limit of no amount", {"/limits/0/bytes_out": GONE}, ("/limits/0", "bytes_out flows seconds")),
    ("a limit of 0", {"/limits/0/bytes_out": 0}, ("/limits/0/bytes_out", "1")),
    ("a limit of half a byte", {"/limits/0/bytes_out": 0.5}, ("/limits/0/bytes_out", "whole number")),
    ("a limit's id twice", {"/limits/1/id": "large"}, ("/limits/1/id", "large already")),
    ("a limit that allows", {"/limits/0/then": "allow"}, ("/limits/0/then", "flag block")),
    ("a limit per what is not counted", {"/limits/0/per": "host"}, ("/limits/0/per", "tenant")),
    ("a window per flow", {"/limits/0/window": "day"}, ("/limits/0/window", "flow")),
    ("no window per tenant", {"/limits/1/window": GONE}, ("/limits/1", "window missing")),
    ("a window that is none", {"/limits/1/window": "week"}, ("/limits/1/window", "hour day month")),
    ("a limit on no rule", {"/limits/1/match/rules/0": "wodos"},
     ("/limits/1/match/rules/0", "unknown rule woods")),
    ("a limit on a limit", {"/limits/1/match/rules/0": "large"},
     ("/limits/1/match/rules/0", "unknown rule")),
    ("unknown key in a limit", {"/limits/0/action": "flag"}, ("/limits/0/action", "unknown")),
    ("too many limits", {"/limits": [dict(LIMIT, id=f"l{i}") for i in range(257)]}, ("/limits", "256")),
]
