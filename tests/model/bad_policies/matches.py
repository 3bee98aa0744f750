# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What is wrong with matches."""

MATCH = "/rules/5/match"


def given(field, value):
    """The last rule matches by this alone."""
    return {MATCH: {field: value}}


CASES = [
    ("a match of nothing", {MATCH: {}}, (MATCH, "at least one condition")),
    ("a match that is an array", {MATCH: []}, (MATCH, "object such border")),
    ("unknown key in a match", given("tenant", ["lab"]), (MATCH + "/tenant", "unknown tenants")),
    ("unknown key in a limit's match", {"/limits/0/match/dport": ["443"]},
     ("/limits/0/match/dport", "unknown dports")),
    ("a tenant that is none", given("tenants", ["lap"]), (MATCH + "/tenants/0", "unknown tenant lab")),
    ("a tenant where a list belongs", given("tenants", "lab"), (MATCH + "/tenants", 'list string write ["lab"]')),
    ("an AS where a list belongs", given("asns", 64496), (MATCH + "/asns", "list write [64496]")),
    ("unknown key without a near one", given("colour", ["red"]), (MATCH + "/colour", "unknown allowed countries")),
    ("no tenants", given("tenants", []), (MATCH + "/tenants", "empty")),
    ("a tenant twice in a match", given("tenants", ["lab", "lab"]), (MATCH + "/tenants/1", "twice")),
    ("an initiator that is none", given("initiator", "both"), (MATCH + "/initiator", "inside outside")),
    ("an initiator in a list", given("initiator", ["inside"]), (MATCH + "/initiator", "string")),
    ("a border that is none", given("border", ["abroad"]), (MATCH + "/border/0", "home cross unknown")),
    ("a country that no one has", given("countries", ["UK"]), (MATCH + "/countries/0", "country UK GB")),
    ("a country in lower case", given("countries", ["de"]), (MATCH + "/countries/0", "country DE")),
    ("a group that is none", given("jurisdictions", ["neer"]), (MATCH + "/jurisdictions/0", "neer near")),
    ("a source with host bits", given("src", ["10.20.9.0/22"]),
     (MATCH + "/src/0", "bits mean 10.20.8.0/22")),
    ("a source of IPv4 as IPv6", given("src", ["::ffff:10.0.0.0/104"]),
     (MATCH + "/src/0", "IPv4 write 10.0.0.0/8", "warning")),
    ("a destination of IPv4 as IPv6", given("dst", ["203.0.113.0/24", "::ffff:203.0.113.7/128"]),
     (MATCH + "/dst/1", "IPv4 write 203.0.113.7/32", "warning")),
    ("a destination without length", given("dst", ["203.0.113.7"]), (MATCH + "/dst/0", "203.0.113.7 /32")),
    ("a destination twice", given("dst", ["203.0.113.0/24", "203.0.113.0/24"]),
     (MATCH + "/dst/1", "twice")),
    ("a destination within another", given("dst", ["203.0.113.0/24", "203.0.113.64/26"]),
     (MATCH + "/dst/1", "within 203.0.113.0/24")),
    ("a protocol that is none", given("protos", ["http"]), (MATCH + "/protos/0", "tcp udp")),
    ("a protocol by its number", given("protos", [6]), (MATCH + "/protos/0", 'string such "tcp"')),
    ("ports reversed", given("dports", ["8100-8000"]), (MATCH + "/dports/0", "8100-8000 before")),
    ("a port past the last", given("dports", ["65536"]), (MATCH + "/dports/0", "65535")),
    ("a range past the last", given("dports", ["65000-70000"]), (MATCH + "/dports/0", "65535")),
    ("a port that is a number", given("dports", [443]), (MATCH + "/dports/0", 'string write "443"')),
    ("a port by its name", given("dports", ["https"]), (MATCH + "/dports/0", "port")),
    ("a port below 0", given("sports", ["-1"]), (MATCH + "/sports/0", "port")),
    ("a range without an end", given("sports", ["1024-"]), (MATCH + "/sports/0", "port")),
    ("ports with a blank", given("sports", ["1024 - 2048"]), (MATCH + "/sports/0", "port")),
    ("applications by their own names", given("apps", ["Alder"]),
     (MATCH + "/apps/0", "unknown Alder group")),
    ("a group of applications misspelt", given("apps", ["tree"]),
     (MATCH + "/apps/0", "unknown tree trees")),
    ("a host that is a URL", given("hosts", ["https://example.org/"]), (MATCH + "/hosts/0", "host")),
    ("a star within a host", given("hosts", ["www.*.org"]), (MATCH + "/hosts/0", "host")),
    ("a star alone", given("hosts", ["*"]), (MATCH + "/hosts/0", "host")),
    ("a host that is empty", given("hosts", [""]), (MATCH + "/hosts/0", "")),
    ("a host too long", given("hosts", ["a." * 127]), (MATCH + "/hosts/0", "")),
    ("a risk misspelt", given("risks", ["Rouge Wave"]), (MATCH + "/risks/0", "unknown risk Rogue Wave")),
    ("AS 0", given("asns", [0]), (MATCH + "/asns/0", "1")),
    ("an AS past 32 bits", given("asns", [4294967296]), (MATCH + "/asns/0", "4294967295")),
    ("an AS as text", given("asns", ["AS64496"]), (MATCH + "/asns/0", "whole number such 64496")),
    ("rules in a rule", given("rules", ["core"]), (MATCH + "/rules", "limit")),
    ("many mistakes in one match", given("ports", ["1"]) | {
        "/rules/0/match/tenants/0": "lob", "/rules/1/match/dports/1": "9-1", "/rules/2/match/countries/1": "USA",
        "/rules/3/match/asns/0": 1.5, "/rules/4/match/src/0": "10.20.8.0"},
     (MATCH + "/ports", "unknown"), ("/rules/0/match/tenants/0", "lob lab"),
     ("/rules/1/match/dports/1", "9-1 before"),
     ("/rules/2/match/countries/1", "USA"), ("/rules/3/match/asns/0", "whole number"),
     ("/rules/4/match/src/0", "10.20.8.0")),
]
