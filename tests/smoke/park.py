# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The park of the tests: tenants inside, servers in several countries outside, the gateway between.

    inside namespace          gateway namespace           outside namespace
    tenants' addresses  p0 ---- i0 [gateway] o0 ----  p0  servers' addresses

All addresses are documentation or benchmarking prefixes (RFC 5737, RFC 3849, RFC 2544). Which tenant has
which is in demo-policy.json, which country has which in demo-countries*.txt, both in tests/golden/.
"""
import os

from check import GOLDEN
from frames import INSIDE, OUTSIDE, mac

POLICY = os.path.join(GOLDEN, "demo-policy.json")
COUNTRIES = [os.path.join(GOLDEN, "demo-countries.txt"), os.path.join(GOLDEN, "demo-countries6.txt")]

# Addresses of each tenant: IPv4, IPv6.
TENANTS = {
    "auto-oem": ("192.0.2.10", "2001:db8:20:8::10"),
    "cro-lab": ("192.0.2.40", "2001:db8:20:10::40"),
    "fund-desk": ("192.0.2.70", "2001:db8:20:18::70"),
    "important-zone": ("192.0.2.130", "2001:db8:20:c8::130"),
    "core-zone": ("192.0.2.200", "2001:db8:20:fa::200"),
    "_unlisted": ("192.0.2.100", "2001:db8:20:63::100"),
}

# And of servers in each country; XX is in no database.
SERVERS = {
    "US": ("198.51.100.10", "2001:db8:51::10"),
    "DE": ("198.51.100.140", "2001:db8:52::10"),
    "JP": ("203.0.113.10", "2001:db8:71::10"),
    "SG": ("203.0.113.140", "2001:db8:72::10"),
    "CN": ("203.0.113.200", "2001:db8:73::10"),
    "XX": ("198.19.0.10", "2001:db8:ff::10"),
}


def _address(ns, side, addresses):
    ns.ip("link", "set", "p0", "address", mac(side, 1))
    for v4, v6 in addresses.values():
        ns.ip("addr", "add", f"{v4}/32", "dev", "p0")
        ns.ip("-6", "addr", "add", f"{v6}/128", "dev", "p0", "nodad")
    ns.ip("route", "add", "default", "dev", "p0")
    # Routers have link-local addresses: what a tenant asks of its neighbours stays on the link.
    ns.ip("-6", "addr", "add", f"fe80::{side}/64", "dev", "p0", "nodad")
    ns.ip("-6", "route", "add", "default", "via", f"fe80::{3 - side}", "dev", "p0")


class Wire:
    """One wire: namespaces of the two ends and names of the gateway's two interfaces."""

    def __init__(self, lab, gateway, number=0, mtu=1500):
        self.gateway = gateway
        self.number = number
        self.inside = lab.namespace(f"in{number}")
        self.outside = lab.namespace(f"out{number}")
        self.in_port, self.out_port = f"i{number}", f"o{number}"
        for ns, port, side, addresses in ((self.inside, self.in_port, INSIDE, TENANTS),
                                          (self.outside, self.out_port, OUTSIDE, SERVERS)):
            lab.veth(ns, "p0", gateway, port, mtu)
            _address(ns, side, addresses)
            # The gateway's kernel has nothing to say on the wire.
            gateway.run(["sysctl", "-qw", f"net.ipv6.conf.{port}.disable_ipv6=1"])


def ports(*wires):
    return [(w.in_port, w.out_port) for w in wires]


def direct(lab):
    """Inside and outside with nothing between them, for taps."""
    inside, outside = lab.namespace("in"), lab.namespace("out")
    lab.veth(inside, "p0", outside, "p0")
    _address(inside, INSIDE, TENANTS)
    _address(outside, OUTSIDE, SERVERS)
    return inside, outside
